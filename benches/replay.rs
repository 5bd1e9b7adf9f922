//! How fast a trace is replayed: each policy of the registry on the built-in trace, with little and with much memory, and
//! the clock on generated references with more and more sharers. Beside each rate stands a hash of the results, so
//! that speed is never bought with others.

use std::sync::Arc;

use clockhand::load::load;
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::Options;
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::speed::{fingerprint, replay};
use clockhand::trace::{Label, Operation, ReadOptions, Record, RecordSink, Source};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// One replay; the hash of its results.
fn counts(program: &Arc<Program>, policy: &PolicySpec, frames: u64) -> String {
    fingerprint(&replay(program, policy, &Options::new(frames)).expect("the defaults are allowed").0)
}

fn policies(criterion: &mut Criterion) {
    let program =
        load(&Source::BuiltIn, &ReadOptions::default(), ResolveOptions::default()).expect("it is whole").program;
    let mut group = criterion.benchmark_group("replay/pg-tpcb-exact");
    group.throughput(Throughput::Elements(program.references.len())).sample_size(10);
    for frames in [467, 2336] {
        for policy in PolicySpec::all() {
            println!("results of {policy} in {frames} frames: {}", counts(&program, &policy, frames));
            group.bench_function(BenchmarkId::new(policy.entry.name, frames), |bencher| {
                bencher.iter(|| replay(&program, &policy, &Options::new(frames)));
            });
        }
    }
    group.finish();
}

/// Processes that share one segment and refer to its pages with a strong skew, ten references at a time.
fn shared(sharers: u64, pages: u64, references: u64) -> Arc<Program> {
    let mut resolver = Resolver::new(ResolveOptions::default());
    resolver.label(&Label::Number(0));
    let mut record = |process, operation, page| {
        let record = Record { time: 0, process, operation, segment: 0, page };
        resolver.record(&record).expect("the trace is legal");
    };
    record(0, Operation::Create, pages);
    (0..sharers).for_each(|process| record(process, Operation::Attach, pages));
    let mut state = 1_u64;
    for number in 0..references {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let part = (state >> 33) as f64 / f64::from(1_u32 << 31);
        let page = ((part.powi(6) * pages as f64) as u64).min(pages - 1);
        let operation = if state >> 62 == 0 { Operation::Write } else { Operation::Read };
        record(number / 10 % sharers, operation, page);
    }
    Arc::new(resolver.finish())
}

fn sharers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("replay/sharers");
    let policy: PolicySpec = "linux-2.0".parse().expect("a policy of the registry");
    for sharers in [1, 4, 16, 100] {
        let program = shared(sharers, 5_000, 1_000_000);
        group.throughput(Throughput::Elements(program.references.len())).sample_size(10);
        for frames in [500, 5_000] {
            group.bench_function(BenchmarkId::new(format!("{sharers} sharers"), frames), |bencher| {
                bencher.iter(|| replay(&program, &policy, &Options::new(frames)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, policies, sharers);
criterion_main!(benches);
