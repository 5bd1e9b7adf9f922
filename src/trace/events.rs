//! Event scripts, as the runs of the real kernel were recorded with (SEMANTICS.md section 12): one event a line.
//!
//! The first line may hold the settings: `# F=FRAMES swap=SLOTS[@PRIORITY],... oom=continue`, each of them optional.
//! Other lines beginning with `#` are comments. Events: `seg NAME PAGES [locked]`, `attach PID NAME`,
//! `detach PID NAME`, `rm NAME`, `lock NAME`, `unlock NAME`, `r PID NAME PAGE`, `w PID NAME PAGE`,
//! `fork PARENT CHILD`, `exit PID`. A name is anything without blanks. There are no times, and no process in
//! `seg`, `rm`, `lock` and `unlock` (it is read as 0).
//!
//! What the events mean is not known here.

use rustc_hash::{FxHashMap, FxHashSet};

use super::error::{At, TraceError, printable};
use super::input::{Input, for_each_line};
use super::number;
use super::output::Output;
use super::reading::Reading;
use super::{Impossible, Label, Operation, OutOfMemory, Record, RecordSink, RecordWriter, Settings, SwapArea, Written};

/// What is said of a line that is no event.
const EXPECTED: &str = "the events are: seg NAME PAGES [locked], attach PID NAME, detach PID NAME, rm NAME, lock NAME, \
                        unlock NAME, r PID NAME PAGE, w PID NAME PAGE, fork PARENT CHILD, exit PID";

/// What is said of a bad first line.
const EXPECTED_SETTINGS: &str = "the settings are: # F=FRAMES swap=SLOTS[@PRIORITY],... oom=continue";

/// The most fields of an event.
const FIELDS: usize = 4;

/// An operation's word and its fields: process (`p`), name (`n`), page or number of pages (`#`), child (`c`).
static WORDS: [(&str, Operation, &str); 10] = [
    ("r", Operation::Read, "pn#"),
    ("w", Operation::Write, "pn#"),
    ("seg", Operation::Create, "n#"),
    ("attach", Operation::Attach, "pn"),
    ("detach", Operation::Detach, "pn"),
    ("rm", Operation::Remove, "n"),
    ("lock", Operation::Lock, "n"),
    ("unlock", Operation::Unlock, "n"),
    ("fork", Operation::Fork, "pc"),
    ("exit", Operation::Exit, "p"),
];

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    if settings_of(head.split(|&byte| byte == b'\n').next().unwrap_or_default()).is_some() {
        return true;
    }
    let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"));
    first.is_some_and(|line| parse(line).is_ok())
}

/// Reads an event script.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let mut labels = FxHashMap::default();
    let mut settled = false;
    for_each_line(input, reading, |reading, number, line| {
        let line = line.trim_ascii();
        if !settled {
            settled = true;
            first_line(reading, line)?;
        }
        if line.is_empty() || line.starts_with(b"#") {
            return Ok(());
        }
        let event = match parse(line) {
            Ok(event) => event,
            Err(what) => return reading.bad(At::Line(number), line, what, EXPECTED),
        };
        let segment = match event.name {
            None => Record::NO_SEGMENT,
            Some(name) => match intern(&mut labels, name, reading) {
                Ok(segment) => segment,
                Err(what) => return reading.bad(At::Line(number), line, what, EXPECTED),
            },
        };
        let Event { operation, process, page, .. } = event;
        let record = Record { time: 0, process, operation, segment, page };
        reading.record(&record, At::Line(number), || printable(line))
    })
}

/// Reads the settings from the first line if they are there.
fn first_line(reading: &mut Reading<'_>, line: &[u8]) -> Result<(), TraceError> {
    let defaults = Settings { kernel_defaults: true, ..Settings::default() };
    match settings_of(line).map(parse_settings) {
        None => reading.settings(&defaults),
        Some(Ok(settings)) => reading.settings(&settings),
        Some(Err(what)) => {
            reading.bad(At::Line(1), line, what, EXPECTED_SETTINGS)?;
            reading.settings(&defaults);
        }
    }
    Ok(())
}

/// The settings in a first line: what comes after `#`, if that is settings and not a comment.
fn settings_of(line: &[u8]) -> Option<&[u8]> {
    let text = line.trim_ascii().strip_prefix(b"#")?.trim_ascii();
    ["F=", "swap=", "oom="].iter().any(|key| text.starts_with(key.as_bytes())).then_some(text)
}

fn parse_settings(text: &[u8]) -> Result<Settings, String> {
    let mut settings = Settings { kernel_defaults: true, ..Settings::default() };
    for token in text.split(u8::is_ascii_whitespace).filter(|token| !token.is_empty()) {
        let (key, value) = token
            .iter()
            .position(|&byte| byte == b'=')
            .map_or((token, &b""[..]), |equals| (&token[..equals], &token[equals + 1..]));
        match key {
            b"F" => {
                let frames = number::parse(value).map_err(|reason| reason.describe("number of frames F=", u64::MAX))?;
                settings.frames = Some(frames);
            }
            b"swap" => settings.swap = Some(parse_swap(value)?),
            b"oom" if value == b"continue" => settings.out_of_memory = Some(OutOfMemory::Continue),
            b"oom" if value == b"stop" => settings.out_of_memory = Some(OutOfMemory::Stop),
            _ => return Err(format!("there is no setting `{}`", printable(token))),
        }
    }
    Ok(settings)
}

/// Reads swap areas; nothing at all is no area.
fn parse_swap(text: &[u8]) -> Result<Vec<SwapArea>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let areas: Vec<_> = text.split(|&byte| byte == b',').take(super::MAX_SWAP_AREAS + 1).map(parse_area).collect();
    if areas.len() > super::MAX_SWAP_AREAS {
        return Err(format!("there are more than {} swap areas", super::MAX_SWAP_AREAS));
    }
    areas.into_iter().collect()
}

fn parse_area(text: &[u8]) -> Result<SwapArea, String> {
    let text = std::str::from_utf8(text).map_err(|_| "a swap area is not text".to_owned())?;
    let (slots, priority) = text.split_once('@').map_or((text, None), |(slots, priority)| (slots, Some(priority)));
    let number = number::parse(slots.as_bytes())
        .and_then(|number| u32::try_from(number).map_err(|_| number::NotANumber::TooLarge))
        .map_err(|reason| reason.describe("number of swap slots", u64::from(u32::MAX)))?;
    let priority = priority
        .map(|text| {
            text.parse().map_err(|_| format!("the swap priority `{}` is no number", printable(text.as_bytes())))
        })
        .transpose()?;
    Ok(SwapArea { slots: number, priority })
}

/// One line taken apart.
struct Event<'a> {
    operation: Operation,
    process: u64,
    name: Option<&'a [u8]>,
    page: u64,
}

fn parse(line: &[u8]) -> Result<Event<'_>, String> {
    let mut tokens = line.split(u8::is_ascii_whitespace).filter(|token| !token.is_empty());
    let word = tokens.next().unwrap_or_default();
    let Some(&(_, operation, signature)) = WORDS.iter().find(|(known, ..)| known.as_bytes() == word) else {
        return Err(format!("there is no event `{}`", printable(word)));
    };
    let mut event = Event { operation, process: 0, name: None, page: 0 };
    for field in signature.bytes() {
        let token = tokens.next().unwrap_or_default();
        let number = |what| number::parse(token).map_err(|reason| reason.describe(what, u64::MAX));
        match field {
            b'p' => event.process = number("process id")?,
            b'c' => event.page = number("child's process id")?,
            b'#' if operation == Operation::Create => event.page = number("number of pages")?,
            b'#' => event.page = number("page")?,
            _ if token.is_empty() => return Err("the name of the segment is missing".into()),
            _ => event.name = Some(token),
        }
    }
    match tokens.next() {
        Some(b"locked") if operation == Operation::Create => event.operation = Operation::CreateLocked,
        Some(extra) => return Err(format!("`{}` is too much", printable(extra))),
        None => {}
    }
    if tokens.next().is_some() { Err(format!("there are more than {FIELDS} fields")) } else { Ok(event) }
}

/// The number of a name, announced when it is new.
fn intern(labels: &mut FxHashMap<String, u32>, name: &[u8], reading: &mut Reading<'_>) -> Result<u32, String> {
    let name = std::str::from_utf8(name).map_err(|_| "the name of the segment is not UTF-8".to_owned())?;
    if let Some(&known) = labels.get(name) {
        return Ok(known);
    }
    let number = u32::try_from(labels.len()).ok().filter(|&number| number != Record::NO_SEGMENT);
    let number = number.ok_or("this segment is one more than the 4294967295 that are possible")?;
    labels.insert(name.to_owned(), number);
    reading.label(&Label::Name(name.to_owned()));
    Ok(number)
}

/// A writer of this format. What a script can't hold (times, the process that creates a segment) is told by the notes
/// of [`RecordWriter::finish`].
pub fn writer(output: Output) -> Box<dyn RecordWriter> {
    Box::new(Writer { output, names: Vec::new(), used: FxHashSet::default(), records: 0, notes: Vec::new() })
}

struct Writer {
    output: Output,
    /// What is written for each label.
    names: Vec<String>,
    used: FxHashSet<String>,
    records: u64,
    notes: Vec<String>,
}

impl RecordSink for Writer {
    fn settings(&mut self, settings: &Settings) {
        let line = settings_line(settings);
        self.output.buffer().extend_from_slice(line.as_bytes());
        if settings.has_time {
            self.notes.push("the times are not kept: an event script has none".into());
        }
        if !settings.kernel_defaults {
            self.notes.push("an event script is replayed with the kernel's limits and its one swap area".into());
        }
    }

    fn label(&mut self, label: &Label) {
        let wanted = label.to_string();
        // Blanks would end the name.
        let clean: String = wanted.chars().map(|c| if c.is_ascii_whitespace() { '_' } else { c }).collect();
        let mut name = if clean.is_empty() { "_".to_owned() } else { clean };
        if self.used.contains(&name) {
            name = format!("{name}_{}", self.names.len());
            while self.used.contains(&name) {
                name.push('_');
            }
        }
        if name != wanted && self.notes.len() < 100 {
            self.notes.push(format!("segment `{}` is written as {name}", printable(wanted.as_bytes())));
        }
        self.used.insert(name.clone());
        self.names.push(name);
    }

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        let Some(&(word, _, signature)) = WORDS.iter().find(|(_, operation, _)| {
            *operation == record.operation
                || (*operation == Operation::Create && record.operation == Operation::CreateLocked)
        }) else {
            return Ok(());
        };
        let name = self.names.get(record.segment as usize);
        if signature.contains('n') && name.is_none() {
            return Err(super::no_such_label(record));
        }
        let line = self.output.buffer();
        line.extend_from_slice(word.as_bytes());
        for field in signature.bytes() {
            line.push(b' ');
            match field {
                b'p' => number::append(line, record.process),
                b'n' => line.extend_from_slice(name.map_or(&b""[..], |name| name.as_bytes())),
                _ => number::append(line, record.page),
            }
        }
        if record.operation == Operation::CreateLocked {
            line.extend_from_slice(b" locked");
        }
        line.push(b'\n');
        self.records += 1;
        self.output.settle()
    }
}

impl RecordWriter for Writer {
    fn take_failure(&mut self) -> Option<TraceError> {
        self.output.take_failure()
    }

    fn finish(self: Box<Self>) -> Result<Written, TraceError> {
        self.output.finish()?;
        Ok(Written { records: self.records, notes: self.notes })
    }
}

/// The first line that says these settings, or nothing where there are none to say.
fn settings_line(settings: &Settings) -> String {
    let mut parts = Vec::new();
    if let Some(frames) = settings.frames {
        parts.push(format!("F={frames}"));
    }
    if let Some(areas) = &settings.swap {
        let area = |area: &SwapArea| match area.priority {
            None => area.slots.to_string(),
            Some(priority) => format!("{}@{priority}", area.slots),
        };
        parts.push(format!("swap={}", areas.iter().map(area).collect::<Vec<_>>().join(",")));
    }
    match settings.out_of_memory {
        None => {}
        Some(OutOfMemory::Stop) => parts.push("oom=stop".into()),
        Some(OutOfMemory::Continue) => parts.push("oom=continue".into()),
    }
    if parts.is_empty() { String::new() } else { format!("# {}\n", parts.join(" ")) }
}
