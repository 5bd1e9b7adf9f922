//! Flat traces that are text: what a line says is the format's part, the rest is the same for all.

use super::{Flat, FlatReference, Numbers};
use crate::trace::error::{At, TraceError};
use crate::trace::input::{Input, for_each_line};
use crate::trace::reading::Reading;
use crate::trace::{Fidelity, Settings};

/// The process of formats that know none.
pub(crate) const PROCESS: u64 = 1;

/// What a line refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineReference {
    /// The first byte or page.
    pub number: u64,
    /// How many; 0 is no reference.
    pub count: u64,
    /// Whether it writes.
    pub write: bool,
}

/// What a line refers to; else what is wrong with it.
pub(crate) type Parsed = Result<LineReference, String>;

/// What the lines of a flat trace look like.
pub(crate) struct Lines {
    /// What the numbers are.
    pub numbers: Numbers,
    /// What such a trace never tells.
    pub fidelity: &'static [Fidelity],
    /// Whether a line without blanks around it says nothing.
    pub is_passed_over: fn(&[u8]) -> bool,
    /// Reads a line that says something.
    pub parse: fn(&[u8]) -> Parsed,
    /// What a bad line should have been.
    pub expected: &'static str,
}

impl Lines {
    /// Whether a file that begins like this has such lines.
    pub fn detect(&self, head: &[u8]) -> bool {
        let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        lines.find(|line| !(self.is_passed_over)(line)).is_some_and(|line| (self.parse)(line).is_ok())
    }

    /// Reads a trace of such lines.
    ///
    /// # Errors
    /// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
    pub fn read(&self, input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
        let settings = Settings { fidelity: self.fidelity.to_vec(), ..Settings::default() };
        let mut flat = Flat::new(reading, &settings, self.numbers);
        for_each_line(input, reading, |reading, number, line| {
            let (at, line) = (At::Line(number), line.trim_ascii());
            if (self.is_passed_over)(line) {
                return Ok(());
            }
            match (self.parse)(line) {
                Ok(LineReference { count: 0, .. }) => Ok(()),
                Ok(LineReference { number, count, write }) => {
                    let reference = FlatReference { process: PROCESS, number, count, write, time: 0 };
                    flat.reference(reading, at, line, reference)
                }
                Err(what) => reading.bad(at, line, what, self.expected),
            }
        })?;
        flat.finish(reading)
    }
}
