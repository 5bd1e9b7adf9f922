//! What happens to a candidate: the inner half of `shm_swap` (R25, R26).
//!
//! Which page is tried, and when to give up, is not decided here: the first is the policy's answer, the second the
//! budget's in [`crate::replay`].

use super::Kernel;
use super::known::{Known, Nothing};
use super::page_tables::{Entries, Unmapped, with_known};
use super::swap::SwapSlot;
use crate::ids::PageId;

/// A policy's answer to "which page next?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The second chance of the hardware bits, for each sharer on its own: young entries are aged, old ones taken, and the
    /// page goes when none is left (R25, R26).
    IfOld(PageId),
    /// The page goes, though sharers may have used it a moment ago.
    Now(PageId),
}

impl Pick {
    /// The page.
    pub fn page(self) -> PageId {
        match self {
            Self::IfOld(page) | Self::Now(page) => page,
        }
    }
}

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was written out and its frame is free.
    Evicted {
        /// Entries taken from it by this attempt.
        taken: u32,
    },
    /// It stays, and young entries of it were aged.
    StillMapped {
        /// Entries taken from it by this attempt.
        taken: u32,
    },
}

impl Kernel {
    /// Takes a swap slot for a scan (R19); none where all are used.
    #[inline]
    pub(crate) fn take_swap_slot<K: Known>(&mut self) -> Option<SwapSlot> {
        if self.keeps_slots::<K>() { self.swap.take() } else { Some(SwapSlot::NONE) }
    }

    /// Gives back the slot of a scan that found no victim (R27).
    #[inline]
    pub(crate) fn scan_failed<K: Known>(&mut self, slot: SwapSlot) {
        if self.keeps_slots::<K>() {
            self.swap.release(slot);
        }
        self.counters.failed_scans += 1;
    }

    /// Entries that an earlier attempt of the same scan took from what is now its victim were not taken in vain (R28).
    #[inline]
    pub fn not_wasted(&mut self, taken: u32) {
        self.counters.wasted_invalidations -= u64::from(taken);
    }

    /// Counts a page that is examined (`swap_attempts`, R24).
    #[inline]
    pub fn count_attempt(&mut self) {
        self.counters.swap_attempts += 1;
    }

    /// Tries to evict a page into a swap slot (R25, R26). A page that is not resident or that is locked stays as it is.
    #[inline(always)]
    pub(crate) fn try_evict<K: Known>(&mut self, pick: Pick, slot: SwapSlot) -> Verdict {
        let page = pick.page();
        debug_assert!(self.is_resident(page), "a candidate is resident");
        debug_assert!(!self.is_locked(page), "a candidate is not locked");
        if self.is_known_locked::<K>(page) {
            return Verdict::StillMapped { taken: 0 };
        }
        let second_chance = matches!(pick, Pick::IfOld(_));
        let unmapped = with_known!(K, &mut self.tables, entries => entries.unmap(page, second_chance));
        let Some(Unmapped { taken, left, written }) = unmapped else { return Verdict::StillMapped { taken: 0 } };
        if !K::PLAIN {
            self.made_old(page);
        }
        self.counters.ptes_invalidated += u64::from(taken);
        if left > 0 {
            self.counters.young_cleared += u64::from(left);
            self.counters.wasted_invalidations += u64::from(taken);
            return Verdict::StillMapped { taken };
        }
        self.write_out::<K>(page, slot, written);
        Verdict::Evicted { taken }
    }

    /// Writes a page that nobody maps to a slot and frees its frame (R26). Whether it is dirty makes no difference to the
    /// kernel (R17); it is counted for those who want to know what a clean copy in swap would save.
    #[inline(always)]
    fn write_out<K: Known>(&mut self, page: PageId, slot: SwapSlot, dirty: bool) {
        if self.keeps_slots::<K>() {
            self.slots[page.index()] = self.swap.number_of(slot);
        }
        self.counters.swap_outs += 1;
        self.counters.dirty_swap_outs += u64::from(dirty);
        let segment = self.frame_freed(page);
        segment.swap_outs += 1;
        segment.dirty_swap_outs += u64::from(dirty);
    }

    /// Frees what a page of a destroyed segment held, of which the entries are forgotten (R42): a frame if it was resident, else
    /// its place in swap.
    #[inline(always)]
    pub(super) fn page_forgotten(&mut self, page: PageId, was_resident: bool) {
        if was_resident {
            self.frame_freed(page).gone += 1;
            return;
        }
        if self.keeps_slots::<Nothing>() {
            self.swap.release(self.slot_of(page));
        }
        self.gone_from_swap += 1;
    }
}
