//! The tables of a trace: memory that is enough, the best policy at each size, every run.

use super::table::{Column, NOTHING, Row, Table, number, signed, text};
use crate::metrics::Value;
use crate::policy::Sight;
use crate::report::block::{Block, REFERENCE};
use crate::report::findings::words::{per_thousand, size};
use crate::report::findings::{Enough, Entry, Ranked, Standing, needs as all_needs, ranking, standing, standings};
use crate::report::numbers::{self, grouped};
use crate::trace::PAGE_SIZE;

/// How much memory is enough for each rate of swap-outs.
pub(super) fn needs(block: &Block, id: &str) -> Option<Table> {
    block.sizes.last()?;
    let row = |need: &crate::report::findings::Need| {
        let frames = |enough: &Option<Enough>| {
            enough.as_ref().map_or_else(
                || "no size replayed".to_owned(),
                |enough| format!("at most {}", size(block, enough.frames)),
            )
        };
        let who = need.realisable.as_ref().map_or(NOTHING.to_owned(), |enough| enough.entry.series.label.clone());
        let mut cells = vec![format!("fewer than {}", need.rate)];
        cells.extend(block.reference().map(|_| frames(&need.reference)));
        cells.extend([frames(&need.realisable), who]);
        Row { cells, class: "" }
    };
    let mut columns = vec![text("swap-outs per 1,000 references", "")];
    columns.extend(block.reference().map(|_| text(format!("with {REFERENCE}"), "the reference")));
    columns.extend([
        text("with the best policy a kernel could run", ""),
        text("which is", "the fewest swap-outs at that size"),
    ]);
    Some(Table {
        id: format!("{id}-needs"),
        caption:
            "Memory that is enough: the smallest size replayed. The least that is enough lies between it and the next \
                  smaller size replayed."
                .to_owned(),
        columns,
        head: 0,
        rows: all_needs(block).iter().map(row).collect(),
    })
}

/// The best policy that a kernel could run at each memory size.
pub(super) fn sizes(block: &Block, id: &str) -> Option<Table> {
    block.sizes.last()?;
    Some(Table {
        id: format!("{id}-sizes"),
        caption: format!(
            "The best policy a kernel could run at each memory size. Saved: swap-outs fewer than with {REFERENCE}. Closed: \
             the part of the distance from {REFERENCE} to the bound, which knows the future, that is saved."
        ),
        columns: vec![
            number("frames", ""),
            number("memory", ""),
            number("% of footprint", ""),
            number("per 1,000 references", "swap-outs of the reference per 1,000 references"),
            number(format!("swap-outs, {REFERENCE}"), ""),
            text("best", ""),
            number("swap-outs, best", ""),
            number("saved, %", ""),
            number("swap-outs, bound", ""),
            number("closed, %", ""),
        ],
        head: 0,
        rows: standings(block).iter().map(|standing| size_row(block, standing)).collect(),
    })
}

fn size_row(block: &Block, standing: &Standing) -> Row {
    let page_size = block.facts.map_or(PAGE_SIZE, |facts| facts.page_size);
    let share = block.footprint().map(|footprint| numbers::percent(standing.frames as f64, footprint as f64));
    let count = |entry: Option<&Entry>| entry.map(|entry| grouped(entry.row().swap_outs));
    let best = if standing.nothing_swapped_out() {
        "nothing is swapped out".to_owned()
    } else {
        let labels: Vec<&str> = standing.best.iter().map(|entry| entry.series.label.as_str()).collect();
        labels.join(", ")
    };
    let percent = |percent: Option<f64>| percent.map(|percent| numbers::percent(percent, 100.0));
    let cells = [
        Some(grouped(standing.frames)),
        Some(numbers::memory(standing.frames, page_size)),
        share,
        standing.reference.as_ref().map(per_thousand),
        count(standing.reference.as_ref()),
        Some(best).filter(|best| !best.is_empty()),
        count(standing.best.first()),
        percent(standing.saved()),
        count(standing.bound.as_ref()),
        percent(standing.closed()),
    ];
    Row { cells: cells.map(|cell| cell.unwrap_or_else(|| NOTHING.to_owned())).into(), class: "" }
}

/// Every run at a memory size, the fewest swap-outs first.
pub(super) fn runs(block: &Block, frames: u64, id: &str) -> Table {
    let standing = standing(block, frames);
    Table {
        id: format!("{id}-runs-{frames}"),
        caption: format!("All policies in {}", size(block, frames)),
        columns: run_columns(),
        head: 1,
        rows: ranking(block, frames).iter().map(|ranked| run_row(ranked, &standing)).collect(),
    }
}

fn run_columns() -> Vec<Column> {
    vec![
        number("rank", "by swap-outs; a bound has none"),
        text("policy", ""),
        text("who could run it", ""),
        number("swap-outs", "pages written to swap"),
        number("against the reference, %", ""),
        number("per 1,000 references", "swap-outs"),
        number("dirty", "swap-outs of pages written to since they last came in"),
        number("swap-ins", "pages brought back from swap"),
        number("minor faults", "to a page in memory, but not in the process's table"),
        number("entries taken", "page-table entries taken away"),
        number("of them wasted, %", "taken from a page that stayed in memory"),
        number("examined per swap-out", "pages examined in search of a victim"),
        number("failed scans", "searches that found none"),
        number("fairness", "between segments: 1 is even"),
    ]
}

fn run_row(ranked: &Ranked, standing: &Standing) -> Row {
    let entry = &ranked.entry;
    let row = entry.row();
    let starved = row.out_of_memory > 0;
    let best = standing.best.iter().any(|best| std::ptr::eq(best.run, entry.run));
    let change = standing.reference.filter(|_| !starved);
    let change = change.and_then(|reference| numbers::change(row.swap_outs, reference.row().swap_outs));
    let rate =
        |part: u64, whole: u64, factor: f64| (whole > 0).then(|| numbers::rate(factor * part as f64 / whole as f64));
    let mark = match (starved, best) {
        (true, _) => " (out of memory)",
        (_, true) => " ★",
        _ => "",
    };
    let cells = [
        ranked.rank.map(|rank| rank.to_string()),
        Some(format!("{}{mark}", entry.series.label)),
        Some(who(entry.series.sight).to_owned()),
        Some(grouped(row.swap_outs)),
        change.map(|change| signed(&change)),
        Some(per_thousand(entry)),
        Some(grouped(row.dirty_swap_outs)),
        Some(grouped(row.swap_ins)),
        Some(grouped(row.minor_faults)),
        Some(grouped(row.ptes_invalidated)),
        rate(row.wasted_invalidations, row.ptes_invalidated, 100.0),
        rate(row.swap_attempts, row.swap_outs, 1.0),
        Some(grouped(row.failed_scans)),
        row.fairness.map(|_| numbers::value(Value::Index(row.fairness), false)),
    ];
    let class = if entry.series.policy == REFERENCE { "reference" } else { "" };
    Row { cells: cells.map(|cell| cell.unwrap_or_else(|| NOTHING.to_owned())).into(), class }
}

/// Who could run a policy, in words that stand alone.
pub(super) fn who(sight: Sight) -> &'static str {
    match sight {
        Sight::AccessedBits => "a kernel",
        Sight::EveryReference => "a simulator only",
        Sight::Future => "no one: a bound",
    }
}
