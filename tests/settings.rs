//! Options from elsewhere than the command line: what comes before what, what is told of mistakes, and that the settings
//! that are printed are settings again.

use std::fs;
use std::path::Path;
use std::process::Command;

const TRACE: &str = "pid,op,segment,page\n1,create,0,4\n1,attach,0,4\n1,R,0,0\n1,W,0,3\n1,R,0,1\n1,R,0,0\n";

/// A folder with a small trace and this matrix file.
fn folder(file: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.csv"), TRACE).unwrap();
    if !file.is_empty() {
        fs::write(folder.path().join("clockhand.toml"), file).unwrap();
    }
    folder
}

/// Runs the program; exit code, stdout and stderr.
fn run(folder: &Path, line: &str, environment: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockhand"));
    command.args(line.split_whitespace()).current_dir(folder).envs(environment.iter().copied());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The line of a key in the settings that are printed.
fn printed(folder: &Path, line: &str, environment: &[(&str, &str)], key: &str) -> String {
    let (code, out, err) = run(folder, &format!("{line} --print-config"), environment);
    assert_eq!(code, 0, "{err}");
    let found = out.lines().find(|line| line.trim_start_matches("# ").split(' ').next() == Some(key));
    found.unwrap_or_else(|| panic!("no {key} in {out}")).to_owned()
}

#[test]
fn the_command_line_comes_before_the_environment_before_the_file_before_the_default() {
    let folder = folder("frames = [3, \"50%\"]\n\n[model]\noom = \"stop\"\n");
    let at = folder.path();
    let variable = [("CLOCKHAND_FRAMES", "2")];
    assert_eq!(printed(at, "compare --no-config", &[], "frames"), "frames = \"auto\"  # default");
    assert_eq!(printed(at, "compare", &[], "frames"), "frames = \"3,50%\"  # clockhand.toml, line 1");
    assert_eq!(printed(at, "compare", &variable, "frames"), "frames = 2  # CLOCKHAND_FRAMES");
    assert_eq!(printed(at, "compare --frames 1", &variable, "frames"), "frames = 1  # command line");
    assert_eq!(printed(at, "compare", &[], "oom"), "oom = \"stop\"  # clockhand.toml, line 4");
    assert_eq!(printed(at, "compare", &[], "swap"), "# swap is not set");
    let rows = |line: &str, environment: &[(&str, &str)]| {
        let (code, out, err) = run(at, &format!("compare small.csv -p lru --print csv {line}"), environment);
        assert_eq!(code, 0, "{err}");
        out.lines().skip(1).map(|row| row.split(',').nth(4).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rows("", &[]), ["2", "3"]);
    assert_eq!(rows("", &[("CLOCKHAND_FRAMES", "1")]), ["1"]);
    assert_eq!(rows("--frames 4", &[("CLOCKHAND_FRAMES", "1")]), ["4"]);
}

#[test]
fn flags_of_the_file_can_be_switched_off() {
    let folder = folder("[reading]\nlenient = true\nimplicit-attach = true\n");
    let at = folder.path();
    fs::write(at.join("late.csv"), "pid,op,segment,page\n1,R,4,2\nnonsense\n1,R,4,0\n").unwrap();
    assert_eq!(run(at, "compare late.csv -p lru -f 2", &[]).0, 0);
    let (code, _, err) = run(at, "compare late.csv -p lru -f 2 --lenient=false", &[]);
    assert!(code == 1 && err.contains("nonsense"), "{err}");
    assert_eq!(run(at, "compare late.csv -p lru -f 2", &[("CLOCKHAND_IMPLICIT_ATTACH", "false")]).0, 1);
    assert_eq!(run(at, "compare late.csv -p lru -f 2 --no-config --lenient --implicit-attach", &[]).0, 0);
}

#[test]
fn settings_that_are_printed_are_settings_again() {
    let file = "traces = [\"small.csv\"]\npolicies = [\"lru\", \"clock:ref-on-load=0\"]\njobs = 1\nout = 'r \"1\"'\n\
                [model]\nkswapd = \"1,2,1refs\"\n[reading]\nlenient = true\n\
                [report]\nbencher = \"b.json\"\njson = [\"x.json\", \"y.json\"]\n[threshold]\nswap_outs = [\"1%\", 5]\nfairness = 0.01\n";
    let folder = folder(file);
    let at = folder.path();
    for line in ["compare", "check", "baseline save", "baseline show"] {
        let settings = |text: &str| -> toml::Table { text.parse().unwrap_or_else(|error| panic!("{error}: {text}")) };
        let (code, first, err) = run(at, &format!("{line} --print-config"), &[]);
        assert_eq!(code, 0, "{err}");
        fs::write(at.join("again.toml"), &first).unwrap();
        let (code, second, err) = run(at, &format!("{line} --print-config --config again.toml"), &[]);
        assert_eq!(code, 0, "{err}");
        assert_eq!(settings(&first), settings(&second), "{line}");
        assert!(!second.contains("# default"), "{line}: {second}");
    }
    let (_, text, _) = run(at, "check --print-config", &[]);
    let settings: toml::Table = text.parse().unwrap();
    assert_eq!(settings["report"]["json"].as_array().unwrap().len(), 2);
    assert_eq!(settings["threshold"]["fairness"].as_str(), Some("0.01"));
}

#[test]
fn paths_are_taken_from_the_folder_of_the_file() {
    let folder = folder("");
    let at = folder.path();
    fs::create_dir(at.join("sub")).unwrap();
    fs::rename(at.join("small.csv"), at.join("sub/small.csv")).unwrap();
    let file =
        "traces = [\"small.csv\"]\nout = \"results\"\npolicies = \"lru\"\nframes = 2\n[report]\nbencher = \"b.json\"\n";
    fs::write(at.join("sub/matrix.toml"), file).unwrap();
    let (code, _, err) = run(at, "compare --config sub/matrix.toml", &[]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("settings from sub/matrix.toml") && err.contains("sub/small.csv"), "{err}");
    assert!(at.join("sub/results/results.csv").exists() && at.join("sub/b.json").exists());
    assert!(!at.join("clockhand.toml").exists() && !at.join("reports").exists());
}

#[test]
fn one_file_serves_compare_baseline_and_check() {
    let file = "traces = [\"small.csv\"]\npolicies = \"lru,clock\"\nframes = [2, 3]\nbaseline = \"kept.csv\"\n\
                [report]\njunit = \"junit.xml\"\nmarkdown = \"summary.md\"\n[threshold]\nall = \"50%\"\n";
    let folder = folder(file);
    let at = folder.path();
    assert_eq!(run(at, "baseline save", &[]).0, 0);
    assert!(fs::read_to_string(at.join("kept.csv")).unwrap().contains("small,clock,ref-on-load=1,bits,3"));
    let (code, out, err) = run(at, "check", &[]);
    assert!(code == 0 && out == "kept.csv: 4 runs: 4 equal\n", "{out}{err}");
    assert!(at.join("junit.xml").exists() && at.join("summary.md").exists());
    fs::remove_file(at.join("junit.xml")).unwrap();
    let (code, _, err) = run(at, "compare", &[]);
    assert_eq!(code, 0, "{err}");
    assert!(!at.join("junit.xml").exists(), "a comparison without a baseline has no such report");
    let (code, _, err) = run(at, "compare --report junit=x.xml", &[]);
    assert!(code == 2 && err.contains("clockhand check"), "{err}");
}

#[test]
fn mistakes_are_told_with_their_line_and_what_may_be_meant() {
    let wrong: [(&str, &[&str]); 14] = [
        ("frames = 3\nframse = 4\n", &["clockhand.toml, line 2", "no key `framse`", "`frames`"]),
        ("[modle]\nswap = 3\n", &["line 1", "no key `modle`", "`model`"]),
        ("[model]\nswop = 3\n", &["line 2", "no key `model.swop`", "`model.swap`"]),
        ("swap = 3\n", &["line 1", "no key `swap`", "`model.swap`"]),
        ("[reading]\nframes = 3\n", &["line 2", "no key `reading.frames`", "`frames`"]),
        ("\n\nframes = \"x\"\n", &["line 3", "'x' is no memory size", "64MiB"]),
        ("[model]\noom = \"go\"\n", &["line 2", "invalid value 'go'", "stop, continue"]),
        ("jobs = 0\n", &["line 1", "0 is not in 1..=65535"]),
        ("[reading]\nlenient = \"yes\"\n", &["line 2", "invalid value 'yes'"]),
        ("frames = 1979-05-27\n", &["line 1", "a text, a number"]),
        ("frames = {a = 1}\n", &["line 1", "a text, a number"]),
        ("report = \"junit=x\"\n", &["line 1", "[report]"]),
        ("[report]\njson = \"a\"\n\njunti = \"x\"\n", &["line 4", "no kind of report `junti`", "junit"]),
        ("frames = \n", &["clockhand.toml, line 1"]),
    ];
    for (file, words) in wrong {
        let folder = folder(file);
        let (code, out, err) = run(folder.path(), "compare small.csv", &[]);
        assert_eq!((code, out.as_str()), (2, ""), "{file}: {err}");
        for word in words {
            assert!(err.contains(word), "{file}: no `{word}` in {err}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing was done");
        assert_eq!(run(folder.path(), "compare small.csv -p lru -f 2 --no-config", &[]).0, 0);
    }
    let folder = folder("");
    let (code, _, err) = run(folder.path(), "compare --config nowhere.toml", &[]);
    assert!(code == 1 && err.contains("nowhere.toml"), "{err}");
    let (code, _, err) = run(folder.path(), "compare", &[("CLOCKHAND_FRAMES", "x")]);
    assert!(code == 2 && err.contains("CLOCKHAND_FRAMES: ") && err.contains("'x' is no memory size"), "{err}");
    let (code, _, err) = run(folder.path(), "compare small.csv -p lru -f 2", &[("CLOCKHAND_FRAME", "3")]);
    assert!(code == 0 && err.contains("CLOCKHAND_FRAME is no setting; is CLOCKHAND_FRAMES meant?"), "{err}");
}

#[test]
fn repeated_options_stand_in_the_environment_as_in_a_search_path() {
    let folder = folder("");
    let reports = std::env::join_paths(["bencher=b.json", "json=j.json"]).unwrap();
    let variables = [("CLOCKHAND_TRACES", "small.csv"), ("CLOCKHAND_REPORT", reports.to_str().unwrap())];
    let (code, _, err) = run(folder.path(), "compare -p lru -f 2", &variables);
    assert_eq!(code, 0, "{err}");
    assert!(folder.path().join("b.json").exists() && folder.path().join("j.json").exists());
}

#[test]
fn other_commands_read_no_matrix_file() {
    let folder = folder("nonsense = 1\n");
    for line in ["policies", "formats", "trace stat small.csv", "replay small.csv -p lru -f 2"] {
        assert_eq!(run(folder.path(), line, &[]).0, 0, "{line}");
    }
}
