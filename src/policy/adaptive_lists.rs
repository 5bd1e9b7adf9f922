//! The directory that ARC and CAR have in common: two lists of pages in memory, two of pages evicted from either, and the
//! size that the first list should have, which is learned.
//!
//! T1 holds pages referenced once of late and T2 those referenced at least twice; B1 and B2 remember the numbers of pages
//! evicted from either. T1 and B1 together are at most as many as the frames, all four twice as many. The target (`p` in
//! the papers) grows with a miss on a page in B1, for T1 was too small then, and shrinks with one on a page in B2; the
//! step is 1, or the quotient of the sizes of B1 and B2 where the list of the page is the smaller one. The quotient is a
//! whole number: the papers leave that open, and only so does ARC have the published 21.30 % of hits on the trace glimpse
//! with 1,000 frames (21.31 % with real numbers).
//!
//! How the lists are ordered, and which gives the victim, is the policy's part. B1 and B2 are trimmed when a page comes
//! in; the paper on ARC does that before it evicts, with the same outcome.

use super::page_queues::PageQueues;
use crate::ids::PageId;

/// Pages in memory that were referenced once of late.
pub const T1: usize = 0;
/// Pages in memory that were referenced at least twice.
pub const T2: usize = 1;
/// Pages evicted from T1.
pub const B1: usize = 2;
/// Pages evicted from T2.
pub const B2: usize = 3;

/// The four lists and the target.
#[derive(Debug)]
pub struct AdaptiveLists {
    /// The lists, the page that is to leave each first at the front.
    pub lists: PageQueues<4>,
    /// The size that T1 should have.
    pub target: u64,
    frames: u64,
}

impl AdaptiveLists {
    /// Empty lists for pages below `pages`, and memory of so many frames.
    pub fn new(pages: usize, frames: u64) -> Self {
        Self { lists: PageQueues::new(pages), target: 0, frames }
    }

    /// How many pages are in a list.
    pub fn len(&self, list: usize) -> u64 {
        self.lists.len(list) as u64
    }

    /// The target that a miss on a page makes of the present one.
    pub fn target_after(&self, page: PageId) -> u64 {
        let (b1, b2) = (self.len(B1), self.len(B2));
        match self.lists.queue_of(page) {
            Some(B1) => (self.target + (b2 / b1).max(1)).min(self.frames),
            Some(B2) => self.target.saturating_sub((b1 / b2).max(1)),
            _ => self.target,
        }
    }

    /// Puts a page that has come into memory at the back of T2 if it was remembered, else of T1.
    pub fn enter(&mut self, page: PageId) {
        let remembered = self.lists.queue_of(page).is_some();
        if !remembered {
            self.trim();
        }
        self.lists.move_to_back(page, if remembered { T2 } else { T1 });
    }

    /// Remembers a page that was evicted.
    pub fn evicted(&mut self, page: PageId) {
        let remembered = if self.lists.queue_of(page) == Some(T1) { B1 } else { B2 };
        self.lists.move_to_back(page, remembered);
    }

    /// Forgets one page if there is no room for another one.
    fn trim(&mut self) {
        let first = self.len(T1) + self.len(B1);
        if first >= self.frames {
            self.lists.pop_front(B1);
        } else if first + self.len(T2) + self.len(B2) >= self.frames.saturating_mul(2) {
            self.lists.pop_front(B2);
        }
    }
}
