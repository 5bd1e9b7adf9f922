//! Runs of references to one page, and turns of one process.

use serde::Serialize;

use super::spread::{Spread, Tally};
use crate::ids::{PageId, ProcessNumber};
use crate::program::Reference;

/// Runs of the same page, in references.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Runs {
    /// Lengths of the runs of successive references of one process to one page. What other processes do in between does not
    /// matter; a detach of its own ends a run.
    pub of_one_process: Spread,
    /// Lengths of the runs of successive references to one page, by any processes.
    pub of_any_process: Spread,
    /// References that could be left out without a change to any replay that knows accessed and dirty bits: those of a run
    /// of one process behind its first one, but for the first write of a run that began with a read.
    pub collapsible: u64,
}

/// How long a process refers before another one does.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Turns {
    /// How often a reference is by another process than the one before.
    pub switches: u64,
    /// References in a turn.
    pub references: Spread,
}

/// A run that goes on.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    page: Option<PageId>,
    length: u64,
    written: bool,
}

impl Run {
    /// Takes a reference; returns the run that ended with it, 0 for none.
    #[inline]
    fn take(&mut self, reference: Reference) -> u64 {
        if self.page == Some(reference.page) {
            self.length += 1;
            return 0;
        }
        let ended = self.length;
        *self = Self { page: Some(reference.page), length: 1, written: false };
        ended
    }
}

/// Counts runs and turns.
#[derive(Debug)]
pub(super) struct RunCounter {
    of_process: Vec<Run>,
    of_any: Run,
    turn: Option<(ProcessNumber, u64)>,
    runs_of_process: Tally,
    runs_of_any: Tally,
    turns: Tally,
    collapsible: u64,
}

impl RunCounter {
    /// For so many processes.
    pub(super) fn new(processes: usize) -> Self {
        Self {
            of_process: vec![Run::default(); processes],
            of_any: Run::default(),
            turn: None,
            runs_of_process: Tally::new(),
            runs_of_any: Tally::new(),
            turns: Tally::new(),
            collapsible: 0,
        }
    }

    /// The next reference.
    #[inline]
    pub(super) fn take(&mut self, by: ProcessNumber, reference: Reference) {
        let run = &mut self.of_process[by.index()];
        record(&mut self.runs_of_process, run.take(reference));
        self.collapsible += u64::from(run.length > 1 && (run.written || !reference.write));
        run.written |= reference.write;
        record(&mut self.runs_of_any, self.of_any.take(reference));
        match &mut self.turn {
            Some((process, references)) if *process == by => *references += 1,
            turn => {
                let ended = turn.replace((by, 1));
                record(&mut self.turns, ended.map_or(0, |(_, references)| references));
            }
        }
    }

    /// The process has detached a segment or ended.
    pub(super) fn interrupt(&mut self, process: ProcessNumber) {
        let run = std::mem::take(&mut self.of_process[process.index()]);
        record(&mut self.runs_of_process, run.length);
    }

    /// The runs and turns, those included that go on at the end.
    pub(super) fn finish(mut self) -> (Runs, Turns) {
        self.of_process.iter().for_each(|run| record(&mut self.runs_of_process, run.length));
        record(&mut self.runs_of_any, self.of_any.length);
        record(&mut self.turns, self.turn.map_or(0, |(_, references)| references));
        let runs = Runs {
            of_one_process: self.runs_of_process.spread(),
            of_any_process: self.runs_of_any.spread(),
            collapsible: self.collapsible,
        };
        let turns = self.turns.spread();
        (runs, Turns { switches: turns.count.saturating_sub(1), references: turns })
    }
}

/// Records a length; 0 is none.
#[inline]
fn record(tally: &mut Tally, length: u64) {
    if length > 0 {
        tally.record(length);
    }
}
