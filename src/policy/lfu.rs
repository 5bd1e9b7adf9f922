//! Least frequently used: the page with the fewest references since it came in goes; among equals, the one whose last
//! reference is longest ago.
//!
//! Counts begin at 1 with the reference that brings the page in and are forgotten when it goes. All pages stand in one
//! queue by count, and by last reference where the counts are equal; pages of one count are a group, which knows its last
//! page. A reference moves a page behind the next group if that has the count it now has, else behind its own; so it takes
//! constant time whatever the counts. A locked page is passed over and keeps its place. Source: any textbook.

use super::page_list::PageList;
use super::parameters::Arguments;
use super::{Policy, SeesReferences, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The pages of one count.
#[derive(Clone, Copy, Debug)]
struct Group {
    count: u64,
    /// The one that was referenced last.
    last: PageId,
}

/// The queue and its groups.
#[derive(Debug)]
pub struct Lfu {
    queue: PageList,
    groups: Vec<Group>,
    /// Rows of `groups` that stand for no count at present.
    unused: Vec<u32>,
    /// The row of `groups` of each page in memory.
    group_of: Vec<u32>,
}

impl Lfu {
    fn group(&self, page: PageId) -> Group {
        self.groups[self.group_of[page.index()] as usize]
    }

    /// Puts a page with this count behind another one, whose count is that or less, or at the front.
    fn insert(&mut self, page: PageId, count: u64, behind: Option<PageId>) {
        match behind {
            Some(behind) => self.queue.insert_after(page, behind),
            None => self.queue.push_front(page),
        }
        let row = match behind.filter(|&behind| self.group(behind).count == count) {
            Some(behind) => self.group_of[behind.index()],
            None => self.unused.pop().expect("there are as many rows as pages"),
        };
        self.group_of[page.index()] = row;
        self.groups[row as usize] = Group { count, last: page };
    }

    fn remove(&mut self, page: PageId) {
        let row = self.group_of[page.index()];
        if self.groups[row as usize].last == page {
            match self.queue.before(page).filter(|before| self.group_of[before.index()] == row) {
                Some(before) => self.groups[row as usize].last = before,
                None => self.unused.push(row),
            }
        }
        self.queue.remove(page);
    }
}

impl Policy for Lfu {
    const NAME: &'static str = "lfu";
    const SUMMARY: &'static str = "least frequently used while in memory, ties by least recent use";
    const SOURCE: &'static str = "textbook";
    const FILE: &'static str = file!();
    const BYTES_PER_PAGE: u64 = 64;

    fn new(setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Ok(Self {
            queue: PageList::new(setup.pages),
            groups: vec![Group { count: 0, last: PageId::new(0) }; setup.pages],
            unused: (0..setup.pages as u32).collect(),
            group_of: vec![0; setup.pages],
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        self.queue.iter().find(|&page| !memory.is_locked(page)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        let once = self.queue.front().map(|front| self.group(front)).filter(|group| group.count == 1);
        self.insert(page, 1, once.map(|group| group.last));
    }

    fn evicted(&mut self, page: PageId) {
        self.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.remove(page);
    }
}

impl SeesReferences for Lfu {
    fn referenced(&mut self, page: PageId, _write: bool) {
        let Group { count, last } = self.group(page);
        let next = self.queue.after(last).map(|next| self.group(next)).filter(|next| next.count == count + 1);
        let behind = match next {
            Some(next) => Some(next.last),
            None if last == page => self.queue.before(page),
            None => Some(last),
        };
        self.remove(page);
        self.insert(page, count + 1, behind);
    }
}
