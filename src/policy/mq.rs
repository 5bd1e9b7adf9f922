//! MQ, the multi-queue: a queue for each power of two of a page's references, and pages not used for a while sink.
//!
//! Each queue is in order of the last reference. A reference moves a page to the back of queue log2 of its count of
//! references, the last queue at most, and says when it expires: `lifetime` references from now. At each reference the
//! front page of every queue but the lowest moves to the back of the queue below if it has expired, and expires anew. The
//! victim is the front page of the lowest queue that is not empty. Its count is remembered in Qout, a queue of `ghost`
//! pages that are not in memory in order of eviction; a page that comes back counts on from there. Source: Zhou,
//! Philbin, Li, The multi-queue replacement algorithm for second level buffer caches, 2001.
//!
//! Choices: as printed, the victim enters Qout before the page that comes in is looked up there. The paper measures the
//! lifetime of each workload (the most common distance between two references to a page); here it is a multiple of the
//! frames. Time is counted in references to shared memory by all processes. A locked page is passed over by the search for
//! a victim, and sinks as others do.
//!
//! Where it is told of references together, pages sink late: no page that is touched in a run of at most `lifetime` references
//! expires in it, so which pages sink in it, and when, follows from what was in the queues before and from the first reference
//! to each page. A page that is referenced before its time comes does not sink. One that is referenced after that is taken out
//! of its queue, which lets no other one sink at that time, and is put where it belongs by its last reference. Only what comes
//! to the back of a queue has to come in order: before a page goes there, those have sunk that sink there earlier.
//!
//! What did not help: to keep which queue's front page expires first, and to look at that queue alone. Nearly every
//! time that the queues are gone through a page does sink, so there is nothing to be saved by exact times.

use super::page_queues::PageQueues;
use super::parameters::{Arguments, Parameter};
use super::{Policy, SeesReferences, Setup, Together};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The most queues of pages in memory.
const MOST_QUEUES: usize = 64;

/// The queues, and what is known of each page.
#[derive(Debug)]
pub struct MultiQueue {
    /// The queues of pages in memory, the lowest first, and then Qout.
    queues: PageQueues<{ MOST_QUEUES + 1 }>,
    /// How many queues of pages in memory there are.
    count: usize,
    pages: Vec<Known>,
    /// The references so far.
    now: u64,
    lifetime: u64,
    /// For each queue the first time at which a page may sink from it: later than the last one did, for one sinks at a time.
    /// Never from the lowest queue and from Qout.
    ///
    /// A page that moves to the back of a queue expires after all in front of it, so in each queue the front page is the
    /// first to expire, and what is behind it when it goes expires later.
    due: [u64; MOST_QUEUES + 1],
    /// The least of these.
    first_due: u64,
    /// Pages that Qout remembers.
    ghosts: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    references: u64,
    expires: u64,
}

impl MultiQueue {
    /// A page is referenced so many times, the last time when so many references were there before; the queue that it is
    /// for.
    #[inline(always)]
    fn used(&mut self, page: PageId, times: u64, last: u64) -> usize {
        let known = &mut self.pages[page.index()];
        known.references += times;
        known.expires = last.saturating_add(self.lifetime);
        (known.references.ilog2() as usize).min(self.count - 1)
    }

    /// Has all pages sink that do so up to a time, at most a lifetime from now. All references before that are told of.
    #[cold]
    #[inline(never)]
    fn adjust(&mut self, until: u64) {
        self.first_due = u64::MAX;
        for queue in 1..self.count {
            self.sink_from(queue, until, |_| None);
            self.first_due = self.first_due.min(self.due[queue]);
        }
    }

    /// Has the pages of a queue sink that do so up to a time, at most a lifetime from now. `referenced` tells when a page is
    /// referenced first from now on; it may leave out a page all of whose references have been told of.
    #[inline(always)]
    fn sink_from(&mut self, queue: usize, until: u64, referenced: impl Fn(PageId) -> Option<u64>) {
        if self.due[queue] <= until {
            self.sink_due(queue, until, referenced);
        }
    }

    #[inline(never)]
    fn sink_due(&mut self, queue: usize, until: u64, referenced: impl Fn(PageId) -> Option<u64>) {
        let Self { queues, pages, now, lifetime, due, .. } = self;
        let due = &mut due[queue];
        while *due <= until {
            let Some(page) = queues.front(queue) else {
                // What comes to it expires a lifetime from now at the earliest.
                *due = now.saturating_add(*lifetime).saturating_add(1);
                return;
            };
            let known = &mut pages[page.index()];
            let time = known.expires.saturating_add(1).max(*due);
            *due = time;
            if time > until {
                return;
            }
            let first = referenced(page);
            if first.is_some() {
                queues.remove(page);
            } else {
                known.expires = time.saturating_add(*lifetime);
                queues.move_to_back(page, queue - 1);
            }
            // A reference at a time comes after what sinks then.
            let sank = first.is_none_or(|first| time <= first);
            *due += u64::from(sank);
        }
    }
}

impl Policy for MultiQueue {
    const NAME: &'static str = "mq";
    const SUMMARY: &'static str = "multi-queue: a queue for each power of two of references, idle pages sink";
    const SOURCE: &'static str = "Zhou, Philbin, Li 2001";
    const FILE: &'static str = file!();
    const BYTES_PER_PAGE: u64 = 48;
    const PARAMETERS: &'static [Parameter] = &[
        Parameter { key: "queues", default: "8", help: "queues of pages in memory, 1 to 64" },
        Parameter {
            key: "ghost",
            default: "4x",
            help: "pages out of memory whose count is remembered, a number or a multiple of the frames",
        },
        Parameter {
            key: "lifetime",
            default: "2x",
            help: "references after which an idle page sinks, a number or a multiple of the frames",
        },
    ];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let count = arguments.whole("queues", 1..=MOST_QUEUES as u64)? as usize;
        Ok(Self {
            queues: PageQueues::new(setup.pages),
            count,
            pages: vec![Known::default(); setup.pages],
            now: 0,
            due: std::array::from_fn(|queue| if (1..count).contains(&queue) { 0 } else { u64::MAX }),
            first_due: 0,
            lifetime: arguments.multiple_of(setup.frames, "lifetime")?,
            ghosts: arguments.multiple_of(setup.frames, "ghost")?,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        let mut from_lowest = 0..self.count;
        from_lowest.find_map(|queue| self.queues.first_unlocked(queue, memory)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        if self.queues.remove(page).is_none() {
            self.pages[page.index()].references = 0;
        }
        self.referenced(page, false);
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.queues.expect(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.queues.move_to_back(page, self.count);
        while self.queues.len(self.count) as u64 > self.ghosts {
            self.queues.pop_front(self.count);
        }
    }

    fn freed(&mut self, page: PageId) {
        self.queues.remove(page);
    }

    fn forgotten(&mut self, page: PageId) {
        self.queues.remove(page);
    }
}

impl SeesReferences for MultiQueue {
    const TOGETHER: bool = true;

    /// As long as no page expires that is touched among them.
    #[inline(always)]
    fn together(&self, length: usize, _page_at: impl Fn(usize) -> PageId) -> usize {
        self.lifetime.min(length as u64) as usize
    }

    #[inline(always)]
    fn referenced_together(&mut self, together: Together, first: impl Fn(PageId) -> Option<u64>) {
        let Together { page, times, last, .. } = together;
        let now = self.now;
        let (time, referenced) = (now + last, |page| first(page).map(|place| now + place));
        // Its own turn to sink may have come before.
        if let Some(queue) = self.queues.queue_of(page) {
            self.sink_from(queue, time, referenced);
        }
        let queue = self.used(page, times, time);
        self.sink_from(queue + 1, time, referenced);
        self.queues.move_to_back(page, queue);
    }

    #[inline(always)]
    fn passed(&mut self, references: u64) {
        let now = self.now + references;
        if self.first_due <= now {
            self.adjust(now);
        }
        self.now = now;
    }

    #[inline(always)]
    fn referenced(&mut self, page: PageId, _write: bool) {
        let queue = self.used(page, 1, self.now);
        self.queues.move_to_back(page, queue);
        self.passed(1);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;

    use super::super::plain_form::outcomes;
    use super::*;
    use crate::kernel::Kernel;
    use crate::policy::registry::{Entry, PolicySpec, references};
    use crate::replay::Options;
    use crate::resolve::{ResolveOptions, program_of};
    use proptest::prelude::*;

    /// The obvious form, as printed: after each reference the front page of each queue is looked at.
    #[derive(Debug)]
    struct Plain {
        /// The lowest first, and then Qout.
        queues: Vec<VecDeque<PageId>>,
        pages: Vec<Known>,
        now: u64,
        lifetime: u64,
        ghosts: u64,
    }

    impl Plain {
        fn count(&self) -> usize {
            self.queues.len() - 1
        }

        /// Takes a page out of its queue; which one that was.
        fn remove(&mut self, page: PageId) -> Option<usize> {
            let queue = self.queues.iter().position(|queue| queue.contains(&page))?;
            self.queues[queue].retain(|&other| other != page);
            Some(queue)
        }

        fn adjust(&mut self) {
            for queue in 1..self.count() {
                let front = self.queues[queue].front().copied();
                if let Some(page) = front.filter(|page| self.pages[page.index()].expires < self.now) {
                    self.queues[queue].pop_front();
                    self.queues[queue - 1].push_back(page);
                    self.pages[page.index()].expires = self.now + self.lifetime;
                }
            }
        }
    }

    impl Policy for Plain {
        const NAME: &'static str = "mq";
        const SUMMARY: &'static str = MultiQueue::SUMMARY;
        const SOURCE: &'static str = MultiQueue::SOURCE;
        const FILE: &'static str = MultiQueue::FILE;
        const PARAMETERS: &'static [Parameter] = MultiQueue::PARAMETERS;

        fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
            let count = arguments.whole("queues", 1..=MOST_QUEUES as u64)? as usize;
            Ok(Self {
                queues: vec![VecDeque::new(); count + 1],
                pages: vec![Known::default(); setup.pages],
                now: 0,
                lifetime: arguments.multiple_of(setup.frames, "lifetime")?,
                ghosts: arguments.multiple_of(setup.frames, "ghost")?,
            })
        }

        fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
            let mut pages = self.queues[..self.count()].iter().flatten();
            pages.find(|&&page| !memory.is_locked(page)).map(|&page| Pick::Now(page))
        }

        fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
            if self.remove(page).is_none() {
                self.pages[page.index()].references = 0;
            }
            self.referenced(page, false);
        }

        fn evicted(&mut self, page: PageId) {
            self.remove(page);
            let (count, ghosts) = (self.count(), self.ghosts);
            self.queues[count].push_back(page);
            while self.queues[count].len() as u64 > ghosts {
                self.queues[count].pop_front();
            }
        }

        fn freed(&mut self, page: PageId) {
            self.remove(page);
        }

        fn forgotten(&mut self, page: PageId) {
            self.remove(page);
        }
    }

    impl SeesReferences for Plain {
        fn referenced(&mut self, page: PageId, _write: bool) {
            self.remove(page);
            let known = &mut self.pages[page.index()];
            known.references += 1;
            known.expires = self.now + self.lifetime;
            let queue = (known.references.ilog2() as usize).min(self.count() - 1);
            self.queues[queue].push_back(page);
            self.now += 1;
            self.adjust();
        }
    }

    static PLAIN: Entry = references::<Plain>();

    fn policy() -> impl Strategy<Value = PolicySpec> {
        let number = |most: u64, multiple: &'static str| {
            let numbers = (0..most).prop_map(|number| number.to_string());
            prop_oneof![3 => numbers, 1 => Just(multiple.to_owned())]
        };
        (1_u64..7, number(8, "4x"), number(70, "2x")).prop_map(|(queues, ghost, lifetime)| {
            format!("mq:queues={queues},ghost={ghost},lifetime={lifetime}").parse().unwrap()
        })
    }

    /// Hits are told together as far as that is allowed, as [`crate::replay`] does.
    fn tell(policy: &mut MultiQueue, mut run: &[PageId]) {
        while !run.is_empty() {
            let (now, later) = run.split_at(policy.together(run.len(), |place| run[place]));
            let first = |page| now.iter().position(|&other| other == page).map(|place| place as u64);
            for (place, &page) in now.iter().enumerate().filter(|&(place, page)| !now[place + 1..].contains(page)) {
                let times = now.iter().filter(|&&other| other == page).count() as u64;
                let together = Together { page, times, last: place as u64, last_but_one: None, written: false };
                policy.referenced_together(together, first);
            }
            policy.passed(now.len() as u64);
            run = if now.is_empty() {
                policy.referenced(later[0], false);
                &later[1..]
            } else {
                later
            };
        }
    }

    /// The pages in each queue in their order, each with its count and, where it is in memory, when it expires.
    fn state<'a>(
        queues: impl Iterator<Item = Vec<PageId>> + 'a,
        count: usize,
        pages: &'a [Known],
    ) -> Vec<Vec<(PageId, u64, u64)>> {
        let of_page = |queue: usize, page: PageId| {
            let Known { references, expires } = pages[page.index()];
            (page, references, if queue < count { expires } else { 0 })
        };
        let of_queue = |(queue, pages): (usize, Vec<PageId>)| pages.iter().map(|&page| of_page(queue, page)).collect();
        queues.enumerate().map(of_queue).collect()
    }

    const PAGES: u32 = 14;

    /// Segments that are locked and that go, and references between that go round in some of the pages.
    fn script(draws: Vec<(u8, usize, usize, usize)>) -> String {
        let mut lines = Vec::new();
        for name in ["a", "b"] {
            lines.extend([format!("seg {name} 30"), format!("attach 0 {name}")]);
        }
        let mut locked = [false; 2];
        for (what, segment, start, length) in draws {
            let name = ["a", "b"][segment];
            match what {
                0 => {
                    lines.push(format!("{} {name}", if locked[segment] { "unlock" } else { "lock" }));
                    locked[segment] = !locked[segment];
                }
                1 => {
                    let anew = ["detach 0", "rm", "seg"].map(|word| format!("{word} {name}"));
                    lines.extend(anew);
                    lines.last_mut().unwrap().push_str(" 30");
                    lines.push(format!("attach 0 {name}"));
                    locked[segment] = false;
                }
                _ => {
                    let (most, other) = (2 * usize::from(what), ["a", "b"][1 - segment]);
                    lines.extend((0..length).map(|place| {
                        let name = if place % 5 == 3 { other } else { name };
                        format!("r 0 {name} {}", (start + place * place * start) % most)
                    }));
                }
            }
        }
        lines.join("\n") + "\n"
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn told_together_it_comes_to_what_it_comes_to_one_by_one(
            policy in policy(),
            events in prop::collection::vec((0_u8..9, prop::collection::vec(0..PAGES as usize, 1..60)), 0..60),
        ) {
            let program = Arc::new(program_of(&format!("seg a {PAGES}\nattach 0 a\n"), ResolveOptions::default()));
            let mut kernel = Kernel::new(program, 1, None);
            let memory = &mut Memory::new(&mut kernel, None);
            let setup = Setup { pages: PAGES as usize, segments: 1, frames: 5, seed: 0 };
            let arguments = policy.arguments(0);
            let mut found = MultiQueue::new(&setup, &arguments).unwrap();
            let mut plain = Plain::new(&setup, &arguments).unwrap();
            let count = plain.count();
            for (what, draws) in events {
                let resident: Vec<PageId> = plain.queues[..count].iter().flatten().copied().collect();
                let page = PageId::new(draws[0] as u32);
                match what {
                    0..3 if !resident.contains(&page) => {
                        found.loaded(page, memory);
                        plain.loaded(page, memory);
                    }
                    3 if !resident.is_empty() => {
                        // Not the first where that is locked.
                        let page = resident[draws.len() % 3 % resident.len()];
                        found.evicted(page);
                        plain.evicted(page);
                    }
                    4 if draws.len() < 15 => {
                        found.freed(page);
                        plain.freed(page);
                    }
                    5.. if !resident.is_empty() => {
                        let run: Vec<PageId> = draws.iter().map(|draw| resident[draw % resident.len()]).collect();
                        tell(&mut found, &run);
                        for &page in &run {
                            plain.referenced(page, false);
                        }
                    }
                    _ => {}
                }
                let queues = (0..=count).map(|queue| found.queues.iter(queue).collect());
                prop_assert_eq!(
                    state(queues, count, &found.pages),
                    state(plain.queues.iter().map(|queue| Vec::from(queue.clone())), count, &plain.pages)
                );
                prop_assert_eq!(found.now, plain.now);
            }
        }

        #[test]
        fn it_does_what_the_printed_one_does(
            draws in prop::collection::vec((0_u8..16, 0_usize..2, 0_usize..30, 1_usize..120), 0..60),
            policy in policy(),
            frames in prop_oneof![1_u64..12, 1_u64..60],
        ) {
            let program = Arc::new(program_of(&script(draws), ResolveOptions::default()));
            let options = Options::new(frames);
            let [found, expected] = outcomes(&policy, &PLAIN, &program, &options);
            prop_assert_eq!(found, expected);
        }
    }
}
