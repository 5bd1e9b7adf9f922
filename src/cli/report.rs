//! `clockhand report`: the files of `compare` from results that are there already, one or several.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Error;

use super::arguments::ReportCommandArguments;
use super::compare::{Target, put_out};
use super::merge;
use super::terminal::Terminal;
use super::{Usage, reports};
use crate::combine::combine;
use crate::journal;
use crate::results::Results;

/// Runs the command.
pub fn run(arguments: &ReportCommandArguments, terminal: &Terminal) -> Result<(), Error> {
    reports::check(&arguments.reports)?;
    let partial = arguments.out.join(journal::FILE_NAME);
    if partial.exists() {
        let text = format!("{}: an unfinished comparison is kept here; choose another folder", partial.display());
        return Err(Usage(text).into());
    }
    let inputs = arguments.results.iter().map(|path| merge::read(path)).collect::<Result<Vec<_>, Error>>()?;
    let paths: Vec<PathBuf> = inputs.iter().map(|(path, _)| path.clone()).collect();
    let count = inputs.len();
    let results = combine(inputs)?;
    tell(&results, count, terminal);
    if !results.sources.is_empty()
        && let Some(path) = paths.iter().find(|path| lies_in(path, &arguments.out))
    {
        let text =
            format!("{} would be replaced by the results of all; choose another folder with --out", path.display());
        return Err(Usage(text).into());
    }
    let target = Target { out: &arguments.out, reports: &arguments.reports, form: arguments.form.form };
    put_out(&results, &target, terminal, || Ok(()))
}

/// Says what became of the results on the way to one.
fn tell(results: &Results, inputs: usize, terminal: &Terminal) {
    let kept = results.sources.len().max(1);
    if inputs > kept {
        terminal.note(&format!("{} of {inputs} results are the same as another and are left out", inputs - kept));
    }
    let labelled = results.runs.iter().any(|run| run.source.is_some());
    if labelled {
        terminal.note("where results differ in the runs of a policy, each is shown with where it is from in brackets");
    }
}

/// Whether a file is the `results.json` of this folder.
fn lies_in(file: &Path, out: &Path) -> bool {
    let written = out.join(crate::report::JSON_FILE);
    fs::canonicalize(file).is_ok_and(|file| fs::canonicalize(written).is_ok_and(|written| file == written))
}
