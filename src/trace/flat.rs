//! The records of a trace that knows no processes and no segments: one process that has one segment attached.
//!
//! What the lines of such a trace look like is not known here.

use super::error::{At, TraceError, printable};
use super::reading::Reading;
use super::{Label, Operation, Record, Settings};

/// The one process.
const PROCESS: u64 = 1;
/// The one label.
const LABEL: Label = Label::Number(0);

/// Makes the records of a flat trace.
pub(crate) struct Flat {
    begun: bool,
}

impl Flat {
    /// At the start of the reading of a trace. Its segment has as many pages as are needed.
    pub fn begin(reading: &mut Reading<'_>) -> Self {
        reading.settings(&Settings::default());
        Self { begun: false }
    }

    /// A reference to a page, which is `line` of the trace.
    ///
    /// # Errors
    /// When the sink refuses it, unless the reading is lenient.
    #[inline]
    pub fn reference(
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
