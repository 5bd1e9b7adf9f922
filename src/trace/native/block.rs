//! From the columns of a block to the records in it. Every number is checked before it is used.

use std::ops::Range;

use super::range::Decoder;
use super::read::damaged;
use super::times::{CHANGE, Model};
use super::wire::{self, BLOCK_NUMBERS, BLOCK_RECORDS, COLUMNS, Cursor, MAX_COLUMN, column, unzigzag};
use crate::trace::error::{At, TraceError};
use crate::trace::reading::Reading;
use crate::trace::{Batch, Label, Operation, Record, TracePage, Turn, Words};

/// The numbers at the front of a block.
pub struct BlockHead {
    references: usize,
    changes: usize,
    turns: usize,
    labels: u32,
    processes: u32,
    pages: u32,
    /// Bytes of a word.
    width: usize,
    /// The length of each column, unpacked.
    pub lengths: [usize; COLUMNS],
    /// The length of each column as it is in the file.
    pub packed: [usize; COLUMNS],
    /// The hash of the packed columns.
    pub hash: u64,
}

impl BlockHead {
    /// Takes the head apart; `None` when its numbers contradict each other or are beyond the limits.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Cursor(bytes);
        let mut numbers = [0; BLOCK_NUMBERS + 2 * COLUMNS];
        for number in &mut numbers {
            *number = fields.u32()? as usize;
        }
        let hash = fields.u64()?;
        let [records, references, turns, labels, processes, pages, width, ..] = numbers;
        let (mut lengths, mut packed) = ([0; COLUMNS], [0; COLUMNS]);
        for (column, pair) in numbers[BLOCK_NUMBERS..].as_chunks::<2>().0.iter().enumerate() {
            (lengths[column], packed[column]) = (pair[0], pair[1]);
        }
        let changes = records.checked_sub(references)?;
        let fits = records <= BLOCK_RECORDS
            && (records > 0 || labels > 0)
            && turns <= references
            && processes <= records
            && pages <= references
            && matches!(width, 2 | 4)
            && packed.iter().zip(&lengths).all(|(packed, length)| packed <= length)
            && [column::NAMES, column::TIMES].into_iter().all(|stored| packed[stored] == lengths[stored])
            && lengths[column::NAMES] <= MAX_COLUMN
            && lengths[column::PAGES] <= pages * wire::PAGE_BYTES
            && lengths[column::TURNS] <= turns * wire::TURN_BYTES
            && lengths[column::WORDS] == references * width
            && lengths[column::CHANGES] <= changes * wire::CHANGE_BYTES
            && lengths[column::TIMES] <= MAX_COLUMN;
        let (labels, processes, pages) = (labels as u32, processes as u32, pages as u32);
        fits.then_some(Self { references, changes, turns, labels, processes, pages, width, lengths, packed, hash })
    }
}

/// What has been read so far: the tables as they grow, and what differences are taken from.
pub struct State {
    wants_times: bool,
    blocks: u64,
    records: u64,
    references: u64,
    labels: u32,
    processes: Vec<u64>,
    pages: Vec<TracePage>,
    time: u64,
    /// What is known of the times; made for the first that is not 0.
    model: Option<Box<Model>>,
    turns: Vec<Turn>,
    /// By process: its references in the block, then where the next of them is; 0 between blocks.
    places: Vec<u32>,
}

/// The columns of a block on their way to the sink.
struct Columns<'b> {
    words: Words<'b>,
    turns: &'b [Turn],
    /// References of the first of `turns` that were handed on.
    skip: u32,
    /// The times to come, where there are any and somebody asked.
    times: Option<Decoder<'b>>,
    changes: Cursor<'b>,
    /// Where the block is.
    at: u64,
}

impl State {
    /// Nothing was read; the sink of this reading looks at times or does not.
    pub fn new(wants_times: bool) -> Self {
        Self {
            wants_times,
            blocks: 0,
            records: 0,
            references: 0,
            labels: 0,
            processes: Vec::new(),
            pages: Vec::new(),
            time: 0,
            model: None,
            turns: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Blocks so far.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// What the end must say.
    pub fn totals(&self) -> [u64; 6] {
        let (processes, pages) = (self.processes.len() as u64, self.pages.len() as u64);
        [self.blocks, self.records, self.references, u64::from(self.labels), processes, pages]
    }

    /// Hands the labels and records of a block on. `at` is where the block is.
    pub fn block(
        &mut self,
        reading: &mut Reading<'_>,
        head: &BlockHead,
        columns: &[Vec<u8>; COLUMNS],
        at: u64,
    ) -> Result<(), TraceError> {
        let tables = self.names(reading, head, Cursor(&columns[column::NAMES]));
        if tables.and_then(|()| self.pages(head, Cursor(&columns[column::PAGES]))).is_none() {
            return Err(damaged(reading, at, "the tables of the block are wrong"));
        }
        if self.turns(head, Cursor(&columns[column::TURNS])).is_none() {
            return Err(damaged(reading, at, "the turns of the block are wrong"));
        }
        let words = match head.width {
            2 => Words::Narrow(columns[column::WORDS].as_chunks().0),
            _ => Words::Wide(columns[column::WORDS].as_chunks().0),
        };
        if !words.is_empty() && words.max() as usize >> 1 >= self.pages.len() {
            return Err(damaged(reading, at, "a reference of the block is wrong"));
        }
        let timed = self.wants_times && !columns[column::TIMES].is_empty();
        let turns = std::mem::take(&mut self.turns);
        let mut columns = Columns {
            words,
            turns: &turns,
            skip: 0,
            times: timed.then(|| Decoder::new(&columns[column::TIMES])),
            changes: Cursor(&columns[column::CHANGES]),
            at,
        };
        self.records(reading, head, &mut columns)?;
        self.turns = turns;
        self.blocks += 1;
        self.references += head.references as u64;
        self.records += (head.references + head.changes) as u64;
        Ok(())
    }

    /// Hands the records of a block on.
    fn records(
        &mut self,
        reading: &mut Reading<'_>,
        head: &BlockHead,
        columns: &mut Columns<'_>,
    ) -> Result<(), TraceError> {
        let at = columns.at;
        let mut done = 0;
        for _ in 0..head.changes {
            let gap = columns.changes.varint().and_then(|gap| usize::try_from(gap).ok());
            let until = gap.and_then(|gap| gap.checked_add(done)).filter(|&until| until <= head.references);
            let until = until.ok_or_else(|| damaged(reading, at, "the place of a change is wrong"))?;
            self.references(reading, columns, done..until)?;
            done = until;
            let record = self.change(columns).ok_or_else(|| damaged(reading, at, "a change is wrong"))?;
            reading.record(&record, At::Byte(at), || describe(&record))?;
        }
        self.references(reading, columns, done..head.references)?;
        if !columns.changes.0.is_empty() || columns.times.as_ref().is_some_and(|times| !times.is_over()) {
            return Err(damaged(reading, at, "a column of the block is too long or too short"));
        }
        Ok(())
    }

    /// Reads the new labels and processes of a block; `None` when they are wrong.
    fn names(&mut self, reading: &mut Reading<'_>, head: &BlockHead, mut column: Cursor<'_>) -> Option<()> {
        for _ in 0..head.labels {
            let label = label(&mut column)?;
            // The largest number stands for no label.
            self.labels = self.labels.checked_add(1)?;
            reading.label(&label);
        }
        for _ in 0..head.processes {
            self.processes.push(column.varint()?);
        }
        self.places.resize(self.processes.len(), 0);
        (column.0.is_empty() && u32::try_from(self.processes.len()).is_ok()).then_some(())
    }

    /// Reads the new pages of a block; `None` when they are wrong.
    fn pages(&mut self, head: &BlockHead, mut column: Cursor<'_>) -> Option<()> {
        for _ in 0..head.pages {
            let segment = column.varint_u32().filter(|&label| label < self.labels)?;
            let before = self.pages.last().map_or(0, |before| before.page);
            self.pages.push(TracePage { segment, page: before.wrapping_add(unzigzag(column.varint()?)) });
        }
        (column.0.is_empty() && self.pages.len() <= wire::MAX_PAGES).then_some(())
    }

    /// Reads whose turn it is, and finds the words of each turn; `None` when they are wrong.
    fn turns(&mut self, head: &BlockHead, mut column: Cursor<'_>) -> Option<()> {
        self.turns.clear();
        for _ in 0..head.turns {
            let process = column.varint_u32().filter(|&process| (process as usize) < self.processes.len())?;
            self.turns.push(Turn { process, first: 0, length: 0 });
        }
        let mut total = 0;
        for turn in &mut self.turns {
            turn.length = column.varint_u32().filter(|&length| length > 0 && length as usize <= head.references)?;
            total += turn.length as usize;
            self.places[turn.process as usize] += turn.length;
            // So that the sum can't be beyond 32 bits.
            if total > head.references {
                return None;
            }
        }
        // The words of a process begin where those of the process whose first turn was before end. A place is marked
        // by its complement from a process's first turn on; it is below 2^31.
        let mut end = 0;
        for turn in &mut self.turns {
            let place = &mut self.places[turn.process as usize];
            if *place >> 31 == 0 {
                let count = *place;
                *place = !end;
                end += count;
            }
            turn.first = !*place;
            *place = !(turn.first + turn.length);
        }
        for turn in &self.turns {
            self.places[turn.process as usize] = 0;
        }
        (column.0.is_empty() && total == head.references).then_some(())
    }

    /// Hands a run of references on.
    fn references(
        &mut self,
        reading: &mut Reading<'_>,
        columns: &mut Columns<'_>,
        run: Range<usize>,
    ) -> Result<(), TraceError> {
        if run.is_empty() {
            return Ok(());
        }
        let mut batch = Batch {
            pages: &self.pages,
            processes: &self.processes,
            words: columns.words,
            turns: columns.turns,
            skip: columns.skip,
            count: run.len() as u32,
            times: &[],
        };
        (columns.turns, columns.skip) = Turn::skip(columns.turns, columns.skip + batch.count);
        let mut times = Vec::new();
        if self.wants_times {
            let mut time = self.time;
            times.reserve_exact(run.len());
            for turn in batch.turns() {
                for place in turn.first..turn.first + turn.length {
                    let word = batch.words.get(place as usize);
                    let difference = difference(&mut self.model, &mut columns.times, word, turn.process);
                    time = time.wrapping_add(difference);
                    times.push(time);
                }
            }
            self.time = time;
            batch.times = &times;
        }
        reading.batch(&batch, At::Byte(columns.at), describe)
    }

    /// Reads one change; `None` when it is wrong.
    fn change(&mut self, columns: &mut Columns<'_>) -> Option<Record> {
        let column = &mut columns.changes;
        let operation = operation(column.byte()?)?;
        let number = column.varint_u32()?;
        let process = *self.processes.get(number as usize)?;
        let label = column.varint()?;
        let page = column.varint()?;
        let segment = match (operation, label.checked_sub(1)) {
            (Operation::Fork | Operation::Exit, None) => Record::NO_SEGMENT,
            (Operation::Fork | Operation::Exit, Some(_)) | (_, None) => return None,
            (_, Some(label)) => u32::try_from(label).ok().filter(|&label| label < self.labels)?,
        };
        let difference = difference(&mut self.model, &mut columns.times, CHANGE, number);
        self.time = self.time.wrapping_add(difference);
        Some(Record { time: self.time, process, operation, segment, page })
    }
}

/// The next difference of times, of a record of this word and process.
#[inline]
fn difference(model: &mut Option<Box<Model>>, times: &mut Option<Decoder<'_>>, word: u32, process: u32) -> u64 {
    let Some(decoder) = times else { return 0 };
    model.get_or_insert_with(|| Box::new(Model::new())).code(decoder, word, process, 0)
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
