//! The bytes of a trace on their way in: buffered and cut into lines.
//!
//! No format is known here, and no more than a buffer's worth is ever held.

use std::io::Read;

use super::compress::{self, Bytes, Compression};
use super::error::{At, Fault, TraceError, printable};
use super::read_ahead::{Failure, ReadAhead};
use super::reading::Reading;

/// The longest line that is read, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// How much of the beginning a format is detected by.
pub(crate) const HEAD: usize = 1 << 16;

/// A trace being read.
pub struct Input<'a> {
    file: &'a str,
    compression: Option<&'static Compression>,
    bytes: ReadAhead,
    buffer: Vec<u8>,
    /// The part of the buffer that was read and not consumed.
    start: usize,
    end: usize,
    /// Position of `start` in the decompressed bytes.
    offset: u64,
    ended: bool,
}

impl<'a> Input<'a> {
    /// Opens a stream of bytes, undoing its compression.
    ///
    /// # Errors
    /// When it can't be read or its compression is not one of [`compress::COMPRESSIONS`].
    pub(crate) fn new(file: &'a str, mut reader: Bytes) -> Result<Self, TraceError> {
        let io = |source| TraceError::Io { file: file.to_owned(), doing: "read", source };
        let mut magic = Vec::new();
        reader.by_ref().take(8).read_to_end(&mut magic).map_err(io)?;
        if let Some((name, program)) = compress::detect_foreign(&magic) {
            return Err(foreign(file, name, program));
        }
        let compression = compress::detect(&magic);
        let bytes = ReadAhead::new(compression, magic, reader).map_err(io)?;
        Ok(Self { file, compression, bytes, buffer: Vec::new(), start: 0, end: 0, offset: 0, ended: false })
    }

    /// The file as the user named it.
    pub fn file(&self) -> &'a str {
        self.file
    }

    /// The name of the compression that is being undone.
    pub(crate) fn compression(&self) -> Option<&'static str> {
        self.compression.map(|compression| compression.name)
    }

    /// Position of the next byte, in the decompressed bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The beginning of what is left, up to 64 KiB of it; nothing is consumed.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn head(&mut self) -> Result<&[u8], TraceError> {
        while self.end - self.start < HEAD && self.fill()? {}
        Ok(&self.buffer[self.start..self.end])
    }

    /// Appends the next `count` bytes to `bytes`, or as many as there are.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn take(&mut self, count: usize, bytes: &mut Vec<u8>) -> Result<(), TraceError> {
        let mut missing = count;
        while missing > 0 && (self.start < self.end || self.fill()?) {
            let piece = missing.min(self.end - self.start);
            bytes.extend_from_slice(&self.buffer[self.start..self.start + piece]);
            self.consume(piece);
            missing -= piece;
        }
        Ok(())
    }

    /// Whether everything was consumed.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn at_end(&mut self) -> Result<bool, TraceError> {
        Ok(self.start == self.end && !self.fill()?)
    }

    /// Reads the rest, so that the hash is that of the whole, and returns it in hexadecimal.
    pub(crate) fn finish(self) -> Result<String, TraceError> {
        let Self { file, compression, bytes, .. } = self;
        bytes.finish().map_err(|failure| told(file, compression, failure))
    }

    /// Counts `count` bytes of the buffer as used.
    fn consume(&mut self, count: usize) {
        self.start += count;
        self.offset += count as u64;
    }

    /// Reads more behind what is in the buffer, making room as far as a line may grow; false at the end of the input.
    fn fill(&mut self) -> Result<bool, TraceError> {
        if self.ended {
            return Ok(false);
        }
        let exchanged = self.bytes.exchange(&mut self.buffer, self.start..self.end);
        if let Some(unused) = exchanged.map_err(|failure| told(self.file, self.compression, failure))? {
            (self.start, self.end) = (unused.start, unused.end);
            return Ok(true);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            let longer = (2 * self.buffer.len()).clamp(HEAD, MAX_LINE);
            self.buffer.resize(longer, 0);
        }
        let read = self.bytes.read(&mut self.buffer[self.end..]);
        let count = read.map_err(|failure| told(self.file, self.compression, failure))?;
        self.ended = count == 0;
        self.end += count;
        Ok(count > 0)
    }

    /// Bytes of the buffer up to and including the last line end, after reading more as needed; at the end of the input
    /// the rest. `None` when there is no line end in [`MAX_LINE`] bytes.
    fn whole_lines(&mut self) -> Result<Option<usize>, TraceError> {
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(last) = memchr::memrchr(b'\n', &unread[searched..]) {
                return Ok(Some(searched + last + 1));
            }
            searched = unread.len();
            if searched >= MAX_LINE {
                return Ok(None);
            }
            if !self.fill()? {
                return Ok(Some(searched));
            }
        }
    }

    /// Consumes up to and including the next line end.
    fn skip_line(&mut self) -> Result<(), TraceError> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer[self.start..self.end]) {
                self.consume(end + 1);
                return Ok(());
            }
            self.consume(self.end - self.start);
            if !self.fill()? {
                return Ok(());
            }
        }
    }
}

/// Hands every line to `each`, with its number from 1 and without its line end (LF or CRLF; the last line may lack one).
/// Lines longer than [`MAX_LINE`] are bad records.
///
/// # Errors
/// Those of reading, those of `each`, and a line too long unless the reading is lenient.
pub fn for_each_line(
    input: &mut Input<'_>,
    reading: &mut Reading<'_>,
    mut each: impl FnMut(&mut Reading<'_>, u64, &[u8]) -> Result<(), TraceError>,
) -> Result<(), TraceError> {
    let all = |reading: &mut Reading<'_>, number, line: &[u8]| each(reading, number, line).map(|()| true);
    for_some_lines(input, reading, &mut 0, all).map(drop)
}

/// As [`for_each_line`], until `each` returns false; to be called again for the lines behind that. `number` counts the
/// lines so far. Returns whether the input is at its end.
///
/// # Errors
/// As [`for_each_line`].
#[inline]
pub(crate) fn for_some_lines(
    input: &mut Input<'_>,
    reading: &mut Reading<'_>,
    number: &mut u64,
    mut each: impl FnMut(&mut Reading<'_>, u64, &[u8]) -> Result<bool, TraceError>,
) -> Result<bool, TraceError> {
    loop {
        let Some(length) = input.whole_lines()? else {
            *number += 1;
            let text = &input.buffer[input.start..input.end];
            reading.bad(At::Line(*number), text, "the line is longer than 1 MiB".into(), "is this a text file?")?;
            input.skip_line()?;
            continue;
        };
        if length == 0 {
            return Ok(true);
        }
        let lines = &input.buffer[input.start..input.start + length];
        let mut rest = lines;
        let mut goes_on = true;
        while goes_on && !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let line = &rest[..end.unwrap_or(rest.len())];
            rest = &rest[end.map_or(rest.len(), |end| end + 1)..];
            *number += 1;
            goes_on = each(reading, *number, line.strip_suffix(b"\r").unwrap_or(line))?;
        }
        let used = length - rest.len();
        input.consume(used);
        if !goes_on {
            return Ok(false);
        }
    }
}

/// What a failed read means: the system's fault, or bad compressed data.
#[cold]
fn told(file: &str, compression: Option<&Compression>, failure: Failure) -> TraceError {
    let Failure { error, is_system, bytes } = failure;
    let Some(compression) = compression.filter(|_| !is_system) else {
        return TraceError::Io { file: file.to_owned(), doing: "read", source: error };
    };
    let (name, program) = (compression.name, compression.program);
    let fault = |what, remedy| {
        let (file, at) = (file.to_owned(), Some(At::Byte(bytes)));
        Box::new(Fault { file, at, event: None, what, text: String::new(), remedy })
    };
    if (compression.is_too_large)(&error) {
        let what = format!("to undo this {name} file takes more memory than is allowed here ({error})");
        return TraceError::Unrecognised(fault(what, format!("pipe it in: {program} FILE | clockhand ... -")));
    }
    TraceError::Damaged(fault(
        format!("the {name} data is damaged or cut short ({error})"),
        "what can be read of it would not be the whole trace: get the file again".into(),
    ))
}

/// The error for a compression that is known by sight only.
fn foreign(file: &str, name: &str, program: &str) -> TraceError {
    TraceError::Unrecognised(Box::new(Fault {
        file: printable(file.as_bytes()),
        at: None,
        event: None,
        what: format!("this is a {name} file, which is not undone here"),
        text: String::new(),
        remedy: format!("pipe it in: {program} FILE | clockhand ... -"),
    }))
}
