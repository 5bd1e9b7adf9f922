//! `--frames all`: which curves can be made, what is said of the others, and the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Error, anyhow};

use super::arguments::CompareArguments;
use super::terminal::Terminal;
use super::{Interrupted, Usage, compare, interrupt};
use crate::compare::Job;
use crate::curves;
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
    let (mut plan, mut without): (Vec<Job>, Vec<Without<'_>>) = Default::default();
    let same = |a: &Job, b: &Job| Arc::ptr_eq(&a.program, &b.program) && a.policy.to_string() == b.policy.to_string();
    for runs in jobs.chunk_by(same) {
        let job = &runs[0];
        match curves::obstacle(&job.policy, &job.program, &job.options) {
            None => plan.push(job.clone()),
            Some(obstacle) => without.push(Without { trace: &job.trace, policy: job.policy.entry.name, obstacle }),
        }
    }
    for texts in without.chunk_by(|a, b| a.obstacle == b.obstacle && a.trace == b.trace) {
        let policies: Vec<&str> = texts.iter().map(|without| without.policy).collect();
        terminal.note(&format!(
            "no curve of {} on {}: {}; replayed at the sizes of `auto`",
            policies.join(", "),
            texts[0].trace,
            texts[0].obstacle
        ));
    }
    if plan.is_empty() {
        let with: Vec<&str> = curves::policies().collect();
        let text = format!("there is no curve to be made; policies that have one are {}", with.join(" and "));
        return Err(Usage(text).into());
    }
    Ok(plan)
}

/// A policy without a curve on a trace, and why.
struct Without<'a> {
    trace: &'a str,
    policy: &'a str,
    obstacle: String,
}

/// Makes the curves and writes them; the file, where there are any.
pub fn write(plan: &[Job], threads: Option<u16>, out: &Path, terminal: &Terminal) -> Result<Option<PathBuf>, Error> {
    if plan.is_empty() {
        return Ok(None);
    }
    let bar = terminal.progress(plan.len() as u64);
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
