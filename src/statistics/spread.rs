//! How a quantity is spread: its mean, percentiles and ends.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Significant figures of percentiles above 2,047.
const FIGURES: u8 = 3;

/// The spread of a quantity; all zeros where there is no value.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// How many values there are.
    pub count: u64,
    /// The smallest, exactly.
    pub min: u64,
    /// The mean, to a thousandth.
    pub mean: f64,
    /// Half of the values are at most this.
    pub p50: u64,
    /// 90 % are at most this.
    pub p90: u64,
    /// 95 % are at most this.
    pub p95: u64,
    /// 99 % are at most this.
    pub p99: u64,
    /// 99.9 % are at most this.
    pub p999: u64,
    /// The largest, exactly.
    pub max: u64,
}

impl Spread {
    /// That of values counted by size: `counts[n]` of them are `n`. All of it is exact.
    pub(super) fn of_counts(counts: &[u64]) -> Self {
        let values = || (0_u64..).zip(counts.iter().copied()).filter(|&(_, times)| times > 0);
        let count: u64 = counts.iter().sum();
        let (Some((min, _)), Some(max)) = (values().next(), values().map(|(value, _)| value).last()) else {
            return Self::default();
        };
        let sum = values().map(|(value, times)| u128::from(value) * u128::from(times)).sum();
        let at = |share: f64| {
            let rank = (count as f64 * share).ceil() as u64;
            let mut seen = 0;
            let reaches = |&(_, times): &(u64, u64)| {
                seen += times;
                seen >= rank
            };
            values().find(reaches).map_or(max, |(value, _)| value)
        };
        Self::made(count, min, max, sum, at)
    }

    fn made(count: u64, min: u64, max: u64, sum: u128, at: impl Fn(f64) -> u64) -> Self {
        let mean = thousandths(sum as f64 / count as f64);
        Self { count, min, mean, p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), p999: at(0.999), max }
    }
}

/// Values that are being counted.
#[derive(Debug)]
pub(super) struct Tally {
    histogram: Histogram<u64>,
    min: u64,
    max: u64,
    sum: u128,
}

impl Tally {
    /// Without a value. It takes values of any size.
    pub(super) fn new() -> Self {
        let histogram = Histogram::new(FIGURES).expect("three figures are allowed");
        Self { histogram, min: u64::MAX, max: 0, sum: 0 }
    }

    /// Counts one.
    #[inline]
    pub(super) fn record(&mut self, value: u64) {
        self.histogram.record(value).expect("it grows, up to 2^64 - 1");
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.sum += u128::from(value);
    }

    /// Their spread; percentiles are exact up to 2,047 and have three significant figures above.
    pub(super) fn spread(&self) -> Spread {
        if self.histogram.is_empty() {
            return Spread::default();
        }
        let at = |share: f64| self.histogram.value_at_quantile(share).clamp(self.min, self.max);
        Spread::made(self.histogram.len(), self.min, self.max, self.sum, at)
    }
}

/// A number to a thousandth, so that a text does not depend on the last bits of a sum.
pub(super) fn thousandths(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

/// `part` of `whole`, to a millionth; 0 of nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    (part as f64 / whole.max(1) as f64 * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn spreads_are_those_of_the_sorted_values(
            mut values in prop::collection::vec(prop_oneof![0u64..6, 0u64..2000], 1..300),
        ) {
            let mut tally = Tally::new();
            let mut counts = vec![0; 2000];
            for &value in &values {
                tally.record(value);
                counts[value as usize] += 1;
            }
            values.sort_unstable();
            let rank = |share: f64| values[((values.len() as f64 * share).ceil() as usize).max(1) - 1];
            let spread = tally.spread();
            prop_assert_eq!(&spread, &Spread::of_counts(&counts));
            prop_assert_eq!((spread.count, spread.min, spread.max), (values.len() as u64, values[0], rank(1.0)));
            prop_assert_eq!([spread.p50, spread.p90, spread.p95, spread.p99, spread.p999], [0.5, 0.9, 0.95, 0.99, 0.999].map(rank));
            let mean = values.iter().sum::<u64>() as f64 / values.len() as f64;
            prop_assert!((spread.mean - mean).abs() < 0.001);
        }
    }

    #[test]
    fn large_values_keep_their_ends_and_three_figures() {
        let mut tally = Tally::new();
        for value in [5, 123_456_789, u64::MAX] {
            tally.record(value);
        }
        let spread = tally.spread();
        assert_eq!((spread.min, spread.max), (5, u64::MAX));
        assert!(spread.p50.abs_diff(123_456_789) <= 123_457, "{}", spread.p50);
    }

    #[test]
    fn no_value_is_all_zeros() {
        assert_eq!((Tally::new().spread(), Spread::of_counts(&[0, 0])), (Spread::default(), Spread::default()));
    }
}
