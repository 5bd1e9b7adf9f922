//! Groups of references looked at with AVX2: eight words of page tables are fetched by one instruction.
// The instructions take their numbers signed; all here are below 2^31.
#![allow(unsafe_code, clippy::cast_possible_wrap)]

use std::arch::x86_64::{
    __m256i, _mm_cvtsi32_si128, _mm256_and_si256, _mm256_andnot_si256, _mm256_castsi256_ps, _mm256_cmpeq_epi32,
    _mm256_cmpgt_epi32, _mm256_i32gather_epi32, _mm256_loadu_si256, _mm256_movemask_ps, _mm256_or_si256,
    _mm256_set1_epi32, _mm256_setzero_si256, _mm256_slli_epi32, _mm256_sllv_epi32, _mm256_srl_epi32, _mm256_srli_epi32,
};

use super::{GROUP, Group, grouped_run, wide_run};
use crate::kernel::page_tables::{CountsMinorFaults, Word, Words};
use crate::program::Packing;

/// References looked at by one instruction.
const HALF: usize = GROUP / 2;

wide_run!("avx2", run_bytes, u8, look_group_bytes);
wide_run!("avx2", run_words, u32, look_group_words);

/// The halves of a group.
#[inline(always)]
fn halves(group: &[u32; GROUP]) -> [&[u32; HALF]; 2] {
    let (halves, _) = group.as_chunks::<HALF>();
    [&halves[0], &halves[1]]
}

/// A group from what there is to do for its halves. Each half is looked at by a plain call: one from a closure that is handed
/// on takes twice the time, since what has no AVX2 itself can't have it inlined.
#[inline(always)]
fn whole(low: Group, high: Group) -> Group {
    Group { unsettled: low.unsettled | high.unsettled << HALF, stopping: low.stopping | high.stopping << HALF }
}

#[inline]
#[target_feature(enable = "avx2")]
fn look_group_bytes(words: &[u8], group: &[u32; GROUP], packing: Packing) -> Group {
    let [low, high] = halves(group);
    whole(look_bytes(words, low, packing), look_bytes(words, high, packing))
}

#[inline]
#[target_feature(enable = "avx2")]
fn look_group_words(words: &[u32], group: &[u32; GROUP], packing: Packing) -> Group {
    let [low, high] = halves(group);
    whole(look_words(words, low, packing), look_words(words, high, packing))
}

/// The pages of references, these themselves, and their columns.
#[inline]
#[target_feature(enable = "avx2")]
fn unpack(half: &[u32; HALF], packing: Packing, pages: usize) -> (__m256i, __m256i, __m256i) {
    // SAFETY: half a group is 32 bytes, and loads of any alignment are allowed.
    let references = unsafe { _mm256_loadu_si256(half.as_ptr().cast()) };
    // A page takes 31 bits at most, the write bit being one, so the signed comparison is right.
    let page = _mm256_srl_epi32(references, _mm_cvtsi32_si128(1 + packing.column_bits as i32));
    let inside = _mm256_cmpgt_epi32(_mm256_set1_epi32(pages.min(i32::MAX as usize) as i32), page);
    assert!(mask(inside) == 0xff, "a page that there is not");
    let columns = _mm256_set1_epi32((1 << packing.column_bits) - 1);
    (page, references, _mm256_and_si256(_mm256_srli_epi32::<1>(references), columns))
}

/// The highest bit of each lane.
#[inline]
#[target_feature(enable = "avx2")]
fn mask(lanes: __m256i) -> u32 {
    _mm256_movemask_ps(_mm256_castsi256_ps(lanes)) as u32
}

/// The lanes in which none of the bits wanted is set in what was fetched.
#[inline]
#[target_feature(enable = "avx2")]
fn none_of(fetched: __m256i, wanted: __m256i) -> u32 {
    mask(_mm256_cmpeq_epi32(_mm256_and_si256(fetched, wanted), _mm256_setzero_si256()))
}

/// The lanes in which some of the bits wanted is not set in what was fetched.
#[inline]
#[target_feature(enable = "avx2")]
fn not_all_of(fetched: __m256i, wanted: __m256i) -> u32 {
    mask(_mm256_cmpeq_epi32(_mm256_andnot_si256(fetched, wanted), _mm256_setzero_si256())) ^ 0xff
}

#[inline]
#[target_feature(enable = "avx2")]
fn look_bytes(words: &[u8], half: &[u32; HALF], packing: Packing) -> Group {
    let (page, references, _) = unpack(half, packing, words.len() - 3);
    // SAFETY: no page is past the end of the words less three, so the four bytes from it on are in them.
    let fetched = unsafe { _mm256_i32gather_epi32::<1>(words.as_ptr().cast(), page) };
    let write = _mm256_and_si256(references, _mm256_set1_epi32(1));
    let marks = _mm256_or_si256(_mm256_set1_epi32(1), _mm256_slli_epi32::<{ 2 * <u8 as Word>::COLUMNS as i32 }>(write));
    let present = _mm256_set1_epi32(1 << <u8 as Word>::COLUMNS);
    Group { unsettled: not_all_of(fetched, marks), stopping: none_of(fetched, present) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn look_words(words: &[u32], half: &[u32; HALF], packing: Packing) -> Group {
    let (page, references, column) = unpack(half, packing, words.len());
    // SAFETY: no page is past the end of the words.
    let fetched = unsafe { _mm256_i32gather_epi32::<4>(words.as_ptr().cast(), page) };
    let write = _mm256_and_si256(references, _mm256_set1_epi32(1));
    let young = _mm256_sllv_epi32(_mm256_set1_epi32(1), column);
    let marks = _mm256_or_si256(young, _mm256_slli_epi32::<{ 2 * <u32 as Word>::COLUMNS as i32 }>(write));
    let resident = _mm256_set1_epi32(Words::<u32>::RESIDENT as i32);
    Group { unsettled: not_all_of(fetched, marks), stopping: none_of(fetched, resident) }
}
