//! Replays against the clock, one at a time on one thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64;

use super::{PolicySpeed, quantile};
use crate::outcome::outcome;
use crate::policy::registry::PolicySpec;
use crate::program::Program;
use crate::replay::Options;
use crate::results::Run;

/// A sample of short replays has as many of them as take this long.
const SAMPLE: Duration = Duration::from_millis(20);
/// The most replays in a sample.
const MOST_REPLAYS: u64 = 100_000;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The trace.
    pub program: &'a Arc<Program>,
    /// The policies.
    pub policies: &'a [PolicySpec],
    /// Memory size and the rest.
    pub options: &'a Options,
    /// Replays of each policy before the clock counts, at least 1.
    pub warm_ups: u32,
    /// Samples of each policy, at least 1.
    pub samples: u32,
}

/// Measures each policy: warm-ups first, then samples in turn, so that what else the machine does meanwhile falls on all of
/// them alike. A replay is timed from the empty model to the last reference. `finished` is called after each sample.
///
/// # Errors
/// When a policy can't run on the program, and when two replays of it do not have the same results.
pub fn measure(plan: &Plan, mut finished: impl FnMut()) -> Result<Vec<PolicySpeed>, String> {
    let mut series =
        plan.policies.iter().map(|policy| Series::warm(plan, policy)).collect::<Result<Vec<_>, String>>()?;
    for _ in 0..plan.samples.max(1) {
        for series in &mut series {
            series.sample(plan)?;
            finished();
        }
    }
    Ok(series.into_iter().map(|series| series.speed(plan.options)).collect())
}

/// One replay and how long it took.
///
/// # Errors
/// When the policy can't run on the program.
pub fn replay(program: &Arc<Program>, policy: &PolicySpec, options: &Options) -> Result<(Run, Duration), String> {
    let begin = Instant::now();
    let mut replay = policy.start(program, options)?;
    replay.run(&|| true);
    let time = begin.elapsed();
    Ok((outcome(&*replay, "", policy, options), time))
}

/// A hash of all that a replay puts out but the name of the trace, in hexadecimal.
///
/// # Panics
/// Never: a run is text and numbers.
pub fn fingerprint(run: &Run) -> String {
    let mut run = run.clone();
    run.row.trace.clear();
    let text = serde_json::to_vec(&run).expect("a run is text and numbers");
    format!("{:016x}", xxh3_64(&text))
}

/// The samples of one policy.
struct Series<'a> {
    policy: &'a PolicySpec,
    replays: u64,
    rates: Vec<f64>,
    results: String,
}

impl<'a> Series<'a> {
    fn warm(plan: &Plan, policy: &'a PolicySpec) -> Result<Self, String> {
        let (mut run, mut time) = replay(plan.program, policy, plan.options)?;
        for _ in 1..plan.warm_ups {
            (run, time) = replay(plan.program, policy, plan.options)?;
        }
        let replays = SAMPLE.as_nanos().div_ceil(time.as_nanos().max(1));
        let replays = u64::try_from(replays).unwrap_or(MOST_REPLAYS).min(MOST_REPLAYS);
        Ok(Self { policy, replays, rates: Vec::new(), results: fingerprint(&run) })
    }

    fn sample(&mut self, plan: &Plan) -> Result<(), String> {
        let mut total = Duration::ZERO;
        let mut references = 0;
        for _ in 0..self.replays {
            let (run, time) = replay(plan.program, self.policy, plan.options)?;
            total += time;
            references += run.row.references;
            let results = fingerprint(&run);
            if results != self.results {
                return Err(format!(
                    "{}: two replays gave different results ({results}, {})",
                    self.policy, self.results
                ));
            }
        }
        self.rates.push(references as f64 / total.as_secs_f64().max(1e-9));
        Ok(())
    }

    fn speed(self, options: &Options) -> PolicySpeed {
        let whole = |rate: f64| rate.round() as u64;
        let mut sorted = self.rates.clone();
        sorted.sort_by(f64::total_cmp);
        PolicySpeed {
            policy: self.policy.entry.name.to_owned(),
            params: self.policy.arguments(options.seed).to_string(),
            median: whole(quantile(&sorted, 0.5)),
            lower_quartile: whole(quantile(&sorted, 0.25)),
            upper_quartile: whole(quantile(&sorted, 0.75)),
            replays: self.replays,
            samples: self.rates.into_iter().map(whole).collect(),
            instructions: None,
            results: self.results,
        }
    }
}
