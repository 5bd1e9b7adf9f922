//! How often each value was recorded, as fast as an array allows; percentiles are hdrhistogram's.
//!
//! The values fall into the cells of a histogram with three significant figures: exact below 2,048, above that 1,024 to a
//! power of two. Recording there directly takes a few instructions, hdrhistogram's own way ten times as many.

use hdrhistogram::Histogram;

/// Significant figures of every value.
const FIGURES: u8 = 3;
/// Values below this have a cell of their own.
const EXACT: u64 = 2048;
/// Cells for each power of two above.
const HALF: u64 = EXACT / 2;

/// Counts of values.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Less what is in `carried`: narrow, so that twice as many are in a cache.
    cells: Vec<u32>,
    /// A cell, each time that its count was 2^32 once more.
    carried: Vec<usize>,
    /// The cells that there are as soon as there are any.
    first: usize,
}

impl Tally {
    /// Nothing is counted yet, and values up to one have a cell from the first on: an array that grows moves each time.
    pub fn up_to(most: u64) -> Self {
        Self { first: cell(most) + 1, ..Self::default() }
    }

    /// Records a value.
    #[inline(always)]
    pub fn record(&mut self, value: u64) {
        let cell = cell(value);
        let Some(count) = self.cells.get_mut(cell) else { return self.grow(cell) };
        *count = count.wrapping_add(1);
        if *count == 0 {
            self.carry(cell);
        }
    }

    /// The first value of a larger cell than there was.
    #[cold]
    fn grow(&mut self, cell: usize) {
        self.cells.resize((cell + 1).next_multiple_of(HALF as usize).max(self.first), 0);
        self.cells[cell] += 1;
    }

    #[cold]
    fn carry(&mut self, cell: usize) {
        self.carried.push(cell);
    }

    /// All cells with the counts of their values, where there are any.
    fn counts(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let carried = |cell| self.carried.iter().filter(|&&other| other == cell).count() as u64;
        let count = move |(cell, &count): (usize, &u32)| {
            let carried = if self.carried.is_empty() { 0 } else { carried(cell) };
            (cell, u64::from(count) + (carried << u32::BITS))
        };
        self.cells.iter().enumerate().map(count).filter(|&(_, count)| count > 0)
    }

    /// The counts as a histogram.
    pub fn histogram(&self) -> Histogram<u64> {
        self.histogram_with(&[])
    }

    /// The counts and some more values as a histogram.
    ///
    /// # Panics
    /// Never: three figures are allowed, and it has room for the largest value.
    pub(super) fn histogram_with(&self, more: &[u64]) -> Histogram<u64> {
        let last = self.counts().last().map_or(0, |(cell, _)| cell);
        // The least that a histogram is made for is 2.
        let largest = more.iter().copied().fold(lowest(last as u64).max(2), u64::max);
        let mut histogram = Histogram::new_with_max(largest, FIGURES).expect("three figures are allowed");
        for (cell, count) in self.counts() {
            histogram.record_n(lowest(cell as u64), count).expect("there is room for the largest");
        }
        for &value in more {
            histogram.record(value).expect("there is room for the largest");
        }
        histogram
    }
}

/// The cell of a value; without a branch, since which way it goes can't be foreseen.
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
        ) {
            let (mut tally, mut histogram) = (Tally::default(), Histogram::<u64>::new(FIGURES).unwrap());
            // The cells of the largest values would be as many as those of all: one such value is enough.
            let large = values.iter().position(|&value| value > 1 << 40);
            for (place, &value) in values.iter().enumerate().filter(|&(place, &value)| value <= 1 << 40 || Some(place) == large) {
                let _ = place;
                tally.record(value);
                histogram.record(value).unwrap();
            }
            let tallied = tally.histogram();
            prop_assert_eq!(tallied.len(), histogram.len());
            prop_assert_eq!((tallied.min(), tallied.max(), tallied.mean()), (histogram.min(), histogram.max(), histogram.mean()));
            for quantile in 0..=1000 {
                let quantile = f64::from(quantile) / 1000.0;
                prop_assert_eq!(tallied.value_at_quantile(quantile), histogram.value_at_quantile(quantile));
            }
        }
    }
}
