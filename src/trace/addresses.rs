//! From addresses of processes to segments and pages: which references fall into a shared mapping, and which page of
//! which segment that is.
//!
//! Readers of formats with raw addresses tell an [`AddressSpaces`] what they read (calls, mappings, references), in order;
//! it makes the records. What a line looks like is never known here, nor what a record means to the memory model.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::error::{At, TraceError, printable};
use super::reading::Reading;
use super::{Label, Operation, Record, Settings};

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

/// A shared mapping of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mapping {
    /// One past its last byte.
    end: u64,
    /// Its segment, by label number.
    segment: u32,
    /// The page of the segment that its first byte is in.
    first_page: u64,
}

/// The shared mappings of all processes, as they are at this point of the trace.
#[derive(Debug)]
pub struct AddressSpaces {
    page_size: u64,
    time: u64,
    /// By process, then by first address.
    mappings: FxHashMap<u64, BTreeMap<u64, Mapping>>,
    labels: FxHashMap<Label, u32>,
    /// The segments that exist, by label number, with their sizes in pages where known.
    sizes: FxHashMap<u32, u64>,
}

impl AddressSpaces {
    /// No process has anything mapped. `settings` is what the format says of the trace; page size and what is found out
    /// about fidelity are added to it.
    pub fn new(reading: &mut Reading<'_>, settings: &Settings) -> Self {
        let page_size = reading.addresses().page_size;
        reading.settings(&Settings { page_size, ..settings.clone() });
        Self {
            page_size,
            time: 0,
            mappings: FxHashMap::default(),
            labels: FxHashMap::default(),
            sizes: FxHashMap::default(),
        }
    }

    /// The time of what follows.
    pub fn set_time(&mut self, time: u64) {
        self.time = time;
    }

    /// A segment comes into being (shmget), or is found to exist; `bytes` where its size is known. Nothing happens where
    /// it exists and its size is known or not told.
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
        let segment = self.label(reading, label);
        if self.sizes.contains_key(&segment) {
            return Ok(());
        }
        let pages = bytes.map_or(Record::UNKNOWN_SIZE, |bytes| bytes.div_ceil(self.page_size).max(1));
        self.sizes.insert(segment, pages);
        self.record(reading, place, Operation::Create, process, segment, pages)
    }

    /// A process maps a segment (shmat, mmap) at an address, over so many bytes where known, from byte `offset` of it on.
    /// Mappings that were there are replaced.
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
        self.create(reading, place, process, label, bytes.map(|bytes| bytes.saturating_add(offset)))?;
        let segment = self.label(reading, label);
        let size = self.sizes.get(&segment).copied().filter(|&pages| pages != Record::UNKNOWN_SIZE);
        let bytes = bytes.or(size.map(|pages| pages.saturating_mul(self.page_size))).unwrap_or(u64::MAX);
        let mapping = Mapping { end: address.saturating_add(bytes), segment, first_page: offset / self.page_size };
        self.mappings.entry(process).or_default().insert(address, mapping);
        self.record(reading, place, Operation::Attach, process, segment, size.unwrap_or(0))
    }

    /// A process ends the mapping that begins at an address (shmdt). Nothing happens where none does.
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
        let Some(mapping) = self.mappings.get_mut(&process).and_then(|space| space.remove(&address)) else {
            return Ok(());
        };
        self.record(reading, place, Operation::Detach, process, mapping.segment, 0)
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
        let segment = self.label(reading, label);
        if !self.sizes.contains_key(&segment) {
            return Ok(());
        }
        if operation == Operation::Remove {
            self.sizes.remove(&segment);
        }
        self.record(reading, place, operation, process, segment, 0)
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
        let copy = self.mappings.get(&parent).cloned().unwrap_or_default();
        self.mappings.insert(child, copy);
        self.record(reading, place, Operation::Fork, parent, Record::NO_SEGMENT, child)
    }

    /// A process ends.
    ///
    /// # Errors
    /// When the sink refuses the record, unless the reading is lenient.
    pub fn exit(&mut self, reading: &mut Reading<'_>, place: Place<'_>, process: u64) -> Result<(), TraceError> {
        self.mappings.remove(&process);
        self.record(reading, place, Operation::Exit, process, Record::NO_SEGMENT, 0)
    }

    /// A process refers to some bytes. What is in no shared mapping is left out.
    ///
    /// # Errors
    /// When the sink refuses a record, unless the reading is lenient.
    pub fn reference(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        reference: AddressReference,
    ) -> Result<(), TraceError> {
        let AddressReference { process, address, bytes, write } = reference;
        let Some(space) = self.mappings.get(&process) else { return Ok(()) };
        let Some((&start, &mapping)) = space.range(..=address).next_back() else { return Ok(()) };
        if address >= mapping.end {
            return Ok(());
        }
        let last = address.saturating_add(bytes.max(1) - 1).min(mapping.end - 1);
        let operation = if write { Operation::Write } else { Operation::Read };
        for page in (address - start) / self.page_size..=(last - start) / self.page_size {
            self.record(reading, place, operation, process, mapping.segment, mapping.first_page + page)?;
        }
        Ok(())
    }

    /// The trace is at its end.
    ///
    /// # Errors
    /// When the sink refuses a record, unless the reading is lenient.
    pub fn finish(self, _reading: &mut Reading<'_>) -> Result<(), TraceError> {
        Ok(())
    }

    fn label(&mut self, reading: &mut Reading<'_>, label: &Label) -> u32 {
        if let Some(&known) = self.labels.get(label) {
            return known;
        }
        let next = self.labels.len() as u32;
        self.labels.insert(label.clone(), next);
        reading.label(label);
        next
    }

    fn record(
        &self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        operation: Operation,
        process: u64,
        segment: u32,
        page: u64,
    ) -> Result<(), TraceError> {
        let record = Record { time: self.time, process, operation, segment, page };
        reading.record(&record, place.at, || printable(place.text))
    }
}
