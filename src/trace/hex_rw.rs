//! The format of address traces used in courses on operating systems: `190a7c20 R`, `%08x` and `R` or `W`.
//!
//! - A line is a byte address of hexadecimal digits, blanks, and `R` or `W`; blank lines are passed over.
//! - There is one process, 1.

use super::address_lines::{self, Parsed, reference};
use super::error::{TraceError, printable};
use super::input::Input;
use super::number;
use super::reading::Reading;

const EXPECTED: &str = "a line is a byte address in hexadecimal, then R or W, as in `190a7c20 R`";

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    address_lines::detect(head, parse)
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    address_lines::read(input, reading, EXPECTED, parse)
}

fn parse(line: &[u8]) -> Parsed {
    if line.is_empty() {
        return Ok(None);
    }
    let digits = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (digits, letter) = line.split_at(digits);
    let write = match letter.trim_ascii_start() {
        b"R" => false,
        b"W" => true,
        b"" => return Err("R or W is missing".to_owned()),
        other => return Err(format!("`{}` is neither R nor W", printable(other))),
    };
    let address = number::parse_hexadecimal(digits).map_err(number::bad_address)?;
    Ok(Some(reference(address, 1, write)))
}
