//! From the counts of samples to those of the whole trace, and how far they are to be trusted.
//!
//! A count of a sample is scaled up by the part of the pages that the sample has: every count but that of hits goes by pages.
//! Hits are what is left of the references of the whole trace. So a sample that has got a page with very many references,
//! which nearly all hit, or has missed it, is not led astray by it (the adjustment of SHARDS).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Whole;
use crate::metrics::METRICS;
use crate::program::Program;
use crate::results::{Distributions, Row, Run, SegmentFigures};

/// The 97.5 % point of Student's distribution for 1, 2, ... degrees of freedom: 95 % lie within so many standard errors.
const STUDENT: [f64; 9] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/// How far the counts of a run are to be trusted that were estimated from samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The frames of each sample.
    pub frames: Vec<u64>,
    /// For each metric half of the 95 % interval around the mean: what chance does in choosing pages. What is wrong with
    /// small memories in general is the same in all samples and is not in it.
    pub half_widths: BTreeMap<String, f64>,
}

impl Estimate {
    /// Half of the interval of the swap-outs of a row, as a part of them; none where there are none.
    pub fn relative(&self, row: &Row) -> Option<f64> {
        let half_width = self.half_widths.get("swap_outs")?;
        (row.swap_outs > 0).then(|| half_width / row.swap_outs as f64)
    }
}

/// The estimate for the whole trace in so many frames, from the runs of the samples.
pub(super) fn of(whole: &Whole, runs: &[(Run, Arc<Program>)], frames: u64) -> Run {
    let rows: Vec<Row> = runs.iter().map(|(run, program)| scaled_up(&run.row, whole, program, frames)).collect();
    let mut mean = Row { frames, ..counts(&rows[0], |count| average(rows.iter().map(|row| count(row) as f64))) };
    // The sum is kept though each count is rounded.
    mean.hits = mean.references.saturating_sub(faults(&mean));
    let fairness: Vec<f64> = rows.iter().filter_map(|row| row.fairness).collect();
    mean.fairness = (!fairness.is_empty()).then(|| rounded(fairness.iter().sum::<f64>() / fairness.len() as f64));
    let half_widths = METRICS.iter().map(|metric| {
        let values: Vec<f64> = rows.iter().map(|row| (metric.value)(row).number()).collect();
        (metric.name.to_owned(), rounded(half_width(&values)))
    });
    let estimate =
        Estimate { frames: runs.iter().map(|(run, _)| run.row.frames).collect(), half_widths: half_widths.collect() };
    Run {
        row: mean,
        segments: segments(whole, runs),
        distributions: Distributions::default(),
        timeline: None,
        source: None,
        estimate: Some(estimate),
    }
}

/// The row of a sample as that of the whole trace.
fn scaled_up(row: &Row, whole: &Whole, program: &Program, frames: u64) -> Row {
    let up = up(whole, program);
    let mut scaled =
        Row { frames, fairness: row.fairness, ..counts(row, |count| (count(row) as f64 * up).round() as u64) };
    // A run that ended early for want of memory has replayed a part of the references.
    let replayed = row.references as f64 / program.references.len().max(1) as f64;
    scaled.references = (whole.references as f64 * replayed).round() as u64;
    scaled.hits = scaled.references.saturating_sub(faults(&scaled));
    scaled
}

/// Pages of the whole trace for each of a sample.
fn up(whole: &Whole, program: &Program) -> f64 {
    whole.footprint as f64 / f64::from(program.footprint().max(1))
}

/// References that did not hit.
fn faults(row: &Row) -> u64 {
    row.minor_faults + row.zero_faults + row.swap_ins + row.out_of_memory
}

/// A row of the same run with counts of another kind, made by what takes a count from a row.
fn counts(row: &Row, make: impl Fn(fn(&Row) -> u64) -> u64) -> Row {
    Row {
        trace: row.trace.clone(),
        policy: row.policy.clone(),
        params: row.params.clone(),
        sight: row.sight.clone(),
        frames: row.frames,
        references: make(|row| row.references),
        hits: make(|row| row.hits),
        minor_faults: make(|row| row.minor_faults),
        zero_faults: make(|row| row.zero_faults),
        swap_ins: make(|row| row.swap_ins),
        swap_outs: make(|row| row.swap_outs),
        dirty_swap_outs: make(|row| row.dirty_swap_outs),
        ptes_invalidated: make(|row| row.ptes_invalidated),
        wasted_invalidations: make(|row| row.wasted_invalidations),
        swap_attempts: make(|row| row.swap_attempts),
        failed_scans: make(|row| row.failed_scans),
        out_of_memory: make(|row| row.out_of_memory),
        fairness: None,
    }
}

fn average(values: impl ExactSizeIterator<Item = f64>) -> u64 {
    let count = values.len().max(1) as f64;
    (values.sum::<f64>() / count).round() as u64
}

/// Half of the 95 % interval around the mean of some values.
fn half_width(values: &[f64]) -> f64 {
    let Some(&student) = values.len().checked_sub(2).and_then(|place| STUDENT.get(place)) else { return 0.0 };
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    student * (squares / (count - 1.0) / count).sqrt()
}

/// The figures of the segments: those of a segment of which no sample has a page are 0.
fn segments(whole: &Whole, runs: &[(Run, Arc<Program>)]) -> Vec<SegmentFigures> {
    let mut sums = vec![[0.0; 6]; whole.segments.len()];
    for (run, program) in runs {
        let share = up(whole, program) / runs.len() as f64;
        let touched = program.segments.iter().enumerate().filter(|(_, segment)| segment.touched > 0);
        for ((number, _), figures) in touched.zip(&run.segments) {
            let counts = [
                figures.minor_faults as f64,
                figures.zero_faults as f64,
                figures.swap_ins as f64,
                figures.swap_outs as f64,
                figures.dirty_swap_outs as f64,
                figures.mean_resident,
            ];
            for (sum, count) in sums[number].iter_mut().zip(counts) {
                *sum += count * share;
            }
        }
    }
    let touched = whole.segments.iter().zip(sums).filter(|(segment, _)| segment.touched > 0);
    touched
        .map(|(segment, [minor_faults, zero_faults, swap_ins, swap_outs, dirty_swap_outs, mean_resident])| {
            SegmentFigures {
                segment: segment.label.to_string(),
                pages: segment.size,
                touched: u64::from(segment.touched),
                minor_faults: minor_faults.round() as u64,
                zero_faults: zero_faults.round() as u64,
                swap_ins: swap_ins.round() as u64,
                swap_outs: swap_outs.round() as u64,
                dirty_swap_outs: dirty_swap_outs.round() as u64,
                mean_resident: rounded(mean_resident),
            }
        })
        .collect()
}

/// Rounded, so that the text of a result does not depend on the last bits of a sum.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_that_of_student() {
        // Mean 3, standard deviation sqrt(2.5), standard error sqrt(0.5).
        assert!((half_width(&[1.0, 2.0, 3.0, 4.0, 5.0]) - 2.776 * 0.5_f64.sqrt()).abs() < 1e-12);
        for without in [&[7.0; 5][..], &[7.0], &[]] {
            assert!(half_width(without).abs() < 1e-12, "{without:?}");
        }
    }
}
