//! For each packed reference the sizes at which it would change nothing, and runs of references that change nothing at any.
//!
//! What did not help: a byte beside the bits for whether they are all set, to look at in their place; to forget in wide words.

use crate::ids::PageId;
use crate::kernel::side_by_side::Young;
use crate::prefetch::prefetch;
use crate::processor;
use crate::program::Program;

/// References ahead of the present ones that are called from memory.
const AHEAD: usize = 1024;
/// References that are looked at together.
const GROUP: usize = 16;

/// A bit a size for each packed reference: its page, column and write bit are the place. Where a page has one attachment at most,
/// [`Young`] is all there is.
pub(super) struct Settled {
    sizes: Vec<u64>,
    /// Places of a page: `1 << shift`.
    shift: u32,
    /// Those of them that any reference has.
    places: usize,
    wide: bool,
}

impl Settled {
    pub(super) fn new(program: &Program, young: &Young) -> Self {
        let shift = program.packing.column_bits + 1;
        let pages = if young.one_attachment() { 0 } else { program.footprint() as usize };
        let places = (2 * program.counts.most_attachments as usize).clamp(2, 1 << shift);
        Self { sizes: vec![0; pages << shift], shift, places, wide: processor::gathers_16() }
    }

    /// The sizes at which a reference would change nothing.
    #[inline]
    pub(super) fn known(&self, word: u32, young: &Young) -> u64 {
        if young.one_attachment() {
            young.sizes()[word as usize]
        } else {
            self.sizes[word as usize] & young.sizes()[word as usize >> self.shift]
        }
    }

    /// A reference has made its entry young at some sizes, and its page written if it writes: one like it, or one that
    /// reads, would change nothing.
    #[inline(always)]
    pub(super) fn set(&mut self, word: u32, sizes: u64, young: &mut Young) {
        if !young.one_attachment() {
            self.sizes[word as usize] |= sizes;
            self.sizes[(word & !1) as usize] |= sizes;
        }
        young.made_young(PageId::new(word >> self.shift), word & 1 != 0, sizes);
    }

    /// A page was not known to be young at these sizes: nothing is known there of references to it.
    #[inline]
    pub(super) fn clear(&mut self, page: PageId, sizes: u64) {
        if sizes != 0 && !self.sizes.is_empty() {
            for known in &mut self.sizes[page.index() << self.shift..][..self.places] {
                *known &= !sizes;
            }
        }
    }

    /// References up to the first that would change something at one of these sizes; how many there are.
    #[inline(always)]
    pub(super) fn run(&self, words: &[u32], of: u64, young: &Young) -> usize {
        // What comes just behind a change is mostly another one.
        match words {
            [first, rest @ ..] if self.known(*first, young) & of == of => 1 + self.longer_run(rest, of, young),
            _ => 0,
        }
    }

    fn longer_run(&self, words: &[u32], of: u64, young: &Young) -> usize {
        // It does not pay yet to look far.
        let near = &words[..words.len().min(GROUP / 2)];
        let done = self.plain_run(near, of, young);
        if done < near.len() || done == words.len() {
            return done;
        }
        done + self.far_run(&words[done..], of, young)
    }

    fn far_run(&self, words: &[u32], of: u64, young: &Young) -> usize {
        #[cfg(target_arch = "x86_64")]
        if self.wide {
            return wide::run(self, words, of, young);
        }
        let _ = self.wide;
        self.grouped_run(words, of, young)
    }

    #[inline]
    fn plain_run(&self, words: &[u32], of: u64, young: &Young) -> usize {
        words.iter().position(|&word| self.known(word, young) & of != of).unwrap_or(words.len())
    }

    /// The same by groups, each with one question for all of its references.
    #[inline]
    fn grouped_run(&self, words: &[u32], of: u64, young: &Young) -> usize {
        let (groups, rest) = words.as_chunks::<GROUP>();
        for (number, group) in groups.iter().enumerate() {
            prefetch(words, number * GROUP + AHEAD);
            let at_all = group.iter().fold(of, |at_all, &word| at_all & self.known(word, young));
            if at_all != of {
                return number * GROUP + self.plain_run(group, of, young);
            }
        }
        words.len() - rest.len() + self.plain_run(rest, of, young)
    }
}

/// The same with AVX-512, which fetches eight places at once.
#[cfg(target_arch = "x86_64")]
// The instructions take their numbers signed; all here are below 2^31, or bits.
#[allow(unsafe_code, clippy::cast_possible_wrap)]
mod wide {
    use std::arch::x86_64::{
        __m256i, __m512i, _mm_cvtsi32_si128, _mm256_loadu_si256, _mm256_srl_epi32, _mm512_and_si512,
        _mm512_andnot_si512, _mm512_castsi256_si512, _mm512_i32gather_epi64, _mm512_mask_cmpge_epu32_mask,
        _mm512_set1_epi32, _mm512_set1_epi64, _mm512_test_epi64_mask,
    };

    use super::{AHEAD, GROUP, Settled, Young, prefetch, processor};

    /// [`Settled::plain_run`].
    ///
    /// # Panics
    /// When the processor has no AVX-512.
    pub(super) fn run(settled: &Settled, words: &[u32], of: u64, young: &Young) -> usize {
        assert!(processor::gathers_16(), "chosen where the processor has it");
        // SAFETY: the processor has AVX-512F.
        let found = unsafe { first(settled, words, of, young) };
        found.unwrap_or_else(|| {
            let done = words.len() / GROUP * GROUP;
            done + settled.plain_run(&words[done..], of, young)
        })
    }

    /// The first reference of whole groups that would change something.
    #[target_feature(enable = "avx512f")]
    fn first(settled: &Settled, words: &[u32], of: u64, young: &Young) -> Option<usize> {
        if young.one_attachment() {
            return groups(words, of, |places| fetch(young.sizes(), places));
        }
        groups(words, of, |places| {
            let pages = _mm256_srl_epi32(places, _mm_cvtsi32_si128(settled.shift as i32));
            _mm512_and_si512(fetch(&settled.sizes, places), fetch(young.sizes(), pages))
        })
    }

    /// The same, with what is known of eight references.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn groups(words: &[u32], of: u64, known: impl Fn(__m256i) -> __m512i) -> Option<usize> {
        let (groups, _) = words.as_chunks::<GROUP>();
        for (number, group) in groups.iter().enumerate() {
            prefetch(words, number * GROUP + AHEAD);
            let (halves, _) = group.as_chunks::<8>();
            let [low, high] = [0, 1].map(|half| {
                // SAFETY: half a group is 32 bytes, and loads of any alignment are allowed.
                let places = unsafe { _mm256_loadu_si256(halves[half].as_ptr().cast()) };
                let missing = _mm512_andnot_si512(known(places), _mm512_set1_epi64(of as i64));
                u32::from(_mm512_test_epi64_mask(missing, missing))
            });
            let changing = low | high << 8;
            if changing != 0 {
                return Some(number * GROUP + changing.trailing_zeros() as usize);
            }
        }
        None
    }

    /// The words at eight places.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn fetch(words: &[u64], places: __m256i) -> __m512i {
        let end = _mm512_set1_epi32(words.len().min(i32::MAX as usize) as i32);
        let past = _mm512_mask_cmpge_epu32_mask(0xff, _mm512_castsi256_si512(places), end);
        assert!(past == 0, "a reference that there is not");
        // SAFETY: no place is past the end, and each is below 2^31, so as a signed number it is the same.
        unsafe { _mm512_i32gather_epi64::<8>(places, words.as_ptr().cast()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn wide_runs_are_as_long_as_plain_ones(
            shift in 1_u32..4,
            // Most places are known at all sizes.
            sizes in prop::collection::vec((0_u32..64, prop_oneof![3 => Just(u64::MAX), 1 => any::<u64>()]), 0..100),
            old in prop::collection::vec((0_u32..64, any::<u64>()), 0..4),
            words in prop::collection::vec(0_u32..64, 0..100),
            of in prop_oneof![Just(u64::MAX), Just(1), any::<u64>()],
        ) {
            let page = |word: u32| PageId::new(word >> shift);
            let mut young = Young::new(64 >> shift, shift == 1);
            let places = if young.one_attachment() { 0 } else { 64 };
            let wide = processor::gathers_16();
            let mut settled = Settled { sizes: vec![0; places], shift, places: 1 << shift, wide };
            for &(word, sizes) in &sizes {
                settled.set(word, sizes, &mut young);
            }
            for &(word, sizes) in &old {
                young.forget(page(word), sizes);
            }
            let plain = settled.plain_run(&words, of, &young);
            prop_assert_eq!(settled.run(&words, of, &young), plain);
            prop_assert_eq!(settled.far_run(&words, of, &young), plain);
            prop_assert_eq!(settled.grouped_run(&words, of, &young), plain);
            // By the book: of each place what was told, less what was forgotten of its page.
            let first = words.iter().position(|&word| {
                let like = |other: u32| other == word || other == word | 1;
                let told = sizes.iter().filter(|&&(other, _)| like(other)).fold(0, |known, (_, sizes)| known | sizes);
                let forgotten = old.iter().filter(|&&(other, _)| page(other) == page(word));
                told & !forgotten.fold(0, |all, (_, sizes)| all | sizes) & of != of
            });
            prop_assert_eq!(plain, first.unwrap_or(words.len()));
        }
    }
}
