//! The clock of Linux 2.0 for System V shared memory: `shm_swap` in `ipc/shm.c`.
//!
//! Two hands go over the segment table: `swap_id`, a segment, and `swap_idx`, a page of it, so that the segments are
//! treated fairly. From where they stopped last time:
//!
//! 1. a slot without a segment, or a locked segment, is passed over, and the page index starts again at 0;
//! 2. pages that are not resident are passed over at no cost;
//! 3. the hands go on, then the page that they pointed at is tried: each sharer's young entry is aged, each old one
//!    taken, and when no entry is left the page is written out;
//! 4. the search ends with the first page written out, when the budget (`shm_rss >> prio`) is used up, or when the end of
//!    the table is passed a second time.
//!
//! The hands go on before the page is tried and stay where they are after a failure, so the page that uses up the budget
//! is passed over untouched until they come round again. Exact: rules R18 to R31, the recorded kernel runs agree call by
//! call. What is done to a candidate is in `src/kernel/evict.rs`, the budget and the priorities in `src/replay.rs`.
//!
//! `version=2.2`: the same scan, but a call for memory repeats it at each priority until it fails, and ends only when 32
//! pages are out or priority 0 has failed too (`SWAP_CLUSTER_MAX`). A call that got fewer has succeeded all the same. That
//! a sharer's new attachment is visited first in 2.2 changes no outcome.

use super::parameters::{Arguments, Parameter};
use super::two_hands::TwoHands;
use super::{Hand, Policy, Setup};
use crate::kernel::{Memory, Pick};
use crate::program::Program;

/// Pages that a call for memory swaps out at most in Linux 2.2.
const SWAP_CLUSTER_MAX: u32 = 32;

/// `shm_swap`'s choice of pages.
#[doc(alias = "shm_swap")]
#[derive(Debug)]
pub struct Linux20 {
    hands: TwoHands,
    start_priority: u32,
    successes_per_call: u32,
}

impl Policy for Linux20 {
    const NAME: &'static str = "linux-2.0";
    const SUMMARY: &'static str =
        "the clock of Linux 2.0 for System V shared memory: two hands, second chance per sharer";
    const SOURCE: &'static str = "Linux 2.0.40, ipc/shm.c, shm_swap";
    const FILE: &'static str = file!();
    const BYTES_PER_PAGE: u64 = 0;
    const PARAMETERS: &'static [Parameter] = &[
        Parameter { key: "prio", default: "6", help: "priority at which a reclaim starts, 0 to 16" },
        Parameter {
            key: "version",
            default: "2.0",
            help: "2.0: a call swaps out one page; 2.2: it goes on at each priority, up to 32 pages",
        },
    ];

    fn new(_setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let start_priority = arguments.whole("prio", 0..=16)? as u32;
        let successes_per_call = match arguments.get::<String>("version", "")?.as_str() {
            "2.0" => 1,
            "2.2" => SWAP_CLUSTER_MAX,
            other => return Err(format!("`version={other}` is not allowed: 2.0 or 2.2")),
        };
        Ok(Self { hands: TwoHands::default(), start_priority, successes_per_call })
    }

    fn start_priority(&self) -> u32 {
        self.start_priority
    }

    fn successes_per_call(&self) -> u32 {
        self.successes_per_call
    }

    fn begin_scan(&mut self, _memory: &mut Memory<'_>) {
        self.hands.begin_scan();
    }

    #[inline(always)]
    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        self.hands.advance_past_young(memory).map(Pick::IfOld)
    }

    fn two_hands(&mut self) -> Option<&mut TwoHands> {
        (self.successes_per_call == 1).then_some(&mut self.hands)
    }

    fn hand(&self, program: &Program) -> Option<Hand> {
        Some(self.hands.position(program))
    }
}
