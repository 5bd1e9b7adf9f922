//! How long it takes to put out what a comparison gives: all policies at every size of the ladder on the built-in trace, as
//! table, csv, JSON and charts, in rows a second. Beside each stands a hash of what was written.

use std::io::{self, Write};
use std::sync::Arc;

use clockhand::compare::{Job, run_all};
use clockhand::frames::FramesSpec;
use clockhand::load::load;
use clockhand::matrix::Matrix;
use clockhand::policy::registry::PolicySpec;
use clockhand::replay::Options;
use clockhand::report::{
    Style, block,
    chart::{self, Chart},
    csv, json, table,
};
use clockhand::resolve::ResolveOptions;
use clockhand::results::Results;
use clockhand::trace::{ReadOptions, Source};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use xxhash_rust::xxh3::xxh3_64;

/// A way to put results out.
type Put = fn(&Results, &mut dyn Write) -> io::Result<()>;

const WAYS: [(&str, Put); 5] = [
    ("table", |results, out| table::write(results, Style::PLAIN, out)),
    ("csv", |results, out| csv::write(results.runs.iter().map(|run| &run.row), out)),
    ("json", json::write),
    ("svg", |results, out| charts(results, |chart| out.write_all(chart.svg()?.as_bytes()))),
    ("png", |results, out| charts(results, |chart| out.write_all(&chart.png()?))),
];

fn charts(results: &Results, put: impl FnMut(Chart) -> io::Result<()>) -> io::Result<()> {
    block::blocks(results)
        .iter()
        .flat_map(|block| chart::charts(results, block))
        .map(|(_, chart)| chart)
        .try_for_each(put)
}

/// A whole comparison.
fn results() -> Results {
    let loaded = load(&Source::BuiltIn, &ReadOptions::default(), ResolveOptions::default()).expect("it is whole");
    let mut jobs = Vec::new();
    for policy in PolicySpec::all() {
        let sizes = FramesSpec::auto().resolve(loaded.facts.footprint, loaded.facts.page_size).expect("shares of it");
        for frames in sizes {
            let (trace, program) = (loaded.facts.name.clone(), Arc::clone(&loaded.program));
            jobs.push(Job { trace, program, policy: policy.clone(), options: Options::new(frames), record: None });
        }
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let runs = run_all(&jobs, threads, &|| true, &|_, _| {}).expect("the defaults are allowed");
    Matrix::new(vec!["bench".to_owned()], vec![loaded.facts], &jobs).results(0, runs)
}

fn written(results: &Results, put: Put) -> Vec<u8> {
    let mut out = Vec::new();
    put(results, &mut out).expect("memory is not full");
    out
}

fn reports(criterion: &mut Criterion) {
    let results = results();
    let mut group = criterion.benchmark_group("report/pg-tpcb-exact");
    group.throughput(Throughput::Elements(results.runs.len() as u64)).sample_size(10);
    for (name, put) in WAYS {
        let bytes = written(&results, put);
        println!("{name}: {} bytes, {:016x}", bytes.len(), xxh3_64(&bytes));
        group.bench_function(name, |bencher| bencher.iter(|| written(&results, put)));
    }
    group.finish();
}

criterion_group!(benches, reports);
criterion_main!(benches);
