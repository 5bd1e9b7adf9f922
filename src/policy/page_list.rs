//! A doubly linked list of pages in arrays, for policies that keep pages in an order.
//!
//! A page is in a given list at most once. All memory is allocated when the list is made; every operation but the walk
//! takes constant time. The order has no meaning here.

use crate::ids::PageId;

/// A list of distinct pages.
#[derive(Clone, Debug)]
pub struct PageList {
    /// For each page the one before and the one after it; the last element is the ring's joint, before the front and
    /// behind the back. A page that is not in the list points to itself.
    links: Vec<Link>,
    length: usize,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
}

impl PageList {
    /// An empty list for pages below `pages`.
    pub fn new(pages: usize) -> Self {
        Self { links: (0..=pages as u32).map(|own| Link { before: own, after: own }).collect(), length: 0 }
    }

    /// How many pages are in the list.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether a page is in the list.
    #[inline]
    pub fn contains(&self, page: PageId) -> bool {
        self.links[page.index()].after != page.get()
    }

    /// The page at the front.
    pub fn front(&self) -> Option<PageId> {
        self.page(self.links[self.joint()].after)
    }

    /// The page behind another one in the list; none when that is the back.
    pub fn after(&self, page: PageId) -> Option<PageId> {
        self.page(self.links[page.index()].after)
    }

    /// Puts a page at the back.
    ///
    /// # Panics
    /// When it is in the list.
    #[inline]
    pub fn push_back(&mut self, page: PageId) {
        assert!(!self.contains(page), "a page is in a list once");
        let joint = self.joint();
        let before = self.links[joint].before;
        self.links[page.index()] = Link { before, after: joint as u32 };
        self.links[before as usize].after = page.get();
        self.links[joint].before = page.get();
        self.length += 1;
    }

    /// Takes a page out; false when it is not in the list.
    #[inline]
    pub fn remove(&mut self, page: PageId) -> bool {
        if !self.contains(page) {
            return false;
        }
        let Link { before, after } = self.links[page.index()];
        self.links[before as usize].after = after;
        self.links[after as usize].before = before;
        self.links[page.index()] = Link { before: page.get(), after: page.get() };
        self.length -= 1;
        true
    }

    /// The pages from front to back.
    pub fn iter(&self) -> impl Iterator<Item = PageId> + '_ {
        std::iter::successors(self.front(), |&page| self.after(page))
    }

    fn joint(&self) -> usize {
        self.links.len() - 1
    }

    fn page(&self, link: u32) -> Option<PageId> {
        (link as usize != self.joint()).then(|| PageId::new(link))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn it_agrees_with_a_queue(changes in prop::collection::vec((0u32..12, any::<bool>()), 0..200)) {
            let mut list = PageList::new(12);
            let mut queue: VecDeque<u32> = VecDeque::new();
            for (number, put) in changes {
                let page = PageId::new(number);
                prop_assert_eq!(list.contains(page), queue.contains(&number));
                if !put {
                    let was = list.remove(page);
                    prop_assert_eq!(was, queue.contains(&number));
                    queue.retain(|&known| known != number);
                } else if !queue.contains(&number) {
                    list.push_back(page);
                    queue.push_back(number);
                }
                prop_assert_eq!(list.iter().map(PageId::get).collect::<Vec<_>>(), Vec::from(queue.clone()));
                prop_assert_eq!((list.len(), list.is_empty()), (queue.len(), queue.is_empty()));
                prop_assert_eq!(list.front().map(PageId::get), queue.front().copied());
                for (place, &known) in queue.iter().enumerate() {
                    prop_assert_eq!(list.after(PageId::new(known)).map(PageId::get), queue.get(place + 1).copied());
                }
            }
        }
    }
}
