//! The published figures of LIRS, CLOCK-Pro, SIEVE and S3-FIFO, on traces that are not part of the repository: the folder
//! with them is named by `CLOCKHAND_TRACES`. Without it these tests say so and pass.

mod common;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use clockhand::program::Program;
use common::{faults, program_of_reads};

/// A trace of the LIRS authors: one block number a line; none when there is no folder of traces.
fn blocks(name: &str) -> Option<Vec<u64>> {
    let Some(folder) = std::env::var_os("CLOCKHAND_TRACES") else {
        eprintln!("skipped: CLOCKHAND_TRACES names no folder of traces");
        return None;
    };
    let file = std::fs::File::open(PathBuf::from(folder).join(format!("{name}.trace.gz"))).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "*");
    Some(lines.map(|line| line.parse().unwrap()).collect())
}

fn program(name: &str) -> Option<Arc<Program>> {
    blocks(name).map(|blocks| program_of_reads(&blocks))
}

const FRAMES: [u64; 4] = [100, 200, 500, 1000];

/// Misses by the authors' own programs: trace, CLOCK-Pro with 5 % cold pages, LIRS.
const LIRS_SET: [(&str, [u64; 4], [u64; 4]); 5] = [
    ("cs", [6336, 5954, 4873, 2903], [6300, 5899, 4717, 2744]),
    ("multi1", [9003, 8235, 7049, 5151], [8841, 8251, 7033, 5011]),
    ("multi2", [19317, 17594, 13280, 11389], [17952, 15909, 12930, 11012]),
    ("sprite", [96492, 71923, 31061, 15534], [100_368, 74048, 32209, 16589]),
    ("2_pools", [53787, 49638, 48078, 45665], [55111, 49599, 48043, 45608]),
];

#[test]
fn lirs_has_the_misses_of_its_authors_program() {
    for (name, _, misses) in LIRS_SET {
        let Some(program) = program(name) else { return };
        assert_eq!(FRAMES.map(|frames| faults(&program, "lirs", frames)), misses, "{name}");
    }
}

/// That program passes over a reference to the block that was referenced just before. Accessed bits can't tell, so such
/// repeats are left out of the trace; all of them are hits.
#[test]
fn clock_pro_has_the_misses_of_its_authors_program() {
    for (name, misses, _) in LIRS_SET {
        let Some(mut blocks) = blocks(name) else { return };
        blocks.dedup();
        let program = program_of_reads(&blocks);
        assert_eq!(FRAMES.map(|frames| faults(&program, "clock-pro:cold=5%", frames)), misses, "{name}");
    }
}

/// Miss ratios by libCacheSim 0.3.5 at 200, 1000 and 3000 frames.
#[test]
fn sieve_and_s3_fifo_have_the_miss_ratios_of_libcachesim() {
    let Some(program) = program("sprite") else { return };
    let references = program.references.len() as f64;
    for (policy, ratios) in [("sieve", [0.5758, 0.1303, 0.0701]), ("s3-fifo", [0.5338, 0.1069, 0.0642])] {
        for (frames, expected) in [200, 1000, 3000].into_iter().zip(ratios) {
            let ratio = faults(&program, policy, frames) as f64 / references;
            assert!((ratio - expected).abs() <= 0.000_051, "{policy}, {frames} frames: {ratio}, published {expected}");
        }
    }
}
