//! The memory model: all mechanism of Linux 2.0 shared memory (rules R1 to R52), in flat arrays.
//!
//! [`Kernel`] holds the state; `faults` maps pages and brings them in, `evict` ages and unmaps and writes out, `shm`
//! creates, attaches, detaches, removes, locks, forks and exits, [`swap`] gives and takes slots, [`memory`] is what a
//! policy may see of it all. No policy is known here by name, no file is read or written, and nothing is printed.
//!
//! For each page two masks hold one bit for each attachment of its segment: present, and young among the present. The
//! kernel's walk over the attachments (R25) is a few operations on these. The use count of a frame (R5) is not stored:
//! it is one for the segment's own word and one for each present bit. Only pages that the trace refers to have a number,
//! so the arrays are as large as the footprint, whatever the size of the segments.

pub mod bitmap;
pub mod encoding;
mod evict;
mod faults;
pub mod kswapd;
pub mod memory;
pub mod segments;
mod shm;
pub mod swap;
mod verify;

use std::sync::Arc;

use crate::ids::{Column, PageId, SegmentNumber};
use crate::program::{Program, Reference};
use crate::trace::SwapArea;

pub use evict::{Pick, Verdict};
pub use faults::Fault;
pub use memory::Memory;
use segments::SegmentTable;
use swap::{Swap, SwapSlot};

/// The entries of all sharers of a page, up to 64 of them: bit n is the attachment in column n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entries {
    /// Present in the process's page table; otherwise the entry is a signature (R4, R7).
    present: u64,
    /// Present and young: the accessed bit is set. Always a part of `present`.
    young: u64,
}

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
pub struct Counters {
    /// R12.
    pub minor_faults: u64,
    /// R13.
    pub zero_faults: u64,
    /// R14.
    pub swap_ins: u64,
    /// R26 (`swap_successes`).
    pub swap_outs: u64,
    /// Swap-outs of pages written since they last came in.
    pub dirty_swap_outs: u64,
    /// Entries replaced by a signature (R25).
    pub ptes_invalidated: u64,
    /// Those of a page that stayed (R26).
    pub wasted_invalidations: u64,
    /// Pages examined (`swap_attempts`, R24).
    pub swap_attempts: u64,
    /// Accessed bits cleared (R25).
    pub young_cleared: u64,
    /// Scans that began and failed (R27).
    pub failed_scans: u64,
    /// R37.
    pub out_of_memory: u64,
}

/// What was counted for one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentCounters {
    /// R12.
    pub minor_faults: u64,
    /// R13.
    pub zero_faults: u64,
    /// R14.
    pub swap_ins: u64,
    /// R26.
    pub swap_outs: u64,
    /// Swap-outs of pages written since they last came in.
    pub dirty_swap_outs: u64,
    /// Pages resident at present.
    pub resident: u64,
    /// Resident pages summed over the references so far, less `resident` times the present position: what a page adds is
    /// known only when it leaves, so its arrival is taken off and its departure put on. Wrapping.
    residence: u64,
}

impl SegmentCounters {
    /// Resident pages summed over the first `now` references.
    pub fn resident_references(&self, now: u64) -> u64 {
        self.residence.wrapping_add(self.resident.wrapping_mul(now))
    }
}

/// The list word of a page in 32 bits: [`LIST_ZERO`], [`LIST_RESIDENT`], or [`LIST_SWAPPED`] and the number of the slot.
type ListWord = u32;
const LIST_ZERO: ListWord = 0;
const LIST_RESIDENT: ListWord = 1;
const LIST_SWAPPED: ListWord = 1;

/// The most slots that all swap areas may have together.
pub const MOST_SWAP_SLOTS: u64 = (u32::MAX - 1) as u64;

/// The state of the model.
#[derive(Clone, Debug)]
pub struct Kernel {
    program: Arc<Program>,
    table: SegmentTable,
    /// `1 << words_shift` words of each mask for each page: 0 up to 64 attachments of a segment at a time.
    words_shift: u32,
    entries: Vec<Entries>,
    list: Vec<ListWord>,
    /// Whether the page was written since it last came in.
    written: Vec<bool>,
    resident: bitmap::Bitmap,
    frames: u64,
    shm_rss: u64,
    shm_swp: u64,
    shm_tot: u128,
    swap: Swap,
    now: u64,
    counters: Counters,
    segments: Vec<SegmentCounters>,
    /// Pages that went with their segment since the policy was last told, and whether they were resident.
    gone: Vec<(PageId, bool)>,
}

impl Kernel {
    /// Memory of `frames` frames with nothing in it, for the pages of a program; `swap` are the swap areas, none is as
    /// much swap as the program can use.
    ///
    /// # Panics
    /// When the areas have more than [`MOST_SWAP_SLOTS`] slots together; options are checked for that.
    pub fn new(program: Arc<Program>, frames: u64, swap: Option<&[SwapArea]>) -> Self {
        let pages = program.footprint() as usize;
        let words_shift = program.counts.most_attachments.div_ceil(64).max(1).next_power_of_two().trailing_zeros();
        // One more than all pages: a swap-in frees its slot only when it has its frame (R14, R52).
        let unlimited = [SwapArea { slots: program.footprint().saturating_add(1).min(u32::MAX - 1), priority: None }];
        Self {
            table: SegmentTable::default(),
            words_shift,
            entries: vec![Entries::default(); pages << words_shift],
            list: vec![LIST_ZERO; pages],
            written: vec![false; pages],
            resident: bitmap::Bitmap::new(pages),
            frames,
            shm_rss: 0,
            shm_swp: 0,
            shm_tot: 0,
            swap: Swap::new(swap.unwrap_or(&unlimited)),
            now: 0,
            counters: Counters::default(),
            segments: vec![SegmentCounters::default(); program.segments.len()],
            gone: Vec::new(),
            program,
        }
    }

    /// The program that is replayed.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The segment table.
    pub fn table(&self) -> &SegmentTable {
        &self.table
    }

    /// The swap areas.
    pub fn swap(&self) -> &Swap {
        &self.swap
    }

    /// Frames of memory.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Frames that hold nothing (assumption A1: only shared pages take frames).
    pub fn free_frames(&self) -> u64 {
        self.frames - self.shm_rss
    }

    /// Resident pages of all segments, locked or not (R6, R46).
    pub fn shm_rss(&self) -> u64 {
        self.shm_rss
    }

    /// Pages in swap (R6).
    pub fn shm_swp(&self) -> u64 {
        self.shm_swp
    }

    /// Pages of all segments that exist, touched or not (R6).
    pub fn shm_tot(&self) -> u128 {
        self.shm_tot
    }

    /// The references replayed so far.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Says how many references were replayed so far; what happens next happens at that time.
    pub fn set_now(&mut self, now: u64) {
        self.now = now;
    }

    /// What was counted so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What was counted so far for each segment.
    pub fn segment_counters(&self) -> &[SegmentCounters] {
        &self.segments
    }

    /// Where a page is.
    pub fn page_state(&self, page: PageId) -> PageState {
        match self.list[page.index()] {
            LIST_ZERO => PageState::Zero,
            LIST_RESIDENT => PageState::Resident { count: 1 + self.present_entries(page) },
            word => PageState::Swapped(self.swap.slot_of(word - LIST_SWAPPED)),
        }
    }

    /// Whether the entry of an attachment is present, and if so whether it is young (R4).
    pub fn entry(&self, page: PageId, column: Column) -> Option<bool> {
        let (word, bit) = self.place(page, column);
        let entries = self.entries[word];
        (entries.present & bit != 0).then_some(entries.young & bit != 0)
    }

    /// Whether a page was written since it last came in.
    pub fn written(&self, page: PageId) -> bool {
        self.written[page.index()]
    }

    /// Whether a page is in a frame.
    pub fn is_resident(&self, page: PageId) -> bool {
        self.resident.contains(page.index())
    }

    /// The segment of a page.
    pub fn segment_of(&self, page: PageId) -> SegmentNumber {
        self.program.segment_of[page.index()]
    }

    /// Whether a page belongs to a locked segment (R21, R45).
    pub fn is_locked(&self, page: PageId) -> bool {
        self.table.descriptor(self.segment_of(page)).locked
    }

    /// A reference to a present entry (R11): sets the accessed bit, and true. False where a fault is due; nothing was done
    /// then.
    #[inline(always)]
    pub fn hit(&mut self, reference: Reference) -> bool {
        let (word, bit) = self.place(reference.page, reference.column);
        let entries = &mut self.entries[word];
        let present = entries.present & bit != 0;
        if present {
            entries.young |= bit;
            self.written[reference.page.index()] |= reference.write;
        }
        present
    }

    /// The word of the masks, and the bit in it, of an attachment's entry for a page.
    #[inline(always)]
    fn place(&self, page: PageId, column: Column) -> (usize, u64) {
        ((page.index() << self.words_shift) + column.index() / 64, 1 << (column.index() % 64))
    }

    /// The words of the masks of a page.
    fn words(&self, page: PageId) -> std::ops::Range<usize> {
        page.index() << self.words_shift..(page.index() + 1) << self.words_shift
    }

    /// Present entries of a page over all sharers.
    fn present_entries(&self, page: PageId) -> u32 {
        self.entries[self.words(page)].iter().map(|entries| entries.present.count_ones()).sum()
    }
}
