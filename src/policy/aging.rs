//! Aging: LRU in eight bits a page.
//!
//! Every `period` references the counter of each page is shifted right by one, its accessed bit becomes the highest bit,
//! and the accessed bit is cleared. The page with the lowest counter goes; among equals the one that came in first. What
//! was used since the last sampling makes no difference until the next, as in the book; a page that comes in has the
//! counter of one that was just sampled for the first time, 128.
//!
//! The accessed bit of a page is that of all its sharers together. Sampling is no attempt. Pages are kept by counter, each
//! group in order of load, so a victim is found without a look at the others. A locked page is passed over.
//! Source: Tanenbaum, Modern Operating Systems, section 3.4.7. There the sampling is the clock interrupt's; here time is
//! references, and the default of 4 times the frames is what came out best over several traces and memory sizes (tried: 1
//! to 64 times).

use super::page_list::PageList;
use super::parameters::{Arguments, Parameter};
use super::rings::Rings;
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// Values of a counter.
const VALUES: usize = 256;
/// The highest bit of a counter.
const ACCESSED: u8 = 128;

/// The pages by counter.
#[derive(Debug)]
pub struct Aging {
    by_load: PageList,
    /// A ring for each counter, whose hand stays at the page that came in first: a queue.
    by_counter: Rings,
    counters: Vec<u8>,
    period: u64,
}

impl Aging {
    fn remove(&mut self, page: PageId) {
        self.by_load.remove(page);
        self.by_counter.remove(usize::from(self.counters[page.index()]), page);
    }

    fn put(&mut self, page: PageId, counter: u8) {
        self.counters[page.index()] = counter;
        self.by_counter.insert(usize::from(counter), page);
    }
}

impl Policy for Aging {
    const NAME: &'static str = "aging";
    const SUMMARY: &'static str = "8-bit counters that the accessed bits are shifted into, the lowest goes";
    const SOURCE: &'static str = "Tanenbaum, Modern Operating Systems";
    const FILE: &'static str = file!();
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        key: "period",
        default: "4x",
        help: "references between two samplings of the accessed bits, a number or a multiple of the frames",
    }];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let period = arguments.references(setup.frames, "period")?;
        Ok(Self {
            by_load: PageList::new(setup.pages),
            by_counter: Rings::new(setup.pages, VALUES),
            counters: vec![0; setup.pages],
            period,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let mut pages = (0..VALUES).flat_map(|counter| self.by_counter.round(counter));
        pages.find(|&page| !memory.is_locked(page)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        self.by_load.push_back(page);
        self.put(page, ACCESSED);
    }

    fn evicted(&mut self, page: PageId) {
        self.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.remove(page);
    }

    fn sampling_period(&self) -> Option<u64> {
        Some(self.period)
    }

    /// In order of load, so that each group is in that order afterwards.
    fn sample(&mut self, memory: &mut Memory<'_>) {
        let mut next = self.by_load.front();
        while let Some(page) = next {
            let accessed = if memory.sample_accessed(page) { ACCESSED } else { 0 };
            let counter = self.counters[page.index()];
            self.by_counter.remove(usize::from(counter), page);
            self.put(page, counter >> 1 | accessed);
            next = self.by_load.after(page);
        }
    }
}
