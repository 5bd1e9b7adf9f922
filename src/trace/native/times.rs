//! Times: differences of one record to the next, coded by what differences were seen where the trace was like this before.
//!
//! How long a program takes from one page to the next depends on the two pages and on how fast it goes at the moment. Two
//! guesses are mixed: one of the page and one of the two differences, that of the record before and that when the same
//! page last followed the same page. The bits below the leading four of a difference are noise and are written as they
//! are. NATIVE-FORMAT.md in the folder of the traces says it all step by step.

use super::range::{Decoder, Encoder, SHARE_BITS};

/// The word of a record that is no reference.
pub const CHANGE: u32 = u32::MAX;

/// Symbols of a table: half a class.
const SYMBOLS: usize = 16;
/// Classes of differences: those below 2^30.
const CLASSES: usize = 224;
/// The upper half of a class where the difference is a negative number of 32 bits, and where it is any of 64.
const BACKWARDS: usize = 14;
const ANY: usize = 15;
/// Tables of a context: one for the upper half of a class, then one for the lower half for each upper one.
const TABLES: usize = 1 + CLASSES / SYMBOLS;
/// Contexts of the page and of the past differences.
const PAGE_CONTEXTS: usize = 1 << 13;
const PAST_CONTEXTS: usize = CLASSES / 2 * (CLASSES / 4) * 2;
/// Bits of the number of a pair of pages.
const PAIR_BITS: u32 = 17;
/// How much a table learns of a symbol, as a shift, by the number of symbols it has seen.
const SHIFTS: [u16; 12] = [1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 5];
/// Where counting ends.
const MOST_SEEN: u8 = SHIFTS.len() as u8 - 1;

/// How much of the table that has seen less goes into the mean, in 2^-16, by what each has seen, the one with more first.
const WEIGHTS: [[i16; SHIFTS.len()]; SHIFTS.len()] = {
    let mut weights = [[0; SHIFTS.len()]; SHIFTS.len()];
    let mut more = 0;
    while more < SHIFTS.len() {
        let mut less = 0;
        while less <= more {
            // Below a half, so that it fits.
            let weight = 64 * (1 + less) / (2 + more + less);
            weights[more][less] = if weight < 32 { 1024 * (weight as u16).cast_signed() } else { 31 * 1024 };
            less += 1;
        }
        more += 1;
    }
    weights
};

/// What is likely: the first share of each symbol, of 2^15 in all.
#[derive(Clone, Copy)]
struct Table {
    // Signed, as the vector instructions of every machine want it.
    starts: [i16; SYMBOLS],
    seen: u8,
}

impl Table {
    /// Every symbol is equally likely.
    const EVEN: Self = {
        let mut starts = [0; SYMBOLS];
        let mut symbol = 0;
        while symbol < SYMBOLS {
            starts[symbol] = ((symbol as u16) << (SHARE_BITS - 4)).cast_signed();
            symbol += 1;
        }
        Self { starts, seen: 0 }
    };

    /// Moves towards certainty of a symbol. Each keeps one share at least.
    #[inline(always)]
    fn learn(&mut self, symbol: usize) {
        const ABOVE: i16 = i16::MAX - (SYMBOLS as u16).cast_signed() + 1;
        let shift = SHIFTS[usize::from(self.seen)];
        let symbol = (symbol as u16).cast_signed();
        for (index, start) in (0_i16..).zip(&mut self.starts) {
            let goal = index + if index > symbol { ABOVE } else { 0 };
            *start += (goal - *start) >> shift;
        }
        self.seen = (self.seen + 1).min(MOST_SEEN);
    }
}

/// The mean of two tables, weighed by how much each has seen.
#[inline(always)]
fn mix(one: &Table, other: &Table) -> Starts {
    let (more, less) = if one.seen < other.seen { (other, one) } else { (one, other) };
    let weight = WEIGHTS[usize::from(more.seen)][usize::from(less.seen)];
    let mut starts = [0; SYMBOLS];
    for ((start, &more), &less) in starts.iter_mut().zip(&more.starts).zip(&less.starts) {
        *start = more + ((i32::from(less - more) * i32::from(weight)) >> 16) as i16;
    }
    starts
}

/// The first share of each symbol.
type Starts = [i16; SYMBOLS];

/// The first share of a symbol and how many it has.
#[inline(always)]
fn shares(starts: &Starts, symbol: usize) -> (u32, u32) {
    let end = starts.get(symbol + 1).map_or(1 << SHARE_BITS, |&end| end as u32);
    (starts[symbol] as u32, end - starts[symbol] as u32)
}

/// Writes symbols or reads them: what is given counts for the one, what is returned for the other.
pub trait Coder {
    /// One symbol with these shares.
    fn symbol(&mut self, starts: &Starts, symbol: usize) -> usize;

    /// A number of so many bits, 16 at most.
    fn bits(&mut self, number: u32, count: u32) -> u32;
}

impl Coder for Encoder {
    #[inline]
    fn symbol(&mut self, starts: &Starts, symbol: usize) -> usize {
        let (start, size) = shares(starts, symbol);
        Self::symbol(self, start, size);
        symbol
    }

    #[inline]
    fn bits(&mut self, number: u32, count: u32) -> u32 {
        Self::bits(self, number, count);
        number
    }
}

impl Coder for Decoder<'_> {
    #[inline]
    fn symbol(&mut self, starts: &Starts, _: usize) -> usize {
        let share = self.share() as i16;
        // The first symbol begins at 0, so one at least is not above.
        let symbol = starts.iter().map(|&start| i16::from(start <= share)).sum::<i16>() as usize - 1;
        let (start, size) = shares(starts, symbol);
        self.take(start, size);
        symbol
    }

    #[inline]
    fn bits(&mut self, _: u32, count: u32) -> u32 {
        Self::bits(self, count)
    }
}

/// What is known of the differences so far. A writer and a reader that go through the same records have the same.
pub struct Model {
    by_page: Vec<Table>,
    by_past: Vec<Table>,
    /// The class of the difference when a pair of pages last followed each other.
    last: Vec<u8>,
    /// The record before.
    class: u8,
    word: u32,
    process: u32,
}

impl Model {
    /// One that knows nothing.
    pub fn new() -> Self {
        Self {
            by_page: vec![Table::EVEN; PAGE_CONTEXTS * TABLES],
            by_past: vec![Table::EVEN; PAST_CONTEXTS * TABLES],
            last: vec![0; 1 << PAIR_BITS],
            class: 0,
            word: 0,
            process: 0,
        }
    }

    /// Writes or reads the difference of one record to the one before. `word` is that of the reference, or [`CHANGE`];
    /// `process` the number of the process.
    #[inline]
    pub fn code(&mut self, coder: &mut impl Coder, word: u32, process: u32, difference: u64) -> u64 {
        let same = usize::from(process == self.process);
        let pair = self.word.wrapping_mul(0x9e37_79b1).wrapping_add(word).wrapping_mul(0x85eb_ca6b);
        let pair = (pair >> (u32::BITS - PAIR_BITS)) as usize;
        let page = (word.wrapping_mul(2) as usize + same) % PAGE_CONTEXTS * TABLES;
        let past = usize::from(self.last[pair]) / 2 * (CLASSES / 4) + usize::from(self.class) / 4;
        let past = (past * 2 + same) * TABLES;
        let (one, other) = (&mut self.by_page[page..page + TABLES], &mut self.by_past[past..past + TABLES]);
        let (difference, class) = number(coder, one, other, difference);
        self.last[pair] = class;
        (self.class, self.word, self.process) = (class, word, process);
        difference
    }
}

/// Writes or reads one difference with the tables of its two contexts; returns it and its class.
#[inline]
fn number(coder: &mut impl Coder, one: &mut [Table], other: &mut [Table], difference: u64) -> (u64, u8) {
    let (upper, lower) = halves(difference);
    let mut symbol = |table: usize, symbol: usize| {
        let (one, other) = (&mut one[table], &mut other[table]);
        let symbol = coder.symbol(&mix(one, other), symbol);
        one.learn(symbol);
        other.learn(symbol);
        symbol
    };
    let upper = symbol(0, upper);
    if upper >= BACKWARDS {
        return (escaped(coder, upper, difference), CLASSES as u8 - 1);
    }
    let class = upper * SYMBOLS + symbol(1 + upper, lower);
    // As many plain bits as there are below the leading four.
    let count = (class as u32 / 8).saturating_sub(1);
    let low = plain(coder, difference, count);
    let high = if class < 8 { class } else { 8 + class % 8 };
    ((high as u64) << count | low, class as u8)
}

/// The class of a difference in its two halves; the lower one has no meaning for those that are written in full.
#[inline]
fn halves(difference: u64) -> (usize, usize) {
    if difference >> 30 != 0 {
        let backwards = difference.wrapping_neg() >> 32 == 0;
        return (if backwards { BACKWARDS } else { ANY }, 0);
    }
    let count = (u64::BITS - difference.leading_zeros()).saturating_sub(4);
    let class = (difference >> count) as usize + 8 * count as usize;
    (class / SYMBOLS, class % SYMBOLS)
}

/// Writes or reads a difference in full.
#[cold]
fn escaped(coder: &mut impl Coder, upper: usize, difference: u64) -> u64 {
    if upper == BACKWARDS {
        plain(coder, difference.wrapping_neg(), 32).wrapping_neg()
    } else {
        plain(coder, difference, 64)
    }
}

/// Writes or reads the low `count` bits of a number, 16 at a time, the low ones first.
#[inline]
fn plain(coder: &mut impl Coder, number: u64, count: u32) -> u64 {
    let (mut result, mut done) = (0, 0);
    while done < count {
        let step = (count - done).min(16);
        let part = coder.bits((number >> done) as u32 & ((1 << step) - 1), step);
        result |= u64::from(part) << done;
        done += step;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn difference() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64_u32, any::<bool>())
            .prop_map(|(number, shift, minus)| if minus { (number >> shift).wrapping_neg() } else { number >> shift })
    }

    fn coded(list: &[(u32, u32, u64)]) -> Vec<u8> {
        let (mut model, mut encoder) = (Model::new(), Encoder::new());
        for &(word, process, difference) in list {
            model.code(&mut encoder, word, process, difference);
        }
        encoder.finish()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn differences_are_read_back(list in prop::collection::vec((0..9_u32, 0..3_u32, difference()), 0..300)) {
            let bytes = coded(&list);
            let (mut model, mut decoder) = (Model::new(), Decoder::new(&bytes));
            for &(word, process, difference) in &list {
                prop_assert_eq!(model.code(&mut decoder, word, process, 0), difference);
            }
            prop_assert!(decoder.is_over());
        }

        #[test]
        fn any_bytes_are_some_differences(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let (mut model, mut decoder) = (Model::new(), Decoder::new(&bytes));
            for step in 0..200 {
                model.code(&mut decoder, step % 3, 0, 0);
            }
        }
    }

    #[test]
    fn a_byte_that_a_carry_runs_through_is_right() {
        // Many symbols at the very end of the interval make long rows of 0xff.
        let list: Vec<_> = (0..20_000_u32).map(|step| (0, 0, u64::from(step % 1000 == 999) * u64::MAX)).collect();
        let bytes = coded(&list);
        let (mut model, mut decoder) = (Model::new(), Decoder::new(&bytes));
        assert!(
            list.iter()
                .all(|&(word, process, difference)| { model.code(&mut decoder, word, process, 0) == difference })
        );
        assert!(decoder.is_over() && bytes.len() < 2000, "{}", bytes.len());
    }
}
