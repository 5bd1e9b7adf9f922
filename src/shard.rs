//! Parts of a comparison that different machines can make, and the whole made of them again. The split is a matter of the
//! runs alone: the same on every machine, whatever it has. No file is touched.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::compare::Job;
use crate::matrix::{Matrix, trace_differences};
use crate::policy::Sight;
use crate::results::{Results, Run, ShardFacts};
use crate::timeline;

/// One of several parts, `3/7` as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from 1.
    number: u32,
    /// Of how many.
    of: u32,
}

impl Shard {
    /// The places in the plan of the runs that this part is made of, ascending: the longest first, each run goes to the part
    /// that has least to do so far.
    pub fn places(self, jobs: &[Job]) -> Vec<usize> {
        self.places_by_cost(&jobs.iter().map(cost).collect::<Vec<_>>())
    }

    fn places_by_cost(self, costs: &[u64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..costs.len()).collect();
        order.sort_by_key(|&place| (Reverse(costs[place]), place));
        // Where there are more parts than runs, the last have none.
        let parts = u64::from(self.of).min(costs.len() as u64);
        let mut loads: BinaryHeap<Reverse<(u128, u64)>> = (1..=parts).map(|part| Reverse((0, part))).collect();
        let mut places = Vec::new();
        for place in order {
            let Some(Reverse((load, part))) = loads.pop() else { break };
            loads.push(Reverse((load + u128::from(costs[place]), part)));
            if part == u64::from(self.number) {
                places.push(place);
            }
        }
        places.sort_unstable();
        places
    }

    /// The results of this part of a matrix, from its runs and their places.
    pub fn results(self, matrix: Matrix, seed: u64, places: &[usize], runs: Vec<Run>) -> Results {
        let places = places.iter().map(|&place| place as u64).collect();
        let facts =
            ShardFacts { number: self.number, of: self.of, matrix: matrix.hash.clone(), runs: matrix.runs, places };
        Results { shard: Some(facts), ..matrix.results(seed, runs) }
    }

    /// Whether these facts are of another part of the same matrix.
    pub fn is_beside(self, facts: &ShardFacts, matrix: &Matrix) -> bool {
        facts.matrix == matrix.hash && (facts.number, facts.of) != (self.number, self.of)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    /// Reads `K/N`.
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err("write K/N, the part K of N, where K goes from 1 to N: 3/7".to_owned()),
        }
    }
}

/// How long a run takes in relation to others: references, times what one costs by what the policy is told, and more where
/// little memory means many faults. Measured on the built-in trace, in quarters of a nanosecond; what matters is that every
/// machine has the same whole numbers, and that they are near enough for parts to end at about the same time.
fn cost(job: &Job) -> u64 {
    let per_reference: u64 = match job.policy.entry.sight {
        Sight::AccessedBits => 28,
        Sight::EveryReference => 112,
        Sight::Future => 120,
    };
    let for_faults = (u64::from(job.program.footprint()) / job.options.frames.max(1)).min(256);
    job.program.references.len().saturating_mul(per_reference + for_faults)
}

/// Why parts are not a whole. Each message names the file.
#[derive(Debug, Error)]
pub enum MergeError {
    /// Results that are no part.
    #[error("{}: these are the results of a whole comparison, not of a shard of one", path.display())]
    Whole {
        /// The file.
        path: PathBuf,
    },
    /// Parts of different comparisons.
    #[error("{} and {} are not of one comparison: {}", first.display(), path.display(), differences.join("; "))]
    Other {
        /// The first part.
        first: PathBuf,
        /// The one that differs.
        path: PathBuf,
        /// In what.
        differences: Vec<String>,
    },
    /// A part that is there twice.
    #[error("{} and {} are both shard {number}; give each shard once", first.display(), path.display())]
    Twice {
        /// The number of the part.
        number: u32,
        /// One of the files.
        first: PathBuf,
        /// The other.
        path: PathBuf,
    },
    /// Parts that are not there.
    #[error("shards are missing: {numbers} of {of}; make them with --shard, and give all of them")]
    Missing {
        /// Their numbers.
        numbers: String,
        /// How many there should be.
        of: u32,
    },
    /// A part whose runs are not those of the part.
    #[error("{}: {reason}; make this shard again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Joins the parts of a comparison, in any order, each with the file it is from: the results of the whole, as if it had been
/// made at once.
///
/// # Errors
/// When they are not all of one comparison, when one is missing or there twice, and when the runs of one are not whole.
pub fn merge(parts: Vec<(PathBuf, Results)>) -> Result<Results, MergeError> {
    let mut seen: BTreeMap<u32, PathBuf> = BTreeMap::new();
    let mut runs: BTreeMap<u64, Run> = BTreeMap::new();
    let mut whole: Option<(PathBuf, ShardFacts, Results)> = None;
    for (path, mut part) in parts {
        let Some(facts) = part.shard.take() else { return Err(MergeError::Whole { path }) };
        let own = std::mem::take(&mut part.runs);
        if let Some((first, first_facts, results)) = &whole {
            let differences = differences((results, first_facts), (&part, &facts));
            if !differences.is_empty() {
                return Err(MergeError::Other { first: first.clone(), path, differences });
            }
        }
        if let Some(first) = seen.insert(facts.number, path.clone()) {
            return Err(MergeError::Twice { number: facts.number, first, path });
        }
        take_runs(&path, &facts, own, &mut runs)?;
        whole.get_or_insert((path, facts, part));
    }
    let Some((path, facts, whole)) = whole else {
        return Err(MergeError::Missing { numbers: "all".to_owned(), of: 0 });
    };
    if seen.len() < facts.of as usize {
        return Err(MergeError::Missing { numbers: missing(&seen, facts.of), of: facts.of });
    }
    let have = runs.len() as u64;
    if have != facts.runs {
        return Err(MergeError::Damaged { path, reason: format!("the shards have {have} of {} runs", facts.runs) });
    }
    let mut whole = Results { runs: runs.into_values().collect(), ..whole };
    timeline::keep_telling(&mut whole);
    Ok(whole)
}

/// Puts the runs of a part into their places.
fn take_runs(path: &Path, facts: &ShardFacts, own: Vec<Run>, runs: &mut BTreeMap<u64, Run>) -> Result<(), MergeError> {
    let damaged = |reason| MergeError::Damaged { path: path.to_owned(), reason };
    if !(1..=facts.of).contains(&facts.number) {
        return Err(damaged(format!("there is no shard {} of {}", facts.number, facts.of)));
    }
    if own.len() != facts.places.len() {
        return Err(damaged(format!("it has {} runs in {} places", own.len(), facts.places.len())));
    }
    let mut rows = HashSet::new();
    for (&place, run) in facts.places.iter().zip(own) {
        let row = &run.row;
        if !rows.insert((row.trace.clone(), row.policy.clone(), row.params.clone(), row.frames)) {
            return Err(damaged(format!("{} in {} frames on {} is there twice", row.policy, row.frames, row.trace)));
        }
        if place >= facts.runs || runs.insert(place, run).is_some() {
            return Err(damaged(format!("run {place} is not of this shard")));
        }
    }
    Ok(())
}

/// What is other in two parts that should be of one comparison.
fn differences(mine: (&Results, &ShardFacts), theirs: (&Results, &ShardFacts)) -> Vec<String> {
    let ((mine, my_facts), (theirs, their_facts)) = (mine, theirs);
    let words = |results: &Results| results.arguments.join(" ");
    let texts = [
        ("version", mine.version.clone(), theirs.version.clone()),
        ("arguments", format!("`{}`", words(mine)), format!("`{}`", words(theirs))),
        ("seed", mine.seed.to_string(), theirs.seed.to_string()),
        ("number of shards", my_facts.of.to_string(), their_facts.of.to_string()),
        ("runs of the whole", my_facts.runs.to_string(), their_facts.runs.to_string()),
    ];
    let other = texts.into_iter().filter(|(_, mine, theirs)| mine != theirs);
    let mut all: Vec<String> = other.map(|(what, mine, theirs)| format!("{what}: {mine}, there {theirs}")).collect();
    all.extend(trace_differences(&mine.traces, &theirs.traces));
    if all.is_empty() && my_facts.matrix != their_facts.matrix {
        all.push(format!("hash of the comparison: {}, there {}", my_facts.matrix, their_facts.matrix));
    }
    all
}

/// The numbers that are not there, at most ten of them.
fn missing(seen: &BTreeMap<u32, PathBuf>, of: u32) -> String {
    let mut missing = (1..=of).filter(|number| !seen.contains_key(number)).map(|number| number.to_string());
    let first: Vec<String> = missing.by_ref().take(10).collect();
    first.join(", ") + if missing.next().is_some() { ", ..." } else { "" }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shards_are_read_as_they_are_written() {
        assert_eq!("3/7".parse::<Shard>().map(|shard| shard.to_string()), Ok("3/7".to_owned()));
        for wrong in ["", "3", "0/7", "8/7", "3/0", "-1/7", "1/7/2", "a/b", "1/4294967296"] {
            assert!(wrong.parse::<Shard>().is_err_and(|error| error.contains("K/N")), "{wrong}");
        }
    }

    #[test]
    fn more_shards_than_can_be_counted_cost_nothing() {
        let last = Shard { number: u32::MAX, of: u32::MAX };
        assert_eq!(last.places_by_cost(&[5, 6]), [0_usize; 0]);
        assert_eq!(Shard { number: 1, of: u32::MAX }.places_by_cost(&[5, 6]), [1]);
    }

    proptest! {
        #[test]
        fn every_run_is_in_one_shard_and_none_has_much_more_to_do(
            costs in prop::collection::vec(prop_oneof![1_u64..4, 1_u64..1000, 0..u64::MAX], 0..80),
            of in 1_u32..12,
        ) {
            let mut all: Vec<usize> = Vec::new();
            let mut loads: Vec<u128> = Vec::new();
            for number in 1..=of {
                let places = Shard { number, of }.places_by_cost(&costs);
                prop_assert!(places.is_sorted());
                loads.push(places.iter().map(|&place| u128::from(costs[place])).sum());
                all.extend(places);
            }
            all.sort_unstable();
            prop_assert_eq!(all, (0..costs.len()).collect::<Vec<_>>());
            // The best there can be is at least the mean and the longest run; the longest first is within a third of it.
            let longest = u128::from(costs.iter().max().copied().unwrap_or(0));
            let total: u128 = loads.iter().sum();
            let most = loads.iter().max().copied().unwrap_or(0);
            prop_assert!(most <= total / u128::from(of) + longest, "{loads:?}");
        }
    }
}
