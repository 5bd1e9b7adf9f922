//! The page for people and the findings on it: what it says is what the rows say, whatever they and the names in them are; and
//! a browser shows it without complaint.

mod report_trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clockhand::combine::combine;
use clockhand::report::findings::{favours, needs, ranking, standing};
use clockhand::report::{self, HTML_FILE, REFERENCE, block};
use clockhand::results::{Results, Row, Run};
use proptest::prelude::*;
use report_trial::Trial;

/// The page of these results.
fn page(results: &Results) -> String {
    let mut out = Vec::new();
    report::write_page(results, &mut out).expect("memory can be written to");
    String::from_utf8(out).expect("text")
}

/// Two policies and a bound at three sizes.
fn small() -> Trial {
    Trial { trace: "pair".into(), policies: 7, sizes: vec![1000, 5000, 20_000], out_of_memory: 501, ..Trial::default() }
}

// Findings, against a recount that looks at every row again.

fn trials() -> impl Strategy<Value = Trial> {
    let sizes = prop::collection::btree_set(1..30_000_u64, 1..=12).prop_map(|sizes| sizes.into_iter().collect());
    (any::<u64>(), 1..=24_usize, sizes, prop_oneof![Just(0.0), 0.0..0.99], 0.0..4.0, 1..10_000_000_u64, 0..9_u64)
        .prop_map(|(seed, policies, sizes, difference, steepness, references, out_of_memory)| Trial {
            seed,
            policies,
            sizes,
            references,
            difference,
            steepness,
            out_of_memory,
            ..Trial::default()
        })
}

fn comparable(results: &Results, frames: u64, fits: impl Fn(&Row) -> bool) -> Vec<&Row> {
    let rows = results.runs.iter().map(|run| &run.row);
    rows.filter(|row| row.frames == frames && row.out_of_memory == 0 && fits(row)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn enough_memory_is_the_smallest_size_that_is_enough(trial in trials()) {
        let results = trial.results();
        let blocks = block::blocks(&results);
        for need in needs(&blocks[0]) {
            let under = |row: &&Row| row.swap_outs as f64 / row.references as f64 * 1000.0 < need.rate as f64;
            let smallest = |fits: &dyn Fn(&Row) -> bool| {
                let enough = |&&frames: &&u64| comparable(&results, frames, fits).iter().any(under);
                trial.sizes.iter().find(enough).copied()
            };
            let reference = smallest(&|row| row.policy == REFERENCE);
            prop_assert_eq!(need.reference.as_ref().map(|enough| enough.frames), reference);
            let realisable = smallest(&|row| row.sight == "bits");
            prop_assert_eq!(need.realisable.as_ref().map(|enough| enough.frames), realisable);
            for enough in need.reference.iter().chain(&need.realisable) {
                let smaller = trial.sizes.iter().copied().filter(|&size| size < enough.frames).max();
                prop_assert_eq!(enough.not_with, smaller);
            }
        }
    }

    #[test]
    fn the_best_is_the_one_with_the_fewest_and_the_distance_is_that_to_the_bound(trial in trials()) {
        let results = trial.results();
        let blocks = block::blocks(&results);
        for &frames in &trial.sizes {
            let found = standing(&blocks[0], frames);
            let realisable = comparable(&results, frames, |row| row.sight == "bits");
            let fewest = realisable.iter().map(|row| row.swap_outs).min();
            let mut best = realisable.clone();
            best.retain(|row| Some(row.swap_outs) == fewest);
            let labels = |rows: &[&Row]| rows.iter().map(|row| (row.policy.clone(), row.params.clone())).collect::<Vec<_>>();
            let told: Vec<&Row> = found.best.iter().map(clockhand::report::findings::Entry::row).collect();
            prop_assert_eq!(labels(&told), labels(&best));
            let only = |rows: Vec<&Row>| rows.first().map(|row| row.swap_outs as f64);
            let reference = only(comparable(&results, frames, |row| row.policy == REFERENCE));
            let bound = only(comparable(&results, frames, |row| row.sight == "future"));
            let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-6,
                (a, b) => a.is_none() && b.is_none(),
            };
            let best = fewest.map(|count| count as f64);
            let saved = reference.filter(|&count| count > 0.0).zip(best).map(|(all, best)| (1.0 - best / all) * 100.0);
            prop_assert!(near(found.saved(), saved), "{:?} {saved:?}", found.saved());
            let closed = reference.zip(bound).filter(|(all, bound)| all > bound).zip(best);
            let closed = closed.map(|((all, bound), best)| (all - best) / (all - bound) * 100.0);
            prop_assert!(near(found.closed(), closed), "{:?} {closed:?}", found.closed());
        }
    }

    #[test]
    fn ranks_count_those_that_have_fewer(trial in trials()) {
        let results = trial.results();
        let blocks = block::blocks(&results);
        for &frames in &trial.sizes {
            let ranking = ranking(&blocks[0], frames);
            prop_assert_eq!(ranking.len(), trial.policies);
            let ranked = comparable(&results, frames, |row| row.sight != "future");
            for pair in ranking.windows(2) {
                let key = |at: usize| (pair[at].entry.row().out_of_memory > 0, pair[at].entry.row().swap_outs);
                prop_assert!(key(0) <= key(1));
            }
            for policy in &ranking {
                let row = policy.entry.row();
                let fewer = ranked.iter().filter(|other| other.swap_outs < row.swap_outs).count();
                let has = row.out_of_memory == 0 && row.sight != "future";
                prop_assert_eq!(policy.rank, has.then_some(fewer + 1));
            }
        }
    }

    #[test]
    fn segments_are_favoured_by_swap_outs_for_each_resident_page(
        figures in prop::collection::vec((0..1000_u64, 0.0..500.0_f64), 0..12),
    ) {
        let mut run = small().results().runs.remove(0);
        let template = run.segments[0].clone();
        run.segments = figures
            .iter()
            .enumerate()
            .map(|(place, &(swap_outs, mean_resident))| {
                let segment = format!("s{place}");
                clockhand::results::SegmentFigures { segment, swap_outs, mean_resident, ..template.clone() }
            })
            .collect();
        let found = favours(&run);
        // A policy that is even would take from each segment in proportion to its pages in memory.
        let in_memory: Vec<_> = run.segments.iter().filter(|segment| segment.mean_resident >= 1.0).collect();
        let total: u64 = in_memory.iter().map(|segment| segment.swap_outs).sum();
        let pages: f64 = in_memory.iter().map(|segment| segment.mean_resident).sum();
        prop_assert_eq!(found.len(), if total == 0 { 0 } else { in_memory.len() });
        prop_assert!(found.windows(2).all(|pair| pair[0].times <= pair[1].times));
        for favour in found {
            let even = total as f64 * favour.segment.mean_resident / pages;
            prop_assert!((favour.times - favour.segment.swap_outs as f64 / even).abs() < 1e-9 * favour.times.max(1.0));
        }
    }
}

// Results put together.

fn with_version(mut results: Results, version: &str) -> Results {
    version.clone_into(&mut results.version);
    results
}

fn put_together(inputs: &[(&str, &Results)]) -> Results {
    let inputs = inputs.iter().map(|&(path, results)| (PathBuf::from(path), results.clone()));
    combine(inputs.collect()).expect("they can be put together")
}

#[test]
fn two_traces_stand_side_by_side() {
    let one = small().results();
    let other = Trial { trace: "other".into(), ..small() }.results();
    let mut other = other;
    other.traces[0].sha256 = "11".repeat(32);
    let both = put_together(&[("a/results.json", &one), ("b/results.json", &other)]);
    let names: Vec<&str> = both.traces.iter().map(|trace| trace.name.as_str()).collect();
    assert_eq!(names, ["pair", "other"]);
    assert_eq!(both.runs, [one.runs, other.runs].concat());
    assert_eq!(both.sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn different_traces_of_one_name_are_told_apart() {
    let one = small().results();
    let mut other = small().results();
    other.traces[0].sha256 = "11".repeat(32);
    let both = put_together(&[("a/results.json", &one), ("b/results.json", &other)]);
    let blocks = block::blocks(&both);
    assert_eq!(blocks.iter().map(|block| block.name).collect::<Vec<_>>(), ["pair [a]", "pair [b]"]);
    assert!(blocks.iter().all(|block| block.facts.is_some() && block.series.len() == 7));
}

#[test]
fn what_differs_is_there_twice_and_what_is_the_same_once() {
    let old = small().results();
    let mut new = with_version(small().results(), "0.2.0");
    for run in new.runs.iter_mut().filter(|run| run.row.policy == "clock") {
        run.row.swap_outs += 1;
    }
    let both = put_together(&[("old.json", &old), ("new.json", &new)]);
    assert_eq!(both.runs.len(), old.runs.len() + 3, "three sizes of the one policy that changed");
    let labels: Vec<String> = block::blocks(&both)[0].series.iter().map(|series| series.label.clone()).collect();
    assert_eq!(labels[..4], ["linux-2.0", "sweep", "clock [old]", "clock [new]"]);
    let csv = {
        let mut out = Vec::new();
        report::csv::write_runs(&both.runs, &mut out).expect("memory can be written to");
        String::from_utf8(out).expect("text")
    };
    assert!(csv.lines().next().is_some_and(|head| head.ends_with(",fairness,source")), "{csv}");
    assert_eq!(csv.lines().filter(|line| line.ends_with(",new")).count(), 3, "{csv}");
    let text = page(&both);
    assert!(text.contains("clock [new]") && text.contains("different versions"), "the page tells them apart");
}

#[test]
fn the_same_results_twice_are_the_same_results() {
    let one = small().results();
    assert_eq!(put_together(&[("a.json", &one), ("b.json", &one)]), one);
    assert_eq!(put_together(&[("a.json", &one)]), one);
}

#[test]
fn other_sizes_of_the_same_comparison_are_added_and_of_another_are_not() {
    let one = Trial { sizes: vec![1000], ..small() }.results();
    let mut other = Trial { sizes: vec![5000], ..small() }.results();
    let both = put_together(&[("a.json", &one), ("b.json", &other)]);
    assert_eq!(block::blocks(&both)[0].series.len(), 7, "one line a policy");
    other.arguments = ["compare", "--policies", "all", "--frames", "auto", "--oom", "stop"].map(str::to_owned).into();
    let both = put_together(&[("a.json", &one), ("b.json", &other)]);
    assert_eq!(block::blocks(&both)[0].series.len(), 14, "they can't be one line");
    assert!(page(&both).contains("different options"));
}

#[test]
fn a_part_is_refused() {
    let mut part = small().results();
    part.shard =
        Some(clockhand::results::ShardFacts { number: 1, of: 3, matrix: String::new(), runs: 9, places: vec![] });
    let error = combine(vec![("part/results.json".into(), part)]).expect_err("it is a part").to_string();
    assert!(error.contains("part/results.json") && error.contains("1/3") && error.contains("merge"), "{error}");
    let one = small().results();
    let both = put_together(&[("a.json", &one), ("b.json", &with_version(one.clone(), "0.2.0"))]);
    let error =
        combine(vec![("c.json".into(), both), ("a.json".into(), one)]).expect_err("several already").to_string();
    assert!(error.contains("c.json") && error.contains("report"), "{error}");
}

// The page.

#[test]
fn a_small_page() {
    let mut results = Trial { policies: 3, sizes: vec![5000, 20_000], ..small() }.results();
    results.traces[0].fidelity = vec!["filtered 8".into()];
    // The looks, the script and the charts are tested elsewhere and change for reasons of their own.
    let text = page(&results);
    let cut = |text: String, from: &str, to: &str| {
        let mut text = text;
        let mut at = 0;
        while let Some(start) = text[at..].find(from).map(|start| start + at) {
            let end = start + text[start..].find(to).expect("it ends");
            text.replace_range(start + from.len()..end, "…");
            at = start + from.len();
        }
        text
    };
    let text = cut(cut(cut(text, "<style>", "</style>"), "<script>", "</script>"), "<svg ", "</svg>");
    insta::assert_snapshot!(text);
}

/// The document, after what HTML allows and XML doesn't is mended: the page is written so that this is all.
fn document(page: &str) -> String {
    let body = page.trim_start_matches("<!DOCTYPE html>");
    let mut text = String::new();
    for (place, part) in body.split('<').enumerate() {
        if place == 0 {
            text.push_str(part);
            continue;
        }
        let is_void = ["meta ", "link "].iter().any(|name| part.starts_with(name));
        let part =
            if is_void { part.replacen('>', "/>", 1) } else { part.replacen("details open>", "details open=\"\">", 1) };
        text.push('<');
        text.push_str(&part);
    }
    // What stands in style and script is no markup.
    for name in ["style", "script"] {
        let (start, end) = (format!("<{name}>"), format!("</{name}>"));
        let (from, to) = (text.find(&start).expect("it is there"), text.find(&end).expect("it ends"));
        text.replace_range(from + start.len()..to, "");
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_page_is_well_formed_whatever_the_names(
        trial in trials(), trace in "[a<&\"'>\\PC]{0,20}", segment in "(</script>|<b>|&amp;|\\PC){0,3}",
    ) {
        let mut results = Trial { trace, ..trial }.results();
        for run in &mut results.runs {
            run.segments[0].segment.clone_from(&segment);
        }
        results.traces[0].path.clone_from(&segment);
        let text = page(&results);
        let text = document(&text);
        let options = roxmltree::ParsingOptions { allow_dtd: false, ..roxmltree::ParsingOptions::default() };
        let document = roxmltree::Document::parse_with_options(&text, options);
        let document = document.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut ids = std::collections::HashSet::new();
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            if let Some(id) = node.attribute("id") {
                prop_assert!(ids.insert(id.to_owned()), "{id} is there twice");
            }
        }
        let mut level = 0;
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            for id in node.attribute("aria-labelledby").unwrap_or_default().split(' ').filter(|id| !id.is_empty()) {
                prop_assert!(ids.contains(id), "nothing has the id {id}");
            }
            let name = node.tag_name().name();
            if let Some(number) = name.strip_prefix('h').and_then(|number| number.parse::<u32>().ok()) {
                prop_assert!(number <= level + 1, "h{number} after h{level}");
                level = number;
            }
            prop_assert!(!["b", "img", "iframe"].contains(&name), "{name} was let through");
            if name == "svg" {
                let children = node.children().filter(roxmltree::Node::is_element);
                let children: Vec<&str> = children.take(2).map(|n| n.tag_name().name()).collect();
                prop_assert_eq!(children, ["title", "desc"]);
                prop_assert_eq!(node.attribute("role"), Some("img"));
            }
            for attribute in ["src", "href"] {
                let target = node.attribute(attribute).unwrap_or("#");
                prop_assert!(target.starts_with('#') || target.starts_with("data:"), "{target} is elsewhere");
            }
            if name == "table" {
                let has = |wanted: &str| node.descendants().any(|inner| inner.has_tag_name(wanted));
                prop_assert!(has("caption") && has("thead"));
                let heads = node.descendants().filter(|inner| inner.has_tag_name("th"));
                prop_assert!(heads.into_iter().all(|head| head.attribute("scope").is_some()));
            }
        }
    }
}

#[test]
fn the_csv_of_the_page_is_results_csv() {
    let results = Trial { trace: "a \"b\", é%".into(), ..small() }.results();
    let text = page(&results);
    let mut csv = Vec::new();
    report::csv::write_runs(&results.runs, &mut csv).expect("memory can be written to");
    let link = text.split("href=\"data:text/csv;charset=utf-8,").nth(1).expect("a link");
    let address = link.split('"').next().expect("its end");
    let mut bytes = Vec::new();
    let mut rest = address.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next().expect("a digit")).to_digit(16).expect("a digit") as u8;
        bytes.push(if byte == b'%' { digit() * 16 + digit() } else { byte });
    }
    assert_eq!(bytes, csv);
}

#[test]
fn a_large_page_is_below_5_mib() {
    let auto = clockhand::frames::FramesSpec::auto();
    let mut sizes = auto.resolve(24_576, 4096).expect("shares of it");
    sizes.extend((1..=16).map(|step| step * 1501));
    sizes.sort_unstable();
    sizes.dedup();
    assert!(sizes.len() >= 32);
    let trial = Trial { policies: 24, sizes, out_of_memory: 97, ..Trial::default() };
    let mut results = trial.results();
    Trial { trace: "another".into(), seed: 2, ..trial }.add_to(&mut results);
    let size = page(&results).len();
    assert!(size < 5 << 20, "{size} bytes");
}

// In a browser.

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

fn browser() -> Option<PathBuf> {
    let folders = std::env::split_paths(&std::env::var_os("PATH")?).collect::<Vec<_>>();
    BROWSERS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

/// What a page with a script of ours added does in a browser: the text that the script leaves in the title, and what the
/// console says.
fn shown(browser: &Path, file: &Path, width: u32, dark: bool) -> (String, String) {
    let profile = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(browser);
    command.args("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run".split(' '));
    command.args("--disable-background-networking --disable-component-update --disable-sync".split(' '));
    command.args("--enable-logging=stderr --log-level=0 --virtual-time-budget=2000 --dump-dom".split(' '));
    command.arg(format!("--window-size={width},900")).arg(format!("--user-data-dir={}", profile.path().display()));
    if dark {
        command.arg("--blink-settings=preferredColorScheme=0");
    }
    let output = command.arg(format!("file://{}", file.display())).output().expect("the browser runs");
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Looks at the page from inside and leaves what it finds in an attribute.
const PROBE: &str = r#"<script>
window.addEventListener("load", () => {
  const root = document.documentElement;
  const head = document.querySelectorAll("thead button")[3];
  head.click();
  const luminance = (colour) => {
    const channel = (text) => { const c = text / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
    const [r, g, b] = colour.match(/[\d.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  };
  const paper = (element) => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if (!colour.endsWith(", 0)")) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  let contrast = 21;
  for (const element of document.querySelectorAll("p, dt, dd, li, th, td, caption, a, summary, button, h1, h2, h3, code")) {
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(paper(element))];
    contrast = Math.min(contrast, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  root.dataset.found = JSON.stringify({
    wide: root.scrollWidth > root.clientWidth,
    width: root.clientWidth,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    sorted: head.closest("th").getAttribute("aria-sort"),
    requests: performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("data:")),
    contrast,
  });
});
</script></body>"#;

#[test]
fn a_browser_shows_the_page_without_complaint() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no {} in PATH, so the page was not loaded in a browser", BROWSERS.join(" or "));
        return;
    };
    let mut results = Trial { policies: 12, out_of_memory: 7, ..Trial::default() }.results();
    Trial { trace: "<script>alert(1)</script>".into(), ..small() }.add_to(&mut results);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(HTML_FILE);
    fs::write(&file, page(&results).replacen("</body>", PROBE, 1)).expect("it is written");
    for (width, dark) in [(1280, false), (400, true)] {
        let (dom, log) = shown(&browser, &file, width, dark);
        let found = dom.split("data-found=\"").nth(1).and_then(|rest| rest.split('"').next());
        let found = found.unwrap_or_else(|| panic!("the page did not load: {log}")).replace("&quot;", "\"");
        let found: serde_json::Value = serde_json::from_str(&found).expect("it is JSON");
        assert_eq!(found["wide"], false, "at {width} the page is wider than the window: {found}");
        assert_eq!(found["dark"], dark, "{found}");
        assert_eq!(found["sorted"], "ascending", "{found}");
        assert_eq!(found["requests"], serde_json::json!([]), "{found}");
        assert!(found["contrast"].as_f64().is_some_and(|contrast| contrast >= 4.5), "{found}");
        let complaints: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}

/// Used by the tests of results put together.
#[test]
fn a_run_keeps_its_source_in_json() {
    let mut run: Run = small().results().runs.remove(0);
    let text = serde_json::to_string(&run).expect("it is written");
    assert!(!text.contains("source"), "nothing where there is none");
    run.source = Some("new".into());
    let text = serde_json::to_string(&run).expect("it is written");
    assert_eq!(serde_json::from_str::<Run>(&text).expect("it is read"), run);
}

// The command.

fn clockhand(folder: &Path, line: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockhand"));
    command.args(line.split(' ')).current_dir(folder).env_remove("NO_COLOR");
    let output = command.output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// A folder with a comparison of a bundled trace in `name`.
fn compared(folder: &Path, name: &str, options: &str) {
    let trace = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/perl-shareable-exact.cht");
    let _ = fs::copy(trace, folder.join("perl.cht"));
    let (code, _, err) = clockhand(folder, &format!("compare perl.cht --frames 25%,50% --out {name} {options}"));
    assert_eq!(code, 0, "{err}");
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let mut all: Vec<_> = entries.map(|path| (name(&path), fs::read(&path).expect("it is read"))).collect();
    all.sort();
    all
}

#[test]
fn a_report_of_a_comparison_is_what_the_comparison_wrote() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    compared(at, "first", "-p linux-2.0,clock,fifo,lru,opt");
    for (line, out) in
        [("report first/results.json --out second", "second"), ("report first first --out third", "third")]
    {
        let (code, table, err) = clockhand(at, line);
        assert_eq!(code, 0, "{err}");
        assert!(table.starts_with("perl: ") && table.contains("linux-2.0"), "{table}");
        let (first, second) = (files(&at.join("first")), files(&at.join(out)));
        let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&first), names(&second));
        assert!(names(&first).contains(&HTML_FILE.to_owned()));
        for ((name, first), (_, second)) in first.iter().zip(&second) {
            assert!(first == second, "{name} differs");
        }
    }
}

#[test]
fn a_report_of_two_comparisons_shows_both() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    compared(at, "free", "-p linux-2.0,fifo");
    compared(at, "full", "-p linux-2.0,fifo,lru --swap 40");
    let (code, csv, err) = clockhand(at, "report free full --out both --format csv");
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("in brackets"), "{err}");
    let both = |name: &str| csv.lines().filter(|line| line.contains(&format!(",{name},"))).count();
    assert_eq!((both("fifo"), both("lru")), (4, 2), "{csv}");
    let text = fs::read_to_string(at.join("both").join(HTML_FILE)).expect("it is there");
    assert!(text.contains("fifo [full]") && text.contains("--swap 40"), "the page says what differs");
    let again = clockhand(at, "report both --out again");
    assert_eq!(again.0, 0, "{}", again.2);
    assert_eq!(fs::read_to_string(at.join("again").join(HTML_FILE)).expect("it is there"), text);
    let replaced = clockhand(at, "report free full --out full");
    assert!(replaced.0 == 2 && replaced.2.contains("another folder"), "{replaced:?}");
}

#[test]
fn what_is_no_results_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    compared(at, "part", "-p linux-2.0,fifo --shard 1/2");
    fs::write(at.join("other.json"), "{\"schema\": 99}").expect("it is written");
    fs::write(at.join("junk.json"), "\u{0}\u{1}").expect("it is written");
    for (line, wanted, code) in [
        ("report part --out x", "clockhand merge", 1),
        ("report none.json --out x", "none.json", 1),
        ("report other.json --out x", "schema version 99", 1),
        ("report junk.json --out x", "junk.json", 1),
        ("report", "RESULTS", 2),
    ] {
        let (found, out, err) = clockhand(at, line);
        assert!(found == code && err.contains(wanted) && out.is_empty(), "{line}: {found}: {err}");
    }
    assert!(!at.join("x").exists(), "nothing is written");
}

#[test]
fn forms_of_results_and_formats_of_traces_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    fs::write(at.join("a.csv"), "pid,op,segment,page\n1,R,0,2\n1,W,0,0\n1,R,0,1\n").expect("it is written");
    let compare = |options: &str| clockhand(at, &format!("compare a.csv -p lru -f 1 --implicit-attach {options}"));
    let plain = compare("--format plain");
    assert_eq!(plain.0, 0, "{}", plain.2);
    assert_eq!(compare("--print table").1, plain.1, "the old spelling");
    let csv = compare("--format csv").1;
    assert!(csv.starts_with("trace,policy,"), "{csv}");
    assert_eq!(compare("--trace-format csv --format csv").1, csv);
    assert_eq!(compare("--print csv").1, csv);
    let (code, _, err) = compare("--format lackey");
    assert!(code == 2 && err.contains("--trace-format lackey"), "{err}");
    let (code, _, err) = compare("--format xml");
    assert!(code == 2 && err.contains("plain, markdown, csv, json"), "{err}");
    // Where no results are put out, the trace's format is --format too.
    for option in ["--format", "--trace-format"] {
        let (code, _, err) = clockhand(at, &format!("trace stat a.csv --implicit-attach {option} csv"));
        assert_eq!(code, 0, "{err}");
    }
}
