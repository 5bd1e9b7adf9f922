//! `clockhand verify`: published figures against what comes out here, for traces that lie in a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Error, anyhow};

use super::arguments::VerifyArguments;
use super::terminal::{self, Terminal};
use super::{Mismatch, compare, traces};
use crate::program::Program;
use crate::report::counted;
use crate::resolve::ResolveOptions;
use crate::trace::{ReadOptions, Source};
use crate::verify::{Verdict, figures, verify};

/// Runs the command.
pub fn run(arguments: &VerifyArguments, terminal: &Terminal) -> Result<(), Error> {
    compare::limit_threads(arguments.jobs);
    let programs = load(&arguments.folder, terminal)?;
    let verdicts = verify(&programs, compare::threads(arguments.jobs)).map_err(Error::msg)?;
    terminal::print(|out| {
        writeln!(
            out,
            "{:<8} {:<22} {:>6}  {:<15} {:>10} {:>10}",
            "trace", "policy", "frames", "measure", "published", "here"
        )?;
        for verdict in &verdicts {
            writeln!(out, "{}", line(verdict))?;
        }
        Ok(())
    })?;
    let met = verdicts.iter().filter(|verdict| verdict.met()).count();
    terminal.note(&format!("{met} of {} are met", counted(verdicts.len() as u64, "figure", "figures")));
    if met < verdicts.len() { Err(Mismatch(verdicts.len() - met).into()) } else { Ok(()) }
}

fn line(verdict: &Verdict) -> String {
    let figure = &verdict.figure;
    let mark = if verdict.met() { "" } else { "  differs" };
    format!(
        "{:<8} {:<22} {:>6}  {:<15} {:>10} {:>10}{mark}",
        figure.trace,
        figure.policy,
        figure.frames,
        figure.measure.name(),
        figure.value,
        verdict.found
    )
}

/// The traces of the figures that are in the folder, by name; those that are not are told.
fn load(folder: &Path, terminal: &Terminal) -> Result<Vec<(String, Arc<Program>)>, Error> {
    let files = files(folder)?;
    let mut names: Vec<String> = figures().into_iter().map(|figure| figure.trace).collect();
    names.dedup();
    names.sort();
    names.dedup();
    let mut programs = Vec::new();
    for name in names {
        let found = files.iter().find(|path| stem(path) == name);
        let Some(path) = found else {
            terminal.note(&format!("{name}: not in {}; its figures are left out", folder.display()));
            continue;
        };
        let source = Source::Path(path.clone());
        let loaded = traces::load_with(&source, &ReadOptions::default(), ResolveOptions::default(), terminal)?;
        programs.push((name, loaded.program));
    }
    if programs.is_empty() {
        return Err(anyhow!("{}: none of the traces with published figures is there", folder.display()));
    }
    Ok(programs)
}

/// The files of a folder that may be traces, in order of name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failure = || format!("{}: can't be read", folder.display());
    let entries = fs::read_dir(folder).with_context(failure)?;
    let mut files =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>().with_context(failure)?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

/// The name of a file up to its first dot.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}
