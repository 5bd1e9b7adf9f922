//! Writing the native format: records are gathered into a block, packed and handed on.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64, xxh3_64_with_seed};

use super::pack::{self, Gathered};
use super::times::{CHANGE, Model};
use super::wire::{self, BLOCK_RECORDS, MAX_COLUMN, MAX_NAME, put_varint, zigzag};
use crate::trace::output::Output;
use crate::trace::{
    Impossible, Label, MAX_SWAP_AREAS, Operation, Record, RecordSink, RecordWriter, Settings, TraceError, Written,
    is_page_size, no_such_label,
};

/// Places of the cache of pages found, a power of two.
const CACHE: usize = 1 << 12;

/// A writer of this format.
pub fn writer(output: Output) -> Box<dyn RecordWriter> {
    Box::new(Writer {
        output,
        whole: Xxh3Default::new(),
        block: Gathered::default(),
        processes: FxHashMap::default(),
        pages: FxHashMap::default(),
        found: vec![None; CACHE],
        last: None,
        labels: 0,
        page: 0,
        time: 0,
        model: None,
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

struct Writer {
    output: Output,
    /// The hash of the heads.
    whole: Xxh3Default,
    block: Gathered,
    processes: FxHashMap<u64, u32>,
    pages: FxHashMap<(u32, u64), u32>,
    /// Some of the pages again: label, page and number.
    found: Vec<Option<(u32, u64, u32)>>,
    /// The process of the record before: it rarely changes.
    last: Option<(u64, u32)>,
    labels: u32,
    /// The index of the page before in the table of pages.
    page: u64,
    time: u64,
    /// What is known of the times; made for the first that is not 0.
    model: Option<Box<Model>>,
    totals: Totals,
    headed: bool,
}

impl Writer {
    /// Hands on bytes that the hash at the end vouches for.
    fn put(&mut self, bytes: &[u8]) {
        self.whole.update(bytes);
        self.output.buffer().extend_from_slice(bytes);
    }

    fn head(&mut self, settings: &Settings) {
        self.headed = true;
        let settings = super::settings::encode(settings);
        if settings.len() > wire::MAX_SETTINGS {
            self.output.fail("the settings are longer than 64 KiB".into(), "give fewer marks of fidelity");
            return;
        }
        let mut head = wire::MAGIC.to_vec();
        for number in [wire::VERSION, settings.len() as u32] {
            head.extend_from_slice(&number.to_le_bytes());
        }
        head.extend_from_slice(&settings);
        let hash = xxh3_64(&head);
        head.extend_from_slice(&hash.to_le_bytes());
        self.put(&head);
    }

    #[inline]
    fn process(&mut self, id: u64) -> Result<u32, Impossible> {
        match self.last {
            Some((last, number)) if last == id => Ok(number),
            _ => self.find_process(id),
        }
    }

    fn find_process(&mut self, id: u64) -> Result<u32, Impossible> {
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

    #[inline]
    fn page_number(&mut self, segment: u32, page: u64) -> Result<u32, Impossible> {
        let place = (page as usize).wrapping_add((segment as usize).wrapping_mul(397)) % CACHE;
        match self.found[place] {
            Some((label, index, number)) if label == segment && index == page => Ok(number),
            _ => {
                let number = self.find_page(segment, page)?;
                self.found[place] = Some((segment, page, number));
                Ok(number)
            }
        }
    }

    fn find_page(&mut self, segment: u32, page: u64) -> Result<u32, Impossible> {
        let next = self.pages.len();
        if let Some(&known) = self.pages.get(&(segment, page)) {
            return Ok(known);
        }
        if next >= wire::MAX_PAGES {
            return Err(self.output.fail("there are 2^31 distinct pages or more".into(), "split the trace"));
        }
        self.pages.insert((segment, page), next as u32);
        put_varint(&mut self.block.pages, u64::from(segment));
        put_varint(&mut self.block.pages, zigzag(page.wrapping_sub(self.page)));
        self.page = page;
        self.block.new_pages += 1;
        Ok(next as u32)
    }

    /// Packs the block and hands it on.
    fn flush(&mut self) -> Result<(), Impossible> {
        let packed = match pack::pack(&self.block, &mut self.model) {
            Ok(packed) => packed,
            Err(error) => return Err(self.output.fail(format!("cannot compress: {error}"), "try again")),
        };
        let mut head = packed.head;
        let hash = xxh3_64_with_seed(&head, self.totals.blocks);
        head.extend_from_slice(&hash.to_le_bytes());
        self.put(&head);
        self.output.buffer().extend_from_slice(&packed.columns);
        self.totals.blocks += 1;
        self.totals.records += self.block.steps.len() as u64;
        self.totals.references += self.block.references() as u64;
        self.block.clear();
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
        if !is_page_size(settings.page_size) {
            let what = format!("a page of {} bytes can't be written", settings.page_size);
            self.output.fail(what, "a page has a power of two of bytes, from 256 to 1 GiB");
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
        // So that the names of a block fit a column with the most processes and one more long name.
        if self.block.labels.len() > MAX_COLUMN / 6 {
            // A failure is kept by the output.
            let _ = self.flush();
        }
    }

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        if !self.headed {
            self.head(&Settings::default());
        }
        let has_segment = !matches!(record.operation, Operation::Fork | Operation::Exit);
        if has_segment && record.segment >= self.labels {
            return Err(no_such_label(record));
        }
        let process = self.process(record.process)?;
        let word = match record.operation {
            Operation::Read => self.page_number(record.segment, record.page)? << 1,
            Operation::Write => self.page_number(record.segment, record.page)? << 1 | 1,
            operation => {
                let label = if has_segment { u64::from(record.segment) + 1 } else { 0 };
                self.block.change(operation, process, label, record.page);
                CHANGE
            }
        };
        self.block.step(word, process, record.time.wrapping_sub(self.time));
        self.time = record.time;
        if self.block.steps.len() == BLOCK_RECORDS {
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
