//! The axis of pages that everything over time is counted and shown on: the segment table from slot 0 up, in each slot the
//! touched pages of its segment. The hands of the clock go up on it, and begin again at its lower end.
//!
//! A slot that has had several segments is as high as the largest of them: at any time it has one. What is the same for
//! every policy and memory size is worked out here, once for a trace; nothing is counted.

use std::cmp::Reverse;

use crate::ids::{PageId, SegmentNumber};
use crate::kernel::segments::SegmentTable;
use crate::policy::Hand;
use crate::program::{Control, Program};
use crate::results::PageBand;

/// Slots that have a band of their own at most; neighbours among the others are one band.
const NAMED: usize = 12;
/// Bins of the whole axis, unless bands that would have none need more: one for each of them.
const BINS: u64 = 96;

/// The axis of a trace.
#[derive(Debug)]
pub struct PageAxis {
    bands: Vec<PageBand>,
    /// The slot that each segment has.
    slot_of: Vec<u32>,
    /// The segment of each slot that only ever has one with touched pages.
    only: Vec<Option<SegmentNumber>>,
    /// The band of each slot.
    band_of: Vec<usize>,
    /// Pages of the axis below each slot, and below its end.
    below: Vec<u64>,
    /// The bin of each page. At most [`BINS`] and one for each of the 25 bands there can be.
    bin_of: Vec<u8>,
}

impl PageAxis {
    /// The axis of a program.
    pub fn new(program: &Program) -> Self {
        let slot_of = slots(program);
        let mut heights = vec![0; slot_of.iter().max().map_or(0, |&slot| slot as usize + 1)];
        for (segment, &slot) in program.segments.iter().zip(&slot_of) {
            let height: &mut u64 = &mut heights[slot as usize];
            *height = (*height).max(u64::from(segment.touched));
        }
        let mut below = vec![0; heights.len() + 1];
        for (slot, height) in heights.iter().enumerate() {
            below[slot + 1] = below[slot] + height;
        }
        let (mut bands, band_of) = bands(&heights);
        let total: u64 = heights.iter().sum();
        for band in &mut bands {
            let bins = u128::from(band.pages) * u128::from(BINS) / u128::from(total);
            band.bins = (bins as u64).clamp(1, band.pages);
        }
        let mut only = vec![None; heights.len()];
        let mut segments = vec![0; heights.len()];
        for (number, segment) in program.segments.iter().enumerate().filter(|(_, segment)| segment.touched > 0) {
            let slot = slot_of[number] as usize;
            segments[slot] += 1;
            only[slot] = (segments[slot] == 1).then(|| SegmentNumber::from_index(number));
            let band = &mut bands[band_of[slot]];
            band.segments += 1;
            band.segment = (band.segments == 1).then(|| segment.label.to_string());
        }
        let mut axis = Self { bands, slot_of, only, band_of, below, bin_of: Vec::new() };
        axis.bin_of = axis.bins_of_pages(program);
        axis
    }

    /// Its parts, from slot 0 up.
    pub fn bands(&self) -> &[PageBand] {
        &self.bands
    }

    /// How many bins it has.
    pub fn bins(&self) -> usize {
        self.bands.iter().map(|band| band.bins as usize).sum()
    }

    /// The bin of a page, counted from the lower end.
    pub fn bin(&self, page: PageId) -> usize {
        usize::from(self.bin_of[page.index()])
    }

    /// The band of a segment with touched pages, counted from the lower end.
    pub fn band(&self, segment: SegmentNumber) -> usize {
        self.band_of[self.slot_of[segment.index()] as usize]
    }

    /// The pages of the axis below a hand. A hand outside the table (R30) is at the end of what it has passed.
    pub fn place(&self, hand: Hand, program: &Program, table: &SegmentTable) -> u64 {
        let end = self.below.len() - 1;
        let slot = (hand.swap_id as usize).min(end);
        // Where the segment is gone, the index is that of the one that was there: of several, it is not known which.
        let segment = table.at(hand.swap_id).or_else(|| self.only.get(hand.swap_id as usize).copied().flatten());
        let within = segment.map_or(hand.swap_idx, |segment| {
            let segment = &program.segments[segment.index()];
            u64::from(segment.first_at(hand.swap_idx).get() - segment.first_page.get())
        });
        self.below[slot] + within.min(self.below[(slot + 1).min(end)] - self.below[slot])
    }

    fn bins_of_pages(&self, program: &Program) -> Vec<u8> {
        let (mut first_bin, mut first_page) = (Vec::new(), Vec::new());
        let (mut bins, mut pages) = (0, 0);
        for band in &self.bands {
            first_bin.push(bins);
            first_page.push(pages);
            bins += band.bins;
            pages += band.pages;
        }
        let mut bin_of = vec![0; program.footprint() as usize];
        for (segment, &slot) in program.segments.iter().zip(&self.slot_of) {
            let lowest = self.below[slot as usize];
            let number = self.band_of[slot as usize];
            for (rank, page) in segment.pages().enumerate() {
                let band = &self.bands[number];
                let place = lowest + rank as u64 - first_page[number];
                let bin = u128::from(place) * u128::from(band.bins) / u128::from(band.pages);
                bin_of[page as usize] = (first_bin[number] + bin as u64) as u8;
            }
        }
        bin_of
    }
}

/// The slot that each segment has in its life.
fn slots(program: &Program) -> Vec<u32> {
    let mut table = SegmentTable::default();
    let mut slots = vec![0; program.segments.len()];
    for change in &program.changes {
        match change.control {
            Control::Create { segment, locked } => slots[segment.index()] = table.create(segment, locked),
            Control::Attach { process, segment } => drop(table.attach(process, segment)),
            Control::Detach { process, segment } => drop(table.detach(process, segment)),
            Control::Remove(segment) => drop(table.remove(segment)),
            Control::Fork { parent, child } => drop(table.fork(parent, child)),
            Control::Exit(process) => drop(table.exit(process)),
            Control::Lock(_) | Control::Unlock(_) => {}
        }
    }
    slots
}

/// The bands of slots of these heights, yet without their bins and segments, and the band of each slot. A slot without a
/// page has no part in any.
fn bands(heights: &[u64]) -> (Vec<PageBand>, Vec<usize>) {
    let mut order: Vec<usize> = (0..heights.len()).filter(|&slot| heights[slot] > 0).collect();
    order.sort_by_key(|&slot| (Reverse(heights[slot]), slot));
    let named = &order[..order.len().min(NAMED)];
    let mut bands: Vec<PageBand> = Vec::new();
    let mut band_of = Vec::with_capacity(heights.len());
    let mut open = false;
    for (slot, &pages) in heights.iter().enumerate() {
        if pages > 0 {
            let alone = named.contains(&slot);
            if open && !alone {
                let band = bands.last_mut().expect("one is open");
                band.slots += 1;
                band.pages += pages;
            } else {
                bands.push(PageBand { slot: slot as u32, slots: 1, segments: 0, segment: None, pages, bins: 0 });
            }
            open = !alone;
        }
        band_of.push(bands.len().saturating_sub(1));
    }
    (bands, band_of)
}
