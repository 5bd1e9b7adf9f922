//! The segments of a trace under the reference and the best policy, the largest first.

use std::collections::HashMap;

use super::table::{Column, NOTHING, Row, Table, number, text};
use crate::report::block::Block;
use crate::report::findings::words::size;
use crate::report::findings::{Entry, favours, standing, telling_size};
use crate::report::numbers::{self, grouped};
use crate::results::SegmentFigures;

/// Segments that are always shown.
const SHOWN: usize = 12;
/// Segments that can be unfolded; the rest is in `results.json`.
const MOST: usize = 300;

/// The tables of segments at one memory size.
pub(super) struct Segments {
    /// The largest segments, and the others.
    pub(super) tables: Vec<Table>,
    /// How many the second table has.
    pub(super) folded: usize,
    /// How many are in neither.
    pub(super) left_out: usize,
}

/// The segments at the telling size; none where the results have none.
pub(super) fn of(block: &Block, id: &str) -> Option<Segments> {
    let frames = telling_size(block)?;
    let standing = standing(block, frames);
    let mut entries: Vec<Entry> = standing.reference.into_iter().collect();
    entries.extend(standing.best.first().copied().filter(|_| !standing.reference_is_best()));
    let segments = &entries.first()?.run.segments;
    let mut order: Vec<usize> = (0..segments.len()).collect();
    order.sort_by_key(|&place| std::cmp::Reverse(segments[place].touched));
    let bearers: Vec<Bearer> = entries.iter().map(Bearer::of).collect();
    let table = |places: &[usize], number: usize| Table {
        id: format!("{id}-segments-{number}"),
        caption: format!("Segments in {}, the largest first", size(block, frames)),
        columns: columns(&entries),
        head: 0,
        rows: places.iter().map(|&place| row(place, segments, &bearers)).collect(),
    };
    let (shown, most) = (order.len().min(SHOWN), order.len().min(MOST));
    if shown == 0 {
        return None;
    }
    let mut tables = vec![table(&order[..shown], 1)];
    if most > shown {
        tables.push(table(&order[shown..most], 2));
    }
    Some(Segments { tables, folded: most - shown, left_out: order.len() - most })
}

/// The segments of a run, and how many times the mean each bears.
struct Bearer<'a> {
    segments: &'a [SegmentFigures],
    times: HashMap<*const SegmentFigures, f64>,
}

impl<'a> Bearer<'a> {
    fn of(entry: &Entry<'a>) -> Self {
        let times = favours(entry.run).into_iter().map(|favour| (std::ptr::from_ref(favour.segment), favour.times));
        Self { segments: &entry.run.segments, times: times.collect() }
    }
}

fn columns(entries: &[Entry]) -> Vec<Column> {
    let mut columns =
        vec![text("segment", ""), number("pages", "its size"), number("touched", "pages referenced at least once")];
    for entry in entries {
        let label = &entry.series.label;
        columns.push(number(format!("{label}: pages in memory"), "on average"));
        columns.push(number(format!("{label}: swap-outs"), "of its pages"));
        columns.push(number(
            format!("{label}: times the mean"),
            "swap-outs for each page in memory, against the mean of all segments; 1 is even",
        ));
    }
    columns
}

/// The segment at a place: runs of one trace have the same segments in the same order.
fn row(place: usize, segments: &[SegmentFigures], bearers: &[Bearer]) -> Row {
    let of = &segments[place];
    let mut cells = vec![of.segment.clone(), grouped(of.pages), grouped(of.touched)];
    for bearer in bearers {
        let figures = bearer.segments.get(place).filter(|figures| figures.segment == of.segment);
        let times = figures.and_then(|figures| bearer.times.get(&std::ptr::from_ref(figures)));
        let texts = [
            figures.map(|figures| format!("{:.1}", figures.mean_resident)),
            figures.map(|figures| grouped(figures.swap_outs)),
            times.map(|&times| numbers::rate(times)),
        ];
        cells.extend(texts.map(|text| text.unwrap_or_else(|| NOTHING.to_owned())));
    }
    Row { cells, class: "" }
}
