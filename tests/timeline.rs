//! Runs over time: what is recorded against a slow recount event by event, which runs of a comparison keep it, and what the
//! charts make of it.

mod common;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clockhand::compare::{Job, Passes, run_all};
use clockhand::ids::PageId;
use clockhand::kernel::Kernel;
use clockhand::load::{Loaded, load};
use clockhand::matrix::Matrix;
use clockhand::observers::{End, Observer, Scan, SwapOut};
use clockhand::policy::Hand;
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::{Options, Replay};
use clockhand::report::REFERENCE;
use clockhand::report::block::{Block, blocks};
use clockhand::report::chart::scene::Text;
use clockhand::report::chart::{ACCESS_MAP, CHARTS, Chart, OVER_TIME};
use clockhand::resolve::ResolveOptions;
use clockhand::results::{AccessMap, Results, Run, TraceFacts};
use clockhand::timeline::access_map::access_map;
use clockhand::timeline::page_axis::PageAxis;
use clockhand::timeline::{self, Recorder, replay_in_windows};
use clockhand::trace::{ReadOptions, Source};
use common::{Draw, no_facts, program_of, program_of_script};
use proptest::prelude::*;

/// A world of a few segments that come and go, several in one slot after one another, with up to `steps` events.
fn world(seed: u64, steps: u64) -> Arc<Program> {
    let mut draw = Draw(seed);
    let mut script = String::new();
    let mut alive: Vec<(u64, u64)> = Vec::new();
    for step in 0..steps {
        if alive.is_empty() || (draw.below(40) == 0 && alive.len() < 5) {
            let size = 1 + draw.below(30);
            script += &format!("seg g{step} {size}\nattach 1 g{step}\nattach 2 g{step}\n");
            alive.push((step, size));
        } else if draw.below(60) == 0 {
            let (gone, _) = alive.remove(draw.below(alive.len() as u64) as usize);
            script += &format!("detach 1 g{gone}\ndetach 2 g{gone}\nrm g{gone}\n");
        } else {
            let (segment, size) = alive[draw.below(alive.len() as u64) as usize];
            let page = draw.below(size).min(draw.below(size));
            let letter = if draw.below(3) == 0 { 'w' } else { 'r' };
            script += &format!("{letter} {} g{segment} {page}\n", 1 + draw.below(2));
        }
    }
    program_of_script(&script)
}

fn recorded(program: &Arc<Program>, policy: &str, options: &Options) -> (Run, PageAxis) {
    let axis = Arc::new(PageAxis::new(program));
    let job = Job {
        trace: "world".to_owned(),
        program: Arc::clone(program),
        samples: None,
        policy: policy.parse().unwrap(),
        options: options.clone(),
        record: Some(Arc::clone(&axis)),
    };
    let run = run_all(std::slice::from_ref(&job), 1, Passes::Shared, &|| true, &|_, _| ()).unwrap().remove(0);
    drop(job);
    (run, Arc::into_inner(axis).unwrap())
}

/// What is told of scans: laps as they follow from where the hands were before and after each, and swap-outs.
#[derive(Default)]
struct Told {
    laps: AtomicU64,
    swap_outs: std::sync::Mutex<Vec<(u64, u32)>>,
}

struct Listener(Arc<Told>);

impl Observer for Listener {
    /// In one scan the end of the table is passed once at most before it fails there. Without locked segments a scan that
    /// comes back to where it began has met every resident page.
    fn scanned(&mut self, kernel: &Kernel, scan: &Scan) {
        let Some((before, after)) = scan.hands.filter(|_| scan.budget > 0) else { return };
        let place = |hand: Hand| (hand.swap_id, hand.swap_idx);
        let once = match place(after).cmp(&place(before)) {
            _ if after.swap_id > kernel.table().max_shmid() => true,
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => scan.scanned > 0,
            std::cmp::Ordering::Greater => scan.scanned > scan.shm_rss,
        };
        self.0.laps.fetch_add(u64::from(once), Ordering::Relaxed);
    }

    fn swapped_out(&mut self, kernel: &Kernel, out: &SwapOut) {
        self.0.swap_outs.lock().unwrap().push((kernel.now(), out.page.get()));
    }

    fn finish(&mut self, _: &Kernel, _: End) -> std::io::Result<()> {
        Ok(())
    }
}

/// Steps through the events up to a position, and the changes before the next reference.
fn step_to(replay: &mut dyn Replay, program: &Program, position: u64, done: &mut u64) {
    let changes = program.changes.iter().filter(|change| change.before <= position).count() as u64;
    while *done < position + changes {
        replay.step();
        *done += 1;
    }
}

/// The bin of each page and how many pages of the axis are below each slot, from the bands of a map and from nothing else
/// than who had which slot.
fn slow_axis(program: &Arc<Program>, map: &AccessMap) -> (Vec<usize>, Vec<u64>, Vec<u32>) {
    let policy: PolicySpec = "fifo".parse().unwrap();
    let mut replay = policy.start(program, &Options::new(u64::from(program.footprint()).max(1))).unwrap();
    let mut slot_of = vec![u32::MAX; program.segments.len()];
    let mut more = true;
    while more {
        more = replay.step();
        for slot in 0..=replay.kernel().table().max_shmid() {
            if let Some(segment) = replay.kernel().table().at(slot) {
                slot_of[segment.index()] = slot;
            }
        }
    }
    let slots = slot_of.iter().filter(|&&slot| slot != u32::MAX).max().map_or(0, |&slot| slot + 1);
    let height = |slot: u32| {
        let of_slot = program.segments.iter().zip(&slot_of).filter(|(_, other)| **other == slot);
        of_slot.map(|(segment, _)| u64::from(segment.touched)).max().unwrap_or(0)
    };
    let below: Vec<u64> = (0..=slots).map(|slot| (0..slot).map(height).sum()).collect();
    let mut bin_of = vec![usize::MAX; program.footprint() as usize];
    for (segment, &slot) in program.segments.iter().zip(&slot_of) {
        for (rank, page) in segment.pages().enumerate() {
            let place = below[slot as usize] + rank as u64;
            let (mut pages, mut bins) = (0, 0);
            for band in &map.bands {
                if place < pages + band.pages {
                    bin_of[page as usize] = (bins + (place - pages) * band.bins / band.pages) as usize;
                    break;
                }
                pages += band.pages;
                bins += band.bins;
            }
        }
    }
    (bin_of, below, slot_of)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_recorded_is_what_a_recount_event_by_event_finds(
        seed: u64, steps in prop_oneof![1..1500_u64, 1..6_u64], frames in 1..24_u64,
        policy in prop::sample::select(vec!["linux-2.0", "sweep", "clock"]),
    ) {
        let program = world(seed, steps);
        let options = Options::new(frames);
        let (run, axis) = recorded(&program, policy, &options);
        let map = access_map(&program, &axis);
        let timeline = run.timeline.as_ref().expect("it was recorded");
        prop_assert_eq!(&Run { timeline: None, ..run.clone() }, &common_run(&program, policy, &options));

        let (bin_of, below, slot_of) = slow_axis(&program, &map);
        let mut replay = policy.parse::<PolicySpec>().unwrap().start(&program, &options).unwrap();
        let told = Arc::new(Told::default());
        replay.observe(Box::new(Listener(Arc::clone(&told))));
        let (mut done, mut counted) = (0, 0);
        let mut sums = [0; 5];
        for window in 0..timeline.swap_outs.len() {
            let end = ((window as u64 + 1) * timeline.window).min(program.references.len());
            step_to(&mut *replay, &program, end, &mut done);
            let kernel = replay.kernel();
            let counters = kernel.counters();
            for (sum, list) in sums.iter_mut().zip([
                &timeline.swap_outs, &timeline.minor_faults, &timeline.zero_faults, &timeline.swap_ins, &timeline.failed_scans,
            ]) {
                *sum += list[window];
            }
            let found = [
                counters.swap_outs, counters.minor_faults, counters.zero_faults, counters.swap_ins, counters.failed_scans,
            ];
            prop_assert_eq!(sums, found, "up to window {}", window);
            let mut resident = vec![0; map.bands.len()];
            for (segment, &slot) in program.segments.iter().zip(&slot_of) {
                let inside = segment.pages().filter(|&page| kernel.is_resident(PageId::new(page)));
                let Some(band) = map.bands.iter().rposition(|band| band.slot <= slot) else {
                    prop_assert_eq!(segment.touched, 0, "pages below all bands");
                    continue;
                };
                resident[band] += inside.count() as u64;
            }
            let found: Vec<u64> = timeline.resident.iter().map(|list| list[window]).collect();
            prop_assert_eq!(resident, found);
            prop_assert_eq!(timeline.hands.is_some(), replay.hand().is_some());
            if let Some((hands, hand)) = timeline.hands.as_ref().zip(replay.hand()) {
                prop_assert_eq!((hands.swap_id[window], hands.swap_idx[window]), (hand.swap_id, hand.swap_idx));
                prop_assert_eq!(hands.laps[window], told.laps.load(Ordering::Relaxed), "laps up to window {}", window);
                if let Some(segment) = kernel.table().at(hand.swap_id) {
                    let segment = &program.segments[segment.index()];
                    let passed = segment.pages().filter(|&page| {
                        segment.index_of(PageId::new(page)) < hand.swap_idx
                    });
                    prop_assert_eq!(hands.page[window], below[hand.swap_id as usize] + passed.count() as u64);
                }
                prop_assert!(hands.page[window] <= map.bands.iter().map(|band| band.pages).sum());
            }
            counted = end;
        }
        prop_assert_eq!(counted, program.references.len());

        let mut periods = timeline.swap_outs_by_page.clone();
        for &(position, page) in &*told.swap_outs.lock().unwrap() {
            let period = position / (timeline.window * timeline.period);
            let count = &mut periods[bin_of[page as usize]][period as usize];
            prop_assert!(*count > 0, "more swap-outs than recorded");
            *count -= 1;
        }
        prop_assert!(periods.iter().flatten().all(|&count| count == 0), "fewer swap-outs than recorded");

        let mut references = map.references.clone();
        for position in 0..program.references.len() {
            let bin = bin_of[program.reference(position).page.index()];
            let count = &mut references[bin][(position / map.window) as usize];
            prop_assert!(*count > 0, "more references than counted");
            *count -= 1;
        }
        prop_assert!(references.iter().flatten().all(|&count| count == 0), "fewer references than counted");
    }
}

fn common_run(program: &Arc<Program>, policy: &str, options: &Options) -> Run {
    let mut run = common::run(program, policy, options);
    "world".clone_into(&mut run.row.trace);
    run
}

fn bundled(name: &str) -> Loaded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    load(&Source::Path(path), &ReadOptions::default(), ResolveOptions::default()).unwrap()
}

/// What `compare` does, without its files.
fn compared(program: &Arc<Program>, facts: TraceFacts, policies: &[&str], sizes: &[u64]) -> Results {
    let options = Options::of_trace(&program.settings);
    let mut jobs: Vec<Job> = Vec::new();
    for policy in policies {
        jobs.extend(sizes.iter().map(|&frames| Job {
            trace: facts.name.clone(),
            program: Arc::clone(program),
            samples: None,
            policy: policy.parse().unwrap(),
            options: Options { frames, ..options.clone() },
            record: None,
        }));
    }
    timeline::choose(&mut jobs);
    let map = access_map(program, &PageAxis::new(program));
    let matrix = Matrix::new(Vec::new(), vec![TraceFacts { access_map: Some(map), ..facts }], &jobs);
    let runs = run_all(&jobs, 2, Passes::Shared, &|| true, &|_, _| ()).unwrap();
    matrix.results(0, runs)
}

fn facts_of(program: &Program, name: &str) -> TraceFacts {
    TraceFacts {
        name: name.to_owned(),
        references: program.references.len(),
        footprint: program.footprint().into(),
        segments: program.segments.len() as u64,
        processes: program.processes.len() as u64,
        ..no_facts()
    }
}

#[test]
fn one_size_is_recorded_and_two_timelines_are_kept() {
    let program = world(7, 3000);
    let footprint = u64::from(program.footprint());
    let sizes = [footprint / 16, footprint / 5, footprint / 2, footprint];
    let policies = ["lru", "clock", "linux-2.0", "random", "sieve", "opt"];
    let mut results = compared(&program, facts_of(&program, "world"), &policies, &sizes);
    let recorded = |results: &Results| -> Vec<(String, u64)> {
        let runs = results.runs.iter().filter(|run| run.timeline.is_some());
        runs.map(|run| (run.row.policy.clone(), run.row.frames)).collect()
    };
    let kernels = ["clock", "linux-2.0", "random", "sieve"].map(|policy| (policy.to_owned(), footprint / 5));
    assert_eq!(recorded(&results), kernels, "all that a kernel could run, at the size nearest to a quarter");
    timeline::keep_telling(&mut results);
    let others = results.runs.iter().filter(|run| run.row.frames == footprint / 5 && run.row.sight == "bits");
    let best = others.filter(|run| run.row.policy != REFERENCE).min_by_key(|run| run.row.swap_outs).unwrap();
    let mut kept: Vec<String> = recorded(&results).into_iter().map(|(policy, _)| policy).collect();
    kept.sort();
    let mut wanted = [best.row.policy.clone(), REFERENCE.to_owned()];
    wanted.sort();
    assert_eq!(kept, wanted);
    let again = results.clone();
    timeline::keep_telling(&mut results);
    assert_eq!(results, again, "what is kept is kept");
}

#[test]
fn without_a_realisable_policy_beside_the_reference_the_others_are_recorded() {
    let program = world(8, 500);
    let results = compared(&program, facts_of(&program, "world"), &["linux-2.0", "lru", "opt"], &[6]);
    assert!(results.runs.iter().all(|run| run.timeline.is_some()));
    let results = compared(&program, facts_of(&program, "world"), &["lru"], &[6, 7]);
    assert_eq!(results.runs.iter().filter(|run| run.timeline.is_some()).count(), 1);
}

/// The chart of a kind.
fn chart(results: &Results, block: &Block, ending: &str) -> Option<Chart> {
    let kind = CHARTS.iter().find(|kind| kind.ending == ending).expect("there is such a kind");
    (kind.make)(results, block)
}

fn overlap(a: [f64; 4], b: [f64; 4]) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// The room of the letters of a text: accents may touch the line above.
fn letters(text: &Text) -> [f64; 4] {
    let [left, top, right, bottom] = text.extent();
    [left, top + 0.2 * text.size, right, bottom]
}

#[track_caller]
fn nothing_is_clipped_or_covered(chart: &Chart) {
    let scene = chart.scene();
    let inside = |[left, top, right, bottom]: [f64; 4]| {
        left >= 0.0 && top >= 0.0 && right <= scene.width && bottom <= scene.height
    };
    let texts: Vec<&Text> = scene.texts().collect();
    for (index, text) in texts.iter().enumerate() {
        assert!(inside(text.extent()), "{}: clipped: {text:?}", chart.title());
        for other in &texts[..index] {
            assert!(!overlap(letters(text), letters(other)), "{}: {text:?} covers {other:?}", chart.title());
        }
    }
    for shape in scene.shapes() {
        assert!(inside(shape), "{}: {shape:?}", chart.title());
    }
    let svg = chart.svg().expect("it is drawn");
    roxmltree::Document::parse(&svg).expect("it is well-formed");
    assert!(svg.len() < 560_000, "{}: {} bytes", chart.title(), svg.len());
}

/// Both charts of results, looked at and set against the numbers.
fn check_charts(results: &Results) {
    let blocks = blocks(results);
    let over_time = chart(results, &blocks[0], OVER_TIME).expect("there is something over time");
    let map = chart(results, &blocks[0], ACCESS_MAP).expect("there is a map");
    for chart in [&over_time, &map] {
        nothing_is_clipped_or_covered(chart);
    }
    for (place, run) in blocks[0].timelines() {
        let label = &blocks[0].series[place].label;
        let timeline = run.timeline.as_ref().unwrap();
        let shown = |chart: &Chart, quantity: &str| -> Vec<f64> {
            let drawn =
                chart.drawn().iter().filter(|drawn| drawn.policy == *label && drawn.quantity.starts_with(quantity));
            drawn.map(|drawn| drawn.value).collect()
        };
        let numbers = |list: &[u64]| list.iter().map(|&number| number as f64).collect::<Vec<_>>();
        assert_eq!(shown(&over_time, "Swap-outs"), numbers(&timeline.swap_outs));
        let faults: Vec<u64> = timeline.zero_faults.iter().zip(&timeline.swap_ins).map(|(a, b)| a + b).collect();
        assert_eq!(shown(&over_time, "Faults"), numbers(&faults));
        let hands = shown(&over_time, "pages below the hands");
        assert!(hands.is_empty() || hands == numbers(&timeline.hands.as_ref().unwrap().page));
        let marked: f64 = shown(&map, "swap-outs").iter().sum();
        assert!((marked - run.row.swap_outs as f64).abs() < 0.5, "{marked} of {}", run.row.swap_outs);
        let pages: u64 =
            timeline.resident.iter().map(|list| list.iter().max().copied().unwrap_or(0)).max().unwrap_or(0);
        assert!(pages <= run.row.frames);
    }
    let counts = &results.traces[0].access_map.as_ref().unwrap().references;
    assert_eq!(counts.iter().flatten().sum::<u64>(), results.traces[0].references);
    let json = serde_json::to_string(&results.traces[0].access_map).unwrap();
    let timelines = results.runs.iter().filter_map(|run| run.timeline.as_ref());
    let size = json.len() + timelines.map(|timeline| serde_json::to_string(timeline).unwrap().len()).sum::<usize>();
    assert!(size < 200_000, "{size} bytes of JSON");
}

#[test]
fn charts_of_real_traces_show_what_was_recorded() {
    for name in ["perl-shareable-exact", "stress-ng-exact", "x11-shm-fifo8"] {
        let Loaded { program, facts, .. } = bundled(&format!("traces/{name}.cht"));
        let frames = facts.footprint / 4;
        let mut results = compared(&program, facts, &["linux-2.0", "clock"], &[frames]);
        timeline::keep_telling(&mut results);
        check_charts(&results);
    }
}

#[test]
fn charts_of_the_recorded_runs_are_drawn() {
    for case in ["case_04", "case_09", "case_19", "case_24", "case_28"] {
        let Loaded { program, facts, .. } = bundled(&format!("tests/golden/{case}.events"));
        let frames = program.settings.frames.unwrap_or(4);
        check_charts(&compared(&program, facts, &["linux-2.0", "sweep"], &[frames]));
    }
}

#[test]
fn where_the_hands_can_be_seen_laps_and_failures_are_told() {
    let Loaded { program, facts, .. } = bundled("traces/stress-ng-exact.cht");
    let frames = facts.footprint / 4;
    let results = compared(&program, facts, &["linux-2.0"], &[frames]);
    let chart = chart(&results, &blocks(&results)[0], OVER_TIME).unwrap();
    let hands = results.runs[0].timeline.as_ref().unwrap().hands.as_ref().unwrap();
    let laps = hands.laps.last().unwrap();
    assert!(*laps > 1);
    let texts: Vec<&str> = chart.scene().texts().map(|text| text.text.as_str()).collect();
    assert!(texts.contains(&format!("above: laps, {laps} in all").as_str()), "{texts:?}");
    assert!(texts.contains(&format!("{} in all", results.runs[0].row.failed_scans).as_str()), "{texts:?}");
    assert!(texts.contains(&"scans that found no victim"));
    assert!(chart.description().contains(&format!("go round {laps} times")), "{}", chart.description());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_a_file_says_the_charts_do_not_panic(seed: u64, edit in 0..12_usize, number in prop_oneof![0..3_u64, any::<u64>()]) {
        let program = world(seed, 400);
        let mut results = compared(&program, facts_of(&program, "world"), &["linux-2.0", "clock"], &[5]);
        let facts = &mut results.traces[0];
        let map = facts.access_map.as_mut().unwrap();
        let timeline = results.runs[0].timeline.as_mut().unwrap();
        let hands = timeline.hands.as_mut().unwrap();
        match edit {
            0 => drop(map.references.pop()),
            1 => map.bands[0].pages = number,
            2 => map.bands[0].bins = number,
            3 => map.window = number,
            4 => timeline.window = number,
            5 => timeline.period = number,
            6 => drop(timeline.swap_ins.pop()),
            7 => hands.page[0] = number,
            8 => hands.laps.iter_mut().for_each(|laps| *laps = number),
            9 => drop(timeline.swap_outs_by_page[0].pop()),
            10 => timeline.swap_outs.iter_mut().for_each(|count| *count = number),
            _ => facts.references = number,
        }
        for block in blocks(&results) {
            for ending in [OVER_TIME, ACCESS_MAP] {
                if let Some(chart) = chart(&results, &block, ending) {
                    prop_assert!(roxmltree::Document::parse(&chart.svg().expect("it is drawn")).is_ok());
                }
            }
        }
    }
}

#[test]
fn stops_of_one_who_watches_do_not_disturb_another() {
    let program = world(3, 2000);
    let axis = Arc::new(PageAxis::new(&program));
    let policy: PolicySpec = "linux-2.0".parse().unwrap();
    let mut replay = policy.start(&program, &Options::new(9)).unwrap();
    let mut recorder = Recorder::new(&mut *replay, &axis);
    let mut csv = timeline::csv::Csv::new(&*replay, Some(7), Vec::new()).unwrap();
    assert!(replay_in_windows(&mut *replay, &mut [&mut csv, &mut recorder], &|| true).unwrap());
    assert_eq!(Some(recorder.finish()), recorded(&program, "linux-2.0", &Options::new(9)).0.timeline);
}

#[test]
fn a_window_longer_than_the_trace_is_one_and_can_be_stopped_in() {
    let references: Vec<(u64, bool)> = (0..3_000_000).map(|number| (number % 7, number % 5 == 0)).collect();
    let program = program_of(&references);
    let policy: PolicySpec = "mq".parse().unwrap();
    let windows_until = |most: u64| {
        let mut replay = policy.start(&program, &Options::new(5)).unwrap();
        let mut csv = timeline::csv::Csv::new(&*replay, Some(u64::MAX), Vec::new()).unwrap();
        let asked = AtomicU64::new(0);
        let go_on = || asked.fetch_add(1, Ordering::Relaxed) + 1 < most;
        let whole = replay_in_windows(&mut *replay, &mut [&mut csv], &go_on).unwrap();
        (whole, replay.kernel().now())
    };
    assert_eq!(windows_until(u64::MAX), (true, 3_000_000));
    let (whole, done) = windows_until(1);
    assert!(!whole && done < 3_000_000, "it was stopped behind {done} references");
}

fn replayed(folder: &Path, more: &[&str]) -> std::process::Output {
    let trace = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/perl-shareable-exact.cht");
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockhand"));
    command.arg("replay").arg(trace).args(["--frames", "64", "-q"]).args(more).current_dir(folder).output().unwrap()
}

#[test]
fn replay_draws_charts_beside_its_timeline() {
    let folder = tempfile::tempdir().unwrap();
    let plain = replayed(folder.path(), &["--timeline", "plain.csv"]);
    let files = ["--chart", "c.svg", "--access-map", "m.PNG", "--timeline", "t.csv"];
    let drawn = replayed(folder.path(), &files);
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    assert_eq!(plain.stdout, drawn.stdout, "what is drawn changes nothing");
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("plain.csv"), read("t.csv"));
    assert!(String::from_utf8(read("c.svg")).unwrap().contains("linux-2.0 over time in 64 frames"));
    assert!(read("m.PNG").starts_with(b"\x89PNG"));
    let wrong = replayed(folder.path(), &["--chart", "c.pdf"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains(".svg or a .png"));
}
