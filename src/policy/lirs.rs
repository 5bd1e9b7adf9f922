//! LIRS: pages are kept for the time between their last two references, not for the time since the last one.
//!
//! A stack holds pages by their last reference, and a queue the resident pages of high reuse distance (HIR), which are a
//! small part of memory; the others (LIR) are never victims while the queue has one.
//!
//! 1. the victim is the page at the front of the queue; it stays in the stack, without a frame;
//! 2. an HIR page, resident or not, that is referenced while it is in the stack becomes LIR, and the LIR page at the
//!    bottom of the stack goes to the back of the queue;
//! 3. an HIR page that is referenced and not in the stack goes to the top of the stack and the back of the queue;
//! 4. the bottom of the stack is always LIR: HIR pages below it are dropped from the stack.
//!
//! Source: Jiang and Zhang, LIRS, SIGMETRICS 2002. Choices, as in the authors' program: HIR pages get 1 % of the frames, at
//! least 2; the pages that first fill memory are LIR; the stack is bounded by the number of pages only; a reference to the
//! page that was referenced just before tells nothing and is passed over. Ours: LIR pages get at least one of two frames;
//! where LIR pages went with their segment, pages become LIR without one in exchange; a locked page keeps its place; when
//! all HIR pages are locked the least recent LIR page goes.

use super::page_list::PageList;
use super::parameters::Arguments;
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The stack and the queue.
#[derive(Debug)]
pub struct Lirs {
    /// Pages by last reference, the bottom at the front; some are not resident.
    stack: PageList,
    /// The resident HIR pages, the next victim at the front.
    queue: PageList,
    /// By page: whether it is LIR. All LIR pages are resident and in the stack.
    low: Vec<bool>,
    low_pages: u64,
    /// Frames for LIR pages.
    low_limit: u64,
    last: Option<PageId>,
}

impl Lirs {
    /// A reference to a page that is in memory, or that is now.
    fn touch(&mut self, page: PageId) {
        self.last = Some(page);
        let was_in_stack = self.stack.remove(page);
        self.stack.push_back(page);
        if !self.low[page.index()] {
            self.queue.remove(page);
            if was_in_stack && self.low_limit > 0 {
                self.promote(page);
            } else {
                self.queue.push_back(page);
            }
        }
        self.prune();
    }

    /// Makes a page LIR, and the one at the bottom HIR where there is no room for both.
    fn promote(&mut self, page: PageId) {
        self.low[page.index()] = true;
        self.low_pages += 1;
        if self.low_pages > self.low_limit {
            self.prune();
            if let Some(bottom) = self.stack.front() {
                self.no_longer_low(bottom);
                self.stack.remove(bottom);
                self.queue.push_back(bottom);
            }
        }
    }

    fn no_longer_low(&mut self, page: PageId) {
        if std::mem::take(&mut self.low[page.index()]) {
            self.low_pages -= 1;
        }
    }

    /// Drops the HIR pages at the bottom of the stack.
    fn prune(&mut self) {
        while let Some(bottom) = self.stack.front().filter(|bottom| !self.low[bottom.index()]) {
            self.stack.remove(bottom);
        }
    }
}

impl Policy for Lirs {
    const NAME: &'static str = "lirs";
    const SUMMARY: &'static str = "low inter-reference recency set: keeps pages by the time between two references";
    const SOURCE: &'static str = "Jiang, Zhang 2002";
    const FILE: &'static str = file!();

    fn new(setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        let high_limit = (setup.frames / 100).max(2).min(setup.frames.saturating_sub(1)).max(1);
        Ok(Self {
            stack: PageList::new(setup.pages),
            queue: PageList::new(setup.pages),
            low: vec![false; setup.pages],
            low_pages: 0,
            low_limit: setup.frames - high_limit,
            last: None,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let low = self.stack.iter().filter(|page| self.low[page.index()]);
        self.queue.iter().chain(low).find(|&page| !memory.is_locked(page)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        if memory.shm_rss() <= self.low_limit && self.low_pages < self.low_limit {
            self.low[page.index()] = true;
            self.low_pages += 1;
        }
        self.touch(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.queue.remove(page);
        self.no_longer_low(page);
        self.prune();
    }

    fn freed(&mut self, page: PageId) {
        self.stack.remove(page);
        self.evicted(page);
    }

    fn forgotten(&mut self, page: PageId) {
        self.stack.remove(page);
    }
}

impl SeesReferences for Lirs {
    #[inline]
    fn referenced(&mut self, page: PageId, _write: bool) {
        if self.last != Some(page) {
            self.touch(page);
        }
    }
}
