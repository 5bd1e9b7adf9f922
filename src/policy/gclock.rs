//! The generalised clock: a counter for each page in place of the clock's one bit.
//!
//! Every reference raises the counter of its page by one, up to `max`; the reference that brings the page in is the first,
//! so a new page starts at 1. The hand lowers each counter that is not 0 by one and goes on; the first page whose counter
//! is 0 goes. The new page takes the victim's place, just behind the hand, so the hand meets it last. Each step of the
//! hand is counted as an attempt. A locked page is passed over with its counter untouched.
//!
//! The counter is that of the page, whoever refers to it. `max=1` is the clock where one process runs; `max=5` is the
//! buffer sweep of PostgreSQL. Sources: Smith, Sequentiality and prefetching in database systems, 1978; Nicola, Dan, Dias,
//! Analysis of the generalized clock buffer replacement scheme for database transaction processing, 1992.

use super::parameters::{Arguments, Parameter};
use super::ring::Ring;
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// A ring of pages with a counter each.
#[derive(Debug)]
pub struct Gclock {
    ring: Ring,
    counters: Vec<u8>,
    max: u8,
}

impl Policy for Gclock {
    const NAME: &'static str = "gclock";
    const SUMMARY: &'static str = "the clock with a counter a page, raised by every reference, lowered by the hand";
    const SOURCE: &'static str = "Smith 1978; Nicola, Dan, Dias 1992";
    const FILE: &'static str = file!();
    const BYTES_PER_PAGE: u64 = 8;
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { key: "max", default: "3", help: "the most a counter counts, 1 to 255; 5 as in PostgreSQL" }];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let max = arguments.whole("max", 1..=u64::from(u8::MAX))? as u8;
        Ok(Self { ring: Ring::new(setup.pages, setup.frames), counters: vec![0; setup.pages], max })
    }

    /// Ends when a page that is not locked has been passed so often that its counter is 0, or when all are locked.
    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let mut locked_in_a_row = 0;
        while locked_in_a_row < self.ring.len() {
            let page = self.ring.hand()?;
            if memory.is_locked(page) {
                locked_in_a_row += 1;
            } else {
                locked_in_a_row = 0;
                let counter = &mut self.counters[page.index()];
                if *counter == 0 {
                    return Some(Pick::Now(page));
                }
                *counter -= 1;
                memory.count_examined();
            }
            self.ring.advance();
        }
        None
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        self.counters[page.index()] = 1;
        self.ring.insert(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.ring.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.ring.remove(page);
    }
}

impl SeesReferences for Gclock {
    #[inline(always)]
    fn referenced(&mut self, page: PageId, _write: bool) {
        let counter = &mut self.counters[page.index()];
        *counter += u8::from(*counter < self.max);
    }
}
