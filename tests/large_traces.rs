//! Traces that are nearly too large: what replays and loading take of memory is within what was said, what does not fit is
//! refused before, and estimates from samples are as good as they say and can't be mistaken for counts.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clockhand::available_memory::Room;
use clockhand::compare::Job;
use clockhand::curves::{self, Wanted};
use clockhand::fingerprint::fingerprint;
use clockhand::memory_need::{at_once, curves_at_once, of_curve, of_replay, shared};
use clockhand::policy::registry::PolicySpec;
use clockhand::program::{Program, References};
use clockhand::replay::Options;
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::results::Results;
use clockhand::sampling::{SAMPLES, SampleOptions, SampleRate, Samples};
use clockhand::trace::{Label, Operation, Record, RecordSink};
use clockhand::workload::{Sharing, Size, Tuning, Workload, pattern};
use peak_alloc::PeakAlloc;
use proptest::prelude::*;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What is allocated is counted for the whole process, so tests here run one at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn workload(name: &str, references: u64, pages: u64, processes: u32) -> Workload {
    let size = Size { pages, processes, segments: None };
    let tuning = Tuning { sharing: Some(Sharing::All), ..Tuning::NONE };
    Workload::new(pattern(name).unwrap(), references, &size, &tuning, 3).unwrap()
}

fn program(workload: Workload) -> Program {
    let mut resolver = Resolver::new(ResolveOptions::default());
    workload.generate(&mut resolver).unwrap();
    resolver.finish()
}

fn sampling(rate: f64, seed: u64) -> Resolver {
    let sample = SampleOptions { rate: SampleRate::new(rate).unwrap(), seed };
    Resolver::new(ResolveOptions { sample: Some(sample), ..ResolveOptions::default() })
}

#[test]
fn no_replay_takes_more_than_was_said() {
    let _alone = alone();
    for processes in [2, 100] {
        let program = Arc::new(program(workload("uniform", 200_000, 150_000, processes)));
        let policies = PolicySpec::all();
        // What a policy takes does not depend on how many processes there are.
        let few = policies.len().min(if processes == 2 { usize::MAX } else { 3 });
        for policy in &policies[..few] {
            let said = of_replay(&program, policy) + shared(&program, policy);
            MEMORY.reset_peak_usage();
            let before = MEMORY.current_usage();
            let mut replay = policy.start(&program, &Options::new(u64::from(program.footprint()) * 9 / 10)).unwrap();
            replay.run(&|| true);
            let taken = (MEMORY.peak_usage() - before) as u64;
            drop(replay);
            assert!(taken <= said, "{policy}: {taken} bytes, and {said} were said");
            assert!(said < 4 * taken, "{policy}: {said} bytes were said, and {taken} did");
        }
    }
}

#[test]
fn no_curve_takes_more_than_was_said() {
    let _alone = alone();
    // So few pages that no array is mapped by itself, which would not be counted.
    for (processes, pages) in [(1, 80_000), (2, 80_000), (100, 5_000)] {
        let program = program(workload("uniform", 300_000, pages, processes));
        for policy in curves::policies() {
            let policy: PolicySpec = policy.parse().unwrap();
            let said = of_curve(&program) + shared(&program, &policy);
            MEMORY.reset_peak_usage();
            let before = MEMORY.current_usage();
            let curve = curves::curve(&policy, &program, &Options::new(1), &|| true).unwrap();
            let taken = (MEMORY.peak_usage() - before) as u64;
            drop(curve);
            assert!(taken <= said, "{policy}, {processes} processes: {taken} bytes, and {said} were said");
            assert!(said < 4 * taken, "{policy}, {processes} processes: {said} bytes were said, and {taken} did");
        }
    }
}

#[test]
fn a_loaded_trace_takes_four_or_five_bytes_a_reference_and_few_for_a_page() {
    const REFERENCES: usize = 1_000_000;
    let _alone = alone();
    // The highest attachment decides whether words are wide: 2^19 pages take 19 bits, 2^13 attachments 13.
    for (columns, width) in [(1_u64, 4), (8192, 5)] {
        let before = MEMORY.current_usage();
        let mut resolver = Resolver::new(ResolveOptions::default());
        resolver.label(&Label::Number(0));
        let mut record = |process, operation, page| {
            resolver.record(&Record { time: 0, process, operation, segment: 0, page }).unwrap();
        };
        record(0, Operation::Create, 1 << 40);
        (0..columns).for_each(|process| record(process, Operation::Attach, 0));
        let (pages, far) = (1 << 19, 1 << 30);
        (0..REFERENCES as u64).for_each(|at| record(at % columns, Operation::Read, at % pages + (at & 1) * far));
        let program = resolver.finish();
        let taken = MEMORY.current_usage() - before;
        assert_eq!(matches!(program.references, References::Wide(_)), width == 5, "{columns}");
        let footprint = program.footprint() as usize;
        // For a page its segment, and a jump of its index for every other one.
        let most = width * REFERENCES + 20 * footprint + 1000 * columns as usize + (1 << 18);
        assert!(taken <= most, "{columns} attachments: {taken} bytes, at most {most}");
    }
}

#[test]
fn replays_that_do_not_fit_wait_or_are_refused() {
    let _alone = alone();
    let program = Arc::new(program(workload("uniform", 60_000, 20_000, 2)));
    let job = |policy: &str| Job {
        trace: "big".to_owned(),
        program: Arc::clone(&program),
        record: None,
        samples: None,
        policy: policy.parse().unwrap(),
        options: Options::new(1000),
    };
    let jobs = ["fifo", "lru", "opt", "sieve"].map(job);
    let curves = jobs.each_ref().map(Wanted::of);
    assert_eq!(curves_at_once(&curves, 3, Room { limit: Some(1 << 40) }).unwrap(), 3);
    assert_eq!(curves_at_once(&curves[..1], 3, Room { limit: Some(1) }).unwrap(), 3, "fifo has none");
    let refused = curves_at_once(&curves, 3, Room { limit: Some(1) }).unwrap_err();
    assert!(refused.what.starts_with("the curves of opt on big need "), "{}", refused.what);
    let wanted = |limit| at_once(&jobs, 3, Room { limit });
    assert_eq!(wanted(Some(1 << 40)).unwrap().replays, 3);
    assert_eq!(wanted(Some(1 << 40)).unwrap().note, None);
    // The process takes some of the limit already; how much is not ours to know.
    let fits = |megabytes: u64| wanted(Some(megabytes << 20));
    let one = (1..4096).find(|&megabytes| fits(megabytes).is_ok()).unwrap();
    let lowered = fits(one).unwrap();
    assert!(lowered.replays < 3, "{lowered:?}");
    let note = lowered.note.unwrap();
    assert!(note.starts_with("1 replay at a time instead of 3: one of lru on big takes up to "), "{note}");
    let error = wanted(Some(1)).unwrap_err().to_string();
    let need = of_replay(&program, &jobs[1].policy);
    let pages = program.footprint();
    let expected = format!(
        "a replay of lru on big needs {} of memory ({} pages, {} bytes each), beside 234 KiB of what all replays \
         share, and 0 KiB can be had by --memory-limit; leave the policy out, take a sample of the pages (compare --sample 1%) \
         or a slice of the trace (`clockhand trace slice`), or give more memory",
        clockhand::report::bytes(need as f64),
        clockhand::report::grouped(pages.into()),
        need / u64::from(pages)
    );
    assert_eq!(error, expected);
}

/// A small world: records that can have happened.
fn world(steps: &[(u8, u64, u64)]) -> Vec<Record> {
    let record = |operation, process, segment, page| Record { time: 0, process, operation, segment, page };
    let mut records = Vec::new();
    let mut attached = [[false; 3]; 2];
    for segment in 0..2 {
        records.push(record(Operation::Create, 0, segment, 900));
    }
    for &(what, process, page) in steps {
        let (process, segment) = (process % 3, (page % 2) as usize);
        let number = segment as u32;
        if !std::mem::replace(&mut attached[segment][process as usize], true) {
            records.push(record(Operation::Attach, process, number, 0));
        }
        match what {
            0 => {
                records.push(record(Operation::Detach, process, number, 0));
                attached[segment][process as usize] = false;
            }
            // A segment that goes comes again under its name, and its pages are others.
            1 => {
                records.push(record(Operation::Remove, process, number, 0));
                for other in (0..3).filter(|&other| attached[segment][other]) {
                    records.push(record(Operation::Detach, other as u64, number, 0));
                }
                records.push(record(Operation::Create, process, number, 900));
                attached[segment] = [false; 3];
            }
            2 => records.push(record(Operation::Lock, process, number, 0)),
            _ if what % 3 == 0 => records.push(record(Operation::Write, process, number, page)),
            _ => records.push(record(Operation::Read, process, number, page)),
        }
    }
    records
}

fn resolved(mut resolver: Resolver, records: &[Record]) -> Resolver {
    (0..2).for_each(|number| resolver.label(&Label::Number(number)));
    for record in records {
        resolver.record(record).unwrap();
    }
    resolver
}

/// The pages of a program: segment by order of creation, and index.
fn pages(program: &Program) -> BTreeSet<(u32, u64)> {
    let of = |number: usize| {
        let segment = &program.segments[number];
        segment.pages().map(move |page| (number as u32, segment.index_of(clockhand::ids::PageId::new(page))))
    };
    (0..program.segments.len()).flat_map(of).collect()
}

/// The records but references to pages that are not in the set.
fn only(records: &[Record], pages: &BTreeSet<(u32, u64)>) -> Vec<Record> {
    let (mut created, mut current) = (0, [0; 2]);
    let mut kept = Vec::new();
    for record in records {
        let segment = record.segment as usize;
        if record.operation == Operation::Create {
            current[segment] = created;
            created += 1;
        }
        if !record.operation.is_reference() || pages.contains(&(current[segment], record.page)) {
            kept.push(*record);
        }
    }
    kept
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_sample_is_the_trace_without_the_references_to_other_pages(
        steps in prop::collection::vec((0u8..40, 0u64..3, 0u64..900), 1..600),
        rate in prop_oneof![Just(0.1), Just(0.5), Just(0.9)],
        seed in 0u64..4,
    ) {
        let _alone = alone();
        let records = world(&steps);
        let samples = resolved(sampling(rate, seed), &records).finish_samples().unwrap();
        let whole = resolved(Resolver::new(ResolveOptions::default()), &records).finish();
        prop_assert_eq!(samples.programs.len(), SAMPLES);
        prop_assert_eq!(samples.whole.references, whole.references.len());
        prop_assert_eq!(samples.whole.writes, whole.counts.writes);
        prop_assert_eq!(samples.whole.footprint, u64::from(whole.footprint()));
        // Which pages are taken does not depend on what else happens.
        let mut backwards: Vec<Record> = records.iter().filter(|record| record.operation.is_reference()).copied().collect();
        backwards.reverse();
        let mut other = records.clone();
        let places: Vec<usize> = (0..other.len()).filter(|&at| other[at].operation.is_reference()).collect();
        let same_segment = |at: usize, record: &Record| {
            (other[at].segment, other[at].process) == (record.segment, record.process)
        };
        let swappable = places.iter().zip(&backwards).all(|(&at, record)| same_segment(at, record));
        if swappable {
            places.iter().zip(&backwards).for_each(|(&at, record)| other[at] = *record);
        }
        let again = resolved(sampling(rate, seed), &other).finish_samples().unwrap();
        let all = pages(&whole);
        for (program, same) in samples.programs.iter().zip(&again.programs) {
            let taken = pages(program);
            prop_assert!(taken.is_subset(&all));
            prop_assert_eq!(&taken, &pages(same));
            let slow = resolved(Resolver::new(ResolveOptions::default()), &only(&records, &taken)).finish();
            prop_assert_eq!(fingerprint(program), fingerprint(&slow));
            prop_assert_eq!(program.counts.writes, slow.counts.writes);
        }
        if all.len() > 300 {
            let mean = samples.programs.iter().map(|program| f64::from(program.footprint())).sum::<f64>() / SAMPLES as f64;
            let expected = rate * all.len() as f64;
            prop_assert!((mean - expected).abs() < 0.25 * all.len() as f64, "{} for {}", mean, expected);
        }
    }
}

fn samples(workload: Workload, rate: f64, seed: u64) -> Samples {
    let mut resolver = sampling(rate, seed);
    workload.generate(&mut resolver).unwrap();
    resolver.finish_samples().unwrap()
}

#[test]
fn the_truth_lies_in_the_interval_most_of_the_time() {
    let _alone = alone();
    let made = || workload("zipf", 500_000, 100_000, 3);
    let program = Arc::new(program(made()));
    let runs: Vec<(PolicySpec, Options)> = ["linux-2.0", "lru", "fifo"]
        .into_iter()
        .flat_map(|policy| [8_000, 30_000].map(|frames| (policy.parse().unwrap(), Options::new(frames))))
        .collect();
    let truths = runs.iter().map(|(policy, options)| common::run(&program, &policy.to_string(), options).row);
    let truths: Vec<_> = truths.collect();
    let (mut inside, mut all, mut worst) = (0, 0, 0.0_f64);
    for seed in 0..6 {
        let samples = samples(made(), 0.05, seed);
        for ((policy, options), truth) in runs.iter().zip(&truths) {
            let run = samples.run("zipf", policy, options, &|| true).unwrap().unwrap();
            let estimate = run.estimate.unwrap();
            for (name, exact, found) in [
                ("swap_outs", truth.swap_outs, run.row.swap_outs),
                ("swap_ins", truth.swap_ins, run.row.swap_ins),
                ("dirty_swap_outs", truth.dirty_swap_outs, run.row.dirty_swap_outs),
            ] {
                let error = exact.abs_diff(found) as f64;
                inside += u32::from(error <= estimate.half_widths[name] + 1.0);
                all += 1;
                worst = worst.max(error / exact as f64);
            }
            assert_eq!(run.row.references, truth.references);
            assert_eq!(run.row.zero_faults, truth.zero_faults, "every page comes in once");
            assert_eq!(run.row.frames, options.frames);
            let faults = run.row.minor_faults + run.row.zero_faults + run.row.swap_ins + run.row.out_of_memory;
            assert_eq!(run.row.hits + faults, run.row.references);
        }
    }
    assert!(inside * 10 >= all * 8, "{inside} of {all} intervals hold the truth");
    assert!(worst < 0.1, "{worst}");
}

#[test]
fn memory_that_holds_everything_holds_every_sample() {
    let _alone = alone();
    let samples = samples(workload("zipf", 60_000, 20_000, 2), 0.2, 1);
    let options = Options::new(samples.whole.footprint);
    let run = samples.run("zipf", &"lru".parse().unwrap(), &options, &|| true).unwrap().unwrap();
    assert_eq!((run.row.swap_outs, run.row.swap_ins, run.row.zero_faults), (0, 0, samples.whole.footprint));
    assert_eq!(run.segments.iter().map(|segment| segment.touched).sum::<u64>(), samples.whole.footprint);
    assert!(samples.run("zipf", &"lru".parse().unwrap(), &options, &|| false).unwrap().is_none());
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn clockhand(folder: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockhand"));
    command.args(line.split_whitespace()).current_dir(folder).output().unwrap()
}

#[track_caller]
fn ends(output: &Output, code: i32, words: &[&str]) {
    let all = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{all}");
    for word in words {
        assert!(all.contains(word), "no `{word}` in: {all}");
    }
}

fn results(folder: &Path, out: &str) -> Results {
    serde_json::from_slice(&fs::read(folder.join(out).join("results.json")).unwrap()).unwrap()
}

#[test]
fn an_estimate_is_never_taken_for_a_result() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| clockhand(folder.path(), line);
    let sampled = "compare --policies linux-2.0,fifo --frames 25%,50% --sample 25% --seed 7";
    let output = run(&format!("{sampled} --out estimates"));
    let warning = "warning: pg-tpcb-exact@sample=0.25: samples of 1,181 pages are no use to tell policies apart";
    ends(&output, 0, &[warning, "Estimates from 5 samples of 25 % of the pages", " ±", "at the median"]);
    let (exact, estimates) = {
        ends(&run("compare --policies linux-2.0,fifo --frames 25%,50% --seed 7 --out counts"), 0, &[]);
        (results(folder.path(), "counts"), results(folder.path(), "estimates"))
    };
    let (truth, facts) = (&exact.traces[0], &estimates.traces[0]);
    assert_eq!((facts.references, facts.footprint), (truth.references, truth.footprint));
    assert_ne!(facts.content, truth.content);
    assert!(facts.sample.is_some() && truth.sample.is_none());
    assert!(estimates.arguments.windows(2).any(|pair| pair == ["--sample", "0.25"]));
    assert!(estimates.runs.iter().all(|run| run.row.trace == "pg-tpcb-exact@sample=0.25" && run.estimate.is_some()));
    assert!(exact.runs.iter().all(|run| run.estimate.is_none()));
    // The same bytes whatever the number of replays at a time, in parts, and gone on with.
    ends(&run(&format!("{sampled} --out again --jobs 1")), 0, &[]);
    ends(&run(&format!("{sampled} --out part-1 --shard 1/2")), 0, &[]);
    ends(&run(&format!("{sampled} --out part-2 --shard 2/2 --resume")), 0, &[]);
    ends(&run("merge part-1 part-2 --out joined"), 0, &[]);
    for name in ["results.json", "results.csv"] {
        let bytes = |out: &str| fs::read(folder.path().join(out).join(name)).unwrap();
        assert_eq!(bytes("estimates"), bytes("again"), "{name}");
        assert_eq!(bytes("estimates"), bytes("joined"), "{name}");
    }
    ends(&run("baseline save --from estimates/results.json"), 4, &["estimates from samples"]);
    ends(&run("baseline save --from counts/results.json"), 0, &[]);
    ends(&run("check estimates/results.json"), 4, &["estimates from samples"]);
}

#[test]
fn what_samples_can_not_tell_is_refused() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let refused = |line: &str, words: &[&str]| ends(&clockhand(folder.path(), line), 2, words);
    let few = ["467 frames of memory are ", "fewer than 64 tell nothing", "a larger --sample, or the whole trace"];
    refused("compare --policies fifo --frames 10% --sample 1%", &few);
    refused("compare --policies fifo --sample 0.1%", &["fewer than 64 tell nothing"]);
    refused("compare --policies fifo --sample 1", &["write a number between 0 and 1"]);
    refused("compare --policies fifo --sample 50% --kswapd 8,16", &["--kswapd can't be estimated"]);
    let lifetime = ["`lifetime=100` is not scaled down", "as in lifetime="];
    refused("compare --policies mq:lifetime=100 --sample 50%", &lifetime);
    // Of the ladder those sizes are left out that are too small.
    ends(&clockhand(folder.path(), "compare --policies fifo --sample 50%"), 0, &["as long as the whole trace"]);
    let sizes: Vec<u64> = results(folder.path(), "reports").runs.iter().map(|run| run.row.frames).collect();
    assert!(sizes.len() > 8 && sizes.iter().all(|&frames| frames >= 120), "{sizes:?}");
}

#[test]
fn what_does_not_fit_is_told_before_it_is_tried() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| clockhand(folder.path(), line);
    let output = run("compare --policies fifo --frames 10% --memory-limit 1MiB");
    let words = "pg-tpcb-exact: the references of the trace need 16 KiB of memory more, and 0 KiB can be had by --memory-limit; \
                 take a sample of the pages (compare --sample 1%) or a slice of the trace (`clockhand trace slice`), or give \
                 more memory";
    ends(&output, 1, &[words]);
    assert!(!folder.path().join("reports/results.json").exists());
    // Leniency skips records, and never want of memory.
    ends(&run("replay --frames 10% --lenient --memory-limit 1MiB"), 1, &["can be had by --memory-limit"]);
    ends(&run("compare --memory-limit x"), 2, &["`x` is no size of memory"]);
    ends(&run("compare --policies fifo,lru --frames 10% --out plain"), 0, &[]);
    ends(&run("compare --policies fifo,lru --frames 10% --out within --memory-limit 64GiB"), 0, &[]);
    let bytes = |out: &str| fs::read(folder.path().join(out).join("results.json")).unwrap();
    assert_eq!(bytes("plain"), bytes("within"));
}

#[test]
fn a_trace_with_huge_numbers_takes_little_memory() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut text = "time,pid,op,segment,page\n".to_owned();
    for segment in 0..50 {
        text += &format!("0,1,create,{segment},{}\n0,1,attach,{segment},0\n", u64::MAX);
        for step in 0..40_u64 {
            text += &format!("0,1,W,{segment},{}\n", (u64::MAX / 41) * step);
        }
    }
    fs::write(folder.path().join("huge.csv"), text).unwrap();
    let line = "compare huge.csv --frames 100,50% --memory-limit 1GiB --limits none";
    ends(&clockhand(folder.path(), line), 0, &["2,000 references to 2,000 pages"]);
    let sample = "compare huge.csv --policies fifo --frames 50% --sample 50% --memory-limit 1GiB --limits none";
    ends(&clockhand(folder.path(), sample), 0, &["huge@sample=0.5"]);
    assert!(root().join("Cargo.toml").exists());
}
