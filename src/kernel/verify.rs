//! A recount of everything that the model keeps twice, for tests and debug builds. It changes nothing.

use super::{Kernel, PageState};
use crate::ids::{PageId, SegmentNumber};

impl Kernel {
    /// Recounts the model from its masks and list words.
    ///
    /// # Panics
    /// When a count, a mask or a slot disagrees with the rest: always a bug, whatever the trace.
    pub fn verify(&self) {
        let (mut resident, mut slots) = (0, Vec::new());
        for index in 0..self.list.len() {
            let page = PageId::from_index(index);
            self.verify_masks(page);
            match self.page_state(page) {
                PageState::Zero => assert!(!self.is_resident(page), "page {index} was never touched and is resident"),
                PageState::Resident { .. } => {
                    assert!(self.is_resident(page), "page {index} is resident by its list word only");
                    resident += 1;
                }
                PageState::Swapped(slot) => {
                    assert!(!self.is_resident(page), "page {index} is resident and has a copy in swap (R14)");
                    slots.push(slot);
                }
            }
        }
        assert_eq!(resident, self.shm_rss, "shm_rss against the list words");
        assert!(self.shm_rss <= self.frames, "more pages resident than there are frames");
        assert_eq!(slots.len() as u64, self.shm_swp, "shm_swp against the list words");
        slots.sort_unstable();
        assert_eq!(slots, self.swap.used().collect::<Vec<_>>(), "slots of the list words against those of the areas");
        self.verify_segments();
        let lost = self.counters.swap_outs - self.counters.swap_ins;
        assert!(self.shm_swp <= lost, "more pages in swap than were written and not brought back");
    }

    fn verify_masks(&self, page: PageId) {
        let descriptor = self.table.descriptor_if_known(self.segment_of(page));
        let mut attached = vec![0_u64; 1 << self.words_shift];
        for attachment in descriptor.iter().flat_map(|descriptor| &descriptor.attachments) {
            attached[attachment.column.index() / 64] |= 1 << (attachment.column.index() % 64);
        }
        for (entries, attached) in self.entries[self.words(page)].iter().zip(attached) {
            assert_eq!(entries.young & !entries.present, 0, "page {page:?} is young where it is not present");
            assert_eq!(entries.present & !attached, 0, "page {page:?} is present where nobody attached it");
            assert!(entries.present == 0 || self.is_resident(page), "page {page:?} is present and not resident");
        }
    }

    fn verify_segments(&self) {
        let mut total = 0;
        for (number, segment) in self.program.segments.iter().enumerate() {
            let states = segment.pages().map(|page| self.page_state(PageId::new(page)));
            let resident = states.clone().filter(|state| matches!(state, PageState::Resident { .. })).count() as u64;
            assert_eq!(resident, self.segments[number].resident, "resident pages of segment {number}");
            if self.table.alive(SegmentNumber::from_index(number)) {
                total += u128::from(segment.size);
            } else {
                assert!(states.clone().all(|state| state == PageState::Zero), "segment {number} is gone and has pages");
            }
        }
        assert_eq!(total, self.shm_tot, "shm_tot against the segments");
    }
}
