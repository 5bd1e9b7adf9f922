//! The working-set clock: a clock whose hand looks for a page outside the working set.
//!
//! Each page has the time of its last use as far as the hand knows. The hand goes round once at most:
//!
//! 1. a page whose accessed bit is set was just used: its bit is cleared and its time is now;
//! 2. a clean page whose last use is more than `tau` ago goes, and the hand stops;
//! 3. a dirty one would have to be written first, so the first of these is kept in mind and goes if no clean one is found.
//!
//! When all pages are in the working set, the first clean page from the hand goes, else the first page. The hand is behind
//! the victim then, and the new page takes the victim's place. Time is the references replayed so far, of all processes
//! together: shared pages have no owner whose time it could be, and there is no load control either. In the paper dirty
//! pages are written by and by and stay; here a page is written when it goes. A page comes in with its bit set and its time
//! now. A locked page is passed over with its bit untouched. The default `tau` of 8 times the frames is what came out best
//! over several traces and memory sizes (tried: 1 to 64 times).
//!
//! Most searches look for a page among many that do not go, so what can go is kept where it is found at once: pages
//! in the order of their last use, from which those go that leave the working set, and for these, and for clean
//! pages, a set of their places in the ring. A page is young only where it was referenced since the last search, so a
//! search costs little more than there were references meanwhile. It is counted as if the hand had gone round.
//!
//! Sources: Carr, Hennessy, WSCLOCK, a simple and effective algorithm for virtual memory management, SOSP 1981; what is
//! done when nothing is outside the working set is from Tanenbaum, Modern Operating Systems, section 3.4.9.

use super::ordered_set::OrderedSet;
use super::page_list::PageList;
use super::parameters::{Arguments, Parameter};
use super::ring::Ring;
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// A ring of pages with a time each.
#[derive(Debug)]
pub struct Wsclock {
    ring: Ring,
    known: Known,
    /// Whether pages of the ring may stand elsewhere than is known.
    places_changed: bool,
    tau: u64,
}

/// What is known of the pages of a ring. Sets are of places in the ring.
///
/// What is in the working set here goes by the last use as far as the hand knows: a page outside it may be young, and
/// have been used since.
#[derive(Debug)]
struct Known {
    last_used: Vec<u64>,
    /// The pages in the working set, in the order of their last use; some may have left it since the last search.
    working_set: PageList,
    /// The place of each page.
    place_of: Vec<u32>,
    /// The pages outside the working set.
    outside: OrderedSet,
    /// Those of them that were clean when they left the working set. Some may have been written since, as a page in
    /// memory gets dirty at any time; it never gets clean.
    clean_outside: OrderedSet,
    /// The pages that were clean when they came in, in the working set or not, in the same way.
    clean: OrderedSet,
}

impl Known {
    fn new(setup: &Setup, frames: usize) -> Self {
        Self {
            last_used: vec![0; setup.pages],
            working_set: PageList::new(setup.pages),
            place_of: vec![0; setup.pages],
            outside: OrderedSet::new(frames),
            clean_outside: OrderedSet::new(frames),
            clean: OrderedSet::new(frames),
        }
    }

    fn place(&self, page: PageId) -> usize {
        self.place_of[page.index()] as usize
    }

    /// A page came in at this place.
    fn loaded(&mut self, page: PageId, place: usize, memory: &Memory<'_>) {
        self.last_used[page.index()] = memory.now();
        self.working_set.push_back(page);
        self.place_of[page.index()] = place as u32;
        if !memory.is_dirty(page) {
            self.clean.insert(place);
        }
    }

    /// A page was used just before this time.
    fn used(&mut self, page: PageId, now: u64) {
        self.last_used[page.index()] = now;
        if !self.working_set.remove(page) {
            let place = self.place(page);
            self.outside.remove(place);
            self.clean_outside.remove(place);
        }
        self.working_set.push_back(page);
    }

    /// A page is in the ring no more.
    fn left(&mut self, page: PageId) {
        let place = self.place(page);
        self.working_set.remove(page);
        for set in [&mut self.outside, &mut self.clean_outside, &mut self.clean] {
            set.remove(place);
        }
    }

    /// Pages whose last use is more than `tau` ago leave the working set.
    fn let_go(&mut self, tau: u64, memory: &Memory<'_>) {
        let now = memory.now();
        while let Some(page) = self.working_set.front() {
            if now - self.last_used[page.index()] <= tau {
                break;
            }
            self.working_set.remove(page);
            self.put_outside(page, memory);
        }
    }

    fn put_outside(&mut self, page: PageId, memory: &Memory<'_>) {
        let place = self.place(page);
        self.outside.insert(place);
        if !memory.is_dirty(page) {
            self.clean_outside.insert(place);
        }
    }

    /// Any page may be at another place now.
    fn change_places(&mut self, ring: &Ring, memory: &Memory<'_>) {
        for set in [&mut self.outside, &mut self.clean_outside, &mut self.clean] {
            set.remove_all(0, ring.capacity());
        }
        for (place, page) in ring.places() {
            self.place_of[page.index()] = place as u32;
            if !memory.is_dirty(page) {
                self.clean.insert(place);
            }
            if !self.working_set.contains(page) {
                self.put_outside(page, memory);
            }
        }
    }
}

/// The place from the hand on of the first clean page of a set that is as wanted. Takes dirty pages that it meets out.
fn first_clean(
    set: &mut OrderedSet,
    ring: &Ring,
    memory: &Memory<'_>,
    wanted: impl Fn(PageId) -> bool,
) -> Option<usize> {
    loop {
        let place = first(set, ring, |page| memory.is_dirty(page) || wanted(page))?;
        if !memory.is_dirty(ring.page_at(place)) {
            return Some(place);
        }
        set.remove(place);
    }
}

/// The place from the hand on of the first page of a set that is as wanted.
fn first(set: &OrderedSet, ring: &Ring, wanted: impl Fn(PageId) -> bool) -> Option<usize> {
    let hand = ring.hand_place();
    let first_in = |from: usize, end: usize| {
        let members = std::iter::successors(set.first_from(from), |&place| set.first_from(place + 1));
        members.take_while(|&place| place < end).find(|&place| wanted(ring.page_at(place)))
    };
    first_in(hand, ring.capacity()).or_else(|| first_in(0, hand))
}

impl Wsclock {
    /// The hand goes round, or to a clean page outside the working set; the victim, if there is one outside it.
    fn search(&mut self, memory: &mut Memory<'_>) -> Option<PageId> {
        let Self { ring, known, tau, .. } = self;
        known.let_go(*tau, memory);
        let is_old = |page| !memory.is_locked(page) && !memory.is_accessed(page);
        let clean = first_clean(&mut known.clean_outside, ring, memory, is_old);
        self.examine(clean.map_or(self.ring.len(), |place| self.ring.before(place)), memory);
        let Self { ring, known, .. } = self;
        let found = clean.or_else(|| first(&known.outside, ring, |page| !memory.is_locked(page)));
        found.map(|place| ring.page_at(place))
    }

    /// The hand passes so many pages, once round at most. Where it is does not matter: it will be behind the victim.
    fn examine(&mut self, pages: usize, memory: &mut Memory<'_>) {
        let Self { ring, known, .. } = self;
        let now = memory.now();
        if pages == ring.len() && !memory.is_any_locked() {
            memory.test_and_clear_all(ring.round(), |page| known.used(page, now));
            return;
        }
        for page in ring.round().take(pages) {
            if !memory.is_locked(page) && memory.test_and_clear_accessed(page) {
                known.used(page, now);
            }
        }
    }

    /// What the hand takes when no page is outside the working set.
    fn in_need(&mut self, memory: &Memory<'_>) -> Option<PageId> {
        let Self { ring, known, .. } = self;
        let clean = first_clean(&mut known.clean, ring, memory, |page| !memory.is_locked(page));
        clean.map(|place| ring.page_at(place)).or_else(|| ring.round().find(|&page| !memory.is_locked(page)))
    }
}

impl Policy for Wsclock {
    const NAME: &'static str = "wsclock";
    const SUMMARY: &'static str = "a clock that takes pages not used for a while, clean before dirty";
    const SOURCE: &'static str = "Carr, Hennessy 1981";
    const FILE: &'static str = file!();
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        key: "tau",
        default: "8x",
        help: "references that make the working set, a number or a multiple of the frames",
    }];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let tau = arguments.references(setup.frames, "tau")?;
        let ring = Ring::new(setup.pages, setup.frames);
        Ok(Self { known: Known::new(setup, ring.capacity()), ring, places_changed: false, tau })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        if std::mem::take(&mut self.places_changed) {
            self.ring.settle();
            self.known.change_places(&self.ring, memory);
        }
        self.search(memory).or_else(|| self.in_need(memory)).map(Pick::Now)
    }

    /// It does where there are many references between two searches.
    fn looks_at_all_pages(&self) -> bool {
        true
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        let place = self.ring.insert(page);
        self.known.loaded(page, place, memory);
    }

    fn evicted(&mut self, page: PageId) {
        self.places_changed |= !self.ring.is_full();
        self.ring.advance_by(self.ring.before(self.known.place(page)) + 1);
        self.ring.remove(page);
        self.known.left(page);
    }

    fn freed(&mut self, page: PageId) {
        self.ring.remove(page);
        self.known.left(page);
        self.places_changed = true;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::plain_form::outcomes;
    use super::*;
    use crate::kernel::kswapd::{Jiffy, KswapdOptions};
    use crate::policy::registry::{Entry, PolicySpec, bits};
    use crate::replay::Options;
    use crate::resolve::{ResolveOptions, program_of};
    use proptest::prelude::*;

    /// The obvious form: the hand goes from page to page.
    struct Plain {
        /// The pages from the hand on, and their last use.
        pages: Vec<(PageId, u64)>,
        tau: u64,
    }

    impl Policy for Plain {
        const NAME: &'static str = "wsclock";
        const SUMMARY: &'static str = Wsclock::SUMMARY;
        const SOURCE: &'static str = Wsclock::SOURCE;
        const FILE: &'static str = Wsclock::FILE;
        const PARAMETERS: &'static [Parameter] = Wsclock::PARAMETERS;

        fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
            Ok(Self { pages: Vec::new(), tau: arguments.references(setup.frames, "tau")? })
        }

        fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
            let mut dirty = None;
            for (page, last_used) in &mut self.pages {
                if memory.is_locked(*page) {
                    continue;
                }
                let is_outside = memory.now() - *last_used > self.tau;
                if !memory.is_accessed(*page) && is_outside && !memory.is_dirty(*page) {
                    return Some(Pick::Now(*page));
                }
                if memory.test_and_clear_accessed(*page) {
                    *last_used = memory.now();
                } else if is_outside {
                    dirty = dirty.or(Some(*page));
                }
            }
            let unlocked = || self.pages.iter().map(|&(page, _)| page).filter(|&page| !memory.is_locked(page));
            let in_need = || unlocked().find(|&page| !memory.is_dirty(page)).or_else(|| unlocked().next());
            dirty.or_else(in_need).map(Pick::Now)
        }

        fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
            self.pages.push((page, memory.now()));
        }

        fn evicted(&mut self, page: PageId) {
            let victim = self.pages.iter().position(|&(other, _)| other == page).unwrap();
            self.pages.rotate_left(victim + 1);
            self.pages.pop();
        }

        fn freed(&mut self, page: PageId) {
            self.pages.retain(|&(other, _)| other != page);
        }
    }

    static PLAIN: Entry = bits::<Plain>();

    /// Two segments, two processes, and what of all that may happen to them does.
    fn script(draws: Vec<(u8, usize, usize, u32)>) -> String {
        let mut lines: Vec<String> = vec!["seg a 90".to_owned(), "seg b 90".to_owned()];
        let (mut locked, mut attached) = ([false; 2], [[false; 2]; 2]);
        for (process, segment) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            lines.push(format!("attach {process} {}", ["a", "b"][segment]));
            attached[process][segment] = true;
        }
        lines.extend((0..90).map(|page| format!("r 0 a {page}")));
        for (what, process, segment, page) in draws {
            let name = ["a", "b"][segment];
            let (is_locked, is_attached) = (&mut locked[segment], &mut attached[process][segment]);
            let page = if what % 3 == 0 { page } else { page % 9 };
            match what {
                0 | 1 if *is_locked || what == 0 => {
                    lines.push(format!("{} {name}", if *is_locked { "unlock" } else { "lock" }));
                    *is_locked = !*is_locked;
                }
                2 | 3 => {
                    lines.push(format!("{} {process} {name}", if *is_attached { "detach" } else { "attach" }));
                    *is_attached = !*is_attached;
                }
                4 => {
                    let detached = (0..2).filter(|&process| std::mem::take(&mut attached[process][segment]));
                    lines.extend(detached.map(|process| format!("detach {process} {name}")));
                    lines.extend([format!("rm {name}"), format!("seg {name} 90")]);
                    locked[segment] = false;
                }
                5.. if *is_attached => {
                    lines.push(format!("{} {process} {name} {page}", if what < 15 { "w" } else { "r" }));
                }
                _ => {}
            }
        }
        lines.join("\n") + "\n"
    }

    proptest! {
        #[test]
        fn it_does_what_a_hand_does_that_goes_from_page_to_page(
            draws in prop::collection::vec((0_u8..40, 0_usize..2, 0_usize..2, 0_u32..90), 0..400),
            frames in prop_oneof![1_u64..12, 1_u64..120],
            tau in prop_oneof![Just("8x".to_owned()), (1_u64..90).prop_map(|tau| tau.to_string())],
            kswapd in any::<bool>(),
        ) {
            let program = Arc::new(program_of(&script(draws), ResolveOptions::default()));
            let daemon = KswapdOptions { low: 3, high: 6, jiffy: Some(Jiffy::References(7)) };
            let options = Options { kswapd: kswapd.then_some(daemon), ..Options::new(frames) };
            let policy: PolicySpec = format!("wsclock:tau={tau}").parse().unwrap();
            let [found, expected] = outcomes(&policy, &PLAIN, &program, &options);
            prop_assert_eq!(found, expected);
        }
    }
}
