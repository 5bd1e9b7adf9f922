//! What a replay puts out: one flat [`Row`] for each (trace, policy, parameters, frames), and beside it what does not fit
//! a row. Table, csv, json and charts are all made from these and from nothing else; nothing is computed there.

use serde::{Deserialize, Serialize};

use crate::sampling::SampleFacts;
use crate::sampling::estimate::Estimate;

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

/// A line of `curves.csv`: the counts of one point of a curve, which are those of [`Row`] under the same names, in the same
/// order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurveRow<'a> {
    /// The name of the trace.
    pub trace: &'a str,
    /// The name of the policy.
    pub policy: &'a str,
    /// Its parameters.
    pub params: &'a str,
    /// Frames of memory.
    pub frames: u64,
    /// References replayed.
    pub references: u64,
    /// References to a resident page that the process's table did not have (R12).
    pub minor_faults: u64,
    /// First touches (R13).
    pub zero_faults: u64,
    /// Pages brought back from swap (R14).
    pub swap_ins: u64,
    /// Pages written to swap.
    pub swap_outs: u64,
    /// Those of them that were written to since they last came in.
    pub dirty_swap_outs: u64,
    /// References for which no frame could be had (R37); none where a curve is made in one pass.
    pub out_of_memory: u64,
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
    /// The parts of the values, smallest first, whose largest is kept in [`Percentiles::curve`]: from 0.5 on about evenly spaced
    /// by the logarithm of what is left above them, which is how a long tail is drawn. 0 and 1 are the smallest and the largest
    /// value.
    pub const QUANTILES: [f64; 25] = [
        0.0, 0.01, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.985, 0.99, 0.995,
        0.998, 0.999, 0.9995, 0.9998, 0.9999, 1.0,
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
    /// The distributions; empty where the counts are estimates.
    pub distributions: Distributions,
    /// How far the counts are to be trusted where they are estimates from samples (`--sample`). None, and not written, for
    /// what was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// How it went over time, for few runs of a comparison: [`crate::timeline::choose`] says for which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
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
    /// The samples that its runs were estimated from; references and footprint are those of the whole trace. None, and not
    /// written, where it was replayed whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<SampleFacts>,
    /// When each part of its pages was referenced; what `compare` adds when the runs are over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_map: Option<AccessMap>,
}

/// When each part of a trace's pages was referenced: time is cut into windows of references, and the pages into bins on the
/// axis of [`crate::timeline::page_axis`], which has the segment table's slots one above the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessMap {
    /// References in a window; the last may have fewer. At most 240 windows.
    pub window: u64,
    /// The parts of the axis, from slot 0 up.
    pub bands: Vec<PageBand>,
    /// For each bin from slot 0 up: its references in each window.
    pub references: Vec<Vec<u64>>,
}

/// A part of the axis of pages: one slot of the segment table, or several small ones that are neighbours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageBand {
    /// The first slot (`swap_id`).
    pub slot: u32,
    /// Slots that ever hold a touched page.
    pub slots: u32,
    /// Segments with a touched page, at the same time or one after the other.
    pub segments: u64,
    /// The name of the segment where there is but one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// Its height in pages: for each slot the touched pages of the largest segment that it ever has, added up. At least 1.
    pub pages: u64,
    /// Bins that its pages are counted in, at least 1: page n of the band, from 0, is in bin n * bins / pages of it.
    pub bins: u64,
}

/// How a run went: what was counted in each window, and how things stood at its end. All lists but that of the places have
/// one number for each window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// References in a window, as in [`AccessMap::window`].
    pub window: u64,
    /// Swap-outs in the window.
    pub swap_outs: Vec<u64>,
    /// Minor faults in the window.
    pub minor_faults: Vec<u64>,
    /// First touches in the window.
    pub zero_faults: Vec<u64>,
    /// Swap-ins in the window.
    pub swap_ins: Vec<u64>,
    /// Scans of the window that found no victim.
    pub failed_scans: Vec<u64>,
    /// For each of the [`AccessMap::bands`]: its resident pages at the end of the window.
    pub resident: Vec<Vec<u64>>,
    /// Where the hands were, for policies that have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hands: Option<Hands>,
    /// Windows in a period.
    pub period: u64,
    /// For each bin as in [`AccessMap::references`]: swap-outs of its pages in each period.
    pub swap_outs_by_page: Vec<Vec<u64>>,
}

/// Where the two hands of the clock were at the end of each window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hands {
    /// The slot of the segment table.
    pub swap_id: Vec<u32>,
    /// The index of the next page in the segment there.
    pub swap_idx: Vec<u64>,
    /// How often they had begun again at slot 0.
    pub laps: Vec<u64>,
    /// The same place as pages of the axis below it: from 0 to the sum of [`PageBand::pages`].
    pub page: Vec<u64>,
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
