//! Clean-first LRU: one queue by last use, searched from its old end.

use std::collections::{HashSet, VecDeque};

use super::{Out, Step};

pub fn outs(steps: &[Step], frames: usize, window: usize) -> Vec<Out> {
    let mut outs = Vec::new();
    let mut queue: VecDeque<(u64, u64)> = VecDeque::new();
    let mut dirty: HashSet<(u64, u64)> = HashSet::new();
    for (time, step) in steps.iter().enumerate() {
        if let Some(place) = queue.iter().position(|&page| page == step.page) {
            queue.remove(place);
        } else if queue.len() == frames {
            let place = (0..window).find(|&place| !dirty.contains(&queue[place])).unwrap_or(0);
            let victim = queue.remove(place).unwrap();
            dirty.remove(&victim);
            outs.push((time as u64, victim));
        }
        queue.push_back(step.page);
        if step.write {
            dirty.insert(step.page);
        }
    }
    outs
}
