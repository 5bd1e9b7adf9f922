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

use super::page_list::PageList;
use super::parameters::{Arguments, Parameter};
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The pages by last use, in two lists.
#[derive(Debug)]
pub struct Cflru {
    /// The working region: the pages used last, the most recent one at the back.
    working: PageList,
    /// The clean-first region: those used before them, likewise.
    region: PageList,
    /// The clean pages of the region, in the same order.
    clean: PageList,
    /// Whether each page in memory was written since it came in.
    dirty: Vec<bool>,
    /// Pages that the region has room for.
    window: usize,
}

impl Cflru {
    fn remove(&mut self, page: PageId) {
        if self.region.remove(page) {
            self.clean.remove(page);
        } else {
            self.working.remove(page);
        }
    }

    /// The working region gives the region what it has room for.
    fn fill_region(&mut self) {
        while self.region.len() < self.window
            && let Some(page) = self.working.front()
        {
            self.working.remove(page);
            self.region.push_back(page);
            if !self.dirty[page.index()] {
                self.clean.push_back(page);
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
            working: PageList::new(setup.pages),
            region: PageList::new(setup.pages),
            clean: PageList::new(setup.pages),
            dirty: vec![false; setup.pages],
            window: usize::try_from(arguments.share_of(setup.frames, "window")?).unwrap_or(usize::MAX),
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let by_age = self.region.iter().chain(self.working.iter());
        self.clean.iter().chain(by_age).find(|&page| !memory.is_locked(page)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        self.dirty[page.index()] = memory.is_dirty(page);
        self.working.push_back(page);
        self.fill_region();
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
    fn referenced(&mut self, page: PageId, write: bool) {
        self.dirty[page.index()] |= write;
        self.remove(page);
        self.working.push_back(page);
        self.fill_region();
    }
}
