//! The format of address traces used in courses on operating systems: `190a7c20 R`, `%08x` and `R` or `W`.
//!
//! - A line is a byte address of 1 to 16 hexadecimal digits, blanks, and `R` or `W`; blank lines are passed over.
//! - A page has 4 KiB, so its number is the address without its last three digits.
//! - There is one process, 1, and one segment, 0, which is created and attached before the first reference. The segment
//!   is as large as its highest page.

use super::error::{TraceError, printable};
use super::flat::{Lines, Parsed};
use super::input::Input;
use super::reading::Reading;

/// Bits of an address that are a place in its page.
const PAGE_SHIFT: u32 = 12;

/// The lines of this format.
const LINES: Lines = Lines {
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

/// The page of the address, and whether it is written to.
fn parse(line: &[u8]) -> Parsed {
    let digits = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (digits, letter) = line.split_at(digits);
    let write = match letter.trim_ascii_start() {
        b"R" => false,
        b"W" => true,
        b"" => return Err("R or W is missing".to_owned()),
        other => return Err(format!("`{}` is neither R nor W", printable(other))),
    };
    let page = address(digits)? >> PAGE_SHIFT;
    Ok((page..page + 1, write))
}

fn address(digits: &[u8]) -> Result<u64, String> {
    let mut address = 0_u64;
    for &digit in digits {
        let value = char::from(digit).to_digit(16).ok_or("the address is not a hexadecimal number")?;
        if address >> (u64::BITS - 4) != 0 {
            return Err(format!("the address is more than {:x}", u64::MAX));
        }
        address = address << 4 | u64::from(value);
    }
    Ok(address)
}
