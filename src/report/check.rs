//! What a person sees after `check`: what is worse and by how much, the worst first, then what can't be compared and what
//! is better.

use std::io::{self, Write};

use super::grid::{self, Column, GAP, Style, Tint};
use super::numbers::{self, counted};
use crate::gate::{Change, ComparedRun, Comparison, Standing};

/// How many lines each part has at most, if not all are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// So many as are read.
    Some,
    /// All.
    All,
}

impl Lines {
    /// The most lines of a part with this standing.
    pub(super) fn most(self, standing: Standing) -> usize {
        match (self, standing) {
            (Self::All, _) => usize::MAX,
            (Self::Some, Standing::Worse) => 20,
            (Self::Some, _) => 8,
        }
    }
}

/// The parts of changes, in their order.
pub(super) const PARTS: [Standing; 3] = [Standing::Worse, Standing::WithinLimits, Standing::Better];

/// Writes the comparison.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(comparison: &Comparison, lines: Lines, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", style.paint(&headline(comparison), Tint::Strong))?;
    for standing in PARTS {
        let ranked = comparison.ranked(standing);
        if ranked.is_empty() {
            continue;
        }
        writeln!(out, "\n{}", style.paint(&part(standing, &ranked), tint(standing)))?;
        let shown = &ranked[..ranked.len().min(lines.most(standing))];
        let columns = columns(shown, style);
        grid::write(&columns.iter().collect::<Vec<_>>(), style, out)?;
        if shown.len() < ranked.len() {
            let more = ranked.len() - shown.len();
            let text = format!("and {} more; --all shows them", counted(more as u64, "change", "changes"));
            writeln!(out, "{}{}", " ".repeat(GAP), style.paint(&text, Tint::Faint))?;
        }
    }
    let obstacles = obstacles(comparison);
    if !obstacles.is_empty() {
        writeln!(out, "\n{}", style.paint("not comparable", Tint::Warning))?;
        obstacles.iter().try_for_each(|line| writeln!(out, "{}{line}", " ".repeat(GAP)))?;
    }
    Ok(())
}

/// `baseline.csv: 364 runs: 12 worse, 352 equal`.
pub(super) fn headline(comparison: &Comparison) -> String {
    let tally = comparison.tally;
    let all = [
        (tally.worse, Standing::Worse),
        (tally.not_comparable, Standing::NotComparable),
        (tally.within_limits, Standing::WithinLimits),
        (tally.better, Standing::Better),
        (tally.equal, Standing::Equal),
    ];
    let counts = all.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, standing)| format!("{count} {}", standing.words())).collect();
    let runs = counted(comparison.runs.len() as u64, "run", "runs");
    format!("{}: {runs}: {}", comparison.baseline, counts.join(", "))
}

/// What heads a part: `worse: clock in 14 runs, sieve in 1 run`.
pub(super) fn part(standing: Standing, ranked: &[(&ComparedRun, &Change)]) -> String {
    let mut policies: Vec<(&str, Vec<usize>)> = Vec::new();
    for (run, _) in ranked {
        match policies.iter_mut().find(|(label, _)| *label == run.label) {
            Some((_, lines)) if lines.contains(&run.line) => {}
            Some((_, lines)) => lines.push(run.line),
            None => policies.push((&run.label, vec![run.line])),
        }
    }
    let shown = policies.iter().take(6);
    let mut texts: Vec<String> =
        shown.map(|(label, lines)| format!("{label} in {}", counted(lines.len() as u64, "run", "runs"))).collect();
    if policies.len() > texts.len() {
        texts.push(format!("{} more policies", policies.len() - texts.len()));
    }
    format!("{}: {}", standing.words(), texts.join(", "))
}

/// What can't be compared and why, a line for each reason.
pub(super) fn obstacles(comparison: &Comparison) -> Vec<String> {
    let mut lines = comparison.obstacles.clone();
    for (reason, runs) in comparison.reasons() {
        let ComparedRun { label, trace, frames, .. } = runs[0];
        let first = format!("{label} on {trace} in {frames} frames");
        let more = runs.len() - 1;
        let who = if more == 0 { first } else { format!("{first} and {}", counted(more as u64, "other", "others")) };
        lines.push(format!("{who}: {reason}"));
    }
    lines
}

/// `+4.8 %`, or, where it was 0, nothing.
pub(super) fn percent(change: &Change) -> String {
    change.percent().map_or_else(String::new, |percent| match percent.abs() {
        size if size < 0.01 => format!("{}<0.01 %", if percent < 0.0 { "-" } else { "+" }),
        size if size < 10.0 => format!("{percent:+.2} %"),
        _ => format!("{percent:+.1} %"),
    })
}

/// `swap_outs: was 11450, is 12000 (+4.80 %), worse`.
pub(super) fn change_line(change: &Change) -> String {
    let [before, after] = [change.before, change.after].map(|value| numbers::value(value, false));
    let share = percent(change);
    let share = if share.is_empty() { share } else { format!(" ({share})") };
    format!("{}: was {before}, is {after}{share}, {}", change.metric.name, change.standing.words())
}

fn tint(standing: Standing) -> Tint {
    match standing {
        Standing::Worse | Standing::NotComparable => Tint::Warning,
        Standing::Better => Tint::Best,
        Standing::WithinLimits | Standing::Equal => Tint::Plain,
    }
}

fn columns(ranked: &[(&ComparedRun, &Change)], style: Style) -> [Column; 7] {
    let mut columns = [
        Column::left(),
        Column::left(),
        Column::default(),
        Column::left(),
        Column::default(),
        Column::default(),
        Column::default(),
    ];
    let heads = ["policy", "trace", "frames", "metric", "before", "after", "change"];
    columns.iter_mut().zip(heads).for_each(|(column, head)| column.push(head, Tint::Faint));
    for (run, change) in ranked {
        let cells = [
            run.label.clone(),
            run.trace.clone(),
            style.number(run.frames),
            change.metric.name.to_owned(),
            numbers::value(change.before, style.thousands),
            numbers::value(change.after, style.thousands),
            percent(change),
        ];
        columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell, Tint::Plain));
    }
    columns
}
