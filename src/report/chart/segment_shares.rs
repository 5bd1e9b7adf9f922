//! The segments of a chart: the largest each for itself and the rest together, and what each has of all resident pages and
//! of all swap-outs in a run.

use std::collections::HashMap;

use crate::report::numbers;
use crate::results::{Run, SegmentFigures};

/// The most columns; where there are more segments, the last is the rest.
const MOST: usize = 5;

/// A segment, or the rest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) heading: String,
    /// Touched pages.
    pub(super) pages: u64,
}

/// What a column has of all: parts from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shares {
    pub(super) resident: f64,
    pub(super) swap_outs: f64,
}

impl Shares {
    /// How many times its part of the swap-outs a segment bears.
    pub(super) fn ratio(self) -> f64 {
        self.swap_outs / self.resident
    }
}

/// Which segment is in which column. Segments of one name are told apart by their order.
pub(super) struct Columns {
    pub(super) columns: Vec<Column>,
    places: HashMap<(String, usize), usize>,
}

impl Columns {
    /// The segments with most touched pages, each a column, and the rest together.
    pub(super) fn new(run: &Run) -> Self {
        let mut segments: Vec<(usize, &SegmentFigures)> = numbered(run).collect();
        segments.sort_by_key(|(_, segment)| std::cmp::Reverse(segment.touched));
        let single = if segments.len() > MOST { MOST - 1 } else { segments.len() };
        let mut columns = Vec::new();
        let mut places = HashMap::new();
        for (place, (number, segment)) in segments.iter().enumerate() {
            if place < single {
                columns.push(Column { heading: segment.segment.clone(), pages: segment.touched });
            }
            places.insert((segment.segment.clone(), *number), place.min(single));
        }
        let rest = &segments[single..];
        if !rest.is_empty() {
            let heading = format!("{} others", numbers::grouped(rest.len() as u64));
            columns.push(Column { heading, pages: rest.iter().map(|(_, segment)| segment.touched).sum() });
        }
        Self { columns, places }
    }

    /// The shares of each column in a run; none where nothing at all was resident, or swapped out.
    pub(super) fn shares(&self, run: &Run) -> Vec<Option<Shares>> {
        let mut sums = vec![(0.0, 0.0); self.columns.len()];
        let mut all = (0.0, 0.0);
        for (number, segment) in numbered(run) {
            let own = (segment.mean_resident, segment.swap_outs as f64);
            all = (all.0 + own.0, all.1 + own.1);
            let place = self.places.get(&(segment.segment.clone(), number));
            if let Some(sum) = place.and_then(|&place| sums.get_mut(place)) {
                *sum = (sum.0 + own.0, sum.1 + own.1);
            }
        }
        let shares = |(resident, swap_outs): (f64, f64)| {
            let shares = Shares { resident: resident / all.0, swap_outs: swap_outs / all.1 };
            (shares.resident.is_finite() && shares.swap_outs.is_finite()).then_some(shares)
        };
        sums.into_iter().map(shares).collect()
    }
}

/// The segments of a run, each with how many of its name come before it.
fn numbered(run: &Run) -> impl Iterator<Item = (usize, &SegmentFigures)> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    run.segments.iter().map(move |segment| {
        let count = seen.entry(&segment.segment).or_default();
        *count += 1;
        (*count - 1, segment)
    })
}
