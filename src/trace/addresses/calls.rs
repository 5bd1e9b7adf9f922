//! What system calls do to the mappings: each becomes the records that make the sink agree.
//!
//! References are not looked at here.

use super::segments::Life;
use super::space::Target;
use super::{AddressSpaces, Place, Process, Stage};
use crate::trace::error::TraceError;
use crate::trace::reading::Reading;
use crate::trace::{Label, Operation, Record};

impl AddressSpaces {
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
        if segment.exists() {
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

    /// A process moves the mapping at an address, or gives it another size (mremap).
    ///
    /// # Errors
    /// When the sink refuses a record, unless the reading is lenient.
    pub fn remap(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        process: u64,
        [address, bytes]: [u64; 2],
        [to, to_bytes]: [u64; 2],
    ) -> Result<(), TraceError> {
        let index = self.process(reading, place, process)?;
        if let Some((segment, byte)) = self.processes[index].space.find(address).at(address) {
            let label = self.segments.label(segment).clone();
            // The new one first: a segment marked for destruction goes with its last mapping.
            self.attach(reading, place, process, &label, to, Some(to_bytes), byte)?;
        } else {
            self.unmap(reading, place, process, to, to_bytes)?;
        }
        if to == address {
            self.unmap(reading, place, process, to.saturating_add(to_bytes), bytes.saturating_sub(to_bytes))
        } else {
            self.unmap(reading, place, process, address, bytes)
        }
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
        if !segment.exists() {
            return Ok(());
        }
        if operation == Operation::Remove {
            if segment.life == Life::Removed {
                return Ok(());
            }
            segment.remove();
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
}
