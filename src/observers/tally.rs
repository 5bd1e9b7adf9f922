//! How often each value was recorded, as fast as an array allows; percentiles are hdrhistogram's.
//!
//! The values fall into the cells of a histogram with three significant figures: exact below 2,048, above that 1,024 to a
//! power of two. Recording there directly takes a few instructions, hdrhistogram's own way ten times as many.

use std::ops::{AddAssign, BitOr};

use hdrhistogram::Histogram;

/// Significant figures of every value.
const FIGURES: u8 = 3;
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

    /// The lowest values of all cells that have any, with their counts, ascending.
    fn counts(&self) -> Vec<(u64, u64)> {
        let mut counts = Vec::new();
        for (group, first) in self.cells.chunks(GROUP).zip((0..).step_by(GROUP)) {
            // Most cells of the larger values are empty.
            if group.iter().fold(C::default(), |any, &count| any | count).into() == 0 {
                continue;
            }
            // Which of the others are can't be foreseen: all are noted, and those that are empty written over.
            let (mut filled, mut of_group) = ([(0, 0); GROUP], 0);
            for (cell, &count) in (first..).zip(group) {
                filled[of_group] = (lowest(cell), count.into());
                of_group += usize::from(count.into() > 0);
            }
            counts.extend_from_slice(&filled[..of_group]);
        }
        counts
    }

    /// The counts as a histogram, and their mean.
    ///
    /// # Panics
    /// Never: three figures are allowed, and it has room for the largest value.
    pub fn histogram(&self) -> (Histogram<u64>, f64) {
        if !self.waiting.is_empty() {
            let mut all = self.clone();
            all.count_waiting();
            return all.histogram();
        }
        let counts = self.counts();
        let largest = counts.last().map_or(0, |&(value, _)| value);
        let total: u64 = counts.iter().map(|(_, count)| count).sum();
        // The least that a histogram is made for is 2.
        let mut histogram = Histogram::new_with_max(largest.max(2), FIGURES).expect("three figures are allowed");
        let mut mean = 0.0;
        for (value, count) in counts {
            histogram.record_n(value, count).expect("there is room for the largest");
            // As `Histogram::mean` has it, which goes over all cells once more.
            mean += histogram.median_equivalent(value) as f64 * count as f64 / total as f64;
        }
        (histogram, mean)
    }
}

/// The cell of a value; without a branch, for where it can't be foreseen which way it goes.
#[inline(always)]
fn cell(value: u64) -> usize {
    let shift = u64::from((value | HALF).ilog2() - HALF.ilog2());
    (shift * HALF + (value >> shift)) as usize
}

/// The lowest value of a cell.
fn lowest(cell: u64) -> u64 {
    if cell < EXACT {
        return cell;
    }
    let shift = cell / HALF - 1;
    (cell - shift * HALF) << shift
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_histogram_of_the_values(
            values in prop::collection::vec(prop_oneof![0_u64..50, 2000_u64..2100, 4000_u64..5000, any::<u64>()], 0..200),
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
            let (tallied, mean) = tally.histogram();
            prop_assert_eq!(tallied.len(), histogram.len());
            prop_assert_eq!((tallied.min(), tallied.max(), mean), (histogram.min(), histogram.max(), histogram.mean()));
            for quantile in 0..=1000 {
                let quantile = f64::from(quantile) / 1000.0;
                prop_assert_eq!(tallied.value_at_quantile(quantile), histogram.value_at_quantile(quantile));
            }
        }
    }
}
