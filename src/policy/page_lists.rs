//! Several doubly linked lists of pages in the same arrays, for policies that sort pages into groups. A page is in one of
//! the lists at most.
//!
//! All memory is allocated when the lists are made; every operation but the walk takes constant time. For one list there
//! is [`super::page_list::PageList`].

use crate::ids::PageId;

/// Lists of distinct pages, numbered from 0.
#[derive(Clone, Debug)]
pub struct PageLists {
    /// For each page the one before and the one after it, then the same for each list's joint, which is before its front
    /// and behind its back. A page that is in no list points to itself.
    links: Vec<Link>,
    pages: u32,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
}

impl PageLists {
    /// Empty lists for pages below `pages`, so many of them.
    ///
    /// # Panics
    /// When pages and lists are more than 2^32 together, which is more than any memory holds.
    pub fn new(pages: usize, lists: usize) -> Self {
        let links = u32::try_from(pages + lists).expect("no more than 2^32 pages and lists");
        Self { links: (0..links).map(|own| Link { before: own, after: own }).collect(), pages: pages as u32 }
    }

    /// Whether a page is in one of the lists.
    pub fn contains(&self, page: PageId) -> bool {
        self.links[page.index()].after != page.get()
    }

    /// The page at the front of a list.
    pub fn front(&self, list: usize) -> Option<PageId> {
        self.page(self.links[self.joint(list) as usize].after)
    }

    /// The page behind another one in its list; none when that is the back, or in no list.
    pub fn after(&self, page: PageId) -> Option<PageId> {
        self.page(self.links[page.index()].after).filter(|&next| next != page)
    }

    /// Puts a page at the back of a list.
    ///
    /// # Panics
    /// When it is in a list already; so do the other insertions.
    pub fn push_back(&mut self, list: usize, page: PageId) {
        self.insert(page, self.joint(list));
    }

    /// Puts a page before another one, into its list.
    pub fn insert_before(&mut self, page: PageId, behind: PageId) {
        self.insert(page, behind.get());
    }

    /// Takes a page out of its list; false when it is in none.
    pub fn remove(&mut self, page: PageId) -> bool {
        if !self.contains(page) {
            return false;
        }
        let Link { before, after } = self.links[page.index()];
        self.links[before as usize].after = after;
        self.links[after as usize].before = before;
        self.links[page.index()] = Link { before: page.get(), after: page.get() };
        true
    }

    /// The pages of a list from front to back.
    pub fn iter(&self, list: usize) -> impl Iterator<Item = PageId> + '_ {
        std::iter::successors(self.front(list), |&page| self.after(page))
    }

    fn insert(&mut self, page: PageId, behind: u32) {
        assert!(!self.contains(page), "a page is in one list");
        let before = self.links[behind as usize].before;
        self.links[page.index()] = Link { before, after: behind };
        self.links[before as usize].after = page.get();
        self.links[behind as usize].before = page.get();
    }

    fn joint(&self, list: usize) -> u32 {
        self.pages + list as u32
    }

    fn page(&self, link: u32) -> Option<PageId> {
        (link < self.pages).then(|| PageId::new(link))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_agree_with_vectors(
            changes in prop::collection::vec((0u32..12, 0u32..12, 0usize..3, 0u8..4), 0..200)
        ) {
            let mut lists = PageLists::new(12, 3);
            let mut vectors: [Vec<u32>; 3] = Default::default();
            for (number, other, list, what) in changes {
                let page = PageId::new(number);
                let known = vectors.iter().any(|vector| vector.contains(&number));
                prop_assert_eq!(lists.contains(page), known);
                let place = |vector: &Vec<u32>| vector.iter().position(|&known| known == other);
                match what {
                    0 | 1 if !known => {
                        lists.push_back(list, page);
                        vectors[list].push(number);
                    }
                    2 if !known => {
                        if let Some((vector, place)) = vectors.iter_mut().find_map(|v| place(v).map(|at| (v, at))) {
                            lists.insert_before(page, PageId::new(other));
                            vector.insert(place, number);
                        }
                    }
                    3 => {
                        prop_assert_eq!(lists.remove(page), known);
                        for vector in &mut vectors {
                            vector.retain(|&known| known != number);
                        }
                    }
                    _ => {}
                }
                for (list, vector) in vectors.iter().enumerate() {
                    prop_assert_eq!(lists.iter(list).map(PageId::get).collect::<Vec<_>>(), vector.clone());
                    prop_assert_eq!(lists.front(list).map(PageId::get), vector.first().copied());
                }
            }
        }
    }
}
