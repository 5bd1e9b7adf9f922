//! What a whole curve costs beside one memory size: `lru` and `opt` at every size from one pass, and a replay of each in a tenth
//! of the pages, on one thread. Strong locality, as a program's own references have it, and Zipf's law over a million pages,
//! which has little, of one process and of 16, whose minor faults are told too. Beside each rate stands a hash of the counts.

mod programs;

use clockhand::curves::{Point, curve};
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::Options;
use clockhand::speed::{fingerprint, replay};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use programs::{program_like, zipf};
use xxhash_rust::xxh3::xxh3_64;

fn whole(program: &Program, policy: &PolicySpec) -> Vec<Point> {
    let curve = curve(policy, program, &Options::new(1), &|| true).expect("nothing stands against it");
    curve.expect("nothing stops it").points().collect()
}

fn curves(criterion: &mut Criterion) {
    let programs = [
        ("like a program", program_like(4_000_000)),
        ("zipf 1.0", zipf(4_000_000, 1, 1.0)),
        ("zipf 1.0, 16 sharers", zipf(4_000_000, 16, 1.0)),
    ];
    for (name, program) in programs {
        let mut group = criterion.benchmark_group(format!("curves/{name}"));
        group.throughput(Throughput::Elements(program.references.len())).sample_size(10);
        let frames = u64::from(program.footprint()) / 10;
        for policy in ["lru", "opt"] {
            let spec: PolicySpec = policy.parse().expect("a policy of the registry");
            let hash = xxh3_64(format!("{:?}", whole(&program, &spec)).as_bytes());
            println!("every size of {policy} on {name}: {hash:016x}");
            group.bench_function(format!("{policy}, every size"), |bencher| bencher.iter(|| whole(&program, &spec)));
            let one = || replay(&program, &spec, &Options::new(frames)).expect("the defaults are allowed").0;
            println!("{frames} frames of {policy} on {name}: {}", fingerprint(&one()));
            group.bench_function(format!("{policy}, {frames} frames"), |bencher| bencher.iter(one));
        }
        group.finish();
    }
}

criterion_group!(benches, curves);
criterion_main!(benches);
