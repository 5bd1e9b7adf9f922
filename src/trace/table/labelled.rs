//! References to segments that a table names: created and attached when they are first referred to.

use rustc_hash::FxHashMap;

use crate::ids::SegmentNumber;
use crate::page_numbers::PageNumbers;
use crate::trace::error::{At, TraceError, printable};
use crate::trace::flat::{FlatReference, Numbers, Processes, pages};
use crate::trace::number;
use crate::trace::reading::Reading;
use crate::trace::{Fidelity, Label, Operation, Record, Settings};

/// What a row says about its segment.
#[derive(Clone, Copy)]
pub(super) struct SegmentName<'l> {
    pub label: &'l [u8],
    /// The fork of a relation; empty where there is no such column.
    pub fork: &'l [u8],
}

/// Makes the records of a table that names segments.
pub(super) struct Labelled {
    numbers: Numbers,
    page_shift: u32,
    processes: Processes,
    /// The segments by label and fork.
    segments: FxHashMap<Vec<u8>, u32>,
    /// The one that was asked for last.
    last: Option<u32>,
    /// Its label and fork, and room to put another's together.
    last_key: Vec<u8>,
    key: Vec<u8>,
    /// The attachments, as pairs of segment and process.
    attachments: PageNumbers,
    attached: u32,
}

impl Labelled {
    /// At the start of a trace; the sink has its settings then.
    pub fn new(reading: &mut Reading<'_>, settings: &Settings, numbers: Numbers) -> Self {
        let options = reading.addresses();
        let mut settings = Settings { page_size: options.page_size, ..settings.clone() };
        if options.sharers > 1 {
            settings.fidelity.push(Fidelity::Dealt { sharers: options.sharers, seed: options.seed });
        }
        reading.settings(&settings);
        Self {
            numbers,
            page_shift: options.page_size.trailing_zeros(),
            processes: Processes::new(options),
            segments: FxHashMap::default(),
            last: None,
            last_key: Vec::new(),
            key: Vec::new(),
            attachments: PageNumbers::default(),
            attached: 0,
        }
    }

    /// A reference: a record for each page.
    ///
    /// # Errors
    /// When its numbers are too large or it is too long, or when the sink refuses a record, unless the reading is lenient.
    #[inline]
    pub fn reference(
        &mut self,
        reading: &mut Reading<'_>,
        at: At,
        text: &[u8],
        name: SegmentName<'_>,
        reference: FlatReference,
    ) -> Result<(), TraceError> {
        let FlatReference { process, number, count, write, time } = reference;
        let pages = match pages(self.numbers, self.page_shift, number, count) {
            Ok(pages) => pages,
            Err(what) => return reading.bad(at, text, what, super::EXPECTED),
        };
        let Some(space) = self.processes.space(process) else {
            return reading.bad(at, text, "this process is one too many".to_owned(), "split the trace");
        };
        let process = self.processes.draw(space);
        let segment = self.segment(reading, at, text, name, process, time)?;
        let record = |operation, page| Record { time, process, operation, segment, page };
        let Some(attachment) = self.attachments.number(SegmentNumber::new(segment), process) else {
            return reading.bad(at, text, "this attachment is one too many".to_owned(), "split the trace");
        };
        if attachment.get() == self.attached {
            self.attached += 1;
            reading.record(&record(Operation::Attach, 0), at, || printable(text))?;
        }
        let operation = if write { Operation::Write } else { Operation::Read };
        for page in pages {
            reading.record(&record(operation, page), at, || printable(text))?;
        }
        Ok(())
    }

    #[inline]
    fn segment(
        &mut self,
        reading: &mut Reading<'_>,
        at: At,
        text: &[u8],
        name: SegmentName<'_>,
        process: u64,
        time: u64,
    ) -> Result<u32, TraceError> {
        self.key.clear();
        self.key.extend_from_slice(name.label);
        // No label has this byte, as it ends a line.
        self.key.push(b'\n');
        self.key.extend_from_slice(name.fork);
        if let Some(segment) = self.last
            && self.key == self.last_key
        {
            return Ok(segment);
        }
        std::mem::swap(&mut self.key, &mut self.last_key);
        let next = self.segments.len() as u32;
        let segment = match self.segments.get(&self.last_key) {
            Some(&known) => known,
            None => next,
        };
        self.last = Some(segment);
        if segment == next {
            self.segments.insert(self.last_key.clone(), segment);
            reading.label(&label_of(name));
            let record = Record { time, process, operation: Operation::Create, segment, page: Record::UNKNOWN_SIZE };
            reading.record(&record, at, || printable(text))?;
        }
        Ok(segment)
    }
}

/// The label of a segment: a number where it is one, and with the fork as PostgreSQL names its files.
fn label_of(name: SegmentName<'_>) -> Label {
    let label = String::from_utf8_lossy(name.label);
    let suffix = match name.fork {
        b"" | b"0" | b"main" => "",
        b"1" => "_fsm",
        b"2" => "_vm",
        b"3" => "_init",
        other => return Label::Name(format!("{label}_{}", String::from_utf8_lossy(other))),
    };
    match number::parse(name.label) {
        // A number that is written in another way is another label.
        Ok(number) if suffix.is_empty() && *label == number.to_string() => Label::Number(number),
        _ => Label::Name(format!("{label}{suffix}")),
    }
}
