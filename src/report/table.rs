//! What a person sees on stdout after `compare`: swap-outs by memory size and policy, the sight of each policy beside
//! its name. Nothing is left out for want of room: a wide table is broken into blocks, each with the reference.

use std::io::{self, Write};

use super::block::{Block, REFERENCE, Series, blocks};
use super::grid::{self, Column, GAP, Style, Tint};
use super::numbers;
use crate::policy::Sight;
use crate::results::Results;

/// Marks the fewest swap-outs a kernel could have at a size.
const BEST: char = '*';
/// Marks a run that ran out of memory.
const OUT_OF_MEMORY: char = '!';
/// The longest head of a column; longer labels lose their middle, `results.csv` has them whole.
const LONGEST_HEAD: usize = 24;

/// The most policies that stand side by side, a line a memory size; more of them have a line each.
const MOST_ACROSS: usize = 8;

/// Writes the tables of all traces.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(results: &Results, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let blocks = blocks(results);
    if blocks.is_empty() {
        return writeln!(out, "No runs: nothing to compare.");
    }
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}{}", style.paint(block.name, Tint::Strong), facts_line(block, style))?;
        let columns = block_columns(block, style);
        let columns = if block.series.len() > MOST_ACROSS { transposed(&columns) } else { columns };
        for columns in fitting(&columns, style.width) {
            writeln!(out)?;
            grid::write(&columns, style, out)?;
        }
        writeln!(out)?;
        for line in notes(block) {
            writeln!(out, "{}{}", " ".repeat(GAP), style.paint(&line, Tint::Faint))?;
        }
    }
    Ok(())
}

/// Writes the same tables as Markdown, unbroken and without colours.
///
/// # Errors
/// When `out` can't be written to.
pub fn write_markdown(results: &Results, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let style = Style { colour: false, ..style };
    for block in &blocks(results) {
        writeln!(out, "### {}\n\nSwap-outs{}\n", markdown(block.name), facts_line(block, style))?;
        let columns = block_columns(block, style);
        for line in 0..columns.first().map_or(0, |first| first.cells.len()) {
            let cells: Vec<_> = columns.iter().map(|column| markdown(column.cells[line].0.trim())).collect();
            writeln!(out, "| {} |", cells.join(" | "))?;
            if line == 0 {
                writeln!(out, "|{}", "---:|".repeat(columns.len()))?;
            }
        }
        writeln!(out)?;
        for line in notes(block) {
            writeln!(out, "- {}", markdown(&line))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Text that Markdown would take for its own.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if "|*_\\<`".contains(character) {
            escaped.push('\\');
        }
        escaped.push(if character.is_control() { ' ' } else { character });
    }
    escaped
}

/// `: 1,000,000 references, 24,576 pages (96 MiB) in 3 segments, 12 processes`; empty where nothing is known.
fn facts_line(block: &Block, style: Style) -> String {
    block.facts.map_or_else(String::new, |facts| {
        format!(
            ": {} references to {} pages ({}), {}, {}",
            style.number(facts.references),
            style.number(facts.footprint),
            numbers::memory(facts.footprint, facts.page_size),
            numbers::counted(facts.segments, "segment", "segments"),
            numbers::counted(facts.processes, "process", "processes"),
        )
    })
}

/// Frames, percentage, then one column a policy, all with two lines of head.
fn block_columns(block: &Block, style: Style) -> Vec<Column> {
    let mut frames = Column::default();
    frames.push("frames", Tint::Plain);
    frames.push("", Tint::Plain);
    let mut share = Column::default();
    share.push("%", Tint::Plain);
    share.push("", Tint::Plain);
    for &size in &block.sizes {
        frames.push(style.number(size), Tint::Plain);
        let percent = block.footprint().map(|footprint| format!("{:.1}", 100.0 * size as f64 / footprint as f64));
        share.push(percent.unwrap_or_default(), Tint::Faint);
    }
    let policies = block.series.iter().map(|series| policy_column(block, series, style));
    [frames, share].into_iter().chain(policies).collect()
}

fn policy_column(block: &Block, series: &Series, style: Style) -> Column {
    let tint = if series.policy == REFERENCE { Tint::Strong } else { Tint::Plain };
    let mut column = Column::default();
    // The blank stands over the marks, so that heads and numbers end at the same place.
    column.push(format!("{} ", shortened(&series.label, LONGEST_HEAD)), tint);
    column.push(format!("{} ", series.sight.who()), Tint::Faint);
    for size in &block.sizes {
        let Some(run) = series.runs.get(size) else {
            column.push("- ", Tint::Faint);
            continue;
        };
        let best = series.sight == Sight::AccessedBits && block.best_realisable(*size) == Some(run.row.swap_outs);
        let (mark, tint) = match (run.row.out_of_memory > 0, best) {
            (true, _) => (OUT_OF_MEMORY, Tint::Warning),
            (false, true) => (BEST, Tint::Best),
            (false, false) => (' ', tint),
        };
        let trust = run.estimate.as_ref().and_then(|estimate| estimate.relative(&run.row));
        let trust = trust.map_or_else(String::new, |part| format!(" ±{}", numbers::percent(part, 1.0) + " %"));
        column.push(format!("{}{trust}{mark}", style.number(run.row.swap_outs)), tint);
    }
    column
}

/// The same cells with lines for columns: first the policies and their sights, then a column a memory size.
fn transposed(columns: &[Column]) -> Vec<Column> {
    let lines = columns.first().map_or(0, |first| first.cells.len());
    let line = |line: usize| {
        let column = if line < 2 { Column::left() } else { Column::default() };
        // What heads a column of numbers ends where the numbers do, before their marks.
        let cells = columns.iter().enumerate().map(|(place, column)| {
            let (text, tint) = &column.cells[line];
            (if place < 2 { format!("{text} ") } else { text.clone() }, *tint)
        });
        Column { cells: cells.collect(), ..column }
    };
    (0..lines).map(line).collect()
}

/// The columns in groups that fit the width: each begins with the sizes and, after the first, the reference.
fn fitting(columns: &[Column], width: usize) -> Vec<Vec<&Column>> {
    let reference =
        columns.iter().position(|column| column.cells.first().is_some_and(|(head, _)| head.trim_end() == REFERENCE));
    let across = |group: &[&Column]| group.iter().map(|column| column.width() + GAP).sum::<usize>();
    let mut groups: Vec<Vec<&Column>> = vec![columns.iter().take(2).collect()];
    let mut fresh = true;
    for (place, column) in columns.iter().enumerate().skip(2) {
        let full = groups.last().is_some_and(|group| across(group) + column.width() + GAP > width);
        if full && !fresh {
            let repeated = reference.filter(|&at| at < place).map(|at| &columns[at]);
            groups.push(columns.iter().take(2).chain(repeated).collect());
        }
        if let Some(group) = groups.last_mut() {
            group.push(column);
        }
        fresh = false;
    }
    groups
}

/// A text of at most `most` characters: its beginning and its end, an ellipsis between.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= most {
        return text.to_owned();
    }
    let end = (most.saturating_sub(1)) / 2;
    let start = most.saturating_sub(1) - end;
    characters[..start].iter().chain(&['…']).chain(&characters[characters.len() - end..]).collect()
}

/// What the marks and the words in the heads mean, for those that occur.
fn notes(block: &Block) -> Vec<String> {
    let mut notes = vec!["Swap-outs: pages written to swap.".to_owned()];
    if block.series.iter().any(|series| series.sight == Sight::AccessedBits) {
        notes.push(format!("{BEST} the fewest a kernel could have at that size"));
    }
    if block.ran_out_of_memory() {
        notes.push(format!(
            "{OUT_OF_MEMORY} out of memory: no frame could be had and references were given up; not comparable"
        ));
    }
    notes.extend(estimate_note(block));
    notes.extend(block.sights().map(|sight| format!("{}: {}", sight.who(), sight.meaning())));
    notes
}

/// What is to be known of estimates, where the block has them.
fn estimate_note(block: &Block) -> Option<String> {
    let sample = block.facts?.sample.as_ref()?;
    let part = numbers::percent(sample.rate, 1.0);
    let text = format!(
        "Estimates from {} samples of {part} % of the pages; ± is half of the 95 % interval around their mean",
        sample.pages.len()
    );
    let pages = sample.fewest_pages();
    Some(if sample.too_small() { format!("{text}. Too few pages to tell policies apart: {pages}") } else { text })
}
