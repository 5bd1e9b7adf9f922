//! The memory model: all mechanism of Linux 2.0 shared memory (rules R1 to R52), in flat arrays.
//!
//! [`Kernel`] holds the state; `faults` maps pages and brings them in, `evict` ages and unmaps and writes out, `shm`
//! creates, attaches, detaches, removes, locks, forks and exits, [`swap`] gives and takes slots, [`memory`] is what a
//! policy may see of it all. No policy is known here by name, no file is read or written, and nothing is printed.
//!
//! The entries of all sharers of a page stand in one word (`page_tables`). The use count of a frame (R5) is not stored:
//! it is one for the segment's own word and one for each present entry. Only pages that the trace refers to have a number,
//! so the arrays are as large as the footprint, whatever the size of the segments.

mod accessed_bits;
pub mod bitmap;
pub mod encoding;
mod evict;
mod faults;
pub(crate) mod known;
pub mod kswapd;
mod many_sharers;
pub mod memory;
pub(crate) mod page_tables;
mod resident_pages;
mod second_chance;
pub mod segments;
mod shared_second_chance;
mod shm;
pub mod side_by_side;
pub(crate) mod slot_map;
pub mod swap;
mod verify;

use std::sync::Arc;

use crate::ids::{Column, PageId, SegmentNumber};
use crate::processor::WideWords;
use crate::program::Program;
use crate::trace::SwapArea;

pub use evict::{Pick, Verdict};
pub use faults::Fault;
use known::{Known, Nothing};
pub use memory::Memory;
pub(crate) use page_tables::Entries;
pub use page_tables::bytes_of_entries;
use page_tables::{PageTables, with_entries, with_known};
use resident_pages::ResidentPages;
use segments::SegmentTable;
use side_by_side::Lane;
use swap::{Swap, SwapSlot};

/// The word that a segment's list has for a page (R2, R8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageState {
    /// Never touched.
    Zero,
    /// In a frame; the use count of the frame (R5).
    Resident {
        /// One for the segment's own word, one for each present entry.
        count: u32,
    },
    /// In a swap area.
    Swapped(SwapSlot),
}

/// What was counted. See [`crate::results::Row`] for the meaning of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
// In this order for the same reason as those of a segment.
pub struct Counters {
    /// R12.
    pub minor_faults: u64,
    /// R13.
    pub zero_faults: u64,
    /// R26 (`swap_successes`).
    pub swap_outs: u64,
    /// R14.
    pub swap_ins: u64,
    /// Swap-outs of pages written since they last came in.
    pub dirty_swap_outs: u64,
    /// Those of a page that stayed (R26).
    pub wasted_invalidations: u64,
    /// Entries replaced by a signature (R25).
    pub ptes_invalidated: u64,
    /// R37.
    pub out_of_memory: u64,
    /// Pages examined (`swap_attempts`, R24).
    pub swap_attempts: u64,
    /// Scans that began and failed (R27).
    pub failed_scans: u64,
    /// Accessed bits cleared (R25).
    pub young_cleared: u64,
}

/// What was counted for one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
// What a fault adds to stands apart from what an eviction adds to: neighbours would be added to by one wide instruction, and a
// wide load of what two narrow stores have just written waits for both.
pub struct SegmentCounters {
    /// R13.
    pub zero_faults: u64,
    /// R26.
    pub swap_outs: u64,
    /// R14.
    pub swap_ins: u64,
    /// Swap-outs of pages written since they last came in.
    pub dirty_swap_outs: u64,
    /// Resident pages that went with their segment (R42).
    pub(crate) gone: u64,
    /// R12.
    pub minor_faults: u64,
    /// Resident pages summed over the references so far, less the resident pages times the present position: what a page adds is
    /// known only when it leaves, so its arrival is taken off and its departure put on. Wrapping.
    residence: u64,
}

impl SegmentCounters {
    /// Resident pages summed over the first `now` references.
    pub fn resident_references(&self, now: u64) -> u64 {
        self.residence.wrapping_add(self.resident().wrapping_mul(now))
    }

    /// Pages resident at present: those that came in and did not leave.
    pub fn resident(&self) -> u64 {
        self.zero_faults + self.swap_ins - self.swap_outs - self.gone
    }
}

/// The most slots that all swap areas may have together.
pub const MOST_SWAP_SLOTS: u64 = (u32::MAX - 1) as u64;

/// The state of the model.
#[derive(Clone, Debug)]
pub struct Kernel {
    program: Arc<Program>,
    table: SegmentTable,
    pub(crate) tables: PageTables,
    /// The resident pages, for scans over pages in order.
    resident: ResidentPages,
    frames: u64,
    shm_rss: u64,
    /// Pages that were in swap when their segment went.
    gone_from_swap: u64,
    shm_tot: u128,
    swap: Swap,
    /// The slot of each page in swap as a number; empty where slots are not kept.
    slots: Vec<u32>,
    now: u64,
    /// A time at which no page was young: the number of references before it.
    all_old_at: u64,
    counters: Counters,
    segments: Vec<SegmentCounters>,
    /// Attachments that have ended and whose entries are yet to be emptied.
    ended: Vec<(SegmentNumber, Column)>,
    /// Where its page tables are among those of other memory sizes; none where they stand alone.
    lane: Option<Lane>,
    /// Whether pages get their second chance many at a time.
    wide_words: Option<WideWords>,
}

impl Kernel {
    /// Memory of `frames` frames with nothing in it, for the pages of a program; `swap` are the swap areas, none is as
    /// much swap as the program can use, and no slots are kept then until [`Kernel::keep_slots`].
    ///
    /// # Panics
    /// When the areas have more than [`MOST_SWAP_SLOTS`] slots together; options are checked for that.
    pub fn new(program: Arc<Program>, frames: u64, swap: Option<&[SwapArea]>) -> Self {
        let pages = program.footprint() as usize;
        Self {
            table: SegmentTable::default(),
            tables: PageTables::new(pages, program.counts.most_attachments),
            resident: ResidentPages::default(),
            frames,
            shm_rss: 0,
            gone_from_swap: 0,
            shm_tot: 0,
            slots: if swap.is_some() { vec![0; pages] } else { Vec::new() },
            swap: swap.map(Swap::new).unwrap_or_default(),
            now: 0,
            all_old_at: 0,
            counters: Counters::default(),
            segments: vec![SegmentCounters::default(); program.segments.len()],
            ended: Vec::new(),
            lane: None,
            wide_words: WideWords::of_processor(),
            program,
        }
    }

    /// Keeps the slot of each page in swap where swap is unlimited too: no count depends on it, but who watches is told of
    /// it. Pages that are in swap already get theirs in the order of their numbers.
    pub fn keep_slots(&mut self) {
        if self.keeps_slots::<Nothing>() || self.program.footprint() == 0 {
            return;
        }
        // One more than all pages: a swap-in frees its slot only when it has its frame (R14, R52).
        let slots = self.program.footprint().saturating_add(1).min(u32::MAX - 1);
        self.swap = Swap::new(&[SwapArea { slots, priority: None }]);
        self.slots = vec![0; self.program.footprint() as usize];
        for page in 0..self.program.footprint() {
            let in_swap = self.is_in_swap(PageId::new(page));
            if let Some(slot) = in_swap.then(|| self.swap.take()).flatten() {
                self.slots[page as usize] = self.swap.number_of(slot);
            }
        }
    }

    #[inline(always)]
    fn keeps_slots<K: Known>(&self) -> bool {
        !K::PLAIN && !self.slots.is_empty()
    }

    /// Does without the processor's wide instructions from now on, which changes no result.
    pub(crate) fn use_plain_instructions(&mut self) {
        self.wide_words = None;
    }

    /// The program that is replayed.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The segment table.
    pub fn table(&self) -> &SegmentTable {
        &self.table
    }

    /// The swap areas; there are none where slots are not kept.
    pub fn swap(&self) -> &Swap {
        &self.swap
    }

    /// Frames of memory.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Frames that hold nothing (assumption A1: only shared pages take frames).
    #[inline]
    pub fn free_frames(&self) -> u64 {
        self.frames - self.shm_rss
    }

    /// Resident pages of all segments, locked or not (R6, R46).
    #[inline]
    pub fn shm_rss(&self) -> u64 {
        self.shm_rss
    }

    /// Pages in swap (R6): those that were written and did not come back.
    pub fn shm_swp(&self) -> u64 {
        self.counters.swap_outs - self.counters.swap_ins - self.gone_from_swap
    }

    /// Pages of all segments that exist, touched or not (R6).
    pub fn shm_tot(&self) -> u128 {
        self.shm_tot
    }

    /// The references replayed so far.
    #[inline]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Says how many references were replayed so far; what happens next happens at that time.
    #[inline]
    pub fn set_now(&mut self, now: u64) {
        self.now = now;
    }

    /// What was counted so far.
    #[inline]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What was counted so far for each segment.
    pub fn segment_counters(&self) -> &[SegmentCounters] {
        &self.segments
    }

    /// Where a page is. A page in swap has slot 0 of area 0, which there is not, where slots are not kept.
    pub fn page_state(&self, page: PageId) -> PageState {
        if self.is_resident(page) {
            PageState::Resident { count: 1 + with_entries!(&self.tables, entries => entries.present(page)) }
        } else if self.is_in_swap(page) {
            PageState::Swapped(self.slot_of(page))
        } else {
            PageState::Zero
        }
    }

    /// The slot of a page in swap.
    #[inline]
    fn slot_of(&self, page: PageId) -> SwapSlot {
        self.slots.get(page.index()).map_or(SwapSlot::NONE, |&number| self.swap.slot_of(number))
    }

    /// Whether the entry of an attachment is present, and if so whether it is young (R4).
    pub fn entry(&self, page: PageId, column: Column) -> Option<bool> {
        with_entries!(&self.tables, entries => entries.entry(page, column))
    }

    /// Whether a page in a frame was written since it last came in.
    #[inline(always)]
    pub fn written(&self, page: PageId) -> bool {
        with_entries!(&self.tables, entries => entries.is_written(page))
    }

    /// [`Kernel::is_resident`].
    #[inline(always)]
    pub(crate) fn is_known_resident<K: Known>(&self, page: PageId) -> bool {
        with_known!(K, &self.tables, entries => entries.is_resident(page))
    }

    /// Whether a page is in a frame.
    #[inline(always)]
    pub fn is_resident(&self, page: PageId) -> bool {
        self.is_known_resident::<Nothing>(page)
    }

    /// Whether a page is in a swap area.
    #[inline(always)]
    fn is_in_swap(&self, page: PageId) -> bool {
        with_entries!(&self.tables, entries => entries.is_in_swap(page))
    }

    /// The segment of a page.
    #[inline(always)]
    pub fn segment_of(&self, page: PageId) -> SegmentNumber {
        if self.segments.len() == 1 { SegmentNumber::new(0) } else { self.program.segment_of[page.index()] }
    }

    /// Whether a page belongs to a locked segment (R21, R45).
    #[inline(always)]
    pub fn is_locked(&self, page: PageId) -> bool {
        self.is_known_locked::<Nothing>(page)
    }

    /// [`Kernel::is_locked`].
    #[inline(always)]
    fn is_known_locked<K: Known>(&self, page: PageId) -> bool {
        !K::PLAIN && self.table.locked() > 0 && self.table.descriptor(self.segment_of(page)).locked
    }
}
