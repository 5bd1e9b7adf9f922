//! The native format is what its page says, and its references resolve in bulk as they do one by one.

mod native_reference;
mod trace_support;

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use clockhand::program::{Program, Reference};
use clockhand::resolve::{Limits, ResolveOptions, Resolver};
use clockhand::trace::{
    Impossible, Label, Operation, ReadOptions, Record, RecordSink, Settings, Summary, TraceError, read_from, writer,
};
use proptest::prelude::*;
use trace_support::{Kept, Memory, lenient, read_bytes, sample, written};

/// The bundled traces.
fn traces() -> Vec<(PathBuf, Vec<u8>)> {
    let paths = fs::read_dir("traces").unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|ending| ending == "cht"));
    paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn the_example_of_the_page_is_what_is_written() {
    let page = fs::read_to_string("traces/NATIVE-FORMAT.md").unwrap();
    let csv: String = page
        .lines()
        .skip_while(|line| *line != "    time,pid,op,segment,page")
        .take_while(|line| line.starts_with("    "))
        .map(|line| format!("{}\n", &line[4..]))
        .collect();
    let block = page.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let bytes: Vec<u8> = block
        .lines()
        .flat_map(|line| line.get(..36).unwrap_or(line).split_whitespace())
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect();
    assert_eq!(bytes.len(), 216);
    let (trace, _) = read_bytes(csv.as_bytes()).unwrap();
    assert_eq!(trace.records.len(), 4);
    assert_eq!(written(&trace, "native").0, bytes);
}

#[test]
fn a_reader_made_from_the_page_reads_the_same() {
    let mut files = traces();
    files.push(("sample".into(), written(&sample(), "native").0));
    for (path, bytes) in files {
        let (expected, _) = read_bytes(&bytes).unwrap();
        let found = native_reference::read(&bytes);
        assert!(found.labels == expected.labels && found.records == expected.records, "{}", path.display());
    }
}

#[test]
fn csv_and_back_gives_the_same_file() {
    for (path, bytes) in traces() {
        let (csv, _) = converted(&bytes, "csv");
        let (native, summary) = converted(&csv, "native");
        assert_eq!(summary.format, "csv");
        assert!(native == bytes, "{} is not what is written now: convert its csv again", path.display());
        let (again, _) = converted(&native, "csv");
        assert!(again == csv, "{}", path.display());
    }
}

fn converted(bytes: &[u8], format: &str) -> (Vec<u8>, Summary) {
    let memory = Memory::default();
    let mut writer = writer(format, Box::new(memory.clone())).unwrap();
    let summary =
        read_from("trace", Box::new(Cursor::new(bytes.to_vec())), &ReadOptions::default(), &mut *writer).unwrap();
    writer.finish().unwrap();
    (memory.0.take(), summary)
}

#[test]
fn flipped_bits_of_a_bundled_trace_are_noticed() {
    let whole = fs::read("traces/stress-ng-exact.cht").unwrap();
    for step in 0..400 {
        let bit = (step * 2_654_435_761 + 97) % (whole.len() * 8);
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        for wanted in [false, true] {
            let mut resolver = Resolver::new(ResolveOptions { keep_times: wanted, ..ResolveOptions::default() });
            let error = read_from("x", Box::new(Cursor::new(damaged.clone())), &lenient(), &mut resolver).err();
            let refused = matches!(error, Some(TraceError::Damaged(_) | TraceError::Unrecognised(_)));
            assert!(refused, "bit {bit}: {error:?}");
        }
    }
}

/// Takes all records one by one.
struct OneByOne(Resolver);

impl RecordSink for OneByOne {
    fn settings(&mut self, settings: &Settings) {
        self.0.settings(settings);
    }

    fn label(&mut self, label: &Label) {
        self.0.label(label);
    }

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        self.0.record(record)
    }
}

/// What resolving comes to: the program, or the error in words, and what was skipped.
type Resolved = (Option<Program>, String);

fn resolved(bytes: &[u8], options: ResolveOptions, reading: &ReadOptions, bulk: bool) -> Resolved {
    let mut sink = OneByOne(Resolver::new(options));
    let result = if bulk {
        read_from("trace", Box::new(Cursor::new(bytes.to_vec())), reading, &mut sink.0)
    } else {
        read_from("trace", Box::new(Cursor::new(bytes.to_vec())), reading, &mut sink)
    };
    match result {
        Err(error) => (None, error.to_string()),
        Ok(summary) => {
            let shown: Vec<String> = summary.first_skipped.iter().map(ToString::to_string).collect();
            (Some(sink.0.finish()), format!("{} {} {shown:?}", summary.records, summary.skipped))
        }
    }
}

/// Checks that resolving in bulk comes to the same as one by one; how many references there were.
fn compare(bytes: &[u8], implicit_attach: bool, reading: &ReadOptions, keep_times: bool) -> u64 {
    let options =
        ResolveOptions { implicit_attach, keep_times, limits: Some(Limits::None), ..ResolveOptions::default() };
    let (bulk, bulk_words) = resolved(bytes, options, reading, true);
    let (single, single_words) = resolved(bytes, options, reading, false);
    // A reader may give 0 for the times that nobody looks at.
    let timeless = |words: &str| words.split("time=").next().unwrap_or_default().to_owned();
    if keep_times {
        assert_eq!(bulk_words, single_words);
    } else {
        assert_eq!(timeless(&bulk_words), timeless(&single_words));
    }
    let (Some(bulk), Some(single)) = (&bulk, &single) else {
        assert!(bulk.is_none() && single.is_none());
        return 0;
    };
    let references = |program: &Program| -> Vec<Reference> {
        (0..program.references.len()).map(|position| program.reference(position)).collect()
    };
    assert!(references(bulk) == references(single));
    assert_eq!((bulk.packing, bulk.counts), (single.packing, single.counts));
    assert!(bulk.changes == single.changes && bulk.times == single.times);
    assert_eq!((&bulk.processes, &bulk.segment_of), (&single.processes, &single.segment_of));
    assert_eq!(format!("{:?}", bulk.segments), format!("{:?}", single.segments));
    bulk.references.len()
}

#[test]
fn bundled_traces_resolve_in_bulk_as_one_by_one() {
    for (path, bytes) in traces() {
        for keep_times in [false, true] {
            let references = compare(&bytes, false, &ReadOptions::default(), keep_times);
            assert!(references > 100_000, "{}", path.display());
        }
    }
}

#[test]
fn many_pages_sharers_and_labels_resolve_in_bulk_as_one_by_one() {
    let mut trace = Kept { settings: Some(Settings::default()), ..Kept::default() };
    trace.labels = (0..70_000).map(Label::Number).collect();
    let mut push = |process, operation, segment, page| {
        trace.records.push(Record { time: 0, process, operation, segment, page });
    };
    for segment in [0, 1, 65_534, 65_535, 65_536, 69_999] {
        for process in 0..100 {
            push(process, Operation::Attach, segment, 0);
        }
        // More pages than a narrow word can tell, some of them many times, and more processes than there are rows.
        for step in 0..9000_u64 {
            let page = if step % 3 == 0 { step % 7 } else { step };
            push(step / 5 % 100, if step % 4 == 0 { Operation::Write } else { Operation::Read }, segment, page);
        }
    }
    let bytes = written(&trace, "native").0;
    assert_eq!(compare(&bytes, true, &ReadOptions::default(), true), 54_000);
}

/// Worlds of few labels, processes and pages, legal or not.
fn world() -> impl Strategy<Value = Kept> {
    use Operation::{Attach, Create, Detach, Exit, Fork, Read, Remove, Write};
    let change = proptest::sample::select(vec![Create, Attach, Attach, Attach, Detach, Exit, Fork, Remove]);
    let reference = (any::<bool>(), 1..12_u64).prop_map(|(write, length)| (if write { Write } else { Read }, length));
    let step = prop_oneof![2 => change.prop_map(|change| (change, 1_u64)), 3 => reference];
    let steps = proptest::collection::vec((step, 0..3_u64, 0..3_u32, 0..6_u64), 1..60);
    steps.prop_map(|steps| {
        let mut trace = Kept { settings: Some(Settings::default()), ..Kept::default() };
        trace.labels = (0..3).map(Label::Number).collect();
        for ((operation, length), process, segment, number) in steps {
            for step in 0..length {
                let (segment, page) = match operation {
                    Fork => (Record::NO_SEGMENT, number % 3),
                    Exit => (Record::NO_SEGMENT, 0),
                    Create if number == 5 => (segment, Record::UNKNOWN_SIZE),
                    Create | Attach | Detach | Remove => (segment, number),
                    _ => (segment, (number + step) % 6),
                };
                let time = trace.records.len() as u64 * 3;
                trace.records.push(Record { time, process, operation, segment, page });
            }
        }
        trace
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_world_resolves_in_bulk_as_one_by_one(trace in world(), implicit in any::<bool>(), times in any::<bool>()) {
        let bytes = written(&trace, "native").0;
        for reading in [ReadOptions::default(), lenient()] {
            compare(&bytes, implicit, &reading, times);
        }
    }
}
