//! The part of the pages to be sampled, as a user types it: `0.01`, `1%`.

use std::fmt;
use std::str::FromStr;

use crate::ids::SegmentNumber;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A part, more than 0 and less than 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleRate(f64);

impl SampleRate {
    /// The rate of this number; none where it is not more than 0 and less than 1.
    pub fn new(rate: f64) -> Option<Self> {
        (rate > 0.0 && rate < 1.0).then_some(Self(rate))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Whether a page is in the sample of this number: the hash of its place, as a part of 2^64, is below the rate.
    pub(super) fn takes(self, seed: u64, sample: u64, segment: SegmentNumber, index: u64) -> bool {
        let mut place = [0; 24];
        for (bytes, number) in place.chunks_exact_mut(8).zip([sample, segment.get().into(), index]) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        (xxh3_64_with_seed(&place, seed) as f64) < self.0 * 2_f64.powi(64)
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for SampleRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
        let rate = number.trim().parse::<f64>().ok().and_then(|rate| Self::new(rate / unit));
        rate.ok_or_else(|| {
            format!("`{text}` is no part of the pages: write a number between 0 and 1, as in 0.01 or 1%")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_typed() {
        for (text, rate) in [("0.01", 0.01), ("1%", 0.01), ("12.5 %", 0.125), (".5", 0.5), ("1e-3", 0.001)] {
            assert!((text.parse::<SampleRate>().unwrap().get() - rate).abs() < 1e-15, "{text}");
        }
        assert_eq!("1%".parse::<SampleRate>().unwrap().to_string(), "0.01");
        for text in ["", "0", "1", "100%", "-0.1", "nan", "inf", "x", "%", "0%"] {
            assert!(text.parse::<SampleRate>().is_err(), "{text}");
        }
    }

    #[test]
    fn samples_have_their_part_and_do_not_depend_on_each_other() {
        let rate = SampleRate::new(0.1).unwrap();
        let taken = |seed, sample, index| rate.takes(seed, sample, SegmentNumber::new((index % 3) as u32), index);
        let [mut one, mut other_sample, mut other_seed, mut both] = [0_u32; 4];
        for index in 0..100_000 {
            one += u32::from(taken(0, 0, index));
            other_sample += u32::from(taken(0, 1, index));
            other_seed += u32::from(taken(1, 0, index));
            both += u32::from(taken(0, 0, index) && (taken(0, 1, index) || taken(1, 0, index)));
        }
        // Four standard deviations of 100,000 draws at 0.1 are 380; both is 0.019 of them.
        assert!([one, other_sample, other_seed].iter().all(|count| count.abs_diff(10_000) < 380));
        assert!(both.abs_diff(1_900) < 175, "{both}");
    }
}
