//! Segmented LRU: a page has to be referenced again before it is protected from pages that are referenced once.
//!
//! Each segment is a queue in order of the last reference. A new page enters the lowest segment; a hit moves a page to the
//! back of the segment above, or of the highest; a segment that has more pages than its size then moves its least recent
//! one to the back of the segment below. The victim is the least recent page of the lowest segment that is not empty.
//! `segments=2`: probation and protected, the latter with the share `protected` of the frames, as in Karedla, Love,
//! Wherry, Caching strategies to improve disk system performance, 1994. Any other number: equal parts, and while memory
//! fills a new page enters the lowest segment with room, as in the simulator whose figures for four parts are met
//! (libCacheSim); with two, probation has room for all that is not protected.
//!
//! Choices: the segments are over the pages of all shared segments, a reference by any process is a hit. A locked page is
//! passed over and keeps its place. Where the sizes are rounded down, the lowest segment has the frames that are left.

use super::page_queues::PageQueues;
use super::parameters::{Arguments, Parameter};
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The most segments that there may be.
const MOST_SEGMENTS: usize = 64;

/// A few queues of pages, the lowest first.
#[derive(Debug)]
pub struct Slru {
    queues: PageQueues<MOST_SEGMENTS>,
    /// For each queue the pages that it is meant for.
    sizes: Vec<u64>,
}

impl Slru {
    fn len(&self, segment: usize) -> u64 {
        self.queues.len(segment) as u64
    }
}

impl Policy for Slru {
    const NAME: &'static str = "slru";
    const SUMMARY: &'static str = "segmented LRU: a page referenced again is protected from those referenced once";
    const SOURCE: &'static str = "Karedla, Love, Wherry 1994";
    const FILE: &'static str = file!();
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            key: "segments",
            default: "2",
            help: "2: probation and protected; 1, 3 to 64: so many equal parts",
        },
        Parameter {
            key: "protected",
            default: "0.8",
            help: "share of the frames for the protected segment, 0 to 1, where there are 2",
        },
    ];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let count = arguments.whole("segments", 1..=MOST_SEGMENTS as u64)?;
        let protected = arguments.share_of(setup.frames, "protected")?;
        let sizes = match count {
            2 => vec![setup.frames, protected],
            _ => vec![setup.frames / count; count as usize],
        };
        Ok(Self { queues: PageQueues::new(setup.pages), sizes })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let mut from_lowest = 0..self.sizes.len();
        from_lowest.find_map(|segment| self.queues.first_unlocked(segment, memory)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        let with_room = (0..self.sizes.len()).find(|&segment| self.len(segment) < self.sizes[segment]);
        self.queues.move_to_back(page, with_room.unwrap_or(0));
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.queues.expect(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.queues.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.queues.remove(page);
    }
}

impl SeesReferences for Slru {
    /// A page climbs one segment at a reference, so with two of them it is where it can get after the first. The upper one
    /// holds the pages hit last, whatever came between, and those that fall from it fall in the order of their last hits.
    #[inline(always)]
    fn only_last_matters(&self) -> bool {
        self.sizes.len() <= 2
    }

    #[inline(always)]
    fn referenced(&mut self, page: PageId, _write: bool) {
        let highest = self.sizes.len() - 1;
        if self.queues.contains(highest, page) {
            return self.queues.touch(page, highest);
        }
        let segment = self.queues.queue_of(page).map_or(0, |segment| (segment + 1).min(highest));
        self.queues.move_to_back(page, segment);
        for above in (1..=segment).rev() {
            if self.len(above) <= self.sizes[above] {
                break;
            }
            if let Some(least_recent) = self.queues.front(above) {
                self.queues.move_to_back(least_recent, above - 1);
            }
        }
    }
}
