//! The program as users run it: what goes to stdout and stderr, exit codes, damaged input, interruption, and that neither
//! threads nor folders change a result.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Runs the program in a folder.
fn clockhand(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clockhand")).args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs the program and asks for success; what it printed on stdout.
fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = clockhand(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Runs the program and asks for an exit code and words on stderr; nothing may be on stdout.
fn fails(folder: &Path, arguments: &[&str], code: i32, words: &[&str]) {
    let output = clockhand(folder, arguments);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    for word in words {
        assert!(error.contains(word), "{arguments:?}: no `{word}` in: {error}");
    }
    assert!(!error.contains("panicked"), "{arguments:?}: {error}");
}

fn golden(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).display().to_string()
}

fn bundled(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces").join(name).display().to_string()
}

/// The files below a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

const SMALL: &str =
    "time,pid,op,segment,page\n1,1,create,0,4\n2,1,attach,0,4\n3,1,R,0,0\n4,1,W,0,3\n5,1,R,0,1\n6,1,R,0,0\n";

fn folder_with(name: &str, content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn the_log_of_every_recorded_script_is_the_recorded_output() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for name in names(&root).iter().filter(|name| name.ends_with(".events") && !name.starts_with("swap_")) {
        let expected = fs::read_to_string(root.join(name).with_extension("expected")).unwrap();
        assert_eq!(printed(folder.path(), &["replay", &golden(name), "--log", "-"]), expected, "{name}");
    }
    let case = golden("case_23.events");
    printed(folder.path(), &["replay", &case, "--log", "log", "--log-scans"]);
    let expected = fs::read_to_string(golden("case_23.trace")).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("log")).unwrap(), expected);
}

#[test]
fn the_real_trace_gives_what_the_compiled_kernel_code_gave() {
    let folder = tempfile::tempdir().unwrap();
    let want = [(467, [9530, 4673, 7245, 11450], 18897), (2336, [5107, 4673, 2902, 5238], 4196)];
    for (frames, counts, entries) in want {
        let frames = frames.to_string();
        let csv = printed(folder.path(), &["replay", "--swap", "32687", "--frames", &frames, "--print", "csv"]);
        let row: Vec<&str> = csv.lines().nth(1).unwrap().split(',').collect();
        let names: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
        let value = |name: &str| row[names.iter().position(|other| *other == name).unwrap()].parse::<u64>().unwrap();
        assert_eq!(["minor_faults", "zero_faults", "swap_ins", "swap_outs"].map(value), counts);
        assert_eq!(value("ptes_invalidated"), entries);
    }
}

#[test]
fn the_number_of_jobs_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let trace = bundled("perl-shareable-exact.cht");
    for jobs in ["1", "2", "7"] {
        printed(folder.path(), &["compare", &trace, "--jobs", jobs, "--out", jobs, "--kswapd", "4,8", "-q"]);
    }
    let there = names(&folder.path().join("1"));
    for name in ["results.csv", "results.json", "report.html"] {
        assert!(there.iter().any(|there| there == name), "{name} is missing: {there:?}");
    }
    for name in names(&folder.path().join("1")) {
        let read = |jobs: &str| fs::read(folder.path().join(jobs).join(&name)).unwrap();
        assert!(read("1") == read("2") && read("1") == read("7"), "{name}");
    }
}

#[test]
fn a_converted_trace_gives_the_same_results() {
    let (folder, _) = folder_with("small.csv", SMALL);
    for target in ["small.cht", "small2.csv.zst", "small3.events.gz"] {
        printed(folder.path(), &["trace", "convert", "small.csv", target]);
        let of = |name: &str| {
            let csv =
                printed(folder.path(), &["replay", name, "--frames", "2", "--swap", "unlimited", "--print", "csv"]);
            csv.lines().nth(1).unwrap().split_once(',').unwrap().1.to_owned()
        };
        assert_eq!(of("small.csv"), of(target), "{target}");
    }
    assert_eq!(printed(folder.path(), &["trace", "convert", "small.cht", "-", "--to", "csv"]), SMALL);
    let stdin = Command::new(env!("CARGO_BIN_EXE_clockhand"))
        .args(["trace", "stat", "-", "--json"])
        .stdin(fs::File::open(folder.path().join("small2.csv.zst")).unwrap())
        .output()
        .unwrap();
    assert!(text(&stdin.stdout).contains("\"footprint\": 3"), "{}", text(&stdin.stderr));
}

#[test]
fn mistakes_of_usage_end_with_2_and_say_what_is_right() {
    let (folder, _) = folder_with("small.csv", SMALL);
    let at = folder.path();
    fails(at, &["compare", "--policies", "clokc"], 2, &["no policy `clokc`", "linux-2.0"]);
    fails(at, &["compare", "--policies", "clock:ref-on-load=5"], 2, &["from 0 to 1"]);
    fails(at, &["compare", "--policies", "fifo:x=1"], 2, &["has none"]);
    fails(at, &["compare", "--frames", "0"], 2, &["at least 1 frame"]);
    fails(at, &["compare", "--frames", "x"], 2, &["64MiB"]);
    fails(at, &["compare", "--jobs", "0"], 2, &["1.."]);
    fails(at, &["compare", "-", "-"], 2, &["only once"]);
    fails(at, &["replay", "small.csv", "--frames", "1,2"], 2, &["one memory size"]);
    fails(at, &["replay", "small.csv", "--policy", "lru,fifo"], 2, &["one policy"]);
    fails(at, &["replay", "small.csv", "--swap", "4@x"], 2, &["SLOTS@PRIORITY"]);
    fails(at, &["replay", "small.csv", "--kswapd", "9,3"], 2, &["low,high"]);
    fails(at, &["replay", &golden("case_01.events"), "--kswapd", "1,2,10ms"], 2, &["no time column"]);
    fails(at, &["replay", "small.csv", "--log", "-", "--timeline", "-"], 2, &["both"]);
    fails(at, &["trace", "convert", "small.csv", "-"], 2, &["--to"]);
    fails(at, &["frobnicate"], 2, &["frobnicate"]);
    assert_eq!(names(at), ["small.csv"]);
}

#[test]
fn bad_traces_end_with_1_and_say_where_and_what_to_do() {
    let bad: [(&str, &str, &[&str]); 12] = [
        ("past.csv", "1,1,R,0,4\n", &["past.csv, line 4", "page 4 is past the end", "4 pages"]),
        ("unattached.csv", "1,2,R,0,1\n", &["process 2", "not attached", "--implicit-attach"]),
        ("unknown.csv", "1,1,R,7,1\n", &["segment s7 was not created"]),
        ("gone.csv", "1,1,detach,0,4\n1,1,remove,0,4\n1,1,R,0,1\n", &["line 6", "s0 was destroyed"]),
        ("twice.csv", "1,1,create,0,4\n", &["created though it exists"]),
        ("empty.csv", "1,1,create,1,0\n", &["at least one page"]),
        ("detach.csv", "1,3,detach,0,4\n", &["process 3 detaches"]),
        ("child.csv", "1,1,fork,,1\n", &["its own child"]),
        ("forked.csv", "1,2,attach,0,4\n1,1,fork,,2\n", &["though it runs"]),
        ("number.csv", "1,1,R,0,99999999999999999999999\n", &["line 4", "99999999999999999999999"]),
        ("word.csv", "1,1,X,0,1\n", &["line 4", "`1,1,X,0,1`"]),
        ("short.csv", "1,1\n", &["line 4"]),
    ];
    for (name, lines, words) in bad {
        let start = "time,pid,op,segment,page\n1,1,create,0,4\n2,1,attach,0,4\n";
        let (folder, _) = folder_with(name, format!("{start}{lines}"));
        for command in [vec!["replay", name], vec!["compare", name], vec!["trace", "stat", name]] {
            fails(folder.path(), &command, 1, words);
        }
        assert_eq!(names(folder.path()), [name], "nothing half-written is left");
    }
}

#[test]
fn damaged_and_hostile_files_end_with_1() {
    let native = fs::read(bundled("stress-ng-exact.cht")).unwrap();
    let packed = zstd::encode_all(SMALL.as_bytes(), 3).unwrap();
    let junk: Vec<u8> = (0..100_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let files: [(&str, Vec<u8>); 8] = [
        ("empty.csv", Vec::new()),
        ("blank.csv", b"\n\n\n".to_vec()),
        ("header.csv", b"time,pid,op,segment,page\n".to_vec()),
        ("junk", junk),
        ("cut.cht", native[..native.len() / 2].to_vec()),
        ("cut.csv.zst", packed[..packed.len() - 3].to_vec()),
        ("long.csv", [b"time,pid,op,segment,page\n1,1,R,0,".as_slice(), &vec![b'1'; 3 << 20]].concat()),
        ("nul.csv", [b"time,pid,op,segment,page\n".as_slice(), &[0; 5000]].concat()),
    ];
    for (name, content) in files {
        let (folder, _) = folder_with(name, content);
        fails(folder.path(), &["compare", name], 1, &[name]);
        fails(folder.path(), &["trace", "convert", name, "out.csv"], 1, &[name]);
        assert_eq!(names(folder.path()), [name], "nothing half-written is left");
    }
    let folder = tempfile::tempdir().unwrap();
    fails(folder.path(), &["replay", "nowhere.csv"], 1, &["nowhere.csv", "No such file"]);
    fails(folder.path(), &["replay", "."], 1, &["directory"]);
    fails(
        folder.path(),
        &["trace", "convert", &bundled("stress-ng-exact.cht"), "no/such/x.csv"],
        1,
        &["no/such/x.csv"],
    );
    fails(folder.path(), &["trace", "convert", &bundled("stress-ng-exact.cht"), "x.txt"], 1, &[".cht, .csv"]);
    fails(folder.path(), &["replay", "--log", "no/such/log"], 1, &["no/such/log"]);
    fs::write(folder.path().join("file"), "").unwrap();
    fails(folder.path(), &["compare", "--out", "file/x"], 1, &["file/x"]);
}

#[test]
fn a_segment_may_claim_any_size_and_pages_may_have_any_number() {
    let size = u64::MAX;
    let last = u64::MAX - 1;
    let lines = format!(
        "pid,op,segment,page\n1,create,0,{size}\n1,attach,0,0\n1,W,0,0\n1,W,0,{last}\n1,W,0,77\n1,R,0,{last}\n1,create,1,{size}\n"
    );
    let (folder, _) = folder_with("huge.csv", lines);
    let stat = printed(folder.path(), &["trace", "stat", "huge.csv", "--json"]);
    assert!(stat.contains(&size.to_string()) && stat.contains("\"footprint\": 3"), "{stat}");
    let log = printed(folder.path(), &["replay", "huge.csv", "--frames", "2", "--log", "-"]);
    assert!(log.ends_with("summary zero=3 minor=0 swapin=0 out=1 ptes=1\n"), "{log}");
}

#[test]
fn more_sharers_and_segments_than_the_kernel_has_bits_for_work() {
    let mut lines = "pid,op,segment,page\n".to_owned();
    for segment in 0..300 {
        lines += &format!("0,create,{segment},3\n");
    }
    for process in 0..200 {
        for segment in [0, 150, 299] {
            lines += &format!("{process},attach,{segment},3\n{process},R,{segment},1\n");
        }
    }
    let (folder, _) = folder_with("many.csv", lines);
    let csv = printed(folder.path(), &["compare", "many.csv", "--frames", "1,2,3", "--print", "csv", "-q"]);
    let full: Vec<&str> = csv.lines().filter(|line| line.contains(",3,600,")).collect();
    assert!(full.len() >= 7 && full.iter().all(|line| line.contains(",3,600,0,597,3,0,0,0,")), "{csv}");
}

#[test]
fn lenient_skips_and_says_how_many_and_implicit_attach_makes_up_for_a_late_start() {
    let (folder, _) = folder_with("late.csv", "pid,op,segment,page\n1,R,4,2\n2,W,4,9\n2,detach,4,16\n1,R,4,0\n");
    fails(folder.path(), &["replay", "late.csv"], 1, &["line 2", "--implicit-attach"]);
    let output = clockhand(folder.path(), &["replay", "late.csv", "--implicit-attach", "--print", "csv"]);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("began late: 1 segment and 2 attachments"), "{}", text(&output.stderr));
    let (folder, _) = folder_with("some.csv", format!("{SMALL}7,1,R,0,9\nnonsense\n8,1,R,0,2\n"));
    let output = clockhand(folder.path(), &["replay", "some.csv", "--lenient", "--print", "csv"]);
    assert!(text(&output.stderr).contains("2 records were skipped"), "{}", text(&output.stderr));
    assert!(text(&output.stdout).lines().nth(1).unwrap().contains(",2,5,"), "{}", text(&output.stdout));
}

#[test]
fn kernel_limits_hold_for_event_scripts_unless_lifted() {
    let (folder, _) = folder_with("large.events", "seg a 9000\nattach 1 a\nr 1 a 8999\n");
    fails(folder.path(), &["replay", "large.events"], 1, &["8192", "--limits none"]);
    let log = printed(folder.path(), &["replay", "large.events", "--limits", "none", "--log", "-"]);
    assert_eq!(log, "zero\nsummary zero=1 minor=0 swapin=0 out=0 ptes=0\n");
    let (folder, _) = folder_with("large.csv", "pid,op,segment,page\n1,create,0,9000\n1,attach,0,0\n1,R,0,1\n");
    fails(folder.path(), &["replay", "large.csv", "--limits", "kernel"], 1, &["8192"]);
    printed(folder.path(), &["replay", "large.csv"]);
}

#[test]
fn a_timeline_adds_up_to_the_row() {
    let folder = tempfile::tempdir().unwrap();
    let trace = bundled("perl-shareable-exact.cht");
    let timeline = printed(folder.path(), &["replay", &trace, "--frames", "64", "--timeline", "-", "--window", "1000"]);
    let row = printed(folder.path(), &["replay", &trace, "--frames", "64", "--print", "csv"]);
    let column = |text: &str, name: &str| -> Vec<u64> {
        let place = text.lines().next().unwrap().split(',').position(|other| other == name).unwrap();
        text.lines().skip(1).map(|line| line.split(',').nth(place).unwrap().parse().unwrap()).collect()
    };
    for name in ["minor_faults", "zero_faults", "swap_ins", "swap_outs", "ptes_invalidated", "swap_attempts"] {
        assert_eq!(column(&timeline, name).iter().sum::<u64>(), column(&row, name)[0], "{name}");
    }
    let ends = column(&timeline, "references");
    assert_eq!((ends[0], *ends.last().unwrap()), (1000, column(&row, "references")[0]));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_clockhand"))
        .args(["trace", "convert", &bundled("stress-ng-exact.cht"), "-", "--to", "csv", "-q"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[cfg(unix)]
#[test]
fn an_interrupted_comparison_ends_with_130_and_keeps_what_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let frames: Vec<String> = (40..400).map(|frames| frames.to_string()).collect();
    let child = Command::new(env!("CARGO_BIN_EXE_clockhand"))
        .args(["compare", "--frames", &frames.join(","), "--jobs", "1"])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let partial = folder.path().join("reports/results.partial.jsonl");
    while fs::read_to_string(&partial).unwrap_or_default().lines().count() < 4 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("kept in reports/results.partial.jsonl"), "{}", text(&output.stderr));
    let kept = fs::read_to_string(&partial).unwrap();
    let lines: Vec<serde_json::Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() >= 4 && lines.len() < 361);
    assert!(lines[1..].iter().all(|line| line["run"]["swap_outs"].is_u64()), "{kept}");
    assert_eq!(names(&folder.path().join("reports")), ["results.partial.jsonl"]);
}

#[test]
fn help_policies_formats_and_the_rest_print_something_useful() {
    let folder = tempfile::tempdir().unwrap();
    let policies = printed(folder.path(), &["policies", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&policies).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), clockhand::policy::POLICIES.len());
    assert!(printed(folder.path(), &["policies"]).contains("src/policy/linux_2_0.rs"));
    assert!(printed(folder.path(), &["formats"]).contains("csv"));
    assert!(printed(folder.path(), &["completions", "bash"]).contains("clockhand"));
    assert!(printed(folder.path(), &["man"]).contains("clockhand"));
    assert!(printed(folder.path(), &["--help"]).contains("compare"));
    assert!(printed(folder.path(), &["--version"]).starts_with("clockhand "));
}
