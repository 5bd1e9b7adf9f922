//! 2Q, full version; the newest page of each queue last.

use std::collections::VecDeque;

use crate::{SlowPolicy, Step};

pub struct TwoQueues {
    frames: usize,
    k_in: usize,
    k_out: usize,
    am: VecDeque<u32>,
    a1_in: VecDeque<u32>,
    a1_out: VecDeque<u32>,
}

impl TwoQueues {
    pub fn new(frames: usize, k_in: usize, k_out: usize) -> Self {
        let queue = VecDeque::new;
        Self { frames, k_in, k_out, am: queue(), a1_in: queue(), a1_out: queue() }
    }

    fn reclaim(&mut self) -> Option<u32> {
        if self.am.len() + self.a1_in.len() < self.frames {
            return None;
        }
        if self.a1_in.len() > self.k_in || self.am.is_empty() {
            let victim = self.a1_in.pop_front().unwrap();
            self.a1_out.push_back(victim);
            if self.a1_out.len() > self.k_out {
                self.a1_out.pop_front();
            }
            return Some(victim);
        }
        self.am.pop_front()
    }
}

impl SlowPolicy for TwoQueues {
    fn refer(&mut self, page: u32) -> Step {
        if let Some(place) = self.am.iter().position(|&other| other == page) {
            self.am.remove(place);
            self.am.push_back(page);
            return Step::Hit;
        }
        if self.a1_in.contains(&page) {
            return Step::Hit;
        }
        if let Some(place) = self.a1_out.iter().position(|&other| other == page) {
            self.a1_out.remove(place);
            let victim = self.reclaim();
            self.am.push_back(page);
            return Step::Miss(victim);
        }
        let victim = self.reclaim();
        self.a1_in.push_back(page);
        Step::Miss(victim)
    }
}
