//! A ring of pages with a hand, in one array: the body of a clock. Which page the hand takes is the clock's part.
//!
//! The pages stand in the order in which the hand meets them, so it reads memory from front to back, and the next pages are
//! there before it comes to them. A new page is put just behind the hand, so the hand meets it last; when the hand's own
//! page leaves, the hand goes on to the next. Pages that leave elsewhere, with their segment, are taken out together, before
//! anything else is asked of the ring.
//!
//! A page keeps its place in the array while the ring is full, and one that comes in keeps that of the page that left
//! just behind the hand. Where there is room, pages that the hand passes change their places; so do others, when
//! pages leave elsewhere.

use crate::ids::PageId;
use crate::kernel::bitmap::Bitmap;

/// Pages from the hand to the one that is called from memory ahead of it.
const AHEAD: usize = 16;

/// A ring of distinct pages.
#[derive(Clone, Debug)]
pub struct Ring {
    /// `length` pages from the hand on, around the end of the array.
    places: Vec<PageId>,
    hand: usize,
    length: usize,
    /// Pages that are still in the array and not in the ring any more; no room where there never was one.
    left: Bitmap,
    left_over: usize,
    pages: usize,
}

impl Ring {
    /// An empty ring for at most `capacity` of the pages below `pages` at a time.
    pub fn new(pages: usize, capacity: u64) -> Self {
        let capacity = usize::try_from(capacity).unwrap_or(usize::MAX).min(pages).max(1);
        let places = vec![PageId::new(0); capacity];
        Self { places, hand: 0, length: 0, left: Bitmap::default(), left_over: 0, pages }
    }

    /// How many pages are in it.
    pub fn len(&self) -> usize {
        self.length - self.left_over
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The page at the hand.
    #[inline(always)]
    pub fn hand(&mut self) -> Option<PageId> {
        self.settle();
        (self.length > 0).then(|| self.places[self.hand])
    }

    /// The pages from the hand on that stand together in the array: all, or those before its end.
    #[inline(always)]
    pub fn from_hand(&mut self) -> &[PageId] {
        self.settle();
        &self.places[self.hand..(self.hand + self.length).min(self.places.len())]
    }

    /// Moves the hand on by some pages, at most as many as there are.
    #[inline(always)]
    pub fn advance_by(&mut self, pages: usize) {
        debug_assert!(pages <= self.len(), "once round at most");
        if self.length == self.places.len() {
            self.hand = self.place(pages);
        } else {
            (0..pages).for_each(|_| self.advance());
        }
    }

    /// A page that the hand will soon come to.
    #[inline(always)]
    pub fn ahead(&self) -> PageId {
        self.places[self.place(AHEAD.min(self.places.len() - 1))]
    }

    /// Moves the hand on by one page.
    #[inline(always)]
    pub fn advance(&mut self) {
        self.settle();
        if self.length == 0 {
            return;
        }
        // The room between the last page and the hand moves with the hand.
        if self.length < self.places.len() {
            let end = self.place(self.length);
            self.places[end] = self.places[self.hand];
        }
        self.hand = self.place(1);
    }

    /// Lends the array, in which all places are taken, and the place of the hand: who has it puts a page that comes in at the hand,
    /// in place of one that left there, and moves the hand on. None where there is room; until it is back the ring is empty.
    pub fn lend(&mut self) -> Option<(Vec<PageId>, usize)> {
        self.settle();
        (self.length == self.places.len()).then(|| (std::mem::take(&mut self.places), self.hand))
    }

    /// Takes the array back, with the hand at this place.
    pub fn take_back(&mut self, places: Vec<PageId>, hand: usize) {
        (self.places, self.hand) = (places, hand);
    }

    /// Whether there is no room for another page.
    pub fn is_full(&self) -> bool {
        self.len() == self.places.len()
    }

    /// The most pages that it can have, and the length of the array.
    pub fn capacity(&self) -> usize {
        self.places.len()
    }

    /// The place of the hand in the array.
    #[inline(always)]
    pub fn hand_place(&self) -> usize {
        debug_assert!(self.left_over == 0, "the gaps are closed");
        self.hand
    }

    /// The page at a place of the array that is in use.
    #[inline(always)]
    pub fn page_at(&self, place: usize) -> PageId {
        self.places[place]
    }

    /// How many pages there are from the hand on before the one at a place of the array.
    #[inline(always)]
    pub fn before(&self, place: usize) -> usize {
        if place >= self.hand { place - self.hand } else { place + self.places.len() - self.hand }
    }

    /// Puts a page that is not in the ring just behind the hand; its place in the array.
    ///
    /// # Panics
    /// When there are as many as it was made for.
    #[inline(always)]
    pub fn insert(&mut self, page: PageId) -> usize {
        self.settle();
        assert!(self.length < self.places.len(), "as many pages as there are frames");
        let end = self.place(self.length);
        self.places[end] = page;
        self.length += 1;
        end
    }

    /// Takes a page out, which has to be in it.
    #[inline(always)]
    pub fn remove(&mut self, page: PageId) {
        if self.left_over == 0 && self.places[self.hand] == page {
            self.hand = self.place(1);
            self.length -= 1;
        } else if self.left_over == 0 && self.places[self.place(self.length - 1)] == page {
            self.length -= 1;
        } else {
            self.leave(page);
        }
    }

    /// Every page of the ring once, from the hand on.
    pub fn round(&self) -> impl Iterator<Item = PageId> + '_ {
        self.places().map(|(_, page)| page)
    }

    /// The same, with their places in the array.
    pub fn places(&self) -> impl Iterator<Item = (usize, PageId)> + '_ {
        let pages = (0..self.length).map(|number| self.place(number)).map(|place| (place, self.places[place]));
        pages.filter(|(_, page)| self.left_over == 0 || !self.left.contains(page.index()))
    }

    /// The place in the array of the page so many behind the one at the hand.
    #[inline(always)]
    fn place(&self, number: usize) -> usize {
        let place = self.hand + number;
        if place >= self.places.len() { place - self.places.len() } else { place }
    }

    #[cold]
    fn leave(&mut self, page: PageId) {
        if self.left_over == 0 {
            self.left = Bitmap::new(self.pages);
        }
        self.left.insert(page.index());
        self.left_over += 1;
    }

    /// Closes the gaps of pages that left, which everything does that asks for a page or moves one.
    #[inline(always)]
    pub fn settle(&mut self) {
        if self.left_over > 0 {
            self.close_gaps();
        }
    }

    #[cold]
    fn close_gaps(&mut self) {
        let mut kept = 0;
        for number in 0..self.length {
            let page = self.places[self.place(number)];
            if !self.left.contains(page.index()) {
                let place = self.place(kept);
                self.places[place] = page;
                kept += 1;
            }
        }
        (self.length, self.left_over, self.left) = (kept, 0, Bitmap::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_agrees_with_a_vector_that_begins_at_the_hand(
            capacity in 1_u64..12,
            changes in prop::collection::vec((0_u32..10, 0_u8..8), 0..200),
        ) {
            let mut ring = Ring::new(10, capacity);
            let mut vector: Vec<u32> = Vec::new();
            for (number, what) in changes {
                let page = PageId::new(number);
                let place = vector.iter().position(|&known| known == number);
                match (what, place) {
                    (0..=2, None) if vector.len() < capacity.min(10) as usize => {
                        let place = ring.insert(page);
                        prop_assert_eq!((ring.page_at(place), ring.before(place)), (page, vector.len()));
                        vector.push(number);
                    }
                    (3, Some(place)) => {
                        ring.remove(page);
                        vector.remove(place);
                    }
                    (4, Some(place)) => {
                        ring.settle();
                        let hand = ring.hand_place();
                        let in_array = (hand + place) % capacity.min(10) as usize;
                        prop_assert_eq!((ring.page_at(in_array), ring.before(in_array)), (page, place));
                        ring.advance_by(place + 1);
                        vector.rotate_left(place + 1);
                    }
                    (5, _) => {
                        ring.advance();
                        if !vector.is_empty() { vector.rotate_left(1); }
                    }
                    (7, None) if ring.is_full() => {
                        let (mut places, hand) = ring.lend().unwrap();
                        prop_assert_eq!(places[hand].get(), vector[0]);
                        places[hand] = page;
                        let next = (hand + 1) % places.len();
                        ring.take_back(places, next);
                        vector[0] = number;
                        vector.rotate_left(1);
                    }
                    (7, _) if !ring.is_full() => prop_assert!(ring.lend().is_none()),
                    (6, _) => prop_assert_eq!(ring.hand().map(PageId::get), vector.first().copied()),
                    _ => {}
                }
                prop_assert_eq!(ring.round().map(PageId::get).collect::<Vec<_>>(), vector.clone());
                prop_assert_eq!(ring.len(), vector.len());
                prop_assert_eq!(ring.is_empty(), vector.is_empty());
                prop_assert_eq!(ring.is_full(), vector.len() == capacity.min(10) as usize);
            }
        }
    }
}
