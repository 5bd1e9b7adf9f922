//! Not recently used: every frame is looked at for every class.

use super::{Out, Step};

struct Frame {
    page: (u64, u64),
    accessed: bool,
    dirty: bool,
}

pub fn outs(steps: &[Step], frames: usize, period: usize) -> Vec<Out> {
    let mut outs = Vec::new();
    let mut memory: Vec<Frame> = Vec::new();
    let mut hand = 0;
    for (time, step) in steps.iter().enumerate() {
        if time > 0 && time % period == 0 {
            for frame in &mut memory {
                frame.accessed = false;
            }
        }
        let new = Frame { page: step.page, accessed: true, dirty: step.write };
        if let Some(frame) = memory.iter_mut().find(|frame| frame.page == step.page) {
            frame.accessed = true;
            frame.dirty |= step.write;
        } else if memory.len() < frames {
            memory.push(new);
        } else {
            let class = |place: &usize| (memory[*place].accessed, memory[*place].dirty);
            let order = (0..frames).map(|step| (hand + step) % frames);
            // Of several equals it is the first that is returned.
            let place = order.min_by_key(class).unwrap();
            outs.push((time as u64, memory[place].page));
            memory[place] = new;
            hand = (place + 1) % frames;
        }
    }
    outs
}
