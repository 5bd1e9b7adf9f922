//! Exact LRU stack distances (Mattson et al. 1970): one pass over the references tells the faults of LRU at every memory
//! size.
//!
//! Each page stands in the slot of its last reference; slots are given out in order, so the pages above a page are the used
//! slots behind its own, which `slots` counts. When the slots run out, all pages move together. With strong locality the
//! pages at the top stand in `front` instead, and only those that it pushes out take a slot; which of the two is faster is
//! seen from the references of a while before. A page that is removed leaves a hole, as a frame that is freed does: the next
//! page that comes from below it takes the hole's place, and leaves one in its own. Nothing is replayed here, and no process
//! is known.

mod counts;
mod front;
mod slots;

use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use crate::ids::PageId;
use crate::processor;
use crate::program::{Packed, Packing, Reference};
pub use counts::DistanceCounts;
use front::{FRONT, Front, Ranks};
use slots::UsedSlots;

/// In place of a slot: the page is not on the stack.
const NEVER: u32 = u32::MAX;
/// In place of a slot, plus a lane: the page is at the front.
const AT_FRONT: u32 = NEVER - FRONT as u32;
/// Slots for each page: moving together, which looks at each page, comes once in as many references as there are pages.
const SLOTS_PER_PAGE: usize = 2;
/// Slots where there are few pages; they stay in the first cache.
const FEWEST_SLOTS: usize = 1 << 15;
/// References after which it is decided anew whether there is a front.
const WHILE: usize = 1 << 16;
/// There is a front where fewer than one in so many references go below it: without it those are several times as fast.
const FEW: usize = 5;
/// How far ahead of a reference its page's slot is asked for.
const SLOT_AHEAD: usize = 64;
/// How far ahead of a reference the bits around its page's slot are asked for.
const BITS_AHEAD: usize = 24;

/// Who wants to know the distance of each reference of a pass.
pub trait Visit {
    /// Whether it need not hear of a reference that is the same as the one before: by the same attachment, and reading or
    /// writing as that did.
    const REPEATS_GO_UNTOLD: bool = false;

    /// A page will be referenced soon; what is kept of it can be brought near.
    #[inline(always)]
    fn coming(&self, page: PageId) {
        let _ = page;
    }

    /// A reference, with what [`StackDistances::reference`] says of it.
    fn reference(&mut self, reference: Reference, distance: Option<u32>);
}

/// The LRU stack of all pages.
#[derive(Clone, Debug)]
pub struct StackDistances {
    /// The slot of each page, or [`AT_FRONT`] and its lane, or [`NEVER`].
    slot_of: Vec<u32>,
    /// The slots that are used by pages and holes.
    slots: UsedSlots,
    /// The slots of holes.
    holes: BinaryHeap<u32>,
    front: Front,
    /// Whether the last references were such that a front helps.
    local: bool,
    /// The page at the top, or [`NEVER`].
    top: u32,
}

impl StackDistances {
    /// An empty stack for pages below this number.
    pub fn new(pages: u32) -> Self {
        Self {
            slot_of: vec![NEVER; pages as usize],
            slots: UsedSlots::new((SLOTS_PER_PAGE * pages as usize).clamp(FEWEST_SLOTS, AT_FRONT as usize)),
            holes: BinaryHeap::new(),
            front: Front::new(),
            local: false,
            top: NEVER,
        }
    }

    /// Puts a page on top of the stack. Returns how many other pages were referenced since its last reference; none for a
    /// page that comes for the first time. LRU with `n` frames hits if the number is below `n`. Where pages were removed,
    /// holes above the page count as pages do.
    ///
    /// # Panics
    /// When the page is not below the number that the stack was made for.
    #[inline]
    pub fn reference(&mut self, page: PageId) -> Option<u32> {
        self.empty_front();
        self.reference_in_slots(page)
    }

    /// The references of a part of a trace, one after the other.
    ///
    /// # Panics
    /// When a page is not below the number that the stack was made for.
    pub fn pass<W: Packed>(&mut self, words: &[W], packing: Packing, visit: &mut impl Visit) {
        #[cfg(target_arch = "x86_64")]
        if processor::has_wide_words() {
            // SAFETY: the processor has what the function was compiled for.
            #[allow(unsafe_code)]
            return unsafe { self.pass_wide(words, packing, visit) };
        }
        self.pass_plain(words, packing, visit);
    }

    /// [`StackDistances::pass`] with wide words.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,popcnt,bmi1,bmi2,lzcnt")]
    fn pass_wide<W: Packed>(&mut self, words: &[W], packing: Packing, visit: &mut impl Visit) {
        self.pass_any(
            words,
            packing,
            visit,
            |ranks, lane| front::raise_wide(ranks, lane),
            |stack, page, slot| stack.raise_to_front_wide(page, slot),
        );
    }

    /// [`StackDistances::pass`] for every processor.
    fn pass_plain<W: Packed>(&mut self, words: &[W], packing: Packing, visit: &mut impl Visit) {
        self.pass_any(words, packing, visit, front::raise, Self::raise_to_front_plain);
    }

    #[inline(always)]
    fn pass_any<W: Packed>(
        &mut self,
        words: &[W],
        packing: Packing,
        visit: &mut impl Visit,
        raise: impl Fn(Ranks, u32) -> (Ranks, u32) + Copy,
        to_front: impl Fn(&mut Self, u32, u32) -> Option<u32> + Copy,
    ) {
        for some in words.chunks(WHILE) {
            let deep = if self.local {
                self.pass_with_front(some, packing, visit, raise, to_front)
            } else {
                self.empty_front();
                self.pass_in_slots(some, packing, visit)
            };
            self.local = deep < some.len() / FEW;
        }
    }

    /// A part of a pass without a front; how many references would have gone below it.
    #[inline(always)]
    fn pass_in_slots<W: Packed>(&mut self, words: &[W], packing: Packing, visit: &mut impl Visit) -> usize {
        let page_of = |word: &W| packing.unpack(word.bits()).page;
        let mut deep = 0;
        for (place, word) in words.iter().enumerate() {
            if let Some(page) = words.get(place + SLOT_AHEAD).map(page_of) {
                crate::prefetch::prefetch(&self.slot_of, page.index());
                visit.coming(page);
            }
            if let Some(page) = words.get(place + BITS_AHEAD).map(page_of) {
                self.slots.prefetch(self.slot_of[page.index()]);
            }
            let reference = packing.unpack(word.bits());
            let distance = self.reference_in_slots(reference.page);
            deep += usize::from(distance.is_none_or(|distance| distance >= FRONT as u32));
            visit.reference(reference, distance);
        }
        deep
    }

    /// A part of a pass with a front; how many references went below it.
    #[inline(always)]
    fn pass_with_front<W: Packed, V: Visit>(
        &mut self,
        words: &[W],
        packing: Packing,
        visit: &mut V,
        raise: impl Fn(Ranks, u32) -> (Ranks, u32),
        to_front: impl Fn(&mut Self, u32, u32) -> Option<u32>,
    ) -> usize {
        let mut deep = 0;
        let mut ranks = self.front.ranks;
        let mut top = self.top;
        // No word is so large.
        let mut before = u64::MAX;
        for word in words {
            let bits = word.bits();
            if V::REPEATS_GO_UNTOLD && bits == before {
                continue;
            }
            before = bits;
            let reference = packing.unpack(bits);
            let page = reference.page.get();
            if page == top {
                visit.reference(reference, Some(0));
                continue;
            }
            top = page;
            let slot = self.slot_of[page as usize];
            let lane = slot.wrapping_sub(AT_FRONT);
            if lane < FRONT as u32 {
                let above;
                (ranks, above) = raise(ranks, lane);
                visit.reference(reference, Some(above));
            } else {
                deep += 1;
                self.front.ranks = ranks;
                visit.reference(reference, to_front(self, page, slot));
                ranks = self.front.ranks;
            }
        }
        self.front.ranks = ranks;
        self.top = top;
        deep
    }

    /// [`StackDistances::raise_to_front`] with wide words.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,popcnt,bmi1,bmi2,lzcnt")]
    #[inline(never)]
    fn raise_to_front_wide(&mut self, page: u32, slot: u32) -> Option<u32> {
        self.raise_to_front(page, slot)
    }

    /// [`StackDistances::raise_to_front`] for every processor.
    #[inline(never)]
    fn raise_to_front_plain(&mut self, page: u32, slot: u32) -> Option<u32> {
        self.raise_to_front(page, slot)
    }

    /// References a page that is not at the front. All holes are below the front: it was empty when a page was removed last.
    #[inline(always)]
    fn raise_to_front(&mut self, page: u32, slot: u32) -> Option<u32> {
        let distance = self.take_out(slot).map(|above| self.front.len() + above);
        let (lane, out) = self.front.enter(page);
        self.slot_of[page as usize] = AT_FRONT + lane;
        if let Some(out) = out {
            self.slot_of[out as usize] = NEVER;
            self.give_slot(out);
        }
        distance
    }

    /// Gives each page at the front a slot.
    fn empty_front(&mut self) {
        if self.front.len() == 0 {
            return;
        }
        let pages = self.front.empty();
        for &page in &pages {
            self.slot_of[page as usize] = NEVER;
        }
        for page in pages {
            self.give_slot(page);
        }
    }

    #[inline(always)]
    fn reference_in_slots(&mut self, page: PageId) -> Option<u32> {
        if self.top == page.get() {
            return Some(0);
        }
        self.top = page.get();
        let slot = self.slot_of[page.index()];
        let distance = self.take_out(slot);
        self.slot_of[page.index()] = NEVER;
        self.give_slot(page.get());
        distance
    }

    /// Gives a page that has none the next slot.
    #[inline(always)]
    fn give_slot(&mut self, page: u32) {
        if self.slots.is_at_end() {
            self.move_together();
        }
        self.slot_of[page as usize] = self.slots.give();
    }

    /// Takes the page of a slot, or one that has none, to the top; how many others had a slot above it.
    #[inline(always)]
    fn take_out(&mut self, slot: u32) -> Option<u32> {
        if self.holes.peek().is_none_or(|&nearest| nearest < slot && slot != NEVER) {
            (slot != NEVER).then(|| self.slots.free(slot))
        } else {
            self.fill_hole(slot)
        }
    }

    /// Takes the page of a slot, or one that has none, past the hole that is nearest to the top: the hole is filled, and
    /// where the page was on the stack there is one now.
    #[inline(never)]
    fn fill_hole(&mut self, slot: u32) -> Option<u32> {
        let mut nearest = self.holes.peek_mut()?;
        if slot == NEVER {
            self.slots.free(PeekMut::pop(nearest));
            return None;
        }
        let distance = self.slots.behind(slot);
        self.slots.free(std::mem::replace(&mut *nearest, slot));
        Some(distance)
    }

    /// Takes a page off the stack, where it leaves a hole; how many pages and holes were above it, or none where it was not
    /// on the stack.
    ///
    /// # Panics
    /// When the page is not below the number that the stack was made for.
    pub fn remove(&mut self, page: PageId) -> Option<u32> {
        self.empty_front();
        self.top = NEVER;
        let slot = std::mem::replace(&mut self.slot_of[page.index()], NEVER);
        (slot != NEVER).then(|| {
            self.holes.push(slot);
            self.slots.behind(slot)
        })
    }

    /// The pages on the stack by their number, with how many pages and holes are above each.
    pub fn depths(&mut self) -> impl Iterator<Item = (PageId, u32)> + '_ {
        self.empty_front();
        self.move_together();
        let height = self.slots.used();
        let pages = self.slot_of.iter().zip(0_u32..).filter(|(slot, _)| **slot != NEVER);
        pages.map(move |(&slot, page)| (PageId::new(page), height - 1 - slot))
    }

    /// Gives the pages and the holes the first slots, in the same order.
    #[cold]
    #[inline(never)]
    fn move_together(&mut self) {
        let (slot_of, holes) = (&mut self.slot_of, &mut self.holes);
        self.slots.move_together(|moved| {
            slot_of.iter_mut().filter(|slot| **slot < AT_FRONT).for_each(|slot| *slot = moved(*slot));
            *holes = holes.drain().map(moved).collect();
        });
    }
}

#[cfg(test)]
mod tests;
