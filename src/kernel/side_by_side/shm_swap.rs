//! Faults at several memory sizes at which the pages that go are those that `shm_swap` finds: all that happens at a size at a
//! fault, in one loop that knows the width of the words, and with what it changes beside the words close together.
//!
//! These are the rules of `src/kernel/faults.rs`, `src/kernel/evict.rs` and of the priority loop in `src/replay.rs`, for the plain
//! case: pages are tried in their order from where the hand is, by a second chance for each sharer; no segment is locked, and
//! slots of swap are not kept. What else there is goes by those, and the counts are compared in `tests/passes.rs`. Where the
//! hand goes at the end of a segment is not known here.
//!
//! Three wrong guesses a fault are what it takes most of its time for: whether a page is old, whether the budget is used up, and
//! whether the next page is in the same word of the set. What did not help: to call the next page's word from memory; to count
//! in variables of the loop, with more instructions for them; to go over the set with an iterator.

use std::ops::Range;

use super::super::bitmap::Bitmap;
use super::super::page_tables::{Tables, Unmapped, Words, with_tables};
use super::super::{Counters, Kernel, SegmentCounters};
use super::{Arrays, Lane, Lanes, SideBySide};
use crate::ids::{PageId, SegmentNumber};
use crate::program::{Program, Reference};

/// What a fault changes of the model of one memory size, beside its page tables: lent by the model meanwhile.
#[derive(Debug, Default)]
pub struct Frames {
    /// How many there are.
    count: u64,
    shm_rss: u64,
    shm_swp: u64,
    /// Pages that the hand goes over before it has to be asked for more: [`Others::next_page`].
    pub(crate) ahead: Range<PageId>,
    /// The priority at which a reclaim starts (R33).
    start_priority: u32,
    counters: Counters,
    segments: Vec<SegmentCounters>,
    resident: Bitmap,
}

/// Who has the rest of what belongs to a size, and is told of its faults by its number.
pub trait Others {
    /// The next resident page where the hand has nothing ahead of it; it has the pages behind that one ahead of it then. None
    /// where the scan has to end (R21). `begins` tells whether the hand has not been asked before in the same scan.
    fn next_page(&mut self, number: usize, frames: &mut Frames, begins: bool) -> Option<PageId>;

    /// A page was swapped out by a reclaim that examined `attempts` pages and took `entries` entries.
    fn swapped_out(&mut self, number: usize, page: PageId, attempts: u64, entries: u64);

    /// The page of the reference came in; from swap, or as a page of zeros.
    fn came_in(&mut self, number: usize, from_swap: bool);
}

/// A reference to a page that is in no frame.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    reference: Reference,
    /// The references before it.
    now: u64,
}

impl Kernel {
    /// Lends what a fault changes, for a hand with these pages ahead of it. None where there is more to a fault than is done
    /// here.
    pub(crate) fn lend_frames(&mut self, ahead: Range<PageId>, start_priority: u32) -> Option<Frames> {
        if self.keeps_slots() || self.table.locked() > 0 || self.lane.is_none() {
            return None;
        }
        if self.shm_rss == 0 {
            self.resident.keep_empty(self.program.footprint() as usize);
        }
        let resident = self.resident.lend()?;
        Some(Frames {
            count: self.frames,
            shm_rss: self.shm_rss,
            shm_swp: self.shm_swp,
            ahead,
            start_priority,
            counters: self.counters,
            segments: std::mem::take(&mut self.segments),
            resident,
        })
    }

    /// Takes back what was lent.
    pub(crate) fn take_frames_back(&mut self, frames: Frames) {
        let Frames { shm_rss, shm_swp, counters, segments, resident, .. } = frames;
        (self.shm_rss, self.shm_swp, self.counters, self.segments) = (shm_rss, shm_swp, counters, segments);
        self.resident.take_back(resident);
    }

    /// Has the resident pages back for a look at them.
    pub(crate) fn with_resident<T>(&mut self, frames: &mut Frames, look: impl FnOnce(&mut Self) -> T) -> T {
        self.resident.take_back(std::mem::take(&mut frames.resident));
        let seen = look(self);
        frames.resident = self.resident.lend().unwrap_or_default();
        seen
    }
}

impl SideBySide {
    /// A reference at these sizes, at which its page is in no frame: it comes into one where one can be had. Those sizes.
    pub fn fault(
        &mut self,
        program: &Program,
        reference: Reference,
        now: u64,
        sizes: u64,
        frames: &mut [Frames],
        others: &mut impl Others,
    ) -> u64 {
        let (shift, wide) = (self.shift, self.wide);
        let Arrays { tables, unsettled, .. } = self.arrays_mut();
        let segments = if program.segments.len() > 1 { &program.segment_of[..] } else { &[] };
        let mut swap = ShmSwap { shift, frames, others, unsettled, segments };
        let wanted = Wanted { reference, now };
        #[allow(unsafe_code, unused_unsafe)]
        match (tables, wide) {
            // SAFETY: the processor has what these are compiled for: there is a `WideWords` only where it was asked.
            (Tables { is_one: true, one, .. }, Some(_)) => unsafe { fault_bytes(one, &mut swap, wanted, sizes) },
            // SAFETY: as above.
            (Tables { is_few: true, few, .. }, Some(_)) => unsafe { fault_few(few, &mut swap, wanted, sizes) },
            // SAFETY: as above.
            (Tables { is_several: true, several, .. }, Some(_)) => unsafe {
                fault_several(several, &mut swap, wanted, sizes)
            },
            (tables, _) => with_tables!(tables, entries => swap.fault(entries, wanted, sizes)),
        }
    }
}

/// Ties a width of words to what is compiled for counting bits in one instruction.
macro_rules! wide {
    ($word:ty, $name:ident) => {
        #[cfg_attr(target_arch = "x86_64", target_feature(enable = "popcnt,lzcnt,bmi1,bmi2"))]
        fn $name<O: Others>(
            words: &mut Words<$word, Lane>,
            swap: &mut ShmSwap<'_, O>,
            wanted: Wanted,
            sizes: u64,
        ) -> u64 {
            swap.fault(words, wanted, sizes)
        }
    };
}
wide!(u8, fault_bytes);
wide!(u32, fault_few);
wide!(u64, fault_several);

/// All sizes, but for their page tables.
struct ShmSwap<'s, O> {
    shift: u32,
    frames: &'s mut [Frames],
    others: &'s mut O,
    unsettled: &'s mut [u64],
    /// The segment of each page; empty where there is one.
    segments: &'s [SegmentNumber],
}

impl<O: Others> ShmSwap<'_, O> {
    #[inline(always)]
    fn fault(&mut self, entries: &mut impl Lanes, wanted: Wanted, sizes: u64) -> u64 {
        let (mut left, mut had) = (sizes, 0);
        while left != 0 {
            let number = left.trailing_zeros();
            left &= left - 1;
            entries.set_lane(Lane { shift: self.shift, number });
            let number = number as usize;
            let frames = &self.frames[number];
            if frames.shm_rss == frames.count && !self.try_to_free_page(entries, wanted, number) {
                // R37, A8.
                self.frames[number].counters.out_of_memory += 1;
                continue;
            }
            self.bring_in(entries, wanted, number);
            had |= 1 << number;
        }
        had
    }

    /// R13 to R15.
    #[inline(always)]
    fn bring_in(&mut self, entries: &mut impl Lanes, Wanted { reference, now }: Wanted, number: usize) {
        let was_in_swap = entries.bring_in(reference);
        let segment = segment_of(self.segments, reference.page);
        let frames = &mut self.frames[number];
        frames.resident.insert(reference.page.index());
        frames.shm_rss += 1;
        let (zero, swap_in) = (u64::from(!was_in_swap), u64::from(was_in_swap));
        frames.shm_swp -= swap_in;
        frames.counters.zero_faults += zero;
        frames.counters.swap_ins += swap_in;
        let segment = &mut frames.segments[segment];
        segment.residence = segment.residence.wrapping_sub(now);
        segment.zero_faults += zero;
        segment.swap_ins += swap_in;
        self.others.came_in(number, was_in_swap);
    }

    /// The priority loop (R33), which ends with the first page that goes.
    #[inline(always)]
    fn try_to_free_page(&mut self, entries: &mut impl Lanes, wanted: Wanted, number: usize) -> bool {
        let frames = &self.frames[number];
        let (rss, attempts, taken) = (frames.shm_rss, frames.counters.swap_attempts, frames.counters.ptes_invalidated);
        for priority in (0..=frames.start_priority).rev() {
            if let Some(page) = self.scan(entries, wanted, number, rss >> priority) {
                let counters = &self.frames[number].counters;
                let (attempts, taken) = (counters.swap_attempts - attempts, counters.ptes_invalidated - taken);
                self.others.swapped_out(number, page, attempts, taken);
                return true;
            }
        }
        false
    }

    /// A scan with a budget (R18, R22 to R27). It never meets a page twice, of which R28 tells: its budget is no more than the
    /// pages in memory.
    #[inline(always)]
    fn scan(&mut self, entries: &mut impl Lanes, wanted: Wanted, number: usize, budget: u64) -> Option<PageId> {
        if budget == 0 {
            return None;
        }
        let frames = &mut self.frames[number];
        let (mut left, mut begins) = (budget, true);
        loop {
            let ahead = &mut frames.ahead;
            let page = match frames.resident.next_set(ahead.start.index(), ahead.end.index()) {
                Some(page) => {
                    ahead.start = PageId::from_index(page + 1);
                    PageId::from_index(page)
                }
                None => match self.others.next_page(number, frames, std::mem::take(&mut begins)) {
                    Some(page) => page,
                    None => break,
                },
            };
            frames.counters.swap_attempts += 1;
            // The page that trips the budget is counted and not tried (R24).
            if left == 0 {
                break;
            }
            left -= 1;
            let Some(Unmapped { taken, left, written }) = entries.unmap(page, true) else { continue };
            self.unsettled[page.index()] |= 1 << number;
            frames.counters.ptes_invalidated += u64::from(taken);
            if left == 0 {
                frames.write_out(page, segment_of(self.segments, page), wanted.now, written);
                return Some(page);
            }
            frames.counters.young_cleared += u64::from(left);
            frames.counters.wasted_invalidations += u64::from(taken);
        }
        frames.counters.failed_scans += 1;
        None
    }
}

/// The segment of a page, where these are the segments of all; there is one where they are empty.
#[inline(always)]
fn segment_of(segments: &[SegmentNumber], page: PageId) -> usize {
    if segments.is_empty() { 0 } else { segments[page.index()].index() }
}

impl Frames {
    /// R26.
    #[inline(always)]
    fn write_out(&mut self, page: PageId, segment: usize, now: u64, dirty: bool) {
        self.resident.remove(page.index());
        self.shm_rss -= 1;
        self.shm_swp += 1;
        self.counters.swap_outs += 1;
        self.counters.dirty_swap_outs += u64::from(dirty);
        let segment = &mut self.segments[segment];
        segment.residence = segment.residence.wrapping_add(now);
        segment.swap_outs += 1;
        segment.dirty_swap_outs += u64::from(dirty);
    }
}
