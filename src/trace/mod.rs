//! Reading and writing traces: one file a format, one row a format in [`FORMATS`].
//!
//! A reader turns a file into [`Record`]s and pushes them, in order, into a [`RecordSink`]. Nothing here knows what a
//! record means to the memory model: whether a process may refer to a page is decided by the sink
//! ([`crate::resolve::Resolver`]), and the reader adds file, line and text to the sink's refusal.

/// What a record does. The names are those of the `op` column of the csv format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Operation {
    /// A segment is created with `page` pages (shmget).
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

impl Record {
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
}
