//! Every policy of the registry: the textbook's figures, properties on random small worlds with all events, and the
//! policies against slow references.

mod common;
mod reference;

use clockhand::ids::PageId;
use clockhand::kernel::kswapd::{Jiffy, KswapdOptions};
use clockhand::kernel::{Fault, Kernel};
use clockhand::observers::{End, Observer};
use clockhand::policy::registry::PolicySpec;
use clockhand::policy::{POLICIES, Sight};
use clockhand::program::Reference;
use clockhand::replay::Options;
use clockhand::results::SegmentFigures;
use clockhand::trace::OutOfMemory;
use common::{Draw, faults, program_of, program_of_reads, program_of_script, run};
use reference::worlds::{Flavour, world, world_of};

const SILBERSCHATZ: [u64; 20] = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1];
const BELADY: [u64; 12] = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];

#[test]
fn the_textbook_strings_give_the_textbook_figures() {
    let program = program_of_reads(&SILBERSCHATZ);
    assert_eq!(faults(&program, "fifo", 3), 15);
    assert_eq!(faults(&program, "lru", 3), 12);
    assert_eq!(faults(&program, "opt", 3), 9);
    let program = program_of_reads(&BELADY);
    assert_eq!(faults(&program, "fifo", 3), 9, "Belady's anomaly");
    assert_eq!(faults(&program, "fifo", 4), 10, "Belady's anomaly");
}

/// Every policy, and those with other parameters that matter.
fn all() -> Vec<String> {
    let mut specs: Vec<String> = PolicySpec::all().iter().map(ToString::to_string).collect();
    let others = [
        "clock:ref-on-load=0",
        "random:seed=7",
        "linux-2.0:prio=0",
        "linux-2.0:version=2.2",
        "gclock:max=1",
        "gclock:max=5",
        "nru:period=1",
        "nru:period=50",
        "aging:period=1",
        "aging:period=50",
        "wsclock:tau=1",
        "wsclock:tau=100",
        "cflru:window=0",
        "cflru:window=1",
        "fair-clock:weights=size",
        "fair-clock:weights=faults",
    ];
    specs.extend(others.map(str::to_owned));
    specs.extend(["slru:segments=4", "slru:segments=1", "slru:protected=1"].map(str::to_owned));
    specs.extend(["2q:in=0,out=0", "2q:in=1,out=1", "lru-2:history=0", "lru-2:history=3"].map(str::to_owned));
    specs.extend(["mq:queues=1,ghost=0,lifetime=0", "mq:queues=3,ghost=2,lifetime=9"].map(str::to_owned));
    let others = [
        "clock-pro:cold=5%",
        "clock-pro:cold=60%",
        "two-list:activate=1",
        "mglru:min-gens=1,max-gens=2",
        "mglru:min-gens=3,max-gens=8",
    ];
    specs.extend(others.map(str::to_owned));
    specs
}

#[test]
fn with_a_frame_for_every_page_nothing_is_swapped_out() {
    for seed in 0..40 {
        let program = program_of(&Draw(seed).references(300, 20));
        for policy in all() {
            let row = run(&program, &policy, &Options::new(u64::from(program.footprint()))).row;
            assert_eq!((row.swap_outs, row.swap_attempts), (0, 0), "{policy}, seed {seed}");
            assert_eq!(row.zero_faults, u64::from(program.footprint()), "{policy}, seed {seed}");
        }
    }
}

#[test]
fn one_frame_is_enough_for_every_policy_but_the_kernels() {
    let program = program_of_reads(&BELADY);
    for policy in all() {
        let row = run(&program, &policy, &Options::new(1)).row;
        assert_eq!(row.out_of_memory > 0, policy.starts_with("linux-2.0"), "{policy}");
    }
}

/// Worlds with everything in them: forks, exits, locks, removals, small swap.
#[test]
fn every_policy_keeps_the_models_invariants_in_worlds_with_all_events() {
    for seed in 0..250 {
        let program = program_of_script(&world(seed).to_text());
        for policy in all() {
            let mut options = Options::of_trace(&program.settings);
            options.out_of_memory = OutOfMemory::Continue;
            let whole = run(&program, &policy, &options);
            let row = &whole.row;
            let abandoned = row.minor_faults + row.zero_faults + row.swap_ins + row.out_of_memory;
            assert_eq!(row.hits + abandoned, row.references, "{policy}, seed {seed}");
            assert_eq!(row.references, program.references.len(), "{policy}, seed {seed}");
            assert!(row.dirty_swap_outs <= row.swap_outs && row.wasted_invalidations <= row.ptes_invalidated);
            assert_eq!(whole.distributions.attempts_per_swap_out.count, row.swap_outs, "{policy}, seed {seed}");
            assert_eq!(whole.distributions.references_to_next_use.count, row.swap_ins, "{policy}, seed {seed}");
            assert_eq!(in_steps(&program, &policy, &options), whole, "{policy}, seed {seed}, event by event");
        }
    }
}

/// The same worlds with the swap daemon, which frees frames that nobody has asked for.
#[test]
fn every_policy_bears_a_background_reclaim() {
    for seed in 0..120 {
        let program = program_of_script(&world(seed).to_text());
        for policy in all() {
            let mut options = Options::of_trace(&program.settings);
            options.out_of_memory = OutOfMemory::Continue;
            for watermarks in ["1,2,3refs", "3,6,1refs"] {
                options.kswapd = Some(watermarks.parse().unwrap());
                let whole = run(&program, &policy, &options);
                assert_eq!(in_steps(&program, &policy, &options), whole, "{policy}, seed {seed}, event by event");
            }
        }
    }
}

/// The same run, replayed event by event with the model checked after each.
fn in_steps(
    program: &std::sync::Arc<clockhand::program::Program>,
    policy: &str,
    options: &Options,
) -> clockhand::results::Run {
    let policy: PolicySpec = policy.parse().unwrap();
    let mut replay = policy.start(program, options).unwrap();
    while replay.step() {
        let kernel = replay.kernel();
        kernel.verify();
    }
    clockhand::outcome::outcome(&*replay, "test", &policy, options)
}

/// Fails the test where a fault is given up though some page could have gone.
struct NoneLeft {
    what: String,
}

impl Observer for NoneLeft {
    fn faulted(&mut self, kernel: &Kernel, _reference: Reference, fault: Fault) {
        let mut pages = (0..kernel.program().footprint()).map(PageId::new);
        if fault == Fault::OutOfMemory && kernel.swap().free_slots() > 0 {
            assert!(pages.all(|page| !kernel.is_resident(page) || kernel.is_locked(page)), "{}", self.what);
        }
    }

    fn finish(&mut self, _kernel: &Kernel, _end: End) -> std::io::Result<()> {
        Ok(())
    }
}

/// The daemon frees several pages between two faults, and none may be lost for it or for what becomes of its segment.
#[test]
fn every_policy_but_the_kernels_finds_a_victim_where_there_is_one() {
    for seed in 0..250 {
        let program = program_of_script(&world(seed).to_text());
        for policy in all().into_iter().filter(|policy| !policy.starts_with("linux-2.0")) {
            for kswapd in [None, Some(KswapdOptions { low: 1, high: 3, jiffy: Some(Jiffy::References(2)) })] {
                let mut options = Options { kswapd, ..Options::of_trace(&program.settings) };
                options.out_of_memory = OutOfMemory::Continue;
                let mut replay = policy.parse::<PolicySpec>().unwrap().start(&program, &options).unwrap();
                replay.observe(Box::new(NoneLeft { what: format!("{policy}, seed {seed}, {options:?}") }));
                while replay.step() {}
                replay.kernel().verify();
            }
        }
    }
}

#[test]
fn no_policy_has_fewer_faults_than_opt_when_nothing_is_locked() {
    for seed in 0..150 {
        let program = program_of_script(&world_of(&Flavour { locked: 0, ..Flavour::no_control() }, seed).to_text());
        for frames in [2, 3, 5, 8] {
            let best = faults(&program, "opt", frames);
            for policy in all() {
                let row = run(&program, &policy, &Options::new(frames)).row;
                if policy == "linux-2.0:prio=0" && row.out_of_memory > 0 {
                    // One scan that ages all and takes none: a reference given up takes nobody's frame, and may save a fault.
                    continue;
                }
                assert_eq!(row.out_of_memory, 0, "{policy}: seed {seed}, {frames} frames");
                let faults = row.zero_faults + row.swap_ins;
                assert!(faults >= best, "{policy} has {faults} faults, opt {best}: seed {seed}, {frames} frames");
            }
        }
    }
}

#[test]
fn opt_has_the_fewest_faults_that_any_choice_of_victims_could_have() {
    for seed in 0..60 {
        let mut draw = Draw(seed);
        let pages: Vec<u64> = draw.references(14, 5).into_iter().map(|(page, _)| page).collect();
        let program = program_of_reads(&pages);
        for frames in [1, 2, 3] {
            assert_eq!(
                faults(&program, "opt", frames),
                fewest_faults(&pages, frames as usize, &mut Vec::new()),
                "{pages:?}"
            );
        }
    }
}

/// Tries every victim at every fault.
fn fewest_faults(rest: &[u64], frames: usize, memory: &mut Vec<u64>) -> u64 {
    let Some((&page, rest)) = rest.split_first() else { return 0 };
    if memory.contains(&page) {
        return fewest_faults(rest, frames, memory);
    }
    if memory.len() < frames {
        memory.push(page);
        let faults = 1 + fewest_faults(rest, frames, memory);
        memory.pop();
        return faults;
    }
    let tried = (0..frames).map(|place| {
        let victim = std::mem::replace(&mut memory[place], page);
        let faults = 1 + fewest_faults(rest, frames, memory);
        memory[place] = victim;
        faults
    });
    tried.min().unwrap()
}

#[test]
fn the_sight_of_each_policy_is_that_of_its_family() {
    let sight = |name: &str| POLICIES.iter().find(|entry| entry.name == name).unwrap().sight;
    let bits = [
        "linux-2.0",
        "sweep",
        "clock",
        "fifo",
        "random",
        "nru",
        "aging",
        "wsclock",
        "two-list",
        "mglru",
        "car",
        "clock-pro",
        "sieve",
        "fair-clock",
    ];
    let references = ["gclock", "lru", "lfu", "slru", "2q", "lru-2", "mq", "arc", "lirs", "s3-fifo", "cflru"];
    for name in bits {
        assert_eq!(sight(name), Sight::AccessedBits, "{name}");
    }
    for name in references {
        assert_eq!(sight(name), Sight::EveryReference, "{name}");
    }
    assert_eq!(sight("opt"), Sight::Future);
}

/// Resident pages are counted after every reference, event by event, and fairness worked out from that.
#[test]
fn the_figures_of_segments_add_up_to_the_row_and_give_its_fairness() {
    let mut uneven = 0;
    for seed in 0..150 {
        let program = program_of_script(&world(seed).to_text());
        for policy in ["linux-2.0", "fifo", "lru", "opt"] {
            let options = Options { out_of_memory: OutOfMemory::Continue, ..Options::of_trace(&program.settings) };
            let mut replay = policy.parse::<PolicySpec>().unwrap().start(&program, &options).unwrap();
            let mut resident = vec![0_u64; program.segments.len()];
            loop {
                let before = replay.kernel().now();
                let more = replay.step();
                if replay.kernel().now() > before {
                    for (sum, segment) in resident.iter_mut().zip(replay.kernel().segment_counters()) {
                        *sum += segment.resident();
                    }
                }
                if !more {
                    break;
                }
            }
            let found = run(&program, policy, &options);
            let references = found.row.references.max(1) as f64;
            let mut rates = Vec::new();
            let touched = program.segments.iter().zip(&resident).filter(|(segment, _)| segment.touched > 0);
            for ((_, &sum), figures) in touched.zip(&found.segments) {
                let mean = sum as f64 / references;
                assert!((figures.mean_resident - mean).abs() < 1e-5, "{policy}, seed {seed}: {figures:?}, not {mean}");
                if sum > 0 {
                    rates.push(figures.swap_outs as f64 / mean);
                }
            }
            let sum = |of: fn(&SegmentFigures) -> u64| found.segments.iter().map(of).sum::<u64>();
            let row = &found.row;
            assert_eq!(sum(|of| of.minor_faults), row.minor_faults);
            assert_eq!(sum(|of| of.zero_faults), row.zero_faults);
            assert_eq!(sum(|of| of.swap_ins), row.swap_ins);
            assert_eq!(sum(|of| of.swap_outs), row.swap_outs);
            assert_eq!(sum(|of| of.dirty_swap_outs), row.dirty_swap_outs);
            let total: f64 = rates.iter().sum();
            let jain = total * total / (rates.len() as f64 * rates.iter().map(|rate| rate * rate).sum::<f64>());
            match row.fairness {
                None => assert_eq!(row.swap_outs, 0, "{policy}, seed {seed}"),
                Some(fairness) => {
                    assert!((fairness - jain).abs() < 1e-5, "{policy}, seed {seed}: {fairness}, not {jain}");
                }
            }
            uneven += u64::from(row.fairness.is_some_and(|fairness| fairness < 0.9));
        }
    }
    assert!(uneven > 20, "the worlds are too even: {uneven}");
}
