//! Bencher Metric Format: an object of benchmarks, each an object of measures, each with a value
//! (<https://bencher.dev/docs/reference/bencher-metric-format/>).

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::gate::Comparison;
use crate::metrics::METRICS;
use crate::policy::registry;
use crate::results::{Results, Row};

/// What was measured; bounds are left out, since counts have none.
#[derive(Serialize)]
struct Measure {
    value: f64,
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
    let benchmarks: BTreeMap<String, BTreeMap<&str, Measure>> = rows
        .map(|row| {
            let name = super::run_name(&row.trace, &registry::label(&row.policy, &row.params), row.frames);
            let measure = |value: f64| Measure { value };
            (name, METRICS.iter().map(|metric| (metric.name, measure((metric.value)(row).number()))).collect())
        })
        .collect();
    super::write_json(&benchmarks, out)
}
