//! Aging: eight bits written out, the newest first.

use std::collections::VecDeque;

use super::{Out, Step};

struct Resident {
    page: (u64, u64),
    accessed: bool,
    history: VecDeque<bool>,
}

pub fn outs(steps: &[Step], frames: usize, period: usize) -> Vec<Out> {
    let mut outs = Vec::new();
    // In order of load.
    let mut memory: Vec<Resident> = Vec::new();
    for (time, step) in steps.iter().enumerate() {
        if time > 0 && time % period == 0 {
            for resident in &mut memory {
                resident.history.push_front(resident.accessed);
                resident.history.pop_back();
                resident.accessed = false;
            }
        }
        if let Some(resident) = memory.iter_mut().find(|resident| resident.page == step.page) {
            resident.accessed = true;
            continue;
        }
        if memory.len() == frames {
            let number = |resident: &Resident| resident.history.iter().fold(0, |all, &bit| 2 * all + u32::from(bit));
            let place = (0..frames).min_by_key(|&place| number(&memory[place])).unwrap();
            outs.push((time as u64, memory.remove(place).page));
        }
        let history = [true, false, false, false, false, false, false, false].into();
        memory.push(Resident { page: step.page, accessed: true, history });
    }
    outs
}
