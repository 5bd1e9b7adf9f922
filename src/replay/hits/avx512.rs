//! Groups of references looked at with AVX-512: 16 words of page tables are fetched by one instruction, or by two.
// The instructions take their numbers signed; all here are below 2^31.
#![allow(unsafe_code, clippy::cast_possible_wrap)]

use std::arch::x86_64::{
    __m512i, _mm_cvtsi32_si128, _mm512_and_si512, _mm512_andnot_si512, _mm512_castsi512_si256, _mm512_cmpge_epu32_mask,
    _mm512_cvtepu32_epi64, _mm512_extracti64x4_epi64, _mm512_i32gather_epi32, _mm512_i32gather_epi64,
    _mm512_loadu_si512, _mm512_or_si512, _mm512_set1_epi32, _mm512_set1_epi64, _mm512_slli_epi32, _mm512_slli_epi64,
    _mm512_sllv_epi32, _mm512_sllv_epi64, _mm512_srl_epi32, _mm512_srli_epi32, _mm512_test_epi32_mask,
    _mm512_test_epi64_mask, _mm512_testn_epi32_mask, _mm512_testn_epi64_mask,
};

use super::{GROUP, Group, grouped_run, wide_run};
use crate::kernel::page_tables::{CountsMinorFaults, Word, Words};
use crate::program::Packing;

wide_run!("avx512f", run_bytes, u8, look_bytes);
wide_run!("avx512f", run_words, u32, look_words);
wide_run!("avx512f", run_long_words, u64, look_long_words);

/// The pages of a group, its references, and the columns of these.
#[inline]
#[target_feature(enable = "avx512f")]
fn unpack(group: &[u32; GROUP], packing: Packing, pages: usize) -> (__m512i, __m512i, __m512i) {
    // SAFETY: the group is 64 bytes, and loads of any alignment are allowed.
    let references = unsafe { _mm512_loadu_si512(group.as_ptr().cast()) };
    let page = _mm512_srl_epi32(references, _mm_cvtsi32_si128(1 + packing.column_bits as i32));
    let past = _mm512_cmpge_epu32_mask(page, _mm512_set1_epi32(pages.min(i32::MAX as usize) as i32));
    assert!(past == 0, "a page that there is not");
    let columns = _mm512_set1_epi32((1 << packing.column_bits) - 1);
    (page, references, _mm512_and_si512(_mm512_srli_epi32::<1>(references), columns))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn look_bytes(words: &[u8], group: &[u32; GROUP], packing: Packing) -> Group {
    let (page, references, _) = unpack(group, packing, words.len() - 3);
    // SAFETY: no page is past the end of the words less three, so the four bytes from it on are in them.
    let fetched = unsafe { _mm512_i32gather_epi32::<1>(page, words.as_ptr().cast()) };
    let write = _mm512_and_si512(references, _mm512_set1_epi32(1));
    let marks = _mm512_or_si512(_mm512_set1_epi32(1), _mm512_slli_epi32::<{ 2 * <u8 as Word>::COLUMNS }>(write));
    let missing = _mm512_andnot_si512(fetched, marks);
    Group {
        unsettled: u32::from(_mm512_test_epi32_mask(missing, missing)),
        stopping: u32::from(_mm512_testn_epi32_mask(fetched, _mm512_set1_epi32(1 << <u8 as Word>::COLUMNS))),
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn look_words(words: &[u32], group: &[u32; GROUP], packing: Packing) -> Group {
    let (page, references, column) = unpack(group, packing, words.len());
    // SAFETY: no page is past the end of the words.
    let fetched = unsafe { _mm512_i32gather_epi32::<4>(page, words.as_ptr().cast()) };
    let write = _mm512_and_si512(references, _mm512_set1_epi32(1));
    let young = _mm512_sllv_epi32(_mm512_set1_epi32(1), column);
    let marks = _mm512_or_si512(young, _mm512_slli_epi32::<{ 2 * <u32 as Word>::COLUMNS }>(write));
    let missing = _mm512_andnot_si512(fetched, marks);
    let resident = _mm512_set1_epi32(Words::<u32>::RESIDENT as i32);
    Group {
        unsettled: u32::from(_mm512_test_epi32_mask(missing, missing)),
        stopping: u32::from(_mm512_testn_epi32_mask(fetched, resident)),
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn look_long_words(words: &[u64], group: &[u32; GROUP], packing: Packing) -> Group {
    let (page, references, column) = unpack(group, packing, words.len());
    let mut both = Group::default();
    for half in 0..2 {
        let half_of = |whole| {
            if half == 0 { _mm512_castsi512_si256(whole) } else { _mm512_extracti64x4_epi64::<1>(whole) }
        };
        // SAFETY: no page is past the end of the words.
        let fetched = unsafe { _mm512_i32gather_epi64::<8>(half_of(page), words.as_ptr().cast()) };
        let write = _mm512_and_si512(_mm512_cvtepu32_epi64(half_of(references)), _mm512_set1_epi64(1));
        let young = _mm512_sllv_epi64(_mm512_set1_epi64(1), _mm512_cvtepu32_epi64(half_of(column)));
        let marks = _mm512_or_si512(young, _mm512_slli_epi64::<{ 2 * <u64 as Word>::COLUMNS }>(write));
        let missing = _mm512_andnot_si512(fetched, marks);
        let resident = _mm512_set1_epi64(Words::<u64>::RESIDENT as i64);
        both.unsettled |= u32::from(_mm512_test_epi64_mask(missing, missing)) << (8 * half);
        both.stopping |= u32::from(_mm512_testn_epi64_mask(fetched, resident)) << (8 * half);
    }
    both
}
