//! Reading the native format: block by block, every length and number checked before it is used.

use std::ops::Range;

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64, xxh3_64_with_seed};
use zstd::bulk::Decompressor;

use super::wire::{self, BLOCK_RECORDS, COLUMNS, Cursor, MAX_COLUMN, flag, unzigzag};
use crate::trace::error::{At, TraceError};
use crate::trace::input::Input;
use crate::trace::reading::Reading;
use crate::trace::{Label, MAX_SWAP_AREAS, Operation, OutOfMemory, Record, Settings, SwapArea};

/// What to do about a damaged file.
const REMEDY: &str = "the file is damaged or cut short: get it again, or convert the trace again";

/// The columns of a block by position.
const TABLES: usize = 0;
const REFERENCES: usize = 1;
const ACTORS: usize = 2;
const TIMES: usize = 3;
const CHANGES: usize = 4;

/// Reads a trace.
///
/// # Errors
/// Those of reading; any damage, wherever it is; an event refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let mut file = File { input, bytes: Vec::new(), whole: Xxh3Default::new(), at: 0 };
    let settings = file.head(reading)?;
    reading.settings(&settings);
    let mut state = State::default();
    let mut columns: [Vec<u8>; COLUMNS] = Default::default();
    loop {
        file.next(reading, 4)?;
        if file.bytes == wire::END {
            return file.end(reading, &state);
        }
        if file.bytes != wire::BLOCK {
            return Err(file.damaged(reading, "there is neither a block nor the end"));
        }
        let head = file.block(reading, state.blocks, &mut columns)?;
        state.block(reading, &head, &columns, file.at)?;
    }
}

/// The bytes of the file, hashed as they are taken.
struct File<'f, 'i> {
    input: &'f mut Input<'i>,
    /// What was taken last.
    bytes: Vec<u8>,
    whole: Xxh3Default,
    /// Where that began.
    at: u64,
}

impl File<'_, '_> {
    fn damaged(&self, reading: &Reading<'_>, what: &str) -> TraceError {
        reading.damaged(At::Byte(self.at), what.to_owned(), REMEDY)
    }

    /// Takes the next `count` bytes into `bytes`.
    fn next(&mut self, reading: &Reading<'_>, count: usize) -> Result<(), TraceError> {
        self.bytes.clear();
        self.more(reading, count)
    }

    /// Appends the next `count` bytes to `bytes`.
    fn more(&mut self, reading: &Reading<'_>, count: usize) -> Result<(), TraceError> {
        let before = self.bytes.len();
        self.at = self.input.offset() - before as u64;
        self.input.take(count, &mut self.bytes)?;
        if self.bytes.len() - before < count {
            self.at = self.input.offset();
            return Err(self.damaged(reading, "the file ends too soon"));
        }
        self.whole.update(&self.bytes[before..]);
        Ok(())
    }

    /// Whether the last eight bytes taken are this hash of those before.
    fn is_hashed(&self, seed: u64) -> bool {
        let Some((body, hash)) = self.bytes.split_last_chunk::<8>() else { return false };
        u64::from_le_bytes(*hash) == xxh3_64_with_seed(body, seed)
    }

    fn head(&mut self, reading: &Reading<'_>) -> Result<Settings, TraceError> {
        self.next(reading, wire::MAGIC.len() + 12)?;
        let mut fields = Cursor(&self.bytes);
        let magic = fields.bytes(wire::MAGIC.len());
        let (version, page_size, length) = (fields.u32(), fields.u32(), fields.u32().unwrap_or(0) as usize);
        if magic != Some(&wire::MAGIC) {
            let remedy = "a native trace begins with the bytes 89 43 48 54";
            return Err(reading.unrecognised(At::Byte(0), &self.bytes, "this is no native trace".into(), remedy));
        }
        if version != Some(wire::VERSION) {
            let what = format!("this is version {} of the native format", version.unwrap_or(0));
            return Err(reading.unrecognised(At::Byte(8), b"", what, "this program reads version 1: use a newer one"));
        }
        if length > wire::MAX_SETTINGS {
            return Err(self.damaged(reading, "the settings are too long"));
        }
        self.more(reading, length + 8)?;
        if !self.is_hashed(0) || page_size != Some(wire::PAGE_SIZE) {
            return Err(self.damaged(reading, "the checksum of the head is wrong"));
        }
        let settings = &self.bytes[wire::MAGIC.len() + 12..][..length];
        decode_settings(settings).ok_or_else(|| self.damaged(reading, "the settings are wrong"))
    }

    /// Takes a block, whose first four bytes are taken already, and unpacks its columns.
    fn block(
        &mut self,
        reading: &Reading<'_>,
        number: u64,
        columns: &mut [Vec<u8>; COLUMNS],
    ) -> Result<BlockHead, TraceError> {
        self.more(reading, wire::BLOCK_HEAD - 4)?;
        if !self.is_hashed(number) {
            return Err(self.damaged(reading, "the checksum of the block's head is wrong"));
        }
        let head = BlockHead::decode(&self.bytes[4..]);
        let head = head.ok_or_else(|| self.damaged(reading, "the numbers in the block's head are wrong"))?;
        self.next(reading, head.packed.iter().sum())?;
        if xxh3_64(&self.bytes) != head.hash {
            return Err(self.damaged(reading, "the checksum of the block is wrong"));
        }
        let mut packed = Cursor(&self.bytes);
        for (index, column) in columns.iter_mut().enumerate() {
            let frame = packed.bytes(head.packed[index]).unwrap_or_default();
            unpack(frame, head.lengths[index], column)
                .ok_or_else(|| self.damaged(reading, "a column of the block can't be unpacked"))?;
        }
        Ok(head)
    }

    fn end(&mut self, reading: &Reading<'_>, state: &State) -> Result<(), TraceError> {
        self.more(reading, wire::END_LENGTH - 12)?;
        let hash = self.whole.digest();
        let totals: Vec<u64> = self.bytes[4..].chunks_exact(8).filter_map(|number| Cursor(number).u64()).collect();
        self.more(reading, 8)?;
        let stored = self.bytes.last_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
        if stored != Some(hash) {
            return Err(self.damaged(reading, "the checksum of the file is wrong"));
        }
        if totals != state.totals() {
            return Err(self.damaged(reading, "the counts at the end are not those of the blocks"));
        }
        if self.input.at_end()? {
            Ok(())
        } else {
            self.at = self.input.offset();
            Err(self.damaged(reading, "there is something behind the end"))
        }
    }
}

/// The numbers at the front of a block.
struct BlockHead {
    references: usize,
    changes: usize,
    labels: u32,
    processes: u32,
    pages: u32,
    /// Bytes of a process number.
    width: usize,
    lengths: [usize; COLUMNS],
    packed: [usize; COLUMNS],
    hash: u64,
}

impl BlockHead {
    /// Takes the head apart; `None` when its numbers contradict each other or are beyond the limits.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Cursor(bytes);
        let mut number = || fields.u32().map(|number| number as usize);
        let (records, references) = (number()?, number()?);
        let (labels, processes, pages) = (number()? as u32, number()? as u32, number()? as u32);
        let width = number()?;
        let (mut lengths, mut packed) = ([0; COLUMNS], [0; COLUMNS]);
        for column in 0..COLUMNS {
            (lengths[column], packed[column]) = (number()?, number()?);
        }
        let hash = fields.u64()?;
        let changes = records.checked_sub(references)?;
        let fits = records <= BLOCK_RECORDS
            && matches!(width, 1 | 2 | 4)
            && lengths[TABLES] <= MAX_COLUMN
            && lengths[REFERENCES] == 4 * references
            && lengths[ACTORS] == width * references
            && (records..=10 * records).contains(&lengths[TIMES])
            && lengths[CHANGES] <= MAX_COLUMN
            && packed.iter().all(|&length| length <= 2 * MAX_COLUMN);
        fits.then_some(Self { references, changes, labels, processes, pages, width, lengths, packed, hash })
    }
}

/// Unpacks a column into `column`; `None` when it does not come to the length it is said to have.
fn unpack(frame: &[u8], length: usize, column: &mut Vec<u8>) -> Option<()> {
    column.clear();
    if length == 0 {
        return frame.is_empty().then_some(());
    }
    column.reserve_exact(length);
    let unpacked = Decompressor::new().ok()?.decompress_to_buffer(frame, column).ok()?;
    (unpacked == length && column.len() == length).then_some(())
}

/// What has been read so far: the tables as they grow, and what differences are taken from.
#[derive(Default)]
struct State {
    blocks: u64,
    records: u64,
    references: u64,
    labels: u32,
    processes: Vec<u64>,
    pages: Vec<(u32, u64)>,
    time: u64,
}

/// The columns of the references of a block, and how far they have been read.
struct References<'b> {
    words: &'b [u8],
    actors: &'b [u8],
    width: usize,
    times: Cursor<'b>,
}

impl State {
    fn totals(&self) -> [u64; 6] {
        let (processes, pages) = (self.processes.len() as u64, self.pages.len() as u64);
        [self.blocks, self.records, self.references, u64::from(self.labels), processes, pages]
    }

    /// Hands the labels and records of a block on. `at` is where the block is.
    fn block(
        &mut self,
        reading: &mut Reading<'_>,
        head: &BlockHead,
        columns: &[Vec<u8>; COLUMNS],
        at: u64,
    ) -> Result<(), TraceError> {
        if self.tables(reading, head, Cursor(&columns[TABLES])).is_none() {
            return Err(damaged(reading, at, "the tables of the block are wrong"));
        }
        let mut references = References {
            words: &columns[REFERENCES],
            actors: &columns[ACTORS],
            width: head.width,
            times: Cursor(&columns[TIMES]),
        };
        let mut changes = Cursor(&columns[CHANGES]);
        let mut done = 0;
        for _ in 0..head.changes {
            let gap = changes.varint().and_then(|gap| usize::try_from(gap).ok());
            let until = gap.and_then(|gap| gap.checked_add(done)).filter(|&until| until <= head.references);
            let until = until.ok_or_else(|| damaged(reading, at, "the place of a change is wrong"))?;
            self.references(reading, &mut references, done..until, at)?;
            done = until;
            let change = self.change(&mut changes, &mut references.times);
            let record = change.ok_or_else(|| damaged(reading, at, "a change is wrong"))?;
            reading.record(&record, At::Byte(at), || describe(&record))?;
        }
        self.references(reading, &mut references, done..head.references, at)?;
        if !references.times.0.is_empty() || !changes.0.is_empty() {
            return Err(damaged(reading, at, "a column of the block is too long"));
        }
        self.blocks += 1;
        self.references += head.references as u64;
        self.records += (head.references + head.changes) as u64;
        Ok(())
    }

    /// Reads the new labels, processes and pages of a block; `None` when they are wrong.
    fn tables(&mut self, reading: &mut Reading<'_>, head: &BlockHead, mut column: Cursor<'_>) -> Option<()> {
        for _ in 0..head.labels {
            let label = label(&mut column)?;
            // The largest number stands for no label.
            self.labels = self.labels.checked_add(1)?;
            reading.label(&label);
        }
        for _ in 0..head.processes {
            self.processes.push(column.varint()?);
        }
        for _ in 0..head.pages {
            let label = column.varint_u32().filter(|&label| label < self.labels)?;
            let before = self.pages.last().map_or(0, |&(_, page)| page);
            self.pages.push((label, before.wrapping_add(unzigzag(column.varint()?))));
        }
        let fits = u32::try_from(self.processes.len()).is_ok() && self.pages.len() <= wire::MAX_PAGES;
        (column.0.is_empty() && fits).then_some(())
    }

    /// Hands a run of references on.
    fn references(
        &mut self,
        reading: &mut Reading<'_>,
        columns: &mut References<'_>,
        run: Range<usize>,
        at: u64,
    ) -> Result<(), TraceError> {
        let words = columns.words.get(4 * run.start..4 * run.end).unwrap_or_default();
        let actors = columns.actors.get(columns.width * run.start..columns.width * run.end).unwrap_or_default();
        for (word, actor) in words.chunks_exact(4).zip(actors.chunks_exact(columns.width)) {
            let word = word.iter().rev().fold(0_u32, |number, &byte| number << 8 | u32::from(byte));
            let actor = actor.iter().rev().fold(0_usize, |number, &byte| number << 8 | usize::from(byte));
            let (page, process) = (self.pages.get(word as usize >> 1), self.processes.get(actor));
            let (Some(&(segment, page)), Some(&process), Some(delta)) = (page, process, columns.times.varint()) else {
                return Err(damaged(reading, at, "a reference is wrong"));
            };
            self.time = self.time.wrapping_add(unzigzag(delta));
            let operation = if word & 1 == 0 { Operation::Read } else { Operation::Write };
            let record = Record { time: self.time, process, operation, segment, page };
            reading.record(&record, At::Byte(at), || describe(&record))?;
        }
        Ok(())
    }

    /// Reads one change; `None` when it is wrong.
    fn change(&mut self, column: &mut Cursor<'_>, times: &mut Cursor<'_>) -> Option<Record> {
        let operation = operation(column.byte()?)?;
        let process = *self.processes.get(usize::try_from(column.varint()?).ok()?)?;
        let label = column.varint()?;
        let page = column.varint()?;
        let segment = match (operation, label.checked_sub(1)) {
            (Operation::Fork | Operation::Exit, None) => Record::NO_SEGMENT,
            (Operation::Fork | Operation::Exit, Some(_)) | (_, None) => return None,
            (_, Some(label)) => u32::try_from(label).ok().filter(|&label| label < self.labels)?,
        };
        self.time = self.time.wrapping_add(unzigzag(times.varint()?));
        Some(Record { time: self.time, process, operation, segment, page })
    }
}

#[cold]
fn damaged(reading: &Reading<'_>, at: u64, what: &str) -> TraceError {
    reading.damaged(At::Byte(at), what.to_owned(), REMEDY)
}

/// A record in words, for what is said when it is refused.
fn describe(record: &Record) -> String {
    let Record { time, process, operation, page, .. } = record;
    format!("{operation:?} process={process} page={page} time={time}")
}

fn operation(code: u8) -> Option<Operation> {
    use Operation::{Attach, Create, CreateLocked, Detach, Exit, Fork, Lock, Remove, Unlock};
    let changes = [Create, CreateLocked, Attach, Detach, Remove, Lock, Unlock, Fork, Exit];
    changes.into_iter().find(|&operation| operation as u8 == code)
}

fn label(column: &mut Cursor<'_>) -> Option<Label> {
    match column.byte()? {
        0 => column.varint().map(Label::Number),
        1 => {
            let length = usize::try_from(column.varint()?).ok().filter(|&length| length <= wire::MAX_NAME)?;
            let name = std::str::from_utf8(column.bytes(length)?).ok()?;
            Some(Label::Name(name.to_owned()))
        }
        _ => None,
    }
}

fn decode_settings(bytes: &[u8]) -> Option<Settings> {
    let mut fields = Cursor(bytes);
    let flags = fields.byte().filter(|flags| flags & !flag::ALL == 0)?;
    let has = |flag: u8| flags & flag != 0;
    let frames = if has(flag::FRAMES) { Some(fields.varint()?) } else { None };
    let swap = if has(flag::SWAP) { Some(decode_swap(&mut fields)?) } else { None };
    let out_of_memory = match (has(flag::OOM), has(flag::OOM_CONTINUE)) {
        (false, false) => None,
        (false, true) => return None,
        (true, false) => Some(OutOfMemory::Stop),
        (true, true) => Some(OutOfMemory::Continue),
    };
    let (kernel_defaults, has_time) = (has(flag::KERNEL_DEFAULTS), has(flag::HAS_TIME));
    let settings = Settings { frames, swap, out_of_memory, kernel_defaults, has_time, ..Settings::default() };
    fields.0.is_empty().then_some(settings)
}

fn decode_swap(fields: &mut Cursor<'_>) -> Option<Vec<SwapArea>> {
    let count = fields.varint().filter(|&count| count <= MAX_SWAP_AREAS as u64)?;
    let mut areas = Vec::new();
    for _ in 0..count {
        let slots = fields.varint_u32()?;
        let priority = match fields.byte()? {
            0 => None,
            1 => Some(i32::try_from(unzigzag(fields.varint()?).cast_signed()).ok()?),
            _ => return None,
        };
        areas.push(SwapArea { slots, priority });
    }
    Some(areas)
}
