//! `clockhand compare`: every policy at every memory size on every trace.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Error, anyhow};
use rayon::prelude::*;

use super::arguments::{CompareArguments, Form, ReportArguments};
use super::terminal::{self, Terminal};
use super::{Interrupted, Usage, curves, interrupt, matrix, memory, model, provenance, reports, samples, traces};
use crate::compare::{Job, Passes, run_all};
use crate::journal::{self, Head, Journal, JournalError, Kept};
use crate::load::Loaded;
use crate::matrix::Matrix;
use crate::policy::registry::PolicySpec;
use crate::report::{self, JSON_FILE, OutputError, ReportError, counted};
use crate::results::{Results, Run, TraceFacts};
use crate::shard::Shard;
use crate::timeline::{self, access_map::access_map, page_axis::PageAxis};

/// Runs the command.
pub fn run(arguments: &CompareArguments, terminal: &Terminal) -> Result<(), Error> {
    limit_threads(arguments.jobs);
    reports::check(&arguments.reports)?;
    if arguments.shard.is_some() && !arguments.reports.report.is_empty() {
        let text = "reports are made of the whole: give --report to `clockhand merge` instead";
        return Err(Usage(text.to_owned()).into());
    }
    let policies = model::policies(&arguments.policies)?;
    let resolve = samples::resolve_options(arguments, &policies)?;
    let loaded = traces::load_all_with(&arguments.traces, &arguments.reading, resolve, terminal)?;
    let jobs = plan(arguments, &policies, &loaded)?;
    let curves_wanted = curves::plan(arguments, &jobs, terminal)?;
    let facts = loaded.iter().map(|trace| trace.facts.clone()).collect();
    let matrix = Matrix::new(provenance::compare(arguments), facts, &jobs);
    if let Some(shard) = arguments.shard {
        leave_other_shards_alone(shard, &matrix, &arguments.out)?;
    }
    let places = arguments.shard.map_or_else(|| (0..jobs.len()).collect(), |shard| shard.places(&jobs));
    let head = Head::new(matrix.clone(), arguments.shard, places.len());
    let (journal, kept) = open(arguments, &head, terminal)?;
    let (runs, journal) = replay_all(arguments, &jobs, &places, kept, journal, terminal)?;
    let seed = arguments.reading.file.seed;
    let mut results = match arguments.shard {
        Some(shard) => shard.results(matrix, seed, &places, runs),
        None => matrix.results(seed, runs),
    };
    if results.shard.is_none() {
        timeline::keep_telling(&mut results);
    }
    add_access_maps(&mut results.traces, &loaded);
    let kept = format!("all runs are kept in {}; --resume goes on from there", journal.path().display());
    let keeping = |error: Error| match error.downcast() {
        Ok(Interrupted(text)) => Interrupted(format!("{text}; {kept}")).into(),
        Err(error) => anyhow!("{error:#}; {kept}"),
    };
    let curves = curves::write(&curves_wanted, arguments, terminal).map_err(keeping)?;
    samples::tell_spread(&results, terminal);
    let target = Target { out: &arguments.out, reports: &arguments.reports, form: arguments.form.form };
    if let Some(path) = curves {
        terminal.note(&format!("written: {}", path.display()));
    }
    put_out(&results, &target, terminal, || journal.remove()).map_err(|error| {
        // Once the files are whole nothing is kept any more, and a closed pipe is no error.
        if error.is::<ReportError>() { anyhow!("{error}; {kept}") } else { error }
    })
}

/// Where results go.
pub struct Target<'a> {
    /// The folder of the files.
    pub out: &'a Path,
    /// Reports for other programs.
    pub reports: &'a ReportArguments,
    /// What goes to stdout, unless a report takes it.
    pub form: Form,
}

/// Writes the files, then calls `written`, then writes reports and prints.
pub fn put_out(
    results: &Results,
    target: &Target<'_>,
    terminal: &Terminal,
    written: impl FnOnce() -> Result<(), OutputError>,
) -> Result<(), Error> {
    let mut files = Vec::new();
    report::write_all(results, target.out, |path| files.push(path.to_owned()))?;
    written()?;
    match &results.shard {
        Some(shard) if matches!(target.form, Form::Plain | Form::Markdown) => terminal.note(&format!(
            "shard {}/{}: {} of {} (no table of a part; `clockhand merge` joins the shards)",
            shard.number,
            shard.of,
            results.runs.len(),
            counted(shard.runs, "run", "runs")
        )),
        _ => print(results, target, terminal)?,
    }
    terminal.note(&written_text(&files, target.out));
    Ok(())
}

/// What is said of the files: their names where there are few; of many how many there are, and which to open.
fn written_text(files: &[PathBuf], out: &Path) -> String {
    let page = out.join(report::HTML_FILE);
    if files.contains(&page) {
        return format!("written: {} files in {}; open {}", files.len(), out.display(), page.display());
    }
    format!("written: {}", files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "))
}

fn print(results: &Results, target: &Target<'_>, terminal: &Terminal) -> Result<(), Error> {
    reports::write_results(target.reports, results, terminal)?;
    if !reports::take_stdout(target.reports) {
        terminal::print(|out| report::print(results, target.form.into(), terminal.style(), out))?;
    }
    Ok(())
}

/// Sees to it that what is done beside the replays takes no more threads than they do.
pub fn limit_threads(jobs: Option<u16>) {
    if let Some(jobs) = jobs {
        // Threads that are there already are those of a program that uses this one as a library, and its affair.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs)).build_global();
    }
}

/// Replays at the same time: as asked for, or one for each processor.
pub fn threads(jobs: Option<u16>) -> usize {
    jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

fn plan(arguments: &CompareArguments, policies: &[PolicySpec], loaded: &[Loaded]) -> Result<Vec<Job>, Error> {
    let mut jobs = matrix::plan(policies, &arguments.frames, &arguments.model, arguments.reading.file.seed, loaded)?;
    timeline::choose(&mut jobs);
    Ok(jobs)
}

/// Adds what does not depend on any run: when which pages of each trace were referenced. The same in every shard. There is
/// none of a trace of which there are but samples.
fn add_access_maps(traces: &mut [TraceFacts], loaded: &[Loaded]) {
    let whole = traces.par_iter_mut().zip(loaded).filter(|(_, trace)| trace.samples.is_none());
    whole.for_each(|(facts, trace)| {
        facts.access_map = Some(access_map(&trace.program, &PageAxis::new(&trace.program)));
    });
}

/// Refuses a folder that holds another shard of the same comparison: it would be lost.
fn leave_other_shards_alone(shard: Shard, matrix: &Matrix, out: &Path) -> Result<(), Error> {
    let path = out.join(JSON_FILE);
    // What can't be read is no shard, and is replaced as any earlier result is.
    let Some(there) = report::json::read(&path).ok().and_then(|results| results.shard) else { return Ok(()) };
    if shard.is_beside(&there, matrix) {
        let (path, number, of) = (path.display(), there.number, there.of);
        let text = format!("{path} is shard {number}/{of} of this comparison; give each shard a folder of its own");
        return Err(Usage(text).into());
    }
    Ok(())
}

/// The partial file, and what an earlier process left in it when that is to be used.
fn open(arguments: &CompareArguments, head: &Head, terminal: &Terminal) -> Result<(Journal, Kept), Error> {
    let path = arguments.out.join(journal::FILE_NAME);
    let opened = if arguments.resume {
        Journal::resume(&path, head)
    } else {
        Journal::begin(&path, head).map(|journal| (journal, Kept::default()))
    };
    let (journal, kept) = opened.map_err(|error| match error {
        JournalError::Unfinished { .. } | JournalError::Other { .. } => Usage(error.to_string()).into(),
        _ => Error::from(error),
    })?;
    if let Some(error) = journal.unlocked() {
        terminal.note(&format!(
            "warning: {}: this file system has no locks ({error}); see to it that no other clockhand writes to the folder",
            path.display()
        ));
    }
    for (line, reason) in &kept.damaged {
        terminal.note(&format!("warning: {}, line {line}: {reason}; the run is replayed again", path.display()));
    }
    if kept.torn > 0 {
        let torn = counted(kept.torn, "byte", "bytes");
        terminal.note(&format!("{}: {torn} of a line that was not finished are dropped", path.display()));
    }
    if arguments.resume {
        terminal.note(&match kept.runs.len() {
            0 => format!("nothing to go on from in {}; beginning with the first run", arguments.out.display()),
            finished => format!("going on from {finished} of {}", counted(head.runs, "run", "runs")),
        });
    }
    Ok((journal, kept))
}

/// Runs the jobs at these places but those that are kept; each result goes to the partial file as soon as it is there. The
/// runs come in the order of the places.
fn replay_all(
    arguments: &CompareArguments,
    jobs: &[Job],
    places: &[usize],
    kept: Kept,
    journal: Journal,
    terminal: &Terminal,
) -> Result<(Vec<Run>, Journal), Error> {
    interrupt::listen();
    let mut finished = kept.runs;
    finished.retain(|place, _| places.binary_search(place).is_ok());
    let (left, rest): (Vec<usize>, Vec<Job>) =
        places.iter().filter(|place| !finished.contains_key(place)).map(|&place| (place, jobs[place].clone())).unzip();
    let at_once = memory::at_once(&rest, arguments.jobs, arguments.reading.memory_limit, terminal)?;
    let bar = terminal.progress(places.len() as u64);
    bar.set_position(finished.len() as u64);
    bar.reset_eta();
    let keeper = Mutex::new((journal, None));
    let runs = run_all(&rest, at_once, Passes::Shared, &interrupt::go_on, &|index, run| {
        if let Ok(mut keeper) = keeper.lock()
            && let Err(error) = keeper.0.append(left[index], run)
        {
            keeper.1.get_or_insert(error);
            interrupt::stop();
        }
        bar.inc(1);
    });
    bar.finish_and_clear();
    let (journal, lost) = keeper.into_inner().map_err(|_| anyhow!("a run failed"))?;
    if let Some(error) = lost {
        return Err(anyhow!("{error}; the runs finished before are kept, and --resume goes on from them"));
    }
    let runs = runs.map_err(Error::msg).context("the comparison was given up")?;
    if runs.len() < rest.len() {
        return Err(Interrupted(format!(
            "{} of {} are finished and kept in {}; --resume goes on from there",
            finished.len() + runs.len(),
            counted(places.len() as u64, "run", "runs"),
            journal.path().display()
        ))
        .into());
    }
    finished.extend(left.into_iter().zip(runs));
    Ok((finished.into_values().collect(), journal))
}
