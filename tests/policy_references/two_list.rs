//! Two lists of the standard library with the accessed bit and the mark of each page in them.

use std::collections::VecDeque;

use crate::{Slow, Step};

#[derive(Clone, Copy)]
struct Page {
    number: u32,
    young: bool,
    marked: bool,
}

/// The lists, the newest page at the front, as the kernel has them.
pub struct TwoList {
    active: VecDeque<Page>,
    inactive: VecDeque<Page>,
    frames: usize,
    activate: u32,
}

impl TwoList {
    /// An empty memory.
    pub fn new(frames: usize, activate: u32) -> Self {
        Self { active: VecDeque::new(), inactive: VecDeque::new(), frames, activate }
    }

    fn shrink(&mut self) -> u32 {
        loop {
            // Such a memory is below 1 GiB: the ratio is 1.
            while self.active.len() > self.inactive.len() {
                let page = self.active.pop_back().unwrap();
                self.inactive.push_front(Page { young: false, ..page });
            }
            let page = self.inactive.pop_back().unwrap();
            match (page.young, page.marked || self.activate == 1) {
                (false, _) => return page.number,
                (true, true) => self.active.push_front(Page { young: false, marked: true, ..page }),
                (true, false) => self.inactive.push_front(Page { young: false, marked: true, ..page }),
            }
        }
    }
}

impl Slow for TwoList {
    fn reference(&mut self, number: u32) -> Step {
        if let Some(page) = self.active.iter_mut().chain(&mut self.inactive).find(|page| page.number == number) {
            page.young = true;
            return Step::Hit;
        }
        let full = self.active.len() + self.inactive.len() == self.frames;
        let victim = full.then(|| self.shrink());
        self.inactive.push_front(Page { number, young: true, marked: false });
        Step::Miss(victim)
    }
}
