//! Arithmetic coding with a range of 32 bits, byte by byte, as LZMA does it: numbers of few likely values in less than a
//! bit each.
//!
//! What is likely is not known here.

/// Bits of a probability: the shares of all symbols come to 2^15.
pub const SHARE_BITS: u32 = 15;
/// The range is kept at or above this.
const LEAST_RANGE: u32 = 1 << 24;
/// Bytes that an encoder adds at its end, and a decoder takes at its beginning.
const LEAD: usize = 5;

/// Writes symbols and plain bits into bytes.
pub struct Encoder {
    bytes: Vec<u8>,
    /// The low end of the interval: 32 bits and the carry.
    low: u64,
    range: u32,
    /// A byte that a carry may still change, and how many 0xff follow it.
    held: u8,
    full: u64,
}

impl Encoder {
    /// An encoder that has written nothing.
    pub fn new() -> Self {
        Self { bytes: Vec::new(), low: 0, range: u32::MAX, held: 0, full: 0 }
    }

    /// Writes the symbol that has the shares from `start` on, `size` of 2^15.
    #[inline]
    pub fn symbol(&mut self, start: u32, size: u32) {
        self.part(SHARE_BITS, start, size);
    }

    /// Writes the low `count` bits of a number, 16 at most.
    #[inline]
    pub fn bits(&mut self, number: u32, count: u32) {
        self.part(count, number & ((1 << count) - 1), 1);
    }

    /// All bytes.
    pub fn finish(mut self) -> Vec<u8> {
        for _ in 0..LEAD {
            self.shift();
        }
        self.bytes
    }

    /// Goes into the part of the interval that begins at `start` of 2^bits and is `size` long.
    #[inline]
    fn part(&mut self, bits: u32, start: u32, size: u32) {
        let unit = self.range >> bits;
        self.low += u64::from(unit * start);
        self.range = unit * size;
        while self.range < LEAST_RANGE {
            self.range <<= 8;
            self.shift();
        }
    }

    /// Hands the highest byte of the low end on.
    #[inline]
    fn shift(&mut self) {
        let carry = (self.low >> 32) as u8;
        if carry > 0 || self.low < 0xff00_0000 {
            self.bytes.push(self.held.wrapping_add(carry));
            for _ in 0..self.full {
                self.bytes.push(0xff_u8.wrapping_add(carry));
            }
            self.full = 0;
            self.held = (self.low >> 24) as u8;
        } else {
            self.full += 1;
        }
        self.low = (self.low & 0x00ff_ffff) << 8;
    }
}

/// Reads what an [`Encoder`] wrote. It never fails: bytes that are no such thing give other symbols.
pub struct Decoder<'a> {
    bytes: &'a [u8],
    /// Bytes taken, those behind the end included.
    taken: usize,
    range: u32,
    code: u32,
}

impl<'a> Decoder<'a> {
    /// Begins to read.
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { bytes, taken: 0, range: u32::MAX, code: 0 };
        for _ in 0..LEAD {
            decoder.shift();
        }
        decoder
    }

    /// Where the next symbol lies among the shares, less than 2^15; [`Decoder::take`] goes on behind it.
    #[inline]
    pub fn share(&self) -> u32 {
        (self.code / (self.range >> SHARE_BITS)).min((1 << SHARE_BITS) - 1)
    }

    /// Takes the symbol of these shares.
    #[inline]
    pub fn take(&mut self, start: u32, size: u32) {
        self.part(SHARE_BITS, start, size);
    }

    /// Reads `count` bits, 16 at most.
    #[inline]
    pub fn bits(&mut self, count: u32) -> u32 {
        let number = (self.code / (self.range >> count)).min((1 << count) - 1);
        self.part(count, number, 1);
        number
    }

    /// Whether exactly all bytes were read.
    pub fn is_over(&self) -> bool {
        self.taken == self.bytes.len()
    }

    #[inline]
    fn part(&mut self, bits: u32, start: u32, size: u32) {
        let unit = self.range >> bits;
        self.code = self.code.wrapping_sub(unit * start);
        self.range = unit * size;
        while self.range < LEAST_RANGE {
            self.range <<= 8;
            self.shift();
        }
    }

    #[inline]
    fn shift(&mut self) {
        self.code = self.code << 8 | u32::from(self.bytes.get(self.taken).copied().unwrap_or(0));
        self.taken += 1;
    }
}
