//! `clockhand compare`: every policy at every memory size on every trace.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Error, anyhow};

use super::arguments::CompareArguments;
use super::terminal::{self, Terminal};
use super::{Interrupted, matrix, model, provenance, reports, traces};
use crate::compare::{Job, run_all};
use crate::load::Loaded;
use crate::policy::registry::PolicySpec;
use crate::report::{self, RowAppender};
use crate::results::{Results, Run};

/// Set when the user presses Ctrl-C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Runs the command.
pub fn run(arguments: &CompareArguments, terminal: &Terminal) -> Result<(), Error> {
    reports::check(&arguments.reports)?;
    let policies = model::policies(&arguments.policies)?;
    let loaded = traces::load_all(&arguments.traces, &arguments.reading, arguments.model.kswapd.is_some(), terminal)?;
    let jobs = plan(arguments, &policies, &loaded)?;
    let partial = arguments.out.join(RowAppender::FILE_NAME);
    let appender = Mutex::new(RowAppender::create(&partial)?);
    let runs = replay_all(arguments, &jobs, &appender, terminal)?;
    if runs.len() < jobs.len() {
        let kept = format!("{} of {} runs are finished and kept in {}", runs.len(), jobs.len(), partial.display());
        return Err(Interrupted(kept).into());
    }
    let results = results(arguments, &loaded, runs);
    let mut written = Vec::new();
    report::write_all(&results, &arguments.out, |path| written.push(path.display().to_string()))?;
    appender.into_inner().map_err(|_| anyhow!("a run failed"))?.remove()?;
    reports::write_results(&arguments.reports, &results, terminal)?;
    if !reports::take_stdout(&arguments.reports) {
        terminal::print(|out| report::print(&results, arguments.print.into(), terminal.style(), out))?;
    }
    terminal.note(&format!("written: {}", written.join(", ")));
    Ok(())
}

/// Replays at the same time: as asked for, or one for each processor.
pub fn threads(jobs: Option<u16>) -> usize {
    jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

fn plan(arguments: &CompareArguments, policies: &[PolicySpec], loaded: &[Loaded]) -> Result<Vec<Job>, Error> {
    matrix::plan(policies, &arguments.frames, &arguments.model, arguments.reading.file.seed, loaded)
}

/// Runs the jobs; each result is kept in the partial file as soon as it is there.
fn replay_all(
    arguments: &CompareArguments,
    jobs: &[Job],
    appender: &Mutex<RowAppender>,
    terminal: &Terminal,
) -> Result<Vec<Run>, Error> {
    // A second Ctrl-C, or one where no handler can be had, ends the process at once.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    let threads = threads(arguments.jobs);
    let bar = terminal.progress(jobs.len() as u64);
    let lost = Mutex::new(None);
    let go_on = || !INTERRUPTED.load(Ordering::Relaxed);
    let runs = run_all(jobs, threads, &go_on, &|_, run| {
        let appended = appender
            .lock()
            .map_err(|_| anyhow!("a run failed"))
            .and_then(|mut appender| Ok(appender.append(&run.row)?));
        if let (Err(error), Ok(mut lost)) = (appended, lost.lock()) {
            lost.get_or_insert(error);
            INTERRUPTED.store(true, Ordering::Relaxed);
        }
        bar.inc(1);
    });
    bar.finish_and_clear();
    if let Ok(Some(error)) = lost.into_inner() {
        return Err(error);
    }
    runs.map_err(Error::msg).context("the comparison was given up")
}

fn results(arguments: &CompareArguments, loaded: &[Loaded], runs: Vec<Run>) -> Results {
    Results {
        schema: Results::SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        arguments: provenance::compare(arguments),
        seed: arguments.reading.file.seed,
        traces: loaded.iter().map(|trace| trace.facts.clone()).collect(),
        runs,
    }
}
