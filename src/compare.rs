//! Every policy at every memory size on every trace, in parallel.
//!
//! The decoded trace is shared, each run has its own model. Results come in the order of the plan whatever the number of
//! threads. No file is written and nothing printed; who wants each run as it finishes gives a function for it.

use std::sync::Arc;

use rayon::prelude::*;

use crate::outcome::outcome;
use crate::policy::registry::PolicySpec;
use crate::program::Program;
use crate::replay::Options;
use crate::results::Run;
use crate::timeline::page_axis::PageAxis;
use crate::timeline::{Recorder, replay_in_windows};

/// One run of the plan.
#[derive(Clone, Debug)]
pub struct Job {
    /// The name of the trace in the results.
    pub trace: String,
    /// The trace.
    pub program: Arc<Program>,
    /// The policy.
    pub policy: PolicySpec,
    /// Memory size and the rest.
    pub options: Options,
    /// On what axis to record how the run goes over time, where that is wanted.
    pub record: Option<Arc<PageAxis>>,
}

impl Job {
    /// Runs it; none when it was told to stop.
    ///
    /// # Errors
    /// When the policy can't run on the program with these arguments.
    pub fn run(&self, go_on: &(dyn Fn() -> bool + Sync)) -> Result<Option<Run>, String> {
        if !go_on() {
            return Ok(None);
        }
        let mut replay = self.policy.start(&self.program, &self.options)?;
        let (whole, timeline) = match &self.record {
            None => (replay.run(&|| go_on()), None),
            Some(axis) => {
                let mut recorder = Recorder::new(&mut *replay, axis);
                let whole = replay_in_windows(&mut *replay, &mut [&mut recorder], &|| go_on());
                (whole.map_err(|error| error.to_string())?, Some(recorder.finish()))
            }
        };
        Ok(whole.then(|| Run { timeline, ..outcome(&*replay, &self.trace, &self.policy, &self.options) }))
    }
}

/// Runs all jobs on so many threads. `finished` is called with each run as soon as it is there, one at a time and in any
/// order, with its place in the plan. The result has the runs in the order of the plan, without those that were stopped.
///
/// # Errors
/// When a policy can't run; the other jobs are stopped.
///
/// # Panics
/// When the system can't start threads.
pub fn run_all(
    jobs: &[Job],
    threads: usize,
    go_on: &(dyn Fn() -> bool + Sync),
    finished: &(dyn Fn(usize, &Run) + Sync),
) -> Result<Vec<Run>, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build().expect("threads for the replays");
    // Little memory means many faults and a long run: those first, so that no long one is left alone at the end.
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&place| jobs[place].options.frames);
    let mut runs: Vec<(usize, Option<Run>)> = pool.install(|| {
        order
            .into_par_iter()
            .with_max_len(1)
            .map(|place| {
                let run = jobs[place].run(go_on)?;
                if let Some(run) = &run {
                    finished(place, run);
                }
                Ok((place, run))
            })
            .collect::<Result<_, String>>()
    })?;
    runs.sort_by_key(|&(place, _)| place);
    Ok(runs.into_iter().filter_map(|(_, run)| run).collect())
}
