//! Runs of hits of which a policy is told page by page: how often a page was referenced in the run, and when last.
//!
//! What a policy does with that is not known here.
//!
//! What did not help: to go through a run without a branch on whether a page was met in it before. It takes a tenth more
//! instructions and no less time.

use crate::ids::PageId;
use crate::policy::Together;
use crate::program::{Packed, Packing};

/// The most bytes that it takes for each page: its places grow by twice.
pub(crate) const BYTES_PER_PAGE: u64 = (size_of::<Met>() + 2 * size_of::<u32>()) as u64;

/// The references of a run of hits by page.
#[derive(Clone, Debug, Default)]
pub(super) struct ByPage {
    /// What is known of each page; no room before the first run.
    pages: Vec<Met>,
    run: u32,
    /// The place in the run of the last reference to each of its pages, ascending.
    places: Vec<u32>,
}

/// What was met of a page.
#[derive(Clone, Copy, Debug, Default)]
struct Met {
    /// The latest run in which it was met, modulo 2^32.
    run: u32,
    /// How many references there were, and [`WRITTEN`] where any of them writes.
    times: u32,
    /// The place of the first reference.
    first: u32,
    /// The place of the last reference but one, where there is one.
    last_but_one: u32,
}

/// The bit of a page that was written. No run is so long.
const WRITTEN: u32 = 1 << 31;

impl ByPage {
    /// Goes through a run of less than 2^31 references to any of `pages` pages.
    pub(super) fn find<W: Packed>(&mut self, words: &[W], packing: Packing, pages: usize) {
        assert!(words.len() < WRITTEN as usize, "runs are cut");
        self.pages.resize(pages, Met::default());
        self.places.clear();
        self.run = self.run.wrapping_add(1);
        if self.run == 0 {
            self.pages.fill(Met::default());
            self.run = 1;
        }
        // From the end: what is met there first is the last.
        for (place, word) in words.iter().enumerate().rev() {
            let reference = packing.unpack(word.bits());
            let met = &mut self.pages[reference.page.index()];
            let (place, written) = (place as u32, u32::from(reference.write) * WRITTEN);
            if met.run == self.run {
                if met.times & !WRITTEN == 1 {
                    met.last_but_one = place;
                }
                met.times = (met.times + 1) | written;
                met.first = place;
            } else {
                *met = Met { run: self.run, times: 1 | written, first: place, last_but_one: 0 };
                self.places.push(place);
            }
        }
        self.places.reverse();
    }

    /// The pages of the run that was gone through, in the order of the last reference to each.
    pub(super) fn in_order<W: Packed>(&self, words: &[W], packing: Packing) -> impl Iterator<Item = Together> {
        self.places.iter().map(move |&place| {
            let page = packing.unpack(words[place as usize].bits()).page;
            let Met { times, last_but_one, .. } = self.pages[page.index()];
            let (times, written) = (times & !WRITTEN, times & WRITTEN != 0);
            let last_but_one = (times > 1).then_some(u64::from(last_but_one));
            Together { page, times: u64::from(times), last: u64::from(place), last_but_one, written }
        })
    }

    /// The place of the first reference to a page in the run that was gone through; none where it has none there.
    #[inline(always)]
    pub(super) fn first(&self, page: PageId) -> Option<u64> {
        let Met { run, first, .. } = self.pages[page.index()];
        (run == self.run).then_some(u64::from(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Column;
    use crate::program::Reference;
    use proptest::prelude::*;

    const PACKING: Packing = Packing { column_bits: 1 };

    /// The obvious way.
    fn expected(run: &[(u32, u32, bool)], page: u32) -> Option<Together> {
        let of_page: Vec<usize> = (0..run.len()).filter(|&place| run[place].0 == page).collect();
        let &last = of_page.last()?;
        let last_but_one = of_page.iter().rev().nth(1).map(|&place| place as u64);
        let written = of_page.iter().any(|&place| run[place].2);
        Some(Together {
            page: PageId::new(page),
            times: of_page.len() as u64,
            last: last as u64,
            last_but_one,
            written,
        })
    }

    proptest! {
        #[test]
        fn each_page_is_told_of_once_with_all_its_references(
            first_run in prop_oneof![Just(0), Just(u32::MAX - 3)],
            runs in prop::collection::vec(prop::collection::vec((0_u32..9, 0_u32..2, any::<bool>()), 0..40), 0..20),
        ) {
            let mut by_page = ByPage { run: first_run, ..ByPage::default() };
            for run in runs {
                let pack = |&(page, column, write): &(u32, u32, bool)| {
                    PACKING.pack(Reference { page: PageId::new(page), column: Column::new(column), write }) as u32
                };
                let words: Vec<u32> = run.iter().map(pack).collect();
                by_page.find(&words, PACKING, 9);
                let mut pages: Vec<Together> = (0..9).filter_map(|page| expected(&run, page)).collect();
                pages.sort_by_key(|together| together.last);
                prop_assert_eq!(by_page.in_order(&words, PACKING).collect::<Vec<_>>(), pages);
                for page in 0..9 {
                    let first = run.iter().position(|reference| reference.0 == page).map(|place| place as u64);
                    prop_assert_eq!(by_page.first(PageId::new(page)), first);
                }
            }
        }
    }
}
