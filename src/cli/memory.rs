//! Whether there is room for the replays that are to be run, asked before the first of them.

use anyhow::Error;

use super::compare::threads;
use super::terminal::Terminal;
use crate::available_memory::Room;
use crate::compare::Job;
use crate::curves::Wanted;
use crate::memory_need;

/// How many of the jobs run at the same time: as many as asked for, or as there are processors, if there is room.
pub fn at_once(jobs: &[Job], wanted: Option<u16>, limit: Option<u64>, terminal: &Terminal) -> Result<usize, Error> {
    let at_once = memory_need::at_once(jobs, threads(wanted), Room { limit })?;
    if let Some(note) = &at_once.note {
        terminal.note(&format!("memory: {note}"));
    }
    Ok(at_once.replays)
}

/// How many of the curves are made at the same time.
pub fn curves_at_once(curves: &[Wanted], wanted: Option<u16>, limit: Option<u64>) -> Result<usize, Error> {
    Ok(memory_need::curves_at_once(curves, threads(wanted), Room { limit })?)
}

/// Refuses a job for which there is no room.
pub fn one(job: &Job, limit: Option<u64>) -> Result<(), Error> {
    memory_need::at_once(std::slice::from_ref(job), 1, Room { limit })?;
    Ok(())
}
