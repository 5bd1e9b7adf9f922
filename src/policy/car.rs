//! CAR, clock with adaptive replacement: ARC with two clocks in place of its two lists in order of the last reference.
//!
//! T1 and T2 are clocks, each a queue whose front the hand is at; what is evicted from either is remembered in B1 and B2.
//! The hand of T1 turns while T1 has pages and is not below its target, else that of T2: a page whose accessed bit is
//! clear is the victim, one whose bit is set loses it and goes to the back of T2. A page that comes in goes to the back of
//! T2 if it is remembered, else of T1, with its bit clear. How the target is learned and the lists are trimmed:
//! `src/policy/adaptive_lists.rs`. Source: Bansal, Modha, CAR: clock with adaptive replacement, 2004, figure 2.
//!
//! Choices: a page's bit is young in any sharer's page table, and is cleared in all of them. The clocks are over the pages
//! of all segments. A locked page is passed over with its bit untouched and keeps its place at the front; when all of a
//! clock are locked, the other one turns. The paper moves the target after the eviction, so it is moved when the page
//! comes in.

use super::adaptive_lists::{AdaptiveLists, T1, T2};
use super::parameters::Arguments;
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The two clocks and what was evicted from them.
#[derive(Debug)]
pub struct Car {
    directory: AdaptiveLists,
}

impl Car {
    /// The first page that is not locked, from one on.
    fn free_from(&self, mut page: Option<PageId>, memory: &Memory<'_>) -> Option<PageId> {
        while let Some(locked) = page.filter(|&page| memory.is_locked(page)) {
            page = self.directory.lists.after(locked);
        }
        page
    }
}

impl Policy for Car {
    const NAME: &'static str = "car";
    const SUMMARY: &'static str = "clock with adaptive replacement: ARC by accessed bits";
    const SOURCE: &'static str = "Bansal, Modha 2004";
    const FILE: &'static str = file!();

    fn new(setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Ok(Self { directory: AdaptiveLists::new(setup.pages, setup.frames) })
    }

    /// Comes to an end, for a page that is passed has a clear bit then: each is looked at twice at most.
    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let mut hands = [T1, T2].map(|clock| self.directory.lists.first_unlocked(clock, memory));
        loop {
            let t1_turns = hands[T2].is_none() || self.directory.len(T1) >= self.directory.target;
            let clock = if t1_turns && hands[T1].is_some() { T1 } else { T2 };
            let page = hands[clock]?;
            if !memory.is_accessed(page) {
                return Some(Pick::Now(page));
            }
            memory.test_and_clear_accessed(page);
            hands[clock] = self.free_from(self.directory.lists.after(page), memory);
            self.directory.lists.move_to_back(page, T2);
            hands[T2] = hands[T2].or(Some(page));
        }
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        self.directory.target = self.directory.target_after(page);
        self.directory.enter(page);
        memory.sample_accessed(page);
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
