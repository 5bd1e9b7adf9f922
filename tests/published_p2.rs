//! Published figures of slru, 2q, lru-2 and arc. There are none here for mq and car.
//!
//! Traces that others have made are not part of the repository: the tests read them from the folder that
//! `CLOCKHAND_TRACES` names, and are skipped when it names none.

mod common;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use clockhand::program::Program;
use common::{Draw, faults, program_of_reads};

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
fn arc_on_glimpse_has_the_published_hit_ratios() {
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

/// Two pools that are referenced in turns, a page of 100 and one of 10,000, each drawn evenly: the hit ratios of the last
/// part of a long string, by frames, for lru and lru-2, from table 4.1 of the paper on LRU-K.
#[test]
fn lru_2_on_two_pools_has_the_hit_ratios_of_its_paper() {
    let mut draw = Draw(1993);
    let pages: Vec<u64> =
        (0..300_000).map(|turn| if turn % 2 == 0 { draw.below(100) } else { 100 + draw.below(10_000) }).collect();
    let (start, whole) = (program_of_reads(&pages[..100_000]), program_of_reads(&pages));
    for (frames, lru, lru_2) in [(60, 0.14, 0.291), (100, 0.22, 0.459), (140, 0.29, 0.502), (200, 0.37, 0.505)] {
        for (policy, published) in [("lru", lru), ("lru-2:history=10100", lru_2)] {
            let misses = faults(&whole, policy, frames) - faults(&start, policy, frames);
            let hits = 1.0 - misses as f64 / 200_000.0;
            assert!((hits - published).abs() < 0.006, "{policy}, {frames} frames: {hits:.4}, published {published}");
        }
    }
}
