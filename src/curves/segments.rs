//! What changes of segments mean for a curve: which pages go when a segment does, and what breaks inclusion.

use crate::ids::{PageId, SegmentNumber};
use crate::kernel::segments::SegmentTable;
use crate::program::{Change, Control, Program};

/// The segments of a program as its changes are carried out.
#[derive(Debug, Default)]
pub(super) struct Segments {
    table: SegmentTable,
}

impl Segments {
    /// Carries out a change; the segments that are destroyed by it (R40 to R43).
    pub(super) fn apply(&mut self, control: Control) -> Vec<SegmentNumber> {
        match control {
            Control::Create { segment, locked } => {
                self.table.create(segment, locked);
            }
            Control::Attach { process, segment } => {
                self.table.attach(process, segment);
            }
            Control::Detach { process, segment } => {
                let ended = self.table.detach(process, segment);
                return ended.filter(|ended| ended.destroyed).map(|ended| ended.segment).into_iter().collect();
            }
            Control::Remove(segment) => {
                if self.table.remove(segment) {
                    return vec![segment];
                }
            }
            Control::Lock(_) | Control::Unlock(_) => {}
            Control::Fork { parent, child } => {
                self.table.fork(parent, child);
            }
            Control::Exit(process) => {
                let ended = self.table.exit(process).into_iter();
                return ended.filter(|ended| ended.destroyed).map(|ended| ended.segment).collect();
            }
        }
        Vec::new()
    }
}

/// The pages of a segment.
pub(super) fn pages(program: &Program, segment: SegmentNumber) -> impl Iterator<Item = PageId> + use<> {
    program.segments[segment.index()].pages().map(PageId::new)
}

/// What is said of a program with a locked segment: its pages stay where others would go, and how many of them are in memory
/// is another matter at every size.
pub(super) fn locks(program: &Program) -> Option<String> {
    let locked = program.changes.iter().find_map(|change| match change.control {
        Control::Create { segment, locked: true } | Control::Lock(segment) => Some(segment),
        _ => None,
    })?;
    Some(format!("segment {} is locked, and its pages stay in memory", program.segments[locked.index()].label))
}

/// What is said of a program in which a segment goes while there are references to come: the frames that it leaves are other
/// ones at every size.
pub(super) fn early_ends(program: &Program) -> Option<String> {
    let mut segments = Segments::default();
    let before_the_end = |change: &&Change| change.before < program.references.len();
    let gone = program.changes.iter().take_while(before_the_end).find_map(|change| {
        let gone = segments.apply(change.control);
        gone.into_iter().find(|segment| program.segments[segment.index()].touched > 0)
    })?;
    Some(format!("segment {} is removed before the last reference", program.segments[gone.index()].label))
}
