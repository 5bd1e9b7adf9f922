//! The format of address traces used in courses on operating systems: `190a7c20 R`, `%08x` and `R` or `W`.
//!
//! - A line is a byte address of 1 to 16 hexadecimal digits, blanks, and `R` or `W`; blank lines are passed over.
//! - There is one process, 1, and one segment, 0, unless the user says otherwise (see [`super::flat`]). The segment is as
//!   large as its highest page.

use super::error::{TraceError, printable};
use super::flat::Numbers;
use super::flat::lines::{LineReference, Lines, Parsed};
use super::input::Input;
use super::number::{self, NotANumber};
use super::reading::Reading;

/// The lines of this format.
const LINES: Lines = Lines {
    numbers: Numbers::Addresses,
    fidelity: &[],
    is_passed_over: <[u8]>::is_empty,
    parse,
    expected: "a line is a byte address in hexadecimal, then R or W, as in `190a7c20 R`",
};

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    LINES.detect(head)
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    LINES.read(input, reading)
}

/// The address, and whether it is written to.
fn parse(line: &[u8]) -> Parsed {
    let digits = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (digits, letter) = line.split_at(digits);
    let write = match letter.trim_ascii_start() {
        b"R" => false,
        b"W" => true,
        b"" => return Err("R or W is missing".to_owned()),
        other => return Err(format!("`{}` is neither R nor W", printable(other))),
    };
    let number = number::parse_hexadecimal(digits).map_err(|reason| match reason {
        NotANumber::TooLarge => format!("the address is more than {:x}", u64::MAX),
        _ => "the address is not a hexadecimal number".to_owned(),
    })?;
    Ok(LineReference { number, count: 1, write })
}
