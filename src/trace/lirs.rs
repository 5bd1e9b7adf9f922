//! The format of the traces that came with LIRS: one block number a line, in decimal.
//!
//! - Lines beginning with `*` (marks of those who recorded the trace) and blank lines are passed over.
//! - A block is a page. There is one process, 1, and one segment, 0, unless the user says otherwise (see `trace/flat`).
//!   The trace does not say how many blocks there are, so the segment is as large as its highest page.
//! - All references are reads.
//!
//! A file of plain numbers, whatever they were recorded from, is of this format.

use super::Fidelity;
use super::error::TraceError;
use super::flat::Numbers;
use super::flat::lines::{LineReference, Lines, Parsed};
use super::input::Input;
use super::number::{self, NotANumber};
use super::reading::Reading;

/// The blocks that there can be: all numbers but the largest, which is no page of any segment.
const PAGES: u64 = u64::MAX;

/// The lines of this format.
const LINES: Lines = Lines {
    numbers: Numbers::Pages,
    fidelity: &[Fidelity::NoWrites],
    is_passed_over: |line| line.is_empty() || line.starts_with(b"*"),
    parse,
    expected: "a line is one block number in decimal, as in `2819`",
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

/// The block that a line names.
fn parse(line: &[u8]) -> Parsed {
    match number::parse(line) {
        Ok(block) if block < PAGES => Ok(LineReference { number: block, count: 1, write: false }),
        other => Err(other.err().unwrap_or(NotANumber::TooLarge).describe("block", PAGES - 1)),
    }
}
