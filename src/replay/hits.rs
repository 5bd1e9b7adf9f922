//! Runs of hits, and of minor faults where pages have several sharers: references to pages that are in memory, up to the first
//! to one that is not. This is where a replay spends its time, so most of them are not looked at one by one: a reference to an
//! entry that is young already, of a page that is written already if it writes, changes nothing, and 16 of these are recognised
//! at once.
//!
//! What a fault is, and what policies are told, is not known here. The processor's wide instructions are chosen at run time
//! ([`Width`]); each of them answers exactly what [`Width::Plain`] does.
//!
//! A minor fault among several sharers can't be foreseen, so it is carried out by the same steps as a hit, and added to a count.
//!
//! What did not help: masks of sharers in arrays of their own; storing the marks only where they are not set yet, without the wide
//! compare (slower: the branches cost more than the stores).

use crate::kernel::Entries;
use crate::kernel::page_tables::{CountsMinorFaults, Word, Words};
use crate::prefetch::prefetch;
use crate::processor;
use crate::program::Packing;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

/// References ahead of the present ones that are called from memory: the processor's own fetching ahead alone is half as
/// fast.
const AHEAD: usize = 1024;
/// References that are looked at together.
pub(super) const GROUP: usize = 16;

/// References after a fault that are looked at one by one. 48 are as fast on logs of single programs, and a twentieth slower on
/// pg-tpcb-exact.
const NEAR: usize = 16;

/// What the processor can do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// One reference at a time.
    Plain,
    /// Eight words fetched at once.
    Avx2,
    /// 16 words fetched at once.
    Avx512,
}

impl Width {
    /// The widest that this processor has.
    pub(super) fn of_processor() -> Self {
        if processor::gathers_16() {
            return Self::Avx512;
        }
        if processor::gathers_8() {
            return Self::Avx2;
        }
        Self::Plain
    }
}

/// What is to be done for a group of references: a bit for each of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Group {
    /// Those that would change something.
    unsettled: u32,
    /// Those that end the run.
    stopping: u32,
}

/// Carries out references up to the first one that is neither a hit nor a minor fault, or for pages with one sharer that is no
/// hit; how many there were.
#[inline(always)]
pub(super) fn run<W: Wide>(
    entries: &mut Words<W>,
    references: &[u32],
    packing: Packing,
    width: Width,
    minor: &mut impl CountsMinorFaults,
) -> usize {
    // Faults come close together where they come at all: after one it does not pay yet to look far.
    let near = references.len().min(NEAR);
    let done = entries.run(&references[..near], packing, minor);
    if done < near || done == references.len() {
        return done;
    }
    done + far_run(entries, &references[done..], packing, width, minor)
}

/// As [`run`], where no fault is near.
#[inline(never)]
fn far_run<W: Wide>(
    entries: &mut Words<W>,
    references: &[u32],
    packing: Packing,
    width: Width,
    minor: &mut impl CountsMinorFaults,
) -> usize {
    match width {
        Width::Plain => entries.run(references, packing, minor),
        #[cfg(target_arch = "x86_64")]
        Width::Avx2 => W::avx2_run(entries, references, packing, minor),
        #[cfg(target_arch = "x86_64")]
        Width::Avx512 => W::avx512_run(entries, references, packing, minor),
        #[cfg(not(target_arch = "x86_64"))]
        Width::Avx2 | Width::Avx512 => entries.run(references, packing, minor),
    }
}

/// The body of the wide runs: groups as long as there are whole ones, then one by one.
#[inline(always)]
fn grouped_run<W: Word>(
    entries: &mut Words<W>,
    references: &[u32],
    packing: Packing,
    minor: &mut impl CountsMinorFaults,
    look: impl Fn(&Words<W>, &[u32; GROUP]) -> Group,
) -> usize {
    let (groups, rest) = references.as_chunks::<GROUP>();
    for (number, group) in groups.iter().enumerate() {
        prefetch(references, number * GROUP + AHEAD);
        let Group { unsettled, stopping } = look(entries, group);
        if unsettled == 0 {
            continue;
        }
        // Those before the first that stops do not, and none of them makes another one stop.
        let mut left = unsettled & stopping.wrapping_sub(1) & !stopping;
        while left != 0 {
            let place = left.trailing_zeros() as usize;
            left &= left - 1;
            entries.run(&group[place..=place], packing, minor);
        }
        if stopping != 0 {
            return number * GROUP + stopping.trailing_zeros() as usize;
        }
    }
    let done = references.len() - rest.len();
    done + entries.run(rest, packing, minor)
}

/// Defines a run for a width of words, compiled for what a look at a group takes of the processor.
macro_rules! wide_run {
    ($features:literal, $name:ident, $word:ty, $look:path) => {
        /// [`Entries::run`](crate::kernel::Entries::run) for these words.
        #[target_feature(enable = $features)]
        pub(super) fn $name(
            entries: &mut Words<$word>,
            references: &[u32],
            packing: Packing,
            minor: &mut impl CountsMinorFaults,
        ) -> usize {
            grouped_run(entries, references, packing, minor, |entries, group| $look(entries.words(), group, packing))
        }
    };
}
use wide_run;

/// Words of page tables that are looked at several at once.
pub(super) trait Wide: Word {
    /// [`Entries::run`] with AVX2, where that pays.
    ///
    /// # Panics
    /// When the processor does not have it; so does the next.
    #[cfg(target_arch = "x86_64")]
    fn avx2_run(
        entries: &mut Words<Self>,
        references: &[u32],
        packing: Packing,
        minor: &mut impl CountsMinorFaults,
    ) -> usize;

    /// [`Entries::run`] with AVX-512.
    #[cfg(target_arch = "x86_64")]
    fn avx512_run(
        entries: &mut Words<Self>,
        references: &[u32],
        packing: Packing,
        minor: &mut impl CountsMinorFaults,
    ) -> usize;
}

/// Ties a word to its runs, each asked for again whether the processor has what it takes.
macro_rules! wide {
    ($word:ty, $avx2:path, $avx512:path) => {
        #[cfg(target_arch = "x86_64")]
        impl Wide for $word {
            #[allow(unsafe_code)]
            fn avx2_run(
                entries: &mut Words<Self>,
                references: &[u32],
                packing: Packing,
                minor: &mut impl CountsMinorFaults,
            ) -> usize {
                assert!(processor::gathers_8(), "chosen where the processor has it");
                // SAFETY: the processor has AVX2.
                unsafe { $avx2(entries, references, packing, minor) }
            }

            #[allow(unsafe_code)]
            fn avx512_run(
                entries: &mut Words<Self>,
                references: &[u32],
                packing: Packing,
                minor: &mut impl CountsMinorFaults,
            ) -> usize {
                assert!(processor::gathers_16(), "chosen where the processor has it");
                // SAFETY: the processor has AVX-512F.
                unsafe { $avx512(entries, references, packing, minor) }
            }
        }
    };
}
wide!(u8, avx2::run_bytes, avx512::run_bytes);
wide!(u32, avx2::run_words, avx512::run_words);

#[cfg(target_arch = "x86_64")]
impl Wide for u64 {
    fn avx2_run(
        entries: &mut Words<Self>,
        references: &[u32],
        packing: Packing,
        minor: &mut impl CountsMinorFaults,
    ) -> usize {
        entries.run(references, packing, minor)
    }

    #[allow(unsafe_code)]
    fn avx512_run(
        entries: &mut Words<Self>,
        references: &[u32],
        packing: Packing,
        minor: &mut impl CountsMinorFaults,
    ) -> usize {
        assert!(processor::gathers_16(), "chosen where the processor has it");
        // SAFETY: the processor has AVX-512F.
        unsafe { avx512::run_long_words(entries, references, packing, minor) }
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl<W: Word> Wide for W {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Column, PageId};
    use crate::program::Reference;
    use proptest::prelude::*;

    const PAGES: u32 = 40;

    /// Entries in some state, and references to them.
    type World = (Vec<(u32, u32, u8)>, Vec<(u32, u32, bool)>);

    fn world(columns: u32) -> impl Strategy<Value = World> {
        let entry = (0..PAGES, 0..columns, 0_u8..4);
        // Few pages are referenced often, so that there are runs of all lengths.
        let page = prop_oneof![4 => 0_u32..3, 1 => 0..PAGES];
        (prop::collection::vec(entry, 0..150), prop::collection::vec((page, 0..columns, any::<bool>()), 0..120))
    }

    fn filled<W: Word>(state: &[(u32, u32, u8)]) -> Words<W> {
        let mut entries = Words::<W>::new(PAGES as usize);
        for &(page, column, what) in state {
            let reference = Reference { page: PageId::new(page), column: Column::new(column), write: what & 1 != 0 };
            entries.bring_in(reference);
            entries.map(reference);
            if what & 2 != 0 {
                entries.clear_accessed(reference.page);
            }
        }
        // Three pages that are there, so that runs can be long.
        for page in 0..3 {
            entries.bring_in(Reference { page: PageId::new(page), column: Column::new(0), write: false });
            for column in 0..W::COLUMNS {
                entries.map(Reference { page: PageId::new(page), column: Column::new(column), write: false });
            }
            if page > 0 {
                entries.clear_accessed(PageId::new(page));
            }
        }
        entries
    }

    /// The pages of minor faults.
    #[derive(Default)]
    struct Minor {
        pages: Vec<PageId>,
    }

    impl CountsMinorFaults for Minor {
        const CARRIED_OUT: bool = true;

        fn count(&mut self, page: PageId, minor_fault: bool) {
            self.pages.extend(minor_fault.then_some(page));
        }
    }

    /// What runs come to, one reference after the other: where they stop, the words, and the pages of minor faults, which are
    /// carried out where a page can have several sharers.
    fn one_by_one<W: Word>(
        mut entries: Words<W>,
        words: &[u32],
        packing: Packing,
    ) -> (Vec<usize>, Vec<W>, Vec<PageId>) {
        let (mut stops, mut minor) = (Vec::new(), Vec::new());
        let mut goes_on = true;
        for (place, &word) in words.iter().enumerate() {
            let reference = packing.unpack(u64::from(word));
            goes_on = entries.hit(reference);
            if !goes_on && W::COLUMNS > 1 && entries.is_resident(reference.page) {
                entries.map(reference);
                minor.push(reference.page);
                goes_on = true;
            }
            if !goes_on {
                stops.push(place + 1);
            }
        }
        stops.extend((goes_on && !words.is_empty()).then_some(words.len() + 1));
        (stops, entries.words().to_vec(), minor)
    }

    fn check<W: Wide + PartialEq + std::fmt::Debug>(
        state: &[(u32, u32, u8)],
        references: &[(u32, u32, bool)],
        column_bits: u32,
    ) {
        let packing = Packing { column_bits };
        let pack = |&(page, column, write): &(u32, u32, bool)| {
            packing.pack(Reference { page: PageId::new(page), column: Column::new(column), write }) as u32
        };
        let words: Vec<u32> = references.iter().map(pack).collect();
        let run_all = |width: Width| {
            let (mut entries, mut minor) = (filled::<W>(state), Minor::default());
            let (mut from, mut stops) = (0, Vec::new());
            while from < words.len() {
                from += run(&mut entries, &words[from..], packing, width, &mut minor) + 1;
                stops.push(from);
            }
            (stops, entries.words().to_vec(), minor.pages)
        };
        let plain = run_all(Width::Plain);
        assert_eq!(plain, one_by_one(filled(state), &words, packing));
        let best = Width::of_processor();
        for width in [Width::Avx2, Width::Avx512] {
            if width == best || best == Width::Avx512 {
                assert_eq!(run_all(width), plain, "{width:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn wide_runs_do_what_plain_ones_do_for_one_sharer((state, references) in world(1)) {
            check::<u8>(&state, &references, 0);
            check::<u8>(&state, &references, 6);
        }

        #[test]
        fn wide_runs_do_what_plain_ones_do_for_few_sharers((state, references) in world(15)) {
            check::<u32>(&state, &references, 4);
        }

        #[test]
        fn wide_runs_do_what_plain_ones_do_for_several_sharers((state, references) in world(31)) {
            check::<u64>(&state, &references, 5);
        }
    }

    #[test]
    #[should_panic(expected = "a page that there is not")]
    fn a_page_past_the_end_is_no_fetch_past_the_end() {
        // An index of the plain run says it in its own words.
        assert_ne!(Width::of_processor(), Width::Plain, "a page that there is not");
        let mut entries = Words::<u8>::new(10);
        entries.map(Reference { page: PageId::new(0), column: Column::new(0), write: false });
        let references: Vec<u32> = [0; NEAR].into_iter().chain([1_000 << 1; GROUP]).collect();
        run(&mut entries, &references, Packing { column_bits: 0 }, Width::of_processor(), &mut Minor::default());
    }
}
