//! What faults change of the models of several memory sizes, beside their page tables: lent by the models meanwhile, and kept
//! together, so that what a fault needs of a size is in few lines of memory.
//!
//! Where the hands are and which pages are resident is kept up to date; the faults of a size are written down one after the
//! other, and counted later, many together: what they are counted in would drive that out of the nearest cache. How a page is
//! found that goes is not known here.

use std::ops::Range;

use super::super::known::Nothing;
use super::super::resident_pages::ResidentPages;
use super::super::{Counters, Kernel, SegmentCounters};
use super::MOST_SIZES;
use crate::ids::PageId;
use crate::program::Program;

/// Faults of a size that are written down before they are counted: 128, 256 and 2,048 are no faster. Nor is counting them without
/// a branch, with the segments looked at apart.
const LATEST: usize = 512;

/// The lent parts of all sizes.
#[derive(Debug)]
pub struct Frames {
    pub(super) hands: Box<[Hand; MOST_SIZES]>,
    /// The resident pages of each size.
    pub(super) resident: Vec<ResidentPages>,
    /// The rings of those sizes at which pages go by one.
    pub(super) rings: Vec<Ring>,
    /// These, a bit each, for good: a size keeps to its policy. At the others pages are found by scans.
    pub(super) by_ring: u64,
    pub(super) latest: Latest,
    counters: Vec<Counters>,
    /// Those of all segments, for each size.
    segments: Vec<SegmentCounters>,
    /// The segment with the most pages, and these.
    largest: usize,
    pages_of_largest: Range<u32>,
}

/// The faults that are to be counted: those of each size together.
#[derive(Debug)]
pub(super) struct Latest {
    faults: Vec<[Exchange; LATEST]>,
    /// How many of each size there are.
    counts: [u32; MOST_SIZES],
}

/// What a scan at one size needs to know.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hand {
    /// Pages that the hand goes over before it has to be asked where it goes on.
    pub(super) next: PageId,
    pub(super) end: PageId,
    /// Pages in memory, and the most that there can be.
    pub(super) shm_rss: u32,
    pub(super) most: u32,
    pub(super) reclaim: Reclaim,
    /// From here on what was counted since it was lent, beside the faults: R27.
    pub(super) failed_scans: u64,
    /// R37.
    pub(super) out_of_memory: u64,
    /// R25.
    pub(super) young_cleared: u64,
    /// Entries that were taken from pages that stayed (R26).
    pub(super) wasted: u64,
    /// Pages that were examined, and entries that were taken, where none went after all.
    pub(super) attempts_in_vain: u64,
    pub(super) entries_in_vain: u64,
}

/// How a page is reclaimed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reclaim {
    /// The priority at which it starts (R33).
    pub(crate) start_priority: u32,
    /// Whether pages are tried by a second chance for each sharer (R25, R26); else the first that the hand comes to goes.
    pub(crate) second_chances: bool,
}

/// The pages in memory in the order in which a hand meets them, over and over: one that comes in takes the place of the one that
/// went for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ring {
    pub(crate) places: Vec<PageId>,
    pub(crate) hand: usize,
}

/// A fault: a page came in, and another went for it, if one had to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exchange {
    /// Eight times the references before it, and what it was: [`IN_SWAP`] and the others.
    what: u64,
    /// The page that came in.
    pub come: PageId,
    /// The page that went.
    pub gone: PageId,
    /// Pages that were examined before one went.
    pub attempts: u32,
    /// Entries that were taken meanwhile.
    pub entries: u32,
}

/// The page that came in was in swap; otherwise it is a page of zeros.
const IN_SWAP: u64 = 1;
/// A page went.
const FOR_ONE: u64 = 2;
/// It had been written.
const WRITTEN: u64 = 4;

impl Exchange {
    /// A page comes in.
    #[inline(always)]
    pub(crate) fn new(position: u64, come: PageId) -> Self {
        Self { what: position << 3, come, ..Self::default() }
    }

    /// It was in swap, or not.
    #[inline(always)]
    pub(crate) fn was_in_swap(&mut self, in_swap: bool) {
        self.what |= u64::from(in_swap) * IN_SWAP;
    }

    /// Another went for it.
    #[inline(always)]
    pub(crate) fn went(&mut self, gone: PageId, written: bool, attempts: u32, entries: u32) {
        self.what |= FOR_ONE | (u64::from(written) * WRITTEN);
        (self.gone, self.attempts, self.entries) = (gone, attempts, entries);
    }

    /// The references before it.
    #[inline(always)]
    pub fn position(&self) -> u64 {
        self.what >> 3
    }

    /// Whether the page that came in was in swap; otherwise it is a page of zeros.
    #[inline(always)]
    pub fn is_from_swap(&self) -> bool {
        self.what & IN_SWAP != 0
    }

    /// Whether a page went.
    #[inline(always)]
    pub fn is_for_one(&self) -> bool {
        self.what & FOR_ONE != 0
    }

    /// Whether that had been written.
    #[inline(always)]
    fn is_dirty(&self) -> bool {
        self.what & WRITTEN != 0
    }
}

impl Latest {
    /// Adds one at a size; whether there is no room for another.
    #[inline(always)]
    pub(super) fn push(&mut self, number: usize, fault: Exchange) -> bool {
        let count = &mut self.counts[number];
        self.faults[number][*count as usize % LATEST] = fault;
        *count += 1;
        *count as usize == LATEST
    }
}

impl Frames {
    /// For so many sizes, of which none has lent anything.
    pub fn new(program: &Program, sizes: usize) -> Self {
        let largest = (0..).zip(&program.segments).max_by_key(|(_, segment)| segment.touched);
        let (largest, pages_of_largest) = largest.map_or((0, 0..0), |(place, segment)| (place, segment.pages()));
        Self {
            hands: Box::new([Hand::default(); MOST_SIZES]),
            resident: vec![ResidentPages::default(); sizes],
            rings: vec![Ring::default(); sizes],
            by_ring: 0,
            latest: Latest { faults: vec![[Exchange::default(); LATEST]; sizes], counts: [0; MOST_SIZES] },
            counters: vec![Counters::default(); sizes],
            segments: vec![SegmentCounters::default(); program.segments.len() * sizes],
            largest,
            pages_of_largest,
        }
    }

    /// Whether there is no fault at a size that was not counted yet.
    #[inline(always)]
    pub fn all_counted(&self, number: usize) -> bool {
        self.latest.counts[number] == 0
    }

    /// Counts the faults at a size that were not counted yet, and gives them to a function.
    pub fn count(&mut self, number: usize, program: &Program, tell: impl FnOnce(&[Exchange])) {
        let each = program.segments.len();
        let faults = &self.latest.faults[number][..self.latest.counts[number] as usize];
        let segments = &mut self.segments[number * each..][..each];
        let counters = &mut self.counters[number];
        // Mostly it is pages of the largest that come and go: what is not counted for another segment is its own.
        let (mut all, mut others) = (SegmentCounters::default(), SegmentCounters::default());
        let mut of_another = |page: PageId, count: &dyn Fn(&mut SegmentCounters)| {
            count(&mut segments[program.segment_of[page.index()].index()]);
            count(&mut others);
        };
        for fault in faults {
            all.came(fault);
            if !self.pages_of_largest.contains(&fault.come.get()) {
                of_another(fault.come, &|segment| segment.came(fault));
            }
            if fault.is_for_one() {
                counters.swap_attempts += u64::from(fault.attempts);
                counters.ptes_invalidated += u64::from(fault.entries);
                all.went(fault);
                if !self.pages_of_largest.contains(&fault.gone.get()) {
                    of_another(fault.gone, &|segment| segment.went(fault));
                }
            }
        }
        counters.zero_faults += all.zero_faults;
        counters.swap_ins += all.swap_ins;
        counters.swap_outs += all.swap_outs;
        counters.dirty_swap_outs += all.dirty_swap_outs;
        if let Some(largest) = segments.get_mut(self.largest) {
            largest.zero_faults += all.zero_faults - others.zero_faults;
            largest.swap_ins += all.swap_ins - others.swap_ins;
            largest.swap_outs += all.swap_outs - others.swap_outs;
            largest.dirty_swap_outs += all.dirty_swap_outs - others.dirty_swap_outs;
            largest.residence = largest.residence.wrapping_add(all.residence.wrapping_sub(others.residence));
        }
        tell(faults);
        self.latest.counts[number] = 0;
    }

    /// The counters of a size, when all its faults are counted.
    fn counters_of(&self, number: usize) -> Counters {
        let (counters, hand) = (self.counters[number], &self.hands[number]);
        Counters {
            out_of_memory: counters.out_of_memory + hand.out_of_memory,
            failed_scans: counters.failed_scans + hand.failed_scans,
            young_cleared: counters.young_cleared + hand.young_cleared,
            wasted_invalidations: counters.wasted_invalidations + hand.wasted,
            ptes_invalidated: counters.ptes_invalidated + hand.entries_in_vain,
            swap_attempts: counters.swap_attempts + hand.attempts_in_vain,
            ..counters
        }
    }
}

impl SegmentCounters {
    /// A page of the segment came in.
    #[inline(always)]
    fn came(&mut self, fault: &Exchange) {
        let swap_in = u64::from(fault.is_from_swap());
        self.swap_ins += swap_in;
        self.zero_faults += 1 - swap_in;
        self.residence = self.residence.wrapping_sub(fault.position());
    }

    /// A page of the segment went.
    #[inline(always)]
    fn went(&mut self, fault: &Exchange) {
        self.swap_outs += 1;
        self.dirty_swap_outs += u64::from(fault.is_dirty());
        self.residence = self.residence.wrapping_add(fault.position());
    }
}

impl Kernel {
    /// Lends what a fault changes, for a hand with these pages ahead of it. False, and nothing is lent, where there is more to a
    /// fault than is done there.
    pub(crate) fn lend_frames(&mut self, frames: &mut Frames, ahead: Range<PageId>, reclaim: Reclaim) -> bool {
        let Some(number) = self.lends_as() else { return false };
        if self.shm_rss == 0 {
            self.resident.keep_empty(self.program.footprint() as usize);
        }
        if self.resident.set().is_none() {
            return false;
        }
        self.lend(frames, number, ahead, reclaim);
        true
    }

    /// The same where a ring of all pages in memory tells which one goes; it is asked for where no frame is free.
    pub(crate) fn lend_full_frames(
        &mut self,
        frames: &mut Frames,
        ring: impl FnOnce() -> Option<Ring>,
        reclaim: Reclaim,
    ) -> bool {
        let Some(number) = self.lends_as().filter(|_| self.shm_rss == self.frames) else { return false };
        let Some(ring) = ring() else { return false };
        frames.rings[number] = ring;
        self.lend(frames, number, PageId::new(0)..PageId::new(0), reclaim);
        frames.by_ring |= 1 << number;
        true
    }

    /// The number of its lane, where a fault is no more than what is done there.
    fn lends_as(&self) -> Option<usize> {
        let lane = self.lane.filter(|_| !self.keeps_slots::<Nothing>() && self.table.locked() == 0)?;
        Some(lane.number as usize)
    }

    /// Lends what a fault changes of every kind of hand.
    fn lend(&mut self, frames: &mut Frames, number: usize, ahead: Range<PageId>, reclaim: Reclaim) {
        frames.resident[number] = std::mem::take(&mut self.resident);
        frames.hands[number] = Hand {
            next: ahead.start,
            end: ahead.end,
            shm_rss: self.shm_rss as u32,
            // No more can be in memory than there are.
            most: u32::try_from(self.frames).unwrap_or(u32::MAX),
            reclaim,
            ..Hand::default()
        };
        frames.counters[number] = self.counters;
        let each = self.segments.len();
        frames.segments[number * each..][..each].copy_from_slice(&self.segments);
    }

    /// Takes the ring of [`Kernel::lend_full_frames`] back.
    pub(crate) fn take_ring_back(&self, frames: &mut Frames) -> Ring {
        let Some(lane) = self.lane else { unreachable!("it has lent one") };
        std::mem::take(&mut frames.rings[lane.number as usize])
    }

    /// Takes back what was lent, when all faults are counted; the pages that the hand has ahead of it.
    pub(crate) fn take_frames_back(&mut self, frames: &mut Frames) -> Range<PageId> {
        let Some(lane) = self.lane else { unreachable!("it has lent them") };
        let number = lane.number as usize;
        let Hand { next, end, shm_rss, .. } = frames.hands[number];
        let counters = frames.counters_of(number);
        (self.counters, self.shm_rss) = (counters, u64::from(shm_rss));
        let each = self.segments.len();
        self.segments.copy_from_slice(&frames.segments[number * each..][..each]);
        self.resident = std::mem::take(&mut frames.resident[number]);
        next..end
    }
}
