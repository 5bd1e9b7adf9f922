//! One walk over a program, with the process behind each reference and the segments and attachments as they are at the
//! time. Nothing is counted here.

use std::ops::ControlFlow;

use crate::ids::{ProcessNumber, SegmentNumber};
use crate::kernel::segments::SegmentTable;
use crate::program::{Control, Program, Reference};

/// Who looks on.
pub(super) trait Visitor {
    /// A process refers to a page of a segment; `Break` ends the walk.
    fn reference(&mut self, by: ProcessNumber, segment: SegmentNumber, reference: Reference) -> ControlFlow<()>;

    /// A process has got an attachment of a segment, by a fork or by its own attach.
    fn attached(&mut self, _process: ProcessNumber, _segment: SegmentNumber, _inherited: bool) {}

    /// A change has happened; `segments` exist now, with so many attachments in all.
    fn changed(&mut self, _control: Control, _segments: u64, _attachments: u64) {}
}

/// What is known on the way.
struct Walk {
    table: SegmentTable,
    /// The process behind each column of each segment.
    owners: Vec<Vec<ProcessNumber>>,
    attachments: u64,
}

/// Goes over the changes and references of a program, in order.
pub(super) fn walk(program: &Program, visitor: &mut impl Visitor) {
    let owners = vec![Vec::new(); program.segments.len()];
    let mut walk = Walk { table: SegmentTable::default(), owners, attachments: 0 };
    let mut changes = program.changes.iter().peekable();
    for position in 0..program.references.len() {
        while let Some(change) = changes.next_if(|change| change.before <= position) {
            walk.change(change.control, visitor);
        }
        let reference = program.reference(position);
        let segment = program.segment_of[reference.page.index()];
        let process = walk.owners[segment.index()][reference.column.index()];
        if visitor.reference(process, segment, reference).is_break() {
            return;
        }
    }
    changes.for_each(|change| walk.change(change.control, visitor));
}

impl Walk {
    fn change(&mut self, control: Control, visitor: &mut impl Visitor) {
        match control {
            Control::Create { segment, locked } => {
                self.table.create(segment, locked);
            }
            Control::Attach { process, segment } => {
                let column = self.table.attach(process, segment);
                self.attached(process, segment, column.index());
                visitor.attached(process, segment, false);
            }
            Control::Detach { process, segment } => {
                self.attachments -= u64::from(self.table.detach(process, segment).is_some());
            }
            Control::Remove(segment) => {
                self.table.remove(segment);
            }
            Control::Fork { parent, child } => {
                for copy in self.table.fork(parent, child) {
                    self.attached(child, copy.segment, copy.child.index());
                    visitor.attached(child, copy.segment, true);
                }
            }
            Control::Exit(process) => self.attachments -= self.table.exit(process).len() as u64,
            Control::Lock(_) | Control::Unlock(_) => {}
        }
        visitor.changed(control, u64::from(self.table.in_use()), self.attachments);
    }

    fn attached(&mut self, process: ProcessNumber, segment: SegmentNumber, column: usize) {
        self.attachments += 1;
        let owners = &mut self.owners[segment.index()];
        owners.resize(owners.len().max(column + 1), process);
        owners[column] = process;
    }
}
