//! How far apart the references to a page are, in distinct pages and in references, and what LRU makes of it.

use serde::Serialize;

use super::spread::{Spread, Tally};
use super::working_set::{WorkingSet, WorkingSets};
use crate::program::{Program, Reference, References};
use crate::stack_distances::{DistanceCounts, StackDistances, Visit};

/// The fault rates for which memory sizes are given, per thousand references.
const RATES: [u64; 3] = [1, 5, 10];

/// The reuse of pages, over all processes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reuse {
    /// References to a page that comes for the first time; they have no distance and no time.
    pub cold: u64,
    /// LRU stack distances: other pages that are referenced between two references to a page, each counted once; 0 where
    /// the two follow one another.
    pub distance: Spread,
    /// References between two references to a page; 0 where the two follow one another.
    pub time: Spread,
    /// The memory that LRU needs for a rate of faults.
    pub lru_frames: Vec<LruFrames>,
}

/// The memory that LRU over all pages needs for a rate of faults, removed segments and locks left out of account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LruFrames {
    /// Faults per thousand references, at most; first touches included.
    pub faults_per_1000: u64,
    /// The fewest frames for that; none where first touches alone are more, or there is no reference.
    pub frames: Option<u64>,
}

/// What is kept of the references so far.
struct Seen {
    position: u64,
    /// For each page the position behind its last reference; 0 before the first.
    behind_last: Vec<u64>,
    working_sets: WorkingSets,
    distances: DistanceCounts,
    times: Tally,
}

impl Visit for Seen {
    fn reference(&mut self, reference: Reference, distance: Option<u32>) {
        let position = self.position;
        self.position += 1;
        let behind_last = &mut self.behind_last[reference.page.index()];
        let last = std::mem::replace(behind_last, self.position).checked_sub(1);
        self.working_sets.take(position, last);
        self.distances.record(distance);
        if let Some(last) = last {
            self.times.record(position - last - 1);
        }
    }
}

/// Distances, times and working sets of a program, in one pass.
pub(super) fn reuse(program: &Program) -> (Reuse, Vec<WorkingSet>) {
    let references = program.references.len();
    let mut stack = StackDistances::new(program.footprint());
    let mut seen = Seen {
        position: 0,
        behind_last: vec![0; program.footprint() as usize],
        working_sets: WorkingSets::new(references),
        distances: DistanceCounts::default(),
        times: Tally::new(),
    };
    match &program.references {
        References::Narrow(words) => stack.pass(words, program.packing, &mut seen),
        References::Wide(words) => stack.pass(words, program.packing, &mut seen),
    }
    let Seen { working_sets, distances, times, .. } = seen;
    let reuse = Reuse {
        cold: distances.cold(),
        distance: Spread::of_counts(distances.counts()),
        time: times.spread(),
        lru_frames: RATES.iter().map(|&rate| lru_frames(rate, references, &distances)).collect(),
    };
    (reuse, working_sets.finish())
}

fn lru_frames(faults_per_1000: u64, references: u64, distances: &DistanceCounts) -> LruFrames {
    let faults = (u128::from(references) * u128::from(faults_per_1000) / 1000) as u64;
    let frames = if references == 0 { None } else { distances.fewest_frames(faults) };
    LruFrames { faults_per_1000, frames }
}
