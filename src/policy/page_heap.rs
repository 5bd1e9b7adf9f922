//! Pages in the order of a number that each has: the least comes first, and any of them can be given another number.
//!
//! A heap in an array that knows the place of each page in it, with four places below each: half as deep as with two, and what is
//! compared at a step lies together. All memory is allocated when it is made. What the numbers mean is the policy's part.

use crate::ids::PageId;

/// Places below each.
const BELOW: usize = 4;
/// The place of a page that is not in the heap.
const NOWHERE: u32 = u32::MAX;

/// A set of pages, each with a number.
#[derive(Clone, Debug)]
pub struct PageHeap<K = u64> {
    /// The number of the page at a place is no greater than those at the places [`below`] it.
    heap: Vec<(K, PageId)>,
    place_of: Vec<u32>,
}

impl<K: Copy + Ord> PageHeap<K> {
    /// An empty heap for pages below `pages`.
    pub fn new(pages: usize) -> Self {
        Self { heap: Vec::with_capacity(pages), place_of: vec![NOWHERE; pages] }
    }

    /// How many pages are in the heap.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Whether a page is in the heap.
    pub fn contains(&self, page: PageId) -> bool {
        self.place_of[page.index()] != NOWHERE
    }

    /// Puts a page in with a number, or gives it another one.
    #[inline]
    pub fn set(&mut self, page: PageId, number: K) {
        if !self.contains(page) {
            self.place_of[page.index()] = self.heap.len() as u32;
            self.heap.push((number, page));
        }
        let place = self.place_of[page.index()] as usize;
        self.heap[place].0 = number;
        self.settle(place);
    }

    /// Takes a page out; false when it is not in the heap.
    pub fn remove(&mut self, page: PageId) -> bool {
        let place = std::mem::replace(&mut self.place_of[page.index()], NOWHERE);
        if place == NOWHERE {
            return false;
        }
        self.heap.swap_remove(place as usize);
        if let Some(&(_, moved)) = self.heap.get(place as usize) {
            self.place_of[moved.index()] = place;
            self.settle(place as usize);
        }
        true
    }

    /// Takes the page with the least number out.
    pub fn pop(&mut self) -> Option<PageId> {
        let page = self.heap.first()?.1;
        self.remove(page);
        Some(page)
    }

    /// The least number and its page.
    pub fn first(&self) -> Option<(K, PageId)> {
        self.heap.first().copied()
    }

    /// The least number among those of pages that `wanted` accepts, and its page. Looks only at pages that it refuses and the
    /// next ones behind them.
    pub fn first_where(&self, wanted: impl Fn(PageId) -> bool) -> Option<(K, PageId)> {
        self.first_below(0, &wanted)
    }

    /// As [`PageHeap::first_where`], in the part of the heap that begins at a place; as deep as the heap is.
    fn first_below(&self, place: usize, wanted: &impl Fn(PageId) -> bool) -> Option<(K, PageId)> {
        let &(number, page) = self.heap.get(place)?;
        if wanted(page) {
            return Some((number, page));
        }
        below(place).filter_map(|place| self.first_below(place, wanted)).min()
    }

    /// Moves the page at a place up or down to where its number belongs.
    #[inline]
    fn settle(&mut self, mut place: usize) {
        let moving = self.heap[place];
        while place > 0 && moving < self.heap[above(place)] {
            self.put(place, self.heap[above(place)]);
            place = above(place);
        }
        while let Some((least, number)) = self.least_below(place).filter(|&(_, number)| number < moving) {
            self.put(place, number);
            place = least;
        }
        self.put(place, moving);
    }

    /// The place below another that has the least number.
    #[inline(always)]
    fn least_below(&self, place: usize) -> Option<(usize, (K, PageId))> {
        let first = below(place).start;
        let places = self.heap.get(first..self.heap.len().min(first + BELOW))?;
        let least = places.iter().enumerate().min_by_key(|&(_, number)| *number);
        least.map(|(number, least)| (first + number, *least))
    }

    #[inline(always)]
    fn put(&mut self, place: usize, number: (K, PageId)) {
        self.heap[place] = number;
        self.place_of[number.1.index()] = place as u32;
    }
}

/// The places below one, which may be past the end.
fn below(place: usize) -> std::ops::Range<usize> {
    BELOW * place + 1..BELOW * (place + 1) + 1
}

/// The place above one that is not the first.
fn above(place: usize) -> usize {
    (place - 1) / BELOW
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_agrees_with_a_tree(changes in prop::collection::vec((0u32..60, 0u64..30, 0u8..6), 0..400)) {
            let (mut heap, mut tree) = (PageHeap::new(60), BTreeSet::new());
            for (number, key, what) in changes {
                let page = PageId::new(number);
                prop_assert_eq!(heap.contains(page), tree.iter().any(|&(_, other)| other == page));
                match what {
                    0 => prop_assert_eq!(heap.pop(), tree.pop_first().map(|(_, page)| page)),
                    1 => {
                        prop_assert_eq!(heap.remove(page), tree.iter().any(|&(_, other)| other == page));
                        tree.retain(|&(_, other)| other != page);
                    }
                    _ => {
                        heap.set(page, key);
                        tree.retain(|&(_, other)| other != page);
                        tree.insert((key, page));
                    }
                }
                prop_assert_eq!((heap.len(), heap.is_empty()), (tree.len(), tree.is_empty()));
                for divisor in [1, 2, 3, 7] {
                    let wanted = |page: PageId| page.get().is_multiple_of(divisor);
                    let first = tree.iter().find(|&&(_, page)| wanted(page)).copied();
                    prop_assert_eq!(heap.first_where(wanted), first);
                    prop_assert_eq!(heap.first(), tree.first().copied());
                }
            }
        }
    }
}
