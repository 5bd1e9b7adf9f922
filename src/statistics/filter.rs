//! Whether the references of a trace went through a filter while it was recorded, found out from the references alone.
//!
//! A recorder that can't write down every reference may keep a window of open pages for each process, first in first out,
//! and record two things only: a reference to a page that is not open, which opens it, and the first write to a page that was
//! opened by reading. When a process detaches a segment, the recorder may close all its pages. With a window of one page that
//! is a collapse of repeats and changes no replay. A larger window leaves out references that a small memory would have
//! missed.

use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use super::walk::{Visitor, walk};
use crate::ids::{PageId, ProcessNumber, SegmentNumber};
use crate::program::{Control, Program, Reference};

/// References below which nothing is said.
const FEWEST_REFERENCES: u64 = 1_000;
/// The largest window that is looked for.
const LARGEST: usize = 1_024;
/// References of the beginning with which windows are tried before one is checked with all.
const BEGINNING: u64 = 1_000_000;
/// References that all trials together may take: a trace that nearly goes through many windows is not filtered.
const TRIALS: u64 = 32 * BEGINNING;
/// Pages come back at distances from the window's to this much above twice of it, if it was a filter that kept them away.
const ABOVE_TWICE: usize = 8;
/// How often they do on average at each of these distances.
const RETURNS: u64 = 10;

/// The window in pages, for a trace in which no repeat is left (`repeats` are references that add nothing to the one before
/// of the same process); 1 where nothing but repeats is known to be missing, none where there are repeats or the trace is too
/// short to tell.
pub(super) fn window(program: &Program, repeats: u64) -> Option<u64> {
    if repeats > 0 || program.references.len() < FEWEST_REFERENCES {
        return None;
    }
    // Every trace that went through a window has no repeat, so that at least a window of one page is consistent.
    let larger = larger_window(program, Detaching::LeavesOpen).or_else(|| larger_window(program, Detaching::Closes));
    Some(larger.map_or(1, |window| window as u64))
}

/// What a detach does to the open pages of its process. An exit closes them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detaching {
    /// Nothing.
    LeavesOpen,
    /// They are closed, all of them.
    Closes,
}

impl Detaching {
    /// The process whose pages are closed by a change.
    fn closed_by(self, control: Control) -> Option<ProcessNumber> {
        match control {
            Control::Exit(process) => Some(process),
            Control::Detach { process, .. } if self == Self::Closes => Some(process),
            _ => None,
        }
    }
}

/// The largest consistent window above one page, if pages come back as they do behind a filter.
fn larger_window(program: &Program, detaching: Detaching) -> Option<usize> {
    let mut trials = TRIALS;
    for window in (2..=largest_possible(program, detaching)).rev() {
        let trial = Trial::run(program, detaching, window, BEGINNING.min(trials));
        if trial.consistent {
            // Smaller windows would be consistent with less reason.
            let holds = || Trial::run(program, detaching, window, u64::MAX).consistent;
            return (trial.is_evidence() && holds()).then_some(window);
        }
        trials = trials.saturating_sub(trial.references);
        if trials == 0 {
            return None;
        }
    }
    None
}

/// A window that no consistent one exceeds, from the beginning of the trace.
fn largest_possible(program: &Program, detaching: Detaching) -> usize {
    let mut bound = Bound {
        detaching,
        rows: vec![0; program.processes.len()],
        last: FxHashMap::default(),
        window: LARGEST as u64,
        left: BEGINNING,
    };
    walk(program, &mut bound);
    bound.window as usize
}

/// Finds, in one pass, what each return of a page allows.
struct Bound {
    detaching: Detaching,
    /// References of each process so far, with a jump wherever its pages are closed.
    rows: Vec<u64>,
    /// For each process and page the last reference: its row, and whether it was a write.
    last: FxHashMap<(ProcessNumber, PageId), (u64, bool)>,
    window: u64,
    left: u64,
}

impl Visitor for Bound {
    fn reference(&mut self, by: ProcessNumber, _: SegmentNumber, reference: Reference) -> ControlFlow<()> {
        let row = &mut self.rows[by.index()];
        *row += 1;
        // A page that comes back was closed by as many openings as the window is wide, of which each is a reference in
        // between. Two cases tell nothing: a read page that is written may be open still, and a written page may have been
        // opened before the write.
        if let Some((last, wrote)) = self.last.insert((by, reference.page), (*row, reference.write))
            && !wrote
            && !reference.write
        {
            self.window = self.window.min(*row - last - 1);
        }
        self.left -= 1;
        if self.left == 0 || self.window == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn changed(&mut self, control: Control, _: u64, _: u64) {
        if let Some(process) = self.detaching.closed_by(control) {
            self.rows[process.index()] += LARGEST as u64;
        }
    }
}

/// The pages that a process opened last, as a ring.
#[derive(Debug)]
struct Opened {
    pages: Vec<u32>,
    written: Vec<bool>,
    next: usize,
}

impl Opened {
    /// In place of a page: the process has not opened so many yet. No page has this number.
    const NONE: u32 = u32::MAX;

    fn new(length: usize) -> Self {
        Self { pages: vec![Self::NONE; length], written: vec![false; length], next: 0 }
    }

    /// How many pages were opened since this one, and its place; none where it is not among those kept.
    fn find(&self, page: PageId) -> Option<(usize, usize)> {
        // Most pages are not there, which is told fastest by comparing all.
        if !self.pages.contains(&page.get()) {
            return None;
        }
        let (newer, older) = self.pages.split_at(self.next);
        let place = newer.iter().rposition(|&other| other == page.get());
        let place = place.or_else(|| Some(self.next + older.iter().rposition(|&other| other == page.get())?))?;
        let since = if place < self.next { self.next - 1 - place } else { self.next + self.pages.len() - 1 - place };
        Some((since, place))
    }

    fn open(&mut self, reference: Reference) {
        self.pages[self.next] = reference.page.get();
        self.written[self.next] = reference.write;
        self.next = (self.next + 1) % self.pages.len();
    }
}

/// Sends references through a window and looks whether all of them get through.
struct Trial {
    detaching: Detaching,
    window: usize,
    opened: Vec<Option<Opened>>,
    /// Pages that came back, by the number of pages opened in between, from the window on.
    returns: Vec<u64>,
    references: u64,
    most: u64,
    consistent: bool,
}

impl Trial {
    /// Tries a window with so many references at most.
    fn run(program: &Program, detaching: Detaching, window: usize, most: u64) -> Self {
        let opened = program.processes.iter().map(|_| None).collect();
        let returns = vec![0; window + ABOVE_TWICE];
        let mut trial = Self { detaching, window, opened, returns, references: 0, most, consistent: true };
        walk(program, &mut trial);
        trial
    }

    /// Whether pages come back as often, and at as many distances, as they do where only a filter keeps them away: a program
    /// that goes round in loops has few distances.
    fn is_evidence(&self) -> bool {
        let distances = self.returns.iter().filter(|&&times| times > 0).count();
        distances * 4 >= self.returns.len() * 3
            && self.returns.iter().sum::<u64>() >= RETURNS * self.returns.len() as u64
    }
}

impl Visitor for Trial {
    fn reference(&mut self, by: ProcessNumber, _: SegmentNumber, reference: Reference) -> ControlFlow<()> {
        if self.references == self.most {
            return ControlFlow::Break(());
        }
        self.references += 1;
        let length = self.window + self.returns.len();
        let opened = self.opened[by.index()].get_or_insert_with(|| Opened::new(length));
        match opened.find(reference.page) {
            Some((since, place)) if since < self.window => {
                if !reference.write || opened.written[place] {
                    self.consistent = false;
                    return ControlFlow::Break(());
                }
                opened.written[place] = true;
            }
            found => {
                if let Some((since, _)) = found {
                    self.returns[since - self.window] += 1;
                }
                opened.open(reference);
            }
        }
        ControlFlow::Continue(())
    }

    fn changed(&mut self, control: Control, _: u64, _: u64) {
        if let Some(process) = self.detaching.closed_by(control) {
            self.opened[process.index()] = None;
        }
    }
}
