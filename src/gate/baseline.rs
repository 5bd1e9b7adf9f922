//! The file of a baseline: small, sorted, a line a run, so that a change of it reads well in a diff.
//!
//! | line | what it holds |
//! |---|---|
//! | `#clockhand-baseline,1` | always the first: the version of this form |
//! | `#made-by,clockhand 0.1.0` | the version of the program; it is not compared |
//! | `#option,--seed,0` | an option that makes a difference, as typed; one a line |
//! | `#trace,NAME,path=...,content=...,sha256=...,references=...,footprint=...,segments=...,processes=...,page_size=...` | a trace |
//! | `trace,policy,params,...` | the header of `results.csv`, then its lines, ordered by trace, policy, params and frames |
//!
//! All lines are csv. The path of a trace is relative to the folder of the baseline, or absolute; a trace of several files has
//! one for each, and without one it is the trace that is built in. `content` is its [`crate::fingerprint`] and decides
//! whether a trace is the same; `sha256` is that of the file and decides where the content is not known.

use std::io::{self, Write};

use thiserror::Error;

use crate::metrics::four_decimals;
use crate::report::csv;
use crate::results::{Row, TraceFacts};

/// The version of the form; raised whenever a line changes its meaning.
const VERSION: u32 = 1;
/// How the first line begins.
const FIRST: &str = "#clockhand-baseline,";

/// Why a text is no baseline.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BaselineError {
    /// It is nothing of the kind, or damaged.
    #[error("line {line}: {what}; a baseline is made with `clockhand baseline save`")]
    Line {
        /// Where, from 1.
        line: u64,
        /// What is wrong there.
        what: String,
    },
    /// It is of another version.
    #[error(
        "this baseline has version {0}, this clockhand reads version {VERSION}; make it anew with `clockhand baseline save`"
    )]
    Version(String),
}

/// A trace as a baseline knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceRecord {
    /// Its name in the rows.
    pub name: String,
    /// Where its file is, or its files, from the folder of the baseline; none is the trace that is built in.
    pub paths: Vec<String>,
    /// Its fingerprint, where known.
    pub content: Option<String>,
    /// SHA-256 of its file.
    pub sha256: String,
    /// References.
    pub references: u64,
    /// Distinct pages referenced.
    pub footprint: u64,
    /// Segments.
    pub segments: u64,
    /// Processes.
    pub processes: u64,
    /// Bytes of a page.
    pub page_size: u64,
}

impl TraceRecord {
    /// What a baseline keeps of a trace that is in these files.
    pub fn new(facts: &TraceFacts, paths: Vec<String>) -> Self {
        Self {
            name: facts.name.clone(),
            paths,
            content: facts.content.clone(),
            sha256: facts.sha256.clone(),
            references: facts.references,
            footprint: facts.footprint,
            segments: facts.segments,
            processes: facts.processes,
            page_size: facts.page_size,
        }
    }

    /// In what a trace is another one than this; none when it is the same.
    pub fn difference(&self, facts: &TraceFacts) -> Option<String> {
        let (mine, theirs) = match (&self.content, &facts.content) {
            (Some(mine), Some(theirs)) => (mine, theirs),
            _ => (&self.sha256, &facts.sha256),
        };
        if mine == theirs {
            return None;
        }
        let counts = |references: u64, footprint: u64, segments: u64, processes: u64| {
            format!("{references} references to {footprint} pages in {segments} segments of {processes} processes")
        };
        let was = counts(self.references, self.footprint, self.segments, self.processes);
        let is = counts(facts.references, facts.footprint, facts.segments, facts.processes);
        let size = if was == is { format!("it still has {is}") } else { format!("it has {is}, it had {was}") };
        Some(format!("{} is another trace than the baseline's: {size}; its hash is {theirs}, it was {mine}", self.name))
    }

    fn fields(&self) -> Vec<String> {
        let mut fields = vec!["#trace".to_owned(), self.name.clone()];
        fields.extend(self.paths.iter().map(|path| format!("path={path}")));
        fields.extend(self.content.iter().map(|content| format!("content={content}")));
        fields.push(format!("sha256={}", self.sha256));
        let counts = [
            ("references", self.references),
            ("footprint", self.footprint),
            ("segments", self.segments),
            ("processes", self.processes),
            ("page_size", self.page_size),
        ];
        fields.extend(counts.map(|(key, count)| format!("{key}={count}")));
        fields
    }

    fn parse(name: &str, fields: &[&str]) -> Result<Self, String> {
        let mut record = Self { name: name.to_owned(), ..Self::default() };
        for field in fields {
            let (key, value) = field.split_once('=').ok_or_else(|| format!("`{field}` is not key=value"))?;
            let text = || value.to_owned();
            let count = || value.parse().map_err(|_| format!("`{field}` is no count"));
            match key {
                "path" => record.paths.push(text()),
                "content" => record.content = Some(text()),
                "sha256" => record.sha256 = text(),
                "references" => record.references = count()?,
                "footprint" => record.footprint = count()?,
                "segments" => record.segments = count()?,
                "processes" => record.processes = count()?,
                "page_size" => record.page_size = count()?,
                _ => return Err(format!("`{key}` is nothing that is known of a trace")),
            }
        }
        if record.sha256.is_empty() {
            return Err(format!("trace {name} has no sha256"));
        }
        Ok(record)
    }
}

/// A baseline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// The program that made it.
    pub made_by: String,
    /// The options that make a difference, as typed: `--seed`, `0`.
    pub options: Vec<String>,
    /// The traces, by name.
    pub traces: Vec<TraceRecord>,
    /// The runs, ordered by trace, policy, parameters and frames.
    pub rows: Vec<Row>,
}

impl Baseline {
    /// A baseline of these rows, made by this program.
    ///
    /// # Errors
    /// When two rows are of the same run, or a name has characters that a line can't hold.
    pub fn new(options: Vec<String>, mut traces: Vec<TraceRecord>, mut rows: Vec<Row>) -> Result<Self, String> {
        for row in &mut rows {
            // As the file has it, so that what is read back is equal.
            row.fairness = row.fairness.map(four_decimals);
        }
        rows.sort_by(|a, b| key(a).cmp(&key(b)));
        traces.sort_by(|a, b| a.name.cmp(&b.name));
        let mut pairs = rows.iter().zip(rows.iter().skip(1));
        if let Some((Row { trace, policy, frames, .. }, _)) = pairs.find(|(row, next)| key(row) == key(next)) {
            return Err(format!("{policy} on {trace} in {frames} frames is there twice"));
        }
        let names = traces.iter().flat_map(|trace| std::iter::once(&trace.name).chain(&trace.paths));
        if let Some(name) = names.chain(&options).find(|text| text.contains(char::is_control)) {
            return Err(format!("{name:?} has characters that a line of a baseline can't hold; rename it"));
        }
        let made_by = concat!("clockhand ", env!("CARGO_PKG_VERSION")).to_owned();
        Ok(Self { made_by, options, traces, rows })
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// When it is no baseline, is of another version, or a line of it is wrong.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let line = |line: usize, what: String| BaselineError::Line { line: line as u64, what };
        let version = text.strip_prefix(FIRST).and_then(|rest| rest.lines().next());
        let version = version.ok_or_else(|| line(1, format!("it does not begin with `{FIRST}`")))?;
        if version != VERSION.to_string() {
            return Err(BaselineError::Version(version.chars().take(20).collect()));
        }
        let (mut made_by, mut options, mut traces) = (String::new(), Vec::new(), Vec::new());
        let (mut head, mut rest) = (0, text);
        while rest.starts_with('#') {
            head += 1;
            let (first, after) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = after;
            let fields = csv::fields_of(first).map_err(|what| line(head, what))?;
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            match fields[..] {
                ["#clockhand-baseline", _] => {}
                ["#made-by", by] => by.clone_into(&mut made_by),
                ["#option", ..] => options.extend(fields[1..].iter().map(|&word| word.to_owned())),
                ["#trace", name, ..] => {
                    traces.push(TraceRecord::parse(name, &fields[2..]).map_err(|what| line(head, what))?);
                }
                _ => return Err(line(head, format!("`{}` is no line of a baseline", fields[0]))),
            }
        }
        let rows = csv::read_rows(rest.as_bytes())
            .map_err(|(at, what)| BaselineError::Line { line: head as u64 + at, what })?;
        let unknown = rows.iter().position(|row| !traces.iter().any(|trace| trace.name == row.trace));
        if let Some(place) = unknown {
            let what = format!("no `#trace` line is of trace {}", rows[place].trace);
            return Err(line(head + 2 + place, what));
        }
        let baseline = Self::new(options, traces, rows).map_err(|what| line(head + 1, what))?;
        Ok(Self { made_by, ..baseline })
    }

    /// Writes the text of a file.
    ///
    /// # Errors
    /// When `out` can't be written to.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut line = |fields: &[String]| out.write_all(&csv::line_of(fields)?);
        line(&[FIRST.trim_end_matches(',').to_owned(), VERSION.to_string()])?;
        line(&["#made-by".to_owned(), self.made_by.clone()])?;
        for option in self.options.chunk_by(|_, next| !next.starts_with("--")) {
            line(&[&["#option".to_owned()], option].concat())?;
        }
        for trace in &self.traces {
            line(&trace.fields())?;
        }
        csv::write(&self.rows, out)
    }

    /// The line that a row has in the file, from 1.
    pub fn line(&self, place: usize) -> usize {
        let options = self.options.chunk_by(|_, next| !next.starts_with("--")).count();
        2 + options + self.traces.len() + 2 + place
    }

    /// Whether a text claims to be a baseline, of whatever version.
    pub fn claims(text: &[u8]) -> bool {
        text.starts_with(FIRST.as_bytes())
    }
}

/// What tells runs apart, and their order.
pub(super) fn key(row: &Row) -> (&str, &str, &str, u64) {
    (&row.trace, &row.policy, &row.params, row.frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(trace: &str, policy: &str, frames: u64) -> Row {
        Row { trace: trace.into(), policy: policy.into(), frames, fairness: Some(0.25), ..Row::default() }
    }

    fn trace(name: &str) -> TraceRecord {
        TraceRecord { name: name.into(), sha256: "ab".into(), ..TraceRecord::default() }
    }

    fn text(baseline: &Baseline) -> String {
        let mut text = Vec::new();
        baseline.write(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn rows_are_sorted_and_their_lines_are_known() {
        let rows = vec![row("b", "lru", 9), row("a", "lru", 10), row("a", "lru", 9), row("a", "clock", 100)];
        let options = ["--seed", "7", "--lenient", "--swap", "1,2"].map(str::to_owned).to_vec();
        let baseline = Baseline::new(options, vec![trace("b"), trace("a")], rows).unwrap();
        let text = text(&baseline);
        assert!(text.contains("#option,--seed,7\n#option,--lenient\n#option,--swap,\"1,2\"\n#trace,a,"), "{text}");
        for (place, start) in ["a,clock,,,100,", "a,lru,,,9,", "a,lru,,,10,", "b,lru,,,9,"].into_iter().enumerate() {
            let line = text.lines().nth(baseline.line(place) - 1).unwrap();
            assert!(line.starts_with(start) && line.ends_with(",0.2500"), "{line}");
        }
        assert_eq!(Baseline::parse(&text), Ok(baseline.clone()));
        assert_eq!(Baseline::parse(&text.replace('\n', "\r\n")), Ok(baseline));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let good = text(&Baseline::new(Vec::new(), vec![trace("a")], vec![row("a", "lru", 9)]).unwrap());
        let error = |text: &str| Baseline::parse(text).unwrap_err().to_string();
        assert!(error("").contains("line 1: it does not begin"));
        assert!(error("trace,policy\n").contains("line 1"));
        assert!(error("#clockhand-baseline,2\n").contains("version 2"));
        assert!(error(&good.replace("#made-by", "#by")).contains("line 2: `#by`"));
        assert!(error(&good.replace("references=0", "references=x")).contains("line 3: `references=x`"));
        assert!(error(&good.replace("sha256=ab", "sha256=")).contains("line 3: trace a has no sha256"));
        assert!(error(&good.replace("\na,lru,,,9", "\na,lru,,,x")).contains("line 5"), "{good}");
        assert!(error(&good.replace("\na,lru", "\nb,lru")).contains("line 5: no `#trace` line"));
        assert!(error(&good.replace("\ntrace,policy", "\ntrace,police")).contains("line "), "{good}");
        let last = good.lines().last().unwrap();
        assert!(error(&format!("{good}{last}\n")).contains("twice"));
        assert!(error(&format!("{good}<<<<<<< main\n")).contains("line 6"));
    }

    #[test]
    fn the_content_tells_a_trace_and_the_file_only_where_it_is_not_known() {
        let record = TraceRecord { content: Some("c".into()), references: 5, ..trace("a") };
        let facts = |content: Option<&str>, sha256: &str| {
            let mut facts: TraceFacts = serde_json::from_value(serde_json::json!({
                "name": "a", "path": "", "format": "", "compression": null, "sha256": sha256, "references": 6, "writes": 0,
                "footprint": 0, "segments": 0, "processes": 0, "skipped": 0, "page_size": 4096, "fidelity": [],
            }))
            .unwrap();
            facts.content = content.map(str::to_owned);
            facts
        };
        assert_eq!(record.difference(&facts(Some("c"), "other")), None);
        assert_eq!(record.difference(&facts(None, "ab")), None);
        assert!(record.difference(&facts(Some("d"), "ab")).unwrap().contains("6 references"));
        assert!(record.difference(&facts(None, "other")).unwrap().contains("5 references"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            names in prop::collection::btree_set("[^\\p{Cc}]{1,8}", 1..4),
            options in prop::collection::vec("--[a-z]{1,4}|[a-z#,\" ]{0,4}", 0..5),
            runs in prop::collection::btree_set((0usize..4, "[a-z#\",-]{1,4}", "[a-z=;]{0,5}", 1u64..50), 0..20),
            counts in prop::array::uniform4(any::<u64>()), fairness in prop::option::of(0.0..=1.0_f64),
        ) {
            let names: Vec<String> = names.into_iter().collect();
            let traces = names.iter().map(|name| TraceRecord {
                paths: vec![name.clone(); counts[0] as usize % 3], content: Some("x".into()), references: counts[1], ..trace(name)
            });
            let rows = runs.into_iter().map(|(trace, policy, params, frames)| Row {
                trace: names[trace % names.len()].clone(), policy, params, frames,
                swap_outs: counts[2], hits: counts[3], fairness, ..Row::default()
            });
            let mut rows: Vec<Row> = rows.collect();
            rows.sort_by(|a, b| key(a).cmp(&key(b)));
            rows.dedup_by(|a, b| key(a) == key(b));
            let options = [vec!["--first".to_owned()], options].concat();
            let baseline = Baseline::new(options, traces.collect(), rows).unwrap();
            prop_assert_eq!(Baseline::parse(&text(&baseline)), Ok(baseline));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(#clockhand-baseline,1\n)?\\PC{0,40}(\n\\PC{0,20}){0,3}") {
            let _ = Baseline::parse(&text);
        }
    }
}
