//! The clock: a ring of the pages in memory in load order, one hand, one accessed bit for each page.
//!
//! The hand passes a page whose accessed bit is set, and clears it; the first page whose bit is clear goes. The new page
//! takes the victim's place, just behind the hand, so the hand meets it last. The bit of a page is young in any sharer's
//! page table. `ref-on-load=1`: the reference that brings a page in sets its bit, as hardware does. `ref-on-load=0`: it
//! comes in with the bit clear, as in the papers on ARC and CAR. A locked page is passed over with its bit untouched.
//! Source: Corbató, A paging experiment with the Multics system, 1968.

use super::parameters::{Arguments, Parameter};
use super::ring::Ring;
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// A ring of pages and a hand.
#[derive(Debug)]
pub struct Clock {
    ring: Ring,
    referenced_on_load: bool,
}

impl Policy for Clock {
    const NAME: &'static str = "clock";
    const SUMMARY: &'static str = "one hand over the pages in load order, one accessed bit a page";
    const SOURCE: &'static str = "Corbató 1968";
    const FILE: &'static str = file!();
    const BYTES_PER_PAGE: u64 = 8;
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        key: "ref-on-load",
        default: "1",
        help: "1: a page comes in with its bit set, as by hardware; 0: clear, as in the ARC and CAR papers",
    }];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let referenced_on_load = arguments.whole("ref-on-load", 0..=1)? == 1;
        Ok(Self { ring: Ring::new(setup.pages, setup.frames), referenced_on_load })
    }

    #[inline(always)]
    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        if memory.is_any_locked() {
            return self.go_round(memory).map(Pick::Now);
        }
        let pages = self.ring.from_hand();
        let passed = memory.pass_over(pages);
        let found = pages.get(passed).copied();
        self.ring.advance_by(passed);
        found.or_else(|| self.go_round(memory)).map(Pick::Now)
    }

    #[inline(always)]
    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        self.ring.insert(page);
        if !self.referenced_on_load {
            memory.sample_accessed(page);
        }
    }

    fn ring(&mut self) -> Option<&mut Ring> {
        self.referenced_on_load.then_some(&mut self.ring)
    }

    fn evicted(&mut self, page: PageId) {
        self.ring.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.ring.remove(page);
    }
}

impl Clock {
    /// Page by page, where segments are locked or the hand has come to the end of the ring's array. Looks at each page twice at
    /// most: the second time its bit is clear, unless it is locked.
    #[cold]
    fn go_round(&mut self, memory: &mut Memory<'_>) -> Option<PageId> {
        for _ in 0..2 * self.ring.len() {
            let page = self.ring.hand()?;
            if !memory.is_locked(page) && !memory.passed_over(page) {
                return Some(page);
            }
            self.ring.advance();
        }
        None
    }
}
