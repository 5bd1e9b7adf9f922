//! What every fuzz target does with its bytes: reads them as a trace in every way there is, and holds the outcome against
//! what must be true of any trace. Nothing here knows a format.

use std::cell::RefCell;
use std::io::{Cursor, Write};
use std::rc::Rc;

use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::trace::{self, AddressOptions, Cut, Impossible, Label, ReadOptions, Record, RecordSink, Settings};

/// Makes a fuzz target of a format's name, or of nothing, which leaves the telling of the format to the program.
#[macro_export]
macro_rules! reader {
    ($format:expr) => {
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $crate::read($format, bytes));
    };
}

/// Records that one input may come to; a line of a few bytes can be a million references.
const MOST_RECORDS: usize = 100_000;

/// Reads the bytes and checks what came of them.
///
/// # Panics
/// When something is not as it must be: that is what the fuzzer looks for.
pub fn read(format: Option<&str>, bytes: &[u8]) {
    for lenient in [false, true] {
        let options = options(format, lenient, bytes);
        let mut kept = Kept::default();
        let first = trace::read_from("input", Box::new(Cursor::new(bytes.to_vec())), &options, &mut kept);
        resolve(&options, bytes);
        if first.is_ok() && !kept.is_full {
            assert_eq!(Some(&kept), written_and_read(&kept).as_ref(), "what was written is not what is read");
        }
    }
}

/// Options that depend on the bytes alone, so that a finding can be repeated.
fn options(format: Option<&str>, lenient: bool, bytes: &[u8]) -> ReadOptions {
    let lot = bytes.iter().fold(bytes.len() as u64, |lot, &byte| lot.wrapping_mul(31).wrapping_add(byte.into()));
    let cuts = [Cut::Whole, Cut::Range(1 << 16), Cut::Bits { low: 12, high: 15 }, Cut::Count(3)];
    let addresses = AddressOptions {
        private: lot & 4 != 0,
        instructions: lot & 8 != 0,
        cut: cuts[(lot >> 4) as usize % cuts.len()],
        sharers: if lot & 64 == 0 { 1 } else { 3 },
        ..AddressOptions::default()
    };
    ReadOptions { format: format.map(str::to_owned), lenient, addresses }
}

/// Resolving must bear whatever the reader hands on.
fn resolve(options: &ReadOptions, bytes: &[u8]) {
    let resolve = ResolveOptions { implicit_attach: options.lenient, keep_times: true, limits: None };
    let mut sink = Bounded { resolver: Resolver::new(resolve), left: MOST_RECORDS };
    if trace::read_from("input", Box::new(Cursor::new(bytes.to_vec())), options, &mut sink).is_err() {
        return;
    }
    let program = sink.resolver.finish();
    assert!(u64::from(program.footprint()) <= program.references.len(), "there are more pages than references");
    for position in 0..program.references.len() {
        let reference = program.reference(position);
        let segment = program.segment(reference.page);
        assert!(segment.index_of(reference.page) < segment.size, "a reference is past the end of its segment");
    }
}

/// What is read of what the native writer writes.
fn written_and_read(kept: &Kept) -> Option<Kept> {
    let bytes = Shared::default();
    let mut writer = trace::writer("native", Box::new(bytes.clone())).ok()?;
    writer.settings(&kept.settings);
    for label in &kept.labels {
        writer.label(label);
    }
    for record in &kept.records {
        writer.record(record).ok()?;
    }
    writer.finish().ok()?;
    let mut again = Kept::default();
    let bytes = bytes.0.borrow().clone();
    trace::read_from("written", Box::new(Cursor::new(bytes)), &ReadOptions::default(), &mut again).ok()?;
    Some(again)
}

/// Keeps all it is given, up to [`MOST_RECORDS`].
#[derive(Debug, Default, PartialEq)]
struct Kept {
    settings: Settings,
    labels: Vec<Label>,
    records: Vec<Record>,
    is_full: bool,
}

impl RecordSink for Kept {
    fn settings(&mut self, settings: &Settings) {
        self.settings = settings.clone();
    }

    fn label(&mut self, label: &Label) {
        self.labels.push(label.clone());
    }

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        self.is_full |= self.records.len() == MOST_RECORDS;
        if !self.is_full {
            self.records.push(*record);
        }
        Ok(())
    }
}

/// A resolver that refuses everything after [`MOST_RECORDS`].
struct Bounded {
    resolver: Resolver,
    left: usize,
}

impl RecordSink for Bounded {
    fn settings(&mut self, settings: &Settings) {
        self.resolver.settings(settings);
    }

    fn label(&mut self, label: &Label) {
        self.resolver.label(label);
    }

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| Impossible { what: "that is enough".into(), remedy: String::new() })?;
        self.resolver.record(record)
    }
}

/// Bytes that the writer owns and the fuzzer reads.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
