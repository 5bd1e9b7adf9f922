//! The system calls and what else changes segments and attachments (R38 to R46): create, attach, detach, remove, lock,
//! fork, exit.
//!
//! The life of segments is [`super::segments`]; here is what it means for pages and entries.

use super::Kernel;
use super::page_tables::{Entries, PageTables, with_entries};
use crate::ids::{Column, PageId, SegmentNumber};
use crate::program::Control;

impl Kernel {
    /// Carries out a change, but for the entries of attachments that end ([`Kernel::empty_ended`]). A function is told of each page
    /// that goes with its segment, and whether it was resident; the rest of them were in swap.
    pub(crate) fn apply(&mut self, control: Control, gone: &mut dyn FnMut(PageId, bool)) {
        match control {
            Control::Create { segment, locked } => {
                self.table.create(segment, locked);
                self.shm_tot += u128::from(self.program.segments[segment.index()].size);
            }
            // All entries of a new attachment are signatures (R39): its column is clear in every mask.
            Control::Attach { process, segment } => {
                self.table.attach(process, segment);
            }
            Control::Detach { process, segment } => {
                let ended = self.table.detach(process, segment);
                self.end_attachments(ended, gone);
            }
            Control::Remove(segment) => {
                if self.table.remove(segment) {
                    self.destroy(segment, gone);
                }
            }
            Control::Lock(segment) => {
                self.table.set_locked(segment, true);
            }
            Control::Unlock(segment) => {
                self.table.set_locked(segment, false);
            }
            Control::Fork { parent, child } => {
                self.empty_ended();
                for copy in self.table.fork(parent, child) {
                    self.copy_entries(copy.segment, copy.parent, copy.child);
                }
            }
            Control::Exit(process) => {
                let ended = self.table.exit(process);
                self.end_attachments(ended, gone);
            }
        }
    }

    fn end_attachments(
        &mut self,
        ended: impl IntoIterator<Item = super::segments::Detached>,
        gone: &mut dyn FnMut(PageId, bool),
    ) {
        for detached in ended {
            self.ended.push((detached.segment, detached.column));
            if detached.destroyed {
                self.destroy(detached.segment, gone);
            }
        }
    }

    /// Empties the entries of the attachments that have ended (R40), before anybody looks at them. Whole processes often end with
    /// the same change or one after the other, and each walk over the pages is a long one.
    pub(crate) fn empty_ended(&mut self) {
        if self.ended.is_empty() {
            return;
        }
        let mut ended = std::mem::take(&mut self.ended);
        ended.sort_unstable();
        ended.chunk_by(|(one, _), (other, _)| one == other).for_each(|of_segment| self.clear_entries(of_segment));
        ended.clear();
        self.ended = ended;
    }

    /// Empties the entries of attachments of one segment. Only resident pages have present entries.
    fn clear_entries(&mut self, ended: &[(SegmentNumber, Column)]) {
        let [(segment, _), ..] = *ended else { return };
        let (mut from, end) = self.range_of(segment);
        let columns = || ended.iter().map(|&(_, column)| column);
        if let Some(beside) = &mut self.tables.beside
            && columns().all(|column| beside.clear_entries(from..end, column))
        {
            return;
        }
        while let Some(page) = self.next_resident(from, end) {
            with_entries!(&mut self.tables, entries => columns().for_each(|column| entries.clear_entry(page, column)));
            self.made_old(page);
            from = page.next();
        }
    }

    /// Copies present entries to a child, where they are old (R44).
    fn copy_entries(&mut self, segment: SegmentNumber, parent: Column, child: Column) {
        let (mut from, end) = self.range_of(segment);
        while let Some(page) = self.next_resident(from, end) {
            with_entries!(&mut self.tables, entries => entries.copy_entry(page, parent, child));
            from = page.next();
        }
    }

    fn destroy(&mut self, segment: SegmentNumber, gone: &mut dyn FnMut(PageId, bool)) {
        let (start, end) = self.range_of(segment);
        self.ended.retain(|&(of, _)| of != segment);
        self.shm_tot -= u128::from(self.program.segments[segment.index()].size);
        let mut tables = std::mem::replace(&mut self.tables, PageTables::none());
        with_entries!(&mut tables, entries => entries.forget_all(start..end, |page, was_resident| {
            self.page_forgotten(page, was_resident);
            gone(page, was_resident);
        }));
        self.tables = tables;
    }

    /// The first page of a segment, and the one behind its last.
    fn range_of(&self, segment: SegmentNumber) -> (PageId, PageId) {
        let segment = &self.program.segments[segment.index()];
        (segment.first_page, segment.end())
    }
}
