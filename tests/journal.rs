//! The partial file of a comparison, whatever happens to it: cut anywhere, any bit flipped, of another comparison, or
//! written by two at a time.

mod report_trial;

use std::fs;
use std::path::PathBuf;

use clockhand::journal::{FILE_NAME, Head, Journal, JournalError, Kept};
use clockhand::matrix::Matrix;
use clockhand::results::{Results, Run};
use report_trial::Trial;

fn small() -> Results {
    Trial { policies: 2, sizes: vec![10, 100], ..Trial::default() }.results()
}

fn matrix(results: &Results) -> Matrix {
    Matrix {
        version: results.version.clone(),
        arguments: results.arguments.clone(),
        traces: results.traces.clone(),
        runs: results.runs.len() as u64,
        hash: "5eed".to_owned(),
    }
}

fn head(results: &Results) -> Head {
    Head::new(matrix(results), None, results.runs.len())
}

/// A folder with the partial file of these results: all its runs, last first.
fn journal(results: &Results) -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folders").join(FILE_NAME);
    let mut journal = Journal::begin(&path, &head(results)).unwrap();
    for (place, run) in results.runs.iter().enumerate().rev() {
        journal.append(place, run).unwrap();
    }
    drop(journal);
    let bytes = fs::read(&path).unwrap();
    (folder, path, bytes)
}

/// Asks that every run found is one that was kept, in its place.
fn true_runs(kept: &Kept, runs: &[Run], case: &str) {
    for (&place, run) in &kept.runs {
        assert_eq!(run, &runs[place], "{case}");
    }
}

#[test]
fn a_file_that_is_cut_anywhere_goes_on_to_the_same_bytes() {
    let results = small();
    let (_folder, path, bytes) = journal(&results);
    let last = results.runs.len() - 1;
    for cut in 0..bytes.len() {
        fs::write(&path, &bytes[..cut]).unwrap();
        let (mut journal, kept) =
            Journal::resume(&path, &head(&results)).unwrap_or_else(|error| panic!("{cut}: {error}"));
        let lines = bytes[..cut].split(|&byte| byte == b'\n').count() - 1;
        assert_eq!(kept.runs.len(), lines.saturating_sub(1), "{cut}");
        assert!(kept.damaged.is_empty(), "{cut}: {:?}", kept.damaged);
        true_runs(&kept, &results.runs, &format!("cut at {cut}"));
        for place in (0..=last - kept.runs.len()).rev().filter(|_| kept.runs.len() <= last) {
            journal.append(place, &results.runs[place]).unwrap();
        }
        assert!(fs::read(&path).unwrap() == bytes, "cut at {cut}");
    }
}

#[test]
fn no_flipped_bit_gives_another_run() {
    let results = small();
    let (_folder, path, bytes) = journal(&results);
    let first_line = bytes.iter().position(|&byte| byte == b'\n').unwrap();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        fs::write(&path, &damaged).unwrap();
        match Journal::resume(&path, &head(&results)) {
            Ok((_, kept)) => {
                assert!(place > first_line, "a bit of the head, byte {place}");
                true_runs(&kept, &results.runs, &format!("byte {place}"));
                assert!(kept.runs.len() < results.runs.len(), "byte {place}");
                assert!(!kept.damaged.is_empty() || kept.torn > 0, "nothing is told of byte {place}");
            }
            Err(JournalError::Head { .. }) => {
                assert!(place <= first_line, "byte {place}");
                assert!(fs::read(&path).unwrap() == damaged, "it was touched");
            }
            Err(other) => panic!("byte {place}: {other}"),
        }
    }
}

#[test]
fn a_line_of_another_comparison_and_a_line_twice_are_told() {
    let results = small();
    let (_folder, path, bytes) = journal(&results);
    let mut other = results.clone();
    other.arguments.push("--seed".to_owned());
    let (_other_folder, _, foreign) = journal(&other);
    let line = |bytes: &[u8], number: usize| bytes.split_inclusive(|&byte| byte == b'\n').nth(number).unwrap().to_vec();
    fs::write(&path, [bytes.clone(), line(&foreign, 1), line(&bytes, 2)].concat()).unwrap();
    let (_, kept) = Journal::resume(&path, &head(&results)).unwrap();
    assert_eq!(kept.runs.len(), results.runs.len());
    let lines: Vec<u64> = kept.damaged.iter().map(|&(line, _)| line).collect();
    assert_eq!(lines, [6, 7]);
    assert!(kept.damaged[0].1.contains("check") && kept.damaged[1].1.contains("twice"), "{:?}", kept.damaged);
}

#[test]
fn runs_are_never_overwritten_nor_mixed() {
    let results = small();
    let (_folder, path, bytes) = journal(&results);
    let error = Journal::begin(&path, &head(&results)).unwrap_err();
    assert!(matches!(error, JournalError::Unfinished { finished: 4, runs: 4, .. }), "{error}");
    let mut other = results.clone();
    other.arguments = vec!["compare".to_owned(), "--frames".to_owned(), "7".to_owned()];
    other.traces[0].sha256 = "11".repeat(32);
    other.version = "0.0.9".to_owned();
    let shard = Some("2/3".parse().unwrap());
    let cases = [
        (
            head(&other),
            vec!["version: 0.0.9, there 0.1.0", "`compare --frames 7`, there `compare`", "1111, there 0000"],
        ),
        (Head::new(matrix(&results), shard, 2), vec!["shard: 2/3, there the whole"]),
        (Head::new(Matrix { hash: "0".to_owned(), ..matrix(&results) }, None, 4), vec!["hash of all: 0, there 5eed"]),
    ];
    for (head, words) in cases {
        let error = Journal::resume(&path, &head).unwrap_err();
        assert!(matches!(error, JournalError::Other { .. }), "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "no `{word}` in: {error}");
        }
    }
    assert!(fs::read(&path).unwrap() == bytes, "it was touched");
}

#[test]
fn what_is_no_partial_file_stays_and_one_without_runs_is_replaced() {
    let results = small();
    let (_folder, path, bytes) = journal(&results);
    for (text, is_replaced) in
        [("", true), ("{\"che", true), ("{\"check\":\"00", true), ("notes", false), ("notes\n", false)]
    {
        fs::write(&path, text).unwrap();
        let begun = Journal::begin(&path, &head(&results)).map(drop);
        assert_eq!(begun.is_ok(), is_replaced, "{text}: {begun:?}");
        assert_eq!(fs::read_to_string(&path).unwrap() == text, !is_replaced, "{text}");
    }
    let first_line = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    fs::write(&path, &bytes[..first_line]).unwrap();
    Journal::begin(&path, &head(&results)).unwrap();
    assert!(fs::read(&path).unwrap() == bytes[..first_line]);
}

#[test]
fn two_cannot_write_at_a_time() {
    let results = small();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    let first = Journal::begin(&path, &head(&results)).unwrap();
    for second in [Journal::begin(&path, &head(&results)).map(drop), Journal::resume(&path, &head(&results)).map(drop)]
    {
        assert!(matches!(second, Err(JournalError::Busy { .. })), "{second:?}");
    }
    first.remove().unwrap();
    assert!(!path.exists());
    Journal::begin(&path, &head(&results)).unwrap();
}

#[test]
fn a_folder_in_the_way_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    fs::create_dir(&path).unwrap();
    let error = Journal::begin(&path, &head(&small())).unwrap_err().to_string();
    assert!(error.contains(FILE_NAME) && error.contains("folder of this name"), "{error}");
}
