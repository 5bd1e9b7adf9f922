//! The logs of valgrind's lackey: `valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes --trace-children=yes
//! --log-file=lk.%p PROGRAM` writes one for each process.
//!
//! - `I  ADDRESS,SIZE` fetches instructions (left out unless asked for), ` L ` loads, ` S ` stores, and ` M ` loads and
//!   stores, which is one reference that writes: nothing can happen to the page in between.
//! - Shared memory is followed through shmget, shmat, shmdt and shmctl, mmap of anonymous shared memory and of files in
//!   `/dev/shm`, munmap, fork, exec and exit. Calls may print in two parts (`log`); those that fail change nothing.
//! - Without `--trace-syscalls=yes` no mapping is known, and the trace is that of one process with one segment.
//! - Lines that begin with `==` and the process id are comments; the first of them name the process.
//! - There is no time. Several logs are one trace of processes that take turns (`merge`).

mod line;
mod log;
pub(super) mod merge;

use super::Settings;
use super::addresses::{AddressSpaces, PROCESS};
use super::error::TraceError;
use super::input::{HEAD, Input, for_each_line};
use super::reading::Reading;
use line::Line;
use log::{Call, Log, Said, place};

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    // The last line of a beginning may be cut short.
    let end = if head.len() < HEAD { None } else { memchr::memrchr(b'\n', head) };
    let whole = end.map_or(head, |end| &head[..end]);
    for line in whole.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match Line::read(line) {
            _ if line::reference(line).is_some() => return true,
            Line::Call { .. } | Line::Comment { begins: true, .. } => return true,
            Line::Comment { .. } | Line::Outcome(_) => {}
            Line::Unknown if line.trim_ascii().is_empty() => {}
            Line::Unknown => return false,
        }
    }
    false
}

/// Reads the log of one process.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let mut log = Log::new(Header::of(input.head()?).process, PROCESS);
    let mut spaces = AddressSpaces::new(reading, &Settings::default());
    let mut last = 0;
    for_each_line(input, reading, |reading, number, line| {
        last = number;
        let said = log.hear(line);
        if let Said::Done(Call::Wait, child) = said {
            return spaces.exit(reading, place(number, line), child);
        }
        log.apply(&mut spaces, reading, place(number, line), said)
    })?;
    spaces.exit(reading, place(last, b""), log.process)?;
    spaces.finish(reading)
}

/// What the beginning of a log says of its process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Header {
    process: Option<u64>,
    parent: Option<u64>,
    /// Whether it goes on where a fork left off.
    is_fork: bool,
}

impl Header {
    fn of(head: &[u8]) -> Self {
        let mut header = Self::default();
        let mut is_first = true;
        for line in head.split(|&byte| byte == b'\n') {
            match Line::read(line) {
                Line::Comment { process, .. } => {
                    header.process = header.process.or(process);
                    header.parent = header.parent.or_else(|| parent(line));
                    continue;
                }
                Line::Call { process, .. } => header.process = header.process.or(Some(process)),
                Line::Outcome(_) => header.is_fork |= is_first,
                Line::Unknown => {}
            }
            is_first &= line.trim_ascii().is_empty();
            if !is_first && header.process.is_some() {
                break;
            }
        }
        header
    }
}

/// The process of `==14914== Parent PID: 14909`.
fn parent(line: &[u8]) -> Option<u64> {
    const WORDS: &[u8] = b"== Parent PID: ";
    let at = memchr::memmem::find(line, WORDS)?;
    line::number(&line[at + WORDS.len()..]).0
}
