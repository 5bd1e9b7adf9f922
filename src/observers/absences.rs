//! How many references each page that comes back was away, from its swap-out to its return.
//!
//! Since when a page is away is only needed here. It stands in an array as large as the footprint, in no order that the
//! processor foresees, and nothing waits for the answer; so what happens is carried out a little later, in its order, when
//! its place in the array has been called near; and lengths are counted many together, which wait for memory at the same
//! time. What did not help: calling near what references ahead may need, since few of them fault; carrying out many moves
//! together.

use super::tally::Tally;
use crate::ids::PageId;
use crate::prefetch::prefetch;

/// Departures and returns that wait at a time.
const WAITING: usize = 16;
/// Lengths that are counted together.
const TOGETHER: usize = 32;

/// A page that goes or comes back.
#[derive(Clone, Copy, Debug)]
struct Move {
    position: u64,
    page: PageId,
    returns: bool,
}

/// The references between the swap-outs and the returns of pages.
#[derive(Clone, Debug)]
pub(super) struct Absences {
    since: Since,
    /// The latest moves in a ring; those before them are carried out.
    waiting: [Move; WAITING],
    moves: usize,
    /// Lengths that are not counted yet, and how many.
    uncounted: [u64; TOGETHER],
    lengths: usize,
    counted: Tally,
}

impl Absences {
    /// Nothing is away; positions are at most `references`.
    pub(super) fn new(pages: usize, references: u64) -> Self {
        let none = Move { position: 0, page: PageId::new(0), returns: false };
        Self {
            since: Since::new(pages, references),
            waiting: [none; WAITING],
            moves: 0,
            uncounted: [0; TOGETHER],
            lengths: 0,
            counted: Tally::default(),
        }
    }

    /// A page goes to swap at a position, or returns from there. What comes in without having been in swap may be told of as
    /// what goes: its position is overwritten when it goes.
    #[inline(always)]
    pub(super) fn moved(&mut self, page: PageId, position: u64, returns: bool) {
        prefetch(&self.since.low, page.index());
        let now = Move { position, page, returns };
        let before = std::mem::replace(&mut self.waiting[self.moves % WAITING], now);
        if self.moves >= WAITING {
            self.carry_out(before);
        }
        self.moves += 1;
    }

    /// Does the same for both kinds of moves: which it is can't be foreseen while pages are touched for the first time.
    #[inline(always)]
    fn carry_out(&mut self, Move { position, page, returns }: Move) {
        let since = self.since.get(page);
        self.since.set(page, if returns { since } else { position });
        self.uncounted[self.lengths] = position.wrapping_sub(since);
        self.lengths += usize::from(returns);
        if self.lengths == TOGETHER {
            self.count();
        }
    }

    #[cold]
    #[inline(never)]
    fn count(&mut self) {
        self.uncounted.iter().for_each(|&length| self.counted.record(length));
        self.lengths = 0;
    }

    /// How many references each return came after the swap-out.
    pub(super) fn lengths(&self) -> Tally {
        let mut lengths = self.counted.clone();
        self.uncounted[..self.lengths].iter().for_each(|&length| lengths.record(length));
        let waiting = (self.moves.saturating_sub(WAITING)..self.moves).map(|number| self.waiting[number % WAITING]);
        let waiting: Vec<Move> = waiting.collect();
        for (number, back) in waiting.iter().enumerate().filter(|(_, back)| back.returns) {
            let left = waiting[..number].iter().rfind(|other| other.page == back.page);
            let since = left.map_or_else(|| self.since.get(back.page), |left| left.position);
            lengths.record(back.position.wrapping_sub(since));
        }
        lengths
    }
}

/// A position for each page: four bytes, eight where positions need them.
#[derive(Clone, Debug)]
struct Since {
    low: Vec<u32>,
    /// The upper halves of the positions; empty where all of them are 0.
    high: Vec<u32>,
}

impl Since {
    fn new(pages: usize, references: u64) -> Self {
        let wide = references > u64::from(u32::MAX);
        Self { low: vec![0; pages], high: vec![0; if wide { pages } else { 0 }] }
    }

    #[inline(always)]
    fn get(&self, page: PageId) -> u64 {
        let high = self.high.get(page.index()).copied().unwrap_or(0);
        u64::from(high) << 32 | u64::from(self.low[page.index()])
    }

    #[inline(always)]
    fn set(&mut self, page: PageId, position: u64) {
        self.low[page.index()] = position as u32;
        if let Some(high) = self.high.get_mut(page.index()) {
            *high = (position >> 32) as u32;
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
            moves in prop::collection::vec((0..PAGES, 0_u64..3000), 0..600),
        ) {
            let (first, references) = if long { (u64::from(u32::MAX) - 50_000, 1 << 40) } else { (0, 1 << 20) };
            let mut absences = Absences::new(PAGES as usize, references);
            let mut away = [None; PAGES as usize];
            let (mut position, mut expected) = (first, Tally::default());
            for (page, later) in moves {
                position += later;
                let before = away[page as usize].take();
                absences.moved(PageId::new(page), position, before.is_some());
                match before {
                    Some(since) => expected.record(position - since),
                    None => away[page as usize] = Some(position),
                }
                let (found, expected) = (absences.lengths().histogram(), expected.histogram());
                prop_assert_eq!(found, expected);
            }
        }
    }
}
