//! The csv format: a header line naming the columns `time,pid,op,segment,page`, then one event a line.
//!
//! - Columns are found by name, in any order; others are ignored; `time` may be missing.
//! - `op` is one of `create attach detach remove lock unlock fork exit R W`. For `create`, `page` is the number of
//!   pages; for `fork`, the child's process id; for `attach` to `unlock` it is the segment's size and may be empty.
//!   `fork` and `exit` have no segment, `exit` has no page.
//! - Line ends are LF or CRLF, the last may be missing; blank lines are passed over; fields may be quoted.
//!
//! What the events mean is not known here.

use rustc_hash::{FxHashMap, FxHashSet};

use super::error::{At, TraceError};
use super::input::{Input, for_each_line};
use super::number::{self, NotANumber};
use super::output::Output;
use super::quoted;
use super::reading::Reading;
use super::{Impossible, Label, Operation, Record, RecordSink, RecordWriter, Settings, Written};

/// The columns in the order in which they are written.
const COLUMNS: [&str; 5] = ["time", "pid", "op", "segment", "page"];

const TIME: usize = 0;
const PID: usize = 1;
const OP: usize = 2;
const SEGMENT: usize = 3;
const PAGE: usize = 4;
/// Where the fields of unknown columns go.
const OTHER: usize = 5;

/// The fields of a line by column.
type Fields<'a> = [&'a [u8]; 6];

/// What a bad line should have been.
const EXPECTED: &str = "a line has the fields that the header names; correct it";

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    let first = head.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    first.is_some_and(|line| Header::parse(line).is_ok())
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let mut rows: Option<Rows> = None;
    for_each_line(input, reading, |reading, line_number, line| {
        if line.is_empty() || line.trim_ascii().is_empty() {
            return Ok(());
        }
        let Some(rows) = &mut rows else {
            let header = Header::parse(line).map_err(|what| {
                let remedy =
                    "the header names pid, op, segment, page and usually time, as in `time,pid,op,segment,page`";
                reading.unrecognised(At::Line(line_number), line, what, remedy)
            })?;
            reading.settings(&Settings { has_time: header.has_time, ..Settings::default() });
            rows = Some(Rows { header, labels: Labels::default() });
            return Ok(());
        };
        rows.line(reading, line_number, line)
    })
}

/// Which field is which.
struct Header {
    /// The column of each field, up to the last that is needed.
    columns: Vec<usize>,
    has_time: bool,
}

impl Header {
    fn parse(line: &[u8]) -> Result<Self, String> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let mut columns = Vec::new();
        let mut seen = [false; 6];
        for name in line.split(|&byte| byte == b',') {
            let name = name.trim_ascii();
            let name = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name);
            let column = COLUMNS.iter().position(|known| known.as_bytes().eq_ignore_ascii_case(name)).unwrap_or(OTHER);
            if column != OTHER && seen[column] {
                return Err(format!("the header names the column {} twice", COLUMNS[column]));
            }
            seen[column] = true;
            columns.push(column);
        }
        if let Some(missing) = (PID..=PAGE).find(|&column| !seen[column]) {
            return Err(format!("the header has no column {}", COLUMNS[missing]));
        }
        while columns.last() == Some(&OTHER) {
            columns.pop();
        }
        Ok(Self { columns, has_time: seen[TIME] })
    }

    fn split<'l>(&self, line: &'l [u8]) -> Fields<'l> {
        let mut fields: Fields<'l> = [b""; 6];
        let mut rest = line;
        for &column in &self.columns {
            let Some(end) = memchr::memchr(b',', rest) else {
                fields[column] = rest;
                break;
            };
            fields[column] = &rest[..end];
            rest = &rest[end + 1..];
        }
        fields
    }
}

/// The lines after the header.
struct Rows {
    header: Header,
    labels: Labels,
}

impl Rows {
    #[inline]
    fn line(&mut self, reading: &mut Reading<'_>, number: u64, line: &[u8]) -> Result<(), TraceError> {
        if memchr::memchr(b'"', line).is_some() {
            return self.quoted_line(reading, number, line);
        }
        let fields = self.header.split(line);
        self.fields(reading, number, line, &fields)
    }

    #[inline]
    fn fields(
        &mut self,
        reading: &mut Reading<'_>,
        number: u64,
        line: &[u8],
        fields: &Fields<'_>,
    ) -> Result<(), TraceError> {
        match parse(fields, self.header.has_time) {
            Err(column) => reading.bad(At::Line(number), line, complaint(fields, column), EXPECTED),
            Ok((mut record, label)) => {
                if let Some(label) = label {
                    let Some(segment) = self.labels.number(label, reading) else {
                        let what = "this segment is one more than the 4294967295 that are possible".into();
                        return reading.bad(At::Line(number), line, what, "split the trace");
                    };
                    record.segment = segment;
                }
                reading.record(&record, At::Line(number), || super::error::printable(line))
            }
        }
    }

    /// A line with quotes is rare enough to be left to a csv parser.
    #[cold]
    fn quoted_line(&mut self, reading: &mut Reading<'_>, number: u64, line: &[u8]) -> Result<(), TraceError> {
        let Some(row) = quoted::fields(line, b',') else {
            return reading.bad(At::Line(number), line, "a quote is not closed on its line".into(), EXPECTED);
        };
        let mut fields: Fields<'_> = [b""; 6];
        for (&column, field) in self.header.columns.iter().zip(&row) {
            fields[column] = field;
        }
        self.fields(reading, number, line, &fields)
    }
}

/// The record and the number of its segment; or the column that is wrong.
#[inline]
fn parse(fields: &Fields<'_>, has_time: bool) -> Result<(Record, Option<u64>), usize> {
    let number = |column: usize| number::parse(fields[column]).map_err(|_| column);
    let operation = operation(fields[OP]).ok_or(OP)?;
    let time = if has_time { number(TIME)? } else { 0 };
    let process = number(PID)?;
    let segment = match operation {
        Operation::Fork | Operation::Exit => None,
        _ => Some(number(SEGMENT)?),
    };
    let page = match operation {
        Operation::Exit => 0,
        Operation::Create | Operation::Fork | Operation::Read | Operation::Write => number(PAGE)?,
        _ if fields[PAGE].trim_ascii().is_empty() => 0,
        _ => number(PAGE)?,
    };
    Ok((Record { time, process, operation, segment: Record::NO_SEGMENT, page }, segment))
}

#[inline]
fn operation(field: &[u8]) -> Option<Operation> {
    Some(match field {
        b"R" => Operation::Read,
        b"W" => Operation::Write,
        b"create" => Operation::Create,
        b"attach" => Operation::Attach,
        b"detach" => Operation::Detach,
        b"remove" => Operation::Remove,
        b"lock" => Operation::Lock,
        b"unlock" => Operation::Unlock,
        b"fork" => Operation::Fork,
        b"exit" => Operation::Exit,
        _ if field.trim_ascii().len() < field.len() => return operation(field.trim_ascii()),
        _ => return None,
    })
}

/// What is wrong with the field of this column.
#[cold]
fn complaint(fields: &Fields<'_>, column: usize) -> String {
    if column == OP {
        let shown = super::error::printable(fields[OP]);
        return format!(
            "there is no op `{shown}`; it is one of create, attach, detach, remove, lock, unlock, fork, exit, R, W"
        );
    }
    let reason = number::parse(fields[column]).err().unwrap_or(NotANumber::Malformed);
    reason.describe(COLUMNS[column], u64::MAX)
}

/// The numbers of segments, made dense in order of appearance.
#[derive(Default)]
struct Labels {
    /// By label, for the small ones, which are nearly all; [`Record::NO_SEGMENT`] where there is none.
    small: Vec<u32>,
    large: FxHashMap<u64, u32>,
    count: u32,
}

impl Labels {
    /// Labels below this are kept in an array.
    const SMALL: u64 = 1 << 16;

    /// The dense number of a label, announced when it is new; `None` when there are too many.
    #[inline]
    fn number(&mut self, label: u64, reading: &mut Reading<'_>) -> Option<u32> {
        if label < Self::SMALL {
            if let Some(&known) = self.small.get(label as usize)
                && known != Record::NO_SEGMENT
            {
                return Some(known);
            }
        } else if let Some(&known) = self.large.get(&label) {
            return Some(known);
        }
        self.announce(label, reading)
    }

    #[cold]
    fn announce(&mut self, label: u64, reading: &mut Reading<'_>) -> Option<u32> {
        let number = self.count;
        if number == Record::NO_SEGMENT {
            return None;
        }
        if label < Self::SMALL {
            let index = label as usize;
            if self.small.len() <= index {
                self.small.resize(index + 1, Record::NO_SEGMENT);
            }
            self.small[index] = number;
        } else {
            self.large.insert(label, number);
        }
        self.count += 1;
        reading.label(&Label::Number(label));
        Some(number)
    }
}

/// A writer of this format. What csv can't hold (names of segments, settings) is told by the notes of
/// [`RecordWriter::finish`].
pub fn writer(output: Output) -> Box<dyn RecordWriter> {
    Box::new(Writer {
        output,
        labels: Vec::new(),
        used: FxHashSet::default(),
        free: 0,
        has_time: true,
        headed: false,
        records: 0,
        notes: Vec::new(),
    })
}

struct Writer {
    output: Output,
    /// The number written for each label.
    labels: Vec<u64>,
    used: FxHashSet<u64>,
    /// All numbers below this are in use or were passed over.
    free: u64,
    has_time: bool,
    headed: bool,
    records: u64,
    notes: Vec<String>,
}

impl Writer {
    fn head(&mut self) {
        if !self.headed {
            self.headed = true;
            let columns = if self.has_time { &COLUMNS[..] } else { &COLUMNS[PID..] };
            self.output.buffer().extend_from_slice(columns.join(",").as_bytes());
            self.output.buffer().push(b'\n');
        }
    }

    fn row(&mut self, record: &Record, operation: &[u8], segment: Option<u64>) {
        let has_time = self.has_time;
        let row = self.output.buffer();
        if has_time {
            number::append(row, record.time);
            row.push(b',');
        }
        number::append(row, record.process);
        row.push(b',');
        row.extend_from_slice(operation);
        row.push(b',');
        if let Some(segment) = segment {
            number::append(row, segment);
        }
        row.push(b',');
        if record.operation != Operation::Exit {
            number::append(row, record.page);
        }
        row.push(b'\n');
    }

    /// The number to be written for a label: its own, or the lowest that is free.
    fn choose(&mut self, wanted: u64) -> u64 {
        let mut number = wanted;
        if self.used.contains(&number) {
            number = self.free;
            while self.used.contains(&number) {
                number = number.wrapping_add(1);
            }
            self.free = number.wrapping_add(1);
        }
        self.used.insert(number);
        number
    }
}

impl RecordSink for Writer {
    fn settings(&mut self, settings: &Settings) {
        self.has_time = settings.has_time;
        if settings.frames.is_some() || settings.swap.is_some() || settings.out_of_memory.is_some() {
            self.notes.push("the settings F=, swap= and oom= are not kept: csv has no place for them".into());
        }
        if settings.kernel_defaults {
            self.notes.push("the kernel's defaults of an event script (its limits, one swap area) are not kept".into());
        }
    }

    fn label(&mut self, label: &Label) {
        let wanted = match label {
            Label::Number(number) => *number,
            Label::Name(_) => self.labels.len() as u64,
        };
        let number = self.choose(wanted);
        // One note a label, but not without bound.
        if *label != Label::Number(number) && self.notes.len() < 100 {
            self.notes.push(format!("segment {label} is written as {number}"));
        }
        self.labels.push(number);
    }

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        self.head();
        let segment = match record.operation {
            Operation::Fork | Operation::Exit => None,
            _ => match self.labels.get(record.segment as usize) {
                Some(&number) => Some(number),
                None => return Err(super::no_such_label(record)),
            },
        };
        self.records += 1;
        self.row(record, record.operation.name().as_bytes(), segment);
        if record.operation == Operation::CreateLocked {
            self.row(record, Operation::Lock.name().as_bytes(), segment);
        }
        self.output.settle()
    }
}

impl RecordWriter for Writer {
    fn take_failure(&mut self) -> Option<TraceError> {
        self.output.take_failure()
    }

    fn finish(mut self: Box<Self>) -> Result<Written, TraceError> {
        self.head();
        self.output.finish()?;
        Ok(Written { records: self.records, notes: self.notes })
    }
}
