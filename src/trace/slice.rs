//! A part of a trace: a window of time or of references, some processes, some segments.
//!
//! A slice replays by itself. What happened before the window stands at its front in condensed form: each segment that
//! lives there is created, in the order of the places in the table of segments, each attachment is made, the oldest first,
//! and locks and removals are as they were. Changes inside the window are kept as they are.
//!
//! Windows are half open and cut the trace at two places. One of time begins before the first record at or after its
//! start and ends before the first one from there at or after its end, so times that go back a little lose nothing. One of
//! references begins right after the reference before its first and ends right after its last, so changes belong to the
//! reference that follows them, and two slices that meet have each record once.
//!
//! Where processes are chosen, a segment is created when the first of them attaches it and removed when it ends, since
//! the others are not there to keep it alive. A parent whose child inherits attachments is kept with its changes, without
//! its references.

use std::ops::Range;
use std::str::FromStr;

use rustc_hash::FxHashSet;

use super::world::{Segment, World};
use super::{
    Fidelity, Impossible, Label, Operation, ReadOptions, Record, RecordSink, Settings, Source, Summary, TraceError,
    read,
};

/// A half-open window, as typed: `5..10`, `5..`, `..10`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window(pub Range<u64>);

impl Window {
    /// All there is: the end 2^64 - 1 stands for none.
    pub const ALL: Self = Self(0..u64::MAX);

    /// Whether the window is over at this number, which is not before its beginning.
    fn is_over(&self, number: u64) -> bool {
        number >= self.0.end && self.0.end != u64::MAX
    }
}

impl FromStr for Window {
    type Err = String;

    /// Reads it as typed.
    ///
    /// # Errors
    /// When it is not two numbers, either of them left out, or nothing is between them.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is no window: use FROM..TO, FROM.. or ..TO, as in 1000..2000");
        let (from, to) = text.split_once("..").ok_or_else(expected)?;
        let number =
            |text: &str, missing| if text.is_empty() { Ok(missing) } else { text.parse().map_err(|_| expected()) };
        let (from, to) = (number(from, 0)?, number(to, u64::MAX)?);
        if from >= to {
            return Err(format!("nothing is in {text}: the window ends before its second number"));
        }
        Ok(Self(from..to))
    }
}

/// Which part of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its times, as the trace has them.
    pub time: Window,
    /// Its references, counted from 0.
    pub references: Window,
    /// Its processes; all if none is named.
    pub processes: Vec<u64>,
    /// Its segments, by name, by number, or as they are shown (`s3`); all if none is named.
    pub segments: Vec<String>,
}

impl Default for Part {
    fn default() -> Self {
        Self { time: Window::ALL, references: Window::ALL, processes: Vec::new(), segments: Vec::new() }
    }
}

impl Part {
    /// What a slice of this part does not tell of the program.
    fn marks(&self) -> Vec<Fidelity> {
        let filtered = !self.processes.is_empty() || !self.segments.is_empty();
        let clipped = filtered || self.time != Window::ALL || self.references != Window::ALL;
        let marks = [(clipped, Fidelity::Clipped), (filtered, Fidelity::Sampled)];
        marks.into_iter().filter(|(holds, _)| *holds).map(|(_, mark)| mark).collect()
    }
}

/// What was sliced.
#[derive(Debug)]
pub struct Sliced {
    /// What was read. It ends with the window, so the counts may be those of a part.
    pub summary: Summary,
    /// References in the slice.
    pub references: u64,
    /// Records at its front that stand for what happened before.
    pub condensed: u64,
    /// What is odd about it: processes and segments that were asked for and are not there.
    pub notes: Vec<String>,
}

/// Reads a trace and hands a part of it to a sink.
///
/// # Errors
/// Those of [`read`]; when a window of time is asked of a trace without times; when no reference is in the part.
pub fn slice(
    source: &Source,
    options: &ReadOptions,
    part: &Part,
    sink: &mut dyn RecordSink,
) -> Result<Sliced, TraceError> {
    let mut slicer = Slicer::new(part, sink);
    let summary = read(source, options, &mut slicer)?;
    let unfit = |what: String, remedy: &str| TraceError::Unfit { file: source.file(), what, remedy: remedy.to_owned() };
    if slicer.lacks_times {
        return Err(unfit("the trace has no times".into(), "cut it by --references"));
    }
    if slicer.kept == 0 {
        let none = || format!("none of the {} references that were read is in the slice", slicer.position);
        let what = slicer.notes().into_iter().next().unwrap_or_else(none);
        return Err(unfit(what, "`clockhand trace stat` shows what is in the trace"));
    }
    let (references, condensed, notes) = (slicer.kept, slicer.condensed, slicer.notes());
    Ok(Sliced { summary, references, condensed, notes })
}

/// Where in the trace the reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Before,
    Inside,
    Behind,
}

/// One label of the trace.
struct Named {
    label: Label,
    /// Whether its segment is in the slice.
    kept: bool,
    /// Its number in the slice, once it was needed.
    number: Option<u32>,
}

struct Slicer<'a> {
    part: &'a Part,
    sink: &'a mut dyn RecordSink,
    labels: Vec<Named>,
    announced: u32,
    /// What is true in the whole trace.
    world: World,
    stage: Stage,
    lacks_times: bool,
    /// Whether the window of time has begun.
    in_time: bool,
    /// References so far.
    position: u64,
    /// References and condensed records handed on.
    kept: u64,
    condensed: u64,
    /// Where processes are chosen: those whose changes are kept.
    joined: FxHashSet<u64>,
    /// Likewise: the segments that live in the slice.
    shown: FxHashSet<u32>,
    seen: FxHashSet<u64>,
    last_seen: Option<u64>,
}

impl<'a> Slicer<'a> {
    fn new(part: &'a Part, sink: &'a mut dyn RecordSink) -> Self {
        Self {
            part,
            sink,
            labels: Vec::new(),
            announced: 0,
            world: World::default(),
            stage: Stage::Before,
            lacks_times: false,
            in_time: false,
            position: 0,
            kept: 0,
            condensed: 0,
            joined: part.processes.iter().copied().collect(),
            shown: FxHashSet::default(),
            seen: FxHashSet::default(),
            last_seen: None,
        }
    }

    fn chooses_processes(&self) -> bool {
        !self.part.processes.is_empty()
    }

    fn chooses(&self) -> bool {
        self.chooses_processes() || !self.part.segments.is_empty()
    }

    fn keeps_segment(&self, label: u32) -> bool {
        self.labels.get(label as usize).is_some_and(|named| named.kept)
    }

    /// Whether the changes of a process are kept.
    fn keeps_changes(&self, process: u64) -> bool {
        !self.chooses_processes() || self.joined.contains(&process)
    }

    /// Moves on from one stage to the next where the record says so.
    fn advance(&mut self, record: &Record) -> Result<(), Impossible> {
        let (time, references) = (&self.part.time, &self.part.references);
        self.in_time |= record.time >= time.0.start;
        let begun = self.in_time && self.position >= references.0.start;
        if (self.in_time && time.is_over(record.time)) || references.is_over(self.position) {
            self.stage = Stage::Behind;
        } else if begun && self.stage == Stage::Before {
            self.stage = Stage::Inside;
            self.set_up(record.time)?;
        }
        Ok(())
    }

    /// Writes what happened before the window.
    fn set_up(&mut self, time: u64) -> Result<(), Impossible> {
        let attachments = self.world.attachments();
        let attachments: Vec<(u64, u32)> = attachments
            .into_iter()
            .filter(|&(process, label)| self.keeps_changes(process) && self.keeps_segment(label))
            .collect();
        let attached: FxHashSet<u32> = attachments.iter().map(|&(_, label)| label).collect();
        let mut segments = self.world.segments();
        segments.retain(|(label, _)| self.keeps_segment(*label));
        segments.retain(|(label, _)| !self.chooses_processes() || attached.contains(label));
        for (label, segment) in &segments {
            self.create(*label, segment, time)?;
        }
        for (process, label) in attachments {
            self.attach(process, label, time)?;
        }
        if !self.chooses_processes() {
            for (label, segment) in segments.iter().filter(|(_, segment)| segment.removed) {
                self.remove(*label, segment, time)?;
            }
        }
        Ok(())
    }

    /// Writes the creation of a segment as it is now.
    fn create(&mut self, label: u32, segment: &Segment, time: u64) -> Result<(), Impossible> {
        self.shown.insert(label);
        if !segment.created {
            return Ok(());
        }
        let operation = if segment.locked { Operation::CreateLocked } else { Operation::Create };
        self.condensed += 1;
        self.emit(&Record { time, process: segment.creator, operation, segment: label, page: segment.pages })
    }

    /// Writes an attachment that was made before.
    fn attach(&mut self, process: u64, label: u32, time: u64) -> Result<(), Impossible> {
        let pages = self.world.segment(label).map_or(0, |segment| segment.pages);
        let page = if pages == Record::UNKNOWN_SIZE { 0 } else { pages };
        self.condensed += 1;
        self.emit(&Record { time, process, operation: Operation::Attach, segment: label, page })
    }

    fn remove(&mut self, label: u32, segment: &Segment, time: u64) -> Result<(), Impossible> {
        self.condensed += 1;
        let operation = Operation::Remove;
        self.emit(&Record { time, process: segment.creator, operation, segment: label, page: 0 })
    }

    /// A record inside the window.
    fn inside(&mut self, record: &Record) -> Result<(), Impossible> {
        if record.operation.is_reference() {
            let of_process = !self.chooses_processes() || self.part.processes.contains(&record.process);
            if of_process && self.keeps_segment(record.segment) {
                self.emit(record)?;
                self.kept += 1;
            }
            return Ok(());
        }
        if !self.chooses() {
            return self.emit(record);
        }
        self.chosen_change(record)?;
        for (label, segment) in self.world.apply(record) {
            // It may have been removed long ago, when processes that are not here still had it.
            if self.shown.remove(&label) && self.chooses_processes() {
                self.remove(label, &segment, record.time)?;
            }
        }
        if record.operation == Operation::Exit && !self.part.processes.contains(&record.process) {
            self.joined.remove(&record.process);
        }
        Ok(())
    }

    /// A change where only some processes or segments are kept; the world is as before it.
    fn chosen_change(&mut self, record: &Record) -> Result<(), Impossible> {
        let (process, label) = (record.process, record.segment);
        let keep = match record.operation {
            Operation::Create | Operation::CreateLocked | Operation::Remove => {
                self.keeps_segment(label) && !self.chooses_processes()
            }
            Operation::Lock | Operation::Unlock => {
                self.keeps_segment(label) && (!self.chooses_processes() || self.shown.contains(&label))
            }
            Operation::Attach => {
                let keep = self.keeps_segment(label) && self.keeps_changes(process);
                if keep
                    && self.chooses_processes()
                    && !self.shown.contains(&label)
                    && let Some(&segment) = self.world.segment(label)
                {
                    self.create(label, &segment, record.time)?;
                }
                keep
            }
            Operation::Detach => self.keeps_segment(label) && self.keeps_changes(process),
            Operation::Exit => self.keeps_changes(process) && self.has_attachments(process),
            Operation::Fork => self.keeps_changes(record.page) && self.has_attachments(process),
            Operation::Read | Operation::Write => false,
        };
        if keep && record.operation == Operation::Fork && !self.keeps_changes(process) {
            self.join(process, record.time)?;
        }
        if keep { self.emit(record) } else { Ok(()) }
    }

    /// Whether a process has a segment of the slice attached.
    fn has_attachments(&self, process: u64) -> bool {
        self.world.attached_by(process).any(|label| self.keeps_segment(label))
    }

    /// Takes in a process whose child inherits its attachments.
    fn join(&mut self, process: u64, time: u64) -> Result<(), Impossible> {
        self.joined.insert(process);
        let labels: Vec<u32> = self.world.attached_by(process).filter(|&label| self.keeps_segment(label)).collect();
        for label in labels {
            if !self.shown.contains(&label)
                && let Some(&segment) = self.world.segment(label)
            {
                self.create(label, &segment, time)?;
            }
            self.attach(process, label, time)?;
        }
        Ok(())
    }

    /// Hands a record on, with the slice's number for its label.
    fn emit(&mut self, record: &Record) -> Result<(), Impossible> {
        let mut record = *record;
        if let Some(named) = self.labels.get_mut(record.segment as usize) {
            let number = *named.number.get_or_insert_with(|| {
                self.sink.label(&named.label);
                self.announced += 1;
                self.announced - 1
            });
            record.segment = number;
        }
        self.sink.record(&record)
    }

    /// What was asked for and is not there; known only where the trace was read to its end.
    fn notes(&self) -> Vec<String> {
        if self.stage == Stage::Behind {
            return Vec::new();
        }
        let absent = self.part.processes.iter().filter(|process| !self.seen.contains(process));
        let mut notes: Vec<String> =
            absent.map(|process| format!("there is no process {process} in the trace")).collect();
        let absent =
            self.part.segments.iter().filter(|name| !self.labels.iter().any(|named| is_called(&named.label, name)));
        notes.extend(absent.map(|name| format!("there is no segment {name} in the trace")));
        notes
    }
}

/// Whether a user who types this means the label.
fn is_called(label: &Label, typed: &str) -> bool {
    match label {
        Label::Number(number) => typed.strip_prefix('s').unwrap_or(typed).parse() == Ok(*number),
        Label::Name(name) => name == typed,
    }
}

impl RecordSink for Slicer<'_> {
    fn settings(&mut self, settings: &Settings) {
        self.lacks_times = self.part.time != Window::ALL && !settings.has_time;
        let mut settings = settings.clone();
        for mark in self.part.marks() {
            if !settings.fidelity.contains(&mark) {
                settings.fidelity.push(mark);
            }
        }
        self.sink.settings(&settings);
    }

    fn label(&mut self, label: &Label) {
        let named = &self.part.segments;
        let kept = named.is_empty() || named.iter().any(|typed| is_called(label, typed));
        self.labels.push(Named { label: label.clone(), kept, number: None });
    }

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        if self.lacks_times {
            return Err(Impossible::enough());
        }
        if self.last_seen != Some(record.process) && self.chooses_processes() {
            self.seen.insert(record.process);
            self.last_seen = Some(record.process);
        }
        self.advance(record)?;
        match self.stage {
            Stage::Before => drop(self.world.apply(record)),
            Stage::Inside => self.inside(record)?,
            Stage::Behind => return Err(Impossible::enough()),
        }
        self.position += u64::from(record.operation.is_reference());
        Ok(())
    }

    fn has_enough(&self) -> bool {
        self.lacks_times || self.stage == Stage::Behind || self.sink.has_enough()
    }
}
