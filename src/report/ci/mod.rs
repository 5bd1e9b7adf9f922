//! Reports for the programs that run checks on every change: one file a kind, one row a kind in [`KINDS`].
//!
//! A kind is made from a comparison with a baseline, from results alone, or from either. What a report says is decided by
//! the rows and the comparison; here it only gets its form.

mod bencher;
mod benchmark_action;
mod github;
mod json;
mod junit;
mod markdown;

use std::io::{self, Write};

use crate::gate::Comparison;
use crate::results::{Results, Row};

/// Writes a report of a comparison.
type OfComparison = fn(&Comparison, &mut dyn Write) -> io::Result<()>;
/// Writes a report of results.
type OfResults = fn(&Results, &mut dyn Write) -> io::Result<()>;

/// A kind of report.
#[derive(Debug)]
pub struct Kind {
    /// Its name, as `--report` takes it.
    pub name: &'static str,
    /// What it is, in a line.
    pub description: &'static str,
    /// Whether its lines may stand among text for people on stdout.
    pub among_text: bool,
    /// Makes it from a comparison.
    pub of_comparison: OfComparison,
    /// Makes it from results, if that can be.
    pub of_results: Option<OfResults>,
}

/// All kinds.
pub static KINDS: &[Kind] = &[
    Kind {
        name: "json",
        description: "all that was compared, or the results, in clockhand's own form",
        among_text: false,
        of_comparison: json::of_comparison,
        of_results: Some(super::json::write),
    },
    Kind {
        name: "markdown",
        description: "tables for people; in a step of GitHub Actions also added to the summary of the job",
        among_text: false,
        of_comparison: markdown::of_comparison,
        of_results: Some(markdown::of_results),
    },
    Kind {
        name: "junit",
        description: "JUnit XML: a suite for each trace, a case for each run",
        among_text: false,
        of_comparison: junit::of_comparison,
        of_results: None,
    },
    Kind {
        name: "github",
        description: "annotations of GitHub Actions, at the lines of the baseline",
        among_text: true,
        of_comparison: github::of_comparison,
        of_results: None,
    },
    Kind {
        name: "bencher",
        description: "Bencher Metric Format: a benchmark for each run, a measure for each metric",
        among_text: false,
        of_comparison: bencher::of_comparison,
        of_results: Some(bencher::of_results),
    },
    Kind {
        name: "benchmark-action",
        description: "customSmallerIsBetter of github-action-benchmark: swap-outs of each run",
        among_text: false,
        of_comparison: benchmark_action::of_comparison,
        of_results: Some(benchmark_action::of_results),
    },
];

/// The kind of this name.
///
/// # Errors
/// When there is none; the text lists those there are.
pub fn kind(name: &str) -> Result<&'static Kind, String> {
    let names = || KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    let found = KINDS.iter().find(|kind| kind.name == name);
    found.ok_or_else(|| format!("there is no kind of report `{name}`; there are {}", names()))
}

/// What a run is called where only one name is to be had: `pg-tpcb-exact/clock:ref-on-load=0/467`.
fn run_name(trace: &str, label: &str, frames: u64) -> String {
    format!("{trace}/{label}/{frames}")
}

/// The rows that were found.
fn found(comparison: &Comparison) -> impl Iterator<Item = &Row> {
    comparison.runs.iter().filter_map(|run| run.found.as_ref())
}

/// The rows of results.
fn rows(results: &Results) -> impl Iterator<Item = &Row> {
    results.runs.iter().map(|run| &run.row)
}

/// Pretty-printed JSON and a newline.
fn write_json(value: &impl serde::Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")?;
    out.flush()
}
