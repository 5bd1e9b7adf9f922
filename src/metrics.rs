//! The columns of a row that are measured: what each counts, and which way is worse.
//!
//! Tables, gates and reports all walk this list, so a new column of [`Row`] needs a row here and nothing else.

use serde::{Serialize, Serializer};

use crate::results::Row;

/// Which way a metric is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Worse {
    /// More of it is worse.
    More,
    /// Less of it is worse.
    Less,
    /// Neither: it says how much was replayed, and runs in which it differs can't be compared.
    Neither,
}

/// What a metric has in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A count.
    Count(u64),
    /// An index with four decimals, as in `results.csv`; none where it has no meaning.
    Index(Option<f64>),
}

impl Value {
    /// The value as a number to calculate with. An index without meaning is that of an even distribution, 1: where nothing
    /// is swapped out nobody is treated worse than others.
    pub fn number(self) -> f64 {
        match self {
            Self::Count(count) => count as f64,
            Self::Index(index) => index.unwrap_or(1.0),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => to.serialize_u64(*count),
            Self::Index(index) => index.serialize(to),
        }
    }
}

/// A measured column.
#[derive(Debug)]
pub struct Metric {
    /// The name of the column.
    pub name: &'static str,
    /// What it has in a row.
    pub value: fn(&Row) -> Value,
    /// Which way is worse.
    pub worse: Worse,
    /// What it counts, in a few words.
    pub meaning: &'static str,
}

/// Metrics that are counts. The name is the field's own, so that it can't differ from the column's.
macro_rules! metrics {
    ($($field:ident $worse:ident $meaning:literal,)*) => {
        &[
            $(Metric {
                name: stringify!($field),
                value: |row| Value::Count(row.$field),
                worse: Worse::$worse,
                meaning: $meaning,
            },)*
            Metric {
                name: "fairness",
                value: |row| Value::Index(row.fairness.map(four_decimals)),
                worse: Worse::Less,
                meaning: "between segments: 1 is even, 1/segments the least",
            },
        ]
    };
}

/// All metrics, in the order of the columns.
pub static METRICS: &[Metric] = metrics! {
    references Neither "references replayed",
    hits Less "to a page the process had in its page table",
    minor_faults More "to a page in memory, but not in the process's table",
    zero_faults More "first touches: a zeroed frame",
    swap_ins More "pages brought back from swap",
    swap_outs More "pages written to swap",
    dirty_swap_outs More "of those, written to since they last came in",
    ptes_invalidated More "page-table entries taken away",
    wasted_invalidations More "of those, from a page that stayed in memory",
    swap_attempts More "pages examined in search of a victim",
    failed_scans More "searches that found none",
    out_of_memory More "references given up for want of a frame",
};

/// An index as `results.csv` and baselines have it: rounded to four decimals as text is.
pub fn four_decimals(index: f64) -> f64 {
    format!("{index:.4}").parse().unwrap_or(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_that_is_measured_is_a_metric() {
        let row = serde_json::to_value(Row::default()).unwrap();
        let mut columns: Vec<&String> = row.as_object().unwrap().keys().collect();
        columns.retain(|name| !["trace", "policy", "params", "sight", "frames"].contains(&name.as_str()));
        let mut names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
        columns.sort();
        names.sort_unstable();
        assert_eq!(columns, names);
    }
}
