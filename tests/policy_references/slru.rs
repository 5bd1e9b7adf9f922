//! Segmented LRU with a queue for each segment, the least recent page first.

use crate::{SlowPolicy, Step};

pub struct Slru {
    frames: usize,
    segments: Vec<Vec<u32>>,
    sizes: Vec<usize>,
}

impl Slru {
    /// Probation takes what is not protected.
    pub fn protected(frames: usize, protected: usize) -> Self {
        Self { frames, segments: vec![Vec::new(); 2], sizes: vec![usize::MAX, protected] }
    }

    pub fn equal(frames: usize, parts: usize) -> Self {
        Self { frames, segments: vec![Vec::new(); parts], sizes: vec![frames / parts; parts] }
    }

    /// Puts a page into a segment and moves what is too much there down.
    fn push(&mut self, segment: usize, page: u32) {
        self.segments[segment].push(page);
        if segment > 0 && self.segments[segment].len() > self.sizes[segment] {
            let down = self.segments[segment].remove(0);
            self.push(segment - 1, down);
        }
    }
}

impl SlowPolicy for Slru {
    fn refer(&mut self, page: u32) -> Step {
        if let Some(segment) = self.segments.iter().position(|pages| pages.contains(&page)) {
            self.segments[segment].retain(|&other| other != page);
            self.push((segment + 1).min(self.segments.len() - 1), page);
            return Step::Hit;
        }
        let full = self.segments.iter().map(Vec::len).sum::<usize>() == self.frames;
        let victim = full.then(|| self.segments.iter_mut().find(|pages| !pages.is_empty()).unwrap().remove(0));
        let room = (0..self.segments.len()).find(|&segment| self.segments[segment].len() < self.sizes[segment]);
        self.segments[room.unwrap_or(0)].push(page);
        Step::Miss(victim)
    }
}
