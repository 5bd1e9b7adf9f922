//! `--report KIND=PATH`: where each report goes. What is in it is [`crate::report::ci`]'s affair.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Error};

use super::Usage;
use super::arguments::ReportArguments;
use super::terminal::{self, Terminal};
use crate::gate::Comparison;
use crate::report::ci::{Kind, kind};
use crate::report::write_whole;
use crate::results::Results;

/// Names the file that GitHub Actions shows as the summary of a job.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// A report that is wanted, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place<'a> {
    Stdout,
    File(&'a Path),
}

/// A report as typed: `junit=reports/junit.xml`.
#[derive(Clone, Debug)]
pub struct Target {
    kind: &'static Kind,
    path: PathBuf,
}

impl Target {
    fn place(&self) -> Place<'_> {
        if self.path.as_os_str() == "-" { Place::Stdout } else { Place::File(&self.path) }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text.split_once('=').unwrap_or((text, "-"));
        let kind = kind(name)?;
        if path.is_empty() {
            return Err(format!("`{text}` has no path; write {name}=FILE, or {name} alone for stdout"));
        }
        Ok(Self { kind, path: path.into() })
    }
}

/// Whether a report as typed can be made of results without a baseline.
pub fn of_results(text: &str) -> bool {
    text.parse::<Target>().map_or(true, |target| target.kind.of_results.is_some())
}

/// Whether stdout is for reports alone.
pub fn take_stdout(arguments: &ReportArguments) -> bool {
    arguments.report.iter().any(|target| target.place() == Place::Stdout && !target.kind.among_text)
}

/// Whether the reports can go where they are to: known before anything is replayed.
pub fn check(arguments: &ReportArguments) -> Result<(), Error> {
    let alone = arguments.report.iter().filter(|target| target.place() == Place::Stdout && !target.kind.among_text);
    if alone.count() > 1 {
        return Err(Usage("only one report can go to stdout".to_owned()).into());
    }
    for (place, target) in arguments.report.iter().enumerate() {
        let same = |other: &Target| other.place() == target.place();
        if target.place() != Place::Stdout && arguments.report[..place].iter().any(same) {
            return Err(Usage(format!("two reports would go to {}", target.path.display())).into());
        }
    }
    Ok(())
}

/// Writes the reports of results without a baseline.
pub fn write_results(arguments: &ReportArguments, results: &Results, terminal: &Terminal) -> Result<(), Error> {
    for target in &arguments.report {
        let Some(write) = target.kind.of_results else {
            let name = target.kind.name;
            let text =
                format!("the report `{name}` is one of a comparison with a baseline; `clockhand check` makes it");
            return Err(Usage(text).into());
        };
        put(target, terminal, &|out| write(results, out))?;
    }
    Ok(())
}

/// Writes the reports of a comparison.
pub fn write_comparison(
    arguments: &ReportArguments,
    comparison: &Comparison,
    terminal: &Terminal,
) -> Result<(), Error> {
    arguments.report.iter().try_for_each(|target| {
        let write = target.kind.of_comparison;
        put(target, terminal, &|out| write(comparison, out))
    })
}

fn put(target: &Target, terminal: &Terminal, fill: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let summary = std::env::var_os(STEP_SUMMARY).filter(|path| target.kind.name == "markdown" && !path.is_empty());
    let summary = summary.map(PathBuf::from);
    match target.place() {
        Place::Stdout => terminal::print(fill)?,
        // Writing it there too would put an end to what other steps have added.
        Place::File(path) if summary.as_deref() == Some(path) => {}
        Place::File(path) => {
            write_whole(path, fill)?;
            terminal.note(&format!("written: {}", path.display()));
        }
    }
    if let Some(path) = summary {
        let mut text = Vec::new();
        fill(&mut text)?;
        let added = OpenOptions::new().create(true).append(true).open(&path).and_then(|mut file| file.write_all(&text));
        added
            .with_context(|| format!("{}: the summary can't be added to ({STEP_SUMMARY} names it)", path.display()))?;
    }
    Ok(())
}
