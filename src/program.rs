//! A trace made ready for replay: dense references and the changes between them.
//!
//! A [`Program`] is made once by [`crate::resolve::Resolver`] and read by any number of replays at the same time. It
//! holds what is the same for every policy and memory size; nothing in it ever changes during a replay.

use std::sync::{Arc, OnceLock};

use crate::ids::{Column, PageId, ProcessNumber, SegmentNumber};
use crate::runs::Collapsed;
use crate::trace::{Label, Settings};

/// In place of a position: the page is not referenced again.
pub const NO_NEXT_USE: u32 = u32::MAX;

/// A segment of the trace.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Its name.
    pub label: Label,
    /// Its size in pages, touched or not.
    pub size: u64,
    /// Its first page; the touched pages of a segment are numbered in a row.
    pub first_page: PageId,
    /// How many of its pages are ever referenced.
    pub touched: u32,
    /// Where the index in the segment jumps: (index in the segment, touched pages before it), ascending; the first row is
    /// that of the first touched page. One row for a segment whose touched pages are in a row.
    pub runs: Vec<(u64, u32)>,
}

impl Segment {
    /// The touched pages.
    pub fn pages(&self) -> std::ops::Range<u32> {
        self.first_page.get()..self.first_page.get() + self.touched
    }

    /// The page one past the last touched one.
    pub fn end(&self) -> PageId {
        PageId::new(self.pages().end)
    }

    /// The index in the segment of one of its touched pages.
    pub fn index_of(&self, page: PageId) -> u64 {
        let rank = page.get() - self.first_page.get();
        let run = self.runs.partition_point(|&(_, before)| before <= rank) - 1;
        let (index, before) = self.runs[run];
        index + u64::from(rank - before)
    }

    /// The first touched page at or after an index of the segment, or [`Segment::end`].
    pub fn first_at(&self, index: u64) -> PageId {
        // Where hands come into a segment they ask this.
        if index == 0 {
            return self.first_page;
        }
        let run = self.runs.partition_point(|&(start, _)| start <= index);
        let after = self.runs.get(run).map_or(self.touched, |&(_, before)| before);
        let rank = match run.checked_sub(1).map(|i| self.runs[i]) {
            None => 0,
            Some((start, before)) => u64::from(before).saturating_add(index - start).min(u64::from(after)) as u32,
        };
        PageId::new(self.first_page.get() + rank)
    }
}

/// A change of segments, attachments or processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The segment comes into being (R38).
    Create {
        /// Which one.
        segment: SegmentNumber,
        /// Whether it is locked from the start.
        locked: bool,
    },
    /// A process attaches it (R39).
    Attach {
        /// The process.
        process: ProcessNumber,
        /// The segment.
        segment: SegmentNumber,
    },
    /// A process ends its youngest attachment of it (R40).
    Detach {
        /// The process.
        process: ProcessNumber,
        /// The segment.
        segment: SegmentNumber,
    },
    /// It is marked for destruction (R41).
    Remove(SegmentNumber),
    /// It is locked (R45).
    Lock(SegmentNumber),
    /// It is unlocked (R45).
    Unlock(SegmentNumber),
    /// A process forks (R44).
    Fork {
        /// The parent.
        parent: ProcessNumber,
        /// The child.
        child: ProcessNumber,
    },
    /// A process ends (R43).
    Exit(ProcessNumber),
}

/// A change and its place in the order of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The references that come before it.
    pub before: u64,
    /// What changes.
    pub control: Control,
}

/// One reference, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The page.
    pub page: PageId,
    /// The attachment of the page's segment through which it is reached.
    pub column: Column,
    /// Whether it is a write.
    pub write: bool,
}

/// A word of some width, as bits.
pub trait Bits: Copy + Default + Send + Sync + 'static {
    /// The word as 64 bits.
    fn bits(self) -> u64;

    /// The word of these bits, which fit it.
    fn from_bits(bits: u64) -> Self;
}

/// Makes integers words.
macro_rules! bits {
    ($($type:ty),+) => {
        $(impl Bits for $type {
            #[inline(always)]
            fn bits(self) -> u64 {
                u64::from(self)
            }

            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                bits as Self
            }
        })+
    };
}
bits!(u8, u32, u64);

/// A word that holds one packed reference: write bit, then the column, then the page.
pub trait Packed: Bits {
    /// The words as those of 32 bits, if they are.
    fn narrow(words: &[Self]) -> Option<&[u32]>;
}

impl Packed for u32 {
    #[inline(always)]
    fn narrow(words: &[Self]) -> Option<&[u32]> {
        Some(words)
    }
}

/// A word of 40 bits, for references that do not fit 32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Word40([u8; 5]);

impl Bits for Word40 {
    #[inline(always)]
    fn bits(self) -> u64 {
        let [first, second, third, fourth, fifth] = self.0;
        u64::from_le_bytes([first, second, third, fourth, fifth, 0, 0, 0])
    }

    #[inline(always)]
    fn from_bits(bits: u64) -> Self {
        let [first, second, third, fourth, fifth, ..] = bits.to_le_bytes();
        Self([first, second, third, fourth, fifth])
    }
}

impl Packed for Word40 {
    #[inline(always)]
    fn narrow(_words: &[Self]) -> Option<&[u32]> {
        None
    }
}

/// All references of a trace, in order.
#[derive(Clone, Debug)]
pub enum References {
    /// Four bytes each: enough for 2^31 pages with one sharer, 2^27 with 16.
    Narrow(Vec<u32>),
    /// Five bytes each, for what does not fit: enough for 2^32 pages with 128 sharers, 2^27 with 4096. The page-table entries
    /// of more than that take at least 64 GiB.
    Wide(Vec<Word40>),
}

impl References {
    /// How many.
    pub fn len(&self) -> u64 {
        match self {
            Self::Narrow(words) => words.len() as u64,
            Self::Wide(words) => words.len() as u64,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives back room for more.
    pub(crate) fn shrink(&mut self) {
        match self {
            Self::Narrow(words) => words.shrink_to_fit(),
            Self::Wide(words) => words.shrink_to_fit(),
        }
    }
}

/// How a reference is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Bits of the column.
    pub column_bits: u32,
}

impl Packing {
    /// Packs a reference; the page takes the bits above the column.
    #[inline(always)]
    pub fn pack(self, reference: Reference) -> u64 {
        (u64::from(reference.page.get()) << (1 + self.column_bits))
            | (u64::from(reference.column.get()) << 1)
            | u64::from(reference.write)
    }

    /// Takes a packed reference apart.
    #[inline(always)]
    pub fn unpack(self, bits: u64) -> Reference {
        Reference {
            page: PageId::new((bits >> (1 + self.column_bits)) as u32),
            column: Column::new((bits >> 1) as u32 & ((1 << self.column_bits) - 1)),
            write: bits & 1 != 0,
        }
    }
}

/// What was counted while the trace was resolved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// References that read.
    pub reads: u64,
    /// References that write.
    pub writes: u64,
    /// Segments that had to be created, and attachments that had to be made, because the trace began late
    /// (`--implicit-attach`).
    pub implicit_segments: u64,
    /// See [`Counts::implicit_segments`].
    pub implicit_attachments: u64,
    /// The most attachments that one segment has at a time.
    pub most_attachments: u32,
}

/// A trace made ready for replay.
#[derive(Debug)]
pub struct Program {
    /// What the trace says about its replay.
    pub settings: Settings,
    /// The segments, by [`SegmentNumber`].
    pub segments: Vec<Segment>,
    /// The process ids, by [`ProcessNumber`].
    pub processes: Vec<u64>,
    /// The changes in order.
    pub changes: Vec<Change>,
    /// The references in order.
    pub references: References,
    /// How they are packed.
    pub packing: Packing,
    /// The time of each reference, where it was asked for.
    pub times: Option<Vec<u64>>,
    /// What was counted on the way.
    pub counts: Counts,
    /// The segment of each page, by [`PageId`].
    pub segment_of: Vec<SegmentNumber>,
    pub(crate) next_uses: OnceLock<Arc<Vec<u32>>>,
    pub(crate) collapsed: Collapsed,
}

impl Program {
    /// Distinct pages that are referenced: the number of frames at which nothing is ever swapped out.
    pub fn footprint(&self) -> u32 {
        self.segment_of.len() as u32
    }

    /// The segment a page belongs to.
    pub fn segment(&self, page: PageId) -> &Segment {
        &self.segments[self.segment_of[page.index()].index()]
    }

    /// For each reference the position of the next one to the same page, or [`NO_NEXT_USE`]; made when first asked for.
    ///
    /// # Errors
    /// When there are too many references for 32-bit positions.
    pub fn next_uses(&self) -> Result<&Arc<Vec<u32>>, String> {
        let references = self.references.len();
        if references >= u64::from(NO_NEXT_USE) {
            return Err(format!("{references} references are more than the {NO_NEXT_USE} it can look ahead over"));
        }
        Ok(self.next_uses.get_or_init(|| {
            let mut next_of_page = vec![NO_NEXT_USE; self.segment_of.len()];
            let mut next_uses = vec![NO_NEXT_USE; references as usize];
            for position in (0..references as usize).rev() {
                let page = self.reference(position as u64).page;
                next_uses[position] = std::mem::replace(&mut next_of_page[page.index()], position as u32);
            }
            Arc::new(next_uses)
        }))
    }

    /// One reference by its position.
    ///
    /// # Panics
    /// When there are not that many.
    pub fn reference(&self, position: u64) -> Reference {
        let position = usize::try_from(position).expect("a position in memory");
        let bits = match &self.references {
            References::Narrow(words) => words[position].bits(),
            References::Wide(words) => words[position].bits(),
        };
        self.packing.unpack(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(indices: &[u64]) -> Segment {
        let mut runs: Vec<(u64, u32)> = Vec::new();
        for (rank, &index) in indices.iter().enumerate() {
            if rank == 0 || indices[rank - 1] + 1 != index {
                runs.push((index, rank as u32));
            }
        }
        let (first_page, touched) = (PageId::new(100), indices.len() as u32);
        Segment { label: Label::Number(0), size: 64, first_page, touched, runs }
    }

    proptest! {
        #[test]
        fn indices_and_pages_are_each_others_inverse(set in prop::collection::btree_set(0u64..60, 0..40)) {
            let indices: Vec<u64> = set.into_iter().collect();
            let segment = segment(&indices);
            for (rank, &index) in indices.iter().enumerate() {
                prop_assert_eq!(segment.index_of(PageId::new(100 + rank as u32)), index);
            }
            for index in 0..64 {
                let before = indices.iter().filter(|&&other| other < index).count() as u32;
                prop_assert_eq!(segment.first_at(index), PageId::new(100 + before));
            }
            prop_assert_eq!(segment.first_at(u64::MAX), segment.end());
        }
    }
}
