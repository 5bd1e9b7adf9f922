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
//!   until then, in 4 bytes each (see [`kept`]). A child has a copy of its parent's private memory: segments of its own.
//! - Where the trace names no shared mapping at all, each process has its own segment ([`super::flat`], which also cuts it
//!   and deals it to sharers). That is known only at the end; until the first mapping, references are kept.
//! - A mapping of unknown size ends where the next mapping of the process begins, and after 64 GiB. A mapping never goes beyond the end of a
//!   segment of known size. Segments with a number are those of System V: they have one size, and mappings of them that
//!   begin at their first byte are whole. Other segments (files, anonymous memory) are as large as the largest mapping.

mod kept;
mod segments;
mod space;

use rustc_hash::FxHashMap;

use super::error::{At, TraceError, printable};
use super::flat::{Flat, FlatReference, LONGEST, Numbers};
use super::reading::Reading;
use super::{AddressOptions, Cut, Fidelity, Label, Operation, Record, Settings};
use kept::{Kept, Owner};
use segments::Segments;
use space::{Area, Space, Target};

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
        segment.exists && segment.bytes.is_some()
    }

    /// A segment comes into being (shmget), or is found to exist; `bytes` where its size is known. Where it exists, at
    /// most its size is learned.
    ///
    /// # Errors
    /// When the sink refuses the record, unless the reading is lenient.
    pub fn create(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        process: u64,
        label: &Label,
        bytes: Option<u64>,
    ) -> Result<(), TraceError> {
        self.make(reading, place, process, label, bytes, true)
    }

    fn make(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        process: u64,
        label: &Label,
        bytes: Option<u64>,
        is_sized: bool,
    ) -> Result<(), TraceError> {
        let number = self.segments.number(reading, label);
        let segment = self.segments.get(number);
        if let Some(bytes) = bytes.filter(|&bytes| bytes > 0) {
            segment.tell(bytes);
        }
        if segment.exists {
            return Ok(());
        }
        let page = segment.create(is_sized, self.page_size);
        self.record(reading, place, Operation::Create, process, number, page)
    }

    /// A process maps a segment (shmat, mmap) at an address, over so many bytes where known, from byte `offset` of it on.
    /// Mappings that were there are replaced. The segment is created where it does not exist.
    ///
    /// # Errors
    /// When the sink refuses a record, unless the reading is lenient.
    #[allow(clippy::too_many_arguments)]
    pub fn attach(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        process: u64,
        label: &Label,
        address: u64,
        bytes: Option<u64>,
        offset: u64,
    ) -> Result<(), TraceError> {
        self.is_mapped = true;
        if matches!(self.stage, Stage::Unmapped(_)) {
            self.begin(reading)?;
        }
        let index = self.process(reading, place, process)?;
        let bytes = bytes.filter(|&bytes| bytes > 0);
        let is_whole = matches!(label, Label::Number(_)) && offset == 0;
        let end = bytes.map(|bytes| bytes.saturating_add(offset));
        self.make(reading, place, process, label, end, is_whole)?;
        let number = self.segments.number(reading, label);
        let segment = self.segments.get(number);
        let mapped = segment.mapped(offset, bytes);
        segment.attachments += 1;
        segment.is_unbounded |= mapped.is_none();
        let pages = segment.told_pages(self.page_size);
        self.processes[index].is_told = true;
        self.record(reading, place, Operation::Attach, process, number, pages)?;
        if mapped == Some(0) {
            // Beyond the end of the segment: nothing to refer to.
            return Ok(());
        }
        let last = mapped.map(|bytes| address.saturating_add(bytes - 1));
        let gone = self.processes[index].space.map(number, Target { address, last, byte: offset });
        self.ended(reading, place, process, &gone)
    }

    /// A process maps anonymous memory that it shares with its children. It is a segment of its own, named after process
    /// and address, and gone with its last mapping.
    ///
    /// # Errors
    /// When the sink refuses a record, unless the reading is lenient.
    pub fn attach_anonymous(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        process: u64,
        address: u64,
        bytes: u64,
    ) -> Result<(), TraceError> {
        let times = self.anonymous.entry((process, address)).or_default();
        *times += 1;
        let again = if *times > 1 { format!("#{times}") } else { String::new() };
        let label = Label::Name(format!("anonymous:{process}@{address:x}{again}"));
        self.make(reading, place, process, &label, Some(bytes), true)?;
        self.attach(reading, place, process, &label, address, Some(bytes), 0)?;
        self.control(reading, place, process, &label, Operation::Remove)
    }

    /// A process ends the mapping that was made at an address (shmdt). Nothing happens where none was.
    ///
    /// # Errors
    /// When the sink refuses the record, unless the reading is lenient.
    pub fn detach(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        process: u64,
        address: u64,
    ) -> Result<(), TraceError> {
        let index = self.process(reading, place, process)?;
        match self.processes[index].space.unmap_attachment(address) {
            Some(segment) => self.ended(reading, place, process, &[segment]),
            None => Ok(()),
        }
    }

    /// A process ends whatever it has mapped in so many bytes from an address on (munmap, and what replaces mappings).
    /// Mappings end when nothing is left of them.
    ///
    /// # Errors
    /// When the sink refuses a record, unless the reading is lenient.
    pub fn unmap(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        process: u64,
        address: u64,
        bytes: u64,
    ) -> Result<(), TraceError> {
        let index = self.process(reading, place, process)?;
        let space = &mut self.processes[index].space;
        if bytes == 0 || space.is_empty() {
            return Ok(());
        }
        let gone = space.unmap(address, address.saturating_add(bytes - 1));
        self.ended(reading, place, process, &gone)
    }

    /// A segment is removed, locked or unlocked (shmctl): `operation` says which. Nothing happens where it is not known.
    ///
    /// # Errors
    /// When the sink refuses the record, unless the reading is lenient.
    pub fn control(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        process: u64,
        label: &Label,
        operation: Operation,
    ) -> Result<(), TraceError> {
        let Some(number) = self.segments.find(label) else { return Ok(()) };
        let segment = self.segments.get(number);
        if !segment.exists {
            return Ok(());
        }
        if operation == Operation::Remove {
            if segment.is_removed {
                return Ok(());
            }
            segment.is_removed = true;
            segment.exists = segment.attachments > 0;
        }
        self.record(reading, place, operation, process, number, 0)
    }

    /// A process forks: the child has its mappings.
    ///
    /// # Errors
    /// When the sink refuses the record, unless the reading is lenient.
    pub fn fork(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        parent: u64,
        child: u64,
    ) -> Result<(), TraceError> {
        if parent == child {
            return Ok(());
        }
        let from = self.process(reading, place, parent)?;
        if let Some(&known) = self.numbers.get(&child)
            && !self.processes[known as usize].space.is_empty()
        {
            // The process of that number before it ended without a word.
            self.exit(reading, place, child)?;
        }
        let to = self.number(child);
        let copy = self.processes[from].space.clone();
        copy.segments().for_each(|segment| self.segments.get(segment).attachments += 1);
        self.processes[from].is_told = true;
        self.processes[to] = Process { is_told: true, space: copy, ..Process::new(child) };
        self.record(reading, place, Operation::Fork, parent, Record::NO_SEGMENT, child)?;
        self.map_known(reading, place, child)
    }

    /// A process runs another program: nothing is mapped any more but what is known from elsewhere.
    ///
    /// # Errors
    /// When the sink refuses a record, unless the reading is lenient.
    pub fn exec(&mut self, reading: &mut Reading<'_>, place: Place<'_>, process: u64) -> Result<(), TraceError> {
        let Some(&index) = self.numbers.get(&process) else { return Ok(()) };
        let before = &mut self.processes[index as usize];
        let gone: Vec<u32> = before.space.segments().collect();
        *before = Process { is_told: before.is_told, ..Process::new(process) };
        self.ended(reading, place, process, &gone)?;
        self.map_known(reading, place, process)
    }

    /// A process ends.
    ///
    /// # Errors
    /// When the sink refuses the record, unless the reading is lenient.
    pub fn exit(&mut self, reading: &mut Reading<'_>, place: Place<'_>, process: u64) -> Result<(), TraceError> {
        let Some(&index) = self.numbers.get(&process) else { return Ok(()) };
        let before = std::mem::replace(&mut self.processes[index as usize], Process::new(process));
        before.space.segments().for_each(|segment| self.segments.get(segment).detach());
        if !before.is_told && before.private.is_none() {
            return Ok(());
        }
        self.record(reading, place, Operation::Exit, process, Record::NO_SEGMENT, 0)
    }

    /// A process refers to some bytes.
    ///
    /// # Errors
    /// When it is too long, or the sink refuses a record, unless the reading is lenient.
    #[inline]
    pub fn reference(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        reference: AddressReference,
    ) -> Result<(), TraceError> {
        let index = match self.last {
            Some((process, index)) if process == reference.process => index as usize,
            _ => self.process(reading, place, reference.process)?,
        };
        let last = reference.address.saturating_add(reference.bytes.max(1) - 1);
        let area = self.processes[index].space.find(reference.address);
        if area.contains(last) || reference.address == last {
            return self.inside(reading, place, index, area, reference, last);
        }
        self.across(reading, place, index, reference, last)
    }

    /// A reference that lies in several areas.
    #[cold]
    fn across(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        index: usize,
        reference: AddressReference,
        last: u64,
    ) -> Result<(), TraceError> {
        let mut address = reference.address;
        loop {
            let area = self.processes[index].space.find(address);
            let until = area.last().max(address).min(last);
            self.inside(reading, place, index, area, AddressReference { address, ..reference }, until)?;
            if until == last {
                return Ok(());
            }
            address = until + 1;
        }
    }

    /// A reference of a process to the addresses up to `last`, all in one area.
    #[inline]
    fn inside(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        index: usize,
        area: Area,
        reference: AddressReference,
        last: u64,
    ) -> Result<(), TraceError> {
        let AddressReference { process, address, write, .. } = reference;
        if (last - address) >> self.shift >= LONGEST {
            let what = format!("the reference is to more than {LONGEST} pages");
            return reading.bad(place.at, place.text, what, "is this trace of this format?");
        }
        let Some((segment, byte)) = area.at(address) else {
            return self.outside(reading, place, index, reference, last);
        };
        let pages = byte >> self.shift..=(byte + (last - address)) >> self.shift;
        if let Stage::Private(kept) = &mut self.stage {
            let owner = self.processes[index].shared_owner(kept, segment);
            let kept = pages.into_iter().try_for_each(|page| kept.reference(place.at, owner, page, write, self.time));
            return kept.or_else(|what| reading.bad(place.at, place.text, what, TOO_MANY));
        }
        let operation = if write { Operation::Write } else { Operation::Read };
        for page in pages {
            let record = Record { time: self.time, process, operation, segment, page };
            reading.record(&record, place.at, || printable(place.text))?;
        }
        Ok(())
    }

    /// A reference to addresses that are not mapped to any segment.
    #[inline]
    fn outside(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        index: usize,
        reference: AddressReference,
        last: u64,
    ) -> Result<(), TraceError> {
        let AddressReference { process, address, write, .. } = reference;
        match &mut self.stage {
            Stage::Direct => Ok(()),
            Stage::Flat(flat) => {
                let count = last - address + 1;
                let reference = FlatReference { process, number: address, count, write, time: self.time };
                flat.reference(reading, place.at, place.text, reference)
            }
            Stage::Unmapped(_) if !self.names_mappings && self.side.is_empty() => {
                self.stage = Stage::Flat(Box::new(Flat::new(reading, &self.settings, Numbers::Addresses)));
                self.outside(reading, place, index, reference, last)
            }
            Stage::Unmapped(kept) | Stage::Private(kept) => {
                let owner = self.processes[index].private_owner(kept);
                let mut pages = address >> self.shift..=last >> self.shift;
                let kept = pages.try_for_each(|page| {
                    let from = address.max(page << self.shift) >> kept.shift();
                    kept.reference(place.at, owner, from, write, self.time)
                });
                kept.or_else(|what| reading.bad(place.at, place.text, what, TOO_MANY))
            }
        }
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

    /// Mappings of these segments ended in a process.
    fn ended(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        process: u64,
        gone: &[u32],
    ) -> Result<(), TraceError> {
        gone.iter().try_for_each(|&segment| {
            self.segments.get(segment).detach();
            self.record(reading, place, Operation::Detach, process, segment, 0)
        })
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

const TOO_MANY: &str = "without --private, fewer are kept";

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

    /// The number that what is kept has for its private memory.
    fn private_owner(&mut self, kept: &mut Kept) -> u32 {
        *self.private.get_or_insert_with(|| kept.owner(Owner { process: self.id, segment: None }))
    }

    /// The number that what is kept has for a segment that it has mapped.
    fn shared_owner(&mut self, kept: &mut Kept, segment: u32) -> u32 {
        if let Some((last, owner)) = self.last_shared
            && last == segment
        {
            return owner;
        }
        let id = self.id;
        let owner =
            *self.shared.entry(segment).or_insert_with(|| kept.owner(Owner { process: id, segment: Some(segment) }));
        self.last_shared = Some((segment, owner));
        owner
    }
}
