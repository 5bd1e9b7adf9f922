//! The second chance of a run of pages with several sharers: what [`Kernel::try_evict`] does to one page after the other whose
//! entries are not all old (R25), in one loop, with nothing else between two pages.
//!
//! The same for the pages of a ring, whatever their sharers, is [`Kernel::pass_over`].
//!
//! It is no other rule: it may stop anywhere, and where it stops the page by page way goes on. Which pages are looked at, and how
//! many, is the policy's and the budget's part.
//!
//! Entries that are taken from pages that stay are not told page by page: that matters only where a scan meets a page again
//! (R28), which without locked segments it does not, since its budget is no more than the pages in memory.

use std::ops::Range;

use super::Kernel;
use super::bitmap::Bitmap;
use super::page_tables::{Entries, PageTables, Word, Words, with_entries};
use super::second_chance::Chances;
use crate::ids::PageId;
use crate::prefetch::prefetch;

/// Pages from one that is looked at to the one that is called from memory meanwhile.
const AHEAD: usize = 128;
/// The same where the pages stand in a ring.
const AHEAD_IN_RING: usize = 16;

/// What a run of second chances came to, with what is counted.
struct Shared {
    chances: Chances,
    /// Entries that were young and are old now.
    aged: u64,
    /// Old entries that were taken.
    taken: u64,
}

/// Ties a width of words to what is compiled for counting bits in one instruction.
macro_rules! wide {
    ($word:ty, $pass_shared:ident, $pass_over:ident) => {
        #[cfg_attr(target_arch = "x86_64", target_feature(enable = "popcnt,lzcnt,bmi1,bmi2"))]
        fn $pass_shared(
            words: &mut Words<$word>,
            resident: &Bitmap,
            pages: Range<PageId>,
            most: u64,
            told: impl FnMut(PageId),
        ) -> Shared {
            words.pass_shared(resident, pages, most, told)
        }

        #[cfg_attr(target_arch = "x86_64", target_feature(enable = "popcnt,lzcnt,bmi1,bmi2"))]
        fn $pass_over(words: &mut Words<$word>, pages: &[PageId]) -> (usize, u64) {
            pass_over(words, pages)
        }
    };
}
wide!(u32, pass_few, pass_over_few);
wide!(u64, pass_several, pass_over_several);

/// Makes pages old, up to the first that is; how many were not, and their young entries.
#[inline(always)]
fn pass_over(entries: &mut impl Entries, pages: &[PageId]) -> (usize, u64) {
    let (mut passed, mut cleared) = (0, 0);
    for &page in pages {
        entries.prefetch(pages[(passed + AHEAD_IN_RING).min(pages.len() - 1)]);
        let young = entries.clear_accessed(page);
        if young == 0 {
            break;
        }
        cleared += u64::from(young);
        passed += 1;
    }
    (passed, cleared)
}

impl Kernel {
    /// [`Memory::pass_over`](super::Memory::pass_over).
    #[inline(always)]
    pub(super) fn pass_over(&mut self, pages: &[PageId]) -> usize {
        #[allow(unsafe_code, unused_unsafe)]
        let (passed, cleared) = match (&mut self.tables, self.wide_words) {
            (PageTables { is_one: true, one, .. }, _) => pass_over(one, pages),
            // SAFETY: the processor has what these are compiled for: there is a `WideWords` only where it was asked.
            (PageTables { is_few: true, few, .. }, Some(_)) => unsafe { pass_over_few(few, pages) },
            // SAFETY: as above.
            (PageTables { is_several: true, several, .. }, Some(_)) => unsafe { pass_over_several(several, pages) },
            (tables, _) => with_entries!(tables, entries => pass_over(entries, pages)),
        };
        self.counters.swap_attempts += passed as u64;
        self.counters.young_cleared += cleared;
        if self.notes_unsettled {
            self.unsettled.extend_from_slice(&pages[..passed]);
        }
        passed
    }

    /// [`Kernel::pass_young`] for pages with several sharers.
    #[inline(always)]
    pub(super) fn pass_shared(&mut self, from: PageId, end: PageId, most: u64) -> Chances {
        let nothing = Chances { passed: 0, behind: from, old: None };
        if self.wide_words.is_none() || self.table.locked() > 0 {
            return nothing;
        }
        let Self { tables, resident, unsettled, notes_unsettled, .. } = self;
        let Some(resident) = resident.set() else { return nothing };
        let told = |page| {
            if *notes_unsettled {
                unsettled.push(page);
            }
        };
        #[allow(unsafe_code, unused_unsafe)]
        let Shared { chances, aged, taken } = match tables {
            // SAFETY: the processor has what these are compiled for: there is a `WideWords`.
            PageTables { is_few: true, few, .. } => unsafe { pass_few(few, resident, from..end, most, told) },
            // SAFETY: as above.
            PageTables { is_several: true, several, .. } => unsafe {
                pass_several(several, resident, from..end, most, told)
            },
            _ => return nothing,
        };
        self.counters.swap_attempts += chances.passed;
        self.counters.young_cleared += aged;
        self.counters.ptes_invalidated += taken;
        self.counters.wasted_invalidations += taken;
        chances
    }
}

impl<W: Word> Words<W> {
    /// Tells a function of each page that is passed over.
    #[inline(always)]
    fn pass_shared(
        &mut self,
        resident: &Bitmap,
        pages: Range<PageId>,
        most: u64,
        mut told: impl FnMut(PageId),
    ) -> Shared {
        let words = self.slice_mut();
        let (mut behind, end) = (pages.start.index(), pages.end.index());
        let mut run = Shared { chances: Chances { passed: 0, behind: pages.start, old: None }, aged: 0, taken: 0 };
        while let Some(place) = resident.next_set(behind, end) {
            prefetch(words, place + AHEAD);
            let page = PageId::from_index(place);
            let bits = words[place].bits();
            let young = bits & Self::YOUNG;
            if young == 0 {
                run.chances.old = Some(page);
                break;
            }
            if run.chances.passed == most {
                break;
            }
            let old = bits >> W::COLUMNS & Self::YOUNG & !young;
            words[place] = W::from_bits(bits & (Self::WRITTEN | Self::RESIDENT) | young << W::COLUMNS);
            run.aged += u64::from(young.count_ones());
            run.taken += u64::from(old.count_ones());
            run.chances.passed += 1;
            behind = place + 1;
            told(page);
        }
        run.chances.behind = PageId::from_index(behind);
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What one page after the other comes to.
    fn one_by_one<W: Word>(words: &mut Words<W>, pages: Range<PageId>, most: u64) -> (Chances, u64, u64, Vec<PageId>) {
        let mut chances = Chances { passed: 0, behind: pages.start, old: None };
        let (mut aged, mut taken, mut told) = (0, 0, Vec::new());
        for page in (pages.start.get()..pages.end.get()).map(PageId::new) {
            if !words.is_resident(page) {
                continue;
            }
            if !words.is_accessed(page) {
                chances.old = Some(page);
                break;
            }
            if chances.passed == most {
                break;
            }
            let unmapped = words.unmap(page, true).expect("it is resident");
            (aged, taken) = (aged + u64::from(unmapped.left), taken + u64::from(unmapped.taken));
            chances = Chances { passed: chances.passed + 1, behind: page.next(), old: None };
            told.push(page);
        }
        (chances, aged, taken, told)
    }

    fn check<W: Word + PartialEq + std::fmt::Debug>(states: &[(u8, u64, u64)], from: usize, length: usize, most: u64) {
        let mask = (1_u64 << W::COLUMNS) - 1;
        let word = |&(state, present, young): &(u8, u64, u64)| match state {
            0 => W::default(),
            1 => W::from_bits(Words::<W>::WRITTEN),
            _ => {
                let (present, written) = (present & mask, if state > 4 { Words::<W>::WRITTEN } else { 0 });
                W::from_bits(Words::<W>::RESIDENT | written | present << W::COLUMNS | present & young)
            }
        };
        let mut words = Words::of(&states.iter().map(word).collect::<Vec<_>>());
        let mut resident = Bitmap::new(states.len());
        for page in (0..states.len()).filter(|&page| words.is_resident(PageId::from_index(page))) {
            resident.insert(page);
        }
        let from = from % states.len();
        let pages = PageId::from_index(from)..PageId::from_index((from + length).min(states.len()));
        let mut expected = words.clone();
        let (chances, aged, taken, told) = one_by_one(&mut expected, pages.clone(), most);
        let mut found = Vec::new();
        let run = words.pass_shared(&resident, pages, most, |page| found.push(page));
        assert_eq!((run.chances, run.aged, run.taken, found), (chances, aged, taken, told));
        assert_eq!(words.words(), expected.words());
    }

    proptest! {
        #[test]
        fn a_run_is_what_one_page_after_the_other_comes_to(
            // Few pages have no young entry, so that runs are long.
            states in prop::collection::vec((0_u8..7, any::<u64>(), prop_oneof![1 => Just(0), 9 => any::<u64>()]), 1..150),
            from in 0_usize..150,
            length in 0_usize..150,
            most in 0_u64..80,
        ) {
            check::<u32>(&states, from, length, most);
            check::<u64>(&states, from, length, most);
        }
    }
}
