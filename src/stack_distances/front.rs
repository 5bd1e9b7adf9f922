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
    (ranks.map(|rank| if rank == above { 0 } else { rank + u8::from(rank < above) }), u32::from(above))
}

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

    /// References the page in a lane: how many were above it.
    #[inline(always)]
    pub(super) fn raise(&mut self, lane: u32) -> u32 {
        let (ranks, above) = raise(self.ranks, lane);
        self.ranks = ranks;
        above
    }

    /// Puts a page on top: its lane, and the page that had it, which was the lowest.
    pub(super) fn enter(&mut self, page: u32) -> (u32, Option<u32>) {
        let lowest = self.length.min(FRONT - 1);
        let lane = self.ranks.iter().position(|&rank| usize::from(rank) == lowest).unwrap_or(0);
        let out = (self.length == FRONT).then_some(self.pages[lane]);
        self.length = lowest + 1;
        self.pages[lane] = page;
        self.raise(lane as u32);
        (lane as u32, out)
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
