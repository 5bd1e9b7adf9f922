//! The native format, ending `.cht`: lossless, about a byte a reference on real traces, read and written as a stream.
//!
//! # Layout, version 1
//!
//! All numbers are little endian. A *varint* has seven bits a byte, the low ones first, the high bit set on all bytes
//! but the last, ten bytes at most. *Zigzag* maps a signed difference to an unsigned number: 0, -1, 1, -2 are 0, 1, 2, 3;
//! differences are taken modulo 2^64. *Hash* is XXH3 with 64 bits, seed 0 unless said otherwise.
//!
//! A file is a head, any number of blocks, and an end. There is nothing behind the end.
//!
//! ## Head
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `89 43 48 54 0d 0a 1a 0a` |
//! | 4 | version, 1 |
//! | 4 | page size, 4096 |
//! | 4 | length of the settings |
//! | . | settings: flags (1: frames, 2: swap, 4: out of memory, 8: and it is "continue", 16: kernel defaults, 32: has time); varint frames if flagged; if swap is flagged, a varint count of areas and for each a varint of slots, a byte 1 and a varint zigzag priority, or a byte 0 |
//! | 8 | hash of all bytes before |
//!
//! ## Block
//!
//! At most 1,048,576 records. The tables of a file grow: a block lists the labels, processes and pages that were not in
//! an earlier block, in the order of their numbers, which count from 0 over the whole file.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `BLOK` |
//! | 4 | records |
//! | 4 | references among them (reads and writes); the others are changes |
//! | 4, 4, 4 | new labels, new processes, new pages |
//! | 4 | bytes of a process number in this block: 1, 2 or 4 |
//! | 5 times 4, 4 | for each column its length and its packed length; one of no length is not there |
//! | 8 | hash of the packed columns |
//! | 8 | hash of this block's bytes before, seeded with the block's number (from 0) |
//! | . | the packed columns one after the other, each a zstd frame |
//!
//! The columns:
//!
//! 1. tables: for each new label a byte 0 and a varint number, or a byte 1, a varint length and that many bytes of UTF-8;
//!    for each new process a varint process id; for each new page the varint number of its label and the varint zigzag
//!    difference of its index to that of the page before (0 before the first of the file).
//! 2. references: 4 bytes each: twice the page's number, plus 1 for a write. Pages are numbered by first reference.
//! 3. processes: the process number of each reference.
//! 4. times: for each record, change or not, the varint zigzag difference to the time of the record before (0 before the
//!    first of the file).
//! 5. changes: for each a varint of the references of this block between the change before it and itself, a byte with the
//!    operation ([`Operation`](super::Operation) as a number), the varint process number, the varint label number plus 1
//!    (0 for none), and the varint page.
//!
//! ## End
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `END.` |
//! | 8 each | blocks, records, references, labels, processes, pages |
//! | 8 | hash of all bytes of the file before |
//!
//! # Limits
//!
//! 2^31 pages, 2^32 - 1 labels and processes, names of 1 MiB, 1,024 swap areas. A trace beyond these is refused when it
//! is written. A reader refuses a column longer than 48 MiB before it makes room for it.

mod read;
mod wire;
mod write;

pub use read::read;
pub use write::writer;

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    head.starts_with(&wire::MAGIC)
}
