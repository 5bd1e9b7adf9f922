//! The curve of `lru`: the depth of a page is its LRU stack distance.
//!
//! A segment that is destroyed gives its frames back. Its pages leave holes on the stack, which pages from below fill: a
//! memory that reaches down to a hole has a frame free. Depths count holes as pages, and all that [`super::lives`] says
//! stays true.

use super::lives::{ByDepth, Lives};
use super::segments;
use crate::ids::PageId;
use crate::program::{Program, Reference, References};
use crate::stack_distances::{StackDistances, Visit};

/// References between two looks at whether to stop.
const CHUNK: usize = 1 << 20;

impl Visit for Lives {
    const REPEATS_GO_UNTOLD: bool = true;

    #[inline(always)]
    fn coming(&self, page: PageId) {
        self.prefetch(page);
    }

    #[inline(always)]
    fn reference(&mut self, reference: Reference, distance: Option<u32>) {
        self.reference(reference.page, reference.write, distance);
    }
}

/// The curve of a program in which no segment is locked; none when `go_on` said no.
pub(super) fn curve(program: &Program, go_on: &dyn Fn() -> bool) -> Option<ByDepth> {
    let mut stack = StackDistances::new(program.footprint());
    let mut lives = Lives::new(program.footprint());
    let mut position = 0;
    for (end, segment) in segments::early_ends(program) {
        if !references(program, position..end as usize, &mut stack, &mut lives, go_on) {
            return None;
        }
        position = end as usize;
        for page in segments::pages(program, segment) {
            if let Some(depth) = stack.remove(page) {
                lives.end(page, depth);
            }
        }
    }
    if !references(program, position..program.references.len() as usize, &mut stack, &mut lives, go_on) {
        return None;
    }
    for (page, depth) in stack.depths() {
        lives.end(page, depth);
    }
    Some(lives.curve(program.references.len()))
}

/// Some of a program's references; false when `go_on` said no.
fn references(
    program: &Program,
    range: std::ops::Range<usize>,
    stack: &mut StackDistances,
    lives: &mut Lives,
    go_on: &dyn Fn() -> bool,
) -> bool {
    let mut from = range.start;
    while from < range.end {
        let to = range.end.min(from + CHUNK);
        match &program.references {
            References::Narrow(words) => stack.pass(&words[from..to], program.packing, lives),
            References::Wide(words) => stack.pass(&words[from..to], program.packing, lives),
        }
        if !go_on() {
            return false;
        }
        from = to;
    }
    true
}
