//! From the records of a trace to a [`Program`]: the [`RecordSink`] that every reader can fill.
//!
//! It refuses what can't have happened (a reference to a segment that is not attached, a page past the end), finds the
//! attachment of every reference once and for all, numbers the pages that are referenced, and packs the references. No
//! policy and no memory size is known here. Memory grows with references and distinct pages, never with the size that a
//! segment claims.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use crate::available_memory::{Room, Shortage};
use crate::ids::{Column, ProcessNumber, SegmentNumber};
use crate::kernel::encoding;
use crate::kernel::segments::SegmentTable;
use crate::packing::ReferenceBuilder;
use crate::page_numbers::{Numbered, PageNumbers};
use crate::program::{Change, Control, Counts, Packing, Program, Reference, References, Segment};
use crate::runs::Collapsed;
use crate::sampling::sampler::Sampler;
use crate::sampling::{SampleOptions, Samples, Whole};
use crate::trace::{Batch, Impossible, Label, Operation, Record, RecordSink, Settings, Turn, Words};
use crate::translation::Translation;

/// Attachments that one segment can have at a time.
const MOST_ATTACHMENTS: u32 = 1 << 16;
/// Places of the cache of attachments found, a power of two.
const CACHE: usize = 64;
/// References that are taken at once in bulk: where one was new, and where all are known.
const LEAST_AT_ONCE: u32 = 16;
/// See [`LEAST_AT_ONCE`].
const MOST_AT_ONCE: u32 = 4096;
/// Bytes that the tables of pages take while a trace is read, for each page: those here and those of a reader.
const BYTES_A_PAGE: u64 = 48;
/// Pages for which room is not asked for.
const FEW_PAGES: u32 = 1 << 20;

/// Which limits of the kernel apply (R10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    /// Those of Linux 2.0: 128 segments at a time, 8,192 pages each.
    Kernel,
    /// None but those of the program's own numbers.
    None,
}

/// How a trace is resolved.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResolveOptions {
    /// Create and attach segments on first use, for traces that began late.
    pub implicit_attach: bool,
    /// Keep the time of each reference, 8 bytes each.
    pub keep_times: bool,
    /// Which limits apply; none is the kernel's for event scripts, and no limits otherwise.
    pub limits: Option<Limits>,
    /// Keep samples of the pages only, and no times. The resolver is then to be finished with [`Resolver::finish_samples`].
    pub sample: Option<SampleOptions>,
    /// The most bytes that the process may take.
    pub memory_limit: Option<u64>,
}

/// What is known of a segment before all references are.
#[derive(Debug)]
struct Draft {
    label: u32,
    /// None where no record tells it.
    size: Option<u64>,
    /// Whether its creation did not tell it: then each attachment may, and it grows with them.
    grows: bool,
}

/// Takes the records of a trace and makes a [`Program`] of them.
#[derive(Debug)]
pub struct Resolver {
    options: ResolveOptions,
    settings: Settings,
    labels: Vec<Label>,
    /// The segment that each label stood for last.
    current: Vec<Option<SegmentNumber>>,
    drafts: Vec<Draft>,
    table: SegmentTable,
    processes: Vec<u64>,
    process_numbers: FxHashMap<u64, ProcessNumber>,
    last_process: Option<(u64, ProcessNumber)>,
    /// Attachments found since the last change, by process and label.
    found: [Option<Found>; CACHE],
    /// Pages and attachments found, for references in bulk.
    translation: Translation,
    pages: PageNumbers,
    references: ReferenceBuilder,
    changes: Vec<Change>,
    times: Vec<u64>,
    /// In place of references and changes where only samples are wanted.
    sampler: Option<Sampler>,
    counts: Counts,
    room: Room,
    /// Pages for which there is room.
    room_for: u32,
    /// For what there is no room, which ends the reading.
    shortage: Option<Shortage>,
}

/// The attachment of a process to the segment that a label stands for.
#[derive(Clone, Copy, Debug)]
struct Found {
    process: u64,
    label: u32,
    segment: SegmentNumber,
    column: Column,
    size: Option<u64>,
}

impl Resolver {
    /// A resolver that has seen nothing yet.
    pub fn new(options: ResolveOptions) -> Self {
        let room = Room { limit: options.memory_limit };
        let keep_times = options.keep_times && options.sample.is_none();
        Self {
            options: ResolveOptions { keep_times, ..options },
            settings: Settings::default(),
            labels: Vec::new(),
            current: Vec::new(),
            drafts: Vec::new(),
            table: SegmentTable::default(),
            processes: Vec::new(),
            process_numbers: FxHashMap::default(),
            last_process: None,
            found: [None; CACHE],
            translation: Translation::default(),
            pages: PageNumbers::default(),
            references: ReferenceBuilder::new(room),
            changes: Vec::new(),
            times: Vec::new(),
            sampler: options.sample.map(|sample| Sampler::new(sample, room)),
            counts: Counts::default(),
            room,
            room_for: FEW_PAGES,
            shortage: None,
        }
    }

    /// For what there was no room, if that is why the resolver has enough.
    pub fn take_shortage(&mut self) -> Option<Shortage> {
        self.shortage.take()
    }

    /// The program of all records taken.
    pub fn finish(mut self) -> Program {
        // What is not needed any more goes before there is more.
        self.translation = Translation::default();
        let numbered = std::mem::take(&mut self.pages).finish(self.drafts.len());
        let builder = std::mem::replace(&mut self.references, ReferenceBuilder::new(self.room));
        let references = builder.finish(&numbered.order);
        let times = self.options.keep_times.then(|| std::mem::take(&mut self.times));
        let changes = std::mem::take(&mut self.changes);
        Program { times, ..self.program(numbered, references, changes, self.counts) }
    }

    /// The samples of all records taken.
    ///
    /// # Errors
    /// The resolver itself, which is to be finished with [`Resolver::finish`], where no samples were asked for.
    pub fn finish_samples(mut self) -> Result<Samples, Box<Self>> {
        let Some(mut sampler) = self.sampler.take() else { return Err(Box::new(self)) };
        self.translation = Translation::default();
        let drafts = std::mem::take(&mut sampler.drafts);
        let placed = std::mem::take(&mut self.pages).into_placed();
        let segments = self.segments(&placed.numbered(self.drafts.len(), |_| true));
        let whole = Whole {
            references: self.counts.reads + self.counts.writes,
            writes: self.counts.writes,
            footprint: segments.iter().map(|segment| u64::from(segment.touched)).sum(),
            segments,
        };
        let programs = drafts.into_iter().enumerate().map(|(sample, draft)| {
            let numbered = placed.numbered(self.drafts.len(), |page| sampler.has(sample, page));
            let references = draft.references.finish(&numbered.order);
            let (reads, writes) = (draft.counts.reads, draft.counts.writes);
            let mut program =
                self.program(numbered, references, draft.changes, Counts { reads, writes, ..self.counts });
            // A size that no record tells is that of the pages touched in the whole trace.
            for (segment, whole) in program.segments.iter_mut().zip(&whole.segments) {
                segment.size = whole.size;
            }
            Arc::new(program)
        });
        Ok(Samples { options: sampler.options(), programs: programs.collect(), whole })
    }

    fn segments(&self, numbered: &Numbered) -> Vec<Segment> {
        let segments = self.drafts.iter().zip(&numbered.segments).map(|(draft, touched)| Segment {
            label: self.labels[draft.label as usize].clone(),
            size: draft.size.unwrap_or(touched.end_index.max(1)),
            first_page: touched.first_page,
            touched: touched.count,
            runs: touched.runs.clone(),
        });
        segments.collect()
    }

    fn program(
        &self,
        numbered: Numbered,
        (references, packing): (References, Packing),
        changes: Vec<Change>,
        counts: Counts,
    ) -> Program {
        Program {
            settings: self.settings.clone(),
            segments: self.segments(&numbered),
            processes: self.processes.clone(),
            changes,
            references,
            packing,
            times: None,
            counts,
            segment_of: numbered.segment_of,
            next_uses: OnceLock::new(),
            collapsed: Collapsed::default(),
        }
    }

    fn reference(&mut self, record: &Record) -> Result<(), Impossible> {
        let found = self.find(record)?;
        if found.size.is_some_and(|size| record.page >= size) {
            return Err(self.past_the_end(record, found));
        }
        let Some(page) = self.pages.number(found.segment, record.page) else {
            return Err(impossible("more than 4,294,967,294 distinct pages", "split the trace"));
        };
        if page.get() >= self.room_for {
            self.make_room()?;
        }
        let reference = Reference { page, column: found.column, write: record.operation == Operation::Write };
        let taken = match &mut self.sampler {
            None => self.references.push(reference),
            Some(sampler) => {
                sampler.meet(page, found.segment, record.page);
                sampler.push(reference)
            }
        };
        taken.map_err(|shortage| self.full(shortage))?;
        let write = reference.write;
        if self.options.keep_times {
            self.times.push(record.time);
        }
        self.counts.reads += u64::from(!write);
        self.counts.writes += u64::from(write);
        Ok(())
    }

    /// Makes room for a quarter more pages.
    #[cold]
    fn make_room(&mut self) -> Result<(), Impossible> {
        let more = self.room_for / 4;
        let bytes = u64::from(more) * BYTES_A_PAGE;
        if !self.room.has(bytes) {
            let shortage = self.room.shortage("the pages of the trace", bytes);
            return Err(self.full(shortage));
        }
        self.room_for = self.room_for.saturating_add(more);
        Ok(())
    }

    /// There is no room for a reference: from now on the resolver has enough.
    #[cold]
    fn full(&mut self, shortage: Shortage) -> Impossible {
        self.shortage = Some(shortage);
        Impossible::enough()
    }

    /// What was found may not hold any more.
    fn forget_attachments(&mut self) {
        self.found = [None; CACHE];
        self.translation.forget_attachments();
    }

    /// Takes the references of a turn, the first of which is the one at `index` of the batch.
    fn turn(&mut self, batch: &Batch<'_>, turn: Turn, index: u32) -> Result<(), (u32, Impossible)> {
        let (mut done, mut step) = (0, MOST_AT_ONCE);
        while done < turn.length {
            let row = self.translation.row(turn.process);
            let first = (turn.first + done) as usize;
            let range = first..first + step.min(turn.length - done) as usize;
            let (count, at) = (range.len() as u32, index + done);
            let added = match batch.words {
                Words::Narrow(words) => {
                    self.known(row, words[range].iter().map(|&word| u32::from(u16::from_le_bytes(word))))
                }
                Words::Wide(words) => self.known(row, words[range].iter().map(|&word| u32::from_le_bytes(word))),
            };
            let added = added.map_err(|shortage| (at, self.full(shortage)))?;
            if self.options.keep_times {
                self.times.extend_from_slice(&batch.times[at as usize..(at + added) as usize]);
            }
            done += added;
            step = MOST_AT_ONCE.min(2 * step);
            if added < count {
                let place = first + added as usize;
                let record = batch.record_at(turn.process, place, (at + added) as usize);
                let taken = self.first(&record, turn.process, batch.words.get(place) >> 1);
                taken.map_err(|refusal| (at + added, refusal))?;
                done += 1;
                // Where one is new the next may be as well, and room would be made in vain.
                step = LEAST_AT_ONCE;
            }
        }
        Ok(())
    }

    /// Takes references whose pages and attachments are known; how many there were before one that is not.
    #[inline(always)]
    fn known(&mut self, row: usize, words: impl ExactSizeIterator<Item = u32> + Clone) -> Result<u32, Shortage> {
        let mut references = self.translation.translate(row, words.clone());
        let added = match &mut self.sampler {
            None => {
                self.references.reserve(words.len())?;
                self.references.extend(words.len(), references)
            }
            Some(sampler) => references.try_fold(0, |added, reference| {
                sampler.push(reference)?;
                Ok(added + 1)
            })?,
        };
        let writes = words.take(added).map(|word| u64::from(word & 1)).sum::<u64>();
        self.counts.writes += writes;
        self.counts.reads += added as u64 - writes;
        Ok(added as u32)
    }

    /// Takes a reference that is not known yet, by the process and to the page at these places of the trace's tables.
    fn first(&mut self, record: &Record, process: u32, page: u32) -> Result<(), Impossible> {
        self.reference(record)?;
        let found = self.find(record)?;
        if let Some(number) = self.pages.number(found.segment, record.page) {
            self.translation.learn(process, page, record.segment, number, found.column);
        }
        Ok(())
    }

    /// The attachment through which a reference goes.
    #[inline]
    fn find(&mut self, record: &Record) -> Result<Found, Impossible> {
        let place = (record.process.wrapping_mul(31).wrapping_add(u64::from(record.segment))) as usize % CACHE;
        if let Some(found) = self.found[place]
            && found.process == record.process
            && found.label == record.segment
        {
            return Ok(found);
        }
        let found = self.search(record)?;
        self.found[place] = Some(found);
        Ok(found)
    }

    /// As [`Resolver::find`], without the cache.
    fn search(&mut self, record: &Record) -> Result<Found, Impossible> {
        let segment = self.segment(record)?;
        let process = self.attached_process(record, segment, "refers to")?;
        let attachment = self.table.descriptor(segment).oldest_of(process).expect("it has one by now");
        let size = self.drafts[segment.index()].size;
        Ok(Found { process: record.process, label: record.segment, segment, column: attachment.column, size })
    }

    fn change(&mut self, record: &Record) -> Result<(), Impossible> {
        match record.operation {
            Operation::Create | Operation::CreateLocked => self.create(record)?,
            Operation::Attach => self.attach(record)?,
            Operation::Detach => self.detach(record)?,
            Operation::Remove => {
                let segment = self.segment(record)?;
                self.table.remove(segment);
                self.push(Control::Remove(segment));
            }
            Operation::Lock | Operation::Unlock => self.set_locked(record)?,
            Operation::Fork => self.fork(record)?,
            Operation::Exit => {
                let process = self.process(record.process);
                self.table.exit(process);
                self.push(Control::Exit(process));
            }
            Operation::Read | Operation::Write => return self.reference(record),
        }
        self.forget_attachments();
        Ok(())
    }

    fn create(&mut self, record: &Record) -> Result<(), Impossible> {
        let name = self.name(record);
        if self.live(record).is_some() {
            return Err(impossible(
                &format!("segment {name} is created though it exists"),
                "remove it first, or name it otherwise",
            ));
        }
        if record.page == 0 {
            return Err(impossible(&format!("segment {name} has no pages"), "a segment has at least one page"));
        }
        let size = Some(record.page).filter(|&size| size != Record::UNKNOWN_SIZE);
        self.check_limits(&name, size)?;
        let segment = self.new_segment(record.segment, size)?;
        let locked = record.operation == Operation::CreateLocked;
        self.table.create(segment, locked);
        self.push(Control::Create { segment, locked });
        Ok(())
    }

    /// The limits of Linux 2.0 (R10), where they apply.
    fn check_limits(&self, name: &str, size: Option<u64>) -> Result<(), Impossible> {
        let by_default = if self.settings.kernel_defaults { Limits::Kernel } else { Limits::None };
        if self.options.limits.unwrap_or(by_default) == Limits::None {
            return Ok(());
        }
        if let Some(pages) = size.filter(|&size| size > encoding::MOST_PAGES) {
            let what = format!("segment {name} has {pages} pages, and Linux 2.0 allows {}", encoding::MOST_PAGES);
            return Err(impossible(&what, NO_LIMITS));
        }
        if self.table.in_use() >= encoding::MOST_SEGMENTS {
            let what = format!("segment {name} is one more than the {} of Linux 2.0", encoding::MOST_SEGMENTS);
            return Err(impossible(&what, NO_LIMITS));
        }
        Ok(())
    }

    fn attach(&mut self, record: &Record) -> Result<(), Impossible> {
        let segment = self.segment(record)?;
        let process = self.process(record.process);
        // The record may tell the size of a segment that existed before the trace began, or of a file that grows.
        let draft = &mut self.drafts[segment.index()];
        if record.page > 0 && draft.grows {
            draft.size = match draft.size {
                Some(size) => Some(size.max(record.page)),
                None => Some(record.page).filter(|&size| size >= self.pages.end_index(segment)),
            };
        }
        self.attach_process(process, segment)
    }

    fn attach_process(&mut self, process: ProcessNumber, segment: SegmentNumber) -> Result<(), Impossible> {
        self.check_room(segment)?;
        let column = self.table.attach(process, segment);
        self.counts.most_attachments = self.counts.most_attachments.max(column.get() + 1);
        self.push(Control::Attach { process, segment });
        Ok(())
    }

    fn check_room(&self, segment: SegmentNumber) -> Result<(), Impossible> {
        if self.table.descriptor(segment).attachments.len() < MOST_ATTACHMENTS as usize {
            return Ok(());
        }
        let name = &self.labels[self.drafts[segment.index()].label as usize];
        Err(impossible(
            &format!("segment {name} has more than {MOST_ATTACHMENTS} attachments at a time"),
            "split the trace",
        ))
    }

    fn detach(&mut self, record: &Record) -> Result<(), Impossible> {
        let segment = self.segment(record)?;
        let process = self.attached_process(record, segment, "detaches")?;
        self.table.detach(process, segment);
        self.push(Control::Detach { process, segment });
        Ok(())
    }

    fn set_locked(&mut self, record: &Record) -> Result<(), Impossible> {
        let segment = self.segment(record)?;
        let lock = record.operation == Operation::Lock;
        // Locking twice is an error of the system call, without effect (R45).
        self.table.set_locked(segment, lock);
        self.push(if lock { Control::Lock(segment) } else { Control::Unlock(segment) });
        Ok(())
    }

    fn fork(&mut self, record: &Record) -> Result<(), Impossible> {
        let parent = self.process(record.process);
        let child = self.process(record.page);
        if parent == child {
            return Err(impossible(
                &format!("process {} is its own child", record.page),
                "a child has a process id of its own",
            ));
        }
        if !self.table.attached_by(child).is_empty() {
            let what = format!("process {} is forked though it runs and has segments attached", record.page);
            return Err(impossible(&what, "a process id can be used again after its exit"));
        }
        for &segment in self.table.attached_by(parent) {
            self.check_room(segment)?;
        }
        for copy in self.table.fork(parent, child) {
            self.counts.most_attachments = self.counts.most_attachments.max(copy.child.get() + 1);
        }
        self.push(Control::Fork { parent, child });
        Ok(())
    }

    /// The living segment that the record names; created when that is asked for and there never was one.
    fn segment(&mut self, record: &Record) -> Result<SegmentNumber, Impossible> {
        if let Some(segment) = self.live(record) {
            return Ok(segment);
        }
        let name = self.name(record);
        if self.current.get(record.segment as usize).copied().flatten().is_some() {
            return Err(impossible(
                &format!("segment {name} was destroyed"),
                "the trace may lack the record that creates it again",
            ));
        }
        if !self.options.implicit_attach {
            return Err(impossible(&format!("segment {name} was not created"), BEGAN_LATE));
        }
        let segment = self.new_segment(record.segment, None)?;
        self.counts.implicit_segments += 1;
        self.table.create(segment, false);
        self.push(Control::Create { segment, locked: false });
        Ok(segment)
    }

    /// The process of a record, which has the segment attached; attached now when that is asked for.
    fn attached_process(
        &mut self,
        record: &Record,
        segment: SegmentNumber,
        does: &str,
    ) -> Result<ProcessNumber, Impossible> {
        let known = self.process_numbers.get(&record.process).copied();
        if let Some(process) = known.filter(|&process| self.table.attached_by(process).contains(&segment)) {
            return Ok(process);
        }
        if !self.options.implicit_attach {
            let what =
                format!("process {} {does} segment {}, which it has not attached", record.process, self.name(record));
            return Err(impossible(&what, BEGAN_LATE));
        }
        let process = self.process(record.process);
        self.attach_process(process, segment)?;
        self.counts.implicit_attachments += 1;
        self.forget_attachments();
        Ok(process)
    }

    fn live(&self, record: &Record) -> Option<SegmentNumber> {
        self.current.get(record.segment as usize).copied().flatten().filter(|&segment| self.table.alive(segment))
    }

    fn new_segment(&mut self, label: u32, size: Option<u64>) -> Result<SegmentNumber, Impossible> {
        if self.drafts.len() >= u32::MAX as usize {
            return Err(impossible("more than 4,294,967,295 segments", "split the trace"));
        }
        let segment = SegmentNumber::from_index(self.drafts.len());
        self.drafts.push(Draft { label, size, grows: size.is_none() });
        if let Some(current) = self.current.get_mut(label as usize) {
            *current = Some(segment);
        }
        self.translation.forget_label(label);
        Ok(segment)
    }

    fn process(&mut self, pid: u64) -> ProcessNumber {
        if let Some((known, number)) = self.last_process
            && known == pid
        {
            return number;
        }
        let next = ProcessNumber::from_index(self.processes.len());
        let number = *self.process_numbers.entry(pid).or_insert(next);
        if number == next {
            self.processes.push(pid);
        }
        self.last_process = Some((pid, number));
        number
    }

    fn push(&mut self, control: Control) {
        match &mut self.sampler {
            None => self.changes.push(Change { before: self.references.len(), control }),
            Some(sampler) => sampler.change(control),
        }
    }

    fn name(&self, record: &Record) -> String {
        self.labels.get(record.segment as usize).map_or_else(|| "without a name".to_owned(), ToString::to_string)
    }

    fn past_the_end(&self, record: &Record, found: Found) -> Impossible {
        let size = found.size.unwrap_or_default();
        let pages = if size == 1 { "page" } else { "pages" };
        let what =
            format!("page {} is past the end of segment {}, which has {size} {pages}", record.page, self.name(record));
        impossible(&what, "pages are numbered from 0")
    }
}

const BEGAN_LATE: &str = "if the trace began late, --implicit-attach creates and attaches segments on first use";
const NO_LIMITS: &str = "--limits none lifts the limits of Linux 2.0";

fn impossible(what: &str, remedy: &str) -> Impossible {
    Impossible { what: what.to_owned(), remedy: remedy.to_owned() }
}

impl RecordSink for Resolver {
    fn settings(&mut self, settings: &Settings) {
        self.settings = settings.clone();
    }

    fn label(&mut self, label: &Label) {
        self.labels.push(label.clone());
        self.current.push(None);
    }

    fn has_enough(&self) -> bool {
        self.shortage.is_some()
    }

    fn wants_times(&self) -> bool {
        self.options.keep_times
    }

    fn batch(&mut self, batch: &Batch<'_>) -> Result<(), (u32, Impossible)> {
        self.translation.grow(batch.pages.len());
        let mut index = 0;
        for turn in batch.turns() {
            self.turn(batch, turn, index)?;
            index += turn.length;
        }
        Ok(())
    }

    #[inline]
    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        match record.operation {
            Operation::Read | Operation::Write => self.reference(record),
            _ => self.change(record),
        }
    }
}

/// The program of a trace that is written out, whatever its format, for the tests of all rooms.
#[cfg(test)]
pub(crate) fn program_of(text: &str, options: ResolveOptions) -> Program {
    use crate::trace::{ReadOptions, read_from};
    let mut resolver = Resolver::new(options);
    let text = Box::new(std::io::Cursor::new(text.to_owned()));
    read_from("a trace", text, &ReadOptions::default(), &mut resolver).expect("the trace of a test can be read");
    resolver.finish()
}
