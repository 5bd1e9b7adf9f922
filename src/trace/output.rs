//! The bytes of a trace on their way out: buffered, compressed, and put in place only when whole.
//!
//! No format is known here. The first failure is kept and everything after it is dropped, so that it can't be lost
//! however the writer is called.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::Impossible;
use super::compress::{COMPRESSIONS, Stream};
use super::error::TraceError;
use crate::whole_file::WholeFile;

/// How much is gathered before it is handed on.
const BUFFER: usize = 1 << 17;

/// Where a trace is written to.
pub struct Output {
    name: String,
    stream: Stream,
    buffer: Vec<u8>,
    failed: Option<TraceError>,
    /// The file, if it is one, to be kept when whole.
    target: Option<WholeFile>,
}

impl Output {
    /// Writes to a stream; `name` is what errors call it.
    pub(crate) fn stream(name: &str, writer: Box<dyn Write>) -> Self {
        Self { name: name.to_owned(), stream: Stream::Plain(writer), buffer: Vec::new(), failed: None, target: None }
    }

    /// Writes to a file, compressed as its ending says; nothing of it is there before [`Output::finish`].
    pub(crate) fn file(path: &Path) -> Result<Self, TraceError> {
        let name = path.display().to_string();
        let io = |source| TraceError::Io { file: name.clone(), doing: "write", source };
        let target = WholeFile::create(path).map_err(io)?;
        let file = target.writer().map_err(io)?;
        let stream = open(path, file).map_err(io)?;
        Ok(Self { name, stream, buffer: Vec::new(), failed: None, target: Some(target) })
    }

    /// What is gathered so far: writers append to it, then call [`Output::settle`].
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Hands the buffer on when there is much in it.
    ///
    /// # Errors
    /// When writing has failed, now or before.
    #[inline]
    pub fn settle(&mut self) -> Result<(), Impossible> {
        if self.buffer.len() >= BUFFER || self.failed.is_some() { self.hand_on() } else { Ok(()) }
    }

    /// Remembers that the trace can't be written; the first failure counts.
    pub fn fail(&mut self, what: String, remedy: &str) -> Impossible {
        let file = self.name.clone();
        let error = TraceError::Unwritable { file, what, remedy: remedy.to_owned() };
        self.failed.get_or_insert(error);
        self.refusal()
    }

    /// The failure there was, if any; it is then gone from here, and the output is not to be finished.
    pub(crate) fn take_failure(&mut self) -> Option<TraceError> {
        self.failed.take()
    }

    /// Writes out everything and puts the file in its place.
    pub(crate) fn finish(mut self) -> Result<(), TraceError> {
        let _ = self.hand_on();
        if let Some(error) = self.failed {
            return Err(error);
        }
        let io = |source| TraceError::Io { file: self.name.clone(), doing: "write", source };
        self.stream.finish().map_err(io)?;
        self.target.map_or(Ok(()), WholeFile::keep).map_err(io)
    }

    fn hand_on(&mut self) -> Result<(), Impossible> {
        if self.failed.is_none()
            && let Err(source) = self.stream.write_all(&self.buffer)
        {
            self.failed = Some(TraceError::Io { file: self.name.clone(), doing: "write", source });
        }
        self.buffer.clear();
        if self.failed.is_some() { Err(self.refusal()) } else { Ok(()) }
    }

    fn refusal(&self) -> Impossible {
        let what = self.failed.as_ref().map_or_else(String::new, ToString::to_string);
        Impossible { what, remedy: "nothing was written".into() }
    }
}

/// The stream into a file, compressed as the ending of `path` says.
fn open(path: &Path, file: File) -> io::Result<Stream> {
    let name = path.to_string_lossy();
    match COMPRESSIONS.iter().find(|compression| name.ends_with(compression.ending)) {
        None => Ok(Stream::Plain(Box::new(file))),
        Some(compression) => (compression.create)(Box::new(file)),
    }
}
