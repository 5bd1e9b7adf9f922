//! What every sharer's page table holds for each page: present, young, and whether the page was written (R4 to R9).
//!
//! The entries of all sharers of a page stand together in one word, as narrow as the trace allows, because the speed of a
//! replay is that of fetching this word: a byte where no segment ever has two attachments, four or eight bytes up to 15 or
//! 31 attachments, else two masks of 64 bits and more ([`super::many_sharers`]). The kernel's walk over the attachments
//! (R25) is a few operations on the word. What a fault or an eviction is, and what is counted, is not known here.

use std::ops::{BitAnd, BitOr, Not, Range};

use super::many_sharers::ManySharers;
use super::second_chance::BLOCK;
use super::side_by_side::Beside;
use crate::far_array::{FarArray, WholeNumber};
use crate::ids::{Column, PageId};
use crate::prefetch::prefetch;
use crate::program::{Bits, Packed, Packing, Reference};

/// The entries of all pages, whatever holds them.
pub(crate) trait Entries {
    /// A reference by a process whose entry is present (R11): sets the accessed bit, and the page is written where it
    /// writes. False, and nothing done, where the entry is not present.
    fn hit(&mut self, reference: Reference) -> bool;

    /// References one after the other, up to the first that is no hit, nor a minor fault where those are carried out (R12);
    /// how many there were.
    #[inline(always)]
    fn run<P: Packed, M: CountsMinorFaults>(&mut self, references: &[P], packing: Packing, minor: &mut M) -> usize {
        for (place, reference) in references.iter().enumerate() {
            if !self.refer(packing.unpack(reference.bits()), minor) {
                return place;
            }
        }
        references.len()
    }

    /// One reference: false, and nothing done, where it is neither a hit, nor a minor fault and those are carried out.
    #[inline(always)]
    fn refer<M: CountsMinorFaults>(&mut self, reference: Reference, minor: &mut M) -> bool {
        if self.hit(reference) {
            return true;
        }
        let carried_out = M::CARRIED_OUT && self.is_resident(reference.page);
        if carried_out {
            self.map(reference);
            minor.count(reference.page, true);
        }
        carried_out
    }

    /// Whether a reference would change nothing: the entry is young, and the page written where it writes.
    fn is_settled(&self, reference: Reference) -> bool;

    /// Puts a page into the table of the process that refers to it, young (R12, R15).
    fn map(&mut self, reference: Reference);

    /// A page came into a frame for a process that refers to it: nobody else has it mapped, and nobody wrote to it before
    /// (R13 to R15). Whether it came from swap.
    fn bring_in(&mut self, reference: Reference) -> bool;

    /// A page that is in a frame or in swap goes with its segment: nothing is left of it (R42).
    fn forget(&mut self, page: PageId);

    /// [`Entries::forget`] for those of these pages that are in a frame or in swap; a function is told of each, and whether it
    /// was in a frame.
    #[inline(always)]
    fn forget_all(&mut self, pages: Range<PageId>, mut was: impl FnMut(PageId, bool)) {
        for page in (pages.start.get()..pages.end.get()).map(PageId::new) {
            let resident = self.is_resident(page);
            if resident || self.is_in_swap(page) {
                self.forget(page);
                was(page, resident);
            }
        }
    }

    /// Whether a page is in a frame.
    fn is_resident(&self, page: PageId) -> bool;

    /// Whether a page is in swap.
    fn is_in_swap(&self, page: PageId) -> bool;

    /// Whether a page in a frame was written since it came in.
    fn is_written(&self, page: PageId) -> bool;

    /// Whether any entry of a page is young.
    fn is_accessed(&self, page: PageId) -> bool;

    /// Makes all entries of a page old; how many were young.
    fn clear_accessed(&mut self, page: PageId) -> u32;

    /// Takes the entries of a page: with `second_chance` only the old ones, while the young ones become old (R25). Where none
    /// is left the page leaves its frame for swap. None, and nothing done, for a page that is in no frame.
    fn unmap(&mut self, page: PageId, second_chance: bool) -> Option<Unmapped>;

    /// Whether an attachment's entry is present, and if so whether it is young.
    fn entry(&self, page: PageId, column: Column) -> Option<bool>;

    /// Empties an attachment's entry (R40).
    fn clear_entry(&mut self, page: PageId, column: Column);

    /// Gives a child's attachment an old entry where the parent's is present (R44).
    fn copy_entry(&mut self, page: PageId, parent: Column, child: Column);

    /// Present entries of a page.
    fn present(&self, page: PageId) -> u32;

    /// Columns that there is room for.
    fn columns(&self) -> usize;

    /// A page may soon be asked for.
    fn prefetch(&self, page: PageId);
}

/// Whoever counts the minor faults of a run of references.
pub(crate) trait CountsMinorFaults {
    /// Whether they are carried out in a run; a run ends before one otherwise.
    const CARRIED_OUT: bool;

    /// A reference to a resident page, and whether it was a minor fault.
    fn count(&mut self, page: PageId, minor_fault: bool);
}

/// Minor faults end a run.
#[derive(Debug)]
pub(crate) struct EndsAtMinorFaults;

impl CountsMinorFaults for EndsAtMinorFaults {
    const CARRIED_OUT: bool = false;

    #[inline(always)]
    fn count(&mut self, _page: PageId, _minor_fault: bool) {}
}

/// What became of the entries of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unmapped {
    /// Entries that were taken.
    pub(crate) taken: u32,
    /// Entries that are left, all of them old now.
    pub(crate) left: u32,
    /// Whether the page was written since it came in.
    pub(crate) written: bool,
}

/// The entries of all pages in what suits the trace: one of these, the others are empty. Which one it is is asked at every
/// step of a fault, so each is asked for by a flag of its own, which the processor foresees. What did not help: an enum, for
/// which it is a jump to an address from a table; and one in another, where every answer takes three instructions.
#[derive(Clone, Debug)]
pub(crate) struct Tables<P = Alone> {
    /// One attachment of a segment at a time.
    pub(crate) one: Words<u8, P>,
    pub(crate) is_one: bool,
    /// Up to 15.
    pub(crate) few: Words<u32, P>,
    pub(crate) is_few: bool,
    /// Up to 31.
    pub(crate) several: Words<u64, P>,
    pub(crate) is_several: bool,
    /// In place of them, where one word does not do.
    pub(crate) many: ManySharers<P>,
}

/// The page tables of one memory size: its own, or one size's part of those of several.
#[derive(Clone, Debug)]
pub(crate) struct PageTables {
    /// Empty where there are others.
    pub(crate) own: Tables,
    /// In place of them, those that stand beside the tables of other memory sizes.
    pub(crate) beside: Option<Beside>,
}

/// Does something with the entries of [`Tables`], of whatever width.
macro_rules! with_tables {
    ($tables:expr, $entries:ident => $do:expr) => {{
        use $crate::kernel::page_tables::Tables;
        match $tables {
            Tables { is_one: true, one: $entries, .. } => $do,
            Tables { is_few: true, few: $entries, .. } => $do,
            Tables { is_several: true, several: $entries, .. } => $do,
            Tables { many: $entries, .. } => $do,
        }
    }};
}
pub(super) use with_tables;

/// The same for [`PageTables`]. Its own come first, since nothing is as often asked of others.
macro_rules! with_entries {
    ($tables:expr, $entries:ident => $do:expr) => {{
        use $crate::kernel::page_tables::{PageTables, Tables};
        match $tables {
            PageTables { own: Tables { is_one: true, one: $entries, .. }, .. } => $do,
            PageTables { own: Tables { is_few: true, few: $entries, .. }, .. } => $do,
            PageTables { own: Tables { is_several: true, several: $entries, .. }, .. } => $do,
            PageTables { beside: Some($entries), .. } => $do,
            PageTables { own: Tables { many: $entries, .. }, .. } => $do,
        }
    }};
}
pub(crate) use with_entries;

/// The same where something is known of them.
macro_rules! with_known {
    ($known:ty, $tables:expr, $entries:ident => $do:expr) => {{
        use $crate::kernel::known::{Known, Model};
        use $crate::kernel::page_tables::{PageTables, Tables};
        match (<$known as Known>::MODEL, $tables) {
            (Model::One, PageTables { own: Tables { one: $entries, .. }, .. }) => $do,
            (Model::Several, PageTables { own: Tables { several: $entries, .. }, .. }) => $do,
            (Model::Any, tables) => $crate::kernel::page_tables::with_entries!(tables, $entries => $do),
        }
    }};
}
pub(crate) use with_known;

impl<P: Place> Tables<P> {
    /// Empty tables with so many places, for segments with at most so many attachments at a time.
    pub(super) fn at(places: usize, most_attachments: u32, place: P) -> Self {
        let fits = [<u8 as Word>::COLUMNS, <u32 as Word>::COLUMNS, <u64 as Word>::COLUMNS];
        let width = fits.iter().position(|&columns| most_attachments <= columns).unwrap_or(fits.len());
        let places_at = |other: usize| if width == other { places } else { 0 };
        Self {
            one: Words::at(places_at(0), place),
            is_one: width == 0,
            few: Words::at(places_at(1), place),
            is_few: width == 1,
            several: Words::at(places_at(2), place),
            is_several: width == 2,
            many: ManySharers::at(places_at(3), most_attachments, place),
        }
    }
}

impl PageTables {
    /// Empty tables for so many pages of segments with at most so many attachments at a time.
    pub(crate) fn new(pages: usize, most_attachments: u32) -> Self {
        Self::alone(Tables::at(pages, most_attachments, Alone))
    }

    /// These and no others.
    pub(super) fn alone(own: Tables) -> Self {
        Self { own, beside: None }
    }

    /// None at all: they are among those of other memory sizes, and not lent.
    pub(super) fn none() -> Self {
        Self::alone(Tables { is_one: false, ..Tables::at(0, 1, Alone) })
    }
}

/// The most bytes that the entries of a page take where no segment has more attachments than this at a time.
pub fn bytes_of_entries(most_attachments: u32) -> u64 {
    if most_attachments <= <u8 as Word>::COLUMNS {
        size_of::<u8>() as u64
    } else if most_attachments <= <u32 as Word>::COLUMNS {
        size_of::<u32>() as u64
    } else if most_attachments <= <u64 as Word>::COLUMNS {
        size_of::<u64>() as u64
    } else {
        ManySharers::bytes_a_page(most_attachments)
    }
}

/// A word that holds the entries of one page: from the lowest bit young, present (each a bit a column), written, resident.
pub(crate) trait Word:
    Bits + WholeNumber + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self> + PartialEq
{
    /// Columns that there is room for.
    const COLUMNS: u32;
}

impl Word for u8 {
    const COLUMNS: u32 = 1;
}

impl Word for u32 {
    const COLUMNS: u32 = 15;
}

impl Word for u64 {
    const COLUMNS: u32 = 31;
}

/// Where the entries of a page stand in an array.
pub(crate) trait Place: Copy {
    fn of(self, page: usize) -> usize;
}

/// The array is that of one memory size alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alone;

impl Place for Alone {
    #[inline(always)]
    fn of(self, page: usize) -> usize {
        page
    }
}

/// Entries in one word a page.
#[derive(Clone, Debug)]
pub(crate) struct Words<W: WholeNumber, P = Alone> {
    pub(super) words: FarArray<W>,
    pub(super) place: P,
}

impl<W: Word> Words<W> {
    /// Empty words of so many pages.
    pub(crate) fn new(pages: usize) -> Self {
        Self::at(pages, Alone)
    }

    /// Such words.
    #[cfg(test)]
    pub(super) fn of(pages: &[W]) -> Self {
        let mut words = Self::new(pages.len());
        words.words[..pages.len()].copy_from_slice(pages);
        words
    }

    /// The words of a block of pages from one on, which is below the number of pages.
    #[inline(always)]
    pub(super) fn block_mut(&mut self, base: usize) -> &mut [W; BLOCK] {
        self.words[base..].first_chunk_mut().expect("there is a block behind the last page")
    }

    /// The words, one a page, and a few behind them.
    pub(crate) fn words(&self) -> &[W] {
        &self.words
    }
}

impl<W: Word, P: Place> Words<W, P> {
    pub(super) const YOUNG: u64 = (1 << W::COLUMNS) - 1;
    pub(super) const WRITTEN: u64 = 1 << (2 * W::COLUMNS);
    pub(crate) const RESIDENT: u64 = Self::WRITTEN << 1;
    /// Where pages have one sharer a minor fault is rare, and a run ends before it.
    const HAS_MINOR_FAULTS: bool = W::COLUMNS > 1;
    /// The word of a page in swap: no page that is in no frame is written.
    pub(super) const IN_SWAP: u64 = Self::WRITTEN;
    /// Behind the last page, so that a block can be fetched from any page's word on.
    const SLACK: usize = BLOCK;

    /// Empty words for an array of so many places.
    pub(super) fn at(places: usize, place: P) -> Self {
        Self { words: FarArray::zeros(places + Self::SLACK), place }
    }

    #[inline(always)]
    fn get(&self, page: PageId) -> u64 {
        self.words[self.place.of(page.index())].bits()
    }

    #[inline(always)]
    fn word_mut(&mut self, page: PageId) -> &mut W {
        &mut self.words[self.place.of(page.index())]
    }

    #[inline(always)]
    fn set(&mut self, page: PageId, bits: u64) {
        *self.word_mut(page) = W::from_bits(bits);
    }

    /// How many of the young or present bits are set.
    #[inline(always)]
    pub(super) fn count(bits: u64) -> u32 {
        if W::COLUMNS == 1 { bits as u32 } else { bits.count_ones() }
    }

    /// The place of a column among the young or present bits.
    #[inline(always)]
    fn bit(column: Column) -> u32 {
        if W::COLUMNS == 1 { 0 } else { column.get() }
    }

    /// The young and the present bit of a column.
    #[inline(always)]
    pub(super) fn entry_bits(column: Column) -> u64 {
        Self::present_bit(column) | 1 << Self::bit(column)
    }

    /// The present bit of a column.
    #[inline(always)]
    pub(super) fn present_bit(column: Column) -> u64 {
        1 << (W::COLUMNS + Self::bit(column))
    }

    /// The bits that a reference sets.
    #[inline(always)]
    pub(super) fn marks(reference: Reference) -> u64 {
        1 << Self::bit(reference.column) | u64::from(reference.write) << (2 * W::COLUMNS)
    }
}

impl<W: Word, P: Place> Entries for Words<W, P> {
    #[inline(always)]
    fn hit(&mut self, reference: Reference) -> bool {
        let word = self.word_mut(reference.page);
        let bits = word.bits();
        let present = bits >> (W::COLUMNS + Self::bit(reference.column)) & 1 != 0;
        if present {
            *word = W::from_bits(bits | Self::marks(reference));
        }
        present
    }

    /// The words are at hand in a slice, and what a reference is, a hit or a minor fault, is added and not chosen between: it
    /// can't be foreseen.
    #[inline(always)]
    fn run<R: Packed, M: CountsMinorFaults>(&mut self, references: &[R], packing: Packing, minor: &mut M) -> usize {
        let place_of = self.place;
        let words = &mut self.words[..];
        for (place, reference) in references.iter().enumerate() {
            let reference = packing.unpack(reference.bits());
            let word = &mut words[place_of.of(reference.page.index())];
            let bits = word.bits();
            let present = Self::present_bit(reference.column);
            let carried_out = M::CARRIED_OUT && Self::HAS_MINOR_FAULTS;
            if bits & if carried_out { Self::RESIDENT } else { present } == 0 {
                return place;
            }
            if carried_out {
                minor.count(reference.page, bits & present == 0);
            }
            *word = W::from_bits(bits | present | Self::marks(reference));
        }
        references.len()
    }

    #[inline(always)]
    fn is_settled(&self, reference: Reference) -> bool {
        !self.get(reference.page) & Self::marks(reference) == 0
    }

    #[inline(always)]
    fn map(&mut self, reference: Reference) {
        let present = Self::present_bit(reference.column);
        self.set(reference.page, self.get(reference.page) | present | Self::marks(reference));
    }

    #[inline(always)]
    fn bring_in(&mut self, reference: Reference) -> bool {
        let present = Self::present_bit(reference.column);
        let was_in_swap = self.is_in_swap(reference.page);
        self.set(reference.page, Self::RESIDENT | present | Self::marks(reference));
        was_in_swap
    }

    #[inline(always)]
    fn forget(&mut self, page: PageId) {
        self.set(page, 0);
    }

    #[inline(always)]
    fn is_resident(&self, page: PageId) -> bool {
        self.get(page) & Self::RESIDENT != 0
    }

    #[inline(always)]
    fn is_in_swap(&self, page: PageId) -> bool {
        self.get(page) == Self::IN_SWAP
    }

    #[inline(always)]
    fn is_written(&self, page: PageId) -> bool {
        self.get(page) & Self::WRITTEN != 0
    }

    #[inline(always)]
    fn is_accessed(&self, page: PageId) -> bool {
        self.get(page) & Self::YOUNG != 0
    }

    #[inline(always)]
    fn clear_accessed(&mut self, page: PageId) -> u32 {
        let bits = self.get(page);
        self.set(page, bits & !Self::YOUNG);
        Self::count(bits & Self::YOUNG)
    }

    #[inline(always)]
    fn unmap(&mut self, page: PageId, second_chance: bool) -> Option<Unmapped> {
        let word = self.word_mut(page);
        let bits = word.bits();
        if bits & Self::RESIDENT == 0 {
            return None;
        }
        let present = bits >> W::COLUMNS & Self::YOUNG;
        let aged = if second_chance { bits & Self::YOUNG } else { 0 };
        let kept = bits & (Self::WRITTEN | Self::RESIDENT) | aged << W::COLUMNS;
        *word = W::from_bits(if aged == 0 { Self::IN_SWAP } else { kept });
        Some(Unmapped {
            taken: Self::count(present & !aged),
            left: Self::count(aged),
            written: bits & Self::WRITTEN != 0,
        })
    }

    fn entry(&self, page: PageId, column: Column) -> Option<bool> {
        let bits = self.get(page);
        let present = bits >> (W::COLUMNS + column.get()) & 1 != 0;
        present.then_some(bits >> column.get() & 1 != 0)
    }

    fn clear_entry(&mut self, page: PageId, column: Column) {
        self.set(page, self.get(page) & !Self::entry_bits(column));
    }

    fn copy_entry(&mut self, page: PageId, parent: Column, child: Column) {
        let bits = self.get(page);
        let present = bits >> (W::COLUMNS + parent.get()) & 1;
        self.set(page, bits | present << (W::COLUMNS + child.get()));
    }

    fn present(&self, page: PageId) -> u32 {
        (self.get(page) >> W::COLUMNS & Self::YOUNG).count_ones()
    }

    fn columns(&self) -> usize {
        W::COLUMNS as usize
    }

    #[inline(always)]
    fn prefetch(&self, page: PageId) {
        prefetch(&self.words, self.place.of(page.index()));
    }
}
