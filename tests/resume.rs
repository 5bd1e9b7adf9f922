//! Long comparisons lose nothing: killed, interrupted, out of room or cut into shards, they end with the bytes of one that
//! nothing disturbed. With real processes.
#![cfg(unix)]

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

const PARTIAL: &str = "results.partial.jsonl";

fn bundled(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces").join(name).display().to_string()
}

/// A comparison that is neither long nor over at once: 26 policies, 6 memory sizes, two traces.
fn comparison(out: &str) -> Vec<String> {
    let (first, second) = (bundled("php-opcache-fifo16.cht"), bundled("perl-shareable-exact.cht"));
    let words = ["compare", &first, &second, "--frames", "3%,6%,9%,12%,15%,20%", "--out", out];
    words.map(str::to_owned).to_vec()
}

fn command(folder: &Path, words: &[String], more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockhand"));
    command.args(words).args(more).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(folder: &Path, words: &[String], more: &[&str]) -> Output {
    command(folder, words, more).output().unwrap()
}

fn succeeds(folder: &Path, words: &[String], more: &[&str]) -> String {
    let output = run(folder, words, more);
    assert!(output.status.success(), "{more:?}: {}", error(&output));
    error(&output)
}

#[track_caller]
fn fails(output: &Output, code: i32, words: &[&str]) {
    let error = error(output);
    assert_eq!(output.status.code(), Some(code), "{error}");
    for word in words {
        assert!(error.contains(word), "no `{word}` in: {error}");
    }
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn lines(path: &Path) -> usize {
    fs::read(path).map_or(0, |bytes| bytes.split(|&byte| byte == b'\n').count() - 1)
}

/// Waits until the partial file has more lines than these.
fn wait_for(path: &Path, more_than: usize, child: &mut Child) {
    while lines(path) <= more_than {
        assert!(child.try_wait().unwrap().is_none(), "it was over before it could be disturbed");
        sleep(Duration::from_millis(1));
    }
}

/// All files of a folder.
fn files(folder: PathBuf) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut all: Vec<(String, Vec<u8>)> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect();
    all.sort();
    all
}

#[track_caller]
fn same_files(folder: &Path, one: &str, other: &str) {
    let (one, other) = (files(folder.join(one)), files(folder.join(other)));
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
    for ((name, one), (_, other)) in one.iter().zip(&other) {
        assert!(one == other, "{name} differs");
    }
}

#[test]
fn killed_ten_times_it_ends_with_the_bytes_of_one_that_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    succeeds(at, &comparison("whole"), &["-q"]);
    assert_eq!(files(at.join("whole")).len(), 33);
    let partial = at.join("killed").join(PARTIAL);
    let mut before = 0;
    for jobs in ["1", "2"].repeat(5) {
        let mut child = command(at, &comparison("killed"), &["--resume", "--jobs", jobs, "-q"]).spawn().unwrap();
        wait_for(&partial, before + 2, &mut child);
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        before = lines(&partial);
        assert_eq!(files(at.join("killed")).len(), 1, "nothing half-written is left");
    }
    assert!(before < 312, "it had hardly anything left to do");
    let told = succeeds(at, &comparison("killed"), &["--resume", "--jobs", "1"]);
    assert!(told.contains(&format!("going on from {} of 312 runs", before - 1)), "{told}");
    same_files(at, "whole", "killed");
}

#[test]
fn an_interrupted_comparison_is_neither_lost_nor_mixed_with_another() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (small, partial) = (words("compare --policies linux-2.0,lru --out o -q"), at.join("o").join(PARTIAL));
    let mut child = command(at, &small, &["--jobs", "1"]).spawn().unwrap();
    wait_for(&partial, 3, &mut child);
    fails(&run(at, &small, &[]), 1, &["another clockhand is writing to this folder"]);
    fails(&run(at, &small, &["--resume"]), 1, &["another clockhand is writing to this folder"]);
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    fails(&child.wait_with_output().unwrap(), 130, &["of 32 runs are finished", "o/results.partial.jsonl; --resume"]);
    let kept = fs::read(&partial).unwrap();
    fails(&run(at, &small, &[]), 2, &["of 32 runs of an interrupted comparison", "--resume", "--out"]);
    fails(&run(at, &small, &["--resume", "--seed", "1"]), 2, &["arguments: ", "--seed 1", "there ", "--seed 0"]);
    fails(&run(at, &small, &["--resume", "--shard", "1/2"]), 2, &["shard: 1/2, there the whole"]);
    fails(&run(at, &words("merge x --out o"), &[]), 2, &["unfinished comparison"]);
    assert!(fs::read(&partial).unwrap() == kept, "it was touched");
    // A line in the middle that is damaged, and one at the end that is not whole.
    let mut damaged = kept.clone();
    let second = kept.iter().position(|&byte| byte == b'\n').unwrap() + 200;
    damaged[second] ^= 1;
    damaged.extend_from_slice(b"{\"check\":\"0123");
    fs::write(&partial, damaged).unwrap();
    let told = succeeds(at, &words("compare --policies linux-2.0,lru --out o --resume"), &[]);
    assert!(told.contains("line 2: the check is another") && told.contains("14 bytes of a line"), "{told}");
    succeeds(at, &words("compare --policies linux-2.0,lru --out whole --resume -q"), &[]);
    same_files(at, "whole", "o");
}

#[test]
fn a_full_disk_ends_with_1_and_what_is_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let small = "compare --policies clock,fifo --out";
    // The signal that goes with the limit is switched off, so that writing fails as it does on a full disk.
    let limited = format!("trap '' XFSZ; ulimit -f 24; exec \"$0\" {small} o -q");
    let output =
        Command::new("sh").args(["-c", &limited, env!("CARGO_BIN_EXE_clockhand")]).current_dir(at).output().unwrap();
    fails(&output, 1, &["o/results.partial.jsonl: can't be written", "kept, and --resume goes on"]);
    let partial = at.join("o").join(PARTIAL);
    let text = fs::read_to_string(&partial).unwrap();
    assert!(text.ends_with("}\n") && text.lines().count() > 3, "a whole number of lines");
    let told = succeeds(at, &words(&format!("{small} o --resume")), &[]);
    assert!(told.contains(&format!("going on from {} of 32 runs", text.lines().count() - 1)), "{told}");
    succeeds(at, &words(&format!("{small} whole -q")), &[]);
    same_files(at, "whole", "o");
}

#[test]
fn results_that_can_not_be_put_in_their_place_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let small = words("compare --policies clock,fifo --frames 10%,20% --out o -q");
    fs::create_dir_all(at.join("o/results.json")).unwrap();
    let words = ["o/results.json", "a folder of this name", "all runs are kept in o/results.partial.jsonl", "--resume"];
    fails(&run(at, &small, &[]), 1, &words);
    fs::remove_dir(at.join("o/results.json")).unwrap();
    succeeds(at, &small, &["--resume"]);
    let fresh = small.iter().map(|word| if word == "o" { "whole".to_owned() } else { word.clone() });
    succeeds(at, &fresh.collect::<Vec<_>>(), &[]);
    same_files(at, "whole", "o");
}

#[test]
fn shards_merged_are_the_bytes_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let whole = run(at, &comparison("whole"), &["-q"]);
    let shard = |number: usize| [comparison(&format!("part-{number}")), words(&format!("--shard {number}/7"))].concat();
    for number in (1..=7).filter(|&number| number != 4) {
        let output = run(at, &shard(number), &[]);
        assert!(output.status.success() && output.stdout.is_empty(), "{}", error(&output));
        let names: Vec<String> = files(at.join(format!("part-{number}"))).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["results.csv", "results.json"]);
    }
    let mut child = command(at, &shard(4), &["-q"]).spawn().unwrap();
    wait_for(&at.join("part-4").join(PARTIAL), 3, &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    let all = words("merge part-7 part-2 part-3 part-1 part-6/results.json part-5 part-4 --out merged -q");
    fails(&run(at, &all, &[]), 1, &["part-4/results.partial.jsonl: this comparison is not finished"]);
    succeeds(at, &shard(4), &["--resume", "-q"]);
    let merged = run(at, &all, &[]);
    assert!(merged.status.success(), "{}", error(&merged));
    assert!(merged.stdout == whole.stdout, "what is printed differs");
    same_files(at, "whole", "merged");
}

#[test]
fn shards_that_are_no_whole_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let small = "compare --policies clock,fifo --frames 10%,20% -q --out";
    for (out, more) in
        [("a", "--shard 1/2"), ("b", "--shard 2/2"), ("c", "--shard 2/2 --seed 5"), ("d", "--shard 3/3"), ("w", "")]
    {
        succeeds(at, &words(&format!("{small} {out} {more}")), &[]);
    }
    let merge = |text: &str| run(at, &words(&format!("merge {text}")), &[]);
    fails(&merge("b --out x"), 1, &["shards are missing: 1 of 2"]);
    fails(&merge("a b a --out x"), 1, &["both shard 1"]);
    fails(&merge("a c --out x"), 1, &["not of one comparison", "--seed 0", "--seed 5"]);
    fails(&merge("a d --out x"), 1, &["number of shards: 2, there 3"]);
    fails(&merge("a w --out x"), 1, &["w/results.json: these are the results of a whole comparison"]);
    fails(&merge("a nothing --out x"), 1, &["nothing", "can't be read"]);
    fails(&merge("a b --out b"), 2, &["b is a shard", "--out"]);
    fails(
        &run(at, &words(&format!("{small} a --shard 2/2")), &[]),
        2,
        &["a/results.json is shard 1/2", "folder of its own"],
    );
    fails(&run(at, &words(&format!("{small} e --shard 0/2")), &[]), 2, &["K goes from 1 to N"]);
    let json = fs::read_to_string(at.join("b/results.json")).unwrap();
    let places = json[json.find("\"places\"").unwrap()..].split_once(']').unwrap().0.to_owned();
    let first: u64 =
        places.split(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty()).unwrap().parse().unwrap();
    for (other, word) in [((first + 1) % 4, "is not of this shard"), (9, "is not of this shard")] {
        let damaged = json.replacen(&places, &places.replacen(&first.to_string(), &other.to_string(), 1), 1);
        fs::write(at.join("b/results.json"), damaged).unwrap();
        fails(&merge("a b --out x"), 1, &["b/results.json", word]);
    }
    assert!(!at.join("x").exists(), "nothing is written where there is no whole");
    fs::write(at.join("b/results.json"), json).unwrap();
    succeeds(at, &words("merge a b --out x -q"), &[]);
    same_files(at, "w", "x");
}
