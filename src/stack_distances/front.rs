//! The top of the stack, where strong locality has nearly all references: a few pages in any order, and how many of them are
//! above each. What a reference changes there are 16 bytes, without a branch. Pages that are pushed out below are the stack's
//! own part.
//!
//! What did not help: the time of each page's last reference in place of its rank (three times as slow: compilers store one of
//! 16 words under a mask, which many processors are slow at).

/// Pages at the top.
pub(super) const FRONT: usize = 16;

/// The pages referenced last.
#[derive(Clone, Debug)]
pub(super) struct Front {
    /// The pages at the front, in any order.
    pages: [u32; FRONT],
    /// How many of them are above each. Each number up to 15 stands once; lanes that are empty have their own.
    ranks: [u8; FRONT],
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
        let above = self.ranks[lane as usize % FRONT];
        for rank in &mut self.ranks {
            *rank = if *rank == above { 0 } else { *rank + u8::from(*rank < above) };
        }
        u32::from(above)
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
