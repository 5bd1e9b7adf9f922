//! What changes of segments mean for a curve: which pages go with their segment, and when; and what breaks inclusion.

use crate::ids::{PageId, SegmentNumber};
use crate::kernel::segments::{Detached, SegmentTable};
use crate::program::{Control, Program};

/// The segments with pages that are destroyed while there are references to come (R40 to R43), and how many references come
/// before, in their order. Their frames are free from then on; those that go later change nothing that is counted.
pub(super) fn early_ends(program: &Program) -> Vec<(u64, SegmentNumber)> {
    let mut table = SegmentTable::default();
    let early = program.changes.iter().take_while(|change| change.before < program.references.len());
    let ends = early.flat_map(|change| apply(&mut table, change.control).into_iter().map(|gone| (change.before, gone)));
    ends.filter(|(_, segment)| program.segments[segment.index()].touched > 0).collect()
}

/// Carries out a change; the segments that are destroyed by it.
fn apply(table: &mut SegmentTable, control: Control) -> Vec<SegmentNumber> {
    let destroyed =
        |ended: Vec<Detached>| ended.iter().filter(|ended| ended.destroyed).map(|ended| ended.segment).collect();
    match control {
        Control::Create { segment, locked } => {
            table.create(segment, locked);
        }
        Control::Attach { process, segment } => {
            table.attach(process, segment);
        }
        Control::Detach { process, segment } => return destroyed(table.detach(process, segment).into_iter().collect()),
        Control::Remove(segment) => return if table.remove(segment) { vec![segment] } else { Vec::new() },
        Control::Lock(_) | Control::Unlock(_) => {}
        Control::Fork { parent, child } => {
            table.fork(parent, child);
        }
        Control::Exit(process) => return destroyed(table.exit(process)),
    }
    Vec::new()
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
