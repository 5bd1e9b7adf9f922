//! Runs that share a pass over the references are those that each goes over them alone, and it makes no difference on how
//! many threads, or with which instructions of the processor.

mod common;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clockhand::compare::{Job, Passes, run_all};
use clockhand::kernel::Kernel;
use clockhand::kernel::kswapd::{Jiffy, KswapdOptions};
use clockhand::load::load;
use clockhand::observers::{Attention, End, Observer, SwapOut};
use clockhand::outcome::outcome;
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::Options;
use clockhand::resolve::ResolveOptions;
use clockhand::results::Run;
use clockhand::trace::{OutOfMemory, ReadOptions, Source, SwapArea};
use common::program_of_script;
use proptest::prelude::*;

fn jobs(program: &Arc<Program>, policies: &[PolicySpec], options: &Options, sizes: &[u64]) -> Vec<Job> {
    let job = |policy: &PolicySpec, &frames: &u64| Job {
        trace: "test".to_owned(),
        program: Arc::clone(program),
        samples: None,
        record: None,
        policy: policy.clone(),
        options: Options { frames, ..options.clone() },
    };
    policies.iter().flat_map(|policy| sizes.iter().map(|size| job(policy, size)).collect::<Vec<_>>()).collect()
}

fn all(jobs: &[Job], threads: usize, passes: Passes) -> Vec<Run> {
    run_all(jobs, threads, passes, &|| true, &|_, _| {}).unwrap()
}

/// Who watches, and makes of all swap-outs one number: when and in what order, which pages, what it took.
struct Watches {
    attention: Attention,
    swap_outs: Arc<AtomicU64>,
}

impl Observer for Watches {
    fn attention(&self) -> Attention {
        self.attention
    }

    fn swapped_out(&mut self, kernel: &Kernel, out: &SwapOut) {
        let parts = [kernel.now(), u64::from(out.page.get()), u64::from(out.sharers), out.scanned];
        let earlier = self.swap_outs.load(Ordering::Relaxed);
        let number = parts.iter().fold(earlier, |number, part| (number ^ part).wrapping_mul(0x100_0000_01b3));
        self.swap_outs.store(number.rotate_left(17), Ordering::Relaxed);
    }

    fn finish(&mut self, _kernel: &Kernel, _end: End) -> io::Result<()> {
        Ok(())
    }
}

/// One by one, and what was watched in all of them. Who watches everything does so without wide instructions.
fn watched(jobs: &[Job], attention: Attention) -> (Vec<Run>, Vec<u64>) {
    let run = |job: &Job| {
        let mut replay = job.policy.start(&job.program, &job.options).unwrap();
        if attention == Attention::Everything {
            replay.use_plain_instructions();
        }
        let swap_outs = Arc::new(AtomicU64::new(0));
        replay.observe(Box::new(Watches { attention, swap_outs: Arc::clone(&swap_outs) }));
        replay.run(&|| true);
        let run = outcome(&*replay, &job.trace, &job.policy, &job.options);
        (run, swap_outs.load(Ordering::Relaxed))
    };
    jobs.iter().map(run).unzip()
}

/// One by one, without wide instructions.
fn plain(jobs: &[Job]) -> Vec<Run> {
    let run = |job: &Job| {
        let mut replay = job.policy.start(&job.program, &job.options).unwrap();
        replay.use_plain_instructions();
        replay.run(&|| true);
        outcome(&*replay, &job.trace, &job.policy, &job.options)
    };
    jobs.iter().map(run).collect()
}

fn check(jobs: &[Job]) {
    let (expected, swap_outs) = watched(jobs, Attention::Everything);
    assert_eq!(watched(jobs, Attention::SwapOuts), (expected.clone(), swap_outs));
    assert_eq!(plain(jobs), expected);
    for (threads, passes) in [(1, Passes::Alone), (1, Passes::Shared), (2, Passes::Shared)] {
        for (found, expected) in all(jobs, threads, passes).iter().zip(&expected) {
            assert_eq!(found, expected, "{passes:?} on {threads} threads");
        }
    }
}

/// A step of a random world: what, who, segment, page, and how often.
type Step = (u8, u8, u8, u8, u8);

/// A script that can have happened: processes and two segments that they attach, refer to, lock and detach, and children of
/// theirs that come and go.
fn script(sharers: u8, steps: &[Step]) -> String {
    let mut text = "seg a 12\nseg b 7\n".to_owned();
    let mut attached = [[false; 2]; 40];
    for process in 0..sharers {
        for (segment, name) in ["a", "b"].iter().enumerate() {
            text += &format!("attach {} {name}\n", process + 1);
            attached[usize::from(process)][segment] = true;
        }
    }
    let mut locked = [false; 2];
    let mut child = 100;
    for &(what, process, segment, page, times) in steps {
        let process = usize::from(process % sharers);
        let (place, name) = if segment % 3 == 0 { (1, "b") } else { (0, "a") };
        let there = &mut attached[process][place];
        match what {
            0 if *there => {
                *there = false;
                text += &format!("detach {} {name}\n", process + 1);
            }
            1 => {
                locked[place] = !locked[place];
                text += &format!("{} {name}\n", if locked[place] { "lock" } else { "unlock" });
            }
            // What is copied to the child is taken from the parent before the next reference, or not.
            12 => {
                child += 1;
                text += &format!("fork {} {child}\n", process + 1);
                let had = *there;
                if times % 3 == 0 && *there {
                    *there = false;
                    text += &format!("detach {} {name}\n", process + 1);
                }
                if times % 2 == 0 && had {
                    text += &format!("r {child} {name} {}\n", page % 3);
                }
                text += &format!("exit {child}\n");
            }
            _ => {
                if !*there {
                    *there = true;
                    text += &format!("attach {} {name}\n", process + 1);
                }
                let page = page % if place == 1 { 7 } else { 12 };
                // Few pages much used, so that there are long runs in which nothing changes.
                let page = if what < 7 { page % 3 } else { page };
                let word = if times % 4 == 0 { "w" } else { "r" };
                for _ in 0..times {
                    text += &format!("{word} {} {name} {page}\n", process + 1);
                }
            }
        }
    }
    text
}

/// Policies that are told of hits in other ways than with their defaults in small worlds.
const MORE: &str = "slru:segments=1,slru:segments=2;protected=0.3,slru:segments=4,mq:lifetime=60,mq:lifetime=200,mq:queues=2;lifetime=100";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn random_worlds_come_out_the_same_in_one_pass(
        sharers in prop_oneof![Just(1_u8), Just(3), Just(14), Just(20), Just(35)],
        steps in prop::collection::vec((0_u8..13, any::<u8>(), any::<u8>(), any::<u8>(), 1_u8..12), 1..120),
        swap in prop_oneof![Just(None), (2_u32..30).prop_map(|slots| Some(vec![SwapArea { slots, priority: None }]))],
        stop in any::<bool>(),
        daemon in prop_oneof![Just(None), (1_u64..40).prop_map(|references| Some(KswapdOptions {
            low: 2,
            high: 4,
            jiffy: Some(Jiffy::References(references)),
        }))],
    ) {
        let program = program_of_script(&script(sharers, &steps));
        let out_of_memory = if stop { OutOfMemory::Stop } else { OutOfMemory::Continue };
        let options = Options { swap, out_of_memory, kswapd: daemon, ..Options::new(1) };
        let more = PolicySpec::parse_list(MORE).unwrap();
        let policies: Vec<PolicySpec> = PolicySpec::all().into_iter().chain(more).collect();
        check(&jobs(&program, &policies, &options, &[1, 2, 3, 4, 5, 7, 9, 12, 15, 19, 25]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Faults of these policies are done at all sizes in one go where no segment is locked, swap has no end, and there is no daemon.
    #[test]
    fn random_worlds_come_out_the_same_where_faults_are_done_in_one_go(
        sharers in prop_oneof![Just(1_u8), Just(3), Just(14), Just(20), Just(35)],
        steps in prop::collection::vec((0_u8..13, any::<u8>(), any::<u8>(), any::<u8>(), 1_u8..6), 20..160),
    ) {
        let program = program_of_script(&script(sharers, &steps));
        let policies = PolicySpec::parse_list("linux-2.0,linux-2.0:prio=0,linux-2.0:prio=2,sweep,clock,fifo").unwrap();
        check(&jobs(&program, &policies, &Options::new(1), &[1, 2, 3, 4, 5, 7, 9, 12, 15]));
    }
}

#[test]
fn the_traces_of_real_programs_come_out_the_same_in_one_pass() {
    for name in ["perl-shareable-exact", "x11-shm-fifo8"] {
        let path = format!("{}/traces/{name}.cht", env!("CARGO_MANIFEST_DIR"));
        let source = Source::Path(path.into());
        let program = load(&source, &ReadOptions::default(), ResolveOptions::default()).unwrap().program;
        let footprint = u64::from(program.footprint());
        let sizes = [100, 50, 20, 10, 5, 4, 3, 2, 1].map(|part| (footprint / part).max(1));
        let policies =
            PolicySpec::parse_list("linux-2.0,linux-2.0:version=2.2,sweep,clock,clock:ref-on-load=0,fifo,nru,sieve")
                .unwrap();
        check(&jobs(&program, &policies, &Options::new(1), &sizes));
    }
}

#[test]
fn a_run_that_is_longer_than_the_references_between_two_stops_is_replayed_once() {
    let mut text = "seg a 12\nattach 1 a\n".to_owned();
    for round in 0..60 {
        let (page, times) = (round * 7 % 12, if round % 9 == 0 { 1500 } else { 1 + round % 3 });
        for time in 0..times {
            text += &format!("{} 1 a {page}\n", if time % 400 == 399 { "w" } else { "r" });
        }
    }
    let program = program_of_script(&text);
    let jiffy = Some(Jiffy::References(300));
    let options = Options { kswapd: Some(KswapdOptions { low: 2, high: 4, jiffy }), ..Options::new(1) };
    check(&jobs(&program, &PolicySpec::all(), &options, &[2, 3, 5, 8, 12]));
}

#[test]
fn where_no_frame_can_be_had_each_reference_of_a_run_asks_for_one() {
    let mut text = "seg a 12\nattach 1 a\nattach 2 a\n".to_owned();
    for round in 0..700 {
        for time in 0..=round % 4 {
            let word = if (round + time) % 3 == 2 { "w" } else { "r" };
            text += &format!("{word} {} a {}\n", 1 + round % 2, round * 7 % 12);
        }
    }
    let swap = Some(vec![SwapArea { slots: 3, priority: None }]);
    let options = Options { swap, out_of_memory: OutOfMemory::Continue, ..Options::new(1) };
    let jobs = jobs(&program_of_script(&text), &PolicySpec::all(), &options, &[2, 3, 4, 5, 6, 8, 9, 12]);
    check(&jobs);
    let most = plain(&jobs).iter().map(|run| run.row.out_of_memory).max();
    assert!(most > Some(700), "{most:?}: some references of a run do not get a frame either");
}
