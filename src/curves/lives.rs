//! What depths mean for the counts at every memory size.
//!
//! A *life* of a page goes from a reference to the next one, or to the end of the trace, or to that of its segment. At its
//! end the page has its greatest depth of that life: pages only sink until they are referenced. So in a life that ends at
//! depth d the page was swapped out once at every size up to d, and at no other; and where the life ends with a reference,
//! it was brought in at these sizes too.
//!
//! A swap-out is dirty where the page was written to since it last came in. It last came in, at a size, with its last
//! reference at that depth or below; so let w be the greatest depth of its references after the last write, 0 when there are
//! none: with more than w frames it has not gone since the write, with fewer it has come back and was not written to. A
//! life that ends at depth d has a dirty swap-out at the sizes above w and up to d, and a clean one at the others up to d.
//!
//! Counts of sizes up to d are kept at d, and summed from the largest size down. Which references are minor faults is
//! `minor_faults`. What did not help: small depths counted in several places by turns, so that no count waits for the one before.

use std::ops::Range;

use super::minor_faults::MinorFaults;
use super::segments::{self, Change};
use crate::ids::PageId;
use crate::program::{Program, Reference};

/// No depth: the page was never written to.
const CLEAN: u32 = u32::MAX;
/// Depths below this are counted at once; the counts of others may be far away, and are asked for some time before.
const NEAR: u32 = 1024;
/// How many are on their way at a time.
const ON_THE_WAY: usize = 32;

/// All bits unless it is a write, without a branch: it can't be guessed.
#[inline(always)]
fn unless(write: bool) -> u32 {
    u32::from(write).wrapping_sub(1)
}

/// What happened at sizes up to a depth, and not at that depth plus one.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// Lives that ended with a reference.
    returns: u64,
    /// Lives that ended without.
    departures: u64,
    /// Swap-outs of pages that were not written to since they came in.
    clean: u64,
}

/// The lives of all pages, in order of their ends.
#[derive(Clone, Debug)]
pub(super) struct Lives<M: MinorFaults> {
    /// For each page the greatest depth since it was last written to, or [`CLEAN`], and what minor faults have of it.
    pages: Vec<(u32, M::OfPage)>,
    /// By depth.
    counts: Vec<Counts>,
    zero_faults: u64,
    minor_faults: M,
    /// Depths, and up to which the swap-outs are clean, that are not counted yet.
    waiting: [(u32, u32); ON_THE_WAY],
    length: usize,
}

impl<M: MinorFaults> Lives<M> {
    /// No life of any page below this number.
    pub(super) fn new(pages: u32, minor_faults: M) -> Self {
        Self {
            pages: vec![(CLEAN, M::OfPage::default()); pages as usize],
            counts: vec![Counts::default(); pages as usize + 1],
            zero_faults: 0,
            minor_faults,
            waiting: [(0, 0); ON_THE_WAY],
            length: 0,
        }
    }

    /// A page will be referenced soon.
    #[inline(always)]
    pub(super) fn prefetch(&self, page: PageId) {
        crate::prefetch::prefetch(&self.pages, page.index());
        self.minor_faults.prefetch(page);
    }

    /// A reference to a page at a depth, or for the first time.
    #[inline(always)]
    pub(super) fn reference(&mut self, Reference { page, column, write }: Reference, depth: Option<u32>) {
        let (since_write, of_page) = &mut self.pages[page.index()];
        let Some(depth) = depth else {
            self.zero_faults += 1;
            *since_write = if write { 0 } else { CLEAN };
            return self.minor_faults.first_touch(of_page, column);
        };
        self.minor_faults.reference(of_page, page, column, depth);
        // At depth 0 it goes at no size.
        if depth == 0 {
            *since_write &= unless(write);
            return;
        }
        let clean_to = (*since_write).min(depth);
        *since_write = depth.max(*since_write) & unless(write);
        if depth < NEAR {
            self.count(depth, clean_to);
        } else {
            self.wait(depth, clean_to);
        }
    }

    /// A change of a program. `remove` takes a page that goes with its segment off the stack, and says at which depth it was, if
    /// it was there.
    pub(super) fn change(&mut self, program: &Program, change: Change, mut remove: impl FnMut(PageId) -> Option<u32>) {
        match change {
            Change::Ends(segment) => {
                for page in segments::pages(program, segment) {
                    if let Some(depth) = remove(page) {
                        self.end(page, depth);
                    }
                }
            }
            Change::Attached { segment, column, copied } => {
                for page in segments::pages(program, segment) {
                    self.minor_faults.attached(&mut self.pages[page.index()].1, page, column, copied);
                }
            }
        }
    }

    /// A page that is at a depth will not be referenced again.
    pub(super) fn end(&mut self, page: PageId, depth: u32) {
        let clean_to = self.pages[page.index()].0.min(depth);
        self.counts[depth as usize].departures += 1;
        self.counts[clean_to as usize].clean += 1;
    }

    #[inline(always)]
    fn count(&mut self, depth: u32, clean_to: u32) {
        self.counts[depth as usize].returns += 1;
        self.counts[clean_to as usize].clean += 1;
    }

    #[inline(always)]
    fn wait(&mut self, depth: u32, clean_to: u32) {
        crate::prefetch::prefetch(&self.counts, depth as usize);
        crate::prefetch::prefetch(&self.counts, clean_to as usize);
        self.waiting[self.length] = (depth, clean_to);
        self.length += 1;
        if self.length == ON_THE_WAY {
            self.count_waiting();
        }
    }

    #[inline(always)]
    fn count_waiting(&mut self) {
        for place in 0..self.length {
            let (depth, clean_to) = self.waiting[place];
            self.count(depth, clean_to);
        }
        self.length = 0;
    }

    /// The curve, once all lives have ended.
    pub(super) fn curve(mut self, references: u64) -> ByDepth {
        self.count_waiting();
        ByDepth {
            references,
            zero_faults: self.zero_faults,
            counts: self.counts,
            minor_faults: self.minor_faults.counts(),
        }
    }
}

/// The counts of a policy at every memory size, by depths.
#[derive(Clone, Debug)]
pub(super) struct ByDepth {
    references: u64,
    zero_faults: u64,
    counts: Vec<Counts>,
    /// [`MinorFaults::counts`].
    minor_faults: Vec<u64>,
}

/// The counts at one memory size; see [`crate::results::Row`] for the meaning of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Frames of memory.
    pub frames: u64,
    /// References replayed.
    pub references: u64,
    /// References to a page in memory that the process's table did not have.
    pub minor_faults: u64,
    /// First touches.
    pub zero_faults: u64,
    /// Pages brought back from swap.
    pub swap_ins: u64,
    /// Pages written to swap.
    pub swap_outs: u64,
    /// Those of them that were written to since they last came in.
    pub dirty_swap_outs: u64,
    /// References for which no frame could be had; none in a curve from one pass.
    pub out_of_memory: u64,
}

impl ByDepth {
    /// The memory sizes it is of: from 1 frame to the footprint, and one where that is 0.
    fn sizes(&self) -> Range<u64> {
        1..(self.counts.len() as u64).max(2)
    }

    /// The counts at each of the sizes, ascending.
    pub(super) fn points(&self) -> impl Iterator<Item = Point> + '_ {
        let all = |counts: &mut dyn Iterator<Item = u64>| counts.fold(0, u64::wrapping_add);
        let mut returns = all(&mut self.counts.iter().map(|counts| counts.returns));
        let mut clean = all(&mut self.counts.iter().map(|counts| counts.clean));
        let mut departures = all(&mut self.counts.iter().map(|counts| counts.departures));
        let mut minor_faults = all(&mut self.minor_faults.iter().copied());
        self.sizes().zip(0..).map(move |(frames, smaller)| {
            returns -= self.counts[smaller].returns;
            clean -= self.counts[smaller].clean;
            departures -= self.counts[smaller].departures;
            minor_faults = minor_faults.wrapping_sub(self.minor_faults.get(smaller).copied().unwrap_or(0));
            Point {
                frames,
                references: self.references,
                minor_faults,
                zero_faults: self.zero_faults,
                swap_ins: returns,
                swap_outs: returns + departures,
                dirty_swap_outs: returns + departures - clean,
                out_of_memory: 0,
            }
        })
    }
}
