//! First in, first out: the page that came in longest ago goes.
//!
//! A queue in load order. What is done to a page while it is in memory does not move it; a locked page is passed over and
//! keeps its place. Source: any textbook; Belady, Nelson and Shedler 1969 for its anomaly.

use super::parameters::Arguments;
use super::ring::Ring;
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// A queue of pages: a ring whose hand stays at the page that came in first.
#[derive(Debug)]
pub struct Fifo {
    queue: Ring,
}

impl Policy for Fifo {
    const NAME: &'static str = "fifo";
    const SUMMARY: &'static str = "first in, first out";
    const SOURCE: &'static str = "textbook; Belady, Nelson, Shedler 1969";
    const FILE: &'static str = file!();
    const BYTES_PER_PAGE: u64 = 8;

    fn new(setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Ok(Self { queue: Ring::new(setup.pages, setup.frames) })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let front = self.queue.hand()?;
        if !memory.is_locked(front) {
            return Some(Pick::Now(front));
        }
        self.queue.round().find(|&page| !memory.is_locked(page)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        memory.prefetch(self.queue.ahead());
        self.queue.insert(page);
    }

    fn ring(&mut self) -> Option<&mut Ring> {
        Some(&mut self.queue)
    }

    fn gives_second_chances(&self) -> bool {
        false
    }

    fn evicted(&mut self, page: PageId) {
        self.queue.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.queue.remove(page);
    }
}
