//! Several curves at the same time, and their lines in the file.

use rayon::prelude::*;

use super::{Curve, Way};
use crate::compare::Job;
use crate::results::CurveRow;

/// The curves of these jobs in their order, on so many threads; the memory sizes of the jobs do not matter. None when `go_on`
/// said no. `finished` is called after each pass and each replay ([`Way::passes`]).
///
/// # Errors
/// When there is no curve for one of them ([`super::way`]).
///
/// # Panics
/// When the system can't start threads.
pub fn make_all(
    jobs: &[Job],
    threads: usize,
    go_on: &(dyn Fn() -> bool + Sync),
    finished: &(dyn Fn() + Sync),
) -> Result<Option<Vec<Curve>>, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build().expect("threads for the curves");
    pool.install(|| {
        let curves = jobs.par_iter().with_max_len(1).map(|job| {
            let Job { policy, program, options, .. } = job;
            let curve = match super::way(policy, program, options) {
                Way::OnePass => super::curve(policy, program, options, &|| go_on()).inspect(|_| finished()),
                Way::EachSize(_) => super::curve_of_replays(policy, program, options, go_on, finished),
                Way::None(obstacle) => Err(obstacle),
            };
            curve.map_err(|obstacle| format!("policy `{}` on {}: {obstacle}", job.policy.entry.name, job.trace))
        });
        curves.collect()
    })
}

/// Calls `write` with each line of the curves of these jobs: by curve, then by frames, ascending.
///
/// # Errors
/// That of `write`, at which it ends.
pub fn rows<E>(jobs: &[Job], curves: &[Curve], mut write: impl FnMut(&CurveRow<'_>) -> Result<(), E>) -> Result<(), E> {
    for (job, curve) in jobs.iter().zip(curves) {
        let params = job.policy.arguments(job.options.seed).to_string();
        for point in curve.points() {
            write(&CurveRow {
                trace: &job.trace,
                policy: job.policy.entry.name,
                params: &params,
                frames: point.frames,
                references: point.references,
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
