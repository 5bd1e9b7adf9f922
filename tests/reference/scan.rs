//! Reclaim: who asks for it (R32 to R34) and the scan itself, `shm_swap` (R18 to R31).

use super::model::{Entry, Reference, Word};
use super::swap::SwapEntry;

/// The sources that `try_to_free_page` takes memory from (R33).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `shrink_mmap`: the page and buffer cache.
    PageCache,
    /// `shm_swap`.
    SharedMemory,
    /// `swap_out`: pages of processes.
    Processes,
}

/// How a call of `shm_swap` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It evicted a page (R26).
    Evicted,
    /// The budget was 0 (R18).
    NoBudget,
    /// No swap slot was free (R19).
    NoSlot,
    /// It went past the end of the table for the second time (R21).
    Wrapped,
    /// It met one page more than the budget allows (R24).
    BudgetSpent,
}

/// One call of `shm_swap`.
#[derive(Clone, Debug)]
pub struct Call {
    /// The priority, from 6 down to 0.
    pub prio: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Pages in memory when it began.
    pub rss: usize,
    /// Pages that it may examine (R18).
    pub budget: usize,
    /// The slot that it took at its start (R19) and, unless it evicted a page, gave back.
    pub slot: Option<SwapEntry>,
    /// Growth of `swap_attempts`: the pages that it met, with the one that tripped the budget.
    pub scanned: usize,
    /// The pages that it examined, each as segment slot and index.
    pub examined: Vec<(usize, usize)>,
    /// Accessed bits that it cleared.
    pub cleared: usize,
    /// The pages that it took an entry from, once for each entry.
    pub taken: Vec<(usize, usize)>,
    /// The page that it evicted, as segment slot and index.
    pub victim: Option<(usize, usize)>,
    /// The hand when it began.
    pub hand_before: (usize, usize),
    /// The hand when it ended.
    pub hand_after: (usize, usize),
}

impl Call {
    /// Entries that it invalidated.
    pub fn invalidated(&self) -> usize {
        self.taken.len()
    }

    /// Entries that it took from its victim, in all visits to it in this call.
    pub fn sharers(&self) -> usize {
        self.taken.iter().filter(|&&page| Some(page) == self.victim).count()
    }

    /// Entries that it took from pages that stayed in memory.
    pub fn wasted(&self) -> usize {
        self.invalidated() - self.sharers()
    }

    /// Whether it looked at the table at all and evicted nothing.
    pub fn failed_scan(&self) -> bool {
        matches!(self.outcome, Outcome::Wrapped | Outcome::BudgetSpent)
    }
}

/// The page cache never yields anything (A3).
fn shrink_mmap() -> bool {
    false
}

/// Process pages never yield anything (A3).
fn swap_out() -> bool {
    false
}

/// Who asks for a frame.
impl Reference {
    /// R32: a frame, its use count 1; `None` when none can be had.
    pub(super) fn get_free_page(&mut self) -> Option<usize> {
        loop {
            if let Some(frame) = self.mem_map.iter().position(|&count| count == 0) {
                self.mem_map[frame] = 1;
                return Some(frame);
            }
            if !self.try_to_free_page() {
                return None;
            }
        }
    }

    /// R33, R34: the sources in turn at each priority, from where the last call left off.
    fn try_to_free_page(&mut self) -> bool {
        if self.linux_2_2 {
            return self.try_to_free_pages();
        }
        for prio in (0..=6).rev() {
            if self.state == Source::PageCache {
                if shrink_mmap() {
                    return true;
                }
                self.state = Source::SharedMemory;
            }
            if self.state == Source::SharedMemory {
                if self.shm_swap(prio) {
                    return true;
                }
                self.state = Source::Processes;
            }
            if swap_out() {
                return true;
            }
            self.state = Source::PageCache;
        }
        false
    }
}

/// Linux 2.2.
impl Reference {
    /// Each source at each priority until it fails, until 32 pages are free.
    fn try_to_free_pages(&mut self) -> bool {
        let mut count = 32;
        for prio in (0..=6).rev() {
            while self.shm_swap(prio) {
                count -= 1;
                if count == 0 {
                    return true;
                }
            }
        }
        count < 32
    }
}

/// The scan.
impl Reference {
    /// One call, with what is counted and printed about it.
    fn shm_swap(&mut self, prio: u32) -> bool {
        let mut call = Call {
            prio,
            outcome: Outcome::NoBudget,
            rss: self.shm_rss,
            budget: 0,
            slot: None,
            scanned: 0,
            examined: Vec::new(),
            cleared: 0,
            taken: Vec::new(),
            victim: None,
            hand_before: (self.swap_id, self.swap_idx),
            hand_after: (0, 0),
        };
        call.outcome = self.scan(&mut call);
        call.hand_after = (self.swap_id, self.swap_idx);
        self.report(&call);
        let evicted = call.outcome == Outcome::Evicted;
        self.calls.push(call);
        evicted
    }

    /// The kernel's `shm_swap`, statement by statement.
    fn scan(&mut self, call: &mut Call) -> Outcome {
        // R18.
        call.budget = self.shm_rss / 2_usize.pow(call.prio);
        if call.budget == 0 {
            return Outcome::NoBudget;
        }
        // R19.
        let Some(slot) = self.swap.get_swap_page() else { return Outcome::NoSlot };
        call.slot = Some(slot);
        let mut counter = call.budget;
        // R20.
        let mut wrapped = false;

        if !self.check_id(&mut wrapped) {
            return self.failed(slot, Outcome::Wrapped);
        }
        loop {
            // R22.
            let id = self.swap_id;
            let idx = self.swap_idx;
            self.swap_idx += 1;
            if idx >= self.segment(id).shm_pages.len() {
                if !self.next_id(&mut wrapped) || !self.check_id(&mut wrapped) {
                    return self.failed(slot, Outcome::Wrapped);
                }
                continue;
            }
            // R23. No frame is ever locked for I/O and all are DMA-capable (A5).
            let Word::Present(frame) = self.segment(id).shm_pages[idx] else { continue };
            // R24.
            self.swap_attempts += 1;
            call.scanned += 1;
            if counter == 0 {
                return self.failed(slot, Outcome::BudgetSpent);
            }
            counter -= 1;
            // R25, R26.
            call.examined.push((id, idx));
            self.visit_sharers(call, id, idx, frame);
            if self.mem_map[frame] == 1 {
                self.evict(id, idx, frame, slot);
                call.victim = Some((id, idx));
                return Outcome::Evicted;
            }
        }
    }

    /// R27: what was taken is given back; all else that the scan did remains.
    fn failed(&mut self, slot: SwapEntry, outcome: Outcome) -> Outcome {
        self.swap.swap_free(slot);
        outcome
    }

    /// R21: on to a segment that may be scanned, from the hand's own on. False when the table was passed twice.
    fn check_id(&mut self, wrapped: &mut bool) -> bool {
        loop {
            // R30: a slot past the end of the table is unused too.
            match self.shm_segs.get(self.swap_id) {
                Some(Some(shp)) if !shp.locked => return true,
                _ => {}
            }
            if !self.next_id(wrapped) {
                return false;
            }
        }
    }

    /// R21: *next segment*. False when the wrap flag is set already; the hand is then past the end of the table.
    fn next_id(&mut self, wrapped: &mut bool) -> bool {
        self.swap_idx = 0;
        self.swap_id += 1;
        if self.swap_id > self.max_shmid {
            if *wrapped {
                return false;
            }
            *wrapped = true;
            self.swap_id = 0;
        }
        true
    }

    /// R25: each attachment once, the head of the list first.
    fn visit_sharers(&mut self, call: &mut Call, id: usize, idx: usize, frame: usize) {
        for number in self.segment(id).attaches.clone() {
            match self.vmas[&number].entries[idx] {
                Entry::Signature(..) => {}
                Entry::Young => {
                    self.vma(number).entries[idx] = Entry::Old;
                    call.cleared += 1;
                }
                Entry::Old => {
                    self.vma(number).entries[idx] = Entry::Signature(id, idx);
                    self.mem_map[frame] -= 1;
                    let mm = self.vmas[&number].vm_mm;
                    let mm = self.mm(mm);
                    mm.rss = mm.rss.saturating_sub(1);
                    call.taken.push((id, idx));
                }
            }
        }
    }

    /// R26: only the segment's own word is left, so the page goes.
    fn evict(&mut self, id: usize, idx: usize, frame: usize, slot: SwapEntry) {
        let shp = self.segment(id);
        shp.shm_pages[idx] = Word::Swapped(slot);
        if shp.written[idx] {
            self.counters.dirty += 1;
        }
        self.mem_map[frame] -= 1;
        self.swap_successes += 1;
        self.shm_swp += 1;
        self.shm_rss -= 1;
        self.counters.out += 1;
    }

    /// Counts a call and prints its lines.
    fn report(&mut self, call: &Call) {
        self.counters.cleared += call.cleared;
        self.counters.ptes += call.invalidated();
        self.counters.wasted += call.wasted();
        self.counters.failed += usize::from(call.failed_scan());
        let event = self.event;
        self.note(format!(
            "  # {event} shm_swap prio={} rc={} rss={} budget={} scanned={} cleared={} invalidated={} hand={}:{}->{}:{}",
            call.prio,
            usize::from(call.victim.is_some()),
            call.rss,
            call.budget,
            call.scanned,
            call.cleared,
            call.invalidated(),
            call.hand_before.0,
            call.hand_before.1,
            call.hand_after.0,
            call.hand_after.1
        ));
        if let (Some((id, idx)), Some(slot)) = (call.victim, call.slot) {
            let name = self.segment(id).name.clone();
            self.print(format!("out {name} {idx} sharers={} scanned={}", call.sharers(), call.scanned));
            self.note(format!("  # {event} slot={}:{} entry={:08x}", slot.area, slot.slot, slot.word()));
        }
    }
}
