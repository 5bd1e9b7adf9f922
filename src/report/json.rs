//! `results.json`: everything in [`Results`] in the order of its fields, one a line and arrays of numbers on one line, read
//! back only in the schema version this program knows.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::ReportError;
use crate::results::Results;

/// Writes the results and a newline.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    results.serialize(&mut Serializer::with_formatter(&mut *out, Lines::default()))?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The results in the file `path`.
///
/// # Errors
/// When the file can't be read, is of another schema version, or is no `results.json` at all.
pub fn read(path: &Path) -> Result<Results, ReportError> {
    let text = fs::read(path).map_err(|source| ReportError::Read { path: path.to_owned(), source })?;
    let refuse = |error: serde_json::Error| ReportError::Content {
        path: path.to_owned(),
        what: "results.json",
        reason: error.to_string(),
    };
    // The version first: in another version any field may be missing, and that would be the lesser half of the truth.
    let Schema { schema } = serde_json::from_slice(&text).map_err(refuse)?;
    if schema != Results::SCHEMA {
        return Err(ReportError::Schema { path: path.to_owned(), found: schema });
    }
    serde_json::from_slice(&text).map_err(refuse)
}

#[derive(Deserialize)]
struct Schema {
    schema: u32,
}

/// The pretty lines of `serde_json`, but arrays that hold nothing but numbers take one: curves would be as many lines as they
/// have points.
#[derive(Default)]
struct Lines {
    pretty: PrettyFormatter<'static>,
    /// Before a value of an array, of which it is not known yet whether it is a number: whether it is the first.
    before: Option<bool>,
    /// Whether the last value was a number of an array.
    number: bool,
}

impl Lines {
    /// Begins a value that is no number.
    fn value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.number = false;
        self.before.take().map_or(Ok(()), |first| self.pretty.begin_array_value(out, first))
    }

    /// Begins a number.
    fn number<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        let Some(first) = self.before.take() else { return Ok(()) };
        self.number = true;
        out.write_all(if first { b"" } else { b", " })
    }
}

/// Methods of [`Formatter`] that write a number.
macro_rules! numbers {
    ($($name:ident($kind:ty)),*) => {$(
        fn $name<W: ?Sized + Write>(&mut self, out: &mut W, value: $kind) -> io::Result<()> {
            self.number(out)?;
            CompactFormatter.$name(out, value)
        }
    )*};
}

/// Methods of [`Formatter`] that are those of the pretty one, after what the block does.
macro_rules! pretty {
    (|$lines:ident, $out:ident| $before:expr, $($name:ident($($value:ident: $kind:ty)?)),*) => {$(
        fn $name<W: ?Sized + Write>(&mut self, $out: &mut W $(, $value: $kind)?) -> io::Result<()> {
            let $lines = &mut *self;
            $before;
            self.pretty.$name($out $(, $value)?)
        }
    )*};
}

impl Formatter for Lines {
    numbers! { write_i8(i8), write_i16(i16), write_i32(i32), write_i64(i64), write_i128(i128), write_u8(u8), write_u16(u16),
    write_u32(u32), write_u64(u64), write_u128(u128), write_f32(f32), write_f64(f64), write_number_str(&str) }
    pretty! { |lines, out| lines.value(out)?, write_null(), write_bool(value: bool), begin_string(), begin_array(),
    begin_object(), write_raw_fragment(value: &str) }
    pretty! { |lines, out| lines.number = false, end_array(), end_object(), begin_object_key(first: bool),
    begin_object_value(), end_object_value() }

    fn begin_array_value<W: ?Sized + Write>(&mut self, _out: &mut W, first: bool) -> io::Result<()> {
        self.before = Some(first);
        Ok(())
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if self.number { Ok(()) } else { self.pretty.end_array_value(out) }
    }
}
