//! What a person sees on stdout after `compare`: what the runs say in words, then the policies in the order of their
//! swap-outs, a group of memory sizes after the other: swap-outs, percent against the reference, rank. Nothing is left out
//! for want of room.

use std::io::{self, Write};

use super::block::{Block, REFERENCE, Series, blocks};
use super::findings::{Entry, Ranked, Standing, ranking, standing, telling_size, words};
use super::grid::{self, Column, GAP, Style, Tint};
use super::numbers;
use crate::policy::Sight;
use crate::results::Results;

/// Marks the fewest swap-outs a kernel could have at a size.
const BEST: char = '*';
/// Marks a run that ran out of memory.
const OUT_OF_MEMORY: char = '!';
/// Marks a policy that only a simulator could run, behind its name.
const SIMULATOR: char = '~';
/// Marks a bound, behind its name.
const BOUND: char = '^';
/// The longest name of a policy; longer ones lose their middle, `results.csv` has them whole.
const LONGEST_NAME: usize = 24;

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
        write_answers(block, style, out)?;
        if style.sparklines && block.sizes.len() > 1 {
            writeln!(out)?;
            grid::write(&sparklines(block).iter().collect::<Vec<_>>(), style, out)?;
        }
        let (still, swapping): (Vec<u64>, Vec<u64>) = block.sizes.iter().partition(|&&frames| is_still(block, frames));
        for columns in groups(block, &swapping, style) {
            writeln!(out)?;
            grid::write(&columns.iter().collect::<Vec<_>>(), style, out)?;
        }
        writeln!(out)?;
        if !still.is_empty() {
            let sizes: Vec<String> = still.iter().map(|&frames| style.number(frames)).collect();
            grid::wrap(&format!("No policy swaps anything out in {} frames.", sizes.join(", ")), GAP, style, out)?;
        }
        for line in notes(block) {
            writeln!(out, "{}{}", " ".repeat(GAP), style.paint(&line, Tint::Faint))?;
        }
    }
    Ok(())
}

/// What the runs say, in words.
fn write_answers(block: &Block, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for answer in words::answers(block) {
        writeln!(out)?;
        grid::wrap(&answer.question, GAP, style, out)?;
        grid::wrap(&format!("{}. {}", answer.answer, answer.because.join(" ")), 2 * GAP, style, out)?;
    }
    Ok(())
}

/// Writes the same counts as Markdown, in one table a trace and without colours.
///
/// # Errors
/// When `out` can't be written to.
pub fn write_markdown(results: &Results, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for block in &blocks(results) {
        writeln!(out, "### {}\n\nSwap-outs{}\n", markdown(block.name), facts_line(block, style))?;
        let sizes = block.sizes.iter().map(|&frames| {
            let share = share(block, frames).map(|share| format!(" ({share} %)")).unwrap_or_default();
            format!("{}{share}", style.number(frames))
        });
        let heads: Vec<String> =
            ["policy, in … frames", "run by"].into_iter().map(str::to_owned).chain(sizes).collect();
        writeln!(out, "| {} |\n|:---|:---|{}", heads.join(" | "), "---:|".repeat(block.sizes.len()))?;
        for series in ordered(block, &block.sizes) {
            let cells = block.sizes.iter().map(|&frames| markdown(&markdown_cell(block, series, frames, style)));
            let cells = [markdown(&series.label), series.sight.who().to_owned()].into_iter().chain(cells);
            writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "))?;
        }
        writeln!(out)?;
        for line in markdown_notes(block) {
            writeln!(out, "- {}", markdown(&line))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn markdown_cell(block: &Block, series: &Series, frames: u64, style: Style) -> String {
    let Some(run) = series.runs.get(&frames) else { return "-".to_owned() };
    let cell = Cell::of(&Entry { series, run }, &standing(block, frames));
    let change =
        cell.change.filter(|_| series.policy != REFERENCE).map(|change| format!(" ({change} %)")).unwrap_or_default();
    format!("{}{}{change}", style.number(run.row.swap_outs), cell.mark.map(String::from).unwrap_or_default())
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

/// A memory size in % of the footprint.
fn share(block: &Block, frames: u64) -> Option<String> {
    block.footprint().map(|footprint| format!("{:.1}", 100.0 * frames as f64 / footprint as f64))
}

/// Whether every policy ran at this size and none swapped anything out.
fn is_still(block: &Block, frames: u64) -> bool {
    block.series.iter().all(|series| {
        let row = series.runs.get(&frames).map(|run| &run.row);
        row.is_some_and(|row| row.swap_outs == 0 && row.out_of_memory == 0)
    })
}

/// What stands beside a count.
struct Cell {
    mark: Option<char>,
    tint: Tint,
    /// Percent against the reference; none where they can't be compared.
    change: Option<String>,
}

impl Cell {
    fn of(entry: &Entry, standing: &Standing) -> Self {
        let is_best = standing.best.iter().any(|best| std::ptr::eq(best.run, entry.run));
        let is_reference = entry.series.policy == REFERENCE;
        let (mark, tint) = match (entry.row().out_of_memory > 0, is_best) {
            (true, _) => (Some(OUT_OF_MEMORY), Tint::Warning),
            (false, true) => (Some(BEST), Tint::Best),
            (false, false) => (None, if is_reference { Tint::Strong } else { Tint::Plain }),
        };
        let reference = standing.reference.filter(|_| entry.row().out_of_memory == 0);
        let change = reference.and_then(|reference| numbers::change(entry.row().swap_outs, reference.row().swap_outs));
        Self { mark, tint, change }
    }
}

/// The policies in the order of their swap-outs at the first of these sizes; those that did not run there come last.
fn ordered<'a>(block: &'a Block<'a>, sizes: &[u64]) -> Vec<&'a Series<'a>> {
    let ranked = sizes.first().map(|&frames| ranking(block, frames)).unwrap_or_default();
    let mut order: Vec<&Series> = ranked.iter().map(|ranked| ranked.entry.series).collect();
    order.extend(
        block.series.iter().filter(|series| !ranked.iter().any(|ranked| std::ptr::eq(ranked.entry.series, *series))),
    );
    order
}

/// The name of a policy and the mark of who could run it.
fn name(series: &Series) -> String {
    let mark = match series.sight {
        Sight::AccessedBits => String::new(),
        Sight::EveryReference => format!(" {SIMULATOR}"),
        Sight::Future => format!(" {BOUND}"),
    };
    format!("{}{mark}", shortened(&series.label, LONGEST_NAME))
}

/// The names of policies, under as many lines of head as the other columns have.
fn names(order: &[&Series], heads: [&str; 2]) -> Column {
    let mut column = Column::left();
    for head in heads {
        column.push(head, Tint::Plain);
    }
    for series in order {
        column.push(name(series), if series.policy == REFERENCE { Tint::Strong } else { Tint::Plain });
    }
    column
}

/// The sizes in groups that fit the width, each with the policies in the order of its first size. A size that is too wide for
/// any line stands alone.
fn groups(block: &Block, sizes: &[u64], style: Style) -> Vec<Vec<Column>> {
    let mut groups = Vec::new();
    let mut rest = sizes;
    while !rest.is_empty() {
        let order = ordered(block, rest);
        let mut group =
            vec![names(&order, ["frames", if block.footprint().is_some() { "% of footprint" } else { "" }])];
        let across = |columns: &[Column]| columns.iter().map(|column| column.width() + column.gap()).sum::<usize>();
        let mut taken = 0;
        for &frames in rest {
            let more = size_columns(block, frames, &order, style);
            if taken > 0 && across(&group) + across(&more) > style.width {
                break;
            }
            group.extend(more);
            taken += 1;
        }
        rest = &rest[taken..];
        groups.push(group);
    }
    groups
}

/// What is known of each policy at a size: swap-outs, percent against the reference where there is one, rank.
fn size_columns(block: &Block, frames: u64, order: &[&Series], style: Style) -> Vec<Column> {
    let standing = standing(block, frames);
    let ranking = ranking(block, frames);
    let (mut counts, mut changes, mut ranks) = (Column::default(), Column::tight(), Column::tight());
    // The blank stands over the marks, so that heads and numbers end at the same place.
    counts.push(format!("{} ", style.number(frames)), Tint::Strong);
    counts.push(share(block, frames).map(|share| format!("{share} ")).unwrap_or_default(), Tint::Faint);
    for (column, head) in [(&mut changes, "%"), (&mut ranks, "#")] {
        column.push("", Tint::Plain);
        column.push(head, Tint::Faint);
    }
    for series in order {
        let Some(Ranked { entry, rank }) = ranking.iter().find(|ranked| std::ptr::eq(ranked.entry.series, *series))
        else {
            counts.push("- ", Tint::Faint);
            changes.push("", Tint::Plain);
            ranks.push("", Tint::Plain);
            continue;
        };
        let cell = Cell::of(entry, &standing);
        let change = if standing.reference.is_some_and(|reference| std::ptr::eq(reference.run, entry.run)) {
            "ref".to_owned()
        } else {
            cell.change.unwrap_or_default()
        };
        counts.push(format!("{}{}", count(entry, style), cell.mark.unwrap_or(' ')), cell.tint);
        changes.push(change, cell.tint);
        ranks.push(rank.map(|rank| rank.to_string()).unwrap_or_default(), Tint::Faint);
    }
    if block.reference().is_some() { vec![counts, changes, ranks] } else { vec![counts, ranks] }
}

/// A small chart for each policy: a character a memory size, as high as swap-outs are on a logarithmic scale, the same for
/// all policies; beside it the best and the worst against the reference.
fn sparklines(block: &Block) -> Vec<Column> {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let order = ordered(block, telling_size(block).as_slice());
    let counts = block.series.iter().flat_map(|series| series.runs.values()).map(|run| run.row.swap_outs);
    let (least, most) =
        counts.filter(|&count| count > 0).fold((u64::MAX, 1), |(a, b), count| (a.min(count), b.max(count)));
    let (low, high) = ((least.min(most) as f64).ln(), (most as f64).ln());
    let bar = |count: u64| match count {
        0 => ' ',
        _ if high <= low => BARS[7],
        _ => BARS[((7.0 * ((count as f64).ln() - low) / (high - low)).round() as usize).min(7)],
    };
    let mut charts = Column::left();
    charts.push("swap-outs in few", Tint::Plain);
    charts.push("to many frames", Tint::Plain);
    let mut ranges = [("", "best %"), ("", "worst %")].map(|(above, below)| {
        let mut column = Column::default();
        column.push(above, Tint::Plain);
        column.push(below, Tint::Faint);
        column
    });
    let standings: Vec<Standing> = block.sizes.iter().map(|&frames| standing(block, frames)).collect();
    for series in &order {
        let of = |frames: &u64| series.runs.get(frames).map_or(' ', |run| bar(run.row.swap_outs));
        charts.push(block.sizes.iter().map(of).collect::<String>(), Tint::Plain);
        let pairs = standings.iter().filter_map(|standing| {
            let (own, reference) = (&series.runs.get(&standing.frames)?.row, standing.reference?);
            (own.out_of_memory == 0 && reference.row().swap_outs > 0)
                .then_some((own.swap_outs, reference.row().swap_outs))
        });
        let mut pairs: Vec<(u64, u64)> = pairs.collect();
        pairs.sort_by(|a, b| (a.0 as f64 / a.1 as f64).total_cmp(&(b.0 as f64 / b.1 as f64)));
        for (column, pair) in ranges.iter_mut().zip([pairs.first(), pairs.last()]) {
            let change =
                pair.filter(|_| series.policy != REFERENCE).and_then(|&(own, other)| numbers::change(own, other));
            column.push(change.unwrap_or_default(), Tint::Plain);
        }
    }
    let names = names(&order, ["", "policy"]);
    if block.reference().is_some() { [vec![names, charts], ranges.into()].concat() } else { vec![names, charts] }
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

/// What the marks mean, for those that occur.
fn notes(block: &Block) -> Vec<String> {
    let mut notes = vec![
        "Swap-outs: pages written to swap.".to_owned(),
        "Policies are in the order of the first size of each group.".to_owned(),
    ];
    if block.reference().is_some() {
        notes.push(format!("%: against {REFERENCE}, the reference (ref)"));
    }
    notes.push("#: rank by swap-outs; those with as many share it".to_owned());
    notes.extend(mark_notes(block));
    for (mark, sight) in [(SIMULATOR, Sight::EveryReference), (BOUND, Sight::Future)] {
        if block.sights().any(|other| other == sight) {
            notes.push(format!("{mark} {}", sight.meaning()));
        }
    }
    if block.sights().any(|sight| sight == Sight::AccessedBits) {
        notes.push(format!("no mark: {}", Sight::AccessedBits.meaning()));
    }
    notes
}

/// What the marks at counts mean.
fn mark_notes(block: &Block) -> Vec<String> {
    let mut notes = Vec::new();
    if block.series.iter().any(|series| series.sight == Sight::AccessedBits) {
        notes.push(format!("{BEST} the fewest a kernel could have at that size"));
    }
    if block.ran_out_of_memory() {
        notes.push(format!(
            "{OUT_OF_MEMORY} out of memory: no frame could be had and references were given up; not comparable"
        ));
    }
    notes.extend(estimate_note(block));
    notes
}

/// The swap-outs of a run, and of an estimate how far it is to be trusted.
fn count(entry: &Entry, style: Style) -> String {
    let trust = entry.run.estimate.as_ref().and_then(|estimate| estimate.relative(entry.row()));
    let trust = trust.map_or_else(String::new, |part| format!(" ±{} %", numbers::percent(part, 1.0)));
    format!("{}{trust}", style.number(entry.row().swap_outs))
}

/// What the marks and the words of the Markdown table mean.
fn markdown_notes(block: &Block) -> Vec<String> {
    let mut notes = vec!["Swap-outs: pages written to swap; policies in the order of the first size.".to_owned()];
    if block.reference().is_some() {
        notes.push(format!("In parentheses: against {REFERENCE}, the reference."));
    }
    notes.extend(mark_notes(block));
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
