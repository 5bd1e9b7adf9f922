//! `curves.csv`: one line a point of a curve, every memory size in a line of its own, none left out. The columns are the fields
//! of [`CurveRow`], in its order.

use std::io::{self, Write};

use crate::results::CurveRow;

/// The file of curves.
pub const FILE: &str = "curves.csv";

/// The file in the making.
pub struct Curves<'a> {
    lines: ::csv::Writer<&'a mut dyn Write>,
}

impl<'a> Curves<'a> {
    /// Begins the file; the header comes with the first line.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { lines: ::csv::Writer::from_writer(out) }
    }

    /// Writes a line.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&mut self, row: &CurveRow<'_>) -> io::Result<()> {
        Ok(self.lines.serialize(row)?)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.lines.flush()
    }
}
