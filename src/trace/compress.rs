//! The compressions around a trace file, undone by their magic bytes and made by the ending of the target.
//!
//! What is inside is never looked at here.

use std::io::{self, BufReader, Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use liblzma::stream::{CONCATENATED, PRESET_DEFAULT};

/// The most memory that undoing xz may take, in bytes; files made with `xz -9` want 65 MiB. What zstd may take is bounded
/// by its own limit, 128 MiB.
const MOST_MEMORY: u64 = 256 << 20;

/// Bytes that are read, by whichever thread.
pub(crate) type Bytes = Box<dyn Read + Send>;

/// One compression.
pub(crate) struct Compression {
    /// Its name, as `Summary::compression` gives it.
    pub name: &'static str,
    /// The bytes that such a file begins with.
    pub magic: &'static [u8],
    /// The ending of such a file, with the dot.
    pub ending: &'static str,
    /// The program that undoes it.
    pub program: &'static str,
    /// Undoes it: makes the reader of what is inside out of the reader of what is outside.
    pub open: fn(Bytes) -> io::Result<Bytes>,
    /// Whether undoing it failed because it would take too much memory.
    pub is_too_large: fn(&io::Error) -> bool,
    /// Makes it.
    pub create: fn(Box<dyn Write>) -> io::Result<Stream>,
}

/// The compressions there are.
pub(crate) static COMPRESSIONS: &[Compression] = &[
    Compression {
        name: "gz",
        magic: &[0x1f, 0x8b],
        ending: ".gz",
        program: "gzip -dc",
        open: |reader| Ok(Box::new(MultiGzDecoder::new(reader))),
        is_too_large: |_| false,
        create: |writer| Ok(Stream::Gz(GzEncoder::new(writer, flate2::Compression::default()))),
    },
    Compression {
        name: "zst",
        magic: &[0x28, 0xb5, 0x2f, 0xfd],
        ending: ".zst",
        program: "zstd -dc --long=31",
        open: |reader| {
            Ok(Box::new(zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(1 << 17, reader))?))
        },
        is_too_large: |error| error.to_string().contains("too much memory"),
        create: |writer| {
            let mut encoder = zstd::stream::write::Encoder::new(writer, 0)?;
            encoder.include_checksum(true)?;
            Ok(Stream::Zst(encoder))
        },
    },
    Compression {
        name: "xz",
        magic: &[0xfd, b'7', b'z', b'X', b'Z', 0],
        ending: ".xz",
        program: "xz -dc",
        open: |reader| {
            let stream = liblzma::stream::Stream::new_stream_decoder(MOST_MEMORY, CONCATENATED)?;
            Ok(Box::new(liblzma::read::XzDecoder::new_stream(reader, stream)))
        },
        is_too_large: |error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
            matches!(inner, Some(liblzma::stream::Error::MemLimit))
        },
        create: |writer| Ok(Stream::Xz(liblzma::write::XzEncoder::new(writer, PRESET_DEFAULT))),
    },
];

/// Compressions that are known by sight only: magic bytes, name, and the program that undoes them.
static FOREIGN: &[(&[u8], &str, &str)] = &[
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
    /// Through xz.
    Xz(liblzma::write::XzEncoder<Box<dyn Write>>),
}

impl Stream {
    /// Writes all of it.
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(writer) => writer.write_all(bytes),
            Self::Gz(encoder) => encoder.write_all(bytes),
            Self::Zst(encoder) => encoder.write_all(bytes),
            Self::Xz(encoder) => encoder.write_all(bytes),
        }
    }

    /// Ends the compression and hands everything to the system.
    pub fn finish(self) -> io::Result<()> {
        let mut writer = match self {
            Self::Plain(writer) => writer,
            Self::Gz(encoder) => encoder.finish()?,
            Self::Zst(encoder) => encoder.finish()?,
            Self::Xz(encoder) => encoder.finish()?,
        };
        writer.flush()
    }
}
