//! From the words of a [`Batch`](crate::trace::Batch) to references, by two look-ups each: the page of the word,
//! and the attachment through which its process reaches it.
//!
//! What isn't known here is found, and refused, by [`crate::resolve::Resolver`] record by record; then it is known here as
//! long as it holds. So no rule of resolving is here.

use crate::ids::{Column, PageId};
use crate::program::Reference;

/// Processes whose attachments are known at a time, a power of two.
const ROWS: usize = 32;
/// Labels whose attachments are known: those with the lowest numbers.
const LABELS: usize = 1 << 16;
/// In place of a column: the attachment is not known. No segment has so many.
const NONE: u32 = u32::MAX;

/// Where a page of the trace is.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The number of the label, plus 1; 0 as long as the page is not known.
    slot: u32,
    /// The number of the page in order of appearance.
    number: u32,
}

/// The attachments of a process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    process: u32,
    /// The column by slot, as far as it is known. Slot 0 has none.
    columns: Vec<u32>,
    /// The slots that have one.
    filled: Vec<u32>,
    /// The age in which it was filled.
    age: u64,
}

/// What is known of pages and attachments.
#[derive(Debug)]
pub(crate) struct Translation {
    /// By place in the trace's table of pages.
    places: Vec<Place>,
    /// For each label the pages that are known.
    known: Vec<Vec<u32>>,
    rows: Vec<Row>,
    /// Grows with every change, which makes all rows out of date.
    age: u64,
}

impl Default for Translation {
    fn default() -> Self {
        Self { places: Vec::new(), known: Vec::new(), rows: vec![Row::default(); ROWS], age: 1 }
    }
}

impl Translation {
    /// Attachments may not be what they were.
    pub fn forget_attachments(&mut self) {
        self.age += 1;
    }

    /// The label stands for another segment from now on.
    pub fn forget_label(&mut self, label: u32) {
        for page in self.known.get_mut(label as usize).map(std::mem::take).unwrap_or_default() {
            self.places[page as usize].slot = 0;
        }
    }

    /// Makes room for a table of so many pages.
    pub fn grow(&mut self, pages: usize) {
        if pages > self.places.len() {
            self.places.resize(pages, Place::default());
        }
    }

    /// The number of the row of a process, given by its place in the trace's table; nothing is known in it if it was
    /// another's.
    #[inline]
    pub fn row(&mut self, process: u32) -> usize {
        let at = process as usize % ROWS;
        let row = &mut self.rows[at];
        if row.age != self.age || row.process != process {
            for slot in row.filled.drain(..) {
                row.columns[slot as usize] = NONE;
            }
            (row.age, row.process) = (self.age, process);
        }
        at
    }

    /// Keeps what was found: the label and the number of a page, and the column of a process; page and process are given
    /// by their places in the trace's tables.
    pub fn learn(&mut self, process: u32, page: u32, label: u32, number: PageId, column: Column) {
        let slot = label as usize + 1;
        if slot >= LABELS {
            return;
        }
        let row = self.row(process);
        let row = &mut self.rows[row];
        if row.columns.len() <= slot {
            row.columns.resize(slot + 1, NONE);
        }
        if row.columns[slot] == NONE {
            row.columns[slot] = column.get();
            row.filled.push(slot as u32);
        }
        let place = &mut self.places[page as usize];
        if place.slot == 0 {
            *place = Place { slot: slot as u32, number: number.get() };
            if self.known.len() <= label as usize {
                self.known.resize(slot, Vec::new());
            }
            self.known[label as usize].push(page);
        }
    }

    /// The references of a row's process, until one is not known.
    #[inline(always)]
    pub fn translate(&self, row: usize, words: impl Iterator<Item = u32>) -> impl Iterator<Item = Reference> {
        let columns = &self.rows[row].columns[..];
        let places = &self.places[..];
        words.map_while(move |word| {
            let place = places.get(word as usize >> 1)?;
            let column = *columns.get(place.slot as usize)?;
            let (page, write) = (PageId::new(place.number), word & 1 != 0);
            (column != NONE).then_some(Reference { page, column: Column::new(column), write })
        })
    }
}
