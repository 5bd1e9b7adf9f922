//! Where a trace comes from, and what it is called in results.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::compress::Bytes;
use super::error::TraceError;
use super::{FORMATS, builtin, compress};

/// Where a trace is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    Path(PathBuf),
    /// Several files that are one trace; at least one. In which order they are named makes no difference.
    Files(Vec<PathBuf>),
    /// Standard input.
    Stdin,
    /// The trace inside the binary.
    BuiltIn,
}

impl Source {
    /// The source that an argument of the command line names: `-` is standard input.
    pub fn from_argument(argument: impl Into<PathBuf>) -> Self {
        let path = argument.into();
        if path.as_os_str() == "-" { Self::Stdin } else { Self::Path(path) }
    }

    /// What the trace is called in results: the file's name without folder and endings (`pg.csv.zst` is `pg`), of several
    /// files what their names have in common (`lk.7.zst` and `lk.8.zst` are `lk`), `stdin`, or the name of the built-in trace.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => stem(path),
            Self::Files(paths) => common_stem(paths),
            Self::Stdin => "stdin".to_owned(),
            Self::BuiltIn => builtin::NAME.to_owned(),
        }
    }

    /// What errors call it: the path as given; several files by their number.
    pub fn file(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Files(paths) => format!("{} ({} files)", self.name(), paths.len()),
            _ => self.name(),
        }
    }

    /// Opens it. Several files are opened by those who read them, one by one.
    pub(crate) fn open(&self) -> Result<Bytes, TraceError> {
        match self {
            Self::Path(path) => open(path),
            Self::Files(_) => {
                let source = io::Error::new(io::ErrorKind::InvalidInput, "these are several files");
                Err(TraceError::Io { file: self.file(), doing: "open", source })
            }
            Self::Stdin => Ok(Box::new(io::stdin())),
            Self::BuiltIn => Ok(Box::new(builtin::BYTES)),
        }
    }
}

/// Opens a file.
pub(super) fn open(path: &Path) -> Result<Bytes, TraceError> {
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(source) => Err(TraceError::Io { file: path.display().to_string(), doing: "open", source }),
    }
}

/// What the stems of several files begin with, without the number in which they differ; of files that have nothing in
/// common the first one's.
fn common_stem(paths: &[PathBuf]) -> String {
    let mut stems = paths.iter().map(|path| stem(path));
    let first = stems.next().unwrap_or_default();
    let mut common = first.as_str();
    for other in stems {
        let equal = common.char_indices().zip(other.chars()).find(|&((_, a), b)| a != b).map(|((at, _), _)| at);
        common = &common[..equal.unwrap_or(common.len().min(other.len()))];
    }
    let common = common.trim_end_matches(|last: char| last.is_ascii_digit()).trim_end_matches(['.', '-', '_']);
    if common.is_empty() { first } else { common.to_owned() }
}

/// The file's name without the endings of compression and format; of an unknown format, without its last ending if that
/// looks like one.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let mut stem = strip(&name, compress::COMPRESSIONS.iter().map(|compression| compression.ending));
    let whole = stem;
    stem = strip(stem, FORMATS.iter().flat_map(|format| format.endings.iter().copied()));
    if stem == whole
        && let Some((before, ending)) = stem.rsplit_once('.')
        && !before.is_empty()
        && (1..=8).contains(&ending.len())
        && ending.bytes().all(|byte| byte.is_ascii_alphabetic())
    {
        stem = before;
    }
    stem.to_owned()
}

/// Without the first of these endings that it has, unless nothing would be left.
fn strip(name: &str, mut endings: impl Iterator<Item = &'static str>) -> &str {
    endings.find_map(|ending| name.strip_suffix(ending)).filter(|rest| !rest.is_empty()).unwrap_or(name)
}
