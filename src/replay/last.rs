//! Runs of hits of which only the last to each page matters, in the order of these: what is told to a policy that orders its
//! pages by their last references. Most references of a run are passed over without a word.
//!
//! What a policy does with them is not known here.

use crate::program::{Packed, Packing};

/// The last references of a run of hits.
#[derive(Clone, Debug, Default)]
pub(super) struct LastReferences {
    /// For each page the latest run in which it was met, modulo 256; no room before the first run.
    met: Vec<u8>,
    run: u8,
    /// The places in the run, ascending.
    pub(super) places: Vec<u32>,
}

impl LastReferences {
    /// Puts down the places of the last reference to each page among hits; there are none yet. There are `pages` pages, of
    /// which `resident` can be among them.
    pub(super) fn find<W: Packed>(&mut self, words: &[W], packing: Packing, pages: usize, resident: u64) {
        self.met.resize(pages, 0);
        self.run = self.run.wrapping_add(1);
        if self.run == 0 {
            self.met.fill(0);
            self.run = 1;
        }
        // From the end: what is met there first is the last.
        for (place, word) in words.iter().enumerate().rev() {
            let met = &mut self.met[packing.unpack(word.bits()).page.index()];
            if *met != self.run {
                *met = self.run;
                self.places.push(place as u32);
                if self.places.len() as u64 == resident {
                    break;
                }
            }
        }
        self.places.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Column, PageId};
    use crate::program::Reference;
    use proptest::prelude::*;

    const PACKING: Packing = Packing { column_bits: 1 };

    fn packed(page: u32, column: u32, write: bool) -> u32 {
        PACKING.pack(Reference { page: PageId::new(page), column: Column::new(column), write }) as u32
    }

    /// The numbers of runs begin anew, and a page may have been met long ago in a run of the same number.
    #[test]
    fn a_page_that_was_not_met_for_many_runs_is_met() {
        let mut last = LastReferences::default();
        for run in 0..600 {
            last.places.clear();
            let page = u32::from(run % 255 != 0);
            last.find(&[packed(page, 0, false)], PACKING, 2, 2);
            assert_eq!(last.places, [0], "run {run}");
        }
    }

    proptest! {
        #[test]
        fn each_page_is_met_once_where_it_is_referenced_last(runs in prop::collection::vec(
            prop::collection::vec((0_u32..9, 0_u32..2, any::<bool>()), 0..40), 0..300))
        {
            let mut last = LastReferences::default();
            for run in runs {
                let words: Vec<u32> = run.iter().map(|&(page, column, write)| packed(page, column, write)).collect();
                let last_of = |page| run.iter().rposition(|(other, ..)| *other == page);
                let mut expected: Vec<usize> = (0..9).filter_map(last_of).collect();
                expected.sort_unstable();
                // As many pages are resident as there are in the run, or all.
                for resident in [expected.len() as u64, 9] {
                    last.places.clear();
                    last.find(&words, PACKING, 9, resident);
                    prop_assert_eq!(last.places.iter().map(|&place| place as usize).collect::<Vec<_>>(), expected.clone());
                }
            }
        }
    }
}
