//! The top of the stack, where strong locality has nearly all references: a few pages in any order, and how many of them are
//! above each. What a reference changes there are 16 bytes, without a branch. Pages that are pushed out below are the stack's
//! own part.
//!
//! What did not help: the time of each page's last reference in place of its rank (three times as slow: compilers store one of
//! 16 words under a mask, which many processors are slow at).

/// Pages at the top.
pub(super) const FRONT: usize = 16;

/// How many pages are above each page at the front.
pub(super) type Ranks = [u8; FRONT];

/// What becomes of the ranks when the page in a lane is referenced, and how many pages were above it.
#[inline(always)]
pub(super) fn raise(ranks: Ranks, lane: u32) -> (Ranks, u32) {
    let above = ranks[lane as usize % FRONT];
    (sunk(ranks, above), u32::from(above))
}

/// The ranks when the page that has one of them is referenced. (`map` is not made wide instructions of.)
#[inline(always)]
fn sunk(mut ranks: Ranks, above: u8) -> Ranks {
    for rank in &mut ranks {
        *rank = if *rank == above { 0 } else { *rank + u8::from(*rank < above) };
    }
    ranks
}

/// The lane that has a rank: there is one.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
fn lane_of(ranks: &Ranks, rank: u8) -> u8 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8};
    // SAFETY: every x86-64 processor has the instructions, loads of any alignment are allowed, and the ranks are 16 bytes.
    let found = unsafe {
        _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(ranks.as_ptr().cast()), _mm_set1_epi8(rank.cast_signed())))
    };
    found.trailing_zeros() as u8
}

/// The same, plainly. All lanes are looked at: where it is found first can't be foreseen.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn lane_of_plain(ranks: &Ranks, rank: u8) -> u8 {
    (0..).zip(ranks).fold(0, |found, (lane, &other)| found | if other == rank { lane } else { 0 })
}

#[cfg(not(target_arch = "x86_64"))]
use lane_of_plain as lane_of;

/// [`raise`] for a processor with SSSE3. The ranks stay in a register from one reference to the next, where plainly they go
/// through memory to be looked up, which takes three times as long.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "ssse3")]
#[inline]
#[allow(unsafe_code)]
pub(super) fn raise_wide(ranks: Ranks, lane: u32) -> (Ranks, u32) {
    use std::arch::x86_64::{
        _mm_andnot_si128, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_cvtsi128_si32, _mm_loadu_si128, _mm_set1_epi8,
        _mm_shuffle_epi8, _mm_storeu_si128, _mm_sub_epi8,
    };
    // SAFETY: loads of any alignment are allowed, and the ranks are 16 bytes.
    let before = unsafe { _mm_loadu_si128(ranks.as_ptr().cast()) };
    let above = _mm_shuffle_epi8(before, _mm_set1_epi8((lane as usize % FRONT) as i8));
    // A true comparison is -1.
    let sunk = _mm_sub_epi8(before, _mm_cmplt_epi8(before, above));
    let after = _mm_andnot_si128(_mm_cmpeq_epi8(before, above), sunk);
    let mut ranks = ranks;
    // SAFETY: so are stores.
    unsafe { _mm_storeu_si128(ranks.as_mut_ptr().cast(), after) };
    (ranks, _mm_cvtsi128_si32(above) as u32 & 0xff)
}

/// The pages referenced last.
#[derive(Clone, Debug)]
pub(super) struct Front {
    /// The pages at the front, in any order.
    pages: [u32; FRONT],
    /// How many of them are above each. Each number up to 15 stands once; lanes that are empty have their own.
    pub(super) ranks: Ranks,
    /// How many there are.
    length: usize,
}

impl Front {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self { pages: [0; FRONT], ranks: std::array::from_fn(|lane| lane as u8), length: 0 }
    }

    /// How many pages are at the front.
    #[inline(always)]
    pub(super) fn len(&self) -> u32 {
        self.length as u32
    }

    /// Puts a page on top: its lane, and the page that had it, which was the lowest.
    #[inline(always)]
    pub(super) fn enter(&mut self, page: u32) -> (u32, Option<u32>) {
        let lowest = self.length.min(FRONT - 1) as u8;
        let lane = lane_of(&self.ranks, lowest);
        let out = (self.length == FRONT).then_some(self.pages[usize::from(lane) % FRONT]);
        self.length = usize::from(lowest) + 1;
        self.pages[usize::from(lane) % FRONT] = page;
        self.ranks = sunk(self.ranks, lowest);
        (lane.into(), out)
    }

    /// Takes all pages away, the lowest first.
    pub(super) fn empty(&mut self) -> Vec<u32> {
        let mut lanes: Vec<usize> = (0..self.length).collect();
        lanes.sort_unstable_by_key(|&lane| std::cmp::Reverse(self.ranks[lane]));
        let pages = lanes.iter().map(|&lane| self.pages[lane]).collect();
        *self = Self::new();
        pages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn wide_looks_find_what_plain_ones_do(ranks in Just(Front::new().ranks.to_vec()).prop_shuffle(), lane in 0_u32..FRONT as u32) {
            let ranks: Ranks = ranks.try_into().unwrap();
            for rank in 0..FRONT as u8 {
                prop_assert_eq!(lane_of(&ranks, rank), lane_of_plain(&ranks, rank));
                prop_assert_eq!(ranks[usize::from(lane_of(&ranks, rank))], rank);
            }
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            if is_x86_feature_detected!("ssse3") {
                // SAFETY: the processor has what it was compiled for.
                prop_assert_eq!(unsafe { raise_wide(ranks, lane) }, raise(ranks, lane));
            }
            let (raised, above) = raise(ranks, lane);
            let expected = ranks.map(|rank| if u32::from(rank) < above { rank + 1 } else { rank });
            for (place, (rank, expected)) in (0..).zip(raised.into_iter().zip(expected)) {
                prop_assert_eq!(rank, if place == lane { 0 } else { expected });
            }
        }
    }
}
