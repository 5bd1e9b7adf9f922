//! References collapsed: those of one process to one page that follow each other are one run, whose first reference does what
//! there is to do, and the others change nothing any more. In traces of every access of a program there are half as many runs
//! as references.
//!
//! A run is told by one word that writes if any of its references does, so it can stand for them only where nobody looks
//! between two of them, and nothing is due there: [`Runs::cut`] says which part of a stretch of references is whole runs.
//! Where the first reference leaves the others something to do (a policy that has cleared the bit of a page that came in, a
//! frame that could not be had), they come one by one; that is seen to where the runs are replayed.
//!
//! The references themselves stay, for those who look at each. What did not help: a branch for whether a run goes on, which is
//! guessed wrong every other time; to find where a run starts in a word by the counts of its bytes, and not from bit to bit.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use crate::program::{Program, References};

/// Replays of a trace before it is collapsed, which takes as long as some replays save.
const REPLAYS_BEFORE: u32 = 4;
/// Runs are kept where there are at most so many for each five references; with more of them they save too little.
const MOST_OF_FIVE: u64 = 4;
/// Traces of more references are not collapsed: what stands beside them would take too much memory.
const MOST_REFERENCES: usize = 1 << 26;
/// A stretch of fewer references is not worth cutting.
const FEW: u64 = 256;
/// References for each word of the places where runs start.
const WORD: usize = u64::BITS as usize;

/// The runs of a trace.
#[derive(Debug)]
pub(crate) struct Runs {
    /// One packed reference for each, which writes if any of the run does.
    words: Vec<u32>,
    /// A bit for each: whether its first reference writes.
    first_writes: Vec<u64>,
    /// A bit for each reference: whether a run starts there.
    starts: Vec<u64>,
    /// Runs that start before each word of `starts`, and all.
    before: Vec<u32>,
    references: u64,
}

/// The runs of a program, if they are there yet.
#[derive(Debug, Default)]
pub(crate) struct Collapsed {
    /// How many runs there are, if few enough.
    worth: OnceLock<Option<u64>>,
    runs: OnceLock<Option<Arc<Runs>>>,
    replays: AtomicU32,
}

/// A stretch of references, cut where whole runs begin and end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// References of a run that has begun before.
    pub(crate) head: Range<u64>,
    /// The numbers of the runs that are all in the stretch.
    pub(crate) runs: Range<usize>,
    /// References of a run that goes on behind.
    pub(crate) tail: Range<u64>,
}

/// Where the references are that packed words stand for; asked for in ascending order.
pub(crate) trait Positions {
    /// Whether a word can stand for several references.
    const COLLAPSED: bool;

    /// The position of the first reference of a word by its number in the stretch; behind the last, that at which the stretch
    /// ends.
    fn of(&mut self, number: usize) -> u64;

    /// The first reference of a word, packed, by the word and its number.
    fn first(&self, number: usize, word: u64) -> u64;
}

/// Each word is a reference: the first is at this position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InARow(pub(crate) u64);

impl Positions for InARow {
    const COLLAPSED: bool = false;

    #[inline(always)]
    fn of(&mut self, number: usize) -> u64 {
        self.0 + number as u64
    }

    #[inline(always)]
    fn first(&self, _number: usize, word: u64) -> u64 {
        word
    }
}

/// Each word is a run.
#[derive(Clone, Debug)]
pub(crate) struct OfRuns<'r> {
    runs: &'r Runs,
    /// The number of the first run of the stretch.
    first: usize,
    /// The word of starts that was looked at last.
    word: usize,
}

impl Positions for OfRuns<'_> {
    const COLLAPSED: bool = true;

    #[inline]
    fn of(&mut self, number: usize) -> u64 {
        let Runs { starts, before, references, .. } = self.runs;
        let run = (self.first + number) as u32;
        let later = before[self.word + 1..].iter().position(|&before| before > run);
        let Some(later) = later else { return *references };
        self.word += later;
        let mut left = starts[self.word];
        for _ in before[self.word]..run {
            left &= left - 1;
        }
        (self.word * WORD) as u64 + u64::from(left.trailing_zeros())
    }

    #[inline(always)]
    fn first(&self, number: usize, word: u64) -> u64 {
        // Whether a run writes can't be foreseen, so it is not asked first.
        let (place, bit) = place((self.first + number) as u64);
        word & !1 | self.runs.first_writes[place] >> bit & 1
    }
}

impl Collapsed {
    /// The runs of these references, where they are worth it, for so many more replays.
    fn runs(&self, references: &References, replays: u32) -> Option<&Arc<Runs>> {
        if self.replays.fetch_add(replays, Ordering::Relaxed) + replays <= REPLAYS_BEFORE {
            return None;
        }
        let collapse = || self.worth(references).map(|(words, runs)| Arc::new(Runs::collapse(words, runs as usize)));
        self.runs.get_or_init(collapse).as_ref()
    }

    /// What there is to collapse, and to how many runs, if these are few enough.
    fn worth<'r>(&self, references: &'r References) -> Option<(&'r [u32], u64)> {
        let References::Narrow(words) = references else { return None };
        self.worth.get_or_init(|| Runs::worth(words)).map(|runs| (&words[..], runs))
    }
}

impl Program {
    /// The bytes that its runs will take in so many replays, if they are not there yet.
    pub(crate) fn bytes_of_runs(&self, replays: u32) -> u64 {
        let made = self.collapsed.runs.get().is_some();
        let worth = if made || replays <= REPLAYS_BEFORE { None } else { self.collapsed.worth(&self.references) };
        worth.map_or(0, |(words, runs)| Runs::bytes(words, runs))
    }

    /// The references collapsed, for so many more replays, where that is worth it.
    pub(crate) fn runs(&self, replays: u32) -> Option<&Arc<Runs>> {
        self.collapsed.runs(&self.references, replays)
    }
}

/// Whether two packed references are of one process to one page: all but their write bits is the same.
#[inline(always)]
fn is_repeat(before: u32, word: u32) -> bool {
    before >> 1 == word >> 1
}

impl Runs {
    /// How many runs there are, if few enough.
    fn worth(words: &[u32]) -> Option<u64> {
        if words.len() > MOST_REFERENCES {
            return None;
        }
        let repeats = words.windows(2).map(|pair| u64::from(is_repeat(pair[0], pair[1]))).sum::<u64>();
        let runs = words.len() as u64 - repeats;
        (runs * 5 <= words.len() as u64 * MOST_OF_FIVE).then_some(runs)
    }

    /// The bytes that so many runs of references take.
    fn bytes(words: &[u32], runs: u64) -> u64 {
        let of_starts = words.len().div_ceil(WORD) * (size_of::<u64>() + size_of::<u32>()) + size_of::<u32>();
        let of_runs = runs as usize * size_of::<u32>() + (runs as usize).div_ceil(WORD) * size_of::<u64>();
        (of_runs + of_starts) as u64
    }

    fn collapse(references: &[u32], runs: usize) -> Self {
        let mut words = vec![0; runs];
        let mut first_writes = vec![0; runs.div_ceil(WORD)];
        let starts_words = references.len().div_ceil(WORD);
        let (mut starts, mut before) = (Vec::with_capacity(starts_words), Vec::with_capacity(starts_words + 1));
        // No reference is before the first, so it is no repeat.
        let (mut known, mut last, mut current) = (0, !references.first().copied().unwrap_or(0), 0);
        for stretch in references.chunks(WORD) {
            before.push(known as u32);
            let mut bits = 0;
            for &word in stretch {
                // Whether a run goes on can't be foreseen, so there is no branch, and a run is written down at each of its
                // references.
                let starting = u32::from(!is_repeat(last, word));
                current = word | current & starting.wrapping_sub(1);
                known += starting as usize;
                words[known - 1] = current;
                first_writes[(known - 1) / WORD] |= u64::from(word & starting) << ((known - 1) % WORD);
                bits = bits >> 1 | u64::from(starting) << (WORD - 1);
                last = word;
            }
            starts.push(bits >> (WORD - stretch.len()));
        }
        before.push(known as u32);
        Self { words, first_writes, starts, before, references: references.len() as u64 }
    }

    /// The words of some runs, by their numbers.
    pub(crate) fn words(&self, runs: Range<usize>) -> &[u32] {
        &self.words[runs]
    }

    /// Where the references of runs from one on are.
    pub(crate) fn positions(&self, first: usize) -> OfRuns<'_> {
        OfRuns { runs: self, first, word: self.before.partition_point(|&before| before as usize <= first) - 1 }
    }

    /// Cuts a stretch of references. Where that is not worth it, all of it is head.
    pub(crate) fn cut(&self, stretch: Range<u64>) -> Cut {
        if stretch.end - stretch.start < FEW {
            return Cut { tail: stretch.end..stretch.end, head: stretch, runs: 0..0 };
        }
        self.cut_any(stretch)
    }

    fn cut_any(&self, Range { start, end }: Range<u64>) -> Cut {
        let first = self.runs_before(start);
        let begun = self.runs_before(end);
        // The last run that has begun is whole where another one, or nothing, comes behind it.
        let whole = if self.start_of(begun) == end { begun } else { begun - 1 };
        let runs = first..whole.max(first);
        let [whole_from, whole_to] = [runs.start, runs.end].map(|run| self.start_of(run).min(end));
        Cut { head: start..whole_from, runs, tail: whole_to..end }
    }

    /// Where a run starts, by its number; the end of the trace behind the last.
    fn start_of(&self, run: usize) -> u64 {
        self.positions(run).of(0)
    }

    /// Runs that start before a position.
    fn runs_before(&self, position: u64) -> usize {
        let (word, bit) = place(position);
        let here = self.starts.get(word).map_or(0, |bits| (bits & !(u64::MAX << bit)).count_ones());
        (self.before[word] + here) as usize
    }
}

/// The word of a position among the starts, and its bit.
fn place(position: u64) -> (usize, u32) {
    ((position / WORD as u64) as usize, (position % WORD as u64) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// References that repeat each other often: (word, how often).
    fn references() -> impl Strategy<Value = Vec<u32>> {
        let run = (0_u32..8, prop_oneof![8 => 1_usize..4, 1 => 1_usize..200, 1 => 300_usize..600]);
        prop::collection::vec(run, 0..60)
            .prop_map(|runs| runs.into_iter().flat_map(|(word, times)| std::iter::repeat_n(word, times)).collect())
    }

    /// The runs in the most obvious way: where each starts, and its word.
    fn obvious(references: &[u32]) -> Vec<(u64, u32)> {
        let mut runs: Vec<(u64, u32)> = Vec::new();
        for (position, &word) in references.iter().enumerate() {
            match runs.last_mut().filter(|(_, known)| *known >> 1 == word >> 1) {
                Some((_, known)) => *known |= word,
                None => runs.push((position as u64, word)),
            }
        }
        runs
    }

    proptest! {
        #[test]
        fn runs_are_what_the_obvious_way_finds(references in references(), from in 0_u64..700, length in 0_u64..700) {
            let expected = obvious(&references);
            let runs = Runs::collapse(&references, expected.len());
            let taken = size_of_val(&runs.words[..]) + size_of_val(&runs.starts[..]) + size_of_val(&runs.before[..]);
            let taken = taken + size_of_val(&runs.first_writes[..]);
            prop_assert_eq!(Runs::bytes(&references, expected.len() as u64), taken as u64);
            let end = references.len() as u64;
            prop_assert_eq!(runs.words(0..expected.len()), expected.iter().map(|&(_, word)| word).collect::<Vec<_>>());
            let starts: Vec<u64> = expected.iter().map(|&(start, _)| start).chain([end]).collect();
            for first in 0..expected.len() {
                let mut positions = runs.positions(first);
                for number in (0..=expected.len() - first).step_by(1 + first % 3) {
                    let start = starts[first + number];
                    prop_assert_eq!(positions.of(number), start);
                    if let Some(&(_, word)) = expected.get(first + number) {
                        prop_assert_eq!(positions.first(number, word.into()), u64::from(references[start as usize]));
                    }
                }
            }
            let from = from.min(end);
            let to = (from + length).min(end);
            let Cut { head, runs: whole, tail } = runs.cut_any(from..to);
            prop_assert_eq!((head.start, tail.end), (from, to));
            prop_assert!(head.end <= tail.start);
            if whole.is_empty() {
                prop_assert_eq!(head.end, tail.start);
            } else {
                prop_assert_eq!((starts[whole.start], starts[whole.end]), (head.end, tail.start));
            }
            // As much as can be is whole.
            let start_within = starts.iter().copied().find(|start| (from..=to).contains(start));
            prop_assert_eq!(head.end, start_within.unwrap_or(to));
            let last_within = starts.iter().copied().rfind(|start| (from..=to).contains(start));
            prop_assert_eq!(tail.start, last_within.unwrap_or(to));
        }
    }

    #[test]
    fn a_trace_is_collapsed_where_that_is_worth_it() {
        let collapsed = Collapsed::default();
        let references = References::Narrow(vec![2, 3, 2, 4, 6]);
        let asked: Vec<bool> = (0..=REPLAYS_BEFORE).map(|_| collapsed.runs(&references, 1).is_some()).collect();
        assert_eq!(asked.iter().position(|&there| there), Some(REPLAYS_BEFORE as usize));
        assert_eq!(collapsed.runs(&references, 1).unwrap().words, [3, 4, 6]);
        assert_eq!(Runs::worth(&[2, 3, 4, 6, 8]), Some(4), "of five references");
        assert_eq!(Runs::worth(&[2, 3, 4, 6, 8, 10]), None, "five of six");
    }
}
