//! Plausible results out of a seed: smooth falling curves, policies that differ by some per cent, a bound below them.

use clockhand::results::{Distributions, Percentiles, Results, Row, Run, SegmentFigures, TraceFacts};

/// The policies of the program in their order, with their sights.
pub const POLICIES: [(&str, &str, &str); 26] = [
    ("linux-2.0", "", "bits"),
    ("sweep", "", "bits"),
    ("clock", "", "bits"),
    ("lru", "", "refs"),
    ("arc", "", "refs"),
    ("fair-clock", "", "bits"),
    ("opt", "", "future"),
    ("fifo", "", "bits"),
    ("random", "seed=7", "bits"),
    ("clock", "ref-on-load=0", "bits"),
    ("gclock", "max=5", "refs"),
    ("lfu", "", "refs"),
    ("nru", "period=1000", "bits"),
    ("aging", "", "bits"),
    ("wsclock", "tau=5000", "bits"),
    ("two-list", "", "bits"),
    ("mglru", "min-gens=2;max-gens=4", "bits"),
    ("slru", "segments=4", "refs"),
    ("2q", "", "refs"),
    ("lru-2", "", "refs"),
    ("car", "", "bits"),
    ("lirs", "", "refs"),
    ("clock-pro", "cold=adaptive", "bits"),
    ("sieve", "", "bits"),
    ("s3-fifo", "", "refs"),
    ("cflru", "", "refs"),
];

/// What to make up.
#[derive(Clone, Debug)]
pub struct Trial {
    pub seed: u64,
    pub trace: String,
    /// The first of [`POLICIES`].
    pub policies: usize,
    pub sizes: Vec<u64>,
    pub footprint: u64,
    pub references: u64,
    /// How far policies are apart: 0 makes all equal.
    pub difference: f64,
    /// How steeply swap-outs fall with memory.
    pub steepness: f64,
    /// One run in so many ran out of memory; 0 for none.
    pub out_of_memory: u64,
    pub segments: u64,
}

impl Default for Trial {
    fn default() -> Self {
        Self {
            seed: 1,
            trace: "pg-tpcb-exact".to_owned(),
            policies: 7,
            sizes: clockhand::frames::FramesSpec::auto().resolve(24_576, 4096).unwrap(),
            footprint: 24_576,
            references: 12_000_000,
            difference: 0.25,
            steepness: 2.0,
            out_of_memory: 0,
            segments: 3,
        }
    }
}

/// A number from 0 to 1 out of the seed and two others (`SplitMix64`).
fn noise(seed: u64, a: u64, b: u64) -> f64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ a.wrapping_mul(0xbf58_476d_1ce4_e5b9)
        ^ b.wrapping_mul(0x94d0_49bb_1331_11eb);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

impl Trial {
    /// The results of this trace alone.
    pub fn results(&self) -> Results {
        let mut results = Results {
            schema: Results::SCHEMA,
            version: "0.1.0".to_owned(),
            arguments: vec!["compare".to_owned()],
            seed: self.seed,
            shard: None,
            sources: Vec::new(),
            traces: Vec::new(),
            runs: Vec::new(),
        };
        self.add_to(&mut results);
        results
    }

    /// Adds this trace to others.
    pub fn add_to(&self, results: &mut Results) {
        results.traces.push(TraceFacts {
            name: self.trace.clone(),
            path: format!("traces/{}.cht", self.trace),
            format: "cht".to_owned(),
            compression: Some("zst".to_owned()),
            sha256: "00".repeat(32),
            content: None,
            references: self.references,
            writes: self.references / 3,
            footprint: self.footprint,
            segments: self.segments,
            processes: 12,
            skipped: 0,
            page_size: 4096,
            fidelity: Vec::new(),
            sample: None,
            access_map: None,
        });
        for policy in 0..self.policies {
            results.runs.extend(self.sizes.iter().map(|&frames| self.run(policy, frames)));
        }
    }

    fn swap_outs(&self, policy: usize, frames: u64) -> u64 {
        let share = frames as f64 / self.footprint as f64;
        if share >= 1.0 {
            return 0;
        }
        let fall = (1.0 - share).powf(0.7) / (1.0 + 60.0 * share).powf(self.steepness);
        let id = policy as u64;
        let better = match POLICIES[policy].2 {
            "future" => 0.45,
            _ if policy == 0 => 1.0,
            _ => 1.0 + self.difference * (2.0 * noise(self.seed, id, 0) - 1.0),
        };
        let sway = (3.0 * share.ln() * noise(self.seed, id, 1) + 6.0 * noise(self.seed, id, 2)).sin();
        let factor = better * (1.0 + 0.3 * self.difference * sway * (1.0 - share));
        (self.references as f64 * 0.4 * fall * factor).round() as u64
    }

    fn run(&self, policy: usize, frames: u64) -> Run {
        let (name, params, sight) = POLICIES[policy];
        let swap_outs = self.swap_outs(policy, frames);
        let starved = self.out_of_memory > 0 && (frames + policy as u64).is_multiple_of(self.out_of_memory);
        let minor_faults = swap_outs / 7;
        let row = Row {
            trace: self.trace.clone(),
            policy: name.to_owned(),
            params: params.to_owned(),
            sight: sight.to_owned(),
            frames,
            references: self.references,
            hits: self.references.saturating_sub(swap_outs + minor_faults + self.footprint),
            minor_faults,
            zero_faults: self.footprint,
            swap_ins: swap_outs,
            swap_outs,
            dirty_swap_outs: swap_outs / 3,
            ptes_invalidated: swap_outs * 3,
            wasted_invalidations: swap_outs / 2,
            swap_attempts: swap_outs * 9,
            failed_scans: 0,
            out_of_memory: u64::from(starved) * 41,
            fairness: (swap_outs > 0).then(|| 0.3 + 0.7 * noise(self.seed, policy as u64, frames)),
        };
        Run {
            segments: self.segments_of(&row),
            distributions: distributions(&row),
            source: None,
            estimate: None,
            timeline: None,
            row,
        }
    }

    /// Three segments are alike; more are not.
    fn segments_of(&self, row: &Row) -> Vec<SegmentFigures> {
        let all = self.segments;
        let part = |of: u64, index: u64| of / all + u64::from(index == 0) * (of % all);
        let sway = |index: u64| if all == 3 { 1.0 } else { 0.2 + 1.6 * noise(self.seed, index, row.frames) };
        let segment = |index: u64| SegmentFigures {
            segment: format!("s{index}"),
            pages: self.footprint,
            touched: part(self.footprint, index),
            minor_faults: part(row.minor_faults, index),
            zero_faults: part(row.zero_faults, index),
            swap_ins: part(row.swap_ins, index),
            swap_outs: part(row.swap_outs, index),
            dirty_swap_outs: part(row.dirty_swap_outs, index),
            mean_resident: row.frames as f64 / (all as f64 + 0.1) * sway(index),
        };
        (0..all).map(segment).collect()
    }
}

fn distributions(row: &Row) -> Distributions {
    let curve = |middle: u64| {
        let factors = [1, 1, 2, 3, 3, 4, 5, 6, 7, 9, 10, 12, 14, 16, 18, 27, 29, 33, 50, 60, 66, 70, 80, 90, 93];
        if row.swap_outs > 0 { factors.map(|factor| factor * middle / 3).to_vec() } else { Vec::new() }
    };
    let spread = |count: u64, middle: u64| Percentiles {
        count,
        min: 1,
        mean: middle as f64 * 1.3,
        p50: middle,
        p90: middle * 3,
        p99: middle * 9,
        p999: middle * 20,
        max: middle * 31,
        curve: curve(middle),
    };
    Distributions {
        attempts_per_swap_out: spread(row.swap_outs, 7),
        entries_per_swap_out: spread(row.swap_outs, 2),
        references_to_next_use: spread(row.swap_ins, 4321),
    }
}
