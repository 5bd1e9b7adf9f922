//! Least recently used: the page whose last reference is longest ago goes.
//!
//! A queue in order of the last reference by any process; a reference moves its page to the back. A locked page is passed
//! over and keeps its place. Exact, so only a simulator can run it. Source: any textbook; Mattson et al. 1970.

use super::page_queues::PageQueues;
use super::parameters::Arguments;
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// A queue of pages, the most recently used at the back.
#[derive(Debug)]
pub struct Lru {
    queue: PageQueues<1>,
}

impl Policy for Lru {
    const NAME: &'static str = "lru";
    const SUMMARY: &'static str = "least recently used, exactly, over the references of all processes";
    const SOURCE: &'static str = "textbook; Mattson, Gecsei, Slutz, Traiger 1970";
    const FILE: &'static str = file!();

    fn new(setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Ok(Self { queue: PageQueues::new(setup.pages) })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        self.queue.first_unlocked(0, memory).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        self.queue.move_to_back(page, 0);
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.queue.expect(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.queue.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.queue.remove(page);
    }
}

impl SeesReferences for Lru {
    #[inline(always)]
    fn only_last_matters(&self) -> bool {
        true
    }

    #[inline(always)]
    fn referenced(&mut self, page: PageId, _write: bool) {
        self.queue.touch(page, 0);
    }
}
