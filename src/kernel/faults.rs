//! What happens at a reference that is not a hit (R12 to R15): `do_no_page` and `shm_swap_in`, given that a frame is free.
//!
//! Where the frame comes from is not decided here: that is the reclaim of [`crate::replay`].

use super::known::Known;
use super::page_tables::{CountsMinorFaults, Entries, PageTables, with_entries, with_known};
use super::swap::SwapSlot;
use super::{Kernel, SegmentCounters};
use crate::ids::{PageId, SegmentNumber};
use crate::program::Reference;

/// What a fault was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The page was resident, only the process's entry was missing (R12).
    Minor,
    /// First touch of the page (R13).
    Zero,
    /// The page was in swap (R14).
    SwapIn {
        /// The slot that it had, which is free now; [`SwapSlot::NONE`] where slots are not kept.
        slot: SwapSlot,
    },
    /// No frame could be had (R37).
    OutOfMemory,
}

/// The minor faults of a run of references, as they come.
#[derive(Debug)]
pub(crate) struct MinorFaults<'k> {
    /// All of them.
    all: u64,
    /// Where there are several segments, these have them already.
    segments: Option<&'k mut [SegmentCounters]>,
    segment_of: &'k [SegmentNumber],
}

impl CountsMinorFaults for MinorFaults<'_> {
    const CARRIED_OUT: bool = true;

    #[inline(always)]
    fn count(&mut self, page: PageId, minor_fault: bool) {
        self.all += u64::from(minor_fault);
        if let Some(segments) = self.segments.as_mut().filter(|_| minor_fault) {
            segments[self.segment_of[page.index()].index()].minor_faults += 1;
        }
    }
}

impl Kernel {
    /// Puts a resident page into the page table of the process that referred to it, and of no other (R12, R15).
    #[inline]
    pub fn minor_fault(&mut self, reference: Reference) -> Fault {
        debug_assert!(self.is_resident(reference.page), "a minor fault is one on a resident page");
        self.counters.minor_faults += 1;
        self.segment_counters_mut(reference.page).minor_faults += 1;
        with_entries!(&mut self.tables, entries => entries.map(reference));
        Fault::Minor
    }

    /// Gives the page tables to a run of references, in which minor faults are carried out and counted.
    #[inline(always)]
    pub(crate) fn count_minor_faults(
        &mut self,
        run: impl FnOnce(&mut PageTables, &mut MinorFaults<'_>) -> usize,
    ) -> usize {
        let segments = (self.segments.len() > 1).then_some(&mut self.segments[..]);
        let mut minor = MinorFaults { all: 0, segments, segment_of: &self.program.segment_of };
        let done = run(&mut self.tables, &mut minor);
        let minor_faults = minor.all;
        self.counters.minor_faults += minor_faults;
        if let [segment] = &mut self.segments[..] {
            segment.minor_faults += minor_faults;
        }
        done
    }

    /// A page will come in, when there is a frame: what is changed then is called from memory.
    #[inline(always)]
    pub(crate) fn expect(&self, page: PageId) {
        self.resident.expect(page);
    }

    /// Gives up a reference for which no frame could be had; the page's entry stays as it was (R37, A8).
    pub fn abandon(&mut self) -> Fault {
        self.counters.out_of_memory += 1;
        Fault::OutOfMemory
    }

    /// Puts a page that is not resident into a frame (R13, R14), and into the page table of the process that referred to it
    /// (R15).
    ///
    /// # Panics
    /// When no frame is free: the caller sees to that first.
    #[inline(always)]
    pub(crate) fn bring_in<K: Known>(&mut self, reference: Reference) -> Fault {
        assert!(self.free_frames() > 0, "a frame is free before a page is brought in (R14)");
        let page = reference.page;
        let now = self.now;
        self.resident.insert(page);
        let was_in_swap = with_known!(K, &mut self.tables, entries => entries.bring_in(reference));
        self.shm_rss += 1;
        let segment = self.segment_counters_mut(page);
        segment.residence = segment.residence.wrapping_sub(now);
        // Added and not chosen between: which it is can't be foreseen while pages are touched for the first time.
        let (zero, swap_in) = (u64::from(!was_in_swap), u64::from(was_in_swap));
        segment.zero_faults += zero;
        segment.swap_ins += swap_in;
        self.counters.zero_faults += zero;
        self.counters.swap_ins += swap_in;
        let mut slot = SwapSlot::NONE;
        if self.keeps_slots::<K>() && was_in_swap {
            slot = self.slot_of(page);
            self.swap.release(slot);
        }
        if was_in_swap { Fault::SwapIn { slot } } else { Fault::Zero }
    }

    /// A page has left its frame, and its entries are gone: the frame is free. The counters of its segment.
    #[inline(always)]
    pub(super) fn frame_freed(&mut self, page: PageId) -> &mut super::SegmentCounters {
        let now = self.now;
        self.resident.remove(page);
        self.shm_rss -= 1;
        let segment = self.segment_counters_mut(page);
        segment.residence = segment.residence.wrapping_add(now);
        segment
    }

    #[inline(always)]
    pub(super) fn segment_counters_mut(&mut self, page: PageId) -> &mut super::SegmentCounters {
        match &mut self.segments[..] {
            [only] => only,
            several => &mut several[self.program.segment_of[page.index()].index()],
        }
    }
}
