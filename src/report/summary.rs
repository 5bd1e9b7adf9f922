//! What a person sees on stdout after `replay`: one run, every counter by its name with a phrase that says what it
//! counts.

use std::io::{self, Write};

use super::grid::{self, Column, Style, Tint};
use super::numbers;
use crate::metrics::METRICS;
use crate::policy::registry;
use crate::results::{Distributions, Percentiles, Row, Run, SegmentFigures, TraceFacts};
use crate::trace::PAGE_SIZE;

/// A distribution of a run: what it is of, and where it is.
type Distribution = (&'static str, fn(&Distributions) -> &Percentiles);

const DISTRIBUTIONS: [Distribution; 3] = [
    ("pages examined for a swap-out", |all| &all.attempts_per_swap_out),
    ("entries taken for a swap-out", |all| &all.entries_per_swap_out),
    ("references until the page is back", |all| &all.references_to_next_use),
];

/// A point of a distribution: the head of its column, and where it is.
type Percentile = (&'static str, fn(&Percentiles) -> u64);

const PERCENTILES: [Percentile; 6] = [
    ("min", |values| values.min),
    ("p50", |values| values.p50),
    ("p90", |values| values.p90),
    ("p99", |values| values.p99),
    ("p99.9", |values| values.p999),
    ("max", |values| values.max),
];

/// A figure of a segment: the one or two lines of its head, and where it is.
type Figure = (&'static str, &'static str, fn(&SegmentFigures) -> u64);

const SEGMENT_FIGURES: [Figure; 8] = [
    ("", "pages", |segment| segment.pages),
    ("", "touched", |segment| segment.touched),
    ("minor", "faults", |segment| segment.minor_faults),
    ("zero", "faults", |segment| segment.zero_faults),
    ("swap-", "ins", |segment| segment.swap_ins),
    ("swap-", "outs", |segment| segment.swap_outs),
    ("of those", "dirty", |segment| segment.dirty_swap_outs),
    ("mean", "resident", |segment| segment.mean_resident.round() as u64),
];

/// Writes the summary of a run. `facts` are those of its trace, where known.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(run: &Run, facts: Option<&TraceFacts>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n", style.paint(&headline(&run.row, facts, style), Tint::Strong))?;
    let columns = counter_columns(&run.row, style);
    grid::write(&columns.iter().collect::<Vec<_>>(), style, out)?;
    writeln!(out)?;
    let columns = distribution_columns(&run.distributions, style);
    grid::write(&columns.iter().collect::<Vec<_>>(), style, out)?;
    if !run.segments.is_empty() {
        writeln!(out)?;
        let columns = segment_columns(&run.segments, style);
        grid::write(&columns.iter().collect::<Vec<_>>(), style, out)?;
    }
    if run.row.out_of_memory > 0 {
        let warning = "! Out of memory: references were given up, so these counts can't be compared with other runs.";
        writeln!(out, "\n{}", style.paint(warning, Tint::Warning))?;
    }
    Ok(())
}

fn headline(row: &Row, facts: Option<&TraceFacts>, style: Style) -> String {
    let share = facts.filter(|facts| facts.footprint > 0).map_or_else(String::new, |facts| {
        format!(", {} % of the footprint", numbers::percent(row.frames as f64, facts.footprint as f64))
    });
    let frames = style.number(row.frames);
    let memory = numbers::memory(row.frames, facts.map_or(PAGE_SIZE, |facts| facts.page_size));
    let policy = registry::label(&row.policy, &row.params);
    format!("{} with {policy} in {frames} frames ({memory}{share})", row.trace)
}

fn counter_columns(row: &Row, style: Style) -> [Column; 3] {
    let mut columns = [Column::left(), Column::default(), Column::left()];
    let [names, values, phrases] = &mut columns;
    for metric in METRICS {
        let value = (metric.value)(row);
        let tint = match metric.name {
            "swap_outs" => Tint::Strong,
            "out_of_memory" if row.out_of_memory > 0 => Tint::Warning,
            _ => Tint::Plain,
        };
        names.push(metric.name, tint);
        values.push(numbers::value(value, style.thousands), tint);
        phrases.push(metric.meaning, Tint::Faint);
    }
    columns
}

fn distribution_columns(distributions: &Distributions, style: Style) -> Vec<Column> {
    let mut name = Column::left();
    let mut count = Column::default();
    let mut mean = Column::default();
    name.push("", Tint::Plain);
    count.push("count", Tint::Faint);
    mean.push("mean", Tint::Faint);
    for (phrase, of) in DISTRIBUTIONS {
        let values = of(distributions);
        name.push(phrase, Tint::Plain);
        count.push(style.number(values.count), Tint::Plain);
        mean.push(format!("{:.1}", values.mean), Tint::Plain);
    }
    let points = PERCENTILES.map(|(head, value)| {
        let mut column = Column::default();
        column.push(head, Tint::Faint);
        for (_, of) in DISTRIBUTIONS {
            column.push(style.number(value(of(distributions))), Tint::Plain);
        }
        column
    });
    [name, count, mean].into_iter().chain(points).collect()
}

fn segment_columns(segments: &[SegmentFigures], style: Style) -> Vec<Column> {
    let mut name = Column::left();
    name.push("", Tint::Plain);
    name.push("segment", Tint::Faint);
    for segment in segments {
        name.push(super::table::shortened(&segment.segment, 16), Tint::Plain);
    }
    let figures = SEGMENT_FIGURES.map(|(above, below, value)| {
        let mut column = Column::default();
        column.push(above, Tint::Faint);
        column.push(below, Tint::Faint);
        for segment in segments {
            column.push(style.number(value(segment)), Tint::Plain);
        }
        column
    });
    std::iter::once(name).chain(figures).collect()
}
