//! SIEVE: a queue with visited bits in it, and a hand that is an index.

use std::collections::VecDeque;

use crate::{Slow, Step};

/// The queue, the head (newest) at the front.
pub struct Sieve {
    queue: VecDeque<(u32, bool)>,
    hand: Option<usize>,
    frames: usize,
}

impl Sieve {
    /// An empty memory.
    pub fn new(frames: usize) -> Self {
        Self { queue: VecDeque::new(), hand: None, frames }
    }

    fn evict(&mut self) -> u32 {
        let tail = self.queue.len() - 1;
        let mut at = self.hand.unwrap_or(tail);
        while self.queue[at].1 {
            self.queue[at].1 = false;
            at = at.checked_sub(1).unwrap_or(tail);
        }
        self.hand = at.checked_sub(1);
        self.queue.remove(at).unwrap().0
    }
}

impl Slow for Sieve {
    fn reference(&mut self, page: u32) -> Step {
        if let Some(entry) = self.queue.iter_mut().find(|(known, _)| *known == page) {
            entry.1 = true;
            return Step::Hit;
        }
        let victim = (self.queue.len() == self.frames).then(|| self.evict());
        self.queue.push_front((page, false));
        self.hand = self.hand.map(|hand| hand + 1);
        Step::Miss(victim)
    }
}
