//! How fast records become a program: those of the built-in trace from memory, without the reading, and both together.

use std::sync::Arc;

use clockhand::load::load;
use clockhand::program::Program;
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::trace::{self, Impossible, Label, ReadOptions, Record, RecordSink, Settings, Source};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// What a reader tells, in memory.
#[derive(Default)]
struct Told {
    settings: Vec<Settings>,
    labels: Vec<Label>,
    records: Vec<Record>,
}

impl RecordSink for Told {
    fn settings(&mut self, settings: &Settings) {
        self.settings.push(settings.clone());
    }

    fn label(&mut self, label: &Label) {
        self.labels.push(label.clone());
    }

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        self.records.push(*record);
        Ok(())
    }
}

fn resolve(told: &Told) -> Program {
    let mut resolver = Resolver::new(ResolveOptions::default());
    told.settings.iter().for_each(|settings| resolver.settings(settings));
    told.labels.iter().for_each(|label| resolver.label(label));
    for record in &told.records {
        resolver.record(record).expect("the trace is legal");
    }
    resolver.finish()
}

fn load_it() -> Arc<Program> {
    load(&Source::BuiltIn, &ReadOptions::default(), ResolveOptions::default()).expect("it is whole").program
}

fn resolving(criterion: &mut Criterion) {
    let mut told = Told::default();
    trace::read(&Source::BuiltIn, &ReadOptions::default(), &mut told).expect("it is whole");
    let (program, loaded) = (resolve(&told), load_it());
    assert!(program.references.len() == loaded.references.len() && program.footprint() == loaded.footprint());
    println!("resolved: {} references to {} pages", program.references.len(), program.footprint());
    let mut group = criterion.benchmark_group("resolve/pg-tpcb-exact");
    group.throughput(Throughput::Elements(program.references.len())).sample_size(10);
    group.bench_function("records in memory", |bencher| bencher.iter(|| resolve(&told)));
    group.bench_function("native, with reading", |bencher| bencher.iter(load_it));
    group.finish();
}

criterion_group!(benches, resolving);
criterion_main!(benches);
