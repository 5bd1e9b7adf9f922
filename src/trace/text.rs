//! Plain text: one number a line, then `R` or `W` where that is known.
//!
//! - A decimal number is a page. A hexadecimal one, which begins with `0x`, is the address of a byte: that is what programs
//!   that log addresses write. (Other readings are possible as a [`super::table`], with `--columns page=1,op=2`.)
//! - Lines beginning with `#` or `*` and blank lines are passed over. A line without a letter is a read.
//! - There is one process, 1, and one segment, 0, unless the user says otherwise (see `trace/flat`).
//!
//! A file that begins with a decimal number alone is taken for [`super::lirs`], which reads it in the same way.

use super::error::{At, TraceError, printable};
use super::flat::lines::PROCESS;
use super::flat::{Flat, FlatReference, Numbers};
use super::input::{Input, for_each_line};
use super::number::{self, NotANumber};
use super::reading::Reading;
use super::{Fidelity, Settings};

/// What a bad line should have been.
const EXPECTED: &str = "a line is a page in decimal or a byte address in hexadecimal, then R or W if that is known, as in \
                        `0x7f3a4000 W`";

/// What a line says.
struct Line {
    number: u64,
    is_address: bool,
    /// Whether it writes, where that is said.
    write: Option<bool>,
}

/// Whether a file that begins like this is of this format: its first number is hexadecimal, after `0x`.
pub fn detect(head: &[u8]) -> bool {
    first(head).is_some_and(|line| line.is_address)
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let tells_writes = first(input.head()?).is_none_or(|line| line.write.is_some());
    let fidelity = if tells_writes { Vec::new() } else { vec![Fidelity::NoWrites] };
    let mut flat = Flat::new(reading, &Settings { fidelity, ..Settings::default() }, Numbers::Pages);
    let page_size = reading.addresses().page_size;
    for_each_line(input, reading, |reading, number, line| {
        let (at, text) = (At::Line(number), line.trim_ascii());
        if is_passed_over(text) {
            return Ok(());
        }
        match parse(text) {
            Ok(line) => {
                let number = if line.is_address { line.number / page_size } else { line.number };
                let write = line.write.unwrap_or(false);
                flat.reference(reading, at, text, FlatReference { process: PROCESS, number, count: 1, write, time: 0 })
            }
            Err(what) => reading.bad(at, text, what, EXPECTED),
        }
    })?;
    flat.finish(reading)
}

/// The first line that says something, if it is as it should be.
fn first(head: &[u8]) -> Option<Line> {
    let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    lines.find(|line| !is_passed_over(line)).and_then(|line| parse(line).ok())
}

fn is_passed_over(line: &[u8]) -> bool {
    matches!(line.first(), None | Some(b'#' | b'*'))
}

fn parse(line: &[u8]) -> Result<Line, String> {
    let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (digits, letter) = line.split_at(end);
    let write = match letter.trim_ascii_start() {
        b"" => None,
        b"R" | b"r" => Some(false),
        b"W" | b"w" => Some(true),
        other => return Err(format!("`{}` is neither R nor W", printable(other))),
    };
    let is_address = number::strip_0x(digits).is_some();
    let number = number::parse_any(digits).map_err(|reason| match reason {
        NotANumber::TooLarge => "the number is more than 64 bits hold".to_owned(),
        _ => "this is not a number in decimal, nor one in hexadecimal after 0x".to_owned(),
    })?;
    Ok(Line { number, is_address, write })
}
