//! ARC, case by case as figure 4 of the paper prints it; the most recent page of each list last.

use crate::{SlowPolicy, Step};

pub struct Arc {
    c: usize,
    p: usize,
    t1: Vec<u32>,
    t2: Vec<u32>,
    b1: Vec<u32>,
    b2: Vec<u32>,
}

fn take(list: &mut Vec<u32>, page: u32) -> bool {
    let place = list.iter().position(|&other| other == page);
    place.map(|place| list.remove(place)).is_some()
}

impl Arc {
    pub fn new(c: usize) -> Self {
        Self { c, p: 0, t1: Vec::new(), t2: Vec::new(), b1: Vec::new(), b2: Vec::new() }
    }

    fn replace(&mut self, in_b2: bool) -> Step {
        let (from, to) = if !self.t1.is_empty() && ((in_b2 && self.t1.len() == self.p) || self.t1.len() > self.p) {
            (&mut self.t1, &mut self.b1)
        } else {
            (&mut self.t2, &mut self.b2)
        };
        let victim = from.remove(0);
        to.push(victim);
        Step::Miss(Some(victim))
    }

    /// Case IV: the page is in no list.
    fn unknown(&mut self) -> Step {
        let l1 = self.t1.len() + self.b1.len();
        let all = l1 + self.t2.len() + self.b2.len();
        if l1 == self.c {
            if self.t1.len() == self.c {
                return Step::Miss(Some(self.t1.remove(0)));
            }
            self.b1.remove(0);
            self.replace(false)
        } else if all >= self.c {
            if all == 2 * self.c {
                self.b2.remove(0);
            }
            self.replace(false)
        } else {
            Step::Miss(None)
        }
    }
}

impl SlowPolicy for Arc {
    fn refer(&mut self, page: u32) -> Step {
        if take(&mut self.t1, page) || take(&mut self.t2, page) {
            self.t2.push(page);
            return Step::Hit;
        }
        let (b1, b2) = (self.b1.len(), self.b2.len());
        if self.b1.contains(&page) {
            self.p = self.c.min(self.p + if b1 >= b2 { 1 } else { b2 / b1 });
            let step = self.replace(false);
            take(&mut self.b1, page);
            self.t2.push(page);
            return step;
        }
        if self.b2.contains(&page) {
            self.p = self.p.saturating_sub(if b2 >= b1 { 1 } else { b1 / b2 });
            let step = self.replace(true);
            take(&mut self.b2, page);
            self.t2.push(page);
            return step;
        }
        let step = self.unknown();
        self.t1.push(page);
        step
    }
}
