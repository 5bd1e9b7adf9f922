//! How fast traces of each format are read from memory, into a sink that only adds up.

mod samples;

use std::hint::black_box;

use clockhand::trace::{FORMATS, Impossible, Label, ReadOptions, Record, RecordSink, Settings, read_from};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Looks at every record and keeps nothing.
struct Sum(u64);

impl RecordSink for Sum {
    fn settings(&mut self, _: &Settings) {}

    fn label(&mut self, _: &Label) {}

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        self.0 = self.0.wrapping_add(record.time ^ record.process ^ record.page ^ u64::from(record.segment));
        Ok(())
    }
}

/// Reads all of it; the number of records.
fn count(bytes: &'static [u8], options: &ReadOptions) -> u64 {
    let mut sum = Sum(0);
    let summary = read_from("bench", Box::new(bytes), options, &mut sum).expect("a whole trace");
    black_box(sum.0);
    summary.records
}

fn reading(criterion: &mut Criterion) {
    for format in FORMATS {
        // The thread that reads them may outlive the bench.
        let bytes = &*samples::sample(format).leak();
        let options = ReadOptions { format: Some(format.name.to_owned()), ..ReadOptions::default() };
        let records = count(bytes, &options);
        let mut group = criterion.benchmark_group(format!("read/{}", format.name));
        group.sample_size(20);
        group.throughput(Throughput::Elements(records));
        group.bench_function("records", |bencher| bencher.iter(|| count(black_box(bytes), &options)));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("bytes", |bencher| bencher.iter(|| count(black_box(bytes), &options)));
        group.finish();
    }
}

criterion_group!(benches, reading);
criterion_main!(benches);
