//! ARC, the adaptive replacement cache: recency and frequency share the memory in a proportion that it learns.
//!
//! T1 holds pages referenced once of late, T2 those referenced at least twice, both in order of the last reference; B1 and
//! B2 remember the numbers of pages evicted from either. T1 and B1 together are at most as many as the frames, all four
//! twice as many. `target` (`p` in the paper) is the size that T1 should have: a miss on a page in B1 says that T1 is too
//! small, one on a page in B2 that it is too large, and the smaller of the two lists has the greater weight. T1 gives the
//! victim while it is above the target, or at it when the page that is wanted is in B2; else T2 does. Source: Megiddo,
//! Modha, ARC: a self-tuning, low overhead replacement cache, 2003, figure 4; the target is a real number there and here.
//!
//! Choices: the paper trims B1 and B2 before it evicts, here it is done when the page comes in, with the same outcome. The
//! target moves once for a miss, and not at all for a fault that is given up. The lists are over the pages of all
//! segments, a reference by any process is a hit. A locked page is passed over and keeps its place; when all of a list are
//! locked, the other gives the victim.

use super::page_lists::PageLists;
use super::parameters::Arguments;
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

const T1: usize = 0;
const T2: usize = 1;
const B1: usize = 2;
const B2: usize = 3;

/// The four lists and the target.
#[derive(Debug)]
pub struct Arc {
    lists: PageLists,
    frames: u64,
    target: f64,
    /// The page that a reclaim was on behalf of, and the target as the miss on it makes it.
    wanted: Option<(PageId, f64)>,
}

impl Arc {
    fn len(&self, list: usize) -> u64 {
        self.lists.len(list) as u64
    }

    /// The target after a miss on a page.
    fn target_after(&self, page: PageId) -> f64 {
        let (b1, b2) = (self.len(B1) as f64, self.len(B2) as f64);
        match self.lists.list_of(page) {
            Some(B1) => (self.target + (b2 / b1).max(1.0)).min(self.frames as f64),
            Some(B2) => (self.target - (b1 / b2).max(1.0)).max(0.0),
            _ => self.target,
        }
    }

    /// Makes room for a page that is in no list.
    fn trim_ghosts(&mut self) {
        let first = self.len(T1) + self.len(B1);
        if first >= self.frames {
            self.lists.pop_front(B1);
        } else if first + self.len(T2) + self.len(B2) >= self.frames.saturating_mul(2) {
            self.lists.pop_front(B2);
        }
    }
}

impl Policy for Arc {
    const NAME: &'static str = "arc";
    const SUMMARY: &'static str = "adaptive replacement cache: the share of recency and frequency is learned";
    const SOURCE: &'static str = "Megiddo, Modha 2003";
    const FILE: &'static str = file!();

    fn new(setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Ok(Self { lists: PageLists::new(setup.pages, 4), frames: setup.frames, target: 0.0, wanted: None })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        self.wanted = memory.wanted().map(|page| (page, self.target_after(page)));
        let target = self.wanted.map_or(self.target, |(_, target)| target);
        let in_b2 = memory.wanted().is_some_and(|page| self.lists.list_of(page) == Some(B2));
        let t1 = self.len(T1) as f64;
        let order = if t1 > target || (in_b2 && t1 >= target) { [T1, T2] } else { [T2, T1] };
        let mut pages = order.into_iter().flat_map(|list| self.lists.iter(list));
        pages.find(|&page| !memory.is_locked(page)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        self.target = match self.wanted.take() {
            Some((wanted, target)) if wanted == page => target,
            _ => self.target_after(page),
        };
        if self.lists.list_of(page).is_some() {
            self.lists.move_to_back(page, T2);
        } else {
            self.trim_ghosts();
            self.lists.move_to_back(page, T1);
        }
    }

    fn evicted(&mut self, page: PageId) {
        let ghosts = if self.lists.list_of(page) == Some(T1) { B1 } else { B2 };
        self.lists.move_to_back(page, ghosts);
    }

    fn freed(&mut self, page: PageId) {
        self.lists.remove(page);
    }

    fn forgotten(&mut self, page: PageId) {
        self.lists.remove(page);
    }
}

impl SeesReferences for Arc {
    #[inline]
    fn referenced(&mut self, page: PageId, _write: bool) {
        self.lists.move_to_back(page, T2);
    }
}
