//! The words that Linux 2.0 keeps on i386 (R7 to R10), as conversions from and to what they stand for.
//!
//! The model itself keeps masks and dense numbers instead of these words; they are for logs, tests and whoever compares
//! with a memory dump. Nothing here is used in a replay.

/// The low byte of every signature: type 0x40 (`SHM_SWP_TYPE`) in bits 7..1.
pub const SIGNATURE_TYPE: u32 = 0x80;
/// Accessed bit of a present entry: set is "young".
pub const ACCESSED: u32 = 0x020;
/// The low bits of a freshly mapped read/write entry: present, writable, user, accessed, dirty (R9).
pub const READ_WRITE_YOUNG: u32 = 0x067;
/// The low bits of a freshly mapped read-only entry (R9).
pub const READ_ONLY_YOUNG: u32 = 0x065;
/// Segments that the id field of a signature can tell apart (SHMMNI).
pub const MOST_SEGMENTS: u32 = 128;
/// Pages of the largest segment (SHMMAX, 32 MiB).
pub const MOST_PAGES: u64 = 8192;
/// Page indices that the index field of a signature can tell apart.
pub const MOST_INDICES: u32 = 1 << 15;
/// Swap areas that there can be.
pub const MOST_AREAS: usize = 8;
/// Slots that the offset of a swapped-out word can tell apart, slot 0 included.
pub const MOST_SLOTS: u32 = 1 << 24;

/// The entry that a process has for a page that is not present (R7): 0x80 + id * 0x100 + index * 0x8000.
///
/// None where the id is not below [`MOST_SEGMENTS`] or the index not below [`MOST_INDICES`]: the kernel has no such
/// segment.
pub fn signature(id: u32, index: u32) -> Option<u32> {
    (id < MOST_SEGMENTS && index < MOST_INDICES).then_some(SIGNATURE_TYPE | id << 8 | index << 15)
}

/// The segment id and page index of a signature; none where the word is something else.
pub fn from_signature(word: u32) -> Option<(u32, u32)> {
    (word & 0xff == SIGNATURE_TYPE && word >> 30 == 0).then_some((word >> 8 & 0x7f, word >> 15 & 0x7fff))
}

/// The word that a segment's list has for a page in a swap area (R8): 2 * area + slot * 0x100.
///
/// None where the area is not below [`MOST_AREAS`], or the slot is 0 or not below [`MOST_SLOTS`].
pub fn swap_word(area: u32, slot: u32) -> Option<u32> {
    ((area as usize) < MOST_AREAS && slot > 0 && slot < MOST_SLOTS).then_some(area << 1 | slot << 8)
}

/// The swap area and slot of a word of a segment's list; none where the page is resident or was never touched.
pub fn from_swap_word(word: u32) -> Option<(u32, u32)> {
    let (area, slot) = (word >> 1 & 0x7f, word >> 8);
    (word & 1 == 0 && (area as usize) < MOST_AREAS && slot > 0).then_some((area, slot))
}

/// A present entry for a frame (R9): its address, and the low bits of a read/write or read-only mapping.
///
/// None where the frame's address does not fit 32 bits.
pub fn present(frame: u32, writable: bool, young: bool) -> Option<u32> {
    let low = if writable { READ_WRITE_YOUNG } else { READ_ONLY_YOUNG };
    (frame < 1 << 20).then_some(frame << 12 | if young { low } else { low & !ACCESSED })
}

/// The frame of a present entry and whether it is young; none where the entry is not present.
pub fn from_present(word: u32) -> Option<(u32, bool)> {
    (word & 1 != 0).then_some((word >> 12, word & ACCESSED != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_rules() {
        assert_eq!(signature(3, 5), Some(0x0002_8380));
        assert_eq!(swap_word(0, 1), Some(0x100));
        assert_eq!(swap_word(1, 4), Some(0x402));
        assert_eq!(present(0, true, true), Some(0x067));
        assert_eq!(present(0, true, false), Some(0x047));
        assert_eq!(present(0, false, true), Some(0x065));
        assert_eq!(present(0, false, false), Some(0x045));
        assert_eq!(signature(128, 0), None);
        assert_eq!(signature(0, 1 << 15), None);
        assert_eq!(swap_word(8, 1), None);
        assert_eq!(swap_word(0, 0), None);
        assert_eq!(swap_word(0, MOST_SLOTS), None);
        assert_eq!(present(1 << 20, true, true), None);
    }

    proptest! {
        #[test]
        fn each_word_says_what_it_was_made_from(id in 0..MOST_SEGMENTS, index in 0..MOST_INDICES,
            area in 0..MOST_AREAS as u32, slot in 1..MOST_SLOTS, frame in 0u32..1 << 20,
            writable: bool, young: bool) {
            prop_assert_eq!(from_signature(signature(id, index).unwrap()), Some((id, index)));
            prop_assert_eq!(from_swap_word(swap_word(area, slot).unwrap()), Some((area, slot)));
            prop_assert_eq!(from_present(present(frame, writable, young).unwrap()), Some((frame, young)));
        }

        #[test]
        fn no_word_stands_for_two_things(word: u32) {
            let meanings = [from_signature(word).is_some(), from_swap_word(word).is_some(), from_present(word).is_some()];
            prop_assert!(meanings.iter().filter(|&&meaning| meaning).count() <= 1);
        }
    }
}
