//! ARC, the adaptive replacement cache: recency and frequency share the memory in a proportion that it learns.
//!
//! T1 holds pages referenced once of late, T2 those referenced at least twice, both in order of the last reference; what
//! is evicted from either is remembered in B1 and B2. A hit moves a page to the back of T2; a page that comes in goes
//! there if it is remembered, else to the back of T1. T1 gives the victim while it is above its target, or at it when the
//! page that is wanted is in B2; else T2 does. How the target is learned and the lists are trimmed:
//! `src/policy/adaptive_lists.rs`. Source: Megiddo, Modha, ARC: a self-tuning, low overhead replacement cache, 2003,
//! figure 4.
//!
//! Choices: the target moves once for a miss, and not at all for a fault that is given up. The lists are over the pages
//! of all segments, a reference by any process is a hit. A locked page is passed over and keeps its place; when all of a
//! list are locked, the other gives the victim.

use super::adaptive_lists::{AdaptiveLists, B2, T1, T2};
use super::parameters::Arguments;
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The lists, and the miss that is being served.
#[derive(Debug)]
pub struct Arc {
    directory: AdaptiveLists,
    /// The page that the last reclaim was on behalf of, and the target that the miss on it makes.
    wanted: Option<(PageId, u64)>,
}

impl Policy for Arc {
    const NAME: &'static str = "arc";
    const SUMMARY: &'static str = "adaptive replacement cache: the shares of recency and frequency are learned";
    const SOURCE: &'static str = "Megiddo, Modha 2003";
    const FILE: &'static str = file!();

    fn new(setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Ok(Self { directory: AdaptiveLists::new(setup.pages, setup.frames), wanted: None })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        self.wanted = memory.wanted().map(|page| (page, self.directory.target_after(page)));
        let AdaptiveLists { lists, target, .. } = &mut self.directory;
        let target = self.wanted.map_or(*target, |(_, target)| target);
        let from_b2 = memory.wanted().is_some_and(|page| lists.contains(B2, page));
        let t1 = lists.len(T1) as u64;
        let order = if t1 > target || (from_b2 && t1 == target) { [T1, T2] } else { [T2, T1] };
        order.into_iter().find_map(|list| lists.first_unlocked(list, memory)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        self.directory.target = match self.wanted.take() {
            Some((wanted, target)) if wanted == page => target,
            _ => self.directory.target_after(page),
        };
        self.directory.enter(page);
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.directory.lists.expect(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.directory.evicted(page);
    }

    fn freed(&mut self, page: PageId) {
        self.directory.lists.remove(page);
    }

    fn forgotten(&mut self, page: PageId) {
        self.directory.lists.remove(page);
    }
}

impl SeesReferences for Arc {
    #[inline(always)]
    fn only_last_matters(&self) -> bool {
        true
    }

    #[inline(always)]
    fn referenced(&mut self, page: PageId, _write: bool) {
        let lists = &mut self.directory.lists;
        if lists.contains(T2, page) {
            lists.touch(page, T2);
        } else {
            lists.move_to_back(page, T2);
        }
    }
}
