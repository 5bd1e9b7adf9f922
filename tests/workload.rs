//! Generated traces: each pattern against the theory of its model, the same bytes on every machine, and nothing in them
//! that a replay refuses.

mod common;
mod trace_support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use clockhand::replay::Options;
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::trace::{Label, Operation, Record};
use clockhand::workload::{PATTERNS, Placement, Sharing, Size, Tuning, Workload, help, pattern};
use common::Draw;
use trace_support::{Kept, sha256, written};

const SIZE: Size = Size { pages: 1000, processes: 1, segments: None };

fn made(name: &str, references: u64, size: Size, tuning: Tuning) -> Kept {
    let workload = Workload::new(pattern(name).unwrap(), references, &size, &tuning, 5).unwrap();
    let mut kept = Kept::default();
    workload.generate(&mut kept).unwrap();
    kept
}

fn references(trace: &Kept) -> Vec<Record> {
    trace.records.iter().copied().filter(|record| record.operation.is_reference()).collect()
}

fn writes(references: &[Record]) -> usize {
    references.iter().filter(|record| record.operation == Operation::Write).count()
}

/// How often each page of segment 0 is referenced.
fn counts(references: &[Record], pages: usize) -> Vec<u64> {
    let mut counts = vec![0; pages];
    references.iter().filter(|record| record.segment == 0).for_each(|record| counts[record.page as usize] += 1);
    counts
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[track_caller]
fn assert_near(value: f64, want: f64, slack: f64) {
    assert!((value - want).abs() <= slack, "{value}, not {want}");
}

#[test]
fn the_same_options_and_seed_give_the_same_bytes_on_every_machine() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workload_hashes.txt");
    let size = Size { pages: 300, processes: 3, segments: Some(3) };
    let mut text = String::new();
    for pattern in PATTERNS {
        let trace =
            made(pattern.name, 5000, size, Tuning { phase: pattern.defaults.phase.map(|_| 700), ..Tuning::NONE });
        text += &format!("{} {}\n", pattern.name, sha256(&written(&trace, "csv").0));
    }
    assert_eq!(text, fs::read_to_string(path).unwrap_or_default(), "what the patterns make has changed");
}

#[test]
fn everything_that_is_made_can_be_replayed() {
    let mut draw = Draw(1);
    for round in 0..60 {
        for pattern in PATTERNS {
            let size = Size {
                pages: 1 + draw.below([8, 200, 3000][round % 3]),
                processes: 1 + draw.below(7) as u32,
                segments: [None, Some(1 + draw.below(9) as u32)][round % 2],
            };
            let sharing =
                [Sharing::All, Sharing::Each(1), Sharing::Each(1 + draw.below(3) as u32)][draw.below(3) as usize];
            let tuning = Tuning {
                sharing: pattern.defaults.sharing.map(|_| sharing),
                phase: pattern.defaults.phase.map(|_| 1 + draw.below(300)),
                ..Tuning::NONE
            };
            let Ok(mut workload) = Workload::new(pattern, 1000, &size, &tuning, round as u64) else { continue };
            workload.burst = 1 + draw.below(50);
            let (pages, segments) = (workload.pages(), workload.segments());
            let mut resolver = Resolver::new(ResolveOptions::default());
            let told = format!("{}, {size:?}, {tuning:?}", pattern.name);
            workload.generate(&mut resolver).unwrap_or_else(|error| panic!("{told}: {error}"));
            let program = Arc::new(resolver.finish());
            assert_eq!(program.references.len(), 1000, "{told}");
            assert_eq!(program.segments.iter().map(|segment| segment.size).sum::<u64>(), pages, "{told}");
            assert_eq!(program.segments.len() as u64, segments, "{told}");
            assert!(pages < size.pages + segments + 3, "{told}: {pages} pages");
            let row = common::run(&program, "linux-2.0", &Options::new(20)).row;
            assert_eq!((row.references, row.out_of_memory), (1000, 0), "{told}");
        }
    }
}

#[test]
fn programs_create_attach_detach_remove_and_exit() {
    let size = Size { pages: 100, processes: 4, segments: Some(8) };
    let trace = made("uniform", 400, size, Tuning { sharing: Some(Sharing::Each(2)), ..Tuning::NONE });
    let count = |operation| trace.records.iter().filter(|record| record.operation == operation).count();
    let changes = [Operation::Create, Operation::Attach, Operation::Detach, Operation::Remove, Operation::Exit];
    assert_eq!(changes.map(count), [8, 16, 16, 8, 4]);
    assert!(trace.records.windows(2).all(|pair| pair[1].time == pair[0].time + 100));
    assert_eq!(trace.labels, (0..8).map(Label::Number).collect::<Vec<_>>());
    let mut workload = Workload::new(pattern("loop").unwrap(), 10, &size, &Tuning::NONE, 0).unwrap();
    workload.time_step = 0;
    let mut timeless = Kept::default();
    workload.generate(&mut timeless).unwrap();
    assert!(!timeless.settings.unwrap().has_time && timeless.records.iter().all(|record| record.time == 0));
}

#[test]
fn turns_have_geometric_lengths_and_writes_their_share() {
    let size = Size { processes: 5, ..SIZE };
    let trace = made("uniform", 400_000, size, Tuning { write_fraction: Some(0.3), ..Tuning::NONE });
    let all = references(&trace);
    assert_near(share(writes(&all), all.len()), 0.3, 0.005);
    let turns: Vec<usize> = all.chunk_by(|a, b| a.process == b.process).map(<[_]>::len).collect();
    assert_near(all.len() as f64 / turns.len() as f64, 100.0, 5.0);
    // A geometric length is above its mean with a chance of 1/e.
    assert_near(share(turns.iter().filter(|&&turn| turn > 100).count(), turns.len()), 0.366, 0.03);
    for process in 1..=5 {
        assert_near(share(all.iter().filter(|record| record.process == process).count(), all.len()), 0.2, 0.03);
    }
}

#[test]
fn zipf_and_uniform_meet_their_frequencies() {
    for (name, skew, placement) in
        [("zipf", 1.0, true), ("zipf", 0.5, true), ("zipf", 1.5, false), ("uniform", 0.0, true)]
    {
        let in_order = if placement { Placement::InOrder } else { Placement::Scattered };
        let zipf = Tuning { skew: Some(skew), placement: Some(in_order), ..Tuning::NONE };
        let tuning = if name == "zipf" { zipf } else { Tuning::NONE };
        let all = references(&made(name, 1_000_000, SIZE, tuning));
        let mut counts = counts(&all, 1000);
        if !placement {
            assert!(!counts.is_sorted_by(|a, b| a >= b) && counts[0] < *counts.iter().max().unwrap(), "scattered");
            counts.sort_unstable_by(|a, b| b.cmp(a));
        }
        let weight = |rank: usize| ((rank + 1) as f64).powf(-skew);
        let total: f64 = (0..1000).map(weight).sum();
        let square = |(rank, &count): (usize, &u64)| {
            let want = 1_000_000.0 * weight(rank) / total;
            (count as f64 - want).powi(2) / want
        };
        let deviation: f64 = counts.iter().enumerate().map(square).sum();
        // Chi-square with 999 degrees of freedom: mean 999, standard deviation 45. Sorted counts are nearer.
        let range = if placement { 800.0..1200.0 } else { 20.0..1200.0 };
        assert!(range.contains(&deviation), "{name} with skew {skew}: {deviation}");
    }
}

#[test]
fn hot_spots_get_their_share_and_phases_move_them() {
    let in_order = Some(Placement::InOrder);
    let all = references(&made("hotspot", 300_000, SIZE, Tuning { placement: in_order, ..Tuning::NONE }));
    assert_near(share(all.iter().filter(|record| record.page < 200).count(), all.len()), 0.8, 0.005);
    let hot = counts(&all, 1000);
    assert!(hot[..200].iter().all(|&count| (1000..1400).contains(&count)));
    assert!(hot[200..].iter().all(|&count| (20..150).contains(&count)));

    let all = references(&made("phases", 200_000, SIZE, Tuning { phase: Some(20_000), ..Tuning::NONE }));
    let sets = all.chunks(20_000).map(|phase| {
        let counts = counts(phase, 1000);
        let mut pages: Vec<usize> = (0..1000).collect();
        pages.sort_by_key(|&page| std::cmp::Reverse(counts[page]));
        pages.truncate(100);
        let held: u64 = pages.iter().map(|&page| counts[page]).sum();
        // 95 % and what falls on them by chance.
        assert_near(held as f64 / 20_000.0, 0.955, 0.01);
        pages
    });
    let sets: Vec<Vec<usize>> = sets.collect();
    let common = |pair: &[Vec<usize>]| pair[0].iter().filter(|page| pair[1].contains(page)).count();
    let kept: usize = sets.windows(2).map(common).sum();
    assert!(kept < 9 * 50, "{kept} of 900 hot pages stayed");
}

#[test]
fn loops_come_back_after_all_other_pages_and_scans_go_through_runs() {
    let all = references(&made("loop", 5000, SIZE, Tuning::NONE));
    assert!(all.iter().zip(0..).all(|(record, number)| record.page == number % 1000));
    let all = references(&made("loop", 5000, Size { processes: 4, ..SIZE }, Tuning::NONE));
    for process in 1..=4 {
        let own: Vec<u64> = all.iter().filter(|record| record.process == process).map(|record| record.page).collect();
        let first = (process - 1) * 250;
        assert!(own.iter().zip(first..).all(|(&page, number)| page == number % 1000), "process {process}");
    }
    let tuning = Tuning { run: Some(50), touches: Some(3), ..Tuning::NONE };
    let all = references(&made("scan", 60_000, SIZE, tuning));
    let mut starts = Vec::new();
    for scan in all.chunks(150) {
        starts.push(scan[0].page);
        assert!(scan.iter().zip(0..).all(|(record, number)| record.page == (scan[0].page + number / 3) % 1000));
    }
    starts.sort_unstable();
    starts.dedup();
    assert!(starts.len() > 300 && starts[0] < 30 && starts[starts.len() - 1] > 970, "{} places", starts.len());
}

#[test]
fn rings_are_written_and_read_in_order_and_never_overrun() {
    for (processes, pages) in [(4, 12), (1, 5), (3, 1), (6, 4000)] {
        let size = Size { pages, processes, segments: None };
        let all = references(&made("ring", 20_000, size, Tuning::NONE));
        let (mut written, mut read) = (0, 0);
        for record in &all {
            let counter = if record.operation == Operation::Write { &mut written } else { &mut read };
            assert_eq!(record.page, *counter % pages);
            *counter += 1;
            assert!(read <= written && written - read <= pages, "{processes} processes");
            let produces = record.process <= u64::from(processes) / 2;
            assert!(processes == 1 || produces == (record.operation == Operation::Write));
        }
        assert!(read > 4000, "{processes} processes: {read} messages were read");
    }
}

#[test]
fn joins_build_by_partitions_then_probe_and_scan_what_is_their_own() {
    let size = Size { pages: 1000, processes: 4, segments: Some(2) };
    let tuning = Tuning { phase: Some(10_000), ..Tuning::NONE };
    let trace = made("join", 40_000, size, tuning);
    let all = references(&trace);
    assert_near(share(all.iter().filter(|record| record.segment < 2).count(), all.len()), 0.5, 0.01);
    for (number, record) in all.iter().enumerate() {
        let position = number % 10_000;
        let builds = position < 2500;
        if record.segment >= 2 {
            assert_eq!((u64::from(record.segment) - 1, record.operation), (record.process, Operation::Read));
        } else if builds {
            // Four rounds of partitions, one for each process: 16 of 12.5 pages.
            let partition = position as u64 * 4 / 2500 * 4 + record.process - 1;
            let page = u64::from(record.segment) * 100 + record.page;
            assert!((partition * 200 / 16..(partition + 1) * 200 / 16).contains(&page), "{record:?} in {partition}");
        }
        assert_eq!(record.operation == Operation::Write, builds && record.segment < 2);
    }
    let own: Vec<&Record> = all.iter().filter(|record| record.segment == 2).collect();
    assert!(own.iter().zip(0..).all(|(record, row)| record.page == row / 8 % 200), "rows are read in order");
}

#[test]
fn lookups_go_from_the_root_to_the_row() {
    let size = Size { pages: 50_000, processes: 3, segments: None };
    let all = references(&made("index", 60_000, size, Tuning::NONE));
    let mut updates = 0;
    for process in 1..=3 {
        let own: Vec<Record> = all.iter().copied().filter(|record| record.process == process).collect();
        for lookup in own.chunks_exact(4) {
            // 1000 pages of index: the root, 10 inner pages, 989 leaves.
            assert_eq!((lookup[0].segment, lookup[0].page), (0, 0));
            assert!(lookup[1].segment == 0 && (1..11).contains(&lookup[1].page));
            assert!(lookup[2].segment == 0 && (11..1000).contains(&lookup[2].page));
            assert_eq!((lookup[2].page - 11) * 10 / 989 + 1, lookup[1].page, "the leaf is below its inner page");
            assert!(lookup[3].segment == 1 && lookup[3].page < 49_000);
            let writes: Vec<bool> = lookup.iter().map(|record| record.operation == Operation::Write).collect();
            assert!(writes == [false; 4] || writes == [false, false, true, true]);
            updates += usize::from(writes[3]);
        }
    }
    assert_near(share(4 * updates, all.len()), 0.2, 0.01);
    let rows: std::collections::HashSet<u64> =
        all.iter().filter(|record| record.segment == 1).map(|record| record.page).collect();
    assert!(rows.len() > 12_000, "{} of 15,000 rows are distinct", rows.len());
    let skewed = references(&made("index", 60_000, size, Tuning { skew: Some(1.2), ..Tuning::NONE }));
    let rows: std::collections::HashSet<u64> =
        skewed.iter().filter(|record| record.segment == 1).map(|record| record.page).collect();
    assert!(rows.len() < 6000, "{} rows with skew", rows.len());
}

#[test]
fn the_help_explains_every_pattern_with_its_parameters() {
    let help = help();
    for pattern in PATTERNS {
        assert!(help.contains(&format!("\n  {}: {}\n", pattern.name, pattern.summary)), "{}", pattern.name);
        for (name, value) in pattern.defaults.options() {
            assert!(value.is_none() || help.contains(name), "{name}");
        }
    }
    assert!(help.lines().all(|line| line.len() <= 100));
}
