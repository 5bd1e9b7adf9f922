//! Least frequently used: the page with the fewest references since it came in goes; among equals, the one whose last
//! reference is longest ago.
//!
//! Counts begin at 1 with the reference that brings the page in and are forgotten when it goes. The pages of a low count are
//! a queue, one for each such count: a reference moves its page to the back of the next one, so each is in order of the last
//! reference. Pages of a higher count, which are rarely looked at as victims, are in a heap by what was known of them when
//! they were last looked at there. A reference to one of them raises its count and leaves the heap as it is: since counts
//! only grow, the first of the heap is put right and settled anew until one comes first of which all is known. A locked page
//! is passed over and keeps its place. Source: any textbook.

use super::page_heap::PageHeap;
use super::page_queues::PageQueues;
use super::parameters::Arguments;
use super::{Policy, SeesReferences, Setup, Together};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};
use crate::prefetch::prefetch;

/// Counts that have a queue of their own: 1 to this.
const LOW_COUNTS: usize = 32;

/// How often a page was referenced, and when it was last: in the order in which pages go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    count: u64,
    last: u64,
}

/// The queues and the heap.
#[derive(Debug)]
pub struct Lfu {
    /// The pages of count n are in queue n - 1, up to [`LOW_COUNTS`].
    low: PageQueues<LOW_COUNTS>,
    /// The pages in memory of higher counts. None has been used less than the heap says.
    high: PageHeap<Use>,
    /// The use of the pages in the heap.
    uses: Vec<Use>,
    /// References to pages in the heap so far, and arrivals there; those that are told of together are one.
    now: u64,
}

impl Lfu {
    /// The page of a higher count that goes first among those that are not locked.
    fn first_high(&mut self, memory: &Memory<'_>) -> Option<PageId> {
        loop {
            let (known, page) = self.high.first_where(|page| !memory.is_locked(page))?;
            let now = self.uses[page.index()];
            if known == now {
                return Some(page);
            }
            self.high.set(page, now);
        }
    }

    fn remove(&mut self, page: PageId) {
        if self.low.remove(page).is_none() {
            self.high.remove(page);
        }
    }

    /// A page of a low count comes to a higher one.
    #[cold]
    fn rise(&mut self, page: PageId, count: u64) {
        self.low.remove(page);
        self.now += 1;
        let now = Use { count, last: self.now };
        self.uses[page.index()] = now;
        self.high.set(page, now);
    }

    /// A page is referenced so many times.
    #[inline(always)]
    fn used(&mut self, page: PageId, times: u64) {
        match self.low.queue_of(page) {
            None => {
                self.now += 1;
                let uses = &mut self.uses[page.index()];
                *uses = Use { count: uses.count + times, last: self.now };
            }
            Some(queue) => {
                let count = queue as u64 + 1 + times;
                if count <= LOW_COUNTS as u64 {
                    self.low.move_to_back(page, count as usize - 1);
                } else {
                    self.rise(page, count);
                }
            }
        }
    }
}

impl Policy for Lfu {
    const NAME: &'static str = "lfu";
    const SUMMARY: &'static str = "least frequently used while in memory, ties by least recent use";
    const SOURCE: &'static str = "textbook";
    const FILE: &'static str = file!();
    const BYTES_PER_PAGE: u64 = 64;

    fn new(setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Ok(Self {
            low: PageQueues::new(setup.pages),
            high: PageHeap::new(setup.pages),
            uses: vec![Use::default(); setup.pages],
            now: 0,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let low = (0..LOW_COUNTS).find_map(|queue| self.low.first_unlocked(queue, memory));
        low.or_else(|| self.first_high(memory)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        self.low.move_to_back(page, 0);
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.low.expect(page);
        prefetch(&self.uses, page.index());
    }

    fn evicted(&mut self, page: PageId) {
        self.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.remove(page);
    }
}

impl SeesReferences for Lfu {
    const TOGETHER: bool = true;

    #[inline(always)]
    fn referenced_together(&mut self, together: Together, _first: impl Fn(PageId) -> Option<u64>) {
        self.used(together.page, together.times);
    }

    #[inline(always)]
    fn referenced(&mut self, page: PageId, _write: bool) {
        self.used(page, 1);
    }
}
