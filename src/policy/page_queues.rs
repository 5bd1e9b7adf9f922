//! A few queues of pages, for policies that keep pages in order of arrival or of the last reference and move them from one
//! queue to another.
//!
//! A page is in one of the queues at most, and which one is known without a search. The queues are numbered from 0; the
//! policy gives the numbers names. What the order means, and what the mark of a page means, is the policy's part.
//!
//! Pages enter at the back only, so a queue is a log: a page that moves to the back is written behind the last one, and the
//! slot that it had is dead from then on. A bit for each slot tells the live ones, so the front is the first set bit. When the
//! log is full, the live pages are written anew from its beginning; it has room for a few times as many pages as the queue,
//! so that is rare. Other than in a linked list, a move touches nothing of the pages before and behind: of all that lies
//! apart in memory it reads and writes one word. All operations but the walk take constant time, averaged over a run; a log
//! that is too short is made longer, which ends when the queue has been as long as it will be.
//!
//! What did not help: to do without the test for a page that is at the back already (a fifth slower on a sorting program, which
//! refers to one page several times in a row), and to ask for a page ahead of the front by its slot alone where victims are
//! sought (most of those asked for were dead, and most victims were not).

use crate::ids::PageId;
use crate::kernel::Memory;
use crate::prefetch::prefetch;

/// The queue of a page that is in none.
const NOWHERE: u8 = u8::MAX;
/// The slots of the shortest log.
const FEWEST_SLOTS: usize = 1 << 10;
/// The slots of a log for each page in the queue, when it is written anew.
///
/// Tried on Zipf's law over a million pages, `lru` with a tenth of them in memory, ns a reference in two runs: with 2 20 and
/// 18, with 4 16 and 17, with 8 18 and 19.
const SLOTS_A_PAGE: usize = 4;
/// Slots ahead of one that is looked at whose page is called near.
const SLOTS_AHEAD: usize = 32;
/// Words of the bitmap behind the front whose pages are called near when a victim is looked for.
const WORDS_AHEAD: u32 = 3;
/// The slots of the longest log: numbers of 32 bits, in whole words of the bitmap.
const MOST_SLOTS: usize = (u32::MAX as usize) & !63;

/// So many queues that share their pages.
#[derive(Clone, Debug)]
pub struct PageQueues<const N: usize> {
    places: Vec<Place>,
    queues: [Queue; N],
}

/// All that is kept of a page, in one word.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
struct Place {
    /// Its slot in the log of its queue; without a meaning where it is in none.
    slot: u32,
    queue: u8,
    mark: u8,
}

/// One queue.
#[derive(Clone, Debug, Default)]
struct Queue {
    /// The page that was written to each slot. Its length is the room there is.
    log: Vec<PageId>,
    /// A bit for each slot: clear where it is dead. Those that are not written yet are set.
    live: Vec<u64>,
    /// The next slot to be written.
    end: u32,
    /// No word of `live` before this one has a bit of a page in the queue.
    first: u32,
    length: u32,
    /// The word of `live` up to which the pages were called near as victims to be.
    called: u32,
}

impl<const N: usize> PageQueues<N> {
    /// Empty queues for pages below `pages`, whose marks are 0.
    pub fn new(pages: usize) -> Self {
        const { assert!(N < NOWHERE as usize, "the number of a queue is a byte") };
        Self {
            places: vec![Place { slot: 0, queue: NOWHERE, mark: 0 }; pages],
            queues: std::array::from_fn(|_| Queue::default()),
        }
    }

    /// Calls near what is kept of a page.
    #[inline(always)]
    pub fn expect(&self, page: PageId) {
        prefetch(&self.places, page.index());
    }

    /// How many pages are in a queue.
    #[inline]
    pub fn len(&self, queue: usize) -> usize {
        self.queues[queue].length as usize
    }

    /// Whether there is none in a queue.
    #[inline]
    pub fn is_empty(&self, queue: usize) -> bool {
        self.len(queue) == 0
    }

    /// The queue that a page is in.
    #[inline]
    pub fn queue_of(&self, page: PageId) -> Option<usize> {
        let queue = self.places[page.index()].queue;
        (queue != NOWHERE).then_some(usize::from(queue))
    }

    /// Whether a page is in a queue.
    #[inline]
    pub fn contains(&self, queue: usize, page: PageId) -> bool {
        usize::from(self.places[page.index()].queue) == queue
    }

    /// The mark of a page, whether it is in a queue or not; it changes only by this.
    #[inline]
    pub fn mark_mut(&mut self, page: PageId) -> &mut u8 {
        &mut self.places[page.index()].mark
    }

    /// The mark of a page.
    #[inline]
    pub fn mark(&self, page: PageId) -> u8 {
        self.places[page.index()].mark
    }

    /// Puts a page at the back of a queue; it leaves the one that it is in.
    ///
    /// # Panics
    /// When the queue has more than 2^32 - 64 pages.
    #[inline]
    pub fn move_to_back(&mut self, page: PageId, queue: usize) {
        let Self { places, queues } = self;
        let place = &mut places[page.index()];
        if let Some(left) = queues.get_mut(usize::from(place.queue)) {
            left.bury(place.slot);
            left.length -= 1;
        }
        place.queue = queue as u8;
        queues[queue].length += 1;
        queues[queue].push(places, page);
    }

    /// Puts a page at the back of the queue that it is in: what a hit does, so as short as it can be.
    ///
    /// # Panics
    /// In tests, when the page is not in that queue; and as [`PageQueues::move_to_back`].
    #[inline(always)]
    pub fn touch(&mut self, page: PageId, queue: usize) {
        let Self { places, queues } = self;
        let place = places[page.index()];
        debug_assert!(usize::from(place.queue) == queue, "a page that is touched is in the queue");
        let queue = &mut queues[queue];
        if place.slot + 1 == queue.end {
            return;
        }
        queue.bury(place.slot);
        queue.push(places, page);
    }

    /// Takes a page out of the queue that it is in; that queue.
    #[inline]
    pub fn remove(&mut self, page: PageId) -> Option<usize> {
        let place = &mut self.places[page.index()];
        let number = usize::from(std::mem::replace(&mut place.queue, NOWHERE));
        let queue = self.queues.get_mut(number)?;
        queue.bury(place.slot);
        queue.length -= 1;
        Some(number)
    }

    /// The page at the front of a queue.
    #[inline]
    pub fn front(&mut self, queue: usize) -> Option<PageId> {
        self.queues[queue].find_first();
        let queue = &self.queues[queue];
        let word = *queue.live.get(queue.first as usize)?;
        // What is not written yet is live there.
        let slot = queue.first as usize * 64 + word.trailing_zeros() as usize;
        if slot >= queue.end as usize {
            return None;
        }
        self.expect_near(queue, slot);
        Some(queue.log[slot])
    }

    /// Calls near what is kept of a page a little behind a slot that is looked at: it is likely to have its turn soon.
    #[inline(always)]
    fn expect_near(&self, queue: &Queue, slot: usize) {
        if let Some(next) = queue.log.get(slot + SLOTS_AHEAD) {
            self.expect(*next);
        }
    }

    /// Whether a page is at the front of a queue.
    #[inline]
    pub fn is_front(&mut self, page: PageId, queue: usize) -> bool {
        let (place, pages) = (self.places[page.index()], &self.queues[queue]);
        // Most pages are not, and what is live in a word before tells that at once.
        let first = pages.first as usize;
        let is_behind = place.slot as usize / 64 > first && pages.live.get(first).is_some_and(|&word| word != 0);
        usize::from(place.queue) == queue && !is_behind && self.front(queue) == Some(page)
    }

    /// The page behind another one in the queue of that; none when it is the back, or in no queue.
    #[inline]
    pub fn after(&self, page: PageId) -> Option<PageId> {
        let place = self.places[page.index()];
        let queue = self.queues.get(usize::from(place.queue))?;
        let slot = queue.live_from(place.slot as usize + 1)?;
        self.expect_near(queue, slot);
        Some(queue.log[slot])
    }

    /// Takes the page at the front of a queue out.
    pub fn pop_front(&mut self, queue: usize) -> Option<PageId> {
        let page = self.front(queue)?;
        self.remove(page);
        Some(page)
    }

    /// The page nearest to the front of a queue that is as wanted. Looks only at those before it.
    #[inline]
    pub fn first_where(&mut self, queue: usize, mut wanted: impl FnMut(PageId) -> bool) -> Option<PageId> {
        let front = self.front(queue)?;
        if wanted(front) { Some(front) } else { self.iter(queue).skip(1).find(|&page| wanted(page)) }
    }

    /// The page nearest to the front of a queue that is not locked. What is known of a page a little behind the front is called
    /// near, for it is likely to be the victim soon.
    #[inline]
    pub fn first_unlocked(&mut self, queue: usize, memory: &Memory<'_>) -> Option<PageId> {
        let page = self.first_where(queue, |page| !memory.is_locked(page));
        let (places, queue) = (&self.places, &mut self.queues[queue]);
        if queue.called < queue.first + WORDS_AHEAD {
            queue.call_near(|page| {
                prefetch(places, page.index());
                memory.prefetch(page);
            });
        }
        page
    }

    /// The pages of a queue from front to back.
    pub fn iter(&self, queue: usize) -> impl Iterator<Item = PageId> + '_ {
        let queue = &self.queues[queue];
        let front = queue.live_from(queue.first as usize * 64);
        std::iter::successors(front, |&slot| queue.live_from(slot + 1)).map(|slot| queue.log[slot])
    }
}

impl Queue {
    /// Writes a page, which has no live slot, behind the last one.
    #[inline(always)]
    fn push(&mut self, places: &mut [Place], page: PageId) {
        if self.end as usize == self.log.len() {
            self.write_anew(places);
        }
        self.log[self.end as usize] = page;
        places[page.index()].slot = self.end;
        self.end += 1;
    }

    /// The page of a slot is not there any more.
    #[inline]
    fn bury(&mut self, slot: u32) {
        self.live[slot as usize / 64] &= !(1 << (slot % 64));
    }

    /// Moves `first` to the word of the first page, where there is one.
    #[inline]
    fn find_first(&mut self) {
        while self.live.get(self.first as usize).is_some_and(|&word| word == 0) {
            self.first += 1;
        }
    }

    /// Has the pages called near that are in the words a little behind the front, each word once.
    #[inline(never)]
    fn call_near(&mut self, mut call: impl FnMut(PageId)) {
        let behind = self.first + WORDS_AHEAD;
        for word in self.called.max(self.first)..behind.min(self.end / 64) {
            let mut bits = self.live[word as usize];
            while bits != 0 {
                call(self.log[word as usize * 64 + bits.trailing_zeros() as usize]);
                bits &= bits - 1;
            }
        }
        self.called = behind;
    }

    /// The first live slot from one on.
    #[inline]
    fn live_from(&self, from: usize) -> Option<usize> {
        let mut at = from;
        let end = self.end as usize;
        while at < end {
            let word = self.live[at / 64] >> (at % 64);
            if word != 0 {
                at += word.trailing_zeros() as usize;
                break;
            }
            at = (at / 64 + 1) * 64;
        }
        (at < end).then_some(at)
    }

    /// Writes the live pages from the beginning of the log on, which gets room for more behind them.
    #[cold]
    #[inline(never)]
    fn write_anew(&mut self, places: &mut [Place]) {
        let mut written = 0;
        for word in self.first as usize..self.end.div_ceil(64) as usize {
            let mut bits = self.live[word];
            while bits != 0 {
                let slot = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let page = self.log[slot];
                self.log[written] = page;
                places[page.index()].slot = written as u32;
                written += 1;
            }
        }
        let slots = (written * SLOTS_A_PAGE).max(FEWEST_SLOTS).next_multiple_of(64).min(MOST_SLOTS);
        assert!(written < slots, "a queue of so many pages does not fit into memory");
        self.log.resize(slots, PageId::new(0));
        self.live.clear();
        self.live.resize(slots / 64, u64::MAX);
        (self.first, self.called, self.end) = (0, 0, written as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    fn check(queues: &mut PageQueues<3>, expected: &[VecDeque<u32>]) -> Result<(), TestCaseError> {
        for (queue, expected) in expected.iter().enumerate() {
            prop_assert_eq!(queues.iter(queue).map(PageId::get).collect::<Vec<_>>(), Vec::from(expected.clone()));
            prop_assert_eq!((queues.len(queue), queues.is_empty(queue)), (expected.len(), expected.is_empty()));
            prop_assert_eq!(queues.front(queue).map(PageId::get), expected.front().copied());
            let odd = expected.iter().copied().find(|page| page % 2 == 1);
            prop_assert_eq!(queues.first_where(queue, |page| page.get() % 2 == 1).map(PageId::get), odd);
            for (place, &page) in expected.iter().enumerate() {
                let after = queues.after(PageId::new(page)).map(PageId::get);
                prop_assert_eq!(after, expected.get(place + 1).copied());
                prop_assert_eq!(queues.is_front(PageId::new(page), queue), place == 0);
                prop_assert!(!queues.is_front(PageId::new(page), (queue + 1) % 3));
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Many changes between two looks, so that the logs are written anew, with few and with many pages.
        #[test]
        fn they_agree_with_lists(
            pages in prop_oneof![Just(7u32), Just(70), Just(1500)],
            changes in prop::collection::vec((any::<u32>(), 0usize..3, 0u8..12, 1usize..600), 0..30),
        ) {
            let mut queues = PageQueues::<3>::new(pages as usize);
            let mut expected = vec![VecDeque::new(); 3];
            let mut state = 1u32;
            for (seed, queue, what, times) in changes {
                state ^= seed;
                for _ in 0..times {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let number = (state >> 8) % pages;
                    let page = PageId::new(number);
                    let known = expected.iter().position(|queue| queue.contains(&number));
                    prop_assert_eq!(queues.queue_of(page), known);
                    prop_assert_eq!(queues.contains(queue, page), known == Some(queue));
                    let take = |expected: &mut Vec<VecDeque<u32>>| {
                        for queue in expected.iter_mut() {
                            queue.retain(|&other| other != number);
                        }
                    };
                    match what {
                        0 => {
                            prop_assert_eq!(queues.remove(page), known);
                            take(&mut expected);
                        }
                        1 => {
                            prop_assert_eq!(queues.pop_front(queue).map(PageId::get), expected[queue].pop_front());
                        }
                        2..5 if known.is_some() => {
                            let known = known.unwrap_or_default();
                            queues.touch(page, known);
                            take(&mut expected);
                            expected[known].push_back(number);
                        }
                        _ => {
                            queues.move_to_back(page, queue);
                            take(&mut expected);
                            expected[queue].push_back(number);
                        }
                    }
                }
                check(&mut queues, &expected)?;
            }
        }

        #[test]
        fn marks_stay_with_their_pages(marks in prop::collection::vec((0u32..9, any::<u8>()), 0..60)) {
            let (mut queues, mut expected) = (PageQueues::<2>::new(9), [0; 9]);
            for (number, mark) in marks {
                let page = PageId::new(number);
                *queues.mark_mut(page) = mark;
                expected[page.index()] = mark;
                if mark % 3 == 0 { queues.remove(page); } else { queues.move_to_back(page, usize::from(mark % 2)); }
                prop_assert_eq!((0..9).map(|page| queues.mark(PageId::new(page))).collect::<Vec<_>>(), expected);
            }
        }
    }
}
