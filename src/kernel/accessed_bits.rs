//! The accessed bits of all pages at once: what [`Memory::sample_accessed`](super::Memory::sample_accessed) does to one page
//! after the other.
//!
//! Most pages are old, or in no frame; where the words of pages stand together, many are looked at in one go. Where
//! all were old a short while ago, only those can be young that were referenced since. Who asks, and what is counted
//! but the bits, is not known here.

use super::Kernel;
use super::page_tables::{Entries, PageTables, Tables, Word, Words, with_tables};
use super::second_chance::BLOCK;
use crate::ids::PageId;
use crate::processor::WideWords;

/// Where fewer than one page in so many is in memory, these are looked at one by one.
const FEW: u64 = 64;
/// Where all pages were old so few references ago that the footprint is as many times as large, those that were
/// referenced are looked at and no others.
const LONG: u64 = 16;
/// Pages of a block that are looked at together, where it has a young one.
const PART: usize = 8;

impl Kernel {
    /// Makes all pages in memory old, which `resident` are; tells of each that was young, in any order.
    pub(super) fn clear_all_accessed(&mut self, resident: impl Iterator<Item = PageId>, mut young: impl FnMut(PageId)) {
        let since = std::mem::replace(&mut self.all_old_at, self.now)..self.now;
        let references_are_few = (since.end - since.start) * LONG < u64::from(self.program.footprint());
        let few = self.shm_rss < u64::from(self.program.footprint()) / FEW;
        let Self { tables, counters, program, wide_words, .. } = self;
        let tell = |page, cleared| {
            counters.young_cleared += u64::from(cleared);
            young(page);
        };
        match tables {
            PageTables { beside: Some(beside), .. } => beside.clear_accessed_of(resident, tell),
            PageTables { own, .. } if references_are_few => {
                let referenced = since.map(|position| program.reference(position).page);
                with_tables!(own, entries => one_by_one(entries, referenced, tell));
            }
            PageTables { own, .. } if few => with_tables!(own, entries => one_by_one(entries, resident, tell)),
            PageTables { own, .. } => own.clear_all_accessed(program.footprint() as usize, *wide_words, tell),
        }
    }
}

/// Makes pages old, one after the other; tells of each that was young, and how many entries of it were.
pub(super) fn one_by_one(
    entries: &mut impl Entries,
    pages: impl Iterator<Item = PageId>,
    mut young: impl FnMut(PageId, u32),
) {
    for page in pages {
        let cleared = entries.clear_accessed(page);
        if cleared > 0 {
            young(page, cleared);
        }
    }
}

impl Tables {
    fn clear_all_accessed(&mut self, pages: usize, wide: Option<WideWords>, young: impl FnMut(PageId, u32)) {
        match self {
            Self { is_one: true, one, .. } => bytes(one, pages, wide, young),
            Self { is_few: true, few, .. } => few_columns(few, pages, wide, young),
            Self { is_several: true, several, .. } => several_columns(several, pages, wide, young),
            Self { many, .. } => one_by_one(many, (0..pages).map(PageId::from_index), young),
        }
    }
}

impl<W: Word> Words<W> {
    #[inline(always)]
    fn clear_all_accessed(&mut self, pages: usize, mut young: impl FnMut(PageId, u32)) {
        let any = |words: &[W]| words.iter().fold(0, |any, word| any | word.bits()) & Self::YOUNG != 0;
        for first in (0..pages).step_by(BLOCK) {
            // Behind the last page nothing is young.
            if !any(self.block_mut(first)) {
                continue;
            }
            for first in (first..first + BLOCK).step_by(PART) {
                if any(&self.words[first..][..PART]) {
                    one_by_one(self, (first..first + PART).map(PageId::from_index), &mut young);
                }
            }
        }
    }
}

/// Ties a width of words to what is compiled for wide instructions.
macro_rules! wide {
    ($word:ty, $name:ident) => {
        fn $name(words: &mut Words<$word>, pages: usize, wide: Option<WideWords>, young: impl FnMut(PageId, u32)) {
            #[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,popcnt,lzcnt,bmi1,bmi2"))]
            fn wide_words(words: &mut Words<$word>, pages: usize, young: impl FnMut(PageId, u32)) {
                words.clear_all_accessed(pages, young);
            }
            match wide {
                // SAFETY: the processor has what it is compiled for: there is a `WideWords` only where it was asked.
                #[allow(unsafe_code, unused_unsafe)]
                Some(_) => unsafe { wide_words(words, pages, young) },
                None => words.clear_all_accessed(pages, young),
            }
        }
    };
}
wide!(u8, bytes);
wide!(u32, few_columns);
wide!(u64, several_columns);

#[cfg(test)]
mod tests {
    use super::super::page_tables::Alone;
    use super::*;
    use crate::ids::Column;
    use crate::program::Reference;
    use proptest::prelude::*;

    const PAGES: usize = 150;

    /// Tables in which some pages are in a frame, and some of these old.
    fn tables(columns: u32, state: &[(usize, u32, bool)]) -> Tables {
        let mut tables = Tables::at(PAGES, columns, Alone);
        for &(page, column, old) in state {
            let reference =
                Reference { page: PageId::from_index(page), column: Column::new(column % columns), write: false };
            with_tables!(&mut tables, entries => {
                if entries.is_resident(reference.page) {
                    entries.map(reference);
                } else {
                    entries.bring_in(reference);
                }
                if old {
                    entries.clear_accessed(reference.page);
                }
            });
        }
        tables
    }

    fn young(tables: &Tables) -> Vec<bool> {
        let pages = (0..PAGES).map(PageId::from_index);
        with_tables!(tables, entries => pages.map(|page| entries.is_accessed(page)).collect())
    }

    proptest! {
        #[test]
        fn all_at_once_are_those_one_by_one(
            state in prop::collection::vec((0..PAGES, any::<u32>(), any::<bool>()), 0..200),
            columns in prop_oneof![Just(1_u32), Just(15), Just(31), Just(100)],
        ) {
            let mut expected = Vec::new();
            let mut one = tables(columns, &state);
            let pages = (0..PAGES).map(PageId::from_index);
            with_tables!(&mut one, entries => one_by_one(entries, pages, |page, cleared| expected.push((page, cleared))));
            prop_assert_eq!(expected.len(), young(&tables(columns, &state)).iter().filter(|&&young| young).count());
            for wide in [None, WideWords::of_processor()] {
                let (mut all, mut told) = (tables(columns, &state), Vec::new());
                all.clear_all_accessed(PAGES, wide, |page, cleared| told.push((page, cleared)));
                prop_assert_eq!(&told, &expected);
                prop_assert_eq!(young(&all), young(&one));
            }
        }
    }
}
