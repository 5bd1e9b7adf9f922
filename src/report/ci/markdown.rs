//! Markdown, as pull requests and the summaries of jobs show it.

use std::io::{self, Write};

use crate::gate::{Comparison, Standing};
use crate::report::check::{Lines, PARTS, headline, obstacles, part, percent};
use crate::report::table::{markdown, write_markdown};
use crate::report::{Style, counted, numbers};
use crate::results::Results;

/// Writes the tables of the results.
pub(super) fn of_results(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    write_markdown(results, Style::PLAIN, out)
}

/// Writes what is worse, not comparable and better.
pub(super) fn of_comparison(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let mark = match comparison.standing {
        Standing::Worse => "❌",
        Standing::NotComparable => "⚠️",
        Standing::Equal | Standing::Better | Standing::WithinLimits => "✅",
    };
    writeln!(out, "### {mark} clockhand check: {}\n", comparison.standing.words())?;
    writeln!(out, "{}\n", markdown(&headline(comparison)))?;
    for standing in PARTS {
        let ranked = comparison.ranked(standing);
        if ranked.is_empty() {
            continue;
        }
        writeln!(out, "**{}**\n", markdown(&part(standing, &ranked)))?;
        writeln!(out, "| policy | trace | frames | metric | before | after | change |")?;
        writeln!(out, "|---|---|---:|---|---:|---:|---:|")?;
        let shown = ranked.len().min(Lines::Some.most(standing));
        for (run, change) in &ranked[..shown] {
            let cells = [
                run.label.clone(),
                run.trace.clone(),
                run.frames.to_string(),
                change.metric.name.to_owned(),
                numbers::value(change.before, true),
                numbers::value(change.after, true),
                percent(change),
            ];
            writeln!(out, "| {} |", cells.map(|cell| markdown(&cell)).join(" | "))?;
        }
        let more = ranked.len() - shown;
        if more > 0 {
            writeln!(out, "\nand {} more", counted(more as u64, "change", "changes"))?;
        }
        writeln!(out)?;
    }
    let obstacles = obstacles(comparison);
    if !obstacles.is_empty() {
        writeln!(out, "**not comparable**\n")?;
        obstacles.iter().try_for_each(|line| writeln!(out, "- {}", markdown(line)))?;
        writeln!(out)?;
    }
    out.flush()
}
