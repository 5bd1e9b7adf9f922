//! MQ, the multi-queue: a queue for each power of two of a page's references, and pages not used for a while sink.
//!
//! Each queue is in order of the last reference. A reference moves a page to the back of queue log2 of its count of
//! references, the last queue at most, and says when it expires: `lifetime` references from now. At each reference the
//! front page of every queue but the lowest moves to the back of the queue below if it has expired, and expires anew. The
//! victim is the front page of the lowest queue that is not empty. Its count is remembered in Qout, a queue of `ghost`
//! pages that are not in memory in order of eviction; a page that comes back counts on from there. Source: Zhou,
//! Philbin, Li, The multi-queue replacement algorithm for second level buffer caches, 2001.
//!
//! Choices: as printed, the victim enters Qout before the page that comes in is looked up there. The paper measures the
//! lifetime of each workload (the most common distance between two references to a page); here it is a multiple of the
//! frames. Time is counted in references to shared memory by all processes. A locked page is passed over by the search for
//! a victim, and sinks as others do.
//!
//! What did not help: to keep which queue's front page expires first, and to look at that queue alone. Nearly every
//! time that the queues are gone through a page does sink, so there is nothing to be saved by exact times.

use super::page_queues::PageQueues;
use super::parameters::{Arguments, Parameter};
use super::{Policy, SeesReferences, Setup, Together};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The most queues of pages in memory.
const MOST_QUEUES: usize = 64;

/// The queues, and what is known of each page.
#[derive(Debug)]
pub struct MultiQueue {
    /// The queues of pages in memory, the lowest first, and then Qout.
    queues: PageQueues<{ MOST_QUEUES + 1 }>,
    /// How many queues of pages in memory there are.
    count: usize,
    pages: Vec<Known>,
    /// The references so far.
    now: u64,
    lifetime: u64,
    /// For each queue a time before which none of its pages expires.
    ///
    /// A page that moves to the back of a queue expires after all in front of it, so in each queue the front page is the
    /// first to expire, and what is behind it when it goes expires later.
    expires: [u64; MOST_QUEUES],
    /// The least of these, but for the lowest queue, whose pages can't sink.
    first_expires: u64,
    /// Pages that Qout remembers.
    ghosts: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    references: u64,
    expires: u64,
}

impl MultiQueue {
    /// A page is referenced so many times, the last time when so many references were there before.
    #[inline(always)]
    fn used(&mut self, page: PageId, times: u64, last: u64) {
        let known = &mut self.pages[page.index()];
        known.references += times;
        known.expires = last.saturating_add(self.lifetime);
        let queue = (known.references.ilog2() as usize).min(self.count - 1);
        self.queues.move_to_back(page, queue);
    }

    /// Moves the front page of each queue down that has expired.
    #[cold]
    #[inline(never)]
    fn adjust(&mut self) {
        let Self { queues, count, pages, now, lifetime, expires, first_expires, .. } = self;
        // What comes to a queue that is empty now expires a lifetime from now at the earliest.
        let anew = now.saturating_add(*lifetime);
        let expires_of =
            |front: Option<PageId>, pages: &[Known]| front.map_or(anew, |page| pages[page.index()].expires);
        *first_expires = u64::MAX;
        for (queue, expires) in expires[..*count].iter_mut().enumerate().skip(1) {
            if *expires < *now {
                let front = queues.front(queue);
                *expires = expires_of(front, pages);
                if let Some(page) = front.filter(|_| *expires < *now) {
                    queues.move_to_back(page, queue - 1);
                    pages[page.index()].expires = anew;
                    *expires = expires_of(queues.front(queue), pages);
                }
            }
            *first_expires = (*first_expires).min(*expires);
        }
    }
}

impl Policy for MultiQueue {
    const NAME: &'static str = "mq";
    const SUMMARY: &'static str = "multi-queue: a queue for each power of two of references, idle pages sink";
    const SOURCE: &'static str = "Zhou, Philbin, Li 2001";
    const FILE: &'static str = file!();
    const BYTES_PER_PAGE: u64 = 48;
    const PARAMETERS: &'static [Parameter] = &[
        Parameter { key: "queues", default: "8", help: "queues of pages in memory, 1 to 64" },
        Parameter {
            key: "ghost",
            default: "4x",
            help: "pages out of memory whose count is remembered, a number or a multiple of the frames",
        },
        Parameter {
            key: "lifetime",
            default: "2x",
            help: "references after which an idle page sinks, a number or a multiple of the frames",
        },
    ];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let count = arguments.whole("queues", 1..=MOST_QUEUES as u64)? as usize;
        Ok(Self {
            queues: PageQueues::new(setup.pages),
            count,
            pages: vec![Known::default(); setup.pages],
            now: 0,
            expires: [0; MOST_QUEUES],
            first_expires: 0,
            lifetime: arguments.multiple_of(setup.frames, "lifetime")?,
            ghosts: arguments.multiple_of(setup.frames, "ghost")?,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let mut from_lowest = 0..self.count;
        from_lowest.find_map(|queue| self.queues.first_unlocked(queue, memory)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        if self.queues.remove(page).is_none() {
            self.pages[page.index()].references = 0;
        }
        self.referenced(page, false);
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.queues.expect(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.queues.move_to_back(page, self.count);
        while self.queues.len(self.count) as u64 > self.ghosts {
            self.queues.pop_front(self.count);
        }
    }

    fn freed(&mut self, page: PageId) {
        self.queues.remove(page);
    }

    fn forgotten(&mut self, page: PageId) {
        self.queues.remove(page);
    }
}

impl SeesReferences for MultiQueue {
    const TOGETHER: bool = true;

    /// As long as no page sinks.
    #[inline(always)]
    fn together(&self, length: usize, _page_at: impl Fn(usize) -> PageId) -> usize {
        self.first_expires.saturating_sub(self.now).min(length as u64) as usize
    }

    #[inline(always)]
    fn referenced_together(&mut self, together: Together) {
        self.used(together.page, together.times, self.now + together.last);
    }

    #[inline(always)]
    fn passed(&mut self, references: u64) {
        self.now += references;
    }

    #[inline(always)]
    fn referenced(&mut self, page: PageId, _write: bool) {
        self.used(page, 1, self.now);
        self.now += 1;
        if self.first_expires < self.now {
            self.adjust();
        }
    }
}
