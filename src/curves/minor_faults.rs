//! Minor faults at every memory size (R12): references to a page that is in memory there, but not in the table of the process.
//!
//! A page that leaves its frame takes the entries of all its sharers along (R26), and it was out at the sizes up to its depth.
//! So an attachment is without its entry at the sizes up to the greatest depth at which anybody has referenced the page since
//! the attachment did. A reference at depth d by an attachment that has been without it up to m is a minor fault at the sizes
//! above d and up to m: at the others up to m the page is in no frame, and has to come in.
//!
//! Mostly one attachment makes many references to a page before another does. Their greatest depth is kept apart, and the others
//! are told when one of them comes. What did not help: a branch for whether a depth is the greatest; the way for another attachment
//! out of line, which is taken too often for that.

use crate::far_array::FarArray;
use crate::ids::{Column, PageId};
use crate::prefetch::prefetch;

/// How many minor faults are on their way at a time.
const ON_THE_WAY: usize = 32;
/// How many attachments are told of a depth at the same time.
const TOGETHER: usize = 4;

/// Who knows which attachments are without their entry of a page, and counts the minor faults.
pub(super) trait MinorFaults {
    /// What is to be near whenever a page is referenced.
    type OfPage: Copy + Default;

    /// A page will be referenced soon.
    fn prefetch(&self, page: PageId);

    /// A page is touched for the first time, by an attachment.
    fn first_touch(&mut self, of_page: &mut Self::OfPage, column: Column);

    /// A reference to a page at a depth, by an attachment.
    fn reference(&mut self, of_page: &mut Self::OfPage, page: PageId, column: Column, depth: u32);

    /// A new attachment has no entry of a page, or the same as another has, in the column of which it is a copy.
    fn attached(&mut self, of_page: &mut Self::OfPage, page: PageId, column: Column, copied: Option<Column>);

    /// What was counted: for each depth how many more minor faults there are at a size of that many frames than at the next,
    /// which may be less than none; nothing where there are none at any.
    fn counts(self) -> Vec<u64>;
}

/// There are none: no page has another attachment than the one that brings it in.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoMinorFaults;

impl MinorFaults for NoMinorFaults {
    type OfPage = ();

    #[inline(always)]
    fn prefetch(&self, _page: PageId) {}

    #[inline(always)]
    fn first_touch(&mut self, (): &mut (), _column: Column) {}

    #[inline(always)]
    fn reference(&mut self, (): &mut (), _page: PageId, _column: Column, _depth: u32) {}

    fn attached(&mut self, (): &mut (), _page: PageId, _column: Column, _copied: Option<Column>) {}

    fn counts(self) -> Vec<u64> {
        Vec::new()
    }
}

/// The entries of several attachments, of which there is none at first.
#[derive(Clone, Debug)]
pub(super) struct Sharers {
    columns: usize,
    /// For each page and column the greatest depth since the attachment's last reference, as [`kept`] has it. Not that of who has
    /// referenced the page last, whose entry is missing at no size above the depth that it has now.
    deepest: FarArray<u32>,
    counts: Vec<u64>,
    /// Above which depth there is a minor fault, and up to which one, where that is not counted yet.
    waiting: [(u32, u32); ON_THE_WAY],
    length: usize,
}

/// Who has referenced a page last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Last {
    /// The column of the attachment plus one, or 0 for nobody.
    column: u32,
    /// The greatest depth of all but the first of its references in a row, of which the others do not know yet.
    deepest: u32,
}

impl Last {
    #[inline(always)]
    fn by(column: Column) -> Self {
        Self { column: column.get() + 1, deepest: 0 }
    }

    /// The place of its column; past all of them for nobody.
    #[inline(always)]
    fn place(self) -> usize {
        self.column.wrapping_sub(1) as usize
    }
}

/// A depth as it is kept, so that an array of zeros, which costs nothing before it is used, says that there are no entries.
#[inline(always)]
fn kept(depth: u32) -> u32 {
    u32::MAX - depth
}

/// All attachments know that a page was at a depth.
#[inline(always)]
fn tell_all(deepest: &mut [u32], depth: u32) {
    for some in deepest.as_chunks_mut::<TOGETHER>().0 {
        *some = some.map(|deepest| deepest.min(kept(depth)));
    }
}

impl Sharers {
    /// For so many pages with so many attachments.
    pub(super) fn new(pages: u32, columns: u32) -> Self {
        let (pages, columns) = (pages as usize, Self::kept_columns(columns));
        Self {
            columns,
            deepest: FarArray::zeros(pages * columns),
            counts: vec![0; pages + 1],
            waiting: [(0, 0); ON_THE_WAY],
            length: 0,
        }
    }

    /// Columns that are kept of a page: whole wide words of them.
    fn kept_columns(columns: u32) -> usize {
        (columns as usize).next_multiple_of(TOGETHER)
    }

    /// The bytes that they take for each page.
    pub(super) fn bytes_a_page(columns: u32) -> u64 {
        (Self::kept_columns(columns) * size_of::<u32>() + size_of::<Last>() + size_of::<u64>()) as u64
    }

    /// What all attachments have of a page.
    #[inline(always)]
    fn of_page(&mut self, page: PageId) -> &mut [u32] {
        &mut self.deepest[page.index() * self.columns..][..self.columns]
    }

    /// A reference by another attachment than the last one.
    #[inline(always)]
    fn another(&mut self, before: Last, page: PageId, column: Column, depth: u32) {
        let deepest = self.of_page(page);
        tell_all(deepest, depth.max(before.deepest));
        if let Some(of_last) = deepest.get_mut(before.place()) {
            *of_last = kept(depth);
        }
        let missing_to = kept(deepest[column.index()]);
        if missing_to > depth {
            self.wait(depth, missing_to);
        }
    }

    /// A minor fault at the sizes above one depth and up to another.
    #[inline(always)]
    fn wait(&mut self, above: u32, to: u32) {
        let to = to.min(self.counts.len() as u32 - 1);
        prefetch(&self.counts, above as usize);
        prefetch(&self.counts, to as usize);
        self.waiting[self.length] = (above, to);
        self.length += 1;
        if self.length == ON_THE_WAY {
            self.count_waiting();
        }
    }

    fn count_waiting(&mut self) {
        for &(above, to) in &self.waiting[..self.length] {
            let above = &mut self.counts[above as usize];
            *above = above.wrapping_sub(1);
            let to = &mut self.counts[to as usize];
            *to = to.wrapping_add(1);
        }
        self.length = 0;
    }
}

impl MinorFaults for Sharers {
    type OfPage = Last;

    #[inline(always)]
    fn prefetch(&self, page: PageId) {
        prefetch(&self.deepest, page.index() * self.columns);
    }

    #[inline(always)]
    fn first_touch(&mut self, last: &mut Last, column: Column) {
        *last = Last::by(column);
    }

    #[inline(always)]
    fn reference(&mut self, last: &mut Last, page: PageId, column: Column, depth: u32) {
        if last.column == column.get() + 1 {
            last.deepest = last.deepest.max(depth);
        } else {
            let before = std::mem::replace(last, Last::by(column));
            self.another(before, page, column, depth);
        }
    }

    fn attached(&mut self, last: &mut Last, page: PageId, column: Column, copied: Option<Column>) {
        // What the others do not know yet was before the new attachment, so they have to know it first.
        let before = std::mem::take(last);
        let deepest = self.of_page(page);
        tell_all(deepest, before.deepest);
        if let Some(of_last) = deepest.get_mut(before.place()) {
            *of_last = kept(0);
        }
        deepest[column.index()] = copied.map_or(0, |other| deepest[other.index()]);
    }

    fn counts(mut self) -> Vec<u64> {
        self.count_waiting();
        self.counts
    }
}
