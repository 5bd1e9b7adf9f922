//! Tables: any file of delimited fields (commas, semicolons, tabs, bars or blanks) in which a row is a reference.
//!
//! - What a column is, is told by its name in the header, by the user (`--columns time=1,pid=2,page=5,op=3`, by number or by
//!   name), or by the shape of the first row (block traces of MSR Cambridge). See `columns`.
//! - A page, the address of a byte or a sector of 512 bytes says where a reference goes; a size in bytes, how far: it is split
//!   into pages. Numbers are decimal, or hexadecimal after `0x`.
//! - A column of segments makes each of its values a segment, which has as many pages as are needed and is attached by each
//!   process when that first refers to it. Without one, the trace is a flat one (`trace/flat`).
//! - Times that have a decimal point are in seconds, and are handed on in nanoseconds; others are handed on as they are.
//! - Without a column of processes there is one, 1; without one of operations, all are reads.
//! - In a dump of PostgreSQL's buffers (`pg_buffercache`) a segment is a relation's file, as `16384_fsm` by its fork, and a row
//!   whose buffer is empty is passed over. So are blank lines, those that begin with `#`, and the rules under a header.

mod columns;
mod labelled;

use super::error::{At, TraceError, printable};
use super::flat::lines::PROCESS;
use super::flat::{Flat, FlatReference, Numbers};
use super::input::{Input, for_each_line};
use super::number::{self, NotANumber};
use super::reading::Reading;
use super::{Fidelity, PAGE_SIZE, Settings};
use columns::{Fields, Layout, ROLES, Role};
use labelled::{Labelled, SegmentName};

/// Bytes of a sector.
const SECTOR: u64 = 512;

/// What a bad row should have been.
const EXPECTED: &str = "a row has the fields that the header or --columns name";

/// Whether a file that begins like this is of this format: columns can be told, and the first row has them.
pub fn detect(head: &[u8]) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return false };
    let Ok((layout, is_header)) = Layout::of(first, None) else { return false };
    let row = if is_header { lines.find(|line| !Rows::is_passed_over(line)) } else { Some(first) };
    let mut meaning = Meaning::new(&layout);
    let is_row = |line| layout.with_fields(line, |fields| meaning.parse(fields, PAGE_SIZE).is_ok());
    row.and_then(is_row).unwrap_or(false)
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; columns that can't be told; a row that is not as it should be, or is refused by the sink, unless the
/// reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let mut table: Option<(Rows, Target)> = None;
    for_each_line(input, reading, |reading, number, line| {
        let at = At::Line(number);
        if let Some((rows, target)) = &mut table {
            return rows.line(reading, target, at, line);
        }
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let wanted = reading.addresses().columns.as_deref();
        let (layout, is_header) = Layout::of(line, wanted).map_err(|what| {
            let remedy =
                "name the columns in the first line, or say which is which: --columns time=1,pid=2,page=5,op=3";
            reading.unrecognised(at, line, what, remedy)
        })?;
        let target = Target::new(reading, &layout);
        let (rows, target) = table.insert((Rows::new(layout), target));
        if is_header { Ok(()) } else { rows.line(reading, target, at, line) }
    })?;
    match table {
        Some((_, Target::Flat(flat))) => flat.finish(reading),
        _ => Ok(()),
    }
}

/// What makes records of the rows.
enum Target {
    Flat(Flat),
    Labelled(Labelled),
}

impl Target {
    fn new(reading: &mut Reading<'_>, layout: &Layout) -> Self {
        let mut settings = Settings { has_time: layout.has(Role::Time), ..Settings::default() };
        if !layout.has(Role::Op) {
            settings.fidelity.push(Fidelity::NoWrites);
        }
        if layout.has(Role::Buffer) {
            settings.fidelity.push(Fidelity::Sampled);
        }
        let numbers = if layout.place() == Some(Role::Page) { Numbers::Pages } else { Numbers::Addresses };
        if layout.has(Role::Segment) {
            Self::Labelled(Labelled::new(reading, &settings, numbers))
        } else {
            Self::Flat(Flat::new(reading, &settings, numbers))
        }
    }
}

/// The rows behind the header.
struct Rows {
    layout: Layout,
    meaning: Meaning,
}

impl Rows {
    fn new(layout: Layout) -> Self {
        let meaning = Meaning::new(&layout);
        Self { layout, meaning }
    }

    /// Whether a line says nothing.
    #[inline]
    fn is_passed_over(line: &[u8]) -> bool {
        let Some(&first) = line.trim_ascii_start().first() else { return true };
        match first {
            b'#' => true,
            // The rule under a header and the number of rows behind them, as psql writes them.
            b'-' | b'|' | b'+' => line.iter().all(|byte| b"-+|: \t\r".contains(byte)),
            b'(' => line.trim_ascii_end().ends_with(b"rows)") || line.trim_ascii_end().ends_with(b"row)"),
            _ => false,
        }
    }

    #[inline]
    fn line(&mut self, reading: &mut Reading<'_>, target: &mut Target, at: At, line: &[u8]) -> Result<(), TraceError> {
        if Self::is_passed_over(line) {
            return Ok(());
        }
        let meaning = &mut self.meaning;
        let page_size = reading.addresses().page_size;
        let handed = self.layout.with_fields(line, |fields| match meaning.parse(fields, page_size) {
            Ok(None) => Ok(()),
            Ok(Some((reference, name))) => match target {
                Target::Flat(flat) => flat.reference(reading, at, line, reference),
                Target::Labelled(labelled) => labelled.reference(reading, at, line, name, reference),
            },
            Err(what) => reading.bad(at, line, what, EXPECTED),
        });
        match handed {
            Some(result) => result,
            None => reading.bad(at, line, "a quote is not closed on its line".into(), EXPECTED),
        }
    }
}

/// What the fields of a row mean.
struct Meaning {
    place: Role,
    /// Whether there is a column of this role.
    has: [bool; ROLES],
    /// Whether times have a decimal point, once there was one to see.
    has_point: Option<bool>,
}

impl Meaning {
    fn new(layout: &Layout) -> Self {
        Self { place: layout.place().unwrap_or(Role::Page), has: layout.present(), has_point: None }
    }

    fn has(&self, role: Role) -> bool {
        self.has[role as usize]
    }

    /// What a row refers to; nothing where its buffer is empty.
    #[inline]
    fn parse<'l>(
        &mut self,
        fields: &Fields<'l>,
        page_size: u64,
    ) -> Result<Option<(FlatReference, SegmentName<'l>)>, String> {
        let field = |role: Role| fields[role as usize].trim_ascii();
        let label = field(Role::Segment);
        if self.has(Role::Segment) && is_nothing(label) {
            let is_empty = number::parse(field(Role::Buffer)).is_ok() && is_nothing(field(self.place));
            return if is_empty { Ok(None) } else { Err("the segment is missing".to_owned()) };
        }
        let number = match self.place {
            Role::Page => number(field(Role::Page), "page")?,
            Role::Address => number(field(Role::Address), "address")?,
            _ => {
                let sector = number(field(Role::Sector), "sector")?;
                sector.checked_mul(SECTOR).ok_or("the sector is beyond 2^64 bytes")?
            }
        };
        let process = if self.has(Role::Pid) { self::number(field(Role::Pid), "process")? } else { PROCESS };
        let write = self.has(Role::Op) && writes(field(Role::Op))?;
        let bytes = if self.has(Role::Size) { self::number(field(Role::Size), "size")? } else { 1 };
        let unit = if self.place == Role::Page { page_size } else { 1 };
        let time = if self.has(Role::Time) { self.time(field(Role::Time))? } else { 0 };
        let reference = FlatReference { process, number, count: bytes.div_ceil(unit).max(1), write, time };
        Ok(Some((reference, SegmentName { label, fork: field(Role::Fork) })))
    }

    /// A time: a whole number, or seconds with a decimal point, which are made nanoseconds.
    #[inline]
    fn time(&mut self, field: &[u8]) -> Result<u64, String> {
        let has_point = *self.has_point.get_or_insert_with(|| memchr::memchr(b'.', field).is_some());
        if has_point { seconds(field) } else { number(field, "time") }
    }
}

/// A number, which is the `name` of a row.
#[inline]
fn number(field: &[u8], name: &str) -> Result<u64, String> {
    number::parse_any(field).map_err(|reason| match reason {
        NotANumber::Malformed => {
            let shown = printable(field);
            format!("the {name} `{shown}` is not a whole number, in decimal or in hexadecimal after 0x")
        }
        reason => reason.describe(name, u64::MAX),
    })
}

/// Whether there is no value in a field.
#[inline]
fn is_nothing(field: &[u8]) -> bool {
    matches!(field, b"" | b"\\N" | b"NULL" | b"null")
}

/// Whether an operation writes.
#[inline]
fn writes(field: &[u8]) -> Result<bool, String> {
    match field {
        b"R" | b"r" | b"0" => Ok(false),
        b"W" | b"w" | b"1" => Ok(true),
        _ => writes_in_words(field),
    }
}

fn writes_in_words(field: &[u8]) -> Result<bool, String> {
    const READS: [&str; 9] = ["read", "load", "rd", "ld", "l", "get", "fetch", "f", "false"];
    const WRITES: [&str; 12] = ["write", "store", "wr", "st", "s", "put", "set", "modify", "m", "update", "t", "true"];
    let is_in = |words: &[&str]| words.iter().any(|word| field.eq_ignore_ascii_case(word.as_bytes()));
    match (is_in(&READS), is_in(&WRITES)) {
        (true, _) => Ok(false),
        (_, true) => Ok(true),
        _ => {
            Err(format!("`{}` is neither reading nor writing; use R and W, read and write, 0 and 1", printable(field)))
        }
    }
}

/// Seconds with a decimal point, as nanoseconds; what is less than one is left out.
fn seconds(field: &[u8]) -> Result<u64, String> {
    let point = memchr::memchr(b'.', field).unwrap_or(field.len());
    let (seconds, fraction) = (&field[..point], field.get(point + 1..).unwrap_or_default());
    let fraction = &fraction[..fraction.len().min(9)];
    let nanoseconds = number::parse(seconds).and_then(|seconds| {
        let unit = 10_u64.pow(9 - fraction.len() as u32);
        let rest = if fraction.is_empty() { 0 } else { number::parse(fraction)? * unit };
        seconds.checked_mul(1_000_000_000).and_then(|whole| whole.checked_add(rest)).ok_or(NotANumber::TooLarge)
    });
    nanoseconds.map_err(|_| format!("the time `{}` is not a number of seconds", printable(field)))
}
