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

use super::page_queues::PageQueues;
use super::parameters::Arguments;
use super::{Policy, SeesReferences, Setup, Together};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The mark of a LIR page; that of others is 0.
const LOW: u8 = 1;

/// The stack and the queue.
#[derive(Debug)]
pub struct Lirs {
    /// Pages by last reference, the bottom at the front; some are not resident. The mark of a page is [`LOW`] where it is
    /// LIR. All LIR pages are resident and in the stack.
    stack: PageQueues<1>,
    /// The resident HIR pages, the next victim at the front.
    queue: PageQueues<1>,
    low_pages: u64,
    /// Frames for LIR pages.
    low_limit: u64,
    last: Option<PageId>,
}

impl Lirs {
    /// A reference to a page that is in memory, or that is now.
    #[inline]
    fn touch(&mut self, page: PageId) {
        self.last = Some(page);
        if self.is_low(page) {
            let was_bottom = self.stack.is_front(page, 0);
            self.stack.touch(page, 0);
            // What is above the bottom does not move it.
            if was_bottom {
                self.prune();
            }
        } else {
            self.touch_high(page);
        }
    }

    /// A reference to an HIR page.
    #[inline(never)]
    fn touch_high(&mut self, page: PageId) {
        let was_in_stack = self.stack.contains(0, page);
        self.stack.move_to_back(page, 0);
        if was_in_stack && self.low_limit > 0 {
            self.queue.remove(page);
            self.promote(page);
        } else {
            self.queue.move_to_back(page, 0);
        }
        self.prune();
    }

    fn is_low(&self, page: PageId) -> bool {
        self.stack.mark(page) == LOW
    }

    /// Makes a page LIR, and the one at the bottom HIR where there is no room for both.
    fn promote(&mut self, page: PageId) {
        self.make_low(page);
        if self.low_pages > self.low_limit {
            self.prune();
            if let Some(bottom) = self.stack.front(0) {
                self.no_longer_low(bottom);
                self.stack.remove(bottom);
                self.queue.move_to_back(bottom, 0);
            }
        }
    }

    fn make_low(&mut self, page: PageId) {
        *self.stack.mark_mut(page) = LOW;
        self.low_pages += 1;
    }

    fn no_longer_low(&mut self, page: PageId) {
        if std::mem::take(self.stack.mark_mut(page)) == LOW {
            self.low_pages -= 1;
        }
    }

    /// Drops the HIR pages at the bottom of the stack.
    fn prune(&mut self) {
        while let Some(bottom) = self.stack.front(0).filter(|&bottom| !self.is_low(bottom)) {
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
            stack: PageQueues::new(setup.pages),
            queue: PageQueues::new(setup.pages),
            low_pages: 0,
            low_limit: setup.frames - high_limit,
            last: None,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let high = self.queue.first_unlocked(0, memory);
        let low = || self.stack.iter(0).find(|&page| self.is_low(page) && !memory.is_locked(page));
        high.or_else(low).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        if memory.shm_rss() <= self.low_limit && self.low_pages < self.low_limit {
            self.make_low(page);
            self.stack.move_to_back(page, 0);
            self.prune();
            self.last = Some(page);
        } else {
            self.touch(page);
        }
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.stack.expect(page);
        self.queue.expect(page);
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
    const TOGETHER: bool = true;

    /// As long as only LIR pages are referenced, they go to the top of the stack, and none becomes LIR or HIR.
    #[inline(always)]
    fn together(&self, length: usize, page_at: impl Fn(usize) -> PageId) -> usize {
        (0..length).position(|place| !self.is_low(page_at(place))).unwrap_or(length)
    }

    #[inline(always)]
    fn referenced_together(&mut self, together: Together, _first: impl Fn(PageId) -> Option<u64>) {
        self.touch(together.page);
    }

    #[inline(always)]
    fn referenced(&mut self, page: PageId, _write: bool) {
        if self.last != Some(page) {
            self.touch(page);
        }
    }
}
