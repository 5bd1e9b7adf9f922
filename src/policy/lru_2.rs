//! LRU-2: the page whose last reference but one is longest ago goes.
//!
//! A page referenced only once has none, so it goes before all that have; among those the least recently used goes. What
//! is known of a page is kept for a while after it has left memory, so that the next reference to it counts as the second.
//! Source: O'Neil, O'Neil, Weikum, The LRU-K page replacement algorithm for database disk buffering, 1993, with K = 2.
//!
//! Choices: no correlated reference period, every reference counts, by whichever process. Time is counted in references to
//! shared memory. What is known is kept for `history` pages that are not in memory, those with the latest last reference
//! (the paper's retained information period, in pages instead of seconds). A locked page is passed over.

use super::page_heap::PageHeap;
use super::page_queues::PageQueues;
use super::parameters::{Arguments, Parameter};
use super::{Policy, SeesReferences, Setup, Together};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};
use crate::prefetch::prefetch;

/// Pages in memory that were referenced once, in order of that.
const ONCE: usize = 0;
/// Pages out of memory of which something is known, in order of the last reference.
const GONE: usize = 1;

/// The last two references to each page.
#[derive(Clone, Copy, Debug, Default)]
struct History {
    last: u64,
    /// 0 when there was none.
    last_but_one: u64,
}

/// The pages in memory by the last reference but one, and what is known of others.
#[derive(Debug)]
pub struct Lru2 {
    /// The references so far.
    now: u64,
    known: Vec<History>,
    queues: PageQueues<2>,
    /// Pages in memory that were referenced twice, by the last reference but one as it was when they were last looked at
    /// here. References only raise it, so a page is put right when it comes first.
    twice: PageHeap,
    /// More pages out of memory, by the last reference: those that went after one whose last reference is later.
    gone_late: PageHeap,
    /// The latest of all last references to pages that have been in the queue of those out of memory.
    latest_gone: u64,
    history: u64,
}

impl Policy for Lru2 {
    const NAME: &'static str = "lru-2";
    const SUMMARY: &'static str = "LRU-2: the page whose last reference but one is longest ago";
    const SOURCE: &'static str = "O'Neil, O'Neil, Weikum 1993";
    const FILE: &'static str = file!();
    const BYTES_PER_PAGE: u64 = 64;
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        key: "history",
        default: "2x",
        help: "pages out of memory whose references are remembered, a number or a multiple of the frames",
    }];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        Ok(Self {
            now: 0,
            known: vec![History::default(); setup.pages],
            queues: PageQueues::new(setup.pages),
            twice: PageHeap::new(setup.pages),
            gone_late: PageHeap::new(setup.pages),
            latest_gone: 0,
            history: arguments.multiple_of(setup.frames, "history")?,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let once = self.queues.first_unlocked(ONCE, memory);
        once.or_else(|| self.first_twice(memory)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        if !self.no_longer_gone(page) {
            self.known[page.index()] = History::default();
        }
        match self.note(page) {
            0 => self.queues.move_to_back(page, ONCE),
            last_but_one => self.twice.set(page, last_but_one),
        }
        self.remember(self.history);
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.queues.expect(page);
        prefetch(&self.known, page.index());
    }

    /// The page for which this one goes may be among those that are remembered, so there is room for one more until it
    /// has come in.
    fn evicted(&mut self, page: PageId) {
        self.freed(page);
        let last = self.known[page.index()].last;
        if last > self.latest_gone {
            self.latest_gone = last;
            self.queues.move_to_back(page, GONE);
        } else {
            self.gone_late.set(page, last);
        }
        self.remember(self.history.saturating_add(1));
    }

    fn freed(&mut self, page: PageId) {
        if self.queues.remove(page).is_none() {
            self.twice.remove(page);
        }
    }

    fn forgotten(&mut self, page: PageId) {
        self.no_longer_gone(page);
    }
}

impl Lru2 {
    /// Notes a reference to a page; the reference before it.
    #[inline(always)]
    fn note(&mut self, page: PageId) -> u64 {
        self.now += 1;
        let known = &mut self.known[page.index()];
        *known = History { last: self.now, last_but_one: known.last };
        known.last_but_one
    }

    /// A page in memory was referenced, and before that at this time.
    #[inline(always)]
    fn no_longer_once(&mut self, page: PageId, last_but_one: u64) {
        if self.queues.contains(ONCE, page) {
            self.queues.remove(page);
            self.twice.set(page, last_but_one);
        }
    }

    /// The first to go, among the pages referenced twice that are not locked.
    fn first_twice(&mut self, memory: &Memory<'_>) -> Option<PageId> {
        loop {
            let (known, page) = self.twice.first_where(|page| !memory.is_locked(page))?;
            let now = self.known[page.index()].last_but_one;
            if known == now {
                return Some(page);
            }
            self.twice.set(page, now);
        }
    }

    /// A page that has gone comes back or will never do so; whether anything was known of it.
    fn no_longer_gone(&mut self, page: PageId) -> bool {
        self.queues.remove(page).is_some() || self.gone_late.remove(page)
    }

    /// Forgets the pages out of memory whose last reference is longest ago, but for so many.
    fn remember(&mut self, pages: u64) {
        while (self.queues.len(GONE) + self.gone_late.len()) as u64 > pages {
            let front = self.queues.front(GONE).map(|page| self.known[page.index()].last);
            let late = self.gone_late.first().map(|(last, _)| last);
            if late.is_some_and(|late| front.is_none_or(|front| late < front)) {
                self.gone_late.pop();
            } else {
                self.queues.pop_front(GONE);
            }
        }
    }
}

impl SeesReferences for Lru2 {
    const TOGETHER: bool = true;

    #[inline(always)]
    fn referenced_together(&mut self, together: Together, _first: impl Fn(PageId) -> Option<u64>) {
        // The reference at place 0 is the next one.
        let at = |place: u64| self.now + 1 + place;
        let known = &mut self.known[together.page.index()];
        let last_but_one = together.last_but_one.map_or(known.last, at);
        *known = History { last: at(together.last), last_but_one };
        self.no_longer_once(together.page, last_but_one);
    }

    #[inline(always)]
    fn passed(&mut self, references: u64) {
        self.now += references;
    }

    #[inline(always)]
    fn referenced(&mut self, page: PageId, _write: bool) {
        let last_but_one = self.note(page);
        self.no_longer_once(page, last_but_one);
    }
}
