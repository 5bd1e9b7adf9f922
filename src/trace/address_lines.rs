//! Traces that are lines of raw addresses: what a line says is the format's part, the rest is the same for all.

use super::Settings;
use super::addresses::{AddressReference, AddressSpaces, PROCESS, Place};
use super::error::{At, TraceError};
use super::input::{Input, for_each_line};
use super::reading::Reading;

/// What a line refers to, if to anything; else what is wrong with it.
pub(crate) type Parsed = Result<Option<AddressReference>, String>;

/// A reference of formats without processes.
pub(crate) fn reference(address: u64, bytes: u64, write: bool) -> AddressReference {
    AddressReference { process: PROCESS, address, bytes, write }
}

/// Whether the first of these lines that refers to something, or is wrong, refers to something. Lines are without blanks
/// around them.
pub(crate) fn detect(head: &[u8], mut parse: impl FnMut(&[u8]) -> Parsed) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find_map(|line| parse(line).transpose());
    matches!(first, Some(Ok(_)))
}

/// Reads a trace of such lines. `expected` is what a bad line should have been.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub(crate) fn read(
    input: &mut Input<'_>,
    reading: &mut Reading<'_>,
    expected: &str,
    mut parse: impl FnMut(&[u8]) -> Parsed,
) -> Result<(), TraceError> {
    let mut spaces = AddressSpaces::of_references(reading, &Settings::default());
    for_each_line(input, reading, |reading, number, line| {
        let (at, line) = (At::Line(number), line.trim_ascii());
        match parse(line) {
            Ok(Some(reference)) => spaces.reference(reading, Place { at, text: line }, reference),
            Ok(None) => Ok(()),
            Err(what) => reading.bad(at, line, what, expected),
        }
    })?;
    spaces.finish(reading)
}
