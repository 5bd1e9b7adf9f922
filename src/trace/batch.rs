//! References in bulk: what a reader that has many at hand gives a sink at once.
//!
//! Nothing is decided here: a batch is worth exactly the records that it can be taken apart into.

use super::{Operation, Record};

/// A page as the trace names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TracePage {
    /// The number of the segment's label.
    pub segment: u32,
    /// Which page of the segment.
    pub page: u64,
}

/// References of one process in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The place of the process in [`Batch::processes`].
    pub process: u32,
    /// The place of the first word.
    pub first: u32,
    /// How many words follow each other.
    pub length: u32,
}

impl Turn {
    /// What is left of turns after so many references: the turns, and how many references of the first are gone.
    pub fn skip(mut turns: &[Self], mut count: u32) -> (&[Self], u32) {
        while let Some((turn, rest)) = turns.split_first()
            && count >= turn.length
        {
            count -= turn.length;
            turns = rest;
        }
        (turns, count)
    }
}

/// References as words: twice the place of the page in [`Batch::pages`], and 1 more for a write. Little endian.
#[derive(Clone, Copy, Debug)]
pub enum Words<'a> {
    /// Two bytes each.
    Narrow(&'a [[u8; 2]]),
    /// Four bytes each.
    Wide(&'a [[u8; 4]]),
}

impl Words<'_> {
    /// One word.
    ///
    /// # Panics
    /// When there are not that many.
    #[inline]
    pub fn get(&self, place: usize) -> u32 {
        match self {
            Self::Narrow(words) => u32::from(u16::from_le_bytes(words[place])),
            Self::Wide(words) => u32::from_le_bytes(words[place]),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Narrow(words) => words.len(),
            Self::Wide(words) => words.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The largest word; 0 where there is none.
    pub fn max(&self) -> u32 {
        match self {
            Self::Narrow(words) => words.iter().map(|&word| u16::from_le_bytes(word)).max().map_or(0, u32::from),
            Self::Wide(words) => words.iter().map(|&word| u32::from_le_bytes(word)).max().unwrap_or(0),
        }
    }
}

/// References that follow each other without a change between them.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The pages of the trace so far. In the batches of one trace this only grows: what a place holds stays.
    pub pages: &'a [TracePage],
    /// The processes of the trace so far; it only grows as well.
    pub processes: &'a [u64],
    /// The words, those of each process in a row.
    pub words: Words<'a>,
    /// In what order they follow each other. The first and the last turn may be part of the batch only.
    pub turns: &'a [Turn],
    /// References of the first turn that come before the batch.
    pub skip: u32,
    /// References of the batch.
    pub count: u32,
    /// The time of each reference of the batch in order; none where nobody asked for times.
    pub times: &'a [u64],
}

impl<'a> Batch<'a> {
    /// The turns, cut to the batch.
    pub fn turns(&self) -> impl Iterator<Item = Turn> + use<'a> {
        let (mut skip, mut left) = (self.skip, self.count);
        self.turns.iter().map_while(move |turn| {
            let length = (turn.length - skip).min(left);
            let cut = Turn { first: turn.first + skip, length, ..*turn };
            (skip, left) = (0, left - length);
            (length > 0).then_some(cut)
        })
    }

    /// The records, in order.
    pub fn records(&self) -> impl Iterator<Item = Record> + use<'a> {
        let batch = *self;
        let places = self.turns().flat_map(|turn| (turn.first..turn.first + turn.length).map(move |at| (turn, at)));
        places.enumerate().map(move |(index, (turn, at))| batch.record_at(turn.process, at as usize, index))
    }

    /// The record of the word at `place`, by a process, which is the one at `index` of the batch.
    pub fn record_at(&self, process: u32, place: usize, index: usize) -> Record {
        let word = self.words.get(place);
        let TracePage { segment, page } = self.pages[word as usize >> 1];
        let operation = if word & 1 == 0 { Operation::Read } else { Operation::Write };
        let time = self.times.get(index).copied().unwrap_or(0);
        Record { time, process: self.processes[process as usize], operation, segment, page }
    }

    /// The batch without its first `count` references.
    #[must_use]
    pub fn after(&self, count: u32) -> Self {
        let mut rest = *self;
        rest.count = self.count.saturating_sub(count);
        rest.times = self.times.get(count as usize..).unwrap_or_default();
        (rest.turns, rest.skip) = Turn::skip(self.turns, self.skip + count);
        rest
    }
}
