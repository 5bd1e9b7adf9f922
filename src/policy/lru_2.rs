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
use super::parameters::{Arguments, Parameter};
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The rank of the first page that was referenced twice: behind all that were referenced once.
const TWICE: u64 = 1 << 63;

/// The last two references to each page.
#[derive(Clone, Copy, Debug, Default)]
struct History {
    /// 0 when nothing is known of the page.
    last: u64,
    last_but_one: u64,
}

/// The pages in memory by the last reference but one, and what is known of others.
#[derive(Debug)]
pub struct Lru2 {
    /// The references so far.
    now: u64,
    known: Vec<History>,
    resident: PageHeap,
    /// Pages out of memory of which something is known, by the last reference.
    gone: PageHeap,
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
            resident: PageHeap::new(setup.pages),
            gone: PageHeap::new(setup.pages),
            history: arguments.multiple_of(setup.frames, "history")?,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        self.resident.first_where(|page| !memory.is_locked(page)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        if !self.gone.remove(page) {
            self.known[page.index()] = History::default();
        }
        self.referenced(page, false);
        self.remember(self.history);
    }

    /// The page for which this one goes may be among those that are remembered, so there is room for one more until it
    /// has come in.
    fn evicted(&mut self, page: PageId) {
        self.resident.remove(page);
        self.gone.set(page, self.known[page.index()].last);
        self.remember(self.history.saturating_add(1));
    }

    fn freed(&mut self, page: PageId) {
        self.resident.remove(page);
    }

    fn forgotten(&mut self, page: PageId) {
        self.gone.remove(page);
    }
}

impl Lru2 {
    fn remember(&mut self, pages: u64) {
        while self.gone.len() as u64 > pages {
            self.gone.pop();
        }
    }
}

impl SeesReferences for Lru2 {
    #[inline]
    fn referenced(&mut self, page: PageId, _write: bool) {
        self.now += 1;
        let known = &mut self.known[page.index()];
        *known = History { last: self.now, last_but_one: known.last };
        let rank = if known.last_but_one == 0 { known.last } else { TWICE | known.last_but_one };
        self.resident.set(page, rank);
    }
}
