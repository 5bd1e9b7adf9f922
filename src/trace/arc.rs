//! The format of the traces that came with ARC (OLTP, P1 to P14): `start count ignored request`, four numbers a line.
//!
//! - A line asks for `count` blocks from `start` on: a reference to each, in ascending order. The third number is ignored,
//!   and so is the fourth, the number of the request. Blank lines are passed over.
//! - A request may have at most [`LONGEST`] blocks: more is taken for a damaged line.
//! - A block is a page. There is one process, 1, and one segment, 0, unless the user says otherwise (see `trace/flat`).
//!   The trace does not say how many blocks there are, so the segment is as large as its highest page.
//! - All references are reads.

use super::Fidelity;
use super::error::TraceError;
use super::flat::Numbers;
use super::flat::lines::{LineReference, Lines, Parsed};
use super::input::Input;
use super::number;
use super::reading::Reading;

/// The most blocks of a request: 32 MiB in blocks of 512 bytes.
pub const LONGEST: u64 = 1 << 16;

/// The lines of this format.
const LINES: Lines = Lines {
    numbers: Numbers::Pages,
    fidelity: &[Fidelity::NoWrites],
    is_passed_over: <[u8]>::is_empty,
    parse,
    expected: "a line is four numbers: first block, number of blocks, ignored, number of the request, as in `4168 1 0 12`",
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

/// The blocks that a line asks for.
fn parse(line: &[u8]) -> Parsed {
    let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    let mut field = |name: &str, most: u64| {
        let text = fields.next().ok_or_else(|| format!("the {name} is missing"))?;
        let value = number::parse(text).map_err(|reason| reason.describe(name, most))?;
        if value > most { Err(number::NotANumber::TooLarge.describe(name, most)) } else { Ok(value) }
    };
    let start = field("first block", u64::MAX - 1)?;
    let count = field("number of blocks", LONGEST)?;
    field("third number", u64::MAX)?;
    field("number of the request", u64::MAX)?;
    if fields.next().is_some() {
        return Err("there is a fifth field".to_owned());
    }
    // The largest number is no page of any segment.
    let end = start.checked_add(count).filter(|&end| end < u64::MAX);
    let reference = end.map(|_| LineReference { number: start, count, write: false });
    reference.ok_or_else(|| "the last block is beyond 2^64 - 2".to_owned())
}
