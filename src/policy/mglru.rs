//! The multi-generational LRU of Linux (6.1 to 6.13), without tiers.
//!
//! Every page has a generation; a page that comes in has the youngest. Aging opens a new generation and walks the accessed
//! bits: each page that was used moves into it. The victim is the oldest page of the oldest generation, unless its bit was
//! set since: then it moves to the youngest.
//!
//! 1. the `min-gens` youngest generations are never reclaimed: when all pages are in these, memory is aged;
//! 2. a reclaim that finds one generation more than that also ages it when the youngest has more than its share of the pages
//!    (one in `min-gens`) or the oldest too few (below one in `min-gens` + 2), so that generations are of like size;
//! 3. there are `max-gens` at most: a further one makes the oldest two one.
//!
//! Source: Linux `Documentation/mm/multigen_lru.rst`, `mm/vmscan.c`. Choices: tiers (for pages used through files) and the
//! feedback from refaults are left out; a walk counts one attempt for each page, all of which it examines, though a walk of
//! page tables is cheaper than that; it moves pages at once and in list order. Locked pages are not walked and keep their
//! place.

use super::page_queues::PageQueues;
use super::parameters::{Arguments, Parameter};
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The pages in order of generation, and of arrival in it.
#[derive(Debug)]
pub struct MgLru {
    /// The oldest generation at the front.
    pages: PageQueues<1>,
    /// By page: its generation, which may be one that was made one with a younger.
    born: Vec<u64>,
    /// By generation, modulo its length: its pages. As many as there may be generations.
    sizes: Vec<u64>,
    youngest: u64,
    min_gens: u64,
}

impl MgLru {
    fn slot(&self, generation: u64) -> usize {
        (generation % self.sizes.len() as u64) as usize
    }

    /// The generation of a page.
    fn generation(&self, page: PageId) -> u64 {
        let oldest = (self.youngest + 1).saturating_sub(self.sizes.len() as u64);
        self.born[page.index()].max(oldest)
    }

    /// Puts a page at the end of the youngest generation.
    fn push(&mut self, page: PageId) {
        let (generation, slot) = (self.youngest, self.slot(self.youngest));
        self.pages.move_to_back(page, 0);
        self.born[page.index()] = generation;
        self.sizes[slot] += 1;
    }

    fn take(&mut self, page: PageId) {
        let slot = self.slot(self.generation(page));
        if self.pages.remove(page).is_some() {
            self.sizes[slot] -= 1;
        }
    }

    /// Opens a generation and moves the pages that were used into it.
    fn age(&mut self, memory: &mut Memory<'_>) {
        let slot = self.slot(self.youngest + 1);
        let merged = std::mem::take(&mut self.sizes[slot]);
        self.youngest += 1;
        let oldest = self.slot(self.youngest + 1);
        self.sizes[oldest] += merged;
        let mut next = self.pages.front(0);
        for _ in 0..self.pages.len(0) {
            let Some(page) = next else { break };
            next = self.pages.after(page);
            if !memory.is_locked(page) && memory.test_and_clear_accessed(page) {
                self.take(page);
                self.push(page);
            }
        }
    }

    /// The oldest page that is not locked.
    fn oldest(&mut self, memory: &Memory<'_>) -> Option<PageId> {
        self.pages.first_unlocked(0, memory)
    }

    /// Whether generations have become too unlike, though there is one to reclaim from.
    fn is_uneven(&mut self, memory: &Memory<'_>) -> bool {
        let Some(page) = self.oldest(memory) else { return false };
        let generation = self.generation(page);
        let total = self.pages.len(0) as u64;
        let (young, old) = (self.sizes[self.slot(self.youngest)], self.sizes[self.slot(generation)]);
        generation + self.min_gens == self.youngest
            && (young * self.min_gens > total || old * (self.min_gens + 2) < total)
    }
}

impl Policy for MgLru {
    const NAME: &'static str = "mglru";
    const SUMMARY: &'static str = "multi-generational LRU: generations aged by walks over the accessed bits, no tiers";
    const SOURCE: &'static str = "Linux, Documentation/mm/multigen_lru";
    const FILE: &'static str = file!();
    const PARAMETERS: &'static [Parameter] = &[
        Parameter { key: "min-gens", default: "2", help: "the youngest generations that are not reclaimed, from 1" },
        Parameter { key: "max-gens", default: "4", help: "generations at most, more than min-gens and up to 64" },
    ];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let (least, most) = ("a whole number from 1 to 63", "a whole number above min-gens, up to 64");
        let min_gens: u64 = arguments.get("min-gens", least)?;
        let max_gens: u64 = arguments.get("max-gens", most)?;
        if !(1..=63).contains(&min_gens) {
            return Err(format!("`min-gens={min_gens}` is not allowed: {least}"));
        }
        if max_gens <= min_gens || max_gens > 64 {
            return Err(format!("`max-gens={max_gens}` is not allowed: {most}"));
        }
        Ok(Self {
            pages: PageQueues::new(setup.pages),
            born: vec![0; setup.pages],
            sizes: vec![0; max_gens as usize],
            youngest: max_gens,
            min_gens,
        })
    }

    fn begin_scan(&mut self, memory: &mut Memory<'_>) {
        if self.is_uneven(memory) {
            self.age(memory);
        }
    }

    /// Each turn ages memory, at most `min-gens` times and one more, or moves a page with its bit cleared, or is the last.
    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        loop {
            let page = self.oldest(memory)?;
            if self.generation(page) + self.min_gens > self.youngest {
                self.age(memory);
            } else if memory.is_accessed(page) {
                memory.test_and_clear_accessed(page);
                self.take(page);
                self.push(page);
            } else {
                return Some(Pick::Now(page));
            }
        }
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        self.push(page);
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.pages.expect(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.take(page);
    }

    fn freed(&mut self, page: PageId) {
        self.take(page);
    }
}
