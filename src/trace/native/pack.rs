//! From the records of a block to its bytes: sorted into columns, each packed in the way that suits it.

use std::io;

use xxhash_rust::xxh3::xxh3_64;
use zstd::bulk::Compressor;

use super::range::Encoder;
use super::times::{CHANGE, Model};
use super::wire::{self, COLUMNS, column, put_varint};
use crate::trace::Operation;

/// zstd's level. Higher ones save a few percent of a third of the file, and take ten times as long.
const LEVEL: i32 = 9;

/// A record as the columns want it.
#[derive(Clone, Copy)]
pub struct Step {
    /// The word of a reference, or [`CHANGE`].
    pub word: u32,
    /// The number of the process.
    pub process: u32,
    /// Time since the record before, modulo 2^64.
    pub difference: u64,
}

/// The block being gathered.
#[derive(Default)]
pub struct Gathered {
    /// New labels, processes and pages as they will be written, and how many.
    pub labels: Vec<u8>,
    pub processes: Vec<u8>,
    pub pages: Vec<u8>,
    pub new_labels: u32,
    pub new_processes: u32,
    pub new_pages: u32,
    /// All records in order.
    pub steps: Vec<Step>,
    changes: Vec<u8>,
    change_count: u32,
    /// References before the last change.
    before: u32,
    /// Whether a time differs from the one before.
    timed: bool,
    largest_word: u32,
}

impl Gathered {
    /// Whether there is nothing to be written.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.new_labels == 0
    }

    /// References among the records.
    pub fn references(&self) -> usize {
        self.steps.len() - self.change_count as usize
    }

    /// Adds a record; for a change, after [`Gathered::change`].
    #[inline]
    pub fn step(&mut self, word: u32, process: u32, difference: u64) {
        if word != CHANGE {
            self.largest_word = self.largest_word.max(word);
        }
        self.timed |= difference != 0;
        self.steps.push(Step { word, process, difference });
    }

    /// Adds what a change has beside its step. `label` is one more than its number, or 0.
    pub fn change(&mut self, operation: Operation, process: u32, label: u64, page: u64) {
        let position = self.references() as u32;
        put_varint(&mut self.changes, u64::from(position - self.before));
        self.changes.push(operation as u8);
        put_varint(&mut self.changes, u64::from(process));
        put_varint(&mut self.changes, label);
        put_varint(&mut self.changes, page);
        self.before = position;
        self.change_count += 1;
    }

    /// Forgets everything but the room it took.
    pub fn clear(&mut self) {
        let mut steps = std::mem::take(&mut self.steps);
        steps.clear();
        *self = Self { steps, ..Self::default() };
    }
}

/// A block as it is written.
pub struct Packed {
    /// The head without its own hash.
    pub head: Vec<u8>,
    /// The columns one after the other.
    pub columns: Vec<u8>,
}

/// Packs a block.
pub fn pack(block: &Gathered, model: &mut Option<Box<Model>>) -> io::Result<Packed> {
    // The times take as long as all the rest.
    let (times, rest) = rayon::join(|| times(block, model), || rest(block));
    let (turns, width, mut columns) = rest?;
    columns[column::TIMES] = Column { length: times.len(), packed: times };
    let mut head = wire::BLOCK.to_vec();
    let counts = [block.steps.len() as u32, block.references() as u32, turns];
    let tables = [block.new_labels, block.new_processes, block.new_pages, width];
    for number in counts.into_iter().chain(tables) {
        head.extend_from_slice(&number.to_le_bytes());
    }
    for column in &columns {
        head.extend_from_slice(&(column.length as u32).to_le_bytes());
        head.extend_from_slice(&(column.packed.len() as u32).to_le_bytes());
    }
    let columns = columns.map(|column| column.packed).concat();
    head.extend_from_slice(&xxh3_64(&columns).to_le_bytes());
    Ok(Packed { head, columns })
}

/// A column, and its length unpacked.
#[derive(Default)]
struct Column {
    length: usize,
    packed: Vec<u8>,
}

impl Column {
    /// Compresses a column; one that gains nothing by it stays as it is.
    fn compressed(column: Vec<u8>) -> io::Result<Self> {
        let length = column.len();
        let packed = if length == 0 { Vec::new() } else { Compressor::new(LEVEL)?.compress(&column)? };
        Ok(Self { length, packed: if packed.len() < length { packed } else { column } })
    }
}

/// The times of a block; empty when they are all the same.
fn times(block: &Gathered, model: &mut Option<Box<Model>>) -> Vec<u8> {
    if !block.timed {
        return Vec::new();
    }
    let model = model.get_or_insert_with(|| Box::new(Model::new()));
    let mut encoder = Encoder::new();
    for step in &block.steps {
        model.code(&mut encoder, step.word, step.process, step.difference);
    }
    encoder.finish()
}

/// How many turns there are, the bytes of a word, and the columns but the times.
fn rest(block: &Gathered) -> io::Result<(u32, u32, [Column; COLUMNS])> {
    let turns = Turns::of(&block.steps);
    let (width, words) = if u16::try_from(block.largest_word).is_ok() {
        (2, turns.grouped(&block.steps, |word| (word as u16).to_le_bytes()))
    } else {
        (4, turns.grouped(&block.steps, u32::to_le_bytes))
    };
    let names = [&block.labels[..], &block.processes].concat();
    let mut columns: [Column; COLUMNS] = Default::default();
    columns[column::NAMES] = Column { length: names.len(), packed: names };
    columns[column::PAGES] = Column::compressed(block.pages.clone())?;
    columns[column::TURNS] = Column::compressed(turns.column())?;
    columns[column::WORDS] = Column::compressed(words)?;
    columns[column::CHANGES] = Column::compressed(block.changes.clone())?;
    Ok((turns.list.len() as u32, width, columns))
}

/// Which process refers how many times in a row.
struct Turns {
    list: Vec<(u32, u32)>,
    /// References of each process, by its place in order of its first turn.
    counts: Vec<u32>,
    /// The place of the process of each turn.
    places: Vec<u32>,
}

impl Turns {
    fn of(steps: &[Step]) -> Self {
        let mut turns = Self { list: Vec::new(), counts: Vec::new(), places: Vec::new() };
        for step in steps.iter().filter(|step| step.word != CHANGE) {
            match turns.list.last_mut() {
                Some((process, length)) if *process == step.process => *length += 1,
                _ => turns.list.push((step.process, 1)),
            }
        }
        let mut place_of = rustc_hash::FxHashMap::default();
        for &(process, length) in &turns.list {
            let place = *place_of.entry(process).or_insert(turns.counts.len());
            if place == turns.counts.len() {
                turns.counts.push(0);
            }
            turns.counts[place] += length;
            turns.places.push(place as u32);
        }
        turns
    }

    fn column(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &(process, _) in &self.list {
            put_varint(&mut bytes, u64::from(process));
        }
        for &(_, length) in &self.list {
            put_varint(&mut bytes, u64::from(length));
        }
        bytes
    }

    /// The words, those of each process in a row.
    fn grouped<const N: usize>(&self, steps: &[Step], encode: impl Fn(u32) -> [u8; N]) -> Vec<u8> {
        let mut starts: Vec<usize> = Vec::with_capacity(self.counts.len());
        let mut total = 0;
        for &count in &self.counts {
            starts.push(total);
            total += count as usize;
        }
        let mut words = vec![[0; N]; total];
        let mut references = steps.iter().filter(|step| step.word != CHANGE);
        for (&place, &(_, length)) in self.places.iter().zip(&self.list) {
            let start = &mut starts[place as usize];
            let turn = &mut words[*start..*start + length as usize];
            for (word, step) in turn.iter_mut().zip(&mut references) {
                *word = encode(step.word);
            }
            *start += length as usize;
        }
        words.into_flattened()
    }
}
