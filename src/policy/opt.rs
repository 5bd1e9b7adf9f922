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

/// No position: the page is not in memory, or not referenced again.
const NEVER: u64 = u64::MAX;

/// The pages in memory by their next reference.
#[derive(Debug)]
pub struct Opt {
    future: Future,
    /// Positions of the next references of resident pages.
    next_uses: OrderedSet,
    /// Resident pages that are not referenced again.
    dead: OrderedSet,
    /// The position of each resident page's next reference.
    next_of: Vec<u64>,
}

impl Opt {
    fn remove(&mut self, page: PageId) {
        match std::mem::replace(&mut self.next_of[page.index()], NEVER) {
            NEVER => self.dead.remove(page.index()),
            position => self.next_uses.remove(position as usize),
        }
    }

    /// The first dead page that is not locked.
    fn dead_page(&self, memory: &Memory<'_>) -> Option<PageId> {
        let mut next = self.dead.first_from(0);
        while let Some(page) = next.map(PageId::from_index).filter(|&page| memory.is_locked(page)) {
            next = self.dead.first_from(page.index() + 1);
        }
        next.map(PageId::from_index)
    }

    /// The page that is not locked whose next reference is farthest away.
    fn farthest_page(&self, memory: &Memory<'_>) -> Option<PageId> {
        let mut end = self.next_of_end();
        while let Some(position) = self.next_uses.last_below(end) {
            let page = self.future.page_at(position as u64);
            if !memory.is_locked(page) {
                return Some(page);
            }
            end = position;
        }
        None
    }

    fn next_of_end(&self) -> usize {
        self.future.references() as usize
    }
}

impl Policy for Opt {
    const NAME: &'static str = "opt";
    const SUMMARY: &'static str = "Belady's MIN: the page whose next use is farthest away; the fewest faults possible";
    const SOURCE: &'static str = "Belady 1966; Mattson, Gecsei, Slutz, Traiger 1970";
    const FILE: &'static str = file!();

    fn new(_setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Err("it has to know the future".to_owned())
    }

    fn check(_arguments: &Arguments) -> Result<(), String> {
        Ok(())
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        self.dead_page(memory).or_else(|| self.farthest_page(memory)).map(Pick::Now)
    }

    fn evicted(&mut self, page: PageId) {
        self.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.remove(page);
    }
}

impl SeesFuture for Opt {
    fn foreseeing(setup: &Setup, _arguments: &Arguments, future: Future) -> Result<Self, String> {
        let references = usize::try_from(future.references()).map_err(|_| "the trace is too long".to_owned())?;
        Ok(Self {
            next_uses: OrderedSet::new(references),
            dead: OrderedSet::new(setup.pages),
            next_of: vec![NEVER; setup.pages],
            future,
        })
    }

    #[inline(always)]
    fn next_use(&mut self, page: PageId, next: Option<u64>) {
        self.remove(page);
        match next {
            None => self.dead.insert(page.index()),
            Some(position) => {
                self.next_uses.insert(position as usize);
                self.next_of[page.index()] = position;
            }
        }
    }
}
