//! CAR as figure 2 of the paper prints it; the hand of each clock is at its front, and a page has its bit beside it.

use std::collections::VecDeque;

use crate::{SlowPolicy, Step};

pub struct Car {
    c: usize,
    p: usize,
    t1: VecDeque<(u32, bool)>,
    t2: VecDeque<(u32, bool)>,
    b1: VecDeque<u32>,
    b2: VecDeque<u32>,
}

impl Car {
    pub fn new(c: usize) -> Self {
        Self { c, p: 0, t1: VecDeque::new(), t2: VecDeque::new(), b1: VecDeque::new(), b2: VecDeque::new() }
    }

    fn replace(&mut self) -> u32 {
        loop {
            let from_t1 = self.t1.len() >= self.p.max(1);
            let (page, bit) = if from_t1 { self.t1.pop_front() } else { self.t2.pop_front() }.unwrap();
            if bit {
                self.t2.push_back((page, false));
                continue;
            }
            if from_t1 { &mut self.b1 } else { &mut self.b2 }.push_back(page);
            return page;
        }
    }
}

impl SlowPolicy for Car {
    fn refer(&mut self, page: u32) -> Step {
        if let Some((_, bit)) = self.t1.iter_mut().chain(&mut self.t2).find(|(other, _)| *other == page) {
            *bit = true;
            return Step::Hit;
        }
        let remembered = self.b1.contains(&page) || self.b2.contains(&page);
        let mut victim = None;
        if self.t1.len() + self.t2.len() == self.c {
            victim = Some(self.replace());
            let l1 = self.t1.len() + self.b1.len();
            if !remembered && l1 == self.c {
                self.b1.pop_front();
            } else if !remembered && l1 + self.t2.len() + self.b2.len() == 2 * self.c {
                self.b2.pop_front();
            }
        }
        let (b1, b2) = (self.b1.len(), self.b2.len());
        if self.b1.contains(&page) {
            self.p = self.c.min(self.p + 1.max(b2 / b1));
        } else if self.b2.contains(&page) {
            self.p = self.p.saturating_sub(1.max(b1 / b2));
        }
        if remembered {
            self.b1.retain(|&other| other != page);
            self.b2.retain(|&other| other != page);
            self.t2.push_back((page, false));
        } else {
            self.t1.push_back((page, false));
        }
        Step::Miss(victim)
    }
}
