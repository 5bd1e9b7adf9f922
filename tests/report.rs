//! What reports make of results: files, tables and charts.

mod report_charts;
mod report_trial;

use std::fs;
use std::path::Path;

use clockhand::report::{self, Format, REFERENCE, ReportError, Style, block, chart, csv, json, summary, table};
use clockhand::results::{Results, Row};
use proptest::prelude::*;
use report_trial::Trial;

/// The columns promised to those who read `results.csv`.
const COLUMNS: &str = "trace,policy,params,sight,frames,references,hits,minor_faults,zero_faults,swap_ins,swap_outs,\
                       dirty_swap_outs,ptes_invalidated,wasted_invalidations,swap_attempts,failed_scans,out_of_memory,\
                       fairness";

fn rows(results: &Results) -> Vec<&Row> {
    results.runs.iter().map(|run| &run.row).collect()
}

fn printed(results: &Results, format: Format, style: Style) -> String {
    let mut out = Vec::new();
    report::print(results, format, style, &mut out).expect("memory can be written to");
    String::from_utf8(out).expect("it is text")
}

/// A table of two sizes small enough to be read in a test.
fn small() -> Trial {
    Trial { trace: "pair".into(), policies: 7, sizes: vec![1000, 5000], out_of_memory: 501, ..Trial::default() }
}

// Files.

#[test]
fn csv_has_the_promised_columns_even_without_rows() {
    let mut out = Vec::new();
    csv::write([], &mut out).expect("memory can be written to");
    assert_eq!(String::from_utf8(out).expect("text"), format!("{COLUMNS}\n"));
}

#[test]
fn csv_and_back() {
    let mut results = small().results();
    results.runs[0].row.trace = "a \"name\", with\nall".into();
    results.runs[0].row.fairness = Some(0.5);
    results.runs[1].row.fairness = None;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.csv");
    report::write_whole(&path, |out| csv::write(rows(&results), out)).expect("it is written");
    let text = fs::read_to_string(&path).expect("it is there");
    assert!(text.contains(",0.5000\n"), "four decimals: {text}");
    assert!(text.contains(",0,\n"), "empty where nothing was swapped out: {text}");
    let read = csv::read(&path).expect("it is read");
    assert_eq!(read.len(), results.runs.len());
    for (read, row) in read.iter().zip(rows(&results)) {
        let rounded = row.fairness.map(|fairness| (fairness * 1e4).round() / 1e4);
        assert_eq!(read, &Row { fairness: rounded, ..row.clone() });
    }
}

#[test]
fn a_csv_of_something_else_is_refused_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.csv");
    let lines = format!("{COLUMNS}\nt,p,,bits,x,1,1,1,1,1,1,1,1,1,1,1,1,\n");
    for (text, wanted) in [("a,b\n1,2\n", "missing field"), (lines.as_str(), "line: 2")] {
        fs::write(&path, text).expect("it is written");
        let message = csv::read(&path).expect_err("it is no results.csv").to_string();
        assert!(message.contains("rows.csv") && message.contains(wanted), "{message}");
    }
    let message = csv::read(&folder.path().join("none.csv")).expect_err("there is none").to_string();
    assert!(message.contains("none.csv"), "{message}");
}

#[test]
fn json_and_back() {
    let results = Trial { policies: 3, ..Trial::default() }.results();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("results.json");
    report::write_whole(&path, |out| json::write(&results, out)).expect("it is written");
    let text = fs::read_to_string(&path).expect("it is there");
    assert!(text.starts_with("{\n  \"schema\": 1,\n  \"version\"") && text.ends_with("}\n"), "{}", &text[..80]);
    assert_eq!(json::read(&path).expect("it is read"), results, "every bit of every number");
    let lines = text.lines().map(str::trim).filter(|line| line.trim_end_matches(',').parse::<f64>().is_ok());
    assert_eq!(lines.count(), 0, "an array of numbers takes one line");
    assert!(text.contains("\"curve\": [2, 2, 4, 7, 7, 9, 11, "), "{text}");
    assert!(text.contains("  \"arguments\": [\n    \"compare\"\n  ],\n"), "other arrays take more");
}

#[test]
fn json_of_shards_and_of_nothing_is_read_back() {
    let mut results = Trial { policies: 1, ..Trial::default() }.results();
    results.traces[0].fidelity = vec!["a".to_owned(), "b".to_owned()];
    results.runs[0].segments.clear();
    for places in [vec![], vec![7], vec![0, 1, u64::MAX]] {
        let matrix = "00".to_owned();
        results.shard = Some(clockhand::results::ShardFacts { number: 1, of: 2, matrix, runs: 3, places });
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("results.json");
        report::write_whole(&path, |out| json::write(&results, out)).expect("it is written");
        assert_eq!(json::read(&path).expect("it is read"), results);
    }
}

#[test]
fn json_of_another_version_is_refused_as_such() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("results.json");
    fs::write(&path, "{\"schema\": 7, \"runs\": 5}").expect("it is written");
    let error = json::read(&path).expect_err("another version");
    assert!(matches!(error, ReportError::Schema { found: 7, .. }));
    assert!(error.to_string().contains("schema version 7") && error.to_string().contains("version 1"), "{error}");
    for text in ["", "{", "[]", "{\"schema\": 1}", "\u{0}"] {
        fs::write(&path, text).expect("it is written");
        let message = json::read(&path).expect_err(text).to_string();
        assert!(message.contains("no results.json of clockhand"), "{message}");
    }
}

#[test]
fn all_files_are_written_where_nothing_was() {
    let mut results = small().results();
    Trial { trace: "pair".into(), footprint: 999, ..small() }.add_to(&mut results);
    Trial { trace: "../a/b".into(), policies: 1, ..small() }.add_to(&mut results);
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("missing").join("too");
    let mut told = Vec::new();
    let paths = report::write_all(&results, &out, |path| told.push(path.to_owned())).expect("it is written");
    let names: Vec<_> =
        paths.iter().map(|path| path.strip_prefix(&out).expect("inside").to_str().expect("text")).collect();
    let charts = |trace: &str, endings: &[&str]| -> Vec<String> {
        endings.iter().flat_map(|ending| ["svg", "png"].map(|form| format!("{trace}-{ending}.{form}"))).collect()
    };
    let all = ["swap-outs", "faults", "relative", "victim-cost", "fairness", "percentiles"];
    let alone = ["swap-outs", "faults", "victim-cost", "fairness", "percentiles"];
    let wanted = [
        vec!["results.csv".to_owned(), "results.json".to_owned()],
        charts("pair", &all),
        charts("pair-2", &all[..2]),
        charts("_a_b", &alone),
        vec!["report.html".to_owned()],
    ];
    assert_eq!(names, wanted.concat());
    assert_eq!(told, paths);
    assert_eq!(fs::read_dir(&out).expect("it is there").count(), paths.len(), "and nothing else");
    // The page is of all traces.
    let bytes =
        || paths[18..paths.len() - 1].iter().map(|path| fs::read(path).expect("it is there")).collect::<Vec<_>>();
    let first = bytes();
    results.runs.retain(|run| run.row.trace == "../a/b");
    report::write_all(&results, &out, |_| ()).expect("it is written again");
    assert!(first == bytes(), "the same runs give the same bytes");
    let second = fs::read_to_string(out.join("pair-2-faults.svg")).expect("text");
    assert!(second.contains("999 pages"), "the second trace's own facts");
}

#[test]
fn a_folder_that_is_a_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("taken");
    fs::write(&out, "").expect("it is written");
    let message = report::write_all(&small().results(), &out, |_| ()).expect_err("a file is there").to_string();
    assert!(message.contains("taken") && message.contains("choose another place"), "{message}");
}

#[test]
fn traces_of_one_name_are_told_apart_by_their_length() {
    let mut results = small().results();
    Trial { sizes: vec![7000], references: 999, ..small() }.add_to(&mut results);
    let blocks = block::blocks(&results);
    let sizes: Vec<_> = blocks.iter().map(|block| block.sizes.clone()).collect();
    assert_eq!(sizes, [vec![1000, 5000], vec![7000]]);
    assert_eq!(blocks[1].facts.map(|facts| facts.references), Some(999));
}

// Tables.

#[test]
fn the_table_of_a_comparison() {
    insta::assert_snapshot!(printed(&small().results(), Format::Table, Style::PLAIN), @r#"
    pair: 12000000 references to 24576 pages (96 MiB), 3 segments, 12 processes

      How much memory for fewer than 1 swap-out per 1,000 references?
        More than was replayed. In 5,000 frames, the largest size replayed,
        linux-2.0 still has 2.01 per 1,000.

      Which policy that a kernel could run is best in 5,000 frames?
        fair-clock: 18 % fewer swap-outs than linux-2.0. 19,748 swap-outs against
        24,083 of linux-2.0, the fewest of 4 policies that a kernel could run. That
        closes 33.4 % of the distance from linux-2.0 to opt, which knows the future
        and needs 11,085 (54 % fewer).

      Which segment suffers most under fair-clock?
        None: all bear the same. In swap-outs for each page it has in memory: 6,584
        of 1,613 pages on average. Under linux-2.0: s1, 1.00 times, to s0, 1.00
        times.

      How much of its work is wasted in 5,000 frames?
        16.7 % of page-table entries taken; 16.7 % with linux-2.0. They were taken
        from pages that stayed in memory all the same. fair-clock: 9,874 of 59,244
        entries taken away; pages examined for a swap-out: 9.00. linux-2.0: 12,041
        of 72,249 entries taken away; pages examined for a swap-out: 9.00.

      frames            1000            5000
      % of footprint     4.1      % #   20.3      % #
      opt ^           179242  -51.9    11085  -54.0
      fair-clock      348127*  -6.6 1  19748* -18.0 1
      linux-2.0       372685    ref 2  24083    ref 2
      arc ~           386281   +3.6 3  26201   +8.8 3
      sweep           446400  +19.8 4  30360  +26.1 6
      lru ~           471955  +26.6 5  26831  +11.4 4
      clock           441322!          27555  +14.4 5

      Swap-outs: pages written to swap.
      Policies are in the order of the first size of each group.
      %: against linux-2.0, the reference (ref)
      #: rank by swap-outs; those with as many share it
      * the fewest a kernel could have at that size
      ! out of memory: no frame could be had and references were given up; not comparable
      ~ only a simulator can run it, told of every reference
      ^ a bound, not a policy, knowing the references to come
      no mark: a kernel could run it, seeing accessed bits only
    "#);
}

#[test]
fn the_table_as_markdown() {
    insta::assert_snapshot!(printed(&small().results(), Format::Markdown, Style::PLAIN), @r#"
    ### pair

    Swap-outs: 12000000 references to 24576 pages (96 MiB), 3 segments, 12 processes

    | policy, in … frames | run by | 1000 (4.1 %) | 5000 (20.3 %) |
    |:---|:---|---:|---:|
    | opt | bound | 179242 (-51.9 %) | 11085 (-54.0 %) |
    | fair-clock | kernel | 348127\* (-6.6 %) | 19748\* (-18.0 %) |
    | linux-2.0 | kernel | 372685 | 24083 |
    | arc | sim only | 386281 (+3.6 %) | 26201 (+8.8 %) |
    | sweep | kernel | 446400 (+19.8 %) | 30360 (+26.1 %) |
    | lru | sim only | 471955 (+26.6 %) | 26831 (+11.4 %) |
    | clock | kernel | 441322! | 27555 (+14.4 %) |

    - Swap-outs: pages written to swap; policies in the order of the first size.
    - In parentheses: against linux-2.0, the reference.
    - \* the fewest a kernel could have at that size
    - ! out of memory: no frame could be had and references were given up; not comparable
    - kernel: a kernel could run it, seeing accessed bits only
    - sim only: only a simulator can run it, told of every reference
    - bound: a bound, not a policy, knowing the references to come
    "#);
}

#[test]
fn the_summary_of_a_run() {
    let results = small().results();
    let mut out = Vec::new();
    let style = Style { thousands: true, ..Style::PLAIN };
    summary::write(&results.runs[0], results.traces.first(), style, &mut out).expect("memory can be written to");
    insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r#"
    pair with linux-2.0 in 1,000 frames (3.9 MiB, 4.1 % of the footprint)

      references            12,000,000  references replayed
      hits                  11,549,499  to a page the process had in its page table
      minor_faults              53,240  to a page in memory, but not in the process's table
      zero_faults               24,576  first touches: a zeroed frame
      swap_ins                 372,685  pages brought back from swap
      swap_outs                372,685  pages written to swap
      dirty_swap_outs          124,228  of those, written to since they last came in
      ptes_invalidated       1,118,055  page-table entries taken away
      wasted_invalidations     186,342  of those, from a page that stayed in memory
      swap_attempts          3,354,165  pages examined in search of a victim
      failed_scans                   0  searches that found none
      out_of_memory                  0  references given up for want of a frame
      fairness                  0.5925  between segments: 1 is even, 1/segments the least

                                           count    mean  min    p50     p90     p99   p99.9      max
      pages examined for a swap-out      372,685     9.1    1      7      21      63     140      217
      entries taken for a swap-out       372,685     2.6    1      2       6      18      40       62
      references until the page is back  372,685  5617.3    1  4,321  12,963  38,889  86,420  133,951

                                 minor    zero    swap-    swap-  of those      mean
      segment   pages  touched  faults  faults      ins     outs     dirty  resident
      s0       24,576    8,192  17,748   8,192  124,229  124,229    41,410       323
      s1       24,576    8,192  17,746   8,192  124,228  124,228    41,409       323
      s2       24,576    8,192  17,746   8,192  124,228  124,228    41,409       323
    "#);
}

#[test]
fn without_runs_there_is_a_sentence() {
    let results = Results { runs: Vec::new(), ..small().results() };
    assert_eq!(printed(&results, Format::Table, Style::PLAIN), "No runs: nothing to compare.\n");
    assert_eq!(printed(&results, Format::Csv, Style::PLAIN), format!("{COLUMNS}\n"));
}

#[test]
fn colours_change_nothing_but_colours() {
    let results = small().results();
    let coloured = printed(&results, Format::Table, Style { colour: true, ..Style::PLAIN });
    let mut plain = String::new();
    for (index, part) in coloured.split('\x1b').enumerate() {
        plain.push_str(if index == 0 { part } else { part.split_once('m').map_or("", |(_, rest)| rest) });
    }
    assert!(coloured.contains("\x1b[32m") && coloured.contains("\x1b[31m"));
    assert_eq!(plain, printed(&results, Format::Table, Style::PLAIN));
}

proptest! {
    #[test]
    fn tables_fit_and_show_every_count(policies in 1..=24_usize, seed: u64, width in 60..200_usize, thousands: bool) {
        let results = Trial { seed, policies, ..Trial::default() }.results();
        let style = Style { thousands, width, ..Style::PLAIN };
        let text = printed(&results, Format::Table, style);
        let grid: Vec<&str> = text.lines().skip(1).take_while(|line| !line.contains("pages written")).collect();
        let widest = grid.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        prop_assert!(widest <= width, "{widest} of {width}: {text}");
        prop_assert!(text.lines().all(|line| line.trim_end() == line));
        let words = grid.iter().flat_map(|line| line.split_whitespace());
        let words: Vec<String> = words.map(|word| word.replace([',', '*', '!'], "")).collect();
        let still = text.lines().filter(|line| line.contains("swaps anything out")).count();
        for row in rows(&results) {
            let shown = words.contains(&row.swap_outs.to_string()) || (row.swap_outs == 0 && still == 1);
            prop_assert!(shown, "{} of {}", row.swap_outs, row.policy);
        }
    }

    #[test]
    fn only_what_a_kernel_could_run_is_best(policies in 1..=24_usize, seed: u64, out_of_memory in 0..9_u64) {
        let results = Trial { seed, policies, out_of_memory, ..Trial::default() }.results();
        let text = printed(&results, Format::Markdown, Style::PLAIN);
        let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let table: Vec<_> = text.lines().filter(|line| line.starts_with('|')).map(cells).collect();
        prop_assert_eq!(table.len(), policies + 2);
        for (place, head) in table[0].iter().enumerate().skip(2) {
            let frames = head.split(' ').next().expect("a size");
            let of_size: Vec<&Row> = rows(&results).into_iter().filter(|row| row.frames.to_string() == frames).collect();
            let fair = |row: &Row| row.sight == "bits" && row.out_of_memory == 0;
            let best = of_size.iter().filter(|row| fair(row)).map(|row| row.swap_outs).min();
            for line in &table[2..] {
                let label = |row: &Row| clockhand::policy::registry::label(&row.policy, &row.params);
                let row = of_size.iter().find(|row| label(row) == line[0]).expect("its run");
                let count = line[place].split(' ').next().expect("a count");
                prop_assert_eq!(count.ends_with('*'), fair(row) && Some(row.swap_outs) == best, "{:?}", row);
                prop_assert_eq!(count.ends_with('!'), row.out_of_memory > 0);
                prop_assert!(count.starts_with(&row.swap_outs.to_string()));
            }
        }
    }
}

// Charts of anything; tests of their content are in `report_charts`.

/// Rows as no replay would put them out, but an edited file might.
fn anything() -> impl Strategy<Value = Results> {
    let row =
        ("[a-c\u{0}<&é漢]{0,9}", "[p-z]{0,60}", 0..4_usize, any::<u64>(), any::<u64>(), any::<u64>(), any::<bool>());
    (prop::collection::vec(row, 0..60), any::<u64>(), any::<bool>()).prop_map(|(rows, footprint, facts)| {
        let mut results =
            Trial { trace: "a".into(), footprint: footprint / 2, policies: 0, ..Trial::default() }.results();
        if !facts {
            results.traces.clear();
        }
        let template = small().results().runs.remove(0);
        results.runs = rows
            .into_iter()
            .map(|(trace, params, sight, frames, swap_outs, shift, reference)| {
                let mut run = template.clone();
                run.row.trace = if trace.len() < 5 { "a".into() } else { trace };
                run.row.policy = if reference { REFERENCE.into() } else { params.chars().take(3).collect() };
                run.row.params = params;
                run.row.sight = ["bits", "refs", "future", "?"][sight].into();
                run.row.frames = frames >> (shift % 64);
                run.row.swap_outs = swap_outs >> (shift / 64 % 64);
                run
            })
            .collect();
        results
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_numbers_all_is_drawn_and_printed(results in anything(), width in 0..120_usize) {
        for block in block::blocks(&results) {
            for (kind, chart) in chart::charts(&results, &block) {
                report_charts::laid_out(kind, &chart)?;
                let svg = chart.svg().expect("it is drawn");
                prop_assert!(roxmltree::Document::parse(&svg).is_ok(), "{}", kind.ending);
            }
        }
        for format in [Format::Table, Format::Markdown] {
            printed(&results, format, Style { width, ..Style::PLAIN });
        }
        for run in &results.runs {
            summary::write(run, results.traces.first(), Style::PLAIN, &mut Vec::new()).expect("memory can be written to");
        }
    }
}

/// Writes sample pictures and tables for the eye, when asked to: `CLOCKHAND_SAMPLES=1 cargo test --test report samples`.
#[test]
fn samples() {
    if std::env::var_os("CLOCKHAND_SAMPLES").is_none() {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("samples");
    let auto = |footprint| clockhand::frames::FramesSpec::auto().resolve(footprint, 4096).unwrap();
    let large = Trial { references: 2_000_000_000, footprint: 4_000_000, sizes: auto(4_000_000), ..Trial::default() };
    let tiny = Trial { footprint: 6, references: 60, sizes: vec![2, 3, 4, 5, 6], ..Trial::default() };
    let trials = [
        ("seven", Trial::default()),
        ("all", Trial { policies: 24, ..Trial::default() }),
        ("one", Trial { policies: 1, ..Trial::default() }),
        ("decades", Trial { policies: 12, steepness: 3.0, ..large }),
        ("equal", Trial { policies: 12, difference: 0.0, ..Trial::default() }),
        ("one-size", Trial { policies: 12, sizes: vec![4096], ..Trial::default() }),
        ("nothing", Trial { sizes: vec![30_000, 40_000], ..Trial::default() }),
        ("tiny", Trial { steepness: 0.1, ..tiny }),
        ("wide", Trial { policies: 10, difference: 0.97, ..Trial::default() }),
        (
            "memory",
            Trial { policies: 9, out_of_memory: 7, sizes: (1..=64).map(|i| i * 384).collect(), ..Trial::default() },
        ),
    ];
    let kernel = |run: &clockhand::results::Run| run.row.policy != REFERENCE;
    let mut without = Trial { trace: "no-reference".to_owned(), policies: 14, ..Trial::default() }.results();
    without.runs.retain(kernel);
    let mut results = Results { traces: Vec::new(), runs: Vec::new(), ..small().results() };
    for (name, trial) in trials {
        Trial { trace: name.to_owned(), ..trial }.add_to(&mut results);
    }
    results.traces.append(&mut without.traces);
    results.runs.append(&mut without.runs);
    report::write_all(&results, &folder, |path| println!("{}", path.display())).expect("they are written");
    table::write(&small().results(), Style { thousands: true, colour: true, ..Style::PLAIN }, &mut std::io::stdout())
        .expect("stdout");
}
