//! Many memory sizes in one pass over the references, for policies that see accessed bits only.
//!
//! Each size is a replay of its own, with its own model and policy; what they share is the look at the references, and the place
//! of their page tables, which stand side by side ([`SideBySide`]). For each packed reference a word holds one bit a size:
//! whether it would change nothing there, because the entry is young already, and the page written if it writes. Most
//! references change nothing at any size, and are passed over with one look for all. Of the others, hits and minor faults are
//! carried out at all sizes together, and only the sizes at which the page is in no frame are told. Where the hands of
//! `shm_swap`, or one over a ring, are all there is to a policy, the replays lend what faults change, and a fault is done at all
//! sizes in one go ([`shm_swap`](crate::kernel::side_by_side::shm_swap)). So every count, histogram and event is what a replay alone
//! would give: it is one.
//!
//! It loses where a size faults at every other reference, or has something to do where hardly another one has: its model is
//! cold each time. Such sizes leave the pass ([`OnePass::run`]) and go on alone, from where they are. No policy is known here
//! by name, and nothing is counted.
//!
//! What did not help: a fault compiled for counting bits in one instruction (a tenth fewer instructions, and no faster); calling the
//! model of the next size from memory while one has a fault; page tables lent as arrays and not by a pointer to them, where
//! each waits until the one before has given them back.

mod settled;

use std::ops::Range;
use std::sync::Arc;

use crate::ids::PageId;
pub use crate::kernel::side_by_side::MOST_SIZES;
use crate::kernel::side_by_side::frames::Frames;
use crate::kernel::side_by_side::shm_swap::Hands;
use crate::kernel::side_by_side::{Clearing, SideBySide};
use crate::observers::distributions::Distributions;
use crate::program::{Control, Program, References};
use crate::replay::Replay;
use crate::runs::{Cut, InARow, Positions, Runs};
use settled::Settled;

/// The most memory that the bits of a pass, and all its models, may take, in bytes each: what does not stay in the caches
/// makes every look slow.
const MOST_MEMORY: usize = 64 << 20;
/// Bytes of a model and its policy for each page, without its page tables, roughly.
const MODEL_A_PAGE: usize = 36;
/// References after which it is seen which sizes are to leave.
const WINDOW: u64 = 1 << 16;
/// A size leaves when more than one reference in so many faults there: alone it has its model near.
const MOST_FAULTS: u64 = 10;
/// The same for references that would change nothing but for this size and at most one other: alone, what they ask for is a
/// few nanoseconds, in the pass some 20.
const MOST_ALONE: u64 = 32;
/// With fewer sizes than this a pass does not pay.
const FEWEST_SIZES: usize = 2;

/// One pass over the references of a program for several sizes.
pub struct OnePass {
    program: Arc<Program>,
    sizes: Vec<Size>,
    tables: SideBySide,
    settled: Settled,
    lent: Lent,
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
    /// References to pages that were in no frame.
    faults: u64,
    /// References that would change nothing at all but this size and at most one other.
    alone: u64,
}

/// What sizes have lent so that faults at them are done in one go, by their numbers.
struct Lent {
    /// The sizes that have, a bit each.
    sizes: u64,
    frames: Frames,
    distributions: Vec<Distributions>,
}

/// The sizes that a reference matters to, a bit each.
struct Told {
    /// Those at which it may change something.
    told: u64,
    /// Of these, those at which the page is in no frame.
    absent: u64,
}

impl OnePass {
    /// Whether replays of a program under policies that say they can share a pass ([`Replay::can_share_a_pass`]) are
    /// worth one.
    pub fn pays(program: &Program, sizes: usize) -> bool {
        let pages = program.footprint() as usize;
        let places = (pages << (program.packing.column_bits + 1)) * size_of::<u64>();
        let models = pages * sizes * MODEL_A_PAGE + SideBySide::bytes(program, sizes);
        let narrow = matches!(program.references, References::Narrow(_));
        narrow && places.max(models) <= MOST_MEMORY && (FEWEST_SIZES..=MOST_SIZES).contains(&sizes)
    }

    /// A pass for replays that have not begun.
    ///
    /// # Panics
    /// When there are more than [`MOST_SIZES`].
    pub fn new(program: &Arc<Program>, replays: Vec<Box<dyn Replay>>) -> Self {
        assert!(replays.len() <= MOST_SIZES, "one bit a size");
        let tables = SideBySide::new(program, replays.len());
        let start = |(number, mut replay): (usize, Box<dyn Replay>)| {
            replay.join_a_pass(&tables, number);
            Size { replay, due: 0, faults: 0, alone: 0 }
        };
        let sizes: Vec<Size> = replays.into_iter().enumerate().map(start).collect();
        let present = u64::MAX.checked_shr((MOST_SIZES - sizes.len()) as u32).unwrap_or(0);
        let runs = program.runs(sizes.len() as u32).cloned();
        let lent = Lent {
            sizes: 0,
            frames: Frames::new(program, sizes.len()),
            distributions: sizes.iter().map(|_| Distributions::new(0, 0)).collect(),
        };
        let settled = Settled::new(program, tables.young());
        Self { settled, program: Arc::clone(program), sizes, tables, lent, runs, present, position: 0 }
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

    fn into_replays(mut self) -> Vec<Box<dyn Replay>> {
        self.take_back(u64::MAX);
        let Self { sizes, mut tables, present, position, .. } = self;
        let leave = |(number, mut size): (usize, Size)| {
            if present >> number & 1 != 0 {
                size.replay.leave_the_pass(position, &mut tables);
            }
            size.replay
        };
        sizes.into_iter().enumerate().map(leave).collect()
    }

    /// Changes and timers, where the trace or a policy has them at this position.
    fn do_what_is_due(&mut self) {
        if self.next_stop(u64::MAX) > self.position {
            return;
        }
        // Attachments end at all sizes with the same change, so their entries are emptied together; but not where a fork copies
        // them, or a policy looks at them meanwhile.
        let together = self.lent.sizes & self.present == self.present && !self.forks_now();
        self.take_back(u64::MAX);
        let mut clearing = if together { Clearing::OfAll } else { Clearing::Own };
        for (number, size) in self.sizes.iter_mut().enumerate() {
            if size.due <= self.position && self.present >> number & 1 != 0 {
                self.tables.set_clearing(clearing);
                size.due = size.replay.do_what_is_due(self.position, &mut self.tables);
                clearing = if together { Clearing::Done } else { Clearing::Own };
            }
        }
    }

    /// Whether any of the changes at this position is a fork.
    fn forks_now(&self) -> bool {
        let changes = &self.program.changes;
        let first = changes.partition_point(|change| change.before < self.position);
        let mut now = changes[first..].iter().take_while(|change| change.before == self.position);
        now.any(|change| matches!(change.control, Control::Fork { .. }))
    }

    fn next_stop(&self, end: u64) -> u64 {
        let here = self.sizes.iter().enumerate().filter(|(number, _)| self.present >> number & 1 != 0);
        here.map(|(_, size)| size.due).min().unwrap_or(end).min(end)
    }

    /// Has all sizes lend what they can.
    fn borrow(&mut self) {
        let Lent { sizes: lent, frames, distributions } = &mut self.lent;
        for number in members(self.present & !*lent) {
            if self.sizes[number].replay.lend_frames(frames, &mut distributions[number]) {
                *lent |= 1 << number;
            }
        }
    }

    /// Gives back what any of these sizes has lent.
    fn take_back(&mut self, sizes: u64) {
        self.count_faults();
        let Lent { sizes: lent, frames, distributions } = &mut self.lent;
        for number in members(*lent & sizes) {
            self.sizes[number].replay.take_frames_back(frames, &mut distributions[number]);
        }
        *lent &= !sizes;
    }

    /// Counts the faults at sizes that have lent frames, where that was not done yet.
    fn count_faults(&mut self) {
        let Self { program, sizes: all, lent: Lent { sizes, frames, distributions }, .. } = self;
        let mut replays = Replays { sizes: all, distributions, program };
        members(*sizes).for_each(|number| replays.count(number, frames));
    }

    /// The references up to the next stop, collapsed as far as they can be.
    fn stretch(&mut self, references: &[u32], end: u64) {
        self.borrow();
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
            offset += self.settled.run(&words[offset..], self.present, self.tables.young());
            let Some(&word) = words.get(offset) else { break };
            let absent = self.tell(word);
            if absent != 0 {
                // A policy may look at a page that comes in, before any but the first reference has written to it.
                let first = positions.first(offset, u64::from(word)) as u32;
                let position = positions.of(offset);
                self.bring_in(position, first, absent);
                if N::COLLAPSED {
                    self.rest_of_run(word, || position + 1..positions.of(offset + 1), references);
                }
            }
            offset += 1;
        }
    }

    /// A run of references has faulted at its first. That may have left something to do for the others.
    #[inline(always)]
    fn rest_of_run(&mut self, word: u32, others: impl FnOnce() -> Range<u64>, references: &[u32]) {
        if self.present & !self.settled.known(word, self.tables.young()) == 0 {
            return;
        }
        let others = others();
        // Where no frame could be had, each of them asks for one.
        if !others.is_empty() && self.refer(word).absent != 0 {
            for position in others {
                let word = references[position as usize];
                let absent = self.tell(word);
                if absent != 0 {
                    self.bring_in(position, word, absent);
                }
            }
        }
    }

    /// One reference, or a run of them, at the sizes at which it may change something; those at which its page is in no frame.
    #[inline(always)]
    fn tell(&mut self, word: u32) -> u64 {
        let Told { told, absent } = self.refer(word);
        self.blame(told);
        absent
    }

    /// A reference at the sizes at which its page is in no frame.
    fn bring_in(&mut self, position: u64, word: u32, absent: u64) {
        let mut settled = self.fault(position, word, absent & self.lent.sizes);
        for number in members(absent & !self.lent.sizes) {
            let size = &mut self.sizes[number];
            size.faults += 1;
            let faulted = size.replay.fault_in_pass(position, word, &mut self.tables);
            settled |= u64::from(faulted.settled) << number;
            self.present &= !(u64::from(!faulted.goes_on) << number);
        }
        self.settled.set(word, settled, self.tables.young_mut());
    }

    /// A reference to a page that is in no frame at some sizes, all of which have lent what that changes; those where it would
    /// change nothing the next time.
    #[inline(always)]
    fn fault(&mut self, position: u64, word: u32, sizes: u64) -> u64 {
        if sizes == 0 {
            return 0;
        }
        let Self { program, sizes: all, tables, lent: Lent { frames, distributions, .. }, .. } = self;
        let reference = program.packing.unpack(u64::from(word));
        tables.fault(reference, position, sizes, frames, &mut Replays { sizes: all, distributions, program })
    }

    /// Counts a reference for the sizes at which it may change something, where they are one or two.
    #[inline(always)]
    fn blame(&mut self, first: u64) {
        let second = first & first.wrapping_sub(1);
        if second & second.wrapping_sub(1) == 0 {
            for sizes in [first, second].into_iter().filter(|&sizes| sizes != 0) {
                self.sizes[sizes.trailing_zeros() as usize].alone += 1;
            }
        }
    }

    /// A reference at the sizes at which the page is resident.
    #[inline(always)]
    fn refer(&mut self, word: u32) -> Told {
        let reference = self.program.packing.unpack(u64::from(word));
        let young = self.tables.young();
        let told = self.present & !self.settled.known(word, young);
        // There is nothing known of the page any more where it has been made old, and something is now.
        self.settled.clear(reference.page, told & !young.of(reference.page));
        let resident = self.tables.refer(&self.program, reference, told).resident;
        self.settled.set(word, told & resident, self.tables.young_mut());
        Told { told, absent: told & !resident }
    }

    /// Lets the sizes go that have much to do.
    fn let_go(&mut self) {
        // Each page comes for the first time at every size, and nothing is learnt from that.
        let pages = u64::from(self.program.footprint());
        let [faults, alone] = [MOST_FAULTS, MOST_ALONE].map(|most| self.position / most + pages);
        self.count_faults();
        let leaves = |&number: &usize| self.sizes[number].faults > faults || self.sizes[number].alone > alone;
        let leaving: Vec<usize> = members(self.present).filter(leaves).collect();
        for number in leaving {
            self.take_back(1 << number);
            self.sizes[number].replay.leave_the_pass(self.position, &mut self.tables);
            self.present &= !(1 << number);
        }
    }
}

/// The numbers of the bits that are set, ascending.
fn members(mut sizes: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let number = sizes.trailing_zeros();
        sizes &= sizes.wrapping_sub(1);
        (number < u64::BITS).then_some(number as usize)
    })
}

/// The replays of all sizes, and the distributions that they have lent, by their numbers.
struct Replays<'p> {
    sizes: &'p mut [Size],
    distributions: &'p mut [Distributions],
    program: &'p Program,
}

impl Replays<'_> {
    /// Counts the faults at a size that were not counted yet.
    fn count(&mut self, number: usize, frames: &mut Frames) {
        if frames.all_counted(number) {
            return;
        }
        frames.count(number, self.program, |faults| {
            self.sizes[number].faults += faults.len() as u64;
            self.distributions[number].exchanged(faults);
        });
    }
}

impl Hands for Replays<'_> {
    fn next_segment(&mut self, number: usize, begins: bool, known: bool) -> Option<Range<PageId>> {
        self.sizes[number].replay.next_segment(begins, known)
    }

    #[cold]
    fn many_faults(&mut self, number: usize, frames: &mut Frames) {
        self.count(number, frames);
    }
}
