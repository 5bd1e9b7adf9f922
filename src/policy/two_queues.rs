//! 2Q, full version: a page is taken for hot when it is referenced again after it has left a queue for new pages.
//!
//! A new page enters A1in, a queue in load order; a hit there does not move it. What leaves A1in by eviction is remembered
//! in A1out, where only page numbers are. A page that comes back while it is remembered there enters Am, a queue in order
//! of the last reference. The victim is the oldest of A1in while that has more pages than its size `in`, else the least
//! recent of Am, which is not remembered. Source: Johnson, Shasha, 2Q: a low overhead high performance buffer management
//! replacement algorithm, 1994.
//!
//! Choices: sizes are shares of the frames, rounded down; a page that comes back leaves A1out before its victim enters it.
//! The queues are over the pages of all segments, a reference by any process is a hit. A locked page is passed over and
//! keeps its place; when all of a queue are locked, the other one gives the victim.

use super::page_queues::PageQueues;
use super::parameters::{Arguments, Parameter};
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

const A1_IN: usize = 0;
const AM: usize = 1;
const A1_OUT: usize = 2;

/// The three queues.
#[derive(Debug)]
pub struct TwoQueues {
    queues: PageQueues<3>,
    /// Pages that A1in may keep (`Kin`).
    size_in: u64,
    /// Pages that A1out remembers (`Kout`).
    size_out: u64,
}

impl TwoQueues {
    fn len(&self, queue: usize) -> u64 {
        self.queues.len(queue) as u64
    }

    /// Forgets the pages that left A1in longest ago, but for so many.
    fn remember(&mut self, pages: u64) {
        while self.len(A1_OUT) > pages {
            self.queues.pop_front(A1_OUT);
        }
    }
}

impl Policy for TwoQueues {
    const NAME: &'static str = "2q";
    const SUMMARY: &'static str =
        "2Q, full version: hot is what comes back soon after it has left a queue for new pages";
    const SOURCE: &'static str = "Johnson, Shasha 1994";
    const FILE: &'static str = file!();
    const PARAMETERS: &'static [Parameter] = &[
        Parameter { key: "in", default: "0.25", help: "size of A1in as a share of the frames, 0 to 1" },
        Parameter { key: "out", default: "0.5", help: "pages remembered in A1out as a share of the frames, 0 to 1" },
    ];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        Ok(Self {
            queues: PageQueues::new(setup.pages),
            size_in: arguments.share_of(setup.frames, "in")?,
            size_out: arguments.share_of(setup.frames, "out")?,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let order = if self.len(A1_IN) > self.size_in { [A1_IN, AM] } else { [AM, A1_IN] };
        let mut victim = order.into_iter();
        victim.find_map(|queue| self.queues.first_unlocked(queue, memory)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        let queue = if self.queues.contains(A1_OUT, page) { AM } else { A1_IN };
        self.queues.move_to_back(page, queue);
        self.remember(self.size_out);
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.queues.expect(page);
    }

    /// One page more than its size stays in A1out until the page comes in for which this one went.
    fn evicted(&mut self, page: PageId) {
        if self.queues.remove(page) == Some(A1_IN) {
            self.queues.move_to_back(page, A1_OUT);
            self.remember(self.size_out + 1);
        }
    }

    fn freed(&mut self, page: PageId) {
        self.queues.remove(page);
    }

    fn forgotten(&mut self, page: PageId) {
        self.queues.remove(page);
    }
}

impl SeesReferences for TwoQueues {
    #[inline(always)]
    fn only_last_matters(&self) -> bool {
        true
    }

    #[inline(always)]
    fn referenced(&mut self, page: PageId, _write: bool) {
        if self.queues.contains(AM, page) {
            self.queues.touch(page, AM);
        }
    }
}
