//! How near replays come to what the processor allows. The yardstick is a minimal clock: one process, a byte a page, a ring,
//! and nothing counted but faults. Beside it stand the replays, which count everything there is, measured in turn with it,
//! so that their ratio is of one run; then all sizes of a policy in one pass against each alone.
//!
//! `CLOCKHAND_BENCH_TRACE=FILE` adds a trace of your own, such as a log of valgrind's lackey.

mod programs;

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clockhand::compare::{Job, Passes, run_all};
use clockhand::load::load;
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::Options;
use clockhand::resolve::ResolveOptions;
use clockhand::speed::{fingerprint, replay};
use clockhand::trace::{ReadOptions, Source};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use programs::{program_like, yardstick, zipf};
use xxhash_rust::xxh3::xxh3_64;

/// A trace to measure with: its name, itself, and the frames.
type Case = (String, Arc<Program>, u64);

fn cases() -> Vec<Case> {
    let built_in = load(&Source::BuiltIn, &ReadOptions::default(), ResolveOptions::default()).expect("it is whole");
    let mut cases = vec![
        ("pg-tpcb-exact".to_owned(), built_in.program, 467),
        ("like a program".to_owned(), program_like(8_000_000), 120),
        ("zipf, one sharer".to_owned(), zipf(8_000_000, 1, 1.0), 80_000),
        ("zipf, 16 sharers".to_owned(), zipf(8_000_000, 16, 1.0), 80_000),
    ];
    if let Some(path) = std::env::var_os("CLOCKHAND_BENCH_TRACE") {
        let own = load(&Source::Path(PathBuf::from(&path)), &ReadOptions::default(), ResolveOptions::default());
        let program = own.expect("a trace that can be read").program;
        let frames = u64::from(program.footprint()).div_ceil(10);
        cases.push((path.to_string_lossy().into_owned(), program, frames));
    }
    cases
}

/// Seconds of the fastest of some runs of each of two, in turn.
fn fastest(mut first: impl FnMut(), mut second: impl FnMut()) -> (f64, f64) {
    let mut best = (f64::MAX, f64::MAX);
    for _ in 0..5 {
        let start = Instant::now();
        first();
        best.0 = best.0.min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        second();
        best.1 = best.1.min(start.elapsed().as_secs_f64());
    }
    best
}

fn against_the_yardstick(criterion: &mut Criterion) {
    let policies = PolicySpec::parse_list("clock,linux-2.0,sweep,fifo,sieve").expect("policies of the registry");
    for (name, program, frames) in cases() {
        let references = program.references.len();
        // The first replays of a trace are slower than those after them, and no policy is to be measured by these alone.
        for _ in 0..5 {
            drop(black_box(replay(&program, &policies[0], &Options::new(frames))));
        }
        let mut group = criterion.benchmark_group(format!("yardstick/{name}"));
        group.throughput(Throughput::Elements(references)).sample_size(10);
        group.bench_function("yardstick", |bencher| bencher.iter(|| yardstick(&program, frames as usize)));
        for policy in &policies {
            let run = || replay(&program, policy, &Options::new(frames)).expect("the defaults are allowed");
            let (plain, full) =
                fastest(|| _ = black_box(yardstick(&program, frames as usize)), || drop(black_box(run())));
            let rate = references as f64 / full / 1e6;
            let ratio = plain / full;
            println!("{name}: {policy}: {rate:.0} M/s, {ratio:.2} of the yardstick, results {}", fingerprint(&run().0));
            group.bench_function(BenchmarkId::from_parameter(policy.entry.name), |bencher| bencher.iter(run));
        }
        group.finish();
    }
}

/// 64 sizes from a hundredth of the footprint to all of it, each the same factor above the one before.
fn ladder(program: &Arc<Program>, policy: &PolicySpec) -> Vec<Job> {
    let footprint = f64::from(program.footprint());
    let size = |step: i32| (footprint * 0.01 * 100_f64.powf(f64::from(step) / 63.0)).round().max(1.0) as u64;
    let mut sizes: Vec<u64> = (0..64).map(size).collect();
    sizes.dedup();
    let job = |frames| Job {
        trace: "bench".to_owned(),
        program: Arc::clone(program),
        samples: None,
        record: None,
        policy: policy.clone(),
        options: Options::new(frames),
    };
    sizes.into_iter().map(job).collect()
}

fn in_one_pass(criterion: &mut Criterion) {
    let policies = PolicySpec::parse_list("linux-2.0,clock,sieve").expect("policies of the registry");
    for (name, program, _) in cases().into_iter().filter(|(name, ..)| !name.starts_with("zipf")) {
        let mut group = criterion.benchmark_group(format!("one pass/{name}"));
        for policy in &policies {
            let jobs = ladder(&program, policy);
            let sizes = jobs.len();
            let run = |passes| run_all(&jobs, 1, passes, &|| true, &|_, _| {}).expect("the defaults are allowed");
            let hash = |passes| xxh3_64(run(passes).iter().map(fingerprint).collect::<String>().as_bytes());
            let (apart, together) = (hash(Passes::Alone), hash(Passes::Shared));
            assert_eq!(apart, together, "{policy} on {name}");
            let (alone, shared) =
                fastest(|| drop(black_box(run(Passes::Alone))), || drop(black_box(run(Passes::Shared))));
            let ratio = alone / shared;
            println!("{name}: {policy}: {sizes} sizes {ratio:.1} times as fast in one pass, results {apart:016x}");
            group.throughput(Throughput::Elements(program.references.len() * sizes as u64)).sample_size(10);
            group.bench_function(policy.entry.name, |bencher| bencher.iter(|| run(Passes::Shared)));
        }
        group.finish();
    }
}

criterion_group!(benches, against_the_yardstick, in_one_pass);
criterion_main!(benches);
