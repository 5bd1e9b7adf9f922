//! The reports for build servers: each is read back by a reader of its own kind and held against what its format asks for,
//! written down here from the formats' documentation.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The name of the trace has what formats take for their own.
const NAME: &str = "a<b>&\"c\",d:100%|e_f";

/// Runs the program in a folder; exit code, stdout and stderr.
fn run(folder: &Path, arguments: &[&str], environment: &[(&str, &Path)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockhand"));
    command.args(arguments).current_dir(folder).env_remove("GITHUB_STEP_SUMMARY").envs(environment.iter().copied());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A folder with a baseline in which fifo is worse now than it was, lru is better, sweep is not known any more and clock is
/// the same.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "pid,op,segment,page\n1,create,0,9\n1,attach,0,9\n".to_owned();
    for step in 0..200_u64 {
        text += &format!("1,{},0,{}\n", if step % 3 == 0 { "W" } else { "R" }, (step * step + step / 7) % 9);
    }
    fs::write(folder.path().join(format!("{NAME}.csv")), text).unwrap();
    let save = ["baseline", "save", &format!("{NAME}.csv"), "-p", "lru,fifo,clock,sweep", "-f", "4"];
    let (code, _, err) = run(folder.path(), &save, &[]);
    assert_eq!(code, 0, "{err}");
    edit(folder.path());
    folder
}

/// Changes the runs of the baseline.
fn edit(folder: &Path) {
    let path = folder.join("baseline.csv");
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_path(&path).unwrap();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let columns = records.iter().find(|record| &record[0] == "trace").unwrap().clone();
    let mut writer = csv::WriterBuilder::new().flexible(true).from_path(&path).unwrap();
    for record in &records {
        let mut fields: Vec<String> = record.iter().map(str::to_owned).collect();
        let mut add = |column: &str, more: i64| {
            let place = columns.iter().position(|name| name == column).unwrap();
            fields[place] = (fields[place].parse::<i64>().unwrap() + more).to_string();
        };
        match &record[1] {
            "fifo" => {
                add("swap_outs", -5);
                add("hits", 1);
                add("ptes_invalidated", 2);
            }
            "lru" => add("swap_outs", 7),
            "sweep" => "swept".clone_into(&mut fields[1]),
            _ => {}
        }
        writer.write_record(&fields).unwrap();
    }
    writer.flush().unwrap();
}

/// The counts of the runs as `compare` has them, by policy and column.
fn truth(folder: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let compare = ["compare", &format!("{NAME}.csv"), "-p", "lru,fifo,clock", "-f", "4", "--print", "csv"];
    let (code, out, err) = run(folder, &compare, &[]);
    assert_eq!(code, 0, "{err}");
    let mut reader = csv::Reader::from_reader(out.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    rows.map(|row| (row["policy"].clone(), row)).collect()
}

/// The report of this kind that a check writes.
fn report(folder: &Path, kind: &str) -> String {
    let (code, out, err) = run(folder, &["check", "--report", &format!("{kind}=new/report")], &[]);
    assert_eq!(code, 3, "{err}");
    assert!(out.contains("1 worse, 1 not comparable, 1 better, 1 equal"), "the table is there too: {out}");
    fs::read_to_string(folder.join("new/report")).unwrap()
}

#[test]
fn json_has_the_fields_of_its_schema_and_the_numbers() {
    let folder = folder();
    let truth = truth(folder.path());
    let json: Value = serde_json::from_str(&report(folder.path(), "json")).unwrap();
    let mut fields: Vec<&String> = json.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["baseline", "notes", "obstacles", "runs", "schema", "standing", "tally", "version"]);
    assert_eq!((json["schema"].as_u64(), json["standing"].as_str()), (Some(1), Some("worse")));
    assert_eq!(
        json["tally"],
        serde_json::json!({
            "equal": 1, "better": 1, "within_limits": 0, "worse": 1, "not_comparable": 1,
        })
    );
    let runs = json["runs"].as_array().unwrap();
    let of = |policy: &str| runs.iter().find(|run| run["policy"] == policy).unwrap();
    for run in runs {
        assert_eq!((run["trace"].as_str(), run["frames"].as_u64()), (Some(NAME), Some(4)));
        assert!(run["line"].is_u64() && run["params"].is_string() && run["changes"].is_array(), "{run}");
    }
    let changes = of("fifo")["changes"].as_array().unwrap();
    let metrics: Vec<&str> = changes.iter().map(|change| change["metric"].as_str().unwrap()).collect();
    assert_eq!(metrics, ["hits", "swap_outs", "ptes_invalidated"]);
    let swap_outs: u64 = truth["fifo"]["swap_outs"].parse().unwrap();
    let expected =
        serde_json::json!({"metric": "swap_outs", "before": swap_outs - 5, "after": swap_outs, "standing": "worse"});
    assert_eq!(changes[1], expected);
    assert_eq!(changes[2]["standing"], "better");
    assert_eq!((of("lru")["standing"].as_str(), of("clock")["standing"].as_str()), (Some("better"), Some("equal")));
    assert!(of("swept")["reason"].as_str().unwrap().contains("there is no policy `swept`"));
}

#[test]
fn junit_is_xml_of_its_schema_with_the_numbers_in_the_failure() {
    let folder = folder();
    let truth = truth(folder.path());
    let text = report(folder.path(), "junit");
    let document = roxmltree::Document::parse(&text).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    let elements = |node: roxmltree::Node<'_, '_>| node.children().filter(roxmltree::Node::is_element).count();
    let suites: Vec<_> = root.children().filter(roxmltree::Node::is_element).collect();
    let number = |node: &roxmltree::Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<usize>().unwrap();
    assert_eq!((suites.len(), suites[0].tag_name().name(), suites[0].attribute("name")), (1, "testsuite", Some(NAME)));
    for node in [root, suites[0]] {
        assert_eq!((number(&node, "tests"), number(&node, "failures"), number(&node, "errors")), (4, 1, 1));
    }
    assert_eq!(elements(suites[0]), 4);
    let mut children = BTreeMap::new();
    for case in suites[0].children().filter(roxmltree::Node::is_element) {
        assert_eq!(case.tag_name().name(), "testcase");
        assert_eq!((case.attribute("classname"), case.attribute("file")), (Some(NAME), Some("baseline.csv")));
        assert!(case.attribute("time").unwrap().parse::<f64>().is_ok() && number(&case, "line") > 1);
        let inside: Vec<_> = case.children().filter(roxmltree::Node::is_element).collect();
        assert!(inside.len() <= 1);
        let inside =
            inside.first().map(|node| (node.tag_name().name().to_owned(), node.text().unwrap_or("").to_owned()));
        children.insert(case.attribute("name").unwrap().to_owned(), inside);
        for node in case.children().filter(|node| ["failure", "error"].contains(&node.tag_name().name())) {
            assert!(node.attribute("message").is_some() && node.attribute("type").is_some());
        }
    }
    let swap_outs: u64 = truth["fifo"]["swap_outs"].parse().unwrap();
    let (kind, text) = children["fifo in 4 frames"].clone().unwrap();
    assert_eq!(kind, "failure");
    assert!(text.contains(&format!("swap_outs: was {}, is {swap_outs} (+", swap_outs - 5)), "{text}");
    assert_eq!(text.lines().count(), 3);
    assert_eq!(children["lru in 4 frames"].clone().unwrap().0, "system-out");
    assert_eq!(children["clock in 4 frames"], None);
    assert_eq!(children["swept in 4 frames"].clone().unwrap().0, "error");
}

/// A workflow command as the runner of GitHub Actions takes it apart: kind, properties and message.
fn command(line: &str) -> (String, BTreeMap<String, String>, String) {
    let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let (kind, properties) = head.split_once(' ').unwrap();
    let plain = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let property = |text: &str| plain(&text.replace("%3A", ":").replace("%2C", ","));
    let pairs = properties.split(',').map(|pair| pair.split_once('=').unwrap());
    (kind.to_owned(), pairs.map(|(name, value)| (name.to_owned(), property(value))).collect(), plain(message))
}

#[test]
fn github_annotations_are_commands_at_lines_of_the_baseline() {
    let folder = folder();
    let (code, out, _) = run(folder.path(), &["check", "--report", "github=-"], &[]);
    assert_eq!(code, 3);
    assert!(out.contains("1 worse, 1 not comparable"), "annotations stand among the text: {out}");
    let commands: Vec<_> = out.lines().filter(|line| line.starts_with("::")).map(command).collect();
    assert_eq!(commands.len(), 2, "{out}");
    assert!(commands.iter().all(|(kind, properties, _)| kind == "error" && properties["file"] == "baseline.csv"));
    let (_, properties, message) = &commands[1];
    assert_eq!(properties["title"], format!("fifo is worse on {NAME} in 4 frames"));
    let line: usize = properties["line"].parse().unwrap();
    let baseline = fs::read_to_string(folder.path().join("baseline.csv")).unwrap();
    assert!(baseline.lines().nth(line - 1).unwrap().contains(",fifo,"), "line {line} of {baseline}");
    assert!(message.contains("\nswap_outs: was ") && message.contains("worse"), "{message}");
    assert!(commands[0].2.contains("there is no policy `swept`"), "{:?}", commands[0]);
}

#[test]
fn github_annotations_are_no_more_than_a_step_shows() {
    let folder = folder();
    let all = ["baseline", "save", &format!("{NAME}.csv"), "-p", "all", "-f", "2,3,4", "-b", "all.csv"];
    assert_eq!(run(folder.path(), &all, &[]).0, 0);
    let text = fs::read_to_string(folder.path().join("all.csv")).unwrap();
    let rows = text.replace(",200,", ",200,9");
    fs::write(folder.path().join("all.csv"), rows).unwrap();
    let (code, out, _) = run(folder.path(), &["check", "-b", "all.csv", "--report", "github"], &[]);
    assert_eq!(code, 3, "{out}");
    let commands: Vec<_> = out.lines().filter(|line| line.starts_with("::")).map(command).collect();
    assert_eq!(commands.len(), 10);
    let (_, last, message) = &commands[9];
    assert!(last["title"].ends_with(" more errors") && message.contains("78 runs"), "{last:?} {message}");
}

#[test]
fn bencher_metric_format_has_a_benchmark_for_each_run_and_a_measure_for_each_metric() {
    let folder = folder();
    let truth = truth(folder.path());
    let compare =
        ["compare", &format!("{NAME}.csv"), "-p", "lru,fifo,clock", "-f", "4", "--report", "bencher=own.json"];
    assert_eq!(run(folder.path(), &compare, &[]).0, 0);
    for text in [report(folder.path(), "bencher"), fs::read_to_string(folder.path().join("own.json")).unwrap()] {
        // The schema: { benchmark: { measure: { value: number, lower_value?: number, upper_value?: number } } }.
        let benchmarks: BTreeMap<String, BTreeMap<String, BTreeMap<String, f64>>> =
            serde_json::from_str(&text).unwrap();
        assert_eq!(benchmarks.len(), 3);
        for (policy, row) in &truth {
            let measures = &benchmarks[&format!("{NAME}/{policy}/4")];
            assert_eq!(measures.len(), 13);
            for (measure, values) in measures {
                assert_eq!(values.keys().collect::<Vec<_>>(), ["value"]);
                let (value, expected) = (values["value"], row[measure].parse::<f64>().unwrap());
                assert!(value.total_cmp(&expected).is_eq(), "{policy} {measure}: {value}");
            }
        }
    }
}

#[test]
fn benchmark_action_has_a_point_for_each_run() {
    let folder = folder();
    let truth = truth(folder.path());
    let points: Vec<Value> = serde_json::from_str(&report(folder.path(), "benchmark-action")).unwrap();
    assert_eq!(points.len(), 3);
    for point in points {
        // The schema: name and unit are strings, value is a number; range and extra are strings and may be missing.
        let fields: Vec<&String> = point.as_object().unwrap().keys().collect();
        assert!(
            fields.iter().all(|field| ["name", "unit", "value", "range", "extra"].contains(&field.as_str())),
            "{point}"
        );
        assert_eq!(point["unit"].as_str(), Some("swap_outs"));
        let policy = point["name"].as_str().unwrap().split('/').nth(1).unwrap();
        assert_eq!(point["name"].as_str().unwrap(), format!("{NAME}/{policy}/4"));
        assert_eq!(point["value"].as_u64(), truth[policy]["swap_outs"].parse().ok());
        let extra = point["extra"].as_str().unwrap();
        assert!(extra.contains(&format!("swap_ins: {}", truth[policy]["swap_ins"])), "{extra}");
    }
}

#[test]
fn markdown_has_tables_and_is_added_to_the_summary_of_the_job() {
    let folder = folder();
    let summary = folder.path().join("summary.md");
    fs::write(&summary, "# what other steps said\n").unwrap();
    let check = ["check", "--report", "markdown=report.md"];
    let (code, _, err) = run(folder.path(), &check, &[("GITHUB_STEP_SUMMARY", &summary)]);
    assert_eq!(code, 3, "{err}");
    let text = fs::read_to_string(folder.path().join("report.md")).unwrap();
    assert_eq!(fs::read_to_string(&summary).unwrap(), format!("# what other steps said\n{text}"));
    // A bar between cells is a bar that is not escaped.
    let cells = |line: &str| line.replace("\\|", "").matches('|').count() - 1;
    let tables: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert!(tables.len() >= 6 && tables.iter().all(|line| cells(line) == 7), "{text}");
    assert!(text.starts_with("### ❌ clockhand check: worse\n"), "{text}");
    assert!(text.contains("| fifo | a\\<b>&\"c\",d:100%\\|e\\_f | 4 | swap\\_outs | "), "{text}");
    assert!(text.contains("**not comparable**") && text.contains("no policy \\`swept\\`"), "{text}");
    let into = ["check", "--report", &format!("markdown={}", summary.display())];
    assert_eq!(run(folder.path(), &into, &[("GITHUB_STEP_SUMMARY", &summary)]).0, 3);
    let twice = fs::read_to_string(&summary).unwrap();
    assert_eq!(twice.matches("### ").count(), 2, "added once: {twice}");
    assert!(twice.starts_with("# what other steps said\n"));
    let quiet = ["check", "-q", "--report", "markdown"];
    assert_eq!(run(folder.path(), &quiet, &[]).1, text);
}

#[test]
fn reports_that_can_not_be_written_are_told_before_or_after_and_never_half_there() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("file"), "").unwrap();
    let fails = |reports: &[&str], code: i32, word: &str| {
        let mut arguments = vec!["check"];
        arguments.extend(reports.iter().flat_map(|report| ["--report", report]));
        let (ended, out, err) = run(at, &arguments, &[]);
        assert!(ended == code && err.contains(word), "{reports:?}: {ended} {out} {err}");
    };
    fails(&["json=file/x"], 1, "file/x");
    fails(&["json=", "junit=x"], 2, "no path");
    fails(&["pdf=x"], 2, "json, markdown, junit, github, bencher, benchmark-action");
    fails(&["json=x", "junit=x"], 2, "two reports would go to x");
    fails(&["json", "junit=-"], 2, "only one report");
    assert!(!at.join("x").exists());
    let (_, out, _) = run(at, &["check", "--report", "json"], &[]);
    assert!(serde_json::from_str::<Value>(&out).is_ok(), "nothing else is on stdout: {out}");
    let no_summary = run(at, &["check", "--report", "markdown=y"], &[("GITHUB_STEP_SUMMARY", Path::new("file/z"))]);
    assert!(no_summary.0 == 1 && no_summary.2.contains("GITHUB_STEP_SUMMARY"), "{no_summary:?}");
}
