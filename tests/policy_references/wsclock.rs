//! The working-set clock, frame by frame.

use super::{Out, Step};

struct Frame {
    page: (u64, u64),
    accessed: bool,
    dirty: bool,
    last_used: usize,
}

pub fn outs(steps: &[Step], frames: usize, tau: usize) -> Vec<Out> {
    let mut outs = Vec::new();
    let mut memory: Vec<Frame> = Vec::new();
    let mut hand = 0;
    for (time, step) in steps.iter().enumerate() {
        let new = Frame { page: step.page, accessed: true, dirty: step.write, last_used: time };
        if let Some(frame) = memory.iter_mut().find(|frame| frame.page == step.page) {
            frame.accessed = true;
            frame.dirty |= step.write;
        } else if memory.len() < frames {
            memory.push(new);
        } else {
            let place = victim(&mut memory, hand, time, tau);
            outs.push((time as u64, memory[place].page));
            memory[place] = new;
            hand = (place + 1) % frames;
        }
    }
    outs
}

fn victim(memory: &mut [Frame], hand: usize, time: usize, tau: usize) -> usize {
    let round: Vec<usize> = (hand..memory.len()).chain(0..hand).collect();
    let mut to_be_written = Vec::new();
    for &place in &round {
        let frame = &mut memory[place];
        if frame.accessed {
            frame.accessed = false;
            frame.last_used = time;
        } else if time - frame.last_used > tau {
            if !frame.dirty {
                return place;
            }
            to_be_written.push(place);
        }
    }
    let clean = round.iter().find(|&&place| !memory[place].dirty);
    *to_be_written.first().or(clean).unwrap_or(&round[0])
}
