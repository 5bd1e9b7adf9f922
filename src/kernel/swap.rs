//! Swap areas and their slots (R47 to R52): `get_swap_page`, `scan_swap_map`, `swap_free` and the order that
//! `sys_swapon` makes.
//!
//! Only which slot is taken and freed is decided here. What is written to it, and when, is not.

use crate::kernel::slot_map::SlotMap;
use crate::trace::SwapArea;

/// Slots that are taken in a row after the first of a cluster (`SWAP_CLUSTER_MAX`, R49).
const CLUSTER: u32 = 32;

/// The slots of an area when nothing is said: the most that a 2.0 swap header can describe (assumption A4).
pub const RECORDED_RUN_SLOTS: u32 = 32_687;

/// A slot of a swap area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SwapSlot {
    /// The number of the area, in order of swapon.
    pub area: u32,
    /// The slot in it, from 1: slot 0 is the area's header.
    pub slot: u32,
}

impl SwapSlot {
    /// In place of a slot where slots are not kept: slot 0 is the header of its area and no page's.
    pub const NONE: Self = Self { area: 0, slot: 0 };
}

/// One area (`swap_info_struct`).
#[derive(Clone, Debug)]
struct Area {
    priority: i32,
    /// The area after this one in the list of falling priority.
    next: Option<usize>,
    used: SlotMap,
    lowest: u32,
    highest: u32,
    cluster_next: u32,
    cluster_credit: u32,
}

impl Area {
    fn new(slots: u32, priority: i32) -> Self {
        let mut used = SlotMap::new(slots as usize + 1);
        // The header is never given out.
        used.insert(0);
        Self { priority, next: None, used, lowest: 1, highest: slots, cluster_next: 0, cluster_credit: 0 }
    }

    /// The first free slot from `from` to the highest.
    fn first_free(&self, from: u32) -> Option<u32> {
        let found = self.used.first_free(from as usize)? as u32;
        (found <= self.highest).then_some(found)
    }

    /// Takes a slot: the next of the cluster, or the first free one, which begins a new cluster (R49).
    fn take(&mut self) -> Option<u32> {
        if self.cluster_credit > 0 {
            if let Some(slot) = self.first_free(self.cluster_next) {
                self.cluster_credit -= 1;
                return Some(self.mark(slot));
            }
            // The walk leaves the position behind the last slot that it looked at, for the next cluster walk to go on
            // from when the search below finds nothing.
            self.cluster_next = self.cluster_next.max(self.highest + 1);
        }
        self.cluster_credit = CLUSTER;
        let slot = self.first_free(self.lowest)?;
        self.lowest = slot;
        Some(self.mark(slot))
    }

    fn mark(&mut self, slot: u32) -> u32 {
        self.used.insert(slot as usize);
        if slot == self.highest {
            self.highest -= 1;
        }
        self.cluster_next = slot;
        slot
    }

    fn free(&mut self, slot: u32) {
        assert!(self.used.remove(slot as usize), "a slot is freed once");
        self.lowest = self.lowest.min(slot);
        self.highest = self.highest.max(slot);
    }
}

/// All swap areas and the order in which they are used.
#[derive(Clone, Debug, Default)]
pub struct Swap {
    areas: Vec<Area>,
    /// The area of the highest priority (`swap_list.head`).
    head: Option<usize>,
    /// Slots of all areas before each one, by which a slot is one number.
    bases: Vec<u32>,
    total: u32,
    /// The area from which the next slot is tried first (`swap_list.next`).
    next: Option<usize>,
    least_priority: i32,
    free: u64,
}

impl Swap {
    /// Swap with these areas, in order of swapon.
    pub fn new(areas: &[SwapArea]) -> Self {
        let mut swap = Self::default();
        for area in areas {
            swap.swapon(*area);
        }
        swap
    }

    /// Adds an area: before all areas of the same or a lower priority (R47).
    ///
    /// # Panics
    /// When all areas together have 2^32 slots or more; options are checked for that.
    pub fn swapon(&mut self, area: SwapArea) {
        let priority = area.priority.unwrap_or_else(|| {
            self.least_priority -= 1;
            self.least_priority
        });
        let number = self.areas.len();
        self.areas.push(Area::new(area.slots, priority));
        self.free += u64::from(area.slots);
        self.bases.push(self.total);
        self.total = self.total.checked_add(area.slots).expect("the total of the slots is checked with the options");
        let mut before = None;
        let mut at = self.head;
        while let Some(other) = at.filter(|&other| self.areas[other].priority > priority) {
            before = Some(other);
            at = self.areas[other].next;
        }
        self.areas[number].next = at;
        match before {
            Some(other) => self.areas[other].next = Some(number),
            None => {
                self.head = Some(number);
                self.next = Some(number);
            }
        }
    }

    /// A slot as one number, from 1 to the total of the slots.
    pub fn number_of(&self, slot: SwapSlot) -> u32 {
        self.bases[slot.area as usize] + slot.slot
    }

    /// The slot with this number.
    pub fn slot_of(&self, number: u32) -> SwapSlot {
        let area = self.bases.partition_point(|&base| base < number) - 1;
        SwapSlot { area: area as u32, slot: number - self.bases[area] }
    }

    /// Free slots of all areas together (`nr_swap_pages`).
    pub fn free_slots(&self) -> u64 {
        self.free
    }

    /// The slots that are in use, by area and number; slow, for checks.
    pub fn used(&self) -> impl Iterator<Item = SwapSlot> + '_ {
        self.areas.iter().enumerate().flat_map(|(area, state)| {
            state.used.iter().skip(1).map(move |slot| SwapSlot { area: area as u32, slot: slot as u32 })
        })
    }

    /// Takes a slot (R48), or none where all are used.
    pub fn take(&mut self) -> Option<SwapSlot> {
        let mut number = self.next?;
        if self.free == 0 {
            return None;
        }
        let mut started_over = false;
        loop {
            let priority = self.areas[number].priority;
            let successor = self.areas[number].next;
            let same = successor.filter(|&other| self.areas[other].priority == priority);
            if let Some(slot) = self.areas[number].take() {
                self.next = same.or(self.head);
                self.free -= 1;
                return Some(SwapSlot { area: number as u32, slot });
            }
            number = match (started_over, same) {
                (false, Some(other)) => other,
                (false, None) => {
                    started_over = true;
                    self.head?
                }
                (true, _) => successor?,
            };
        }
    }

    /// Frees a slot (R50).
    ///
    /// # Panics
    /// When it is not in use.
    pub fn release(&mut self, slot: SwapSlot) {
        let area = &mut self.areas[slot.area as usize];
        area.free(slot.slot);
        let priority = area.priority;
        self.free += 1;
        if self.next.is_some_and(|next| priority > self.areas[next].priority) {
            self.next = self.head;
        }
    }
}
