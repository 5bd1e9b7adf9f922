//! Where shared memory begins and ends, told by the addresses at which processes fault.
//!
//! Processes are taken for related (forked, with the same places for their mappings) where their shared addresses are near
//! each other: less than 1 GiB apart, and without private memory between. Related processes that have the same address
//! mapped are taken to have the same segment there, from the lowest address that any of them touches to the highest. That
//! is so where a segment was attached before the fork.
//!
//! Where each process attached its segments itself, one address may be of several segments. The kernel puts each new
//! mapping right below the one before, from a top that related processes share; so what a process has mapped is a stack
//! below that top. A process that touched every page of its stack has one mapping of just that size: a known size.
//! Segments of the known sizes are inferred where everything agrees:
//!
//! - the stack of every process is made of known sizes, each at most once;
//! - each mapping in it begins at a page that the process touched, while it did not touch the one below;
//! - at least one stack is of two sizes or more. Without such a check, sizes alone would be guessed at.
//!
//! Segments of one size in one place can't be told apart, and are one.

use std::collections::BTreeMap;

use crate::trace::Label;

/// Bits of an address that are a place in the kernel's page.
const PAGE_SHIFT: u32 = 12;
/// Pages between unrelated addresses.
const FAR: u64 = 1 << (30 - PAGE_SHIFT);
/// More known sizes than this are not tried out.
const MOST_SIZES: usize = 16;

/// A mapping as it is inferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mapping {
    pub process: u32,
    pub address: u64,
    pub bytes: u64,
    pub label: Label,
    pub segment_bytes: u64,
}

/// The shared addresses that processes touched.
#[derive(Default)]
pub(super) struct Touched(BTreeMap<u32, Vec<u64>>);

impl Touched {
    /// A process touched an address.
    pub fn add(&mut self, process: u32, address: u64) {
        self.0.entry(process).or_default().push(address >> PAGE_SHIFT);
    }
}

/// Related processes.
struct Neighbourhood {
    /// One past the highest page.
    top: u64,
    /// The pages of each process, ascending, each once.
    pages: BTreeMap<u32, Vec<u64>>,
}

/// The mappings of the segment with this key, or, for key 0, of all segments without one. `private` are addresses of private
/// memory.
pub(super) fn mappings(key: u64, touched: Touched, private: &[u64]) -> Vec<Mapping> {
    let neighbourhoods = neighbourhoods(touched, private);
    let mut mappings = Vec::new();
    if key != 0 {
        let whole = neighbourhoods.iter().map(Neighbourhood::height).max().unwrap_or_default();
        let segment = Segment { label: Label::Name(format!("SYSV{key:08x}")), pages: whole };
        for neighbourhood in &neighbourhoods {
            neighbourhood.map_whole(&segment, &mut mappings);
        }
        return mappings;
    }
    let mut segments = 0;
    let mut segment = |pages| {
        segments += 1;
        Segment { label: Label::Number(segments - 1), pages }
    };
    for neighbourhood in &neighbourhoods {
        match neighbourhood.stacks() {
            None => neighbourhood.map_whole(&segment(neighbourhood.height()), &mut mappings),
            Some((sizes, stacks)) => {
                let segments: Vec<Segment> = sizes.into_iter().map(&mut segment).collect();
                for (process, stack) in stacks {
                    let mut top = neighbourhood.top;
                    for size in stack {
                        top -= segments[size].pages;
                        mappings.push(segments[size].mapped(process, top));
                    }
                }
            }
        }
    }
    mappings
}

/// A segment as it is inferred.
struct Segment {
    label: Label,
    pages: u64,
}

impl Segment {
    fn mapped(&self, process: u32, page: u64) -> Mapping {
        let bytes = self.pages << PAGE_SHIFT;
        Mapping { process, address: page << PAGE_SHIFT, bytes, label: self.label.clone(), segment_bytes: bytes }
    }
}

fn neighbourhoods(touched: Touched, private: &[u64]) -> Vec<Neighbourhood> {
    let mut touched = touched.0;
    for pages in touched.values_mut() {
        pages.sort_unstable();
        pages.dedup();
    }
    let mut all: Vec<u64> = touched.values().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    let mut private: Vec<u64> = private.iter().map(|address| address >> PAGE_SHIFT).collect();
    private.sort_unstable();
    let is_apart = |low: u64, high: u64| {
        let next = private.partition_point(|&page| page <= low);
        high - low > FAR || private.get(next).is_some_and(|&page| page < high)
    };
    let tops = all.windows(2).filter(|pair| is_apart(pair[0], pair[1])).map(|pair| pair[0] + 1);
    let tops: Vec<u64> = tops.chain(all.last().map(|last| last + 1)).collect();
    let mut found: Vec<Neighbourhood> = tops.iter().map(|&top| Neighbourhood { top, pages: BTreeMap::new() }).collect();
    for (process, pages) in touched {
        for page in pages {
            let place = tops.partition_point(|&top| top <= page);
            found[place].pages.entry(process).or_default().push(page);
        }
    }
    // Their segments are numbered in order of appearance.
    found.sort_by_key(|neighbourhood| neighbourhood.pages.keys().next().copied());
    found
}

/// Known sizes, and by process the numbers of those that its stack is made of, from the top down.
type Stacks = (Vec<u64>, Vec<(u32, Vec<usize>)>);

impl Neighbourhood {
    fn height(&self) -> u64 {
        let lowest = self.pages.values().filter_map(|pages| pages.first()).min();
        lowest.map_or(0, |lowest| self.top - lowest)
    }

    /// One segment for all, from the lowest page.
    fn map_whole(&self, segment: &Segment, mappings: &mut Vec<Mapping>) {
        let lowest = self.top - self.height();
        mappings.extend(self.pages.keys().map(|&process| segment.mapped(process, lowest)));
    }

    /// The stacks, where everything agrees.
    fn stacks(&self) -> Option<Stacks> {
        let mut sizes = Vec::new();
        for pages in self.pages.values() {
            let height = self.top - pages.first()?;
            if pages.len() as u64 == height && !sizes.contains(&height) {
                sizes.push(height);
            }
        }
        if sizes.len() > MOST_SIZES {
            return None;
        }
        let mut stacks = Vec::new();
        for (&process, pages) in &self.pages {
            let mut search = Search { sizes: &sizes, pages, tried: vec![false; 1 << sizes.len()], stack: Vec::new() };
            if !search.below(self.top, 0) {
                return None;
            }
            stacks.push((process, search.stack));
        }
        stacks.iter().any(|(_, stack)| stack.len() > 1).then_some((sizes, stacks))
    }
}

/// The search for the sizes that a stack is made of.
struct Search<'n> {
    sizes: &'n [u64],
    /// The pages that the process touched.
    pages: &'n [u64],
    /// By set of sizes that are used.
    tried: Vec<bool>,
    stack: Vec<usize>,
}

impl Search<'_> {
    /// Whether the rest of the stack, below a page, is made of sizes that are not in the set `used`; the more, the better.
    fn below(&mut self, top: u64, used: usize) -> bool {
        let lowest = self.pages[0];
        if top == lowest {
            return true;
        }
        if std::mem::replace(&mut self.tried[used], true) {
            return false;
        }
        let mut order: Vec<usize> = (0..self.sizes.len()).collect();
        order.sort_by_key(|&size| self.sizes[size]);
        for size in order {
            let Some(first) = top.checked_sub(self.sizes[size]).filter(|&first| first >= lowest) else { continue };
            if used & 1 << size != 0 || !self.begins_at(first) {
                continue;
            }
            self.stack.push(size);
            if self.below(first, used | 1 << size) {
                return true;
            }
            self.stack.pop();
        }
        false
    }

    /// Whether the process touched this page, and not the one below.
    fn begins_at(&self, page: u64) -> bool {
        let place = self.pages.partition_point(|&touched| touched < page);
        self.pages.get(place) == Some(&page) && (place == 0 || self.pages[place - 1] + 1 != page)
    }
}

#[cfg(test)]
// A run of pages is a range, and some processes have one run.
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use super::*;

    /// Touches of processes 0, 1, ...
    fn inferred(processes: &[&[std::ops::Range<u64>]], private: &[u64]) -> Vec<(u32, u64, u64, Label)> {
        let mut touched = Touched::default();
        for (process, ranges) in (0..).zip(processes) {
            for page in ranges.iter().cloned().flatten() {
                touched.add(process, page << PAGE_SHIFT | 5);
            }
        }
        let private: Vec<u64> = private.iter().map(|page| page << PAGE_SHIFT).collect();
        let mut found = mappings(0, touched, &private);
        found.sort_by_key(|mapping| (mapping.process, mapping.address));
        let page = |bytes: u64| bytes >> PAGE_SHIFT;
        found.into_iter().map(|found| (found.process, page(found.address), page(found.bytes), found.label)).collect()
    }

    const fn number(number: u64) -> Label {
        Label::Number(number)
    }

    #[test]
    fn stacks_of_known_sizes_are_segments() {
        let found = inferred(&[&[36..100], &[4..8, 36..44], &[68..100]], &[]);
        let expected = [(0, 36, 64, 0), (1, 4, 32, 1), (1, 36, 64, 0), (2, 68, 32, 1)];
        assert_eq!(found, expected.map(|(process, page, pages, label)| (process, page, pages, number(label))));
    }

    #[test]
    fn without_a_stack_of_two_sizes_there_is_one_segment() {
        let one = |processes: u32, first, pages| {
            (0..processes).map(|process| (process, first, pages, number(0))).collect::<Vec<_>>()
        };
        assert_eq!(inferred(&[&[36..100], &[68..100]], &[]), one(2, 36, 64));
        // The stack of the second begins where no mapping of a known size can.
        assert_eq!(inferred(&[&[36..100], &[4..8, 40..44], &[68..100]], &[]), one(3, 4, 96));
        // The fourth does not agree.
        assert_eq!(inferred(&[&[36..100], &[4..8, 36..44], &[68..100], &[50..60]], &[]), one(4, 4, 96));
        assert_eq!(inferred(&[&[7..8, 90..91]], &[]), one(1, 7, 84));
    }

    #[test]
    fn what_is_far_or_behind_private_memory_is_another_segment() {
        let expected = [(0, 5, 5, number(0)), (0, 20, 10, number(1))];
        assert_eq!(inferred(&[&[5..10, 20..30]], &[15]), expected);
        assert_eq!(inferred(&[&[5..10, 20..30]], &[3, 25, 40]).len(), 1);
        let far = 10 + FAR;
        assert_eq!(inferred(&[&[5..10, far..far + 1]], &[]).len(), 2);
        assert_eq!(inferred(&[&[5..10, far - 1..far]], &[]).len(), 1);
    }

    #[test]
    fn many_sizes_are_given_up_at_once() {
        let ranges: Vec<[std::ops::Range<u64>; 1]> = (0..40).map(|size| [size..100]).collect();
        let processes: Vec<&[std::ops::Range<u64>]> = ranges.iter().map(|range| &range[..]).collect();
        let found = inferred(&processes, &[]);
        assert!(found.len() == 40 && found.iter().all(|mapping| (mapping.1, mapping.2) == (0, 100)));
    }
}
