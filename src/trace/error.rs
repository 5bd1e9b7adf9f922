//! What can be wrong with a trace, and how it is told: where, what the text is, what was expected, what to do.
//!
//! Nothing here decides whether something is wrong; that is the format's reader or the sink.

use std::fmt;
use std::io;

use super::Impossible;

/// The most characters of an offending text that are shown.
const SHOWN: usize = 80;

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// A line, counted from 1.
    Line(u64),
    /// A byte, counted from 0; in a compressed file, of what it holds.
    Byte(u64),
}

/// One thing that is wrong with one place of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file as the user named it, `stdin`, or the name of the built-in trace.
    pub file: String,
    /// Where in it.
    pub at: Option<At>,
    /// Which event of the trace, counted from 1, where that is known.
    pub event: Option<u64>,
    /// What is wrong.
    pub what: String,
    /// The offending text, made printable and shortened; empty where there is none.
    pub text: String,
    /// What was expected and what the user can do.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match self.at {
            Some(At::Line(line)) => write!(f, ", line {line}")?,
            Some(At::Byte(byte)) => write!(f, ", byte {byte}")?,
            None => {}
        }
        if let Some(event) = self.event {
            write!(f, ", event {event}")?;
        }
        write!(f, ": {}", self.what)?;
        if !self.text.is_empty() {
            write!(f, " in `{}`", self.text)?;
        }
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

/// Why a trace can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The system refused: a missing file, a full disk.
    #[error("{file}: cannot {doing}: {source}{}", hint(source))]
    Io {
        /// The file.
        file: String,
        /// What was being done: `open`, `read`, `write`.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A record is not as its format wants it. `--lenient` skips these.
    #[error("{0}")]
    Record(Box<Fault>),
    /// The sink refused an impossible event. `--lenient` skips these.
    #[error("{0}")]
    Impossible(Box<Fault>),
    /// The container is damaged: compression, checksums, a native file cut short. Never skipped.
    #[error("{0}")]
    Damaged(Box<Fault>),
    /// The content is of no known format, or not of the one asked for.
    #[error("{0}")]
    Unrecognised(Box<Fault>),
    /// There is no record in the trace.
    #[error("{file}: the trace has no records{}; check that the file is whole and of the right format", skipped_note(*skipped))]
    Empty {
        /// The file.
        file: String,
        /// How many were skipped as bad.
        skipped: u64,
    },
    /// There is no format of that name.
    #[error("there is no trace format `{name}`; the formats are {known}")]
    UnknownFormat {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The format can't be told from the name of the file to be written.
    #[error("{file}: the ending does not say which format to write; use one of {known}, or name the format")]
    UnknownEnding {
        /// The file.
        file: String,
        /// The endings there are.
        known: String,
    },
    /// The format is only read.
    #[error("the format `{format}` is read but not written; {known} can be written")]
    ReadOnly {
        /// The format.
        format: &'static str,
        /// The formats that are written.
        known: String,
    },
    /// The format to be written cannot hold what it is given.
    #[error("{file}: {what}; {remedy}")]
    Unwritable {
        /// The file.
        file: String,
        /// What does not fit.
        what: String,
        /// What the user can do.
        remedy: String,
    },
    /// The trace is sound, but not fit for what is to be done with it.
    #[error("{file}: {what}; {remedy}")]
    Unfit {
        /// The file.
        file: String,
        /// Why not.
        what: String,
        /// What the user can do.
        remedy: String,
    },
    /// No error: the sink has enough, which ends the reading on this way. [`super::read`] never returns it.
    #[error("no more records are wanted")]
    Enough,
}

impl TraceError {
    /// The fault's place and words with the sink's refusal in them.
    pub(crate) fn impossible(mut fault: Fault, refusal: Impossible) -> Self {
        fault.what = refusal.what;
        fault.remedy = refusal.remedy;
        Self::Impossible(Box::new(fault))
    }

    /// Whether `--lenient` may skip it.
    pub fn is_skippable(&self) -> bool {
        matches!(self, Self::Record(_) | Self::Impossible(_))
    }
}

/// What to do about an error of the system, where that is known.
fn hint(error: &io::Error) -> &'static str {
    /// `EMFILE`: the process has too many files open.
    const TOO_MANY_FILES: i32 = 24;
    if error.raw_os_error() == Some(TOO_MANY_FILES) {
        return "; allow more with `ulimit -n`";
    }
    match error.kind() {
        io::ErrorKind::NotFound => "; check the path",
        io::ErrorKind::PermissionDenied => "; check the permissions",
        io::ErrorKind::IsADirectory => "; name a file in it",
        io::ErrorKind::StorageFull => "; make room and try again",
        _ => "",
    }
}

fn skipped_note(skipped: u64) -> String {
    if skipped == 0 { String::new() } else { format!(" left after {skipped} bad ones were skipped") }
}

/// Makes any bytes fit to be shown on one line: control characters escaped, cut after 80 characters.
pub(crate) fn printable(bytes: &[u8]) -> String {
    // Four bytes a character at most, so this holds all that is shown.
    let head = &bytes[..bytes.len().min(4 * SHOWN)];
    let text = String::from_utf8_lossy(head);
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == SHOWN {
            shown.push_str("...");
            return shown;
        }
        if character.is_control() { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    if head.len() < bytes.len() {
        shown.push_str("...");
    }
    shown
}
