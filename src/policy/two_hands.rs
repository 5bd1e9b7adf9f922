//! The two indices over segments and pages that `shm_swap` keeps (`swap_id`, `swap_idx`), and how they move (R20 to R23,
//! R28, R30, R31).
//!
//! Where the hands go is all there is here; what is done to the page they meet is the policy's and the kernel's part.

use std::ops::Range;

use super::Hand;
use crate::ids::{PageId, SegmentNumber};
use crate::kernel::Memory;
use crate::program::Program;

/// The hands. They are never told of a create, remove, lock, attach, detach or fault (R31).
#[derive(Clone, Copy, Debug)]
pub struct TwoHands {
    swap_id: u32,
    /// The index of the next page, as it was when the hands last left a segment behind that does not exist any more, or
    /// 0; otherwise `place` says it.
    swap_idx: u64,
    /// The segment that `swap_id` meant when it was last looked at, and the next page to look at in it.
    place: Option<(SegmentNumber, PageId)>,
    /// The end of that segment.
    end: PageId,
    /// The version of the segment table at which that segment was at `swap_id` and not locked.
    version: u64,
    /// Whether this scan has passed the end of the table (R20).
    wrapped: bool,
    /// How often any scan has.
    laps: u64,
}

impl Default for TwoHands {
    fn default() -> Self {
        Self { swap_id: 0, swap_idx: 0, place: None, end: PageId::new(0), version: 0, wrapped: false, laps: 0 }
    }
}

impl TwoHands {
    /// A scan begins: the wrap flag is forgotten (R20).
    #[inline]
    pub fn begin_scan(&mut self) {
        self.wrapped = false;
    }

    /// The next resident page of a segment that is not locked; the hands are behind it then. None after the second pass
    /// of the table's end in one scan (R21).
    #[inline(always)]
    pub fn advance(&mut self, memory: &mut Memory<'_>) -> Option<PageId> {
        // Mostly the next page is in the same segment, of which nothing has changed.
        if self.version == memory.segments_version()
            && let Some((_, next)) = &mut self.place
            && let Some(page) = memory.next_resident(*next, self.end)
        {
            *next = page.next();
            return Some(page);
        }
        self.advance_far(memory)
    }

    /// As [`TwoHands::advance`], for a policy that tries every page that it is given by a second chance: pages to be tried
    /// that are young can have been tried meanwhile, and the hands are behind them.
    #[inline(always)]
    pub fn advance_past_young(&mut self, memory: &mut Memory<'_>) -> Option<PageId> {
        if self.version == memory.segments_version()
            && let Some((_, next)) = &mut self.place
        {
            let (behind, old) = memory.pass_young(*next, self.end);
            *next = old.map_or(behind, PageId::next);
            if old.is_some() {
                return old;
            }
        }
        self.advance(memory)
    }

    /// As [`TwoHands::advance`], whatever has happened and however far it is.
    #[inline(never)]
    fn advance_far(&mut self, memory: &mut Memory<'_>) -> Option<PageId> {
        loop {
            if let Some((segment, from)) = self.enter(memory) {
                self.end = memory.segment(segment).end();
                if let Some(page) = memory.next_resident(from, self.end) {
                    self.place = Some((segment, page.next()));
                    self.version = memory.segments_version();
                    return Some(page);
                }
            }
            self.next_segment(memory.max_shmid())?;
        }
    }

    /// The pages ahead of the hands in the segment where they are; empty where that is not known.
    pub fn ahead(&self, memory: &Memory<'_>) -> Range<PageId> {
        match self.place {
            Some((_, next)) if self.version == memory.segments_version() => next..self.end,
            _ => PageId::new(0)..PageId::new(0),
        }
    }

    /// The hands went over pages that they had ahead of them; these are left, and nothing has changed in the segment.
    pub fn went_on(&mut self, ahead: &Range<PageId>) {
        // Nothing was ahead where no end was known.
        if let Some((_, next)) = self.place.as_mut().filter(|_| ahead.end.get() > 0) {
            *next = ahead.start;
        }
    }

    /// On to the next segment that exists and is not locked, where nothing is ahead of the hands; its pages from where the hands
    /// meet them. `known` tells whether they are at the end of one such. None after the second pass of the table's end in one
    /// scan (R21).
    pub fn go_to_next(&mut self, memory: &Memory<'_>, known: bool) -> Option<Range<PageId>> {
        if known {
            self.next_segment(memory.max_shmid())?;
        }
        loop {
            if let Some((segment, from)) = self.enter(memory) {
                (self.end, self.version) = (memory.segment(segment).end(), memory.segments_version());
                return Some(from..self.end);
            }
            self.next_segment(memory.max_shmid())?;
        }
    }

    /// Where the hands are, in the kernel's terms.
    pub fn position(&self, program: &Program) -> Hand {
        let swap_idx = self.index(|segment| &program.segments[segment.index()]);
        Hand { swap_id: self.swap_id, swap_idx, laps: self.laps }
    }

    /// The segment check (R21): the segment at `swap_id` and the page to go on from; none where it is unused or locked.
    /// A segment that came to an id which the hands had met in use is looked at from the index that they had (R31).
    #[inline(always)]
    fn enter(&mut self, memory: &Memory<'_>) -> Option<(SegmentNumber, PageId)> {
        let segment = memory.segment_at(self.swap_id).filter(|&segment| !memory.is_segment_locked(segment))?;
        if let Some(place) = self.place.filter(|&(known, _)| known == segment) {
            return Some(place);
        }
        self.swap_idx = self.index(|known| memory.segment(known));
        // Not read again, which would have to wait for what is being written.
        let place = (segment, memory.segment(segment).first_at(self.swap_idx));
        self.place = Some(place);
        Some(place)
    }

    /// On to the next segment; none when that is behind the last for the second time, and the hands stay there (R21).
    #[inline]
    fn next_segment(&mut self, max_shmid: u32) -> Option<()> {
        self.place = None;
        self.swap_idx = 0;
        self.swap_id += 1;
        if self.swap_id > max_shmid {
            if self.wrapped {
                return None;
            }
            self.wrapped = true;
            self.laps += 1;
            self.swap_id = 0;
        }
        Some(())
    }

    /// `swap_idx`: one past the last page that was looked at. Pages that are never touched are passed without a trace, so
    /// the last touched one before the place is the one that was looked at.
    fn index<'s>(&self, segment_of: impl Fn(SegmentNumber) -> &'s crate::program::Segment) -> u64 {
        match self.place {
            None => self.swap_idx,
            Some((segment, next)) => {
                let segment = segment_of(segment);
                let first_at = segment.first_at(self.swap_idx);
                if next == first_at { self.swap_idx } else { segment.index_of(PageId::new(next.get() - 1)) + 1 }
            }
        }
    }
}
