//! CAR, clock with adaptive replacement: ARC with two clocks in place of its two LRU lists.
//!
//! T1 and T2 are clocks, each a queue whose front the hand is at; B1 and B2 remember the numbers of pages evicted from
//! either, in order of eviction. The hand of T1 turns while T1 is at least as large as `target` (`p` in the paper) and not
//! empty, else that of T2: a page whose accessed bit is clear is the victim, one whose bit is set loses it and goes to the
//! back of T2. New pages enter T1; pages that are in B1 or B2 enter T2 and move the target as in ARC. Every page comes in
//! with its bit clear. Source: Bansal, Modha, CAR: clock with adaptive replacement, 2004, figure 2.
//!
//! Choices: a page's bit is young in any sharer's page table, and is cleared in all of them. The clocks are over the pages
//! of all segments. A locked page is passed over with its bit untouched and keeps its place at the front; when all of a
//! clock are locked, the other one turns. A page that was looked at and not swapped out stays where the hand left it.

use super::page_lists::PageLists;
use super::parameters::Arguments;
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

const T1: usize = 0;
const T2: usize = 1;
const B1: usize = 2;
const B2: usize = 3;

/// The two clocks, the two lists of ghosts, and the target.
#[derive(Debug)]
pub struct Car {
    lists: PageLists,
    frames: u64,
    target: f64,
}

impl Car {
    fn len(&self, list: usize) -> u64 {
        self.lists.len(list) as u64
    }

    /// The page that a hand points at: the first that is not locked.
    fn hand(&self, clock: usize, memory: &Memory<'_>) -> Option<PageId> {
        self.lists.iter(clock).find(|&page| !memory.is_locked(page))
    }

    /// The page after one in the same clock that is not locked.
    fn after(&self, page: PageId, memory: &Memory<'_>) -> Option<PageId> {
        std::iter::successors(self.lists.after(page), |&page| self.lists.after(page))
            .find(|&page| !memory.is_locked(page))
    }

    /// Makes room for a page that is in no list.
    fn trim_ghosts(&mut self) {
        let first = self.len(T1) + self.len(B1);
        if first >= self.frames {
            self.lists.pop_front(B1);
        } else if first + self.len(T2) + self.len(B2) >= self.frames.saturating_mul(2) {
            self.lists.pop_front(B2);
        }
    }
}

impl Policy for Car {
    const NAME: &'static str = "car";
    const SUMMARY: &'static str = "clock with adaptive replacement: ARC by accessed bits";
    const SOURCE: &'static str = "Bansal, Modha 2004";
    const FILE: &'static str = file!();

    fn new(setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Ok(Self { lists: PageLists::new(setup.pages, 4), frames: setup.frames, target: 0.0 })
    }

    /// Looks at a page of T1 once and at a page of T2 twice at most, so it comes to an end.
    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let mut hands = [self.hand(T1, memory), self.hand(T2, memory)];
        loop {
            let prefers_t1 = self.len(T1) as f64 >= self.target.max(1.0);
            let clock = match hands {
                [Some(_), None] => T1,
                [Some(_), Some(_)] if prefers_t1 => T1,
                _ => T2,
            };
            let page = hands[clock]?;
            if !memory.is_accessed(page) {
                return Some(Pick::Now(page));
            }
            memory.test_and_clear_accessed(page);
            let next = self.after(page, memory);
            self.lists.move_to_back(page, T2);
            hands[clock] = next;
            hands[T2] = hands[T2].or(Some(page));
        }
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        let (b1, b2) = (self.len(B1) as f64, self.len(B2) as f64);
        let list = match self.lists.list_of(page) {
            Some(B1) => {
                self.target = (self.target + (b2 / b1).max(1.0)).min(self.frames as f64);
                T2
            }
            Some(B2) => {
                self.target = (self.target - (b1 / b2).max(1.0)).max(0.0);
                T2
            }
            _ => {
                self.trim_ghosts();
                T1
            }
        };
        self.lists.move_to_back(page, list);
        memory.sample_accessed(page);
    }

    fn evicted(&mut self, page: PageId) {
        let ghosts = if self.lists.list_of(page) == Some(T1) { B1 } else { B2 };
        self.lists.move_to_back(page, ghosts);
    }

    fn freed(&mut self, page: PageId) {
        self.lists.remove(page);
    }

    fn forgotten(&mut self, page: PageId) {
        self.lists.remove(page);
    }
}
