//! Results in the shape people look at: for each trace its memory sizes and, for each policy, its run at each size.
//! Tables and charts are both made from this; nothing is formatted here.

use std::collections::BTreeMap;

use crate::policy::{Sight, registry};
use crate::results::{Results, Row, Run, TraceFacts};

/// The policy everything is measured against.
pub const REFERENCE: &str = "linux-2.0";

/// What many swap-outs per 1000 references are: with fewer, memory suffices for most purposes.
pub const TELLING: f64 = 1.0;
/// A distribution over fewer swap-outs than this says little.
pub const ENOUGH: u64 = 100;

/// The runs of one policy with one set of parameters on one trace.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// The policy, with those of its parameters that do not have their default: `clock:ref-on-load=0`; in square brackets
    /// the results it is from where several differ.
    pub label: String,
    /// The policy's name alone.
    pub policy: &'a str,
    /// Its parameters as in the row.
    pub params: &'a str,
    /// Which of several results it is from, where they differ.
    pub source: Option<&'a str>,
    /// What it may know.
    pub sight: Sight,
    /// Its run at each memory size in frames.
    pub runs: BTreeMap<u64, &'a Run>,
}

/// One trace and what ran on it.
#[derive(Clone, Debug)]
pub struct Block<'a> {
    /// The trace's name.
    pub name: &'a str,
    /// What is known of the trace; none where the results don't say.
    pub facts: Option<&'a TraceFacts>,
    /// The memory sizes of all its runs, ascending.
    pub sizes: Vec<u64>,
    /// Its policies, in the order given.
    pub series: Vec<Series<'a>>,
}

impl<'a> Block<'a> {
    /// The place of the reference among the series: the first of that name.
    pub fn reference(&self) -> Option<usize> {
        self.series.iter().position(|series| series.policy == REFERENCE)
    }

    /// The footprint in pages, where known and not 0.
    pub fn footprint(&self) -> Option<u64> {
        self.facts.map(|facts| facts.footprint).filter(|&footprint| footprint > 0)
    }

    /// The fewest swap-outs at `frames` among policies a kernel could run, leaving out runs that ran out of memory: they
    /// did not do all the work.
    pub fn best_realisable(&self, frames: u64) -> Option<u64> {
        let realisable = self.series.iter().filter(|series| series.sight == Sight::AccessedBits);
        let rows = realisable.filter_map(|series| series.runs.get(&frames)).map(|run| &run.row);
        rows.filter(|row| row.out_of_memory == 0).map(|row| row.swap_outs).min()
    }

    /// The runs to show over time: the reference's, then the one that is set against it, the one with fewest swap-outs among
    /// the others that were recorded, those that ran out of memory last; each with the place of its policy. Each is there
    /// only if it was recorded.
    pub fn timelines(&self) -> Vec<(usize, &'a Run)> {
        let recorded = |place: usize| {
            let run = self.series[place].runs.values().copied().find(|run| run.timeline.is_some())?;
            Some((place, run))
        };
        let reference = self.reference();
        let others = (0..self.series.len()).filter(|&place| Some(place) != reference).filter_map(recorded);
        let best = others.min_by_key(|(_, run)| (run.row.out_of_memory, run.row.swap_outs));
        reference.and_then(recorded).into_iter().chain(best).collect()
    }

    /// The memory size that says most where only one can be shown: the smallest at which the reference has at most
    /// [`TELLING`] swap-outs per 1000 references, or the largest if it never has so few. Sizes at which it has fewer than
    /// [`ENOUGH`] swap-outs, or ran out of memory, are passed over; if no other is left, it is the one with the most swap-outs.
    /// Without the reference the first policy stands for it. None where that policy never swapped anything out.
    pub fn telling_size(&self) -> Option<u64> {
        let series = self.series.get(self.reference().unwrap_or(0))?;
        let rows = || series.runs.values().map(|run| &run.row).filter(|row| row.swap_outs > 0);
        let enough = || rows().filter(|row| row.swap_outs >= ENOUGH && row.out_of_memory == 0);
        let few = |row: &&Row| row.swap_outs as f64 * 1000.0 <= TELLING * row.references as f64;
        let row =
            enough().find(few).or_else(|| enough().next_back()).or_else(|| rows().max_by_key(|row| row.swap_outs));
        row.map(|row| row.frames)
    }

    /// Bytes of a page, where known.
    pub fn page_size(&self) -> Option<u64> {
        self.facts.map(|facts| facts.page_size)
    }

    /// Whether any run had to abandon references.
    pub fn ran_out_of_memory(&self) -> bool {
        self.series.iter().flat_map(|series| series.runs.values()).any(|run| run.row.out_of_memory > 0)
    }

    /// The sights that occur, in the order of [`Sight::ALL`].
    pub fn sights(&self) -> impl Iterator<Item = Sight> {
        Sight::ALL.into_iter().filter(|&sight| self.series.iter().any(|series| series.sight == sight))
    }

    /// Adds a run; false if it is of another trace: of another name or length, or there is one of this policy, these
    /// parameters and this size already.
    fn add(&mut self, run: &'a Run) -> bool {
        let row = &run.row;
        let first = self.series.iter().flat_map(|series| series.runs.values()).next();
        if row.trace != self.name || first.is_some_and(|first| first.row.references != row.references) {
            return false;
        }
        let source = run.source.as_deref();
        let known = self.series.iter().position(|series| {
            (series.policy, series.params, series.source) == (row.policy.as_str(), row.params.as_str(), source)
        });
        let place = known.unwrap_or_else(|| {
            self.series.push(Series {
                label: label(row, source),
                policy: &row.policy,
                params: &row.params,
                source,
                // A word that this version does not know is nothing that a kernel could run.
                sight: Sight::from_word(&row.sight).unwrap_or(Sight::EveryReference),
                runs: BTreeMap::new(),
            });
            self.series.len() - 1
        });
        let runs = &mut self.series[place].runs;
        let new = !runs.contains_key(&row.frames);
        if new {
            runs.insert(row.frames, run);
            if let Err(at) = self.sizes.binary_search(&row.frames) {
                self.sizes.insert(at, row.frames);
            }
        }
        new
    }
}

fn label(row: &Row, source: Option<&str>) -> String {
    let label = registry::label(&row.policy, &row.params);
    source.map_or_else(|| label.clone(), |source| format!("{label} [{source}]"))
}

/// The results trace by trace, in their order. Two traces of one name are two blocks: the second begins where a run
/// comes that the first already has or that is of another length.
pub fn blocks(results: &Results) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block> = Vec::new();
    for run in &results.runs {
        if blocks.last_mut().is_some_and(|last| last.add(run)) {
            continue;
        }
        let name = run.row.trace.as_str();
        let earlier = blocks.iter().filter(|block| block.name == name).count();
        let facts = results.traces.iter().filter(|facts| facts.name == name).nth(earlier);
        let mut block = Block { name, facts, sizes: Vec::new(), series: Vec::new() };
        block.add(run);
        blocks.push(block);
    }
    blocks
}
