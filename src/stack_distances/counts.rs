//! References counted by their stack distance: what LRU makes of a trace at every memory size.

/// How many references have each distance: the faults of LRU at every memory size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DistanceCounts {
    /// References to a page that comes for the first time.
    cold: u64,
    /// The other references, by distance.
    counts: Vec<u64>,
}

impl DistanceCounts {
    /// Counts a reference with what [`StackDistances::reference`](super::StackDistances::reference) said of it.
    #[inline]
    pub fn record(&mut self, distance: Option<u32>) {
        let Some(distance) = distance else {
            self.cold += 1;
            return;
        };
        let distance = distance as usize;
        if distance >= self.counts.len() {
            self.counts.resize(distance + 1, 0);
        }
        self.counts[distance] += 1;
    }

    /// References to a page that comes for the first time.
    pub fn cold(&self) -> u64 {
        self.cold
    }

    /// The other references, by distance, up to the largest distance there is.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// References counted.
    pub fn references(&self) -> u64 {
        self.cold + self.counts.iter().sum::<u64>()
    }

    /// Faults of LRU with so many frames, first touches included.
    pub fn faults(&self, frames: u64) -> u64 {
        let frames = usize::try_from(frames).unwrap_or(usize::MAX).min(self.counts.len());
        self.cold + self.counts[frames..].iter().sum::<u64>()
    }

    /// The fewest frames, at least one, with which LRU has at most so many faults; none where first touches alone are more.
    pub fn fewest_frames(&self, faults: u64) -> Option<u64> {
        let mut left = faults.checked_sub(self.cold)?;
        let mut frames = self.counts.len();
        while frames > 1 && self.counts[frames - 1] <= left {
            frames -= 1;
            left -= self.counts[frames];
        }
        Some(frames.max(1) as u64)
    }
}
