//! Every policy at every memory size on every trace, in parallel.
//!
//! The decoded trace is shared, each run has its own model; sizes of one policy go over the references together where that
//! pays. Results come in the order of the plan whatever the number of threads. No file is written and nothing printed; who
//! wants each run as it finishes gives a function for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rayon::ScopeFifo;

use crate::one_pass::{MOST_SIZES, OnePass};
use crate::outcome::outcome;
use crate::policy::Sight;
use crate::policy::registry::PolicySpec;
use crate::program::Program;
use crate::replay::{Options, Replay};
use crate::results::Run;
use crate::sampling::Samples;
use crate::timeline::page_axis::PageAxis;
use crate::timeline::{Recorder, replay_in_windows};

/// One run of the plan.
#[derive(Clone, Debug)]
pub struct Job {
    /// The name of the trace in the results.
    pub trace: String,
    /// The trace.
    pub program: Arc<Program>,
    /// Samples of the trace that are replayed in its place.
    pub samples: Option<Arc<Samples>>,
    /// The policy.
    pub policy: PolicySpec,
    /// Memory size and the rest.
    pub options: Options,
    /// On what axis to record how the run goes over time, where that is wanted.
    pub record: Option<Arc<PageAxis>>,
}

impl Job {
    /// The replay, not begun.
    ///
    /// # Errors
    /// When the policy can't run on the program with these arguments.
    fn start(&self) -> Result<Box<dyn Replay>, String> {
        self.policy.start(&self.program, &self.options)
    }

    /// Whether another job differs from this one in its memory size alone.
    fn is_like(&self, other: &Self) -> bool {
        let sizes_aside = |job: &Self| Options { frames: 0, ..job.options.clone() };
        Arc::ptr_eq(&self.program, &other.program)
            && [self, other].iter().all(|job| job.samples.is_none() && job.record.is_none())
            && self.trace == other.trace
            && self.policy.to_string() == other.policy.to_string()
            && sizes_aside(self) == sizes_aside(other)
    }
}

/// Whether sizes of one policy go over the references together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// Where it pays ([`crate::one_pass`]).
    Shared,
    /// Never. The results are the same.
    Alone,
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
    passes: Passes,
    go_on: &(dyn Fn() -> bool + Sync),
    finished: &(dyn Fn(usize, &Run) + Sync),
) -> Result<Vec<Run>, String> {
    let threads = threads.max(1);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads for the replays");
    let work = Work { jobs, go_on, finished, failed: AtomicBool::new(false), done: Mutex::default() };
    let units = units(jobs, threads, passes);
    // Units are begun in their order, and what leaves a pass is done by whoever is free.
    pool.in_place_scope_fifo(|scope| {
        for unit in units {
            let work = &work;
            scope.spawn_fifo(move |scope| work.unit(unit, scope));
        }
    });
    let mut done = work.done.into_inner().map_err(|_| "a replay failed".to_owned())?;
    if let Some(error) = done.error {
        return Err(error);
    }
    done.runs.sort_by_key(|&(place, _)| place);
    Ok(done.runs.into_iter().map(|(_, run)| run).collect())
}

/// The places of jobs that are done together, in the order in which they are to begin.
fn units(jobs: &[Job], threads: usize, passes: Passes) -> Vec<Vec<usize>> {
    let mut alike: Vec<Vec<usize>> = Vec::new();
    for (place, job) in jobs.iter().enumerate() {
        match alike.iter_mut().rev().find(|group| jobs[group[0]].is_like(job)) {
            Some(group) => group.push(place),
            None => alike.push(vec![place]),
        }
    }
    // With few policies each is cut, so that no processor is idle.
    let parts = if alike.len() < 2 * threads { threads } else { 1 };
    let (mut shared, mut alone) = (Vec::new(), Vec::new());
    for group in alike {
        let first = &jobs[group[0]];
        let parts = parts.max(group.len().div_ceil(MOST_SIZES));
        let together = passes == Passes::Shared
            && first.policy.entry.sight == Sight::AccessedBits
            && OnePass::pays(&first.program, group.len().div_ceil(parts));
        if together {
            shared.extend((0..parts).map(|part| group.iter().copied().skip(part).step_by(parts).collect::<Vec<_>>()));
        } else {
            alone.extend(group);
        }
    }
    // Passes are long, and what leaves them fills gaps. Little memory means many faults and a long run: those first, so
    // that no long one is left alone at the end.
    alone.sort_by_key(|&place| jobs[place].options.frames);
    shared.extend(alone.into_iter().map(|place| vec![place]));
    shared
}

/// What all threads see.
struct Work<'a> {
    jobs: &'a [Job],
    go_on: &'a (dyn Fn() -> bool + Sync),
    finished: &'a (dyn Fn(usize, &Run) + Sync),
    failed: AtomicBool,
    done: Mutex<Done>,
}

#[derive(Default)]
struct Done {
    runs: Vec<(usize, Run)>,
    error: Option<String>,
}

impl Work<'_> {
    fn go_on(&self) -> bool {
        !self.failed.load(Ordering::Relaxed) && (self.go_on)()
    }

    /// Does the jobs at these places: several in one pass where their policy allows, and then each to its end.
    fn unit<'s>(&'s self, places: Vec<usize>, scope: &ScopeFifo<'s>) {
        if !self.go_on() {
            return;
        }
        if let [place] = places[..] {
            let job = &self.jobs[place];
            if let Some(samples) = &job.samples {
                let run = samples.run(&job.trace, &job.policy, &job.options, &|| self.go_on());
                return self.keep_if_whole(place, run);
            }
            if let Some(axis) = &job.record {
                return self.keep_if_whole(place, self.recorded(job, axis));
            }
        }
        let replays: Result<Vec<Box<dyn Replay>>, String> =
            places.iter().map(|&place| self.jobs[place].start()).collect();
        let mut replays = match replays {
            Ok(replays) => replays,
            Err(error) => return self.fail(error),
        };
        if let [first, _, ..] = &replays[..]
            && first.can_share_a_pass()
        {
            replays = OnePass::new(&self.jobs[places[0]].program, replays).run(&|| self.go_on());
        }
        for (place, replay) in places.into_iter().zip(replays) {
            if is_unfinished(&*replay) {
                scope.spawn_fifo(move |_| self.to_the_end(place, replay));
            } else {
                self.to_the_end(place, replay);
            }
        }
    }

    /// Replays what is left, and keeps the result.
    fn to_the_end(&self, place: usize, mut replay: Box<dyn Replay>) {
        if !replay.run(&|| self.go_on()) {
            return;
        }
        let job = &self.jobs[place];
        self.keep(place, outcome(&*replay, &job.trace, &job.policy, &job.options));
    }

    /// A run with what happened over time; none when it was told to stop.
    fn recorded(&self, job: &Job, axis: &Arc<PageAxis>) -> Result<Option<Run>, String> {
        let mut replay = job.start()?;
        let mut recorder = Recorder::new(&mut *replay, axis);
        let whole = replay_in_windows(&mut *replay, &mut [&mut recorder], &|| self.go_on());
        let whole = whole.map_err(|error| error.to_string())?;
        let timeline = Some(recorder.finish());
        Ok(whole.then(|| Run { timeline, ..outcome(&*replay, &job.trace, &job.policy, &job.options) }))
    }

    fn keep_if_whole(&self, place: usize, run: Result<Option<Run>, String>) {
        match run {
            Ok(Some(run)) => self.keep(place, run),
            Ok(None) => {}
            Err(error) => self.fail(error),
        }
    }

    fn keep(&self, place: usize, run: Run) {
        if let Ok(mut done) = self.done.lock() {
            (self.finished)(place, &run);
            done.runs.push((place, run));
        }
    }

    fn fail(&self, error: String) {
        self.failed.store(true, Ordering::Relaxed);
        if let Ok(mut done) = self.done.lock() {
            done.error.get_or_insert(error);
        }
    }
}

/// Whether there is something left to replay.
fn is_unfinished(replay: &dyn Replay) -> bool {
    replay.kernel().now() < replay.kernel().program().references.len()
}
