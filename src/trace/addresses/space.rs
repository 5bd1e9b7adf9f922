//! The address space of one process: which addresses are mapped to which byte of which segment.
//!
//! What that means for the trace (which records are made of it) is not decided here.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

/// Areas found last, a power of two.
const CACHE: usize = 64;
/// Addresses that differ only below this bit share a place in the cache.
const CACHE_SHIFT: u32 = 16;

/// How far a mapping of unknown size goes at most, in bytes: 64 GiB, which is nearer than stacks are.
const LONGEST_OPEN: u64 = (1 << 36) - 1;

/// A stretch of addresses that is mapped to one stretch of a segment, or is not mapped at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    first: u64,
    /// Bytes; of the whole address space one less than there are.
    length: u64,
    /// What is added to an address (round the end of the numbers) to get the byte of the segment.
    delta: u64,
    segment: u32,
}

impl Area {
    /// In place of a segment: not mapped.
    const UNMAPPED: u32 = u32::MAX;
    /// Has no address.
    const NOWHERE: Self = Self { first: 0, length: 0, delta: 0, segment: Self::UNMAPPED };

    /// Whether the address is in it.
    #[inline]
    pub fn contains(&self, address: u64) -> bool {
        address.wrapping_sub(self.first) < self.length
    }

    /// Whether it goes on to the last address of all, which its length has no room for.
    pub fn is_everything(&self) -> bool {
        self.length == u64::MAX
    }

    /// The segment and the byte of it that an address of this area is mapped to; none where it is not mapped.
    #[inline]
    pub fn at(&self, address: u64) -> Option<(u32, u64)> {
        (self.segment != Self::UNMAPPED).then(|| (self.segment, address.wrapping_add(self.delta)))
    }

    /// The last address.
    pub fn last(&self) -> u64 {
        self.first.saturating_add(self.length.saturating_sub(1))
    }

    fn between(first: u64, last: u64, mapped: Option<(u32, u64)>) -> Self {
        let (segment, byte) = mapped.unwrap_or((Self::UNMAPPED, first));
        Self { first, length: (last - first).saturating_add(1), delta: byte.wrapping_sub(first), segment }
    }
}

/// A mapping of a segment as a system call made it; it may be in pieces by now.
#[derive(Clone, Debug)]
struct Attachment {
    segment: u32,
    base: u64,
    last: u64,
    pieces: u32,
}

/// What is left of a mapping in one piece, by its first address.
#[derive(Clone, Copy, Debug)]
struct Piece {
    last: u64,
    /// The byte of the segment at its first address.
    byte: u64,
    attachment: u32,
    /// Whether its end is not known: it ends where another mapping begins.
    is_open: bool,
}

/// Where a mapping is to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    /// Its first address.
    pub address: u64,
    /// Its last address; none where that is not known.
    pub last: Option<u64>,
    /// The byte of the segment at its first address.
    pub byte: u64,
}

/// The address space of one process.
#[derive(Clone, Debug)]
pub(super) struct Space {
    pieces: BTreeMap<u64, Piece>,
    attachments: Vec<Option<Attachment>>,
    unused: Vec<u32>,
    /// The youngest attachment that begins at an address.
    by_base: FxHashMap<u64, u32>,
    cache: [Area; CACHE],
}

impl Default for Space {
    fn default() -> Self {
        Self {
            pieces: BTreeMap::new(),
            attachments: Vec::new(),
            unused: Vec::new(),
            by_base: FxHashMap::default(),
            cache: [Area::NOWHERE; CACHE],
        }
    }
}

impl Space {
    /// The area that an address is in.
    #[inline]
    pub fn find(&mut self, address: u64) -> Area {
        let place = (address >> CACHE_SHIFT) as usize % CACHE;
        let area = self.cache[place];
        if area.contains(address) { area } else { self.search(address, place) }
    }

    fn search(&mut self, address: u64, place: usize) -> Area {
        let before = self.pieces.range(..=address).next_back();
        let area = match before {
            Some((&first, piece)) if piece.last >= address => {
                let segment = self.attachments[piece.attachment as usize].as_ref().map(|attachment| attachment.segment);
                Area::between(first, piece.last, segment.map(|segment| (segment, piece.byte)))
            }
            _ => {
                let first = before.map_or(0, |(_, piece)| piece.last + 1);
                let next = self.pieces.range(address..).next();
                Area::between(first, next.map_or(u64::MAX, |(&next, _)| next - 1), None)
            }
        };
        self.cache[place] = area;
        area
    }

    /// Whether anything is mapped.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The segments of all mappings that there are, one for each mapping.
    pub fn segments(&self) -> impl Iterator<Item = u32> {
        self.attachments.iter().flatten().map(|attachment| attachment.segment)
    }

    /// Whether a mapping of a segment begins at an address.
    pub fn maps(&self, segment: u32, address: u64) -> bool {
        let attachment = self.by_base.get(&address).and_then(|&number| self.attachments[number as usize].as_ref());
        attachment.is_some_and(|attachment| attachment.segment == segment)
    }

    /// Maps a segment, in place of what was mapped there. Returns the segments of the mappings that are gone by it.
    pub fn map(&mut self, segment: u32, target: Target) -> Vec<u32> {
        let Target { address, byte, .. } = target;
        let gone = self.unmap(address, target.last.unwrap_or(address));
        let next = self.pieces.range(address..).next();
        let open_end = || next.map_or(u64::MAX, |(&next, _)| next - 1).min(address.saturating_add(LONGEST_OPEN));
        let last = target.last.unwrap_or_else(open_end);
        // Behind the end of the numbers nothing is mapped, neither here nor there.
        let last = last.min(address.saturating_add(u64::MAX - byte));
        let attachment = Some(Attachment { segment, base: address, last, pieces: 1 });
        let number = match self.unused.pop() {
            Some(number) => {
                self.attachments[number as usize] = attachment;
                number
            }
            None => {
                self.attachments.push(attachment);
                (self.attachments.len() - 1) as u32
            }
        };
        self.by_base.insert(address, number);
        self.cache = [Area::NOWHERE; CACHE];
        self.pieces.insert(address, Piece { last, byte, attachment: number, is_open: target.last.is_none() });
        gone
    }

    /// Ends what is mapped from `first` to `last`. Returns the segments of the mappings of which nothing is left.
    pub fn unmap(&mut self, first: u64, last: u64) -> Vec<u32> {
        let mut gone = Vec::new();
        let begins_before = self.pieces.range(..first).next_back().map(|(&start, _)| start);
        let inside: Vec<u64> =
            begins_before.into_iter().chain(self.pieces.range(first..=last).map(|(&at, _)| at)).collect();
        for start in inside {
            self.cut(start, first, last, &mut gone);
        }
        gone
    }

    /// Cuts the addresses from `first` to `last` out of the piece that begins at `start`.
    fn cut(&mut self, start: u64, first: u64, last: u64, gone: &mut Vec<u32>) {
        let Some(piece) = self.pieces.get(&start).copied().filter(|piece| piece.last >= first) else { return };
        self.cache = [Area::NOWHERE; CACHE];
        self.pieces.remove(&start);
        let mut left = 0;
        if start < first {
            self.pieces.insert(start, Piece { last: first - 1, ..piece });
            left += 1;
        }
        if piece.last > last && !piece.is_open {
            self.pieces.insert(last + 1, Piece { byte: piece.byte + (last + 1 - start), ..piece });
            left += 1;
        }
        let slot = &mut self.attachments[piece.attachment as usize];
        if let Some(attachment) = slot {
            attachment.pieces = attachment.pieces - 1 + left;
            if attachment.pieces == 0 {
                gone.push(attachment.segment);
                if self.by_base.get(&attachment.base) == Some(&piece.attachment) {
                    self.by_base.remove(&attachment.base);
                }
                *slot = None;
                self.unused.push(piece.attachment);
            }
        }
    }

    /// Ends the mapping that was made at an address, with all its pieces. Returns its segment; none where there is none.
    pub fn unmap_attachment(&mut self, base: u64) -> Option<u32> {
        let number = *self.by_base.get(&base)?;
        let last = self.attachments[number as usize].as_ref()?.last;
        let pieces = self.pieces.range(base..=last).filter(|(_, piece)| piece.attachment == number);
        let pieces: Vec<(u64, u64)> = pieces.map(|(&start, piece)| (start, piece.last)).collect();
        let mut gone = Vec::new();
        for (start, last) in pieces {
            self.cut(start, start, last, &mut gone);
        }
        gone.pop()
    }
}
