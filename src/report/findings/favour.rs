//! How evenly the segments bear the swap-outs of a run.

use crate::results::{Run, SegmentFigures};

/// Segments with fewer pages in memory, on average, say nothing: chance decides over them.
const LEAST_RESIDENT: f64 = 1.0;

/// What a segment bears: its swap-outs for each page it has in memory, against the mean over all pages.
#[derive(Clone, Copy, Debug)]
pub struct Favour<'a> {
    /// The segment.
    pub segment: &'a SegmentFigures,
    /// Its swap-outs per resident page, as a multiple of the mean over all of these segments: 1 is what an even policy
    /// would give, 2 twice as many.
    pub times: f64,
}

/// The segments that have at least a page in memory on average, from the most favoured to the least. Empty where nothing was
/// swapped out of them.
pub fn favours(run: &Run) -> Vec<Favour<'_>> {
    let counted: Vec<&SegmentFigures> =
        run.segments.iter().filter(|segment| segment.mean_resident >= LEAST_RESIDENT).collect();
    let swap_outs: f64 = counted.iter().map(|segment| segment.swap_outs as f64).sum();
    let resident: f64 = counted.iter().map(|segment| segment.mean_resident).sum();
    if swap_outs <= 0.0 {
        return Vec::new();
    }
    let times = |segment: &SegmentFigures| segment.swap_outs as f64 / segment.mean_resident / (swap_outs / resident);
    let mut all: Vec<Favour> = counted.into_iter().map(|segment| Favour { segment, times: times(segment) }).collect();
    all.sort_by(|a, b| a.times.total_cmp(&b.times));
    all
}
