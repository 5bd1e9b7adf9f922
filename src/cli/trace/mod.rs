//! `clockhand trace`: what is in traces, and traces made of traces or of nothing. One file a verb.

pub mod arguments;
mod convert;
mod generate;
mod head;
mod merge;
mod slice;
mod stat;
mod target;

use anyhow::Error;

use super::arguments::TraceCommand;
use super::terminal::Terminal;

/// Runs the command.
pub fn run(command: &TraceCommand, terminal: &Terminal) -> Result<(), Error> {
    match command {
        TraceCommand::Stat(arguments) => stat::run(arguments, terminal),
        TraceCommand::Convert(arguments) => convert::run(arguments, terminal),
        TraceCommand::Head(arguments) => head::run(arguments, terminal),
        TraceCommand::Slice(arguments) => slice::run(arguments, terminal),
        TraceCommand::Merge(arguments) => merge::run(arguments, terminal),
        TraceCommand::Gen(arguments) => generate::run(arguments, terminal),
    }
}
