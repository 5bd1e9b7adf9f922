//! Published figures, and whether this program gives them: for traces of other people that are not part of it.
//!
//! The figures are rows of `published_figures.csv`; a figure is met when the run gives it to all the digits that were
//! published. Which traces are there is the caller's to find out; nothing is read from the disk here.

use std::sync::Arc;

use serde::Deserialize;

use crate::compare::{Job, run_all};
use crate::program::Program;
use crate::replay::Options;
use crate::results::Row;

/// What was published, as csv.
const FIGURES: &str = include_str!("published_figures.csv");

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Faults that need a frame: zero faults and swap-ins.
    Faults,
    /// Dirty swap-outs.
    DirtySwapOuts,
    /// References that are no such fault, in percent of all.
    HitPercent,
    /// Faults that need a frame, as a share of all references.
    MissRatio,
}

impl Measure {
    /// Its name in the csv.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Faults => "faults",
            Self::DirtySwapOuts => "dirty_swap_outs",
            Self::HitPercent => "hit_percent",
            Self::MissRatio => "miss_ratio",
        }
    }

    /// Its value in a row.
    fn of(self, row: &Row) -> f64 {
        let faults = (row.zero_faults + row.swap_ins) as f64;
        let references = row.references.max(1) as f64;
        match self {
            Self::Faults => faults,
            Self::DirtySwapOuts => row.dirty_swap_outs as f64,
            Self::HitPercent => 100.0 * (references - faults) / references,
            Self::MissRatio => faults / references,
        }
    }
}

/// A published figure.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Figure {
    /// The trace's name: that of its file up to the first dot.
    pub trace: String,
    /// The policy as typed.
    pub policy: String,
    /// Frames of memory.
    pub frames: u64,
    /// What it counts.
    pub measure: Measure,
    /// The value, with the digits that were published.
    pub value: String,
    /// Where it was published.
    pub source: String,
}

/// A figure and what came out here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The figure.
    pub figure: Figure,
    /// The value here, with as many digits.
    pub found: String,
}

impl Verdict {
    /// Whether the figure is met.
    pub fn met(&self) -> bool {
        self.found == self.figure.value
    }
}

/// All figures.
///
/// # Panics
/// When the csv in the program is broken; a test reads it.
pub fn figures() -> Vec<Figure> {
    let rows = csv::Reader::from_reader(FIGURES.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>().expect("the figures can be read")
}

/// Replays what the figures of these traces ask for, on so many threads, and compares. Figures of other traces are left
/// out; the rest come in their order.
///
/// # Errors
/// When a policy of a figure can't run.
pub fn verify(traces: &[(String, Arc<Program>)], threads: usize) -> Result<Vec<Verdict>, String> {
    let mut wanted = Vec::new();
    for figure in figures() {
        let Some((name, program)) = traces.iter().find(|(name, _)| *name == figure.trace) else { continue };
        let (policy, options) = (figure.policy.parse()?, Options::new(figure.frames));
        wanted.push((figure, Job { trace: name.clone(), program: Arc::clone(program), policy, options, record: None }));
    }
    let (figures, jobs): (Vec<Figure>, Vec<Job>) = wanted.into_iter().unzip();
    let runs = run_all(&jobs, threads, &|| true, &|_, _| {})?;
    let verdicts = figures.into_iter().zip(runs).map(|(figure, run)| {
        let digits = figure.value.split_once('.').map_or(0, |(_, digits)| digits.len());
        let found = format!("{:.digits$}", figure.measure.of(&run.row));
        Verdict { figure, found }
    });
    Ok(verdicts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::registry::PolicySpec;

    #[test]
    fn every_figure_names_a_policy_and_a_value() {
        let figures = figures();
        assert!(figures.len() > 140);
        for figure in figures {
            let policy: PolicySpec = figure.policy.parse().unwrap();
            policy.check().unwrap();
            assert!(figure.value.parse::<f64>().is_ok() && figure.frames > 0, "{figure:?}");
        }
    }
}
