//! Exact LRU stack distances (Mattson et al. 1970): one pass over the references tells the faults of LRU at every memory
//! size.
//!
//! Each page stands in the slot of its last reference; slots are given out in order, so the pages above a page are the used
//! slots behind its own. They are counted in its block by bits and over the blocks behind by a Fenwick tree, in O(log
//! pages). When the slots run out, all pages move together. Segments that go away keep their pages on the stack; nothing is
//! replayed here, and no process is known.

use crate::ids::PageId;

/// In place of a slot: the page was not referenced yet.
const NEVER: u32 = u32::MAX;
/// Slots in a block.
const BLOCK: usize = 512;
/// Words of a block.
const WORDS: usize = BLOCK / u64::BITS as usize;
/// The fewest blocks: with few pages, moving together would come too often.
const FEWEST_BLOCKS: usize = 8;
/// The most blocks: slots are numbered in 32 bits.
const MOST_BLOCKS: usize = (1 << 32) / BLOCK;
/// Slots for each page: moving together, which looks at each page, comes once in three times as many references as there
/// are pages.
const SLOTS_PER_PAGE: usize = 4;

/// The LRU stack of all pages.
#[derive(Clone, Debug)]
pub struct StackDistances {
    /// The slot of each page, or [`NEVER`].
    slots: Vec<u32>,
    /// A bit for each slot: whether a page stands there.
    used: Vec<u64>,
    /// The pages in each full block, as a Fenwick tree; those of the block that is being filled are not in it yet.
    blocks: Vec<u32>,
    /// The end of the slots; more than there are pages.
    end: usize,
    /// The next slot to give out.
    next: usize,
    /// Pages on the stack.
    height: u32,
    /// The page at the top.
    top: Option<PageId>,
}

impl StackDistances {
    /// An empty stack for pages below this number.
    pub fn new(pages: u32) -> Self {
        let blocks = (SLOTS_PER_PAGE * pages as usize).div_ceil(BLOCK).clamp(FEWEST_BLOCKS, MOST_BLOCKS);
        Self {
            slots: vec![NEVER; pages as usize],
            used: vec![0; blocks * WORDS],
            blocks: vec![0; blocks + 1],
            end: (blocks * BLOCK).min(NEVER as usize),
            next: 0,
            height: 0,
            top: None,
        }
    }

    /// Puts a page on top of the stack. Returns how many other pages were referenced since its last reference; none for a
    /// page that comes for the first time. LRU with `n` frames hits if the number is below `n`.
    ///
    /// # Panics
    /// When the page is not below the number that the stack was made for.
    #[inline]
    pub fn reference(&mut self, page: PageId) -> Option<u32> {
        if self.top == Some(page) {
            return Some(0);
        }
        self.top = Some(page);
        if self.next == self.end {
            self.move_together();
        }
        let slot = std::mem::replace(&mut self.slots[page.index()], self.next as u32);
        let distance = if slot == NEVER {
            self.height += 1;
            None
        } else {
            Some(self.take(slot as usize))
        };
        self.used[self.next / 64] |= 1 << (self.next % 64);
        self.next += 1;
        if self.next.is_multiple_of(BLOCK) {
            self.close(self.next / BLOCK - 1);
        }
        distance
    }

    /// Frees a slot; returns the used ones behind it.
    #[inline]
    fn take(&mut self, slot: usize) -> u32 {
        let (block, word, bit) = (slot / BLOCK, slot / 64, slot % 64);
        let behind_in_word = self.used[word] & (u64::MAX << bit) & !(1 << bit);
        self.used[word] &= !(1 << bit);
        let rest = &self.used[word + 1..(block + 1) * WORDS];
        let in_block = behind_in_word.count_ones() + rest.iter().map(|word| word.count_ones()).sum::<u32>();
        if block == self.next / BLOCK {
            return in_block;
        }
        let behind = self.height - self.up_to(block);
        self.add(block, u32::MAX);
        in_block + behind
    }

    /// Enters a full block in the tree.
    fn close(&mut self, block: usize) {
        let pages = self.used[block * WORDS..(block + 1) * WORDS].iter().map(|word| word.count_ones()).sum();
        self.add(block, pages);
    }

    /// Pages in the full blocks up to this one.
    #[inline]
    fn up_to(&self, block: usize) -> u32 {
        let (mut place, mut pages) = (block + 1, 0_u32);
        while place > 0 {
            pages = pages.wrapping_add(self.blocks[place]);
            place &= place - 1;
        }
        pages
    }

    /// Adds to the pages of a block; `u32::MAX` takes one away.
    #[inline]
    fn add(&mut self, block: usize, pages: u32) {
        let mut place = block + 1;
        while let Some(sum) = self.blocks.get_mut(place) {
            *sum = sum.wrapping_add(pages);
            place += place & place.wrapping_neg();
        }
    }

    /// Gives the pages the first slots, in the same order.
    #[cold]
    fn move_together(&mut self) {
        let mut before: Vec<u32> = Vec::with_capacity(self.used.len());
        let mut sum = 0;
        for word in &self.used {
            before.push(sum);
            sum += word.count_ones();
        }
        for slot in self.slots.iter_mut().filter(|slot| **slot != NEVER) {
            let (word, bit) = (*slot as usize / 64, *slot % 64);
            *slot = before[word] + (self.used[word] & ((1 << bit) - 1)).count_ones();
        }
        self.next = self.height as usize;
        self.used.fill(0);
        self.used[..self.next / 64].fill(u64::MAX);
        if !self.next.is_multiple_of(64) {
            self.used[self.next / 64] = (1 << (self.next % 64)) - 1;
        }
        self.blocks.fill(0);
        (0..self.next / BLOCK).for_each(|block| self.close(block));
    }
}

/// How many references have each distance: the faults of LRU at every memory size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DistanceCounts {
    /// References to a page that comes for the first time.
    cold: u64,
    /// The other references, by distance.
    counts: Vec<u64>,
}

impl DistanceCounts {
    /// Counts a reference with what [`StackDistances::reference`] said of it.
    #[inline]
    pub fn record(&mut self, distance: Option<u32>) {
        let Some(distance) = distance else {
            self.cold += 1;
            return;
        };
        let distance = distance as usize;
        if distance >= self.counts.len() {
            self.counts.resize(distance + 1, 0);
        }
        self.counts[distance] += 1;
    }

    /// References to a page that comes for the first time.
    pub fn cold(&self) -> u64 {
        self.cold
    }

    /// The other references, by distance, up to the largest distance there is.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// References counted.
    pub fn references(&self) -> u64 {
        self.cold + self.counts.iter().sum::<u64>()
    }

    /// Faults of LRU with so many frames, first touches included.
    pub fn faults(&self, frames: u64) -> u64 {
        let frames = usize::try_from(frames).unwrap_or(usize::MAX).min(self.counts.len());
        self.cold + self.counts[frames..].iter().sum::<u64>()
    }

    /// The fewest frames, at least one, with which LRU has at most so many faults; none where first touches alone are more.
    pub fn fewest_frames(&self, faults: u64) -> Option<u64> {
        let mut left = faults.checked_sub(self.cold)?;
        let mut frames = self.counts.len();
        while frames > 1 && self.counts[frames - 1] <= left {
            frames -= 1;
            left -= self.counts[frames];
        }
        Some(frames.max(1) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The stack as a list, the page referenced last in front.
    fn slowly(references: &[u32]) -> Vec<Option<u32>> {
        let mut stack: Vec<u32> = Vec::new();
        let mut distances = Vec::with_capacity(references.len());
        for &page in references {
            let place = stack.iter().position(|&other| other == page);
            if let Some(place) = place {
                stack.remove(place);
            }
            stack.insert(0, page);
            distances.push(place.map(|place| place as u32));
        }
        distances
    }

    /// Faults of LRU with so many frames, by keeping the pages in memory in a list.
    fn faults_slowly(references: &[u32], frames: usize) -> u64 {
        let (mut memory, mut faults) = (Vec::new(), 0);
        for &page in references {
            match memory.iter().position(|&other| other == page) {
                Some(place) => drop(memory.remove(place)),
                None => faults += 1,
            }
            memory.insert(0, page);
            memory.truncate(frames);
        }
        faults
    }

    fn counted(references: &[u32], pages: u32) -> (Vec<Option<u32>>, DistanceCounts) {
        let (mut stack, mut counts) = (StackDistances::new(pages), DistanceCounts::default());
        let distances: Vec<Option<u32>> =
            references.iter().map(|&page| stack.reference(PageId::new(page))).inspect(|&d| counts.record(d)).collect();
        (distances, counts)
    }

    #[test]
    fn a_string_counted_by_hand() {
        // a b c a a b: a comes back over b and c, then at once, then b over c and a.
        let (distances, counts) = counted(&[0, 1, 2, 0, 0, 1], 3);
        assert_eq!(distances, [None, None, None, Some(2), Some(0), Some(2)]);
        assert_eq!((counts.cold(), counts.counts(), counts.references()), (3, &[1, 0, 2][..], 6));
        assert_eq!([0, 1, 2, 3, 4, u64::MAX].map(|frames| counts.faults(frames)), [6, 5, 5, 3, 3, 3]);
        assert_eq!(
            [2, 3, 4, 5, 6].map(|faults| counts.fewest_frames(faults)),
            [None, Some(3), Some(3), Some(1), Some(1)]
        );
    }

    #[test]
    fn nothing_has_no_distance() {
        let counts = counted(&[], 0).1;
        assert_eq!((counts.references(), counts.faults(0), counts.fewest_frames(0)), (0, 0, Some(1)));
    }

    proptest! {
        #[test]
        fn distances_are_those_of_a_list(
            pages in 1u32..3000, draws in prop::collection::vec((any::<u32>(), any::<bool>()), 1..12_000),
        ) {
            // Half of the references go to few pages, so that distances are short and long; several times as many references as
            // slots move the pages together more than once.
            let references: Vec<u32> = draws.iter().map(|&(draw, near)| draw % if near { pages.min(7) } else { pages }).collect();
            let (distances, counts) = counted(&references, pages);
            prop_assert_eq!(distances, slowly(&references));
            for frames in [1, 2, 5, 40, pages as usize / 2 + 1, pages as usize] {
                prop_assert_eq!(counts.faults(frames as u64), faults_slowly(&references, frames));
            }
            for faults in [0, counts.cold(), counts.cold() + 3, references.len() as u64 / 2, references.len() as u64] {
                let fewest = (1..=u64::from(pages)).find(|&frames| counts.faults(frames) <= faults);
                prop_assert_eq!(counts.fewest_frames(faults), fewest);
            }
        }
    }
}
