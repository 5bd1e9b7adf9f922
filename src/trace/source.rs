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

    /// What the trace is called in results: the file's name without folder and endings (`pg.csv.zst` is `pg`), `stdin`,
    /// or the name of the built-in trace.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => stem(path),
            Self::Stdin => "stdin".to_owned(),
            Self::BuiltIn => builtin::NAME.to_owned(),
        }
    }

    /// What errors call it: the path as given.
    pub fn file(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            _ => self.name(),
        }
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Result<Bytes, TraceError> {
        match self {
            Self::Path(path) => File::open(path).map(|file| Box::new(file) as Bytes).map_err(|source| TraceError::Io {
                file: self.file(),
                doing: "open",
                source,
            }),
            Self::Stdin => Ok(Box::new(io::stdin())),
            Self::BuiltIn => Ok(Box::new(builtin::BYTES)),
        }
    }
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
