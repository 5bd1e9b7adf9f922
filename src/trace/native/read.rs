//! Reading the native format: block by block, every length checked before room is made for it.

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64, xxh3_64_with_seed};
use zstd::bulk::Decompressor;

use super::block::{BlockHead, State};
use super::wire::{self, COLUMNS, Cursor};
use crate::trace::Settings;
use crate::trace::error::{At, TraceError};
use crate::trace::input::Input;
use crate::trace::reading::Reading;

/// What to do about a damaged file.
const REMEDY: &str = "the file is damaged or cut short: get it again, or convert the trace again";

/// Reads a trace.
///
/// # Errors
/// Those of reading; any damage, wherever it is; an event refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let mut file = File { input, bytes: Vec::new(), whole: Xxh3Default::new(), at: 0, decompressor: None };
    let settings = file.head(reading)?;
    reading.settings(&settings);
    let mut state = State::new(reading.wants_times());
    let mut columns: [Vec<u8>; COLUMNS] = Default::default();
    loop {
        file.next(reading, 4)?;
        if file.bytes == wire::END {
            return file.end(reading, &state);
        }
        if file.bytes != wire::BLOCK {
            return Err(file.damaged(reading, "there is neither a block nor the end"));
        }
        let head = file.block(reading, state.blocks(), &mut columns)?;
        state.block(reading, &head, &columns, file.at)?;
    }
}

/// What is said of damage at a byte.
#[cold]
pub fn damaged(reading: &Reading<'_>, at: u64, what: &str) -> TraceError {
    reading.damaged(At::Byte(at), what.to_owned(), REMEDY)
}

/// The bytes of the file as they are taken.
struct File<'f, 'i> {
    input: &'f mut Input<'i>,
    /// What was taken last.
    bytes: Vec<u8>,
    /// The hash of the heads.
    whole: Xxh3Default,
    /// Where that began.
    at: u64,
    decompressor: Option<Decompressor<'static>>,
}

impl File<'_, '_> {
    fn damaged(&self, reading: &Reading<'_>, what: &str) -> TraceError {
        damaged(reading, self.at, what)
    }

    /// Takes the next `count` bytes into `bytes`.
    fn next(&mut self, reading: &Reading<'_>, count: usize) -> Result<(), TraceError> {
        self.bytes.clear();
        self.more(reading, count)
    }

    /// Appends the next `count` bytes to `bytes`.
    fn more(&mut self, reading: &Reading<'_>, count: usize) -> Result<(), TraceError> {
        let before = self.bytes.len();
        self.at = self.input.offset() - before as u64;
        self.input.take(count, &mut self.bytes)?;
        if self.bytes.len() - before < count {
            self.at = self.input.offset();
            return Err(self.damaged(reading, "the file ends too soon"));
        }
        Ok(())
    }

    /// Whether the last eight bytes taken are this hash of those before.
    fn is_hashed(&self, seed: u64) -> bool {
        let Some((body, hash)) = self.bytes.split_last_chunk::<8>() else { return false };
        agree(u64::from_le_bytes(*hash), xxh3_64_with_seed(body, seed))
    }

    fn head(&mut self, reading: &Reading<'_>) -> Result<Settings, TraceError> {
        self.next(reading, wire::FILE_HEAD)?;
        let mut fields = Cursor(&self.bytes);
        let magic = fields.bytes(wire::MAGIC.len());
        let (version, length) = (fields.u32(), fields.u32().unwrap_or(0) as usize);
        if magic != Some(&wire::MAGIC) {
            let remedy = "a native trace begins with the bytes 89 43 48 54";
            return Err(reading.unrecognised(At::Byte(0), &self.bytes, "this is no native trace".into(), remedy));
        }
        if version != Some(wire::VERSION) {
            let what = format!("this is version {} of the native format", version.unwrap_or(0));
            return Err(reading.unrecognised(At::Byte(8), b"", what, "this program reads version 1: use a newer one"));
        }
        if length > wire::MAX_SETTINGS {
            return Err(self.damaged(reading, "the settings are too long"));
        }
        self.more(reading, length + 8)?;
        if !self.is_hashed(0) {
            return Err(self.damaged(reading, "the checksum of the head is wrong"));
        }
        self.whole.update(&self.bytes);
        let settings = &self.bytes[wire::FILE_HEAD..][..length];
        super::settings::decode(settings).ok_or_else(|| self.damaged(reading, "the settings are wrong"))
    }

    /// Takes a block, whose first four bytes are taken already, and unpacks its columns.
    fn block(
        &mut self,
        reading: &Reading<'_>,
        number: u64,
        columns: &mut [Vec<u8>; COLUMNS],
    ) -> Result<BlockHead, TraceError> {
        self.more(reading, wire::BLOCK_HEAD - 4)?;
        if !self.is_hashed(number) {
            return Err(self.damaged(reading, "the checksum of the block's head is wrong"));
        }
        self.whole.update(&self.bytes);
        let head = BlockHead::decode(&self.bytes[4..]);
        let head = head.ok_or_else(|| self.damaged(reading, "the numbers in the block's head are wrong"))?;
        self.next(reading, head.packed.iter().sum())?;
        if !agree(xxh3_64(&self.bytes), head.hash) {
            return Err(self.damaged(reading, "the checksum of the block is wrong"));
        }
        let mut packed = &self.bytes[..];
        for (column, (&length, &size)) in columns.iter_mut().zip(head.lengths.iter().zip(&head.packed)) {
            let (frame, rest) = packed.split_at_checked(size).unwrap_or((packed, &[]));
            packed = rest;
            if unpack(&mut self.decompressor, frame, length, column).is_none() {
                return Err(self.damaged(reading, "a column of the block can't be unpacked"));
            }
        }
        Ok(head)
    }

    fn end(&mut self, reading: &Reading<'_>, state: &State) -> Result<(), TraceError> {
        self.more(reading, wire::END_LENGTH - 4)?;
        let (counts, hash) = self.bytes.split_at(wire::END_LENGTH - 8);
        self.whole.update(counts);
        let is_whole = Cursor(hash).u64().is_some_and(|hash| agree(hash, self.whole.digest()));
        if !is_whole {
            return Err(self.damaged(reading, "the checksum of the file is wrong"));
        }
        let mut counts = Cursor(&counts[4..]);
        if !state.totals().into_iter().all(|total| counts.u64() == Some(total)) {
            return Err(self.damaged(reading, "the counts at the end are not those of the blocks"));
        }
        if self.input.at_end()? {
            Ok(())
        } else {
            self.at = self.input.offset();
            Err(self.damaged(reading, "there is something behind the end"))
        }
    }
}

/// Whether a hash is that of what was read. To a fuzzer every hash is right, or it would never come past the first.
fn agree(stored: u64, found: u64) -> bool {
    cfg!(fuzzing) || stored == found
}

/// Unpacks a column into `column`; `None` when it does not come to the length it is said to have.
fn unpack(
    decompressor: &mut Option<Decompressor<'static>>,
    frame: &[u8],
    length: usize,
    column: &mut Vec<u8>,
) -> Option<()> {
    column.clear();
    if frame.len() == length {
        column.extend_from_slice(frame);
        return Some(());
    }
    if decompressor.is_none() {
        *decompressor = Decompressor::new().ok();
    }
    column.reserve_exact(length);
    let unpacked = decompressor.as_mut()?.decompress_to_buffer(frame, column).ok()?;
    (unpacked == length && column.len() == length).then_some(())
}
