//! Published figures of slru, 2q, lru-2, mq, arc and car, on traces that others have made.
//!
//! The traces are not part of the repository: the tests read them from the folder that `CLOCKHAND_TRACES` names, and are
//! skipped when it names none.

mod common;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use clockhand::program::Program;
use clockhand::replay::Options;
use common::{Draw, faults, program_of_reads, run};

/// A trace of block numbers, one a line; lines with a star and blank lines do not count.
fn trace(name: &str) -> Option<Arc<Program>> {
    let Some(folder) = std::env::var_os("CLOCKHAND_TRACES") else {
        eprintln!("skipped: CLOCKHAND_TRACES names no folder with {name}.trace.gz");
        return None;
    };
    let path = PathBuf::from(folder).join(format!("{name}.trace.gz"));
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.contains('*'));
    Some(program_of_reads(&lines.map(|line| line.parse().unwrap()).collect::<Vec<_>>()))
}

fn miss_ratio(program: &Arc<Program>, policy: &str, frames: u64) -> f64 {
    faults(program, policy, frames) as f64 / program.references.len() as f64
}

#[test]
fn arc_on_glimpse_has_the_hit_ratios_of_the_paper_on_lirs() {
    let Some(gli) = trace("gli") else { return };
    assert_eq!((gli.references.len(), gli.footprint()), (6015, 2529));
    let percents = [1.38, 1.38, 1.41, 21.30, 34.43, 50.44, 55.06, 57.41];
    for (frames, percent) in (250..=2000).step_by(250).zip(percents) {
        let hits = 100.0 * (1.0 - miss_ratio(&gli, "arc", frames));
        assert!((hits - percent).abs() < 0.005_001, "{frames} frames: {hits:.4} %, published {percent} %");
    }
}

#[test]
fn slru_and_2q_on_sprite_have_the_miss_ratios_of_libcachesim() {
    let Some(sprite) = trace("sprite") else { return };
    assert_eq!((sprite.references.len(), sprite.footprint()), (133_996, 7075));
    for (policy, published) in [("slru:segments=4", [0.5341, 0.1017, 0.0615]), ("2q", [0.5427, 0.1037, 0.0648])] {
        for (frames, published) in [200, 1000, 3000].into_iter().zip(published) {
            let ratio = miss_ratio(&sprite, policy, frames);
            assert!(
                (ratio - published).abs() < 0.000_1,
                "{policy}, {frames} frames: {ratio:.6}, published {published}"
            );
        }
    }
}

#[test]
#[ignore = "prints"]
fn explore() {
    let Some(sprite) = trace("sprite") else { return };
    for frames in [200, 1000, 3000] {
        for policy in [
            "lru",
            "clock:ref-on-load=0",
            "slru",
            "slru:segments=4",
            "2q",
            "lru-2:history=1x",
            "lru-2:history=2x",
            "lru-2:history=4x",
            "lru-2:history=8x",
            "mq:lifetime=1x",
            "mq:lifetime=2x",
            "mq:lifetime=4x",
            "mq:lifetime=8x",
            "mq:lifetime=16x",
            "arc",
            "car",
        ] {
            println!("{frames} {policy} {:.6}", miss_ratio(&sprite, policy, frames));
        }
    }
    for name in ["cs", "multi1", "multi2", "gli", "2_pools"] {
        let Some(program) = trace(name) else { return };
        for frames in [200, 500, 1000] {
            for policy in [
                "lru",
                "mq:lifetime=1x",
                "mq:lifetime=2x",
                "mq:lifetime=4x",
                "mq:lifetime=8x",
                "lru-2:history=1x",
                "lru-2:history=2x",
                "lru-2:history=4x",
                "arc",
                "car",
            ] {
                println!("{name} {frames} {policy} {:.6}", miss_ratio(&program, policy, frames));
            }
        }
    }
    let _ = (Draw(0), run(&sprite, "lru", &Options::new(1)));
}
