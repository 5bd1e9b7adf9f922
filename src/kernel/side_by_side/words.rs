//! A reference at the words that all memory sizes have for a page (R11, R12): with wide instructions where the processor has
//! them, else at one after the other. What did not help: to pass over words of sizes at which it would change nothing.

use super::super::page_tables::{Word, Words};
use super::Met;
use crate::processor::{WideWords, WidestWords};
use crate::program::Reference;

/// How many words are looked at together.
#[derive(Clone, Copy, Debug)]
pub(super) enum Width {
    /// One.
    Plain,
    /// 32 bytes of them.
    Wide(WideWords),
    /// 64 bytes.
    Widest(WidestWords),
}

impl Width {
    /// All that this processor has, the widest last.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let wide = WideWords::of_processor().map(Self::Wide);
        [Some(Self::Plain), wide, WidestWords::of_processor().map(Self::Widest)].into_iter().flatten()
    }

    /// Whether loops may be run that were compiled for wide words and for counting bits.
    pub(super) fn wide(self) -> Option<WideWords> {
        match self {
            Self::Plain => None,
            Self::Wide(wide) => Some(wide),
            Self::Widest(widest) => Some(widest.wide()),
        }
    }
}

/// A reference at all of these words whose page is resident.
#[inline(always)]
pub(super) fn refer<W: Wide>(words: &mut [W], reference: Reference, width: Width) -> Met {
    match width {
        #[cfg(target_arch = "x86_64")]
        Width::Wide(wide) => W::refer_wide(words, reference, wide),
        #[cfg(target_arch = "x86_64")]
        Width::Widest(widest) => W::refer_widest(words, reference, widest),
        _ => refer_each(words, reference),
    }
}

/// The same, one after the other.
fn refer_each<W: Word>(words: &mut [W], reference: Reference) -> Met {
    let (present, marks) = (Words::<W>::present_bit(reference.column), Words::<W>::marks(reference));
    let mut met = Met::default();
    for (number, word) in words.iter_mut().enumerate() {
        let bits = word.bits();
        let resident = bits & Words::<W>::RESIDENT != 0;
        met.resident |= u64::from(resident) << number;
        met.minor |= u64::from(resident && bits & present == 0) << number;
        *word = W::from_bits(bits | if resident { present | marks } else { 0 });
    }
    met
}

/// A word of which a wide instruction takes several.
#[cfg(target_arch = "x86_64")]
pub(super) trait Wide: Word {
    /// [`refer`] with the processor's wide instructions.
    fn refer_wide(words: &mut [Self], reference: Reference, wide: WideWords) -> Met;

    /// [`refer`] with its widest.
    fn refer_widest(words: &mut [Self], reference: Reference, widest: WidestWords) -> Met;
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) use Word as Wide;

/// With AVX2, and with AVX-512.
#[cfg(target_arch = "x86_64")]
// The instructions take their numbers signed; all here are bits, or numbers of bits.
#[allow(unsafe_code, clippy::cast_possible_wrap)]
mod wide {
    use std::arch::x86_64::{
        __m256i, __m512i, _mm_cvtsi32_si128, _mm256_and_si256, _mm256_castsi256_pd, _mm256_castsi256_ps,
        _mm256_cmpgt_epi8, _mm256_cmpgt_epi32, _mm256_cmpgt_epi64, _mm256_loadu_si256, _mm256_movemask_epi8,
        _mm256_movemask_pd, _mm256_movemask_ps, _mm256_or_si256, _mm256_set1_epi8, _mm256_set1_epi32,
        _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_sll_epi16, _mm256_sll_epi32, _mm256_sll_epi64,
        _mm256_storeu_si256, _mm512_loadu_si512, _mm512_maskz_mov_epi8, _mm512_maskz_mov_epi32, _mm512_maskz_mov_epi64,
        _mm512_or_si512, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_set1_epi64, _mm512_storeu_si512,
        _mm512_test_epi8_mask, _mm512_test_epi32_mask, _mm512_test_epi64_mask,
    };

    use super::{Met, Reference, Wide, WideWords, WidestWords, Words, refer_each};

    /// Ties a width of words to the instructions for it: to fill a wide word with one, to move a bit of each to its top, to ask
    /// which are below zero, and to gather the tops.
    macro_rules! wide {
        ($word:ty, $signed:ty, $name:ident, $fill:ident, $shift:ident, $above:ident, $tops:ident, $widest:ident) => {
            impl Wide for $word {
                #[inline(always)]
                fn refer_wide(words: &mut [Self], reference: Reference, _wide: WideWords) -> Met {
                    // SAFETY: the processor has what it is compiled for: there is a `WideWords` only where it was asked.
                    unsafe { $name(words, reference) }
                }

                #[inline(always)]
                fn refer_widest(words: &mut [Self], reference: Reference, _widest: WidestWords) -> Met {
                    // SAFETY: as above, and there is a `WidestWords` only where it was asked.
                    unsafe { $widest(words, reference) }
                }
            }

            #[target_feature(enable = "avx2,popcnt,lzcnt,bmi1,bmi2")]
            fn $name(words: &mut [$word], reference: Reference) -> Met {
                const TOGETHER: usize = 32 / size_of::<$word>();
                let (groups, rest) = words.as_chunks_mut::<TOGETHER>();
                if !rest.is_empty() {
                    return refer_each(words, reference);
                }
                let present = Words::<$word>::present_bit(reference.column);
                let marks = $fill((present | Words::<$word>::marks(reference)) as $signed);
                let to_top = |bit: u64| _mm_cvtsi32_si128((<$word>::BITS - 1 - bit.trailing_zeros()) as i32);
                let [present, resident] = [present, Words::<$word>::RESIDENT].map(to_top);
                let mut met = Met::default();
                for (number, group) in groups.iter_mut().enumerate() {
                    // SAFETY: a group is 32 bytes, and loads and stores of any alignment are allowed.
                    let before = unsafe { _mm256_loadu_si256(group.as_ptr().cast()) };
                    let is_resident = $above(_mm256_setzero_si256(), $shift(before, resident));
                    let after = _mm256_or_si256(before, _mm256_and_si256(marks, is_resident));
                    // SAFETY: as above.
                    unsafe { _mm256_storeu_si256(group.as_mut_ptr().cast(), after) };
                    let (residents, presents) = ($tops(is_resident), $tops($shift(before, present)));
                    met.resident |= residents << (number * TOGETHER);
                    met.minor |= (residents & !presents) << (number * TOGETHER);
                }
                met
            }
        };
    }
    #[rustfmt::skip]
    wide!(u8, i8, refer_bytes, _mm256_set1_epi8, _mm256_sll_epi16, _mm256_cmpgt_epi8, tops_of_bytes, widest_of_bytes);
    #[rustfmt::skip]
    wide!(u32, i32, refer_few, _mm256_set1_epi32, _mm256_sll_epi32, _mm256_cmpgt_epi32, tops_of_few, widest_of_few);
    #[rustfmt::skip]
    wide!(u64, i64, refer_several, _mm256_set1_epi64x, _mm256_sll_epi64, _mm256_cmpgt_epi64, tops_of_several, widest_of_several);

    /// Ties a width of words to the instructions for it: to fill the widest word with one, to ask in which of them a bit is set,
    /// and to take some of them.
    macro_rules! widest {
        ($word:ty, $signed:ty, $name:ident, $fill:ident, $test:ident, $take:ident, $otherwise:ident) => {
            #[target_feature(enable = "avx512f,avx512bw,avx2,popcnt,lzcnt,bmi1,bmi2")]
            fn $name(words: &mut [$word], reference: Reference) -> Met {
                const TOGETHER: usize = 64 / size_of::<$word>();
                let (groups, rest) = words.as_chunks_mut::<TOGETHER>();
                if !rest.is_empty() {
                    return $otherwise(words, reference);
                }
                let present = Words::<$word>::present_bit(reference.column);
                let marks = $fill((present | Words::<$word>::marks(reference)) as $signed);
                let [present, resident] = [present, Words::<$word>::RESIDENT].map(|bit| $fill(bit as $signed));
                let mut met = Met::default();
                for (number, group) in groups.iter_mut().enumerate() {
                    // SAFETY: a group is 64 bytes, and loads and stores of any alignment are allowed.
                    let before: __m512i = unsafe { _mm512_loadu_si512(group.as_ptr().cast()) };
                    let (residents, presents) = ($test(before, resident), $test(before, present));
                    let after = _mm512_or_si512(before, $take(residents, marks));
                    // SAFETY: as above.
                    unsafe { _mm512_storeu_si512(group.as_mut_ptr().cast(), after) };
                    met.resident |= u64::from(residents) << (number * TOGETHER);
                    met.minor |= u64::from(residents & !presents) << (number * TOGETHER);
                }
                met
            }
        };
    }
    #[rustfmt::skip]
    widest!(u8, i8, widest_of_bytes, _mm512_set1_epi8, _mm512_test_epi8_mask, _mm512_maskz_mov_epi8, refer_bytes);
    #[rustfmt::skip]
    widest!(u32, i32, widest_of_few, _mm512_set1_epi32, _mm512_test_epi32_mask, _mm512_maskz_mov_epi32, refer_few);
    #[rustfmt::skip]
    widest!(u64, i64, widest_of_several, _mm512_set1_epi64, _mm512_test_epi64_mask, _mm512_maskz_mov_epi64, refer_several);

    #[inline]
    #[target_feature(enable = "avx2")]
    fn tops_of_bytes(words: __m256i) -> u64 {
        u64::from(_mm256_movemask_epi8(words) as u32)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn tops_of_few(words: __m256i) -> u64 {
        u64::from(_mm256_movemask_ps(_mm256_castsi256_ps(words)) as u32)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn tops_of_several(words: __m256i) -> u64 {
        u64::from(_mm256_movemask_pd(_mm256_castsi256_pd(words)) as u32)
    }
}
