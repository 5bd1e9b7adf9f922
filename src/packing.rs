//! Packing the references of a trace while it is not known yet how many pages and attachments there will be, in as little
//! memory as does.
//!
//! Words of 32 bits become words of 40 where they have to, never wider. Room is asked for before it is taken
//! ([`crate::available_memory`]), and never twice as much at a time: what is there stays where it is while words grow or
//! change. What a reference means is not known here.

use crate::available_memory::{Room, Shortage, reserve};
use crate::ids::PageId;
use crate::program::{Bits, Packed, Packing, Reference, References, Word40};

/// Bits of a column in words of 40 bits at least, so that 32 are left to the page.
const WIDE_COLUMN_BITS: u32 = 7;
/// Bits of the wider words.
const WIDE_BITS: u32 = 40;
/// References that are moved at a time from words of one width to the other.
const BLOCK: usize = 1 << 22;
/// What the references are called where there is no room for them.
const WHAT: &str = "the references of the trace";

/// Packs references: the bits of a column grow when they have to, and words become 40 bits when 32 do not do any more.
#[derive(Clone, Debug)]
pub struct ReferenceBuilder {
    packing: Packing,
    references: References,
    most_columns: u32,
    highest_page: u32,
    room: Room,
}

impl ReferenceBuilder {
    /// No references yet, for which so much room can be had.
    pub fn new(room: Room) -> Self {
        Self {
            packing: Packing { column_bits: 6 },
            references: References::Narrow(Vec::new()),
            most_columns: 1,
            highest_page: 0,
            room,
        }
    }

    /// How many references there are.
    pub fn len(&self) -> u64 {
        self.references.len()
    }

    /// Adds one.
    ///
    /// # Errors
    /// When there is no room for it, or more pages and attachments than any machine could hold the page tables of.
    #[inline]
    pub fn push(&mut self, reference: Reference) -> Result<(), Shortage> {
        self.most_columns = self.most_columns.max(reference.column.get() + 1);
        self.highest_page = self.highest_page.max(reference.page.get());
        if self.most_columns > 1 << self.packing.column_bits || self.packing.pack(reference) > self.most_bits() {
            self.make_room()?;
        }
        self.reserve(1)?;
        let bits = self.packing.pack(reference);
        match &mut self.references {
            References::Narrow(words) => words.push(bits as u32),
            References::Wide(words) => words.push(Word40::from_bits(bits)),
        }
        Ok(())
    }

    /// Makes room for so many more.
    ///
    /// # Errors
    /// When there is none.
    #[inline]
    pub fn reserve(&mut self, more: usize) -> Result<(), Shortage> {
        match &mut self.references {
            References::Narrow(words) => reserve(words, more, WHAT, self.room),
            References::Wide(words) => reserve(words, more, WHAT, self.room),
        }
    }

    /// Adds references whose pages and columns were each added before, at most `count`, for which there is room; how many were
    /// added.
    #[inline]
    pub(crate) fn extend(&mut self, count: usize, references: impl Iterator<Item = Reference>) -> usize {
        match &mut self.references {
            References::Narrow(words) => extend(words, self.packing, count, references),
            References::Wide(words) => extend(words, self.packing, count, references),
        }
    }

    /// The references, with each page given its final number.
    pub fn finish(self, order: &[PageId]) -> (References, Packing) {
        let Self { packing: old, mut references, most_columns, .. } = self;
        let packing = Packing { column_bits: most_columns.next_power_of_two().trailing_zeros().min(old.column_bits) };
        match &mut references {
            References::Narrow(words) => renumber(words, old, packing, order),
            References::Wide(words) => renumber(words, old, packing, order),
        }
        references.shrink();
        (references, packing)
    }

    /// The largest word of the present width.
    #[inline(always)]
    fn most_bits(&self) -> u64 {
        match self.references {
            References::Narrow(_) => u64::from(u32::MAX),
            References::Wide(_) => (1 << WIDE_BITS) - 1,
        }
    }

    /// Packs all again so that the columns and pages seen have room.
    #[cold]
    fn make_room(&mut self) -> Result<(), Shortage> {
        let column_bits = self.most_columns.next_power_of_two().trailing_zeros();
        let page_bits = u32::BITS - self.highest_page.leading_zeros();
        let old = self.packing;
        if let References::Narrow(words) = &mut self.references
            && 1 + page_bits + column_bits <= u32::BITS
        {
            self.packing = Packing { column_bits };
            pack_again(words, old, self.packing);
            return Ok(());
        }
        let wide = Packing { column_bits: column_bits.max(WIDE_COLUMN_BITS) };
        if 1 + page_bits + wide.column_bits > WIDE_BITS {
            return Err(Shortage {
                what: format!(
                    "{} pages and {} attachments at a time are more than can be held, 2^39 page-table entries",
                    self.highest_page, self.most_columns
                ),
                remedy: "give a slice of the trace (`clockhand trace slice`)".to_owned(),
            });
        }
        match &mut self.references {
            References::Narrow(words) => {
                let words = widen(words, |word| wide.pack(old.unpack(word.bits())), self.room)?;
                self.references = References::Wide(words);
            }
            References::Wide(words) => pack_again(words, old, wide),
        }
        self.packing = wide;
        Ok(())
    }
}

/// Packs words behind those there are, at most `count`; how many there were.
#[inline(always)]
fn extend<W: Packed>(
    words: &mut Vec<W>,
    packing: Packing,
    count: usize,
    references: impl Iterator<Item = Reference>,
) -> usize {
    let before = words.len();
    words.resize(before + count, W::default());
    let mut added = 0;
    for (word, reference) in words[before..].iter_mut().zip(references) {
        *word = W::from_bits(packing.pack(reference));
        added += 1;
    }
    words.truncate(before + added);
    added
}

fn pack_again<W: Packed>(words: &mut [W], old: Packing, new: Packing) {
    for word in words {
        *word = W::from_bits(new.pack(old.unpack(word.bits())));
    }
}

/// The words in 40 bits. The last ones go first, so that what they took is given back before the others are moved.
fn widen(words: &mut Vec<u32>, again: impl Fn(u32) -> u64, room: Room) -> Result<Vec<Word40>, Shortage> {
    let count = words.len();
    let more = count + BLOCK * size_of::<u32>();
    let mut wide = Vec::new();
    if !room.has(more as u64) || wide.try_reserve_exact(count).is_err() {
        return Err(room.shortage(WHAT, more as u64));
    }
    while !words.is_empty() {
        let start = words.len().saturating_sub(BLOCK);
        wide.extend(words[start..].iter().rev().map(|&word| Word40::from_bits(again(word))));
        words.truncate(start);
        words.shrink_to_fit();
    }
    wide.reverse();
    Ok(wide)
}

/// Gives each page its final number, and columns the bits that they need.
fn renumber<W: Packed>(words: &mut [W], old: Packing, new: Packing, order: &[PageId]) {
    for word in words {
        let reference = old.unpack(word.bits());
        *word = W::from_bits(new.pack(Reference { page: order[reference.page.index()], ..reference }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Column;
    use proptest::prelude::*;

    fn unpacked(builder: &ReferenceBuilder) -> Vec<Reference> {
        match &builder.references {
            References::Narrow(words) => words.iter().map(|word| builder.packing.unpack(word.bits())).collect(),
            References::Wide(words) => words.iter().map(|word| builder.packing.unpack(word.bits())).collect(),
        }
    }

    proptest! {
        #[test]
        fn references_survive_every_change_of_packing(
            list in prop::collection::vec((prop_oneof![0u32..100, 0u32..1 << 26, any::<u32>()],
                prop_oneof![0u32..4, 0u32..100, 0u32..5000], any::<bool>()), 1..60),
        ) {
            let mut builder = ReferenceBuilder::new(Room::default());
            let mut taken: Vec<Reference> = Vec::new();
            let (mut pages, mut columns) = (0, 1);
            for (page, column, write) in list {
                let reference = Reference { page: PageId::new(page), column: Column::new(column), write };
                let (most_pages, most_columns) = (page.max(pages), columns.max(column + 1));
                let page_bits = u32::BITS - most_pages.leading_zeros();
                let bits = 1 + page_bits + most_columns.next_power_of_two().trailing_zeros().max(7);
                let before = builder.clone();
                if builder.push(reference).is_err() {
                    prop_assert!(bits > 40, "{page_bits} bits of {most_pages} and {most_columns}");
                    builder = before;
                    continue;
                }
                prop_assert!(bits <= 40 || matches!(builder.references, References::Narrow(_)));
                (pages, columns) = (most_pages, most_columns);
                taken.push(reference);
            }
            prop_assert_eq!(unpacked(&builder), taken);
        }

        #[test]
        fn a_word_of_40_bits_holds_40_bits(bits in 0u64..1 << 40) {
            prop_assert_eq!(Word40::from_bits(bits).bits(), bits);
            prop_assert_eq!(size_of::<Word40>(), 5);
        }
    }

    #[test]
    fn many_references_become_wide_in_their_order() {
        let mut builder = ReferenceBuilder::new(Room::default());
        let at = |index: u32| Reference {
            page: PageId::new(index),
            column: Column::new(index % 3),
            write: index.is_multiple_of(5),
        };
        let narrow = 2 * BLOCK as u32 + 5;
        (0..narrow).for_each(|index| builder.push(at(index)).unwrap());
        assert!(matches!(builder.references, References::Narrow(_)));
        builder.push(at(1 << 31)).unwrap();
        assert!(matches!(builder.references, References::Wide(_)));
        let all = unpacked(&builder);
        assert!((0..narrow).chain([1 << 31]).map(at).eq(all));
    }

    #[test]
    fn what_no_memory_holds_is_refused() {
        let mut builder = ReferenceBuilder::new(Room::default());
        let reference = |page, column| Reference { page: PageId::new(page), column: Column::new(column), write: false };
        builder.push(reference((1 << 27) - 1, 4095)).unwrap();
        let error = builder.push(reference(1 << 31, 0)).unwrap_err().to_string();
        assert!(error.contains("2^39 page-table entries") && error.contains("slice"), "{error}");
    }
}
