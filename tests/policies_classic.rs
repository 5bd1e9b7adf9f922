//! Policies against slow references that are written straight from their papers: the same victims at the same references.

mod common;
mod reference;

#[path = "policy_references/aging.rs"]
mod aging;
#[path = "policy_references/cflru.rs"]
mod cflru;
#[path = "policy_references/fair_clock.rs"]
mod fair_clock;
#[path = "policy_references/gclock.rs"]
mod gclock;
#[path = "policy_references/lfu.rs"]
mod lfu;
#[path = "policy_references/nru.rs"]
mod nru;
#[path = "policy_references/wsclock.rs"]
mod wsclock;

use std::io;
use std::sync::{Arc, Mutex};

use clockhand::kernel::Kernel;
use clockhand::observers::event_log::EventLog;
use clockhand::observers::{End, Observer, SwapOut};
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::Options;
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::trace::{Label, Operation, OutOfMemory, Record, RecordSink};
use common::{Draw, Shared, program_of_script, run};
use fair_clock::Weights;
use reference::model::Reference;
use reference::script::Script;
use reference::worlds::world;

/// A reference of the one process.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Segment and index.
    page: (u64, u64),
    write: bool,
}

/// A swap-out: the reference that needed the frame, and the victim's segment and index.
type Out = (u64, (u64, u64));

/// Writes down all swap-outs.
struct Outs(Arc<Mutex<Vec<Out>>>);

impl Observer for Outs {
    fn swapped_out(&mut self, kernel: &Kernel, out: &SwapOut) {
        let segment = kernel.program().segment(out.page);
        let Label::Number(number) = segment.label else { panic!("segments have numbers here") };
        self.0.lock().unwrap().push((kernel.now(), (number, segment.index_of(out.page))));
    }

    fn finish(&mut self, _: &Kernel, _: End) -> io::Result<()> {
        Ok(())
    }
}

/// The program of one process with segments of these sizes.
fn program(steps: &[Step], sizes: &[u64]) -> Arc<Program> {
    let mut resolver = Resolver::new(ResolveOptions::default());
    for segment in 0..sizes.len() as u64 {
        resolver.label(&Label::Number(segment));
    }
    let mut record = |operation, (segment, page): (u64, u64)| {
        let record = Record { time: 0, process: 1, operation, segment: segment as u32, page };
        resolver.record(&record).unwrap();
    };
    for (segment, &size) in (0..).zip(sizes) {
        record(Operation::Create, (segment, size));
        record(Operation::Attach, (segment, 0));
    }
    for step in steps {
        record(if step.write { Operation::Write } else { Operation::Read }, step.page);
    }
    Arc::new(resolver.finish())
}

/// What a policy swaps out.
fn outs(program: &Arc<Program>, policy: &str, frames: usize) -> Vec<Out> {
    let policy: PolicySpec = policy.parse().unwrap();
    let mut replay = policy.start(program, &Options::new(frames as u64)).unwrap();
    let outs = Arc::new(Mutex::new(Vec::new()));
    replay.observe(Box::new(Outs(Arc::clone(&outs))));
    replay.run(&|| true);
    replay.kernel().verify();
    replay.finish().unwrap();
    let outs = outs.lock().unwrap();
    outs.clone()
}

/// Compares a policy with its reference on random strings over segments of these sizes, at several memory sizes.
fn compare(sizes: &[u64], policy: impl Fn(usize) -> String, reference: impl Fn(&[Step], usize) -> Vec<Out>) {
    let mut swapped_out = 0;
    for seed in 0..300 {
        let mut draw = Draw(seed);
        let mut step = |(page, write)| {
            let segment = draw.below(sizes.len() as u64);
            Step { page: (segment, page % sizes[segment as usize]), write }
        };
        let length = if seed % 10 == 0 { 3000 } else { 300 };
        let most = sizes.iter().copied().max().unwrap();
        let steps: Vec<Step> = Draw(!seed).references(length, most).into_iter().map(&mut step).collect();
        let program = program(&steps, sizes);
        for frames in [1, 2, 3, 5, 8, 13, 20] {
            let policy = policy(frames);
            let expected = reference(&steps, frames);
            assert_eq!(outs(&program, &policy, frames), expected, "{policy}, seed {seed}, {frames} frames");
            swapped_out += expected.len();
        }
    }
    assert!(swapped_out > 10_000, "only {swapped_out} swap-outs were compared");
}

#[test]
fn gclock_swaps_out_what_its_reference_does() {
    for max in [1, 2, 3, 5, 255] {
        compare(&[25], |_| format!("gclock:max={max}"), |steps, frames| gclock::outs(steps, frames, max));
    }
}

#[test]
fn lfu_swaps_out_what_its_reference_does() {
    compare(&[25], |_| "lfu".to_owned(), lfu::outs);
}

#[test]
fn cflru_swaps_out_what_its_reference_does() {
    for window in [0.0, 0.25, 0.5, 0.9, 1.0] {
        let pages = |frames: usize| (window * frames as f64).floor() as usize;
        let reference = |steps: &[Step], frames| cflru::outs(steps, frames, pages(frames));
        compare(&[25], |_| format!("cflru:window={window}"), reference);
    }
}

#[test]
fn nru_swaps_out_what_its_reference_does() {
    for period in [1, 7, 100] {
        compare(&[25], |_| format!("nru:period={period}"), |steps, frames| nru::outs(steps, frames, period));
    }
    compare(&[25], |_| "nru".to_owned(), |steps, frames| nru::outs(steps, frames, 16 * frames));
}

#[test]
fn aging_swaps_out_what_its_reference_does() {
    for period in [1, 7, 100] {
        compare(&[25], |_| format!("aging:period={period}"), |steps, frames| aging::outs(steps, frames, period));
    }
    compare(&[25], |_| "aging".to_owned(), |steps, frames| aging::outs(steps, frames, 4 * frames));
}

#[test]
fn wsclock_swaps_out_what_its_reference_does() {
    for tau in [1, 10, 50, 1_000_000] {
        compare(&[25], |_| format!("wsclock:tau={tau}"), |steps, frames| wsclock::outs(steps, frames, tau));
    }
    compare(&[25], |_| "wsclock".to_owned(), |steps, frames| wsclock::outs(steps, frames, 8 * frames));
}

#[test]
fn fair_clock_swaps_out_what_its_reference_does() {
    let sizes = [25, 3, 10, 1];
    for (word, weights) in [("equal", Weights::Equal), ("size", Weights::Size), ("faults", Weights::Faults)] {
        let reference = |steps: &[Step], frames| fair_clock::outs(steps, frames, weights, &sizes);
        compare(&sizes, |_| format!("fair-clock:weights={word}"), reference);
    }
}

#[test]
fn policies_that_should_be_the_same_are() {
    let pairs = [
        ("gclock:max=1", "clock"),
        ("cflru:window=0", "lru"),
        ("fair-clock:weights=equal", "clock"),
        ("fair-clock:weights=size", "clock"),
        ("fair-clock:weights=faults", "clock"),
    ];
    for seed in 0..100 {
        let pages = Draw(seed).references(400, 25).into_iter();
        let steps: Vec<Step> = pages.map(|(page, write)| Step { page: (0, page), write }).collect();
        let program = program(&steps, &[25]);
        for frames in [1, 4, 9, 16] {
            for (policy, other) in pairs {
                assert_eq!(outs(&program, policy, frames), outs(&program, other, frames), "{policy}, seed {seed}");
            }
        }
    }
}

#[test]
fn what_is_not_allowed_is_told_with_what_is() {
    let cases = [
        ("gclock:max=0", "1 to 255"),
        ("gclock:max=256", "1 to 255"),
        ("nru:period=0", "at least 1"),
        ("nru:period=often", "as in 4x"),
        ("nru:period=0x", "at least 1"),
        ("nru:period=x", "as in 4x"),
        ("nru:period=-1x", "as in 4x"),
        ("aging:period=-1", "a whole number"),
        ("wsclock:tau=0.5", "a whole number"),
        ("cflru:window=1.5", "from 0 to 1"),
        ("cflru:window=-0.1", "from 0 to 1"),
        ("cflru:window=NaN", "from 0 to 1"),
        ("cflru:window=x", "from 0 to 1"),
        ("fair-clock:weights=even", "equal, size or faults"),
        ("linux-2.0:version=2.4", "2.0 or 2.2"),
    ];
    for (policy, allowed) in cases {
        let error = policy.parse::<PolicySpec>().unwrap().check().unwrap_err();
        assert!(error.contains("is not allowed") && error.contains(allowed), "{error}");
        assert!(error.contains(policy.split_once(':').unwrap().1), "{error}");
    }
    for policy in ["gclock:max=255", "nru:period=18446744073709551615", "aging:period=1", "wsclock:tau=0.5x"] {
        policy.parse::<PolicySpec>().unwrap().check().unwrap();
    }
}

/// What the model and the slow reference model log for a script under Linux 2.2, every call of `shm_swap` with it.
fn logs_of_linux_2_2(script: &Script) -> (String, String) {
    let program = program_of_script(&script.to_text());
    let policy: PolicySpec = "linux-2.0:version=2.2".parse().unwrap();
    let mut replay = policy.start(&program, &Options::of_trace(&program.settings)).unwrap();
    let log = Shared::default();
    replay.observe(Box::new(EventLog::with_scans(&program, Box::new(log.clone()))));
    replay.run(&|| true);
    replay.kernel().verify();
    replay.finish().unwrap();

    let mut slow = Reference::for_script(script);
    slow.linux_2_2 = true;
    let mut lines = Vec::new();
    for event in &script.events {
        let _ = slow.step(event);
        slow.check();
        lines.extend_from_slice(slow.log());
    }
    lines.extend([slow.summary(), slow.final_line()]);
    (log.text(), lines.join("\n") + "\n")
}

#[test]
fn linux_2_2_does_what_the_reference_model_does() {
    let mut swapped_out = 0;
    for seed in 0..600 {
        let script = world(seed);
        let (ours, theirs) = logs_of_linux_2_2(&script);
        assert_eq!(ours, theirs, "seed {seed}");
        swapped_out += ours.matches("\nout ").count();
    }
    assert!(swapped_out > 1000, "only {swapped_out} swap-outs were compared");
}

#[test]
fn linux_2_2_goes_on_at_each_priority() {
    // Four frames. Priority 2 ages page 0, priority 1 pages 2 and 3; priority 0 ages page 1 and takes 2, where 2.0 stops;
    // then it takes 3, 0 and 1, and fails when nothing is left.
    let program = program_of_script("# F=4\nseg a 5\nattach 1 a\nr 1 a 0\nr 1 a 1\nr 1 a 2\nr 1 a 3\nr 1 a 4\n");
    let options = Options::of_trace(&program.settings);
    let found = run(&program, "linux-2.0:version=2.2", &options);
    assert_eq!((found.row.swap_outs, found.row.zero_faults), (4, 5));
    let attempts = &found.distributions.attempts_per_swap_out;
    // Two at priority 2, three at 1 and two at 0 for the first; then one each.
    assert_eq!((attempts.count, attempts.min, attempts.max), (4, 1, 7));
    assert_eq!(run(&program, "linux-2.0", &options).row.swap_outs, 1);
}

#[test]
fn linux_2_2_swaps_out_32_pages_a_call_at_most() {
    let steps: Vec<Step> = (0..101).map(|page| Step { page: (0, page), write: false }).collect();
    let program = program(&steps, &[101]);
    let found = run(&program, "linux-2.0:version=2.2", &Options::new(100));
    assert_eq!(found.row.swap_outs, 32);
    assert_eq!(found.distributions.entries_per_swap_out.count, 32);
    // A second call comes when the 31 frames that are left free are used up.
    let steps: Vec<Step> = (0..133).map(|page| Step { page: (0, page), write: false }).collect();
    let program = self::program(&steps, &[133]);
    let outs = outs(&program, "linux-2.0:version=2.2", 100);
    assert_eq!(outs.len(), 64);
    assert!(outs[..32].iter().all(|&(time, _)| time == 100) && outs[32..].iter().all(|&(time, _)| time == 132));
    // What does not go on is out of memory only when nothing went.
    let found =
        run(&program, "linux-2.0:version=2.2", &Options { out_of_memory: OutOfMemory::Stop, ..Options::new(20) });
    assert_eq!(found.row.out_of_memory, 0);
}
