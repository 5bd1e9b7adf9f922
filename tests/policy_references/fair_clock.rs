//! The fair clock: each segment's ring is a queue that begins at its hand.

use std::collections::{BTreeMap, VecDeque};

use super::{Out, Step};

/// What a segment weighs.
#[derive(Clone, Copy, Debug)]
pub enum Weights {
    Equal,
    Size,
    Faults,
}

pub fn outs(steps: &[Step], frames: usize, weights: Weights, sizes: &[u64]) -> Vec<Out> {
    let mut outs = Vec::new();
    // The pages of each segment and their accessed bits.
    let mut rings: BTreeMap<u64, VecDeque<(u64, bool)>> = BTreeMap::new();
    let mut faults: Vec<u64> = vec![0; sizes.len()];
    let mut all_faults = 0;
    for (time, step) in steps.iter().enumerate() {
        let (segment, index) = step.page;
        let ring = rings.entry(segment).or_default();
        if let Some((_, bit)) = ring.iter_mut().find(|(page, _)| *page == index) {
            *bit = true;
            continue;
        }
        if rings.values().map(VecDeque::len).sum::<usize>() == frames {
            let weight = |segment: u64| match weights {
                Weights::Equal => 1.0,
                Weights::Size => sizes[segment as usize] as f64,
                Weights::Faults => 1.0 + faults[segment as usize] as f64,
            };
            let present = || rings.iter().filter(|(_, ring)| !ring.is_empty());
            let all: f64 = present().map(|(&segment, _)| weight(segment)).sum();
            let above = |segment: u64| rings[&segment].len() as f64 - frames as f64 * weight(segment) / all;
            let mut chosen = *present().next().unwrap().0;
            for (&segment, _) in present() {
                if above(segment) > above(chosen) + 1e-9 {
                    chosen = segment;
                }
            }
            let ring = rings.get_mut(&chosen).unwrap();
            while ring[0].1 {
                ring[0].1 = false;
                ring.rotate_left(1);
            }
            outs.push((time as u64, (chosen, ring.pop_front().unwrap().0)));
        }
        rings.get_mut(&segment).unwrap().push_back((index, true));
        all_faults += 1;
        if all_faults % frames as u64 == 0 {
            for count in &mut faults {
                *count /= 2;
            }
        }
        faults[segment as usize] += 1;
    }
    outs
}
