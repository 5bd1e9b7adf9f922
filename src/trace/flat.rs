//! The records of a trace that knows no processes and no segments: one process that has one segment attached.
//!
//! What the lines of such a trace look like is the format's part ([`Lines`]).

use std::ops::Range;

use super::error::{At, TraceError, printable};
use super::input::{Input, for_each_line};
use super::reading::Reading;
use super::{Fidelity, Label, Operation, Record, Settings};

/// The one process.
const PROCESS: u64 = 1;
/// The one label.
const LABEL: Label = Label::Number(0);

/// What a line refers to: pages, and whether it writes them; else what is wrong with it.
pub(crate) type Parsed = Result<(Range<u64>, bool), String>;

/// What the lines of a flat trace look like.
pub(crate) struct Lines {
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
        let mut flat = Flat::begin(reading);
        for_each_line(input, reading, |reading, number, line| {
            let (at, line) = (At::Line(number), line.trim_ascii());
            if (self.is_passed_over)(line) {
                return Ok(());
            }
            match (self.parse)(line) {
                Ok((mut pages, write)) => pages.try_for_each(|page| flat.reference(reading, at, line, page, write)),
                Err(what) => reading.bad(at, line, what, self.expected),
            }
        })
    }
}

/// Makes the records of a flat trace.
struct Flat {
    begun: bool,
}

impl Flat {
    /// At the start of the reading of a trace. Its segment has as many pages as are needed.
    fn begin(reading: &mut Reading<'_>) -> Self {
        reading.settings(&Settings { fidelity: vec![Fidelity::NoAttachRecords], ..Settings::default() });
        Self { begun: false }
    }

    /// A reference to a page, which is `line` of the trace.
    ///
    /// # Errors
    /// When the sink refuses it, unless the reading is lenient.
    #[inline]
    fn reference(
        &mut self,
        reading: &mut Reading<'_>,
        at: At,
        line: &[u8],
        page: u64,
        write: bool,
    ) -> Result<(), TraceError> {
        if !self.begun {
            self.begun = true;
            reading.label(&LABEL);
            for (operation, page) in [(Operation::Create, Record::UNKNOWN_SIZE), (Operation::Attach, 0)] {
                reading.record(&record(operation, page), at, || printable(line))?;
            }
        }
        let operation = if write { Operation::Write } else { Operation::Read };
        reading.record(&record(operation, page), at, || printable(line))
    }
}

fn record(operation: Operation, page: u64) -> Record {
    Record { time: 0, process: PROCESS, operation, segment: 0, page }
}
