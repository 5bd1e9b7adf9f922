//! Writing the native format: records are gathered into a block, packed and handed on.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64, xxh3_64_with_seed};
use zstd::bulk::Compressor;

use super::wire::{self, BLOCK_RECORDS, MAX_COLUMN, MAX_NAME, flag, put_varint, zigzag};
use crate::trace::output::Output;
use crate::trace::{
    Impossible, Label, MAX_SWAP_AREAS, Operation, OutOfMemory, Record, RecordSink, RecordWriter, Settings, TraceError,
    Written, no_such_label,
};

/// zstd's level: traces are written once and read often.
const LEVEL: i32 = 19;

/// A writer of this format.
pub fn writer(output: Output) -> Box<dyn RecordWriter> {
    Box::new(Writer {
        output,
        whole: Xxh3Default::new(),
        block: Block::default(),
        processes: FxHashMap::default(),
        pages: FxHashMap::default(),
        last: None,
        labels: 0,
        page: 0,
        time: 0,
        totals: Totals::default(),
        headed: false,
    })
}

/// What the end of the file says.
#[derive(Default)]
struct Totals {
    blocks: u64,
    records: u64,
    references: u64,
}

/// The block being gathered, column by column.
#[derive(Default)]
struct Block {
    labels: Vec<u8>,
    processes: Vec<u8>,
    pages: Vec<u8>,
    new_labels: u32,
    new_processes: u32,
    new_pages: u32,
    references: Vec<u8>,
    actors: Vec<u32>,
    times: Vec<u8>,
    changes: Vec<u8>,
    change_count: u32,
    /// References of this block before the last change.
    before: u32,
}

impl Block {
    fn records(&self) -> usize {
        self.actors.len() + self.change_count as usize
    }

    fn is_empty(&self) -> bool {
        self.records() == 0 && self.new_labels == 0
    }
}

struct Writer {
    output: Output,
    /// The hash of all that was handed on.
    whole: Xxh3Default,
    block: Block,
    processes: FxHashMap<u64, u32>,
    pages: FxHashMap<(u32, u64), u32>,
    /// The process of the record before: it rarely changes.
    last: Option<(u64, u32)>,
    labels: u32,
    /// The index of the page before in the table of pages.
    page: u64,
    time: u64,
    totals: Totals,
    headed: bool,
}

impl Writer {
    fn put(&mut self, bytes: &[u8]) {
        self.whole.update(bytes);
        self.output.buffer().extend_from_slice(bytes);
    }

    fn head(&mut self, settings: &Settings) {
        self.headed = true;
        let settings = encode_settings(settings);
        let mut head = wire::MAGIC.to_vec();
        for number in [wire::VERSION, wire::PAGE_SIZE, settings.len() as u32] {
            head.extend_from_slice(&number.to_le_bytes());
        }
        head.extend_from_slice(&settings);
        let hash = xxh3_64(&head);
        head.extend_from_slice(&hash.to_le_bytes());
        self.put(&head);
    }

    fn process(&mut self, id: u64) -> Result<u32, Impossible> {
        if let Some((last, number)) = self.last
            && last == id
        {
            return Ok(number);
        }
        let next = self.processes.len();
        let number = if let Some(&known) = self.processes.get(&id) {
            known
        } else {
            if next >= u32::MAX as usize {
                return Err(self.output.fail("there are more than 2^32 - 1 processes".into(), "split the trace"));
            }
            self.processes.insert(id, next as u32);
            put_varint(&mut self.block.processes, id);
            self.block.new_processes += 1;
            next as u32
        };
        self.last = Some((id, number));
        Ok(number)
    }

    fn page_number(&mut self, segment: u32, page: u64) -> Result<u32, Impossible> {
        let next = self.pages.len();
        if let Some(&known) = self.pages.get(&(segment, page)) {
            return Ok(known);
        }
        if next >= wire::MAX_PAGES {
            return Err(self.output.fail("there are more than 2^31 distinct pages".into(), "split the trace"));
        }
        self.pages.insert((segment, page), next as u32);
        put_varint(&mut self.block.pages, u64::from(segment));
        put_varint(&mut self.block.pages, zigzag(page.wrapping_sub(self.page)));
        self.page = page;
        self.block.new_pages += 1;
        Ok(next as u32)
    }

    fn reference(&mut self, record: &Record, process: u32) -> Result<(), Impossible> {
        let page = self.page_number(record.segment, record.page)?;
        let word = page << 1 | u32::from(record.operation == Operation::Write);
        self.block.references.extend_from_slice(&word.to_le_bytes());
        self.block.actors.push(process);
        Ok(())
    }

    fn change(&mut self, record: &Record, process: u32) {
        let block = &mut self.block;
        let position = block.actors.len() as u32;
        put_varint(&mut block.changes, u64::from(position - block.before));
        block.changes.push(record.operation as u8);
        put_varint(&mut block.changes, u64::from(process));
        let label = if has_segment(record.operation) { u64::from(record.segment) + 1 } else { 0 };
        put_varint(&mut block.changes, label);
        put_varint(&mut block.changes, record.page);
        block.before = position;
        block.change_count += 1;
    }

    /// Packs the block and hands it on.
    fn flush(&mut self) -> Result<(), Impossible> {
        let block = std::mem::take(&mut self.block);
        let mut head = Vec::with_capacity(wire::BLOCK_HEAD);
        head.extend_from_slice(&wire::BLOCK);
        let (actors, width) = encode_actors(&block.actors);
        let (records, references) = (block.records(), block.actors.len());
        for number in [records as u32, references as u32, block.new_labels, block.new_processes, block.new_pages, width]
        {
            head.extend_from_slice(&number.to_le_bytes());
        }
        let tables = [block.labels, block.processes, block.pages].concat();
        let mut packed = Vec::new();
        for column in [tables, block.references, actors, block.times, block.changes] {
            let before = packed.len();
            if !column.is_empty() {
                match Compressor::new(LEVEL).and_then(|mut compressor| compressor.compress(&column)) {
                    Ok(frame) => packed.extend_from_slice(&frame),
                    Err(error) => return Err(self.output.fail(format!("cannot compress: {error}"), "try again")),
                }
            }
            head.extend_from_slice(&(column.len() as u32).to_le_bytes());
            head.extend_from_slice(&((packed.len() - before) as u32).to_le_bytes());
        }
        head.extend_from_slice(&xxh3_64(&packed).to_le_bytes());
        let hash = xxh3_64_with_seed(&head, self.totals.blocks);
        head.extend_from_slice(&hash.to_le_bytes());
        self.put(&head);
        self.put(&packed);
        self.totals.blocks += 1;
        self.totals.records += records as u64;
        self.totals.references += references as u64;
        self.output.settle()
    }

    fn end(&mut self) {
        let totals = &self.totals;
        let mut end = wire::END.to_vec();
        for number in [
            totals.blocks,
            totals.records,
            totals.references,
            u64::from(self.labels),
            self.processes.len() as u64,
            self.pages.len() as u64,
        ] {
            end.extend_from_slice(&number.to_le_bytes());
        }
        self.put(&end);
        let hash = self.whole.digest();
        self.output.buffer().extend_from_slice(&hash.to_le_bytes());
    }
}

impl RecordSink for Writer {
    fn settings(&mut self, settings: &Settings) {
        if settings.swap.as_ref().is_some_and(|areas| areas.len() > MAX_SWAP_AREAS) {
            self.output.fail(format!("there are more than {MAX_SWAP_AREAS} swap areas"), "give fewer");
            return;
        }
        self.head(settings);
    }

    fn label(&mut self, label: &Label) {
        if self.labels == Record::NO_SEGMENT {
            self.output.fail("there are more than 2^32 - 1 segments".into(), "split the trace");
            return;
        }
        match label {
            Label::Number(number) => {
                self.block.labels.push(0);
                put_varint(&mut self.block.labels, *number);
            }
            Label::Name(name) if name.len() > MAX_NAME => {
                self.output.fail("the name of a segment is longer than 1 MiB".into(), "give it a shorter name");
            }
            Label::Name(name) => {
                self.block.labels.push(1);
                put_varint(&mut self.block.labels, name.len() as u64);
                self.block.labels.extend_from_slice(name.as_bytes());
            }
        }
        self.labels += 1;
        self.block.new_labels += 1;
        // So that the tables of a block fit a column with the most processes and pages beside one more long name.
        if self.block.labels.len() > MAX_COLUMN / 6 {
            // A failure is kept by the output.
            let _ = self.flush();
        }
    }

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        if !self.headed {
            self.head(&Settings::default());
        }
        if has_segment(record.operation) && record.segment >= self.labels {
            return Err(no_such_label(record));
        }
        let process = self.process(record.process)?;
        match record.operation {
            Operation::Read | Operation::Write => self.reference(record, process)?,
            _ => self.change(record, process),
        }
        put_varint(&mut self.block.times, zigzag(record.time.wrapping_sub(self.time)));
        self.time = record.time;
        if self.block.records() == BLOCK_RECORDS || self.block.changes.len() > MAX_COLUMN / 2 {
            self.flush()?;
        }
        self.output.settle()
    }
}

impl RecordWriter for Writer {
    fn take_failure(&mut self) -> Option<TraceError> {
        self.output.take_failure()
    }

    fn finish(mut self: Box<Self>) -> Result<Written, TraceError> {
        if !self.headed {
            self.head(&Settings::default());
        }
        if !self.block.is_empty() {
            // A failure is kept by the output.
            let _ = self.flush();
        }
        self.end();
        self.output.finish()?;
        Ok(Written { records: self.totals.records, notes: Vec::new() })
    }
}

/// Whether the operation is about a segment.
fn has_segment(operation: Operation) -> bool {
    !matches!(operation, Operation::Fork | Operation::Exit)
}

/// The process numbers in as few bytes each as the largest needs, and how many that is.
fn encode_actors(actors: &[u32]) -> (Vec<u8>, u32) {
    let width = match actors.iter().max().copied().unwrap_or(0) {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 4,
    };
    let bytes = actors.iter().flat_map(|number| number.to_le_bytes().into_iter().take(width)).collect();
    (bytes, width as u32)
}

fn encode_settings(settings: &Settings) -> Vec<u8> {
    let when = |condition: bool, flag: u8| if condition { flag } else { 0 };
    let flags = when(settings.frames.is_some(), flag::FRAMES)
        | when(settings.swap.is_some(), flag::SWAP)
        | when(settings.out_of_memory.is_some(), flag::OOM)
        | when(settings.out_of_memory == Some(OutOfMemory::Continue), flag::OOM_CONTINUE)
        | when(settings.kernel_defaults, flag::KERNEL_DEFAULTS)
        | when(settings.has_time, flag::HAS_TIME);
    let mut bytes = vec![flags];
    if let Some(frames) = settings.frames {
        put_varint(&mut bytes, frames);
    }
    if let Some(areas) = &settings.swap {
        put_varint(&mut bytes, areas.len() as u64);
        for area in areas {
            put_varint(&mut bytes, u64::from(area.slots));
            bytes.push(u8::from(area.priority.is_some()));
            if let Some(priority) = area.priority {
                put_varint(&mut bytes, zigzag(i64::from(priority).cast_unsigned()));
            }
        }
    }
    bytes
}
