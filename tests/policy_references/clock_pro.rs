//! CLOCK-Pro: one ring with all pages in it and three hands that are places in it, as the paper draws it.

use crate::{Slow, Step};

// The paper's bits of a page.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, PartialEq)]
struct Page {
    number: u32,
    hot: bool,
    in_test: bool,
    resident: bool,
    bit: bool,
}

/// The ring from its tail to its head; the hands are pages in it.
pub struct ClockPro {
    ring: Vec<Page>,
    hand_hot: Option<u32>,
    hand_cold: Option<u32>,
    hand_test: Option<u32>,
    frames: usize,
    cold_target: usize,
    adaptive: bool,
    last: Option<u32>,
}

impl ClockPro {
    /// An empty memory; no percentage is adaptive.
    pub fn new(frames: usize, percent: Option<usize>) -> Self {
        let cold_target = Self::bound(frames * percent.unwrap_or(0) / 100, frames);
        let adaptive = percent.is_none();
        Self {
            ring: vec![],
            hand_hot: None,
            hand_cold: None,
            hand_test: None,
            frames,
            cold_target,
            adaptive,
            last: None,
        }
    }

    fn bound(cold: usize, frames: usize) -> usize {
        match frames {
            1 | 2 => 1,
            _ => cold.max(2).min(frames - 1),
        }
    }

    fn at(&self, hand: Option<u32>) -> usize {
        hand.map_or(0, |hand| self.ring.iter().position(|page| page.number == hand).unwrap())
    }

    fn next(&self, at: usize) -> u32 {
        self.ring[(at + 1) % self.ring.len()].number
    }

    fn count(&self, which: impl Fn(&Page) -> bool) -> usize {
        self.ring.iter().filter(|page| which(page)).count()
    }

    fn hot(&self) -> usize {
        self.count(|page| page.hot)
    }

    /// Takes a page out of the ring; hands that point at it go on first.
    fn remove(&mut self, at: usize) -> Page {
        let next = Some(self.next(at)).filter(|&next| next != self.ring[at].number);
        let page = self.ring.remove(at);
        for hand in [&mut self.hand_hot, &mut self.hand_cold, &mut self.hand_test] {
            if *hand == Some(page.number) {
                *hand = next;
            }
        }
        page
    }

    fn adapt(&mut self, used: bool) {
        if self.adaptive {
            let cold = if used { self.cold_target + 1 } else { self.cold_target - 1 };
            self.cold_target = Self::bound(cold, self.frames);
        }
    }

    /// Ends the test period of the page at a place; true when it left the ring by that.
    fn end_test(&mut self, at: usize, own: Option<u32>) -> bool {
        let page = self.ring[at];
        if !page.in_test {
            return false;
        }
        self.ring[at].in_test = false;
        if own != Some(page.number) {
            self.adapt(page.resident && page.bit);
        }
        if !page.resident {
            self.remove(at);
        }
        !page.resident
    }

    /// Whether a hot page became cold.
    fn run_hand_hot(&mut self, own: u32) -> bool {
        let (mut done, mut demoted) = (false, false);
        while self.hot() > 0 {
            let at = self.at(self.hand_hot);
            self.hand_hot = Some(self.ring[at].number);
            if !self.ring[at].hot {
                done |= self.ring[at].number == own;
                if !self.end_test(at, Some(own)) {
                    self.hand_hot = Some(self.next(at));
                }
            } else if done {
                break;
            } else {
                let mut page = self.remove(at);
                if !page.bit {
                    (page.hot, page.in_test, done, demoted) = (false, false, true, true);
                }
                page.bit = false;
                self.ring.push(page);
            }
        }
        demoted
    }

    fn make_room(&mut self, own: u32) -> bool {
        while self.hot() + self.cold_target >= self.frames {
            if self.hot() == 0 || !self.run_hand_hot(own) {
                return false;
            }
        }
        true
    }

    fn run_hand_test(&mut self) {
        while self.count(|page| !page.resident) > self.frames {
            let at = self.at(self.hand_test);
            self.hand_test = Some(self.ring[at].number);
            if !self.end_test(at, None) {
                self.hand_test = Some(self.next(at));
            }
        }
    }

    fn run_hand_cold(&mut self) -> u32 {
        loop {
            let mut at = self.at(self.hand_cold);
            while self.ring[at].hot || !self.ring[at].resident {
                at = (at + 1) % self.ring.len();
            }
            self.hand_cold = Some(self.ring[at].number);
            let page = self.ring[at];
            if !page.bit || !page.in_test && !self.adaptive {
                self.hand_cold = Some(self.next(at));
                self.ring[at].resident = false;
                if !page.in_test {
                    self.remove(at);
                }
                return page.number;
            }
            self.ring[at].bit = false;
            if page.in_test {
                self.adapt(true);
                if !self.make_room(page.number) {
                    continue;
                }
            }
            let at = self.at(Some(page.number));
            self.remove(at);
            self.ring.push(Page { hot: page.in_test, in_test: !page.in_test, bit: false, ..page });
        }
    }
}

impl Slow for ClockPro {
    fn reference(&mut self, number: u32) -> Step {
        // The authors' program passes over a reference to the page that was referenced just before.
        if self.last.replace(number) == Some(number) && !self.adaptive {
            return Step::Hit;
        }
        if let Some(page) = self.ring.iter_mut().find(|page| page.number == number && page.resident) {
            page.bit = true;
            return Step::Hit;
        }
        let resident = self.count(|page| page.resident);
        let victim = (resident == self.frames).then(|| self.run_hand_cold());
        self.run_hand_test();
        let mut hot = resident + self.cold_target < self.frames;
        if self.ring.iter().any(|page| page.number == number) {
            self.adapt(true);
            hot = self.make_room(number);
            if let Some(at) = self.ring.iter().position(|page| page.number == number) {
                self.remove(at);
            }
        }
        self.ring.push(Page { number, hot, in_test: !hot, resident: true, bit: false });
        Step::Miss(victim)
    }
}
