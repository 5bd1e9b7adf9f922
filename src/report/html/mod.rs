//! `report.html`: one file that needs no other, for people who know nothing of this program. What it says first comes from
//! [`findings`](super::findings); below it are the charts, the tables, what the words mean and where everything is from.
//!
//! The page is filled in from `page.html` by askama, which escapes every text: names of traces, segments and policies may
//! hold anything. Nothing is counted here, and nothing of the page is loaded from elsewhere.

mod download;
mod figure;
mod glossary;
mod provenance;
mod segments;
mod table;
mod tables;

use std::io::{self, Write};

use askama::Template;

use super::block::{Block, REFERENCE};
use super::findings::words::{Answer, answers, size};
use super::findings::{ranking, telling_size};
use super::numbers::{counted, grouped, memory};
use crate::results::Results;
use figure::Figure;
use provenance::Provenance;
use segments::Segments;
use table::Table;

pub use figure::Drawn;

/// What the page looks like.
const STYLE: &str = include_str!("style.css");
/// What sorts its tables.
const SCRIPT: &str = include_str!("sort.js");

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    title: String,
    style: &'static str,
    script: &'static str,
    traces: Vec<TraceSection>,
    notes: Vec<String>,
    glossary: &'static [(&'static str, &'static str)],
    provenance: Provenance,
    csv: String,
    reference: &'static str,
}

/// What the page says of one trace.
struct TraceSection {
    /// For links within the page.
    id: String,
    name: String,
    facts: String,
    warnings: Vec<String>,
    answers: Vec<Answer>,
    needs: Option<Table>,
    sizes: Option<Table>,
    figures: Vec<Figure>,
    runs: Vec<Fold>,
    segments: Option<Segments>,
}

/// A table that is shown when its line is opened.
struct Fold {
    summary: String,
    open: bool,
    table: Table,
}

/// Writes the page. `charts` has the charts of each block, in their order.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(results: &Results, blocks: &[Block], charts: &[Vec<Drawn>], out: &mut dyn Write) -> io::Result<()> {
    let none = Vec::new();
    let sections = blocks.iter().enumerate();
    let sections = sections.map(|(place, block)| section(place + 1, block, charts.get(place).unwrap_or(&none)));
    let page = Page {
        title: title(blocks),
        style: STYLE,
        script: SCRIPT,
        traces: sections.collect(),
        notes: provenance::notes(results),
        glossary: glossary::WORDS,
        provenance: Provenance::of(results),
        csv: download::csv(results)?,
        reference: REFERENCE,
    };
    let text = page.render().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

fn title(blocks: &[Block]) -> String {
    let of = match blocks {
        [block] => block.name.to_owned(),
        _ => counted(blocks.len() as u64, "trace", "traces"),
    };
    format!("Page replacement on {of}: how much memory, and which policy")
}

fn section(number: usize, block: &Block, charts: &[Drawn]) -> TraceSection {
    let id = format!("trace-{number}");
    TraceSection {
        name: block.name.to_owned(),
        facts: facts(block),
        warnings: block.facts.map(provenance::warnings).unwrap_or_default(),
        answers: answers(block),
        needs: tables::needs(block, &id),
        sizes: tables::sizes(block, &id),
        figures: charts
            .iter()
            .enumerate()
            .map(|(place, drawn)| Figure::of(drawn, &format!("{id}-chart-{}", place + 1)))
            .collect(),
        runs: folds(block, &id),
        segments: segments::of(block, &id),
        id,
    }
}

fn facts(block: &Block) -> String {
    let replayed = format!(
        "{} at {}",
        counted(block.series.len() as u64, "policy", "policies"),
        counted(block.sizes.len() as u64, "memory size", "memory sizes")
    );
    block.facts.map_or_else(
        || format!("{replayed}."),
        |facts| {
            format!(
                "{} by {} to {} ({}) of shared memory in {}; replayed with {replayed}.",
                counted(facts.references, "reference", "references"),
                counted(facts.processes, "process", "processes"),
                counted(facts.footprint, "page", "pages"),
                memory(facts.footprint, facts.page_size),
                counted(facts.segments, "segment", "segments"),
            )
        },
    )
}

/// All runs, a table for each memory size; the telling one is open.
fn folds(block: &Block, id: &str) -> Vec<Fold> {
    let telling = telling_size(block);
    let folds = block.sizes.iter().map(|&frames| {
        let first = ranking(block, frames).into_iter().find(|ranked| ranked.rank == Some(1)).map(|ranked| ranked.entry);
        let best = first.map_or_else(String::new, |entry| {
            format!("; fewest swap-outs: {}, {}", grouped(entry.row().swap_outs), entry.series.label)
        });
        Fold {
            summary: format!("{}{best}", size(block, frames)),
            open: Some(frames) == telling,
            table: tables::runs(block, frames, id),
        }
    });
    folds.collect()
}
