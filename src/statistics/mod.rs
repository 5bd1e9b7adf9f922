//! What is in a trace, made from a resolved program: counts, segments, processes, sharing, working sets, reuse, and what the
//! trace does not tell. Nothing is replayed, and nothing is known of frames and policies but what LRU stack distances say.

mod census;
mod filter;
mod reuse;
mod runs;
mod spread;
mod text;
mod walk;
mod warnings;
mod working_set;

use serde::Serialize;

pub use census::{ChangeCounts, ProcessStatistics, SegmentStatistics, SharingDegree};
pub use reuse::{LruFrames, Reuse};
pub use runs::{Runs, Turns};
pub use spread::Spread;
pub use text::write;
pub use warnings::{FoundBy, Warning};
pub use working_set::WorkingSet;

use crate::program::Program;
use crate::results::TraceFacts;
use census::Census;

/// The statistics of a trace. The names of the fields are those of `clockhand trace stat --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// Name, format, hash, and the counts that results carry too.
    #[serde(flatten)]
    pub facts: TraceFacts,
    /// References that read.
    pub reads: u64,
    /// The bytes of all pages that are referenced.
    pub footprint_bytes: u64,
    /// Time from the first reference to the last, as the trace counts it (nanoseconds or a sequence number); none where
    /// it has no time.
    pub duration: Option<u64>,
    /// References in a second, if the times are nanoseconds; none where there is no time, or a reference would take less than
    /// one on average: such times are sequence numbers.
    pub references_per_second: Option<f64>,
    /// Pages of all segments, touched or not; 2^64 - 1 where there are more.
    pub pages_created: u64,
    /// Processes that refer to a page.
    pub active_processes: u64,
    /// Creates, attaches and the like, and how many segments and attachments there are at a time.
    pub changes: ChangeCounts,
    /// The segments in order of creation.
    pub segment_list: Vec<SegmentStatistics>,
    /// The processes in order of appearance.
    pub process_list: Vec<ProcessStatistics>,
    /// How many pages are touched by one process, by two, and so on; degrees without a page are left out.
    pub sharing: Vec<SharingDegree>,
    /// Distinct pages in windows of references; windows longer than the trace are left out.
    pub working_set: Vec<WorkingSet>,
    /// How far apart the references to a page are.
    pub reuse: Reuse,
    /// Successive references to one page.
    pub runs: Runs,
    /// Successive references of one process.
    pub turns: Turns,
    /// The pages of the window through which each process's references were filtered while they were recorded, as the reader
    /// says or as it shows; 1 where only repeats are missing, which changes no replay, and none where repeats are there, or
    /// the trace is too short to tell.
    pub filter_window: Option<u64>,
    /// What the trace does not tell of the program it was taken from, and what that means.
    pub warnings: Vec<Warning>,
}

impl Statistics {
    /// Those of a program, which is that of these facts.
    pub fn of(program: &Program, facts: &TraceFacts) -> Self {
        let references = program.references.len();
        let (mut census, (reuse, working_set)) = rayon::join(|| take_census(program), || reuse::reuse(program));
        census.share_out(references);
        let sharing = census.sharing();
        let (runs, turns) = census.runs.finish();
        let (processes, changes) = (census.processes, census.changes);
        let active_processes = processes.iter().filter(|process| process.references > 0).count() as u64;
        let filter_window = warnings::told_window(program).or_else(|| filter::window(program, runs.collapsible));
        let duration = duration(program);
        Self {
            facts: facts.clone(),
            reads: program.counts.reads,
            footprint_bytes: u64::from(program.footprint()).saturating_mul(facts.page_size),
            duration,
            references_per_second: duration.and_then(|duration| rate(references, duration)),
            pages_created: program.segments.iter().fold(0, |pages, segment| segment.size.saturating_add(pages)),
            active_processes,
            warnings: warnings::warnings(program, active_processes, &changes, filter_window),
            changes,
            segment_list: census.segments,
            process_list: processes,
            sharing,
            working_set,
            reuse,
            runs,
            turns,
            filter_window,
        }
    }
}

fn take_census(program: &Program) -> Census {
    let mut census = Census::new(program);
    walk::walk(program, &mut census);
    census
}

fn duration(program: &Program) -> Option<u64> {
    let times = program.times.as_deref().filter(|_| program.settings.has_time)?;
    Some(times.last()?.saturating_sub(*times.first()?))
}

/// References in a second, where so many take this long in nanoseconds.
fn rate(references: u64, duration: u64) -> Option<f64> {
    let are_nanoseconds = duration > 0 && duration >= references;
    are_nanoseconds.then(|| spread::thousandths(references as f64 / (duration as f64 / 1e9)))
}
