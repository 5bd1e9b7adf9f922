//! A flat set of small numbers that finds the next member, or the next gap, a word at a time.
//!
//! It holds numbers and nothing about what they stand for; it never grows after it was made.

use crate::prefetch::prefetch;

/// A set of numbers below a fixed limit.
#[derive(Clone, Debug, Default)]
pub struct Bitmap {
    words: Vec<u64>,
    length: usize,
}

impl Bitmap {
    /// Numbers that stand in one word.
    pub const WORD: usize = 64;

    /// An empty set for numbers below `length`.
    pub fn new(length: usize) -> Self {
        Self { words: vec![0; length.div_ceil(64)], length }
    }

    /// Whether a number is in the set.
    ///
    /// # Panics
    /// When it is not below the limit; so do the others.
    #[inline]
    pub fn contains(&self, number: usize) -> bool {
        self.words[number / 64] >> (number % 64) & 1 != 0
    }

    /// Puts a number in; false where it was there.
    #[inline]
    pub fn insert(&mut self, number: usize) -> bool {
        let word = &mut self.words[number / 64];
        let before = *word;
        *word |= 1 << (number % 64);
        before != *word
    }

    /// Takes a number out; false where it was not there.
    #[inline]
    pub fn remove(&mut self, number: usize) -> bool {
        let word = &mut self.words[number / 64];
        let before = *word;
        *word &= !(1 << (number % 64));
        before != *word
    }

    /// The lowest member at or above `from` and below `end`.
    #[inline(always)]
    pub fn next_set(&self, from: usize, end: usize) -> Option<usize> {
        let word = self.words.get(from / 64)? >> (from % 64);
        if word == 0 {
            return self.next_set_far(from, end);
        }
        Some(from + word.trailing_zeros() as usize).filter(|&found| found < end)
    }

    /// As [`Bitmap::next_set`], where the next member is in another word.
    fn next_set_far(&self, from: usize, end: usize) -> Option<usize> {
        self.members(from, end).next()
    }

    /// The lowest number at or above `from` and below the limit that is not in the set.
    #[inline]
    pub fn next_clear(&self, from: usize) -> Option<usize> {
        self.next_clear_of_word(from).or_else(|| {
            let behind = from / Self::WORD + 1;
            let full = self.words.get(behind..)?.iter().position(|&word| word != u64::MAX)?;
            self.next_clear_of_word((behind + full) * Self::WORD)
        })
    }

    /// As [`Bitmap::next_clear`], but in the word of `from` alone.
    #[inline]
    pub fn next_clear_of_word(&self, from: usize) -> Option<usize> {
        let gaps = !self.words.get(from / Self::WORD)? & (u64::MAX << (from % Self::WORD));
        let found = from / Self::WORD * Self::WORD + gaps.trailing_zeros() as usize;
        (gaps != 0 && found < self.length).then_some(found)
    }

    /// Whether a word is full of members.
    #[inline]
    pub fn is_full_word(&self, word: usize) -> bool {
        self.words[word] == u64::MAX
    }

    /// All members, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.members(0, self.length)
    }

    /// The members at or above `from` and below `end`, ascending.
    #[inline(always)]
    pub fn members(&self, from: usize, end: usize) -> Members<'_> {
        let words = self.words.get(..end.div_ceil(64)).unwrap_or_default();
        let left = words.get(from / 64).map_or(0, |word| word & (u64::MAX << (from % 64)));
        Members { left, at: from / 64, words, end }
    }

    /// The members in one of the words, from 0 on, ascending; none in a word that there is not.
    #[inline(always)]
    pub fn of_word(&self, word: usize) -> impl Iterator<Item = usize> + use<> {
        let mut left = self.words.get(word).copied().unwrap_or_default();
        std::iter::from_fn(move || {
            let found = word * 64 + left.trailing_zeros() as usize;
            let any = left != 0;
            left &= left.wrapping_sub(1);
            any.then_some(found)
        })
    }

    /// Calls the word of a number from memory.
    #[inline(always)]
    pub(super) fn prefetch(&self, number: usize) {
        prefetch(&self.words, number / 64);
    }

    /// How many members there are.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }
}

/// Members of a set, ascending.
#[derive(Clone, Debug)]
pub struct Members<'b> {
    /// Those of the present word that are still to come.
    left: u64,
    /// The place of that word.
    at: usize,
    /// The words up to the last that is asked for.
    words: &'b [u64],
    end: usize,
}

impl Members<'_> {
    /// The word of the last member that it gave, or where it begins.
    #[inline(always)]
    pub fn word(&self) -> usize {
        self.at
    }
}

impl Iterator for Members<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        while self.left == 0 {
            self.left = *self.words.get(self.at + 1)?;
            self.at += 1;
        }
        let found = self.at * 64 + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        (found < self.end).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_agrees_with_a_set(length in 1usize..300, changes in prop::collection::vec((0usize..300, any::<bool>()), 0..200)) {
            let mut bitmap = Bitmap::new(length);
            let mut set = BTreeSet::new();
            for (number, put) in changes {
                let number = number % length;
                let changed = if put { set.insert(number) } else { set.remove(&number) };
                let same = if put { bitmap.insert(number) } else { bitmap.remove(number) };
                prop_assert_eq!(changed, same);
            }
            prop_assert_eq!(bitmap.iter().collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(bitmap.count(), set.len());
            for word in 0..7 {
                let members = set.iter().copied().filter(|number| number / 64 == word);
                prop_assert_eq!(bitmap.of_word(word).collect::<Vec<_>>(), members.collect::<Vec<_>>());
            }
            for from in 0..length + 70 {
                prop_assert_eq!(bitmap.next_clear(from), (from..length).find(|number| !set.contains(number)));
                let of_word = (from..length.min((from / 64 + 1) * 64)).find(|number| !set.contains(number));
                prop_assert_eq!(bitmap.next_clear_of_word(from), of_word);
                for end in [from / 2, length / 2, length] {
                    prop_assert_eq!(bitmap.next_set(from, end), (from..end).find(|number| set.contains(number)));
                    let members = (from..end.min(length)).filter(|number| set.contains(number));
                    prop_assert_eq!(bitmap.members(from, end).collect::<Vec<_>>(), members.collect::<Vec<_>>());
                }
            }
        }
    }
}
