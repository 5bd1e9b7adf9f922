//! The curve of `opt`: the depth of a page is its OPT stack distance.
//!
//! There are two ways to it. [`super::priority_stack`] is the faster one as long as depths are small, which is tried first;
//! once it has walked too far, [`super::critical_stack`] begins anew.
//!
//! The first looks ahead, the second does not, so it takes some thought there to know how deep pages are at the end of the
//! trace. A page is as deep there as one more reference would find it, were the pages that are to be kept rather than it
//! referenced before: as the lowest number goes first, those with higher numbers. (Each of these is above all others at its
//! time, so that those that come later are no nearer to being lost for it.) A segment that ends earlier changes which page
//! goes first, of which the second knows nothing: such programs are left to the first, if they are small.

use super::critical_stack::CriticalStack;
use super::lives::{ByDepth, Lives};
use super::minor_faults::{MinorFaults, NoMinorFaults, Sharers};
use super::priority_stack::{GONE, PriorityStack};
use super::segments::{self, Parts};
use crate::ids::PageId;
use crate::processor;
use crate::program::{NO_NEXT_USE, Packed, Packing, Program, References};

/// References between two looks at whether to stop, or to walk on.
const CHUNK: usize = 1 << 12;
/// Places of the priority stack for each reference that cost no more than the critical stack does, at most.
const WALK: u64 = 32;
/// Places that may be looked at beyond that: first touches walk past all pages.
const WALK_AT_FIRST: u64 = 1 << 22;
/// Pages that may be in one list, however far it is to walk.
const SMALL: u32 = 1 << 15;
/// How far ahead of a reference what is kept of its page is asked for.
const PAGE_AHEAD: usize = 48;
/// How far ahead of a reference what is kept around its page's slot is asked for.
const SLOT_AHEAD: usize = 16;

/// What in a program stands against the curve.
pub(super) fn obstacle(program: &Program) -> Option<String> {
    segments::locks(program).or_else(|| {
        let segment = Parts::of(program).early_ends().next()?;
        let label = &program.segments[segment.index()].label;
        let pages = program.footprint();
        (pages > SMALL || last_priority(program).is_none()).then(|| {
            format!("segment {label} is removed before the last reference, and {pages} pages are too many for one list")
        })
    })
}

/// The end of the priorities; none where there are more than can be.
fn last_priority(program: &Program) -> Option<u32> {
    let last = u32::try_from(program.references.len() + u64::from(program.footprint())).ok();
    last.filter(|&last| last < NO_NEXT_USE)
}

/// The curve of a program without an obstacle; none when `go_on` said no.
pub(super) fn curve(program: &Program, go_on: &dyn Fn() -> bool) -> Option<ByDepth> {
    match &program.references {
        References::Narrow(words) => curve_of(words, program, go_on),
        References::Wide(words) => curve_of(words, program, go_on),
    }
}

fn curve_of<W: Packed>(words: &[W], program: &Program, go_on: &dyn Fn() -> bool) -> Option<ByDepth> {
    let (parts, pages) = (Parts::of(program), program.footprint());
    match parts.columns {
        0 => either_way(words, program, &parts, || Lives::new(pages, NoMinorFaults), go_on),
        columns => either_way(words, program, &parts, || Lives::new(pages, Sharers::new(pages, columns)), go_on),
    }
}

/// The curve, one way or the other: with lives that did not begin.
fn either_way<W: Packed, M: MinorFaults>(
    words: &[W],
    program: &Program,
    parts: &Parts,
    lives: impl Fn() -> Lives<M>,
    go_on: &dyn Fn() -> bool,
) -> Option<ByDepth> {
    match by_priorities(words, program, parts, lives(), go_on) {
        Walk::Whole(curve) => Some(curve),
        Walk::Stopped => None,
        Walk::TooFar => by_markers(words, program, parts, lives(), go_on),
    }
}

/// How a walk with priorities ended.
enum Walk {
    /// At the end.
    Whole(ByDepth),
    /// It was told to stop.
    Stopped,
    /// It is no use here.
    TooFar,
}

/// The curve by the priority stack.
fn by_priorities<W: Packed>(
    words: &[W],
    program: &Program,
    parts: &Parts,
    mut lives: Lives<impl MinorFaults>,
    go_on: &dyn Fn() -> bool,
) -> Walk {
    // Pages that are not wanted any more come after all others, the lowest number last.
    let (Some(last), Ok(next_uses)) = (last_priority(program), program.next_uses()) else { return Walk::TooFar };
    let unwanted = |page: PageId| last - 1 - page.get();
    let mut stack = PriorityStack::default();
    let mut allowed = if parts.early_ends().next().is_none() { WALK_AT_FIRST } else { u64::MAX };
    for (part, change) in &parts.parts {
        for from in part.clone().step_by(CHUNK) {
            let to = part.end.min(from + CHUNK);
            for ((word, &next), now) in words[from..to].iter().zip(&next_uses[from..to]).zip(from as u32..) {
                let reference = program.packing.unpack(word.bits());
                let next = if next == NO_NEXT_USE { unwanted(reference.page) } else { next };
                lives.reference(reference, stack.reference(now, next));
            }
            allowed = allowed.saturating_add(WALK * (to - from) as u64);
            if stack.walked() > allowed {
                return Walk::TooFar;
            }
            if !go_on() {
                return Walk::Stopped;
            }
        }
        if let Some(change) = *change {
            lives.change(program, change, |page| stack.remove(unwanted(page)));
        }
    }
    for (priority, depth) in stack.into_priorities().into_iter().zip(0..).filter(|(priority, _)| *priority != GONE) {
        lives.end(PageId::new(last - 1 - priority), depth);
    }
    Walk::Whole(lives.curve(program.references.len()))
}

/// The curve by the critical stack, of a program in which no segment ends before the last reference.
fn by_markers<W: Packed>(
    words: &[W],
    program: &Program,
    parts: &Parts,
    mut lives: Lives<impl MinorFaults>,
    go_on: &dyn Fn() -> bool,
) -> Option<ByDepth> {
    let mut stack = CriticalStack::new(program.footprint());
    for (part, change) in &parts.parts {
        for words in words[part.clone()].chunks(CHUNK) {
            pass(words, program.packing, &mut stack, &mut lives);
            if !go_on() {
                return None;
            }
        }
        if let Some(change) = *change {
            // No segment ends before the last reference.
            lives.change(program, change, |_| None);
        }
    }
    let top = stack.top();
    for page in (0..program.footprint()).rev().map(PageId::new) {
        let depth = if Some(page) == top { Some(0) } else { stack.reference(page) };
        if let Some(depth) = depth {
            lives.end(page, depth);
        }
    }
    Some(lives.curve(program.references.len()))
}

/// Some references, on wide words where the processor has them.
fn pass<W: Packed>(words: &[W], packing: Packing, stack: &mut CriticalStack, lives: &mut Lives<impl MinorFaults>) {
    #[cfg(target_arch = "x86_64")]
    if processor::has_wide_words() {
        // SAFETY: the processor has what the function was compiled for.
        #[allow(unsafe_code)]
        return unsafe { pass_wide(words, packing, stack, lives) };
    }
    pass_plain(words, packing, stack, lives);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt,bmi1,bmi2,lzcnt")]
fn pass_wide<W: Packed>(words: &[W], packing: Packing, stack: &mut CriticalStack, lives: &mut Lives<impl MinorFaults>) {
    pass_any(words, packing, stack, lives);
}

fn pass_plain<W: Packed>(
    words: &[W],
    packing: Packing,
    stack: &mut CriticalStack,
    lives: &mut Lives<impl MinorFaults>,
) {
    pass_any(words, packing, stack, lives);
}

#[inline(always)]
fn pass_any<W: Packed>(words: &[W], packing: Packing, stack: &mut CriticalStack, lives: &mut Lives<impl MinorFaults>) {
    let page_of = |word: &W| packing.unpack(word.bits()).page;
    for (place, word) in words.iter().enumerate() {
        if let Some(page) = words.get(place + PAGE_AHEAD).map(page_of) {
            stack.prefetch_page(page);
            lives.prefetch(page);
        }
        if let Some(page) = words.get(place + SLOT_AHEAD).map(page_of) {
            stack.prefetch_slot(page);
        }
        let reference = packing.unpack(word.bits());
        lives.reference(reference, stack.reference(reference.page));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use proptest::prelude::*;

    use super::*;
    use crate::curves::Point;
    use crate::ids::{Column, SegmentNumber};
    use crate::program::{Counts, Reference};
    use crate::runs::Collapsed;
    use crate::trace::Settings;

    const PACKING: Packing = Packing { column_bits: 0 };

    /// A program of references without anything around them.
    fn program(references: &[(u32, bool)], pages: u32) -> Program {
        let pack = |&(page, write): &(u32, bool)| {
            PACKING.pack(Reference { page: PageId::new(page), column: Column::new(0), write }) as u32
        };
        Program {
            settings: Settings::default(),
            segments: Vec::new(),
            processes: Vec::new(),
            changes: Vec::new(),
            references: References::Narrow(references.iter().map(pack).collect()),
            packing: PACKING,
            times: None,
            counts: Counts::default(),
            segment_of: vec![SegmentNumber::new(0); pages as usize],
            next_uses: OnceLock::new(),
            collapsed: Collapsed::default(),
        }
    }

    fn words(program: &Program) -> &[u32] {
        match &program.references {
            References::Narrow(words) => words,
            References::Wide(_) => &[],
        }
    }

    fn lives(program: &Program) -> Lives<NoMinorFaults> {
        Lives::new(program.footprint(), NoMinorFaults)
    }

    fn slowly(program: &Program) -> Vec<Point> {
        match by_priorities(words(program), program, &Parts::of(program), lives(program), &|| true) {
            Walk::Whole(curve) => curve.points().collect(),
            _ => panic!("it is short"),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn both_ways_lead_to_the_same_curve(
            pages in prop_oneof![1_u32..6, 1_u32..80, 1000_u32..3000],
            draws in prop::collection::vec((any::<u32>(), any::<u8>()), 0..4000),
        ) {
            // Near pages, any, and scans; several times as many references as slots where there are few pages.
            let reference = |(place, &(draw, what)): (usize, &(u32, u8))| {
                let range = if what % 2 == 0 { pages.min(9) } else { pages };
                let page = if place / 200 % 3 == 0 { place as u32 % pages } else { draw % range };
                (page, what % 5 == 0)
            };
            let references: Vec<(u32, bool)> = draws.iter().enumerate().map(reference).collect();
            let program = program(&references, pages);
            let curve = by_markers(words(&program), &program, &Parts::of(&program), lives(&program), &|| true).unwrap();
            prop_assert_eq!(curve.points().collect::<Vec<_>>(), slowly(&program));
        }
    }

    /// Enough pages for several groups and regions of slots, and slots that run out.
    #[test]
    fn many_pages_fill_sums_of_every_height() {
        let pages = 45_000;
        let mut state = 1_u32;
        let references: Vec<(u32, bool)> = (0..110_000)
            .map(|place| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let page = if place < pages { place } else { (state >> 8) % if state >> 30 == 0 { pages } else { 40 } };
                (page, state >> 29 & 1 == 0)
            })
            .collect();
        let program = program(&references, pages);
        let (mut wide, mut plain) = (CriticalStack::new(pages), CriticalStack::new(pages));
        let (mut wide_lives, mut plain_lives) = (Lives::new(pages, NoMinorFaults), Lives::new(pages, NoMinorFaults));
        pass(words(&program), PACKING, &mut wide, &mut wide_lives);
        pass_plain(words(&program), PACKING, &mut plain, &mut plain_lives);
        let [wide, plain] = [wide_lives, plain_lives].map(|lives| lives.curve(0).points().collect::<Vec<_>>());
        assert_eq!(wide, plain);
        // Each reference's depth, by a second implementation, at a few sizes.
        let mut stack = PriorityStack::default();
        let next_uses = program.next_uses().unwrap();
        let mut depths = vec![0_u64; pages as usize + 1];
        for (now, &next) in (0..).zip(next_uses.iter()) {
            let next = if next == NO_NEXT_USE { 1_000_000 + now } else { next };
            if let Some(depth) = stack.reference(now, next) {
                depths[depth as usize] += 1;
            }
        }
        let mut swap_ins: u64 = depths.iter().sum();
        for (point, depths) in wide.iter().zip(&depths) {
            swap_ins -= depths;
            assert_eq!(point.swap_ins, swap_ins, "{} frames", point.frames);
        }
    }
}
