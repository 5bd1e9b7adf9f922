//! `trace stat` on traces: the figures that the bundled traces were published with, which are another program's, and filters
//! found out from the references that went through them.

mod common;

use std::collections::{HashMap, VecDeque};
use std::path::Path;

use clockhand::load::{Loaded, load};
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::stack_distances::{DistanceCounts, StackDistances};
use clockhand::statistics::{ProcessStatistics, SegmentStatistics, Statistics};
use clockhand::trace::{Fidelity, Label, Operation, ReadOptions, Record, RecordSink, Settings, Source};
use common::{Draw, no_facts};
use proptest::prelude::*;

/// What was published with a trace.
struct Published {
    name: &'static str,
    reads: u64,
    writes: u64,
    /// Creates, attaches (by fork or not), detaches, removes.
    changes: [u64; 4],
    /// Processes with an attachment, and those that refer to a page.
    processes: [u64; 2],
    /// Segments, and their pages.
    segments: [u64; 2],
    /// `PROCESSES:PAGES`: pages by the number of processes that touch them.
    sharing: &'static str,
    /// References to pages of two or more processes, in percent.
    shared_percent: &'static str,
    /// `NAME:PAGES:REFERENCES` of the segments with most references.
    of_segments: &'static str,
    /// `PROCESS:REFERENCES:WRITES` of the processes with most references.
    of_processes: &'static str,
    /// `FRAMES:FAULTS` of LRU over all pages.
    lru_faults: &'static str,
    /// The pages of the filter's window; 1 is a collapse of repeats.
    window: u64,
}

const PUBLISHED: [Published; 7] = [
    Published {
        name: "hpcc-mpi-fifo8",
        reads: 746_211,
        writes: 753_789,
        changes: [8, 20, 4, 8],
        processes: [4, 4],
        segments: [8, 4104],
        sharing: "1:21 2:13 4:266",
        shared_percent: "100.0",
        of_segments: "s4:1025:378848 s7:1025:377830 s5:1025:372295 s6:1025:371023 s0:1:1 s1:1:1 s2:1:1 s3:1:1",
        of_processes: "28242:378607:190463 28245:378016:189866 28243:372599:186908 28244:370778:186552",
        lru_faults: "15:1060197 30:870583 75:546697 150:226645 225:62952 270:301 300:300",
        window: 8,
    },
    Published {
        name: "perl-shareable-exact",
        reads: 82_048,
        writes: 43_818,
        changes: [8, 7856, 7856, 8],
        processes: [7, 7],
        segments: [8, 128],
        sharing: "7:128",
        shared_percent: "100.0",
        of_segments: "s0:16:32648 s1:16:17844 s2:16:15252 s3:16:13316 s4:16:13092 s5:16:11654 s6:16:11558 s7:16:10502",
        of_processes: "28074:19230:6430 28079:19224:6424 28078:19220:6420 28077:19214:6414 28075:19212:6412 \
                       28076:19206:6406 27979:10560:5312",
        lru_faults: "6:125413 12:125183 32:65066 64:40289 96:19825 115:9364 128:128",
        window: 1,
    },
    Published {
        name: "pg-parallel-fifo8",
        reads: 724_612,
        writes: 450_836,
        changes: [21, 148, 148, 21],
        processes: [30, 29],
        segments: [21, 7793],
        sharing: "1:1647 2:1356 3:1098 4:263 5:109 6:33 7:5 8:1 9:2 10:15 11:2 12:5 13:1 14:10 16:3 18:20 19:4 20:53 \
                  21:20 22:15 23:45 24:24 25:13 26:9 27:2 28:2 29:11",
        shared_percent: "72.5",
        of_segments: "s0:5020:769535 s14:256:126303 s12:256:126299 s15:512:34009 s16:512:34004 s11:46:11735 s13:46:11399 s7:45:9968",
        of_processes: "8894:528067:207610 8895:502419:191657 8903:19812:8112 8902:18457:7744 8886:17660:4663 \
                       8901:16815:6852 8904:15215:6287 8945:11359:3927",
        lru_faults: "238:65684 476:31651 1192:12522 2384:7161 3576:5505 4291:4938 4768:4768",
        window: 8,
    },
    Published {
        name: "pg-tpcb-exact",
        reads: 2_261_208,
        writes: 607_781,
        changes: [3, 41, 41, 3],
        processes: [15, 14],
        segments: [3, 5279],
        sharing: "1:1008 2:1841 3:1109 4:185 5:172 6:153 7:60 8:81 9:25 10:13 11:10 12:2 13:2 14:12",
        shared_percent: "96.4",
        of_segments: "s0:5020:2865524 s2:256:3417 s1:3:48",
        of_processes: "8636:642421:132381 8648:626068:129982 8644:613717:125234 8643:610206:122794 8591:139604:23462 \
                       8521:103479:15737 8512:59106:15763 8517:27821:15992",
        lru_faults: "233:15495 467:12417 1168:8509 2336:7550 3504:6007 4205:4762 4673:4673",
        window: 1,
    },
    Published {
        name: "php-opcache-fifo16",
        reads: 755_350,
        writes: 44_035,
        changes: [1, 5, 0, 1],
        processes: [5, 5],
        segments: [1, 4096],
        sharing: "1:347 2:40 3:19 4:186 5:835",
        shared_percent: "99.8",
        of_segments: "s0:4096:799385",
        of_processes: "26584:240201:16660 26583:161668:5901 26585:147867:4820 26586:128224:4679 26581:121425:11975",
        lru_faults: "71:191972 142:110832 356:50427 713:7037 1070:1646 1284:1430 1427:1427",
        window: 16,
    },
    Published {
        name: "stress-ng-exact",
        reads: 122_880,
        writes: 61_440,
        changes: [210, 930, 930, 210],
        processes: [33, 3],
        segments: [210, 215_040],
        sharing: "1:30720",
        shared_percent: "0.0",
        of_segments: "s32:1024:6144 s194:1024:6144 s74:1024:6144 s96:1024:6144 s166:1024:6144 s26:1024:6144 \
                      s187:1024:6144 s145:1024:6144",
        of_processes: "27412:61440:20480 27411:61440:20480 27410:61440:20480",
        lru_faults: "1536:64625 3072:30720 7680:30720 15360:30720 23040:30720 27648:30720 30720:30720",
        window: 1,
    },
    Published {
        name: "x11-shm-fifo8",
        reads: 161_383,
        writes: 408_794,
        changes: [35, 70, 69, 34],
        processes: [5, 4],
        segments: [35, 3645],
        sharing: "1:1275 2:2180",
        shared_percent: "34.3",
        of_segments: "s0:470:373781 s31:352:98353 s33:352:47353 s34:268:11126 s32:352:9814 s21:19:4733 s30:352:4353 s29:352:4313",
        of_processes: "25788:560310:406302 25816:7480:105 25911:1412:1412 25910:975:975",
        lru_faults: "172:427128 345:243742 863:29094 1727:3819 2591:3468 3109:3467 3455:3455",
        window: 8,
    },
];

fn loaded(name: &str) -> Loaded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("traces/{name}.cht"));
    let options = ResolveOptions { keep_times: true, ..ResolveOptions::default() };
    load(&Source::from_argument(&path), &ReadOptions::default(), options).unwrap()
}

#[test]
fn the_bundled_traces_are_what_they_are_said_to_be() {
    for published in PUBLISHED {
        let Loaded { program, facts, .. } = loaded(published.name);
        let found = Statistics::of(&program, &facts);
        let name = published.name;
        let references = published.reads + published.writes;
        assert_eq!(
            [found.reads, facts.writes, facts.references],
            [published.reads, published.writes, references],
            "{name}"
        );
        let changes = &found.changes;
        let counted = [changes.creates, changes.attaches + changes.inherited, changes.detaches, changes.removes];
        assert_eq!(counted, published.changes, "{name}");
        assert_eq!([facts.segments, found.pages_created], published.segments, "{name}");
        let attached = found.process_list.iter().filter(|process| process.attachments > 0).count() as u64;
        assert_eq!([attached, found.active_processes], published.processes, "{name}");

        let sharing: Vec<String> = found.sharing.iter().map(|d| format!("{}:{}", d.processes, d.pages)).collect();
        assert_eq!(sharing.join(" "), published.sharing, "{name}");
        let shared: u64 = found.sharing.iter().filter(|d| d.processes > 1).map(|d| d.references).sum();
        assert_eq!(format!("{:.1}", 100.0 * shared as f64 / references as f64), published.shared_percent, "{name}");
        let all: u64 = found.sharing.iter().map(|degree| degree.references).sum();
        assert_eq!(all, references, "{name}");

        for segment in published.of_segments.split(' ') {
            let is = |s: &SegmentStatistics| format!("{}:{}:{}", s.segment, s.pages, s.references) == segment;
            assert!(found.segment_list.iter().any(is), "{name} has no segment {segment}");
        }
        for process in published.of_processes.split(' ') {
            let is = |p: &ProcessStatistics| format!("{}:{}:{}", p.process, p.references, p.writes) == process;
            assert!(found.process_list.iter().any(is), "{name} has no process {process}");
        }
    }
}

#[test]
fn the_faults_of_lru_are_those_published_with_the_traces() {
    for published in PUBLISHED {
        let program = loaded(published.name).program;
        let (mut stack, mut counts) = (StackDistances::new(program.footprint()), DistanceCounts::default());
        (0..program.references.len()).for_each(|at| counts.record(stack.reference(program.reference(at).page)));
        for figure in published.lru_faults.split(' ') {
            let (frames, faults) = figure.split_once(':').unwrap();
            let (frames, faults): (u64, u64) = (frames.parse().unwrap(), faults.parse().unwrap());
            assert_eq!(counts.faults(frames), faults, "{} with {frames} frames", published.name);
            let fewest = counts.fewest_frames(faults).unwrap();
            assert!(fewest <= frames && counts.faults(fewest) <= faults, "{}", published.name);
        }
    }
}

#[test]
fn the_filters_of_the_bundled_traces_are_found() {
    for published in PUBLISHED {
        let Loaded { program, facts, .. } = loaded(published.name);
        let found = Statistics::of(&program, &facts);
        assert_eq!(found.filter_window, Some(published.window), "{}", published.name);
        let expected = if published.window == 1 { vec![] } else { vec![format!("filtered {}", published.window)] };
        let marks: Vec<String> = found.warnings.into_iter().map(|warning| warning.mark).collect();
        assert_eq!(marks, expected, "{}", published.name);
    }
}

/// A process, a page, whether it writes; or a detach and attach again of another segment.
#[derive(Clone, Copy, Debug)]
enum Step {
    Refer(u64, u64, bool),
    Reattach(u64),
}

/// References of some processes in turns, each with some locality, and a detach now and then.
fn steps(seed: u64, processes: u64, references: usize, detach_one_in: u64) -> Vec<Step> {
    let mut draw = Draw(seed);
    let of_each: Vec<Vec<(u64, bool)>> = (0..processes).map(|_| draw.references(references, 300)).collect();
    let mut at = vec![0; processes as usize];
    let mut steps = Vec::new();
    while at.iter().any(|&at| at < references) {
        let process = draw.below(processes);
        for _ in 0..=draw.below(50) {
            let at = &mut at[process as usize];
            let Some(&(page, write)) = of_each[process as usize].get(*at) else { break };
            *at += 1;
            steps.push(Step::Refer(process, page, write));
            if draw.below(detach_one_in) == 0 {
                steps.push(Step::Reattach(process));
            }
        }
    }
    steps
}

/// What a recorder with a window of open pages for each process writes down, and whether a detach closes the pages.
fn filtered(steps: &[Step], window: usize, detach_closes: bool) -> Vec<Step> {
    let mut open: HashMap<u64, VecDeque<(u64, bool)>> = HashMap::new();
    let mut goes_through = |step: &Step| match *step {
        Step::Refer(process, page, write) => {
            let open = open.entry(process).or_default();
            if let Some((_, written)) = open.iter_mut().find(|(other, _)| *other == page) {
                let first_write = write && !*written;
                *written |= write;
                return first_write;
            }
            open.push_back((page, write));
            if open.len() > window {
                open.pop_front();
            }
            true
        }
        Step::Reattach(process) => {
            if detach_closes {
                open.remove(&process);
            }
            true
        }
    };
    steps.iter().filter(|step| goes_through(step)).copied().collect()
}

fn window_of(steps: &[Step], fidelity: Vec<Fidelity>) -> Option<u64> {
    let mut resolver = Resolver::new(ResolveOptions::default());
    resolver.settings(&Settings { fidelity, ..Settings::default() });
    resolver.label(&Label::Number(0));
    resolver.label(&Label::Number(1));
    let mut record = |process, operation, segment, page| {
        resolver.record(&Record { time: 0, process, operation, segment, page }).unwrap();
    };
    for segment in 0..2 {
        record(0, Operation::Create, segment, 5000);
        (0..8).for_each(|process| record(process, Operation::Attach, segment, 0));
    }
    for step in steps {
        match *step {
            Step::Refer(process, page, true) => record(process, Operation::Write, 0, page),
            Step::Refer(process, page, false) => record(process, Operation::Read, 0, page),
            Step::Reattach(process) => {
                record(process, Operation::Detach, 1, 0);
                record(process, Operation::Attach, 1, 0);
            }
        }
    }
    Statistics::of(&resolver.finish(), &no_facts()).filter_window
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_window_of_a_filter_is_found_out(
        seed: u64, processes in 1u64..6, window in 1usize..40, detach_closes: bool, detaches: bool,
    ) {
        let raw = steps(seed, processes, 30_000, if detaches { 400 } else { u64::MAX });
        prop_assert_eq!(window_of(&raw, vec![]), None);
        let through = filtered(&raw, window, detach_closes);
        prop_assert_eq!(window_of(&through, vec![]), Some(window as u64));
        // A single repeat shows that no filter was there.
        let mut with_repeat = through.clone();
        let (at, last) = through.iter().copied().enumerate().rfind(|(_, step)| matches!(step, Step::Refer(..))).unwrap();
        with_repeat.insert(at, last);
        with_repeat.insert(at, last);
        prop_assert_eq!(window_of(&with_repeat, vec![]), None);
    }
}

#[test]
fn a_window_is_not_told_without_evidence() {
    let reads =
        |pages: &mut dyn Iterator<Item = u64>| pages.map(|page| Step::Refer(1, page, false)).collect::<Vec<_>>();
    // A short trace says nothing, be it filtered or not.
    let few = filtered(&steps(7, 1, 2_000, u64::MAX), 16, false);
    assert!(few.len() > 100);
    assert_eq!(window_of(&few[..100], vec![]), None);
    // Loops go through any window below their length, and pages that never come back through all; that no repeat is
    // there is all that is sure.
    assert_eq!(window_of(&reads(&mut (0..50_000).map(|at| at % 12)), vec![]), Some(1));
    assert_eq!(window_of(&reads(&mut (0..50_000).map(|at| at % 3000)), vec![]), Some(1));
    assert_eq!(window_of(&reads(&mut (0..5_000)), vec![]), Some(1));
    let mut draw = Draw(3);
    let loops = (0..5_000).flat_map(|_| if draw.below(2) == 0 { 0..20 } else { 100..130 });
    assert_eq!(window_of(&reads(&mut loops.collect::<Vec<_>>().into_iter()), vec![]), Some(1));
    // What the reader says counts more.
    assert_eq!(window_of(&few[..100], vec![Fidelity::Filtered { window: 16 }]), Some(16));
}
