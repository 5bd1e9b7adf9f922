//! S3-FIFO: three queues of the standard library; the faulting page leaves the ghost before a victim is looked for.

use std::collections::{HashMap, VecDeque};

use crate::{Slow, Step};

/// The queues, the oldest page at the front, and the counters of resident pages.
pub struct S3Fifo {
    small: VecDeque<u32>,
    main: VecDeque<u32>,
    ghost: VecDeque<u32>,
    counts: HashMap<u32, u32>,
    frames: usize,
    has_evicted: bool,
}

impl S3Fifo {
    /// An empty memory.
    pub fn new(frames: usize) -> Self {
        let (small, main, ghost) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        Self { small, main, ghost, counts: HashMap::new(), frames, has_evicted: false }
    }

    fn small_size(&self) -> usize {
        (self.frames / 10).max(1)
    }

    fn evict(&mut self) -> u32 {
        self.has_evicted = true;
        if self.main.len() <= self.frames - self.small_size() {
            while let Some(page) = self.small.pop_front() {
                if self.counts[&page] <= 1 {
                    self.ghost.push_back(page);
                    if self.ghost.len() > self.frames * 9 / 10 {
                        self.ghost.pop_front();
                    }
                    return page;
                }
                self.counts.insert(page, 0);
                self.main.push_back(page);
            }
        }
        loop {
            let page = self.main.pop_front().unwrap();
            if self.counts[&page] == 0 {
                return page;
            }
            let count = self.counts[&page].min(3) - 1;
            self.counts.insert(page, count);
            self.main.push_back(page);
        }
    }
}

impl Slow for S3Fifo {
    fn reference(&mut self, page: u32) -> Step {
        if let Some(count) = self.counts.get_mut(&page) {
            *count += 1;
            return Step::Hit;
        }
        let ghost = self.ghost.iter().position(|&known| known == page);
        let returns = ghost.map(|at| self.ghost.remove(at)).is_some();
        let victim = (self.counts.len() == self.frames).then(|| self.evict());
        if let Some(victim) = victim {
            self.counts.remove(&victim);
        }
        self.counts.insert(page, 0);
        if returns || !self.has_evicted && self.small.len() >= self.small_size() {
            self.main.push_back(page);
        } else {
            self.small.push_back(page);
        }
        Step::Miss(victim)
    }
}
