//! Swap areas and their slots (R47 to R51), as `mm/swapfile.c` keeps them: a byte a slot, two bounds and a cluster.

/// Slots that a cluster takes after its first one (R49).
const SWAPFILE_CLUSTER: usize = 32;

/// Where a page is in swap: what a swapped-out word of a segment's list says (R8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SwapEntry {
    /// Number of the area.
    pub area: usize,
    /// Slot in it, from 1; slot 0 is the header of the area.
    pub slot: usize,
}

impl SwapEntry {
    /// The word in the segment's list (R8): 2 * area + slot * 0x100.
    pub fn word(self) -> usize {
        2 * self.area + self.slot * 0x100
    }
}

/// One swap area (`swap_info_struct`).
#[derive(Clone, Debug)]
pub struct SwapInfo {
    /// A use count a slot; `swap_map[0]` is the header and always 1.
    swap_map: Vec<u8>,
    /// No slot below this one is free.
    lowest_bit: usize,
    /// No slot above this one is free.
    highest_bit: usize,
    /// Where the cluster goes on.
    cluster_next: usize,
    /// Slots that the cluster may still take.
    cluster_nr: usize,
    /// Its priority.
    prio: i32,
    /// The area after it in the list of falling priority.
    next: Option<usize>,
}

/// All swap areas, and the globals of the allocator.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_field_names)] // The kernel's names.
pub struct Swap {
    /// The areas in order of swapon.
    swap_info: Vec<SwapInfo>,
    /// Head of the list of falling priority.
    head: Option<usize>,
    /// The area that the next slot is looked for in first (R48, the "pointer").
    next: Option<usize>,
    /// Free slots of all areas together.
    nr_swap_pages: usize,
    /// The last default priority that was given; 0 before the first.
    least_priority: i32,
}

impl Swap {
    /// Adds an area of `slots` usable slots and returns its number (R47).
    ///
    /// Only a default priority counts the default down; a given one leaves it.
    pub fn swapon(&mut self, slots: usize, priority: Option<i32>) -> usize {
        let prio = priority.unwrap_or_else(|| {
            self.least_priority -= 1;
            self.least_priority
        });
        let mut swap_map = vec![0; slots + 1];
        swap_map[0] = 1;
        let number = self.swap_info.len();
        self.nr_swap_pages += slots;

        // An area of equal priority goes before the others: the walk ends at the first that is not higher.
        let mut prev = None;
        let mut at = self.head;
        while let Some(area) = at {
            if prio >= self.swap_info[area].prio {
                break;
            }
            prev = at;
            at = self.swap_info[area].next;
        }
        self.swap_info.push(SwapInfo {
            swap_map,
            lowest_bit: 1,
            highest_bit: slots,
            cluster_next: 0,
            cluster_nr: 0,
            prio,
            next: at,
        });
        match prev {
            None => {
                self.head = Some(number);
                self.next = Some(number);
            }
            Some(before) => self.swap_info[before].next = Some(number),
        }
        number
    }

    /// Takes a slot (R48).
    pub fn get_swap_page(&mut self) -> Option<SwapEntry> {
        let mut area = self.next?;
        if self.nr_swap_pages == 0 {
            return None;
        }
        let mut wrapped = false;
        loop {
            if let Some(slot) = self.swap_info[area].scan_swap_map() {
                self.nr_swap_pages -= 1;
                self.next = self.successor_of_equal_priority(area).or(self.head);
                return Some(SwapEntry { area, slot });
            }
            let successor = if wrapped { self.swap_info[area].next } else { self.successor_of_equal_priority(area) };
            area = match successor {
                Some(successor) => successor,
                None if wrapped => return None,
                None => {
                    wrapped = true;
                    self.head?
                }
            };
        }
    }

    /// The area after `area` in the list, if its priority is the same.
    fn successor_of_equal_priority(&self, area: usize) -> Option<usize> {
        let successor = self.swap_info[area].next?;
        (self.swap_info[successor].prio == self.swap_info[area].prio).then_some(successor)
    }

    /// Gives a slot back (R50).
    pub fn swap_free(&mut self, entry: SwapEntry) {
        let area = &mut self.swap_info[entry.area];
        assert!(area.swap_map[entry.slot] == 1, "slot {}:{} is freed but was not used", entry.area, entry.slot);
        area.lowest_bit = area.lowest_bit.min(entry.slot);
        area.highest_bit = area.highest_bit.max(entry.slot);
        area.swap_map[entry.slot] = 0;
        self.nr_swap_pages += 1;
        let prio = area.prio;
        let pointer = self.next.expect("a slot was used, so there is an area");
        if prio > self.swap_info[pointer].prio {
            self.next = self.head;
        }
    }

    /// How many areas there are.
    pub fn areas(&self) -> usize {
        self.swap_info.len()
    }

    /// Usable slots of an area.
    pub fn slots(&self, area: usize) -> usize {
        self.swap_info[area].swap_map.len() - 1
    }

    /// Priority of an area.
    pub fn priority(&self, area: usize) -> i32 {
        self.swap_info[area].prio
    }

    /// The used slots of an area, ascending.
    pub fn used(&self, area: usize) -> Vec<usize> {
        let map = &self.swap_info[area].swap_map;
        (1..map.len()).filter(|&slot| map[slot] != 0).collect()
    }

    /// Free slots of all areas together, as the allocator counts them.
    pub fn free(&self) -> usize {
        self.nr_swap_pages
    }

    /// Recounts the free slots, and looks for free ones outside the bounds.
    pub fn check(&self) {
        let mut free = 0;
        for (number, area) in self.swap_info.iter().enumerate() {
            for (slot, &used) in area.swap_map.iter().enumerate() {
                assert!(used <= 1, "slot {number}:{slot} is used {used} times");
                if used == 0 {
                    free += 1;
                    assert!(
                        (area.lowest_bit..=area.highest_bit).contains(&slot),
                        "slot {number}:{slot} is free but outside {}..={}",
                        area.lowest_bit,
                        area.highest_bit
                    );
                }
            }
        }
        assert_eq!(free, self.nr_swap_pages, "free slots: recounted, and as counted");
    }
}

impl SwapInfo {
    /// Takes a slot of this area (R49): from the cluster while it has credit, else the first free one.
    ///
    /// The cluster's position moves while it is walked, so a walk that found nothing leaves it past `highest_bit`.
    fn scan_swap_map(&mut self) -> Option<usize> {
        if self.cluster_nr > 0 {
            while self.cluster_next <= self.highest_bit {
                let offset = self.cluster_next;
                self.cluster_next += 1;
                if self.swap_map[offset] != 0 {
                    continue;
                }
                self.cluster_nr -= 1;
                return Some(self.got_page(offset));
            }
        }
        self.cluster_nr = SWAPFILE_CLUSTER;
        for offset in self.lowest_bit..=self.highest_bit {
            if self.swap_map[offset] != 0 {
                continue;
            }
            self.lowest_bit = offset;
            return Some(self.got_page(offset));
        }
        None
    }

    /// Marks a free slot used.
    fn got_page(&mut self, offset: usize) -> usize {
        self.swap_map[offset] = 1;
        if offset == self.highest_bit {
            self.highest_bit -= 1;
        }
        self.cluster_next = offset;
        offset
    }
}
