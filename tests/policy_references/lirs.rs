//! LIRS: a stack and a queue as plain lists, pages known by name.

use std::collections::HashSet;

use crate::{Slow, Step};

/// The stack S (top last), the queue Q (front first), and the LIR pages.
pub struct Lirs {
    stack: Vec<u32>,
    queue: Vec<u32>,
    low: HashSet<u32>,
    low_limit: usize,
    last: Option<u32>,
    frames: usize,
}

impl Lirs {
    /// An empty memory.
    pub fn new(frames: usize) -> Self {
        let high = match frames {
            1 | 2 => 1,
            _ => (frames / 100).max(2),
        };
        Self { stack: vec![], queue: vec![], low: HashSet::new(), low_limit: frames - high, last: None, frames }
    }

    fn prune(&mut self) {
        let keep = self.stack.iter().position(|page| self.low.contains(page)).unwrap_or(self.stack.len());
        self.stack.drain(..keep);
    }

    fn demote_bottom(&mut self) {
        let bottom = self.stack.remove(0);
        assert!(self.low.remove(&bottom));
        self.queue.push(bottom);
        self.prune();
    }
}

impl Slow for Lirs {
    fn reference(&mut self, page: u32) -> Step {
        if self.last.replace(page) == Some(page) {
            return Step::Hit;
        }
        let in_stack = self.stack.contains(&page);
        if self.low.contains(&page) {
            self.stack.retain(|&other| other != page);
            self.stack.push(page);
            self.prune();
            return Step::Hit;
        }
        let in_queue = self.queue.contains(&page);
        let resident = self.low.len() + self.queue.len();
        let mut victim = None;
        if !in_queue {
            if resident < self.low_limit {
                self.low.insert(page);
                self.stack.push(page);
                return Step::Miss(None);
            }
            if resident == self.frames {
                victim = Some(self.queue.remove(0));
            }
        }
        self.queue.retain(|&other| other != page);
        self.stack.retain(|&other| other != page);
        self.stack.push(page);
        if in_stack {
            self.low.insert(page);
            self.demote_bottom();
        } else {
            self.queue.push(page);
            self.prune();
        }
        if in_queue { Step::Hit } else { Step::Miss(victim) }
    }
}
