//! A timeline as csv, for programs: one row a window, with every segment.

use std::io::{self, Write};

use super::{Windowed, touched};
use crate::kernel::{Counters, Kernel};
use crate::replay::Replay;

/// Windows when no length is asked for.
const WINDOWS: u64 = 1000;

/// Writes the rows. The columns: the references done at the end of the window; what was counted in the window; then how
/// things stand at its end: resident pages, the hands where the policy has them and how often they went round, and the
/// resident pages of each segment that is ever touched.
pub struct Csv<W: Write> {
    window: u64,
    before: Counters,
    rows: csv::Writer<W>,
}

impl<W: Write> Csv<W> {
    /// Windows of so many references, or a thousandth of the trace if not given; at least 1. Writes the header.
    ///
    /// # Errors
    /// When `out` can't be written to.
    pub fn new(replay: &dyn Replay, window: Option<u64>, out: W) -> io::Result<Self> {
        let references = replay.kernel().program().references.len();
        let window = window.unwrap_or(references.div_ceil(WINDOWS)).max(1);
        let mut rows = csv::Writer::from_writer(out);
        rows.write_record(header(replay.kernel()))?;
        Ok(Self { window, before: Counters::default(), rows })
    }

    /// The rest is written.
    ///
    /// # Errors
    /// When it can't be.
    pub fn finish(mut self) -> io::Result<()> {
        self.rows.flush()
    }
}

impl<W: Write> Windowed for Csv<W> {
    fn window(&self) -> u64 {
        self.window
    }

    fn end_of_window(&mut self, replay: &dyn Replay) -> io::Result<()> {
        self.rows.write_record(row(replay, &self.before))?;
        self.before = *replay.kernel().counters();
        Ok(())
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
    names.extend(["resident", "swap_id", "swap_idx", "laps"].map(str::to_owned));
    names.extend(
        touched(kernel.program()).map(|number| format!("resident_{}", kernel.program().segments[number].label)),
    );
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
    row.push(hand.map_or(String::new(), |hand| hand.laps.to_string()));
    row.extend(touched(kernel.program()).map(|number| kernel.segment_counters()[number].resident().to_string()));
    row
}
