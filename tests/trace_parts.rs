//! Slices and merged traces: a slice refers to what the whole refers to, under random worlds and against a slow second
//! account of what is attached; merging keeps every record and the order that it says.

mod common;
mod trace_support;

use std::fs;
use std::path::{Path, PathBuf};

use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::trace::merge::{MOST, merge};
use clockhand::trace::slice::{Part, Sliced, Window, slice};
use clockhand::trace::{
    AddressOptions, Fidelity, Impossible, Label, Operation, ReadOptions, Record, RecordSink, Settings, Source,
    TraceError,
};
use common::Draw;
use trace_support::{Kept, written};

/// A reference as the program meant it: time, process, whether it writes, label, page.
type Reference = (u64, u64, bool, Label, u64);

/// Takes what a resolver takes, and keeps it.
struct Possible {
    resolver: Resolver,
    kept: Kept,
}

impl Possible {
    fn new(labels: u64) -> Self {
        let mut possible = Self { resolver: Resolver::new(ResolveOptions::default()), kept: Kept::default() };
        possible.kept.settings = Some(Settings { has_time: true, ..Settings::default() });
        for number in 0..labels {
            possible.resolver.label(&Label::Number(number * 3));
            possible.kept.labels.push(Label::Number(number * 3));
        }
        possible
    }

    fn push(&mut self, record: Record) -> bool {
        let taken = self.resolver.record(&record).is_ok();
        if taken {
            self.kept.records.push(record);
        }
        taken
    }
}

/// A random world in which everything is possible: what is drawn and can't happen is left out.
fn world(seed: u64, length: usize) -> Kept {
    use Operation::{Attach, Create, CreateLocked, Detach, Exit, Fork, Lock, Read, Remove, Unlock, Write};
    let mut draw = Draw(seed);
    let mut possible = Possible::new(4);
    // Many references, and changes in the numbers that keep some segments alive.
    let operations = [
        Create,
        Create,
        CreateLocked,
        Attach,
        Attach,
        Attach,
        Detach,
        Remove,
        Lock,
        Unlock,
        Fork,
        Fork,
        Exit,
        Read,
        Read,
        Read,
        Read,
        Read,
        Write,
        Write,
        Write,
    ];
    let mut time = 0;
    let mut tries = 0;
    while possible.kept.records.len() < length && tries < 50 * length {
        tries += 1;
        let operation = operations[draw.below(operations.len() as u64) as usize];
        let segment = if matches!(operation, Fork | Exit) { Record::NO_SEGMENT } else { draw.below(4) as u32 };
        let page = match operation {
            Create | CreateLocked => 6,
            Fork => 1 + draw.below(5),
            Read | Write => draw.below(6),
            _ => 0,
        };
        // Times stand still and go back now and then.
        let record =
            Record { time: time - draw.below(3).min(time), process: 1 + draw.below(5), operation, segment, page };
        time += u64::from(possible.push(record)) * draw.below(4);
    }
    possible.kept
}

fn folder_with(trace: &Kept) -> (tempfile::TempDir, Source) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole.csv");
    fs::write(&path, written(trace, "csv").0).unwrap();
    (folder, Source::Path(path))
}

fn sliced(source: &Source, part: &Part) -> Result<(Kept, Sliced), TraceError> {
    let mut kept = Kept::default();
    let sliced = slice(source, &ReadOptions::default(), part, &mut kept)?;
    Ok((kept, sliced))
}

fn references(trace: &Kept) -> Vec<Reference> {
    let all = trace.records.iter().filter(|record| record.operation.is_reference());
    all.map(|record| {
        let label = trace.label_of(record).unwrap().clone();
        (record.time, record.process, record.operation == Operation::Write, label, record.page)
    })
    .collect()
}

/// The trace with two lines where csv has two, so that positions are those of the file.
fn as_written(trace: &Kept) -> Kept {
    trace_support::read_bytes(&written(trace, "csv").0).unwrap().0
}

/// Every record can happen.
fn assert_possible(trace: &Kept, what: &str) {
    let mut resolver = Resolver::new(ResolveOptions::default());
    resolver.settings(trace.settings.as_ref().unwrap());
    trace.labels.iter().for_each(|label| resolver.label(label));
    for (number, record) in trace.records.iter().enumerate() {
        if let Err(refusal) = resolver.record(record) {
            panic!("{what}: record {number}, {record:?}: {refusal}\n{:#?}", trace.records);
        }
    }
}

/// What lives and what is attached, the obvious way.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Slow {
    /// The table of segments: label, locked, removed.
    slots: Vec<Option<(Label, bool, bool)>>,
    /// The oldest first.
    attachments: Vec<(u64, Label)>,
}

impl Slow {
    fn of<'a>(trace: &Kept, records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut slow = Self::default();
        for record in records {
            slow.apply(record, trace.label_of(record).cloned());
        }
        slow
    }

    fn find(&mut self, label: &Label) -> &mut Option<(Label, bool, bool)> {
        self.slots.iter_mut().find(|slot| slot.as_ref().is_some_and(|(of, ..)| of == label)).unwrap()
    }

    fn apply(&mut self, record: &Record, label: Option<Label>) {
        let process = record.process;
        match record.operation {
            Operation::Create | Operation::CreateLocked => {
                let segment = Some((label.unwrap(), record.operation == Operation::CreateLocked, false));
                match self.slots.iter().position(Option::is_none) {
                    Some(free) => self.slots[free] = segment,
                    None => self.slots.push(segment),
                }
            }
            Operation::Attach => self.attachments.push((process, label.unwrap())),
            Operation::Detach => {
                let ended = (process, label.unwrap());
                let place = self.attachments.iter().rposition(|attachment| *attachment == ended).unwrap();
                self.attachments.remove(place);
            }
            Operation::Remove => self.find(&label.unwrap()).as_mut().unwrap().2 = true,
            Operation::Lock => self.find(&label.unwrap()).as_mut().unwrap().1 = true,
            Operation::Unlock => self.find(&label.unwrap()).as_mut().unwrap().1 = false,
            Operation::Fork => {
                for (_, label) in self.attachments.clone().into_iter().filter(|(parent, _)| *parent == process) {
                    self.attachments.push((record.page, label));
                }
            }
            Operation::Exit => self.attachments.retain(|(other, _)| *other != process),
            Operation::Read | Operation::Write => {}
        }
        for slot in &mut self.slots {
            if slot.as_ref().is_some_and(|(label, _, removed)| {
                *removed && !self.attachments.iter().any(|(_, attached)| attached == label)
            }) {
                *slot = None;
            }
        }
    }

    /// The segments in the order of the table, without its holes.
    fn packed(mut self) -> Self {
        self.slots.retain(Option::is_some);
        self
    }

    /// The segments in the order of their labels.
    fn sorted(self) -> Self {
        let mut packed = self.packed();
        packed.slots.sort_by_key(|slot| slot.as_ref().map(|(label, ..)| label.to_string()));
        packed
    }
}

#[test]
fn slices_that_meet_refer_to_what_the_whole_refers_to() {
    for seed in 0..150 {
        let whole = as_written(&world(seed, 120));
        let (_folder, source) = folder_with(&whole);
        let all = references(&whole);
        let mut draw = Draw(seed);
        let cut = 1 + draw.below(all.len() as u64 - 1);
        let part = |from, to| Part { references: Window(from..to), ..Part::default() };
        let (first, _) = sliced(&source, &part(0, cut)).unwrap();
        let (second, told) = sliced(&source, &part(cut, u64::MAX)).unwrap();
        for (half, want) in [(&first, &all[..cut as usize]), (&second, &all[cut as usize..])] {
            assert_possible(half, &format!("seed {seed}, cut at {cut}"));
            assert_eq!(references(half), want, "seed {seed}, cut at {cut}");
            assert!(half.settings.as_ref().unwrap().fidelity.contains(&Fidelity::Clipped));
        }
        let place = whole.records.iter().enumerate().filter(|(_, record)| record.operation.is_reference());
        let place = 1 + place.map(|(place, _)| place).nth(cut as usize - 1).unwrap();
        assert_eq!(first.records, whole.records[..place], "seed {seed}: nothing is condensed at the front");
        let condensed = &second.records[..told.condensed as usize];
        let before = Slow::of(&whole, &whole.records[..place]).packed();
        assert_eq!(Slow::of(&second, condensed).packed(), before, "seed {seed}, cut at {cut}");
        let kept = second.records.len() - told.condensed as usize;
        assert_eq!(kept, whole.records.len() - place, "seed {seed}: changes in the window are kept");
        assert_eq!(
            Slow::of(&second, &second.records).sorted(),
            Slow::of(&whole, &whole.records).sorted(),
            "seed {seed}"
        );
        assert_eq!(sliced(&source, &Part::default()).unwrap().0.records, whole.records, "all of it is all of it");
    }
}

#[test]
fn slices_of_some_processes_and_segments_refer_to_what_these_refer_to() {
    let mut forks = 0;
    for seed in 0..300 {
        let whole = as_written(&world(seed, 150));
        let (_folder, source) = folder_with(&whole);
        let mut draw = Draw(seed ^ 0xabcd);
        let processes: Vec<u64> = (1..=5).filter(|_| draw.below(3) == 0).collect();
        let segments: Vec<u64> = (0..4).map(|number| 3 * number).filter(|_| draw.below(2) == 0).collect();
        let from = draw.below(20);
        let part = Part {
            references: Window(from..u64::MAX),
            processes: processes.clone(),
            segments: segments.iter().map(|number| format!("{}{number}", ["", "s"][draw.below(2) as usize])).collect(),
            ..Part::default()
        };
        let of_part = |(_, process, _, label, _): &Reference| {
            (processes.is_empty() || processes.contains(process))
                && (segments.is_empty() || segments.iter().any(|number| *label == Label::Number(*number)))
        };
        let want: Vec<Reference> = references(&whole).into_iter().skip(from as usize).filter(of_part).collect();
        match sliced(&source, &part) {
            Ok((kept, told)) => {
                assert_possible(&kept, &format!("seed {seed}, {part:?}"));
                assert_eq!(references(&kept), want, "seed {seed}, {part:?}");
                assert_eq!(told.references as usize, want.len());
                let strange = kept.records.iter().any(|record| {
                    record.operation.is_reference() && !processes.is_empty() && !processes.contains(&record.process)
                });
                assert!(!strange, "seed {seed}");
                let of_forks = kept.records.iter().filter(|record| record.operation == Operation::Fork);
                forks += of_forks.filter(|record| !processes.contains(&record.process)).count();
                let segment = |record: &Record| {
                    kept.label_of(record).is_none_or(|label| {
                        segments.is_empty() || segments.iter().any(|number| *label == Label::Number(*number))
                    })
                };
                assert!(kept.records.iter().all(segment), "seed {seed}: other segments are left out");
            }
            Err(TraceError::Unfit { .. }) => assert!(want.is_empty(), "seed {seed}, {part:?}"),
            Err(error) => panic!("seed {seed}: {error}"),
        }
    }
    assert!(forks > 10, "parents that are not chosen are kept where a child inherits");
}

#[test]
fn a_removed_segment_lives_in_a_slice_as_long_as_in_the_whole() {
    // Process 1 alone keeps the segment alive while process 2 is away; in the slice process 1 is not there.
    let text = "time,pid,op,segment,page\n1,1,create,0,4\n2,1,attach,0,4\n3,2,attach,0,4\n4,1,R,0,0\n5,1,remove,0,4\n\
                6,2,R,0,1\n7,2,detach,0,4\n8,1,W,0,2\n9,2,attach,0,4\n10,2,W,0,3\n11,2,exit,,\n12,1,exit,,\n13,3,create,0,9\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, text).unwrap();
    let part = Part { processes: vec![2], ..Part::default() };
    let (kept, _) = sliced(&Source::Path(path), &part).unwrap();
    assert_possible(&kept, "removed");
    let operations: Vec<&str> = kept.records.iter().map(|record| record.operation.name()).collect();
    assert_eq!(operations, ["create", "attach", "R", "detach", "attach", "W", "exit", "remove"]);
    assert_eq!(kept.settings.unwrap().fidelity, [Fidelity::Clipped, Fidelity::Sampled]);
}

#[test]
fn a_window_of_time_ends_at_the_first_record_behind_it_and_reading_stops_there() {
    let mut text = "time,pid,op,segment,page\n0,1,create,0,9\n0,1,attach,0,9\n".to_owned();
    for (time, page) in [(10, 0), (20, 1), (15, 2), (30, 3), (25, 4), (40, 5)] {
        text += &format!("{time},1,R,0,{page}\n");
    }
    // The rest is not looked at: it is far behind what is read ahead.
    let far = text.clone() + &"40,1,R,0,5\n".repeat(200_000) + "this is no record\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, &far).unwrap();
    let source = Source::Path(path);
    let pages = |window: Window| {
        let part = Part { time: window, ..Part::default() };
        let (kept, sliced) = sliced(&source, &part).unwrap();
        assert_eq!(sliced.summary.sha256, "", "the end was not read");
        references(&kept).iter().map(|reference| reference.4).collect::<Vec<u64>>()
    };
    assert_eq!(pages(Window(0..20)), [0]);
    assert_eq!(pages(Window(20..30)), [1, 2]);
    assert_eq!(pages(Window(30..40)), [3, 4]);
    let part = Part { references: Window(2..4), ..Part::default() };
    assert_eq!(references(&sliced(&source, &part).unwrap().0).iter().map(|of| of.4).collect::<Vec<u64>>(), [2, 3]);
    let error = sliced(&source, &Part::default()).unwrap_err();
    assert!(error.to_string().contains("this is no record"), "{error}");
}

#[test]
fn what_can_not_be_sliced_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, "pid,op,segment,page\n1,create,0,9\n1,attach,0,9\n1,R,0,0\n").unwrap();
    let source = Source::Path(path);
    let refused = |part: Part, words: &str| {
        let error = sliced(&source, &part).unwrap_err().to_string();
        assert!(error.contains("a.csv") && error.contains(words), "{error}");
    };
    refused(Part { time: Window(0..5), ..Part::default() }, "no times; cut it by --references");
    refused(Part { references: Window(1..5), ..Part::default() }, "none of the 1 references");
    refused(Part { processes: vec![7], ..Part::default() }, "there is no process 7");
    refused(Part { segments: vec!["log".into()], ..Part::default() }, "there is no segment log");
    let part = Part { processes: vec![1, 7], segments: vec!["0".into(), "s8".into()], ..Part::default() };
    let notes = sliced(&source, &part).unwrap().1.notes;
    assert_eq!(notes, ["there is no process 7 in the trace", "there is no segment s8 in the trace"]);
    for (text, window) in [("3..9", 3..9), ("..9", 0..9), ("3..", 3..u64::MAX), ("..", 0..u64::MAX)] {
        assert_eq!(text.parse(), Ok(Window(window)));
    }
    for text in ["", "3", "9..3", "3..3", "a..b", "-1..3", "1..2..3"] {
        assert!(text.parse::<Window>().is_err(), "{text}");
    }
}

#[test]
fn segments_are_chosen_by_name_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.events");
    fs::write(&path, "seg log 4\nseg heap 4\nattach 1 log\nattach 1 heap\nr 1 log 1\nw 1 heap 2\n").unwrap();
    let part = Part { segments: vec!["heap".into()], ..Part::default() };
    let (kept, _) = sliced(&Source::Path(path), &part).unwrap();
    assert_eq!(kept.labels, [Label::Name("heap".into())]);
    assert_eq!(references(&kept).len(), 1);
}

/// Writes traces into a folder, as csv with or without times.
fn files(folder: &Path, traces: &[String]) -> Vec<Source> {
    let path = |(number, text): (usize, &String)| -> PathBuf {
        let path = folder.join(format!("{number}.csv"));
        fs::write(&path, text).unwrap();
        path
    };
    traces.iter().enumerate().map(path).map(Source::Path).collect()
}

fn merged(sources: &[Source], quantum: u64, seed: u64, distinct: bool) -> Result<(Kept, Vec<String>), TraceError> {
    let addresses = AddressOptions { quantum, seed, ..AddressOptions::default() };
    let options = ReadOptions { addresses, ..ReadOptions::default() };
    let mut kept = Kept::default();
    let merged = merge(sources, &options, distinct, &mut kept)?;
    assert_eq!(merged.records, kept.records.len() as u64);
    assert_eq!(merged.summaries.iter().flatten().count(), sources.len());
    Ok((kept, merged.notes))
}

#[test]
fn traces_with_times_are_merged_by_these_and_ties_go_by_order() {
    for seed in 0..40 {
        let mut draw = Draw(seed);
        let count = 1 + draw.below(6);
        let mut traces = Vec::new();
        let mut expected: Vec<Vec<(u64, u64, u64)>> = Vec::new();
        for input in 0..count {
            let mut text =
                format!("time,pid,op,segment,page\n0,{input},create,{input},9\n0,{input},attach,{input},9\n");
            let mut list = vec![(0, input, u64::MAX), (0, input, u64::MAX)];
            let mut time = 0;
            // Longer than a batch now and then.
            for number in 0..draw.below(9000) {
                time += draw.below(3);
                let back = time - draw.below(2).min(time);
                text += &format!("{back},{input},R,{input},{}\n", number % 9);
                list.push((back, input, number % 9));
            }
            traces.push(text);
            expected.push(list);
        }
        let folder = tempfile::tempdir().unwrap();
        let (kept, notes) = merged(&files(folder.path(), &traces), 1, 0, false).unwrap();
        // The obvious way: again and again the first of the earliest.
        let mut fronts = vec![0; count as usize];
        for record in &kept.records {
            let next = (0..count as usize).filter(|&of| fronts[of] < expected[of].len());
            let first = next.min_by_key(|&of| (expected[of][fronts[of]].0, of)).unwrap();
            let page = if record.operation.is_reference() { record.page } else { u64::MAX };
            assert_eq!((record.time, record.process, page), expected[first][fronts[first]], "seed {seed}");
            fronts[first] += 1;
        }
        assert!(fronts.iter().zip(&expected).all(|(front, list)| *front == list.len()), "seed {seed}: nothing is lost");
        assert_eq!((notes, kept.settings.unwrap().fidelity), (Vec::new(), Vec::new()));
    }
}

/// A trace without times: one process and its segment, so many references.
fn timeless(number: usize, references: usize) -> String {
    let mut text = format!("pid,op,segment,page\n{number},create,{number},10\n{number},attach,{number},10\n");
    for reference in 0..references {
        text += &format!("{number},R,{number},{}\n", reference % 10);
    }
    text + &format!("{number},exit,,\n")
}

#[test]
fn traces_without_times_take_turns_that_follow_from_the_seed() {
    let folder = tempfile::tempdir().unwrap();
    let traces: Vec<String> = (0..64).map(|number| timeless(number, 100 + 10 * number)).collect();
    let sources = files(folder.path(), &traces);
    let (kept, _) = merged(&sources, 25, 7, false).unwrap();
    assert_possible(&kept, "turns");
    assert_eq!(kept.settings.as_ref().unwrap().fidelity, [Fidelity::Interleaved { quantum: 25, seed: 7 }]);
    // Everybody sets up first, in order.
    let setup: Vec<u64> = kept.records[..128].iter().map(|record| record.process).collect();
    assert_eq!(setup, (0..64).flat_map(|number| [number, number]).collect::<Vec<u64>>());
    for number in 0..64 {
        let own: Vec<&Record> = kept.records.iter().filter(|record| record.process == number).collect();
        assert_eq!(own.len() as u64, 100 + 10 * number + 3);
        let pages = own[2..own.len() - 1].iter().map(|record| record.page);
        assert!(pages.eq((0..100 + 10 * number).map(|page| page % 10)), "the order of {number} is kept");
    }
    let all = references(&kept);
    let turns = all.chunk_by(|a, b| a.1 == b.1).map(<[_]>::len).collect::<Vec<usize>>();
    assert!(turns.iter().filter(|&&turn| turn % 25 != 0).count() <= 64, "only the last turn of a trace is shorter");
    assert!(turns.len() > 1000, "{} turns", turns.len());
    assert_eq!(merged(&sources, 25, 7, false).unwrap().0, kept);
    assert_ne!(merged(&sources, 25, 8, false).unwrap().0.records, kept.records);
}

const A: &str = "time,pid,op,segment,page\n1,1,create,0,4\n2,1,attach,0,4\n5,1,R,0,0\n9,1,exit,,\n";
const B: &str = "time,pid,op,segment,page\n1,2,create,0,4\n3,2,attach,0,4\n4,2,W,0,1\n6,2,fork,,1\n7,1,R,0,3\n";

#[test]
fn equal_names_are_one_segment_unless_they_are_to_be_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let sources = files(folder.path(), &[A.to_owned(), B.replace("6,2,fork,,1\n7,1,R,0,3\n", "")]);
    let (kept, notes) = merged(&sources, 1, 0, false).unwrap();
    assert_eq!((kept.labels.len(), kept.records.len(), notes.len()), (1, 6, 0));
    assert_eq!(kept.records.iter().filter(|record| record.operation == Operation::Create).count(), 1);
    assert_possible(&kept, "joined");

    let sources = files(folder.path(), &[A.to_owned(), B.to_owned()]);
    let (kept, notes) = merged(&sources, 1, 0, true).unwrap();
    assert_possible(&kept, "distinct");
    assert_eq!(kept.labels, [Label::Number(0), Label::Number(1)]);
    assert!(
        notes[0].contains("segment s0") && notes[0].contains("1.csv") && notes[0].ends_with("called s1"),
        "{notes:?}"
    );
    assert!(notes[1].contains("process 1 of") && notes[1].ends_with("called 3"), "{notes:?}");
    let fork = kept.records.iter().find(|record| record.operation == Operation::Fork).unwrap();
    assert_eq!((fork.process, fork.page), (2, 3), "children are renamed too");
    assert!(kept.records.iter().any(|record| record.process == 3 && record.operation == Operation::Read));
}

#[test]
fn what_can_not_be_merged_is_refused_with_the_right_file() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |traces: &[&str], words: &[&str]| {
        let traces: Vec<String> = traces.iter().map(|&text| text.to_owned()).collect();
        let error = merged(&files(folder.path(), &traces), 1, 0, false).unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    };
    refused(
        &[A, &B.replace("create,0,4", "create,0,5")],
        &["1.csv: segment s0 has 5 pages here and 4 pages in", "0.csv"],
    );
    refused(&[A, A, &format!("{A}oops\n")], &["2.csv, line 6"]);
    refused(&[A, "", A], &["1.csv: the trace has no records"]);
    refused(&["F", A], &["0.csv"]);
    let events = "# F=3\nseg a 2\nattach 1 a\nr 1 a 0\n";
    refused(&[events, &events.replace("F=3", "F=4")], &["1.csv: its settings"]);
    let missing = [Source::Path(folder.path().join("0.csv")), Source::Path(folder.path().join("nowhere"))];
    assert!(merged(&missing, 1, 0, false).unwrap_err().to_string().contains("nowhere"));
    assert!(merged(&[], 1, 0, false).is_err());
    assert!(merged(&vec![Source::BuiltIn; MOST + 1], 1, 0, false).unwrap_err().to_string().contains("512"));
}

#[test]
fn a_record_that_the_sink_refuses_is_told_with_its_file_or_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let sources = files(folder.path(), &[A.to_owned(), B.replace("4,2,W,0,1", "4,2,W,0,9")]);
    let mut resolver = Resolver::new(ResolveOptions::default());
    let error = merge(&sources, &ReadOptions::default(), false, &mut resolver).unwrap_err().to_string();
    assert!(error.contains("1.csv, event 3: page 9 is past the end"), "{error}");
    let lenient = trace_support::lenient();
    let told = merge(&sources, &lenient, false, &mut Resolver::new(ResolveOptions::default())).unwrap();
    assert_eq!((told.skipped, told.first_skipped.len()), (2, 2), "the page, and the child that runs already");
}

/// Has enough after so many records.
struct Enough(u64);

impl RecordSink for Enough {
    fn settings(&mut self, _: &Settings) {}

    fn label(&mut self, _: &Label) {}

    fn record(&mut self, _: &Record) -> Result<(), Impossible> {
        self.0 = self.0.checked_sub(1).ok_or_else(Impossible::enough)?;
        Ok(())
    }

    fn has_enough(&self) -> bool {
        self.0 == 0
    }
}

#[test]
fn a_sink_that_has_enough_ends_the_reading_without_an_error() {
    let summary = clockhand::trace::read(&Source::BuiltIn, &ReadOptions::default(), &mut Enough(1000)).unwrap();
    assert_eq!((summary.records, summary.skipped, summary.sha256.as_str()), (1000, 0, ""));
    let summary = clockhand::trace::read(&Source::BuiltIn, &trace_support::lenient(), &mut Enough(0)).unwrap();
    assert_eq!((summary.records, summary.skipped), (0, 0), "lenient reading stops too");
    let sources = vec![Source::BuiltIn; 3];
    let told = merge(&sources, &ReadOptions::default(), false, &mut Enough(50_000)).unwrap();
    assert_eq!((told.records, told.summaries.iter().flatten().count()), (50_000, 0));
}
