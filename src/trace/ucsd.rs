//! The address traces of courses on computer architecture: `l 0x1fffff50 1`, `s 0x1fffff50 1`.
//!
//! - A line is `l` (load) or `s` (store), the address of a byte, and the number of instructions since the line before,
//!   which may be missing and is not used: it is no size. Blank lines are passed over.
//! - There is one process, 1.

use super::address_lines::{self, Parsed, reference};
use super::error::{TraceError, printable};
use super::input::Input;
use super::number;
use super::reading::Reading;

const EXPECTED: &str = "a line is l or s, an address and a number of instructions, as in `l 0x1fffff50 1`";

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
    let Some((&letter, rest)) = line.split_first() else { return Ok(None) };
    let write = match letter {
        b'l' => false,
        b's' => true,
        _ => return Err("the line begins with neither l nor s".to_owned()),
    };
    if !rest.first().is_some_and(u8::is_ascii_whitespace) {
        return Err("the address is missing".to_owned());
    }
    let rest = rest.trim_ascii_start();
    let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
    let (address, instructions) = rest.split_at(end);
    let address = number::parse_0x(address).map_err(number::bad_address)?;
    let instructions = instructions.trim_ascii_start();
    if !instructions.iter().all(u8::is_ascii_digit) {
        return Err(format!("`{}` is no number of instructions", printable(instructions)));
    }
    Ok(Some(reference(address, 1, write)))
}
