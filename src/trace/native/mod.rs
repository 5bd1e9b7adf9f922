//! The native format, ending `.cht`: lossless, about a byte a reference on real traces, read and written as a stream.
//!
//! Every byte of it is told in `traces/NATIVE-FORMAT.md`. In short: blocks of up to 1,048,576 records, each in columns: the
//! tables of names and pages as they grow, whose turn it is for how long, the references of each process in a row as words
//! of two or four bytes, the changes, and the times, which a reader that needs none passes over. All but the times and the
//! names is packed by zstd; times are coded by a model of their own.

mod block;
mod pack;
mod range;
mod read;
mod settings;
mod times;
mod wire;
mod write;

pub use read::read;
pub use write::writer;

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    head.starts_with(&wire::MAGIC)
}
