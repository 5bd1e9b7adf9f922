//! Faults at several memory sizes at which the pages that go are those that `shm_swap` finds, or the next of a ring: all that
//! happens at a size at a fault, in one loop that knows the width of the words, and with what it changes beside the words close
//! together.
//!
//! These are the rules of `src/kernel/faults.rs`, `src/kernel/evict.rs` and of the priority loop in `src/replay.rs`, for the plain
//! case: pages are tried in their order from where the hand is, by a second chance for each sharer or none; or the first of a ring
//! goes that gets no second chance. No segment is locked, and slots of swap are not kept. What else there is goes by those, and the
//! counts are compared in `tests/passes.rs`. Where the hand goes at the end of a segment is not known here.
//!
//! Wrong guesses are what it takes much of its time for: whether a page is old, whether the budget is used up, and whether the
//! next page is in the same word of the set. What did not help: to call the next pages' words from memory, at the fault, at the
//! one before, or while the size before has its fault; to go on to the next priority without a branch; a summary over the set,
//! by which words without a page are skipped; to look for the next page in four words of the set without a branch between them
//! (a tenth slower); to work out the first budget beforehand; to write down the faults of all sizes in their order, and not
//! those of each together; the pages that trip budgets as bits, so that one guess says whether a page stays (a quarter fewer
//! wrong guesses, a sixth more instructions, no faster); young pages by sizes too, and all pages of a word of the set in one
//! step (a sixth slower: where memory is small a word has one resident page); the resident pages of small sizes in a sorted row
//! (half slower: the row has to be kept; with AVX-512, which finds the page that goes among the next 16 and moves the row
//! without a guess, a quarter slower on pg-tpcb-exact and a third on a log of Python); to ask no more of the tables whether a
//! page not known to be young is old, which holds where no attachment ends (a fortieth faster on pg-tpcb-exact, no faster on a
//! log of Python); to bring the page in at all sizes in one wide step; all arrays in huge pages, or from lines of the cache on;
//! to mask the last word of the set once, in place of asking of each page whether it is behind the end; 16 sizes in step, each
//! a lane of 32 bits that fetches its own words (AVX-512, with a summary over the sets): it guesses little, but half of the
//! sizes have found a page after two steps and one in ten takes ten, so most lanes are idle, and the sizes that are left, or at
//! the end of a segment, cost what was saved (pg-tpcb-exact and logs of Python and `sort` take the same time within a
//! twentieth).

use std::ops::Range;

use super::super::page_tables::{Tables, Words, with_tables};
use super::frames::{Exchange, Frames};
use super::{Arrays, Lane, Lanes, MOST_SIZES, SideBySide, Young};
use crate::ids::PageId;
use crate::program::Reference;

/// Who knows where the hands go.
pub trait Hands {
    /// On to the next segment that exists and is not locked: its pages, from where the hand meets them. None where the scan has to
    /// end (R21). `begins` tells whether the hand has not been asked before in the same scan, and `known` whether it is at the
    /// end of a segment; else the one where it is may be the next.
    fn next_segment(&mut self, number: usize, begins: bool, known: bool) -> Option<Range<PageId>>;

    /// There is no room for another fault at a size before those are counted ([`Frames::count`]).
    fn many_faults(&mut self, number: usize, frames: &mut Frames);
}

/// A reference to a page that is in no frame.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    reference: Reference,
    /// The references before it.
    now: u64,
}

impl SideBySide {
    /// A reference at these sizes, at which its page is in no frame: it comes into one where one can be had. Those sizes.
    pub fn fault(
        &mut self,
        reference: Reference,
        now: u64,
        sizes: u64,
        frames: &mut Frames,
        others: &mut impl Hands,
    ) -> u64 {
        let wanted = Wanted { reference, now };
        let [by_scans, by_ring] = [sizes & !frames.by_ring, sizes & frames.by_ring];
        // Mostly all sizes are of one kind.
        let mut had = 0;
        if by_scans != 0 {
            had |= self.fault_by::<BY_SCANS>(wanted, by_scans, frames, others);
        }
        if by_ring != 0 {
            had |= self.fault_by::<BY_RING>(wanted, by_ring, frames, others);
        }
        had
    }

    #[inline(always)]
    fn fault_by<const BY: bool>(
        &mut self,
        wanted: Wanted,
        sizes: u64,
        frames: &mut Frames,
        others: &mut impl Hands,
    ) -> u64 {
        let (shift, wide) = (self.shift, self.width.wide());
        let Arrays { tables, young, .. } = self.arrays_mut();
        let mut swap = ShmSwap::<_, BY> { shift, frames, others, young };
        #[allow(unsafe_code, unused_unsafe)]
        match (tables, wide) {
            // SAFETY: the processor has what these are compiled for: there is a `WideWords` only where it was asked.
            (Tables { is_one: true, one, .. }, Some(_)) => unsafe { fault_bytes(one, &mut swap, wanted, sizes) },
            // SAFETY: as above.
            (Tables { is_few: true, few, .. }, Some(_)) => unsafe { fault_few(few, &mut swap, wanted, sizes) },
            // SAFETY: as above.
            (Tables { is_several: true, several, .. }, Some(_)) => unsafe {
                fault_several(several, &mut swap, wanted, sizes)
            },
            (tables, _) => with_tables!(tables, entries => swap.fault(entries, wanted, sizes)),
        }
    }
}

/// How the page that goes is found: by scans, or by a ring. Two loops, because what they need at hand differs.
const BY_SCANS: bool = false;
const BY_RING: bool = true;

/// Ties a width of words to what is compiled for counting bits in one instruction.
macro_rules! wide {
    ($word:ty, $name:ident) => {
        #[cfg_attr(target_arch = "x86_64", target_feature(enable = "popcnt,lzcnt,bmi1,bmi2"))]
        fn $name<O: Hands, const BY: bool>(
            words: &mut Words<$word, Lane>,
            swap: &mut ShmSwap<'_, O, BY>,
            wanted: Wanted,
            sizes: u64,
        ) -> u64 {
            swap.fault(words, wanted, sizes)
        }
    };
}
wide!(u8, fault_bytes);
wide!(u32, fault_few);
wide!(u64, fault_several);

/// All sizes, but for their page tables.
struct ShmSwap<'s, O, const BY: bool> {
    shift: u32,
    frames: &'s mut Frames,
    others: &'s mut O,
    young: &'s mut Young,
}

impl<O: Hands, const BY: bool> ShmSwap<'_, O, BY> {
    #[inline(always)]
    fn fault(&mut self, entries: &mut impl Lanes, wanted: Wanted, sizes: u64) -> u64 {
        let Wanted { reference, now } = wanted;
        let (mut left, mut had) = (sizes, sizes);
        while left != 0 {
            let number = left.trailing_zeros();
            left &= left - 1;
            entries.set_lane(Lane { shift: self.shift, number });
            let number = number as usize % MOST_SIZES;
            let mut fault = Exchange::new(now, reference.page);
            let hand = &mut self.frames.hands[number];
            if hand.shm_rss < hand.most {
                hand.shm_rss += 1;
            } else {
                let goes = match (BY, hand.reclaim.second_chances) {
                    (BY_RING, _) => {
                        self.exchange_in_ring(entries, number, &mut fault);
                        true
                    }
                    (BY_SCANS, true) => self.try_to_free_page::<true>(entries, number, &mut fault),
                    (BY_SCANS, false) => self.try_to_free_page::<false>(entries, number, &mut fault),
                };
                if !goes {
                    // R37, A8.
                    self.frames.hands[number].out_of_memory += 1;
                    had &= !(1 << number);
                    continue;
                }
            }
            // R13 to R15.
            fault.was_in_swap(entries.bring_in(reference));
            self.frames.resident[number].insert(reference.page);
            if self.frames.latest.push(number, fault) {
                self.others.many_faults(number, self.frames);
            }
        }
        had
    }

    /// A page goes whose place in the ring is the next that gets no second chance, and the page that comes in has the place. What is
    /// examined counts as in [`Memory::passed_over`](super::super::Memory::passed_over), and no scan fails: the first that has a
    /// budget finds one.
    #[inline(always)]
    fn exchange_in_ring(&mut self, entries: &mut impl Lanes, number: usize, fault: &mut Exchange) {
        let Frames { hands, resident, rings, .. } = &mut *self.frames;
        let (hand, ring) = (&mut hands[number], &mut rings[number]);
        let (places, mut place) = (ring.places.as_mut_slice(), ring.hand);
        let mut young = self.young.at(number as u32);
        let (mut attempts, mut cleared) = (1, 0);
        let page = loop {
            let page = places[place];
            if !hand.reclaim.second_chances {
                young.forget(page);
                break page;
            }
            let were_young = entries.clear_accessed(page);
            if were_young == 0 {
                break page;
            }
            young.forget(page);
            (attempts, cleared) = (attempts + 1, cleared + were_young);
            place = after(place, places.len());
        };
        hand.young_cleared += u64::from(cleared);
        let (taken, written) = entries.swap_out(page);
        resident[number].remove(page);
        places[place] = fault.come;
        ring.hand = after(place, places.len());
        fault.went(page, written, attempts, taken);
    }

    /// The priority loop (R33), which ends with the first page that goes, and the scans in it (R18, R22 to R27), all in one loop.
    /// A scan never meets a page twice, of which R28 tells: its budget is no more than the pages in memory.
    #[inline(always)]
    fn try_to_free_page<const SECOND_CHANCES: bool>(
        &mut self,
        entries: &mut impl Lanes,
        number: usize,
        fault: &mut Exchange,
    ) -> bool {
        let Frames { hands, resident, .. } = &mut *self.frames;
        let hand = &mut hands[number];
        let Some(set) = resident[number].set_mut().filter(|_| hand.shm_rss > 0) else { return false };
        let mut scans = Scans::new(hand.shm_rss, hand.reclaim.start_priority);
        let mut ahead = set.members(hand.next.index(), hand.end.index());
        let mut young = self.young.at(number as u32);
        // Entries of pages that stay: those that were young, and all that were present. Of these the others are taken.
        let (mut cleared, mut present) = (0, 0);
        let gone = loop {
            let Some(page) = ahead.next() else {
                let known = hand.end.get() > 0;
                let pages = self.others.next_segment(number, scans.asks(), known);
                let is_none = pages.is_none();
                let Range { start, end } = pages.unwrap_or(PageId::new(0)..PageId::new(0));
                (hand.next, hand.end) = (start, end);
                ahead = set.members(start.index(), end.index());
                if is_none && !scans.fail() {
                    break None;
                }
                continue;
            };
            let page = PageId::from_index(page);
            if scans.meet() {
                if !scans.fail() {
                    hand.next = page.next();
                    break None;
                }
                continue;
            }
            if !SECOND_CHANCES {
                young.forget(page);
                break Some(page);
            }
            // Asked first, because it is nearer: what is guessed wrong is known sooner.
            if !young.make_old(page) && !entries.is_accessed(page) {
                break Some(page);
            }
            let (were_young, were_present) = entries.pass(page);
            cleared += were_young;
            present += were_present;
        };
        let wasted = present - cleared;
        hand.failed_scans += u64::from(scans.failed());
        hand.young_cleared += u64::from(cleared);
        hand.wasted += u64::from(wasted);
        let Some(page) = gone else {
            // The last one too.
            hand.failed_scans += 1;
            hand.attempts_in_vain += u64::from(scans.attempts);
            hand.entries_in_vain += u64::from(wasted);
            return false;
        };
        hand.next = page.next();
        // R26.
        let (taken, written) = entries.swap_out(page);
        set.remove(page.index());
        fault.went(page, written, scans.attempts, taken + wasted);
        true
    }
}

/// The place behind one in a ring of so many.
#[inline(always)]
fn after(place: usize, places: usize) -> usize {
    if place + 1 == places { 0 } else { place + 1 }
}

/// The scans of a reclaim, by their budgets.
struct Scans {
    rss: u32,
    first_priority: u32,
    priority: u32,
    /// That of the last scan that has asked where the hand goes.
    asked: Option<u32>,
    /// Pages that were examined.
    attempts: u32,
    /// How many they are when the budget of the present scan is used up.
    most: u32,
}

impl Scans {
    /// The first scan that has a budget: with a higher priority there is none.
    #[inline(always)]
    fn new(rss: u32, start_priority: u32) -> Self {
        let priority = start_priority.min(rss.ilog2());
        Self { rss, first_priority: priority, priority, asked: None, attempts: 0, most: rss >> priority }
    }

    /// Another page is met. True where it trips the budget: then it is counted and not tried (R24).
    #[inline(always)]
    fn meet(&mut self) -> bool {
        let trips = self.attempts == self.most;
        self.attempts += 1;
        trips
    }

    /// Whether the present scan has not asked before where the hand goes, as it does now.
    #[inline(always)]
    fn asks(&mut self) -> bool {
        self.asked.replace(self.priority) != Some(self.priority)
    }

    /// The scan fails (R27), and the next begins. False where it was the last.
    #[inline(always)]
    fn fail(&mut self) -> bool {
        debug_assert!(
            self.attempts >= self.most,
            "between two passes of the table's end are all pages, and a budget is no more (R21)"
        );
        if self.priority == 0 {
            return false;
        }
        self.priority -= 1;
        self.most = self.attempts + (self.rss >> self.priority);
        true
    }

    /// Scans that failed before the present one.
    #[inline(always)]
    fn failed(&self) -> u32 {
        self.first_priority - self.priority
    }
}
