//! `clockhand check`: what is found now against what a baseline says.

use std::path::{Path, PathBuf};

use anyhow::{Context, Error};

use super::arguments::{CheckArguments, MatrixOptions};
use super::baseline;
use crate::cli::terminal::{self, Terminal};
use crate::cli::{NotComparable, Regression, Usage, bench, compare, matrix, model, reports, traces};
use crate::gate::{Baseline, Comparison, Found, Limits, Standing};
use crate::load::Loaded;
use crate::policy::registry::PolicySpec;
use crate::replay::Options;
use crate::report::check::Lines;
use crate::report::{self, ReportError, counted};
use crate::results::{Results, Row};
use crate::trace::Source;

/// Runs the command.
pub fn run(arguments: &CheckArguments, terminal: &Terminal) -> Result<(), Error> {
    compare::limit_threads(arguments.jobs);
    reports::check(&arguments.reports)?;
    if arguments.fail_above.is_some() && arguments.speed.is_none() {
        return Err(Usage("--fail-above needs --speed, the file with earlier speeds".to_owned()).into());
    }
    if arguments.speed.is_some() && reports::take_stdout(&arguments.reports) {
        return Err(Usage("--speed has a table on stdout; write the report to a file".to_owned()).into());
    }
    let path = &arguments.baseline.baseline;
    let baseline = baseline::read(path)?;
    if baseline.rows.is_empty() {
        return Err(Usage(format!("{}: there is no run in this baseline", path.display())).into());
    }
    let found = if arguments.results.is_empty() {
        replayed(arguments, &baseline, terminal)?
    } else {
        read(arguments, &baseline)?
    };
    let limits = Limits::new(arguments.threshold.clone());
    let comparison = Comparison::new(&path.display().to_string(), &baseline, &found, &limits);
    found.notes.iter().for_each(|note| terminal.note(&format!("note: {note}")));
    reports::write_comparison(&arguments.reports, &comparison, terminal)?;
    if !reports::take_stdout(&arguments.reports) {
        let lines = if arguments.all { Lines::All } else { Lines::Some };
        terminal::print(|out| report::check::write(&comparison, lines, terminal.style(), out))?;
    }
    if arguments.update {
        update(path, &baseline, &found, &comparison, terminal)?;
    } else {
        end(&comparison, terminal)?;
    }
    // Counts come first: speed is nothing to speak of where they are wrong.
    arguments.speed.as_deref().map_or(Ok(()), |speeds| bench::again(speeds, arguments.fail_above, terminal))
}

/// How it ends: well, or with what is wrong.
fn end(comparison: &Comparison, terminal: &Terminal) -> Result<(), Error> {
    let tally = comparison.tally;
    let of = |count: u64, word: &str| {
        let runs = counted(comparison.runs.len() as u64, "run", "runs");
        format!("{count} of {runs} {} {word} {}", if count == 1 { "is" } else { "are" }, comparison.baseline)
    };
    match comparison.standing {
        Standing::Worse => {
            let remedy = "if that is meant, --update takes it into the baseline";
            Err(Regression(format!("{}; {remedy}", of(tally.worse, "worse than"))).into())
        }
        Standing::NotComparable => {
            let remedy = "give the right traces or results, or take them into the baseline with --update --accept-traces, \
                          or make it anew with `clockhand baseline save`";
            Err(NotComparable(format!("{}; {remedy}", of(tally.not_comparable, "not comparable with"))).into())
        }
        Standing::Better => {
            terminal.note(&format!("{}; --update takes it into the baseline", of(tally.better, "better than")));
            Ok(())
        }
        Standing::Equal | Standing::WithinLimits => Ok(()),
    }
}

/// Writes what was found to the baseline.
fn update(
    path: &Path,
    baseline: &Baseline,
    found: &Found,
    comparison: &Comparison,
    terminal: &Terminal,
) -> Result<(), Error> {
    if !comparison.obstacles.is_empty() {
        let what = format!("{} is not updated: {}", path.display(), comparison.obstacles.join("; "));
        let remedy = "--accept-traces takes other traces";
        return Err(NotComparable(format!("{what}; {remedy}")).into());
    }
    let updated = found.update(baseline).map_err(NotComparable)?;
    let changed = baseline.rows.iter().zip(&updated.rows).filter(|(before, after)| before != after);
    let changed = counted(changed.count() as u64, "run has", "runs have");
    if updated == *baseline {
        terminal.note(&format!("{} is up to date", path.display()));
    } else {
        baseline::write(path, &updated)?;
        terminal.note(&format!("written: {}; {changed} changed", path.display()));
    }
    let missing = found.rows.iter().filter(|found| found.is_err()).count() as u64;
    if missing > 0 {
        let runs = counted(missing, "run was", "runs were");
        return Err(NotComparable(format!("{runs} not found and kept as they were")).into());
    }
    Ok(())
}

/// What is in the results that the arguments name.
fn read(arguments: &CheckArguments, baseline: &Baseline) -> Result<Found, Error> {
    let all = arguments.results.iter().map(|path| {
        let results = report::json::read(path).map_err(|error| match error {
            ReportError::Schema { .. } => NotComparable(error.to_string()).into(),
            error => Error::from(error),
        })?;
        let options = baseline::relocated(baseline::options_of(&results)?, |maps| {
            // As those of the baseline, once they are taken from its folder.
            Ok(maps.display().to_string())
        })?;
        Ok((results, options))
    });
    let all: Vec<(Results, Vec<String>)> = all.collect::<Result<_, Error>>()?;
    Ok(Found::in_results(&here(arguments, baseline)?, &all, arguments.accept_traces))
}

/// The baseline with the paths in its options taken from here and not from its folder.
fn here(arguments: &CheckArguments, baseline: &Baseline) -> Result<Baseline, Error> {
    let folder = arguments.baseline.baseline.parent().unwrap_or(Path::new(""));
    let options = baseline::relocated(baseline.options.clone(), |maps| Ok(folder.join(maps).display().to_string()))?;
    Ok(Baseline { options, ..baseline.clone() })
}

/// What the runs that the baseline names give now.
fn replayed(arguments: &CheckArguments, baseline: &Baseline, terminal: &Terminal) -> Result<Found, Error> {
    let options = baseline::options(&here(arguments, baseline)?.options)?;
    let loaded = load(arguments, baseline, &options, terminal)?;
    let facts = loaded.iter().map(|trace| Some(trace.facts.clone())).collect();
    let mut found = Found::of_traces(baseline, facts, arguments.accept_traces);
    let (mut jobs, mut places) = (Vec::new(), Vec::new());
    for (record, trace) in baseline.traces.iter().zip(&loaded) {
        let base = Options { seed: options.reading.file.seed, ..model::options(&options.model, trace)? };
        for (place, row) in baseline.rows.iter().enumerate().filter(|(_, row)| row.trace == record.name) {
            if !found.comparable(baseline, place, arguments.accept_traces) {
                continue;
            }
            match policy(row) {
                Ok(policy) => {
                    jobs.push(matrix::job(trace, &policy, &base, row.frames));
                    places.push(place);
                }
                Err(reason) => found.rows[place] = Err(reason),
            }
        }
    }
    let runs = matrix::replay(&jobs, arguments.jobs, terminal)?;
    for (place, run) in places.into_iter().zip(runs) {
        found.rows[place] = Ok(run.row);
    }
    Ok(found)
}

/// The policy of a row, with its parameters.
fn policy(row: &Row) -> Result<PolicySpec, String> {
    let spec: PolicySpec = format!("{}:{}", row.policy, row.params).parse()?;
    spec.check().map(|()| spec)
}

/// Where a file of a trace is that the baseline has at this path.
fn located(arguments: &CheckArguments, path: &Path) -> PathBuf {
    match (&arguments.trace_dir, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => arguments.baseline.baseline.parent().unwrap_or(Path::new("")).join(path),
    }
}

/// The traces of the baseline, under its names.
fn load(
    arguments: &CheckArguments,
    baseline: &Baseline,
    options: &MatrixOptions,
    terminal: &Terminal,
) -> Result<Vec<Loaded>, Error> {
    let traces = baseline.traces.iter().map(|record| {
        let mut files: Vec<PathBuf> = record.paths.iter().map(|path| located(arguments, Path::new(path))).collect();
        let source = match files.len() {
            0 => Source::BuiltIn,
            1 => Source::Path(files.remove(0)),
            _ => Source::Files(files),
        };
        let mut loaded = traces::load_one(&source, &options.reading, options.model.kswapd.is_some(), terminal)
            .with_context(|| {
                format!("trace {} of the baseline can't be read; --trace-dir says where traces are", record.name)
            })?;
        loaded.facts.name.clone_from(&record.name);
        Ok(loaded)
    });
    traces.collect()
}
