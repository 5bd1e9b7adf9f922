//! Least recently used: the page whose last reference is longest ago goes.
//!
//! A queue in order of the last reference by any process; a reference moves its page to the back. A locked page is passed
//! over and keeps its place. Exact, so only a simulator can run it. Source: any textbook; Mattson et al. 1970.

use super::page_list::PageList;
use super::parameters::Arguments;
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// A queue of pages, the most recently used at the back.
#[derive(Debug)]
pub struct Lru {
    queue: PageList,
}

impl Policy for Lru {
    const NAME: &'static str = "lru";
    const SUMMARY: &'static str = "least recently used, exactly, over the references of all processes";
    const SOURCE: &'static str = "textbook; Mattson, Gecsei, Slutz, Traiger 1970";
    const FILE: &'static str = file!();

    fn new(setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Ok(Self { queue: PageList::new(setup.pages) })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        self.queue.iter().find(|&page| !memory.is_locked(page)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        self.queue.push_back(page);
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
    fn referenced(&mut self, page: PageId, _write: bool) {
        self.queue.remove(page);
        self.queue.push_back(page);
    }
}
