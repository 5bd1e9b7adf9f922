//! The references of a flat trace that is cut into parts of equal size: kept, in 8 bytes each, until all pages are known.

use std::ops::RangeInclusive;

use super::{Created, FlatReference, Processes};
use crate::ids::SegmentNumber;
use crate::page_numbers::PageNumbers;
use crate::trace::error::{At, TraceError};
use crate::trace::reading::Reading;
use crate::trace::{Operation, Record};

/// References that are kept in one piece.
const PIECE: usize = 1 << 20;
/// Bit of [`Kept::step`]: it writes.
const WRITE: u32 = 1;
/// Bit of [`Kept::step`]: it goes on with the reference before, on the next page.
const GOES_ON: u32 = 2;
/// Bits of the flags.
const FLAGS: u32 = 2;
/// In place of a step that does not fit: it is in [`Footprint::leaps`].
const LEAP: u32 = u32::MAX >> FLAGS;

/// One page of a reference.
#[derive(Clone, Copy)]
struct Kept {
    /// The page, in order of appearance over all address spaces.
    page: u32,
    /// Lines or bytes since the reference before, and the flags below that.
    step: u32,
}

/// All references so far.
pub(super) struct Footprint {
    parts: u32,
    pages: PageNumbers,
    pieces: Vec<Vec<Kept>>,
    /// The times, piece by piece, where the trace has any.
    times: Option<Vec<Vec<u64>>>,
    /// The steps that do not fit.
    leaps: Vec<u64>,
    /// The places of the first and the last reference.
    between: Option<(At, At)>,
}

impl Footprint {
    /// None, to be cut into so many parts for each address space.
    pub fn new(parts: u32, has_time: bool) -> Self {
        Self {
            parts,
            pages: PageNumbers::default(),
            pieces: Vec::new(),
            times: has_time.then(Vec::new),
            leaps: Vec::new(),
            between: None,
        }
    }

    /// Keeps a reference to these pages of an address space.
    pub fn keep(
        &mut self,
        space: u32,
        pages: RangeInclusive<u64>,
        at: At,
        reference: &FlatReference,
    ) -> Result<(), String> {
        let mut flags = if reference.write { WRITE } else { 0 };
        for page in pages {
            let number = self.pages.number(SegmentNumber::new(space), page);
            let number = number.ok_or("the trace has more distinct pages than can be cut into equal parts")?;
            let step = self.step(at);
            if self.pieces.last().is_none_or(|piece| piece.len() == PIECE) {
                self.pieces.push(Vec::with_capacity(PIECE));
                self.times.iter_mut().for_each(|times| times.push(Vec::with_capacity(PIECE)));
            }
            let kept = Kept { page: number.get(), step: step << FLAGS | flags };
            self.pieces.last_mut().expect("made above").push(kept);
            if let Some(times) = self.times.as_mut().and_then(|times| times.last_mut()) {
                times.push(reference.time);
            }
            flags |= GOES_ON;
        }
        Ok(())
    }

    /// How far it is from the place before to this one.
    fn step(&mut self, at: At) -> u32 {
        let (first, last) = self.between.unwrap_or((at, at));
        self.between = Some((first, at));
        // Backwards, where one file ends and the next begins, is a leap round the end of the numbers.
        let step = number_of(at).wrapping_sub(number_of(last));
        if step < u64::from(LEAP) {
            return step as u32;
        }
        self.leaps.push(step);
        LEAP
    }

    /// Hands everything over. Pages are numbered in their segments without gaps, so that sizes are told.
    ///
    /// # Errors
    /// When the sink refuses a record, unless the reading is lenient.
    pub fn finish(self, reading: &mut Reading<'_>, processes: &mut Processes) -> Result<(), TraceError> {
        let Self { parts, pages, pieces, times, leaps, between } = self;
        let Some((first, _)) = between else { return Ok(()) };
        let (places, segments) = cut(pages, parts, processes.of_space.len());
        let first_time = times.as_ref().and_then(|times| Some(*times.first()?.first()?)).unwrap_or(0);
        for (segment, &(space, size)) in segments.iter().enumerate() {
            let created = Created { space, segment: segment as u32, size: size.into(), time: first_time };
            processes.create(reading, first, String::new, created)?;
        }
        let mut times = times.into_iter().flatten().flatten();
        let mut leaps = leaps.into_iter();
        let (mut place, mut process) = (number_of(first), 0);
        for Kept { page, step } in pieces.into_iter().flatten() {
            place = place.wrapping_add(match step >> FLAGS {
                LEAP => leaps.next().unwrap_or(0),
                step => step.into(),
            });
            let (segment, page) = places[page as usize];
            if step & GOES_ON == 0 {
                process = processes.draw(segments[segment as usize].0);
            }
            let operation = if step & WRITE == 0 { Operation::Read } else { Operation::Write };
            let time = times.next().unwrap_or(0);
            let record = Record { time, process, operation, segment, page: page.into() };
            reading.record(&record, same_kind(first, place), String::new)?;
        }
        Ok(())
    }
}

/// Segment and page in it of each page by its number in order of appearance; address space and size of each segment.
type Places = (Vec<(u32, u32)>, Vec<(u32, u32)>);

/// Cuts the pages of each address space, in ascending order, into so many parts whose sizes differ by at most one.
fn cut(pages: PageNumbers, parts: u32, spaces: usize) -> Places {
    let numbered = pages.finish(spaces);
    let mut segments = Vec::new();
    // By place in the order of addresses, then by number in order of appearance.
    let mut sorted = Vec::with_capacity(numbered.order.len());
    for (space, touched) in numbered.segments.iter().enumerate() {
        let (size, larger) = (touched.count / parts, touched.count % parts);
        for part in 0..parts.min(touched.count) {
            let size = size + u32::from(part < larger);
            let segment = segments.len() as u32;
            sorted.extend((0..size).map(|page| (segment, page)));
            segments.push((space as u32, size));
        }
    }
    (numbered.order.iter().map(|place| sorted[place.index()]).collect(), segments)
}

/// The line or byte.
fn number_of(at: At) -> u64 {
    match at {
        At::Line(number) | At::Byte(number) => number,
    }
}

fn same_kind(at: At, number: u64) -> At {
    match at {
        At::Line(_) => At::Line(number),
        At::Byte(_) => At::Byte(number),
    }
}
