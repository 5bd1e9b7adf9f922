//! Several curves at the same time, and their lines in the file.

use rayon::prelude::*;

use super::{Curve, Way};
use crate::compare::Job;
use crate::results::CurveRow;

/// A curve that is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its trace, policy and options; the memory size does not matter.
    pub job: Job,
    /// How it is made.
    pub way: Way,
}

impl Wanted {
    /// The curve that a job belongs to.
    pub fn of(job: &Job) -> Self {
        Self { way: super::way(&job.policy, &job.program, &job.options), job: job.clone() }
    }

    /// How often the references are gone over.
    pub fn passes(&self) -> u64 {
        self.way.passes(&self.job.program)
    }
}

/// These curves in their order, on so many threads. None when `go_on` said no. `finished` is called after each pass and each
/// replay ([`Wanted::passes`]).
///
/// # Errors
/// When there is no way to one of them, or its policy can't run.
///
/// # Panics
/// When the system can't start threads.
pub fn make_all(
    wanted: &[Wanted],
    threads: usize,
    go_on: &(dyn Fn() -> bool + Sync),
    finished: &(dyn Fn() + Sync),
) -> Result<Option<Vec<Curve>>, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build().expect("threads for the curves");
    pool.install(|| {
        let curves = wanted.par_iter().with_max_len(1).map(|Wanted { job, way }| {
            let Job { policy, program, options, .. } = job;
            let curve = match way {
                Way::OnePass => super::curve(policy, program, options, &|| go_on()).inspect(|_| finished()),
                Way::EachSize(_) => super::curve_of_replays(policy, program, options, go_on, finished),
                Way::None(obstacle) => Err(obstacle.clone()),
            };
            curve.map_err(|obstacle| format!("policy `{}` on {}: {obstacle}", job.policy.entry.name, job.trace))
        });
        curves.collect()
    })
}

/// Calls `write` with each line of these curves: by curve, then by frames, ascending.
///
/// # Errors
/// That of `write`, at which it ends.
pub fn rows<E>(
    wanted: &[Wanted],
    curves: &[Curve],
    mut write: impl FnMut(&CurveRow<'_>) -> Result<(), E>,
) -> Result<(), E> {
    for (Wanted { job, .. }, curve) in wanted.iter().zip(curves) {
        let params = job.policy.arguments(job.options.seed).to_string();
        for point in curve.points() {
            write(&CurveRow {
                trace: &job.trace,
                policy: job.policy.entry.name,
                params: &params,
                frames: point.frames,
                references: point.references,
                minor_faults: point.minor_faults,
                zero_faults: point.zero_faults,
                swap_ins: point.swap_ins,
                swap_outs: point.swap_outs,
                dirty_swap_outs: point.dirty_swap_outs,
                out_of_memory: point.out_of_memory,
            })?;
        }
    }
    Ok(())
}
