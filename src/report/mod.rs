//! What is made of [`Results`]: csv and json for programs, tables, charts and a page for people. Nothing is measured or
//! replayed here, and this room knows no trace, kernel or policy, only rows.

pub mod block;
pub mod chart;
pub mod check;
pub mod ci;
pub mod csv;
pub mod curves;
pub mod findings;
pub(crate) mod grid;
pub mod html;
pub mod json;
mod numbers;
pub mod output;
pub mod summary;
pub mod table;

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use thiserror::Error;

pub use block::REFERENCE;
pub use grid::Style;
pub use numbers::{bytes, counted, grouped, memory};
pub use output::{OutputError, write_whole};

use crate::results::Results;

/// The file of all rows.
pub const CSV_FILE: &str = "results.csv";
/// The file of everything.
pub const JSON_FILE: &str = "results.json";
/// The page for people.
pub const HTML_FILE: &str = "report.html";
/// The longest part of a file name taken from a trace's name, in bytes: file systems stop at 255.
const LONGEST_NAME: usize = 120;

/// Why a report could not be written or results could not be read. Each message names the file.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A file could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A file could not be read.
    #[error("{}: can't be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is not what it was taken for.
    #[error("{}: this is no {what} of clockhand: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it was taken for.
        what: &'static str,
        /// Where and why not.
        reason: String,
    },
    /// A `results.json` of another version.
    #[error(
        "{}: these results have schema version {found}, this clockhand reads version {}; run `clockhand compare` again to \
         make them anew",
        path.display(),
        Results::SCHEMA
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
}

/// Writes `results.csv`, `results.json`, each chart of each trace as `TRACE-ENDING.svg` and `.png`, and `report.html` with
/// all of it into the folder `out`, which is created if missing. `written` is called after each file. Returns the files in
/// the order written. A shard has no charts and no page: they would be of a part.
///
/// Each file is whole or not there; an error leaves those that were finished before it.
///
/// # Errors
/// When a file can't be written.
pub fn write_all(results: &Results, out: &Path, mut written: impl FnMut(&Path)) -> Result<Vec<PathBuf>, ReportError> {
    let mut paths = Vec::new();
    let mut keep = |name: &str, fill: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
        let path = out.join(name);
        write_whole(&path, fill)?;
        written(&path);
        paths.push(path);
        Ok::<(), ReportError>(())
    };
    keep(CSV_FILE, &|file| csv::write_runs(&results.runs, file))?;
    keep(JSON_FILE, &|file| json::write(results, file))?;
    if results.shard.is_some() {
        return Ok(paths);
    }
    let blocks = block::blocks(results);
    let mut drawn = Vec::with_capacity(blocks.len());
    for (block, name) in blocks.iter().zip(file_names(&blocks)) {
        let charts = chart::charts(results, block);
        let paint = |(kind, chart): &(_, chart::Chart)| Ok::<_, io::Error>((*kind, chart.svg()?, chart.png()?));
        // Painting takes longest by far.
        let painted: Result<Vec<(&chart::Kind, String, Vec<u8>)>, _> = charts.par_iter().map(paint).collect();
        let mut of_block = Vec::with_capacity(charts.len());
        for (kind, svg, png) in painted.map_err(OutputError::at(out))? {
            keep(&format!("{name}-{}.svg", kind.ending), &|file| file.write_all(svg.as_bytes()))?;
            keep(&format!("{name}-{}.png", kind.ending), &|file| file.write_all(&png))?;
            of_block.push(html::Drawn { heading: kind.heading, svg });
        }
        drawn.push(of_block);
    }
    keep(HTML_FILE, &|file| html::write(results, &blocks, &drawn, file))?;
    Ok(paths)
}

/// Writes the page alone, with all its charts.
///
/// # Errors
/// When a chart can't be drawn or `out` can't be written to.
pub fn write_page(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let blocks = block::blocks(results);
    let mut charts = Vec::with_capacity(blocks.len());
    for block in &blocks {
        let of_block = chart::charts(results, block).into_iter();
        let drawn = of_block.map(|(kind, chart)| Ok(html::Drawn { heading: kind.heading, svg: chart.svg()? }));
        charts.push(drawn.collect::<io::Result<Vec<_>>>()?);
    }
    html::write(results, &blocks, &charts, out)
}

/// What the names of the files of these blocks' charts begin with: safe on any file system, and such that no name comes
/// twice, letter case aside, whatever ending it has.
fn file_names(blocks: &[block::Block]) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut names = Vec::with_capacity(blocks.len());
    for block in blocks {
        let safe = safe_name(block.name);
        let file = |name: &str, kind: &chart::Kind| format!("{name}-{}", kind.ending).to_lowercase();
        let files = |name: &str| chart::CHARTS.iter().map(|kind| file(name, kind)).collect::<Vec<_>>();
        let numbered = (2..).map(|number| format!("{safe}-{number}"));
        let free = |name: &String| files(name).iter().all(|file| !taken.contains(file));
        let name = std::iter::once(safe.clone()).chain(numbered).find(free).unwrap_or(safe);
        taken.extend(files(&name));
        names.push(name);
    }
    names
}

/// A trace's name as the beginning of a file name: separators, control characters and what some systems reserve become
/// `_`; it neither begins with a dot nor is empty.
fn safe_name(name: &str) -> String {
    let mut safe = String::new();
    for character in name.chars() {
        let reserved = character.is_control() || "/\\:*?\"<>|".contains(character);
        let next = if reserved { '_' } else { character };
        if safe.len() + next.len_utf8() > LONGEST_NAME {
            break;
        }
        safe.push(next);
    }
    let safe = safe.trim_start_matches(['.', '-', ' ']);
    if safe.is_empty() { "trace".to_owned() } else { safe.to_owned() }
}

/// The forms of results on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// [`table::write`].
    #[default]
    Table,
    /// As in `results.csv`.
    Csv,
    /// As in `results.json`.
    Json,
    /// [`table::write_markdown`].
    Markdown,
}

/// Writes the results in this form. `style` matters to the forms for people only.
///
/// # Errors
/// When `out` can't be written to; a closed pipe comes as [`io::ErrorKind::BrokenPipe`].
pub fn print(results: &Results, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Table => table::write(results, style, out),
        Format::Csv => csv::write_runs(&results.runs, out),
        Format::Json => json::write(results, out),
        Format::Markdown => table::write_markdown(results, style, out),
    }
}

#[cfg(test)]
mod tests {
    use super::{block::Block, file_names, safe_name};

    #[test]
    fn names_of_files_never_meet() {
        let blocks = ["pair", "PAIR", "pair-2", "pair"].map(|name| Block {
            name,
            facts: None,
            sizes: Vec::new(),
            series: Vec::new(),
        });
        assert_eq!(file_names(&blocks), ["pair", "PAIR-2", "pair-2-2", "pair-3"]);
    }

    #[test]
    fn file_names_are_safe() {
        let names = ["", "..", "../../etc/passwd", "a/b", "pg tpc-b", "-rf", ".hidden", "tab\there", "größe"];
        assert_eq!(
            names.map(safe_name),
            ["trace", "trace", "_.._etc_passwd", "a_b", "pg tpc-b", "rf", "hidden", "tab_here", "größe"]
        );
        assert!(safe_name(&"ä".repeat(500)).len() <= 120);
    }
}
