//! `clockhand bench`: what it writes, and when it ends with 3 and with 4. No time is asked for: where the exit code depends on
//! speed, the earlier measurement is made so much faster or slower that no machine is in between.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn trace() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/perl-shareable-exact.cht").display().to_string()
}

fn bench(folder: &Path, more: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockhand"));
    command.args(["bench", &trace()]).args(more.split_whitespace());
    for (option, usual) in [("--policies", "linux-2.0,random,opt"), ("--repeats", "5")] {
        if !more.contains(option) {
            command.args([option, usual]);
        }
    }
    command.current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn measured(folder: &Path, more: &str) -> Value {
    let output = bench(folder, &format!("{more} --json"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn ends(output: &Output, code: i32, words: &[&str]) {
    let all = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{all}");
    for word in words {
        assert!(all.contains(word), "no `{word}` in: {all}");
    }
}

/// Writes a measurement as if it had been so many times as fast.
fn keep(folder: &Path, name: &str, speeds: &Value, times: f64) {
    let mut speeds = speeds.clone();
    let faster = |rate: &mut Value| *rate = json!((rate.as_u64().unwrap() as f64 * times).ceil() as u64);
    for policy in speeds["policies"].as_array_mut().unwrap() {
        for name in ["median", "lower_quartile", "upper_quartile"] {
            faster(&mut policy[name]);
        }
        policy["samples"].as_array_mut().unwrap().iter_mut().for_each(faster);
    }
    fs::write(folder.join(name), speeds.to_string()).unwrap();
}

#[test]
fn it_writes_what_was_measured_and_of_what() {
    let folder = tempfile::tempdir().unwrap();
    let speeds = measured(folder.path(), "");
    assert_eq!((&speeds["schema"], &speeds["frames"], &speeds["counter"]), (&json!(1), &json!(64), &Value::Null));
    assert_eq!(speeds["trace"]["references"], 125_866);
    let policies = speeds["policies"].as_array().unwrap();
    let names: Vec<&str> = policies.iter().map(|policy| policy["policy"].as_str().unwrap()).collect();
    assert_eq!(names, ["linux-2.0", "random", "opt"]);
    for policy in policies {
        let rate = |name: &str| policy[name].as_u64().unwrap();
        let samples: Vec<u64> =
            policy["samples"].as_array().unwrap().iter().map(|rate| rate.as_u64().unwrap()).collect();
        assert_eq!(samples.len(), 5);
        assert!(rate("lower_quartile") <= rate("median") && rate("median") <= rate("upper_quartile"));
        assert!(samples.contains(&rate("median")) && rate("median") > 1000 && rate("replays") > 0, "{policy}");
        assert_eq!(policy["results"].as_str().unwrap().len(), 16);
    }
    let results = |speeds: &Value| -> Vec<String> {
        speeds["policies"].as_array().unwrap().iter().map(|policy| policy["results"].to_string()).collect()
    };
    assert_eq!(results(&measured(folder.path(), "")), results(&speeds), "the same replays");
    let other = results(&measured(folder.path(), "--frames 65"));
    assert!(other.iter().zip(results(&speeds)).all(|(other, one)| *other != one), "another size, other results");
    let seeds = [results(&speeds), results(&measured(folder.path(), "--seed 1"))];
    assert!(seeds[0][0] == seeds[1][0] && seeds[0][1] != seeds[1][1], "the seed matters to random alone: {seeds:?}");
}

#[test]
fn slower_is_told_and_fails_only_when_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let (at, speeds) = (folder.path(), measured(folder.path(), ""));
    keep(at, "same.json", &speeds, 1.0);
    keep(at, "faster.json", &speeds, 1000.0);
    keep(at, "slower.json", &speeds, 0.001);
    ends(&bench(at, "--compare faster.json"), 0, &["ratio", "same", "0.00"]);
    ends(
        &bench(at, "--compare faster.json --fail-above 50"),
        3,
        &["slower by more than 50 %: linux-2.0, random:seed=0, opt"],
    );
    ends(&bench(at, "--compare slower.json --fail-above 0"), 0, &["same"]);
    ends(&bench(at, "--compare same.json --fail-above 99.9"), 0, &["same"]);
    let output = bench(at, "--compare faster.json --json");
    let ratios: Value = serde_json::from_slice(&output.stdout).unwrap();
    let first = &ratios["comparison"]["ratios"][0];
    assert!(first["ratio"].as_f64().unwrap() < 0.1 && first["same_results"] == true, "{first}");
    fs::write(at.join("again.json"), &output.stdout).unwrap();
    ends(
        &bench(at, "--compare again.json --policies opt,lru"),
        0,
        &["not measured before: lru", "not measured now: linux-2.0"],
    );
}

#[test]
fn what_can_not_be_compared_ends_with_4() {
    let folder = tempfile::tempdir().unwrap();
    let (at, speeds) = (folder.path(), measured(folder.path(), ""));
    let keep_with = |change: &dyn Fn(&mut Value)| {
        let mut speeds = speeds.clone();
        change(&mut speeds);
        keep(at, "old.json", &speeds, 1.0);
    };
    keep_with(&|speeds| speeds["policies"][1]["results"] = json!("0123456789abcdef"));
    ends(
        &bench(at, "--compare old.json --fail-above 99"),
        4,
        &["DIFFERENT", "results are not what they were", "random"],
    );
    ends(&bench(at, "--compare old.json"), 0, &["other results than before: random"]);
    keep_with(&|speeds| speeds["trace"]["sha256"] = json!("00"));
    ends(&bench(at, "--compare old.json"), 4, &["the trace (SHA-256): 00 earlier"]);
    keep_with(&|speeds| speeds["policies"][0]["samples"] = json!([5, 5]));
    ends(&bench(at, "--compare old.json --fail-above 5"), 4, &["2 samples of linux-2.0"]);
    keep_with(&|speeds| speeds["machine"]["processor"] = json!("an abacus"));
    ends(&bench(at, "--compare old.json"), 0, &["another machine"]);
    ends(&bench(at, "--compare old.json --frames 65"), 4, &["frames: 64 earlier, 65 now"]);
    ends(&bench(at, "--compare old.json --kswapd 2,4"), 4, &["options: ", "--kswapd"]);
    ends(&bench(at, "--compare old.json --policies lru"), 4, &["no policy is in both"]);
    ends(&bench(at, "--compare old.json --fail-above 5 --repeats 4"), 2, &["at least 5 samples"]);
    ends(&bench(at, "--fail-above 5"), 2, &["--compare"]);
    ends(&bench(at, "--compare old.json --fail-above x"), 2, &["a percentage"]);
    keep_with(&|speeds| speeds["schema"] = json!(9));
    ends(&bench(at, "--compare old.json"), 1, &["old.json", "schema version 9"]);
    fs::write(at.join("old.json"), "{\"runs\": []}").unwrap();
    ends(&bench(at, "--compare old.json"), 1, &["old.json", "not written by `clockhand bench --json`"]);
    ends(&bench(at, "--compare none.json"), 1, &["none.json", "can't be read"]);
}

#[test]
fn instructions_are_counted_where_a_tool_is_and_it_is_said_where_none_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let words = ["bench", &trace(), "--policies", "fifo", "--repeats", "1", "--count-instructions", "--json"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockhand"));
    let output = command.args(words).env("PATH", at).current_dir(at).output().unwrap();
    ends(&output, 0, &["can't be counted here: perf can't be run", "valgrind can't be run", "\"counter\": null"]);
    let output = bench(at, "--policies fifo --count-instructions --json");
    let mut speeds: Value = serde_json::from_slice(&output.stdout).unwrap();
    if speeds["counter"].is_null() {
        ends(&output, 0, &["can't be counted here"]);
        return;
    }
    let count = speeds["policies"][0]["instructions"].as_u64().unwrap();
    assert!(count > 125_866, "{count} instructions for 125866 references");
    speeds["policies"][0]["instructions"] = json!(count / 2);
    keep(at, "old.json", &speeds, 1.0);
    let more = "--policies fifo --count-instructions --compare old.json --fail-above-instructions";
    ends(&bench(at, &format!("{more} 50")), 3, &["more instructions by more than 50 %: fifo", "instr."]);
    ends(&bench(at, &format!("{more} 150")), 0, &["instr."]);
}
