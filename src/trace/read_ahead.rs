//! The bytes of a trace before anyone looks at them: hashed as they are on disk, decompressed, and handed over in pieces by
//! a thread of their own, so that this overlaps with parsing.
//!
//! No more than a few pieces are ever held. The thread ends when the input does, when it fails, and when nobody wants more;
//! nobody ever waits for it to end. Lines and formats are not known here.

use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use sha2::{Digest, Sha256};

use super::compress::{Bytes, Compression};

/// Bytes of a piece: few enough to be in the cache still when they are parsed, enough to hide the handing over.
const PIECE: usize = 1 << 17;
/// The pieces there are.
const PIECES: usize = 4;
/// Room before the bytes of a piece, for the rest of a line whose end is in it.
const ROOM: usize = 1 << 12;

/// Why no more can be read.
#[derive(Debug)]
pub(super) struct Failure {
    /// What the system or the decompressor says.
    pub error: io::Error,
    /// Whether it was the system, not bad data.
    pub is_system: bool,
    /// How many bytes were read before, as they are on disk.
    pub bytes: u64,
}

/// The bytes as they are on disk: counted and hashed.
struct Tap {
    reader: Bytes,
    hash: Sha256,
    bytes: u64,
    /// Whether the system failed.
    failed: bool,
}

/// The end of the tap that the decompressor reads from.
#[derive(Clone)]
struct Faucet(Arc<Mutex<Tap>>);

impl Faucet {
    /// The tap is used by one thread at a time, so nobody waits here.
    fn tap(&self) -> MutexGuard<'_, Tap> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Faucet {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let tap = &mut *self.tap();
        match tap.reader.read(buffer) {
            Ok(count) => {
                // A reader may lie about the count; the slice must not panic for it.
                tap.hash.update(buffer.get(..count).unwrap_or_default());
                tap.bytes += count as u64;
                Ok(count)
            }
            Err(error) => {
                tap.failed |= error.kind() != io::ErrorKind::Interrupted;
                Err(error)
            }
        }
    }
}

/// How the input ended: the hash of all of it in hexadecimal, or why it can't be read.
type End = Result<String, Failure>;

/// Some bytes, and how the input ended if it did behind them.
struct Piece {
    bytes: Vec<u8>,
    /// Where those are that were not used yet.
    unused: Range<usize>,
    end: Option<End>,
}

/// The decompressed bytes where they are made.
struct Spring {
    reader: Bytes,
    faucet: Faucet,
}

impl Spring {
    /// The next piece; only the last is not full.
    fn piece(&mut self, mut bytes: Vec<u8>) -> Piece {
        bytes.resize(ROOM + PIECE, 0);
        let mut length = ROOM;
        let end = loop {
            match self.reader.read(&mut bytes[length..]) {
                Ok(0) => break Some(self.rest()),
                Ok(count) => length = (length + count).min(bytes.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(Err(self.failure(error))),
            }
            if length == bytes.len() {
                break None;
            }
        };
        Piece { bytes, unused: ROOM..length, end }
    }

    /// Hashes what is behind the compressed data.
    fn rest(&mut self) -> End {
        io::copy(&mut self.faucet, &mut io::sink()).map_err(|error| self.failure(error))?;
        Ok(hexadecimal(&self.faucet.tap().hash.clone().finalize()))
    }

    fn failure(&self, error: io::Error) -> Failure {
        let tap = self.faucet.tap();
        Failure { error, is_system: tap.failed, bytes: tap.bytes }
    }

    /// Hands over pieces until the input ends or nobody takes them.
    fn pour(mut self, full: &Sender<Piece>, empty: &Receiver<Vec<u8>>) {
        for count in 0_usize.. {
            let bytes = if count < PIECES { Vec::new() } else { empty.recv().unwrap_or_default() };
            let piece = self.piece(bytes);
            let is_last = piece.end.is_some();
            if full.send(piece).is_err() || is_last {
                return;
            }
        }
    }
}

/// The decompressed bytes where they are used.
pub(super) struct ReadAhead {
    piece: Piece,
    /// Where full pieces come from and empty ones go to; none where the first piece was all.
    thread: Option<(Receiver<Piece>, Sender<Vec<u8>>)>,
}

impl ReadAhead {
    /// Begins to read. `magic` was read from `reader` already.
    ///
    /// # Errors
    /// When the system refuses, or the decompressor.
    pub fn new(compression: Option<&'static Compression>, magic: Vec<u8>, reader: Bytes) -> Result<Self, io::Error> {
        let whole = Box::new(Cursor::new(magic).chain(reader));
        let tap = Tap { reader: whole, hash: Sha256::new(), bytes: 0, failed: false };
        let faucet = Faucet(Arc::new(Mutex::new(tap)));
        let reader: Bytes = Box::new(faucet.clone());
        let reader = match compression {
            None => reader,
            Some(compression) => (compression.open)(reader)?,
        };
        let mut spring = Spring { reader, faucet };
        // Many traces are over before a thread would have begun.
        let piece = spring.piece(Vec::new());
        let thread = match piece.end {
            Some(_) => None,
            None => {
                let ((full, pieces), (empties, empty)) = (channel(), channel());
                thread::Builder::new().name("read ahead".into()).spawn(move || spring.pour(&full, &empty))?;
                Some((pieces, empties))
            }
        };
        Ok(Self { piece, thread })
    }

    /// Gives the next piece for a used buffer, without copying more than what is still unused of that: it comes before the
    /// piece, and the range is that of both. None where that can't be done.
    ///
    /// # Errors
    /// As [`ReadAhead::read`].
    pub fn exchange(&mut self, buffer: &mut Vec<u8>, unused: Range<usize>) -> Result<Option<Range<usize>>, Failure> {
        let piece = self.unused()?;
        if piece.unused.is_empty() || piece.unused.start != ROOM || unused.len() > ROOM {
            return Ok(None);
        }
        let start = ROOM - unused.len();
        piece.bytes[start..ROOM].copy_from_slice(&buffer[unused]);
        std::mem::swap(buffer, &mut piece.bytes);
        let end = std::mem::take(&mut piece.unused).end;
        Ok(Some(start..end))
    }

    /// Copies some of the next bytes into the buffer; 0 is the end.
    ///
    /// # Errors
    /// When there are none because of a failure; the bytes before it were handed over.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        let piece = self.unused()?;
        let count = buffer.len().min(piece.unused.len());
        let start = piece.unused.start;
        buffer[..count].copy_from_slice(&piece.bytes[start..start + count]);
        piece.unused.start += count;
        Ok(count)
    }

    /// Reads the rest and returns the hash of the whole, as it is on disk.
    ///
    /// # Errors
    /// When the rest can't be read.
    pub fn finish(mut self) -> End {
        while self.advance()? {}
        self.piece.end.take().unwrap_or_else(|| Err(gone()))
    }

    /// The piece that is being used; all of it was only at the end.
    fn unused(&mut self) -> Result<&mut Piece, Failure> {
        while self.piece.unused.is_empty() && self.advance()? {}
        Ok(&mut self.piece)
    }

    /// Goes on to the next piece; false at the end.
    fn advance(&mut self) -> Result<bool, Failure> {
        match &self.piece.end {
            Some(Ok(_)) => return Ok(false),
            Some(Err(_)) => return self.piece.end.take().unwrap_or_else(|| Err(gone())).map(|_| false),
            None => {}
        }
        let (pieces, empties) = self.thread.as_ref().ok_or_else(gone)?;
        let next = pieces.recv().map_err(|_| gone())?;
        let used = std::mem::replace(&mut self.piece, next);
        // The thread may be over.
        let _ = empties.send(used.bytes);
        Ok(true)
    }
}

/// There is no thread any more that could read, which is a fault of the program.
#[cold]
fn gone() -> Failure {
    Failure { error: io::Error::other("reading has stopped before the end"), is_system: true, bytes: 0 }
}

/// Bytes as hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
