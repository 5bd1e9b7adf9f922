//! The generalised clock, frame by frame.

use super::{Out, Step};

pub fn outs(steps: &[Step], frames: usize, max: u32) -> Vec<Out> {
    let mut outs = Vec::new();
    let mut ring: Vec<((u64, u64), u32)> = Vec::new();
    let mut hand = 0;
    for (time, step) in steps.iter().enumerate() {
        if let Some((_, counter)) = ring.iter_mut().find(|(page, _)| *page == step.page) {
            if *counter < max {
                *counter += 1;
            }
            continue;
        }
        if ring.len() < frames {
            ring.push((step.page, 1));
            continue;
        }
        while ring[hand].1 > 0 {
            ring[hand].1 -= 1;
            hand = (hand + 1) % frames;
        }
        outs.push((time as u64, ring[hand].0));
        ring[hand] = (step.page, 1);
        hand = (hand + 1) % frames;
    }
    outs
}
