//! What several integration tests need: programs made from scripts and from plain reference strings, and runs of them.

// Every integration test compiles this room for itself and none uses all of it.
#![allow(dead_code)]

use std::io::Write;
use std::sync::{Arc, Mutex};

use clockhand::outcome::outcome;
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::Options;
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::results::{Run, TraceFacts};
use clockhand::trace::{Label, Operation, ReadOptions, Record, RecordSink, read_from};

/// A file in memory that can be written to and read from.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    /// What was written so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The program of an event script.
pub fn program_of_script(text: &str) -> Arc<Program> {
    let mut resolver = Resolver::new(ResolveOptions::default());
    read_from("script", Box::new(std::io::Cursor::new(text.to_owned())), &ReadOptions::default(), &mut resolver)
        .unwrap();
    Arc::new(resolver.finish())
}

/// The program of one process with one segment that refers to these pages; true writes.
pub fn program_of(references: &[(u64, bool)]) -> Arc<Program> {
    let mut resolver = Resolver::new(ResolveOptions::default());
    resolver.label(&Label::Number(0));
    let pages = references.iter().map(|&(page, _)| page + 1).max().unwrap_or(1);
    let mut record = |operation, page| {
        resolver.record(&Record { time: 0, process: 1, operation, segment: 0, page }).unwrap();
    };
    record(Operation::Create, pages);
    record(Operation::Attach, pages);
    for &(page, write) in references {
        record(if write { Operation::Write } else { Operation::Read }, page);
    }
    Arc::new(resolver.finish())
}

/// The program of one process that reads these pages.
pub fn program_of_reads(pages: &[u64]) -> Arc<Program> {
    program_of(&pages.iter().map(|&page| (page, false)).collect::<Vec<_>>())
}

/// Replays a program under a policy as typed.
pub fn run(program: &Arc<Program>, policy: &str, options: &Options) -> Run {
    let policy: PolicySpec = policy.parse().unwrap();
    let mut replay = policy.start(program, options).unwrap();
    replay.run(&|| true);
    replay.kernel().verify();
    outcome(&*replay, "test", &policy, options)
}

/// The facts of a trace that nothing is known of.
pub fn no_facts() -> TraceFacts {
    let text = || String::new();
    TraceFacts {
        name: text(),
        path: text(),
        format: text(),
        compression: None,
        sha256: text(),
        content: None,
        references: 0,
        writes: 0,
        footprint: 0,
        segments: 0,
        processes: 0,
        skipped: 0,
        page_size: 4096,
        fidelity: Vec::new(),
        access_map: None,
    }
}

/// Faults that need a frame, for a policy as typed with so many frames.
pub fn faults(program: &Arc<Program>, policy: &str, frames: u64) -> u64 {
    let row = run(program, policy, &Options::new(frames)).row;
    assert_eq!(row.out_of_memory, 0, "{policy} with {frames} frames");
    row.zero_faults + row.swap_ins
}

/// A small generator of random numbers (splitmix64), for worlds that do not depend on any crate's version.
pub struct Draw(pub u64);

impl Draw {
    /// A number below a limit, which is not 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % limit
    }

    /// A reference string with some locality: hot pages, scans and loops over so many pages.
    pub fn references(&mut self, length: usize, pages: u64) -> Vec<(u64, bool)> {
        let mut references = Vec::with_capacity(length);
        while references.len() < length {
            let (kind, start, run) = (self.below(4), self.below(pages), 1 + self.below(12));
            for step in 0..run {
                let page = match kind {
                    0 => self.below(pages),
                    1 => (start + step) % pages,
                    2 => self.below(pages).min(self.below(pages)).min(self.below(pages)),
                    _ => start,
                };
                references.push((page, self.below(3) == 0));
            }
        }
        references.truncate(length);
        references
    }
}
