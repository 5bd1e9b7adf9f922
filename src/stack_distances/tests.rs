use super::*;
use proptest::prelude::*;

/// The stack as a list, the page referenced last in front; a hole is none.
#[derive(Default)]
struct Slowly(Vec<Option<u32>>);

impl Slowly {
    fn reference(&mut self, page: u32) -> Option<u32> {
        let place = self.0.iter().position(|&other| other == Some(page));
        let hole = self.0.iter().position(Option::is_none);
        match (place, hole) {
            (Some(place), Some(hole)) if hole < place => {
                self.0[place] = None;
                self.0.remove(hole);
            }
            (Some(place), _) => drop(self.0.remove(place)),
            (None, Some(hole)) => drop(self.0.remove(hole)),
            (None, None) => {}
        }
        self.0.insert(0, Some(page));
        place.map(|place| place as u32)
    }

    fn remove(&mut self, page: u32) -> Option<u32> {
        let place = self.0.iter().position(|&other| other == Some(page))?;
        self.0[place] = None;
        Some(place as u32)
    }
}

/// Faults of LRU with so many frames, by keeping the pages in memory in a list.
fn faults_slowly(references: &[u32], frames: usize) -> u64 {
    let (mut memory, mut faults) = (Vec::new(), 0);
    for &page in references {
        match memory.iter().position(|&other| other == page) {
            Some(place) => drop(memory.remove(place)),
            None => faults += 1,
        }
        memory.insert(0, page);
        memory.truncate(frames);
    }
    faults
}

/// Distances as they come.
#[derive(Default)]
struct Kept(Vec<Option<u32>>);

impl Visit for Kept {
    fn reference(&mut self, _reference: Reference, distance: Option<u32>) {
        self.0.push(distance);
    }
}

const PACKING: Packing = Packing { column_bits: 2 };

fn packed(pages: &[u32]) -> Vec<u32> {
    let reference =
        |&page: &u32| Reference { page: PageId::new(page), column: crate::ids::Column::new(3), write: page % 2 == 0 };
    pages.iter().map(|page| PACKING.pack(reference(page)) as u32).collect()
}

fn slowly(references: &[u32]) -> Vec<Option<u32>> {
    let mut stack = Slowly::default();
    references.iter().map(|&page| stack.reference(page)).collect()
}

/// A stack with as few slots as there can be, so that the pages are often moved together.
fn tight(pages: u32) -> StackDistances {
    StackDistances { slots: UsedSlots::new(SLOTS_PER_PAGE * pages as usize), ..StackDistances::new(pages) }
}

/// One reference after the other; a pass, with a front or without at the start; and a pass without wide words.
fn in_all_ways(references: &[u32], pages: u32) -> [Vec<Option<u32>>; 4] {
    let mut stack = tight(pages);
    let single = references.iter().map(|&page| stack.reference(PageId::new(page))).collect();
    let words = packed(references);
    let pass = |local, plain: bool| {
        let (mut stack, mut kept) = (tight(pages), Kept::default());
        stack.local = local;
        if plain {
            stack.pass_plain(&words, PACKING, &mut kept);
        } else {
            stack.pass(&words, PACKING, &mut kept);
        }
        kept.0
    };
    [single, pass(false, false), pass(true, false), pass(true, true)]
}

fn counts(distances: &[Option<u32>]) -> DistanceCounts {
    let mut counts = DistanceCounts::default();
    for &distance in distances {
        counts.record(distance);
    }
    counts
}

#[test]
fn a_string_counted_by_hand() {
    // a b c a a b: a comes back over b and c, then at once, then b over c and a.
    let mut stack = StackDistances::new(3);
    let distances = [0, 1, 2, 0, 0, 1].map(|page| stack.reference(PageId::new(page)));
    assert_eq!(distances, [None, None, None, Some(2), Some(0), Some(2)]);
    let counts = counts(&distances);
    assert_eq!((counts.cold(), counts.counts(), counts.references()), (3, &[1, 0, 2][..], 6));
    assert_eq!([0, 1, 2, 3, 4, u64::MAX].map(|frames| counts.faults(frames)), [6, 5, 5, 3, 3, 3]);
    assert_eq!([2, 3, 4, 5, 6].map(|faults| counts.fewest_frames(faults)), [None, Some(3), Some(3), Some(1), Some(1)]);
}

#[test]
fn nothing_has_no_distance() {
    let counts = counts(&[]);
    assert_eq!((counts.references(), counts.faults(0), counts.fewest_frames(0)), (0, 0, Some(1)));
    let mut stack = StackDistances::new(0);
    stack.pass::<u32>(&[], PACKING, &mut Kept::default());
    assert_eq!(stack.depths().count(), 0);
}

/// More pages than a region of slots has, so that sums of every height are begun and moved together.
#[test]
fn a_loop_over_many_pages_has_one_distance() {
    let pages = 1_100_000;
    let references: Vec<u32> = (0..4).flat_map(|_| 0..pages).collect();
    let (mut stack, mut kept) = (StackDistances::new(pages), Kept::default());
    stack.pass(&packed(&references), PACKING, &mut kept);
    let (cold, back) = kept.0.split_at(pages as usize);
    assert!(cold.iter().all(Option::is_none));
    assert!(back.iter().all(|&distance| distance == Some(pages - 1)));
    assert_eq!(stack.remove(PageId::new(pages - 1)), Some(0));
    assert_eq!(stack.remove(PageId::new(5)), Some(pages - 6));
}

/// Phases with and without locality, so that the front comes and goes within a pass.
#[test]
fn a_front_that_comes_and_goes_changes_nothing() {
    let mut state = 1_u32;
    let references: Vec<u32> = (0..6 * WHILE as u32 + 100)
        .map(|place| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if (place / (WHILE as u32 + 700)).is_multiple_of(2) { state >> 16 & 15 } else { (state >> 8) % 300 }
        })
        .collect();
    let [single, slots, front, plain] = in_all_ways(&references, 300);
    assert_eq!(single, slowly(&references));
    assert!(slots == single && front == single && plain == single);
}

proptest! {
    #[test]
    fn distances_are_those_of_a_list(
        pages in 1u32..3000, draws in prop::collection::vec((any::<u32>(), any::<bool>()), 1..12_000),
    ) {
        // Half of the references go to few pages, so that distances are short and long; more references than slots move the
        // pages together, more than once where pages are few.
        let references: Vec<u32> = draws.iter().map(|&(draw, near)| draw % if near { pages.min(7) } else { pages }).collect();
        let distances = slowly(&references);
        for way in in_all_ways(&references, pages) {
            prop_assert!(way == distances);
        }
        let counts = counts(&distances);
        for frames in [1, 2, 5, 40, pages as usize / 2 + 1, pages as usize] {
            prop_assert_eq!(counts.faults(frames as u64), faults_slowly(&references, frames));
        }
        for faults in [0, counts.cold(), counts.cold() + 3, references.len() as u64 / 2, references.len() as u64] {
            let fewest = (1..=u64::from(pages)).find(|&frames| counts.faults(frames) <= faults);
            prop_assert_eq!(counts.fewest_frames(faults), fewest);
        }
    }

    #[test]
    fn holes_are_filled_as_in_a_list(pages in 1u32..60, steps in prop::collection::vec((any::<u32>(), 0u8..8), 0..400)) {
        let (mut stack, mut slowly) = (StackDistances::new(pages), Slowly::default());
        stack.local = true;
        for (draw, what) in steps {
            let page = draw % pages;
            match what {
                0 => prop_assert_eq!(stack.remove(PageId::new(page)), slowly.remove(page)),
                1 => {
                    let some: Vec<u32> = (0..20).map(|step| (draw >> step) % pages).collect();
                    let mut kept = Kept::default();
                    stack.local = draw >> 31 == 0;
                    stack.pass(&packed(&some), PACKING, &mut kept);
                    prop_assert_eq!(kept.0, some.iter().map(|&page| slowly.reference(page)).collect::<Vec<_>>());
                }
                2 => {
                    let depths: Vec<(PageId, u32)> = stack.depths().collect();
                    let mut slow: Vec<(PageId, u32)> = Vec::new();
                    slow.extend(slowly.0.iter().zip(0..).filter_map(|(&page, depth)| Some((PageId::new(page?), depth))));
                    slow.sort_unstable();
                    prop_assert_eq!(depths, slow);
                }
                _ => prop_assert_eq!(stack.reference(PageId::new(page)), slowly.reference(page)),
            }
        }
    }
}
