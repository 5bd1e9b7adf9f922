//! Reading and writing traces: one file a format, one row a format in [`FORMATS`].
//!
//! A reader turns a file into [`Record`]s and pushes them, in order, into a [`RecordSink`]. Nothing here knows what a
//! record means to the memory model: whether a process may refer to a page is decided by the sink
//! ([`crate::resolve::Resolver`]), and the reader adds file, line and text to the sink's refusal.
//!
//! - To read: [`read`]. The compression is undone by its magic bytes, the format is told by what the file begins with.
//! - To write: [`create`] for a file, [`writer`] for a stream; [`copy`] reads and writes in one go, [`fill`] writes what is
//!   made otherwise.
//! - To change: [`mod@slice`] takes a part of a trace, [`mod@merge`] makes one of several.
//! - To add a format: a file beside this one with `detect`, `read` and, if it is also written, `writer`; and a row in
//!   [`FORMATS`]. `input::for_each_line` and `reading::Reading` are there for it.

mod address_lines;
pub mod addresses;
pub mod arc;
mod batch;
pub mod builtin;
mod compress;
pub mod csv;
pub mod drmemtrace_view;
mod error;
pub mod events;
mod fidelity;
mod flat;
pub mod hex_rw;
pub mod input;
pub mod lackey;
pub mod lirs;
mod maps;
pub mod merge;
pub mod native;
mod number;
mod options;
pub mod oracle_general;
pub mod output;
pub mod perf_script;
pub mod perf_trace;
pub mod pin;
mod quoted;
mod read_ahead;
pub mod reading;
mod several;
mod shared_memory;
pub mod slice;
mod source;
pub mod strace;
pub mod table;
pub mod text;
mod time;
pub mod ucsd;
mod world;

use std::io::{Read, Write};
use std::path::Path;

pub use batch::{Batch, TracePage, Turn, Words};
pub use error::{At, Fault, TraceError};
pub use fidelity::Fidelity;
pub use options::{AddressOptions, Cut, PAGE_SIZE, ReadOptions, bytes, is_page_size, page_size};
pub use several::sources;
pub use source::Source;

use compress::COMPRESSIONS;
use error::printable;
use input::Input;
use output::Output;
use reading::Reading;

/// The most swap areas that the settings of a trace may give; the kernel has 8 (rule R47).
pub const MAX_SWAP_AREAS: usize = 1024;

/// Makes the writer of a format.
pub type MakeWriter = fn(Output) -> Box<dyn RecordWriter>;

/// One format of traces.
pub struct Format {
    /// Its name, as `--trace-format` takes it.
    pub name: &'static str,
    /// What it is, in a line.
    pub description: &'static str,
    /// A line of it.
    pub example: &'static str,
    /// The usual endings of its files, each with its dot; the first is the one to write.
    pub endings: &'static [&'static str],
    /// Whether a file that begins with these bytes (up to 64 KiB, decompressed) is of this format.
    pub detect: fn(&[u8]) -> bool,
    /// Reads a trace of this format to its end.
    pub read: fn(&mut Input<'_>, &mut Reading<'_>) -> Result<(), TraceError>,
    /// Makes a writer of this format, if there is one.
    pub write: Option<MakeWriter>,
}

/// The formats, in the order in which they are tried: first those of which no text is taken, since what is none may begin as a
/// text does.
pub static FORMATS: &[Format] = &[
    Format {
        name: "native",
        description: "clockhand's own: binary, compressed, checked; holds everything the others do",
        example: "(binary)",
        endings: &[".cht"],
        detect: native::detect,
        read: native::read,
        write: Some(native::writer),
    },
    Format {
        name: "oracle-general",
        description: "the binary traces of libCacheSim: time, object, size, next request; an object is a page",
        example: "(binary)",
        endings: &[".oracleGeneral.bin", ".oracleGeneral"],
        detect: oracle_general::detect,
        read: oracle_general::read,
        write: None,
    },
    Format {
        name: "csv",
        description: "a header line naming the columns, then one event a line",
        example: "2172832916,8479,W,0,0",
        endings: &[".csv"],
        detect: csv::detect,
        read: csv::read,
        write: Some(csv::writer),
    },
    Format {
        name: "events",
        description: "event scripts, as the runs of the real kernel were recorded with",
        example: "w 1 a 0",
        endings: &[".events"],
        detect: events::detect,
        read: events::read,
        write: Some(events::writer),
    },
    Format {
        name: "lackey",
        description: "the log of valgrind's lackey, one file a process; with --trace-syscalls=yes it has segments",
        example: " L 1ffefffe70,8",
        endings: &[".lackey", ".log"],
        detect: lackey::detect,
        read: lackey::read,
        write: None,
    },
    Format {
        name: "perf-script",
        description: "page faults or sampled loads and stores as perf script prints them, with mappings and forks",
        example: "shm3 14969/14969  2146.557828: page-faults:     7fa4f955c000     557bc7a8a251",
        endings: &[".txt"],
        detect: perf_script::detect,
        read: perf_script::read,
        write: None,
    },
    Format {
        name: "perf-trace",
        description: "page faults as perf trace -F all --no-syscalls prints them",
        example: "10.187 ( 0.000 ms): shm3/15067 minfault [main+0xb8] => /SYSV00000000 (deleted)@0x7f3bf6d96000 (d.)",
        endings: &[".txt"],
        detect: perf_trace::detect,
        read: perf_trace::read,
        write: None,
    },
    Format {
        name: "strace",
        description: "the calls that make and map shared memory as strace prints them, without references",
        example: "15063 1795402131.270096 shmat(32793, NULL, 0) = 0x7ff691be8000",
        endings: &[".txt"],
        detect: strace::detect,
        read: strace::read,
        write: None,
    },
    Format {
        name: "drmemtrace-view",
        description: "the text of DynamoRIO's drmemtrace tool view",
        example: "8 1: W0.T342625 read  8 byte(s) @ 0x00007ffd9f7ce0f8 by PC 0x00007f2ba1bb9053",
        endings: &[".txt"],
        detect: drmemtrace_view::detect,
        read: drmemtrace_view::read,
        write: None,
    },
    Format {
        name: "pin",
        description: "Pin's pinatrace: the instruction's address, R or W, the data's address; `#eof` at the end",
        example: "0x7f51a8a3a0a0: R 0x7ffd84c2bd78",
        endings: &[".out"],
        detect: pin::detect,
        read: pin::read,
        write: None,
    },
    Format {
        name: "hex-rw",
        description: "address traces of courses: a byte address in hexadecimal, then R or W",
        example: "190a7c20 R",
        endings: &[".trace"],
        detect: hex_rw::detect,
        read: hex_rw::read,
        write: None,
    },
    Format {
        name: "ucsd",
        description: "address traces of courses: l or s, a byte address, instructions since the line before",
        example: "l 0x1fffff50 1",
        endings: &[".trace"],
        detect: ucsd::detect,
        read: ucsd::read,
        write: None,
    },
    Format {
        name: "arc",
        description: "the traces of the ARC paper: first block, number of blocks, ignored, number of the request",
        example: "4168 1 0 12",
        endings: &[".lis", ".trace"],
        detect: arc::detect,
        read: arc::read,
        write: None,
    },
    Format {
        name: "lirs",
        description: "the traces of the LIRS paper: one block number a line, `*` begins a comment",
        example: "2819",
        endings: &[".trace", ".trc"],
        detect: lirs::detect,
        read: lirs::read,
        write: None,
    },
    Format {
        name: "text",
        description: "one number a line, a page in decimal or a byte address after 0x, then R or W if known",
        example: "0x7f3a4000 W",
        endings: &[".txt"],
        detect: text::detect,
        read: text::read,
        write: None,
    },
    Format {
        name: "table",
        description: "any table with a header (time, pid, op, segment, page, address, size), or with --columns",
        example: "pid;op;page",
        endings: &[".tsv", ".txt"],
        detect: table::detect,
        read: table::read,
        write: None,
    },
];

/// What was read.
#[derive(Debug)]
pub struct Summary {
    /// The name of the format.
    pub format: &'static str,
    /// The compression that was undone: `gz`, `zst`, `xz`.
    pub compression: Option<&'static str>,
    /// SHA-256 of the bytes as they are on disk, in hexadecimal; empty where the sink had enough before the end.
    pub sha256: String,
    /// Records that the sink took.
    pub records: u64,
    /// Records that were skipped.
    pub skipped: u64,
    /// Why the first of them were, five at most.
    pub first_skipped: Vec<TraceError>,
    /// What else the user has to know.
    pub notes: Vec<String>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Records.
    pub records: u64,
    /// What the format could not hold and how it was written instead, for the user to know.
    pub notes: Vec<String>,
}

/// Reads a trace into a sink, to its end or until the sink has enough ([`RecordSink::has_enough`]).
///
/// # Errors
/// When the source can't be read, is of no known format, is damaged or has no records; and at the first record that is
/// bad or refused by the sink, unless the options are lenient. The sink is then to be thrown away.
pub fn read(source: &Source, options: &ReadOptions, sink: &mut dyn RecordSink) -> Result<Summary, TraceError> {
    match source {
        Source::Files(paths) => several::read(&source.file(), paths, options, sink),
        _ => read_from(&source.file(), source.open()?, options, sink),
    }
}

/// Reads a trace from any stream of bytes, compressed or not; `file` is what errors call it. The stream is read by a thread
/// of its own, which ends by itself; where reading ends early it may be in one last read of the stream still.
///
/// # Errors
/// As [`read`].
pub fn read_from(
    file: &str,
    bytes: Box<dyn Read + Send>,
    options: &ReadOptions,
    sink: &mut dyn RecordSink,
) -> Result<Summary, TraceError> {
    // Only tables have columns to be told apart.
    let table = options.addresses.columns.is_some().then_some("table");
    let forced = options.format.as_deref().or(table).map(format).transpose()?;
    let mut input = Input::new(file, bytes)?;
    let head = input.head()?;
    if head.trim_ascii().is_empty() && head.len() < input::HEAD {
        return Err(TraceError::Empty { file: file.to_owned(), skipped: 0 });
    }
    let format = match forced {
        Some(format) => format,
        None => detected(head).ok_or_else(|| undetected(file, head))?,
    };
    let mut reading = Reading::new(file, sink, options);
    reading.know(maps::read(options)?);
    let ended = match (format.read)(&mut input, &mut reading) {
        Ok(()) => true,
        Err(TraceError::Enough) => false,
        Err(error) => return Err(error),
    };
    let notes = reading.take_notes(format.name);
    let (records, skipped, first_skipped) = reading.finish();
    if records == 0 && ended {
        return Err(TraceError::Empty { file: file.to_owned(), skipped });
    }
    let compression = input.compression();
    let sha256 = if ended { input.finish()? } else { String::new() };
    Ok(Summary { format: format.name, compression, sha256, records, skipped, first_skipped, notes })
}

/// The format of a file that begins like this.
fn detected(head: &[u8]) -> Option<&'static Format> {
    FORMATS.iter().find(|format| (format.detect)(head))
}

/// The format of a name.
///
/// # Errors
/// When there is none; the error lists those there are.
pub fn format(name: &str) -> Result<&'static Format, TraceError> {
    FORMATS.iter().find(|format| format.name == name).ok_or_else(|| TraceError::UnknownFormat {
        name: printable(name.as_bytes()),
        known: listed(FORMATS.iter().map(|format| format.name)),
    })
}

/// Takes records and writes them.
///
/// A failure to write is reported by [`RecordSink::record`] as soon as it is noticed, and by [`RecordWriter::finish`] in
/// any case.
pub trait RecordWriter: RecordSink {
    /// The failure to write that made [`RecordSink::record`] refuse, if that was it. The writer is then to be dropped;
    /// nothing of the file is left.
    fn take_failure(&mut self) -> Option<TraceError>;

    /// Writes out everything and puts the file in its place. A writer that is dropped without this leaves nothing.
    ///
    /// # Errors
    /// When anything could not be written, now or before.
    fn finish(self: Box<Self>) -> Result<Written, TraceError>;
}

/// A writer to a stream.
///
/// # Errors
/// When the format is unknown or is not written.
pub fn writer(format_name: &str, output: Box<dyn Write>) -> Result<Box<dyn RecordWriter>, TraceError> {
    let write = writing(format(format_name)?)?;
    Ok(write(Output::stream("the output", output)))
}

/// A writer to a file, of the format and compression that its ending says (`.csv.zst`); `format` overrides the former. The
/// file is written under another name in the same folder and renamed by [`RecordWriter::finish`].
///
/// # Errors
/// When the format is unknown, is not written or can't be told, or when the file can't be made.
pub fn create(path: &Path, format_name: Option<&str>) -> Result<Box<dyn RecordWriter>, TraceError> {
    let write = match format_name {
        Some(name) => writing(format(name)?)?,
        None => writing(by_ending(path)?)?,
    };
    Ok(write(Output::file(path)?))
}

/// Reads a trace and writes it with `writer`.
///
/// # Errors
/// Those of [`read`] and of writing; nothing of the target is left then.
pub fn copy(
    source: &Source,
    options: &ReadOptions,
    writer: Box<dyn RecordWriter>,
) -> Result<(Summary, Written), TraceError> {
    fill(writer, |sink| read(source, options, sink))
}

/// Writes what `make` hands to the sink, with `writer`.
///
/// # Errors
/// Those of `make` and of writing; nothing of the target is left then.
pub fn fill<T>(
    mut writer: Box<dyn RecordWriter>,
    make: impl FnOnce(&mut dyn RecordSink) -> Result<T, TraceError>,
) -> Result<(T, Written), TraceError> {
    match make(&mut *writer) {
        Ok(made) => Ok((made, writer.finish()?)),
        // What looks like a refused record may have been a full disk.
        Err(error) => Err(writer.take_failure().unwrap_or(error)),
    }
}

/// The format that is written to a file of this name.
fn by_ending(path: &Path) -> Result<&'static Format, TraceError> {
    let name = path.to_string_lossy();
    let compression = COMPRESSIONS.iter().find_map(|compression| name.strip_suffix(compression.ending));
    let name = compression.unwrap_or(&name);
    let found = written().find(|format| format.endings.iter().any(|ending| name.ends_with(ending)));
    found.ok_or_else(|| TraceError::UnknownEnding {
        file: path.display().to_string(),
        known: listed(written().flat_map(|format| format.endings.iter().copied()))
            + ", each with or without "
            + &listed(COMPRESSIONS.iter().map(|compression| compression.ending)),
    })
}

/// The formats that are written.
fn written() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().filter(|format| format.write.is_some())
}

fn writing(format: &'static Format) -> Result<MakeWriter, TraceError> {
    format
        .write
        .ok_or_else(|| TraceError::ReadOnly { format: format.name, known: listed(written().map(|format| format.name)) })
}

fn listed(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The error for content that no format takes for its own.
#[cold]
fn undetected(file: &str, head: &[u8]) -> TraceError {
    let first = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let tried = FORMATS.iter().map(|format| format!("{} (`{}`)", format.name, format.example));
    TraceError::Unrecognised(Box::new(Fault {
        file: file.to_owned(),
        at: None,
        event: None,
        what: "this is of no known format".into(),
        text: printable(first),
        remedy: format!(
            "tried: {}; if it is one of these, name it with --trace-format; `clockhand formats` says more of them",
            tried.collect::<Vec<_>>().join(", ")
        ),
    }))
}

/// The refusal of a record whose label was never announced.
fn no_such_label(record: &Record) -> Impossible {
    Impossible {
        what: format!("segment number {} has no label", record.segment),
        remedy: "announce a label before the records that use it".into(),
    }
}

/// What a record does. The names are those of the `op` column of the csv format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Operation {
    /// A segment is created with `page` pages (shmget), or, with [`Record::UNKNOWN_SIZE`], with as many as are needed.
    Create = 0,
    /// As [`Operation::Create`], and it is locked from the start (`seg NAME PAGES locked` of an event script).
    CreateLocked = 1,
    /// `process` attaches the segment (shmat). `page` is the segment's size where the trace says it, else 0.
    Attach = 2,
    /// `process` ends its youngest attachment of the segment (shmdt). `page` as with [`Operation::Attach`].
    Detach = 3,
    /// The segment is marked for destruction (shmctl `IPC_RMID`). `page` as with [`Operation::Attach`].
    Remove = 4,
    /// The segment is locked (shmctl `SHM_LOCK`). `page` as with [`Operation::Attach`].
    Lock = 5,
    /// The segment is unlocked (shmctl `SHM_UNLOCK`). `page` as with [`Operation::Attach`].
    Unlock = 6,
    /// `process` forks; `page` is the child's process id. `segment` has no meaning and is [`Record::NO_SEGMENT`].
    Fork = 7,
    /// `process` ends. `segment` is [`Record::NO_SEGMENT`] and `page` is 0.
    Exit = 8,
    /// `process` reads page `page` of the segment.
    Read = 9,
    /// `process` writes page `page` of the segment.
    Write = 10,
}

/// One line of a trace: a reference or a change, whatever format it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Nanoseconds or a sequence number, as the trace has it; 0 in formats without a time.
    pub time: u64,
    /// The process id as the trace has it.
    pub process: u64,
    /// What happens.
    pub operation: Operation,
    /// Which of the trace's segment labels, numbered in the order in which they were announced with
    /// [`RecordSink::label`]; [`Record::NO_SEGMENT`] for fork and exit.
    pub segment: u32,
    /// The page, or what the operation makes of this field.
    pub page: u64,
}

impl Operation {
    /// Whether it is a reference to a page, and not a change.
    pub fn is_reference(self) -> bool {
        matches!(self, Self::Read | Self::Write)
    }

    /// Its word in the `op` column of the csv format, where [`Operation::CreateLocked`] is two lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create | Self::CreateLocked => "create",
            Self::Attach => "attach",
            Self::Detach => "detach",
            Self::Remove => "remove",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::Fork => "fork",
            Self::Exit => "exit",
            Self::Read => "R",
            Self::Write => "W",
        }
    }
}

impl Record {
    /// The value of `page` where a segment is created whose size the trace does not tell. It is also the largest size
    /// that there can be, and means the same: no reference is past its end.
    pub const UNKNOWN_SIZE: u64 = u64::MAX;

    /// The value of `segment` where an operation has no segment.
    pub const NO_SEGMENT: u32 = u32::MAX;
}

/// The name of a segment in the trace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// A number, as in the csv format. Segment 3 is shown as `s3`.
    Number(u64),
    /// A name, as in an event script.
    Name(String),
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "s{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// One swap area as `swapon` makes it (rule R47).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwapArea {
    /// Usable slots; slot 0 of an area is its header and is not counted.
    pub slots: u32,
    /// The priority given with swapon; `None` is the next default priority: -1, -2, ...
    pub priority: Option<i32>,
}

/// What happens at an event for which no frame can be had (rule R37, assumption A8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfMemory {
    /// The run ends there.
    Stop,
    /// The event is abandoned and the run goes on.
    Continue,
}

/// What a trace says about how it is to be replayed; options of the command line come first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `F=`: frames of memory.
    pub frames: Option<u64>,
    /// `swap=`: the swap areas in order of swapon; an empty list is no swap at all.
    pub swap: Option<Vec<SwapArea>>,
    /// `oom=`.
    pub out_of_memory: Option<OutOfMemory>,
    /// Whether the trace is an event script, whose defaults are those of the recorded kernel runs: the kernel's limits
    /// (rule R10), one swap area of 32,687 slots, stop when out of memory.
    pub kernel_defaults: bool,
    /// Whether the time of the records says anything.
    pub has_time: bool,
    /// Bytes of a page.
    pub page_size: u64,
    /// What the trace does not tell of the program it was taken from.
    pub fidelity: Vec<Fidelity>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            frames: None,
            swap: None,
            out_of_memory: None,
            kernel_defaults: false,
            has_time: false,
            page_size: PAGE_SIZE,
            fidelity: Vec::new(),
        }
    }
}

/// Why a record can't be accepted: an impossible event (DESIGN: "a reference to a segment not attached").
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct Impossible {
    /// What is wrong, with the numbers: `page 12 is past the end of segment s3, which has 8 pages`.
    pub what: String,
    /// What the user can do about it.
    pub remedy: String,
}

impl Impossible {
    /// The refusal of a sink that has enough ([`RecordSink::has_enough`]).
    pub fn enough() -> Self {
        Self { what: "no more records are wanted".into(), remedy: "stop reading".into() }
    }
}

/// What takes the records of a trace.
pub trait RecordSink {
    /// The settings of the trace; called once, before anything else.
    fn settings(&mut self, settings: &Settings);

    /// The next segment label: the n-th call (from 0) names `Record::segment` n. Called before the first record that
    /// uses it.
    fn label(&mut self, label: &Label);

    /// Takes one record.
    ///
    /// # Errors
    /// When the event is impossible. The sink is then as if the record had not been there.
    fn record(&mut self, record: &Record) -> Result<(), Impossible>;

    /// Whether the sink wants nothing more: asked after it refused a record. If so the refusal is no fault of the record,
    /// and the reader stops at once without an error.
    fn has_enough(&self) -> bool {
        false
    }

    /// Whether it looks at [`Record::time`]. A reader may give 0 for every time to a sink that does not.
    fn wants_times(&self) -> bool {
        true
    }

    /// Takes references in bulk: the same as [`RecordSink::record`] for each of them.
    ///
    /// # Errors
    /// The refusal of the first reference that is impossible, and how many before it were taken. The sink is then as if
    /// that one and those behind it had not been there.
    fn batch(&mut self, batch: &Batch<'_>) -> Result<(), (u32, Impossible)> {
        for (index, record) in (0..).zip(batch.records()) {
            self.record(&record).map_err(|refusal| (index, refusal))?;
        }
        Ok(())
    }
}
