//! The numbers and small codes of the native format that its reader and its writer share.

/// What a file begins with: a byte that no text has, the name, and the line ends that a text transfer would change.
pub const MAGIC: [u8; 8] = *b"\x89CHT\r\n\x1a\n";
/// The version written.
pub const VERSION: u32 = 1;
/// What a block begins with.
pub const BLOCK: [u8; 4] = *b"BLOK";
/// What the end begins with.
pub const END: [u8; 4] = *b"END.";
/// Bytes of the head before the settings.
pub const FILE_HEAD: usize = MAGIC.len() + 8;
/// Numbers in the head of a block before the lengths of its columns.
pub const BLOCK_NUMBERS: usize = 7;
/// Columns of a block.
pub const COLUMNS: usize = 6;
/// Bytes of a block before its columns.
pub const BLOCK_HEAD: usize = 4 + BLOCK_NUMBERS * 4 + COLUMNS * 8 + 16;
/// Bytes of the end.
pub const END_LENGTH: usize = 4 + 6 * 8 + 8;
/// The most records of a block.
pub const BLOCK_RECORDS: usize = 1 << 20;
/// The longest a column may be.
pub const MAX_COLUMN: usize = 32 << 20;
/// The longest the name of a segment may be.
pub const MAX_NAME: usize = 1 << 20;
/// The longest the settings may be.
pub const MAX_SETTINGS: usize = 1 << 16;
/// The most distinct pages: their numbers share a word with the write bit, and the largest word is no reference's.
pub const MAX_PAGES: usize = (1 << 31) - 1;

/// The columns of a block by position.
pub mod column {
    /// New labels and processes; never compressed, so that they can't claim more than the file holds.
    pub const NAMES: usize = 0;
    /// New pages.
    pub const PAGES: usize = 1;
    /// Whose turn it is for how long.
    pub const TURNS: usize = 2;
    /// References.
    pub const WORDS: usize = 3;
    /// Changes.
    pub const CHANGES: usize = 4;
    /// Times; never compressed further.
    pub const TIMES: usize = 5;
}

/// The most bytes of a page, a turn and a change in their columns.
pub const PAGE_BYTES: usize = 15;
/// See [`PAGE_BYTES`].
pub const TURN_BYTES: usize = 8;
/// See [`PAGE_BYTES`].
pub const CHANGE_BYTES: usize = 24;

/// Appends a varint.
#[inline]
pub fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Maps a difference modulo 2^64 so that small ones of either sign are small numbers.
#[inline]
pub fn zigzag(difference: u64) -> u64 {
    (difference << 1) ^ (difference.cast_signed() >> 63).cast_unsigned()
}

/// Undoes [`zigzag`].
#[inline]
pub fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

/// Takes bytes apart from the front; `None` where they end too soon or are no varint.
#[derive(Clone, Copy)]
pub struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    /// The next `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    /// The next byte.
    #[inline]
    pub fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// The next four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.bytes(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// The next eight bytes.
    pub fn u64(&mut self) -> Option<u64> {
        self.bytes(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    /// The next varint.
    #[inline]
    pub fn varint(&mut self) -> Option<u64> {
        let first = self.byte()?;
        if first < 0x80 {
            return Some(u64::from(first));
        }
        let mut number = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            // The tenth byte has one bit left to give.
            if shift == 63 && part > 1 {
                return None;
            }
            number |= part << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// The next varint as 32 bits.
    pub fn varint_u32(&mut self) -> Option<u32> {
        self.varint()?.try_into().ok()
    }
}
