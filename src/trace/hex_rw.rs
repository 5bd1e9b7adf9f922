//! The format of address traces used in courses on operating systems: `190a7c20 R`, `%08x` and `R` or `W`.
//!
//! - A line is a byte address of 1 to 16 hexadecimal digits, blanks, and `R` or `W`; blank lines are passed over.
//! - A page has 4 KiB, so its number is the address without its last three digits.
//! - There is one process, 1, and one segment, 0, which is created and attached before the first reference. The segment
//!   is as large as its highest page.

use super::error::{At, TraceError, printable};
use super::flat::Flat;
use super::input::{Input, for_each_line};
use super::reading::Reading;

/// Bits of an address that are a place in its page.
const PAGE_SHIFT: u32 = 12;

/// What a bad line should have been.
const EXPECTED: &str = "a line is a byte address in hexadecimal, then R or W, as in `190a7c20 R`";

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    let first = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
    first.is_some_and(|line| parse(line).is_ok())
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let mut flat = Flat::begin(reading);
    for_each_line(input, reading, |reading, number, line| {
        let line = line.trim_ascii();
        if line.is_empty() {
            return Ok(());
        }
        match parse(line) {
            Ok((address, write)) => flat.reference(reading, At::Line(number), line, address >> PAGE_SHIFT, write),
            Err(what) => reading.bad(At::Line(number), line, what, EXPECTED),
        }
    })
}

/// The address, and whether it is written to.
fn parse(line: &[u8]) -> Result<(u64, bool), String> {
    let digits = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (digits, letter) = line.split_at(digits);
    let write = match letter.trim_ascii_start() {
        b"R" => false,
        b"W" => true,
        b"" => return Err("R or W is missing".to_owned()),
        other => return Err(format!("`{}` is neither R nor W", printable(other))),
    };
    Ok((address(digits)?, write))
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
