//! From a replay that is over to its result: the row, the figures of each segment, the percentiles.
//!
//! Derived figures (hits, fairness, means) are computed here and nowhere else.

use crate::kernel::{Kernel, SegmentCounters};
use crate::policy::registry::PolicySpec;
use crate::program::Program;
use crate::replay::{Options, Replay};
use crate::results::{Row, Run, SegmentFigures};

/// The result of a replay of the trace of this name under this policy.
pub fn outcome(replay: &dyn Replay, trace: &str, policy: &PolicySpec, options: &Options) -> Run {
    let kernel = replay.kernel();
    Run {
        row: row(kernel, trace, policy, options),
        segments: segments(kernel),
        distributions: replay.distributions().percentiles(),
        estimate: None,
        source: None,
        timeline: None,
    }
}

fn row(kernel: &Kernel, trace: &str, policy: &PolicySpec, options: &Options) -> Row {
    let counters = kernel.counters();
    let faults = counters.minor_faults + counters.zero_faults + counters.swap_ins + counters.out_of_memory;
    Row {
        trace: trace.to_owned(),
        policy: policy.entry.name.to_owned(),
        params: policy.arguments(options.seed).to_string(),
        sight: policy.entry.sight.word().to_owned(),
        frames: kernel.frames(),
        references: kernel.now(),
        hits: kernel.now() - faults,
        minor_faults: counters.minor_faults,
        zero_faults: counters.zero_faults,
        swap_ins: counters.swap_ins,
        swap_outs: counters.swap_outs,
        dirty_swap_outs: counters.dirty_swap_outs,
        ptes_invalidated: counters.ptes_invalidated,
        wasted_invalidations: counters.wasted_invalidations,
        swap_attempts: counters.swap_attempts,
        failed_scans: counters.failed_scans,
        out_of_memory: counters.out_of_memory,
        fairness: fairness(kernel),
    }
}

/// Jain's index over segments of swap-outs per resident page, over the segments that had pages in memory; none where
/// nothing was swapped out. Rounded to six figures, so that the text of a result does not depend on the last bits of a sum.
fn fairness(kernel: &Kernel) -> Option<f64> {
    let residence = |segment: &SegmentCounters| segment.resident_references(kernel.now());
    let in_memory = kernel.segment_counters().iter().filter(|segment| residence(segment) > 0);
    let rates: Vec<f64> = in_memory.map(|segment| segment.swap_outs as f64 / residence(segment) as f64).collect();
    let sum: f64 = rates.iter().sum();
    let squares: f64 = rates.iter().map(|rate| rate * rate).sum();
    (squares > 0.0).then(|| rounded(sum * sum / (rates.len() as f64 * squares)))
}

fn segments(kernel: &Kernel) -> Vec<SegmentFigures> {
    let program: &Program = kernel.program();
    let touched = program.segments.iter().zip(kernel.segment_counters()).filter(|(segment, _)| segment.touched > 0);
    touched
        .map(|(segment, counters)| SegmentFigures {
            segment: segment.label.to_string(),
            pages: segment.size,
            touched: u64::from(segment.touched),
            minor_faults: counters.minor_faults,
            zero_faults: counters.zero_faults,
            swap_ins: counters.swap_ins,
            swap_outs: counters.swap_outs,
            dirty_swap_outs: counters.dirty_swap_outs,
            mean_resident: rounded(counters.resident_references(kernel.now()) as f64 / kernel.now().max(1) as f64),
        })
        .collect()
}

fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
