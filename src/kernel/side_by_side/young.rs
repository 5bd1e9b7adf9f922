//! At which memory sizes pages are known to have young entries. What is not known here is asked of the page tables; who makes
//! pages young or old is not known here either.

use crate::ids::PageId;

/// For each page the sizes at which it is known to have young entries, a bit each: there a reference has made one young, and none
/// was made old or taken since. Where a page has one attachment at most, and so one entry, those at which it is known to be
/// written as well stand beside them.
#[derive(Clone, Debug)]
pub struct Young {
    sizes: Vec<u64>,
    /// A page has `1 << shift` words: one, or one for reading and one for writing.
    shift: u32,
}

impl Young {
    /// Nothing is known of so many pages, of which each has one attachment at most, or not.
    pub fn new(pages: usize, one_attachment: bool) -> Self {
        let shift = u32::from(one_attachment);
        Self { sizes: vec![0; pages << shift], shift }
    }

    /// All of them. Where a page has one attachment at most they stand at the places of packed references, and are the sizes at
    /// which these would change nothing.
    #[inline(always)]
    pub fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    /// Whether a page has one attachment at most.
    #[inline(always)]
    pub fn one_attachment(&self) -> bool {
        self.shift != 0
    }

    /// The sizes at which a page is known to have young entries.
    #[inline(always)]
    pub fn of(&self, page: PageId) -> u64 {
        self.sizes[page.index() << self.shift]
    }

    /// A reference, which writes or does not, has made an entry of a page young at these sizes.
    #[inline(always)]
    pub fn made_young(&mut self, page: PageId, writes: bool, sizes: u64) {
        let first = page.index() << self.shift;
        self.sizes[first] |= sizes;
        self.sizes[first | (usize::from(writes) & self.shift as usize)] |= sizes;
    }

    /// Entries of a page were made old or taken at a size.
    #[inline(always)]
    pub(super) fn made_old(&mut self, page: PageId, size: u32) {
        self.at(size).forget(page);
    }

    /// What is known at one size.
    #[inline(always)]
    pub(super) fn at(&mut self, size: u32) -> YoungAt<'_> {
        YoungAt { sizes: &mut self.sizes, shift: self.shift, size: 1 << (size % u64::BITS) }
    }

    /// At these sizes nothing is known any more of a page.
    #[inline(always)]
    pub fn forget(&mut self, page: PageId, sizes: u64) {
        forget(&mut self.sizes, self.shift, page, sizes);
    }
}

#[inline(always)]
fn forget(known: &mut [u64], shift: u32, page: PageId, sizes: u64) {
    let first = page.index() << shift;
    if shift == 0 {
        known[first] &= !sizes;
    } else if let Some(of_page) = known[first..].first_chunk_mut::<2>() {
        *of_page = of_page.map(|known| known & !sizes);
    }
}

/// What is known at one size, with all that it takes to find it at hand, in place of looking it up for each page of a scan.
#[derive(Debug)]
pub(super) struct YoungAt<'y> {
    sizes: &'y mut [u64],
    shift: u32,
    size: u64,
}

impl YoungAt<'_> {
    /// A page is made old, if it is known to be young; whether it was.
    #[inline(always)]
    pub(super) fn make_old(&mut self, page: PageId) -> bool {
        let first = page.index() << self.shift;
        let is_young = self.sizes[first] & self.size != 0;
        if is_young {
            self.forget(page);
        }
        is_young
    }

    /// Nothing is known any more of a page.
    #[inline(always)]
    pub(super) fn forget(&mut self, page: PageId) {
        forget(self.sizes, self.shift, page, self.size);
    }
}
