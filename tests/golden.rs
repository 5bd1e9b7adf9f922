//! The model against the recorded runs of the real kernel code in `tests/golden/`: every line of output, and where it was
//! recorded every call of `shm_swap`, its budget, its hands and its slots.

mod common;

use std::path::{Path, PathBuf};

use clockhand::load::load;
use clockhand::observers::event_log::EventLog;
use clockhand::policy::registry::PolicySpec;
use clockhand::replay::Options;
use clockhand::resolve::ResolveOptions;
use clockhand::trace::{ReadOptions, Source};
use common::Shared;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The recorded scripts with this ending of their other file.
fn cases(ending: &str) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == "events"))
        .filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with("swap_"))
        .filter(|path| path.with_extension(ending).exists())
        .collect();
    cases.sort();
    cases
}

/// What the model logs for a script, replayed in steps of so many references.
fn log_of(script: &Path, scans: bool, step: u64) -> String {
    let source = Source::Path(script.to_owned());
    let loaded = load(&source, &ReadOptions::default(), ResolveOptions::default()).unwrap();
    let options = Options::of_trace(&loaded.program.settings);
    let policy: PolicySpec = "linux-2.0".parse().unwrap();
    let mut replay = policy.start(&loaded.program, &options).unwrap();
    let log = Shared::default();
    let make = if scans { EventLog::with_scans } else { EventLog::new };
    replay.observe(Box::new(make(&loaded.program, Box::new(log.clone()))));
    let mut until = 0;
    while replay.run_to(until) {
        replay.kernel().verify();
        until += step;
    }
    replay.kernel().verify();
    replay.finish().unwrap();
    log.text()
}

#[test]
fn every_recorded_run_is_reproduced_line_by_line() {
    let cases = cases("expected");
    assert_eq!(cases.len(), 47);
    for case in cases {
        let expected = std::fs::read_to_string(case.with_extension("expected")).unwrap();
        for step in [1, 7, 1 << 20] {
            assert_eq!(log_of(&case, false, step), expected, "{} in steps of {step}", case.display());
        }
    }
}

#[test]
fn every_recorded_scan_is_reproduced_with_its_budget_its_hands_and_its_slots() {
    let cases = cases("trace");
    assert_eq!(cases.len(), 36);
    for case in cases {
        let expected = std::fs::read_to_string(case.with_extension("trace")).unwrap();
        assert_eq!(log_of(&case, true, 1 << 20), expected, "{}", case.display());
    }
}
