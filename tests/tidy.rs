//! What is said of the code is true of it: every policy and format has its row, the README names the files it should, and
//! the rooms don't reach into one another.

use std::fs;
use std::path::{Path, PathBuf};

use clockhand::policy::POLICIES;
use clockhand::trace::FORMATS;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files below a folder with this ending.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

#[test]
fn every_file_with_a_policy_has_a_row_and_every_row_its_file() {
    let with_policy: Vec<String> = files("src/policy", "rs")
        .iter()
        .filter(|path| fs::read_to_string(path).unwrap().contains("const NAME: &'static str ="))
        .map(|path| name(path))
        .collect();
    let mut rows: Vec<String> = POLICIES.iter().map(|entry| entry.file.to_owned()).collect();
    rows.sort();
    assert_eq!(rows, with_policy);
}

#[test]
fn the_readme_lists_every_policy_and_every_format() {
    let readme = read("README.md");
    for entry in POLICIES {
        assert!(readme.contains(&format!("| `{}` |", entry.name)), "README.md has no row for {}", entry.name);
    }
    for format in FORMATS {
        assert!(readme.contains(&format!("`{}`", format.name)), "README.md does not name the format {}", format.name);
    }
}

#[test]
fn a_newcomer_finds_the_clock_on_the_first_screen() {
    let readme = read("README.md");
    let screen: String = readme.lines().take(30).collect::<Vec<_>>().join("\n");
    for path in ["src/policy/linux_2_0.rs", "src/kernel/evict.rs"] {
        assert!(screen.contains(path), "{path} is not on the first screen");
        assert!(root().join(path).exists(), "{path} is gone");
    }
    let clock = read("src/policy/linux_2_0.rs");
    assert!(clock.lines().count() <= 100, "the clock is longer than a page");
    assert!(clock.contains("shm_swap"));
}

#[test]
fn the_rooms_do_not_reach_into_one_another() {
    let forbidden = [
        ("src/kernel", vec!["crate::policy", "crate::replay", "crate::report", "crate::cli", "std::fs"]),
        ("src/policy", vec!["crate::report", "crate::cli", "std::fs", "std::io"]),
        ("src/trace", vec!["crate::kernel", "crate::policy", "crate::replay", "crate::resolve", "crate::report"]),
        ("src/gate", vec!["crate::kernel", "crate::replay", "crate::cli", "std::fs"]),
        ("src/report", vec!["crate::kernel", "crate::replay", "crate::resolve", "crate::cli"]),
    ];
    for (folder, words) in forbidden {
        for path in files(folder, "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for word in &words {
                let reaches = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word));
                assert!(!reaches, "{} reaches into {word}", name(&path));
            }
        }
    }
}

#[test]
fn the_architecture_names_every_room() {
    let text = read("ARCHITECTURE.md");
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap().path();
        let room = entry.file_name().unwrap().to_string_lossy().into_owned();
        assert!(text.contains(&format!("`{room}")), "ARCHITECTURE.md does not name src/{room}");
    }
}

#[test]
fn bundled_traces_are_small_and_described() {
    let readme = read("traces/README.md");
    let mut total = 0;
    for path in files("traces", "cht") {
        let size = fs::metadata(&path).unwrap().len();
        assert!(size <= 4 << 20, "{} has {size} bytes", path.display());
        total += size;
        assert!(readme.contains(&*path.file_stem().unwrap().to_string_lossy()), "{} is not described", path.display());
    }
    assert!(total <= 16 << 20, "{total} bytes of traces");
}

#[test]
fn every_format_is_fuzzed() {
    let manifest = read("fuzz/Cargo.toml");
    for format in FORMATS {
        let target = format.name.replace('-', "_");
        assert!(manifest.contains(&format!("name = \"{target}\"")), "fuzz/Cargo.toml has no target {target}");
        let source = read(&format!("fuzz/fuzz_targets/{target}.rs"));
        assert!(source.contains(&format!("Some(\"{}\")", format.name)), "the target {target} is not of its format");
    }
}

#[test]
fn nothing_is_left_unfinished() {
    let marks = ["todo", "unimplemented", "dbg"].map(|word| format!("{word}!("));
    for folder in ["src", "tests", "benches", "fuzz"] {
        for path in files(folder, "rs") {
            let text = fs::read_to_string(&path).unwrap();
            assert!(marks.iter().all(|mark| !text.contains(mark)), "{}", path.display());
            // A row of a table in the documentation can't be wrapped.
            let lines = text.lines().filter(|line| !line.starts_with("//! |"));
            let longest = lines.map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(longest <= 140, "{} has a line of {longest} characters", path.display());
        }
    }
}
