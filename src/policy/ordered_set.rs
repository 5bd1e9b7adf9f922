//! A set of numbers that finds its largest and smallest member, and the next below or above another, in a few steps.
//!
//! A bitmap with a summary bit for each word, a summary of the summary, and so on. Nothing is allocated after it was made.

use crate::prefetch::prefetch;

/// A set of numbers below a fixed limit.
#[derive(Clone, Debug)]
pub struct OrderedSet {
    members: Vec<u64>,
    /// A bit for each word of the members that is not zero, then one for each word of the level before that is not.
    summaries: Vec<Vec<u64>>,
}

impl OrderedSet {
    /// An empty set for numbers below `limit`.
    pub fn new(limit: usize) -> Self {
        let members = vec![0; limit.div_ceil(64).max(1)];
        let mut summaries: Vec<Vec<u64>> = Vec::new();
        let mut last = members.len();
        while last > 1 {
            last = last.div_ceil(64);
            summaries.push(vec![0; last]);
        }
        Self { members, summaries }
    }

    /// Puts a number in.
    ///
    /// # Panics
    /// When it is not below the limit.
    #[inline(always)]
    pub fn insert(&mut self, number: usize) {
        let word = &mut self.members[number / 64];
        let was_empty = *word == 0;
        *word |= 1 << (number % 64);
        if was_empty {
            self.summarise(number / 64);
        }
    }

    /// Takes a number out, where it is in.
    ///
    /// # Panics
    /// When it is not below the limit.
    #[inline(always)]
    pub fn remove(&mut self, number: usize) {
        let word = &mut self.members[number / 64];
        let before = *word;
        *word &= !(1 << (number % 64));
        if *word == 0 && before != 0 {
            self.forget(number / 64);
        }
    }

    /// Takes all numbers from one to before another out.
    pub fn remove_all(&mut self, from: usize, to: usize) {
        let words = from / 64..to.div_ceil(64).min(self.members.len());
        for number in words {
            let (first, end) = (from.max(number * 64), to.min(number * 64 + 64));
            if first >= end {
                continue;
            }
            let going = (u64::MAX >> (64 - (end - first))) << (first % 64);
            let word = &mut self.members[number];
            let before = *word;
            *word &= !going;
            if *word == 0 && before != 0 {
                self.forget(number);
            }
        }
    }

    /// Calls near the word of a number.
    #[inline(always)]
    pub fn expect(&self, number: usize) {
        prefetch(&self.members, number / 64);
    }

    /// A word of the members is not zero any more.
    fn summarise(&mut self, word: usize) {
        let mut at = word;
        for level in &mut self.summaries {
            let word = &mut level[at / 64];
            let was_empty = *word == 0;
            *word |= 1 << (at % 64);
            if !was_empty {
                break;
            }
            at /= 64;
        }
    }

    /// A word of the members is zero now.
    fn forget(&mut self, word: usize) {
        let mut at = word;
        for level in &mut self.summaries {
            let word = &mut level[at / 64];
            *word &= !(1 << (at % 64));
            if *word != 0 {
                break;
            }
            at /= 64;
        }
    }

    /// The largest member that is below `end`.
    pub fn last_below(&self, end: usize) -> Option<usize> {
        let mut at = end.min(self.members.len() * 64).checked_sub(1)?;
        for (height, level) in self.levels().enumerate() {
            let word = level[at / 64] & (u64::MAX >> (63 - at % 64));
            if word != 0 {
                return Some(self.descend(height, at / 64 * 64 + last_bit(word), last_bit));
            }
            at = (at / 64).checked_sub(1)?;
        }
        None
    }

    /// The smallest member that is at least `from`.
    pub fn first_from(&self, from: usize) -> Option<usize> {
        let mut at = from;
        for (height, level) in self.levels().enumerate() {
            let word = level.get(at / 64).map_or(0, |word| word & (u64::MAX << (at % 64)));
            if word != 0 {
                return Some(self.descend(height, at / 64 * 64 + first_bit(word), first_bit));
            }
            at = at / 64 + 1;
        }
        None
    }

    /// From a bit of a level down to the member that it stands for.
    fn descend(&self, height: usize, mut at: usize, side: impl Fn(u64) -> usize) -> usize {
        for level in self.summaries.iter().take(height.saturating_sub(1)).rev() {
            at = at * 64 + side(level[at]);
        }
        if height > 0 { at * 64 + side(self.members[at]) } else { at }
    }

    /// The members, and then each summary.
    fn levels(&self) -> impl Iterator<Item = &Vec<u64>> {
        std::iter::once(&self.members).chain(&self.summaries)
    }
}

fn first_bit(word: u64) -> usize {
    word.trailing_zeros() as usize
}

fn last_bit(word: u64) -> usize {
    63 - word.leading_zeros() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_agrees_with_a_tree(limit in prop_oneof![1usize..70, Just(64), Just(4096), 4000usize..4200, 262_000usize..263_000],
            many in any::<bool>(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..5, 0_usize..300), 0..60)) {
            let (mut set, mut tree) = (OrderedSet::new(limit), BTreeSet::new());
            for number in (0..limit).filter(|number| many && number % 3 != 1) {
                set.insert(number);
                tree.insert(number);
            }
            for (index, what, length) in changes {
                let number = index.index(limit);
                match what {
                    0 | 1 => { set.insert(number); tree.insert(number); }
                    2 | 3 => { set.remove(number); tree.remove(&number); }
                    _ => {
                        set.remove_all(number, number + length);
                        tree.retain(|&member| !(number..number + length).contains(&member));
                    }
                }
                for at in [0, number, number + 1, number + length, limit / 2, limit] {
                    prop_assert_eq!(set.last_below(at), tree.range(..at).next_back().copied());
                    prop_assert_eq!(set.first_from(at), tree.range(at..).next().copied());
                }
            }
        }
    }
}
