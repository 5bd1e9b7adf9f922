//! S3-FIFO: three first-in-first-out queues, so that a page which is used once leaves early.
//!
//! 1. a new page enters the small queue; one whose number is in the ghost queue enters the main queue;
//! 2. while main holds more than its share, or small has none to offer, main gives the victim, otherwise small;
//! 3. small: a page used more than once since it came in moves to main, any other goes and its number enters the ghost;
//! 4. main: a page that was used goes round again with its counter one lower, any other goes.
//!
//! Source: Yang et al., FIFO queues are all you need, SOSP 2023. Choices, as in the authors' libCacheSim: small has 10 % of
//! the frames (rounded down, at least 1), main the rest, the ghost remembers 90 % (rounded down); counters stop at 3 and
//! start at 0, also when a page moves to main; until the first eviction a page that finds small full enters main. A counter
//! needs every reference. Ours: the ghost is cut to size once the faulting page was taken out of it; locked pages keep
//! their place, and where one queue has only such pages the other gives the victim.

use super::page_queues::PageQueues;
use super::parameters::Arguments;
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

const SMALL: usize = 0;
const MAIN: usize = 1;
/// Pages that are not resident.
const GHOST: usize = 2;
const HIGHEST_COUNT: u8 = 3;
/// A page of the small queue moves to main when it was used so often.
const ENOUGH: u8 = 2;

/// The three queues, the oldest page at the front of each.
#[derive(Debug)]
pub struct S3Fifo {
    /// The mark of a page is its count: the references since it came in, moved, or went round.
    queues: PageQueues<3>,
    small_limit: u64,
    main_limit: u64,
    ghost_limit: u64,
    has_evicted: bool,
}

impl S3Fifo {
    fn enter_main(&mut self, page: PageId, count: u8) {
        *self.queues.mark_mut(page) = count;
        self.queues.move_to_back(page, MAIN);
    }

    /// The next page that small gives; those that were used enough move to main on the way.
    fn pick_small(&mut self, memory: &Memory<'_>) -> Option<PageId> {
        loop {
            let page = self.oldest(SMALL, memory)?;
            if self.queues.mark(page) < ENOUGH {
                return Some(page);
            }
            self.enter_main(page, 0);
        }
    }

    /// The next page that main gives; those that were used go round on the way.
    fn pick_main(&mut self, memory: &Memory<'_>) -> Option<PageId> {
        loop {
            let page = self.oldest(MAIN, memory)?;
            let count = self.queues.mark(page);
            if count == 0 {
                return Some(page);
            }
            self.enter_main(page, count - 1);
        }
    }

    /// Forgets the oldest of the ghost until it is not more than so many above its size.
    fn cut_ghost(&mut self, above: u64) {
        while self.len(GHOST) > self.ghost_limit + above {
            self.queues.pop_front(GHOST);
        }
    }

    /// The oldest page of a queue that is not locked.
    fn oldest(&mut self, queue: usize, memory: &Memory<'_>) -> Option<PageId> {
        self.queues.first_unlocked(queue, memory)
    }

    fn len(&self, queue: usize) -> u64 {
        self.queues.len(queue) as u64
    }
}

impl Policy for S3Fifo {
    const NAME: &'static str = "s3-fifo";
    const SUMMARY: &'static str = "small, main and ghost queues, first in first out, with counters up to 3";
    const SOURCE: &'static str = "Yang et al. 2023";
    const FILE: &'static str = file!();

    fn new(setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        let small_limit = (setup.frames / 10).max(1);
        Ok(Self {
            queues: PageQueues::new(setup.pages),
            small_limit,
            main_limit: setup.frames - small_limit,
            ghost_limit: (u128::from(setup.frames) * 9 / 10) as u64,
            has_evicted: false,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let main_first = self.len(MAIN) > self.main_limit;
        let first = if main_first { self.pick_main(memory) } else { self.pick_small(memory) };
        let page = match first {
            Some(page) => page,
            None if main_first => self.pick_small(memory)?,
            None => self.pick_main(memory)?,
        };
        Some(Pick::Now(page))
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        let overflows = !self.has_evicted && self.len(SMALL) >= self.small_limit;
        *self.queues.mark_mut(page) = 0;
        let remembered = self.queues.contains(GHOST, page);
        self.queues.move_to_back(page, if remembered || overflows { MAIN } else { SMALL });
        self.cut_ghost(0);
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.queues.expect(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.has_evicted = true;
        if self.queues.contains(SMALL, page) {
            self.queues.move_to_back(page, GHOST);
            self.cut_ghost(1);
        } else {
            self.queues.remove(page);
        }
    }

    fn freed(&mut self, page: PageId) {
        self.queues.remove(page);
    }

    fn forgotten(&mut self, page: PageId) {
        self.queues.remove(page);
    }
}

impl SeesReferences for S3Fifo {
    #[inline(always)]
    fn referenced(&mut self, page: PageId, _write: bool) {
        let count = self.queues.mark_mut(page);
        *count = (*count + 1).min(HIGHEST_COUNT);
    }
}
