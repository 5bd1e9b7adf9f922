//! References that can't be handed on yet: those from before it is known whether the trace names any mapping, and all of
//! them where regions of private memory become segments, which are known only at the end.
//!
//! A reference takes 4 bytes, and 8 more where the trace has times.

use rustc_hash::FxHashMap;

use super::segments::Segments;
use crate::ids::SegmentNumber;
use crate::page_numbers::{Numbered, PageNumbers};
use crate::trace::error::{At, TraceError};
use crate::trace::flat::{Flat, FlatReference, Numbers};
use crate::trace::reading::Reading;
use crate::trace::{Label, Operation, Record, Settings};

/// References that are kept in one piece.
const PIECE: usize = 1 << 20;
/// Private pages with less than so many bytes between them are of one region: the gap that the kernel keeps below a stack.
const GAP: u64 = 1 << 20;

/// Whose pages they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    pub process: u64,
    /// A segment that the process has mapped; none for its private memory.
    pub segment: Option<u32>,
}

/// What is kept.
#[derive(Debug)]
pub(super) struct Kept {
    /// Bytes of what is numbered, as a shift: a page, or less where a cut needs it.
    shift: u32,
    owners: Vec<Owner>,
    pages: PageNumbers,
    /// Number of the page, and below that whether it is written.
    references: Vec<Vec<u32>>,
    /// The times, piece by piece, where the trace has any.
    times: Option<Vec<Vec<u64>>>,
    count: u64,
    /// Changes, with the number of references before them.
    changes: Vec<(u64, At, Record)>,
    last: At,
}

impl Kept {
    /// Nothing.
    pub fn new(shift: u32, has_time: bool) -> Self {
        Self {
            shift,
            owners: Vec::new(),
            pages: PageNumbers::default(),
            references: Vec::new(),
            times: has_time.then(Vec::new),
            count: 0,
            changes: Vec::new(),
            last: At::Line(0),
        }
    }

    /// A number for the pages of an owner.
    pub fn owner(&mut self, owner: Owner) -> u32 {
        self.owners.push(owner);
        (self.owners.len() - 1) as u32
    }

    /// Bytes of what is numbered, as a shift.
    pub fn shift(&self) -> u32 {
        self.shift
    }

    /// Keeps a reference to a page of an owner.
    ///
    /// # Errors
    /// When there are too many pages.
    #[inline]
    pub fn reference(&mut self, at: At, owner: u32, page: u64, write: bool, time: u64) -> Result<(), String> {
        let number = self.pages.number(SegmentNumber::new(owner), page).filter(|number| number.get() < 1 << 31);
        let number = number.ok_or("the trace has more than 2147483648 distinct pages")?;
        if self.references.last().is_none_or(|piece| piece.len() == PIECE) {
            self.references.push(Vec::with_capacity(PIECE));
            self.times.iter_mut().for_each(|times| times.push(Vec::with_capacity(PIECE)));
        }
        if let Some(piece) = self.references.last_mut() {
            piece.push(number.get() << 1 | u32::from(write));
        }
        if let Some(piece) = self.times.as_mut().and_then(|times| times.last_mut()) {
            piece.push(time);
        }
        self.count += 1;
        self.last = at;
        Ok(())
    }

    /// Keeps a change.
    pub fn change(&mut self, at: At, record: Record) {
        self.changes.push((self.count, at, record));
    }

    /// Hands on the changes alone.
    ///
    /// # Errors
    /// When the sink refuses one, unless the reading is lenient.
    pub fn finish_changes(self, reading: &mut Reading<'_>) -> Result<(), TraceError> {
        self.changes.iter().try_for_each(|(_, at, record)| reading.record(record, *at, String::new))
    }

    /// Hands on all references as those of a trace without mappings.
    ///
    /// # Errors
    /// When the sink refuses a record, unless the reading is lenient.
    pub fn finish_flat(self, reading: &mut Reading<'_>, settings: &Settings) -> Result<(), TraceError> {
        let mut flat = Flat::new(reading, settings, Numbers::Addresses);
        let (last, shift) = (self.last, self.shift);
        let pages = self.pages.into_seen();
        let mut times = self.times.into_iter().flatten().flatten();
        for kept in self.references.into_iter().flatten() {
            let (owner, page) = pages[(kept >> 1) as usize];
            let reference = FlatReference {
                process: self.owners[owner.index()].process,
                number: page << shift,
                count: 1,
                write: kept & 1 != 0,
                time: times.next().unwrap_or(0),
            };
            flat.reference(reading, last, b"", reference)?;
        }
        flat.finish(reading)
    }

    /// Hands on everything, private memory as a segment for each region of it.
    ///
    /// # Errors
    /// When the sink refuses a record, unless the reading is lenient.
    pub fn finish_private(self, reading: &mut Reading<'_>, segments: &mut Segments) -> Result<(), TraceError> {
        let mut regions = Regions::of(&self.pages.finish(self.owners.len()), self.owners, self.shift);
        let mut changes = self.changes.into_iter().peekable();
        let mut times = self.times.into_iter().flatten().flatten();
        for (position, kept) in (0..).zip(self.references.into_iter().flatten()) {
            while let Some((_, at, record)) = changes.next_if(|&(before, ..)| before <= position) {
                regions.change(reading, at, record)?;
            }
            let time = times.next().unwrap_or(0);
            regions.reference(reading, segments, self.last, kept, time)?;
        }
        changes.try_for_each(|(_, at, record)| regions.change(reading, at, record))
    }
}

/// Pages of one owner that are of one segment.
struct Region {
    owner: u32,
    /// The first page; its number in the segment is 0.
    first: u64,
    pages: u64,
    /// The segment; none where it was not created yet.
    segment: Option<u32>,
}

/// The pages of all owners, by regions.
struct Regions {
    owners: Vec<Owner>,
    all: Vec<Region>,
    shift: u32,
    /// Of each page by its number in order of appearance: region, and page of the segment.
    places: Vec<(u32, u64)>,
    /// What each process has attached of private regions: the owner they are of, and their segments.
    attached: FxHashMap<u64, (u32, Vec<u32>)>,
}

impl Regions {
    fn of(numbered: &Numbered, owners: Vec<Owner>, shift: u32) -> Self {
        let mut all: Vec<Region> = Vec::new();
        // By final number.
        let mut by_address = Vec::with_capacity(numbered.order.len());
        for (number, touched) in (0..).zip(&numbered.segments) {
            let is_private = owners[number as usize].segment.is_none();
            let counts = touched.runs.iter().map(|&(_, before)| before).skip(1).chain([touched.count]);
            let mut end = None;
            for (&(first, before), until) in touched.runs.iter().zip(counts) {
                let goes_on = end.is_some_and(|end: u64| !is_private || first - end < GAP >> shift.min(GAP.ilog2()));
                if !goes_on {
                    all.push(Region {
                        owner: number,
                        first: if is_private { first } else { 0 },
                        pages: 0,
                        segment: None,
                    });
                }
                let index = all.len() - 1;
                let region = &mut all[index];
                let length = u64::from(until - before);
                by_address.extend((0..length).map(|page| (index as u32, first - region.first + page)));
                end = Some(first + length);
                region.pages = first + length - region.first;
            }
        }
        for region in &mut all {
            region.segment = owners[region.owner as usize].segment;
        }
        let places = numbered.order.iter().map(|place| by_address[place.index()]).collect();
        Self { owners, all, shift, places, attached: FxHashMap::default() }
    }

    fn reference(
        &mut self,
        reading: &mut Reading<'_>,
        segments: &mut Segments,
        at: At,
        kept: u32,
        time: u64,
    ) -> Result<(), TraceError> {
        let (index, page) = self.places[(kept >> 1) as usize];
        let owner = self.all[index as usize].owner;
        let process = self.owners[owner as usize].process;
        let segment = match self.all[index as usize].segment {
            Some(segment) => segment,
            None => self.create(reading, segments, at, index, time)?,
        };
        let operation = if kept & 1 == 0 { Operation::Read } else { Operation::Write };
        reading.record(&Record { time, process, operation, segment, page }, at, String::new)
    }

    /// A private region is referenced for the first time. It goes with its process.
    #[cold]
    fn create(
        &mut self,
        reading: &mut Reading<'_>,
        segments: &mut Segments,
        at: At,
        index: u32,
        time: u64,
    ) -> Result<u32, TraceError> {
        let region = &mut self.all[index as usize];
        let (owner, pages) = (region.owner, region.pages);
        let process = self.owners[owner as usize].process;
        let label = Label::Name(format!("private:{process}@{:x}", region.first << self.shift));
        let segment = segments.number(reading, &label);
        region.segment = Some(segment);
        if self.attached.get(&process).is_some_and(|&(of, _)| of != owner) {
            // The process runs another program by now.
            let (_, old) = self.attached.remove(&process).unwrap_or_default();
            detach(reading, at, process, &old, time)?;
        }
        let changes = [(Operation::Create, pages), (Operation::Attach, pages), (Operation::Remove, 0)];
        for (operation, page) in changes {
            reading.record(&Record { time, process, operation, segment, page }, at, String::new)?;
        }
        self.attached.entry(process).or_insert((owner, Vec::new())).1.push(segment);
        Ok(segment)
    }

    fn change(&mut self, reading: &mut Reading<'_>, at: At, record: Record) -> Result<(), TraceError> {
        if record.operation == Operation::Fork && self.attached.remove(&record.page).is_some() {
            // The process of that number before it ended without a word.
            let exit = Record { process: record.page, operation: Operation::Exit, page: 0, ..record };
            reading.record(&exit, at, String::new)?;
        }
        reading.record(&record, at, String::new)?;
        match record.operation {
            // The child has a copy of the memory: other pages.
            Operation::Fork => match self.attached.get(&record.process) {
                Some((_, attached)) => detach(reading, at, record.page, attached, record.time),
                None => Ok(()),
            },
            Operation::Exit => {
                self.attached.remove(&record.process);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn detach(reading: &mut Reading<'_>, at: At, process: u64, segments: &[u32], time: u64) -> Result<(), TraceError> {
    segments.iter().try_for_each(|&segment| {
        let record = Record { time, process, operation: Operation::Detach, segment, page: 0 };
        reading.record(&record, at, String::new)
    })
}
