//! What happened in each window of references of a replay, and when which pages were referenced.
//!
//! The replay is stopped at the end of each window and looked at; in between, only swap-outs are watched. Here is what is
//! recorded and for which runs; the text of a file is made in [`csv`], charts in [`crate::report`].

pub mod access_map;
pub mod csv;
pub mod page_axis;

use std::io;
use std::sync::Arc;

use crate::compare::Job;
use crate::ids::SegmentNumber;
use crate::kernel::Counters;
use crate::observers::swap_outs_by_page::SwapOutsByPage;
use crate::policy::Sight;
use crate::program::Program;
use crate::replay::{CHUNK, Replay};
use crate::report::{REFERENCE, block};
use crate::results::{Hands, Results, Timeline};
use page_axis::PageAxis;

/// Windows of a timeline in results at most.
const WINDOWS: u64 = 240;
/// Windows in a period, over which swap-outs are counted by page.
const PERIOD: u64 = 4;
/// The memory size at which most programs both run and swap: one part in so many of the footprint.
const PART: f64 = 4.0;

/// References in a window of a trace with so many; at least 1.
pub fn window(references: u64) -> u64 {
    references.div_ceil(WINDOWS).max(1)
}

/// Something that is told when each of its windows is over.
pub trait Windowed {
    /// References in one of its windows, at least 1.
    fn window(&self) -> u64;

    /// A window is over, as far as the replay went.
    ///
    /// # Errors
    /// When what is to be written can't be.
    fn end_of_window(&mut self, replay: &dyn Replay) -> io::Result<()>;
}

/// Replays to the end, with stops at the end of each window; false when `go_on` said no.
///
/// # Errors
/// Those of [`Windowed::end_of_window`].
pub fn replay_in_windows(
    replay: &mut dyn Replay,
    watching: &mut [&mut dyn Windowed],
    go_on: &dyn Fn() -> bool,
) -> io::Result<bool> {
    let start = replay.kernel().now();
    let mut ends: Vec<u64> = watching.iter().map(|one| start.saturating_add(one.window())).collect();
    loop {
        // However long the windows are, it is asked now and then whether to go on.
        let chunk = replay.kernel().now().saturating_add(CHUNK);
        let more = replay.run_to(ends.iter().copied().fold(chunk, u64::min));
        let now = replay.kernel().now();
        for (one, end) in watching.iter_mut().zip(&mut ends).filter(|(_, end)| now >= **end || !more) {
            one.end_of_window(replay)?;
            *end = now.saturating_add(one.window());
        }
        if !more {
            return Ok(true);
        }
        if !go_on() {
            return Ok(false);
        }
    }
}

/// Makes the timeline of a run for its results.
#[derive(Debug)]
pub struct Recorder {
    axis: Arc<PageAxis>,
    swap_outs: SwapOutsByPage,
    /// What was counted up to the end of the last window.
    before: Counters,
    timeline: Timeline,
}

impl Recorder {
    /// A recorder for the whole of a replay that has not begun.
    pub fn new(replay: &mut dyn Replay, axis: &Arc<PageAxis>) -> Self {
        let swap_outs = SwapOutsByPage::new(axis);
        replay.observe(Box::new(swap_outs.clone()));
        let timeline = Timeline {
            window: window(replay.kernel().program().references.len()),
            resident: vec![Vec::new(); axis.bands().len()],
            hands: replay.hand().map(|_| Hands::default()),
            period: PERIOD,
            swap_outs_by_page: vec![Vec::new(); axis.bins()],
            ..Timeline::default()
        };
        Self { axis: Arc::clone(axis), swap_outs, before: Counters::default(), timeline }
    }

    /// The timeline, when the replay is over.
    pub fn finish(mut self) -> Timeline {
        if !(self.timeline.swap_outs.len() as u64).is_multiple_of(PERIOD) {
            self.end_of_period();
        }
        self.timeline
    }

    fn end_of_period(&mut self) {
        for (counts, count) in self.timeline.swap_outs_by_page.iter_mut().zip(self.swap_outs.take()) {
            counts.push(count);
        }
    }
}

impl Windowed for Recorder {
    fn window(&self) -> u64 {
        self.timeline.window
    }

    fn end_of_window(&mut self, replay: &dyn Replay) -> io::Result<()> {
        let kernel = replay.kernel();
        let (before, after) = (self.before, *kernel.counters());
        let timeline = &mut self.timeline;
        timeline.swap_outs.push(after.swap_outs - before.swap_outs);
        timeline.minor_faults.push(after.minor_faults - before.minor_faults);
        timeline.zero_faults.push(after.zero_faults - before.zero_faults);
        timeline.swap_ins.push(after.swap_ins - before.swap_ins);
        timeline.failed_scans.push(after.failed_scans - before.failed_scans);
        for resident in &mut timeline.resident {
            resident.push(0);
        }
        for number in touched(kernel.program()) {
            let resident = timeline.resident[self.axis.band(SegmentNumber::from_index(number))].last_mut();
            *resident.expect("it was pushed above") += kernel.segment_counters()[number].resident();
        }
        if let Some((hands, hand)) = timeline.hands.as_mut().zip(replay.hand()) {
            hands.swap_id.push(hand.swap_id);
            hands.swap_idx.push(hand.swap_idx);
            hands.laps.push(hand.laps);
            hands.page.push(self.axis.place(hand, kernel.program(), kernel.table()));
        }
        self.before = after;
        if (self.timeline.swap_outs.len() as u64).is_multiple_of(PERIOD) {
            self.end_of_period();
        }
        Ok(())
    }
}

/// The segments that are ever touched.
fn touched(program: &Program) -> impl Iterator<Item = usize> + '_ {
    let segments = program.segments.iter().enumerate();
    segments.filter(|(_, segment)| segment.touched > 0).map(|(number, _)| number)
}

/// Says which runs of a comparison are to be recorded: at one memory size of each trace, the one nearest to a quarter of
/// the footprint as a ratio, all policies that a kernel could run; all others where there is none but the reference.
///
/// That follows from the plan alone, so every shard of a comparison records the same runs as the whole, and none has to
/// know the results of another. Runs of samples are not recorded.
/// When all runs are there, [`keep_telling`] leaves two timelines of a trace.
pub fn choose(jobs: &mut [Job]) {
    for of_trace in jobs.chunk_by_mut(|a, b| Arc::ptr_eq(&a.program, &b.program)) {
        let program = Arc::clone(&of_trace[0].program);
        let sizes = of_trace.iter().map(|job| job.options.frames);
        let Some(frames) = telling_size(sizes, f64::from(program.footprint())) else { continue };
        let realisable = |job: &Job| job.policy.entry.sight == Sight::AccessedBits;
        let reference = |job: &Job| job.policy.entry.name == REFERENCE;
        let all = !of_trace.iter().any(|job| realisable(job) && !reference(job));
        let axis = Arc::new(PageAxis::new(&program));
        for job in of_trace.iter_mut().filter(|job| job.options.frames == frames && job.samples.is_none()) {
            job.record = (all || realisable(job)).then(|| Arc::clone(&axis));
        }
    }
}

/// The memory size nearest to a quarter of the footprint as a ratio, the smaller of two.
fn telling_size(sizes: impl Iterator<Item = u64>, footprint: f64) -> Option<u64> {
    let distance = |frames: u64| (frames as f64 * PART / footprint.max(1.0)).ln().abs();
    sizes.min_by(|&a, &b| distance(a).total_cmp(&distance(b)).then(a.cmp(&b)))
}

/// Drops the timelines of whole results but those of each trace's reference and of the one policy that charts set against
/// it, [`block::Block::timelines`].
pub fn keep_telling(results: &mut Results) {
    let mut keep = vec![false; results.runs.len()];
    for block in block::blocks(results) {
        for (_, run) in block.timelines() {
            if let Some(place) = results.runs.iter().position(|other| std::ptr::eq(other, run)) {
                keep[place] = true;
            }
        }
    }
    for (run, _) in results.runs.iter_mut().zip(keep).filter(|(_, keep)| !keep) {
        run.timeline = None;
    }
}
