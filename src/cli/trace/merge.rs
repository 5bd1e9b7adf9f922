//! `clockhand trace merge`: several traces as one.

use anyhow::Error;

use super::arguments::MergeTracesArguments;
use super::target;
use crate::cli::terminal::Terminal;
use crate::cli::traces;
use crate::report::counted;
use crate::trace::merge::merge;
use crate::trace::{ReadOptions, fill};

/// Runs the command.
pub fn run(arguments: &MergeTracesArguments, terminal: &Terminal) -> Result<(), Error> {
    let options = ReadOptions::from(&arguments.reading);
    let sources = traces::sources(&arguments.inputs, &options)?;
    let writer = target::open(&arguments.target)?;
    let (merged, written) = fill(writer, |sink| merge(&sources, &options, arguments.distinct, sink))?;
    for (source, summary) in sources.iter().zip(&merged.summaries) {
        if let Some(summary) = summary {
            let records = counted(summary.records, "record", "records");
            terminal.note(&format!("{}, {records}", target::read(source, summary)));
            traces::tell_skipped(summary, terminal);
        }
    }
    for note in &merged.notes {
        terminal.note(&format!("note: {note}"));
    }
    let order = if merged.by_time {
        "in the order of their times".to_owned()
    } else {
        let addresses = &options.addresses;
        format!("in turns of {} references, drawn with seed {},", addresses.quantum, addresses.seed)
    };
    let what = format!("{} {order}", counted(written.records, "record", "records"));
    target::tell(&arguments.target, &what, &written, terminal);
    Ok(())
}
