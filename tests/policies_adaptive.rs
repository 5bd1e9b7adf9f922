//! slru, 2q, lru-2, mq, arc and car, reference by reference against slow versions of themselves that are written straight
//! from the papers, with the collections of the standard library.

mod common;
mod policy_references {
    pub mod arc;
    pub mod car;
    pub mod lru_2;
    pub mod mq;
    pub mod slru;
    pub mod two_queues;
}

use std::io;
use std::sync::{Arc, Mutex};

use clockhand::kernel::{Fault, Kernel};
use clockhand::observers::{End, Observer, SwapOut};
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Reference;
use clockhand::replay::Options;
use common::{Draw, faults, program_of_reads};

/// What a reference was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The page was in memory.
    Hit,
    /// A fault, for which this page went.
    Miss(Option<u32>),
}

/// A slow version of a policy with the memory that it manages.
pub trait SlowPolicy {
    /// The next reference.
    fn refer(&mut self, page: u32) -> Step;
}

/// Records the faults and victims of a replay.
struct Recorder {
    steps: Arc<Mutex<Vec<Step>>>,
    victim: Option<u32>,
}

impl Observer for Recorder {
    fn swapped_out(&mut self, _kernel: &Kernel, out: &SwapOut) {
        assert_eq!(self.victim.replace(out.page.get()), None, "one victim a fault");
    }

    fn faulted(&mut self, kernel: &Kernel, _reference: Reference, fault: Fault) {
        assert!(matches!(fault, Fault::Zero | Fault::SwapIn { .. }));
        self.steps.lock().unwrap()[kernel.now() as usize] = Step::Miss(self.victim.take());
    }

    fn finish(&mut self, _kernel: &Kernel, _end: End) -> io::Result<()> {
        Ok(())
    }
}

/// Replays random strings over several memory sizes under a policy and under its slow version for so many frames.
fn compare<S: SlowPolicy>(policy: &str, slow: impl Fn(usize) -> S) {
    let spec: PolicySpec = policy.parse().unwrap();
    for seed in 0..200 {
        let mut draw = Draw(seed);
        let footprint = 2 + draw.below(40);
        // With every page in it from the start, numbers of pages are what they are in the trace.
        let mut pages: Vec<u64> = (0..footprint).collect();
        pages.extend(draw.references(600, footprint).into_iter().map(|(page, _)| page));
        let program = program_of_reads(&pages);
        for frames in [1, 2, 3, 4, 5, 8, 13, 20, 33, 50] {
            let steps = Arc::new(Mutex::new(vec![Step::Hit; pages.len()]));
            let mut replay = spec.start(&program, &Options::new(frames)).unwrap();
            replay.observe(Box::new(Recorder { steps: Arc::clone(&steps), victim: None }));
            replay.run(&|| true);
            let mut slow = slow(frames as usize);
            for (position, (&page, &step)) in pages.iter().zip(steps.lock().unwrap().iter()).enumerate() {
                let expected = slow.refer(page as u32);
                assert_eq!(
                    step, expected,
                    "{policy}, seed {seed}, {frames} frames, reference {position} to page {page}"
                );
            }
        }
    }
}

#[test]
fn slru_is_as_in_its_paper() {
    use policy_references::slru::Slru;
    compare("slru", |frames| Slru::protected(frames, frames * 8 / 10));
    compare("slru:protected=0.5", |frames| Slru::protected(frames, frames / 2));
    compare("slru:protected=1", |frames| Slru::protected(frames, frames));
    compare("slru:segments=4", |frames| Slru::equal(frames, 4));
    compare("slru:segments=3", |frames| Slru::equal(frames, 3));
    compare("slru:segments=1", |frames| Slru::equal(frames, 1));
}

#[test]
fn slru_with_one_segment_is_lru() {
    compare("lru", |frames| policy_references::slru::Slru::equal(frames, 1));
}

#[test]
fn two_queues_is_as_in_its_paper() {
    use policy_references::two_queues::TwoQueues;
    compare("2q", |frames| TwoQueues::new(frames, frames / 4, frames / 2));
    compare("2q:in=0.5,out=1", |frames| TwoQueues::new(frames, frames / 2, frames));
    compare("2q:in=0,out=0", |frames| TwoQueues::new(frames, 0, 0));
    compare("2q:in=1,out=1", |frames| TwoQueues::new(frames, frames, frames));
}

#[test]
fn lru_2_is_as_in_its_paper() {
    use policy_references::lru_2::Lru2;
    compare("lru-2", |frames| Lru2::new(frames, 2 * frames));
    compare("lru-2:history=0.5x", |frames| Lru2::new(frames, frames / 2));
    compare("lru-2:history=3", |frames| Lru2::new(frames, 3));
    compare("lru-2:history=0", |frames| Lru2::new(frames, 0));
}

#[test]
fn mq_is_as_in_its_paper() {
    use policy_references::mq::MultiQueue;
    compare("mq", |frames| MultiQueue::new(frames, 8, 4 * frames, 2 * frames));
    compare("mq:queues=3,ghost=2,lifetime=9", |frames| MultiQueue::new(frames, 3, 2, 9));
    compare("mq:queues=1", |frames| MultiQueue::new(frames, 1, 4 * frames, 2 * frames));
    compare("mq:ghost=0,lifetime=0", |frames| MultiQueue::new(frames, 8, 0, 0));
}

#[test]
fn arc_is_as_in_its_paper() {
    compare("arc", policy_references::arc::Arc::new);
}

#[test]
fn car_is_as_in_its_paper() {
    compare("car", policy_references::car::Car::new);
}

/// Two pools that are referenced in turns, a page of 100 and one of 10,000, each drawn evenly: the hit ratios of the last
/// part of a long string, by frames, for lru and lru-2, from table 4.1 of the paper on LRU-K.
#[test]
fn lru_2_on_two_pools_has_the_hit_ratios_of_its_paper() {
    let mut draw = Draw(1993);
    let pages: Vec<u64> =
        (0..300_000).map(|turn| if turn % 2 == 0 { draw.below(100) } else { 100 + draw.below(10_000) }).collect();
    let (start, whole) = (program_of_reads(&pages[..100_000]), program_of_reads(&pages));
    for (frames, lru, lru_2) in [(60, 0.14, 0.291), (100, 0.22, 0.459), (140, 0.29, 0.502), (200, 0.37, 0.505)] {
        for (policy, published) in [("lru", lru), ("lru-2:history=10100", lru_2)] {
            let misses = faults(&whole, policy, frames) - faults(&start, policy, frames);
            let hits = 1.0 - misses as f64 / 200_000.0;
            assert!((hits - published).abs() < 0.006, "{policy}, {frames} frames: {hits:.4}, published {published}");
        }
    }
}
