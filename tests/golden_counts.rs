//! The counts of every policy on every bundled trace, as they were when they were last looked at: no change of ours alters
//! one unnoticed. `UPDATE_GOLDEN=1 cargo test --test golden_counts` writes them anew; say in the changelog why.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Where the counts are.
fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/counts.csv")
}

#[test]
fn every_policy_has_the_counts_it_had_on_every_bundled_trace() {
    let traces = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("traces");
    let mut paths: Vec<PathBuf> = fs::read_dir(traces).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "cht"));
    paths.sort();
    assert_eq!(paths.len(), 7);
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_clockhand"))
        .arg("compare")
        .args(paths)
        .args(["--frames", "10%,50%", "--print", "csv", "-q", "--out"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counts = String::from_utf8(output.stdout).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(golden(), &counts).unwrap();
    }
    let expected = fs::read_to_string(golden()).unwrap_or_default();
    let mut differ = Vec::new();
    for (line, (expected, found)) in expected.lines().zip(counts.lines()).enumerate() {
        if expected != found {
            differ.push(format!("line {}\n  was {expected}\n  is  {found}", line + 1));
        }
    }
    assert!(differ.is_empty(), "counts have changed; UPDATE_GOLDEN=1 writes them anew:\n{}", differ.join("\n"));
    assert_eq!(counts.lines().count(), expected.lines().count(), "UPDATE_GOLDEN=1 writes them anew");
}
