//! A line of `perf trace`: when, who, and the page fault, if it is one.

use crate::trace::addresses::PROCESS;
use crate::trace::error::printable;
use crate::trace::number;
use crate::trace::time::nanoseconds;

/// Nanoseconds in a millisecond.
const MILLISECOND: u64 = 1_000_000;

/// What is between the place in the program and the address.
const ARROW: &[u8] = b"] => ";

/// A page fault.
pub(super) struct Fault<'l> {
    /// In nanoseconds.
    pub time: u64,
    /// The thread, for the process.
    pub process: u64,
    /// What the address is in; empty where perf does not know.
    pub target: &'l [u8],
    pub address: u64,
}

impl<'l> Fault<'l> {
    /// `None` when the line is of something else.
    pub fn parse(line: &'l [u8]) -> Result<Option<Self>, String> {
        let fault = memchr::memmem::find(line, b"minfault [").or_else(|| memchr::memmem::find(line, b"majfault ["));
        let (before, rest) = match fault {
            Some(at) => line.split_at(at),
            None if has_time(line) => return Ok(None),
            None => return Err("there is no time".to_owned()),
        };
        let time = before.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        let time = nanoseconds(time, MILLISECOND).ok_or("the time is no number of milliseconds")?;
        let duration = memchr::memmem::find(before, b"): ").ok_or("the duration is missing")?;
        let process = process(before[duration + 3..].trim_ascii())?;
        let arrow = memchr::memmem::find(rest, ARROW).ok_or("the address is missing")?;
        let target = rest[arrow + ARROW.len()..].trim_ascii();
        let bracket = memchr::memmem::rfind(target, b" (").ok_or("the kind of the mapping is missing")?;
        let kind = &target[bracket + 2..];
        if kind.len() != 3 || kind[2] != b')' {
            return Err(format!("`{}` is no kind of mapping", printable(&target[bracket + 1..])));
        }
        let target = target[..bracket].trim_ascii_end();
        let (target, address) = match memchr::memrchr(b'@', target) {
            Some(at) => (&target[..at], &target[at + 1..]),
            None => (&target[..0], target),
        };
        let address = number::parse_0x(address).map_err(number::bad_address)?;
        Ok(Some(Self { time, process, target, address }))
    }
}

/// Whether a line begins with a time and a duration.
pub(super) fn has_time(line: &[u8]) -> bool {
    let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (time, rest) = line.split_at(end);
    nanoseconds(time, MILLISECOND).is_some() && rest.trim_ascii_start().starts_with(b"(")
}

/// The number behind the command, which may have slashes and blanks in it.
fn process(who: &[u8]) -> Result<u64, String> {
    if who.is_empty() {
        return Ok(PROCESS);
    }
    let slash = memchr::memrchr(b'/', who).ok_or("the thread is missing")?;
    number::parse(&who[slash + 1..]).map_err(|reason| reason.describe("thread", u64::MAX))
}
