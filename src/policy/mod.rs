//! Victim policies: one file a policy, one row a policy in [`POLICIES`].
//!
//! A policy answers one question, "which page next?", and is told what became of it. It reads the model through
//! [`Memory`] and never changes it: what happens to a candidate, what it costs and when to give up is the kernel's part.
//! To add a policy, write its file, name it below, and add its row.

pub mod adaptive_lists;
mod aging;
mod arc;
mod car;
mod cflru;
mod clock;
mod clock_pro;
mod fair_clock;
mod fifo;
mod gclock;
mod lfu;
mod linux_2_0;
mod lirs;
mod lru;
mod lru_2;
mod mglru;
mod mq;
mod nru;
mod opt;
pub mod ordered_set;
pub mod page_heap;
pub mod page_list;
pub mod page_queues;
pub mod parameters;
#[cfg(test)]
mod plain_form;
mod random;
pub mod registry;
pub mod ring;
pub mod rings;
mod s3_fifo;
mod sieve;
mod slru;
mod sweep;
pub mod two_hands;
mod two_list;
mod two_queues;
mod wsclock;

use crate::ids::PageId;
use crate::kernel::{Memory, Pick};
use crate::program::Program;
use parameters::{Arguments, Parameter};
use registry::{Entry, bits, future, references};

/// All policies, in the order in which they are listed. The first is the reference that the others are compared with.
pub static POLICIES: &[Entry] = &[
    bits::<linux_2_0::Linux20>(),
    bits::<sweep::Sweep>(),
    bits::<clock::Clock>(),
    references::<gclock::Gclock>(),
    bits::<fifo::Fifo>(),
    references::<lru::Lru>(),
    references::<lfu::Lfu>(),
    bits::<random::Random>(),
    bits::<nru::Nru>(),
    bits::<aging::Aging>(),
    bits::<wsclock::Wsclock>(),
    bits::<two_list::TwoList>(),
    bits::<mglru::MgLru>(),
    references::<slru::Slru>(),
    references::<two_queues::TwoQueues>(),
    references::<lru_2::Lru2>(),
    references::<mq::MultiQueue>(),
    references::<arc::Arc>(),
    bits::<car::Car>(),
    references::<lirs::Lirs>(),
    bits::<clock_pro::ClockPro>(),
    bits::<sieve::Sieve>(),
    references::<s3_fifo::S3Fifo>(),
    references::<cflru::Cflru>(),
    bits::<fair_clock::FairClock>(),
    future::<opt::Opt>(),
];

/// What a policy may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// The accessed bits of the page tables: a kernel could run it.
    AccessedBits,
    /// Every reference: only a simulator, or a database over its own buffers, could run it.
    EveryReference,
    /// The references to come: a bound, not a policy.
    Future,
}

impl Sight {
    /// The word in the results: `bits`, `refs` or `future`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AccessedBits => "bits",
            Self::EveryReference => "refs",
            Self::Future => "future",
        }
    }

    /// The sight that a word of the results means.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sight| sight.word() == word)
    }

    /// All of them, in the order in which legends list them.
    pub const ALL: [Self; 3] = [Self::AccessedBits, Self::EveryReference, Self::Future];

    /// Who could run a policy of this sight, in one or two words for the head of a column.
    pub const fn who(self) -> &'static str {
        match self {
            Self::AccessedBits => "kernel",
            Self::EveryReference => "sim only",
            Self::Future => "bound",
        }
    }

    /// What that means.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::AccessedBits => "a kernel could run it, seeing accessed bits only",
            Self::EveryReference => "only a simulator can run it, told of every reference",
            Self::Future => "a bound, not a policy, knowing the references to come",
        }
    }
}

/// What a policy is made for.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Pages that are ever referenced; they are numbered from 0.
    pub pages: usize,
    /// Segments; they are numbered from 0.
    pub segments: usize,
    /// Frames of memory, at least 1.
    pub frames: u64,
    /// The seed of the run, for policies that draw lots.
    pub seed: u64,
}

/// The hand of a clock over segments and pages (`swap_id` and `swap_idx`). Two are equal where they point at the same page,
/// however often each went round.
#[derive(Clone, Copy, Debug)]
pub struct Hand {
    /// The slot of the segment table.
    pub swap_id: u32,
    /// The index of the next page in the segment there.
    pub swap_idx: u64,
    /// How often it began again at slot 0.
    pub laps: u64,
}

impl PartialEq for Hand {
    fn eq(&self, other: &Self) -> bool {
        (self.swap_id, self.swap_idx) == (other.swap_id, other.swap_idx)
    }
}

impl Eq for Hand {}

/// A victim policy.
///
/// The calls come in this order. For each scan: [`Policy::begin_scan`], then [`Policy::pick`] until the kernel evicts a
/// page ([`Policy::evicted`]) or gives up. When the budget of a scan runs out the last answer was not tried, and nothing
/// says so; the next scan asks again. For each page that comes in: [`Policy::loaded`].
pub trait Policy: Sized + Send + 'static {
    /// The name that users type.
    const NAME: &'static str;
    /// What it is, in one line.
    const SUMMARY: &'static str;
    /// The paper, book or code that defines it.
    const SOURCE: &'static str;
    /// The file that holds it: `file!()`.
    const FILE: &'static str;
    /// Its parameters.
    const PARAMETERS: &'static [Parameter] = &[];
    /// The most bytes that it takes for each page, so that a run for which there is no room is not begun. A test compares it
    /// with what is really allocated.
    const BYTES_PER_PAGE: u64 = 32;

    /// The policy at the start of a run. All memory that it needs is allocated here.
    ///
    /// # Errors
    /// When the value of a parameter is out of range; the text says what is allowed.
    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String>;

    /// Whether the arguments are in range whatever the trace and the memory size.
    ///
    /// # Errors
    /// When one is not; the text says what is allowed.
    fn check(arguments: &Arguments) -> Result<(), String> {
        let smallest = Setup { pages: 1, segments: 1, frames: 1, seed: 0 };
        Self::new(&smallest, arguments).map(drop)
    }

    /// The priority at which a reclaim starts (R33); 6 as in the kernel.
    fn start_priority(&self) -> u32 {
        6
    }

    /// The pages that one call for memory may swap out: at each priority the scan is repeated until it fails or so many
    /// are out. At least 1; 1 as in Linux 2.0.
    fn successes_per_call(&self) -> u32 {
        1
    }

    /// A scan begins.
    fn begin_scan(&mut self, memory: &mut Memory<'_>) {
        let _ = memory;
    }

    /// The next candidate: a resident page that is not locked. None when there is nothing more to offer in this scan.
    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick>;

    /// A page came into memory. That it was referenced is part of this; [`SeesReferences::referenced`] is not called.
    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        let _ = (page, memory);
    }

    /// Whether the references that follow a load at once, by the same process to the same page, are part of the load, so that
    /// [`Policy::loaded`] is called when they are over. To a policy that clears the accessed bit of a page that comes in they
    /// are no use of it then.
    fn load_includes_repeats(&self) -> bool {
        false
    }

    /// A page is going to be referenced soon, whether it is in memory or not: what is kept of it may be called near. Nothing
    /// may depend on it, and it may not come for every reference.
    #[inline(always)]
    fn expect(&self, page: PageId) {
        let _ = page;
    }

    /// A candidate of its own was swapped out.
    fn evicted(&mut self, page: PageId) {
        let _ = page;
    }

    /// A resident page went with its segment. It was not swapped out.
    fn freed(&mut self, page: PageId) {
        let _ = page;
    }

    /// A page in swap went with its segment: it will never come back, and nothing should remember it.
    fn forgotten(&mut self, page: PageId) {
        let _ = page;
    }

    /// Whether it often looks at every page in memory: the page tables have to be near then, and it is replayed by itself.
    fn looks_at_all_pages(&self) -> bool {
        false
    }

    /// The references between two calls of [`Policy::sample`]; none when it is never to be called. At least 1, and the
    /// same at each call.
    fn sampling_period(&self) -> Option<u64> {
        None
    }

    /// So many references have passed again.
    fn sample(&mut self, memory: &mut Memory<'_>) {
        let _ = memory;
    }

    /// Its hands, where a call for memory tries the pages that they come to until one is out, and there is no more to the policy:
    /// faults at several memory sizes are done together then.
    fn two_hands(&mut self) -> Option<&mut two_hands::TwoHands> {
        None
    }

    /// Its ring, where the first page from the hand on goes that gets no second chance, the next that comes in takes its place, and
    /// there is no more to the policy, as long as no segment is locked.
    fn ring(&mut self) -> Option<&mut ring::Ring> {
        None
    }

    /// Whether pages that [`Policy::two_hands`] come to are tried by a second chance for each sharer ([`Pick::IfOld`]), and those at
    /// the hand of [`Policy::ring`] get one where they are young ([`Memory::passed_over`]); else the first goes.
    fn gives_second_chances(&self) -> bool {
        true
    }

    /// Where its hands are, for policies that have a segment and a page index as the kernel does.
    fn hand(&self, program: &Program) -> Option<Hand> {
        let _ = program;
        None
    }
}

/// The references to a page in a run of hits of which a policy is told together. Places are counted from 0, the first of
/// the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Together {
    /// The page.
    pub page: PageId,
    /// How many there are: at least 1.
    pub times: u64,
    /// The place of the last.
    pub last: u64,
    /// The place of the last but one, where there is one.
    pub last_but_one: Option<u64>,
    /// Whether any of them writes.
    pub written: bool,
}

/// A policy that is told of every reference to a page in memory.
pub trait SeesReferences: Policy {
    /// Whether it may be told of references to a page together ([`SeesReferences::together`]).
    const TOGETHER: bool = false;

    /// How many of `length` references, all to pages in memory, may be told of together from the first on: after
    /// [`SeesReferences::referenced_together`] for each page among them, in the order of its last reference, and
    /// [`SeesReferences::passed`], the policy is as if it had been told of one after the other. The page of each is known by
    /// its place.
    #[inline(always)]
    fn together(&self, length: usize, page_at: impl Fn(usize) -> PageId) -> usize {
        let _ = page_at;
        length
    }

    /// Resident pages are referenced, this one among them. The place of the first reference to a page in the run, where there
    /// is one, can be asked for.
    fn referenced_together(&mut self, together: Together, first: impl Fn(PageId) -> Option<u64>) {
        let _ = first;
        self.referenced(together.page, together.written);
    }

    /// So many references have been told of together.
    fn passed(&mut self, references: u64) {
        let _ = references;
    }

    /// Whether, of the references to a page while no other page comes or goes, only the last matters, as where pages are
    /// ordered by their last references: told of these alone, in their order, the policy comes to the same state. It need
    /// not be told of the others then.
    #[inline(always)]
    fn only_last_matters(&self) -> bool {
        false
    }

    /// A resident page is referenced: a hit, or a minor fault.
    fn referenced(&mut self, page: PageId, write: bool);
}

/// A policy that knows the references to come.
pub trait SeesFuture: Policy {
    /// The policy at the start of a run; called in place of [`Policy::new`].
    ///
    /// # Errors
    /// As [`Policy::new`].
    fn foreseeing(setup: &Setup, arguments: &Arguments, future: registry::Future) -> Result<Self, String>;

    /// A page is referenced at a position (after [`Policy::loaded`] where it came in by that), and the position of the next
    /// reference to it; none when there is no further one.
    fn next_use(&mut self, page: PageId, position: u64, next: Option<u64>);

    /// From one position to before another no page comes or goes, and of the references to a page only the last is told by
    /// [`SeesFuture::next_use`]: nothing is expected there any more.
    fn passed_over(&mut self, from: u64, to: u64);

    /// A page is going to be referenced soon, and this is the position of the reference to it after that: as
    /// [`Policy::expect`].
    #[inline(always)]
    fn expect_next_use(&self, next: u64) {
        let _ = next;
    }
}
