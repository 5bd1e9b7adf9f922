//! The page tables of several memory sizes side by side, for a pass over the references that they share: the words that all
//! sizes have for a page stand together, so that a reference is carried out at all of them in a few wide instructions where
//! it is a hit or a minor fault.
//!
//! Everything else happens at one size at a time. Its [`Kernel`] is lent the arrays meanwhile, finds its own words in them by
//! its lane, and notes here what it makes old or takes. What happens where the page is in no frame is not decided here.

pub mod frames;
pub mod shm_swap;
mod words;
mod young;

use std::ops::Range;

use super::Kernel;
use super::accessed_bits::one_by_one;
use super::bitmap::Bitmap;
use super::many_sharers::ManySharers;
use super::page_tables::{Entries, PageTables, Place, Tables, Unmapped, Words, bytes_of_entries, with_tables};
use super::second_chance::Chances;
use super::shared_second_chance::Scan;
use crate::ids::{Column, PageId};
use crate::processor::WideWords;
use crate::program::{Program, Reference};
use words::Width;
pub use young::Young;

/// Sizes side by side at most: one bit each.
pub const MOST_SIZES: usize = 64;
/// The fewest lanes that there are: what a wide instruction takes of the widest words.
const FEWEST_LANES: usize = 8;

/// The place of one memory size among those that stand side by side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane {
    /// There are `1 << shift` lanes.
    shift: u32,
    number: u32,
}

impl Place for Lane {
    #[inline(always)]
    fn of(self, page: usize) -> usize {
        (page << self.shift) + self.number as usize
    }
}

/// The page tables of all sizes, and what is kept with them.
#[derive(Clone, Debug)]
struct Arrays {
    tables: Tables<Lane>,
    /// The size that they are lent to.
    lane: Lane,
    young: Young,
    clearing: Clearing,
}

/// How the entries of an attachment that ends are emptied (R40).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clearing {
    /// Each size empties its own.
    Own,
    /// The next size empties those of all, which end with the same change and are asked for nothing before it.
    OfAll,
    /// Another size has emptied them.
    Done,
}

/// The entries of one size among those that stand side by side: as a pointer, so that it is lent and given back in a step.
#[derive(Clone, Debug)]
pub(crate) struct Beside(Box<Arrays>);

/// The page tables of up to 64 memory sizes, each in its lane. What did not help: to count minor faults a bit of all sizes at once,
/// without going from size to size.
#[derive(Debug)]
pub struct SideBySide {
    /// None while they are lent.
    tables: Option<Beside>,
    /// Lanes: `1 << shift`.
    shift: u32,
    /// The minor faults of each segment, one count a lane.
    minor_faults: Vec<u64>,
    width: Width,
}

/// What a reference met, a bit for each memory size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Where the page is resident: there it was carried out.
    pub resident: u64,
    /// Where it was a minor fault.
    pub minor: u64,
}

/// Lanes for so many sizes.
fn lanes(sizes: usize) -> usize {
    sizes.next_power_of_two().max(FEWEST_LANES)
}

impl SideBySide {
    /// Bytes of the page tables of so many sizes.
    pub fn bytes(program: &Program, sizes: usize) -> usize {
        let a_page = bytes_of_entries(program.counts.most_attachments) as usize * lanes(sizes) + 2 * size_of::<u64>();
        program.footprint() as usize * a_page
    }

    /// Empty page tables of so many sizes, which are at most 64.
    pub fn new(program: &Program, sizes: usize) -> Self {
        let lanes = lanes(sizes);
        let lane = Lane { shift: lanes.trailing_zeros(), number: 0 };
        let pages = program.footprint() as usize;
        let tables = Tables::at(pages * lanes, program.counts.most_attachments, lane);
        let young = Young::new(pages, program.packing.column_bits == 0);
        let arrays = Arrays { tables, lane, young, clearing: Clearing::Own };
        Self {
            tables: Some(Beside(Box::new(arrays))),
            shift: lane.shift,
            minor_faults: vec![0; program.segments.len() * lanes],
            width: Width::all().last().unwrap_or(Width::Plain),
        }
    }

    /// The arrays, which are not lent at present.
    #[inline(always)]
    fn arrays(&self) -> &Arrays {
        let Some(Beside(arrays)) = &self.tables else { unreachable!("who borrows them gives them back") };
        arrays
    }

    #[inline(always)]
    fn arrays_mut(&mut self) -> &mut Arrays {
        let Some(Beside(arrays)) = &mut self.tables else { unreachable!("who borrows them gives them back") };
        arrays
    }

    /// A reference at all sizes at which the page is resident. Minor faults are counted at `counted` sizes.
    #[inline(always)]
    pub fn refer(&mut self, program: &Program, reference: Reference, counted: u64) -> Met {
        let (shift, width) = (self.shift, self.width);
        let met = with_tables!(&mut self.arrays_mut().tables, entries => entries.refer_all(reference, shift, width));
        let mut left = met.minor & counted;
        if left != 0 {
            let counts = &mut self.minor_faults[program.segment_of[reference.page.index()].index() << shift..];
            while left != 0 {
                counts[left.trailing_zeros() as usize] += 1;
                left &= left - 1;
            }
        }
        met
    }

    /// How the entries of attachments that end are emptied from now on.
    pub fn set_clearing(&mut self, clearing: Clearing) {
        self.arrays_mut().clearing = clearing;
    }

    /// Where pages are known to have young entries.
    #[inline(always)]
    pub fn young(&self) -> &Young {
        &self.arrays().young
    }

    /// The same, for who makes them young.
    #[inline(always)]
    pub fn young_mut(&mut self) -> &mut Young {
        &mut self.arrays_mut().young
    }
}

impl Kernel {
    /// Has its page tables beside others from now on. It must not have begun.
    pub(crate) fn stand_beside(&mut self, others: &SideBySide, number: usize) {
        debug_assert_eq!(self.now, 0, "a replay that has begun has page tables already");
        self.tables = PageTables::none();
        self.lane = Some(Lane { shift: others.shift, number: number as u32 });
    }

    /// Borrows the page tables.
    #[inline(always)]
    pub(crate) fn borrow_tables(&mut self, others: &mut SideBySide) {
        self.tables.beside = others.tables.take();
        if let (Some(beside), Some(lane)) = (&mut self.tables.beside, self.lane) {
            beside.0.lane = lane;
            with_tables!(&mut beside.0.tables, entries => entries.set_lane(lane));
        }
    }

    /// Gives the page tables back.
    #[inline(always)]
    pub(crate) fn give_tables_back(&mut self, others: &mut SideBySide) {
        others.tables = self.tables.beside.take();
    }

    /// Has its page tables alone from now on, and the minor faults that were counted there.
    pub(crate) fn stand_alone(&mut self, others: &SideBySide) {
        let Some(lane) = self.lane.take() else { return };
        for (segment, counts) in self.segments.iter_mut().zip(others.minor_faults.chunks(1 << lane.shift)) {
            segment.minor_faults += counts[lane.number as usize];
            self.counters.minor_faults += counts[lane.number as usize];
        }
        self.tables = PageTables::alone(others.arrays().tables.alone(self.program.footprint() as usize, lane));
    }

    /// Entries of a page were made old or taken, which a pass wants to know.
    #[inline(always)]
    pub(super) fn made_old(&mut self, page: PageId) {
        if let Some(beside) = &mut self.tables.beside {
            beside.made_old(page);
        }
    }
}

impl Beside {
    /// Entries of a page were made old or taken.
    #[inline(always)]
    fn made_old(&mut self, page: PageId) {
        let Arrays { lane, young, .. } = &mut *self.0;
        young.made_old(page, lane.number);
    }

    /// Makes pages old, one after the other; tells of each that was young, and how many entries of it were.
    pub(super) fn clear_accessed_of(
        &mut self,
        pages: impl Iterator<Item = PageId>,
        mut young: impl FnMut(PageId, u32),
    ) {
        let Arrays { tables, lane, young: known, .. } = &mut *self.0;
        let tell = |page: PageId, cleared| {
            known.made_old(page, lane.number);
            young(page, cleared);
        };
        with_tables!(tables, entries => one_by_one(entries, pages, tell));
    }

    /// Empties the entries of an attachment at all sizes, where it is to do that, or they are empty; false where each size has
    /// to empty its own.
    pub(super) fn clear_entries(&mut self, pages: Range<PageId>, column: Column) -> bool {
        let Arrays { tables, lane, young, clearing } = &mut *self.0;
        if *clearing == Clearing::OfAll {
            for page in (pages.start.get()..pages.end.get()).map(PageId::new) {
                if with_tables!(&mut *tables, entries => entries.clear_all(page, column, lane.shift)) {
                    young.forget(page, u64::MAX);
                }
            }
        }
        *clearing != Clearing::Own
    }

    /// [`Tables::pass_over`].
    #[inline(always)]
    pub(super) fn pass_over(&mut self, pages: &[PageId], wide: Option<WideWords>) -> (usize, u64) {
        let passed = self.0.tables.pass_over(pages, wide);
        pages[..passed.0].iter().for_each(|&page| self.made_old(page));
        passed
    }

    /// [`Tables::pass_shared`].
    #[inline(always)]
    pub(super) fn pass_shared(&mut self, scan: Scan<'_>, wide: WideWords) -> Option<Chances> {
        let Arrays { tables, lane, young, .. } = &mut *self.0;
        tables.pass_shared(scan, wide, |page| young.made_old(page, lane.number))
    }
}

impl Tables<Lane> {
    /// What one size has, for so many pages, in tables of its own.
    fn alone(&self, pages: usize, lane: Lane) -> Tables {
        let Self { one, is_one, few, is_few, several, is_several, many } = self;
        let pages_if = |there: bool| if there { pages } else { 0 };
        Tables {
            one: one.alone(pages_if(*is_one), lane),
            is_one: *is_one,
            few: few.alone(pages_if(*is_few), lane),
            is_few: *is_few,
            several: several.alone(pages_if(*is_several), lane),
            is_several: *is_several,
            many: many.alone(pages_if(!(is_one | is_few | is_several)), lane),
        }
    }
}

/// Answered by the tables, whatever their width.
impl Entries for Beside {
    #[inline(always)]
    fn hit(&mut self, reference: Reference) -> bool {
        with_tables!(&mut self.0.tables, entries => entries.hit(reference))
    }

    #[inline(always)]
    fn is_settled(&self, reference: Reference) -> bool {
        with_tables!(&self.0.tables, entries => entries.is_settled(reference))
    }

    #[inline(always)]
    fn map(&mut self, reference: Reference) {
        with_tables!(&mut self.0.tables, entries => entries.map(reference));
    }

    #[inline(always)]
    fn bring_in(&mut self, reference: Reference) -> bool {
        with_tables!(&mut self.0.tables, entries => entries.bring_in(reference))
    }

    fn forget(&mut self, page: PageId) {
        with_tables!(&mut self.0.tables, entries => entries.forget(page));
    }

    fn forget_all(&mut self, pages: Range<PageId>, mut was: impl FnMut(PageId, bool)) {
        let Arrays { tables, lane, young, .. } = &mut *self.0;
        let tell = |page: PageId, resident| {
            young.forget(page, u64::from(resident) << lane.number);
            was(page, resident);
        };
        with_tables!(tables, entries => entries.forget_all(pages, tell));
    }

    #[inline(always)]
    fn is_resident(&self, page: PageId) -> bool {
        with_tables!(&self.0.tables, entries => entries.is_resident(page))
    }

    #[inline(always)]
    fn is_in_swap(&self, page: PageId) -> bool {
        with_tables!(&self.0.tables, entries => entries.is_in_swap(page))
    }

    #[inline(always)]
    fn is_written(&self, page: PageId) -> bool {
        with_tables!(&self.0.tables, entries => entries.is_written(page))
    }

    #[inline(always)]
    fn is_accessed(&self, page: PageId) -> bool {
        with_tables!(&self.0.tables, entries => entries.is_accessed(page))
    }

    #[inline(always)]
    fn clear_accessed(&mut self, page: PageId) -> u32 {
        with_tables!(&mut self.0.tables, entries => entries.clear_accessed(page))
    }

    #[inline(always)]
    fn unmap(&mut self, page: PageId, second_chance: bool) -> Option<Unmapped> {
        with_tables!(&mut self.0.tables, entries => entries.unmap(page, second_chance))
    }

    fn entry(&self, page: PageId, column: Column) -> Option<bool> {
        with_tables!(&self.0.tables, entries => entries.entry(page, column))
    }

    fn clear_entry(&mut self, page: PageId, column: Column) {
        with_tables!(&mut self.0.tables, entries => entries.clear_entry(page, column));
    }

    fn copy_entry(&mut self, page: PageId, parent: Column, child: Column) {
        with_tables!(&mut self.0.tables, entries => entries.copy_entry(page, parent, child));
    }

    fn present(&self, page: PageId) -> u32 {
        with_tables!(&self.0.tables, entries => entries.present(page))
    }

    fn columns(&self) -> usize {
        with_tables!(&self.0.tables, entries => entries.columns())
    }

    #[inline(always)]
    fn prefetch(&self, page: PageId) {
        with_tables!(&self.0.tables, entries => entries.prefetch(page));
    }
}

/// Entries of several memory sizes side by side.
trait Lanes: Entries {
    /// The same of one size alone.
    type Alone;

    /// What is asked for from now on is that of this size.
    fn set_lane(&mut self, lane: Lane);

    /// What one size has, for so many pages, in arrays of its own.
    fn alone(&self, pages: usize, lane: Lane) -> Self::Alone;

    /// A page that has a young entry gets its second chance: young entries become old, and old ones are taken (R25); how many
    /// were young, and how many were present.
    fn pass(&mut self, page: PageId) -> (u32, u32);

    /// A page leaves its frame for swap (R26): the entries that are taken, and whether the page was written since it
    /// came in.
    fn swap_out(&mut self, page: PageId) -> (u32, bool);

    /// Empties the entry of an attachment at all sizes, of which there are `1 << shift`; whether there was one at any.
    fn clear_all(&mut self, page: PageId, column: Column, shift: u32) -> bool;

    /// A reference at all sizes, of which there are `1 << shift`, at which the page is resident (R11, R12).
    fn refer_all(&mut self, reference: Reference, shift: u32, width: Width) -> Met;
}

impl<W: words::Wide> Lanes for Words<W, Lane> {
    type Alone = Words<W>;

    #[inline(always)]
    fn set_lane(&mut self, lane: Lane) {
        self.place = lane;
    }

    fn alone(&self, pages: usize, lane: Lane) -> Words<W> {
        let mut alone = Words::new(pages);
        for (page, word) in alone.words[..pages].iter_mut().enumerate() {
            *word = self.words[lane.of(page)];
        }
        alone
    }

    #[inline(always)]
    fn pass(&mut self, page: PageId) -> (u32, u32) {
        let word = &mut self.words[self.place.of(page.index())];
        let bits = word.bits();
        let young = bits & Self::YOUNG;
        debug_assert!(young != 0 && bits & Self::RESIDENT != 0, "others leave their frames");
        *word = W::from_bits(bits & (Self::WRITTEN | Self::RESIDENT) | young << W::COLUMNS);
        // What is young is present.
        (Self::count(young), Self::count(bits >> W::COLUMNS & Self::YOUNG))
    }

    #[inline(always)]
    fn swap_out(&mut self, page: PageId) -> (u32, bool) {
        let word = &mut self.words[self.place.of(page.index())];
        let bits = word.bits();
        *word = W::from_bits(Self::IN_SWAP);
        (Self::count(bits >> W::COLUMNS & Self::YOUNG), bits & Self::WRITTEN != 0)
    }

    fn clear_all(&mut self, page: PageId, column: Column, shift: u32) -> bool {
        let (entry, none) = (W::from_bits(Self::entry_bits(column)), W::from_bits(0));
        let words = &mut self.words[page.index() << shift..][..1 << shift];
        // Mostly there is none: a process has not touched all pages that it has attached.
        let any = words.iter().fold(none, |any, &word| any | word) & entry != none;
        if any {
            for word in words {
                *word = *word & !entry;
            }
        }
        any
    }

    #[inline(always)]
    fn refer_all(&mut self, reference: Reference, shift: u32, width: Width) -> Met {
        let words = &mut self.words[reference.page.index() << shift..][..1 << shift];
        words::refer(words, reference, width)
    }
}

impl Lanes for ManySharers<Lane> {
    type Alone = ManySharers;

    fn set_lane(&mut self, lane: Lane) {
        self.place = lane;
    }

    fn alone(&self, pages: usize, lane: Lane) -> ManySharers {
        let of_page = 1 << self.shift;
        let mut alone = ManySharers::new(0, 0);
        (alone.shift, alone.resident) = (self.shift, Bitmap::new(pages));
        for page in 0..pages {
            let place = lane.of(page);
            alone.masks.extend_from_slice(&self.masks[place * of_page..][..of_page]);
            alone.written.push(self.written[place]);
            if self.resident.contains(place) {
                alone.resident.insert(page);
            }
        }
        alone
    }

    fn pass(&mut self, page: PageId) -> (u32, u32) {
        self.unmap(page, true).map_or((0, 0), |Unmapped { taken, left, .. }| (left, left + taken))
    }

    fn swap_out(&mut self, page: PageId) -> (u32, bool) {
        self.unmap(page, false).map_or((0, false), |Unmapped { taken, written, .. }| (taken, written))
    }

    fn clear_all(&mut self, page: PageId, column: Column, shift: u32) -> bool {
        let mut any = false;
        for number in 0..1 << shift {
            self.place = Lane { shift, number };
            any |= self.entry(page, column).is_some();
            self.clear_entry(page, column);
        }
        any
    }

    fn refer_all(&mut self, reference: Reference, shift: u32, _width: Width) -> Met {
        let mut met = Met::default();
        for number in 0..1 << shift {
            self.place = Lane { shift, number };
            if self.is_resident(reference.page) {
                let hit = self.hit(reference);
                if !hit {
                    self.map(reference);
                }
                met.resident |= 1 << number;
                met.minor |= u64::from(!hit) << number;
            }
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use super::super::page_tables::Alone;
    use super::*;
    use proptest::prelude::*;

    const PAGES: usize = 5;

    /// What happens to one memory size, or to all of them.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Refer { page: usize, column: u32, write: bool },
        BringIn { number: usize, page: usize, column: u32, write: bool },
        Unmap { number: usize, page: usize, second_chance: bool },
        Pass { number: usize, page: usize },
        ClearAll { page: usize, column: u32 },
        ForgetAll { number: usize, from: usize, length: usize },
    }

    fn step() -> impl Strategy<Value = Step> {
        let page = 0..PAGES;
        prop_oneof![
            (page.clone(), any::<u32>(), any::<bool>()).prop_map(|(page, column, write)| Step::Refer {
                page,
                column,
                write
            }),
            (0_usize..64, page.clone(), any::<u32>(), any::<bool>())
                .prop_map(|(number, page, column, write)| Step::BringIn { number, page, column, write }),
            (0_usize..64, page.clone(), any::<bool>()).prop_map(|(number, page, second_chance)| Step::Unmap {
                number,
                page,
                second_chance
            }),
            (0_usize..64, page.clone()).prop_map(|(number, page)| Step::Pass { number, page }),
            (page.clone(), any::<u32>()).prop_map(|(page, column)| Step::ClearAll { page, column }),
            (0_usize..64, page, 0..=PAGES).prop_map(|(number, from, length)| Step::ForgetAll { number, from, length }),
        ]
    }

    /// All that can be asked of the entries of all pages.
    fn seen(tables: &Tables, columns: u32) -> Vec<(bool, bool, bool, Vec<Option<bool>>)> {
        let of_page = |page| {
            with_tables!(tables, entries => {
                let of_columns = (0..columns).map(|column| entries.entry(page, Column::new(column))).collect();
                (entries.is_resident(page), entries.is_in_swap(page), entries.is_written(page), of_columns)
            })
        };
        (0..PAGES).map(PageId::from_index).map(of_page).collect()
    }

    fn set_lane(tables: &mut Tables<Lane>, lane: Lane) {
        with_tables!(tables, entries => entries.set_lane(lane));
    }

    /// A reference at one size after the other.
    fn refer(apart: &mut [Tables], reference: Reference) -> Met {
        let mut met = Met::default();
        for (number, tables) in apart.iter_mut().enumerate() {
            with_tables!(tables, entries => if entries.is_resident(reference.page) {
                let hit = entries.hit(reference);
                if !hit {
                    entries.map(reference);
                }
                met.resident |= 1 << number;
                met.minor |= u64::from(!hit) << number;
            });
        }
        met
    }

    /// Steps at sizes side by side, and the same at each size with tables of its own.
    fn check(shift: u32, columns: u32, width: Width, steps: &[Step]) {
        let sizes = 1 << shift;
        let lane = |number: usize| Lane { shift, number: number as u32 };
        let mut together = Tables::at(PAGES << shift, columns, lane(0));
        let mut apart = vec![Tables::at(PAGES, columns, Alone); sizes];
        let reference = |page, column: u32, write| {
            let column = Column::new(column % columns);
            Reference { page: PageId::from_index(page), column, write }
        };
        for &step in steps {
            match step {
                Step::Refer { page, column, write } => {
                    let reference = reference(page, column, write);
                    let met = with_tables!(&mut together, entries => entries.refer_all(reference, shift, width));
                    assert_eq!(met, refer(&mut apart, reference));
                }
                Step::BringIn { number, page, column, write } => {
                    let (number, reference) = (number % sizes, reference(page, column, write));
                    set_lane(&mut together, lane(number));
                    if !with_tables!(&apart[number], entries => entries.is_resident(reference.page)) {
                        let found = with_tables!(&mut together, entries => entries.bring_in(reference));
                        let expected = with_tables!(&mut apart[number], entries => entries.bring_in(reference));
                        assert_eq!(found, expected);
                    }
                }
                Step::Unmap { number, page, second_chance } => {
                    let (number, page) = (number % sizes, PageId::from_index(page));
                    set_lane(&mut together, lane(number));
                    let found = with_tables!(&mut together, entries => entries.unmap(page, second_chance));
                    let expected = with_tables!(&mut apart[number], entries => entries.unmap(page, second_chance));
                    assert_eq!(found, expected);
                }
                // As a fault in one go has it: in two steps.
                Step::Pass { number, page } => {
                    let (number, page) = (number % sizes, PageId::from_index(page));
                    set_lane(&mut together, lane(number));
                    if with_tables!(&apart[number], entries => entries.is_resident(page)) {
                        let found = with_tables!(&mut together, entries => if entries.is_accessed(page) {
                            let (young, present) = entries.pass(page);
                            (young, present - young, None)
                        } else {
                            let (taken, written) = entries.swap_out(page);
                            (0, taken, Some(written))
                        });
                        let unmapped = with_tables!(&mut apart[number], entries => entries.unmap(page, true));
                        let Unmapped { taken, left, written } = unmapped.expect("it is resident");
                        assert_eq!(found, (left, taken, (left == 0).then_some(written)));
                    }
                }
                Step::ForgetAll { number, from, length } => {
                    let (number, end) = (number % sizes, (from + length).min(PAGES));
                    let pages = || PageId::from_index(from)..PageId::from_index(end);
                    let (mut found, mut expected) = (Vec::new(), Vec::new());
                    set_lane(&mut together, lane(number));
                    with_tables!(&mut together, entries => entries.forget_all(pages(), |page, was| found.push((page, was))));
                    for page in (from..end).map(PageId::from_index) {
                        with_tables!(&mut apart[number], entries => {
                            let (resident, in_swap) = (entries.is_resident(page), entries.is_in_swap(page));
                            entries.forget(page);
                            if resident || in_swap {
                                expected.push((page, resident));
                            }
                        });
                    }
                    assert_eq!(found, expected);
                }
                Step::ClearAll { page, column } => {
                    let (page, column) = (PageId::from_index(page), Column::new(column % columns));
                    let found = with_tables!(&mut together, entries => entries.clear_all(page, column, shift));
                    let mut any = false;
                    for tables in &mut apart {
                        with_tables!(tables, entries => {
                            any |= entries.entry(page, column).is_some();
                            entries.clear_entry(page, column);
                        });
                    }
                    assert_eq!(found, any);
                }
            }
        }
        for (number, expected) in apart.iter().enumerate() {
            assert_eq!(seen(&together.alone(PAGES, lane(number)), columns), seen(expected, columns), "size {number}");
        }
    }

    proptest! {
        #[test]
        fn sizes_side_by_side_are_those_of_each_alone(
            steps in prop::collection::vec(step(), 0..400),
            shift in 3_u32..=6,
            columns in prop_oneof![Just(1_u32), Just(15), Just(31), Just(100)],
        ) {
            for width in Width::all() {
                check(shift, columns, width, &steps);
            }
        }
    }
}
