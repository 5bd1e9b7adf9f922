//! `clockhand trace gen`: a trace made by a pattern.

use anyhow::Error;

use super::arguments::GenArguments;
use super::target;
use crate::cli::Usage;
use crate::cli::terminal::Terminal;
use crate::report::counted;
use crate::trace::fill;
use crate::workload::{Size, Tuning, Workload, pattern};

/// Runs the command.
pub fn run(arguments: &GenArguments, terminal: &Terminal) -> Result<(), Error> {
    let workload = workload(arguments).map_err(Usage)?;
    let what = format!(
        "{}: {} to {} in {} of {},",
        arguments.pattern,
        counted(arguments.references, "reference", "references"),
        counted(workload.pages(), "page", "pages"),
        counted(workload.segments(), "segment", "segments"),
        counted(arguments.processes.into(), "process", "processes"),
    );
    let ((), written) = fill(target::open(&arguments.target)?, |sink| workload.generate(sink))?;
    target::tell(&arguments.target, &what, &written, terminal);
    Ok(())
}

fn workload(arguments: &GenArguments) -> Result<Workload, String> {
    let pattern = pattern(&arguments.pattern).ok_or_else(|| format!("there is no pattern {}", arguments.pattern))?;
    let size = Size { pages: arguments.pages, processes: arguments.processes, segments: arguments.segments };
    let tuning = Tuning {
        sharing: arguments.sharing,
        write_fraction: arguments.write_fraction,
        skew: arguments.skew,
        hot_pages: arguments.hot_pages,
        hot_references: arguments.hot_references,
        phase: arguments.phase,
        run: arguments.run,
        touches: arguments.touches,
        placement: arguments.placement,
    };
    let mut workload = Workload::new(pattern, arguments.references, &size, &tuning, arguments.seed)?;
    workload.burst = arguments.burst;
    workload.time_step = arguments.time_step;
    Ok(workload)
}
