//! Aging: eight bits written out, the oldest last.

use std::collections::VecDeque;

use super::{Out, Step};

struct Page {
    page: (u64, u64),
    accessed: bool,
    history: VecDeque<bool>,
}

pub fn outs(steps: &[Step], frames: usize, period: usize) -> Vec<Out> {
    let mut outs = Vec::new();
    // In order of load.
    let mut memory: Vec<Page> = Vec::new();
    for (time, step) in steps.iter().enumerate() {
        if time > 0 && time % period == 0 {
            for page in &mut memory {
                page.history.push_front(page.accessed);
                page.history.pop_back();
                page.accessed = false;
            }
        }
        if let Some(page) = memory.iter_mut().find(|page| page.page == step.page) {
            page.accessed = true;
            continue;
        }
        if memory.len() == frames {
            let number = |page: &Page| page.history.iter().fold(0, |number, &bit| 2 * number + u32::from(bit));
            let place = (0..frames).min_by_key(|&place| number(&memory[place])).unwrap();
            outs.push((time as u64, memory.remove(place).page));
        }
        let history = [true, false, false, false, false, false, false, false].into();
        memory.push(Page { page: step.page, accessed: true, history });
    }
    outs
}
