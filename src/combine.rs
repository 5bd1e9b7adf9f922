//! Several results put together, so that one report shows two versions of a policy, two versions of this program, or
//! several traces. Nothing is replayed, no count is changed, and no file is touched.
//!
//! What is the same in two of them is there once. Where they differ in the runs of one policy on one trace, both are there
//! and each says which results it is from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::results::{Results, Run, SourceFacts, TraceFacts};

/// Why results can't be put together. Each message names the file.
#[derive(Debug, Error)]
pub enum CombineError {
    /// A part of a comparison.
    #[error(
        "{}: this is shard {number}/{of} of a comparison; `clockhand merge` makes the whole of the shards",
        path.display()
    )]
    Shard {
        /// The file.
        path: PathBuf,
        /// Its number.
        number: u32,
        /// Of how many.
        of: u32,
    },
    /// Results that are several already.
    #[error(
        "{}: these are several results already, put together by `clockhand report`; give the ones they were made of",
        path.display()
    )]
    Several {
        /// The file.
        path: PathBuf,
    },
    /// Nothing to put together.
    #[error("no results are given")]
    None,
}

/// Puts results together, each with the file it is from, in their order. One alone, or several that are all the same, come
/// back as they are.
///
/// # Errors
/// When one is a shard, or is one of several that was put together before.
pub fn combine(inputs: Vec<(PathBuf, Results)>) -> Result<Results, CombineError> {
    let alone = inputs.len() == 1;
    let mut distinct: Vec<(PathBuf, Results)> = Vec::new();
    for (path, results) in inputs {
        if let Some(shard) = &results.shard {
            return Err(CombineError::Shard { path, number: shard.number, of: shard.of });
        }
        if !results.sources.is_empty() && !alone {
            return Err(CombineError::Several { path });
        }
        if distinct.iter().all(|(_, other)| *other != results) {
            distinct.push((path, results));
        }
    }
    if distinct.len() < 2 {
        return distinct.pop().map(|(_, results)| results).ok_or(CombineError::None);
    }
    let names = names(&distinct.iter().map(|(path, _)| path.as_path()).collect::<Vec<_>>());
    let sources = names.iter().zip(&distinct).map(|(name, (path, results))| SourceFacts {
        name: name.clone(),
        path: path.display().to_string(),
        version: results.version.clone(),
        arguments: results.arguments.clone(),
        seed: results.seed,
    });
    let sources: Vec<SourceFacts> = sources.collect();
    let mut whole = Whole::new(&names, distinct.iter().map(|(_, results)| results).collect());
    let arguments = distinct.iter().map(|(path, _)| path.display().to_string());
    Ok(Results {
        schema: Results::SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        arguments: std::iter::once("report".to_owned()).chain(arguments).collect(),
        seed: distinct[0].1.seed,
        shard: None,
        sources,
        traces: whole.traces.iter().map(|trace| trace.facts.clone()).collect(),
        runs: whole.runs(),
    })
}

/// Short names for files, each another: the folder where all are called `results.json`, or else the file's name without its
/// ending; with more of the path, or a number, where that is not enough.
fn names(paths: &[&Path]) -> Vec<String> {
    let parts: Vec<Vec<String>> = paths.iter().map(|path| parts(path)).collect();
    let most = parts.iter().map(Vec::len).max().unwrap_or(1);
    // From the end of the path: what all have in common there says nothing.
    let common = (0..most)
        .take_while(|&at| {
            parts.iter().all(|own| own.len() > at + 1 && own[own.len() - 1 - at] == parts[0][parts[0].len() - 1 - at])
        })
        .count();
    let name = |own: &[String], length: usize| {
        let end = own.len() - common;
        own[end.saturating_sub(length)..end].join("/")
    };
    for length in 1..=most {
        let names: Vec<String> = parts.iter().map(|own| name(own, length)).collect();
        if (1..names.len()).all(|at| !names[..at].contains(&names[at])) {
            return names;
        }
    }
    (1..=paths.len()).map(|number| number.to_string()).collect()
}

/// The components of a path, the last one without its ending.
fn parts(path: &Path) -> Vec<String> {
    let mut parts: Vec<String> =
        path.with_extension("").components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if parts.is_empty() {
        parts.push("results".to_owned());
    }
    parts
}

/// A trace, with the inputs that have it.
struct Trace<'a> {
    facts: TraceFacts,
    /// The name that it has in the inputs.
    name: &'a str,
    first: &'a TraceFacts,
    inputs: Vec<usize>,
}

/// Inputs on their way to one.
struct Whole<'a> {
    names: &'a [String],
    inputs: Vec<&'a Results>,
    traces: Vec<Trace<'a>>,
}

/// A policy and its parameters.
type PolicyKey<'a> = (&'a str, &'a str);
/// The runs of a policy by memory size.
type RunsBySize<'a> = BTreeMap<u64, &'a Run>;

/// Runs of one policy with the same parameters on one trace that agree with one another, and the input they are from first.
struct Version<'a> {
    input: usize,
    runs: RunsBySize<'a>,
}

impl<'a> Version<'a> {
    /// Adds runs that agree with these. Of two of one memory size the one that tells how it went over time is kept.
    fn add(&mut self, runs: RunsBySize<'a>) {
        for (frames, run) in runs {
            let kept = self.runs.entry(frames).or_insert(run);
            if kept.timeline.is_none() {
                *kept = run;
            }
        }
    }
}

impl<'a> Whole<'a> {
    fn new(names: &'a [String], inputs: Vec<&'a Results>) -> Self {
        let mut traces: Vec<Trace> = Vec::new();
        for (place, input) in inputs.iter().enumerate() {
            for facts in &input.traces {
                match traces.iter_mut().find(|trace| is_same(trace.first, facts)) {
                    Some(trace) => {
                        trace.inputs.push(place);
                        trace.facts.access_map = trace.facts.access_map.take().or_else(|| facts.access_map.clone());
                    }
                    None => {
                        let name = facts.name.as_str();
                        traces.push(Trace { facts: facts.clone(), name, first: facts, inputs: vec![place] });
                    }
                }
            }
        }
        // Different traces of one name are told apart by where they are from.
        for at in 0..traces.len() {
            let (name, first) = (traces[at].name, traces[at].inputs[0]);
            if traces.iter().filter(|trace| trace.name == name).count() > 1 {
                traces[at].facts.name = format!("{name} [{}]", names[first]);
            }
        }
        Self { names, inputs, traces }
    }

    /// All runs, ordered by trace, policy and parameters as they first come, and frames.
    fn runs(&mut self) -> Vec<Run> {
        let mut all = Vec::new();
        for trace in &self.traces {
            for (_, versions) in self.versions(trace) {
                let differ = versions.len() > 1;
                for version in versions {
                    all.extend(version.runs.into_values().map(|run| {
                        let mut run = run.clone();
                        run.row.trace.clone_from(&trace.facts.name);
                        run.source = differ.then(|| self.names[version.input].clone());
                        run
                    }));
                }
            }
        }
        all
    }

    /// The runs on a trace by policy and parameters, each with its versions.
    fn versions(&self, trace: &Trace<'a>) -> Vec<(PolicyKey<'a>, Vec<Version<'a>>)> {
        let mut all: Vec<(PolicyKey, Vec<Version>)> = Vec::new();
        for &input in &trace.inputs {
            let mut own: Vec<(PolicyKey, RunsBySize)> = Vec::new();
            for run in self.inputs[input].runs.iter().filter(|run| run.row.trace == trace.name) {
                let key = (run.row.policy.as_str(), run.row.params.as_str());
                let at = own.iter().position(|(other, _)| *other == key).unwrap_or_else(|| {
                    own.push((key, BTreeMap::new()));
                    own.len() - 1
                });
                own[at].1.entry(run.row.frames).or_insert(run);
            }
            for (key, runs) in own {
                let at = all.iter().position(|(other, _)| *other == key).unwrap_or_else(|| {
                    all.push((key, Vec::new()));
                    all.len() - 1
                });
                match all[at].1.iter_mut().find(|version| self.agree(version, input, &runs)) {
                    Some(version) => version.add(runs),
                    None => all[at].1.push(Version { input, runs }),
                }
            }
        }
        all
    }

    /// Whether runs can stand in one line with those of a version: they are the same at each memory size that both have. Where
    /// they have none in common, they must have been made in the same way.
    fn agree(&self, version: &Version, input: usize, runs: &RunsBySize) -> bool {
        let mut common = runs.iter().filter_map(|(frames, run)| Some((run, version.runs.get(frames)?))).peekable();
        if common.peek().is_none() {
            let (mine, theirs) = (self.inputs[version.input], self.inputs[input]);
            return mine.version == theirs.version && options(&mine.arguments) == options(&theirs.arguments);
        }
        common.all(|(mine, theirs)| counted_the_same(mine, theirs))
    }
}

/// Whether all that was counted in two runs is the same. What else one version keeps of a run, and another does not, is no
/// difference.
fn counted_the_same(mine: &Run, theirs: &Run) -> bool {
    (&mine.row, &mine.segments, means(mine)) == (&theirs.row, &theirs.segments, means(theirs))
}

/// What every version keeps of the distributions.
fn means(run: &Run) -> [(u64, f64, u64, u64); 3] {
    let all = &run.distributions;
    [&all.attempts_per_swap_out, &all.entries_per_swap_out, &all.references_to_next_use]
        .map(|values| (values.count, values.mean, values.p99, values.max))
}

/// Whether facts are of one trace: what was read from it tells, or else its file.
fn is_same(mine: &TraceFacts, theirs: &TraceFacts) -> bool {
    let same = match (&mine.content, &theirs.content) {
        (Some(mine), Some(theirs)) => mine == theirs,
        _ => mine.sha256 == theirs.sha256,
    };
    same && mine.name == theirs.name
}

/// The options among arguments: what follows the memory sizes, and not what was replayed.
pub fn options(arguments: &[String]) -> &[String] {
    let frames = arguments.iter().position(|word| word == "--frames");
    frames.map_or(&[], |at| arguments.get(at + 2..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(paths: &[&str]) -> Vec<String> {
        names(&paths.iter().map(Path::new).collect::<Vec<_>>())
    }

    #[test]
    fn files_are_named_by_what_tells_them_apart() {
        assert_eq!(named(&["old/results.json", "new/results.json"]), ["old", "new"]);
        assert_eq!(named(&["a.json", "b.json"]), ["a", "b"]);
        assert_eq!(named(&["x/old/results.json", "y/old/results.json"]), ["x", "y"]);
        assert_eq!(named(&["x/1/a.json", "y/1/b.json", "y/1/a.json"]), ["x/1/a", "y/1/b", "y/1/a"]);
        assert_eq!(named(&["results.json", "new/results.json"]), ["results", "new/results"]);
        assert_eq!(named(&["a.json", "a.json"]), ["1", "2"]);
    }

    #[test]
    fn options_are_what_follows_the_memory_sizes() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            options(&words("compare a.cht --policies all --frames auto --seed 0 --oom stop")),
            words("--seed 0 --oom stop")
        );
        assert_eq!(options(&words("bench")), [""; 0]);
    }
}
