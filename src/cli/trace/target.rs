//! The trace that a command writes, and what is said of it.

use std::io;

use anyhow::Error;

use super::arguments::TargetArguments;
use crate::cli::Usage;
use crate::cli::terminal::Terminal;
use crate::trace::{self, RecordWriter, Source, Summary, Written};

/// Begins the trace.
///
/// # Errors
/// When its format can't be told or written, or its file can't be made.
pub fn open(target: &TargetArguments) -> Result<Box<dyn RecordWriter>, Error> {
    if target.output.as_os_str() != "-" {
        return Ok(trace::create(&target.output, target.to.as_deref())?);
    }
    let Some(format) = &target.to else {
        return Err(Usage("standard output has no ending that tells the format; give it with --to".to_owned()).into());
    };
    Ok(trace::writer(format, Box::new(io::stdout().lock()))?)
}

/// What a trace that was read turned out to be.
pub fn read(source: &Source, summary: &Summary) -> String {
    let compression = summary.compression.map_or(String::new(), |name| format!(" ({name})"));
    format!("{}: {}{compression}", source.file(), summary.format)
}

/// Says what was written, and what its format could not hold.
pub fn tell(target: &TargetArguments, what: &str, written: &Written, terminal: &Terminal) {
    terminal.note(&format!("{what} written to {}", target.output.display()));
    for note in &written.notes {
        terminal.note(&format!("note: {note}"));
    }
}
