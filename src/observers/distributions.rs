//! The three distributions that are kept for every run, with hdrhistogram. Nothing else is counted here.

use hdrhistogram::Histogram;

use crate::ids::PageId;
use crate::results::{self, Percentiles};

/// Significant figures of every value.
const FIGURES: u8 = 3;
/// In place of a position: the page is not in swap.
const NOT_OUT: u64 = u64::MAX;

/// What is recorded at each swap-out and swap-in.
#[derive(Debug)]
pub struct Distributions {
    attempts: Histogram<u64>,
    entries: Histogram<u64>,
    next_use: Histogram<u64>,
    /// The position at which each page in swap was swapped out.
    out_since: Vec<u64>,
}

impl Distributions {
    /// Nothing recorded yet, for pages below `pages`.
    ///
    /// # Panics
    /// Never: three figures are allowed.
    pub fn new(pages: usize) -> Self {
        let histogram = || Histogram::new(FIGURES).expect("three figures are allowed");
        Self { attempts: histogram(), entries: histogram(), next_use: histogram(), out_since: vec![NOT_OUT; pages] }
    }

    /// A page was swapped out at a position, by a reclaim that examined `attempts` pages and took `entries` entries.
    pub fn swapped_out(&mut self, page: PageId, now: u64, attempts: u64, entries: u64) {
        self.attempts.saturating_record(attempts);
        self.entries.saturating_record(entries);
        self.out_since[page.index()] = now;
    }

    /// A page was brought back at a position.
    pub fn swapped_in(&mut self, page: PageId, now: u64) {
        let since = std::mem::replace(&mut self.out_since[page.index()], NOT_OUT);
        self.next_use.saturating_record(now - since);
    }

    /// The percentiles.
    pub fn percentiles(&self) -> results::Distributions {
        results::Distributions {
            attempts_per_swap_out: percentiles(&self.attempts),
            entries_per_swap_out: percentiles(&self.entries),
            references_to_next_use: percentiles(&self.next_use),
        }
    }
}

fn percentiles(histogram: &Histogram<u64>) -> Percentiles {
    if histogram.is_empty() {
        return Percentiles::default();
    }
    Percentiles {
        count: histogram.len(),
        min: histogram.min(),
        // Rounded so that the text of a result does not depend on the last bits of a sum.
        mean: (histogram.mean() * 1e6).round() / 1e6,
        p50: histogram.value_at_quantile(0.5),
        p90: histogram.value_at_quantile(0.9),
        p99: histogram.value_at_quantile(0.99),
        p999: histogram.value_at_quantile(0.999),
        max: histogram.max(),
    }
}
