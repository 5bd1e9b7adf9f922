//! Estimates from samples of a trace's pages, for traces that are too large to be replayed whole.
//!
//! A sample has all references to a part of the pages, chosen by a hash of segment and index, and all changes; it is replayed
//! in the same part of the memory, and what is counted is scaled up (SHARDS, Waldspurger and others, FAST 2015; miniature
//! simulation, the same, ATC 2017). Several samples are taken, chosen independently: how far they differ tells how far
//! their mean is to be trusted. `sampler` chooses and gathers while the trace is read, so a reference that is in no sample
//! takes no memory; [`rate`] is what users type. An estimate is never given for a result: its trace has another name, another
//! fingerprint, and facts that say so.

pub mod estimate;
pub mod rate;
pub(crate) mod sampler;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use crate::fingerprint::fingerprint;
use crate::outcome::outcome;
use crate::policy::registry::PolicySpec;
use crate::program::{Program, Segment};
use crate::replay::Options;
use crate::results::Run;
use crate::trace::SwapArea;
pub use rate::SampleRate;

/// Samples of a trace.
pub const SAMPLES: usize = 5;

/// The fewest frames of a sample: with fewer the kernel's first scan, over a 64th of what is in memory, has nothing to do.
pub const FEWEST_FRAMES: u64 = 64;

/// With fewer pages in a sample than this, samples differ by more than policies do: the hot pages are too few for chance to be
/// even-handed. Five samples of 130 to 2,500 pages of the bundled traces were wrong by up to 17 % together, with intervals of
/// up to 27 %, and one alone by up to 25 times where memory is some frames; of 2,500 and more pages by Zipf's law, by up to 4 %.
pub const FEWEST_PAGES: u64 = 2_500;

/// How samples are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleOptions {
    /// The part of the pages.
    pub rate: SampleRate,
    /// The seed of the hash.
    pub seed: u64,
}

/// What results say of the samples that they were estimated from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleFacts {
    /// The part of the pages that was asked for.
    pub rate: f64,
    /// The pages of each sample.
    pub pages: Vec<u64>,
    /// The references of each sample.
    pub references: Vec<u64>,
}

impl SampleFacts {
    /// Whether the samples are too small to be of use.
    pub fn too_small(&self) -> bool {
        self.fewest_pages() < FEWEST_PAGES
    }

    /// The pages of the smallest sample.
    pub fn fewest_pages(&self) -> u64 {
        self.pages.iter().copied().min().unwrap_or(0)
    }
}

/// What is known of the whole trace.
#[derive(Clone, Debug)]
pub struct Whole {
    /// References.
    pub references: u64,
    /// References that write.
    pub writes: u64,
    /// Distinct pages referenced.
    pub footprint: u64,
    /// The segments with all of their touched pages.
    pub segments: Vec<Segment>,
}

/// The samples of a trace, ready for replay.
#[derive(Clone, Debug)]
pub struct Samples {
    /// How they were taken.
    pub options: SampleOptions,
    /// The trace.
    pub whole: Whole,
    /// Each of them.
    pub programs: Vec<Arc<Program>>,
}

impl Samples {
    /// What results say of them.
    pub fn facts(&self) -> SampleFacts {
        SampleFacts {
            rate: self.options.rate.get(),
            pages: self.programs.iter().map(|program| program.footprint().into()).collect(),
            references: self.programs.iter().map(|program| program.references.len()).collect(),
        }
    }

    /// The fingerprint of the samples, which is that of no trace.
    pub fn content(&self) -> String {
        let mut hash = Xxh3Default::new();
        hash.update(format!("{:?} {} {}", self.options, self.whole.references, self.whole.footprint).as_bytes());
        self.programs.iter().for_each(|program| hash.update(fingerprint(program).as_bytes()));
        format!("{:032x}", hash.digest128())
    }

    /// The part of the pages that is in a sample.
    fn share(&self, program: &Program) -> f64 {
        f64::from(program.footprint()) / self.whole.footprint.max(1) as f64
    }

    /// The frames that so much memory is in the sample that has fewest, at least 1.
    pub fn fewest_frames(&self, frames: u64) -> u64 {
        let scaled = self.programs.iter().map(|program| scaled(frames, self.share(program)));
        scaled.min().unwrap_or(1)
    }

    /// Replays every sample, and estimates what a replay of the whole trace would give; none when it was told to stop.
    ///
    /// # Errors
    /// When the policy can't run with these arguments.
    pub fn run(
        &self,
        trace: &str,
        policy: &PolicySpec,
        options: &Options,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Run>, String> {
        let mut runs = Vec::with_capacity(self.programs.len());
        for program in &self.programs {
            if !go_on() {
                return Ok(None);
            }
            let share = self.share(program);
            let swap = options.swap.as_ref().map(|areas| areas.iter().map(|&area| scaled_area(area, share)).collect());
            let small = Options { frames: scaled(options.frames, share), swap, ..options.clone() };
            let mut replay = policy.start(program, &small)?;
            if !replay.run(&|| go_on()) {
                return Ok(None);
            }
            runs.push((outcome(&*replay, trace, policy, &small), Arc::clone(program)));
        }
        Ok(Some(estimate::of(&self.whole, &runs, options.frames)))
    }
}

/// So much of a number, at least 1.
fn scaled(number: u64, share: f64) -> u64 {
    ((number as f64 * share).round() as u64).max(1)
}

fn scaled_area(area: SwapArea, share: f64) -> SwapArea {
    SwapArea { slots: if area.slots == 0 { 0 } else { scaled(area.slots.into(), share) as u32 }, ..area }
}
