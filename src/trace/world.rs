//! Which segments live at a point of a trace, who has them attached, and what is locked: what records did so far.
//!
//! It serves those who cut and join traces. Nothing is refused: what can't have happened has no effect, as if the record
//! had not been there. What a reference costs, and whether it is possible, is not known here.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::{Operation, Record};

/// A segment that lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The process of the record that created it.
    pub creator: u64,
    /// Its pages; [`Record::UNKNOWN_SIZE`] where no record tells.
    pub pages: u64,
    pub locked: bool,
    /// Whether it was removed and lives on because somebody has it attached.
    pub removed: bool,
    /// Whether a record created it; otherwise it was there before the trace began.
    pub created: bool,
    /// Its place in the table of segments: the lowest that was free.
    pub slot: u32,
    attachments: u64,
}

/// The state after the records so far. Segments are known by the number of their label.
#[derive(Debug, Default)]
pub(crate) struct World {
    live: FxHashMap<u32, Segment>,
    /// The attachments of each process, the oldest first: when it was made, counted over all, and the segment.
    attached: FxHashMap<u64, Vec<(u64, u32)>>,
    free_slots: BinaryHeap<Reverse<u32>>,
    attachments: u64,
}

impl World {
    /// The segment of a label, if it lives.
    pub fn segment(&self, label: u32) -> Option<&Segment> {
        self.live.get(&label)
    }

    /// All segments that live with their labels, in the order of their places in the table.
    pub fn segments(&self) -> Vec<(u32, Segment)> {
        let mut segments: Vec<(u32, Segment)> = self.live.iter().map(|(&label, &segment)| (label, segment)).collect();
        segments.sort_unstable_by_key(|(_, segment)| segment.slot);
        segments
    }

    /// The segments that a process has attached, the oldest attachment first, once for each.
    pub fn attached_by(&self, process: u64) -> impl Iterator<Item = u32> {
        self.attached.get(&process).into_iter().flatten().map(|&(_, label)| label)
    }

    /// All attachments as process and label, the oldest first.
    pub fn attachments(&self) -> Vec<(u64, u32)> {
        let each =
            self.attached.iter().flat_map(|(&process, list)| list.iter().map(move |&(at, label)| (at, process, label)));
        let mut all: Vec<(u64, u64, u32)> = each.collect();
        all.sort_unstable();
        all.into_iter().map(|(_, process, label)| (process, label)).collect()
    }

    /// Takes a record, and gives the segments that ended with it.
    pub fn apply(&mut self, record: &Record) -> Vec<(u32, Segment)> {
        let label = record.segment;
        let mut ended = Vec::new();
        match record.operation {
            Operation::Create | Operation::CreateLocked => {
                let locked = record.operation == Operation::CreateLocked;
                self.create(label, record.process, record.page, locked, true);
            }
            Operation::Attach => {
                self.create(label, record.process, Record::UNKNOWN_SIZE, false, false);
                self.attach(record.process, label);
            }
            Operation::Detach => self.detach(record.process, label, &mut ended),
            Operation::Remove => {
                if let Some(segment) = self.live.get_mut(&label) {
                    segment.removed = true;
                }
                self.end_if_unused(label, &mut ended);
            }
            Operation::Lock | Operation::Unlock => {
                if let Some(segment) = self.live.get_mut(&label) {
                    segment.locked = record.operation == Operation::Lock;
                }
            }
            Operation::Fork => self.fork(record.process, record.page),
            Operation::Exit => {
                for (_, label) in self.attached.remove(&record.process).unwrap_or_default() {
                    self.end_attachment(label, &mut ended);
                }
            }
            Operation::Read | Operation::Write => {}
        }
        ended
    }

    fn create(&mut self, label: u32, creator: u64, pages: u64, locked: bool, created: bool) {
        if self.live.contains_key(&label) {
            return;
        }
        let slot = self.free_slots.pop().map_or(self.live.len() as u32, |Reverse(slot)| slot);
        let segment = Segment { creator, pages, locked, removed: false, created, slot, attachments: 0 };
        self.live.insert(label, segment);
    }

    fn attach(&mut self, process: u64, label: u32) {
        if let Some(segment) = self.live.get_mut(&label) {
            segment.attachments += 1;
            self.attached.entry(process).or_default().push((self.attachments, label));
            self.attachments += 1;
        }
    }

    fn detach(&mut self, process: u64, label: u32, ended: &mut Vec<(u32, Segment)>) {
        let Some(list) = self.attached.get_mut(&process) else { return };
        let Some(place) = list.iter().rposition(|&(_, other)| other == label) else { return };
        list.remove(place);
        if list.is_empty() {
            self.attached.remove(&process);
        }
        self.end_attachment(label, ended);
    }

    fn fork(&mut self, parent: u64, child: u64) {
        if parent == child || self.attached.contains_key(&child) {
            return;
        }
        let labels: Vec<u32> = self.attached_by(parent).collect();
        for label in labels {
            self.attach(child, label);
        }
    }

    fn end_attachment(&mut self, label: u32, ended: &mut Vec<(u32, Segment)>) {
        if let Some(segment) = self.live.get_mut(&label) {
            segment.attachments -= 1;
        }
        self.end_if_unused(label, ended);
    }

    fn end_if_unused(&mut self, label: u32, ended: &mut Vec<(u32, Segment)>) {
        if let Some(&segment) = self.live.get(&label)
            && segment.removed
            && segment.attachments == 0
        {
            self.live.remove(&label);
            self.free_slots.push(Reverse(segment.slot));
            ended.push((label, segment));
        }
    }
}
