//! From addresses of processes to segments and pages: which references fall into a shared mapping, and which page of
//! which segment that is.
//!
//! Readers of formats with raw addresses tell an [`AddressSpaces`] what they read (calls, mappings, references), in order;
//! it makes the records. What a line looks like is never known here, nor what a record means to the memory model.
//!
//! - References inside a shared mapping go to its segment; the rest is left out. The records are such that the sink
//!   agrees: whatever a real program did is never refused.
//! - With `private`, the rest is kept too: each region of private memory of a process is a segment of one sharer, named
//!   `private:PROCESS@ADDRESS`, which goes with the process. Pages are of one region where less than 1 MiB lies between
//!   them, the gap that the kernel keeps below a stack. Regions are known only at the end, so all references are kept
//!   until then, in 4 bytes each (see `kept`). A child has a copy of its parent's private memory: segments of its own.
//! - Where the trace names no shared mapping at all, each process has its own segment (`super::flat`, which also cuts it
//!   and deals it to sharers). That is known only at the end; until the first mapping, references are kept.
//! - A mapping of unknown size ends where the next mapping of the process begins, and after 64 GiB. A mapping never goes
//!   beyond the end of a segment of known size. Segments with a number are those of System V: they have one size, and
//!   mappings of them that begin at their first byte are whole. Other segments (files, anonymous memory) are as large as
//!   the largest mapping.
//!
//! `calls` follows the mappings, `references` what lies in them, `kept` holds what has to wait.

mod calls;
mod kept;
mod references;
mod segments;
mod space;

use rustc_hash::FxHashMap;

use super::error::{At, TraceError, printable};
use super::flat::Flat;
use super::reading::Reading;
use super::{AddressOptions, Cut, Fidelity, Label, Operation, Record, Settings};
use kept::Kept;
use segments::Segments;
use space::Space;

/// The process of formats that know no processes.
pub const PROCESS: u64 = 1;

/// Where in a file something is said, and the text that says it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'l> {
    /// The line or byte.
    pub at: At,
    /// The text.
    pub text: &'l [u8],
}

/// A reference of a process to some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressReference {
    /// The process.
    pub process: u64,
    /// The first byte.
    pub address: u64,
    /// How many bytes; where they lie in several pages, each is referenced.
    pub bytes: u64,
    /// Whether it writes.
    pub write: bool,
}

/// A shared mapping that is known from elsewhere: a log of system calls, a list of a process's mappings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideMapping {
    /// The process that has it; none for every process of the trace.
    pub process: Option<u64>,
    /// Its first byte.
    pub address: u64,
    /// How many bytes; none where that is not known.
    pub bytes: Option<u64>,
    /// The byte of the segment at its first byte.
    pub offset: u64,
    /// The segment.
    pub label: Label,
    /// Bytes of the segment; none where that is not known.
    pub segment_bytes: Option<u64>,
}

/// A process of the trace.
#[derive(Debug)]
struct Process {
    id: u64,
    space: Space,
    /// Whether any record names it.
    is_told: bool,
    /// The number that what is kept has for its private memory.
    private: Option<u32>,
    /// Those for the segments that it has mapped, and the last of them.
    shared: FxHashMap<u32, u32>,
    last_shared: Option<(u32, u32)>,
}

/// How far it is known what becomes of references.
enum Stage {
    /// No mapping was named yet: references are kept, and given up with the first.
    Unmapped(Box<Kept>),
    /// Everything is kept until regions of private memory are known.
    Private(Box<Kept>),
    /// Records are handed on as they are made.
    Direct,
    /// No mapping will be named.
    Flat(Box<Flat>),
}

/// The shared mappings of all processes, as they are at this point of the trace.
pub struct AddressSpaces {
    page_size: u64,
    shift: u32,
    time: u64,
    settings: Settings,
    /// Whether the format names mappings at all.
    names_mappings: bool,
    stage: Stage,
    /// Whether any mapping was named.
    is_mapped: bool,
    numbers: FxHashMap<u64, u32>,
    last: Option<(u64, u32)>,
    processes: Vec<Process>,
    segments: Segments,
    side: FxHashMap<Option<u64>, Vec<SideMapping>>,
    /// How many anonymous segments a process has made at an address.
    anonymous: FxHashMap<(u64, u64), u64>,
}

impl AddressSpaces {
    /// No process has anything mapped but what side files say. `settings` is what the format says of the trace; page size
    /// and what is found out about fidelity are added to it.
    pub fn new(reading: &mut Reading<'_>, settings: &Settings) -> Self {
        let options = reading.addresses();
        let shift = options.page_size.trailing_zeros();
        let settings = Settings { page_size: options.page_size, ..settings.clone() };
        let stage = if options.private {
            Stage::Private(Box::new(Kept::new(shift, settings.has_time)))
        } else {
            // Cuts may look at bits of the address that are below the page.
            let low = if let Cut::Bits { low, .. } = options.cut { low } else { shift };
            Stage::Unmapped(Box::new(Kept::new(shift.min(low), settings.has_time)))
        };
        let mut spaces = Self {
            page_size: options.page_size,
            shift,
            time: 0,
            settings,
            names_mappings: true,
            stage,
            is_mapped: false,
            numbers: FxHashMap::default(),
            last: None,
            processes: Vec::new(),
            segments: Segments::default(),
            side: FxHashMap::default(),
            anonymous: FxHashMap::default(),
        };
        spaces.know(reading.take_side_mappings());
        spaces
    }

    /// As [`AddressSpaces::new`] for formats that have references alone: unless mappings are [known](Self::know) from
    /// elsewhere, nothing is kept.
    pub fn of_references(reading: &mut Reading<'_>, settings: &Settings) -> Self {
        Self { names_mappings: false, ..Self::new(reading, settings) }
    }

    /// Mappings that are known from elsewhere: each is there from the first word of its process on. To be called before
    /// anything else. In a trace without processes (all is of [`PROCESS`]) mappings of one process are the trace's.
    pub fn know(&mut self, mappings: Vec<SideMapping>) {
        let first = mappings.first().map(|mapping| mapping.process);
        let is_of_one = mappings.iter().all(|mapping| Some(mapping.process) == first);
        for mapping in mappings {
            self.side.entry(mapping.process).or_default().push(mapping);
        }
        if let Some(process) = first.filter(|_| is_of_one)
            && let Some(mappings) = self.side.get(&process).cloned()
            && !self.side.contains_key(&Some(PROCESS))
            && process.is_some()
        {
            self.side.insert(Some(PROCESS), mappings);
        }
    }

    /// The time of what follows.
    pub fn set_time(&mut self, time: u64) {
        self.time = time;
    }

    /// Whether a segment exists and its size is known.
    pub fn knows_size(&mut self, label: &Label) -> bool {
        let Some(segment) = self.segments.find(label) else { return false };
        let segment = self.segments.get(segment);
        segment.exists() && segment.bytes.is_some()
    }

    /// The trace is at its end: what was kept is handed on.
    ///
    /// # Errors
    /// When the sink refuses a record, unless the reading is lenient.
    pub fn finish(mut self, reading: &mut Reading<'_>) -> Result<(), TraceError> {
        if !self.is_mapped && !self.side.is_empty() {
            reading
                .note("no process of the trace is in the files of --maps, so nothing is known to be shared".to_owned());
        }
        match self.stage {
            Stage::Direct => Ok(()),
            Stage::Flat(flat) => flat.finish(reading),
            Stage::Unmapped(kept) => kept.finish_flat(reading, &self.settings),
            Stage::Private(kept) => {
                if !self.is_mapped && asks_for_flat(reading.addresses()) {
                    return kept.finish_flat(reading, &self.settings);
                }
                if !self.is_mapped {
                    self.settings.fidelity.push(Fidelity::NoMappings);
                }
                reading.settings(&self.settings);
                self.segments.announce(reading);
                kept.finish_private(reading, &mut self.segments)
            }
        }
    }

    /// The first mapping is named: from now on everything is handed on.
    fn begin(&mut self, reading: &mut Reading<'_>) -> Result<(), TraceError> {
        let Stage::Unmapped(kept) = std::mem::replace(&mut self.stage, Stage::Direct) else { return Ok(()) };
        reading.settings(&self.settings);
        self.segments.announce(reading);
        kept.finish_changes(reading)
    }

    /// The place of a process among all; on its first appearance it gets the mappings that are known from elsewhere.
    fn process(&mut self, reading: &mut Reading<'_>, place: Place<'_>, process: u64) -> Result<usize, TraceError> {
        if let Some(&known) = self.numbers.get(&process) {
            self.last = Some((process, known));
            return Ok(known as usize);
        }
        let number = self.number(process);
        self.map_known(reading, place, process)?;
        self.last = Some((process, number as u32));
        Ok(number)
    }

    fn number(&mut self, process: u64) -> usize {
        let next = self.processes.len() as u32;
        let number = *self.numbers.entry(process).or_insert(next);
        if number == next {
            self.processes.push(Process::new(process));
        }
        number as usize
    }

    /// Maps what is known from elsewhere of a process, unless it has inherited it.
    fn map_known(&mut self, reading: &mut Reading<'_>, place: Place<'_>, process: u64) -> Result<(), TraceError> {
        if self.side.is_empty() {
            return Ok(());
        }
        let known = [None, Some(process)].into_iter().filter_map(|of| self.side.get(&of)).flatten();
        for mapping in known.cloned().collect::<Vec<_>>() {
            let SideMapping { address, bytes, offset, label, segment_bytes, .. } = mapping;
            let index = self.number(process);
            if self.segments.find(&label).is_some_and(|segment| self.processes[index].space.maps(segment, address)) {
                continue;
            }
            if segment_bytes.is_some() {
                self.create(reading, place, process, &label, segment_bytes)?;
            }
            self.attach(reading, place, process, &label, address, bytes, offset)?;
        }
        Ok(())
    }

    fn record(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        operation: Operation,
        process: u64,
        segment: u32,
        page: u64,
    ) -> Result<(), TraceError> {
        let record = Record { time: self.time, process, operation, segment, page };
        match &mut self.stage {
            Stage::Direct => reading.record(&record, place.at, || printable(place.text)),
            Stage::Unmapped(kept) | Stage::Private(kept) => {
                kept.change(place.at, record);
                Ok(())
            }
            // Without mappings there is nothing that could change.
            Stage::Flat(_) => Ok(()),
        }
    }
}

/// Whether the user asks for what only traces without mappings can do.
fn asks_for_flat(options: &AddressOptions) -> bool {
    options.cut != Cut::Whole || options.sharers > 1
}

impl Process {
    fn new(id: u64) -> Self {
        Self {
            id,
            space: Space::default(),
            is_told: false,
            private: None,
            shared: FxHashMap::default(),
            last_shared: None,
        }
    }
}
