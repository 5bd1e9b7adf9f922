//! The replay: references one after the other, faults, and the reclaim that asks the policy for pages.
//!
//! Here the kernel and a policy meet, and nowhere else. What a fault or an eviction does is [`crate::kernel`]'s part,
//! which page goes is [`crate::policy`]'s; here are the priority loop and the budget (R18, R24, R27, R32, R33), and the
//! loop over the references. No file is read or written.
//!
//! The loop over references is compiled once for each policy and knows it by type; it is called for a chunk of references
//! at a time. A policy that is not told of hits costs nothing on a hit. Faults are out of line.

mod hits;
mod last;
pub(crate) mod together;

use std::cell::OnceCell;
use std::io;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use hits::Width;
use last::LastReferences;
use together::ByPage;

use crate::ids::PageId;
use crate::kernel::known::{Known, Model, Nothing, OneSharer, SeveralSharers};
use crate::kernel::kswapd::{Jiffy, Kswapd, KswapdOptions, PAGES_A_WAKE_UP};
use crate::kernel::page_tables::{CountsMinorFaults, EndsAtMinorFaults, PageTables, Tables, with_entries, with_known};
use crate::kernel::side_by_side::SideBySide;
use crate::kernel::side_by_side::frames::{Frames, Reclaim, Ring};
use crate::kernel::swap::RECORDED_RUN_SLOTS;
use crate::kernel::{Counters, Entries, Fault, Kernel, Memory, Verdict};
use crate::observers::distributions::Distributions;
use crate::observers::{Attention, End, Observer, Scan, SwapOut};
use crate::policy::{Hand, Policy, Together};
use crate::program::{Packed, Packing, Program, Reference, References};
use crate::runs::{Cut, InARow, Positions, Runs};
use crate::trace::{OutOfMemory, Settings, SwapArea};

/// References between two looks at whether to stop.
pub(crate) const CHUNK: u64 = 1 << 20;
/// References behind a fault of which a policy is told one by one.
const NEAR: usize = 16;
/// How far ahead of a fault the references are that are looked at for what they may need: what nearer ones need would come too
/// late, and what farther ones need would have gone again.
const LOOK_AHEAD: RangeInclusive<usize> = 16..=32;
/// References that are looked at in one go. Many at once would wait for each other in the processor, and all else with them.
/// What did not help: 64 at once, a fifth slower; 8 at once, half of which have been looked at before where a quarter of all
/// references fault, a fiftieth slower; to look ahead of references that policies are told of, beside faults.
const LOOKS: usize = 4;

/// How a program is replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Frames of memory, at least 1.
    pub frames: u64,
    /// The swap areas in order of swapon; none is unlimited swap.
    pub swap: Option<Vec<SwapArea>>,
    /// What to do when no frame can be had.
    pub out_of_memory: OutOfMemory,
    /// The seed for policies that draw lots.
    pub seed: u64,
    /// The swap daemon; none is reclaim by faults only, as in the recorded runs (assumption A2).
    pub kswapd: Option<KswapdOptions>,
}

impl Options {
    /// Direct reclaim, unlimited swap, and on to the end of the trace.
    pub fn new(frames: u64) -> Self {
        Self { frames, swap: None, out_of_memory: OutOfMemory::Continue, seed: 0, kswapd: None }
    }

    /// As the trace says; what it does not say is as in the recorded kernel runs for an event script (one swap area of
    /// 32,687 slots, the end when out of memory), and as [`Options::new`] for other traces. Frames that it does not say
    /// are 1.
    pub fn of_trace(settings: &Settings) -> Self {
        let recorded = || vec![SwapArea { slots: RECORDED_RUN_SLOTS, priority: None }];
        let swap = settings.swap.clone().or_else(|| settings.kernel_defaults.then(recorded));
        let stop = if settings.kernel_defaults { OutOfMemory::Stop } else { OutOfMemory::Continue };
        let out_of_memory = settings.out_of_memory.unwrap_or(stop);
        Self { swap, out_of_memory, ..Self::new(settings.frames.unwrap_or(1)) }
    }
}

/// What a policy is told of references; implemented for each sight where the rows of the registry are made.
pub trait Sees<P: Policy>: Send {
    /// Whether [`Sees::referenced`] is to be called for every reference to a page in memory.
    const EVERY_REFERENCE: bool;

    /// Whether, of the references to a page between two faults, only the last matters ([`Sees::last_of_run`]): the others may
    /// go untold.
    #[inline(always)]
    fn only_last_matters(&self, policy: &P) -> bool {
        let _ = policy;
        false
    }

    /// Whether a reference to the page that was referenced just before may go untold, and positions are of no use: where the
    /// references are collapsed, those told come with none in particular.
    #[inline(always)]
    fn repeats_go_untold(&self, policy: &P) -> bool {
        self.only_last_matters(policy)
    }

    /// References from a position on, all of them hits, will be told of by the last to each page alone. Gives the places of
    /// these, ascending, where it knows them; false where it does not.
    fn last_of_run(&self, policy: &mut P, first: u64, length: usize, places: &mut Vec<u32>) -> bool {
        let _ = (policy, first, length, places);
        false
    }

    /// As [`crate::policy::SeesReferences::TOGETHER`].
    const TOGETHER: bool = false;

    /// As [`crate::policy::SeesReferences::together`].
    fn together(&self, policy: &P, length: usize, page_at: impl Fn(usize) -> PageId) -> usize {
        let _ = (policy, length, page_at);
        0
    }

    /// As [`crate::policy::SeesReferences::referenced_together`].
    fn referenced_together(&self, policy: &mut P, together: Together, first: impl Fn(PageId) -> Option<u64>) {
        let _ = (policy, together, first);
    }

    /// As [`crate::policy::SeesReferences::passed`].
    fn passed(&self, policy: &mut P, references: u64) {
        let _ = (policy, references);
    }

    /// The reference at a position brought a page in.
    #[inline(always)]
    fn loaded(&self, policy: &mut P, position: u64, page: PageId, memory: &mut Memory<'_>) {
        let _ = position;
        policy.loaded(page, memory);
    }

    /// The reference at a position, which is to this page, comes soon: see [`Policy::expect`].
    #[inline(always)]
    fn expect(&self, policy: &P, position: u64, page: PageId) {
        let _ = position;
        policy.expect(page);
    }

    /// The reference at a position went to a page in memory.
    fn referenced(&self, policy: &mut P, position: u64, reference: Reference) {
        let _ = (policy, position, reference);
    }
}

/// A replay of one program under one policy at one memory size.
pub trait Replay: Send {
    /// Replays until so many references are done, and all changes before the next one; true when there is more to do.
    fn run_to(&mut self, references: u64) -> bool;

    /// Replays the next event, a change or a reference; true when there is more to do. Slow: for tests, and for looking at
    /// the model event by event.
    fn step(&mut self) -> bool;

    /// Replays to the end; false when `go_on` said no, which it is asked now and then.
    fn run(&mut self, go_on: &dyn Fn() -> bool) -> bool {
        let mut until = self.kernel().now();
        loop {
            until += CHUNK;
            if !self.run_to(until) {
                return true;
            }
            if !go_on() {
                return false;
            }
        }
    }

    /// The model.
    fn kernel(&self) -> &Kernel;

    /// The distributions recorded so far.
    fn distributions(&self) -> &Distributions;

    /// Where the policy's hands are, if it has them.
    fn hand(&self) -> Option<Hand>;

    /// Lets something watch the rest of the replay, as closely as it asks for ([`Observer::attention`]).
    fn observe(&mut self, observer: Box<dyn Observer>);

    /// Does without the processor's wide instructions, and replays one reference after the other, from now on. The results are
    /// the same: for tests and measurements.
    fn use_plain_instructions(&mut self);

    /// Whether it can share a pass with others ([`crate::one_pass`]): what it does depends on accessed bits and faults alone, and
    /// what it looks at is near in a pass too.
    fn can_share_a_pass(&self) -> bool;

    /// A pass begins: the page tables stand beside those of others, in the lane of this number.
    fn join_a_pass(&mut self, tables: &SideBySide, number: usize);

    /// In a pass: carries out the changes and timers that come before the reference at a position. The position at which it
    /// has to be asked again.
    fn do_what_is_due(&mut self, position: u64, tables: &mut SideBySide) -> u64;

    /// In a pass: the packed reference at a position, which is to a page in no frame; those before it are done or change nothing.
    fn fault_in_pass(&mut self, position: u64, word: u32, tables: &mut SideBySide) -> Faulted;

    /// In a pass: lends what a fault changes, and the distributions, where it is of the kind that [`SideBySide::fault`] does;
    /// whether it did.
    fn lend_frames(&mut self, frames: &mut Frames, distributions: &mut Distributions) -> bool;

    /// In a pass: takes back what was lent.
    fn take_frames_back(&mut self, frames: &mut Frames, distributions: &mut Distributions);

    /// In a pass, while it has lent them: [`Hands::next_segment`](crate::kernel::side_by_side::shm_swap::Hands::next_segment).
    fn next_segment(&mut self, begins: bool, known: bool) -> Option<Range<PageId>>;

    /// The pass has come to a position, and goes on without it: it can be run alone.
    fn leave_the_pass(&mut self, position: u64, tables: &mut SideBySide);

    /// The replay is over: whoever watches is told.
    ///
    /// # Errors
    /// When an observer could not write.
    fn finish(&mut self) -> io::Result<()>;
}

/// What became of a fault in a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faulted {
    /// Whether the run goes on.
    pub goes_on: bool,
    /// Whether the same reference once more would change nothing.
    pub settled: bool,
}

/// A replay with a policy of a known type.
pub struct Simulation<P, S> {
    program: Arc<Program>,
    kernel: Kernel,
    policy: P,
    sight: S,
    out_of_memory: OutOfMemory,
    /// The next of the program's changes.
    next_change: usize,
    /// References done.
    position: u64,
    stopped: bool,
    daemon: Option<Daemon>,
    /// When the policy samples next, and how often.
    sampling: Option<(u64, u64)>,
    distributions: Distributions,
    width: Width,
    /// The references collapsed, asked for once; none where each has to be replayed.
    runs: OnceCell<Option<Arc<Runs>>>,
    last: LastReferences,
    by_page: ByPage,
    observers: Vec<Box<dyn Observer>>,
    /// Whether one of them is to be told of everything.
    is_watched_closely: bool,
    /// The load of which the policy has not heard yet, because references that are part of it may follow.
    loading: Option<(u64, Reference)>,
    /// Entries taken in this scan from pages that stayed: a scan can meet a page twice (R28).
    taken: Vec<(PageId, u32)>,
}

/// A run of references to pages in memory of which a policy is told, one by one; how many there were.
#[inline(always)]
fn told_run<W: Packed>(
    entries: &mut impl Entries,
    words: &[W],
    packing: Packing,
    minor: &mut impl CountsMinorFaults,
    repeats_go_untold: bool,
    mut referenced: impl FnMut(u64, Reference),
) -> usize {
    // No word is so large.
    let mut before = u64::MAX;
    let mut told = None;
    for (place, word) in words.iter().enumerate() {
        let bits = word.bits();
        let reference = packing.unpack(bits);
        // The same once more changes nothing in the page tables.
        if bits != before && !entries.refer(reference, minor) {
            return place;
        }
        before = bits;
        if !repeats_go_untold || told != Some(reference.page) {
            told = Some(reference.page);
            referenced(place as u64, reference);
        }
    }
    words.len()
}

/// [`Simulation::untold_hits`] where pages can have several sharers, or references are wide. It is the same for every policy.
fn hits_of_sharers<W: Packed>(kernel: &mut Kernel, words: &[W], packing: Packing, width: Width) -> usize {
    kernel.count_minor_faults(|tables, minor| match (tables, W::narrow(words)) {
        (PageTables { own: Tables { is_few: true, few, .. }, .. }, Some(words)) => {
            hits::run(few, words, packing, width, minor)
        }
        (PageTables { own: Tables { is_several: true, several, .. }, .. }, Some(words)) => {
            hits::run(several, words, packing, width, minor)
        }
        (tables, _) => with_entries!(tables, entries => entries.run(words, packing, minor)),
    })
}

/// The swap daemon and its timer.
struct Daemon {
    timer: Kswapd,
    jiffy: Jiffy,
    /// Jiffies that have passed.
    jiffies: u64,
    /// The reference at which the next tick is due.
    due: u64,
}

impl<P: Policy, S: Sees<P>> Simulation<P, S> {
    /// A replay that has not begun.
    pub fn new(program: &Arc<Program>, options: &Options, policy: P, sight: S) -> Self {
        let kernel = Kernel::new(Arc::clone(program), options.frames, options.swap.as_deref());
        let sampling = policy.sampling_period().map(|period| (period.max(1), period.max(1)));
        Self {
            kernel,
            policy,
            sight,
            out_of_memory: options.out_of_memory,
            next_change: 0,
            position: 0,
            stopped: false,
            daemon: options.kswapd.as_ref().map(|kswapd| Daemon::new(kswapd, program)),
            sampling,
            distributions: Distributions::new(program.footprint() as usize, program.references.len()),
            width: Width::of_processor(),
            runs: OnceCell::new(),
            last: LastReferences::default(),
            by_page: ByPage::default(),
            observers: Vec::new(),
            is_watched_closely: false,
            loading: None,
            taken: Vec::new(),
            program: Arc::clone(program),
        }
    }

    /// Replays references up to a position, between which nothing else happens.
    fn references(&mut self, end: u64) {
        // Wide references, of very large traces alone, are not worth compiling it once more.
        let is_plain = !self.is_watched_closely && matches!(self.program.references, References::Narrow(_));
        match if is_plain { self.kernel.model() } else { Model::Any } {
            Model::Any => self.stretch::<Nothing>(end),
            Model::One => self.stretch::<OneSharer>(end),
            Model::Several => self.stretch::<SeveralSharers>(end),
        }
    }

    /// The same for what is known of the model.
    fn stretch<K: Known>(&mut self, end: u64) {
        let Some(runs) = self.runs() else { return self.references_as_they_are::<K>(end) };
        let Cut { head, runs: whole, tail } = runs.cut(self.position..end);
        self.references_as_they_are::<K>(head.end);
        // Between two stops there may be part of one run alone, or too little to cut.
        if !self.stopped && !whole.is_empty() {
            self.reference_run::<K, _, _>(runs.positions(whole.start), runs.words(whole));
        }
        if !self.stopped {
            self.references_as_they_are::<K>(tail.end);
        }
    }

    /// Replays references up to a position, none of them collapsed.
    fn references_as_they_are<K: Known>(&mut self, end: u64) {
        let program = Arc::clone(&self.program);
        let (first, range) = (InARow(self.position), self.position as usize..end as usize);
        match &program.references {
            References::Narrow(words) => self.reference_run::<K, _, _>(first, &words[range]),
            References::Wide(words) => self.reference_run::<Nothing, _, _>(first, &words[range]),
        }
    }

    /// The references collapsed, where that is worth it, and what the policy and whoever watches know of them is the same.
    #[inline(always)]
    fn runs(&self) -> Option<Arc<Runs>> {
        if S::EVERY_REFERENCE && !self.sight.repeats_go_untold(&self.policy) {
            return None;
        }
        self.runs.get_or_init(|| self.program.runs(1).cloned()).clone()
    }

    /// The loop over references: runs of hits, and faults between them.
    fn reference_run<K: Known, N: Positions, W: Packed>(&mut self, mut positions: N, words: &[W]) {
        let packing = self.program.packing;
        let mut offset = self.repeats_of_load(words);
        // Where one reference faults, others will: what they need is called from memory. Up to here that was done.
        let mut foreseen = 0;
        loop {
            offset += self.hits::<K, _, _>(&mut positions, offset, &words[offset..]);
            let position = positions.of(offset);
            let Some(word) = words.get(offset) else {
                self.position = position;
                return;
            };
            // A policy may look at the page that comes in: it does so before any but the first has written to it.
            let first = positions.first(offset, word.bits());
            offset += 1;
            if !self.fault::<K>(position, first) {
                self.stopped = true;
                self.position = position + 1;
                return;
            }
            if N::COLLAPSED && !self.rest_of_run::<K>(position, packing.unpack(word.bits()), || positions.of(offset)) {
                return;
            }
            let from = foreseen.clamp(offset + LOOK_AHEAD.start(), offset + LOOK_AHEAD.end());
            foreseen = from + LOOKS;
            if let Some(ahead) = words.get(from..foreseen) {
                self.look_ahead::<K, _>(position + 1 + (from - offset) as u64, ahead);
            }
            if self.loading.is_some() {
                offset += self.repeats_of_load(&words[offset..]);
            }
        }
    }

    /// A run of references up to an end has faulted at its first, which is at a position: where that has not left everything as
    /// the whole run does, the others follow. False when the replay ends there.
    #[inline(always)]
    fn rest_of_run<K: Known>(&mut self, position: u64, reference: Reference, end: impl FnOnce() -> u64) -> bool {
        let done = with_known!(K, &self.kernel.tables, entries => entries.is_settled(reference));
        let told = S::EVERY_REFERENCE && self.loading.is_none();
        if done && !told {
            return true;
        }
        let end = end();
        if end == position + 1 {
            return true;
        }
        if with_known!(K, &mut self.kernel.tables, entries => entries.hit(reference)) {
            if told {
                self.sight.referenced(&mut self.policy, position, reference);
            }
            return true;
        }
        // No frame could be had: each of them asks for one.
        self.position = position + 1;
        self.references_as_they_are::<K>(end);
        !self.stopped
    }

    /// Calls from memory what references to come, from a position on where they are not collapsed, may need if they fault.
    #[inline(always)]
    fn look_ahead<K: Known, W: Packed>(&self, first: u64, words: &[W]) {
        let packing = self.program.packing;
        let pages = |(place, word): (usize, &W)| (first + place as u64, packing.unpack(word.bits()).page);
        let ahead = words.iter().enumerate().map(pages);
        with_known!(K, &self.kernel.tables, entries => ahead.for_each(|(position, page)| {
            entries.prefetch(page);
            self.sight.expect(&self.policy, position, page);
        }));
    }

    /// Replays references, of which the first has this number, up to the first that is not a hit; how many there were.
    #[inline(always)]
    fn hits<K: Known, N: Positions, W: Packed>(&mut self, positions: &mut N, number: usize, words: &[W]) -> usize {
        if !S::EVERY_REFERENCE {
            return self.untold_hits::<K, _>(words);
        }
        // Who is told of collapsed references has no use for their positions.
        let first = if N::COLLAPSED { 0 } else { positions.of(number) };
        let packing = self.program.packing;
        // Short runs are told as they are, and without wide instructions the long ones are too.
        let only_last = self.sight.only_last_matters(&self.policy);
        let repeats_go_untold = self.sight.repeats_go_untold(&self.policy);
        let by_page = (only_last || S::TOGETHER) && self.width != Width::Plain;
        let near = if by_page { words.len().min(NEAR) } else { words.len() };
        let (near, far) = words.split_at(near);
        let (policy, sight) = (&mut self.policy, &self.sight);
        let tell = |place, reference| sight.referenced(policy, first + place, reference);
        let done = if K::PLAIN || !self.is_watched_closely {
            self.kernel.count_minor_faults(|tables, minor| {
                with_known!(K, tables, entries => told_run(entries, near, packing, minor, repeats_go_untold, tell))
            })
        } else {
            with_entries!(&mut self.kernel.tables, entries => {
                told_run(entries, near, packing, &mut EndsAtMinorFaults, repeats_go_untold, tell)
            })
        };
        if done < near.len() || far.is_empty() {
            return done;
        }
        let hits = self.untold_hits::<K, _>(far);
        if only_last {
            self.tell_last(first + done as u64, &far[..hits]);
        } else {
            self.tell_together(first + done as u64, &far[..hits]);
        }
        done + hits
    }

    /// Tells the policy of the last reference to each page among hits from a position on.
    fn tell_last<W: Packed>(&mut self, first: u64, words: &[W]) {
        let packing = self.program.packing;
        assert!(u32::try_from(words.len()).is_ok(), "runs are cut");
        self.last.places.clear();
        if !self.sight.last_of_run(&mut self.policy, first, words.len(), &mut self.last.places) {
            self.last.find(words, packing, self.program.footprint() as usize, self.kernel.shm_rss());
        }
        for &place in &self.last.places {
            let reference = packing.unpack(words[place as usize].bits());
            self.sight.referenced(&mut self.policy, first + u64::from(place), reference);
        }
    }

    /// Tells the policy of hits from a position on, page by page as far as it allows.
    fn tell_together<W: Packed>(&mut self, first: u64, words: &[W]) {
        let packing = self.program.packing;
        let reference = |place: usize| packing.unpack(words[place].bits());
        let mut told = 0;
        while told < words.len() {
            let left = words.len() - told;
            let together = self.sight.together(&self.policy, left, |place| reference(told + place).page);
            if together > NEAR {
                let words = &words[told..told + together];
                self.by_page.find(words, packing, self.program.footprint() as usize);
                for of_page in self.by_page.in_order(words, packing) {
                    self.sight.referenced_together(&mut self.policy, of_page, |page| self.by_page.first(page));
                }
                self.sight.passed(&mut self.policy, together as u64);
                told += together;
            }
            // Few are told of one by one, and so is what ends them.
            let next = if together > NEAR { told + 1 } else { told + together + 1 };
            for place in told..next.min(words.len()) {
                self.sight.referenced(&mut self.policy, first + place as u64, reference(place));
            }
            told = next;
        }
    }

    /// As [`Simulation::hits`], without a word to the policy.
    #[inline(always)]
    fn untold_hits<K: Known, W: Packed>(&mut self, words: &[W]) -> usize {
        let packing = self.program.packing;
        if !K::PLAIN && self.is_watched_closely {
            let tables = &mut self.kernel.tables;
            return with_entries!(tables, entries => entries.run(words, packing, &mut EndsAtMinorFaults));
        }
        if let (PageTables { own: Tables { is_one: true, one, .. }, .. }, Some(words)) =
            (&mut self.kernel.tables, W::narrow(words))
        {
            return hits::run(one, words, packing, self.width, &mut EndsAtMinorFaults);
        }
        hits_of_sharers(&mut self.kernel, words, packing, self.width)
    }

    /// Replays the references that are part of a load of which the policy is to hear when they are over; how many there
    /// were. When others follow, the policy hears of the load.
    fn repeats_of_load<W: Packed>(&mut self, words: &[W]) -> usize {
        let Some((_, load)) = self.loading else { return 0 };
        let packing = self.program.packing;
        let is_repeat = |word: &&W| {
            let reference = packing.unpack(word.bits());
            (reference.page, reference.column) == (load.page, load.column)
        };
        let mut repeats = 0;
        for word in words.iter().take_while(is_repeat) {
            let reference = packing.unpack(word.bits());
            let hit = with_entries!(&mut self.kernel.tables, entries => entries.hit(reference));
            debug_assert!(hit, "nothing happens between a load and its repeats");
            repeats += 1;
        }
        if repeats < words.len() {
            self.end_load();
        }
        repeats
    }

    /// Tells the policy of a load that it has not heard of yet.
    #[inline]
    fn end_load(&mut self) {
        let Some((position, load)) = self.loading.take() else { return };
        let now = self.kernel.now();
        self.kernel.set_now(position);
        self.sight.loaded(&mut self.policy, position, load.page, &mut Memory::new(&mut self.kernel, None));
        self.kernel.set_now(now);
    }

    /// A packed reference that is not a hit; false when the run ends here.
    #[inline(never)]
    fn fault<K: Known>(&mut self, position: u64, reference: u64) -> bool {
        let reference = self.program.packing.unpack(reference);
        self.kernel.set_now(position);
        if self.kernel.is_known_resident::<K>(reference.page) {
            let fault = self.kernel.minor_fault(reference);
            self.sight.referenced(&mut self.policy, position, reference);
            self.tell_fault::<K>(reference, fault);
            return true;
        }
        self.no_page::<K>(reference)
    }

    /// A reference, at this time, to a page that is in no frame; false when the run ends here.
    #[inline(always)]
    fn no_page<K: Known>(&mut self, reference: Reference) -> bool {
        let position = self.kernel.now();
        self.kernel.expect(reference.page);
        while self.kernel.free_frames() == 0 {
            if !self.try_to_free_page::<K>(0, Some(reference.page)) {
                let fault = self.kernel.abandon();
                self.tell_fault::<K>(reference, fault);
                return self.out_of_memory == OutOfMemory::Continue;
            }
        }
        let fault = self.kernel.bring_in::<K>(reference);
        self.distributions.brought_in(reference.page, position, matches!(fault, Fault::SwapIn { .. }));
        if self.policy.load_includes_repeats() {
            self.loading = Some((position, reference));
        } else {
            let memory = &mut Memory::new(&mut self.kernel, None);
            self.sight.loaded(&mut self.policy, position, reference.page, memory);
        }
        self.tell_fault::<K>(reference, fault);
        true
    }

    /// The priority loop (R33): true when a page was swapped out, which ends it unless the policy swaps out several a call.
    /// Page cache and process memory have nothing to give (assumption A3), so what R34 rotates over is the shared memory
    /// alone.
    #[inline(always)]
    fn try_to_free_page<K: Known>(&mut self, last_priority: u32, wanted: Option<PageId>) -> bool {
        let first = self.policy.start_priority();
        let most = self.policy.successes_per_call();
        let cost = |kernel: &Kernel| (kernel.counters().swap_attempts, kernel.counters().ptes_invalidated);
        let mut before = cost(&self.kernel);
        let mut successes = 0;
        for priority in (last_priority..=first.max(last_priority)).rev() {
            while let Some(out) = self.shm_swap::<K>(priority, wanted) {
                let after = cost(&self.kernel);
                let (attempts, entries) = (after.0 - before.0, after.1 - before.1);
                self.distributions.swapped_out(out.page, self.kernel.now(), attempts, entries);
                for observer in &mut self.observers {
                    observer.swapped_out(&self.kernel, &out);
                }
                before = after;
                successes += 1;
                if successes >= most {
                    return true;
                }
            }
        }
        successes > 0
    }

    /// One scan, and word of it to whoever watches.
    #[inline(always)]
    fn shm_swap<K: Known>(&mut self, priority: u32, wanted: Option<PageId>) -> Option<SwapOut> {
        let shm_rss = self.kernel.shm_rss();
        let budget = shm_rss >> priority;
        if K::PLAIN || !self.is_watched_closely {
            return self.scan::<K>(budget, wanted);
        }
        let before = *self.kernel.counters();
        let hand = self.hand();
        let out = self.scan::<K>(budget, wanted);
        let after = self.kernel.counters();
        let scan = Scan {
            priority,
            success: out.is_some(),
            shm_rss,
            budget,
            scanned: after.swap_attempts - before.swap_attempts,
            cleared: after.young_cleared - before.young_cleared,
            invalidated: after.ptes_invalidated - before.ptes_invalidated,
            hands: hand.zip(self.hand()),
        };
        for observer in &mut self.observers {
            observer.scanned(&self.kernel, &scan);
        }
        out
    }

    /// Asks the policy for pages until one is swapped out or the budget is used up (R18, R19, R24, R26, R27).
    #[inline(always)]
    fn scan<K: Known>(&mut self, budget: u64, wanted: Option<PageId>) -> Option<SwapOut> {
        if budget == 0 {
            return None;
        }
        let attempts = self.kernel.counters().swap_attempts;
        let slot = self.kernel.take_swap_slot::<K>()?;
        self.policy.begin_scan(&mut Memory::new(&mut self.kernel, wanted));
        let mut left = budget;
        self.taken.clear();
        loop {
            let mut memory = Memory::of_scan::<K>(&mut self.kernel, wanted, left);
            let Some(pick) = self.policy.pick(&mut memory) else { break };
            left = memory.budget_left();
            self.kernel.count_attempt();
            // The page that trips the budget is counted and not tried (R24).
            if left == 0 {
                break;
            }
            left -= 1;
            let page = pick.page();
            match self.kernel.try_evict::<K>(pick, slot) {
                Verdict::StillMapped { taken: 0 } => {}
                Verdict::StillMapped { taken } => self.taken.push((page, taken)),
                Verdict::Evicted { taken } => {
                    self.policy.evicted(page);
                    let scanned = self.kernel.counters().swap_attempts - attempts;
                    let mut earlier = 0;
                    if !self.taken.is_empty() {
                        earlier = self.taken.iter().filter(|(other, _)| *other == page).map(|(_, taken)| taken).sum();
                        self.kernel.not_wasted(earlier);
                    }
                    return Some(SwapOut { page, sharers: taken + earlier, scanned, slot });
                }
            }
        }
        self.kernel.scan_failed::<K>(slot);
        None
    }

    #[inline]
    fn tell_fault<K: Known>(&mut self, reference: Reference, fault: Fault) {
        if K::PLAIN {
            return;
        }
        for observer in &mut self.observers {
            observer.faulted(&self.kernel, reference, fault);
        }
    }

    /// Carries out the changes that come before the reference at the present position.
    fn changes(&mut self) {
        while self.change() {}
        self.kernel.empty_ended();
    }

    /// Carries out the next change, if it comes before the reference at the present position.
    fn change(&mut self) -> bool {
        let next = self.program.changes.get(self.next_change).copied();
        let Some(change) = next.filter(|change| change.before <= self.position) else { return false };
        self.end_load();
        self.kernel.set_now(self.position);
        let Self { kernel, policy, .. } = self;
        kernel.apply(change.control, &mut |page, resident| {
            if resident {
                policy.freed(page);
            } else {
                policy.forgotten(page);
            }
        });
        self.next_change += 1;
        true
    }

    /// What is due by position: the policy's sampling and the daemon's ticks.
    fn timers(&mut self) {
        self.kernel.set_now(self.position);
        if let Some((due, period)) = self.sampling.as_mut().filter(|(due, _)| *due <= self.position) {
            *due += *period;
            self.end_load();
            self.policy.sample(&mut Memory::new(&mut self.kernel, None));
        }
        if let Some(mut daemon) = self.daemon.take() {
            if daemon.due <= self.position {
                self.end_load();
                self.ticks(&mut daemon);
            }
            self.daemon = Some(daemon);
        }
    }

    /// The ticks since the last reference. The daemon is the only one at work meanwhile, so jiffies at which it can't wake
    /// are passed over, and so are all that are left once a wake-up has changed nothing but the count of failed scans: the
    /// next would not either, and years may lie between two references.
    fn ticks(&mut self, daemon: &mut Daemon) {
        let now = daemon.jiffies_at(self.position, &self.program);
        let mut jiffies = daemon.jiffies + 1;
        while jiffies <= now {
            if daemon.timer.tick(jiffies, self.kernel.free_frames()) {
                let before = self.progress();
                for _ in 0..PAGES_A_WAKE_UP {
                    self.try_to_free_page::<Nothing>(Kswapd::last_priority(self.kernel.free_frames()), None);
                }
                daemon.timer.sleep(jiffies);
                if before == self.progress() {
                    break;
                }
            }
            if self.kernel.free_frames() >= daemon.timer.high() {
                break;
            }
            jiffies = daemon.timer.next_chance(jiffies, self.kernel.free_frames());
        }
        daemon.jiffies = now;
        daemon.due = daemon.next_tick(self.position, &self.program);
    }

    /// What a wake-up can change.
    fn progress(&self) -> (Counters, Option<Hand>) {
        (Counters { failed_scans: 0, ..*self.kernel.counters() }, self.hand())
    }

    /// The position up to which references can be replayed in one go.
    fn next_stop(&self, until: u64) -> u64 {
        let change = self.program.changes.get(self.next_change).map_or(u64::MAX, |change| change.before);
        let sample = self.sampling.map_or(u64::MAX, |(due, _)| due);
        let tick = self.daemon.as_ref().map_or(u64::MAX, |daemon| daemon.due);
        until.min(change).min(sample).min(tick)
    }
}

impl<P: Policy, S: Sees<P>> Replay for Simulation<P, S> {
    fn run_to(&mut self, references: u64) -> bool {
        let total = self.program.references.len();
        let until = references.min(total);
        while !self.stopped {
            self.changes();
            self.timers();
            if self.position >= until {
                break;
            }
            self.references(self.next_stop(until));
        }
        self.kernel.set_now(self.position);
        if cfg!(debug_assertions) {
            self.kernel.verify();
        }
        !self.stopped && self.position < total
    }

    fn step(&mut self) -> bool {
        let total = self.program.references.len();
        let changed = !self.stopped && self.change();
        self.kernel.empty_ended();
        if !self.stopped && !changed && self.position < total {
            self.timers();
            self.references(self.position + 1);
        }
        let more = self.position < total || self.next_change < self.program.changes.len();
        if !more && !self.stopped {
            self.timers();
        }
        self.kernel.set_now(self.position);
        more && !self.stopped
    }

    fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    fn distributions(&self) -> &Distributions {
        &self.distributions
    }

    fn hand(&self) -> Option<Hand> {
        self.policy.hand(&self.program)
    }

    fn observe(&mut self, observer: Box<dyn Observer>) {
        if observer.attention() == Attention::Everything {
            self.kernel.keep_slots();
            self.runs = OnceCell::from(None);
            self.is_watched_closely = true;
        }
        self.observers.push(observer);
    }

    fn use_plain_instructions(&mut self) {
        self.width = Width::Plain;
        self.runs = OnceCell::from(None);
        self.kernel.use_plain_instructions();
    }

    fn can_share_a_pass(&self) -> bool {
        let by_itself = S::EVERY_REFERENCE || self.policy.load_includes_repeats() || self.policy.looks_at_all_pages();
        !by_itself && self.observers.is_empty()
    }

    fn join_a_pass(&mut self, tables: &SideBySide, number: usize) {
        self.kernel.stand_beside(tables, number);
    }

    fn do_what_is_due(&mut self, position: u64, tables: &mut SideBySide) -> u64 {
        self.kernel.borrow_tables(tables);
        self.position = position;
        self.changes();
        self.timers();
        self.kernel.give_tables_back(tables);
        self.next_stop(u64::MAX)
    }

    fn fault_in_pass(&mut self, position: u64, word: u32, tables: &mut SideBySide) -> Faulted {
        // Packed, because the parts of it in memory would have to be waited for.
        let reference = self.program.packing.unpack(u64::from(word));
        self.kernel.borrow_tables(tables);
        self.kernel.set_now(position);
        let goes_on = self.no_page::<Nothing>(reference);
        let settled = with_entries!(&self.kernel.tables, entries => entries.is_settled(reference));
        self.kernel.give_tables_back(tables);
        if !goes_on {
            self.stopped = true;
            self.leave_the_pass(position + 1, tables);
        }
        Faulted { goes_on, settled }
    }

    fn lend_frames(&mut self, frames: &mut Frames, distributions: &mut Distributions) -> bool {
        if self.daemon.is_some() || self.out_of_memory != OutOfMemory::Continue {
            return false;
        }
        let reclaim = Reclaim {
            start_priority: self.policy.start_priority(),
            second_chances: self.policy.gives_second_chances(),
        };
        let lent = if let Some(hands) = self.policy.two_hands() {
            let ahead = hands.ahead(&Memory::new(&mut self.kernel, None));
            self.kernel.lend_frames(frames, ahead, reclaim)
        } else if let Some(ring) = self.policy.ring() {
            let ring = || ring.lend().map(|(places, hand)| Ring { places, hand });
            self.kernel.lend_full_frames(frames, ring, reclaim)
        } else {
            false
        };
        if lent {
            std::mem::swap(&mut self.distributions, distributions);
        }
        lent
    }

    fn take_frames_back(&mut self, frames: &mut Frames, distributions: &mut Distributions) {
        let ahead = self.kernel.take_frames_back(frames);
        if let Some(hands) = self.policy.two_hands() {
            hands.went_on(&ahead);
        } else if let Some(ring) = self.policy.ring() {
            let Ring { places, hand } = self.kernel.take_ring_back(frames);
            ring.take_back(places, hand);
        }
        std::mem::swap(&mut self.distributions, distributions);
    }

    #[cold]
    fn next_segment(&mut self, begins: bool, known: bool) -> Option<Range<PageId>> {
        let hands = self.policy.two_hands()?;
        if begins {
            hands.begin_scan();
        }
        hands.go_to_next(&Memory::new(&mut self.kernel, None), known)
    }

    fn leave_the_pass(&mut self, position: u64, tables: &mut SideBySide) {
        self.position = position;
        self.kernel.set_now(position);
        self.kernel.stand_alone(tables);
        if cfg!(debug_assertions) {
            self.kernel.verify();
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        let end = End { hand: self.hand(), stopped: self.stopped };
        self.observers.iter_mut().try_for_each(|observer| observer.finish(&self.kernel, end))
    }
}

impl Daemon {
    fn new(options: &KswapdOptions, program: &Program) -> Self {
        let by_time = program.times.is_some() && program.settings.has_time;
        let jiffy = match options.jiffy {
            Some(jiffy @ Jiffy::References(_)) => jiffy,
            Some(jiffy @ Jiffy::Nanoseconds(_)) if by_time => jiffy,
            None if by_time => KswapdOptions::KERNEL_JIFFY,
            Some(Jiffy::Nanoseconds(_)) | None => KswapdOptions::REFERENCE_JIFFY,
        };
        let mut daemon = Self { timer: Kswapd::new(options), jiffy, jiffies: 0, due: 0 };
        daemon.due = daemon.next_tick(0, program);
        daemon
    }

    /// Jiffies from the start of the trace to a reference.
    fn jiffies_at(&self, position: u64, program: &Program) -> u64 {
        match self.jiffy {
            Jiffy::References(references) => position / references,
            Jiffy::Nanoseconds(nanoseconds) => {
                let times = program.times.as_deref().unwrap_or_default();
                let at = |index: usize| times.get(index).copied().unwrap_or_default();
                at(position as usize).saturating_sub(at(0)) / nanoseconds
            }
        }
    }

    /// The first reference after a position at which another jiffy has passed.
    fn next_tick(&self, position: u64, program: &Program) -> u64 {
        match self.jiffy {
            Jiffy::References(references) => (self.jiffies + 1).saturating_mul(references),
            Jiffy::Nanoseconds(_) => (position + 1..program.references.len())
                .find(|&later| self.jiffies_at(later, program) > self.jiffies)
                .unwrap_or(u64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;
    use crate::outcome::outcome;
    use crate::policy::registry::PolicySpec;
    use crate::program::{Bits, Packing, Word40};
    use crate::resolve::{ResolveOptions, program_of};
    use crate::runs::Collapsed;

    /// The same program in words of 40 bits, which no small program needs.
    fn widened(program: Program) -> Program {
        let packing = Packing { column_bits: 7 };
        let references = (0..program.references.len()).map(|position| packing.pack(program.reference(position)));
        let references = References::Wide(references.map(Word40::from_bits).collect());
        Program { references, packing, next_uses: OnceLock::new(), collapsed: Collapsed::default(), ..program }
    }

    #[test]
    fn wide_references_give_the_same_results_as_narrow_ones() {
        let mut script = "# F=5 swap=40 oom=continue\nseg a 9\nseg b 4\nattach 1 a\nattach 1 b\nfork 1 2\n".to_owned();
        let mut state = 1_u32;
        for _ in 0..600 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (process, page) = (1 + (state >> 30 & 1), state >> 16 & 7);
            let segment = if page < 4 && state >> 29 & 1 == 1 { "b" } else { "a" };
            script += &format!("{} {process} {segment} {page}\n", if state >> 28 & 1 == 1 { "w" } else { "r" });
        }
        let narrow = Arc::new(program_of(&script, ResolveOptions::default()));
        let wide = Arc::new(widened(program_of(&script, ResolveOptions::default())));
        assert!(matches!((&narrow.references, &wide.references), (References::Narrow(_), References::Wide(_))));
        let options = Options::of_trace(&narrow.settings);
        for policy in PolicySpec::all() {
            let [narrow, wide] = [&narrow, &wide].map(|program| {
                let mut replay = policy.start(program, &options).unwrap();
                replay.run(&|| true);
                outcome(&*replay, "test", &policy, &options)
            });
            assert_eq!(narrow, wide, "{policy}");
            assert!(narrow.row.swap_outs > 50, "{policy}: {:?}", narrow.row);
        }
    }
}
