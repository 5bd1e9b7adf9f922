//! Which slots of a time line are used, and how many used ones lie behind a slot, in a handful of operations on wide words.
//!
//! A bit for each slot, a word of them a block; and how many are used before each block, within its group, within its region:
//! running sums, so that a count is three of them and the bits of one word. Freeing a slot changes the sums behind it, which
//! are 64 in a row at each height: loops without a branch that compilers turn into a few wide instructions. What stands in a
//! slot is not known here.

/// Slots in a block.
const BLOCK: usize = u64::BITS as usize;
/// Blocks in a group, and groups in a region.
const ROW: usize = 64;
/// Slots in a group; 16 bits hold the sums.
const GROUP: usize = ROW * BLOCK;
/// Slots in a region.
const REGION: usize = ROW * GROUP;

/// Slots that are given out in order and freed in any.
///
/// What did not help: twice as many slots, which are moved together half as often (on Zipf's law over a million pages half
/// as slow again: the bits leave the near cache); AVX-512 for the same loops (no faster with strong locality, twice as slow
/// on Zipf's law); blocks of 512 slots (half as slow again where every third reference goes below the front).
#[derive(Clone, Debug)]
pub(super) struct UsedSlots {
    /// A bit for each slot.
    bits: Vec<u64>,
    /// Used slots of the group before each of its blocks; true up to the block of the next slot.
    in_group: Vec<[u16; ROW]>,
    /// Used slots of the region before each of its groups; true up to the group of the next slot.
    in_region: Vec<[u32; ROW]>,
    /// Used slots before each region.
    before: Vec<u32>,
    /// Sums of a region that are looked at: fewer than all where there is one region.
    groups_of_region: usize,
    /// The next slot to give out.
    next: usize,
    /// The end of the slots.
    end: usize,
    /// Slots that are used.
    used: u32,
}

impl UsedSlots {
    /// At least so many slots, all free.
    pub(super) fn new(slots: usize) -> Self {
        let groups = slots.div_ceil(GROUP).max(1);
        let regions = groups.div_ceil(ROW);
        Self {
            bits: vec![0; groups * ROW],
            in_group: vec![[0; ROW]; groups],
            in_region: vec![[0; ROW]; regions],
            before: vec![0; regions],
            groups_of_region: groups.next_multiple_of(8).min(ROW),
            next: 0,
            end: groups * GROUP,
            used: 0,
        }
    }

    /// How many are used.
    #[inline(always)]
    pub(super) fn used(&self) -> u32 {
        self.used
    }

    /// Whether none is left to give out.
    #[inline(always)]
    pub(super) fn is_at_end(&self) -> bool {
        self.next >= self.end
    }

    /// Gives out the next slot.
    ///
    /// # Panics
    /// When none is left.
    #[inline(always)]
    pub(super) fn give(&mut self) -> u32 {
        let slot = self.next;
        self.bits[slot / BLOCK] |= 1 << (slot % BLOCK);
        self.used += 1;
        self.next += 1;
        if self.next.is_multiple_of(BLOCK) {
            self.open_block();
        }
        slot as u32
    }

    /// Frees a used slot; the used ones behind it.
    #[inline(always)]
    pub(super) fn free(&mut self, slot: u32) -> u32 {
        let slot = slot as usize;
        let (block, group, region) = (slot / BLOCK, slot / GROUP, slot / REGION);
        let behind = self.behind(slot as u32);
        self.bits[block] &= !(1 << (slot % BLOCK));
        self.used -= 1;
        let (block, group) = ((block % ROW) as u16, (group % ROW) as u32);
        for (sum, place) in self.in_group[slot / GROUP].iter_mut().zip(0_u16..) {
            *sum = sum.wrapping_sub(u16::from(place > block));
        }
        for (sum, place) in self.in_region[region][..self.groups_of_region].iter_mut().zip(0_u32..) {
            *sum = sum.wrapping_sub(u32::from(place > group));
        }
        for sum in &mut self.before[region + 1..] {
            *sum = sum.wrapping_sub(1);
        }
        behind
    }

    /// The used slots behind one that is used.
    #[inline(always)]
    pub(super) fn behind(&self, slot: u32) -> u32 {
        let slot = slot as usize;
        let below = (self.bits[slot / BLOCK] & ((1 << (slot % BLOCK)) - 1)).count_ones();
        let in_group = u32::from(self.in_group[slot / GROUP][slot / BLOCK % ROW]);
        let in_region = self.in_region[slot / REGION][slot / GROUP % ROW];
        self.used - 1 - below - in_group - in_region - self.before[slot / REGION]
    }

    /// Brings near what [`UsedSlots::free`] will look at.
    #[inline(always)]
    pub(super) fn prefetch(&self, slot: u32) {
        crate::prefetch::prefetch(&self.bits, slot as usize / BLOCK);
        crate::prefetch::prefetch(self.in_group.as_flattened(), slot as usize / BLOCK);
    }

    /// Begins the sums of the block that the next slot is in.
    #[cold]
    fn open_block(&mut self) {
        if self.is_at_end() {
            return;
        }
        let (block, group) = (self.next / BLOCK, self.next / GROUP);
        let full = self.bits[block - 1].count_ones();
        let in_group = u32::from(self.in_group[(block - 1) / ROW][(block - 1) % ROW]) + full;
        if !block.is_multiple_of(ROW) {
            self.in_group[group][block % ROW] = in_group as u16;
            return;
        }
        self.in_group[group][0] = 0;
        let in_region = self.in_region[(group - 1) / ROW][(group - 1) % ROW] + in_group;
        if !group.is_multiple_of(ROW) {
            self.in_region[group / ROW][group % ROW] = in_region;
            return;
        }
        let region = group / ROW;
        self.in_region[region][0] = 0;
        self.before[region] = self.before[region - 1] + in_region;
    }

    /// Moves the used slots together to the front, in the same order; `moved` is called with a function that knows the new
    /// number of each used slot.
    #[cold]
    pub(super) fn move_together(&mut self, moved: impl FnOnce(&dyn Fn(u32) -> u32)) {
        let words = &self.bits;
        let mut before: Vec<u32> = Vec::with_capacity(words.len());
        let mut sum = 0;
        for word in words {
            before.push(sum);
            sum += word.count_ones();
        }
        moved(&|slot| {
            let (word, bit) = (slot as usize / BLOCK, slot as usize % BLOCK);
            before[word] + (words[word] & ((1 << bit) - 1)).count_ones()
        });
        self.next = self.used as usize;
        let (full, rest) = self.bits.split_at_mut(self.next / BLOCK);
        full.fill(u64::MAX);
        rest.fill(0);
        if let Some(word) = rest.first_mut() {
            *word = (1 << (self.next % BLOCK)) - 1;
        }
        // Every slot before the next is used: what stands behind it is not looked at before it is begun anew.
        for row in &mut self.in_group {
            row.iter_mut().zip(0_u16..).for_each(|(sum, place)| *sum = place * BLOCK as u16);
        }
        for row in &mut self.in_region {
            row.iter_mut().zip(0_u32..).for_each(|(sum, place)| *sum = place * GROUP as u32);
        }
        self.before.iter_mut().zip(0_u32..).for_each(|(sum, place)| *sum = place * REGION as u32);
    }
}
