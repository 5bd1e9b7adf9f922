//! The bytes of a trace on their way out: buffered, compressed, and put in place only when whole.
//!
//! No format is known here. The first failure is kept and everything after it is dropped, so that it can't be lost
//! however the writer is called.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Impossible;
use super::compress::{COMPRESSIONS, Stream};
use super::error::TraceError;

/// How much is gathered before it is handed on.
const BUFFER: usize = 1 << 17;

/// Where a trace is written to.
pub struct Output {
    name: String,
    stream: Stream,
    buffer: Vec<u8>,
    failed: Option<TraceError>,
    /// The file under its temporary name, and what it is called when whole.
    target: Option<(NamedTempFile, PathBuf)>,
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
        // A device or a pipe is written to and not replaced, and a link stays a link.
        let (file, target) = if fs::metadata(path).is_ok_and(|known| !known.is_file()) {
            (OpenOptions::new().write(true).open(path).map_err(io)?, None)
        } else {
            let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            let temporary = temporary_beside(&path).map_err(io)?;
            (temporary.as_file().try_clone().map_err(io)?, Some((temporary, path)))
        };
        let stream = open(path, file).map_err(io)?;
        Ok(Self { name, stream, buffer: Vec::new(), failed: None, target })
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
        match self.target {
            None => Ok(()),
            Some((temporary, path)) => temporary.persist(path).map(drop).map_err(|error| io(error.error)),
        }
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

/// A temporary file in the folder of `path`, with the permissions that a new file gets.
fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".clockhand-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
