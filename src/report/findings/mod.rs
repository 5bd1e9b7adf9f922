//! What follows from the runs of a trace: how much memory is enough, which policy is best at each size, how far that is from
//! the bound, whom it hurts, what is wasted. Everything is worked out from rows and nothing is replayed; [`words`] says it
//! in sentences.
//!
//! Runs that ran out of memory take no part: they did not do all the work.

mod favour;
pub mod words;

pub use favour::{Favour, favours};

use super::block::{Block, Series};
use crate::policy::Sight;
use crate::results::{Row, Run};

/// The rates of swap-outs that are looked for: fewer than so many per 1,000 references.
pub const RATES: [u64; 3] = [1, 5, 10];

/// A policy's run.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The policy.
    pub series: &'a Series<'a>,
    /// Its run.
    pub run: &'a Run,
}

impl Entry<'_> {
    /// The counts.
    pub fn row(&self) -> &Row {
        &self.run.row
    }
}

/// The smallest memory size replayed at which something holds.
#[derive(Clone, Debug)]
pub struct Enough<'a> {
    /// That size, in frames.
    pub frames: u64,
    /// The next smaller size replayed, at which it does not hold; none where this is the smallest one replayed.
    pub not_with: Option<u64>,
    /// The run for which it holds; of several the one with the fewest swap-outs, and of these the first.
    pub entry: Entry<'a>,
}

/// How much memory is enough for a rate of swap-outs.
#[derive(Clone, Debug)]
pub struct Need<'a> {
    /// Fewer than so many swap-outs per 1,000 references, one of [`RATES`].
    pub rate: u64,
    /// For the reference; none where no size replayed is enough.
    pub reference: Option<Enough<'a>>,
    /// For any policy a kernel could run.
    pub realisable: Option<Enough<'a>>,
}

/// The policies at one memory size.
#[derive(Clone, Debug)]
pub struct Standing<'a> {
    /// The size in frames.
    pub frames: u64,
    /// The reference.
    pub reference: Option<Entry<'a>>,
    /// Those with the fewest swap-outs that a kernel could run, in their order; empty where none is comparable.
    pub best: Vec<Entry<'a>>,
    /// The bound: the fewest swap-outs of what knows the future.
    pub bound: Option<Entry<'a>>,
}

impl Standing<'_> {
    /// How many percent fewer swap-outs the best has than the reference: 0 where they are equal; none where either is
    /// missing or the reference has none.
    pub fn saved(&self) -> Option<f64> {
        let (reference, best) = (self.reference?.row().swap_outs, self.best.first()?.row().swap_outs);
        (reference > 0).then(|| 100.0 * (reference as f64 - best as f64) / reference as f64)
    }

    /// How many percent of the distance from the reference to the bound the best closes; none where there is no distance.
    pub fn closed(&self) -> Option<f64> {
        let (reference, best) = (self.reference?.row().swap_outs, self.best.first()?.row().swap_outs);
        let bound = self.bound?.row().swap_outs;
        (reference > bound).then(|| 100.0 * (reference as f64 - best as f64) / (reference - bound) as f64)
    }

    /// Whether the reference is among the best.
    pub fn reference_is_best(&self) -> bool {
        let reference = self.reference.map(|entry| entry.row().swap_outs);
        reference.is_some() && reference == self.best.first().map(|entry| entry.row().swap_outs)
    }

    /// The best policy that is told: the reference where it is among the best, or else the first of them.
    pub fn told(&self) -> Option<Entry<'_>> {
        if self.reference_is_best() { self.reference } else { self.best.first().copied() }
    }

    /// Whether nothing is swapped out by any comparable run of reference and best.
    pub fn nothing_swapped_out(&self) -> bool {
        let nothing = |entry: Option<&Entry>| entry.is_none_or(|entry| entry.row().swap_outs == 0);
        nothing(self.reference.as_ref()) && nothing(self.best.first())
    }
}

/// Whether a run has fewer than `rate` swap-outs per 1,000 references.
pub fn is_under(row: &Row, rate: u64) -> bool {
    u128::from(row.swap_outs) * 1000 < u128::from(rate) * u128::from(row.references)
}

/// How much memory is enough for each of [`RATES`].
pub fn needs<'a>(block: &'a Block<'a>) -> [Need<'a>; 3] {
    RATES.map(|rate| Need {
        rate,
        reference: enough(block, |frames| reference(block, frames).filter(|entry| is_under(entry.row(), rate))),
        realisable: enough(block, |frames| {
            best(block, frames).first().copied().filter(|entry| is_under(entry.row(), rate))
        }),
    })
}

fn enough<'a>(block: &'a Block<'a>, holds: impl Fn(u64) -> Option<Entry<'a>>) -> Option<Enough<'a>> {
    let (place, entry) = block.sizes.iter().enumerate().find_map(|(place, &frames)| Some((place, holds(frames)?)))?;
    let not_with = place.checked_sub(1).map(|before| block.sizes[before]);
    Some(Enough { frames: block.sizes[place], not_with, entry })
}

/// The policies at each memory size.
pub fn standings<'a>(block: &'a Block<'a>) -> Vec<Standing<'a>> {
    block.sizes.iter().map(|&frames| standing(block, frames)).collect()
}

/// The policies at one memory size.
pub fn standing<'a>(block: &'a Block<'a>, frames: u64) -> Standing<'a> {
    let bound = comparable(block, frames, Sight::Future).min_by_key(|entry| entry.row().swap_outs);
    Standing { frames, reference: reference(block, frames), best: best(block, frames), bound }
}

/// The memory size that a report speaks of first: the one that is enough for the least of [`RATES`] with the reference, where
/// it still swaps out, or else [`Block::telling_size`], or the middle one where nothing is swapped out at all.
pub fn telling_size(block: &Block) -> Option<u64> {
    let [need, ..] = needs(block);
    let enough = need.reference.filter(|enough| enough.entry.row().swap_outs > 0).map(|enough| enough.frames);
    enough.or_else(|| block.telling_size()).or_else(|| block.sizes.get(block.sizes.len() / 2).copied())
}

fn comparable<'a>(block: &'a Block<'a>, frames: u64, sight: Sight) -> impl Iterator<Item = Entry<'a>> {
    let of_sight = block.series.iter().filter(move |series| series.sight == sight);
    let entries = of_sight.filter_map(move |series| Some(Entry { series, run: *series.runs.get(&frames)? }));
    entries.filter(|entry| entry.row().out_of_memory == 0)
}

fn reference<'a>(block: &'a Block<'a>, frames: u64) -> Option<Entry<'a>> {
    let series = &block.series[block.reference()?];
    let entry = Entry { series, run: *series.runs.get(&frames)? };
    (entry.row().out_of_memory == 0).then_some(entry)
}

fn best<'a>(block: &'a Block<'a>, frames: u64) -> Vec<Entry<'a>> {
    let fewest = block.best_realisable(frames);
    comparable(block, frames, Sight::AccessedBits).filter(|entry| Some(entry.row().swap_outs) == fewest).collect()
}

/// A policy in the order of its swap-outs at a memory size.
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'a> {
    /// Its run.
    pub entry: Entry<'a>,
    /// Its place from 1, which those with as many swap-outs share; none for a bound, and for a run that ran out of memory.
    pub rank: Option<usize>,
}

/// The policies that ran at a memory size, the fewest swap-outs first; those that ran out of memory last.
pub fn ranking<'a>(block: &'a Block<'a>, frames: u64) -> Vec<Ranked<'a>> {
    let entries = block.series.iter().filter_map(|series| Some(Entry { series, run: *series.runs.get(&frames)? }));
    let mut entries: Vec<Entry> = entries.collect();
    entries.sort_by_key(|entry| (entry.row().out_of_memory > 0, entry.row().swap_outs));
    let ranks = |entry: &Entry| entry.series.sight != Sight::Future && entry.row().out_of_memory == 0;
    let counts: Vec<u64> = entries.iter().filter(|entry| ranks(entry)).map(|entry| entry.row().swap_outs).collect();
    let rank = |entry: &Entry| ranks(entry).then(|| 1 + counts.partition_point(|&count| count < entry.row().swap_outs));
    entries.iter().map(|entry| Ranked { entry: *entry, rank: rank(entry) }).collect()
}
