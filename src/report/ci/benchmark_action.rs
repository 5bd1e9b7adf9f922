//! `customSmallerIsBetter` of github-action-benchmark: an array of name, unit and value, drawn as a chart each
//! (<https://github.com/benchmark-action/github-action-benchmark>). The other counts are in `extra`, which its charts show
//! when a point is pointed at.

use std::io::{self, Write};

use serde::Serialize;

use crate::gate::Comparison;
use crate::metrics::METRICS;
use crate::policy::registry;
use crate::report::numbers;
use crate::results::{Results, Row};

/// The metric that is drawn.
const HEADLINE: &str = "swap_outs";

#[derive(Serialize)]
struct Point {
    name: String,
    unit: &'static str,
    value: u64,
    extra: String,
}

/// Writes what was found.
pub(super) fn of_comparison(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    write(super::found(comparison), out)
}

/// Writes the results.
pub(super) fn of_results(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    write(super::rows(results), out)
}

fn write<'a>(rows: impl Iterator<Item = &'a Row>, out: &mut dyn Write) -> io::Result<()> {
    let points: Vec<Point> = rows
        .map(|row| {
            let others = METRICS.iter().filter(|metric| metric.name != HEADLINE);
            let extra = others.map(|metric| format!("{}: {}", metric.name, numbers::value((metric.value)(row), false)));
            Point {
                name: super::run_name(&row.trace, &registry::label(&row.policy, &row.params), row.frames),
                unit: HEADLINE,
                value: row.swap_outs,
                extra: extra.collect::<Vec<_>>().join("\n"),
            }
        })
        .collect();
    super::write_json(&points, out)
}
