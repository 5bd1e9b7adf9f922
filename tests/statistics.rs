//! What `trace stat` says, against counting by hand and by brute force.

mod common;

use std::collections::{BTreeMap, HashMap, HashSet};

use assert_cmd::Command;
use clockhand::load::load;
use clockhand::program::Program;
use clockhand::report::Style;
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::statistics::{FoundBy, Spread, Statistics};
use clockhand::trace::{Fidelity, Label, Operation, ReadOptions, Record, RecordSink, Settings, Source, read_from};
use common::{Draw, no_facts, program_of, program_of_reads, program_of_script};
use proptest::prelude::*;

/// The statistics of a program, with as many references among the facts as it has.
fn statistics(program: &Program) -> Statistics {
    let mut facts = no_facts();
    (facts.references, facts.writes) = (program.references.len(), program.counts.writes);
    (facts.segments, facts.footprint) = (program.segments.len() as u64, u64::from(program.footprint()));
    Statistics::of(program, &facts)
}

fn text(statistics: &Statistics, style: Style) -> String {
    let mut text = Vec::new();
    clockhand::statistics::write(statistics, style, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn a_small_script_counted_by_hand() {
    let script = "seg a 4\nseg b 2\nseg c 9 locked\nattach 1 a\nattach 1 b\nr 1 a 0\nw 1 a 3\nfork 1 2\nr 2 a 0\nw 2 b 1\n\
                  detach 1 a\nattach 3 a\nr 3 a 0\nexit 2\nattach 4 a\nw 4 a 1\nunlock c\nrm c\n";
    let found = statistics(&program_of_script(script));
    assert_eq!((found.reads, found.pages_created, found.duration), (3, 15, None));
    assert_eq!((found.footprint_bytes, found.references_per_second, found.active_processes), (4 * 4096, None, 4));
    let sharing: Vec<_> =
        found.sharing.iter().map(|degree| (degree.processes, degree.pages, degree.references)).collect();
    // a 3, a 1 and b 1 have one process each, a 0 has 1, 2 and 3.
    assert_eq!(sharing, [(1, 3, 3), (3, 1, 3)]);
    let segments: Vec<_> =
        found.segment_list.iter().map(|s| (s.segment.as_str(), s.pages, s.touched, s.attachments)).collect();
    assert_eq!(segments, [("a", 4, 3, 4), ("b", 2, 1, 2), ("c", 9, 0, 0)]);
    let segments: Vec<_> = found.segment_list.iter().map(|s| (s.sharers, s.references, s.share, s.writes)).collect();
    assert_eq!(segments, [(4, 5, 0.833_333, 2), (1, 1, 0.166_667, 1), (0, 0, 0.0, 0)]);
    let processes: Vec<_> = found.process_list.iter().map(|p| (p.process, p.references, p.share, p.writes)).collect();
    assert_eq!(processes, [(1, 2, 0.333_333, 1), (2, 2, 0.333_333, 1), (3, 1, 0.166_667, 0), (4, 1, 0.166_667, 1)]);
    let processes: Vec<_> = found.process_list.iter().map(|p| (p.pages, p.segments, p.attachments)).collect();
    assert_eq!(processes, [(2, 1, 2), (2, 2, 2), (1, 1, 1), (1, 1, 1)]);

    let changes = &found.changes;
    assert_eq!([changes.creates, changes.attaches, changes.inherited, changes.detaches], [3, 4, 2, 1]);
    assert_eq!([changes.removes, changes.forks, changes.exits, changes.locks, changes.unlocks], [1, 1, 1, 0, 1]);
    assert_eq!([changes.implicit_creates, changes.implicit_attaches], [0, 0]);
    // a and b of 1 and of 2; later a of 2 and of 3 and two of b.
    assert_eq!([changes.most_segments, changes.most_attachments, changes.most_attachments_of_one], [3, 4, 2]);

    // a0 a3 a0 b1 a0 a1
    assert_eq!(found.reuse.cold, 4);
    let spread = |spread: &Spread| (spread.count, spread.min, spread.mean, spread.p50, spread.p999, spread.max);
    assert_eq!(spread(&found.reuse.distance), (2, 1, 1.0, 1, 1, 1));
    assert_eq!(spread(&found.reuse.time), (2, 1, 1.0, 1, 1, 1));
    assert_eq!(spread(&found.runs.of_one_process), (6, 1, 1.0, 1, 1, 1));
    assert_eq!(spread(&found.turns.references), (4, 1, 1.5, 1, 2, 2));
    assert_eq!((found.turns.switches, found.runs.collapsible, found.filter_window), (3, 0, None));
    assert!(found.warnings.is_empty() && found.working_set.is_empty());
}

#[test]
fn distances_runs_and_turns_counted_by_hand() {
    // p p p(w) p(w) q by 1; q q(w) by 2; p q by 1; a detach of b; q by 1.
    let script = "seg a 2\nseg b 1\nattach 1 a\nattach 2 a\nattach 1 b\nr 1 a 0\nr 1 a 0\nw 1 a 0\nw 1 a 0\nr 1 a 1\n\
                  r 2 a 1\nw 2 a 1\nr 1 a 0\nr 1 a 1\ndetach 1 b\nr 1 a 1\n";
    let found = statistics(&program_of_script(script));
    // Behind the four: q's first touch; then 0, 0 for q, 1 for p, 1 for q, 0 for q, and three 0 among the first four.
    assert_eq!(found.reuse.cold, 2);
    let distance = &found.reuse.distance;
    assert_eq!((distance.count, distance.mean, distance.p50, distance.p90, distance.max), (8, 0.25, 0, 1, 1));
    // p comes back after q q q, q after p.
    let time = &found.reuse.time;
    assert_eq!((time.count, time.mean, time.p50, time.p90, time.max), (8, 0.5, 0, 3, 3));
    // The two first touches are more than the rates allow.
    assert!(found.reuse.lru_frames.iter().all(|needed| needed.frames.is_none()));
    // Of 1: 4, 1, 1, 1 and, behind the detach, 1. Of 2: 2.
    let run = &found.runs.of_one_process;
    assert_eq!((run.count, run.min, run.mean, run.p50, run.p90, run.max), (6, 1, 1.667, 1, 4, 4));
    let run = &found.runs.of_any_process;
    assert_eq!((run.count, run.mean, run.p50, run.max), (4, 2.5, 2, 4));
    // The second read and the second write of p; not the first write of p or q.
    assert_eq!(found.runs.collapsible, 2);
    let turns = &found.turns;
    assert_eq!((turns.switches, turns.references.mean, turns.references.p50, turns.references.max), (2, 3.333, 3, 5));
}

#[test]
fn frames_for_a_rate_of_faults_counted_by_hand() {
    // Ten first touches in 10,000 references; then 40 rounds over ten pages, then one page.
    let rounds = (0..400).map(|at| at % 10).chain(std::iter::repeat_n(3, 9_600));
    let found = statistics(&program_of_reads(&rounds.collect::<Vec<_>>()));
    // 400 of 10,000 fault below ten frames, 10 with ten.
    let frames: Vec<_> = found.reuse.lru_frames.iter().map(|needed| (needed.faults_per_1000, needed.frames)).collect();
    assert_eq!(frames, [(1, Some(10)), (5, Some(10)), (10, Some(10))]);
    let alternating =
        statistics(&program_of_reads(&(0..10_000).map(|at| u64::from(at % 100 == 0)).collect::<Vec<_>>()));
    // 200 faults with one frame, two with two.
    let frames: Vec<_> = alternating.reuse.lru_frames.iter().map(|needed| needed.frames).collect();
    assert_eq!(frames, [Some(2), Some(2), Some(2)]);
    // Every 400th is the other page, the last one too: with one frame two first touches, 24 more of the other page and 24
    // of the one, which are 5 in 1000; one more where the last reference is to the one page again.
    let frames_where = |other: u64| {
        let found =
            statistics(&program_of_reads(&(0..10_000).map(|at| u64::from(at % 400 == other)).collect::<Vec<_>>()));
        found.reuse.lru_frames.iter().map(|needed| needed.frames).collect::<Vec<_>>()
    };
    assert_eq!(frames_where(399), [Some(2), Some(1), Some(1)]);
    assert_eq!(frames_where(398), [Some(2), Some(2), Some(1)]);
}

#[test]
fn working_sets_are_the_mean_over_all_windows_and_the_ends_over_disjoint_ones() {
    for (seed, length) in [(1, 1000), (2, 1001), (3, 2500), (4, 2999)] {
        let references = Draw(seed).references(length, 60);
        let found = statistics(&program_of(&references)).working_set;
        let distinct = |window: &[(u64, bool)]| window.iter().map(|(page, _)| page).collect::<HashSet<_>>().len();
        let windows: Vec<usize> = references.windows(1000).map(distinct).collect();
        let mean = windows.iter().sum::<usize>() as f64 / windows.len() as f64;
        assert_eq!(found.len(), 1, "the other windows are longer than the trace");
        assert_eq!(found[0].window, 1000);
        assert!((found[0].mean_pages - mean).abs() < 0.001, "{found:?}, not {mean}");
        let disjoint: Vec<u64> = references.chunks_exact(1000).map(|window| distinct(window) as u64).collect();
        let ends = (*disjoint.iter().min().unwrap(), *disjoint.iter().max().unwrap(), disjoint.len() as u64);
        assert_eq!((found[0].min_pages, found[0].max_pages, found[0].windows), ends);
    }
}

/// A process, a segment, a page of it, whether it writes.
type Reference = (u64, u64, u64, bool);

/// A world of four processes and three segments: its script, its references, and before which of them which process has
/// detached something.
fn world(draws: &[(u64, u64, u64, u8)]) -> (String, Vec<Reference>, Vec<(usize, u64)>) {
    let mut script: String = (0..3).map(|segment| format!("seg s{segment} 40\n")).collect();
    let (mut attached, mut references, mut detaches) = (HashSet::new(), Vec::new(), Vec::new());
    for &(process, segment, page, kind) in draws {
        if attached.insert((process, segment)) {
            script += &format!("attach {process} s{segment}\n");
        }
        if kind == 0 {
            script += &format!("detach {process} s{segment}\n");
            attached.remove(&(process, segment));
            detaches.push((references.len(), process));
        } else {
            let write = kind == 1;
            script += &format!("{} {process} s{segment} {page}\n", if write { 'w' } else { 'r' });
            references.push((process, segment, page, write));
        }
    }
    (script, references, detaches)
}

fn spread_of(mut values: Vec<u64>) -> Spread {
    values.sort_unstable();
    let Some(&max) = values.last() else { return Spread::default() };
    let at = |per_thousand: usize| values[(values.len() * per_thousand).div_ceil(1000).max(1) - 1];
    let mean = values.iter().sum::<u64>() as f64 / values.len() as f64;
    let mean = (mean * 1000.0).round() / 1000.0;
    let [p50, p90, p95, p99, p999] = [500, 900, 950, 990, 999].map(at);
    Spread { count: values.len() as u64, min: values[0], mean, p50, p90, p95, p99, p999, max }
}

/// The lengths of runs of equal values.
fn runs<T: PartialEq>(values: &[T]) -> Vec<u64> {
    values.chunk_by(PartialEq::eq).map(|run| run.len() as u64).collect()
}

/// The runs of each process between its detaches, and how many references a collapse leaves out.
fn runs_by_process(references: &[Reference], detaches: &[(usize, u64)]) -> (Vec<u64>, u64) {
    let (mut lengths, mut collapsible) = (Vec::new(), 0);
    for process in 0..4 {
        let mut stays: Vec<usize> =
            detaches.iter().filter(|detach| detach.1 == process).map(|detach| detach.0).collect();
        stays.extend([0, references.len()]);
        stays.sort_unstable();
        for stay in stays.windows(2) {
            let mine: Vec<_> = references[stay[0]..stay[1]].iter().filter(|reference| reference.0 == process).collect();
            for run in mine.chunk_by(|a, b| (a.1, a.2) == (b.1, b.2)) {
                lengths.push(run.len() as u64);
                // The first reference stays, and the first write where it is another one.
                let kept = 1 + u64::from(!run[0].3 && run.iter().any(|reference| reference.3));
                collapsible += run.len() as u64 - kept;
            }
        }
    }
    (lengths, collapsible)
}

proptest! {
    #[test]
    fn everything_is_as_counted_by_brute_force(
        draws in prop::collection::vec((0u64..4, 0u64..3, prop_oneof![0u64..3, 0u64..40], 0u8..12), 0..400),
    ) {
        let (script, references, detaches) = world(&draws);
        let found = statistics(&program_of_script(&script));
        let pages: Vec<(u64, u64)> = references.iter().map(|&(_, segment, page, _)| (segment, page)).collect();

        let (mut distances, mut times, mut cold) = (Vec::new(), Vec::new(), 0);
        for (at, page) in pages.iter().enumerate() {
            match pages[..at].iter().rposition(|other| other == page) {
                Some(last) => {
                    distances.push(pages[last + 1..at].iter().collect::<HashSet<_>>().len() as u64);
                    times.push((at - last - 1) as u64);
                }
                None => cold += 1,
            }
        }
        prop_assert_eq!(found.reuse.cold, cold);
        prop_assert_eq!(&found.reuse.distance, &spread_of(distances));
        prop_assert_eq!(&found.reuse.time, &spread_of(times));

        let (lengths, collapsible) = runs_by_process(&references, &detaches);
        prop_assert_eq!(&found.runs.of_one_process, &spread_of(lengths));
        prop_assert_eq!(found.runs.collapsible, collapsible);
        prop_assert_eq!(&found.runs.of_any_process, &spread_of(runs(&pages)));
        let turns = runs(&references.iter().map(|reference| reference.0).collect::<Vec<_>>());
        prop_assert_eq!(found.turns.switches, turns.len().saturating_sub(1) as u64);
        prop_assert_eq!(&found.turns.references, &spread_of(turns));

        let (mut sharers, mut of_page) = (HashMap::<_, HashSet<u64>>::new(), HashMap::<_, u64>::new());
        for &(process, segment, page, _) in &references {
            sharers.entry((segment, page)).or_default().insert(process);
            *of_page.entry((segment, page)).or_default() += 1;
        }
        let mut sharing = BTreeMap::<u64, (u64, u64)>::new();
        for (page, processes) in &sharers {
            let (pages, sum) = sharing.entry(processes.len() as u64).or_default();
            *pages += 1;
            *sum += of_page[page];
        }
        let told = found.sharing.iter().map(|degree| (degree.processes, (degree.pages, degree.references)));
        prop_assert_eq!(told.collect::<BTreeMap<_, _>>(), sharing);
        for process in &found.process_list {
            let mine: Vec<_> = references.iter().filter(|reference| reference.0 == process.process).collect();
            let pages = mine.iter().map(|r| (r.1, r.2)).collect::<HashSet<_>>().len() as u64;
            let segments = mine.iter().map(|r| r.1).collect::<HashSet<_>>().len() as u64;
            let writes = mine.iter().filter(|r| r.3).count() as u64;
            let counted = [process.references, process.writes, process.pages, process.segments];
            prop_assert_eq!(counted, [mine.len() as u64, writes, pages, segments]);
        }
        for segment in &found.segment_list {
            let to_it = references.iter().filter(|reference| format!("s{}", reference.1) == segment.segment);
            let sharers = to_it.clone().map(|r| r.0).collect::<HashSet<_>>().len() as u64;
            let counted = [segment.references, segment.sharers];
            prop_assert_eq!(counted, [to_it.count() as u64, sharers]);
        }
        prop_assert_eq!(found.changes.detaches, detaches.len() as u64);
        let longest = text(&found, Style::PLAIN).lines().map(|line| line.chars().count()).max();
        prop_assert!(longest <= Some(100));
    }
}

/// The marks of warnings of a trace, and who found them.
fn marks(statistics: &Statistics) -> Vec<(&str, FoundBy)> {
    statistics.warnings.iter().map(|warning| (warning.mark.as_str(), warning.found_by)).collect()
}

fn program_with(options: ResolveOptions, settings: &Settings, records: &[Record]) -> Program {
    let mut resolver = Resolver::new(options);
    resolver.settings(settings);
    for number in 0..3 {
        resolver.label(&Label::Number(number));
    }
    for record in records {
        resolver.record(record).unwrap();
    }
    resolver.finish()
}

fn record(process: u64, operation: Operation, segment: u32, page: u64) -> Record {
    Record { time: 0, process, operation, segment, page }
}

#[test]
fn what_a_trace_does_not_tell_is_told() {
    use Operation::{Attach, Create, Read, Write};
    let content = FoundBy::Content;
    let found = statistics(&program_of_script("seg a 1\nattach 1 a\nattach 2 a\nr 1 a 0\nr 2 a 0\n"));
    assert_eq!(marks(&found), [("no-writes", content)]);
    let found = statistics(&program_of_script("seg a 1\nattach 1 a\nattach 2 a\nw 1 a 0\nw 1 a 0\n"));
    assert_eq!(marks(&found), [("one-process", content)]);
    assert_eq!(marks(&statistics(&program_of_script("seg a 1\nattach 1 a\n"))), []);

    // One segment and one attachment that are recorded, one of each that are not.
    let late = ResolveOptions { implicit_attach: true, ..ResolveOptions::default() };
    let began_late = [record(1, Write, 0, 0), record(2, Create, 1, 4), record(2, Attach, 1, 0), record(2, Write, 1, 0)];
    let found = statistics(&program_with(late, &Settings::default(), &began_late));
    assert_eq!(marks(&found), [("no-attach-records", content), ("clipped", content)]);
    assert!(found.warnings[0].explanation.contains("1 of 2 attachments"), "{:?}", found.warnings);
    assert!(found.warnings[1].explanation.contains("1 of 2 segments"), "{:?}", found.warnings);
    assert_eq!((found.changes.implicit_creates, found.changes.implicit_attaches), (1, 1));
    // Where no segment is recorded, the trace may be whole.
    let found =
        statistics(&program_with(late, &Settings::default(), &[record(1, Write, 0, 0), record(2, Write, 0, 0)]));
    assert_eq!(marks(&found), [("no-attach-records", content)]);

    // What the reader knows is said once, and a collapse of repeats is nothing to warn of.
    let fidelity = vec![Fidelity::FaultsOnly, Fidelity::NoWrites, Fidelity::Filtered { window: 1 }];
    let settings = Settings { fidelity, ..Settings::default() };
    let found = statistics(&program_with(late, &settings, &[record(1, Read, 0, 0), record(2, Read, 0, 0)]));
    let reader = FoundBy::Reader;
    assert_eq!(marks(&found), [("faults-only", reader), ("no-writes", reader), ("no-attach-records", content)]);
    assert_eq!(found.filter_window, Some(1));
    let text = text(&found, Style::PLAIN);
    assert!(text.contains("\n  warnings on fidelity\n  faults-only: ") && text.contains("\n  repeats\n"), "{text}");
}

#[test]
fn a_flat_trace_has_no_attachments_on_record() {
    let mut resolver = Resolver::new(ResolveOptions::default());
    read_from("flat", Box::new(&b"1\n2\n1\n"[..]), &ReadOptions::default(), &mut resolver).unwrap();
    let found = statistics(&resolver.finish());
    let marks = marks(&found);
    let expected =
        [("no-writes", FoundBy::Reader), ("no-attach-records", FoundBy::Reader), ("one-process", FoundBy::Content)];
    assert_eq!(marks, expected);
}

/// Every number of a JSON text is one: what is not a number would be written as null.
fn without_nulls(statistics: &Statistics, allowed: &[&str]) {
    fn look(value: &serde_json::Value, path: &str, allowed: &[&str]) {
        match value {
            serde_json::Value::Null => assert!(allowed.contains(&path), "{path} is null"),
            serde_json::Value::Array(values) => values.iter().for_each(|value| look(value, path, allowed)),
            serde_json::Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| look(value, name, allowed));
            }
            _ => {}
        }
    }
    look(&serde_json::to_value(statistics).unwrap(), "", allowed);
}

#[test]
fn traces_of_nothing_or_of_one_reference_have_statistics() {
    let no_time = ["compression", "content", "duration", "references_per_second", "filter_window", "frames"];
    without_nulls(&statistics(&program_with(ResolveOptions::default(), &Settings::default(), &[])), &no_time);
    for script in ["seg a 3", "seg a 3\nattach 1 a\nfork 1 2\nexit 2\nrm a\n"] {
        let found = statistics(&program_of_script(script));
        without_nulls(&found, &no_time);
        assert_eq!((found.reuse.cold, found.active_processes, found.turns.switches), (0, 0, 0), "{script}");
        assert!(found.reuse.lru_frames.iter().all(|needed| needed.frames.is_none()));
        let text = text(&found, Style::PLAIN);
        assert!(!text.contains("NaN") && !text.contains("inf") && text.contains("changes"), "{text}");
    }
    let found = statistics(&program_of_script("seg a 3\nattach 1 a\nw 1 a 2\n"));
    without_nulls(&found, &no_time);
    assert_eq!((found.reuse.cold, found.reuse.distance.count, found.runs.of_one_process.count), (1, 0, 1));
    assert_eq!((found.turns.switches, found.turns.references.max), (0, 1));
    assert!(!text(&found, Style::PLAIN).contains("NaN"));
}

#[test]
fn times_that_number_the_records_give_no_rate() {
    let with_times = |times: [u64; 3]| {
        let settings = Settings { has_time: true, ..Settings::default() };
        let options = ResolveOptions { keep_times: true, implicit_attach: true, ..ResolveOptions::default() };
        let records = times.map(|time| Record { time, ..record(1, Operation::Write, 0, 0) });
        let found = statistics(&program_with(options, &settings, &records));
        (found.duration, found.references_per_second)
    };
    assert_eq!(with_times([5, 1_000, 3_000_000_005]), (Some(3_000_000_000), Some(1.0)));
    assert_eq!(with_times([5, 6, 7]), (Some(2), None));
    assert_eq!(with_times([5, 5, 5]), (Some(0), None));
    assert_eq!(with_times([9, 7, 5]), (Some(0), None));
}

#[test]
fn long_lists_are_cut_and_hostile_names_are_harmless() {
    let mut script: String =
        (0..20).map(|segment| format!("seg s{segment} 1\nattach {segment} s{segment}\n")).collect();
    script += &format!("seg {} 1\nseg \u{1b}[2J 1\n", "x".repeat(60));
    let found = statistics(&program_of_script(&script));
    let text = text(&found, Style::PLAIN);
    assert!(text.contains("\n  and 6 more; --json shows all\n") && text.contains("\n  and 4 more; --json shows all\n"));
    let last = statistics(&program_of_script(&format!("seg \u{1b}[2J 1\nseg {} 1\n", "x".repeat(60))));
    let text = self::text(&last, Style::PLAIN);
    assert!(!text.contains('\u{1b}') && text.contains(&format!("  {}\u{2026}  ", "x".repeat(23))), "{text}");
    assert_eq!(last.segment_list[0].segment, "\u{1b}[2J");
}

#[test]
fn the_command_prints_an_array_with_one_object_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        std::fs::write(folder.path().join(format!("{name}.events")), "seg a 3\nattach 1 a\nw 1 a 2\n").unwrap();
    }
    let run = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("clockhand").unwrap();
        let output = command.current_dir(folder.path()).args(["trace", "stat"]).args(arguments).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let json: serde_json::Value = serde_json::from_str(&run(&["--json", "a.events", "b.events"])).unwrap();
    let names: Vec<_> = json.as_array().unwrap().iter().map(|trace| trace["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(json[0]["warnings"][0]["mark"], "one-process");
    assert_eq!(json[0]["warnings"][0]["found_by"], "content");
    assert_eq!(json[1]["reuse"]["cold"], 1);
    let text = run(&["a.events", "b.events"]);
    assert!(text.starts_with("a (events)\n") && text.contains("\n\nb (events)\n"), "{text}");
}

/// The figures are those that the trace was published with.
#[test]
fn the_built_in_trace_is_what_it_is_said_to_be() {
    let options = ResolveOptions { keep_times: true, ..ResolveOptions::default() };
    let loaded = load(&Source::BuiltIn, &ReadOptions::default(), options).unwrap();
    let statistics = Statistics::of(&loaded.program, &loaded.facts);
    let facts = &statistics.facts;
    assert_eq!((facts.references, facts.writes, facts.footprint), (2_868_989, 607_781, 4673));
    assert_eq!((facts.segments, facts.processes, statistics.pages_created), (3, 15, 5279));
    let pages: Vec<u64> = statistics.sharing.iter().map(|degree| degree.pages).collect();
    assert_eq!(pages, [1008, 1841, 1109, 185, 172, 153, 60, 81, 25, 13, 10, 2, 2, 12]);
    let most = statistics.process_list.iter().map(|process| process.references).max();
    assert_eq!(most, Some(642_421));
    assert_eq!(statistics.working_set.iter().map(|set| set.mean_pages.round() as u64).next(), Some(55));
}
