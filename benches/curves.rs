//! What a whole curve costs beside one memory size: `lru` and `opt` at every size from one pass, and a replay of each in a tenth
//! of the pages, on one thread. Strong locality, as a program's own references have it, and Zipf's law over a million pages,
//! which has little. Beside each rate stands a hash of the counts.

use std::sync::Arc;

use clockhand::curves::{Point, curve};
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::Options;
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::speed::{fingerprint, replay};
use clockhand::trace::{Label, Operation, Record, RecordSink};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use xxhash_rust::xxh3::xxh3_64;

/// A generator of random numbers (splitmix64).
struct Draw(u64);

impl Draw {
    /// A number from 0 to below 1.
    fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.part() * limit as f64) as u64
    }
}

/// One process with one segment; three references of ten write.
fn program(pages: u64, references: u64, mut page: impl FnMut(&mut Draw) -> u64) -> Arc<Program> {
    let mut resolver = Resolver::new(ResolveOptions::default());
    resolver.label(&Label::Number(0));
    let mut record = |operation, page| {
        let record = Record { time: 0, process: 1, operation, segment: 0, page };
        resolver.record(&record).expect("the trace is legal");
    };
    record(Operation::Create, pages);
    record(Operation::Attach, pages);
    let mut draw = Draw(1);
    for _ in 0..references {
        let page = page(&mut draw);
        record(if draw.below(10) < 3 { Operation::Write } else { Operation::Read }, page);
    }
    Arc::new(resolver.finish())
}

/// Zipf's law with exponent 1: a page for each whole part of a power of the number of pages.
fn zipf(references: u64) -> Arc<Program> {
    let pages = 1_000_000_u64;
    // The most wanted pages are scattered: a multiplier without a common factor with the number of pages.
    program(pages, references, |draw| {
        let rank = ((pages as f64).powf(draw.part()) as u64 - 1).min(pages - 1);
        rank * 617_283 % pages
    })
}

/// A few pages again and again, most of them the last few, now and then one of 3,000.
fn local(references: u64) -> Arc<Program> {
    let mut stack: Vec<u64> = (0..3_000).collect();
    program(3_000, references, move |draw| {
        let depth = match draw.below(1000) {
            0..500 => 0,
            500..830 => 1,
            830..980 => 2 + draw.below(6),
            980..998 => 8 + draw.below(8),
            _ => draw.below(3_000),
        };
        stack[..=depth as usize].rotate_right(1);
        stack[0]
    })
}

fn whole(program: &Program, policy: &PolicySpec) -> Vec<Point> {
    let curve = curve(policy, program, &Options::new(1), &|| true).expect("nothing stands against it");
    curve.expect("nothing stops it").points().collect()
}

fn curves(criterion: &mut Criterion) {
    for (name, program) in [("strong locality", local(4_000_000)), ("zipf 1.0", zipf(4_000_000))] {
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
