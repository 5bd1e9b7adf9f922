//! Lookups through an index: a few hot pages above, many cold ones below.

use super::alias::Alias;
use super::draw::{Chance, Draw};
use super::layout::{Layout, Size, View};
use super::permutation::Permutation;
use super::tuning::{Placement, Tuning, share_of};
use super::{Pattern, Start, Step, Walk};

/// Leaves below an inner page of the index.
const FANOUT: u64 = 100;
/// The least an index has: a root, an inner page, a leaf.
const LEAST: u64 = 3;

pub(super) static INDEX: Pattern = Pattern {
    name: "index",
    summary: "lookups through a hot B-tree in a cold table",
    model: "Transactions that fetch rows by key. A lookup reads the root, an inner page and a leaf of the index, then the \
            table's page with the row. Keys follow Zipf's law with --skew, 0 is uniform; --placement says whether the rows \
            lie in the order of the keys. --write-fraction of the lookups are updates, which write the leaf and the table's \
            page. The index is one segment with --hot-pages of all pages, 100 leaves to an inner page; --segments are those \
            of the table. The root is in every fourth reference, a page of the table hardly ever comes again.",
    defaults: Tuning {
        write_fraction: Some(0.2),
        skew: Some(0.0),
        hot_pages: Some(0.02),
        placement: Some(Placement::Scattered),
        ..Tuning::NONE
    },
    start,
};

fn start(size: &Size, tuning: &Tuning, draw: &mut Draw) -> Result<Start, String> {
    let segments = u64::from(size.segments_or(1));
    let index = share_of(size.pages, tuning.hot_pages.unwrap_or(0.0)).max(LEAST);
    let table = size.pages.saturating_sub(index);
    if table < segments {
        let (pages, least) = (size.pages, LEAST + segments);
        return Err(format!(
            "--pages {pages}: {index} are the index's, which leaves too few for the table; \
             give at least {least}, or fewer --hot-pages"
        ));
    }
    let mut layout = Layout { processes: size.processes, segments: Vec::new() };
    let everybody = layout.everybody();
    layout.push(index, everybody.clone())?;
    for _ in 0..segments {
        layout.push(table.div_ceil(segments), everybody.clone())?;
    }
    let table = View::new((1..=segments as u32).collect(), table.div_ceil(segments));
    let skew = tuning.skew.unwrap_or(0.0);
    let popular = Permutation::new(table.pages(), draw);
    let keys = if skew > 0.0 { Some(Alias::zipf(table.pages(), skew, Some(&popular))?) } else { None };
    let scattered = tuning.placement == Some(Placement::Scattered);
    let inner = (index - 1).div_ceil(FANOUT + 1);
    let walk = Index {
        inner,
        leaves: index - 1 - inner,
        rows: scattered.then(|| Permutation::new(table.pages(), draw)),
        table,
        keys,
        update: Chance::of(tuning.write_fraction.unwrap_or(0.0)),
        lookups: vec![Lookup::default(); size.processes as usize],
    };
    Ok(Start { layout, walk: Box::new(walk) })
}

/// A lookup under way.
#[derive(Clone, Copy, Default)]
struct Lookup {
    key: u64,
    updates: bool,
    /// References made of it.
    done: u32,
}

struct Index {
    inner: u64,
    leaves: u64,
    table: View,
    /// How likely each key is; all alike where there is nothing.
    keys: Option<Alias>,
    /// Where the row of a key lies; in the order of the keys where there is nothing.
    rows: Option<Permutation>,
    update: Chance,
    lookups: Vec<Lookup>,
}

impl Walk for Index {
    fn step(&mut self, process: usize, draw: &mut Draw) -> Option<Step> {
        let lookup = &mut self.lookups[process];
        if lookup.done == 0 {
            lookup.key = match &self.keys {
                Some(keys) => keys.draw(draw),
                None => draw.below(self.table.pages()),
            };
            lookup.updates = draw.happens(self.update);
        }
        let leaf = (u128::from(lookup.key) * u128::from(self.leaves) / u128::from(self.table.pages())) as u64;
        let level = lookup.done;
        lookup.done = (level + 1) % 4;
        let inside = |page, write| Step { segment: 0, page, write };
        Some(match level {
            0 => inside(0, false),
            1 => inside(1 + leaf * self.inner / self.leaves, false),
            2 => inside(1 + self.inner + leaf, lookup.updates),
            _ => {
                let row = self.rows.as_ref().map_or(lookup.key, |rows| rows.of(lookup.key));
                let (segment, page) = self.table.place(row);
                Step { segment, page, write: lookup.updates }
            }
        })
    }
}
