//! Since when each page is in swap. Which slot it has is not kept here.

use crate::ids::PageId;
use crate::prefetch::prefetch;

/// In place of a position: the page is not in swap.
const PRESENT: u64 = u64::MAX;

/// The position of the swap-out of each page that is in swap: four bytes a page, eight where positions need them.
#[derive(Clone, Debug)]
pub(crate) struct Absence {
    low: Vec<u32>,
    /// The upper halves of the positions; empty where all of them are 0.
    high: Vec<u32>,
}

impl Absence {
    /// Nothing is in swap; positions are at most `references`.
    pub(crate) fn new(pages: usize, references: u64) -> Self {
        let wide = references >= u64::from(u32::MAX);
        Self { low: vec![u32::MAX; pages], high: vec![u32::MAX; if wide { pages } else { 0 }] }
    }

    /// Since when a page is in swap; none where it is not.
    #[inline(always)]
    pub(crate) fn since(&self, page: PageId) -> Option<u64> {
        let low = self.low[page.index()];
        let high = self.high.get(page.index()).copied().unwrap_or(if low == u32::MAX { u32::MAX } else { 0 });
        let since = u64::from(high) << 32 | u64::from(low);
        (since != PRESENT).then_some(since)
    }

    /// A page may soon be asked for.
    #[inline(always)]
    pub(crate) fn prefetch(&self, page: PageId) {
        prefetch(&self.low, page.index());
    }

    /// A page goes to swap.
    #[inline(always)]
    pub(crate) fn begin(&mut self, page: PageId, now: u64) {
        self.set(page, now);
    }

    /// A page is in swap no more; since when it was, none where it was not.
    #[inline(always)]
    pub(crate) fn end(&mut self, page: PageId) -> Option<u64> {
        let since = self.since(page);
        if since.is_some() {
            self.set(page, PRESENT);
        }
        since
    }

    #[inline(always)]
    fn set(&mut self, page: PageId, position: u64) {
        self.low[page.index()] = position as u32;
        if let Some(high) = self.high.get_mut(page.index()) {
            *high = (position >> 32) as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_beyond_32_bits_are_kept_where_there_are_such() {
        let page = PageId::new(1);
        for (references, positions) in [(1000, [0, 1000]), (1 << 40, [u64::from(u32::MAX), (1 << 40) - 1])] {
            let mut absence = Absence::new(3, references);
            for now in positions {
                assert_eq!(absence.end(page), None);
                absence.begin(page, now);
                assert_eq!(absence.since(PageId::new(0)), None);
                assert_eq!(absence.end(page), Some(now), "of {references}");
            }
        }
    }
}
