//! Rings of pages, each with a hand: the body of every clock. Which page the hand takes is the clock's part.
//!
//! A new page is put just behind the hand, so the hand meets it last; when the hand's own page leaves, the hand goes on to
//! the next.

use crate::ids::PageId;

/// Several rings of distinct pages. A page is in one of them at most.
#[derive(Clone, Debug)]
pub struct Rings {
    /// For each page of a ring the one before and the one after it.
    links: Vec<Link>,
    /// The page that each hand is at; none when the ring is empty.
    hands: Vec<Option<PageId>>,
    lengths: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    before: PageId,
    after: PageId,
}

impl Rings {
    /// Empty rings for pages below `pages`, so many of them.
    pub fn new(pages: usize, rings: usize) -> Self {
        let none = Link { before: PageId::new(0), after: PageId::new(0) };
        Self { links: vec![none; pages], hands: vec![None; rings], lengths: vec![0; rings] }
    }

    /// How many pages are in a ring.
    pub fn len(&self, ring: usize) -> usize {
        self.lengths[ring]
    }

    /// The page at the hand.
    pub fn hand(&self, ring: usize) -> Option<PageId> {
        self.hands[ring]
    }

    /// Moves the hand to a page of the ring.
    pub fn set_hand(&mut self, ring: usize, page: PageId) {
        self.hands[ring] = Some(page);
    }

    /// Moves the hand on by one page.
    pub fn advance(&mut self, ring: usize) {
        self.hands[ring] = self.hands[ring].map(|page| self.after(page));
    }

    /// Puts a page that is in no ring just behind the hand.
    pub fn insert(&mut self, ring: usize, page: PageId) {
        let after = *self.hands[ring].get_or_insert(page);
        let before = if after == page { page } else { self.links[after.index()].before };
        self.links[page.index()] = Link { before, after };
        self.links[before.index()].after = page;
        self.links[after.index()].before = page;
        self.lengths[ring] += 1;
    }

    /// Takes a page out of a ring, which it has to be in.
    pub fn remove(&mut self, ring: usize, page: PageId) {
        let Link { before, after } = self.links[page.index()];
        self.links[before.index()].after = after;
        self.links[after.index()].before = before;
        self.lengths[ring] -= 1;
        if self.hands[ring] == Some(page) {
            self.hands[ring] = (self.lengths[ring] > 0).then_some(after);
        }
    }

    /// Every page of the ring once, from the hand on.
    pub fn round(&self, ring: usize) -> impl Iterator<Item = PageId> + '_ {
        let start = self.hands[ring];
        std::iter::successors(start, move |&page| Some(self.after(page)).filter(|&next| Some(next) != start))
    }

    /// The page that the hand meets after another one of the same ring.
    fn after(&self, page: PageId) -> PageId {
        self.links[page.index()].after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_agree_with_vectors_that_begin_at_the_hand(
            changes in prop::collection::vec((0u32..10, 0usize..2, 0u8..5), 0..200)
        ) {
            let mut rings = Rings::new(10, 2);
            let mut vectors: [Vec<u32>; 2] = Default::default();
            for (number, ring, what) in changes {
                let page = PageId::new(number);
                let known = vectors.iter().any(|vector| vector.contains(&number));
                let vector = &mut vectors[ring];
                let place = vector.iter().position(|&known| known == number);
                match (what, place) {
                    (0 | 1, _) if !known => {
                        rings.insert(ring, page);
                        vector.push(number);
                    }
                    (2, Some(place)) => {
                        rings.remove(ring, page);
                        vector.remove(place);
                    }
                    (3, Some(place)) => {
                        rings.set_hand(ring, page);
                        vector.rotate_left(place);
                    }
                    (4, _) => {
                        rings.advance(ring);
                        if !vector.is_empty() { vector.rotate_left(1); }
                    }
                    _ => {}
                }
                for (ring, vector) in vectors.iter().enumerate() {
                    prop_assert_eq!(rings.round(ring).map(PageId::get).collect::<Vec<_>>(), vector.clone());
                    prop_assert_eq!(rings.hand(ring).map(PageId::get), vector.first().copied());
                    prop_assert_eq!(rings.len(ring), vector.len());
                }
            }
        }
    }
}
