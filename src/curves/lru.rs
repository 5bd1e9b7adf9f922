//! The curve of `lru`: the depth of a page is its LRU stack distance.
//!
//! A segment that is destroyed gives its frames back. Its pages leave holes on the stack, which pages from below fill: a
//! memory that reaches down to a hole has a frame free. Depths count holes as pages, and all that [`super::lives`] says
//! stays true.

use std::ops::Range;

use super::lives::{ByDepth, Lives};
use super::minor_faults::{MinorFaults, NoMinorFaults, Sharers};
use super::segments::{Part, Parts};
use crate::ids::PageId;
use crate::program::{Packed, Program, Reference, References};
use crate::runs::Runs;
use crate::stack_distances::{StackDistances, Visit};

/// References between two looks at whether to stop.
const CHUNK: usize = 1 << 20;
/// Replays that a pass for the whole curve takes as much time as, roughly.
const WORTH_REPLAYS: u32 = 2;

impl<M: MinorFaults> Visit for Lives<M> {
    const REPEATS_GO_UNTOLD: bool = true;

    #[inline(always)]
    fn coming(&self, page: PageId) {
        self.prefetch(page);
    }

    #[inline(always)]
    fn reference(&mut self, reference: Reference, distance: Option<u32>) {
        self.reference(reference, distance);
    }
}

/// The curve of a program in which no segment is locked; none when `go_on` said no.
pub(super) fn curve(program: &Program, go_on: &dyn Fn() -> bool) -> Option<ByDepth> {
    let Parts { parts, columns } = Parts::of(program);
    let pages = program.footprint();
    match columns {
        0 => curve_of(program, parts, Lives::new(pages, NoMinorFaults), go_on),
        _ => curve_of(program, parts, Lives::new(pages, Sharers::new(pages, columns)), go_on),
    }
}

fn curve_of<M: MinorFaults>(
    program: &Program,
    parts: Vec<Part>,
    mut lives: Lives<M>,
    go_on: &dyn Fn() -> bool,
) -> Option<ByDepth> {
    let mut stack = StackDistances::new(program.footprint());
    let runs = program.runs(WORTH_REPLAYS).map(|runs| &**runs);
    for (part, change) in parts {
        if !references(program, runs, part, &mut stack, &mut lives, go_on) {
            return None;
        }
        if let Some(change) = change {
            lives.change(program, change, |page| stack.remove(page));
        }
    }
    for (page, depth) in stack.depths() {
        lives.end(page, depth);
    }
    Some(lives.curve(program.references.len()))
}

/// Some of a program's references; false when `go_on` said no. Of a run of references to one page the first alone has a
/// distance, and a page is written to if it is by any.
fn references(
    program: &Program,
    runs: Option<&Runs>,
    range: Range<usize>,
    stack: &mut StackDistances,
    lives: &mut Lives<impl MinorFaults>,
    go_on: &dyn Fn() -> bool,
) -> bool {
    let as_they_are = |range: Range<usize>, stack: &mut StackDistances, lives: &mut Lives<_>| match &program.references
    {
        References::Narrow(words) => pass(&words[range], program, stack, lives, go_on),
        References::Wide(words) => pass(&words[range], program, stack, lives, go_on),
    };
    let Some(runs) = runs else { return as_they_are(range, stack, lives) };
    let cut = runs.cut(range.start as u64..range.end as u64);
    let places = |positions: Range<u64>| positions.start as usize..positions.end as usize;
    as_they_are(places(cut.head), stack, lives)
        && pass(runs.words(cut.runs), program, stack, lives, go_on)
        && as_they_are(places(cut.tail), stack, lives)
}

/// Packed references one after the other; false when `go_on` said no.
fn pass<W: Packed>(
    words: &[W],
    program: &Program,
    stack: &mut StackDistances,
    lives: &mut Lives<impl MinorFaults>,
    go_on: &dyn Fn() -> bool,
) -> bool {
    words.chunks(CHUNK).all(|chunk| {
        stack.pass(chunk, program.packing, lives);
        go_on()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curves::Point;
    use crate::resolve::{ResolveOptions, program_of};

    fn points(program: &Program) -> Vec<Point> {
        let curve = curve(program, &|| true).unwrap();
        crate::curves::Curve(crate::curves::Counts::OnePass(curve)).points().collect()
    }

    /// Repeats that write and such that do not, two segments, of which one ends and comes again in the middle of a run.
    #[test]
    fn the_curve_of_collapsed_references_is_that_of_the_references() {
        let mut script = "# F=5\nseg a 40\nattach 1 a\nseg b 9\nattach 1 b\n".to_owned();
        let mut state = 1_u32;
        for round in 0..2000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (page, times) = ((state >> 16) % 40, 1 + (state >> 28) % 4);
            for _ in 0..times {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let word = if state >> 29 == 0 { "w" } else { "r" };
                script += &if page < 9 { format!("{word} 1 b {page}\n") } else { format!("{word} 1 a {page}\n") };
                if round % 300 == 0 && page >= 9 && times > 1 {
                    script += "rm b\ndetach 1 b\nseg b 9\nattach 1 b\n";
                }
            }
        }
        let [as_it_is, collapsed] = [(); 2].map(|()| program_of(&script, ResolveOptions::default()));
        assert!(collapsed.runs(u32::MAX / 2).is_some(), "there are repeats");
        assert_eq!(points(&as_it_is), points(&collapsed));
    }
}
