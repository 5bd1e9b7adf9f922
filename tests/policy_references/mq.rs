//! The multi-queue, procedure by procedure as the paper prints it.

use std::collections::{HashMap, VecDeque};

use crate::{SlowPolicy, Step};

pub struct MultiQueue {
    frames: usize,
    queues: Vec<VecDeque<u32>>,
    out: VecDeque<(u32, u32)>,
    out_size: usize,
    lifetime: usize,
    now: usize,
    count: HashMap<u32, u32>,
    expires: HashMap<u32, usize>,
}

impl MultiQueue {
    pub fn new(frames: usize, queues: usize, out_size: usize, lifetime: usize) -> Self {
        Self {
            frames,
            queues: vec![VecDeque::new(); queues],
            out: VecDeque::new(),
            out_size,
            lifetime,
            now: 0,
            count: HashMap::new(),
            expires: HashMap::new(),
        }
    }

    fn evict_block(&mut self) -> u32 {
        let victim = self.queues.iter_mut().find_map(VecDeque::pop_front).unwrap();
        self.out.push_back((victim, self.count.remove(&victim).unwrap()));
        if self.out.len() > self.out_size {
            self.out.pop_front();
        }
        victim
    }

    fn adjust(&mut self) {
        self.now += 1;
        for queue in 1..self.queues.len() {
            let Some(&page) = self.queues[queue].front() else { continue };
            if self.expires[&page] < self.now {
                self.queues[queue].pop_front();
                self.queues[queue - 1].push_back(page);
                self.expires.insert(page, self.now + self.lifetime);
            }
        }
    }
}

impl SlowPolicy for MultiQueue {
    fn refer(&mut self, page: u32) -> Step {
        let mut step = Step::Hit;
        if self.count.contains_key(&page) {
            for queue in &mut self.queues {
                queue.retain(|&other| other != page);
            }
        } else {
            let full = self.count.len() == self.frames;
            step = Step::Miss(full.then(|| self.evict_block()));
            let remembered = self.out.iter().position(|&(other, _)| other == page);
            let count = remembered.map_or(0, |place| self.out.remove(place).unwrap().1);
            self.count.insert(page, count);
        }
        let count = self.count.get_mut(&page).unwrap();
        *count += 1;
        let mut queue = 0;
        while queue + 1 < self.queues.len() && 2_u32 << queue <= *count {
            queue += 1;
        }
        self.queues[queue].push_back(page);
        self.expires.insert(page, self.now + self.lifetime);
        self.adjust();
        step
    }
}
