//! The counts of every policy on every bundled trace are those of `traces/baseline.csv`: no change of ours alters one
//! unnoticed. `clockhand check --baseline traces/baseline.csv --update` writes them anew; say in the changelog why.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use clockhand::gate::Baseline;
use clockhand::policy::registry::PolicySpec;

fn traces() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces")
}

#[test]
fn every_policy_and_every_bundled_trace_is_in_the_baseline() {
    let text = std::fs::read_to_string(traces().join("baseline.csv")).unwrap();
    assert!(text.len() < 200_000, "{} bytes are not small", text.len());
    let baseline = Baseline::parse(&text).unwrap();
    let files = std::fs::read_dir(traces()).unwrap().map(|entry| entry.unwrap().path());
    let bundled = files.filter(|path| path.extension().is_some_and(|ending| ending == "cht"));
    let bundled: BTreeSet<String> =
        bundled.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    let named: BTreeSet<String> = baseline.traces.iter().flat_map(|trace| trace.paths.clone()).collect();
    assert_eq!(named, bundled);
    let policies: BTreeSet<(String, String)> = PolicySpec::all()
        .iter()
        .map(|policy| (policy.entry.name.to_owned(), policy.arguments(0).to_string()))
        .collect();
    for trace in &baseline.traces {
        let rows = baseline.rows.iter().filter(|row| row.trace == trace.name);
        let kept: BTreeSet<(String, String)> =
            rows.clone().map(|row| (row.policy.clone(), row.params.clone())).collect();
        assert_eq!(kept, policies, "{}; `clockhand baseline save` takes in what is new", trace.name);
        assert_eq!(rows.count(), 3 * policies.len(), "{} at three sizes", trace.name);
    }
}

#[test]
fn every_count_is_what_it_was() {
    let check = ["check", "--all", "-q", "--baseline"];
    let output =
        Command::new(env!("CARGO_BIN_EXE_clockhand")).args(check).arg(traces().join("baseline.csv")).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).ends_with(" equal\n"), "{}", text(&output.stdout));
}
