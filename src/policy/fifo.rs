//! First in, first out: the page that came in longest ago goes.
//!
//! A queue in load order. What is done to a page while it is in memory does not move it; a locked page is passed over and
//! keeps its place. Source: any textbook; Belady, Nelson and Shedler 1969 for its anomaly.

use super::page_list::PageList;
use super::parameters::Arguments;
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// A queue of pages.
#[derive(Debug)]
pub struct Fifo {
    queue: PageList,
}

impl Policy for Fifo {
    const NAME: &'static str = "fifo";
    const SUMMARY: &'static str = "first in, first out";
    const SOURCE: &'static str = "textbook; Belady, Nelson, Shedler 1969";
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
