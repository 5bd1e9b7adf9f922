//! `clockhand trace convert`: a trace in another format.

use anyhow::Error;

use super::target;
use crate::cli::arguments::ConvertArguments;
use crate::cli::terminal::Terminal;
use crate::cli::traces;
use crate::report::counted;
use crate::trace::{self, ReadOptions};

/// Runs the command.
pub fn run(arguments: &ConvertArguments, terminal: &Terminal) -> Result<(), Error> {
    let source = traces::one_source(&arguments.inputs, &arguments.reading, "convert")?;
    let options = ReadOptions::from(&arguments.reading);
    let (summary, written) = trace::copy(&source, &options, target::open(&arguments.target)?)?;
    let what = format!("{}, {}", target::read(&source, &summary), counted(written.records, "record", "records"));
    target::tell(&arguments.target, &what, &written, terminal);
    traces::tell_skipped(&summary, terminal);
    Ok(())
}
