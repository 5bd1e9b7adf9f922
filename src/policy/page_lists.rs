//! Several doubly linked lists of pages in one set of arrays, for policies that move pages from one list to another.
//!
//! A page is in one of the lists at most, and which one is known without a search. The lists are numbered from 0; the
//! policy gives the numbers names. All memory is allocated when the lists are made; every operation but the walk takes
//! constant time. The order has no meaning here.

use crate::ids::PageId;

/// The list of a page that is in none.
const NOWHERE: u8 = u8::MAX;

/// A few lists that share their pages.
#[derive(Clone, Debug)]
pub struct PageLists {
    /// For each page the one before and the one after it; then for each list its joint, before the front and behind the
    /// back. The links of a page in no list have no meaning.
    links: Vec<Link>,
    list_of: Vec<u8>,
    lengths: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
}

impl PageLists {
    /// Empty lists for pages below `pages`.
    ///
    /// # Panics
    /// When there are more than 255 lists, or 2^32 pages and lists together.
    pub fn new(pages: usize, lists: usize) -> Self {
        assert!(lists <= usize::from(NOWHERE), "the number of a list is a byte");
        let end = u32::try_from(pages + lists).expect("the pages and lists have numbers of 32 bits");
        Self {
            links: (0..end).map(|own| Link { before: own, after: own }).collect(),
            list_of: vec![NOWHERE; pages],
            lengths: vec![0; lists],
        }
    }

    /// How many pages are in a list.
    #[inline]
    pub fn len(&self, list: usize) -> usize {
        self.lengths[list]
    }

    /// Whether there is none in a list.
    #[inline]
    pub fn is_empty(&self, list: usize) -> bool {
        self.lengths[list] == 0
    }

    /// The list that a page is in.
    #[inline]
    pub fn list_of(&self, page: PageId) -> Option<usize> {
        let list = self.list_of[page.index()];
        (list != NOWHERE).then_some(usize::from(list))
    }

    /// The page at the front of a list.
    #[inline]
    pub fn front(&self, list: usize) -> Option<PageId> {
        self.page(self.links[self.joint(list)].after)
    }

    /// The page behind another one in the list of that; none when it is the back, or in no list.
    pub fn after(&self, page: PageId) -> Option<PageId> {
        self.list_of(page).and_then(|_| self.page(self.links[page.index()].after))
    }

    /// Puts a page at the back of a list; it leaves the one that it is in.
    #[inline]
    pub fn move_to_back(&mut self, page: PageId, list: usize) {
        self.remove(page);
        let joint = self.joint(list);
        let before = self.links[joint].before;
        self.links[page.index()] = Link { before, after: joint as u32 };
        self.links[before as usize].after = page.get();
        self.links[joint].before = page.get();
        self.list_of[page.index()] = list as u8;
        self.lengths[list] += 1;
    }

    /// Takes a page out of the list that it is in; that list.
    #[inline]
    pub fn remove(&mut self, page: PageId) -> Option<usize> {
        let list = self.list_of(page)?;
        let Link { before, after } = self.links[page.index()];
        self.links[before as usize].after = after;
        self.links[after as usize].before = before;
        self.list_of[page.index()] = NOWHERE;
        self.lengths[list] -= 1;
        Some(list)
    }

    /// Takes the page at the front of a list out.
    pub fn pop_front(&mut self, list: usize) -> Option<PageId> {
        let page = self.front(list)?;
        self.remove(page);
        Some(page)
    }

    /// The pages of a list from front to back.
    pub fn iter(&self, list: usize) -> impl Iterator<Item = PageId> + '_ {
        std::iter::successors(self.front(list), |&page| self.after(page))
    }

    #[inline]
    fn joint(&self, list: usize) -> usize {
        self.list_of.len() + list
    }

    #[inline]
    fn page(&self, link: u32) -> Option<PageId> {
        ((link as usize) < self.list_of.len()).then(|| PageId::new(link))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn they_agree_with_queues(changes in prop::collection::vec((0u32..12, 0usize..3, 0u8..5), 0..200)) {
            let mut lists = PageLists::new(12, 3);
            let mut queues = vec![VecDeque::new(); 3];
            for (number, list, what) in changes {
                let page = PageId::new(number);
                let take = |queues: &mut Vec<VecDeque<u32>>| {
                    for queue in queues {
                        queue.retain(|&other| other != number);
                    }
                };
                let known = queues.iter().position(|queue| queue.contains(&number));
                prop_assert_eq!(lists.list_of(page), known);
                match what {
                    0 => {
                        prop_assert_eq!(lists.remove(page), known);
                        take(&mut queues);
                    }
                    1 => prop_assert_eq!(lists.pop_front(list).map(PageId::get), queues[list].pop_front()),
                    _ => {
                        lists.move_to_back(page, list);
                        take(&mut queues);
                        queues[list].push_back(number);
                    }
                }
                for (list, queue) in queues.iter().enumerate() {
                    prop_assert_eq!(lists.iter(list).map(PageId::get).collect::<Vec<_>>(), Vec::from(queue.clone()));
                    prop_assert_eq!((lists.len(list), lists.is_empty(list)), (queue.len(), queue.is_empty()));
                }
            }
        }
    }
}
