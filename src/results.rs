//! What a replay puts out: one flat [`Row`] for each (trace, policy, parameters, frames), and beside it what does not fit
//! a row. Table, csv, json and charts are all made from these and from nothing else; nothing is computed there.

use serde::{Deserialize, Serialize};

/// The counts of one run. The names and their order are those of `results.csv`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The name of the trace: its file name without folder and endings.
    pub trace: String,
    /// The name of the policy.
    pub policy: String,
    /// Its parameters as `key=value`, joined with `;`; empty where it has none.
    pub params: String,
    /// What the policy may know: `bits`, `refs` or `future`.
    pub sight: String,
    /// Frames of memory.
    pub frames: u64,
    /// References replayed.
    pub references: u64,
    /// References to a page present in the process's page table (R11).
    pub hits: u64,
    /// References to a resident page that the process's table did not have (R12).
    pub minor_faults: u64,
    /// First touches (R13).
    pub zero_faults: u64,
    /// Pages brought back from swap (R14).
    pub swap_ins: u64,
    /// Pages written to swap: the headline number.
    pub swap_outs: u64,
    /// Those of them that were written to since they last came in.
    pub dirty_swap_outs: u64,
    /// Page-table entries replaced by a swapped-out entry, of victims and others.
    pub ptes_invalidated: u64,
    /// Those of them that were taken from a page that stayed in memory.
    pub wasted_invalidations: u64,
    /// Pages examined in search of a victim (the kernel's `swap_attempts`).
    pub swap_attempts: u64,
    /// Scans that began and found no victim (R27).
    pub failed_scans: u64,
    /// References abandoned because no frame could be had (R37).
    pub out_of_memory: u64,
    /// Jain's index over segments of swap-outs per resident page, from 1/segments to 1, which is even; none where nothing
    /// was swapped out.
    pub fairness: Option<f64>,
}

/// The figures of one segment in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentFigures {
    /// Its name.
    pub segment: String,
    /// Its size in pages.
    pub pages: u64,
    /// Pages referenced at least once.
    pub touched: u64,
    /// Minor faults on its pages.
    pub minor_faults: u64,
    /// First touches of its pages.
    pub zero_faults: u64,
    /// Swap-ins of its pages.
    pub swap_ins: u64,
    /// Swap-outs of its pages.
    pub swap_outs: u64,
    /// Dirty swap-outs of its pages.
    pub dirty_swap_outs: u64,
    /// Its resident pages, averaged over the references of the run.
    pub mean_resident: f64,
}

/// The distribution of a quantity: how often it was recorded, and the values at fixed percentiles (hdrhistogram, three
/// significant figures).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Values recorded.
    pub count: u64,
    /// The smallest.
    pub min: u64,
    /// The mean.
    pub mean: f64,
    /// Half of the values are at most this.
    pub p50: u64,
    /// 90 % are at most this.
    pub p90: u64,
    /// 99 % are at most this.
    pub p99: u64,
    /// 99.9 % are at most this.
    pub p999: u64,
    /// The largest.
    pub max: u64,
    /// The values at [`Percentiles::QUANTILES`]; empty, and not written, for a distribution of which no curve is drawn, and
    /// where nothing was recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curve: Vec<u64>,
}

impl Percentiles {
    /// The parts of the values, smallest first, whose largest is kept in [`Percentiles::curve`]: about evenly spaced by the
    /// logarithm of what is left above them, which is how a long tail is drawn.
    pub const QUANTILES: [f64; 25] = [
        0.0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.998,
        0.999, 0.9993, 0.9995, 0.9998, 0.9999, 1.0,
    ];
}

/// The three distributions kept for each run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Distributions {
    /// Pages examined for each swap-out, failed scans of the same reclaim included.
    pub attempts_per_swap_out: Percentiles,
    /// Entries taken for each swap-out, those of other pages of the same reclaim included.
    pub entries_per_swap_out: Percentiles,
    /// References from a swap-out to the swap-in of the same page, for pages that came back.
    pub references_to_next_use: Percentiles,
}

/// All that one replay puts out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The counts.
    #[serde(flatten)]
    pub row: Row,
    /// What happened in each segment, in order of creation; those without a touched page are left out.
    pub segments: Vec<SegmentFigures>,
    /// The distributions.
    pub distributions: Distributions,
    /// Which of several results it is from, a name in [`Results::sources`], where another of them has a different run of this
    /// trace, policy and parameters. None, and not written, everywhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// One of several results that were put together by `clockhand report`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFacts {
    /// What its runs and traces are told apart by.
    pub name: String,
    /// The file, as the user typed it.
    pub path: String,
    /// The version of clockhand that made it.
    pub version: String,
    /// The command's arguments.
    pub arguments: Vec<String>,
    /// The seed.
    pub seed: u64,
}

/// Where a trace comes from and what is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceFacts {
    /// The name used in the rows.
    pub name: String,
    /// What the user typed, or `built in`.
    pub path: String,
    /// The format's name in the registry.
    pub format: String,
    /// `gz` or `zst` where the file was compressed.
    pub compression: Option<String>,
    /// SHA-256 of the file as it is on disk, in hexadecimal.
    pub sha256: String,
    /// What was read from it, whatever file it was in: [`crate::fingerprint`]. None where it was not asked for.
    #[serde(default)]
    pub content: Option<String>,
    /// References.
    pub references: u64,
    /// References that write.
    pub writes: u64,
    /// Distinct pages referenced.
    pub footprint: u64,
    /// Segments.
    pub segments: u64,
    /// Processes.
    pub processes: u64,
    /// Records left out with `--lenient`.
    pub skipped: u64,
    /// Bytes of a page.
    pub page_size: u64,
    /// What the trace does not tell of the program it was taken from, in the words of [`crate::trace::Fidelity`].
    pub fidelity: Vec<String>,
}

/// What part of a comparison results are of: those of `compare --shard K/N`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardFacts {
    /// Its number, from 1.
    pub number: u32,
    /// How many shards there are.
    pub of: u32,
    /// The hash of the whole, [`crate::matrix::Matrix::hash`].
    pub matrix: String,
    /// Runs of the whole.
    pub runs: u64,
    /// The place of each run of this part in the whole, ascending from 0.
    pub places: Vec<u64>,
}

/// The whole outcome of `compare` or `replay`, and what it was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The version of this schema, [`Results::SCHEMA`].
    pub schema: u32,
    /// The version of clockhand.
    pub version: String,
    /// The command's arguments, without those that can't change a result.
    pub arguments: Vec<String>,
    /// The seed.
    pub seed: u64,
    /// The part that this is of a larger whole; `clockhand merge` joins the parts. None, and not written, for the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardFacts>,
    /// The results that these were put together from. Empty, and not written, where they were replayed at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceFacts>,
    /// The traces, in the order of the command line.
    pub traces: Vec<TraceFacts>,
    /// The runs, ordered by trace, policy and parameters as given, and frames ascending.
    pub runs: Vec<Run>,
}

impl Results {
    /// The version of the schema of `results.json`; raised whenever a field changes its meaning or goes away.
    pub const SCHEMA: u32 = 1;
}
