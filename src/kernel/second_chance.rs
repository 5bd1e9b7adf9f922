//! The second chance of a run of pages at once: what [`Kernel::try_evict`] does to one young page after the other (R25),
//! for pages with one sharer, 64 at a time.
//!
//! Whether the next page is young can't be foreseen, so a look at one page after the other ends in a wrong guess each time;
//! here the first that is old is found without one. It is no other rule: it may stop anywhere, and where it stops the page
//! by page way goes on. Which pages are looked at, and how many, is the policy's and the budget's part.
//!
//! Only where the processor compares 32 bytes at once, and not in a pass with other sizes: there the words are far away, and
//! the set of resident pages, by which the page by page way goes, is nearer. What did not help: 64 bytes at once; words of eight
//! pages, which are slower than page by page; the next eight pages of a ring, whose words don't stand together; a branch for
//! a run of no pages.

use super::Kernel;
use super::page_tables::Words;
use crate::ids::PageId;
use crate::processor::WideWords;

/// Pages that are looked at together.
pub(super) const BLOCK: usize = 64;

/// The words of so many pages.
type Block = [u8; BLOCK];

/// What a run of second chances came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chances {
    /// Resident pages that were young and are old now.
    pub(super) passed: u64,
    /// The first old page, where that ended the run, else the page behind the last of those.
    pub(super) next: PageId,
    /// Whether that ended it.
    pub(super) is_old: bool,
}

impl Chances {
    /// The same in two numbers, which a function gives back in registers: what it puts into memory in parts and is then fetched
    /// as a whole is waited for.
    #[inline(always)]
    pub(super) fn in_registers(self) -> (u64, u64) {
        (self.passed, u64::from(self.next.get()) << 1 | u64::from(self.is_old))
    }

    /// What [`Chances::in_registers`] gave.
    #[inline(always)]
    pub(super) fn of_registers((passed, next): (u64, u64)) -> Self {
        Self { passed, next: PageId::new((next >> 1) as u32), is_old: next & 1 != 0 }
    }
}

impl Kernel {
    /// What it takes to look at the words of a block of pages together, where that pays.
    #[inline(always)]
    pub(super) fn looks_at_blocks(&self) -> Option<WideWords> {
        self.wide_words.filter(|_| self.tables.own.is_one)
    }

    /// Gives resident pages from one on their second chance, up to the first without a young entry, as far as that is done
    /// fast: at most `most` pages, none at `end` or behind. Each is counted as an attempt (R24).
    #[inline(always)]
    pub(super) fn pass_young(&mut self, from: PageId, end: PageId, most: u64) -> Chances {
        let Some(wide) = self.looks_at_blocks() else {
            if self.tables.own.is_one {
                return Chances { passed: 0, next: from, is_old: false };
            }
            return self.pass_shared(from, end, most);
        };
        let chances = self.tables.own.one.pass_young(from..end, most, wide);
        self.counters.swap_attempts += chances.passed;
        self.counters.young_cleared += chances.passed;
        chances
    }
}

type Pages = std::ops::Range<PageId>;

impl Words<u8> {
    /// [`Kernel::pass_young`], but for what is counted.
    #[inline(always)]
    fn pass_young(&mut self, pages: Pages, most: u64, wide: WideWords) -> Chances {
        #[cfg(target_arch = "x86_64")]
        return wide::pass_young(self, pages, most, wide);
        #[cfg(not(target_arch = "x86_64"))]
        let _ = wide;
        #[cfg(not(target_arch = "x86_64"))]
        self.pass_young_with(pages, most, plain_look)
    }

    /// The first resident page of a range.
    #[inline(always)]
    pub(super) fn next_resident(&mut self, pages: Pages, wide: WideWords) -> Option<PageId> {
        #[cfg(target_arch = "x86_64")]
        return wide::next_resident(self, pages, wide);
        #[cfg(not(target_arch = "x86_64"))]
        let _ = wide;
        #[cfg(not(target_arch = "x86_64"))]
        self.next_resident_with(pages, plain_look)
    }

    #[inline(always)]
    fn next_resident_with(&mut self, pages: Pages, look: impl Fn(&Block) -> [u64; 2]) -> Option<PageId> {
        let (mut start, end) = (pages.start.index(), pages.end.index());
        while start < end {
            let [resident, _] = look(self.block_mut(start));
            if resident != 0 {
                let found = start + resident.trailing_zeros() as usize;
                return (found < end).then(|| PageId::from_index(found));
            }
            start += BLOCK;
        }
        None
    }

    /// [`Words::pass_young`] with a look at a block: which pages are resident, and which have a young entry, a bit each.
    #[inline(always)]
    fn pass_young_with(&mut self, pages: Pages, most: u64, look: impl Fn(&Block) -> [u64; 2]) -> Chances {
        let (mut start, end) = (pages.start.index(), pages.end.index());
        let (mut passed, mut behind) = (0, start);
        while start < end {
            let block = self.block_mut(start);
            let before_end = u64::MAX >> (BLOCK - (end - start).min(BLOCK));
            let [resident, young] = look(block).map(|bits| bits & before_end);
            let old = resident & !young;
            let aged = young & old.wrapping_sub(1) & !old;
            let count = u64::from(aged.count_ones());
            if count > most - passed {
                break;
            }
            // None is as good as many: which it is can't be foreseen.
            make_old(block, aged);
            passed += count;
            behind = behind.max((start + length(aged)) * usize::from(aged != 0));
            if old != 0 {
                let next = PageId::from_index(start + old.trailing_zeros() as usize);
                return Chances { passed, next, is_old: true };
            }
            start += BLOCK;
        }
        Chances { passed, next: PageId::from_index(behind), is_old: false }
    }
}

/// Pages of a block up to the last whose bit is set.
#[inline(always)]
fn length(pages: u64) -> usize {
    BLOCK - pages.leading_zeros() as usize
}

/// Makes the entries of the first pages of a block old, up to the last whose bit is set.
#[inline(always)]
fn make_old(block: &mut Block, pages: u64) {
    /// Ones, and behind them as many zeros: a window into it begins with as many ones as one likes.
    static ONES: [u8; 2 * BLOCK] = {
        let mut ones = [0; 2 * BLOCK];
        let mut place = 0;
        while place < BLOCK {
            ones[place] = 1;
            place += 1;
        }
        ones
    };
    let window = &ONES[BLOCK - length(pages)..][..BLOCK];
    block.iter_mut().zip(window).for_each(|(word, one)| *word &= !one);
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn plain_look(block: &Block) -> [u64; 2] {
    let bits = |mask: u64| {
        let set = |(place, &word): (usize, &u8)| u64::from(u64::from(word) & mask != 0) << place;
        block.iter().enumerate().map(set).sum()
    };
    [bits(Words::<u8>::RESIDENT), bits(Words::<u8>::YOUNG)]
}

/// With AVX2.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod wide {
    use std::arch::x86_64::{_mm256_loadu_si256, _mm256_movemask_epi8, _mm256_slli_epi16};

    use super::{Block, Chances, PageId, Pages, WideWords, Words};

    /// [`Words::pass_young`].
    #[inline(always)]
    pub(super) fn pass_young(words: &mut Words<u8>, pages: Pages, most: u64, _wide: WideWords) -> Chances {
        // SAFETY: the processor has what it is compiled for: there is a `WideWords` only where it was asked.
        Chances::of_registers(unsafe { compiled_wide(words, pages, most) })
    }

    #[target_feature(enable = "avx2,popcnt,lzcnt,bmi1,bmi2")]
    fn compiled_wide(words: &mut Words<u8>, pages: Pages, most: u64) -> (u64, u64) {
        words.pass_young_with(pages, most, |block| look(block)).in_registers()
    }

    /// [`Words::next_resident`].
    #[inline(always)]
    pub(super) fn next_resident(words: &mut Words<u8>, pages: Pages, _wide: WideWords) -> Option<PageId> {
        // SAFETY: as above.
        unsafe { compiled_wide_search(words, pages) }
    }

    #[target_feature(enable = "avx2,popcnt,lzcnt,bmi1,bmi2")]
    fn compiled_wide_search(words: &mut Words<u8>, pages: Pages) -> Option<PageId> {
        words.next_resident_with(pages, |block| look(block))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn look(block: &Block) -> [u64; 2] {
        let (halves, _) = block.as_chunks::<32>();
        // SAFETY: loads of any alignment are allowed, and half a block is 32 bytes.
        let [low, high] = [0, 1].map(|half: usize| unsafe { _mm256_loadu_si256(halves[half].as_ptr().cast()) });
        // The top bit of each byte is what is gathered.
        let resident = [low, high].map(|words| _mm256_movemask_epi8(_mm256_slli_epi16::<4>(words)) as u32);
        let young = [low, high].map(|words| _mm256_movemask_epi8(_mm256_slli_epi16::<7>(words)) as u32);
        [resident, young].map(|[low, high]| u64::from(high) << 32 | u64::from(low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::page_tables::Entries;
    use proptest::prelude::*;

    /// One page after the other.
    fn one_by_one(words: &mut Words<u8>, pages: Pages, most: u64) -> Chances {
        let mut chances = Chances { passed: 0, next: pages.start, is_old: false };
        let pages = (pages.start.get()..pages.end.get()).map(PageId::new);
        let resident: Vec<PageId> = pages.filter(|&page| words.is_resident(page)).collect();
        for page in resident {
            if !words.is_accessed(page) {
                return Chances { next: page, is_old: true, ..chances };
            }
            if chances.passed == most {
                break;
            }
            assert_eq!(words.unmap(page, true).map(|unmapped| (unmapped.taken, unmapped.left)), Some((0, 1)));
            chances = Chances { passed: chances.passed + 1, next: page.next(), is_old: false };
        }
        chances
    }

    proptest! {
        #[test]
        fn a_run_is_what_one_page_after_the_other_comes_to(
            // Absent, in swap, resident and old, resident and young, written too; old ones are rare, so that runs are long.
            states in prop::collection::vec(
                prop_oneof![20 => Just(0_u8), 10 => Just(0b0100), 1 => Just(0b1010), 90 => Just(0b1011), 30 => Just(0b1111)],
                1..300,
            ),
            from in 0_usize..300,
            length in 0_usize..300,
            most in 0_u64..200,
        ) {
            let from = from % states.len();
            let pages = PageId::from_index(from)..PageId::from_index((from + length).min(states.len()));
            let before = Words::of(&states);
            let mut expected = before.clone();
            let chances = one_by_one(&mut expected, pages.clone(), most);
            for wide in [None, WideWords::of_processor()] {
                let mut words = before.clone();
                let found = match wide {
                    Some(wide) => words.pass_young(pages.clone(), most, wide),
                    None => words.pass_young_with(pages.clone(), most, plain_look),
                };
                // It may stop before, where the budget ends in a block; the rest goes one by one.
                let rest = found.next..pages.end;
                let rest = one_by_one(&mut words, rest, most - found.passed);
                prop_assert!(!found.is_old || rest == Chances { passed: 0, ..found }, "{:?} {:?}", found, rest);
                prop_assert!(found.passed == chances.passed || most < chances.passed + BLOCK as u64);
                prop_assert_eq!(Chances { passed: found.passed + rest.passed, ..rest }, chances);
                prop_assert_eq!(words.words(), expected.words());
            }
        }
    }
}
