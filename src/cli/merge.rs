//! `clockhand merge`: the parts of a comparison made with `compare --shard` to the whole.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Error, anyhow};

use super::arguments::MergeArguments;
use super::compare::{Target, put_out};
use super::terminal::Terminal;
use super::{Usage, reports};
use crate::journal;
use crate::report::{JSON_FILE, json};
use crate::results::Results;
use crate::shard;

/// Runs the command.
pub fn run(arguments: &MergeArguments, terminal: &Terminal) -> Result<(), Error> {
    reports::check(&arguments.reports)?;
    if let Some(part) = arguments.shards.iter().find(|part| same_folder(part, &arguments.out)) {
        let text = format!(
            "{} is a shard, and the whole would take its place; choose another folder with --out",
            part.display()
        );
        return Err(Usage(text).into());
    }
    let partial = arguments.out.join(journal::FILE_NAME);
    if partial.exists() {
        let text = format!("{}: an unfinished comparison is kept here; choose another folder", partial.display());
        return Err(Usage(text).into());
    }
    let parts = arguments.shards.iter().map(|path| read(path)).collect::<Result<Vec<_>, Error>>()?;
    let whole = shard::merge(parts)?;
    let target = Target { out: &arguments.out, reports: &arguments.reports, form: arguments.form.form };
    put_out(&whole, &target, terminal, || Ok(()))
}

/// Results: a `results.json`, or the folder that holds it.
pub(super) fn read(path: &Path) -> Result<(PathBuf, Results), Error> {
    if !path.is_dir() {
        return Ok((path.to_owned(), json::read(path)?));
    }
    let (file, partial) = (path.join(JSON_FILE), path.join(journal::FILE_NAME));
    if partial.exists() {
        return Err(anyhow!("{}: this comparison is not finished; run it again with --resume", partial.display()));
    }
    let results = json::read(&file)?;
    Ok((file, results))
}

/// Whether a part, named by its folder or file, lies in this folder.
fn same_folder(part: &Path, out: &Path) -> bool {
    let folder = if part.is_dir() { part } else { crate::whole_file::folder_of(part) };
    fs::canonicalize(folder).is_ok_and(|folder| fs::canonicalize(out).is_ok_and(|out| folder == out))
}
