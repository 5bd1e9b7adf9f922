//! What replays are measured with and against: programs that are generated, and the yardstick.

// Every bench compiles this room for itself and none uses all of it.
#![allow(dead_code)]

use std::sync::Arc;

use clockhand::program::{Program, References};
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::trace::{Label, Operation, Record, RecordSink};
use clockhand::workload::{Size, Tuning, Workload, pattern};

/// References by Zipf's law with an exponent, over a million pages that all of so many processes share.
pub fn zipf(references: u64, processes: u32, skew: f64) -> Arc<Program> {
    let size = Size { pages: 1_000_000, processes, segments: None };
    let tuning = Tuning { skew: Some(skew), ..Tuning::NONE };
    let zipf = pattern("zipf").expect("a pattern of the list");
    let workload = Workload::new(zipf, references, &size, &tuning, 1).expect("the numbers are in range");
    let mut resolver = Resolver::new(ResolveOptions::default());
    workload.generate(&mut resolver).expect("what is made is legal");
    Arc::new(resolver.finish())
}

/// References as those of a sorting program are: of a hundred, 58 go to the page of the one before and 28 to that of the one
/// before that, since code and data take turns; the others go back to pages the less likely the longer they were not used.
pub fn program_like(references: u64) -> Arc<Program> {
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
    for _ in 0..references {
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

/// The states of a page of the yardstick.
const ABSENT: u8 = 0;
const PRESENT: u8 = 1;
const REFERENCED: u8 = 3;

/// The yardstick: a minimal clock of one process, a byte a page and a ring, that counts faults and nothing else.
pub fn yardstick(program: &Program, frames: usize) -> u64 {
    let References::Narrow(words) = &program.references else { return 0 };
    let shift = program.packing.column_bits + 1;
    let (mut states, mut ring) = (vec![ABSENT; program.footprint() as usize], Vec::with_capacity(frames));
    let (mut hand, mut faults) = (0, 0);
    for &word in words {
        let page = word >> shift;
        if states[page as usize] == ABSENT {
            faults += 1;
            if ring.len() < frames {
                ring.push(page);
            } else {
                while states[ring[hand] as usize] == REFERENCED {
                    states[ring[hand] as usize] = PRESENT;
                    hand = (hand + 1) % frames;
                }
                states[ring[hand] as usize] = ABSENT;
                ring[hand] = page;
                hand = (hand + 1) % frames;
            }
        }
        states[page as usize] = REFERENCED;
    }
    faults
}
