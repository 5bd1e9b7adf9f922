//! The compressions around a trace file, undone by their magic bytes and made by the ending of the target.
//!
//! What is inside is never looked at here.

use std::io::{self, BufReader, Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

/// Makes the reader of what is inside out of the reader of what is outside.
type Open = for<'a> fn(Box<dyn Read + 'a>) -> io::Result<Box<dyn Read + 'a>>;

/// One compression.
pub(crate) struct Compression {
    /// Its name, as `Summary::compression` gives it.
    pub name: &'static str,
    /// The bytes that such a file begins with.
    pub magic: &'static [u8],
    /// The ending of such a file, with the dot.
    pub ending: &'static str,
    /// Undoes it.
    pub open: Open,
    /// Makes it.
    pub create: fn(Box<dyn Write>) -> io::Result<Stream>,
}

/// The compressions there are.
pub(crate) static COMPRESSIONS: &[Compression] = &[
    Compression {
        name: "gz",
        magic: &[0x1f, 0x8b],
        ending: ".gz",
        open: |reader| Ok(Box::new(MultiGzDecoder::new(reader))),
        create: |writer| Ok(Stream::Gz(GzEncoder::new(writer, flate2::Compression::default()))),
    },
    Compression {
        name: "zst",
        magic: &[0x28, 0xb5, 0x2f, 0xfd],
        ending: ".zst",
        open: |reader| {
            Ok(Box::new(zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(1 << 17, reader))?))
        },
        create: |writer| {
            let mut encoder = zstd::stream::write::Encoder::new(writer, 0)?;
            encoder.include_checksum(true)?;
            Ok(Stream::Zst(encoder))
        },
    },
];

/// Compressions that are known by sight only: magic bytes, name, and the program that undoes them.
static FOREIGN: &[(&[u8], &str, &str)] = &[
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz", "xz -dc"),
    (b"BZh", "bzip2", "bzip2 -dc"),
    (&[0x04, 0x22, 0x4d, 0x18], "lz4", "lz4 -dc"),
    (b"PK\x03\x04", "zip", "unzip -p"),
];

/// The compression whose magic bytes these are.
pub(crate) fn detect(head: &[u8]) -> Option<&'static Compression> {
    COMPRESSIONS.iter().find(|compression| head.starts_with(compression.magic))
}

/// Name and undoing program of a compression that is not undone here.
pub(crate) fn detect_foreign(head: &[u8]) -> Option<(&'static str, &'static str)> {
    FOREIGN.iter().find(|(magic, ..)| head.starts_with(magic)).map(|&(_, name, program)| (name, program))
}

/// Where written bytes go, compressed or not.
pub(crate) enum Stream {
    /// As they are.
    Plain(Box<dyn Write>),
    /// Through gzip.
    Gz(GzEncoder<Box<dyn Write>>),
    /// Through zstd.
    Zst(zstd::stream::write::Encoder<'static, Box<dyn Write>>),
}

impl Stream {
    /// Writes all of it.
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(writer) => writer.write_all(bytes),
            Self::Gz(encoder) => encoder.write_all(bytes),
            Self::Zst(encoder) => encoder.write_all(bytes),
        }
    }

    /// Ends the compression and hands everything to the system.
    pub fn finish(self) -> io::Result<()> {
        let mut writer = match self {
            Self::Plain(writer) => writer,
            Self::Gz(encoder) => encoder.finish()?,
            Self::Zst(encoder) => encoder.finish()?,
        };
        writer.flush()
    }
}
