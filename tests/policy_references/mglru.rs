//! The generations as lists of their own, with the kernel's window of sequence numbers.

use std::collections::{BTreeMap, HashSet, VecDeque};

use crate::{Slow, Step};

/// Generations by sequence number, the oldest page of each at the front.
pub struct MgLru {
    generations: BTreeMap<u64, VecDeque<u32>>,
    young: HashSet<u32>,
    min_seq: u64,
    max_seq: u64,
    min_gens: u64,
    max_gens: u64,
    frames: usize,
}

impl MgLru {
    /// An empty memory.
    pub fn new(frames: usize, min_gens: u64, max_gens: u64) -> Self {
        let max_seq = min_gens;
        let generations = (0..=max_seq).map(|seq| (seq, VecDeque::new())).collect();
        Self { generations, young: HashSet::new(), min_seq: 0, max_seq, min_gens, max_gens, frames }
    }

    fn list(&mut self, seq: u64) -> &mut VecDeque<u32> {
        self.generations.entry(seq).or_default()
    }

    fn size(&self, seq: u64) -> u64 {
        self.generations.get(&seq).map_or(0, |list| list.len() as u64)
    }

    /// The oldest generations that are empty are given up, but not the protected ones.
    fn try_to_inc_min_seq(&mut self) {
        while self.min_seq + self.min_gens <= self.max_seq && self.size(self.min_seq) == 0 {
            self.generations.remove(&self.min_seq);
            self.min_seq += 1;
        }
    }

    fn inc_max_seq(&mut self) {
        if self.max_seq - self.min_seq + 1 == self.max_gens {
            let mut merged = self.generations.remove(&self.min_seq).unwrap_or_default();
            self.min_seq += 1;
            merged.append(self.list(self.min_seq));
            *self.list(self.min_seq) = merged;
        }
        let mut used = VecDeque::new();
        for list in self.generations.values_mut() {
            used.extend(list.iter().copied().filter(|page| self.young.contains(page)));
            list.retain(|page| !self.young.contains(page));
        }
        self.young.clear();
        self.max_seq += 1;
        self.generations.insert(self.max_seq, used);
    }

    fn should_run_aging(&self) -> bool {
        let total: u64 = self.generations.values().map(|list| list.len() as u64).sum();
        let (young, old) = (self.size(self.max_seq), self.size(self.max_seq - self.min_gens));
        self.min_seq + self.min_gens == self.max_seq
            && (young * self.min_gens > total || old * (self.min_gens + 2) < total)
    }

    fn evict(&mut self) -> u32 {
        self.try_to_inc_min_seq();
        if self.should_run_aging() {
            self.inc_max_seq();
        }
        loop {
            self.try_to_inc_min_seq();
            if self.min_seq + self.min_gens > self.max_seq {
                self.inc_max_seq();
                continue;
            }
            let page = self.list(self.min_seq).pop_front().unwrap();
            if !self.young.remove(&page) {
                return page;
            }
            self.list(self.max_seq).push_back(page);
        }
    }
}

impl Slow for MgLru {
    fn reference(&mut self, page: u32) -> Step {
        let known = self.generations.values().any(|list| list.contains(&page));
        let full = self.generations.values().map(VecDeque::len).sum::<usize>() == self.frames;
        let victim = (!known && full).then(|| self.evict());
        self.young.insert(page);
        if known {
            return Step::Hit;
        }
        self.list(self.max_seq).push_back(page);
        Step::Miss(victim)
    }
}
