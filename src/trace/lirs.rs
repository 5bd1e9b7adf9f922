//! The format of the traces that came with LIRS: one block number a line, in decimal.
//!
//! - Lines beginning with `*` (marks of those who recorded the trace) and blank lines are passed over.
//! - There is one process, 1, and one segment, 0, which is created and attached before the first reference. The trace
//!   does not say how many blocks there are, so the segment is as large as its highest page.
//! - All references are reads.
//!
//! A file of plain numbers, whatever they were recorded from, is of this format.

use super::error::{At, TraceError};
use super::flat::Flat;
use super::input::{Input, for_each_line};
use super::number::{self, NotANumber};
use super::reading::Reading;

/// The blocks that there can be: all numbers but the largest, which is no page of any segment.
const PAGES: u64 = u64::MAX;

/// What a bad line should have been.
const EXPECTED: &str = "a line is one block number in decimal, as in `2819`";

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    let first = head.split(|&byte| byte == b'\n').find(|line| !is_passed_over(line));
    first.is_some_and(|line| number::parse(line).is_ok())
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let mut flat = Flat::begin(reading);
    for_each_line(input, reading, |reading, line_number, line| {
        if is_passed_over(line) {
            return Ok(());
        }
        match number::parse(line) {
            Ok(block) if block < PAGES => flat.reference(reading, At::Line(line_number), line, block, false),
            other => {
                let reason = other.err().unwrap_or(NotANumber::TooLarge);
                reading.bad(At::Line(line_number), line, reason.describe("block", PAGES - 1), EXPECTED)
            }
        }
    })
}

fn is_passed_over(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    line.is_empty() || line.starts_with(b"*")
}
