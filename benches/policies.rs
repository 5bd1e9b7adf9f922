//! How fast the policies are that keep pages in lists, queues and heaps, and opt: on Zipf's law over a million pages, where
//! the cost is memory that is far away, and on references as a program makes them, where it is instructions. Beside each rate
//! stands a hash of the results, and in each group the yardstick over the same references, so that every rate can be read as a
//! ratio of one run.

mod programs;

use clockhand::policy::registry::PolicySpec;
use clockhand::replay::Options;
use clockhand::speed::{fingerprint, replay};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use programs::{program_like, yardstick, zipf};

const POLICIES: &str = "lru,slru,2q,arc,car,lirs,clock-pro,s3-fifo,lfu,lru-2,mq,cflru,two-list,mglru,aging,opt";

fn policies(criterion: &mut Criterion) {
    let specs = PolicySpec::parse_list(POLICIES).expect("policies of the registry");
    for (name, program) in [
        ("program", program_like(4_000_000)),
        ("zipf 1.0", zipf(4_000_000, 1, 1.0)),
        ("zipf 0.6", zipf(4_000_000, 1, 0.6)),
    ] {
        let frames = u64::from(program.footprint() / 10);
        let references = program.references.len();
        program.next_uses().expect("it is short");
        let mut group = criterion.benchmark_group(format!("policies/{name}"));
        group.throughput(Throughput::Elements(references)).sample_size(10);
        group.bench_function(BenchmarkId::new("yardstick", frames), |bencher| {
            bencher.iter(|| yardstick(&program, frames as usize));
        });
        for policy in &specs {
            let run = || replay(&program, policy, &Options::new(frames)).expect("the defaults are allowed");
            println!("results of {policy} on {name} in {frames} frames: {}", fingerprint(&run().0));
            group.bench_function(BenchmarkId::new(policy.entry.name, frames), |bencher| bencher.iter(run));
        }
        group.finish();
    }
}

criterion_group!(benches, policies);
criterion_main!(benches);
