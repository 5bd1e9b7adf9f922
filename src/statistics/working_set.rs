//! Working sets: distinct pages in windows of references (Denning 1968).

use serde::Serialize;

use super::spread::thousandths;

/// The windows, in references.
const WINDOWS: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// The working set for one window, in pages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkingSet {
    /// The window in references.
    pub window: u64,
    /// Distinct pages in it, averaged over all windows that lie in the trace, one from each reference on.
    pub mean_pages: f64,
    /// The fewest distinct pages in one of the windows that follow one another from the first reference on; far below the
    /// most where the program has phases.
    pub min_pages: u64,
    /// The most distinct pages in one of them.
    pub max_pages: u64,
    /// How many such windows there are; what is behind the last whole one is left out.
    pub windows: u64,
}

/// Counts the working sets of all windows that fit a trace.
#[derive(Debug)]
pub(super) struct WorkingSets(Vec<Counter>);

#[derive(Debug)]
struct Counter {
    window: u64,
    /// The last position at which a window of those that overlap starts.
    last_start: u64,
    /// Pages, summed over the windows that overlap.
    total: u128,
    /// The window of those that don't: its start and its pages so far.
    start: u64,
    pages: u64,
    min: u64,
    max: u64,
}

impl WorkingSets {
    /// For a trace of so many references.
    pub(super) fn new(references: u64) -> Self {
        let fit = WINDOWS.into_iter().filter(|&window| window <= references);
        Self(fit.map(|window| Counter::new(window, references - window)).collect())
    }

    /// The next reference: its position, and that of the last reference to the same page.
    #[inline]
    pub(super) fn take(&mut self, position: u64, last: Option<u64>) {
        // The page is new to the windows that start behind its last reference.
        let behind_last = last.map_or(0, |last| last + 1);
        for counter in &mut self.0 {
            counter.take(position, behind_last);
        }
    }

    /// The working sets, the smallest window first.
    pub(super) fn finish(self) -> Vec<WorkingSet> {
        self.0.into_iter().map(Counter::finish).collect()
    }
}

impl Counter {
    fn new(window: u64, last_start: u64) -> Self {
        Self { window, last_start, total: 0, start: 0, pages: 0, min: u64::MAX, max: 0 }
    }

    #[inline]
    fn take(&mut self, position: u64, behind_last: u64) {
        let first_start = behind_last.max((position + 1).saturating_sub(self.window));
        let last_start = position.min(self.last_start);
        self.total += u128::from((last_start + 1).saturating_sub(first_start));
        self.pages += u64::from(behind_last <= self.start);
        if position + 1 == self.start + self.window {
            self.min = self.min.min(self.pages);
            self.max = self.max.max(self.pages);
            self.start = position + 1;
            self.pages = 0;
        }
    }

    fn finish(self) -> WorkingSet {
        WorkingSet {
            window: self.window,
            mean_pages: thousandths(self.total as f64 / (self.last_start + 1) as f64),
            min_pages: self.min,
            max_pages: self.max,
            windows: self.start / self.window,
        }
    }
}
