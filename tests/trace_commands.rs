//! `clockhand trace head`, `slice`, `merge` and `gen` as users run them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn clockhand(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clockhand")).args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs the program and asks for success: stdout and stderr.
fn done(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = clockhand(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

/// Runs the program and asks for an exit code and words on stderr.
fn fails(folder: &Path, arguments: &[&str], code: i32, words: &[&str]) {
    let output = clockhand(folder, arguments);
    let error = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(code), String::new()), "{arguments:?}: {error}");
    assert!(words.iter().all(|word| error.contains(word)), "{arguments:?}: {error}");
}

const SMALL: &str = "time,pid,op,segment,page\n1,1,create,0,4\n2,1,attach,0,4\n3,1,R,0,0\n4,1,fork,,12\n5,12,W,0,3\n\
                     6,12,exit,,\n7,1,R,0,1\n";

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

#[test]
fn head_shows_settings_and_records_in_columns_or_rows() {
    let folder = folder_with(&[("a.csv", SMALL), ("b.events", "# F=3 swap=4@1,9 oom=stop\nseg a 1 locked\n")]);
    let (shown, told) = done(folder.path(), &["trace", "head", "a.csv", "-n", "6"]);
    let expected = "page size  4096 bytes\n\
                    times      yes\n\
                    \n\
                    time  process  what    segment      page\n   \
                    1        1  create  s0        4 pages\n   \
                    2        1  attach  s0        4 pages\n   \
                    3        1  R       s0              0\n   \
                    4        1  fork             child 12\n   \
                    5       12  W       s0              3\n   \
                    6       12  exit\n";
    assert_eq!(shown, expected);
    assert_eq!(told, "a.csv: csv\n");
    let (rows, _) = done(folder.path(), &["trace", "head", "a.csv", "-n", "3", "--csv"]);
    assert_eq!(rows, SMALL.lines().take(4).map(|line| format!("{line}\n")).collect::<String>());
    let (shown, _) = done(folder.path(), &["trace", "head", "b.events"]);
    for line in ["times      none", "frames     3", "swap       4 slots at priority 1, 9 slots", "1 page, locked"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let (none, _) = done(folder.path(), &["trace", "head", "a.csv", "-n", "0"]);
    assert_eq!(none, "page size  4096 bytes\ntimes      yes\n\n");
    assert_eq!(done(folder.path(), &["trace", "head"]).0.lines().count(), 24, "the trace that is built in");
    fails(folder.path(), &["trace", "head", "a.csv", "-n", "x"], 2, &["`x` is no number"]);
}

#[test]
fn head_reads_no_more_than_it_shows() {
    // What comes far behind is damaged, and is not read.
    let far = SMALL.to_owned() + &"8,1,R,0,0\n".repeat(100_000) + "damaged\n";
    let folder = folder_with(&[("far.csv", &far)]);
    assert_eq!(done(folder.path(), &["trace", "head", "far.csv"]).0.lines().count(), 24);
    // A stream without an end.
    let mut child = Command::new(env!("CARGO_BIN_EXE_clockhand"))
        .args(["trace", "head", "-", "-n", "1k", "--csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(SMALL.as_bytes()).unwrap();
    while stdin.write_all("9,1,R,0,2\n".repeat(1000).as_bytes()).is_ok() {}
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(text(&output.stdout).lines().count(), 1001);
}

#[test]
fn a_closed_pipe_ends_head_without_an_error() {
    for form in [&["trace", "head", "-n", "1G"][..], &["trace", "head", "-n", "1G", "--csv"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_clockhand"))
            .args(form)
            .arg("-q")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "{form:?}");
    }
}

#[test]
fn slices_replay_and_say_what_they_are() {
    let folder = folder_with(&[("a.csv", SMALL)]);
    let (_, told) = done(folder.path(), &["trace", "slice", "a.csv", "b.csv", "--references", "1.."]);
    assert!(
        told.contains("a.csv: csv, 2 references in 6 records, 2 of them for what was before, written to b.csv"),
        "{told}"
    );
    let expected =
        "time,pid,op,segment,page\n4,1,create,0,4\n4,1,attach,0,4\n4,1,fork,,12\n5,12,W,0,3\n6,12,exit,,\n7,1,R,0,1\n";
    assert_eq!(fs::read_to_string(folder.path().join("b.csv")).unwrap(), expected);
    let log = ["replay", "b.csv", "--frames", "4", "--log", "-"];
    assert_eq!(done(folder.path(), &log).0, "zero\nzero\nsummary zero=2 minor=0 swapin=0 out=0 ptes=0\n");
    let (child, _) =
        done(folder.path(), &["trace", "slice", "a.csv", "-", "--to", "csv", "--process", "12", "--segment", "s0"]);
    assert_eq!(
        child,
        "time,pid,op,segment,page\n4,1,create,0,4\n4,1,attach,0,4\n4,1,fork,,12\n5,12,W,0,3\n6,12,exit,,\n"
    );
    let (two, _) = done(folder.path(), &["trace", "slice", "a.csv", "-", "--to", "csv", "--time", "3..5"]);
    assert_eq!(two, "time,pid,op,segment,page\n3,1,create,0,4\n3,1,attach,0,4\n3,1,R,0,0\n4,1,fork,,12\n");
    fails(folder.path(), &["trace", "slice", "a.csv", "c.csv", "--process", "99"], 1, &["a.csv", "no process 99"]);
    fails(folder.path(), &["trace", "slice", "a.csv", "c.csv", "--time", "9"], 2, &["`9` is no window"]);
    fails(folder.path(), &["trace", "slice", "a.csv", "-"], 2, &["--to"]);
    assert!(!folder.path().join("c.csv").exists(), "nothing half-written is left");
}

#[test]
fn merged_traces_replay_and_say_in_which_order() {
    let other = "time,pid,op,segment,page\n1,2,create,0,4\n3,2,attach,0,4\n5,2,W,0,1\n";
    let timeless = "pid,op,segment,page\n3,create,7,2\n3,attach,7,2\n3,R,7,1\n";
    let folder = folder_with(&[("a.csv", SMALL), ("b.csv", other), ("c.csv", timeless)]);
    let (rows, told) = done(folder.path(), &["trace", "merge", "a.csv", "b.csv", "-", "--to", "csv"]);
    let times: Vec<&str> = rows.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(times, ["1", "2", "3", "3", "4", "5", "5", "6", "7"], "the second creation is left out");
    assert!(told.contains("b.csv: csv, 3 records\n9 records in the order of their times written to -"), "{told}");
    let (_, told) = done(folder.path(), &["trace", "merge", "a.csv", "b.csv", "c.csv", "m.cht", "--quantum", "2"]);
    assert!(told.contains("in turns of 2 references, drawn with seed 0, written to m.cht"), "{told}");
    done(folder.path(), &["replay", "m.cht", "--frames", "4"]);
    let (_, told) = done(folder.path(), &["trace", "merge", "b.csv", "b.csv", "m.cht", "--distinct"]);
    assert!(told.contains("segment s0 of b.csv") && told.contains("process 2 of b.csv"), "{told}");
    fails(folder.path(), &["trace", "merge", "a.csv", "nowhere.csv", "x.csv"], 1, &["nowhere.csv", "No such file"]);
    fails(folder.path(), &["trace", "merge", "-", "-", "x.csv"], 2, &["only once"]);
    fails(folder.path(), &["trace", "merge", "a.csv"], 2, &["<OUT>"]);
    assert!(!folder.path().join("x.csv").exists());
}

#[test]
fn generated_traces_follow_from_what_is_typed() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |more: &[&str]| {
        let all = [&["trace", "gen", "zipf", "-", "--to", "csv", "-r", "2k", "--pages", "100"], more].concat();
        done(folder.path(), &all).0
    };
    assert!(rows(&[]) == rows(&["--seed", "0", "--skew", "1", "--burst", "100"]));
    for changed in
        [["--seed", "1"], ["--skew", "0.9"], ["--burst", "50"], ["--write-fraction", "30%"], ["--processes", "5"]]
    {
        assert!(rows(&[]) != rows(&changed), "{changed:?}");
    }
    let (_, told) =
        done(folder.path(), &["trace", "gen", "loop", "l.cht", "-r", "1k", "--pages", "10", "--segments", "3"]);
    assert_eq!(told, "loop: 1,000 references to 12 pages in 3 segments of 4 processes, written to l.cht\n");
    let csv = done(folder.path(), &["replay", "l.cht", "--frames", "12", "--print", "csv"]).0;
    assert!(csv.contains(",12,1000,"), "{csv}");
    fails(
        folder.path(),
        &["trace", "gen", "loop", "x.cht", "--skew", "1"],
        2,
        &["loop has no --skew", "--write-fraction"],
    );
    fails(folder.path(), &["trace", "gen", "spiral", "x.cht"], 2, &["spiral", "hotspot"]);
    fails(folder.path(), &["trace", "gen", "loop", "x.lis"], 1, &[".cht"]);
    let help = done(folder.path(), &["trace", "gen", "--help"]).0;
    assert!(clockhand::workload::PATTERNS.iter().all(|pattern| help.contains(pattern.summary)), "{help}");
}
