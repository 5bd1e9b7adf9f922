//! How fast traces are read from memory: the built-in trace in the native format and as csv, into a sink that only adds up.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::{self, Write};
use std::rc::Rc;

use clockhand::trace::{
    Impossible, Label, ReadOptions, Record, RecordSink, Settings, Source, builtin, copy, read_from, writer,
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

#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads all of it; the number of records.
fn count(bytes: &'static [u8]) -> u64 {
    let mut sum = Sum(0);
    let summary = read_from("bench", Box::new(bytes), &ReadOptions::default(), &mut sum).expect("a whole trace");
    black_box(sum.0);
    summary.records
}

fn reading(criterion: &mut Criterion) {
    let memory = Memory::default();
    let csv = writer("csv", Box::new(memory.clone())).expect("a format");
    copy(&Source::BuiltIn, &ReadOptions::default(), csv).expect("memory is not full");
    let csv = memory.0.take().leak();
    for (name, bytes) in [("csv", &*csv), ("native", builtin::BYTES)] {
        let records = count(bytes);
        let mut group = criterion.benchmark_group(format!("read/{name}"));
        group.sample_size(20);
        group.throughput(Throughput::Elements(records));
        group.bench_function("records", |bencher| bencher.iter(|| count(black_box(bytes))));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("bytes", |bencher| bencher.iter(|| count(black_box(bytes))));
        group.finish();
    }
}

criterion_group!(benches, reading);
criterion_main!(benches);
