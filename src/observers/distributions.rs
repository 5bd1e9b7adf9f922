//! The three distributions that are kept for every run, by hdrhistogram. Nothing else is counted here.

use super::absences::Absences;
use super::tally::{Counted, Tally};
use crate::ids::PageId;
use crate::kernel::side_by_side::frames::Exchange;
use crate::results::{self, Percentiles};

/// What is recorded at each swap-out and swap-in.
#[derive(Debug)]
pub struct Distributions {
    attempts: Tally,
    entries: Tally,
    absences: Absences,
}

impl Distributions {
    /// Nothing was recorded yet, of so many pages and references.
    pub fn new(pages: usize, references: u64) -> Self {
        let absences = Absences::new(pages, references);
        Self { attempts: Tally::default(), entries: Tally::default(), absences }
    }

    /// A page was swapped out at a position by a reclaim that examined `attempts` pages and took `entries` entries.
    #[inline(always)]
    pub fn swapped_out(&mut self, page: PageId, position: u64, attempts: u64, entries: u64) {
        self.absences.gone(page, position);
        self.attempts.record(attempts);
        self.entries.record(entries);
    }

    /// A page was brought in by the reference at a position; from swap, or as a page of zeros.
    #[inline(always)]
    pub fn brought_in(&mut self, page: PageId, position: u64, from_swap: bool) {
        self.absences.come(page, position, from_swap);
    }

    /// The same for faults of which it is known what went for what.
    pub fn exchanged(&mut self, faults: &[Exchange]) {
        let Self { attempts, entries, absences } = self;
        absences.exchanged(faults.iter().inspect(|fault| {
            if fault.is_for_one() {
                attempts.record(fault.attempts.into());
                entries.record(fault.entries.into());
            }
        }));
    }

    /// The percentiles.
    pub fn percentiles(&self) -> results::Distributions {
        results::Distributions {
            attempts_per_swap_out: with_curve(&self.attempts.counted()),
            entries_per_swap_out: percentiles(&self.entries.counted()),
            references_to_next_use: with_curve(&self.absences.lengths()),
        }
    }
}

/// The percentiles that have a name.
const NAMED: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

fn percentiles(counted: &Counted) -> Percentiles {
    named(counted, &counted.at(&NAMED))
}

/// The percentiles with their curve, which is kept only of what is drawn.
fn with_curve(counted: &Counted) -> Percentiles {
    if counted.len() == 0 {
        return Percentiles::default();
    }
    // All in one pass over the counts.
    let curve = counted.at(&Percentiles::QUANTILES);
    let place = |named| Percentiles::QUANTILES.partition_point(|&quantile| quantile < named);
    let values = NAMED.map(|named| curve[place(named)]);
    Percentiles { curve, ..named(counted, &values) }
}

/// Those with the values at [`NAMED`]; all 0 where nothing was counted.
fn named(counted: &Counted, values: &[u64]) -> Percentiles {
    let mut values = values.iter().copied();
    let mut next = || values.next().unwrap_or_default();
    let (min, max) = counted.ends();
    Percentiles {
        count: counted.len(),
        min,
        // Rounded so that the text of a result does not depend on the last bits of a sum.
        mean: (counted.mean() * 1e6).round() / 1e6,
        p50: next(),
        p90: next(),
        p99: next(),
        p999: next(),
        max,
        curve: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether two values agree to three significant figures.
    fn close(found: u64, exact: u64) -> bool {
        found.abs_diff(exact) <= exact / 1000 + u64::from(exact > 1000)
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_values_to_three_figures(
            mut values in prop::collection::vec(prop_oneof![0u64..50, 0u64..5000, 0u64..1 << 40], 1..200),
        ) {
            let mut distributions = Distributions::new(1, 1 << 40);
            let page = PageId::new(0);
            for &value in &values {
                distributions.swapped_out(page, 0, value, value / 2);
                distributions.brought_in(page, value, true);
            }
            values.sort_unstable();
            let exact = |share: f64| values[((values.len() as f64 * share).ceil() as usize).max(1) - 1];
            let found = distributions.percentiles();
            for percentiles in [found.attempts_per_swap_out, found.references_to_next_use] {
                prop_assert_eq!(percentiles.count, values.len() as u64);
                prop_assert!(close(percentiles.min, values[0]) && close(percentiles.max, exact(1.0)));
                let curve = percentiles.curve.iter().copied().zip(Percentiles::QUANTILES);
                prop_assert_eq!(curve.len(), Percentiles::QUANTILES.len());
                let named = [(percentiles.p50, 0.5), (percentiles.p90, 0.9), (percentiles.p99, 0.99)];
                for (found, share) in named.into_iter().chain(curve) {
                    prop_assert!(close(found, exact(share)), "{found} for {}", exact(share));
                }
                let mean = values.iter().map(|&value| value as f64).sum::<f64>() / values.len() as f64;
                prop_assert!((percentiles.mean - mean).abs() <= mean / 1000.0 + 1.0);
            }
            prop_assert!(close(found.entries_per_swap_out.max, exact(1.0) / 2));
            prop_assert!(found.entries_per_swap_out.curve.is_empty(), "it is not drawn");
        }
    }

    #[test]
    fn nothing_recorded_is_all_zeros() {
        assert_eq!(Distributions::new(1, 1).percentiles(), results::Distributions::default());
    }
}
