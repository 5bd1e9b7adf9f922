//! How many references each page that comes back was away, from its swap-out to its return.
//!
//! Since when a page is away is only needed here. It stands in an array as large as the footprint, in no order that the
//! processor foresees, and nothing waits for the answer; so what happens is carried out a little later, in its order, many
//! changes of pages together, when their places in the array have been called near. Mostly one page goes and another comes in its
//! place, and that is one entry. What did not help: calling near what references ahead may need, since few of them fault;
//! keeping the array out of the second cache; calling nothing near and carrying out 512 at once (a sixth slower); notes sorted by
//! parts of 65,536 pages and carried out 256 at once (a quarter slower).

use super::tally::{Count, Counted, Tally};
use crate::far_array::FarArray;
use crate::ids::PageId;
use crate::kernel::side_by_side::frames::Exchange;
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

    /// Pages came in at faults, and others went for them, where they had to.
    #[inline(always)]
    pub(super) fn exchanged<'e>(&mut self, faults: impl Iterator<Item = &'e Exchange>) {
        if self.gone != self.none {
            self.only_gone();
        }
        self.carry_out();
        let none = self.none;
        let changes = faults.map(|fault| Change {
            position_and_return: fault.position() << 1 | u64::from(fault.is_from_swap()),
            gone: if fault.is_for_one() { fault.gone } else { none },
            come: fault.come,
        });
        match &mut self.since {
            Since::Narrow(since, counted) => carry_out(changes, since, |lengths| counted.record_later(lengths)),
            Since::Wide(since, counted) => carry_out(changes, since, |lengths| counted.record_later(lengths)),
        }
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
        let waiting = self.waiting[..self.changes].iter().copied();
        match &mut self.since {
            Since::Narrow(since, counted) => carry_out(waiting, since, |lengths| counted.record_all(lengths)),
            Since::Wide(since, counted) => carry_out(waiting, since, |lengths| counted.record_all(lengths)),
        }
        self.changes = 0;
    }

    /// How many references each return came after the swap-out.
    pub(super) fn lengths(&self) -> Counted {
        if self.changes > 0 {
            let mut all = self.clone();
            all.carry_out();
            return all.lengths();
        }
        match &self.since {
            Since::Narrow(_, counted) => counted.counted(),
            Since::Wide(_, counted) => counted.counted(),
        }
    }
}

/// Carries out changes, and tells the lengths of the absences that end, many together. They are worked out for what has not been
/// away too: which it is can't be foreseen while pages are touched for the first time.
#[inline(always)]
fn carry_out<P: Position>(changes: impl Iterator<Item = Change>, since: &mut [P], mut tell: impl FnMut(&[u64])) {
    let (mut lengths, mut returned) = ([0; WAITING], 0);
    for Change { position_and_return, gone, come } in changes {
        let position = position_and_return >> 1;
        since[gone.index()] = P::of(position);
        lengths[returned % WAITING] = position.wrapping_sub(since[come.index()].into());
        returned += (position_and_return & 1) as usize;
        if returned == WAITING {
            tell(&lengths);
            returned = 0;
        }
    }
    tell(&lengths[..returned]);
}

/// A position in as few bytes as positions need, and how often a length was counted: no more often than there are positions.
trait Position: Count {
    fn of(position: u64) -> Self;
}

impl Position for u32 {
    #[inline(always)]
    fn of(position: u64) -> Self {
        position as Self
    }
}

impl Position for u64 {
    #[inline(always)]
    fn of(position: u64) -> Self {
        position
    }
}

/// A position for each page, and the counts of lengths.
#[derive(Clone, Debug)]
enum Since {
    Narrow(FarArray<u32>, Tally<u32>),
    Wide(FarArray<u64>, Tally<u64>),
}

impl Since {
    fn new(pages: usize, references: u64) -> Self {
        if references > u64::from(u32::MAX) {
            Self::Wide(FarArray::zeros(pages), Tally::up_to(references))
        } else {
            Self::Narrow(FarArray::zeros(pages), Tally::up_to(references))
        }
    }

    #[inline(always)]
    fn prefetch(&self, page: PageId) {
        match self {
            Self::Narrow(since, _) => prefetch(since, page.index()),
            Self::Wide(since, _) => prefetch(since, page.index()),
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
            let (mut position, mut expected) = (first, Tally::<u64>::default());
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
                let (found, expected) = (absences.lengths(), expected.counted());
                prop_assert_eq!(found, expected);
            }
        }

        #[test]
        fn faults_one_after_the_other_are_those_given_together(
            faults in prop::collection::vec((0..PAGES, 0..PAGES, prop_oneof![Just(0), 0_u64..3000], 0_u8..4), 0..600),
            // How many are given together.
            several in 1_usize..200,
        ) {
            let (mut apart, mut together) = [0; 2].map(|_| Absences::new(PAGES as usize, 1 << 30)).into();
            let (mut position, mut exchanges) = (0, Vec::new());
            for (gone, come, later, kind) in faults {
                position += later;
                let mut exchange = Exchange::new(position, PageId::new(come));
                if kind & 1 != 0 {
                    exchange.went(PageId::new(gone), false, 1, 1);
                    apart.gone(PageId::new(gone), position);
                }
                exchange.was_in_swap(kind & 2 != 0);
                apart.come(PageId::new(come), position, kind & 2 != 0);
                exchanges.push(exchange);
            }
            exchanges.chunks(several).for_each(|exchanges| together.exchanged(exchanges.iter()));
            prop_assert_eq!(apart.lengths(), together.lengths());
        }
    }
}
