//! `--frames all`: which curves can be made and how, what is said of the others, and the file.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Error, anyhow};

use super::arguments::CompareArguments;
use super::terminal::Terminal;
use super::{Interrupted, Usage, interrupt, memory};
use crate::compare::Job;
use crate::curves::{self, Wanted, Way};
use crate::report::{self, counted, write_whole};

/// The curves that are asked for and can be made, one for each trace and policy of these runs. What is done instead of the
/// others is told.
pub fn plan(arguments: &CompareArguments, jobs: &[Job], terminal: &Terminal) -> Result<Vec<Wanted>, Error> {
    if !arguments.frames.wants_curves() {
        return Ok(Vec::new());
    }
    if arguments.shard.is_some() {
        let text = "a curve is made in one pass and has no parts: leave out `all` from the --frames of shards";
        return Err(Usage(text.to_owned()).into());
    }
    let same = |a: &Job, b: &Job| Arc::ptr_eq(&a.program, &b.program) && a.policy.to_string() == b.policy.to_string();
    let mut plan: Vec<Wanted> = jobs.chunk_by(same).map(|runs| Wanted::of(&runs[0])).collect();
    tell(&plan, terminal);
    plan.retain(|wanted| !matches!(wanted.way, Way::None(_)));
    if plan.is_empty() {
        let with: Vec<&str> = curves::policies().collect();
        let text = format!("there is no curve to be made; policies that have one are {}", with.join(" and "));
        return Err(Usage(text).into());
    }
    // What does not fit is told before the replays.
    memory::curves_at_once(&plan, arguments.jobs, arguments.reading.memory_limit)?;
    Ok(plan)
}

/// Tells what is not made in one pass, and why.
fn tell(wanted: &[Wanted], terminal: &Terminal) {
    for alike in wanted.chunk_by(|a, b| a.way == b.way && a.job.trace == b.job.trace) {
        let policies: Vec<&str> = alike.iter().map(|wanted| wanted.job.policy.entry.name).collect();
        let (policies, Wanted { job, way }) = (policies.join(", "), &alike[0]);
        let text = match way {
            Way::OnePass => continue,
            Way::EachSize(obstacle) => {
                let sizes = counted(alike[0].passes(), "size", "sizes");
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
pub fn write(plan: &[Wanted], arguments: &CompareArguments, terminal: &Terminal) -> Result<Option<PathBuf>, Error> {
    if plan.is_empty() {
        return Ok(None);
    }
    let at_once = memory::curves_at_once(plan, arguments.jobs, arguments.reading.memory_limit)?;
    let bar = terminal.progress(plan.iter().map(Wanted::passes).sum());
    let made = curves::make_all(plan, at_once, &interrupt::go_on, &|| bar.inc(1));
    bar.finish_and_clear();
    let Some(made) = made.map_err(|error| anyhow!("{error}"))? else {
        let all = counted(plan.len() as u64, "curve", "curves");
        return Err(Interrupted(format!("the {all} were not finished")).into());
    };
    let path = arguments.out.join(report::curves::FILE);
    write_whole(&path, |file| {
        let mut lines = report::curves::Curves::new(file);
        curves::rows(plan, &made, |row| lines.write(row))?;
        lines.finish()
    })?;
    Ok(Some(path))
}
