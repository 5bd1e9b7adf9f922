//! `clockhand trace`: what is in a trace, and traces in other formats.

use std::io;

use anyhow::Error;

use super::arguments::{ConvertArguments, TraceCommand};
use super::terminal::Terminal;
use super::{Usage, stat, traces};
use crate::report::counted;
use crate::trace::{self, ReadOptions, Source};

/// Runs the command.
pub fn run(command: &TraceCommand, terminal: &Terminal) -> Result<(), Error> {
    match command {
        TraceCommand::Stat(arguments) => stat::run(arguments, terminal),
        TraceCommand::Convert(arguments) => convert(arguments, terminal),
    }
}

fn convert(arguments: &ConvertArguments, terminal: &Terminal) -> Result<(), Error> {
    let source = Source::from_argument(&arguments.input);
    let options = ReadOptions::from(&arguments.reading);
    let writer = if arguments.output.as_os_str() == "-" {
        let Some(format) = &arguments.to else {
            return Err(
                Usage("standard output has no ending that tells the format; give it with --to".to_owned()).into()
            );
        };
        trace::writer(format, Box::new(io::stdout().lock()))?
    } else {
        trace::create(&arguments.output, arguments.to.as_deref())?
    };
    let (summary, written) = trace::copy(&source, &options, writer)?;
    let compression = summary.compression.map_or(String::new(), |name| format!(" ({name})"));
    terminal.note(&format!(
        "{}: {}{compression}, {} written to {}",
        source.file(),
        summary.format,
        counted(written.records, "record", "records"),
        arguments.output.display()
    ));
    traces::tell_skipped(&summary, terminal);
    for note in &written.notes {
        terminal.note(&format!("note: {note}"));
    }
    Ok(())
}
