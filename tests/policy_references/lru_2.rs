//! LRU-2 with the times of all references to each page that is remembered.

use std::collections::{BTreeSet, HashMap};

use crate::{SlowPolicy, Step};

pub struct Lru2 {
    frames: usize,
    remembered: usize,
    now: u64,
    times: HashMap<u32, Vec<u64>>,
    memory: BTreeSet<u32>,
}

impl Lru2 {
    pub fn new(frames: usize, remembered: usize) -> Self {
        Self { frames, remembered, now: 0, times: HashMap::new(), memory: BTreeSet::new() }
    }

    /// The page with the greatest backward 2-distance, by least recent use where that is infinite.
    fn victim(&self) -> u32 {
        let rank = |page: &u32| {
            let times = &self.times[page];
            let last_but_one = times.len().checked_sub(2).map(|place| times[place]);
            (last_but_one.is_some(), last_but_one, *times.last().unwrap())
        };
        *self.memory.iter().min_by_key(|page| rank(page)).unwrap()
    }
}

impl SlowPolicy for Lru2 {
    fn refer(&mut self, page: u32) -> Step {
        self.now += 1;
        let hit = self.memory.contains(&page);
        let victim = (!hit && self.memory.len() == self.frames).then(|| self.victim());
        if let Some(victim) = victim {
            self.memory.remove(&victim);
        }
        self.memory.insert(page);
        self.times.entry(page).or_default().push(self.now);
        let mut out: Vec<u32> = self.times.keys().copied().filter(|page| !self.memory.contains(page)).collect();
        out.sort_by_key(|page| self.times[page].last().copied());
        for forgotten in &out[..out.len().saturating_sub(self.remembered)] {
            self.times.remove(forgotten);
        }
        if hit { Step::Hit } else { Step::Miss(victim) }
    }
}
