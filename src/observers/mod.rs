//! What watches a replay: the event log, the log of scans, the timeline. They are told of faults and scans, never of
//! hits, and can't change anything.

mod absences;
pub mod distributions;
pub mod event_log;
pub mod swap_outs_by_page;
pub mod tally;

use std::io;

use crate::ids::PageId;
use crate::kernel::swap::SwapSlot;
use crate::kernel::{Fault, Kernel};
use crate::policy::Hand;
use crate::program::Reference;

/// One call of `shm_swap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The priority (R33).
    pub priority: u32,
    /// Whether a page was swapped out.
    pub success: bool,
    /// `shm_rss` at its start.
    pub shm_rss: u64,
    /// Pages that it was allowed to examine (R18).
    pub budget: u64,
    /// Growth of `swap_attempts`.
    pub scanned: u64,
    /// Accessed bits that it cleared.
    pub cleared: u64,
    /// Entries that it took.
    pub invalidated: u64,
    /// The hands before and after it, for policies that have them.
    pub hands: Option<(Hand, Hand)>,
}

/// A page that was swapped out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwapOut {
    /// The page.
    pub page: PageId,
    /// Entries taken from it by the successful scan.
    pub sharers: u32,
    /// Pages that the successful scan examined, this one included.
    pub scanned: u64,
    /// The slot that it went to; [`SwapSlot::NONE`] where slots are not kept.
    pub slot: SwapSlot,
}

/// What an observer has to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// Of everything: slots are kept for it, and each reference is replayed as it is.
    Everything,
    /// Of swap-outs and of the end, which takes a replay no longer. Slots are not kept for it, and of all else it need not hear.
    SwapOuts,
}

/// Something that watches a replay. [`Kernel::now`] is the position of the reference at which things happen.
pub trait Observer: Send {
    /// What it has to be told of; asked once.
    fn attention(&self) -> Attention {
        Attention::Everything
    }

    /// A call of `shm_swap` came to its end.
    fn scanned(&mut self, kernel: &Kernel, scan: &Scan) {
        let _ = (kernel, scan);
    }

    /// A page was swapped out; after [`Observer::scanned`].
    fn swapped_out(&mut self, kernel: &Kernel, out: &SwapOut) {
        let _ = (kernel, out);
    }

    /// A reference was a fault and has been served, or abandoned.
    fn faulted(&mut self, kernel: &Kernel, reference: Reference, fault: Fault) {
        let _ = (kernel, reference, fault);
    }

    /// The replay is over.
    ///
    /// # Errors
    /// When what was to be written could not be.
    fn finish(&mut self, kernel: &Kernel, end: End) -> io::Result<()>;
}

/// How a replay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Where the hands were, for policies that have them.
    pub hand: Option<Hand>,
    /// Whether it ended at an event for which no frame could be had.
    pub stopped: bool,
}
