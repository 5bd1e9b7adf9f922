//! Belady's MIN: the page whose next reference is farthest away goes; among those never referenced again, the one with the
//! lowest number. A bound, not a policy.
//!
//! The pages in memory are a set of the positions of their next references, so the victim is the largest member: no two
//! pages are referenced at the same position. Pages without a further reference are a set of their own. Locked pages are
//! passed over. Sources: Belady 1966; Mattson, Gecsei, Slutz, Traiger 1970.

use super::ordered_set::OrderedSet;
use super::parameters::Arguments;
use super::registry::Future;
use super::{Policy, SeesFuture, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The pages in memory by their next reference.
#[derive(Debug)]
pub struct Opt {
    future: Future,
    /// Positions of the next references of resident pages. A reference to one of them is at such a position, so it is known
    /// which one to take out without asking the page.
    next_uses: OrderedSet,
    /// Resident pages that are not referenced again.
    dead: OrderedSet,
    /// The position of the next reference to the page that was offered last; none where it is dead.
    offered: Option<usize>,
}

impl Opt {
    /// The first dead page that is not locked.
    fn dead_page(&self, memory: &Memory<'_>) -> Option<PageId> {
        let mut next = self.dead.first_from(0);
        while let Some(page) = next.map(PageId::from_index).filter(|&page| memory.is_locked(page)) {
            next = self.dead.first_from(page.index() + 1);
        }
        next.map(PageId::from_index)
    }

    /// The position of the next reference to the page that is not locked for which that is farthest away, and the page.
    fn farthest_page(&self, memory: &Memory<'_>) -> Option<(usize, PageId)> {
        let mut end = self.future.references() as usize;
        while let Some(position) = self.next_uses.last_below(end) {
            let page = self.future.page_at(position as u64);
            if !memory.is_locked(page) {
                // The page for which the next reference is the second to last is likely the next to go.
                if let Some(next) = self.next_uses.last_below(position) {
                    self.future.expect(next as u64);
                }
                return Some((position, page));
            }
            end = position;
        }
        None
    }
}

impl Policy for Opt {
    const NAME: &'static str = "opt";
    const SUMMARY: &'static str = "Belady's MIN: the page whose next use is farthest away; the fewest faults possible";
    const SOURCE: &'static str = "Belady 1966; Mattson, Gecsei, Slutz, Traiger 1970";
    const FILE: &'static str = file!();
    const BYTES_PER_PAGE: u64 = 8;

    fn new(_setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Err("it has to know the future".to_owned())
    }

    fn check(_arguments: &Arguments) -> Result<(), String> {
        Ok(())
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        if let Some(page) = self.dead_page(memory) {
            self.offered = None;
            return Some(Pick::Now(page));
        }
        let (position, page) = self.farthest_page(memory)?;
        self.offered = Some(position);
        Some(Pick::Now(page))
    }

    fn evicted(&mut self, page: PageId) {
        match self.offered {
            Some(position) => self.next_uses.remove(position),
            None => self.dead.remove(page.index()),
        }
    }

    /// What has gone with its segment is not referenced again, so it was dead.
    fn freed(&mut self, page: PageId) {
        self.dead.remove(page.index());
    }
}

impl SeesFuture for Opt {
    fn foreseeing(setup: &Setup, _arguments: &Arguments, future: Future) -> Result<Self, String> {
        let references = usize::try_from(future.references()).map_err(|_| "the trace is too long".to_owned())?;
        Ok(Self { next_uses: OrderedSet::new(references), dead: OrderedSet::new(setup.pages), offered: None, future })
    }

    fn passed_over(&mut self, from: u64, to: u64) {
        self.next_uses.remove_all(from as usize, to as usize);
    }

    #[inline(always)]
    fn expect_next_use(&self, next: u64) {
        self.next_uses.expect(next as usize);
    }

    #[inline(always)]
    fn next_use(&mut self, page: PageId, position: u64, next: Option<u64>) {
        self.next_uses.remove(position as usize);
        match next {
            Some(next) => self.next_uses.insert(next as usize),
            None => self.dead.insert(page.index()),
        }
    }
}
