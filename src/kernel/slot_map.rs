//! Which slots of a swap area are in use (`swap_map`), so that a free one is found in few steps where nearly all before it are
//! used, as they are in an area that has been in use for long.
//!
//! Which free slot is taken is not decided here.

use crate::kernel::bitmap::Bitmap;

/// A set of slots.
#[derive(Clone, Debug)]
pub struct SlotMap {
    used: Bitmap,
    /// The words of `used` in which there is no gap.
    full: Bitmap,
}

impl SlotMap {
    /// No slot below `slots` is in use.
    pub fn new(slots: usize) -> Self {
        Self { used: Bitmap::new(slots), full: Bitmap::new(slots.div_ceil(Bitmap::WORD)) }
    }

    /// A slot comes into use.
    ///
    /// # Panics
    /// When there is no such slot; so does [`SlotMap::remove`].
    pub fn insert(&mut self, slot: usize) {
        self.used.insert(slot);
        if self.used.is_full_word(slot / Bitmap::WORD) {
            self.full.insert(slot / Bitmap::WORD);
        }
    }

    /// A slot is free from now on; false where it was before.
    pub fn remove(&mut self, slot: usize) -> bool {
        self.full.remove(slot / Bitmap::WORD);
        self.used.remove(slot)
    }

    /// The first free slot at or above `from`.
    pub fn first_free(&self, from: usize) -> Option<usize> {
        self.used.next_clear_of_word(from).or_else(|| {
            let word = self.full.next_clear(from / Bitmap::WORD + 1)?;
            self.used.next_clear_of_word(word * Bitmap::WORD)
        })
    }

    /// The slots in use, ascending; slow, for checks.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.used.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// Mostly in stretches, so that words fill up.
        #[test]
        fn it_agrees_with_a_set(
            slots in 1_usize..9000,
            changes in prop::collection::vec((0_usize..9000, 1_usize..6000, any::<bool>()), 0..12),
        ) {
            let mut map = SlotMap::new(slots);
            let mut set = BTreeSet::new();
            for (first, many, comes) in changes {
                for slot in (first..first + many).filter(|&slot| slot < slots) {
                    if comes {
                        map.insert(slot);
                        set.insert(slot);
                    } else {
                        prop_assert_eq!(map.remove(slot), set.remove(&slot));
                    }
                }
                let mut free = None;
                for from in (0..slots + 70).rev() {
                    free = if from < slots && !set.contains(&from) { Some(from) } else { free };
                    prop_assert_eq!(map.first_free(from), free);
                }
            }
            prop_assert_eq!(map.iter().collect::<Vec<_>>(), set.into_iter().collect::<Vec<_>>());
        }
    }
}
