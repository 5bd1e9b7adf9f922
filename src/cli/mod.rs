//! The command line: what users type, one file a command, and how errors end.
//!
//! Here arguments become calls of the library and results become text. Nothing is computed here. Data goes to stdout,
//! everything else to stderr.
//!
//! Exit codes: 0 fine; 1 input, output or a bad trace; 2 usage; 3 a regression; 4 not comparable with what was measured before;
//! 5 a published figure is not met; 130 interrupted. A closed pipe is no error.

pub mod arguments;
mod bench;
mod compare;
mod curves;
mod formats;
mod gate;
mod interrupt;
mod matrix;
mod memory;
mod merge;
mod model;
mod policies;
mod provenance;
mod replay;
mod report;
mod reports;
mod samples;
mod settings;
mod terminal;
mod trace;
mod traces;
mod verify;

use std::io;
use std::process::ExitCode;

use anyhow::Error;
use clap::{CommandFactory, FromArgMatches};

use arguments::{Arguments, Command, OutputArguments};
use terminal::Terminal;

/// A mistake in what was typed that clap can't see; exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// Something became worse than it may; exit code 3.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Regression(String);

/// What was kept of an earlier run is of something else; exit code 4.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotComparable(String);

/// So many published figures are not met; exit code 5.
#[derive(Debug, thiserror::Error)]
#[error("{0} published figures are not met")]
struct Mismatch(usize);

/// The user pressed Ctrl-C; exit code 130.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; {0}")]
struct Interrupted(String);

/// Runs the command that the process's arguments ask for.
pub fn main() -> ExitCode {
    let command = settings::command();
    let parsed = command.clone().try_get_matches().and_then(|matches| {
        let output = OutputArguments::from_arg_matches(&matches)?;
        Ok((matches, Terminal::new(&output)))
    });
    let (matches, terminal) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // clap knows which of its texts are for stdout; a pipe that is closed meanwhile is no error.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let outcome = settings::complete(&command, &matches, &terminal)
        .and_then(|arguments| arguments.map_or(Ok(()), |arguments| run(arguments.command, &terminal)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => end(&error, &terminal),
    }
}

fn run(command: Command, terminal: &Terminal) -> Result<(), Error> {
    match command {
        Command::Compare(arguments) => compare::run(&arguments, terminal),
        Command::Merge(arguments) => merge::run(&arguments, terminal),
        Command::Report(arguments) => report::run(&arguments, terminal),
        Command::Replay(arguments) => replay::run(&arguments, terminal),
        Command::Check(arguments) => gate::check::run(&arguments, terminal),
        Command::Baseline(command) => gate::baseline::run(&command, terminal),
        Command::Trace(command) => trace::run(&command, terminal),
        Command::Verify(arguments) => verify::run(&arguments, terminal),
        Command::Bench(arguments) => bench::run(&arguments, terminal),
        Command::Policies(arguments) => policies::run(&arguments),
        Command::Formats => formats::run(),
        Command::Completions { shell } => {
            terminal::print(|out| {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Arguments::command(), "clockhand", &mut script);
                out.write_all(&script)
            })?;
            Ok(())
        }
        Command::Man => {
            terminal::print(|out| clap_mangen::Man::new(Arguments::command()).render(out))?;
            Ok(())
        }
    }
}

/// The error and its causes in one line. A cause that the text before it has told already is left out.
fn chain(error: &Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Says what went wrong, and the exit code for it.
fn end(error: &Error, terminal: &Terminal) -> ExitCode {
    let closed_pipe = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe);
    if closed_pipe {
        return ExitCode::SUCCESS;
    }
    terminal.error(&chain(error));
    if error.is::<Usage>() {
        ExitCode::from(2)
    } else if error.is::<Regression>() {
        ExitCode::from(3)
    } else if error.is::<NotComparable>() {
        ExitCode::from(4)
    } else if error.is::<Mismatch>() {
        ExitCode::from(5)
    } else if error.is::<Interrupted>() {
        ExitCode::from(130)
    } else {
        ExitCode::from(1)
    }
}
