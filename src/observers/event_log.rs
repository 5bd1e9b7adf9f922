//! The log of a replay in the format of the recorded kernel runs: a line for each fault and swap-out, then the summary;
//! with scans, also every event with its number, every call of `shm_swap`, every slot used and read, and the final
//! counters.
//!
//! The text is made here and nowhere else. Hits print nothing, so nothing has to be told here about them: the events up to
//! a fault are read from the program when the fault comes.

use std::io::{self, Write};
use std::sync::Arc;

use super::{End, Observer, Scan, SwapOut};
use crate::ids::{PageId, ProcessNumber, SegmentNumber};
use crate::kernel::segments::SegmentTable;
use crate::kernel::{Fault, Kernel, encoding};
use crate::policy::Hand;
use crate::program::{Control, Program, Reference};

/// Writes the log.
pub struct EventLog {
    out: Box<dyn Write + Send>,
    /// The first error in writing; nothing is written after it.
    error: Option<io::Error>,
    program: Arc<Program>,
    events: Option<Events>,
}

impl EventLog {
    /// A log of faults and swap-outs.
    pub fn new(program: &Arc<Program>, out: Box<dyn Write + Send>) -> Self {
        Self { out, error: None, program: Arc::clone(program), events: None }
    }

    /// A log of events and scans as well.
    pub fn with_scans(program: &Arc<Program>, out: Box<dyn Write + Send>) -> Self {
        Self { events: Some(Events::default()), ..Self::new(program, out) }
    }

    fn line(&mut self, text: &str) {
        if self.error.is_none() {
            self.error = writeln!(self.out, "{text}").err();
        }
    }

    /// A line below the number of the present event, where events are logged.
    fn detail(&mut self, text: &str) {
        if let Some(events) = &self.events {
            let line = format!("  # {} {text}", events.number);
            self.line(&line);
        }
    }

    /// Writes all events up to, and with, the reference at a position.
    fn events_through(&mut self, position: u64) {
        let Some(mut events) = self.events.take() else { return };
        while let Some(text) = events.next_through(position, &self.program) {
            let line = format!("# {} {text}", events.number);
            self.line(&line);
        }
        self.events = Some(events);
    }
}

impl Observer for EventLog {
    fn scanned(&mut self, kernel: &Kernel, scan: &Scan) {
        if self.events.is_none() {
            return;
        }
        self.events_through(kernel.now());
        let hands = match scan.hands {
            Some((before, after)) => format!("{}->{}", hand_text(before), hand_text(after)),
            None => "none".to_owned(),
        };
        let Scan { priority, success, shm_rss, budget, scanned, cleared, invalidated, .. } = *scan;
        self.detail(&format!(
            "shm_swap prio={priority} rc={} rss={shm_rss} budget={budget} scanned={scanned} cleared={cleared} \
             invalidated={invalidated} hand={hands}",
            u8::from(success)
        ));
    }

    fn swapped_out(&mut self, kernel: &Kernel, out: &SwapOut) {
        let segment = kernel.program().segment(out.page);
        let text = format!(
            "out {} {} sharers={} scanned={}",
            segment.label,
            segment.index_of(out.page),
            out.sharers,
            out.scanned
        );
        self.line(&text);
        let entry = encoding::swap_word(out.slot.area, out.slot.slot);
        let entry = entry.map_or_else(|| "none".to_owned(), |word| format!("{word:08x}"));
        self.detail(&format!("slot={}:{} entry={entry}", out.slot.area, out.slot.slot));
    }

    fn faulted(&mut self, kernel: &Kernel, _reference: Reference, fault: Fault) {
        self.events_through(kernel.now());
        let text = match fault {
            Fault::Minor => "minor",
            Fault::Zero => "zero",
            Fault::SwapIn { slot, .. } => {
                self.detail(&format!("read slot={}:{}", slot.area, slot.slot));
                "swapin"
            }
            Fault::OutOfMemory => "oom",
        };
        self.line(text);
    }

    fn finish(&mut self, kernel: &Kernel, end: End) -> io::Result<()> {
        if let Some(last) = kernel.now().checked_sub(1) {
            self.events_through(last);
        }
        if !end.stopped {
            self.events_through(u64::MAX);
        }
        let counters = *kernel.counters();
        self.line(&format!(
            "summary zero={} minor={} swapin={} out={} ptes={}",
            counters.zero_faults,
            counters.minor_faults,
            counters.swap_ins,
            counters.swap_outs,
            counters.ptes_invalidated
        ));
        if self.events.is_some() {
            let text = final_counters(kernel, end.hand);
            self.line(&text);
        }
        self.error.take().map_or(Ok(()), Err)?;
        self.out.flush()
    }
}

fn final_counters(kernel: &Kernel, hand: Option<Hand>) -> String {
    let counters = kernel.counters();
    format!(
        "# final rss={} swp={} attempts={} successes={} young_cleared={} hand={} max_id={} free={}",
        kernel.shm_rss(),
        kernel.shm_swp(),
        counters.swap_attempts,
        counters.swap_outs,
        counters.young_cleared,
        hand.map_or_else(|| "none".to_owned(), hand_text),
        kernel.table().max_shmid(),
        kernel.free_frames()
    )
}

fn hand_text(hand: Hand) -> String {
    format!("{}:{}", hand.swap_id, hand.swap_idx)
}

/// Reads the events of a program in order.
#[derive(Debug, Default)]
struct Events {
    /// The number of the last event read, from 1.
    number: u64,
    references: u64,
    changes: usize,
    /// Who has what attached at that event.
    table: SegmentTable,
}

impl Events {
    /// The text of the next event, unless it comes after the reference at a position.
    fn next_through(&mut self, position: u64, program: &Program) -> Option<String> {
        if let Some(change) = program.changes.get(self.changes)
            && change.before <= self.references
        {
            if change.before > position {
                return None;
            }
            self.changes += 1;
            self.number += 1;
            return Some(self.change(change.control, program));
        }
        if self.references > position || self.references >= program.references.len() {
            return None;
        }
        let reference = program.reference(self.references);
        self.references += 1;
        self.number += 1;
        Some(self.reference(reference, program))
    }

    fn reference(&self, reference: Reference, program: &Program) -> String {
        let number = program.segment_of[reference.page.index()];
        let process = self.table.descriptor(number).attachments.iter().find(|other| other.column == reference.column);
        let process = process.map(|attachment| pid(program, attachment.process)).unwrap_or_default();
        let segment = program.segment(reference.page);
        let letter = if reference.write { 'w' } else { 'r' };
        format!("{letter} {process} {} {}", segment.label, segment.index_of(PageId::new(reference.page.get())))
    }

    fn change(&mut self, control: Control, program: &Program) -> String {
        let name = |segment: SegmentNumber| &program.segments[segment.index()].label;
        match control {
            Control::Create { segment, locked } => {
                self.table.create(segment, locked);
                let size = program.segments[segment.index()].size;
                format!("seg {} {size}{}", name(segment), if locked { " locked" } else { "" })
            }
            Control::Attach { process, segment } => {
                self.table.attach(process, segment);
                format!("attach {} {}", pid(program, process), name(segment))
            }
            Control::Detach { process, segment } => {
                self.table.detach(process, segment);
                format!("detach {} {}", pid(program, process), name(segment))
            }
            Control::Remove(segment) => {
                self.table.remove(segment);
                format!("rm {}", name(segment))
            }
            Control::Lock(segment) => format!("lock {}", name(segment)),
            Control::Unlock(segment) => format!("unlock {}", name(segment)),
            Control::Fork { parent, child } => {
                self.table.fork(parent, child);
                format!("fork {} {}", pid(program, parent), pid(program, child))
            }
            Control::Exit(process) => {
                self.table.exit(process);
                format!("exit {}", pid(program, process))
            }
        }
    }
}

fn pid(program: &Program, process: ProcessNumber) -> u64 {
    program.processes[process.index()]
}
