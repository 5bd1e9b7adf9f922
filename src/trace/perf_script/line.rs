//! A line of `perf script`: who, when, which event, and what is said behind it.

use super::Task;
use crate::trace::number;
use crate::trace::time::{SECOND, nanoseconds};

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A mapping.
    Map,
    /// A fork or a new thread.
    Fork,
    /// The end of a process or a thread.
    Exit,
    /// A process runs another program.
    Exec,
    /// A page fault.
    Fault,
    /// A page fault with its error code.
    Exception,
    /// A sampled load or store.
    Sample,
    /// Something else.
    Other,
}

/// Events that are page faults, without what follows the name (`:u`).
const FAULTS: [&[u8]; 5] = [b"page-faults", b"minor-faults", b"major-faults", b"faults", b"page-fault"];

/// In the names of events whose samples have the address of the data.
const SAMPLED: [&[u8]; 6] = [b"mem-", b"mem_", b"load", b"store", b"ibs_op", b"arm_spe"];

/// `command pid/tid [cpu] time: count event: rest`; cpu, time and count may be missing.
pub(super) struct Line<'l> {
    pub task: Task,
    /// In nanoseconds.
    pub time: Option<u64>,
    /// Without the colon.
    event: &'l [u8],
    /// What is said behind the event.
    pub rest: &'l [u8],
}

impl<'l> Line<'l> {
    /// `None` when it is no such line.
    pub fn parse(line: &'l [u8]) -> Option<Self> {
        let mut rest = line;
        // The command may have blanks and numbers in it: the task is the first that is followed as it should be.
        loop {
            let (word, behind) = next_word(rest)?;
            if let Some(task) = task(word)
                && let Some((time, event, rest)) = behind_the_task(behind)
            {
                return Some(Self { task, time, event, rest });
            }
            rest = behind;
        }
    }

    /// What it is about.
    pub fn kind(&self) -> Kind {
        if let Some(record) = self.event.strip_prefix(b"PERF_RECORD_") {
            return match record {
                b"MMAP" | b"MMAP2" => Kind::Map,
                b"FORK" => Kind::Fork,
                b"EXIT" => Kind::Exit,
                b"COMM exec" => Kind::Exec,
                _ => Kind::Other,
            };
        }
        let name = &self.event[..memchr::memchr(b':', self.event).unwrap_or(self.event.len())];
        if FAULTS.contains(&name) {
            return Kind::Fault;
        }
        if self.event.starts_with(b"exceptions:page_fault_") {
            return Kind::Exception;
        }
        let is_sampled = SAMPLED.iter().any(|part| memchr::memmem::find(self.event, part).is_some());
        if is_sampled { Kind::Sample } else { Kind::Other }
    }

    /// Whether a sample is of a store.
    pub fn is_store(&self) -> bool {
        let has = |text: &[u8], part: &[u8]| memchr::memmem::find(text, part).is_some();
        has(self.event, b"store") || has(self.rest, b"|OP STORE|") && !has(self.event, b"load")
    }
}

/// Time, event, and what is said behind it.
fn behind_the_task(text: &[u8]) -> Option<(Option<u64>, &[u8], &[u8])> {
    let (mut word, mut rest) = next_word(text)?;
    if word.starts_with(b"[") && word.ends_with(b"]") && word[1..word.len() - 1].iter().all(u8::is_ascii_digit) {
        (word, rest) = next_word(rest)?;
    }
    let mut time = None;
    if word.first().is_some_and(u8::is_ascii_digit)
        && let Some(number) = word.strip_suffix(b":")
    {
        time = Some(nanoseconds(number, SECOND)?);
        (word, rest) = next_word(rest)?;
    }
    if word.iter().all(u8::is_ascii_digit) {
        (word, rest) = next_word(rest)?;
    }
    if word.starts_with(b"PERF_RECORD_") {
        let (event, rest) = record(word, rest);
        return Some((time, event, rest));
    }
    let event = word.strip_suffix(b":").filter(|event| event.first().is_some_and(u8::is_ascii_alphabetic))?;
    Some((time, event, rest.trim_ascii()))
}

/// `PERF_RECORD_FORK(14969:14969):(14965:14965)`, `PERF_RECORD_COMM exec: shm3:14965/14965`, `PERF_RECORD_MMAP2 ...`.
fn record<'l>(word: &'l [u8], rest: &'l [u8]) -> (&'l [u8], &'l [u8]) {
    const EXEC: &[u8] = b"PERF_RECORD_COMM exec";
    if let Some(bracket) = memchr::memchr(b'(', word) {
        return word.split_at(bracket);
    }
    if word == b"PERF_RECORD_COMM" && rest.trim_ascii_start().starts_with(b"exec:") {
        return (EXEC, rest);
    }
    (word.strip_suffix(b":").unwrap_or(word), rest.trim_ascii())
}

/// `14965/14965`, or `14965`. The process -1 is the kernel, and is left to be 0.
fn task(word: &[u8]) -> Option<Task> {
    let slash = memchr::memchr(b'/', word);
    let (process, thread) = (&word[..slash.unwrap_or(word.len())], slash.map(|slash| &word[slash + 1..]));
    let number = |digits: &[u8]| if digits == b"-1" { Some(0) } else { number::parse(digits).ok() };
    let process = number(process)?;
    let is_main = match thread {
        Some(thread) => number(thread)? == process,
        None => true,
    };
    Some(Task { process, is_main })
}

/// The next word, and what is behind it.
fn next_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}
