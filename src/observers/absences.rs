//! How many references each page that comes back was away, from its swap-out to its return.
//!
//! Since when a page is away is only needed here. It stands in an array as large as the footprint, in no order that the
//! processor foresees, and nothing waits for the answer; so what happens is carried out a little later, in its order, many
//! changes of pages together, when their places in the array have been called near. Mostly one page goes and another comes in its
//! place, and that is one entry. What did not help: calling near what references ahead may need, since few of them fault;
//! keeping the array out of the second cache.

use hdrhistogram::Histogram;

use super::tally::Tally;
use crate::ids::PageId;
use crate::prefetch::prefetch;

/// Changes that are carried out together.
const WAITING: usize = 64;

/// A page that goes, and one that comes in.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// Twice the position, and one where the page that comes in was in swap.
    position_and_return: u64,
    gone: PageId,
    come: PageId,
}

/// The references between the swap-outs and the returns of pages.
#[derive(Clone, Debug)]
pub(super) struct Absences {
    since: Since,
    /// A page that there is not.
    none: PageId,
    /// What has gone last and waits for what comes in its place; `none` where nothing does.
    gone: PageId,
    gone_at: u64,
    /// The latest changes; those before them are carried out.
    waiting: [Change; WAITING],
    changes: usize,
    counted: Tally,
}

impl Absences {
    /// Nothing is away; positions are at most `references`.
    pub(super) fn new(pages: usize, references: u64) -> Self {
        let none = PageId::from_index(pages);
        Self {
            since: Since::new(pages + 1, references),
            none,
            gone: none,
            gone_at: 0,
            waiting: [Change { position_and_return: 0, gone: none, come: none }; WAITING],
            changes: 0,
            counted: Tally::up_to(references),
        }
    }

    /// A page goes to swap at a position.
    #[inline(always)]
    pub(super) fn gone(&mut self, page: PageId, position: u64) {
        self.since.prefetch(page);
        if self.gone != self.none {
            self.only_gone();
        }
        (self.gone, self.gone_at) = (page, position);
    }

    /// A page comes in at a position; whether from swap.
    #[inline(always)]
    pub(super) fn come(&mut self, page: PageId, position: u64, returns: bool) {
        self.since.prefetch(page);
        if self.gone_at != position && self.gone != self.none {
            self.only_gone();
        }
        self.push(Change { position_and_return: position << 1 | u64::from(returns), gone: self.gone, come: page });
        self.gone = self.none;
    }

    /// What has gone last did not go for a page that comes in.
    #[cold]
    fn only_gone(&mut self) {
        self.push(Change { position_and_return: self.gone_at << 1, gone: self.gone, come: self.none });
        self.gone = self.none;
    }

    #[inline(always)]
    fn push(&mut self, change: Change) {
        if self.changes == WAITING {
            self.carry_out();
        }
        self.waiting[self.changes] = change;
        self.changes += 1;
    }

    #[inline(never)]
    fn carry_out(&mut self) {
        let waiting = &self.waiting[..self.changes];
        match &mut self.since {
            Since::Narrow(since) => count(waiting, since, &mut self.counted),
            Since::Wide(since) => count(waiting, since, &mut self.counted),
        }
        self.changes = 0;
    }

    /// How many references each return came after the swap-out.
    pub(super) fn lengths(&self) -> Histogram<u64> {
        let waiting = &self.waiting[..self.changes];
        let returns = waiting.iter().enumerate().filter(|(_, change)| change.position_and_return & 1 != 0);
        let length = |(number, change): (usize, &Change)| {
            let gone = waiting[..=number].iter().rfind(|other| other.gone == change.come);
            let since = gone.map_or_else(|| self.since.get(change.come), |gone| gone.position_and_return >> 1);
            (change.position_and_return >> 1).wrapping_sub(since)
        };
        self.counted.histogram_with(&returns.map(length).collect::<Vec<_>>())
    }
}

/// Carries out changes, and counts the lengths of the absences that end. Lengths are worked out for what has not been away too:
/// which it is can't be foreseen while pages are touched for the first time.
#[inline(always)]
fn count<P: Position>(changes: &[Change], since: &mut [P], counted: &mut Tally) {
    let mut lengths = [0; WAITING];
    let mut returned = 0;
    for &Change { position_and_return, gone, come } in changes {
        let position = position_and_return >> 1;
        since[gone.index()] = P::of(position);
        lengths[returned % WAITING] = position.wrapping_sub(since[come.index()].get());
        returned += (position_and_return & 1) as usize;
    }
    lengths[..returned].iter().for_each(|&length| counted.record(length));
}

/// A position in as few bytes as positions need.
trait Position: Copy {
    fn of(position: u64) -> Self;
    fn get(self) -> u64;
}

impl Position for u32 {
    #[inline(always)]
    fn of(position: u64) -> Self {
        position as Self
    }

    #[inline(always)]
    fn get(self) -> u64 {
        u64::from(self)
    }
}

impl Position for u64 {
    #[inline(always)]
    fn of(position: u64) -> Self {
        position
    }

    #[inline(always)]
    fn get(self) -> u64 {
        self
    }
}

/// A position for each page.
#[derive(Clone, Debug)]
enum Since {
    Narrow(Vec<u32>),
    Wide(Vec<u64>),
}

impl Since {
    fn new(pages: usize, references: u64) -> Self {
        if references > u64::from(u32::MAX) { Self::Wide(vec![0; pages]) } else { Self::Narrow(vec![0; pages]) }
    }

    fn get(&self, page: PageId) -> u64 {
        match self {
            Self::Narrow(since) => since[page.index()].get(),
            Self::Wide(since) => since[page.index()],
        }
    }

    #[inline(always)]
    fn prefetch(&self, page: PageId) {
        match self {
            Self::Narrow(since) => prefetch(since, page.index()),
            Self::Wide(since) => prefetch(since, page.index()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGES: u32 = 6;

    proptest! {
        #[test]
        fn each_return_is_counted_from_the_swap_out_before_it(
            // More references than 32 bits count, or few of them.
            long in any::<bool>(),
            moves in prop::collection::vec((0..PAGES, prop_oneof![Just(0), 0_u64..3000], any::<bool>()), 0..600),
        ) {
            let (first, references) = if long { (u64::from(u32::MAX) - 50_000, 1 << 40) } else { (0, 1 << 20) };
            let mut absences = Absences::new(PAGES as usize, references);
            let mut away = [None; PAGES as usize];
            let (mut position, mut expected) = (first, Tally::default());
            for (page, later, first_touch) in moves {
                position += later;
                let before = away[page as usize].take();
                match before {
                    Some(since) => {
                        expected.record(position - since);
                        absences.come(PageId::new(page), position, true);
                    }
                    None if first_touch => absences.come(PageId::new(page), position, false),
                    None => {
                        away[page as usize] = Some(position);
                        absences.gone(PageId::new(page), position);
                    }
                }
                let (found, expected) = (absences.lengths(), expected.histogram());
                prop_assert_eq!(found, expected);
            }
        }
    }
}
