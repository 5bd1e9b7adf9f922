//! The working-set clock: a clock whose hand looks for a page outside the working set.
//!
//! Each page has the time of its last use as far as the hand knows. The hand goes round once at most:
//!
//! 1. a page whose accessed bit is set was just used: its bit is cleared and its time is now;
//! 2. a clean page whose last use is more than `tau` ago goes, and the hand stops;
//! 3. a dirty one would have to be written first, so the first of these is kept in mind and goes if no clean one is found.
//!
//! When all pages are in the working set, the first clean page from the hand goes, else the first page. The hand is behind
//! the victim then, and the new page takes the victim's place. Time is the references replayed so far, of all processes
//! together: shared pages have no owner whose time it could be, and there is no load control either. In the paper dirty
//! pages are written by and by and stay; here a page is written when it goes. A page comes in with its bit set and its time
//! now. A locked page is passed over with its bit untouched. The default `tau` of 8 times the frames is what came out best
//! over several traces and memory sizes (tried: 1 to 64 times).
//!
//! Most searches go all the way round, so how old a page can be at the most is kept: where no clean one can be outside the
//! working set, the round is made over the page tables in their order, which is many times as fast.
//!
//! Sources: Carr, Hennessy, WSCLOCK, a simple and effective algorithm for virtual memory management, SOSP 1981; what is
//! done when nothing is outside the working set is from Tanenbaum, Modern Operating Systems, section 3.4.9.

use super::parameters::{Arguments, Parameter};
use super::ring::Ring;
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// A ring of pages with a time each.
#[derive(Debug)]
pub struct Wsclock {
    ring: Ring,
    last_used: Vec<u64>,
    tau: u64,
    /// No clean page of the ring has an earlier time than this. Times only grow, and a page that was written stays dirty.
    clean_since: u64,
    /// No page of the ring has.
    since: u64,
}

impl Wsclock {
    /// Whether a page with this time is outside the working set, unless its accessed bit is set.
    fn is_outside(&self, last_used: u64, memory: &Memory<'_>) -> bool {
        memory.now() - last_used > self.tau
    }

    /// The hand goes round, or to a clean page outside the working set; the victim, if there is one outside it.
    fn search(&mut self, memory: &mut Memory<'_>) -> Option<PageId> {
        let mut dirty = None;
        let (mut clean_since, mut since) = (u64::MAX, u64::MAX);
        for _ in 0..self.ring.len() {
            let page = self.ring.hand()?;
            if !memory.is_locked(page) {
                if memory.is_accessed(page) {
                    memory.test_and_clear_accessed(page);
                    self.last_used[page.index()] = memory.now();
                } else if self.is_outside(self.last_used[page.index()], memory) {
                    if !memory.is_dirty(page) {
                        return Some(page);
                    }
                    memory.count_examined();
                    dirty = dirty.or(Some(page));
                } else {
                    memory.count_examined();
                }
            }
            let last_used = self.last_used[page.index()];
            since = since.min(last_used);
            if !memory.is_dirty(page) {
                clean_since = clean_since.min(last_used);
            }
            self.ring.advance();
        }
        (self.clean_since, self.since) = (clean_since.min(memory.now()), since.min(memory.now()));
        dirty
    }

    /// What [`Wsclock::search`] comes to where no page is locked and no clean one can be outside the working set: all pages are
    /// examined, in whatever order is fast, and the hand is where it was.
    fn search_dirty(&mut self, memory: &mut Memory<'_>) -> Option<PageId> {
        let now = memory.now();
        memory.test_and_clear_all(self.ring.round(), |page| self.last_used[page.index()] = now);
        if !self.is_outside(self.since, memory) {
            return None;
        }
        let dirty = self.ring.round().find(|page| self.is_outside(self.last_used[page.index()], memory));
        if dirty.is_none() {
            self.since = self.ring.round().map(|page| self.last_used[page.index()]).min().unwrap_or(now);
        }
        dirty
    }

    /// What the hand takes when no page is outside the working set.
    fn in_need(&self, memory: &Memory<'_>) -> Option<PageId> {
        let unlocked = || self.ring.round().filter(|&page| !memory.is_locked(page));
        unlocked().find(|&page| !memory.is_dirty(page)).or_else(|| unlocked().next())
    }
}

impl Policy for Wsclock {
    const NAME: &'static str = "wsclock";
    const SUMMARY: &'static str = "a clock that takes pages not used for a while, clean before dirty";
    const SOURCE: &'static str = "Carr, Hennessy 1981";
    const FILE: &'static str = file!();
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        key: "tau",
        default: "8x",
        help: "references that make the working set, a number or a multiple of the frames",
    }];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let tau = arguments.references(setup.frames, "tau")?;
        let ring = Ring::new(setup.pages, setup.frames);
        Ok(Self { ring, last_used: vec![0; setup.pages], tau, clean_since: 0, since: 0 })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let clean = memory.is_any_locked() || self.is_outside(self.clean_since, memory);
        let outside = if clean { self.search(memory) } else { self.search_dirty(memory) };
        outside.or_else(|| self.in_need(memory)).map(Pick::Now)
    }

    /// Mostly there is nothing outside the working set but dirty pages.
    fn looks_at_all_pages(&self) -> bool {
        true
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        self.last_used[page.index()] = memory.now();
        self.ring.insert(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.ring.set_hand_behind(page);
        self.ring.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.ring.remove(page);
    }
}
