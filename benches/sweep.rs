//! How fast a whole curve is made: a policy, and all of them, at every size of the ladder on the built-in trace, on one thread.
//! Beside each rate stands a hash of all the results.

use std::sync::Arc;

use clockhand::compare::{Job, run_all};
use clockhand::frames::FramesSpec;
use clockhand::load::load;
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::Options;
use clockhand::resolve::ResolveOptions;
use clockhand::speed::fingerprint;
use clockhand::trace::{ReadOptions, Source};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use xxhash_rust::xxh3::xxh3_64;

fn jobs(program: &Arc<Program>, policies: &str) -> Vec<Job> {
    let footprint = u64::from(program.footprint());
    let sizes = FramesSpec::auto().resolve(footprint, program.settings.page_size).expect("shares of it");
    let policies = PolicySpec::parse_list(policies).expect("policies of the registry");
    let job = |policy: &PolicySpec, &frames: &u64| {
        let (policy, options) = (policy.clone(), Options::new(frames));
        Job { trace: "bench".to_owned(), program: Arc::clone(program), policy, options, record: None }
    };
    policies.iter().flat_map(|policy| sizes.iter().map(|size| job(policy, size)).collect::<Vec<_>>()).collect()
}

/// Runs them; a hash of the results of all.
fn sweep(jobs: &[Job]) -> u64 {
    let runs = run_all(jobs, 1, &|| true, &|_, _| {}).expect("the defaults are allowed");
    xxh3_64(runs.iter().map(fingerprint).collect::<String>().as_bytes())
}

fn sweeps(criterion: &mut Criterion) {
    let program =
        load(&Source::BuiltIn, &ReadOptions::default(), ResolveOptions::default()).expect("it is whole").program;
    let mut group = criterion.benchmark_group("sweep/pg-tpcb-exact");
    for policies in ["linux-2.0", "sieve", "lru", "opt", "all"] {
        let jobs = jobs(&program, policies);
        println!("results of {policies} in {} runs: {:016x}", jobs.len(), sweep(&jobs));
        group.throughput(Throughput::Elements(program.references.len() * jobs.len() as u64)).sample_size(10);
        group.bench_function(policies, |bencher| bencher.iter(|| sweep(&jobs)));
    }
    group.finish();
}

criterion_group!(benches, sweeps);
criterion_main!(benches);
