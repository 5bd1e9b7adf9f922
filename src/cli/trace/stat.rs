//! `clockhand trace stat`: what is in traces.

use anyhow::Error;

use crate::cli::arguments::StatArguments;
use crate::cli::terminal::{self, Terminal};
use crate::cli::traces;
use crate::statistics::{self, Statistics};

/// Runs the command.
pub fn run(arguments: &StatArguments, terminal: &Terminal) -> Result<(), Error> {
    let loaded = traces::load_all(&arguments.traces, &arguments.reading, true, terminal)?;
    let all: Vec<Statistics> = loaded.iter().map(|trace| Statistics::of(&trace.program, &trace.facts)).collect();
    let style = terminal.style();
    if arguments.json {
        let text = serde_json::to_string_pretty(&all)? + "\n";
        terminal::print(|out| out.write_all(text.as_bytes()))?;
    } else {
        terminal::print(|out| {
            all.iter().enumerate().try_for_each(|(place, statistics)| {
                if place > 0 {
                    writeln!(out)?;
                }
                statistics::write(statistics, style, out)
            })
        })?;
    }
    Ok(())
}
