//! `clockhand trace`: what is in a trace, and traces in other formats.

use std::io;

use anyhow::Error;

use super::arguments::{ConvertArguments, StatArguments, TraceCommand};
use super::terminal::{self, Terminal};
use super::{Usage, traces};
use crate::report::counted;
use crate::statistics::{self, Statistics};
use crate::trace::{self, ReadOptions};

/// Runs the command.
pub fn run(command: &TraceCommand, terminal: &Terminal) -> Result<(), Error> {
    match command {
        TraceCommand::Stat(arguments) => stat(arguments, terminal),
        TraceCommand::Convert(arguments) => convert(arguments, terminal),
    }
}

fn stat(arguments: &StatArguments, terminal: &Terminal) -> Result<(), Error> {
    let loaded = traces::load_all(&arguments.traces, &arguments.reading, true, terminal)?;
    let all: Vec<Statistics> = loaded.iter().map(|trace| Statistics::of(&trace.program, &trace.facts)).collect();
    let style = terminal.style();
    if arguments.json {
        let text = serde_json::to_string_pretty(&all)? + "\n";
        terminal::print(|out| out.write_all(text.as_bytes()))?;
    } else {
        terminal::print(|out| {
            all.iter().try_for_each(|statistics| statistics::write(statistics, style.thousands, out))
        })?;
    }
    Ok(())
}

fn convert(arguments: &ConvertArguments, terminal: &Terminal) -> Result<(), Error> {
    let source = traces::one_source(&arguments.inputs, &arguments.reading, "convert")?;
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
