//! Whole curves: faults, swap-outs and dirty swap-outs of a policy at every memory size, from one pass over the references.
//!
//! It works for policies with which a memory always holds what a smaller one does (the inclusion property of Mattson,
//! Gecsei, Slutz and Traiger 1970): each page then has a *depth*, how many pages are to be kept rather than it, and a memory
//! of so many frames or fewer is without it. Rows are made one file a policy, one row a policy in [`CURVES`]; what a depth
//! means for the counts is [`lives`]. The counts are those of separate replays, which tests compare. Where a trace or an
//! option stands against inclusion, it is said what, and nothing is made.

mod critical_stack;
mod lives;
mod lru;
mod opt;
mod segments;

use serde::Serialize;

use crate::policy::registry::PolicySpec;
use crate::program::Program;
use crate::replay::Options;
pub use lives::{Curve, Point};

/// Why there is no curve in one pass: a sentence without its subject.
type Obstacle = String;

/// A policy whose curve can be made in one pass.
struct Row {
    /// Its name in the registry.
    policy: &'static str,
    /// What in a trace stands against it.
    obstacle: fn(&Program) -> Option<Obstacle>,
    /// Makes it; none when it was told to stop.
    make: fn(&Program, &dyn Fn() -> bool) -> Result<Option<Curve>, Obstacle>,
}

/// The policies whose curves can be made in one pass.
static CURVES: [Row; 2] = [
    Row { policy: "lru", obstacle: segments::locks, make: lru::curve },
    Row { policy: "opt", obstacle: opt::obstacle, make: opt::curve },
];

/// The names of the policies whose curves can be made in one pass.
pub fn policies() -> impl Iterator<Item = &'static str> {
    CURVES.iter().map(|row| row.policy)
}

fn row(policy: &PolicySpec) -> Option<&'static Row> {
    CURVES.iter().find(|row| row.policy == policy.entry.name)
}

/// What stands against a curve in one pass of this policy on this program; none where there is one. The memory size of the
/// options does not matter.
pub fn obstacle(policy: &PolicySpec, program: &Program, options: &Options) -> Option<Obstacle> {
    let Some(row) = row(policy) else {
        return Some("it may hold other pages in a larger memory than in a smaller one, not just more".to_owned());
    };
    if options.kswapd.is_some() {
        return Some("the swap daemon goes by free frames, of which each memory size has others".to_owned());
    }
    let slots: u64 = options.swap.iter().flatten().map(|area| area.slots).map(u64::from).sum();
    let pages = u64::from(program.footprint());
    if options.swap.is_some() && slots < pages {
        return Some(format!("a small memory may run out of swap, which has {slots} slots for {pages} pages"));
    }
    (row.obstacle)(program)
}

/// The curve of a policy on a program; none when `go_on`, which is asked now and then, said no.
///
/// # Errors
/// When there is no curve in one pass; what [`obstacle`] says, or that the trace is too long.
pub fn curve(
    policy: &PolicySpec,
    program: &Program,
    options: &Options,
    go_on: &dyn Fn() -> bool,
) -> Result<Option<Curve>, Obstacle> {
    match (obstacle(policy, program, options), row(policy)) {
        (None, Some(row)) => (row.make)(program, go_on),
        (obstacle, _) => Err(obstacle.unwrap_or_default()),
    }
}

/// A line of `curves.csv`. The names and their order are those of the file, the columns those of
/// [`crate::results::Row`] of the same name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurveRow<'a> {
    /// The name of the trace.
    pub trace: &'a str,
    /// The name of the policy.
    pub policy: &'a str,
    /// Its parameters.
    pub params: &'a str,
    /// Frames of memory.
    pub frames: u64,
    /// References replayed.
    pub references: u64,
    /// First touches.
    pub zero_faults: u64,
    /// Pages brought back from swap.
    pub swap_ins: u64,
    /// Pages written to swap.
    pub swap_outs: u64,
    /// Those of them that were written to since they last came in.
    pub dirty_swap_outs: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_is_of_a_policy() {
        for row in &CURVES {
            assert!(row.policy.parse::<PolicySpec>().is_ok(), "{}", row.policy);
        }
    }
}
