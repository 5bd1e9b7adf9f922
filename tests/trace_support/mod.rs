//! What the tests of the trace formats share: a sink that keeps everything, a sample with every operation, and reading and
//! writing in memory.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::cell::RefCell;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clockhand::trace::{
    Impossible, Label, Operation, OutOfMemory, ReadOptions, Record, RecordSink, RecordWriter, Settings, Summary,
    SwapArea, TraceError, Written, read_from, writer,
};

/// Keeps all that it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub settings: Option<Settings>,
    pub labels: Vec<Label>,
    pub records: Vec<Record>,
    /// Refuses references to pages from here on.
    pub end: Option<u64>,
}

impl RecordSink for Kept {
    fn settings(&mut self, settings: &Settings) {
        assert!(
            self.settings.is_none() && self.labels.is_empty() && self.records.is_empty(),
            "settings come first, once"
        );
        self.settings = Some(settings.clone());
    }

    fn label(&mut self, label: &Label) {
        self.labels.push(label.clone());
    }

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        assert!(self.settings.is_some(), "settings come first");
        let none = matches!(record.operation, Operation::Fork | Operation::Exit);
        assert_eq!(record.segment == Record::NO_SEGMENT, none, "{record:?}");
        assert!(none || (record.segment as usize) < self.labels.len(), "labels come before their records");
        if self.end.is_some_and(|end| record.page >= end) {
            return Err(Impossible { what: "past the end".into(), remedy: "make it longer".into() });
        }
        self.records.push(*record);
        Ok(())
    }
}

impl Kept {
    /// The label of a record.
    pub fn label_of(&self, record: &Record) -> Option<&Label> {
        self.labels.get(record.segment as usize)
    }
}

/// A stream into memory that can be looked at afterwards.
#[derive(Clone, Default)]
pub struct Memory(pub Rc<RefCell<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives a trace to a sink, each label only when it is first needed.
pub fn replay(trace: &Kept, sink: &mut dyn RecordSink) {
    sink.settings(trace.settings.as_ref().expect("settings"));
    let mut announced = 0;
    for record in &trace.records {
        if record.segment != Record::NO_SEGMENT {
            for label in trace.labels.iter().take(record.segment as usize + 1).skip(announced) {
                sink.label(label);
            }
            announced = announced.max(record.segment as usize + 1);
        }
        sink.record(record).expect("the writer takes every record");
    }
    for label in trace.labels.iter().skip(announced) {
        sink.label(label);
    }
}

/// Writes a trace in a format.
pub fn written(trace: &Kept, format: &str) -> (Vec<u8>, Written) {
    let memory = Memory::default();
    let mut writer: Box<dyn RecordWriter> = writer(format, Box::new(memory.clone())).expect("a format");
    replay(trace, &mut *writer);
    let written = writer.finish().expect("memory is not full");
    let bytes = memory.0.borrow().clone();
    (bytes, written)
}

/// Reads bytes, telling the format by the content.
pub fn read_bytes(bytes: &[u8]) -> Result<(Kept, Summary), TraceError> {
    read_with(bytes, &ReadOptions::default())
}

/// Reads bytes with options.
pub fn read_with(bytes: &[u8], options: &ReadOptions) -> Result<(Kept, Summary), TraceError> {
    let mut kept = Kept::default();
    let summary = read_from("sample", Box::new(Cursor::new(bytes.to_vec())), options, &mut kept)?;
    Ok((kept, summary))
}

/// Lenient reading.
pub fn lenient() -> ReadOptions {
    ReadOptions { format: None, lenient: true, ..ReadOptions::default() }
}

/// A trace with every operation, names and numbers, and all settings.
pub fn sample() -> Kept {
    let operations = [
        (Operation::Create, 0, 8),
        (Operation::CreateLocked, 1, 4),
        (Operation::Attach, 0, 8),
        (Operation::Attach, 1, 0),
        (Operation::Write, 0, 7),
        (Operation::Read, 1, 3),
        (Operation::Read, 0, 7),
        (Operation::Lock, 0, 8),
        (Operation::Unlock, 0, 8),
        (Operation::Fork, Record::NO_SEGMENT, 12),
        (Operation::Write, 1, u64::MAX),
        (Operation::Detach, 1, 4),
        (Operation::Remove, 1, 4),
        (Operation::Exit, Record::NO_SEGMENT, 0),
        (Operation::Read, 0, 0),
    ];
    let record = |(index, (operation, segment, page)): (usize, (Operation, u32, u64))| Record {
        // Back and forth, as times of several processors may go.
        time: 1_000_000 + (index as u64 ^ 3) * 70_000_000_000,
        process: [3, 70_000, u64::MAX][index % 3],
        operation,
        segment,
        page,
    };
    let area = |slots, priority| SwapArea { slots, priority };
    Kept {
        settings: Some(Settings {
            frames: Some(300),
            swap: Some(vec![area(4, Some(-7)), area(u32::MAX, None)]),
            out_of_memory: Some(OutOfMemory::Continue),
            kernel_defaults: true,
            has_time: true,
            ..Settings::default()
        }),
        labels: vec![Label::Number(5), Label::Name("a b\u{e4}".into())],
        records: operations.into_iter().enumerate().map(record).collect(),
        end: None,
    }
}

/// A file of `tests/samples`.
pub fn sample_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name)
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let hash = <sha2::Sha256 as sha2::Digest>::digest(bytes);
    hash.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}
