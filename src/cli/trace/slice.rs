//! `clockhand trace slice`: a part of a trace.

use anyhow::Error;

use super::arguments::SliceArguments;
use super::target;
use crate::cli::terminal::Terminal;
use crate::cli::traces;
use crate::report::counted;
use crate::trace::slice::{Part, Window, slice};
use crate::trace::{ReadOptions, fill};

/// Runs the command.
pub fn run(arguments: &SliceArguments, terminal: &Terminal) -> Result<(), Error> {
    let source = traces::one_source(&arguments.inputs, &arguments.reading, "slice")?;
    let options = ReadOptions::from(&arguments.reading);
    let part = Part {
        time: arguments.time.clone().unwrap_or(Window::ALL),
        references: arguments.references.clone().unwrap_or(Window::ALL),
        processes: arguments.process.clone(),
        segments: arguments.segment.clone(),
    };
    let writer = target::open(&arguments.target)?;
    let (sliced, written) = fill(writer, |sink| slice(&source, &options, &part, sink))?;
    let mut what = format!(
        "{}, {} in {}",
        target::read(&source, &sliced.summary),
        counted(sliced.references, "reference", "references"),
        counted(written.records, "record", "records"),
    );
    if sliced.condensed > 0 {
        what += &format!(", {} of them for what was before,", sliced.condensed);
    }
    target::tell(&arguments.target, &what, &written, terminal);
    for note in &sliced.notes {
        terminal.note(&format!("note: {note}"));
    }
    traces::tell_skipped(&sliced.summary, terminal);
    Ok(())
}
