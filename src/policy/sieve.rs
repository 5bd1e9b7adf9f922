//! SIEVE: a queue in load order and a hand that goes from old to new; survivors stay where they are.
//!
//! The hand passes a page whose accessed bit is set, and clears it; the first page whose bit is clear goes, and the hand
//! stays behind it. From the newest page it goes on to the oldest. A new page is put at the new end, with its bit clear, so
//! unlike in a clock it is met only after all that lie between the hand and the end.
//!
//! Source: Zhang et al., SIEVE, NSDI 2024. Choices: the reference that brings a page in does not set its bit; a locked page
//! is passed over with its bit untouched.

use super::page_list::PageList;
use super::parameters::Arguments;
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// A queue of pages, the oldest at the front, and a hand.
#[derive(Debug)]
pub struct Sieve {
    queue: PageList,
    /// The page that is looked at next; none is the oldest.
    hand: Option<PageId>,
}

impl Policy for Sieve {
    const NAME: &'static str = "sieve";
    const SUMMARY: &'static str =
        "one hand from old to new over a queue; survivors stay in place, new pages at the head";
    const SOURCE: &'static str = "Zhang et al. 2024";
    const FILE: &'static str = file!();

    fn new(setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Ok(Self { queue: PageList::new(setup.pages), hand: None })
    }

    /// Looks at each page twice at most: the second time its bit is clear, unless it is locked.
    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        for _ in 0..2 * self.queue.len() {
            let page = self.hand.or(self.queue.front())?;
            if !memory.is_locked(page) && !memory.passed_over(page) {
                self.hand = Some(page);
                return Some(Pick::Now(page));
            }
            self.hand = self.queue.after(page);
        }
        None
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        self.queue.push_back(page);
        memory.sample_accessed(page);
    }

    fn evicted(&mut self, page: PageId) {
        if self.hand == Some(page) {
            self.hand = self.queue.after(page);
        }
        self.queue.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.evicted(page);
    }
}
