//! Least frequently used: a table of counts, searched at each fault.

use std::collections::HashMap;

use super::{Out, Step};

pub fn outs(steps: &[Step], frames: usize) -> Vec<Out> {
    let mut outs = Vec::new();
    // References since it came in, and the last of them.
    let mut memory: HashMap<(u64, u64), (u64, usize)> = HashMap::new();
    for (time, step) in steps.iter().enumerate() {
        if !memory.contains_key(&step.page) && memory.len() == frames {
            let victim = *memory.iter().min_by_key(|&(_, use_of)| use_of).unwrap().0;
            memory.remove(&victim);
            outs.push((time as u64, victim));
        }
        let (count, last) = memory.entry(step.page).or_default();
        *count += 1;
        *last = time;
    }
    outs
}
