//! What happened in each window of references of a replay: one row a window, as csv.
//!
//! The replay is stopped at the end of each window and looked at; nothing is watched in between.

use std::io::{self, Write};

use crate::kernel::{Counters, Kernel};
use crate::replay::Replay;

/// Windows when no length is asked for.
const WINDOWS: u64 = 1000;

/// A timeline with windows of a fixed length.
#[derive(Clone, Copy, Debug)]
pub struct Timeline {
    window: u64,
}

impl Timeline {
    /// Windows of so many references, or a thousandth of the trace if not given; at least 1.
    pub fn new(window: Option<u64>, references: u64) -> Self {
        Self { window: window.unwrap_or(references.div_ceil(WINDOWS)).max(1) }
    }

    /// Replays to the end and writes the rows. The columns: the references done at the end of the window; what was counted
    /// in the window; then how things stand at its end: resident pages, the hands where the policy has them, and the
    /// resident pages of each segment that is ever touched.
    ///
    /// # Errors
    /// When `out` can't be written to.
    pub fn write(self, replay: &mut dyn Replay, out: impl Write) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(header(replay.kernel()))?;
        let mut before = *replay.kernel().counters();
        let mut start = 0;
        loop {
            let more = replay.run_to(replay.kernel().now() + self.window);
            let now = replay.kernel().now();
            if now > start || !more {
                csv.write_record(row(replay, &before))?;
            }
            if !more {
                return csv.flush();
            }
            before = *replay.kernel().counters();
            start = now;
        }
    }
}

type Counted = fn(&Counters) -> u64;

/// What is counted in a window, in the order of the columns.
const COUNTED: [(&str, Counted); 9] = [
    ("minor_faults", |counters| counters.minor_faults),
    ("zero_faults", |counters| counters.zero_faults),
    ("swap_ins", |counters| counters.swap_ins),
    ("swap_outs", |counters| counters.swap_outs),
    ("dirty_swap_outs", |counters| counters.dirty_swap_outs),
    ("ptes_invalidated", |counters| counters.ptes_invalidated),
    ("swap_attempts", |counters| counters.swap_attempts),
    ("failed_scans", |counters| counters.failed_scans),
    ("out_of_memory", |counters| counters.out_of_memory),
];

fn header(kernel: &Kernel) -> Vec<String> {
    let mut names = vec!["references".to_owned()];
    names.extend(COUNTED.iter().map(|(name, _)| (*name).to_owned()));
    names.extend(["resident", "swap_id", "swap_idx"].map(str::to_owned));
    names.extend(touched(kernel).map(|number| format!("resident_{}", kernel.program().segments[number].label)));
    names
}

fn row(replay: &dyn Replay, before: &Counters) -> Vec<String> {
    let kernel = replay.kernel();
    let mut row = vec![kernel.now().to_string()];
    row.extend(COUNTED.iter().map(|(_, of)| (of(kernel.counters()) - of(before)).to_string()));
    row.push(kernel.shm_rss().to_string());
    let hand = replay.hand();
    row.push(hand.map_or(String::new(), |hand| hand.swap_id.to_string()));
    row.push(hand.map_or(String::new(), |hand| hand.swap_idx.to_string()));
    row.extend(touched(kernel).map(|number| kernel.segment_counters()[number].resident.to_string()));
    row
}

/// The segments that are ever touched.
fn touched(kernel: &Kernel) -> impl Iterator<Item = usize> + '_ {
    let segments = kernel.program().segments.iter().enumerate();
    segments.filter(|(_, segment)| segment.touched > 0).map(|(number, _)| number)
}
