//! Every format gives back what was written to it, is told by its content, and takes what is legal.

mod trace_support;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use clockhand::trace::{
    FORMATS, Fidelity, Label, Operation, OutOfMemory, PAGE_SIZE, ReadOptions, Record, RecordSink, Settings, Source,
    SwapArea, TraceError, copy, create, read, writer,
};
use proptest::prelude::*;
use trace_support::{Kept, Memory, lenient, read_bytes, read_with, sample, sha256, written};

/// What is left of a record in any format: the label by order of first use, for formats that rename.
type Plain = (u64, u64, Operation, Option<usize>, u64);

fn plain(trace: &Kept) -> Vec<Plain> {
    let mut order = Vec::new();
    let mut rank = |segment: u32| {
        (segment != Record::NO_SEGMENT).then(|| {
            order.iter().position(|&known| known == segment).unwrap_or_else(|| {
                order.push(segment);
                order.len() - 1
            })
        })
    };
    trace.records.iter().map(|r| (r.time, r.process, r.operation, rank(r.segment), r.page)).collect()
}

/// What csv keeps.
fn as_csv(trace: &Kept) -> Vec<Plain> {
    let has_time = trace.settings.as_ref().is_some_and(|settings| settings.has_time);
    let mut rows = Vec::new();
    for (time, process, operation, segment, page) in plain(trace) {
        let time = if has_time { time } else { 0 };
        if operation == Operation::CreateLocked {
            rows.push((time, process, Operation::Create, segment, page));
            rows.push((time, process, Operation::Lock, segment, page));
        } else {
            rows.push((time, process, operation, segment, page));
        }
    }
    rows
}

/// What an event script keeps.
fn as_events(trace: &Kept) -> Vec<Plain> {
    use Operation::{Attach, Create, CreateLocked, Detach, Exit, Fork, Lock, Read, Remove, Unlock, Write};
    let keep = |(_, process, operation, segment, page): Plain| match operation {
        Create | CreateLocked => (0, 0, operation, segment, page),
        Remove | Lock | Unlock => (0, 0, operation, segment, 0),
        Attach | Detach => (0, process, operation, segment, 0),
        Fork | Exit | Read | Write => (0, process, operation, segment, page),
    };
    plain(trace).into_iter().map(keep).collect()
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 0..20_u64, 1 => 0..100_000_u64, 1 => any::<u64>(), 1 => Just(u64::MAX)]
}

fn label() -> impl Strategy<Value = Label> {
    prop_oneof![number().prop_map(Label::Number), "[a-zA-Z0-9#\"é,=]{1,6}".prop_map(Label::Name)]
}

fn fidelity() -> impl Strategy<Value = Fidelity> {
    prop_oneof![
        proptest::sample::select(vec![
            Fidelity::FaultsOnly,
            Fidelity::Sampled,
            Fidelity::NoMappings,
            Fidelity::InferredSegments,
            Fidelity::NoWrites,
            Fidelity::Clipped,
        ]),
        (number(), number()).prop_map(|(quantum, seed)| Fidelity::Interleaved { quantum, seed }),
        (any::<u32>(), number()).prop_map(|(sharers, seed)| Fidelity::Dealt { sharers, seed }),
        number().prop_map(|window| Fidelity::Filtered { window }),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    let area = (any::<u32>(), any::<Option<i32>>()).prop_map(|(slots, priority)| SwapArea { slots, priority });
    let oom = prop_oneof![Just(None), Just(Some(OutOfMemory::Stop)), Just(Some(OutOfMemory::Continue))];
    let swap = proptest::option::of(proptest::collection::vec(area, 0..5));
    let page_size = (8..=30_u32).prop_map(|bits| 1 << bits);
    let fidelity = proptest::collection::vec(fidelity(), 0..4);
    (any::<Option<u64>>(), swap, oom, any::<bool>(), any::<bool>(), page_size, fidelity).prop_map(
        |(frames, swap, out_of_memory, kernel_defaults, has_time, page_size, fidelity)| Settings {
            frames,
            swap,
            out_of_memory,
            kernel_defaults,
            has_time,
            page_size,
            fidelity,
        },
    )
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::{Attach, Create, CreateLocked, Detach, Exit, Fork, Lock, Read, Remove, Unlock, Write};
    let changes = vec![Create, CreateLocked, Attach, Detach, Remove, Lock, Unlock, Fork, Exit];
    prop_oneof![Just(Read), Just(Write), proptest::sample::select(changes)]
}

fn record(labels: u32) -> impl Strategy<Value = Record> {
    (number(), number(), operation(), 0..labels, number()).prop_map(|(time, process, operation, segment, page)| {
        let segment = match operation {
            Operation::Fork | Operation::Exit => Record::NO_SEGMENT,
            _ => segment,
        };
        let page = if operation == Operation::Exit { 0 } else { page };
        Record { time, process, operation, segment, page }
    })
}

fn trace() -> impl Strategy<Value = Kept> {
    let labels = proptest::collection::hash_set(label(), 1..6);
    let labels = labels.prop_map(|labels| labels.into_iter().collect::<Vec<_>>());
    (settings(), labels).prop_flat_map(|(settings, labels)| {
        let records = proptest::collection::vec(record(labels.len() as u32), 1..80);
        (Just(settings), Just(labels), records).prop_map(|(settings, labels, records)| Kept {
            settings: Some(settings),
            labels,
            records,
            end: None,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn native_gives_back_everything(trace in trace()) {
        let (bytes, report) = written(&trace, "native");
        let (again, summary) = read_bytes(&bytes).unwrap();
        prop_assert_eq!(&again, &trace);
        prop_assert_eq!(summary.format, "native");
        prop_assert_eq!((summary.records, report.records), (trace.records.len() as u64, summary.records));
    }

    #[test]
    fn csv_gives_back_all_but_names_and_settings(trace in trace()) {
        let (bytes, report) = written(&trace, "csv");
        let (again, summary) = read_bytes(&bytes).unwrap();
        prop_assert_eq!(plain(&again), as_csv(&trace));
        prop_assert_eq!(summary.format, "csv");
        prop_assert_eq!(again.settings.as_ref().unwrap().has_time, trace.settings.as_ref().unwrap().has_time);
        if trace.labels.iter().all(|label| matches!(label, Label::Number(_))) {
            prop_assert!(!report.notes.iter().any(|note| note.contains("is written as")));
            let twice = |record: &Record| if record.operation == Operation::CreateLocked { 2 } else { 1 };
            let expected = trace.records.iter().flat_map(|r| std::iter::repeat_n(trace.label_of(r), twice(r)));
            let found: Vec<_> = again.records.iter().map(|record| again.label_of(record)).collect();
            prop_assert_eq!(found, expected.collect::<Vec<_>>());
        } else {
            prop_assert!(!report.notes.is_empty());
        }
    }

    #[test]
    fn events_give_back_all_but_times(trace in trace()) {
        let (bytes, _) = written(&trace, "events");
        let events = ReadOptions { format: Some("events".into()), ..ReadOptions::default() };
        let (again, summary) = read_with(&bytes, &events).unwrap();
        prop_assert_eq!(plain(&again), as_events(&trace));
        prop_assert_eq!(summary.format, "events");
        let expected = Settings {
            kernel_defaults: true,
            has_time: false,
            page_size: PAGE_SIZE,
            fidelity: Vec::new(),
            ..trace.settings.clone().unwrap()
        };
        prop_assert_eq!(again.settings.unwrap(), expected);
    }

    #[test]
    fn csv_to_native_to_csv_is_the_same_text(trace in trace()) {
        let (text, _) = written(&trace, "csv");
        let (native, _) = written(&read_bytes(&text).unwrap().0, "native");
        let (again, _) = written(&read_bytes(&native).unwrap().0, "csv");
        prop_assert_eq!(again, text);
    }
}

#[test]
fn the_sample_survives_each_format() {
    assert_eq!(read_bytes(&written(&sample(), "native").0).unwrap().0, sample());
    let (csv, report) = written(&sample(), "csv");
    assert_eq!(plain(&read_bytes(&csv).unwrap().0), as_csv(&sample()));
    assert!(report.notes.iter().any(|note| note.contains("is written as 1")), "{:?}", report.notes);
    let (events, report) = written(&sample(), "events");
    assert!(events.starts_with(b"# F=300 swap=4@-7,4294967295 oom=continue\nseg s5 8\nseg a_b\xc3\xa4 4 locked\n"));
    assert_eq!(plain(&read_bytes(&events).unwrap().0), as_events(&sample()));
    assert!(report.notes.iter().any(|note| note.contains("times")), "{:?}", report.notes);
}

#[test]
fn names_and_numbers_that_would_fall_together_are_kept_apart() {
    let mut trace = sample();
    trace.labels = vec![Label::Name("s1".into()), Label::Number(1), Label::Number(0), Label::Number(u64::MAX)];
    let create = |segment| Record { time: 0, process: 1, operation: Operation::Create, segment, page: 1 };
    trace.records = (0..4).map(create).collect();
    for format in ["csv", "events"] {
        let (again, _) = read_bytes(&written(&trace, format).0).unwrap();
        assert_eq!(again.labels.len(), 4, "{format}: {:?}", again.labels);
    }
}

#[test]
fn blocks_follow_each_other() {
    let mut trace = sample();
    trace.records.clear();
    for index in 0..2_200_000_u64 {
        // Each block brings pages and processes of its own; changes lie on the borders.
        let operation = if index % 262_144 == 0 { Operation::Attach } else { Operation::Write };
        let process = index >> 4;
        // 32,768 pages by the end of the first block, more after: two bytes a word, then four.
        trace.records.push(Record { time: index * 3, process, operation, segment: 0, page: index >> 5 });
    }
    let bytes = written(&trace, "native").0;
    assert!(read_bytes(&bytes).unwrap().0 == trace);
    let blocks: Vec<usize> = memchr::memmem::find_iter(&bytes, b"BLOK").collect();
    assert_eq!(blocks.len(), 3);
    let (first, second, third) = (blocks[0], blocks[1], blocks[2]);
    let without = [&bytes[..second], &bytes[third..]].concat();
    let swapped = [&bytes[..first], &bytes[second..third], &bytes[first..second], &bytes[third..]].concat();
    let twice = [&bytes[..third], &bytes[second..]].concat();
    for damaged in [without, swapped, twice] {
        assert!(matches!(read_bytes(&damaged), Err(TraceError::Damaged(_))));
    }
}

#[test]
fn every_recorded_script_is_read() {
    let mut count = 0;
    for entry in fs::read_dir("tests/golden").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // The cases of the swap allocator alone are not traces.
        if !name.ends_with(".events") || name.starts_with("swap_") {
            continue;
        }
        count += 1;
        let mut kept = Kept::default();
        let summary = read(&Source::Path(path.clone()), &ReadOptions::default(), &mut kept).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let events = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).count();
        assert_eq!((summary.format, summary.records), ("events", events as u64), "{name}");
        let settings = kept.settings.clone().unwrap();
        assert!(settings.kernel_defaults && !settings.has_time && settings.frames.is_some(), "{name}");
        let again = read_bytes(&written(&kept, "events").0).unwrap().0;
        assert_eq!(again, kept, "{name}");
    }
    assert!(count >= 35, "{count} scripts");
}

#[test]
fn the_first_line_of_a_script_is_read() {
    let script = |first: &str| format!("{first}\nseg a 3\n").into_bytes();
    let settings = |first: &str| read_bytes(&script(first)).unwrap().0.settings.unwrap();
    let area = |slots, priority| SwapArea { slots, priority };
    let one = settings("# F=4 swap=4@1,4,8@-3 oom=continue");
    assert_eq!(one.frames, Some(4));
    assert_eq!(one.swap, Some(vec![area(4, Some(1)), area(4, None), area(8, Some(-3))]));
    assert_eq!(one.out_of_memory, Some(OutOfMemory::Continue));
    assert_eq!(settings("# swap=").swap, Some(Vec::new()));
    assert_eq!(settings("#F=7").frames, Some(7));
    let defaults = Settings { kernel_defaults: true, ..Settings::default() };
    assert_eq!(settings("# a comment with F=3 in it"), defaults);
    assert_eq!(settings("seg b 1"), defaults);
    for bad in ["# F=x", "# F=3 swap=1,,2", "# F=3 oom=maybe", "# F=3 G=4", "# swap=4294967296", "# swap=1@x"] {
        let error = read_bytes(&script(bad)).unwrap_err().to_string();
        assert!(error.starts_with("sample, line 1") && error.contains("the settings are"), "{error}");
    }
}

#[test]
fn the_format_is_told_by_the_content() {
    let cases: [(&[u8], &str); 9] = [
        (b"time,pid,op,segment,page\n1,2,R,3,4\n", "csv"),
        (b"\n \npage, Segment ,OP,pid,cpu\r\n4,3,R,2,0\r\n", "csv"),
        (b"\xef\xbb\xbf\"pid\",\"op\",\"segment\",\"page\"\n2,R,3,4", "csv"),
        (b"# F=3\nseg a 1\n", "events"),
        (b"# swap=3\n\n# x\nr 1 a 0\n", "events"),
        (b"# a comment\n\n  seg   a\t1  locked \r\n", "events"),
        (b"fork 1 2\n", "events"),
        (b"w 1 time,pid,op,segment,page 0\n", "events"),
        (&written(&sample(), "native").0, "native"),
    ];
    for (bytes, expected) in cases {
        let found = read_bytes(bytes).unwrap_or_else(|error| panic!("{expected}: {error}")).1.format;
        assert_eq!(found, expected);
    }
}

#[test]
fn a_format_that_is_not_there_names_those_that_are() {
    let error =
        read_with(b"r 1 a 0\n", &ReadOptions { format: Some("cvs".into()), ..ReadOptions::default() }).unwrap_err();
    let message = error.to_string();
    assert!(FORMATS.iter().all(|format| message.contains(format.name)), "{message}");
    let unknown = read_bytes(b"hello\nworld\n").unwrap_err().to_string();
    assert!(unknown.contains("--trace-format") && unknown.contains("hello"), "{unknown}");
    assert!(FORMATS.iter().all(|format| unknown.contains(format.name)), "{unknown}");
}

#[test]
fn the_columns_of_csv_may_stand_in_any_order() {
    let text =
        b"cpu,page,note,segment,op,pid\n0,9,\"a,b\",7,W,42\n\n1, 12 ,\"say \"\"x\"\"\",7,\"R\",42\n1,2,c,,exit,42,more";
    let (kept, summary) = read_bytes(text).unwrap();
    assert_eq!(kept.labels, [Label::Number(7)]);
    assert!(!kept.settings.unwrap().has_time);
    let record = |operation, segment, page| Record { time: 0, process: 42, operation, segment, page };
    let expected = [
        record(Operation::Write, 0, 9),
        record(Operation::Read, 0, 12),
        record(Operation::Exit, Record::NO_SEGMENT, 0),
    ];
    assert_eq!(kept.records, expected);
    assert_eq!(summary.records, 3);
}

#[test]
fn csv_without_a_time_has_none_and_is_written_without() {
    let text = b"pid,op,segment,page\n1,create,0,5\n1,fork,,2\n2,exit,,\n";
    let (kept, _) = read_bytes(text).unwrap();
    assert_eq!(written(&kept, "csv").0, text);
}

#[test]
fn compression_is_undone_whatever_the_name() {
    let text = b"time,pid,op,segment,page\n1,2,R,3,4\n";
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(text).unwrap();
    let gz = gz.finish().unwrap();
    let zst = zstd::encode_all(&text[..], 3).unwrap();
    for (bytes, compression) in [(text.to_vec(), None), (gz, Some("gz")), (zst, Some("zst"))] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.txt");
        fs::write(&path, &bytes).unwrap();
        let mut kept = Kept::default();
        let summary = read(&Source::Path(path), &ReadOptions::default(), &mut kept).unwrap();
        assert_eq!((summary.compression, summary.records), (compression, 1));
        let hash = sha256(&bytes);
        assert_eq!(summary.sha256, hash);
    }
}

#[test]
fn files_are_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let names = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let abandoned = create(&folder.path().join("a.csv"), None).unwrap();
    drop(abandoned);
    assert!(names().is_empty());
    let source = folder.path().join("source.events");
    fs::write(&source, "seg a 3\nattach 1 a\nr 1 a 2\n").unwrap();
    for ending in [".cht", ".csv", ".events", ".csv.gz", ".csv.zst", ".cht.gz", ".events.zst"] {
        let path = folder.path().join(format!("out{ending}"));
        let writer = create(&path, None).unwrap();
        copy(&Source::Path(source.clone()), &ReadOptions::default(), writer).unwrap();
        let mut kept = Kept::default();
        let summary = read(&Source::Path(path), &ReadOptions::default(), &mut kept).unwrap();
        assert_eq!(summary.records, 3, "{ending}");
        assert_eq!(summary.compression, ending.rsplit('.').next().filter(|last| ["gz", "zst"].contains(last)));
    }
    fs::write(&source, "seg a 3\nnonsense\n").unwrap();
    let before = names().len();
    let writer = create(&folder.path().join("bad.cht"), None).unwrap();
    assert!(copy(&Source::Path(source), &ReadOptions::default(), writer).is_err());
    assert_eq!(names().len(), before);
    for bad in ["x.txt", "x", "x.gz"] {
        let error = create(&folder.path().join(bad), None).err().unwrap().to_string();
        assert!(error.contains(".cht, .csv, .events"), "{error}");
    }
    assert!(create(&folder.path().join("x.txt"), Some("csv")).is_ok());
    assert!(create(&folder.path().join("none/x.csv"), None).is_err());
}

/// A disk that is full after some bytes.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        }
        let count = bytes.len().min(self.0);
        self.0 -= count;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.0 == 0 { Err(std::io::Error::from(std::io::ErrorKind::StorageFull)) } else { Ok(()) }
    }
}

#[test]
fn a_full_disk_is_told() {
    for format in ["csv", "native", "events"] {
        let whole = written(&sample(), format).0.len();
        for room in [0, 1, whole / 2, whole - 1, whole] {
            let mut writer = writer(format, Box::new(Full(room))).unwrap();
            trace_support::replay(&sample(), &mut *writer);
            let error = writer.finish().unwrap_err().to_string();
            assert!(error.contains("cannot write"), "{format} {room}: {error}");
        }
    }
    // One that is full early is noticed while records are still coming, and not taken for a bad record.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.events");
    fs::write(&path, "r 1 a 0\n".repeat(100_000)).unwrap();
    for options in [ReadOptions::default(), lenient()] {
        let writer = writer("csv", Box::new(Full(100))).unwrap();
        let error = copy(&Source::Path(path.clone()), &options, writer).unwrap_err();
        assert!(matches!(error, TraceError::Io { .. }), "{error}");
    }
}

#[test]
fn sources_have_names() {
    let name = |path: &str| Source::from_argument(path).name();
    assert_eq!(name("/x/pg-tpcb-exact.csv.zst"), "pg-tpcb-exact");
    assert_eq!(name("case_01.events"), "case_01");
    assert_eq!(name("a.cht"), "a");
    assert_eq!(name("bzip.trace.gz"), "bzip");
    assert_eq!(name("v1.2"), "v1.2");
    assert_eq!(name(".csv"), ".csv");
    assert_eq!(name("-"), "stdin");
    assert_eq!(Source::BuiltIn.name(), "pg-tpcb-exact");
}

#[test]
fn the_traces_of_this_repository_are_whole() {
    // It lists the SHA-256 of the csv text that each was made from.
    let expected = fs::read_to_string("traces/README.md").unwrap();
    let mut total = 0;
    let mut count = 0;
    for entry in fs::read_dir("traces").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "cht") {
            continue;
        }
        let length = fs::metadata(&path).unwrap().len();
        assert!(length <= 4 << 20, "{} is {length} bytes long", path.display());
        (total, count) = (total + length, count + 1);
        let memory = Memory::default();
        let csv = writer("csv", Box::new(memory.clone())).unwrap();
        copy(&Source::Path(path.clone()), &ReadOptions::default(), csv).unwrap();
        let hash = sha256(&memory.0.borrow());
        assert!(expected.contains(&hash), "{}: the csv text has the hash {hash}", path.display());
    }
    assert_eq!(count, 7);
    assert!(total <= 16 << 20);
}

#[test]
fn the_built_in_trace_is_read() {
    #[derive(Default)]
    struct Count(u64, u64);
    impl RecordSink for Count {
        fn settings(&mut self, settings: &Settings) {
            assert!(settings.has_time && settings.frames.is_none());
        }
        fn label(&mut self, _: &Label) {}
        fn record(&mut self, record: &Record) -> Result<(), clockhand::trace::Impossible> {
            self.0 += u64::from(record.operation == Operation::Read);
            self.1 += u64::from(record.operation == Operation::Write);
            Ok(())
        }
    }
    let mut count = Count::default();
    let summary = read(&Source::BuiltIn, &ReadOptions::default(), &mut count).unwrap();
    assert_eq!((count.0, count.1, summary.records), (2_261_208, 607_781, 2_869_077));
    assert!(Path::new("traces/pg-tpcb-exact.cht").exists());
}
