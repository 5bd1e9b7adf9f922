//! Who refers to what: counts of segments, processes, pages and changes.

use std::ops::ControlFlow;

use rustc_hash::FxHashSet;
use serde::Serialize;

use super::runs::RunCounter;
use super::spread::share;
use super::walk::Visitor;
use crate::ids::{PageId, ProcessNumber, SegmentNumber};
use crate::program::{Control, Program, Reference};

/// Words of all masks together: 512 MiB.
const MASK_WORDS: usize = 1 << 26;

/// The statistics of a segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SegmentStatistics {
    /// Its name.
    pub segment: String,
    /// Its size in pages.
    pub pages: u64,
    /// Pages that are referenced.
    pub touched: u64,
    /// Attachments over its life, those inherited by fork included.
    pub attachments: u64,
    /// Processes that refer to it.
    pub sharers: u64,
    /// References to it.
    pub references: u64,
    /// Its part of all references, from 0 to 1.
    pub share: f64,
    /// Those of its references that write.
    pub writes: u64,
}

/// The statistics of a process.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ProcessStatistics {
    /// Its process id.
    pub process: u64,
    /// Its references.
    pub references: u64,
    /// Its part of all references, from 0 to 1.
    pub share: f64,
    /// Those of its references that write.
    pub writes: u64,
    /// Pages that it refers to.
    pub pages: u64,
    /// Segments that it refers to.
    pub segments: u64,
    /// Attachments that it has over its life, those inherited by fork included.
    pub attachments: u64,
}

/// Pages touched by so many processes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SharingDegree {
    /// Processes.
    pub processes: u64,
    /// Pages that so many touch.
    pub pages: u64,
    /// References to these pages.
    pub references: u64,
}

/// The changes of segments, attachments and processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChangeCounts {
    /// Segments created, those included that had to be created because the trace began late.
    pub creates: u64,
    /// Those that had to be, with `--implicit-attach`.
    pub implicit_creates: u64,
    /// Attachments that processes made, those included that had to be made because the trace began late.
    pub attaches: u64,
    /// Those that had to be, with `--implicit-attach`.
    pub implicit_attaches: u64,
    /// Attachments inherited by fork.
    pub inherited: u64,
    /// Attachments that were ended one by one; the others end with their process.
    pub detaches: u64,
    /// Segments marked for destruction.
    pub removes: u64,
    /// Forks.
    pub forks: u64,
    /// Exits of processes.
    pub exits: u64,
    /// Locks of segments.
    pub locks: u64,
    /// Unlocks of segments.
    pub unlocks: u64,
    /// The most segments that exist at the same time.
    pub most_segments: u64,
    /// The most attachments that exist at the same time, of all segments together.
    pub most_attachments: u64,
    /// The most attachments that one segment has at the same time.
    pub most_attachments_of_one: u64,
}

/// Counts all that in one walk.
pub(super) struct Census {
    pub(super) segments: Vec<SegmentStatistics>,
    pub(super) processes: Vec<ProcessStatistics>,
    pub(super) changes: ChangeCounts,
    pub(super) runs: RunCounter,
    page_sharers: PageSharers,
    segment_sharers: FxHashSet<(SegmentNumber, ProcessNumber)>,
    references_of_page: Vec<u64>,
}

impl Census {
    /// Of a program, of which nothing was seen yet.
    pub(super) fn new(program: &Program) -> Self {
        let segments = program.segments.iter().map(|segment| SegmentStatistics {
            segment: segment.label.to_string(),
            pages: segment.size,
            touched: u64::from(segment.touched),
            attachments: 0,
            sharers: 0,
            references: 0,
            share: 0.0,
            writes: 0,
        });
        let processes = program.processes.iter();
        let counts = &program.counts;
        Self {
            segments: segments.collect(),
            processes: processes.map(|&process| ProcessStatistics { process, ..Default::default() }).collect(),
            changes: ChangeCounts {
                implicit_creates: counts.implicit_segments,
                implicit_attaches: counts.implicit_attachments,
                most_attachments_of_one: u64::from(counts.most_attachments),
                ..ChangeCounts::default()
            },
            runs: RunCounter::new(program.processes.len()),
            page_sharers: PageSharers::new(program.footprint() as usize, program.processes.len()),
            segment_sharers: FxHashSet::default(),
            references_of_page: vec![0; program.footprint() as usize],
        }
    }

    /// Enters the parts of all references; for the end of the walk.
    pub(super) fn share_out(&mut self, references: u64) {
        self.segments.iter_mut().for_each(|segment| segment.share = share(segment.references, references));
        self.processes.iter_mut().for_each(|process| process.share = share(process.references, references));
    }

    /// Pages and references by the number of processes that touch the page, ascending; without numbers that no page has.
    pub(super) fn sharing(&self) -> Vec<SharingDegree> {
        let degrees = &self.page_sharers.degrees;
        let most = degrees.iter().copied().max().unwrap_or(0);
        let mut counted = vec![(0, 0); most as usize + 1];
        for (&degree, &references) in degrees.iter().zip(&self.references_of_page) {
            let (pages, sum) = &mut counted[degree as usize];
            *pages += 1;
            *sum += references;
        }
        let degrees = (0..).zip(counted).filter(|&(_, (pages, _))| pages > 0);
        degrees.map(|(processes, (pages, references))| SharingDegree { processes, pages, references }).collect()
    }
}

impl Visitor for Census {
    #[inline]
    fn reference(&mut self, by: ProcessNumber, number: SegmentNumber, reference: Reference) -> ControlFlow<()> {
        let write = u64::from(reference.write);
        let (segment, process) = (&mut self.segments[number.index()], &mut self.processes[by.index()]);
        segment.references += 1;
        segment.writes += write;
        process.references += 1;
        process.writes += write;
        self.references_of_page[reference.page.index()] += 1;
        if self.page_sharers.touch(reference.page, by) {
            process.pages += 1;
            if self.segment_sharers.insert((number, by)) {
                segment.sharers += 1;
                process.segments += 1;
            }
        }
        self.runs.take(by, reference);
        ControlFlow::Continue(())
    }

    fn attached(&mut self, process: ProcessNumber, segment: SegmentNumber, inherited: bool) {
        self.segments[segment.index()].attachments += 1;
        self.processes[process.index()].attachments += 1;
        *(if inherited { &mut self.changes.inherited } else { &mut self.changes.attaches }) += 1;
    }

    fn changed(&mut self, control: Control, segments: u64, attachments: u64) {
        let changes = &mut self.changes;
        changes.most_segments = changes.most_segments.max(segments);
        changes.most_attachments = changes.most_attachments.max(attachments);
        if let Control::Detach { process, .. } | Control::Exit(process) = control {
            self.runs.interrupt(process);
        }
        *match control {
            Control::Create { .. } => &mut changes.creates,
            Control::Detach { .. } => &mut changes.detaches,
            Control::Remove(_) => &mut changes.removes,
            Control::Fork { .. } => &mut changes.forks,
            Control::Exit(_) => &mut changes.exits,
            Control::Lock(_) => &mut changes.locks,
            Control::Unlock(_) => &mut changes.unlocks,
            // Counted above.
            Control::Attach { .. } => return,
        } += 1;
    }
}

/// Which processes touched which pages.
struct PageSharers {
    /// A bit for each process and page, as far as there is room for processes.
    masks: Vec<u64>,
    words_per_page: usize,
    /// The processes that have no bit.
    others: FxHashSet<(PageId, ProcessNumber)>,
    /// How many touched each page.
    degrees: Vec<u32>,
}

impl PageSharers {
    fn new(pages: usize, processes: usize) -> Self {
        let room = (MASK_WORDS / pages.max(1)).max(1);
        let words_per_page = processes.div_ceil(64).min(room);
        Self {
            masks: vec![0; pages * words_per_page],
            words_per_page,
            others: FxHashSet::default(),
            degrees: vec![0; pages],
        }
    }

    /// A process refers to a page; true when it is for the first time.
    #[inline]
    fn touch(&mut self, page: PageId, process: ProcessNumber) -> bool {
        let (word, bit) = (process.index() / 64, process.index() % 64);
        let is_new = if word < self.words_per_page {
            let mask = &mut self.masks[page.index() * self.words_per_page + word];
            let is_new = *mask & 1 << bit == 0;
            *mask |= 1 << bit;
            is_new
        } else {
            self.others.insert((page, process))
        };
        self.degrees[page.index()] += u32::from(is_new);
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_beyond_the_masks_are_counted_too() {
        let mut sharers = PageSharers::new(2, 1000);
        sharers.words_per_page = 1;
        for process in (0..1000).chain(0..1000) {
            sharers.touch(PageId::new(1), ProcessNumber::new(process));
        }
        assert!(!sharers.touch(PageId::new(1), ProcessNumber::new(999)));
        assert!(sharers.touch(PageId::new(0), ProcessNumber::new(64)));
        assert_eq!(sharers.degrees, [1, 1000]);
    }
}
