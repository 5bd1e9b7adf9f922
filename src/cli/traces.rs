//! Reading the traces that a command names, and saying on stderr what was found.

use std::path::PathBuf;

use anyhow::Error;

use super::Usage;
use super::arguments::{FileArguments, LimitsChoice, ReadArguments};
use super::samples;
use super::terminal::Terminal;
use crate::fingerprint::fingerprint;
use crate::load::{Loaded, load};
use crate::report::counted;
use crate::resolve::{Limits, ResolveOptions};
use crate::trace::{self, ReadOptions, Source, Summary};

/// Reads all traces, or the built-in one where none is named. Names are made distinct: the second `a` is `a-2`.
pub fn load_all(
    paths: &[PathBuf],
    reading: &ReadArguments,
    keep_times: bool,
    terminal: &Terminal,
) -> Result<Vec<Loaded>, Error> {
    load_all_with(paths, reading, ResolveOptions { keep_times, ..resolve_options(reading) }, terminal)
}

/// As [`load_all`], resolved as these options say.
pub fn load_all_with(
    paths: &[PathBuf],
    reading: &ReadArguments,
    resolve: ResolveOptions,
    terminal: &Terminal,
) -> Result<Vec<Loaded>, Error> {
    let read = ReadOptions::from(&reading.file);
    let sources = sources(paths, &read)?;
    let mut all: Vec<Loaded> = Vec::with_capacity(sources.len());
    for source in sources {
        let mut loaded = load_with(&source, &read, resolve, terminal)?;
        let name = loaded.facts.name.clone();
        let mut number = 2;
        while all.iter().any(|other| other.facts.name == loaded.facts.name) {
            loaded.facts.name = format!("{name}-{number}");
            number += 1;
        }
        all.push(loaded);
    }
    Ok(all)
}

/// Reads one trace.
pub fn load_one(
    source: &Source,
    reading: &ReadArguments,
    keep_times: bool,
    terminal: &Terminal,
) -> Result<Loaded, Error> {
    let resolve = ResolveOptions { keep_times, ..resolve_options(reading) };
    load_with(source, &ReadOptions::from(&reading.file), resolve, terminal)
}

/// How a trace is resolved that is read like this: whole, and without times.
pub fn resolve_options(reading: &ReadArguments) -> ResolveOptions {
    let limits = reading.limits.map(|limits| match limits {
        LimitsChoice::Kernel => Limits::Kernel,
        LimitsChoice::None => Limits::None,
    });
    ResolveOptions {
        implicit_attach: reading.implicit_attach,
        limits,
        memory_limit: reading.memory_limit,
        ..ResolveOptions::default()
    }
}

/// Reads one trace as these options say.
pub fn load_with(
    source: &Source,
    read: &ReadOptions,
    resolve: ResolveOptions,
    terminal: &Terminal,
) -> Result<Loaded, Error> {
    let mut loaded = load(source, read, resolve)?;
    loaded.facts.content = Some(match &loaded.samples {
        None => fingerprint(&loaded.program),
        Some(samples) => samples.content(),
    });
    tell(&loaded, terminal);
    Ok(loaded)
}

/// The one trace that the arguments name; the built-in one where there are none. `command` takes no more.
pub fn one_source(paths: &[PathBuf], reading: &FileArguments, command: &str) -> Result<Source, Error> {
    let mut sources = sources(paths, &ReadOptions::from(reading))?;
    match sources.pop() {
        Some(source) if sources.is_empty() => Ok(source),
        _ => {
            let count = sources.len() + 1;
            Err(Usage(format!(
                "{command} takes one trace, and these files are {count}; `clockhand trace merge` makes one of them"
            ))
            .into())
        }
    }
}

/// Says which records were left out, and what else the reader has to say.
pub fn tell_skipped(summary: &Summary, terminal: &Terminal) {
    for note in &summary.notes {
        terminal.note(&format!("warning: {note}"));
    }
    if summary.skipped > 0 {
        terminal.note(&format!(
            "warning: {} skipped, for example:",
            counted(summary.skipped, "record was", "records were")
        ));
        for error in &summary.first_skipped {
            terminal.note(&format!("  {error}"));
        }
    }
}

/// The sources that the arguments name, or the built-in trace where there are none.
pub fn sources(paths: &[PathBuf], options: &ReadOptions) -> Result<Vec<Source>, Error> {
    if paths.is_empty() {
        return Ok(vec![Source::BuiltIn]);
    }
    let sources = trace::sources(paths, options)?;
    if sources.iter().filter(|&source| *source == Source::Stdin).count() > 1 {
        return Err(Usage("standard input (`-`) can be read only once".to_owned()).into());
    }
    Ok(sources)
}

fn tell(loaded: &Loaded, terminal: &Terminal) {
    let facts = &loaded.facts;
    let processes = counted(facts.processes, "process", "processes");
    let processes =
        if loaded.is_of_several_files { format!(", as one trace of {processes}") } else { format!(" of {processes}") };
    let compression = facts.compression.as_deref().map_or(String::new(), |name| format!(" ({name})"));
    terminal.note(&format!(
        "{}: {}{compression}, {} to {} in {}{processes}",
        facts.path,
        facts.format,
        counted(facts.references, "reference", "references"),
        counted(facts.footprint, "page", "pages"),
        counted(facts.segments, "segment", "segments")
    ));
    if let Some(sample) = &facts.sample {
        samples::tell(&facts.name, sample, terminal);
    }
    tell_skipped(&loaded.summary, terminal);
    for mark in &loaded.program.settings.fidelity {
        terminal.note(&format!("warning: {}", mark.explanation()));
    }
    if facts.references == 0 {
        terminal.note("warning: the trace has no references, so nothing can fault");
    }
    let counts = &loaded.program.counts;
    if counts.implicit_segments + counts.implicit_attachments > 0 {
        terminal.note(&format!(
            "warning: the trace began late: {} and {} made on first use",
            counted(counts.implicit_segments, "segment", "segments"),
            counted(counts.implicit_attachments, "attachment", "attachments")
        ));
    }
}
