//! Traces x policies x memory sizes: the runs of a matrix, and running them where nothing is kept of a part.

use anyhow::{Context, Error};

use super::arguments::ModelArguments;
use super::terminal::Terminal;
use super::{Interrupted, compare, interrupt, model};
use crate::compare::{Job, run_all};
use crate::frames::FramesSpec;
use crate::load::Loaded;
use crate::policy::registry::PolicySpec;
use crate::replay::Options;
use crate::report::counted;
use crate::results::Run;

/// The runs of a matrix, ordered by trace, policy and frames.
pub fn plan(
    policies: &[PolicySpec],
    frames: &FramesSpec,
    model: &ModelArguments,
    seed: u64,
    loaded: &[Loaded],
) -> Result<Vec<Job>, Error> {
    let mut jobs = Vec::new();
    for trace in loaded {
        let base = Options { seed, ..model::options(model, trace)? };
        let sizes = model::sizes(frames, trace)?;
        for policy in policies {
            jobs.extend(sizes.iter().map(|&frames| job(trace, policy, &base, frames)));
        }
    }
    Ok(jobs)
}

/// One run of a trace.
pub fn job(trace: &Loaded, policy: &PolicySpec, options: &Options, frames: u64) -> Job {
    Job {
        trace: trace.facts.name.clone(),
        program: trace.program.clone(),
        policy: policy.clone(),
        options: Options { frames, ..options.clone() },
        record: None,
    }
}

/// Runs the jobs; their results in the same order.
pub fn replay(jobs: &[Job], threads: Option<u16>, terminal: &Terminal) -> Result<Vec<Run>, Error> {
    interrupt::listen();
    let bar = terminal.progress(jobs.len() as u64);
    let runs = run_all(jobs, compare::threads(threads), &interrupt::go_on, &|_, _| bar.inc(1));
    bar.finish_and_clear();
    let runs = runs.map_err(Error::msg).context("the replay was given up")?;
    if runs.len() < jobs.len() {
        let done = counted(runs.len() as u64, "run is", "runs are");
        return Err(Interrupted(format!("{done} finished of {}, and nothing is kept", jobs.len())).into());
    }
    Ok(runs)
}
