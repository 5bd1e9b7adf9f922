//! Aging: LRU in eight bits a page.
//!
//! Every `period` references the counter of each page is shifted right by one, its accessed bit becomes the highest bit,
//! and the accessed bit is cleared. The page with the lowest counter goes; among equals the one that came in first. What
//! was used since the last sampling makes no difference until the next, as in the book; a page that comes in has the
//! counter of one that was just sampled for the first time, 128.
//!
//! The accessed bit of a page is that of all its sharers together. Sampling is no attempt. A locked page is passed over.
//!
//! Between two samplings counters do not change, and what comes in comes behind all others of its counter. So pages are put
//! in order once a sampling, in an array; what has come in since is an array of its own, which comes between, and a victim
//! is the first of what is left of these.
//!
//! Source: Tanenbaum, Modern Operating Systems, section 3.4.7. There the sampling is the clock interrupt's; here time is
//! references, and the default of 4 times the frames is what came out best over several traces and memory sizes (tried: 1
//! to 64 times).

use std::ops::Range;

use super::parameters::{Arguments, Parameter};
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// Values of a counter.
const VALUES: usize = 256;
/// The highest bit of a counter.
const ACCESSED: u8 = 128;
/// The place of a page that is not in memory.
const NOWHERE: u32 = u32::MAX;

/// The pages by load and by counter.
#[derive(Debug)]
pub struct Aging {
    /// The pages in the order in which they came in, and some that have gone since.
    by_load: Vec<PageId>,
    /// The place of each page in `by_load`.
    place_of: Vec<u32>,
    counters: Vec<u8>,
    /// The places of the pages that were there when they were put in order, by counter and then by load.
    by_counter: Vec<u32>,
    /// What may be left of `by_counter` with a counter up to [`ACCESSED`], then what may be left behind what was in
    /// `by_load` then, and what may be left of `by_counter` with a higher counter: the order in which pages go.
    left: [Range<usize>; 3],
    period: u64,
}

impl Aging {
    /// Whether the page at a place of `by_load` is there still.
    fn is_there(&self, place: usize) -> bool {
        self.place_of[self.by_load[place].index()] as usize == place
    }

    /// The place in `by_load` of one of what is left.
    fn place(&self, part: usize, number: usize) -> usize {
        if part == 1 { number } else { self.by_counter[number] as usize }
    }

    /// Takes the pages that have gone out of `by_load`.
    fn close_gaps(&mut self) {
        let mut kept = 0;
        for place in 0..self.by_load.len() {
            if self.is_there(place) {
                let page = self.by_load[place];
                self.by_load[kept] = page;
                self.place_of[page.index()] = kept as u32;
                kept += 1;
            }
        }
        self.by_load.truncate(kept);
    }

    /// Puts the pages of `by_load`, none of which has gone, in order.
    fn put_in_order(&mut self) {
        let mut ends = [0; VALUES];
        for page in &self.by_load {
            ends[usize::from(self.counters[page.index()])] += 1;
        }
        let mut before = 0;
        for end in &mut ends {
            before += std::mem::replace(end, before);
        }
        // Each was the number of pages with a lower counter, and is now the end of what is put down for its own.
        let pages = self.by_load.len();
        self.by_counter.resize(pages, 0);
        for (place, page) in self.by_load.iter().enumerate() {
            let end = &mut ends[usize::from(self.counters[page.index()])];
            self.by_counter[*end] = place as u32;
            *end += 1;
        }
        let up_to_accessed = ends[usize::from(ACCESSED)];
        self.left = [0..up_to_accessed, pages..pages, up_to_accessed..pages];
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
        let resident = setup.pages.min(usize::try_from(setup.frames).unwrap_or(usize::MAX));
        Ok(Self {
            // Twice as many as there can be, so that they are seldom put in order for want of room.
            by_load: Vec::with_capacity(2 * resident),
            place_of: vec![NOWHERE; setup.pages],
            counters: vec![0; setup.pages],
            by_counter: Vec::with_capacity(resident),
            left: [0..0, 0..0, 0..0],
            period,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        for part in 0..self.left.len() {
            let mut gone = true;
            for number in self.left[part].clone() {
                let place = self.place(part, number);
                let page = self.by_load[place];
                let is_there = self.is_there(place);
                if is_there && !memory.is_locked(page) {
                    return Some(Pick::Now(page));
                }
                gone &= !is_there;
                if gone {
                    self.left[part].start = number + 1;
                }
            }
        }
        None
    }

    /// Each sampling does.
    fn looks_at_all_pages(&self) -> bool {
        true
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        if self.by_load.len() == self.by_load.capacity() {
            self.close_gaps();
            self.put_in_order();
        }
        self.place_of[page.index()] = self.by_load.len() as u32;
        self.counters[page.index()] = ACCESSED;
        self.by_load.push(page);
        self.left[1].end = self.by_load.len();
    }

    fn evicted(&mut self, page: PageId) {
        self.place_of[page.index()] = NOWHERE;
    }

    fn freed(&mut self, page: PageId) {
        self.place_of[page.index()] = NOWHERE;
    }

    fn sampling_period(&self) -> Option<u64> {
        Some(self.period)
    }

    fn sample(&mut self, memory: &mut Memory<'_>) {
        self.close_gaps();
        for page in &self.by_load {
            self.counters[page.index()] >>= 1;
        }
        memory.sample_all(self.by_load.iter().copied(), |page| self.counters[page.index()] |= ACCESSED);
        self.put_in_order();
    }
}
