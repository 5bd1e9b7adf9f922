//! Numbers for the pages that a trace refers to: first in order of appearance, then, when all are known, by segment and
//! index.
//!
//! Only pages that are referenced take room. What is done with the numbers is not decided here.

use rustc_hash::FxHashMap;

use crate::ids::{PageId, SegmentNumber};

/// Pages of one segment whose numbers are kept together.
const BLOCK: u64 = 16;
/// Places of the cache of blocks, a power of two.
const CACHE: usize = 1024;
/// In place of a number: the page was not referenced yet.
const NONE: u32 = u32::MAX;

/// The pages seen so far.
#[derive(Debug)]
pub(crate) struct PageNumbers {
    /// The first place in `numbers` of each block of pages.
    blocks: FxHashMap<(SegmentNumber, u64), usize>,
    cache: Vec<Option<(SegmentNumber, u64, usize)>>,
    numbers: Vec<u32>,
    count: u32,
}

/// The pages seen, by segment and index.
#[derive(Debug)]
pub(crate) struct Placed {
    blocks: Vec<(SegmentNumber, u64, usize)>,
    numbers: Vec<u32>,
    count: u32,
}

/// All pages in their final order.
#[derive(Debug)]
pub(crate) struct Numbered {
    /// The final number of each page by its number in order of appearance.
    pub order: Vec<PageId>,
    /// The segment of each page by final number.
    pub segment_of: Vec<SegmentNumber>,
    /// The touched pages of each segment.
    pub segments: Vec<Touched>,
}

/// The touched pages of a segment; see [`crate::program::Segment`].
#[derive(Clone, Debug)]
pub(crate) struct Touched {
    pub first_page: PageId,
    pub count: u32,
    pub runs: Vec<(u64, u32)>,
    /// One past the highest index.
    pub end_index: u64,
}

impl Default for PageNumbers {
    fn default() -> Self {
        Self { blocks: FxHashMap::default(), cache: vec![None; CACHE], numbers: Vec::new(), count: 0 }
    }
}

impl PageNumbers {
    /// The number of a page in order of appearance; none when there are too many.
    #[inline(always)]
    pub fn number(&mut self, segment: SegmentNumber, index: u64) -> Option<PageId> {
        let at = self.block(segment, index / BLOCK) + (index % BLOCK) as usize;
        if self.numbers[at] == NONE {
            if self.count >= NONE - 1 {
                return None;
            }
            self.numbers[at] = self.count;
            self.count += 1;
        }
        Some(PageId::new(self.numbers[at]))
    }

    /// One past the highest index referenced in a segment; slow.
    pub fn end_index(&self, segment: SegmentNumber) -> u64 {
        let blocks = self.blocks.iter().filter(|&(&(other, _), _)| other == segment);
        let ends = blocks.filter_map(|(&(_, block), &first)| {
            let highest = (0..BLOCK).rev().find(|&offset| self.numbers[first + offset as usize] != NONE)?;
            Some((block * BLOCK + highest).saturating_add(1))
        });
        ends.max().unwrap_or(0)
    }

    /// Segment and index of each page, by number in order of appearance.
    pub fn into_seen(self) -> Vec<(SegmentNumber, u64)> {
        let placed = self.into_placed();
        let mut seen = vec![(SegmentNumber::new(0), 0); placed.count as usize];
        placed.pages().for_each(|(segment, index, number)| seen[number as usize] = (segment, index));
        seen
    }

    /// The final numbers, for so many segments.
    pub fn finish(self, segments: usize) -> Numbered {
        self.into_placed().numbered(segments, |_| true)
    }

    /// The pages in their order.
    pub fn into_placed(self) -> Placed {
        let Self { blocks, cache, numbers, count } = self;
        drop(cache);
        let mut blocks: Vec<_> = blocks.into_iter().map(|((segment, block), first)| (segment, block, first)).collect();
        blocks.sort_unstable();
        Placed { blocks, numbers, count }
    }

    #[inline(always)]
    fn block(&mut self, segment: SegmentNumber, block: u64) -> usize {
        let place = (block as usize).wrapping_add(segment.index().wrapping_mul(397)) % CACHE;
        match self.cache[place] {
            Some((known, of, first)) if known == segment && of == block => first,
            _ => self.find_block(segment, block, place),
        }
    }

    fn find_block(&mut self, segment: SegmentNumber, block: u64, place: usize) -> usize {
        let next = self.numbers.len();
        let first = *self.blocks.entry((segment, block)).or_insert(next);
        if first == next {
            self.numbers.resize(next + BLOCK as usize, NONE);
        }
        self.cache[place] = Some((segment, block, first));
        first
    }
}

impl Placed {
    /// Segment, index and number in order of appearance of each page, by segment and index.
    pub fn pages(&self) -> impl Iterator<Item = (SegmentNumber, u64, u32)> + '_ {
        self.blocks.iter().flat_map(|&(segment, block, first)| {
            let numbers = &self.numbers[first..first + BLOCK as usize];
            let known = (0..BLOCK).zip(numbers).filter(|&(_, &number)| number != NONE);
            known.map(move |(offset, &number)| (segment, block * BLOCK + offset, number))
        })
    }

    /// The final numbers of those pages, given by number in order of appearance, that are to be kept, for so many segments.
    /// The final number of another page has no meaning.
    pub fn numbered(&self, segments: usize, keep: impl Fn(u32) -> bool) -> Numbered {
        let mut order = vec![PageId::new(0); self.count as usize];
        let mut segment_of = Vec::new();
        let mut touched: Vec<Touched> = Vec::with_capacity(segments);
        for (segment, index, number) in self.pages().filter(|&(_, _, number)| keep(number)) {
            let place = segment_of.len();
            order[number as usize] = PageId::from_index(place);
            segment_of.push(segment);
            fill_to(&mut touched, segment.index() + 1, place);
            let last = touched.last_mut().expect("filled up to this segment");
            if last.count == 0 || index != last.end_index {
                last.runs.push((index, last.count));
            }
            last.count += 1;
            last.end_index = index.saturating_add(1);
        }
        fill_to(&mut touched, segments, segment_of.len());
        segment_of.shrink_to_fit();
        Numbered { order, segment_of, segments: touched }
    }
}

/// Adds segments without touched pages until there are so many; `place` is the number of the next page.
fn fill_to(touched: &mut Vec<Touched>, segments: usize, place: usize) {
    while touched.len() < segments {
        touched.push(Touched { first_page: PageId::from_index(place), count: 0, runs: Vec::new(), end_index: 0 });
    }
}
