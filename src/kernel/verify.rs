//! A recount of everything that the model keeps twice, for tests and debug builds. It changes nothing.

use super::known::Nothing;
use super::page_tables::{Entries, with_entries};
use super::{Kernel, PageState};
use crate::ids::{Column, PageId, SegmentNumber};

impl Kernel {
    /// Recounts the model from its masks and list words.
    ///
    /// # Panics
    /// When a count, a mask or a slot disagrees with the rest: always a bug, whatever the trace.
    pub fn verify(&self) {
        let (mut resident, mut slots) = (0, Vec::new());
        for index in 0..self.program.footprint() as usize {
            let page = PageId::from_index(index);
            self.verify_masks(page);
            match self.page_state(page) {
                PageState::Zero => {}
                PageState::Resident { .. } => {
                    assert!(!self.is_in_swap(page), "page {index} is resident and has a copy in swap (R14)");
                    resident += 1;
                }
                PageState::Swapped(slot) => slots.push(slot),
            }
            let known = self.resident.contains(page).unwrap_or_else(|| self.is_resident(page));
            assert_eq!(self.is_resident(page), known, "page {index}: its word against the pages that a scan meets");
        }
        assert_eq!(resident, self.shm_rss, "shm_rss against the pages' words");
        assert!(self.shm_rss <= self.frames, "more pages resident than there are frames");
        assert_eq!(slots.len() as u64, self.shm_swp(), "shm_swp against the pages in swap");
        slots.sort_unstable();
        if self.keeps_slots::<Nothing>() {
            assert_eq!(slots, self.swap.used().collect::<Vec<_>>(), "slots of pages against those of the areas");
        }
        self.verify_segments();
    }

    fn verify_masks(&self, page: PageId) {
        let descriptor = self.table.descriptor_if_known(self.segment_of(page));
        let attachments = descriptor.map_or(&[][..], |descriptor| &descriptor.attachments);
        for column in (0..with_entries!(&self.tables, entries => entries.columns())).map(Column::from_index) {
            if self.entry(page, column).is_some() {
                let attached = attachments.iter().any(|attachment| attachment.column == column);
                assert!(attached, "page {page:?} is present where nobody attached it");
                assert!(self.is_resident(page), "page {page:?} is present and not resident");
            }
        }
        let accessed = with_entries!(&self.tables, entries => entries.is_accessed(page));
        let columns = (0..with_entries!(&self.tables, entries => entries.columns())).map(Column::from_index);
        let young = columns.filter_map(|column| self.entry(page, column)).any(|young| young);
        assert_eq!(accessed, young, "page {page:?} is young where it is not present");
    }

    fn verify_segments(&self) {
        let mut total = 0;
        for (number, segment) in self.program.segments.iter().enumerate() {
            let states = segment.pages().map(|page| self.page_state(PageId::new(page)));
            let resident = states.clone().filter(|state| matches!(state, PageState::Resident { .. })).count() as u64;
            assert_eq!(resident, self.segments[number].resident(), "resident pages of segment {number}");
            if self.table.alive(SegmentNumber::from_index(number)) {
                total += u128::from(segment.size);
            } else {
                assert!(states.clone().all(|state| state == PageState::Zero), "segment {number} is gone and has pages");
            }
        }
        assert_eq!(total, self.shm_tot, "shm_tot against the segments");
    }
}
