//! Policies against slow references, written from the papers with lists of the standard library, fault by fault.

mod common;

/// The slow references.
mod policy_references {
    pub mod clock_pro;
    pub mod lirs;
    pub mod mglru;
    pub mod s3_fifo;
    pub mod sieve;
    pub mod two_list;
}

use std::io;
use std::sync::{Arc, Mutex};

use clockhand::kernel::{Fault, Kernel};
use clockhand::observers::{Observer, SwapOut};
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Reference;
use clockhand::replay::Options;
use common::{Draw, program_of};
use policy_references::{clock_pro, lirs, mglru, s3_fifo, sieve, two_list};

/// A policy with its own memory.
pub trait Slow {
    /// A reference to a page; on a miss, the page that goes for it, if one has to.
    fn reference(&mut self, page: u32) -> Step;
}

/// What became of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The page was in memory.
    Hit,
    /// It was not, and this page went for it.
    Miss(Option<u32>),
}

/// The positions of the misses, and the victims.
type Misses = Vec<(u64, Option<u32>)>;

/// Writes down each miss and the victim before it.
#[derive(Debug, Default)]
struct Watcher {
    victim: Option<u32>,
    misses: Arc<Mutex<Misses>>,
}

impl Observer for Watcher {
    fn swapped_out(&mut self, _kernel: &Kernel, out: &SwapOut) {
        assert_eq!(self.victim.replace(out.page.get()), None, "one victim a fault");
    }

    fn faulted(&mut self, kernel: &Kernel, _reference: Reference, fault: Fault) {
        assert!(matches!(fault, Fault::Zero | Fault::SwapIn { .. }));
        self.misses.lock().unwrap().push((kernel.now(), self.victim.take()));
    }

    fn finish(&mut self, _kernel: &Kernel, _end: clockhand::observers::End) -> io::Result<()> {
        Ok(())
    }
}

/// The misses under a policy as typed.
fn misses(references: &[(u64, bool)], policy: &str, frames: u64) -> Misses {
    let policy: PolicySpec = policy.parse().unwrap();
    let mut replay = policy.start(&program_of(references), &Options::new(frames)).unwrap();
    let watcher = Watcher::default();
    let misses = Arc::clone(&watcher.misses);
    replay.observe(Box::new(watcher));
    replay.run(&|| true);
    std::mem::take(&mut *misses.lock().unwrap())
}

/// The same under a slow reference.
fn slow_misses(references: &[(u64, bool)], slow: &mut dyn Slow) -> Misses {
    let mut pages: Vec<u64> = references.iter().map(|&(page, _)| page).collect();
    pages.sort_unstable();
    pages.dedup();
    let mut misses = Vec::new();
    for (position, (page, _)) in references.iter().enumerate() {
        let number = pages.binary_search(page).unwrap() as u32;
        if let Step::Miss(victim) = slow.reference(number) {
            misses.push((position as u64, victim));
        }
    }
    misses
}

/// Compares a policy with its reference on many random strings and memory sizes.
fn compare<S: Slow>(policy: &str, slow: impl Fn(usize) -> S) {
    for seed in 0..300 {
        let pages = 6 + seed % 37;
        let references = Draw(seed).references(700, pages);
        for frames in [1, 2, 3, 4, 5, 7, 10, 14, 23, 40] {
            let expected = slow_misses(&references, &mut slow(frames));
            let found = misses(&references, policy, frames as u64);
            let difference = found.iter().zip(&expected).find(|(found, expected)| found != expected);
            assert_eq!(found, expected, "{policy}, seed {seed}, {frames} frames: first {difference:?}");
        }
    }
}

#[test]
fn lirs_is_as_in_the_paper() {
    compare("lirs", lirs::Lirs::new);
}

#[test]
fn clock_pro_is_as_in_the_paper() {
    compare("clock-pro", |frames| clock_pro::ClockPro::new(frames, None));
    compare("clock-pro:cold=5%", |frames| clock_pro::ClockPro::new(frames, Some(5)));
    compare("clock-pro:cold=40%", |frames| clock_pro::ClockPro::new(frames, Some(40)));
}

#[test]
fn sieve_is_as_in_the_paper() {
    compare("sieve", sieve::Sieve::new);
}

#[test]
fn s3_fifo_is_as_in_the_authors_library() {
    compare("s3-fifo", s3_fifo::S3Fifo::new);
}

#[test]
fn two_list_is_as_in_the_kernel() {
    compare("two-list", |frames| two_list::TwoList::new(frames, 2));
    compare("two-list:activate=1", |frames| two_list::TwoList::new(frames, 1));
}

#[test]
fn mglru_is_as_in_the_kernel() {
    compare("mglru", |frames| mglru::MgLru::new(frames, 2, 4));
    compare("mglru:min-gens=1,max-gens=2", |frames| mglru::MgLru::new(frames, 1, 2));
    compare("mglru:min-gens=3,max-gens=8", |frames| mglru::MgLru::new(frames, 3, 8));
}

#[test]
fn a_value_that_is_not_allowed_is_told_with_those_that_are() {
    let error = |text: &str| text.parse::<PolicySpec>().unwrap().check().unwrap_err();
    for text in ["clock-pro:cold=0%", "clock-pro:cold=100%", "clock-pro:cold=5", "clock-pro:cold=x%"] {
        assert!(error(text).contains("adaptive, or a whole percentage from 1% to 99%"), "{text}");
    }
    for text in ["two-list:activate=0", "two-list:activate=3", "two-list:activate=x"] {
        assert!(error(text).contains("from 1 to 2"), "{text}");
    }
    assert!(error("mglru:min-gens=0").contains("from 1 to 63"));
    assert!(error("mglru:max-gens=2").contains("above min-gens, up to 64"));
    assert!(error("mglru:max-gens=65").contains("above min-gens, up to 64"));
}
