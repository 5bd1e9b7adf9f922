//! Two lists, active and inactive, as Linux 2.6 to 6.0 reclaimed.
//!
//! 1. a new page comes in at the new end of the inactive list;
//! 2. while the inactive list is too short for the active one, the oldest active page goes back to the inactive list, its
//!    accessed bit cleared: it has the length of that list to be used again;
//! 3. the oldest inactive page goes if its bit is clear. If not, the bit is cleared, and it stays at the new end with a
//!    mark the first time (its second chance) and becomes active when it has the mark already.
//!
//! "Too short" is the kernel's inactive ratio: inactive times the ratio is below active, where the ratio is 1 below 1 GiB of
//! pages of 4 KiB, and the root of ten times the GiB above. Sources: Linux `mm/vmscan.c`; Gorman 2004.
//!
//! Choices: `activate=2` is that mark, which mapped page cache has had from 2.6.34 and shared memory from 5.9;
//! `activate=1` is what was done to shared memory before: a page found young once becomes active, and the reference that
//! brought it in counts. The kernel balances the lists by batches of 32 pages, here it is one by one. Left out: activation
//! at once of a page that is young for several sharers, and refault distances. A locked page keeps its place.

use super::page_queues::PageQueues;
use super::parameters::{Arguments, Parameter};
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// Pages of 4 KiB in one GiB.
const GIB: u64 = 1 << 18;

const INACTIVE: usize = 0;
const ACTIVE: usize = 1;

/// The two lists, the oldest page at the front of each.
#[derive(Debug)]
pub struct TwoList {
    /// The mark of a page is 1 where it was found young since it came in, and else 0.
    pages: PageQueues<2>,
    needs_mark: bool,
}

impl TwoList {
    /// Whether the inactive list is too short.
    fn inactive_is_low(&self) -> bool {
        let (active, inactive) = (self.pages.len(ACTIVE) as u64, self.pages.len(INACTIVE) as u64);
        let gib = (active + inactive) / GIB;
        let ratio = if gib > 0 { (10 * gib).isqrt() } else { 1 };
        inactive * ratio < active
    }

    /// The oldest active page goes to the inactive list; false when there is none that is not locked.
    fn deactivate(&mut self, memory: &mut Memory<'_>) -> bool {
        let Some(page) = self.oldest(ACTIVE, memory) else { return false };
        memory.test_and_clear_accessed(page);
        self.pages.move_to_back(page, INACTIVE);
        true
    }

    /// The oldest page of a list that is not locked.
    fn oldest(&mut self, list: usize, memory: &Memory<'_>) -> Option<PageId> {
        self.pages.first_unlocked(list, memory)
    }
}

impl Policy for TwoList {
    const NAME: &'static str = "two-list";
    const SUMMARY: &'static str = "active and inactive lists with second chance and the inactive ratio";
    const SOURCE: &'static str = "Linux 2.6 to 6.0, mm/vmscan.c; Gorman 2004";
    const FILE: &'static str = file!();
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        key: "activate",
        default: "2",
        help: "how often an inactive page must be found young to become active: 2, or 1 as for shared memory before 5.9",
    }];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let needs_mark = arguments.whole("activate", 1..=2)? == 2;
        Ok(Self { pages: PageQueues::new(setup.pages), needs_mark })
    }

    /// Each turn clears the bit of the page that it looks at, or is the last.
    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        loop {
            while self.inactive_is_low() && self.deactivate(memory) {}
            let Some(page) = self.oldest(INACTIVE, memory) else {
                if self.deactivate(memory) {
                    continue;
                }
                return None;
            };
            if !memory.is_accessed(page) {
                return Some(Pick::Now(page));
            }
            memory.test_and_clear_accessed(page);
            let marked = std::mem::replace(self.pages.mark_mut(page), 1) == 1;
            self.pages.move_to_back(page, if marked || !self.needs_mark { ACTIVE } else { INACTIVE });
        }
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        *self.pages.mark_mut(page) = 0;
        self.pages.move_to_back(page, INACTIVE);
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.pages.expect(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.freed(page);
    }

    fn freed(&mut self, page: PageId) {
        self.pages.remove(page);
    }
}
