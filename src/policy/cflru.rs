//! Clean-first LRU: among the pages used longest ago, one that need not be written goes first.
//!
//! The pages stand in order of their last reference. The first `window` of the frames' number, from the one used longest
//! ago, are the clean-first region. The victim is the clean page of the region used longest ago; if all of the region is
//! dirty, the page used longest ago of all. `window=0` is LRU, `window=1` takes any clean page before a dirty one. The
//! region is rounded down to whole pages. A page is dirty when it was written since it last came in, by any process; a
//! locked page is passed over and keeps its place, in the region as well.
//!
//! A page in the region can't become dirty there, as a write moves it out, so the clean pages of the region are a list of
//! their own and the victim is found at once. For flash, and here: fewer dirty swap-outs at the cost of more faults.
//! Source: Park, Jung, Kang, Kim, Lee, CFLRU: a replacement algorithm for flash memory, CASES 2006. Its window adapts to
//! the load as one choice; this is the other, a fixed one.

use super::page_queues::PageQueues;
use super::parameters::{Arguments, Parameter};
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The working region: the pages used last, the most recent one at the back.
const WORKING: usize = 0;
/// The clean-first region: those used before them, likewise.
const REGION: usize = 1;
/// The mark of a page that was written; that of others is 0.
const DIRTY: u8 = 1;

/// The pages by last use, in two lists.
#[derive(Debug)]
pub struct Cflru {
    /// The working region, and the clean-first region. The mark of a page in memory is [`DIRTY`] where it was written since
    /// it came in.
    pages: PageQueues<2>,
    /// The clean pages of the clean-first region, in the same order.
    clean: PageQueues<1>,
    /// Pages that the region has room for.
    window: usize,
}

impl Cflru {
    fn remove(&mut self, page: PageId) {
        if self.pages.remove(page) == Some(REGION) {
            self.clean.remove(page);
        }
    }

    /// The working region gives the region what it has room for.
    fn fill_region(&mut self) {
        while self.pages.len(REGION) < self.window
            && let Some(page) = self.pages.front(WORKING)
        {
            self.pages.move_to_back(page, REGION);
            if self.pages.mark(page) != DIRTY {
                self.clean.move_to_back(page, 0);
            }
        }
    }
}

impl Policy for Cflru {
    const NAME: &'static str = "cflru";
    const SUMMARY: &'static str = "clean pages first among those used longest ago: fewer dirty swap-outs";
    const SOURCE: &'static str = "Park, Jung, Kang, Kim, Lee 2006";
    const FILE: &'static str = file!();
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        key: "window",
        default: "0.25",
        help: "the part of the frames in which clean pages go first, 0 (LRU) to 1",
    }];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        Ok(Self {
            pages: PageQueues::new(setup.pages),
            clean: PageQueues::new(setup.pages),
            window: usize::try_from(arguments.share_of(setup.frames, "window")?).unwrap_or(usize::MAX),
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let unlocked = |page| !memory.is_locked(page);
        let clean = self.clean.first_where(0, unlocked);
        let by_age = || [REGION, WORKING].into_iter().find_map(|region| self.pages.first_where(region, unlocked));
        clean.or_else(by_age).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        *self.pages.mark_mut(page) = if memory.is_dirty(page) { DIRTY } else { 0 };
        self.pages.move_to_back(page, WORKING);
        self.fill_region();
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.pages.expect(page);
        self.clean.expect(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.remove(page);
        self.fill_region();
    }

    fn freed(&mut self, page: PageId) {
        self.remove(page);
        self.fill_region();
    }
}

impl SeesReferences for Cflru {
    /// The regions are where they are by the last references alone, whatever came between.
    const TOGETHER: bool = true;

    #[inline(always)]
    fn referenced(&mut self, page: PageId, write: bool) {
        *self.pages.mark_mut(page) |= if write { DIRTY } else { 0 };
        if self.pages.contains(WORKING, page) {
            return self.pages.touch(page, WORKING);
        }
        self.remove(page);
        self.pages.move_to_back(page, WORKING);
        self.fill_region();
    }
}
