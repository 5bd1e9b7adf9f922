//! CLOCK-Pro: LIRS with accessed bits. All pages are in one ring, hot or cold, and some that are not resident any more.
//!
//! A page comes in cold, at the head of the ring, and its test period begins. Three hands go over the ring from old to new:
//!
//! 1. the cold hand looks for a victim among the resident cold pages. One that was not used goes; if in its test period, it
//!    stays in the ring without a frame. One that was used in its test period becomes hot, at the head;
//! 2. the hot hand makes room for a new hot page: it passes hot pages that were used, to the head, and turns the first that
//!    was not cold. It ends the test period of all that it passes. A page that it passes on its own behalf stays cold;
//! 3. the test hand ends test periods from the oldest on when there are more pages without a frame than frames.
//!
//! A page that faults in its test period comes in hot. Source: Jiang, Chen and Zhang, CLOCK-Pro, USENIX 2005.
//!
//! `cold=adaptive`, the paper: the frames for cold pages are one more for each page used in its test period, and one less
//! for each that was not; a cold page that was used after its test period begins a new one at the head. They start from 2
//! (the paper does not say). `cold=5%`, the authors' program: that share, at least 2, and a cold page goes at the end of its
//! test period though it was used. That program also passes over a reference to the page that was referenced just before, so
//! repeats at once are part of a load. The first pages to fill memory are hot.
//!
//! Ours: the resident cold pages have a queue of their own, which is what the cold hand sees (they come in at the head
//! only), and what the hot hand has passed leaves the ring. A locked cold page is passed over, a locked hot one counts as
//! used; when all cold pages are locked a hot one turns cold to go.

use super::page_queues::PageQueues;
use super::parameters::{Arguments, Parameter};
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// The ring and its hands.
#[derive(Debug)]
pub struct ClockPro {
    /// From the hot hand, at the front, to the head: hot pages, cold pages, pages without a frame in their test period.
    /// The mark of a page is its [`State`].
    ring: PageQueues<1>,
    /// The resident cold pages, from the cold hand on.
    cold: PageQueues<1>,
    /// No page before this one in the ring is in its test period; none is the front.
    test_hand: Option<PageId>,
    hot_pages: u64,
    /// Pages in the ring that are not resident.
    ghosts: u64,
    frames: u64,
    /// Frames for cold pages.
    cold_frames: u64,
    adaptive: bool,
}

const HOT: u8 = State::Hot as u8;
const IN_TEST: u8 = State::InTest as u8;

/// What a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Cold without a test period, or not known at all.
    Cold,
    Hot,
    /// Cold in its test period, resident or not.
    InTest,
}

impl ClockPro {
    fn state(&self, page: PageId) -> State {
        match self.ring.mark(page) {
            HOT => State::Hot,
            IN_TEST => State::InTest,
            _ => State::Cold,
        }
    }

    fn set_state(&mut self, page: PageId, state: State) {
        *self.ring.mark_mut(page) = state as u8;
    }

    /// Takes a page out of the ring, where it is in it.
    fn leave(&mut self, page: PageId) {
        self.leave_test_hand(page);
        self.ring.remove(page);
    }

    /// Moves the test hand on from a page that goes or moves.
    fn leave_test_hand(&mut self, page: PageId) {
        if self.test_hand == Some(page) {
            self.test_hand = self.ring.after(page);
        }
    }

    fn insert(&mut self, page: PageId, state: State) {
        self.leave_test_hand(page);
        self.ring.move_to_back(page, 0);
        self.set_state(page, state);
        if state == State::Hot {
            self.hot_pages += 1;
            self.cold.remove(page);
        } else {
            self.cold.move_to_back(page, 0);
        }
    }

    /// Turns hot pages cold until there is room for one more; false when the page is not to be hot.
    fn make_room(&mut self, page: PageId, memory: &mut Memory<'_>) -> bool {
        while self.hot_pages + self.cold_frames >= self.frames {
            if self.hot_pages == 0 || !self.run_hot_hand(Some(page), memory) {
                return false;
            }
        }
        true
    }

    /// Runs the hot hand to the first hot page that was not used, or to the page that it runs for, and then to the next hot
    /// page; whether a hot page became cold.
    fn run_hot_hand(&mut self, on_behalf: Option<PageId>, memory: &mut Memory<'_>) -> bool {
        let (mut done, mut demoted) = (false, false);
        let mut looks = 2 * self.hot_pages;
        while let Some(page) = self.ring.front(0).filter(|_| !done || self.hot_pages > 0) {
            if self.state(page) != State::Hot {
                done |= on_behalf == Some(page);
                self.end_test(page, on_behalf, memory);
                self.leave(page);
            } else if done || looks == 0 {
                break;
            } else {
                looks -= 1;
                self.hot_pages -= 1;
                demoted = !memory.is_locked(page) && !memory.test_and_clear_accessed(page);
                done |= demoted;
                self.insert(page, if demoted { State::Cold } else { State::Hot });
            }
        }
        demoted
    }

    /// Runs the test hand until no more pages without a frame are remembered than there are frames.
    fn run_test_hand(&mut self, memory: &Memory<'_>) {
        while self.ghosts > self.frames {
            let Some(page) = self.test_hand.or(self.ring.front(0)) else { return };
            self.test_hand = self.ring.after(page);
            self.end_test(page, None, memory);
        }
    }

    /// Ends the test period of a page, if it has one; it is forgotten if it is not resident.
    fn end_test(&mut self, page: PageId, on_behalf: Option<PageId>, memory: &Memory<'_>) {
        if self.state(page) == State::InTest {
            self.set_state(page, State::Cold);
            let resident = self.cold.contains(0, page);
            if !resident {
                self.leave(page);
                self.ghosts -= 1;
            }
            if self.adaptive && on_behalf != Some(page) {
                self.adapt(resident && memory.is_accessed(page));
            }
        }
    }

    /// A page was used in its test period, or was not.
    fn adapt(&mut self, used: bool) {
        if self.adaptive {
            let frames = if used { self.cold_frames + 1 } else { self.cold_frames - 1 };
            self.cold_frames = within_bounds(frames, self.frames);
        }
    }
}

/// Frames for cold pages: at least 2, and not all, as far as there are so many.
fn within_bounds(cold_frames: u64, frames: u64) -> u64 {
    cold_frames.max(2).min(frames.saturating_sub(1)).max(1)
}

impl Policy for ClockPro {
    const NAME: &'static str = "clock-pro";
    const SUMMARY: &'static str = "LIRS with accessed bits: one ring, three hands, test periods for cold pages";
    const SOURCE: &'static str = "Jiang, Chen, Zhang 2005";
    const FILE: &'static str = file!();
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        key: "cold",
        default: "adaptive",
        help: "frames for cold pages: adaptive, as in the paper; or fixed, 1% to 99%, as in the authors' program (5%)",
    }];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let allowed = "adaptive, or a whole percentage from 1% to 99%";
        let text: String = arguments.get("cold", allowed)?;
        let adaptive = text == "adaptive";
        let percent = text.strip_suffix('%').and_then(|number| number.parse::<u64>().ok());
        let percent = percent.filter(|percent| (1..=99).contains(percent)).or(adaptive.then_some(0));
        let percent = percent.ok_or_else(|| format!("`cold={text}` is not allowed: {allowed}"))?;
        let share = u128::from(setup.frames) * u128::from(percent) / 100;
        Ok(Self {
            ring: PageQueues::new(setup.pages),
            cold: PageQueues::new(setup.pages),
            test_hand: None,
            hot_pages: 0,
            ghosts: 0,
            frames: setup.frames,
            cold_frames: within_bounds(share as u64, setup.frames),
            adaptive,
        })
    }

    /// The cold hand. Each turn clears a bit or is the last but one.
    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        self.run_test_hand(memory);
        loop {
            let Some(page) = self.cold.first_unlocked(0, memory) else {
                if self.hot_pages == 0 || !self.run_hot_hand(None, memory) {
                    return None;
                }
                continue;
            };
            let in_test = self.state(page) == State::InTest;
            if !in_test && !self.adaptive || !memory.is_accessed(page) {
                return Some(Pick::Now(page));
            }
            memory.test_and_clear_accessed(page);
            if !in_test {
                self.insert(page, State::InTest);
                continue;
            }
            self.adapt(true);
            if self.make_room(page, memory) {
                self.insert(page, State::Hot);
            }
        }
    }

    /// The authors' program passes over a reference to the page that was referenced just before.
    fn load_includes_repeats(&self) -> bool {
        !self.adaptive
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        self.run_test_hand(memory);
        memory.sample_accessed(page);
        let mut hot = memory.shm_rss() + self.cold_frames <= self.frames;
        if self.state(page) == State::InTest {
            self.adapt(true);
            hot = self.make_room(page, memory);
            if self.state(page) == State::InTest {
                self.ghosts -= 1;
            }
        }
        self.insert(page, if hot { State::Hot } else { State::InTest });
    }

    #[inline(always)]
    fn expect(&self, page: PageId) {
        self.ring.expect(page);
        self.cold.expect(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.cold.remove(page);
        if self.state(page) == State::InTest {
            self.ghosts += 1;
        } else {
            self.leave(page);
        }
    }

    fn freed(&mut self, page: PageId) {
        self.hot_pages -= u64::from(self.state(page) == State::Hot);
        self.cold.remove(page);
        self.leave(page);
        self.set_state(page, State::Cold);
    }

    fn forgotten(&mut self, page: PageId) {
        self.ghosts -= u64::from(self.state(page) == State::InTest);
        self.leave(page);
        self.set_state(page, State::Cold);
    }
}
