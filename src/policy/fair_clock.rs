//! The fair clock: the segment that is furthest above its fair share of the frames gives the victim.
//!
//! A segment's fair share is the frames times its weight over the weights of all segments that have pages in memory:
//!
//! - `weights=equal`: all segments weigh the same;
//! - `weights=size`: a segment weighs its size in pages, touched or not;
//! - `weights=faults`: it weighs one more than its recent faults that took a frame. Recent: after as many such faults of all
//!   segments as there are frames, the numbers are halved.
//!
//! The segment with the most pages above its share is chosen, among equals the one created first; one below its share may
//! be the one when all others are locked. Inside it a clock as in `clock.rs` runs, with the segment's own ring and hand; so
//! with one segment this is that clock. Locked segments count in the shares and give nothing.
//!
//! Source: ours, made for this project. What it is for: the clock of Linux 2.0 visits segments in turn, so a segment that
//! streams takes frames from one whose few pages are in use.

use super::parameters::{Arguments, Parameter};
use super::rings::Rings;
use super::{Policy, Setup};
use crate::ids::{PageId, SegmentNumber};
use crate::kernel::{Memory, Pick};

/// What a segment's share is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weights {
    Equal,
    Size,
    Faults,
}

/// A number of faults that halves as time goes by.
#[derive(Clone, Copy, Debug, Default)]
struct Faults {
    count: u64,
    /// When it was last halved, in half-lives.
    at: u64,
}

/// A ring for each segment. What did not help: the segment with the most pages by a tree of matches, played again
/// at each change: with up to 54 segments a seventh slower than to look at each.
#[derive(Debug)]
pub struct FairClock {
    rings: Rings,
    /// Segments with pages in memory, in no order.
    present: Vec<SegmentNumber>,
    /// The place of each segment in `present`, where it is there.
    place_of: Vec<u32>,
    faults: Vec<Faults>,
    /// Faults of all segments so far.
    all_faults: u64,
    /// The segment of each page in memory.
    segment_of: Vec<SegmentNumber>,
    weights: Weights,
    frames: u64,
}

impl FairClock {
    /// The segment's weight; sizes beyond 2^48 pages, which only traces of raw addresses claim, count as that.
    fn weight(&self, segment: SegmentNumber, memory: &Memory<'_>) -> i128 {
        match self.weights {
            Weights::Equal => 1,
            Weights::Size => i128::from(memory.segment(segment).size.min(1 << 48)),
            Weights::Faults => i128::from(self.recent_faults(segment)) + 1,
        }
    }

    fn recent_faults(&self, segment: SegmentNumber) -> u64 {
        let Faults { count, at } = self.faults[segment.index()];
        count.checked_shr(u32::try_from(self.half_lives() - at).unwrap_or(u32::MAX)).unwrap_or(0)
    }

    fn half_lives(&self) -> u64 {
        self.all_faults / self.frames
    }

    /// The segment furthest above its share that is not locked. The differences are multiplied by the sum of all weights.
    fn furthest_above(&self, memory: &Memory<'_>) -> Option<SegmentNumber> {
        let unlocked = self.present.iter().copied().filter(|&segment| !memory.is_segment_locked(segment));
        if self.weights == Weights::Equal {
            // All have the same share.
            return unlocked.max_by_key(|&segment| (self.rings.len(segment.index()), std::cmp::Reverse(segment)));
        }
        let all: i128 = self.present.iter().map(|&segment| self.weight(segment, memory)).sum();
        let above = |segment: SegmentNumber| {
            self.rings.len(segment.index()) as i128 * all - i128::from(self.frames) * self.weight(segment, memory)
        };
        unlocked.max_by_key(|&segment| (above(segment), std::cmp::Reverse(segment)))
    }

    fn remove(&mut self, page: PageId) {
        let segment = self.segment_of[page.index()];
        self.rings.remove(segment.index(), page);
        if self.rings.len(segment.index()) == 0 {
            let place = self.place_of[segment.index()] as usize;
            self.present.swap_remove(place);
            if let Some(moved) = self.present.get(place) {
                self.place_of[moved.index()] = place as u32;
            }
        }
    }
}

impl Policy for FairClock {
    const NAME: &'static str = "fair-clock";
    const SUMMARY: &'static str = "the segment furthest above its fair share gives the victim, by a clock of its own";
    const SOURCE: &'static str = "this project";
    const FILE: &'static str = file!();
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        key: "weights",
        default: "equal",
        help: "what a segment's fair share goes by: equal, size (its pages) or faults (its recent ones)",
    }];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let weights = match arguments.get::<String>("weights", "")?.as_str() {
            "equal" => Weights::Equal,
            "size" => Weights::Size,
            "faults" => Weights::Faults,
            other => return Err(format!("`weights={other}` is not allowed: equal, size or faults")),
        };
        Ok(Self {
            rings: Rings::new(setup.pages, setup.segments),
            present: Vec::with_capacity(setup.segments),
            place_of: vec![0; setup.segments],
            faults: vec![Faults::default(); setup.segments],
            all_faults: 0,
            segment_of: vec![SegmentNumber::new(0); setup.pages],
            weights,
            frames: setup.frames,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let ring = self.furthest_above(memory)?.index();
        for _ in 0..2 * self.rings.len(ring) {
            let page = self.rings.hand(ring)?;
            if !memory.passed_over(page) {
                return Some(Pick::Now(page));
            }
            self.rings.advance(ring);
        }
        None
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        let segment = memory.segment_of(page);
        self.segment_of[page.index()] = segment;
        if self.rings.len(segment.index()) == 0 {
            self.place_of[segment.index()] = self.present.len() as u32;
            self.present.push(segment);
        }
        self.rings.insert(segment.index(), page);
        self.all_faults += 1;
        let count = self.recent_faults(segment) + 1;
        self.faults[segment.index()] = Faults { count, at: self.half_lives() };
    }

    fn evicted(&mut self, page: PageId) {
        self.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.remove(page);
    }
}
