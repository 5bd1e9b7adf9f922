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

use super::bitmap::Bitmap;
use super::known::Model;
use super::page_tables::{Entries, PageTables, Place, Tables, Word, Words, with_tables};
use super::second_chance::Chances;
use super::{Counters, Kernel};
use crate::ids::PageId;
use crate::prefetch::prefetch;
use crate::processor::WideWords;

/// Pages of a ring from one that is looked at to the one that is called from memory meanwhile.
const AHEAD_IN_RING: usize = 16;

/// Ties a width of words to what is compiled for counting bits in one instruction.
macro_rules! wide {
    ($word:ty, $pass_shared:ident, $pass_over:ident) => {
        #[cfg_attr(target_arch = "x86_64", target_feature(enable = "popcnt,lzcnt,bmi1,bmi2"))]
        fn $pass_shared<P: Place>(words: &mut Words<$word, P>, scan: Scan<'_>, told: impl FnMut(PageId)) -> (u64, u64) {
            words.pass_shared(scan, told).in_registers()
        }

        #[cfg_attr(target_arch = "x86_64", target_feature(enable = "popcnt,lzcnt,bmi1,bmi2"))]
        fn $pass_over<P: Place>(words: &mut Words<$word, P>, pages: &[PageId]) -> (usize, u64) {
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
    pub(super) fn pass_over(&mut self, pages: &[PageId], model: Model) -> usize {
        let (passed, cleared) = match (model, &mut self.tables) {
            (Model::One, PageTables { own: Tables { one, .. }, .. }) => pass_over(one, pages),
            (Model::Any, PageTables { beside: Some(beside), .. }) => beside.pass_over(pages, self.wide_words),
            (_, PageTables { own, .. }) => own.pass_over(pages, self.wide_words),
        };
        self.counters.swap_attempts += passed as u64;
        self.counters.young_cleared += cleared;
        passed
    }

    /// [`Kernel::pass_young`] for pages with several sharers.
    #[inline(always)]
    pub(super) fn pass_shared(&mut self, from: PageId, end: PageId, most: u64) -> Chances {
        let nothing = Chances { passed: 0, next: from, is_old: false };
        let Some(wide) = self.wide_words.filter(|_| self.table.locked() == 0) else { return nothing };
        let Self { tables, resident, counters, .. } = self;
        let Some(resident) = resident.set() else { return nothing };
        let scan = Scan { resident, pages: from..end, most, counters };
        let chances = match tables {
            PageTables { beside: Some(beside), .. } => beside.pass_shared(scan, wide),
            PageTables { own, .. } => own.pass_shared(scan, wide, |_| ()),
        };
        chances.unwrap_or(nothing)
    }
}

/// Pages to go over, and who counts what is done to them.
pub(super) struct Scan<'k> {
    resident: &'k Bitmap,
    pages: Range<PageId>,
    /// The most pages that may be passed over.
    most: u64,
    counters: &'k mut Counters,
}

impl<P: Place> Tables<P> {
    /// Makes pages old, up to the first that is; how many were not, and their young entries.
    #[inline(always)]
    pub(super) fn pass_over(&mut self, pages: &[PageId], wide: Option<WideWords>) -> (usize, u64) {
        #[allow(unsafe_code, unused_unsafe)]
        match (self, wide) {
            (Self { is_one: true, one, .. }, _) => pass_over(one, pages),
            // SAFETY: the processor has what these are compiled for: there is a `WideWords` only where it was asked.
            (Self { is_few: true, few, .. }, Some(_)) => unsafe { pass_over_few(few, pages) },
            // SAFETY: as above.
            (Self { is_several: true, several, .. }, Some(_)) => unsafe { pass_over_several(several, pages) },
            (tables, _) => with_tables!(tables, entries => pass_over(entries, pages)),
        }
    }

    /// Gives the resident pages of a scan their second chance, where that is done fast, and tells a function of each that is
    /// passed over.
    #[inline(always)]
    pub(super) fn pass_shared(
        &mut self,
        scan: Scan<'_>,
        _wide: WideWords,
        told: impl FnMut(PageId),
    ) -> Option<Chances> {
        #[allow(unsafe_code, unused_unsafe)]
        // SAFETY: as above.
        let chances = unsafe {
            match self {
                Self { is_few: true, few, .. } => pass_few(few, scan, told),
                Self { is_several: true, several, .. } => pass_several(several, scan, told),
                _ => return None,
            }
        };
        Some(Chances::of_registers(chances))
    }
}

impl<W: Word, P: Place> Words<W, P> {
    /// Counts what it does, and tells a function of each page that is passed over.
    #[inline(always)]
    fn pass_shared(&mut self, scan: Scan<'_>, mut told: impl FnMut(PageId)) -> Chances {
        let Scan { resident, pages, most, counters } = scan;
        let place_of = self.place;
        let words = &mut self.words[..];
        let (mut behind, end) = (pages.start.index(), pages.end.index());
        let (mut passed, mut aged, mut taken, mut is_old) = (0, 0, 0, false);
        let mut members = resident.members(behind, end);
        let mut called = members.word();
        while let Some(place) = members.next() {
            // A set has few members in a word: those of the next one are called as soon as it comes to this one.
            if called != members.word() {
                called = members.word();
                resident.of_word(called + 1).for_each(|page| prefetch(words, place_of.of(page)));
            }
            let word = &mut words[place_of.of(place)];
            let bits = word.bits();
            let young = bits & Self::YOUNG;
            is_old = young == 0;
            if is_old {
                behind = place;
                break;
            }
            if passed == most {
                break;
            }
            let old = bits >> W::COLUMNS & Self::YOUNG & !young;
            *word = W::from_bits(bits & (Self::WRITTEN | Self::RESIDENT) | young << W::COLUMNS);
            aged += u64::from(young.count_ones());
            taken += u64::from(old.count_ones());
            passed += 1;
            behind = place + 1;
            told(PageId::from_index(place));
        }
        counters.swap_attempts += passed;
        counters.young_cleared += aged;
        counters.ptes_invalidated += taken;
        counters.wasted_invalidations += taken;
        Chances { passed, next: PageId::from_index(behind), is_old }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What one page after the other comes to.
    fn one_by_one<W: Word>(words: &mut Words<W>, pages: Range<PageId>, most: u64) -> (Chances, u64, u64, Vec<PageId>) {
        let mut chances = Chances { passed: 0, next: pages.start, is_old: false };
        let (mut aged, mut taken, mut told) = (0, 0, Vec::new());
        for page in (pages.start.get()..pages.end.get()).map(PageId::new) {
            if !words.is_resident(page) {
                continue;
            }
            if !words.is_accessed(page) {
                chances = Chances { next: page, is_old: true, ..chances };
                break;
            }
            if chances.passed == most {
                break;
            }
            let unmapped = words.unmap(page, true).expect("it is resident");
            (aged, taken) = (aged + u64::from(unmapped.left), taken + u64::from(unmapped.taken));
            chances = Chances { passed: chances.passed + 1, next: page.next(), is_old: false };
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
        let mut counters = Counters::default();
        let run = words
            .pass_shared(Scan { resident: &resident, pages, most, counters: &mut counters }, |page| found.push(page));
        assert_eq!((run, found), (chances, told));
        let counted = Counters {
            swap_attempts: chances.passed,
            young_cleared: aged,
            ptes_invalidated: taken,
            wasted_invalidations: taken,
            ..Counters::default()
        };
        assert_eq!(counters, counted);
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
