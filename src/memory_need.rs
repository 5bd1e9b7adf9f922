//! What replays need of memory, told before they begin: upper bounds by references, pages, attachments and policy.
//!
//! A replay takes all its large arrays when it starts. So many of them as fit are run at the same time, which changes no
//! result; where not even one fits, that is said instead of being killed half-way. What there is, is
//! [`crate::available_memory`]'s affair. The bounds are compared with what is really allocated in `tests/large_traces.rs`.

use std::sync::Arc;

use crate::available_memory::{Room, Shortage};
use crate::compare::Job;
use crate::curves::{self, Wanted, Way};
use crate::kernel::bytes_of_entries;
use crate::policy::Sight;
use crate::policy::registry::PolicySpec;
use crate::program::Program;
use crate::report::{bytes, counted};

/// Bytes of the model for each page, beside the words of its entries: since when it is in swap, the slot that it has there
/// where slots are kept, its bit among the resident pages where that is asked for, and whether it was met in a run of hits.
const MODEL_A_PAGE: u64 = 4 + 4 + 1 + 1;
/// The same, further, where there are so many references that a position takes eight bytes.
const LONG_POSITION: u64 = 4;
/// Bytes for each page of a curve that is made in one pass: where it is on the stack, what is known of its life, and the counts at
/// a depth.
const CURVE_A_PAGE: u64 = 96;
/// Bytes of the model for each segment and each change of attachments.
const A_SEGMENT: u64 = 256;
/// See [`A_SEGMENT`].
const A_CHANGE: u64 = 64;
/// Bytes of what does not depend on the trace: histograms, mostly.
const FIXED: u64 = 1 << 20;
/// Bytes of a position in the table of next uses, which all replays of a policy that knows the future share.
const NEXT_USE: u64 = 4;

/// The most bytes that a replay of the program under the policy takes, without what all replays of the program share.
pub fn of_replay(program: &Program, policy: &PolicySpec) -> u64 {
    let pages = u64::from(program.footprint());
    let long = if program.references.len() >= u64::from(u32::MAX) { LONG_POSITION } else { 0 };
    let entries = bytes_of_entries(program.counts.most_attachments);
    let a_page = entries + MODEL_A_PAGE + long + policy.entry.bytes_per_page;
    // A set of positions takes a bit each, and a 64th of that for finding them.
    let positions = if policy.entry.sight == Sight::Future { program.references.len() / 7 } else { 0 };
    FIXED
        + pages.saturating_mul(a_page)
        + positions
        + program.segments.len() as u64 * A_SEGMENT
        + program.changes.len() as u64 * A_CHANGE
}

/// The bytes that replays of the program under the policy share, and that are not taken yet.
pub fn shared(program: &Program, policy: &PolicySpec) -> u64 {
    let made = program.next_uses.get().is_some();
    if made || policy.entry.sight != Sight::Future { 0 } else { NEXT_USE * program.references.len() }
}

/// The most bytes that a curve of the program takes that is made in one pass, without what replays share.
pub fn of_curve(program: &Program) -> u64 {
    let a_page = CURVE_A_PAGE + curves::bytes_of_minor_faults(program);
    FIXED + u64::from(program.footprint()).saturating_mul(a_page) + program.changes.len() as u64 * A_CHANGE
}

/// How many of the curves can be made at the same time in the room there is, up to `wanted`, whichever come together.
///
/// # Errors
/// When there is no room for one of them alone.
pub fn curves_at_once(curves: &[Wanted], wanted: usize, room: Room) -> Result<usize, Shortage> {
    let in_one_pass = curves.iter().filter(|curve| curve.way == Way::OnePass);
    let needs = in_one_pass.map(|Wanted { job, .. }| {
        let shared = shared(&job.program, &job.policy);
        (of_curve(&job.program).saturating_add(shared), job)
    });
    let (Some((need, job)), Some(available)) = (needs.max_by_key(|&(need, _)| need), room.available()) else {
        return Ok(wanted);
    };
    if need > available.bytes {
        return Err(room.shortage(&format!("the curves of {} on {}", job.policy.entry.name, job.trace), need));
    }
    Ok(wanted.min((available.bytes / need.max(1)) as usize))
}

/// How many replays run at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtOnce {
    /// How many, at least 1.
    pub replays: usize,
    /// Why they are fewer than wanted, if they are.
    pub note: Option<String>,
}

/// How many of the jobs can run at the same time in the room there is, up to `wanted`, whichever come together.
///
/// # Errors
/// When there is no room for one of them alone.
pub fn at_once(jobs: &[Job], wanted: usize, room: Room) -> Result<AtOnce, Shortage> {
    let wanted = wanted.clamp(1, jobs.len().max(1));
    let enough = AtOnce { replays: wanted, note: None };
    let Some(available) = room.available() else { return Ok(enough) };
    let mut needs: Vec<(u64, &Job)> = jobs.iter().map(|job| (of_job(job), job)).collect();
    needs.sort_by_key(|&(need, _)| std::cmp::Reverse(need));
    let shared = all_shared(jobs);
    let mut left = available.bytes.saturating_sub(shared);
    let fits = needs.iter().take_while(|&&(need, _)| {
        let fits = need <= left;
        left = left.saturating_sub(need);
        fits
    });
    match (fits.take(wanted).count(), needs.first()) {
        (0, Some(&(need, job))) => Err(too_much(job, need, shared, &available.to_string())),
        (fit, Some(&(need, job))) if fit < wanted => {
            let note = format!(
                "{} at a time instead of {wanted}: one of {} on {} takes up to {}, and {available}",
                counted(fit as u64, "replay", "replays"),
                job.policy,
                job.trace,
                bytes(need as f64)
            );
            Ok(AtOnce { replays: fit, note: Some(note) })
        }
        _ => Ok(enough),
    }
}

/// What a job takes: of samples, which are replayed one after the other, the largest.
fn of_job(job: &Job) -> u64 {
    programs(job).map(|program| of_replay(program, &job.policy)).max().unwrap_or(0)
}

fn programs(job: &Job) -> impl Iterator<Item = &Arc<Program>> {
    let samples = job.samples.iter().flat_map(|samples| &samples.programs);
    samples.chain(job.samples.is_none().then_some(&job.program))
}

/// What the jobs share, each program's once.
fn all_shared(jobs: &[Job]) -> u64 {
    let mut known: Vec<(&Arc<Program>, Vec<&Job>)> = Vec::new();
    for job in jobs {
        for program in programs(job) {
            match known.iter_mut().find(|(other, _)| Arc::ptr_eq(other, program)) {
                Some((_, jobs)) => jobs.push(job),
                None => known.push((program, vec![job])),
            }
        }
    }
    let of_program = |(program, jobs): &(&Arc<Program>, Vec<&Job>)| {
        let next_uses = jobs.iter().map(|job| shared(program, &job.policy)).max().unwrap_or(0);
        next_uses + program.bytes_of_runs(jobs.len() as u32)
    };
    known.iter().map(of_program).sum()
}

#[cold]
fn too_much(job: &Job, need: u64, shared: u64, available: &str) -> Shortage {
    let program = programs(job).max_by_key(|program| program.footprint()).unwrap_or(&job.program);
    let of = format!(
        "{}, {} each",
        counted(program.footprint().into(), "page", "pages"),
        counted(need / u64::from(program.footprint().max(1)), "byte", "bytes")
    );
    let table =
        if shared > 0 { format!(", beside {} of what all replays share", bytes(shared as f64)) } else { String::new() };
    Shortage {
        what: format!(
            "a replay of {} on {} needs {} of memory ({of}){table}, and {available}",
            job.policy,
            job.trace,
            bytes(need as f64)
        ),
        remedy: "leave the policy out, take a sample of the pages (compare --sample 1%) or a slice of the trace \
                 (`clockhand trace slice`), or give more memory"
            .to_owned(),
    }
}
