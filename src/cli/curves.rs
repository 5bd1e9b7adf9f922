//! `--frames all`: which curves can be made and how, what is said of the others, and the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Error, anyhow};

use super::arguments::CompareArguments;
use super::terminal::Terminal;
use super::{Interrupted, Usage, compare, interrupt};
use crate::compare::Job;
use crate::curves::{self, Way};
use crate::report::{self, counted, write_whole};

/// The curves that are asked for and can be made, one for each trace and policy of these runs. What is done instead of the
/// others is told.
pub fn plan(arguments: &CompareArguments, jobs: &[Job], terminal: &Terminal) -> Result<Vec<Job>, Error> {
    if !arguments.frames.wants_curves() {
        return Ok(Vec::new());
    }
    if arguments.shard.is_some() {
        let text = "a curve is made in one pass and has no parts: leave out `all` from the --frames of shards";
        return Err(Usage(text.to_owned()).into());
    }
    let (mut plan, mut all): (Vec<Job>, Vec<Planned<'_>>) = Default::default();
    let same = |a: &Job, b: &Job| Arc::ptr_eq(&a.program, &b.program) && a.policy.to_string() == b.policy.to_string();
    for runs in jobs.chunk_by(same) {
        let job = &runs[0];
        let way = curves::way(&job.policy, &job.program, &job.options);
        if !matches!(way, Way::None(_)) {
            plan.push(job.clone());
        }
        all.push(Planned { job, way });
    }
    tell(&all, terminal);
    if plan.is_empty() {
        let with: Vec<&str> = curves::policies().collect();
        let text = format!("there is no curve to be made; policies that have one are {}", with.join(" and "));
        return Err(Usage(text).into());
    }
    Ok(plan)
}

/// How the curve of a policy on a trace is made.
struct Planned<'a> {
    job: &'a Job,
    way: Way,
}

/// Tells what is not made in one pass, and why.
fn tell(planned: &[Planned<'_>], terminal: &Terminal) {
    for alike in planned.chunk_by(|a, b| a.way == b.way && a.job.trace == b.job.trace) {
        let policies: Vec<&str> = alike.iter().map(|planned| planned.job.policy.entry.name).collect();
        let (policies, Planned { job, way }) = (policies.join(", "), &alike[0]);
        let text = match way {
            Way::OnePass => continue,
            Way::EachSize(obstacle) => {
                let sizes = counted(way.passes(&job.program), "size", "sizes");
                format!(
                    "no curve of {policies} on {} in one pass: {obstacle}; replayed at every one of {sizes}",
                    job.trace
                )
            }
            Way::None(obstacle) => {
                format!("no curve of {policies} on {}: {obstacle}; replayed at the sizes of `auto`", job.trace)
            }
        };
        terminal.note(&text);
    }
}

/// Makes the curves and writes them; the file, where there are any.
pub fn write(plan: &[Job], threads: Option<u16>, out: &Path, terminal: &Terminal) -> Result<Option<PathBuf>, Error> {
    if plan.is_empty() {
        return Ok(None);
    }
    let passes = |job: &Job| curves::way(&job.policy, &job.program, &job.options).passes(&job.program);
    let bar = terminal.progress(plan.iter().map(passes).sum());
    let made = curves::make_all(plan, compare::threads(threads), &interrupt::go_on, &|| bar.inc(1));
    bar.finish_and_clear();
    let Some(made) = made.map_err(|error| anyhow!("{error}"))? else {
        let all = counted(plan.len() as u64, "curve", "curves");
        return Err(Interrupted(format!("the {all} were not finished")).into());
    };
    let path = out.join(report::curves::FILE);
    write_whole(&path, |file| {
        let mut lines = report::curves::Curves::new(file);
        curves::rows(plan, &made, |row| lines.write(row))?;
        lines.finish()
    })?;
    Ok(Some(path))
}
