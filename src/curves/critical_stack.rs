//! Stack distances of OPT without a look at the future: the critical stack algorithm (Bilardi, Ekanadham, Pattnaik 2017,
//! "Optimal on-line computation of stack distances for MIN and OPT"), in O(log pages) for each reference.
//!
//! On a time line stand the last references of all pages, and with them one *marker* for each depth from 1 on: where a
//! reference had that depth last, or, before the first, where so many pages came to be known. Each reference sets one of
//! each, so between a time and now there are never fewer markers than pages; what there are more is the *surplus* of the
//! time. To know the depth of a reference, go back from its page's last reference towards now to the first page before
//! which, seen from now, nothing is in surplus: it is the smallest depth whose marker is not after that page. That marker and
//! the page move to now.
//!
//! The time line has slots as [`crate::stack_distances`] has. Surplus is summed in blocks, groups and regions of slots: each
//! knows what is in surplus behind it within the next larger part, and the least that a page in it has. What a reference
//! changes are rows of 64 numbers at each height.

use crate::ids::PageId;

/// Slots in a block.
const BLOCK: usize = 32;
/// Blocks in a group, and groups in a region.
const ROW: usize = 64;
/// Slots in a group.
const GROUP: usize = ROW * BLOCK;
/// Slots in a region.
const REGION: usize = ROW * GROUP;
/// Slots for each page: of these two may be used, one by the page and one by a marker.
const SLOTS_PER_PAGE: usize = 3;
/// No slot.
const NEVER: u32 = u32::MAX;
/// More than any surplus, where there is no page; sums of it and any surplus are still of its size.
const NO_PAGE: i32 = 1 << 30;
/// In place of a marker.
const NO_MARKER: u32 = u32::MAX;

/// The surplus of the parts of a larger part.
#[derive(Clone, Debug)]
struct Row {
    /// What is in surplus behind each part, within the larger one.
    behind: [i32; ROW],
    /// The least surplus of a page in each part, counted within it, or [`NO_PAGE`] and more.
    least: [i32; ROW],
    /// The smallest marker in each part.
    marker: [u32; ROW],
}

impl Row {
    const EMPTY: Self = Self { behind: [0; ROW], least: [NO_PAGE; ROW], marker: [NO_MARKER; ROW] };

    /// Adds to what is behind the parts before one.
    #[inline(always)]
    fn add_before(&mut self, part: usize, change: i32) {
        for (behind, place) in self.behind.iter_mut().zip(0_u32..) {
            *behind += if place < part as u32 { change } else { 0 };
        }
    }

    /// The least surplus of a page, counted within the larger part.
    #[inline(always)]
    fn least(&self) -> i32 {
        let all = self.behind.iter().zip(&self.least);
        all.map(|(behind, least)| behind + least).min().unwrap_or(NO_PAGE)
    }

    /// The first part from one on with a page of this surplus, which is the least.
    #[inline(always)]
    fn first_with(&self, surplus: i32, from: usize) -> Option<usize> {
        let mut mask = 0_u64;
        for (place, (behind, least)) in self.behind.iter().zip(&self.least).enumerate() {
            mask |= u64::from(behind + least == surplus) << place;
        }
        let mask = if from < ROW { mask & (u64::MAX << from) } else { 0 };
        (mask != 0).then(|| mask.trailing_zeros() as usize)
    }

    /// The smallest marker in the parts before one.
    #[inline(always)]
    fn marker_before(&self, part: usize) -> u32 {
        let markers = self.marker.iter().zip(0_u32..);
        markers.map(|(&marker, place)| if place < part as u32 { marker } else { NO_MARKER }).min().unwrap_or(NO_MARKER)
    }

    /// The smallest marker of all.
    #[inline(always)]
    fn marker(&self) -> u32 {
        self.marker.iter().copied().min().unwrap_or(NO_MARKER)
    }
}

/// The slots of a block.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    /// Where a page stands.
    pages: u32,
    /// Where a marker stands.
    markers: u32,
}

impl Block {
    /// The surplus behind a bit, within the block.
    #[inline(always)]
    fn behind(self, bit: u32) -> i32 {
        let mask = !(u32::MAX >> (31 - bit));
        (self.markers & mask).count_ones().cast_signed() - (self.pages & mask).count_ones().cast_signed()
    }

    /// The least surplus of a page, or [`NO_PAGE`].
    #[inline(always)]
    fn least(self) -> i32 {
        let (mut pages, mut least) = (self.pages, NO_PAGE);
        while pages != 0 {
            least = least.min(self.behind(pages.trailing_zeros()));
            pages &= pages - 1;
        }
        least
    }

    /// The first page from a bit on with this surplus.
    #[inline(always)]
    fn first_with(self, surplus: i32, from: u32) -> Option<u32> {
        let mut pages = if from < u32::BITS { self.pages & (u32::MAX << from) } else { 0 };
        while pages != 0 {
            let bit = pages.trailing_zeros();
            if self.behind(bit) == surplus {
                return Some(bit);
            }
            pages &= pages - 1;
        }
        None
    }
}

/// The time line of pages and markers.
#[derive(Clone, Debug)]
pub(super) struct CriticalStack {
    /// The slot of each page's last reference, or [`NEVER`].
    slot_of: Vec<u32>,
    /// The slot of each marker but the first, which never moves.
    slot_of_marker: Vec<u32>,
    blocks: Vec<Block>,
    /// The marker in each slot, or [`NO_MARKER`].
    markers: Vec<[u32; BLOCK]>,
    groups: Vec<Row>,
    regions: Vec<Row>,
    /// What is in surplus behind each region.
    behind: Vec<i32>,
    /// The next slot.
    next: usize,
    end: usize,
    /// The page referenced last, or [`NEVER`].
    top: u32,
}

impl CriticalStack {
    /// No page is known; pages are below this number.
    pub(super) fn new(pages: u32) -> Self {
        let groups = (SLOTS_PER_PAGE * pages as usize).div_ceil(GROUP).max(1);
        let regions = groups.div_ceil(ROW);
        Self {
            slot_of: vec![NEVER; pages as usize],
            slot_of_marker: Vec::with_capacity(pages as usize),
            blocks: vec![Block::default(); groups * ROW],
            markers: vec![[NO_MARKER; BLOCK]; groups * ROW],
            groups: vec![Row::EMPTY; groups],
            regions: vec![Row::EMPTY; regions],
            behind: vec![0; regions],
            next: 0,
            end: groups * GROUP,
            top: NEVER,
        }
    }

    /// The page referenced last.
    pub(super) fn top(&self) -> Option<PageId> {
        (self.top != NEVER).then(|| PageId::new(self.top))
    }

    /// Asks for what is kept of a page that will be referenced soon.
    #[inline(always)]
    pub(super) fn prefetch_page(&self, page: PageId) {
        crate::prefetch::prefetch(&self.slot_of, page.index());
    }

    /// Asks for what is kept around a page that will be referenced sooner.
    #[inline(always)]
    pub(super) fn prefetch_slot(&self, page: PageId) {
        crate::prefetch::prefetch(&self.blocks, self.slot_of[page.index()] as usize / BLOCK);
    }

    /// References a page: its depth under OPT, which is the largest memory that has lost it since its last reference; none
    /// for a page that comes for the first time.
    #[inline(always)]
    pub(super) fn reference(&mut self, page: PageId) -> Option<u32> {
        if self.top == page.get() {
            return Some(0);
        }
        if self.next == self.end {
            self.move_together();
        }
        self.top = page.get();
        let last = self.slot_of[page.index()];
        if last == NEVER {
            let marker = self.slot_of_marker.len() as u32;
            self.slot_of_marker.push(NEVER);
            self.set_now(page, marker);
            return None;
        }
        let last = last as usize;
        let depth = self.smallest_marker_to(self.first_without_surplus(last + 1));
        let marked = self.slot_of_marker[depth as usize] as usize;
        self.blocks[last / BLOCK].pages &= !(1 << (last % BLOCK));
        self.change_behind(last, 1);
        self.blocks[marked / BLOCK].markers &= !(1 << (marked % BLOCK));
        self.change_behind(marked, -1);
        self.remove_marker(marked);
        self.renew_least(last);
        self.renew_least(marked);
        self.set_now(page, depth);
        Some(depth)
    }

    /// The first slot from one on with a page that nothing is in surplus behind. There is one: the last.
    #[inline(always)]
    fn first_without_surplus(&self, from: usize) -> usize {
        let (block, group, region) = (from / BLOCK, from / GROUP, from / REGION);
        let behind_region = self.behind[region];
        let behind_group = behind_region + self.regions[region].behind[group % ROW];
        let row = &self.groups[group];
        let behind_block = behind_group + row.behind[block % ROW];
        if let Some(bit) = self.blocks[block].first_with(-behind_block, (from % BLOCK) as u32) {
            return block * BLOCK + bit as usize;
        }
        if let Some(block) = row.first_with(-behind_group, block % ROW + 1) {
            return self.first_in_block(group * ROW + block);
        }
        if let Some(group) = self.regions[region].first_with(-behind_region, group % ROW + 1) {
            return self.first_in_group(region * ROW + group);
        }
        for region in region + 1..self.regions.len() {
            if let Some(group) = self.regions[region].first_with(-self.behind[region], 0) {
                return self.first_in_group(region * ROW + group);
            }
        }
        self.next - 1
    }

    /// The first slot of a group with a page that nothing is in surplus behind, where there is one.
    #[inline(always)]
    fn first_in_group(&self, group: usize) -> usize {
        let behind = self.behind[group / ROW] + self.regions[group / ROW].behind[group % ROW];
        let block = self.groups[group].first_with(-behind, 0).unwrap_or(0);
        self.first_in_block(group * ROW + block)
    }

    /// The same for a block.
    #[inline(always)]
    fn first_in_block(&self, block: usize) -> usize {
        let group = block / ROW;
        let behind_group = self.behind[group / ROW] + self.regions[group / ROW].behind[group % ROW];
        let behind = behind_group + self.groups[group].behind[block % ROW];
        block * BLOCK + self.blocks[block].first_with(-behind, 0).unwrap_or(0) as usize
    }

    /// The smallest marker in the slots up to one.
    #[inline(always)]
    fn smallest_marker_to(&self, slot: usize) -> u32 {
        let (block, group, region) = (slot / BLOCK, slot / GROUP, slot / REGION);
        let in_block = self.markers[block].iter().zip(0_u32..);
        let up_to = |(&marker, place): (&u32, u32)| if place <= (slot % BLOCK) as u32 { marker } else { NO_MARKER };
        let mut smallest = in_block.map(up_to).min().unwrap_or(NO_MARKER);
        smallest = smallest.min(self.groups[group].marker_before(block % ROW));
        smallest = smallest.min(self.regions[region].marker_before(group % ROW));
        for row in &self.regions[..region] {
            smallest = smallest.min(row.marker());
        }
        smallest
    }

    /// Changes what is in surplus behind all slots before one.
    #[inline(always)]
    fn change_behind(&mut self, slot: usize, change: i32) {
        let (block, group, region) = (slot / BLOCK, slot / GROUP, slot / REGION);
        self.groups[group].add_before(block % ROW, change);
        self.regions[region].add_before(group % ROW, change);
        for behind in &mut self.behind[..region] {
            *behind += change;
        }
    }

    /// Counts anew the least surplus in the parts that a slot is in.
    #[inline(always)]
    fn renew_least(&mut self, slot: usize) {
        let (block, group, region) = (slot / BLOCK, slot / GROUP, slot / REGION);
        self.groups[group].least[block % ROW] = self.blocks[block].least();
        self.regions[region].least[group % ROW] = self.groups[group].least();
    }

    /// Takes the marker out of a slot.
    #[inline(always)]
    fn remove_marker(&mut self, slot: usize) {
        let (block, group, region) = (slot / BLOCK, slot / GROUP, slot / REGION);
        self.markers[block][slot % BLOCK] = NO_MARKER;
        self.groups[group].marker[block % ROW] = self.markers[block].iter().copied().min().unwrap_or(NO_MARKER);
        self.regions[region].marker[group % ROW] = self.groups[group].marker();
    }

    /// Puts a page and a marker in the next slot.
    #[inline(always)]
    fn set_now(&mut self, page: PageId, marker: u32) {
        let slot = self.next;
        self.next += 1;
        self.slot_of[page.index()] = slot as u32;
        self.blocks[slot / BLOCK].pages |= 1 << (slot % BLOCK);
        let (block, group, region) = (slot / BLOCK, slot / GROUP, slot / REGION);
        // The first marker never moves, and does not count. What is new adds nothing to the surplus of what is before it, and
        // has none: with the first page, nothing is before it.
        if marker > 0 {
            self.blocks[block].markers |= 1 << (slot % BLOCK);
            self.markers[block][slot % BLOCK] = marker;
            let smallest = &mut self.groups[group].marker[block % ROW];
            *smallest = marker.min(*smallest);
            let smallest = &mut self.regions[region].marker[group % ROW];
            *smallest = marker.min(*smallest);
        }
        self.slot_of_marker[marker as usize] = slot as u32;
        let least = &mut self.groups[group].least[block % ROW];
        *least = 0.min(*least);
        let least = &mut self.regions[region].least[group % ROW];
        *least = 0.min(*least);
    }

    /// Moves what is used together to the first slots, in the same order.
    #[cold]
    #[inline(never)]
    fn move_together(&mut self) {
        let mut before: Vec<u32> = Vec::with_capacity(self.blocks.len());
        let mut sum = 0;
        for block in &self.blocks {
            before.push(sum);
            sum += (block.pages | block.markers).count_ones();
        }
        let moved = |slot: u32| {
            let (block, bit) = (slot as usize / BLOCK, slot % BLOCK as u32);
            let used = self.blocks[block].pages | self.blocks[block].markers;
            before[block] + (used & ((1 << bit) - 1)).count_ones()
        };
        self.slot_of.iter_mut().filter(|slot| **slot != NEVER).for_each(|slot| *slot = moved(*slot));
        self.slot_of_marker.iter_mut().skip(1).for_each(|slot| *slot = moved(*slot));
        self.next = sum as usize;
        self.begin_anew();
    }

    /// Makes all parts from the slots of pages and markers.
    fn begin_anew(&mut self) {
        self.blocks.fill(Block::default());
        self.markers.fill([NO_MARKER; BLOCK]);
        for slot in self.slot_of.iter().map(|&slot| slot as usize).filter(|&slot| slot != NEVER as usize) {
            self.blocks[slot / BLOCK].pages |= 1 << (slot % BLOCK);
        }
        for (&slot, marker) in self.slot_of_marker.iter().zip(0_u32..).skip(1) {
            let slot = slot as usize;
            self.blocks[slot / BLOCK].markers |= 1 << (slot % BLOCK);
            self.markers[slot / BLOCK][slot % BLOCK] = marker;
        }
        let mut behind_region = 0;
        for region in (0..self.regions.len()).rev() {
            let mut behind_group = 0;
            for group in (region * ROW..self.groups.len().min((region + 1) * ROW)).rev() {
                let mut behind_block = 0;
                for block in (group * ROW..(group + 1) * ROW).rev() {
                    let row = &mut self.groups[group];
                    row.behind[block % ROW] = behind_block;
                    row.least[block % ROW] = self.blocks[block].least();
                    row.marker[block % ROW] = self.markers[block].iter().copied().min().unwrap_or(NO_MARKER);
                    let Block { pages, markers } = self.blocks[block];
                    behind_block += markers.count_ones().cast_signed() - pages.count_ones().cast_signed();
                }
                let row = &mut self.regions[region];
                row.behind[group % ROW] = behind_group;
                row.least[group % ROW] = self.groups[group].least();
                row.marker[group % ROW] = self.groups[group].marker();
                behind_group += behind_block;
            }
            self.behind[region] = behind_region;
            behind_region += behind_group;
        }
    }
}
