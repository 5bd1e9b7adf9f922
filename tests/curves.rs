//! Whole curves from one pass: each point of them is the result of a replay of its own.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use clockhand::curves::{self, Point};
use clockhand::load::load;
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::Options;
use clockhand::resolve::ResolveOptions;
use clockhand::results::Row;
use clockhand::trace::{ReadOptions, Source, SwapArea};
use common::{Draw, program_of, program_of_script, run};

fn points(program: &Program, policy: &str, options: &Options) -> Result<Vec<Point>, String> {
    let policy: PolicySpec = policy.parse().unwrap();
    let curve = curves::curve(&policy, program, options, &|| true)?;
    Ok(curve.expect("nothing stops it").points().collect())
}

/// What a replay counted, where it counted nothing that a curve does not have.
fn point(row: &Row) -> Point {
    assert_eq!((row.out_of_memory, row.failed_scans, row.wasted_invalidations), (0, 0, 0));
    assert_eq!(row.swap_attempts, row.swap_outs);
    Point {
        frames: row.frames,
        references: row.references,
        minor_faults: row.minor_faults,
        zero_faults: row.zero_faults,
        swap_ins: row.swap_ins,
        swap_outs: row.swap_outs,
        dirty_swap_outs: row.dirty_swap_outs,
        out_of_memory: row.out_of_memory,
    }
}

/// Compares a curve with replays at these sizes, and a little beyond; the minor faults of all.
fn compare(
    program: &Arc<Program>,
    policy: &str,
    options: &Options,
    sizes: impl Iterator<Item = u64>,
    what: &str,
) -> u64 {
    let mut minor_faults = 0;
    let points = points(program, policy, options).unwrap_or_else(|obstacle| panic!("{what}: {obstacle}"));
    assert_eq!(points.len(), program.footprint().max(1) as usize);
    for frames in sizes {
        let replayed = point(&run(program, policy, &Options { frames, ..options.clone() }).row);
        // More frames than pages are as many.
        let point = Point { frames, ..points[(frames as usize - 1).min(points.len() - 1)] };
        assert_eq!(point, replayed, "{policy} in {frames} frames: {what}");
        minor_faults += point.minor_faults;
    }
    minor_faults
}

/// A world of several segments and processes that attach, fork, write, detach and end; with `gone`, segments are removed on
/// the way.
fn world(draw: &mut Draw, gone: bool) -> String {
    let segments = 1 + draw.below(3);
    let mut script = String::from("# F=1 oom=continue\n");
    let mut attached: Vec<Vec<bool>> = vec![vec![true; segments as usize]];
    for segment in 0..segments {
        script += &format!("seg s{segment} {}\nattach 1 s{segment}\n", 2 + draw.below(9));
    }
    let sizes: Vec<u64> = script.lines().filter_map(|line| line.strip_prefix("seg ")?[3..].parse().ok()).collect();
    let mut alive = vec![true; segments as usize];
    let mut ended = vec![false];
    for _ in 0..40 + draw.below(260) {
        let process = draw.below(attached.len() as u64) as usize;
        let segment = draw.below(segments) as usize;
        let number = process + 1;
        match draw.below(60) {
            _ if ended[process] => {}
            0 if attached.len() < 9 => {
                script += &format!("fork {number} {}\n", attached.len() + 1);
                attached.push(attached[process].clone());
                ended.push(false);
            }
            1 if attached[process][segment] => {
                script += &format!("detach {number} s{segment}\n");
                attached[process][segment] = false;
            }
            2 | 3 if alive[segment] && !attached[process][segment] => {
                script += &format!("attach {number} s{segment}\n");
                attached[process][segment] = true;
            }
            4 if attached.len() > 1 && process > 0 => {
                script += &format!("exit {number}\n");
                attached[process] = vec![false; segments as usize];
                ended[process] = true;
            }
            5 if gone && alive[segment] => {
                script += &format!("rm s{segment}\n");
                for (process, attached) in attached.iter_mut().enumerate() {
                    if std::mem::take(&mut attached[segment]) {
                        script += &format!("detach {} s{segment}\n", process + 1);
                    }
                }
                alive[segment] = false;
            }
            _ if attached[process][segment] => {
                let page = draw.below(sizes[segment]).min(draw.below(sizes[segment] + 2));
                let operation = if draw.below(3) == 0 { "w" } else { "r" };
                script += &format!("{operation} {number} s{segment} {page}\n");
            }
            _ => {}
        }
    }
    script
}

#[test]
fn every_point_of_a_curve_is_a_replay() {
    let mut minor_faults = 0;
    for seed in 0..150 {
        let mut draw = Draw(seed);
        let script = world(&mut draw, false);
        let program = program_of_script(&script);
        let options = Options::of_trace(&program.settings);
        for policy in ["lru", "opt"] {
            minor_faults += compare(&program, policy, &options, 1..=u64::from(program.footprint()) + 2, &script);
        }
    }
    assert!(minor_faults > 10_000, "{minor_faults}: they are seldom in these worlds");
}

#[test]
fn frames_of_segments_that_go_are_free_at_every_size() {
    let mut minor_faults = 0;
    for seed in 1000..1150 {
        let script = world(&mut Draw(seed), true);
        let program = program_of_script(&script);
        let options = Options::of_trace(&program.settings);
        for policy in ["lru", "opt"] {
            minor_faults += compare(&program, policy, &options, 1..=u64::from(program.footprint()) + 2, &script);
        }
    }
    assert!(minor_faults > 10_000, "{minor_faults}: they are seldom in these worlds");
}

#[test]
fn longer_strings_give_the_same_curves() {
    for seed in 0..12 {
        let mut draw = Draw(seed);
        let pages = 20 + draw.below(400);
        let program = program_of(&draw.references(6000, pages));
        let footprint = u64::from(program.footprint());
        for policy in ["lru", "opt"] {
            let sizes = (0..12).map(|step| 1 + step * footprint / 12).chain([footprint]);
            compare(&program, policy, &Options::new(1), sizes, &format!("seed {seed}"));
        }
    }
}

#[test]
fn the_built_in_trace_has_the_same_curves() {
    let program = load(&Source::BuiltIn, &ReadOptions::default(), ResolveOptions::default()).unwrap().program;
    let footprint = u64::from(program.footprint());
    for policy in ["lru", "opt"] {
        compare(
            &program,
            policy,
            &Options::of_trace(&program.settings),
            [47, 467, footprint - 1].into_iter(),
            "pg-tpcb",
        );
    }
}

#[test]
fn a_trace_without_references_has_a_curve() {
    let program = program_of(&[]);
    for policy in ["lru", "opt"] {
        compare(&program, policy, &Options::new(1), 1..=2, "nothing");
    }
}

#[test]
fn what_stands_against_a_curve_is_told() {
    let plain = program_of(&[(0, true), (1, false)]);
    let locked = program_of_script("# F=1\nseg a 2\nattach 1 a\nr 1 a 0\nlock a\nr 1 a 1\n");
    let obstacle = |program: &Program, policy, options: &Options| points(program, policy, options).unwrap_err();
    assert!(obstacle(&plain, "clock", &Options::new(1)).contains("other pages in a larger memory"));
    let swap = |slots| Options { swap: Some(vec![SwapArea { slots, priority: None }]), ..Options::new(1) };
    assert!(obstacle(&plain, "lru", &swap(1)).contains("1 slots for 2 pages"));
    assert!(points(&plain, "lru", &swap(2)).is_ok());
    let kswapd = Options { kswapd: Some("8,16".parse().unwrap()), ..Options::new(1) };
    assert!(obstacle(&plain, "opt", &kswapd).contains("swap daemon"));
    for policy in ["lru", "opt"] {
        assert_eq!(obstacle(&locked, policy, &Options::new(1)), "segment a is locked, and its pages stay in memory");
    }
}

/// As much swap as there are pages is enough at every size, in one area or in several.
#[test]
fn just_enough_swap_is_enough() {
    for seed in 0..40 {
        let mut draw = Draw(seed);
        let program = program_of(&draw.references(300, 9));
        let pages = program.footprint();
        let area = |slots, priority| SwapArea { slots, priority };
        let swap =
            if seed % 2 == 0 { vec![area(pages, None)] } else { vec![area(pages - 3, Some(1)), area(3, Some(1))] };
        let options = Options { swap: Some(swap), ..Options::new(1) };
        for policy in ["lru", "opt"] {
            compare(&program, policy, &options, 1..=u64::from(pages), &format!("seed {seed}"));
        }
    }
}

#[test]
fn a_curve_can_be_stopped() {
    let program = program_of(&[(0, true), (1, false)]);
    for policy in curves::policies() {
        let curve = curves::curve(&policy.parse().unwrap(), &program, &Options::new(1), &|| false).unwrap();
        assert!(curve.is_none(), "{policy}");
    }
    let fifo: PolicySpec = "fifo".parse().unwrap();
    let options = Options::new(1);
    assert!(curves::curve_of_replays(&fifo, &program, &options, &|| false, &|| {}).unwrap().is_none());
    // In the middle of the sizes.
    let asked = std::sync::atomic::AtomicU32::new(0);
    let once = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
    assert!(curves::curve_of_replays(&fifo, &program, &options, &once, &|| {}).unwrap().is_none());
}

/// The output of `clockhand` in a folder.
fn clockhand(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clockhand")).args(words).current_dir(folder).output().unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What `compare --frames all` says of a script under these policies, and the curves that it writes.
fn compare_all(folder: &Path, file: &str, script: &str, policies: &str) -> (String, String) {
    fs::write(folder.join(file), script).unwrap();
    let output = clockhand(folder, &["compare", file, "--policies", policies, "--frames", "all"]);
    assert!(output.status.success(), "{}", error(&output));
    (error(&output), fs::read_to_string(folder.join("reports/curves.csv")).unwrap())
}

const SCRIPT: &str = "# oom=continue\nseg a 4\nattach 1 a\nw 1 a 0\nr 1 a 1\nw 1 a 2\nr 1 a 0\nr 1 a 1\nr 1 a 2\n";

#[test]
fn compare_writes_every_size_of_the_policies_that_have_a_curve() {
    let folder = tempfile::tempdir().unwrap();
    let (said, curves) = compare_all(folder.path(), "loop.events", SCRIPT, "clock,lru,opt");
    // A loop over three pages, of which two are written once: LRU loses each at sizes 1 and 2, and each page that was
    // written is dirty the first time only.
    let lines = "trace,policy,params,frames,references,minor_faults,zero_faults,swap_ins,swap_outs,dirty_swap_outs,out_of_memory\n\
        loop,lru,,1,6,0,3,3,5,2,0\n\
        loop,lru,,2,6,0,3,3,4,2,0\n\
        loop,lru,,3,6,0,3,0,0,0,0\n\
        loop,opt,,1,6,0,3,3,5,2,0\n\
        loop,opt,,2,6,0,3,1,2,1,0\n\
        loop,opt,,3,6,0,3,0,0,0,0\n";
    assert_eq!(curves, lines);
    assert!(said.contains("no curve of clock on loop: it may hold other pages"), "{said}");
    assert!(said.contains("curves.csv"), "{said}");
    // The rows of the same sizes are those of results.csv, which has every policy at the sizes of the ladder.
    let results = fs::read_to_string(folder.path().join("reports/results.csv")).unwrap();
    assert_eq!(results.lines().count(), 1 + 3 * 2, "{results}");
    // However many at a time, and when it is made again.
    fs::rename(folder.path().join("reports"), folder.path().join("before")).unwrap();
    let again = ["compare", "loop.events", "--policies", "clock,lru,opt", "--frames", "all", "--jobs", "1", "--resume"];
    assert!(clockhand(folder.path(), &again).status.success());
    for file in ["curves.csv", "results.csv", "results.json"] {
        let [before, after] = ["before", "reports"].map(|part| fs::read(folder.path().join(part).join(file)).unwrap());
        assert_eq!(before, after, "{file}");
    }
}

#[test]
fn where_a_segment_is_locked_every_size_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    // Two pages that stay, and three that go around: with two frames none is left for them.
    let locked = "# oom=continue\nseg a 2\nseg b 3\nattach 1 a\nattach 1 b\nw 1 a 0\nw 1 a 1\nlock a\n\
        w 1 b 0\nr 1 b 1\nr 1 b 2\nr 1 b 0\nr 1 b 1\n";
    let (said, curves) = compare_all(folder.path(), "locked.events", locked, "lru,opt,fifo");
    let each = "no curve of lru, opt on locked in one pass: segment a is locked, and its pages stay in memory; replayed at \
        every one of 5 sizes";
    assert!(said.contains(each), "{said}");
    assert!(said.contains("no curve of fifo on locked: it may hold other pages"), "{said}");
    // One frame: a 0 goes for a 1, which is locked then. Three: of the pages of b, each goes for the next, and b 0 is dirty the
    // first time only.
    let lines = "trace,policy,params,frames,references,minor_faults,zero_faults,swap_ins,swap_outs,dirty_swap_outs,out_of_memory\n\
        locked,lru,,1,7,0,2,0,1,1,5\n\
        locked,lru,,2,7,0,2,0,0,0,5\n\
        locked,lru,,3,7,0,5,2,4,1,0\n\
        locked,lru,,4,7,0,5,2,3,1,0\n\
        locked,lru,,5,7,0,5,0,0,0,0\n\
        locked,opt,,1,7,0,2,0,1,1,5\n\
        locked,opt,,2,7,0,2,0,0,0,5\n\
        locked,opt,,3,7,0,5,2,4,1,0\n\
        locked,opt,,4,7,0,5,1,2,1,0\n\
        locked,opt,,5,7,0,5,0,0,0,0\n";
    assert_eq!(curves, lines);
}

#[test]
fn replays_at_every_size_are_a_curve_too() {
    for seed in 0..20 {
        let program = program_of_script(&world(&mut Draw(seed), true));
        let options = Options::of_trace(&program.settings);
        for policy in curves::policies() {
            let one_pass = points(&program, policy, &options).unwrap();
            let replays = curves::curve_of_replays(&policy.parse().unwrap(), &program, &options, &|| true, &|| {});
            let replays: Vec<Point> = replays.unwrap().unwrap().points().collect();
            assert_eq!(one_pass, replays, "{policy}, seed {seed}");
        }
    }
}

#[test]
fn compare_without_all_writes_no_curve() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("loop.events"), SCRIPT).unwrap();
    let output = clockhand(folder.path(), &["compare", "loop.events", "--policies", "lru"]);
    assert!(output.status.success(), "{}", error(&output));
    assert!(!folder.path().join("reports/curves.csv").exists());
}

#[test]
fn what_can_not_be_made_is_refused_before_anything_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("loop.events"), SCRIPT).unwrap();
    let fails = |words: &[&str], parts: &[&str]| {
        let output = clockhand(folder.path(), words);
        assert_eq!(output.status.code(), Some(2), "{}", error(&output));
        for part in parts {
            assert!(error(&output).contains(part), "no `{part}` in: {}", error(&output));
        }
        assert!(!folder.path().join("reports").exists());
    };
    fails(&["compare", "loop.events", "--policies", "fifo", "--frames", "all"], &["there is no curve to be made"]);
    fails(&["compare", "loop.events", "--frames", "all", "--shard", "1/2"], &["leave out `all`"]);
    fails(&["replay", "loop.events", "--frames", "all"], &["one memory size is wanted"]);
}
