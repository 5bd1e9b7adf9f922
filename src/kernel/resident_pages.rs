//! The resident pages in the order of their numbers: what a scan over pages in order, and the end of an attachment, go by.
//!
//! Most policies never ask for it, and to keep it costs two far words a fault; so it is kept from the first time that somebody
//! asks. Where pages have one sharer and the processor compares 32 bytes at once, a scan looks at the words themselves.

use super::Kernel;
use super::bitmap::Bitmap;
use crate::ids::PageId;

/// The set, as soon as somebody has asked for it.
#[derive(Clone, Debug, Default)]
pub(super) struct ResidentPages {
    set: Bitmap,
    kept: bool,
}

impl ResidentPages {
    /// A page came into a frame.
    #[inline(always)]
    pub(super) fn insert(&mut self, page: PageId) {
        if self.kept {
            self.set.insert(page.index());
        }
    }

    /// A page left its frame.
    #[inline(always)]
    pub(super) fn remove(&mut self, page: PageId) {
        if self.kept {
            self.set.remove(page.index());
        }
    }

    /// A page will come in: its place in the set is called from memory.
    #[inline(always)]
    pub(super) fn expect(&self, page: PageId) {
        if self.kept {
            self.set.prefetch(page.index());
        }
    }

    /// The set, where it is kept.
    #[inline(always)]
    pub(super) fn set(&self) -> Option<&Bitmap> {
        self.kept.then_some(&self.set)
    }

    /// The same, for who takes pages out.
    #[inline(always)]
    pub(super) fn set_mut(&mut self) -> Option<&mut Bitmap> {
        self.kept.then_some(&mut self.set)
    }

    /// Keeps the set from now on, while it is empty.
    pub(super) fn keep_empty(&mut self, pages: usize) {
        *self = Self { set: Bitmap::new(pages), kept: true };
    }

    /// Whether a page is in the set; none where it is not kept.
    pub(super) fn contains(&self, page: PageId) -> Option<bool> {
        self.kept.then(|| self.set.contains(page.index()))
    }
}

impl Kernel {
    /// The first resident page at or after `from` and before `end`.
    #[inline(always)]
    pub(super) fn next_resident(&mut self, from: PageId, end: PageId) -> Option<PageId> {
        if let Some(wide) = self.looks_at_blocks() {
            return self.tables.own.one.next_resident(from..end, wide);
        }
        self.next_in_set(from, end)
    }

    /// The same by the set.
    #[inline(always)]
    pub(super) fn next_in_set(&mut self, from: PageId, end: PageId) -> Option<PageId> {
        if !self.resident.kept {
            self.keep_resident();
        }
        self.resident.set.next_set(from.index(), end.index()).map(PageId::from_index)
    }

    #[cold]
    fn keep_resident(&mut self) {
        let pages = self.program.footprint() as usize;
        let mut set = Bitmap::new(pages);
        for page in (0..pages).filter(|&page| self.is_resident(PageId::from_index(page))) {
            set.insert(page);
        }
        self.resident = ResidentPages { set, kept: true };
    }
}
