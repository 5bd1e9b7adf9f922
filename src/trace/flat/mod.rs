//! The records of a trace that knows only numbers, of bytes or of pages: how they are cut into segments, and which
//! processes refer to them.
//!
//! - Each process has an address space of its own, which is cut into segments as [`Cut`] says: one for all, unless the
//!   user says otherwise. Segments are labelled 0, 1, ... in order of appearance. They have as many pages as are needed,
//!   and all who refer to them have them attached.
//! - `sharers` deals the references of a process to so many, by lot.
//!
//! What a line of such a trace looks like is the format's part (see [`lines`]), and what is kept until the whole
//! footprint is known is that of [`footprint`].

mod footprint;
pub(crate) mod lines;

use std::ops::RangeInclusive;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::error::{At, TraceError, printable};
use super::reading::Reading;
use super::{AddressOptions, Cut, Fidelity, Label, Operation, Record, Settings};
use crate::ids::SegmentNumber;
use crate::page_numbers::PageNumbers;
use footprint::Footprint;

/// The most pages of one reference: more is taken for a damaged record.
pub(crate) const LONGEST: u64 = 1 << 20;

/// What the numbers of a trace are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// Addresses of bytes.
    Addresses,
    /// Numbers of pages.
    Pages,
}

/// A reference of a process to some bytes or pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlatReference {
    /// The process.
    pub process: u64,
    /// The first byte or page.
    pub number: u64,
    /// How many bytes or pages, at least 1. Each page that they lie in is referenced once, in ascending order.
    pub count: u64,
    /// Whether it writes.
    pub write: bool,
    /// When.
    pub time: u64,
}

/// Makes the records of a flat trace.
pub(crate) struct Flat {
    numbers: Numbers,
    cutter: Cutter,
    processes: Processes,
    segments: Segments,
    /// What is kept until the end, where the cut needs the whole footprint.
    footprint: Option<Footprint>,
}

impl Flat {
    /// At the start of a trace whose numbers are `numbers`. `settings` is what the format says of it: whether it has times,
    /// what it does not tell. Page size and what follows from the options are added, and the sink has them then.
    pub fn new(reading: &mut Reading<'_>, settings: &Settings, numbers: Numbers) -> Self {
        let options = reading.addresses();
        let mut settings = Settings { page_size: options.page_size, ..settings.clone() };
        if options.sharers > 1 {
            settings.fidelity.push(Fidelity::Dealt { sharers: options.sharers, seed: options.seed });
        } else if numbers == Numbers::Addresses {
            settings.fidelity.push(Fidelity::NoMappings);
        } else {
            settings.fidelity.push(Fidelity::NoAttachRecords);
        }
        let parts = match options.cut {
            Cut::Count(parts) if parts > 1 => Some(parts),
            _ => None,
        };
        if parts.is_some() || matches!(options.cut, Cut::Range(_) | Cut::Bits { .. }) {
            settings.fidelity.push(Fidelity::InferredSegments);
        }
        reading.settings(&settings);
        Self {
            numbers,
            cutter: Cutter::new(options),
            processes: Processes::new(options),
            segments: Segments::default(),
            footprint: parts.map(|parts| Footprint::new(parts, settings.has_time)),
        }
    }

    /// A reference: a record for each page. `text` is what is shown of it should something be wrong.
    ///
    /// # Errors
    /// When its numbers are too large or it is too long, or when the sink refuses a record, unless the reading is lenient.
    #[inline]
    pub fn reference(
        &mut self,
        reading: &mut Reading<'_>,
        at: At,
        text: &[u8],
        reference: FlatReference,
    ) -> Result<(), TraceError> {
        let pages = match pages(self.numbers, self.cutter.page_shift, reference.number, reference.count) {
            Ok(pages) => pages,
            Err(what) => return reading.bad(at, text, what, "is this trace of this format?"),
        };
        let Some(space) = self.processes.space(reference.process) else {
            let what = format!("process {} is one more than the 4294967293 that are possible", reference.process);
            return reading.bad(at, text, what, "split the trace");
        };
        if let Some(footprint) = &mut self.footprint {
            return match footprint.keep(space, pages, at, &reference) {
                Ok(()) => Ok(()),
                Err(what) => reading.bad(at, text, what, "cut by ranges of addresses instead, as in range:64MiB"),
            };
        }
        let process = self.processes.draw(space);
        for page in pages {
            let address = match self.numbers {
                Numbers::Addresses => u128::from(reference.number.max(page << self.cutter.page_shift)),
                Numbers::Pages => u128::from(page) << self.cutter.page_shift,
            };
            let (key, page) = self.cutter.cut(address, page);
            let segment = match self.segments.number(space, key) {
                Some((segment, false)) => segment,
                Some((segment, true)) => {
                    let show = || printable(text);
                    let size = Record::UNKNOWN_SIZE;
                    self.processes.create(reading, at, show, Created { space, segment, size, time: reference.time })?;
                    segment
                }
                None => {
                    return reading.bad(at, text, TOO_MANY_SEGMENTS.to_owned(), "cut it into fewer and larger ones");
                }
            };
            let operation = if reference.write { Operation::Write } else { Operation::Read };
            let record = Record { time: reference.time, process, operation, segment, page };
            reading.record(&record, at, || printable(text))?;
        }
        Ok(())
    }

    /// The trace is at its end: what was kept is handed over.
    ///
    /// # Errors
    /// When the sink refuses a record, unless the reading is lenient.
    pub fn finish(mut self, reading: &mut Reading<'_>) -> Result<(), TraceError> {
        match self.footprint {
            Some(footprint) => footprint.finish(reading, &mut self.processes),
            None => Ok(()),
        }
    }
}

/// The pages that a reference to so many bytes or pages touches.
///
/// # Errors
/// When its end is too large or it is too long, with the reason.
#[inline]
pub(crate) fn pages(numbers: Numbers, page_shift: u32, number: u64, count: u64) -> Result<RangeInclusive<u64>, String> {
    let last = number.checked_add(count.max(1) - 1);
    let (first, last) = match numbers {
        Numbers::Addresses => (number >> page_shift, last.ok_or("the last byte is beyond 2^64 - 1")? >> page_shift),
        Numbers::Pages => {
            // The largest number is no page of any segment.
            let last = last.filter(|&last| last < Record::UNKNOWN_SIZE);
            (number, last.ok_or("the last page is beyond 2^64 - 2")?)
        }
    };
    if last - first >= LONGEST {
        Err(format!("the reference is to more than {LONGEST} pages"))
    } else {
        Ok(first..=last)
    }
}

const TOO_MANY_SEGMENTS: &str = "this segment is one more than the 4294967293 that are possible";

/// Which segment an address belongs to, as a number that means the same segment wherever it occurs in an address space.
struct Cutter {
    cut: Cut,
    page_shift: u32,
}

impl Cutter {
    fn new(options: &AddressOptions) -> Self {
        Self { cut: options.cut, page_shift: options.page_size.trailing_zeros() }
    }

    /// The segment of an address, which is in this page of the address space, and the page in the segment.
    #[inline]
    fn cut(&self, address: u128, page: u64) -> (u64, u64) {
        match self.cut {
            Cut::Whole | Cut::Count(_) => (0, page),
            Cut::Bits { low, high } => ((address >> low) as u64 & (u64::MAX >> (63 - (high - low))), page),
            Cut::Range(bytes) => {
                let pages = bytes >> self.page_shift;
                if pages << self.page_shift == bytes { (page / pages, page % pages) } else { self.uneven(bytes, page) }
            }
        }
    }

    /// A range that is no whole number of pages: a page belongs to the segment in which it begins.
    #[cold]
    fn uneven(&self, bytes: u64, page: u64) -> (u64, u64) {
        let bytes = u128::from(bytes);
        let segment = (u128::from(page) << self.page_shift) / bytes;
        let first = (segment * bytes).div_ceil(1 << self.page_shift);
        // A range of less than 256 bytes makes more numbers of segments than 64 bits hold, but no more segments than pages.
        if bytes < 1 << self.page_shift { (page, 0) } else { (segment as u64, page - first as u64) }
    }
}

/// The segments of all address spaces, numbered in order of appearance.
#[derive(Default)]
struct Segments {
    /// Of an address space, by the cutter's number.
    numbers: PageNumbers,
    /// The one that was asked for last: address space, the cutter's number, number.
    last: Option<(u32, u64, u32)>,
    count: u32,
}

impl Segments {
    /// The number of a segment and whether it is new; none when there are too many.
    #[inline]
    fn number(&mut self, space: u32, key: u64) -> Option<(u32, bool)> {
        if let Some((last_space, last_key, number)) = self.last
            && (last_space, last_key) == (space, key)
        {
            return Some((number, false));
        }
        let number = self.numbers.number(SegmentNumber::new(space), key)?.get();
        self.last = Some((space, key, number));
        let is_new = number == self.count;
        self.count += u32::from(is_new);
        Some((number, is_new))
    }
}

/// A segment that comes into being.
#[derive(Clone, Copy)]
struct Created {
    space: u32,
    segment: u32,
    size: u64,
    time: u64,
}

/// The processes of the trace, and those to whom their references are dealt.
pub(crate) struct Processes {
    /// The processes as the trace has them, numbered in order of appearance: each has an address space.
    numbers: PageNumbers,
    of_space: Vec<u64>,
    last: Option<(u64, u32)>,
    sharers: u64,
    generator: Xoshiro256PlusPlus,
}

impl Processes {
    pub fn new(options: &AddressOptions) -> Self {
        Self {
            numbers: PageNumbers::default(),
            of_space: Vec::new(),
            last: None,
            sharers: options.sharers.max(1).into(),
            generator: Xoshiro256PlusPlus::seed_from_u64(options.seed),
        }
    }

    /// The number of a process's address space; none when there are too many.
    #[inline]
    pub fn space(&mut self, process: u64) -> Option<u32> {
        if let Some((last, space)) = self.last
            && last == process
        {
            return Some(space);
        }
        let space = self.numbers.number(SegmentNumber::new(0), process)?;
        if space.index() == self.of_space.len() {
            self.of_space.push(process);
        }
        self.last = Some((process, space.get()));
        Some(space.get())
    }

    /// Who refers to an address space this time.
    #[inline]
    pub fn draw(&mut self, space: u32) -> u64 {
        if self.sharers == 1 {
            return self.of_space[space as usize];
        }
        let lot = (u128::from(self.generator.next_u64()) * u128::from(self.sharers)) >> 64;
        self.sharer(space, lot as u64)
    }

    /// The process to whom a part of the references of an address space is dealt: 1, 2, ... for the first, and so on.
    fn sharer(&self, space: u32, lot: u64) -> u64 {
        if self.sharers == 1 { self.of_space[space as usize] } else { u64::from(space) * self.sharers + lot + 1 }
    }

    /// A segment is announced, created and attached by all who may refer to it.
    #[cold]
    fn create(
        &self,
        reading: &mut Reading<'_>,
        at: At,
        text: impl Fn() -> String,
        created: Created,
    ) -> Result<(), TraceError> {
        let Created { space, segment, size, time } = created;
        reading.label(&Label::Number(segment.into()));
        let record = |process, operation, page| Record { time, process, operation, segment, page };
        reading.record(&record(self.sharer(space, 0), Operation::Create, size), at, &text)?;
        let page = if size == Record::UNKNOWN_SIZE { 0 } else { size };
        (0..self.sharers)
            .try_for_each(|lot| reading.record(&record(self.sharer(space, lot), Operation::Attach, page), at, &text))
    }
}
