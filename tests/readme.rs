//! Every example of the README is real: each command in a `console` block is run, and what it prints must be what stands
//! there. `UPDATE_README=1 cargo test --test readme` writes it anew. The sample report is what the program makes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder as a reader's checkout would be, without what a build adds.
fn checkout() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["traces", "tests"] {
        std::os::unix::fs::symlink(root().join(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// What a command line of the README prints on stdout.
fn printed(line: &str, folder: &Path) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[0], "clockhand", "only clockhand can be run: {line}");
    let output = Command::new(env!("CARGO_BIN_EXE_clockhand"))
        .args(&words[1..])
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The README with what its commands print now. A block that ends in a line of three dots shows the beginning only.
fn renewed(readme: &str) -> String {
    let folder = checkout();
    let mut renewed = String::new();
    let mut lines = readme.lines().peekable();
    while let Some(line) = lines.next() {
        renewed += &format!("{line}\n");
        if line != "```console" {
            continue;
        }
        while let Some(command) = lines.next_if(|line| line.starts_with("$ ")) {
            let mut shown: Vec<&str> = Vec::new();
            while let Some(line) = lines.next_if(|line| *line != "```" && !line.starts_with("$ ")) {
                shown.push(line);
            }
            let output = printed(&command[2..], folder.path());
            let cut = shown.last() == Some(&"...");
            let kept = if cut { shown.len() - 1 } else { usize::MAX };
            let output: Vec<&str> = output.lines().take(kept).collect();
            renewed += &format!("{command}\n{}\n{}", output.join("\n"), if cut { "...\n" } else { "" });
        }
    }
    renewed
}

#[test]
fn every_example_of_the_readme_is_real() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let renewed = renewed(&readme);
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, &renewed).unwrap();
        return;
    }
    for (number, (expected, line)) in renewed.lines().zip(readme.lines()).enumerate() {
        assert_eq!(line, expected, "README.md, line {}; UPDATE_README=1 writes it anew", number + 1);
    }
    assert_eq!(renewed, readme, "UPDATE_README=1 writes it anew");
    assert!(readme.matches("\n$ clockhand ").count() >= 4, "the examples are gone");
}

/// The command that makes the sample report, as README gives it.
const SAMPLE: &str = "clockhand compare traces/pg-tpcb-exact.cht traces/pg-parallel-fifo8.cht --out reports/sample";

/// The files of the sample that are kept: the page, and the charts that README shows.
fn kept_of_the_sample(readme: &str) -> Vec<String> {
    let shown =
        readme.split("reports/sample/").skip(1).map(|rest| rest.split([')', '`', ' ']).next().unwrap_or_default());
    let mut kept: Vec<String> = shown.filter(|name| name.contains('.')).map(str::to_owned).collect();
    kept.push("report.html".to_owned());
    kept.sort();
    kept.dedup();
    kept
}

#[test]
fn the_sample_report_is_what_the_program_makes() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(SAMPLE.trim_start_matches("clockhand ")), "README does not say how the sample is made");
    let folder = checkout();
    printed(SAMPLE, folder.path());
    let (made, sample) = (folder.path().join("reports/sample"), root().join("reports/sample"));
    let kept = kept_of_the_sample(&readme);
    if std::env::var_os("UPDATE_README").is_some() {
        let _ = fs::remove_dir_all(&sample);
        fs::create_dir_all(&sample).unwrap();
        for name in &kept {
            fs::copy(made.join(name), sample.join(name)).unwrap();
        }
    }
    let mut size = 0;
    for name in &kept {
        let there = fs::read(sample.join(name)).unwrap_or_default();
        size += there.len();
        let same = fs::read(made.join(name)).unwrap() == there;
        assert!(same, "reports/sample/{name} is not what the program makes; UPDATE_README=1 writes it anew");
    }
    assert!(kept.len() > 1, "README shows no chart: {kept:?}");
    assert!(size < 2 << 20, "the sample has {size} bytes");
}
