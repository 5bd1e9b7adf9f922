//! Figures that others have published for traces of theirs. The traces are not part of this repository: the variable
//! `CLOCKHAND_TRACES` names the folder that they are in, and without it nothing is tested here.

mod common;

use std::path::PathBuf;
use std::sync::Arc;

use clockhand::program::Program;
use clockhand::replay::Options;
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::trace::{ReadOptions, Source, read};
use common::run;

/// The folder of the traces, if there is one.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("CLOCKHAND_TRACES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: CLOCKHAND_TRACES does not name the folder of the traces");
    }
    folder
}

/// A trace of this folder, which is told to be of a format.
fn program(folder: &std::path::Path, name: &str, format: &str) -> Arc<Program> {
    let mut resolver = Resolver::new(ResolveOptions::default());
    let source = Source::Path(folder.join(format!("{name}.trace.gz")));
    let summary = read(&source, &ReadOptions::default(), &mut resolver).unwrap();
    assert_eq!((summary.format, summary.skipped), (format, 0), "{name}");
    Arc::new(resolver.finish())
}

/// Faults that need a frame, and dirty swap-outs.
fn costs(program: &Arc<Program>, policy: &str, frames: u64) -> (u64, u64) {
    let row = run(program, policy, &Options::new(frames)).row;
    (row.zero_faults + row.swap_ins, row.dirty_swap_outs)
}

#[test]
fn the_course_traces_cost_what_was_published() {
    let Some(folder) = folder() else { return };
    let table = std::fs::read_to_string(folder.join("published_LewisXu_results.csv")).unwrap();
    let mut compared = 0;
    for name in ["swim", "bzip"] {
        let program = program(&folder, name, "hex-rw");
        assert_eq!(program.references.len(), 1_000_000);
        for line in table.lines().filter(|line| line.starts_with(name)) {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |place: usize| fields[place].parse::<u64>().unwrap();
            assert_eq!(costs(&program, fields[1], number(2)), (number(4), number(5)), "{line}");
            compared += 1;
        }
    }
    assert_eq!(compared, 32);
}

#[test]
fn lru_and_opt_hit_in_the_glimpse_trace_what_was_published() {
    let Some(folder) = folder() else { return };
    let program = program(&folder, "gli", "lirs");
    assert_eq!((program.references.len(), program.footprint()), (6015, 2529));
    let lru = [0.91, 0.95, 1.15, 11.21, 21.25, 36.56, 45.04, 57.41];
    let opt = [17.64, 34.26, 46.10, 53.13, 57.29, 57.96, 57.96, 57.96];
    for (policy, published) in [("lru", lru), ("opt", opt)] {
        for (expected, frames) in published.into_iter().zip((250..).step_by(250)) {
            let (faults, _) = costs(&program, policy, frames);
            let hits = 100.0 * (6015 - faults) as f64 / 6015.0;
            assert!((hits - expected).abs() < 0.005 + 1e-9, "{policy} with {frames} frames: {hits}, not {expected}");
        }
    }
}

#[test]
fn fifo_and_the_clock_miss_in_sprite_what_was_published() {
    let Some(folder) = folder() else { return };
    let program = program(&folder, "sprite", "lirs");
    assert_eq!((program.references.len(), program.footprint()), (133_996, 7075));
    for (policy, published) in [("fifo", [0.5980, 0.1276, 0.0665]), ("clock:ref-on-load=0", [0.5919, 0.0970, 0.0594])] {
        for (expected, frames) in published.into_iter().zip([200, 1000, 3000]) {
            let ratio = costs(&program, policy, frames).0 as f64 / 133_996.0;
            assert!((ratio - expected).abs() <= 0.0001, "{policy} with {frames} frames: {ratio}, not {expected}");
        }
    }
}
