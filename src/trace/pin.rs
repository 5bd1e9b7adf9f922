//! The output of Pin's tool `pinatrace`: `0x7f51a8a3a0a0: R 0x7ffd84c2bd78`, and `#eof` at the end.
//!
//! - A line is the address of the instruction, a colon, `R` or `W`, and the address of the first byte. Older versions of
//!   the tool go on with the number of bytes and the value; with a size of 0 it is a prefetch, which is no reference.
//! - Other lines that begin with `#` are comments. A file that does not end with `#eof` was cut short.
//! - There is one process, 1.

use super::address_lines::{self, Parsed, reference};
use super::error::{At, TraceError, printable};
use super::input::Input;
use super::number;
use super::reading::Reading;

const EXPECTED: &str =
    "a line is the address of an instruction, R or W, and an address, as in `0x7f51a8a3: R 0x7ffd84c2`";

/// Bytes where the tool does not tell them.
const ONE_BYTE: u64 = 1;

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    address_lines::detect(head, parse)
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, and a trace without its end, unless the
/// reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let (mut lines, mut is_whole) = (0, false);
    address_lines::read(input, reading, EXPECTED, |line| {
        lines += 1;
        is_whole = line == b"#eof" || is_whole && line.is_empty();
        parse(line)
    })?;
    if is_whole {
        return Ok(());
    }
    let what = "the trace ends without `#eof`: it was cut short".to_owned();
    reading.bad(At::Line(lines), b"", what, "get the whole file, or let the program end under Pin")
}

fn parse(line: &[u8]) -> Parsed {
    if matches!(line.first(), None | Some(b'#')) {
        return Ok(None);
    }
    let Some(colon) = memchr::memchr(b':', line) else { return Err("the colon is missing".to_owned()) };
    number::parse_0x(&line[..colon]).map_err(|reason| format!("before the colon {}", number::bad_address(reason)))?;
    let rest = line[colon + 1..].trim_ascii_start();
    let write = match rest.first() {
        Some(b'R') => false,
        Some(b'W') => true,
        _ => return Err("R or W is missing".to_owned()),
    };
    let rest = rest[1..].trim_ascii_start();
    let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
    let (address, size) = rest.split_at(end);
    let address = number::parse_0x(address).map_err(number::bad_address)?;
    match size.trim_ascii_start() {
        b"" => Ok(Some(reference(address, ONE_BYTE, write))),
        size => sized(address, size, write),
    }
}

/// A reference with its size, and perhaps a value behind it.
fn sized(address: u64, rest: &[u8], write: bool) -> Parsed {
    let size = rest.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let bytes = number::parse(size).map_err(|_| format!("`{}` is no number of bytes", printable(size)))?;
    Ok((bytes > 0).then(|| reference(address, bytes, write)))
}
