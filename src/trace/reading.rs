//! What every format's reader needs while it reads: the sink, the count of events, and the rule for bad records.
//!
//! Formats and files are not known here.

use super::addresses::SideMapping;
use super::error::{At, Fault, TraceError, printable};
use super::maps::Side;
use super::{AddressOptions, Batch, Label, ReadOptions, Record, RecordSink, Settings};

/// How many skipped records are kept to be shown.
pub const KEPT: usize = 5;

/// One reading of one trace.
pub struct Reading<'a> {
    file: &'a str,
    sink: &'a mut dyn RecordSink,
    options: &'a ReadOptions,
    records: u64,
    skipped: u64,
    first_skipped: Vec<TraceError>,
    /// What side files say, until it is asked for.
    side: Option<Side>,
    notes: Vec<String>,
}

impl<'a> Reading<'a> {
    /// A reading of `file` into `sink`; a lenient one counts and skips bad records.
    pub(crate) fn new(file: &'a str, sink: &'a mut dyn RecordSink, options: &'a ReadOptions) -> Self {
        Self { file, sink, options, records: 0, skipped: 0, first_skipped: Vec::new(), side: None, notes: Vec::new() }
    }

    /// What follows is of another file.
    pub(crate) fn set_file(&mut self, file: &'a str) {
        self.file = file;
    }

    /// What side files say of the trace, for who asks for it.
    pub(crate) fn know(&mut self, side: Option<Side>) {
        self.side = side;
    }

    /// The mappings that side files name; once.
    pub(crate) fn take_side_mappings(&mut self) -> Vec<SideMapping> {
        let side = self.side.take().unwrap_or_default();
        self.notes.extend(side.notes);
        side.mappings
    }

    /// Something that the user has to know.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// What the user has to know beside the records, after a trace of this format was read.
    pub(crate) fn take_notes(&mut self, format: &str) -> Vec<String> {
        if self.side.take().is_some() {
            self.notes.push(format!("--maps has no use here: traces of the format {format} name their segments"));
        }
        std::mem::take(&mut self.notes)
    }

    /// What the user says the addresses of the trace mean.
    pub fn addresses(&self) -> &'a AddressOptions {
        &self.options.addresses
    }

    /// Hands the settings to the sink; once, before anything else.
    pub fn settings(&mut self, settings: &Settings) {
        self.sink.settings(settings);
    }

    /// Hands the next label to the sink.
    pub fn label(&mut self, label: &Label) {
        self.sink.label(label);
    }

    /// Hands a record to the sink. `text` is what is shown of it should the sink refuse.
    ///
    /// # Errors
    /// The sink's refusal with its place, unless the reading is lenient; [`TraceError::Enough`] where it has enough.
    #[inline]
    pub fn record(&mut self, record: &Record, at: At, text: impl FnOnce() -> String) -> Result<(), TraceError> {
        match self.sink.record(record) {
            Ok(()) => {
                self.records += 1;
                Ok(())
            }
            Err(_) if self.sink.has_enough() => Err(TraceError::Enough),
            Err(refusal) => {
                let fault = self.fault(at, text(), String::new(), String::new());
                self.skip(TraceError::impossible(fault, refusal))
            }
        }
    }

    /// Whether the sink looks at times.
    pub fn wants_times(&self) -> bool {
        self.sink.wants_times()
    }

    /// Hands references to the sink. `text` makes what is shown of one should the sink refuse it.
    ///
    /// # Errors
    /// The sink's first refusal with its place, unless the reading is lenient; [`TraceError::Enough`] where it has enough.
    pub fn batch(&mut self, batch: &Batch<'_>, at: At, text: impl Fn(&Record) -> String) -> Result<(), TraceError> {
        let mut rest = *batch;
        while let Err((taken, refusal)) = self.sink.batch(&rest) {
            self.records += u64::from(taken);
            if self.sink.has_enough() {
                return Err(TraceError::Enough);
            }
            rest = rest.after(taken);
            let text = rest.records().next().map_or_else(String::new, |record| text(&record));
            let fault = self.fault(at, text, String::new(), String::new());
            self.skip(TraceError::impossible(fault, refusal))?;
            rest = rest.after(1);
        }
        self.records += u64::from(rest.count);
        Ok(())
    }

    /// A record is not as the format wants it: `what` is wrong, `remedy` is what was expected.
    ///
    /// # Errors
    /// Exactly that, unless the reading is lenient.
    #[cold]
    pub fn bad(&mut self, at: At, text: &[u8], what: String, remedy: &str) -> Result<(), TraceError> {
        let remedy = format!("{remedy} (--lenient skips bad records)");
        let fault = self.fault(at, printable(text), what, remedy);
        self.skip(TraceError::Record(Box::new(fault)))
    }

    /// The container is damaged; there is no skipping that.
    #[cold]
    pub fn damaged(&self, at: At, what: String, remedy: &str) -> TraceError {
        TraceError::Damaged(Box::new(Fault { event: None, ..self.fault(at, String::new(), what, remedy.to_owned()) }))
    }

    /// The content is not of the format at all.
    #[cold]
    pub fn unrecognised(&self, at: At, text: &[u8], what: String, remedy: &str) -> TraceError {
        TraceError::Unrecognised(Box::new(Fault {
            event: None,
            ..self.fault(at, printable(text), what, remedy.to_owned())
        }))
    }

    /// Records handed over, records skipped, and the first of those.
    pub(crate) fn finish(self) -> (u64, u64, Vec<TraceError>) {
        (self.records, self.skipped, self.first_skipped)
    }

    fn fault(&self, at: At, text: String, what: String, remedy: String) -> Fault {
        let event = Some(self.records + self.skipped + 1);
        Fault { file: self.file.to_owned(), at: Some(at), event, what, text, remedy }
    }

    #[cold]
    fn skip(&mut self, error: TraceError) -> Result<(), TraceError> {
        if !self.options.lenient {
            return Err(error);
        }
        self.skipped += 1;
        if self.first_skipped.len() < KEPT {
            self.first_skipped.push(error);
        }
        Ok(())
    }
}
