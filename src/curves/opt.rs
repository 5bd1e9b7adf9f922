//! The curve of `opt`: the depth of a page is its OPT stack distance, which [`super::critical_stack`] knows without a look at
//! the future.
//!
//! The end of the trace takes one: among pages that are not referenced again the lowest number goes first, so their depths
//! at the end are those that they would have with one more reference each, the highest number first. (A page that is
//! referenced there is above all others at its time; those that come later are no nearer to being lost for it.)

use super::Obstacle;
use super::critical_stack::CriticalStack;
use super::lives::{Curve, Lives};
use super::segments;
use crate::ids::PageId;
use crate::processor;
use crate::program::{Packed, Packing, Program, References};

/// References between two looks at whether to stop.
const CHUNK: usize = 1 << 18;
/// How far ahead of a reference what is kept of its page is asked for.
const PAGE_AHEAD: usize = 48;
/// How far ahead of a reference what is kept around its page's slot is asked for.
const SLOT_AHEAD: usize = 16;

/// What in a program stands against the curve.
pub(super) fn obstacle(program: &Program) -> Option<Obstacle> {
    segments::locks(program).or_else(|| segments::early_ends(program))
}

/// The curve of a program with no such thing; none when `go_on` said no.
///
/// # Errors
/// Never; other policies have reasons.
pub(super) fn curve(program: &Program, go_on: &dyn Fn() -> bool) -> Result<Option<Curve>, Obstacle> {
    let mut stack = CriticalStack::new(program.footprint());
    let mut lives = Lives::new(program.footprint());
    let whole = match &program.references {
        References::Narrow(words) => references(words, program.packing, &mut stack, &mut lives, go_on),
        References::Wide(words) => references(words, program.packing, &mut stack, &mut lives, go_on),
    };
    if !whole {
        return Ok(None);
    }
    let top = stack.top();
    for page in (0..program.footprint()).rev().map(PageId::new) {
        let depth = if Some(page) == top { Some(0) } else { stack.reference(page) };
        if let Some(depth) = depth {
            lives.end(page, depth);
        }
    }
    Ok(Some(lives.curve(program.references.len())))
}

/// All references; false when `go_on` said no.
fn references<W: Packed>(
    words: &[W],
    packing: Packing,
    stack: &mut CriticalStack,
    lives: &mut Lives,
    go_on: &dyn Fn() -> bool,
) -> bool {
    words.chunks(CHUNK).all(|words| {
        pass(words, packing, stack, lives);
        go_on()
    })
}

/// Some references, on wide words where the processor has them.
fn pass<W: Packed>(words: &[W], packing: Packing, stack: &mut CriticalStack, lives: &mut Lives) {
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
fn pass_wide<W: Packed>(words: &[W], packing: Packing, stack: &mut CriticalStack, lives: &mut Lives) {
    pass_any(words, packing, stack, lives);
}

fn pass_plain<W: Packed>(words: &[W], packing: Packing, stack: &mut CriticalStack, lives: &mut Lives) {
    pass_any(words, packing, stack, lives);
}

#[inline(always)]
fn pass_any<W: Packed>(words: &[W], packing: Packing, stack: &mut CriticalStack, lives: &mut Lives) {
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
        lives.reference(reference.page, reference.write, stack.reference(reference.page));
    }
}
