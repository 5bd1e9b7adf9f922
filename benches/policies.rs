//! How fast the policies are that keep pages in lists, queues and heaps, and opt: on Zipf's law over a million pages, where
//! the cost is memory that is far away, and on references as a program makes them, where it is instructions. Beside each rate
//! stands a hash of the results, and in each group a plain loop over the same references, a clock of a byte a page and nothing
//! else, so that every rate can be read as a ratio of one run.

use std::hint::black_box;
use std::sync::Arc;

use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::Options;
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::speed::{fingerprint, replay};
use clockhand::trace::{Label, Operation, Record, RecordSink};
use clockhand::workload::{Size, Tuning, Workload, pattern};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const POLICIES: &str = "lru,slru,2q,arc,car,lirs,clock-pro,s3-fifo,lfu,lru-2,mq,cflru,two-list,mglru,aging,opt";

/// References by Zipf's law with an exponent, over a million pages.
fn zipf(skew: f64) -> Arc<Program> {
    let size = Size { pages: 1_000_000, processes: 1, segments: None };
    let tuning = Tuning { skew: Some(skew), ..Tuning::NONE };
    let zipf = pattern("zipf").expect("a pattern of the list");
    let workload = Workload::new(zipf, 4_000_000, &size, &tuning, 1).expect("the numbers are in range");
    let mut resolver = Resolver::new(ResolveOptions::default());
    workload.generate(&mut resolver).expect("what is made is legal");
    Arc::new(resolver.finish())
}

/// References as those of a sorting program are: of a hundred, 58 go to the page of the one before and 28 to that of the one
/// before that, since code and data take turns; the others go back to pages the less likely the longer they were not used.
fn program_like() -> Arc<Program> {
    const PAGES: u64 = 1_200;
    let mut resolver = Resolver::new(ResolveOptions::default());
    resolver.label(&Label::Number(0));
    let mut record = |operation, page| {
        let record = Record { time: 0, process: 1, operation, segment: 0, page };
        resolver.record(&record).expect("the trace is legal");
    };
    record(Operation::Create, PAGES);
    record(Operation::Attach, PAGES);
    let mut recent: Vec<u64> = (0..PAGES).collect();
    let mut state = 1_u64;
    for _ in 0..4_000_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (part, drawn) = (state >> 57, (state >> 33 & 0xff_ffff) as f64 / f64::from(1 << 24));
        let distance = match part * 100 / 128 {
            0..58 => 0,
            58..86 => 1,
            _ => 2 + (drawn.powi(12) * (PAGES - 2) as f64) as usize,
        };
        recent[..=distance].rotate_right(1);
        record(if (state >> 55).is_multiple_of(4) { Operation::Write } else { Operation::Read }, recent[0]);
    }
    Arc::new(resolver.finish())
}

/// A clock over bytes, with nothing counted but misses.
fn plain_loop(pages: &[u32], footprint: usize, frames: usize) -> u64 {
    const PRESENT: u8 = 1;
    const ACCESSED: u8 = 3;
    let (mut states, mut ring, mut hand, mut misses) = (vec![0; footprint], Vec::with_capacity(frames), 0, 0);
    for &page in pages {
        let state = std::mem::replace(&mut states[page as usize], ACCESSED);
        if state != 0 {
            continue;
        }
        misses += 1;
        if ring.len() < frames {
            ring.push(page);
            continue;
        }
        while states[ring[hand] as usize] == ACCESSED {
            states[ring[hand] as usize] = PRESENT;
            hand = (hand + 1) % frames;
        }
        states[std::mem::replace(&mut ring[hand], page) as usize] = 0;
        hand = (hand + 1) % frames;
    }
    misses
}

fn policies(criterion: &mut Criterion) {
    let specs = PolicySpec::parse_list(POLICIES).expect("policies of the registry");
    for (name, program) in [("program", program_like()), ("zipf 1.0", zipf(1.0)), ("zipf 0.6", zipf(0.6))] {
        let frames = u64::from(program.footprint() / 10);
        let references = program.references.len();
        let pages: Vec<u32> = (0..references).map(|position| program.reference(position).page.get()).collect();
        program.next_uses().expect("it is short");
        let mut group = criterion.benchmark_group(format!("policies/{name}"));
        group.throughput(Throughput::Elements(references)).sample_size(10);
        group.bench_function(BenchmarkId::new("plain loop", frames), |bencher| {
            bencher.iter(|| plain_loop(black_box(&pages), program.footprint() as usize, frames as usize));
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
