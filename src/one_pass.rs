//! Many memory sizes in one pass over the references, for policies that see accessed bits only.
//!
//! Each size is a replay of its own, with its own model and policy; what they share is the look at the references. For
//! each packed reference a word holds one bit a size: whether it would change nothing there, because the entry is young
//! already, and the page written if it writes. Most references change nothing at any size, and are passed over with one
//! look for all. For the others, only the sizes whose bit is clear are told. So every count, histogram and event is what a
//! replay alone would give: it is one.
//!
//! It loses where a size has something to do at every other reference: its model is cold each time. Such sizes leave the
//! pass ([`OnePass::run`]) and go on alone, from where they are. No policy is known here by name, and nothing is counted.

mod settled;

use std::ops::Range;
use std::sync::Arc;

use crate::ids::PageId;
use crate::program::{Program, References};
use crate::replay::Replay;
use crate::runs::{Cut, InARow, Positions, Runs};
use settled::Settled;

/// Sizes in one pass: the bits of a word.
pub const MOST_SIZES: usize = 64;
/// The most memory that the bits of a pass, and all its models, may take, in bytes each: what does not stay in the caches
/// makes every look slow.
const MOST_MEMORY: usize = 64 << 20;
/// Bytes of a model and its policy for each page, roughly.
const MODEL_A_PAGE: usize = 40;
/// References after which it is seen which sizes are to leave.
const WINDOW: u64 = 1 << 16;
/// A size leaves when more than one reference in so many has something to do there: alone, each reference costs half a
/// nanosecond or so, in the pass each of those costs some 10 ns more.
const WORTH: u64 = 16;
/// With fewer sizes than this a pass does not pay.
const FEWEST_SIZES: usize = 2;

/// One pass over the references of a program for several sizes.
pub struct OnePass {
    program: Arc<Program>,
    sizes: Vec<Size>,
    settled: Settled,
    /// The references collapsed, where that is worth it.
    runs: Option<Arc<Runs>>,
    /// The sizes that are in the pass, a bit each.
    present: u64,
    position: u64,
}

/// One of the sizes.
struct Size {
    replay: Box<dyn Replay>,
    /// The position at which it has something to do besides references.
    due: u64,
    /// References that it was told of.
    told: u64,
}

impl OnePass {
    /// Whether replays of a program under policies that say they can share a pass ([`Replay::can_share_a_pass`]) are
    /// worth one.
    pub fn pays(program: &Program, sizes: usize) -> bool {
        let pages = program.footprint() as usize;
        let places = (pages << (program.packing.column_bits + 1)) * size_of::<u64>();
        let models = pages * sizes * MODEL_A_PAGE;
        let narrow = matches!(program.references, References::Narrow(_));
        narrow && places.max(models) <= MOST_MEMORY && (FEWEST_SIZES..=MOST_SIZES).contains(&sizes)
    }

    /// A pass for replays that have not begun.
    ///
    /// # Panics
    /// When there are more than [`MOST_SIZES`].
    pub fn new(program: &Arc<Program>, replays: Vec<Box<dyn Replay>>) -> Self {
        assert!(replays.len() <= MOST_SIZES, "one bit a size");
        let start = |mut replay: Box<dyn Replay>| {
            replay.share_a_pass();
            Size { replay, due: 0, told: 0 }
        };
        let sizes: Vec<Size> = replays.into_iter().map(start).collect();
        let present = u64::MAX.checked_shr((MOST_SIZES - sizes.len()) as u32).unwrap_or(0);
        let runs = program.runs(sizes.len() as u32).cloned();
        Self { settled: Settled::new(program), program: Arc::clone(program), sizes, runs, present, position: 0 }
    }

    /// Replays to the end of the trace, or until `go_on` says no, which it is asked now and then. The replays, in the order
    /// in which they came; those that left the pass, and all when it was stopped, are not at the end yet:
    /// [`Replay::run`] goes on from where they are.
    pub fn run(mut self, go_on: &dyn Fn() -> bool) -> Vec<Box<dyn Replay>> {
        let program = Arc::clone(&self.program);
        let References::Narrow(words) = &program.references else { return self.into_replays() };
        let mut window = WINDOW;
        loop {
            self.do_what_is_due();
            let end = self.next_stop(words.len() as u64).min(window);
            self.stretch(words, end);
            self.position = end;
            if end == words.len() as u64 {
                self.do_what_is_due();
                break;
            }
            if end == window {
                window += WINDOW;
                self.let_go();
                if (self.present.count_ones() as usize) < FEWEST_SIZES || !go_on() {
                    break;
                }
            }
        }
        self.into_replays()
    }

    fn into_replays(self) -> Vec<Box<dyn Replay>> {
        let leave = |(number, mut size): (usize, Size)| {
            if self.present >> number & 1 != 0 {
                size.replay.leave_the_pass(self.position);
            }
            size.replay
        };
        self.sizes.into_iter().enumerate().map(leave).collect()
    }

    /// Changes and timers, where the trace or a policy has them at this position.
    fn do_what_is_due(&mut self) {
        let Self { sizes, settled, position, present, .. } = self;
        for (number, size) in sizes.iter_mut().enumerate() {
            if size.due <= *position && *present >> number & 1 != 0 {
                size.due = size.replay.do_what_is_due(*position);
                settle(&mut *size.replay, settled, 1 << number);
            }
        }
    }

    fn next_stop(&self, end: u64) -> u64 {
        let here = self.sizes.iter().enumerate().filter(|(number, _)| self.present >> number & 1 != 0);
        here.map(|(_, size)| size.due).min().unwrap_or(end).min(end)
    }

    /// The references up to the next stop, collapsed as far as they can be.
    fn stretch(&mut self, references: &[u32], end: u64) {
        let as_they_are = |pass: &mut Self, range: Range<u64>| {
            pass.references(InARow(range.start), &references[range.start as usize..range.end as usize], references);
        };
        let Some(runs) = self.runs.clone() else { return as_they_are(self, self.position..end) };
        let Cut { head, runs: whole, tail } = runs.cut(self.position..end);
        as_they_are(self, head);
        self.references(runs.positions(whole.start), runs.words(whole), references);
        as_they_are(self, tail);
    }

    /// References, collapsed or not; beside them those that they are collapsed from.
    fn references<N: Positions>(&mut self, mut positions: N, words: &[u32], references: &[u32]) {
        let mut offset = 0;
        loop {
            offset += self.settled.run(&words[offset..], self.present);
            let Some(&word) = words.get(offset) else { break };
            let position = positions.of(offset);
            // A policy may look at a page that comes in, before any but the first reference has written to it.
            self.tell(position, if N::COLLAPSED { references[position as usize] } else { word });
            offset += 1;
            // It may have left something to do for the others of its run.
            if N::COLLAPSED && self.present & !self.settled.sizes(word) != 0 {
                let rest = position + 1..positions.of(offset);
                rest.for_each(|position| self.tell(position, references[position as usize]));
            }
        }
    }

    /// One reference, at the sizes at which it may change something.
    fn tell(&mut self, position: u64, word: u32) {
        let packing = self.program.packing;
        let Self { sizes, settled, present, .. } = self;
        let mut left = *present & !settled.sizes(word);
        let reference = packing.unpack(u64::from(word));
        let mut now_settled = 0;
        while left != 0 {
            let number = left.trailing_zeros();
            left &= left - 1;
            let size = &mut sizes[number as usize];
            size.told += 1;
            let referred = size.replay.refer(position, reference);
            if referred.unsettled {
                settle(&mut *size.replay, settled, 1 << number);
            }
            now_settled |= u64::from(referred.settled) << number;
            *present &= !(u64::from(!referred.goes_on) << number);
        }
        settled.set(word, now_settled);
    }

    /// Lets the sizes go that have much to do.
    fn let_go(&mut self) {
        // Each page comes for the first time at every size, and nothing is learnt from that.
        let enough = self.position / WORTH + 2 * u64::from(self.program.footprint());
        for (number, size) in self.sizes.iter_mut().enumerate() {
            if self.present >> number & 1 != 0 && size.told > enough {
                size.replay.leave_the_pass(self.position);
                self.present &= !(1 << number);
            }
        }
    }
}

/// Forgets for a size what its replay has made old or taken.
fn settle(replay: &mut dyn Replay, settled: &mut Settled, size: u64) {
    replay.take_unsettled(&mut |page: PageId| settled.clear(page, size));
}
