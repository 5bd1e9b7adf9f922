//! The curve of a policy whose memories include each other on a trace that breaks this: a replay at every memory size.
//!
//! It costs as many replays as there are sizes, so it is made only while that is bearable ([`MOST_REFERENCES`]); which
//! policies have curves at all, and what stands against one pass, is [`super`]'s part.

use std::sync::Arc;

use rayon::prelude::*;

use super::Point;
use crate::kernel::Kernel;
use crate::policy::registry::PolicySpec;
use crate::program::Program;
use crate::replay::Options;

/// The references of all replays of a curve together, at most: some minutes.
const MOST_REFERENCES: u64 = 50_000_000_000;

impl Point {
    /// What a replay counted.
    fn of(kernel: &Kernel) -> Self {
        let counters = kernel.counters();
        Self {
            frames: kernel.frames(),
            references: kernel.now(),
            minor_faults: counters.minor_faults,
            zero_faults: counters.zero_faults,
            swap_ins: counters.swap_ins,
            swap_outs: counters.swap_outs,
            dirty_swap_outs: counters.dirty_swap_outs,
            out_of_memory: counters.out_of_memory,
        }
    }
}

/// Whether replays of a program at every size are few and short enough.
pub(super) fn is_bearable(program: &Program) -> bool {
    u64::from(program.footprint()).saturating_mul(program.references.len()) <= MOST_REFERENCES
}

/// The memory sizes of a curve: this many frames, and each number below.
pub(super) fn sizes(program: &Program) -> u32 {
    program.footprint().max(1)
}

/// The points of a curve, ascending, by a replay each, on the threads that there are; none when `go_on`, which is asked now
/// and then, said no. `finished` is called after each.
///
/// # Errors
/// When the policy can't run on the program.
pub(super) fn points(
    policy: &PolicySpec,
    program: &Arc<Program>,
    options: &Options,
    go_on: &(dyn Fn() -> bool + Sync),
    finished: &(dyn Fn() + Sync),
) -> Result<Option<Vec<Point>>, String> {
    let replayed = (0..sizes(program)).into_par_iter().with_max_len(1).map(|smaller| {
        // A short replay ends before it asks.
        if !go_on() {
            return Ok(None);
        }
        let options = Options { frames: u64::from(smaller) + 1, ..options.clone() };
        let mut replay = policy.start(program, &options)?;
        let whole = replay.run(&|| go_on());
        finished();
        Ok(whole.then(|| Point::of(replay.kernel())))
    });
    replayed.collect()
}
