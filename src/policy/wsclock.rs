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
}

impl Wsclock {
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
        Ok(Self { ring: Ring::new(setup.pages, setup.frames), last_used: vec![0; setup.pages], tau })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let mut dirty = None;
        for _ in 0..self.ring.len() {
            let page = self.ring.hand()?;
            if !memory.is_locked(page) {
                let last_used = &mut self.last_used[page.index()];
                if memory.is_accessed(page) {
                    memory.test_and_clear_accessed(page);
                    *last_used = memory.now();
                } else if memory.now() - *last_used > self.tau {
                    if !memory.is_dirty(page) {
                        return Some(Pick::Now(page));
                    }
                    memory.count_examined();
                    dirty = dirty.or(Some(page));
                } else {
                    memory.count_examined();
                }
            }
            self.ring.advance();
        }
        dirty.or_else(|| self.in_need(memory)).map(Pick::Now)
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
