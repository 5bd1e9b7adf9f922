//! The swap daemon: when it wakes, what it frees, and that it can't hang (rule R36).

use std::sync::Arc;

use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::Options;
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::results::Row;
use clockhand::trace::{Label, Operation, Record, RecordSink, Settings};

const MILLISECOND: u64 = 1_000_000;

/// One process that fills 20 pages at time 0, then refers to page 0 at these times.
fn program(times: impl Iterator<Item = u64>) -> Arc<Program> {
    program_of(Operation::Create, times)
}

fn program_of(create: Operation, times: impl Iterator<Item = u64>) -> Arc<Program> {
    let mut resolver = Resolver::new(ResolveOptions { keep_times: true, ..ResolveOptions::default() });
    resolver.settings(&Settings { has_time: true, ..Settings::default() });
    resolver.label(&Label::Number(0));
    let mut record = |time, operation, page| {
        resolver.record(&Record { time, process: 1, operation, segment: 0, page }).unwrap();
    };
    record(0, create, 20);
    record(0, Operation::Attach, 20);
    (0..20).for_each(|page| record(0, Operation::Write, page));
    times.for_each(|time| record(time, Operation::Read, 0));
    Arc::new(resolver.finish())
}

/// The row, and the free frames at the end, with 20 frames and these marks.
fn run(program: &Arc<Program>, policy: &str, kswapd: Option<&str>) -> (Row, u64) {
    let options = Options { kswapd: kswapd.map(|text| text.parse().unwrap()), ..Options::new(20) };
    let policy: PolicySpec = policy.parse().unwrap();
    let mut replay = policy.start(program, &options).unwrap();
    replay.run(&|| true);
    replay.kernel().verify();
    let row = clockhand::outcome::outcome(&*replay, "test", &policy, &options).row;
    (row, replay.kernel().free_frames())
}

#[test]
fn without_the_daemon_only_faults_reclaim() {
    let program = program((1..1000).map(|step| step * 10 * MILLISECOND));
    assert_eq!(run(&program, "fifo", None).0.swap_outs, 0);
    assert_ne!(run(&program, "fifo", Some("4,10")).0.swap_outs, 0);
}

#[test]
fn it_frees_up_to_the_high_mark_and_then_sleeps() {
    let program = program((1..1000).map(|step| step * 10 * MILLISECOND));
    for policy in ["linux-2.0", "fifo", "clock", "lru", "random", "opt", "sweep"] {
        let (row, free) = run(&program, policy, Some("4,10"));
        // Four calls a wake-up: it may pass the mark by three. Page 0 comes back when it went.
        assert!((7..=13).contains(&free), "{policy}: {free} frames are free");
        assert!(row.swap_outs >= 10 && row.swap_outs - row.swap_ins == free, "{policy}: {row:?}");
    }
}

#[test]
fn between_the_marks_it_wakes_every_25_jiffies_and_below_low_at_half_that() {
    // fifo frees a page at each call, page 0 first, which comes back at once: 17 pages are left after the first wake-up.
    let ticks = |count: u64| program((1..=count).map(|step| step * 10 * MILLISECOND));
    let outs = |count: u64, marks: &str| run(&ticks(count), "fifo", Some(marks)).0.swap_outs;
    assert_eq!(outs(1, "4,10"), 4, "at once when memory is below the low mark");
    // 3 frames are free, below low: half the interval, 12 jiffies, then.
    assert_eq!((outs(12, "4,10"), outs(13, "4,10")), (4, 8));
    // 7 frames are free, between the marks: 25 jiffies from the wake-up, which saw memory low before it, so 12 again.
    assert_eq!((outs(24, "4,10"), outs(25, "4,10")), (8, 12));
    assert_eq!(outs(900, "4,10"), 12, "11 frames are free: it sleeps");
}

#[test]
fn references_can_be_its_clock() {
    let program = program((1..1000).map(|_| 0));
    assert_eq!(run(&program, "fifo", Some("4,10,1000refs")).0.swap_outs, 4, "one jiffy, at reference 1000");
    assert_eq!(run(&program, "fifo", Some("4,10,10refs")).0.swap_outs, 12);
    assert_eq!(run(&program, "fifo", Some("4,10,10ms")).0.swap_outs, 0, "time stands still");
}

#[test]
fn a_long_silence_and_locked_memory_take_no_time() {
    let year = 31_536_000 * 1_000 * MILLISECOND;
    let (row, free) = run(&program([year, 2 * year, 500 * year].into_iter()), "linux-2.0", Some("4,10"));
    assert!(free >= 9 && row.swap_outs < 40, "{free} free: {row:?}");
    let locked = program_of(Operation::CreateLocked, [year, 2 * year, 500 * year].into_iter());
    for policy in ["linux-2.0", "fifo", "clock", "random", "opt"] {
        assert_eq!(run(&locked, policy, Some("4,10")).0.swap_outs, 0, "{policy}");
    }
}
