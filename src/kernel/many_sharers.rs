//! The entries of pages that more processes share than fit one word: for each page two masks of 64 bits, or several.
//!
//! The same as [`super::page_tables::Words`] does in one word; what is said there holds here.

use super::bitmap::Bitmap;
use super::page_tables::{Alone, Entries, Place, Unmapped};
use crate::ids::{Column, PageId};
use crate::prefetch::prefetch;
use crate::program::Reference;

/// The entries of up to 64 sharers: bit n is the attachment in column n.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Masks {
    /// Present in the process's page table; otherwise the entry is a signature (R4, R7).
    present: u64,
    /// Present and young: the accessed bit is set. Always a part of `present`.
    young: u64,
}

/// Entries in masks of as many words as the trace needs.
#[derive(Clone, Debug)]
pub(crate) struct ManySharers<P = Alone> {
    /// `1 << shift` pairs of masks for each page.
    pub(super) masks: Vec<Masks>,
    pub(super) shift: u32,
    /// For a page in no frame: whether it is in swap.
    pub(super) written: Vec<bool>,
    pub(super) resident: Bitmap,
    pub(super) place: P,
}

impl ManySharers {
    pub(crate) fn new(pages: usize, most_attachments: u32) -> Self {
        Self::at(pages, most_attachments, Alone)
    }

    /// Bytes for each page.
    pub(crate) fn bytes_a_page(most_attachments: u32) -> u64 {
        // One for whether it was written, and a bit for whether it is resident.
        u64::from(pairs_of_masks(most_attachments)) * size_of::<Masks>() as u64 + 2
    }
}

impl<P: Place> ManySharers<P> {
    /// Empty masks for arrays of so many places.
    pub(super) fn at(places: usize, most_attachments: u32, place: P) -> Self {
        let shift = pairs_of_masks(most_attachments).trailing_zeros();
        Self {
            masks: vec![Masks::default(); places << shift],
            shift,
            written: vec![false; places],
            resident: Bitmap::new(places),
            place,
        }
    }

    /// The masks, and the bit in them, of an attachment's entry for a page.
    #[inline(always)]
    fn mask(&self, page: PageId, column: Column) -> (usize, u64) {
        ((self.index(page) << self.shift) + column.index() / 64, 1 << (column.index() % 64))
    }

    /// Where the page stands in all arrays.
    #[inline(always)]
    fn index(&self, page: PageId) -> usize {
        self.place.of(page.index())
    }

    fn of(&self, page: PageId) -> &[Masks] {
        &self.masks[self.index(page) << self.shift..][..1 << self.shift]
    }

    fn of_mut(&mut self, page: PageId) -> &mut [Masks] {
        let place = self.index(page) << self.shift;
        &mut self.masks[place..][..1 << self.shift]
    }
}

/// Pairs of masks for each page.
fn pairs_of_masks(most_attachments: u32) -> u32 {
    most_attachments.div_ceil(64).max(1).next_power_of_two()
}

impl<P: Place> Entries for ManySharers<P> {
    #[inline(always)]
    fn hit(&mut self, reference: Reference) -> bool {
        let (place, bit) = self.mask(reference.page, reference.column);
        let masks = &mut self.masks[place];
        let present = masks.present & bit != 0;
        if present {
            masks.young |= bit;
            let index = self.index(reference.page);
            self.written[index] |= reference.write;
        }
        present
    }

    #[inline(always)]
    fn is_settled(&self, reference: Reference) -> bool {
        let (place, bit) = self.mask(reference.page, reference.column);
        self.masks[place].young & bit != 0 && (!reference.write || self.written[self.index(reference.page)])
    }

    fn map(&mut self, reference: Reference) {
        let (place, bit) = self.mask(reference.page, reference.column);
        self.masks[place].present |= bit;
        self.masks[place].young |= bit;
        let index = self.index(reference.page);
        self.written[index] |= reference.write;
    }

    fn bring_in(&mut self, reference: Reference) -> bool {
        let index = self.index(reference.page);
        self.resident.insert(index);
        let was_in_swap = std::mem::take(&mut self.written[index]);
        self.map(reference);
        was_in_swap
    }

    fn forget(&mut self, page: PageId) {
        let index = self.index(page);
        self.resident.remove(index);
        self.written[index] = false;
        self.of_mut(page).fill(Masks::default());
    }

    fn is_resident(&self, page: PageId) -> bool {
        self.resident.contains(self.index(page))
    }

    fn is_in_swap(&self, page: PageId) -> bool {
        self.written[self.index(page)] && !self.is_resident(page)
    }

    fn is_written(&self, page: PageId) -> bool {
        self.written[self.index(page)]
    }

    fn is_accessed(&self, page: PageId) -> bool {
        self.of(page).iter().any(|masks| masks.young != 0)
    }

    fn clear_accessed(&mut self, page: PageId) -> u32 {
        let young = |masks: &mut Masks| std::mem::take(&mut masks.young).count_ones();
        self.of_mut(page).iter_mut().map(young).sum()
    }

    fn unmap(&mut self, page: PageId, second_chance: bool) -> Option<Unmapped> {
        if !self.is_resident(page) {
            return None;
        }
        let (mut taken, mut left) = (0, 0);
        for masks in self.of_mut(page) {
            let aged = if second_chance { masks.young } else { 0 };
            taken += (masks.present & !aged).count_ones();
            left += aged.count_ones();
            *masks = Masks { present: aged, young: 0 };
        }
        let index = self.index(page);
        let written = self.written[index];
        if left == 0 {
            self.resident.remove(index);
            self.written[index] = true;
        }
        Some(Unmapped { taken, left, written })
    }

    fn entry(&self, page: PageId, column: Column) -> Option<bool> {
        let (place, bit) = self.mask(page, column);
        let masks = self.masks[place];
        (masks.present & bit != 0).then_some(masks.young & bit != 0)
    }

    fn clear_entry(&mut self, page: PageId, column: Column) {
        let (place, bit) = self.mask(page, column);
        self.masks[place].present &= !bit;
        self.masks[place].young &= !bit;
    }

    fn copy_entry(&mut self, page: PageId, parent: Column, child: Column) {
        if self.entry(page, parent).is_some() {
            let (place, bit) = self.mask(page, child);
            self.masks[place].present |= bit;
        }
    }

    fn present(&self, page: PageId) -> u32 {
        self.of(page).iter().map(|masks| masks.present.count_ones()).sum()
    }

    fn columns(&self) -> usize {
        64 << self.shift
    }

    #[inline(always)]
    fn prefetch(&self, page: PageId) {
        prefetch(&self.masks, self.index(page) << self.shift);
    }
}
