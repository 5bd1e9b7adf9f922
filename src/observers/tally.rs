//! How often each value was recorded, as fast as an array allows; percentiles are hdrhistogram's.
//!
//! The values fall into the cells of a histogram with three significant figures: exact below 2,048, above that 1,024 to a
//! power of two. Recording there directly takes a few instructions, hdrhistogram's own way ten times as many.

use std::ops::{AddAssign, BitOr};

use hdrhistogram::Histogram;

/// Values below this have a cell of their own.
const EXACT: u64 = 2048;
/// Cells for each power of two above.
const HALF: u64 = EXACT / 2;

/// Cells that are asked together whether anything is in them.
const GROUP: usize = 16;
/// Values that wait to be counted: 1,024 are no faster.
const WAITING: usize = 4096;

/// A count of values: the narrower, the more of them are near. It must not overflow.
pub(super) trait Count: Copy + Default + AddAssign + BitOr<Output = Self> + From<u8> + Into<u64> {}

impl Count for u32 {}
impl Count for u64 {}

/// Counts of values.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally<C = u64> {
    cells: Vec<C>,
    /// The cells that there are as soon as there are any.
    first: usize,
    /// Cells of values that are yet to be counted.
    waiting: Vec<u32>,
}

impl<C: Count> Tally<C> {
    /// Nothing is counted yet, and values up to one have a cell from the first on: an array that grows moves each time.
    pub fn up_to(most: u64) -> Self {
        Self { first: cell(most) + 1, cells: Vec::new(), waiting: Vec::new() }
    }

    /// Records a value.
    #[inline(always)]
    pub fn record(&mut self, value: u64) {
        self.count(if value < EXACT { value as usize } else { cell(value) });
    }

    /// Records values.
    #[inline(always)]
    pub fn record_all(&mut self, values: &[u64]) {
        for &value in values {
            self.record(value);
        }
    }

    /// Records values a little later: what is counted in the same cells, many together, finds them near.
    #[inline(always)]
    pub fn record_later(&mut self, values: &[u64]) {
        if self.waiting.len() + values.len() > self.waiting.capacity() {
            self.count_waiting();
        }
        self.waiting.extend(values.iter().map(|&value| cell(value) as u32));
    }

    #[inline(always)]
    fn count(&mut self, cell: usize) {
        match self.cells.get_mut(cell) {
            Some(count) => *count += C::from(1),
            None => self.grow(cell),
        }
    }

    /// The first value of a larger cell than there was.
    #[cold]
    fn grow(&mut self, cell: usize) {
        self.cells.resize((cell + 1).next_multiple_of(HALF as usize).max(self.first), C::default());
        self.cells[cell] += C::from(1);
    }

    #[cold]
    fn count_waiting(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.drain(..).for_each(|cell| self.count(cell as usize));
        waiting.reserve_exact(WAITING);
        self.waiting = waiting;
    }

    /// All cells that have any, with their counts, ascending.
    fn filled(&self) -> Vec<(Cell, u64)> {
        let mut all = Vec::new();
        for (group, first) in self.cells.chunks(GROUP).zip((0..).step_by(GROUP)) {
            // Most cells of the larger values are empty.
            if group.iter().fold(C::default(), |any, &count| any | count).into() == 0 {
                continue;
            }
            // Which of the others are can't be foreseen: all are noted, and those that are empty written over.
            let (mut filled, mut of_group) = ([(Cell::default(), 0); GROUP], 0);
            for (cell, &count) in (first..).zip(group) {
                filled[of_group] = (Cell::numbered(cell), count.into());
                of_group += usize::from(count.into() > 0);
            }
            all.extend_from_slice(&filled[..of_group]);
        }
        all
    }

    /// What was counted.
    pub fn counted(&self) -> Counted {
        if !self.waiting.is_empty() {
            let mut all = self.clone();
            all.count_waiting();
            return all.counted();
        }
        Counted::new(&self.filled())
    }
}

/// The values that a cell stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Cell {
    lowest: u64,
    /// How many more there are.
    others: u64,
}

impl Cell {
    #[inline(always)]
    fn numbered(cell: u64) -> Self {
        if cell < EXACT {
            return Self { lowest: cell, others: 0 };
        }
        let shift = cell / HALF - 1;
        Self { lowest: (cell - shift * HALF) << shift, others: (1 << shift) - 1 }
    }

    fn highest(self) -> u64 {
        self.lowest + self.others
    }

    /// What stands for all of them in a mean, as in hdrhistogram's.
    fn middle(self) -> u64 {
        self.lowest + self.others.div_ceil(2)
    }
}

/// What was counted. The histogram is one of the ranks of the cells that have any: most have none, and it would go over all.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counted {
    cells: Vec<Cell>,
    ranks: Histogram<u64>,
    mean: f64,
}

impl Counted {
    /// # Panics
    /// Never: the figures are allowed, and there is room for the last rank.
    fn new(counts: &[(Cell, u64)]) -> Self {
        // As many figures as it takes to have no two ranks in one cell.
        let figures = match counts.len() {
            0..=2_048 => 3,
            2_049..=32_768 => 4,
            _ => 5,
        };
        // The least that a histogram is made for is 2.
        let mut ranks = Histogram::new_with_max(counts.len().max(2) as u64, figures).expect("the figures are allowed");
        let total: u64 = counts.iter().map(|(_, count)| count).sum();
        let mut mean = 0.0;
        for (rank, (cell, count)) in (0..).zip(counts) {
            ranks.record_n(rank, *count).expect("there is room for the last");
            mean += cell.middle() as f64 * *count as f64 / total as f64;
        }
        Self { cells: counts.iter().map(|&(cell, _)| cell).collect(), ranks, mean }
    }

    /// How many values there are.
    pub fn len(&self) -> u64 {
        self.ranks.len()
    }

    /// The smallest and the largest, as far as their cells know them; 0 where there is none.
    pub fn ends(&self) -> (u64, u64) {
        let smallest = self.cells.first().map_or(0, |cell| cell.lowest);
        (smallest, self.cells.last().map_or(0, |cell| cell.highest()))
    }

    /// The mean; 0 where there is none.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The values at these quantiles, which ascend: the highest of their cells, and of quantile 0 the lowest.
    pub fn at(&self, quantiles: &[f64]) -> Vec<u64> {
        let ranks = self.ranks.value_at_quantiles(quantiles.iter().copied());
        let value = |(rank, &quantile): (u64, &f64)| {
            let cell = self.cells.get(rank as usize).copied().unwrap_or_default();
            if quantile == 0.0 { cell.lowest } else { cell.highest() }
        };
        ranks.zip(quantiles).map(value).collect()
    }
}

/// The cell of a value; without a branch, for where it can't be foreseen which way it goes.
#[inline(always)]
fn cell(value: u64) -> usize {
    let shift = u64::from((value | HALF).ilog2() - HALF.ilog2());
    (shift * HALF + (value >> shift)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Significant figures of every value.
    const FIGURES: u8 = 3;
    /// Above it hdrhistogram's highest cell ends one value early.
    const MOST: u64 = u64::MAX / 2;

    /// So many different values that ranks take more figures.
    #[test]
    fn many_values_are_those_of_the_histogram() {
        for many in [2_047, 2_048, 2_049, 32_767, 32_768, 32_769, 50_000] {
            let (mut tally, mut histogram) = (Tally::<u32>::up_to(0), Histogram::<u64>::new(FIGURES).unwrap());
            for value in (0..many).map(|cell| Cell::numbered(cell).lowest) {
                tally.record(value);
                histogram.record(value).unwrap();
            }
            let quantiles: Vec<f64> = (0..=100_000).map(|quantile| f64::from(quantile) / 100_000.0).collect();
            let expected: Vec<u64> = histogram.value_at_quantiles(quantiles.iter().copied()).collect();
            assert_eq!(tally.counted().at(&quantiles), expected, "{many} values");
            assert_eq!(tally.counted().ends(), (histogram.min(), histogram.max()), "{many} values");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_histogram_of_the_values(
            values in prop::collection::vec(prop_oneof![0_u64..50, 2000_u64..2100, 4000_u64..5000, 0..MOST], 0..200),
            most in prop_oneof![Just(0), 0_u64..10_000],
            // So many that they do not all wait.
            many in 1..WAITING / 20,
        ) {
            let (mut tally, mut histogram) = (Tally::<u64>::up_to(most), Histogram::<u64>::new(FIGURES).unwrap());
            // The cells of the largest values would be as many as those of all: one such value is enough.
            let large = values.iter().position(|&value| value > 1 << 40);
            for (place, &value) in values.iter().enumerate().filter(|&(place, &value)| value <= 1 << 40 || Some(place) == large) {
                if place % 3 == 0 {
                    tally.record(value);
                } else {
                    tally.record_later(&vec![value; if value < 100 { many } else { 1 }]);
                }
                histogram.record_n(value, if place % 3 != 0 && value < 100 { many as u64 } else { 1 }).unwrap();
            }
            let counted = tally.counted();
            prop_assert_eq!(counted.len(), histogram.len());
            prop_assert_eq!((counted.ends(), counted.mean()), ((histogram.min(), histogram.max()), histogram.mean()));
            let quantiles: Vec<f64> = (0..=1000).map(|quantile| f64::from(quantile) / 1000.0).collect();
            let expected: Vec<u64> = histogram.value_at_quantiles(quantiles.iter().copied()).collect();
            prop_assert_eq!(counted.at(&quantiles), expected);
        }
    }
}
