//! The text that DynamoRIO's tool `view` makes of a drmemtrace (`drrun -t drmemtrace -tool view`).
//!
//! - A record is its number, the number of the instruction, a colon, who, and what:
//!   `8 0: W0.T342625 read 8 byte(s) @ 0x00007ffd9f7ce0f8 by PC 0x00007f2ba1bb9053`.
//! - A workload is a process that its threads share: `W0` is process 1, `W1` is 2. Where no workloads are told, but only a
//!   thread (`T342625`, or `342625`), there is one process, 1.
//! - `ifetch` counts as reading where instructions are asked for. Prefetches and flushes are no references; markers, the
//!   lines between threads, and the head and foot of the tool are passed over.

use super::address_lines::{self, Parsed};
use super::addresses::{AddressReference, PROCESS};
use super::error::{TraceError, printable};
use super::input::Input;
use super::number;
use super::reading::Reading;

const EXPECTED: &str = "a record is as in `8 0: W0.T342625 read 8 byte(s) @ 0x7ffd9f7ce0f8 by PC 0x7f2ba1bb9053`";

/// How the lines begin that are no records.
const FRAME: [&[u8]; 5] = [b"Output format:", b"<", b"---", b"===", b"View tool results:"];

/// What else a record may be.
const NO_REFERENCES: [&[u8]; 5] = [b"prefetch", b"iflush", b"dflush", b"instr_flush", b"data_flush"];

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    // Markers may fill the head.
    address_lines::detect(head, |line| {
        let is_record = line.first().is_some_and(u8::is_ascii_digit);
        let reference = AddressReference { process: PROCESS, address: 0, bytes: 1, write: false };
        if is_record { parse(line, true).map(|_| Some(reference)) } else { parse(line, true) }
    })
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let instructions = reading.addresses().instructions;
    address_lines::read(input, reading, EXPECTED, |line| parse(line, instructions))
}

fn parse(line: &[u8], instructions: bool) -> Parsed {
    if !line.first().is_some_and(u8::is_ascii_digit) {
        return outside(line);
    }
    let colon = memchr::memchr(b':', line).ok_or("the colon behind the numbers is missing")?;
    let (numbers, rest) = (&line[..colon], line[colon + 1..].trim_ascii_start());
    if rest.starts_with(b"total") {
        return Ok(None);
    }
    let mut numbers = numbers.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let two = [numbers.next(), numbers.next()].map(|word| word.is_some_and(is_count));
    if two != [true, true] || numbers.next().is_some() {
        return Err("there are not two numbers before the colon".to_owned());
    }
    let (who, rest) = word(rest);
    let process = workload(who)?;
    if rest.first() == Some(&b'<') {
        return Ok(None);
    }
    let (what, rest) = word(rest);
    let write = match what {
        b"read" => false,
        b"write" => true,
        b"ifetch" if instructions => false,
        b"ifetch" => return Ok(None),
        _ if NO_REFERENCES.iter().any(|known| what.starts_with(known)) => return Ok(None),
        _ => return Err(format!("`{}` is no read, write or ifetch", printable(what))),
    };
    let (bytes, rest) = word(rest);
    let bytes = number::parse(bytes).map_err(|reason| reason.describe("number of bytes", u64::MAX))?;
    let rest = rest.strip_prefix(b"byte(s) @ ").ok_or("`byte(s) @` is missing")?;
    let (address, _) = word(rest);
    let address = number::parse_0x(address).map_err(number::bad_address)?;
    Ok(Some(AddressReference { process, address, bytes, write }))
}

/// A line that does not begin with the number of a record.
fn outside(line: &[u8]) -> Parsed {
    if line.is_empty() || FRAME.iter().any(|known| line.starts_with(known)) {
        return Ok(None);
    }
    Err("the line is no record, and not of the head or foot of the tool".to_owned())
}

/// A number that may have commas in it.
fn is_count(word: &[u8]) -> bool {
    word.iter().all(|&byte| byte.is_ascii_digit() || byte == b',')
}

/// The process of `W0.T342625`, of `T342625`, or of `342625` as early versions of the tool have it.
fn workload(who: &[u8]) -> Result<u64, String> {
    let thread = |word: &[u8]| word.strip_prefix(b"T").is_some_and(|number| number::parse(number).is_ok());
    let Some(workload) = who.strip_prefix(b"W") else {
        let is_thread = thread(who) || number::parse(who).is_ok();
        return if is_thread { Ok(PROCESS) } else { Err("the thread is missing".to_owned()) };
    };
    let dot = memchr::memchr(b'.', workload).unwrap_or(workload.len());
    if !workload.get(dot + 1..).is_some_and(thread) {
        return Err("the thread is missing".to_owned());
    }
    let workload = number::parse(&workload[..dot]).map_err(|reason| reason.describe("workload", u64::MAX))?;
    Ok(workload.saturating_add(PROCESS))
}

/// The next word, and what is behind it without blanks before it.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b' ', text).unwrap_or(text.len());
    (&text[..end], text[end..].trim_ascii_start())
}
