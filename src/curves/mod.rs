//! Whole curves: faults of every kind, swap-outs and dirty swap-outs of a policy at every memory size, from one pass over the
//! references.
//!
//! It works for policies with which a memory always holds what a smaller one does (the inclusion property of Mattson,
//! Gecsei, Slutz and Traiger 1970): each page then has a *depth*, how many pages are to be kept rather than it, and a memory
//! of so many frames or fewer is without it. Rows are made one file a policy, one row a policy in `CURVES`; what a depth
//! means for the counts is `lives`, and for the entries of sharers `minor_faults`. The counts are those of separate replays,
//! which tests compare. Where a trace or an option stands against inclusion, it is said what, and there is a replay at every
//! size if that is bearable (`each_size`).

mod critical_stack;
mod each_size;
mod lives;
mod lru;
mod minor_faults;
mod opt;
mod priority_stack;
mod segments;
mod several;

use std::sync::Arc;

use crate::policy::registry::PolicySpec;
use crate::program::Program;
use crate::replay::Options;
use lives::ByDepth;
pub use lives::Point;
pub use several::{Wanted, make_all, rows};

/// What in a program stands against a curve.
type Obstacle = fn(&Program) -> Option<String>;
/// Makes a curve of a program without such; none when it was told to stop.
type Make = fn(&Program, &dyn Fn() -> bool) -> Option<ByDepth>;

/// The policies whose curves can be made in one pass, by their names in the registry.
static CURVES: [(&str, Obstacle, Make); 2] = [("lru", segments::locks, lru::curve), ("opt", opt::obstacle, opt::curve)];

/// The names of the policies whose curves can be made in one pass.
pub fn policies() -> impl Iterator<Item = &'static str> {
    CURVES.iter().map(|&(policy, ..)| policy)
}

/// The counts of a policy at every memory size, from 1 frame to the footprint, and at 1 frame where that is 0.
#[derive(Clone, Debug)]
pub struct Curve(Counts);

#[derive(Clone, Debug)]
enum Counts {
    OnePass(ByDepth),
    EachSize(Vec<Point>),
}

impl Curve {
    /// The counts at each of the sizes, ascending.
    pub fn points(&self) -> Box<dyn Iterator<Item = Point> + '_> {
        match &self.0 {
            Counts::OnePass(depths) => Box::new(depths.points()),
            Counts::EachSize(points) => Box::new(points.iter().copied()),
        }
    }
}

/// How a curve is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// In one pass.
    OnePass,
    /// By a replay at every memory size, for a reason that is a sentence.
    EachSize(String),
    /// Not at all, for that reason.
    None(String),
}

impl Way {
    /// How often the references of the program are gone over.
    fn passes(&self, program: &Program) -> u64 {
        match self {
            Self::OnePass => 1,
            Self::EachSize(_) => u64::from(each_size::sizes(program)),
            Self::None(_) => 0,
        }
    }
}

/// How the curve of a policy on a program is made. The memory size of the options does not matter.
pub fn way(policy: &PolicySpec, program: &Program, options: &Options) -> Way {
    match obstacle(policy, program, options) {
        None => Way::OnePass,
        Some(obstacle) if row_of(policy).is_err() => Way::None(obstacle),
        Some(obstacle) if each_size::is_bearable(program) => Way::EachSize(obstacle),
        Some(obstacle) => Way::None(format!("{obstacle}; and a replay at every size would take too long")),
    }
}

fn row_of(policy: &PolicySpec) -> Result<(Obstacle, Make), String> {
    let row = CURVES.iter().find(|(name, ..)| *name == policy.entry.name);
    let other = || "it may hold other pages in a larger memory than in a smaller one, not just more".to_owned();
    row.map(|&(_, obstacle, make)| (obstacle, make)).ok_or_else(other)
}

/// What stands against a curve in one pass of this policy on this program, as a sentence; none where there is one. The
/// memory size of the options does not matter.
pub fn obstacle(policy: &PolicySpec, program: &Program, options: &Options) -> Option<String> {
    let in_program = match row_of(policy) {
        Ok((obstacle, _)) => obstacle,
        Err(other) => return Some(other),
    };
    if options.kswapd.is_some() {
        return Some("the swap daemon goes by free frames, of which each memory size has others".to_owned());
    }
    let slots: u64 = options.swap.iter().flatten().map(|area| u64::from(area.slots)).sum();
    let pages = u64::from(program.footprint());
    if options.swap.is_some() && slots < pages {
        return Some(format!("a small memory may run out of swap, which has {slots} slots for {pages} pages"));
    }
    in_program(program)
}

/// The bytes that the curves of a program take for each page to tell minor faults.
pub fn bytes_of_minor_faults(program: &Program) -> u64 {
    match segments::Parts::of(program).columns {
        0 => 0,
        columns => minor_faults::Sharers::bytes_a_page(columns),
    }
}

/// The curve of a policy on a program; none when `go_on`, which is asked now and then, said no.
///
/// # Errors
/// When there is no curve in one pass: what [`obstacle`] says.
pub fn curve(
    policy: &PolicySpec,
    program: &Program,
    options: &Options,
    go_on: &dyn Fn() -> bool,
) -> Result<Option<Curve>, String> {
    match obstacle(policy, program, options) {
        Some(obstacle) => Err(obstacle),
        None => Ok(row_of(policy)?.1(program, go_on).map(|depths| Curve(Counts::OnePass(depths)))),
    }
}

/// The same by a replay at every memory size, for any policy, on the threads that there are. `finished` is called after each.
///
/// # Errors
/// When the policy can't run on the program.
pub fn curve_of_replays(
    policy: &PolicySpec,
    program: &Arc<Program>,
    options: &Options,
    go_on: &(dyn Fn() -> bool + Sync),
    finished: &(dyn Fn() + Sync),
) -> Result<Option<Curve>, String> {
    let points = each_size::points(policy, program, options, go_on, finished)?;
    Ok(points.map(|points| Curve(Counts::EachSize(points))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_is_of_a_policy() {
        for policy in policies() {
            assert!(policy.parse::<PolicySpec>().is_ok(), "{policy}");
        }
    }
}
