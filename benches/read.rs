//! How fast traces are read: samples of each format from memory, into a sink that only adds up; the built-in trace made
//! ready for replay, with and without times; and converted into the native format.

mod samples;

use std::hint::black_box;
use std::io;

use clockhand::load::load;
use clockhand::resolve::ResolveOptions;
use clockhand::trace::{
    FORMATS, Impossible, Label, ReadOptions, Record, RecordSink, Settings, Source, copy, read_from, writer,
};
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

/// References a second, from the bytes of the file to a program.
fn loading(criterion: &mut Criterion) {
    let load = |keep_times| {
        let resolve = ResolveOptions { keep_times, ..ResolveOptions::default() };
        load(&Source::BuiltIn, &ReadOptions::default(), resolve).expect("a whole trace").facts.references
    };
    let mut group = criterion.benchmark_group("load/native");
    group.sample_size(20).throughput(Throughput::Elements(load(false)));
    for (name, keep_times) in [("references", false), ("references and times", true)] {
        group.bench_function(name, |bencher| bencher.iter(|| load(black_box(keep_times))));
    }
    group.finish();
}

/// Records a second, from the native format into itself: nearly all of it is writing.
fn converting(criterion: &mut Criterion) {
    let convert = || {
        let target = writer("native", Box::new(io::sink())).expect("a format");
        copy(&Source::BuiltIn, &ReadOptions::default(), target).expect("nothing is full").1.records
    };
    let mut group = criterion.benchmark_group("convert/native");
    group.sample_size(10).throughput(Throughput::Elements(convert()));
    group.bench_function("records", |bencher| bencher.iter(convert));
    group.finish();
}

criterion_group!(benches, reading, loading, converting);
criterion_main!(benches);
