//! One of the traces that are merged: read by a thread of its own, taken record by record.
//!
//! What the records mean is not known here.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::trace::{Impossible, Label, ReadOptions, Record, RecordSink, Settings, Source, Summary, TraceError, read};

/// Records that are handed over at a time.
const BATCH: usize = 4096;

/// Batches that the reader may be ahead of the merger.
const AHEAD: usize = 2;

/// What the reader says.
enum Message {
    Settings(Box<Settings>),
    /// Records, and the labels that are new in them.
    Batch(Vec<Label>, Vec<Record>),
    End(Box<Result<Summary, TraceError>>),
}

/// A trace as its reader goes through it.
pub(super) struct Feed {
    file: String,
    receiver: Receiver<Message>,
    labels: Vec<Label>,
    batch: Vec<Record>,
    /// The next record of the batch.
    next: usize,
    /// Records taken.
    taken: u64,
    summary: Option<Summary>,
}

impl Feed {
    /// Starts the reader. It ends by itself when the feed is dropped.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub fn start(source: &Source, options: &ReadOptions) -> Result<Self, TraceError> {
        let (sender, receiver) = sync_channel(AHEAD);
        let (file, source, options) = (source.file(), source.clone(), options.clone());
        let run = move || {
            let mut pipe = Pipe { sender, labels: Vec::new(), records: Vec::with_capacity(BATCH), closed: false };
            let result = read(&source, &options, &mut pipe);
            pipe.flush();
            pipe.send(Message::End(Box::new(result)));
        };
        thread::Builder::new().name(file.clone()).spawn(run).map_err(|source| TraceError::Io {
            file: file.clone(),
            doing: "start a thread for",
            source,
        })?;
        Ok(Self { file, receiver, labels: Vec::new(), batch: Vec::new(), next: 0, taken: 0, summary: None })
    }

    /// Waits for the settings of the trace.
    ///
    /// # Errors
    /// Those of reading.
    pub fn settings(&mut self) -> Result<Settings, TraceError> {
        match self.receiver.recv() {
            Ok(Message::Settings(settings)) => Ok(*settings),
            Ok(Message::End(result)) => Err(result.err().unwrap_or_else(|| self.lost())),
            _ => Err(self.lost()),
        }
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    /// Those of reading.
    #[inline]
    pub fn peek(&mut self) -> Result<Option<&Record>, TraceError> {
        if self.next == self.batch.len() && self.summary.is_none() {
            self.refill()?;
        }
        Ok(self.batch.get(self.next))
    }

    /// Moves on to the record behind the one that was peeked at.
    #[inline]
    pub fn advance(&mut self) {
        self.next += 1;
        self.taken += 1;
    }

    /// Records taken so far.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The label of this number.
    #[inline]
    pub fn label(&self, number: u32) -> Option<&Label> {
        self.labels.get(number as usize)
    }

    /// What the reader said at the end, if it came to that.
    pub fn into_summary(self) -> Option<Summary> {
        self.summary
    }

    fn refill(&mut self) -> Result<(), TraceError> {
        while self.next == self.batch.len() && self.summary.is_none() {
            match self.receiver.recv() {
                Ok(Message::Batch(labels, records)) => {
                    self.labels.extend(labels);
                    self.batch = records;
                    self.next = 0;
                }
                Ok(Message::End(result)) => self.summary = Some((*result)?),
                _ => return Err(self.lost()),
            }
        }
        Ok(())
    }

    /// The reader is gone without a word.
    fn lost(&self) -> TraceError {
        let source = std::io::Error::other("its reader stopped");
        TraceError::Io { file: self.file.clone(), doing: "read", source }
    }
}

/// The reader's end.
struct Pipe {
    sender: SyncSender<Message>,
    labels: Vec<Label>,
    records: Vec<Record>,
    /// Whether nobody takes anything any more.
    closed: bool,
}

impl Pipe {
    fn send(&mut self, message: Message) {
        self.closed |= self.sender.send(message).is_err();
    }

    fn flush(&mut self) {
        if !self.records.is_empty() {
            let records = std::mem::replace(&mut self.records, Vec::with_capacity(BATCH));
            let labels = std::mem::take(&mut self.labels);
            self.send(Message::Batch(labels, records));
        }
    }
}

impl RecordSink for Pipe {
    fn settings(&mut self, settings: &Settings) {
        self.send(Message::Settings(Box::new(settings.clone())));
    }

    fn label(&mut self, label: &Label) {
        self.labels.push(label.clone());
    }

    #[inline]
    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        self.records.push(*record);
        if self.records.len() == BATCH {
            self.flush();
        }
        if self.closed { Err(Impossible::enough()) } else { Ok(()) }
    }

    fn has_enough(&self) -> bool {
        self.closed
    }
}
