//! The gate as users and their build servers meet it: what `baseline` writes, how `check` ends, and what it says. A baseline
//! that is edited here stands in for a policy that has changed.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::Draw;

/// A folder with two traces of two processes and a baseline of three policies on them.
struct Matrix {
    folder: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Ended {
    #[track_caller]
    fn with(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        let said = format!("{}{}", self.out, self.err);
        for word in words {
            assert!(said.contains(word), "no `{word}` in {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
        self
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Runs the program in a folder.
fn clockhand(folder: &Path, line: &str) -> Ended {
    let words = line.split_whitespace();
    Command::new(env!("CARGO_BIN_EXE_clockhand")).args(words).current_dir(folder).output().unwrap().into()
}

/// A trace of two processes that share two segments, 20 pages of each.
fn trace(seed: u64, references: usize) -> String {
    let mut text = "time,pid,op,segment,page\n".to_owned();
    for segment in 0..2 {
        text += &format!("1,1,create,{segment},40\n1,1,attach,{segment},40\n1,2,attach,{segment},40\n");
    }
    let mut draw = Draw(seed);
    for (time, (page, write)) in draw.references(references, 40).into_iter().enumerate() {
        let (process, operation) = (1 + draw.below(2), if write { 'W' } else { 'R' });
        text += &format!("{},{process},{operation},{},{page}\n", 1_000_000 * time, page % 2);
    }
    text
}

const POLICIES: &str = "linux-2.0,clock,random";

impl Matrix {
    fn new() -> Self {
        let matrix = Self { folder: tempfile::tempdir().unwrap() };
        matrix.write("a.csv", &trace(1, 2000));
        matrix.write("b.csv", &trace(2, 1500));
        matrix.run(&format!("baseline save a.csv b.csv --policies {POLICIES} --frames 8,20")).with(0, &["12 runs"]);
        matrix
    }

    fn run(&self, line: &str) -> Ended {
        clockhand(self.folder.path(), line)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The value of a column in the run of the baseline that begins so.
    fn value(&self, run: &str, column: &str) -> String {
        let text = self.read("baseline.csv");
        let header = text.lines().find(|line| line.starts_with("trace,")).unwrap();
        let place = header.split(',').position(|name| name == column).unwrap();
        let line = text.lines().find(|line| line.starts_with(run)).unwrap();
        line.split(',').nth(place).unwrap().to_owned()
    }

    /// Gives a column of that run another value; what it was.
    fn edit(&self, run: &str, column: &str, change: impl Fn(u64) -> u64) -> (u64, u64) {
        let before: u64 = self.value(run, column).parse().unwrap();
        let text = self.read("baseline.csv");
        let place =
            text.lines().find(|l| l.starts_with("trace,")).unwrap().split(',').position(|n| n == column).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let line = lines.iter_mut().find(|line| line.starts_with(run)).unwrap();
        let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
        fields[place] = change(before).to_string();
        *line = fields.join(",");
        self.write("baseline.csv", &(lines.join("\n") + "\n"));
        (before, change(before))
    }
}

#[test]
fn a_baseline_is_small_sorted_text_and_the_same_whatever_the_jobs() {
    let matrix = Matrix::new();
    let text = matrix.read("baseline.csv");
    let head: Vec<&str> = text.lines().take(5).collect();
    assert_eq!((head[0], head[2]), ("#clockhand-baseline,1", "#option,--seed,0"));
    assert!(head[3].starts_with("#trace,a,path=a.csv,content=") && head[3].contains(",references=2000,"), "{head:?}");
    let rows: Vec<&str> = text.lines().skip(6).collect();
    let starts: Vec<String> = rows.iter().map(|row| row.split(',').take(5).collect::<Vec<_>>().join(",")).collect();
    assert_eq!(starts[0], "a,clock,ref-on-load=1,bits,8");
    assert_eq!(starts[1], "a,clock,ref-on-load=1,bits,20");
    assert_eq!(starts[11], "b,random,seed=0,bits,20");
    let again = "baseline save b.csv a.csv -p random,clock,linux-2.0 -f 20,8 -j 1 -b again.csv";
    matrix.run(again).with(0, &[]);
    assert_eq!(matrix.read("again.csv"), text);
    let shown = matrix.run("baseline show").with(0, &["12 runs", "2000 references to 40 pages"]);
    assert!(shown.out.contains(&matrix.value("b,clock,ref-on-load=1,bits,8", "swap_outs")), "{}", shown.out);
}

#[test]
fn what_is_unchanged_ends_with_0_and_what_is_worse_with_3_and_a_table() {
    let matrix = Matrix::new();
    let same = matrix.run("check").with(0, &["12 runs: 12 equal"]);
    assert_eq!(same.out, "baseline.csv: 12 runs: 12 equal\n");
    let (swap_outs, fewer) = matrix.edit("a,clock,ref-on-load=1,bits,20", "swap_outs", |count| count - 5);
    let (hits, more) = matrix.edit("a,clock,ref-on-load=1,bits,20", "hits", |count| count + 3);
    let worse = matrix.run("check").with(3, &["12 runs: 1 worse, 11 equal", "worse: clock in 1 run"]);
    let line = |metric: &str| worse.out.lines().find(|line| line.contains(metric)).unwrap().to_owned();
    let words = |line: String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (fewer.to_string(), swap_outs.to_string());
    assert_eq!(words(line("swap_outs"))[..6], ["clock", "a", "20", "swap_outs", &before, &after]);
    let (before, after) = (more.to_string(), hits.to_string());
    assert_eq!(words(line("hits"))[..6], ["clock", "a", "20", "hits", &before, &after]);
    assert!(!worse.out.contains("linux-2.0") && worse.err.contains("1 of 12 runs is worse"), "{worse:?}");
    matrix.edit("a,clock,ref-on-load=1,bits,20", "swap_outs", |count| count + 5);
    matrix.edit("a,clock,ref-on-load=1,bits,20", "hits", |count| count - 3);
    matrix.run("check").with(0, &["12 equal"]);
}

#[test]
fn what_is_better_is_told_and_update_keeps_it() {
    let matrix = Matrix::new();
    let original = matrix.read("baseline.csv");
    matrix.edit("b,random", "ptes_invalidated", |count| count + 9);
    matrix.run("check").with(0, &["1 better, 11 equal", "better: random:seed=0 in 1 run", "--update"]);
    matrix.edit("a,linux-2.0", "swap_attempts", |count| count - 1);
    let edited = matrix.read("baseline.csv");
    matrix.run("check").with(3, &["1 worse, 1 better"]);
    assert_eq!(matrix.read("baseline.csv"), edited, "a check changes nothing");
    matrix.run("check --update").with(0, &["swap_attempts", "ptes_invalidated", "2 runs have changed"]);
    assert_eq!(matrix.read("baseline.csv"), original);
    matrix.run("check --update").with(0, &["up to date"]);
}

#[test]
fn limits_say_how_much_worse_a_metric_may_be() {
    let matrix = Matrix::new();
    let (before, after) = {
        let (after, before) = matrix.edit("a,clock,ref-on-load=1,bits,8", "swap_outs", |count| count - 10);
        (before, after)
    };
    let percent = 100.0 * (after - before) as f64 / before as f64;
    let over = format!("{:.3}", percent + 0.01);
    let under = format!("{:.3}", percent - 0.01);
    matrix.run("check --threshold swap_outs=10").with(0, &["1 worse within limits"]);
    matrix.run("check --threshold swap_outs=9").with(3, &["1 worse,"]);
    matrix.run(&format!("check --threshold swap_outs={over}%")).with(0, &["within limits"]);
    matrix.run(&format!("check --threshold swap_outs={under}%")).with(3, &[]);
    matrix.run(&format!("check --threshold swap_outs={under}%,swap_outs=10")).with(0, &[]);
    matrix.run("check --threshold all=10").with(0, &[]);
    matrix.run("check --threshold all=10 --threshold swap_outs=1").with(3, &[]);
    matrix.run("check --threshold hits=10").with(3, &[]);
    matrix.run("check --threshold swaps=1").with(2, &["there is no limit for `swaps`", "swap_outs"]);
}

#[test]
fn another_trace_under_the_same_name_ends_with_4_until_it_is_accepted() {
    let matrix = Matrix::new();
    let original = matrix.read("baseline.csv");
    matrix.write("a.csv", &trace(3, 1900));
    let words =
        ["a is another trace", "1900 references", "had 2000", "6 of 12 runs are not comparable", "--accept-traces"];
    matrix.run("check").with(4, &words);
    matrix.run("check --update").with(4, &["is not updated"]);
    assert_eq!(matrix.read("baseline.csv"), original);
    matrix.run("check --accept-traces").with(2, &["--update"]);
    matrix.run("check --update --accept-traces").with(0, &["accepted: a is another trace"]);
    matrix.run("check").with(0, &["12 equal"]);
    let updated = matrix.read("baseline.csv");
    let of_b = |text: &str| text.lines().filter(|line| line.starts_with("b,")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(of_b(&updated), of_b(&original));
}

#[test]
fn a_trace_in_another_form_is_the_same_trace() {
    let matrix = Matrix::new();
    matrix.run("trace convert a.csv other/a.cht").with(1, &["other"]);
    fs::create_dir(matrix.folder.path().join("other")).unwrap();
    matrix.run("trace convert a.csv other/a.csv.gz").with(0, &[]);
    fs::rename(matrix.folder.path().join("other/a.csv.gz"), matrix.folder.path().join("a.csv")).unwrap();
    matrix.run("check").with(0, &["a is in another file than it was, with the same content", "12 equal"]);
    let (before, _) = (matrix.read("baseline.csv"), matrix.run("check --update").with(0, &["0 runs have changed"]));
    assert_ne!(matrix.read("baseline.csv"), before, "the hash of the file is renewed");
    let rows = |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&matrix.read("baseline.csv")), rows(&before));
}

#[test]
fn what_is_not_of_the_same_runs_ends_with_4_and_says_why() {
    let matrix = Matrix::new();
    let original = matrix.read("baseline.csv");
    let with = |from: &str, to: &str| {
        assert!(original.contains(from), "{from}");
        matrix.write("baseline.csv", &original.replace(from, to));
        let ended = matrix.run("check");
        matrix.write("baseline.csv", &original);
        ended
    };
    with("b,clock,ref-on-load=1", "b,clokc,ref-on-load=1")
        .with(4, &["there is no policy `clokc`", "clokc:ref-on-load=1 on b in 8 frames"]);
    with("b,clock,ref-on-load=1", "b,clock,bits=1").with(4, &["`bits` is not a parameter"]);
    with("b,linux-2.0,prio=6;version=2.0", "b,linux-2.0,prio=6").with(4, &["parameters are `prio=6;version=2.0`"]);
    with("8,1500,", "8,1499,").with(4, &["it has 1500 references, it had 1499"]);
    with("bits,8,1500,", "refs,8,1500,").with(4, &["its sight is `bits`, it was `refs`"]);
    with("#clockhand-baseline,1", "#clockhand-baseline,2").with(4, &["version 2", "reads version 1"]);
    with("#option,--seed,0", "#option,--sead,0").with(4, &["not those of this version"]);
}

#[test]
fn damage_ends_with_1_or_2_and_says_where() {
    let matrix = Matrix::new();
    matrix.run("check -b nowhere.csv").with(1, &["nowhere.csv", "baseline save"]);
    matrix.run("check -b a.csv").with(1, &["a.csv, line 1", "does not begin with"]);
    matrix.run("baseline save a.csv -b a.csv -p lru -f 8").with(2, &["a.csv", "no baseline and is left alone"]);
    matrix.run("baseline save - -p lru -f 8").with(2, &["standard input"]);
    let text = matrix.read("baseline.csv");
    matrix.write("baseline.csv", &text.replace("\nb,clock,ref-on-load=1,bits,8,", "\nb,clock,ref-on-load=1,bits,x,"));
    matrix.run("check").with(1, &["baseline.csv, line 13", "frames", "invalid digit"]);
    matrix.write("baseline.csv", &format!("{text}>>>>>>> main\n"));
    matrix.run("check").with(1, &["baseline.csv, line 19"]);
    matrix.write("baseline.csv", &text);
    fs::remove_file(matrix.folder.path().join("b.csv")).unwrap();
    matrix.run("check").with(1, &["trace b of the baseline", "--trace-dir", "b.csv"]);
}

#[test]
fn results_can_stand_in_for_a_replay() {
    let matrix = Matrix::new();
    let compare = |more: &str| matrix.run(&format!("compare -p {POLICIES} -f 8,20 -q {more}")).with(0, &[]);
    compare("a.csv b.csv --out both");
    matrix.run("check both/results.json").with(0, &["12 equal"]);
    compare("a.csv --out a");
    compare("b.csv --out b");
    matrix.run("check a/results.json b/results.json").with(0, &["12 equal"]);
    matrix.run("check a/results.json").with(4, &["6 not comparable, 6 equal", "it is not in the results"]);
    matrix.run("compare a.csv b.csv -p all -f 8,9,20 -q --out more").with(0, &[]);
    matrix.run("check more/results.json").with(0, &["12 equal", "144 runs of the results are not in the baseline"]);
    compare("a.csv b.csv --out seed --seed 7");
    let words = ["other options", "`--seed 7`", "the baseline with `--seed 0`", "another matrix"];
    matrix.run("check seed/results.json").with(4, &words);
    compare("a.csv b.csv --out swap --swap 30");
    matrix.run("check swap/results.json").with(4, &["`--seed 0 --swap 30`"]);
    matrix.write("other/a.csv", &trace(3, 2000));
    compare("other/a.csv b.csv --out other");
    matrix.run("check other/results.json").with(4, &["a is another trace", "it still has 2000 references"]);
    let results = matrix.read("both/results.json");
    matrix.write("both/results.json", &results.replacen("\"schema\": 1", "\"schema\": 99", 1));
    matrix.run("check both/results.json").with(4, &["schema version 99"]);
    matrix.write("both/results.json", &results[..results.len() / 2]);
    matrix.run("check both/results.json").with(1, &["both/results.json"]);
}

#[test]
fn a_baseline_of_results_is_that_of_the_replay() {
    let matrix = Matrix::new();
    for trace in ["a", "b"] {
        matrix.run(&format!("compare {trace}.csv -p {POLICIES} -f 8,20 -q --out {trace}")).with(0, &[]);
    }
    matrix.run("baseline save --from a/results.json --from b/results.json -b from.csv").with(0, &["12 runs"]);
    assert_eq!(matrix.read("from.csv"), matrix.read("baseline.csv"));
    matrix.run("compare a.csv -p lru -f 8 -q --seed 3 --out seed").with(0, &[]);
    let mixed = "baseline save --from a/results.json --from seed/results.json -b mixed.csv";
    matrix.run(mixed).with(2, &["different options"]);
    assert!(!matrix.folder.path().join("mixed.csv").exists());
}

#[test]
fn traces_are_found_from_the_folder_of_the_baseline() {
    let matrix = Matrix::new();
    matrix.write("traces/c.csv", &trace(5, 500));
    matrix.run("baseline save traces/c.csv -p lru -f 8 -b gate/new/c.baseline").with(0, &[]);
    assert!(matrix.read("gate/new/c.baseline").contains("path=../../traces/c.csv"));
    let elsewhere = tempfile::tempdir().unwrap();
    let baseline = matrix.folder.path().join("gate/new/c.baseline");
    clockhand(elsewhere.path(), &format!("check -b {}", baseline.display())).with(0, &["1 equal"]);
    fs::copy(&baseline, elsewhere.path().join("baseline.csv")).unwrap();
    clockhand(elsewhere.path(), "check").with(1, &["--trace-dir"]);
    let folder = matrix.folder.path().join("traces");
    clockhand(elsewhere.path(), &format!("check --trace-dir {}", folder.display())).with(0, &["1 equal"]);
}

#[test]
fn a_trace_of_several_files_is_found_again() {
    let matrix = Matrix::new();
    fs::create_dir(matrix.folder.path().join("logs")).unwrap();
    for name in ["lk.14909.zst", "lk.14914.zst", "lk.14915.zst", "lk.14916.zst"] {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name);
        fs::copy(sample, matrix.folder.path().join("logs").join(name)).unwrap();
    }
    matrix.run("baseline save logs/lk.*.zst -p lru -f 50% -b logs/kept.csv").with(0, &["1 run;"]);
    let text = matrix.read("logs/kept.csv");
    assert!(text.contains("#trace,lk,path=lk.14909.zst,path=lk.14914.zst,path="), "{text}");
    matrix.run("check -b logs/kept.csv").with(0, &["1 equal"]);
}

#[test]
fn the_trace_that_is_built_in_needs_no_path() {
    let folder = tempfile::tempdir().unwrap();
    clockhand(folder.path(), "baseline save -p fifo -f 50% -b small.csv").with(0, &[]);
    let text = fs::read_to_string(folder.path().join("small.csv")).unwrap();
    assert!(text.contains("#trace,pg-tpcb-exact,content=") && !text.contains("path="), "{text}");
    clockhand(folder.path(), "check -b small.csv").with(0, &["1 equal"]);
}

#[test]
fn options_that_make_a_difference_are_kept_and_used() {
    let matrix = Matrix::new();
    let options = "--swap 60@1,30 --kswapd 4,8,1refs --seed 9 --limits kernel";
    matrix.run(&format!("baseline save a.csv -p random,clock -f 20 -b own.csv {options}")).with(0, &[]);
    let text = matrix.read("own.csv");
    for line in [
        "#option,--seed,9\n",
        "#option,--swap,\"60@1,30\"\n",
        "#option,--kswapd,\"4,8,1refs\"\n",
        "#option,--limits,kernel\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    matrix.run("check -b own.csv").with(0, &["2 equal"]);
    matrix.write("own.csv", &text.replace("\"4,8,1refs\"", "\"9,12,1refs\""));
    matrix.run("check -b own.csv").with(3, &["worse"]);
}

#[test]
fn a_long_list_is_cut_unless_all_is_asked_for() {
    let matrix = Matrix::new();
    matrix.run("baseline save a.csv -p all -f 8,20 -b long.csv").with(0, &[]);
    let text = matrix.read("long.csv");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in lines.iter_mut().filter(|line| line.starts_with("a,")) {
        let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
        let place = fields.len() - 8;
        assert_eq!(text.lines().find(|l| l.starts_with("trace,")).unwrap().split(',').nth(place), Some("swap_outs"));
        fields[place] = "1".into();
        *line = fields.join(",");
    }
    matrix.write("long.csv", &(lines.join("\n") + "\n"));
    let cut = matrix
        .run("check -b long.csv")
        .with(3, &["52 worse", "and 32 changes more; --all shows them", "more policies"]);
    let all = matrix.run("check -b long.csv --all").with(3, &["52 worse"]);
    let shown = |ended: &Ended| ended.out.lines().filter(|line| line.contains(" swap_outs ")).count();
    assert_eq!((shown(&cut), shown(&all)), (20, 52));
}

#[test]
fn speed_is_told_and_fails_only_when_asked() {
    let matrix = Matrix::new();
    let measured = matrix.run("bench a.csv -p random,clock:ref-on-load=0 -f 8 --repeats 5 --json -q").with(0, &[]);
    matrix.write("speed.json", &measured.out);
    let told =
        matrix.run("check --speed speed.json").with(0, &["12 equal", "ratio", "random", "clock:ref-on-load=0", "same"]);
    assert!(!told.out.contains("DIFFERENT"), "{told:?}");
    // As if replays had been a million times as fast once: no machine is in between.
    let mut speeds: serde_json::Value = serde_json::from_str(&measured.out).unwrap();
    for policy in speeds["policies"].as_array_mut().unwrap() {
        let faster = |rate: &mut serde_json::Value| *rate = (rate.as_u64().unwrap() * 1_000_000).into();
        for name in ["median", "lower_quartile", "upper_quartile"] {
            faster(&mut policy[name]);
        }
        policy["samples"].as_array_mut().unwrap().iter_mut().for_each(faster);
    }
    matrix.write("faster.json", &speeds.to_string());
    matrix.run("check --speed faster.json").with(0, &["12 equal"]);
    matrix.run("check --speed faster.json --fail-above 50").with(3, &["12 equal"]);
    matrix.run("check --fail-above 50").with(2, &["--speed"]);
    matrix.run("check --speed faster.json --report json").with(2, &["stdout"]);
    matrix.edit("a,clock,ref-on-load=1,bits,20", "swap_outs", |count| count - 5);
    let worse = matrix.run("check --speed speed.json").with(3, &["1 worse"]);
    assert!(!worse.out.contains("ratio"), "counts come first: {worse:?}");
}
