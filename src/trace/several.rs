//! Several files as one trace: which of the files that a user names belong together, and reading them.
//!
//! How their lines come into one order is the format's part; only lackey writes a file for each process.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::TraceError;
use super::input::Input;
use super::read_ahead::hexadecimal;
use super::reading::{KEPT, Reading};
use super::{ReadOptions, RecordSink, Source, Summary, detected, lackey, maps, merge};

/// The format of which each process has a file.
const PER_PROCESS: &str = "lackey";

/// One of the files of a trace.
pub(super) struct Part {
    pub path: PathBuf,
    /// As the user named it.
    pub name: String,
}

/// The traces that the arguments of a command line name: `-` is standard input, a pattern as in `'lk.*.zst'` is all files of
/// such names, as one trace. All logs of lackey together are one trace, in the place of the first of them.
///
/// # Errors
/// When a pattern is none, or no file has such a name.
pub fn sources(arguments: &[PathBuf], options: &ReadOptions) -> Result<Vec<Source>, TraceError> {
    let mut sources = Vec::new();
    for argument in arguments {
        sources.push(match pattern(argument) {
            Some(pattern) => matching(pattern)?,
            None => Source::from_argument(argument),
        });
    }
    if sources.len() < 2 {
        return Ok(sources);
    }
    let mut together: Option<(usize, Vec<PathBuf>)> = None;
    let mut others = Vec::new();
    for source in sources {
        match logs(source, options) {
            Ok(paths) => together.get_or_insert((others.len(), Vec::new())).1.extend(paths),
            Err(source) => others.push(source),
        }
    }
    if let Some((place, paths)) = together {
        others.insert(place, of_paths(paths));
    }
    Ok(others)
}

/// One file, or several as one trace.
fn of_paths(mut paths: Vec<PathBuf>) -> Source {
    match paths.pop() {
        Some(path) if paths.is_empty() => Source::Path(path),
        last => {
            paths.extend(last);
            Source::Files(paths)
        }
    }
}

/// The argument as a pattern for names of files, if it is one and no file has it for a name.
fn pattern(argument: &Path) -> Option<&str> {
    let text = argument.to_str()?;
    (text.contains(['*', '?', '[']) && argument.symlink_metadata().is_err()).then_some(text)
}

fn matching(pattern: &str) -> Result<Source, TraceError> {
    let failure = |source| TraceError::Io { file: pattern.to_owned(), doing: "open", source };
    let found = glob::glob(pattern).map_err(|error| failure(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let mut paths = Vec::new();
    for path in found {
        let path = path.map_err(|error| {
            let file = error.path().display().to_string();
            TraceError::Io { file, doing: "open", source: error.into() }
        })?;
        if path.is_file() {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(failure(io::Error::new(io::ErrorKind::NotFound, "no file has a name like this")));
    }
    Ok(of_paths(paths))
}

/// The files of a source if they are logs of lackey; else the source.
fn logs(source: Source, options: &ReadOptions) -> Result<Vec<PathBuf>, Source> {
    let paths = match source {
        // What is no file, a pipe for example, can't be looked into beforehand.
        Source::Path(path) if path.is_file() => vec![path],
        Source::Files(paths) => paths,
        other => return Err(other),
    };
    let are_logs = match &options.format {
        Some(format) => format == PER_PROCESS,
        // What can't be read is told when it is read.
        None => paths.iter().all(|path| {
            let name = path.display().to_string();
            format_of(path, &name).is_ok_and(|format| format == Some(PER_PROCESS))
        }),
    };
    if are_logs { Ok(paths) } else { Err(of_paths(paths)) }
}

/// The format of a file by its content; none where it is of no known one.
fn format_of(path: &Path, name: &str) -> Result<Option<&'static str>, TraceError> {
    let mut input = Input::new(name, Source::Path(path.to_owned()).open()?)?;
    let head = input.head()?;
    if head.is_empty() {
        return Err(TraceError::Empty { file: name.to_owned(), skipped: 0 });
    }
    Ok(detected(head).map(|format| format.name))
}

/// Reads several files as one trace, which is called `whole`: logs of lackey by what they say of each other, all others
/// record by record.
///
/// # Errors
/// As [`super::read`].
pub(super) fn read(
    whole: &str,
    paths: &[PathBuf],
    options: &ReadOptions,
    sink: &mut dyn RecordSink,
) -> Result<Summary, TraceError> {
    let named = |path: &PathBuf| Part { path: path.clone(), name: path.display().to_string() };
    let parts: Vec<Part> = paths.iter().map(named).collect();
    if let Some(format) = &options.format {
        super::format(format)?;
    }
    for part in &parts {
        let found = format_of(&part.path, &part.name)?;
        if options.format.as_deref().or(found) != Some(PER_PROCESS) {
            return read_records(whole, paths, options, sink);
        }
    }
    let mut reading = Reading::new(whole, sink, options);
    reading.know(maps::read(options)?);
    let merged = match lackey::merge::read(&parts, &mut reading) {
        Ok(merged) => Some(merged),
        Err(TraceError::Enough) => None,
        Err(error) => return Err(error),
    };
    let notes = reading.take_notes(PER_PROCESS);
    let (records, skipped, first_skipped) = reading.finish();
    if records == 0 && merged.is_some() {
        return Err(TraceError::Empty { file: whole.to_owned(), skipped });
    }
    let compression = merged.as_ref().and_then(|merged| merged.compression);
    let sha256 = merged.map_or_else(String::new, |merged| hexadecimal(&Sha256::digest(merged.hashes.concat())));
    Ok(Summary { format: PER_PROCESS, compression, sha256, records, skipped, first_skipped, notes })
}

/// Reads files that know nothing of each other as one trace.
fn read_records(
    whole: &str,
    paths: &[PathBuf],
    options: &ReadOptions,
    sink: &mut dyn RecordSink,
) -> Result<Summary, TraceError> {
    let mut sources: Vec<Source> = paths.iter().cloned().map(Source::Path).collect();
    sources.sort_by_key(Source::file);
    let merged = merge::merge(&sources, options, false, sink)?;
    if merged.records == 0 {
        return Err(TraceError::Empty { file: whole.to_owned(), skipped: merged.skipped });
    }
    let (mut first_skipped, mut skipped, mut notes) = (merged.first_skipped, merged.skipped, merged.notes);
    let (mut hash, mut formats, mut compression) = (Sha256::new(), Vec::new(), None);
    for summary in merged.summaries.into_iter().flatten() {
        hash.update(&summary.sha256);
        formats.push(summary.format);
        compression = compression.or(summary.compression);
        skipped += summary.skipped;
        first_skipped.extend(summary.first_skipped);
        notes.extend(summary.notes);
    }
    formats.dedup();
    first_skipped.truncate(KEPT);
    let format = if let [one] = formats[..] { one } else { "several formats" };
    let sha256 = hexadecimal(&hash.finalize());
    Ok(Summary { format, compression, sha256, records: merged.records, skipped, first_skipped, notes })
}
