//! What changes of segments and attachments mean for a curve: which pages go with their segment, and when; which entries are
//! emptied or copied; and what breaks inclusion.

use std::ops::Range;

use rustc_hash::FxHashSet;

use crate::ids::{Column, PageId, SegmentNumber};
use crate::kernel::segments::{Detached, Inherited, SegmentTable};
use crate::program::{Control, Program};

/// A change that counts for a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A segment with pages is destroyed (R40 to R43). Its frames are free from then on.
    Ends(SegmentNumber),
    /// A segment is attached in a column in which something may be known of another attachment's entries.
    Attached {
        segment: SegmentNumber,
        column: Column,
        /// The column of the attachment whose entries a fork copies (R44); otherwise it has none (R39).
        copied: Option<Column>,
    },
}

/// Some references, and the change that comes behind them.
pub(super) type Part = (Range<usize>, Option<Change>);

/// The references of a program, cut where there is a change that counts.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    /// The most attachments that a segment has at a time, where any can be without an entry of a page in memory; else 0.
    pub(super) columns: u32,
}

impl Parts {
    /// Those of a program. Changes behind its last reference change nothing that is counted.
    pub(super) fn of(program: &Program) -> Self {
        let mut changes = changes(program);
        let again = changes.iter().any(|(_, change)| matches!(change, Change::Attached { .. }));
        let attachments = program.counts.most_attachments;
        let columns = if attachments > 1 || again { attachments } else { 0 };
        if columns == 0 {
            changes.retain(|(_, change)| matches!(change, Change::Ends(_)));
        }
        let mut parts = Vec::with_capacity(changes.len() + 1);
        let mut from = 0;
        for (before, change) in changes {
            let end = before as usize;
            parts.push((from..end, Some(change)));
            from = end;
        }
        parts.push((from..program.references.len() as usize, None));
        Self { parts, columns }
    }

    /// The segments with pages that are destroyed while there are references to come, in their order.
    pub(super) fn early_ends(&self) -> impl Iterator<Item = SegmentNumber> + '_ {
        self.parts.iter().filter_map(|&(_, change)| match change {
            Some(Change::Ends(segment)) => Some(segment),
            _ => None,
        })
    }
}

/// The changes that count, each with the number of references before it.
fn changes(program: &Program) -> Vec<(u64, Change)> {
    let mut table = SegmentTable::default();
    let mut used = FxHashSet::default();
    let early = program.changes.iter().take_while(|change| change.before < program.references.len());
    let all = early.flat_map(|change| {
        let changes = apply(&mut table, &mut used, change.control);
        changes.into_iter().map(|counts| (change.before, counts))
    });
    let has_pages = |change: &Change| {
        let (Change::Ends(segment) | Change::Attached { segment, .. }) = *change;
        program.segments[segment.index()].touched > 0
    };
    all.filter(|(_, change)| has_pages(change)).collect()
}

/// Carries out a change; what counts of it. `used` are the columns of segments that were.
fn apply(table: &mut SegmentTable, used: &mut FxHashSet<(SegmentNumber, Column)>, control: Control) -> Vec<Change> {
    let ends = |ended: Vec<Detached>| {
        ended.iter().filter(|ended| ended.destroyed).map(|ended| Change::Ends(ended.segment)).collect()
    };
    match control {
        Control::Create { segment, locked } => {
            table.create(segment, locked);
            Vec::new()
        }
        Control::Attach { process, segment } => {
            let column = table.attach(process, segment);
            let again = !used.insert((segment, column));
            again.then_some(Change::Attached { segment, column, copied: None }).into_iter().collect()
        }
        Control::Detach { process, segment } => ends(table.detach(process, segment).into_iter().collect()),
        Control::Remove(segment) => {
            if table.remove(segment) {
                vec![Change::Ends(segment)]
            } else {
                Vec::new()
            }
        }
        Control::Lock(_) | Control::Unlock(_) => Vec::new(),
        Control::Fork { parent, child } => {
            let copied = table.fork(parent, child);
            used.extend(copied.iter().map(|copy| (copy.segment, copy.child)));
            let attached = |Inherited { segment, parent, child }| Change::Attached {
                segment,
                column: child,
                copied: Some(parent),
            };
            copied.into_iter().map(attached).collect()
        }
        Control::Exit(process) => ends(table.exit(process)),
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
