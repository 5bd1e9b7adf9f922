//! `--sample RATE`: what it can't be used with, and what users must know of estimates.

use anyhow::Error;

use super::Usage;
use super::arguments::CompareArguments;
use super::terminal::Terminal;
use super::traces;
use crate::frames::FramesSpec;
use crate::load::Loaded;
use crate::policy::registry::PolicySpec;
use crate::report::{counted, grouped};
use crate::resolve::ResolveOptions;
use crate::results::Results;
use crate::sampling::{FEWEST_FRAMES, FEWEST_PAGES, SAMPLES, SampleFacts, SampleOptions, Samples};

/// How traces are resolved for a comparison: whole or in samples.
pub fn resolve_options(arguments: &CompareArguments, policies: &[PolicySpec]) -> Result<ResolveOptions, Error> {
    let seed = arguments.reading.file.seed;
    let sample = arguments.sample.map(|rate| SampleOptions { rate, seed });
    if sample.is_some() {
        refuse(arguments, policies)?;
    }
    let keep_times = arguments.model.kswapd.is_some();
    Ok(ResolveOptions { keep_times, sample, ..traces::resolve_options(&arguments.reading) })
}

/// Refuses what can't be scaled down with the memory.
fn refuse(arguments: &CompareArguments, policies: &[PolicySpec]) -> Result<(), Usage> {
    if arguments.model.kswapd.is_some() {
        let text =
            "--kswapd can't be estimated from samples: the daemon frees some pages at a time, however small memory is";
        return Err(Usage(format!("{text}; leave out --sample or --kswapd")));
    }
    for policy in policies {
        if let Some((parameter, value)) = policy.not_relative() {
            let (name, key) = (policy.entry.name, parameter.key);
            return Err(Usage(format!(
                "policy `{name}`: `{key}={value}` is not scaled down with the memory of a sample; \
                 give it as a multiple of the frames, as in {key}={}",
                parameter.default
            )));
        }
    }
    Ok(())
}

/// Those memory sizes that samples can be replayed in; a size that was asked for and is too small is refused.
pub fn sizes(spec: &FramesSpec, mut sizes: Vec<u64>, samples: &Samples, loaded: &Loaded) -> Result<Vec<u64>, Error> {
    let small = sizes.iter().copied().find(|&frames| samples.fewest_frames(frames) < FEWEST_FRAMES);
    sizes.retain(|&frames| samples.fewest_frames(frames) >= FEWEST_FRAMES);
    match small {
        Some(frames) if !spec.is_auto() || sizes.is_empty() => {
            let text = format!(
                "{}: {} of memory are {} in a sample, and fewer than {FEWEST_FRAMES} tell nothing: the kernel scans a 64th of \
                 them at a time; take more memory, a larger --sample, or the whole trace",
                loaded.facts.name,
                counted(frames, "frame", "frames"),
                grouped(samples.fewest_frames(frames))
            );
            Err(Usage(text).into())
        }
        _ => Ok(sizes),
    }
}

/// Says what samples were taken.
pub fn tell(name: &str, sample: &SampleFacts, terminal: &Terminal) {
    let (pages, references) = (mean(&sample.pages), mean(&sample.references));
    let pages_text = counted(pages, "page", "pages");
    let references = counted(references, "reference", "references");
    terminal.note(&format!("{name}: {SAMPLES} samples of about {pages_text} and {references} each"));
    if sample.too_small() {
        terminal.note(&format!(
            "warning: {name}: samples of {pages_text} are no use to tell policies apart: which of the hot pages they have is \
             chance with fewer than {}; replay the trace whole, or take a larger sample",
            grouped(FEWEST_PAGES)
        ));
    }
    if sample.rate * SAMPLES as f64 >= 1.0 {
        terminal.note(&format!(
            "note: {SAMPLES} samples of this size take as long as the whole trace, which tells the truth"
        ));
    }
}

/// Says how far the samples of each trace agree.
pub fn tell_spread(results: &Results, terminal: &Terminal) {
    for facts in results.traces.iter().filter(|facts| facts.sample.is_some()) {
        let runs = results.runs.iter().filter(|run| run.row.trace == facts.name);
        let mut parts: Vec<f64> = runs.filter_map(|run| run.estimate.as_ref()?.relative(&run.row)).collect();
        parts.sort_by(f64::total_cmp);
        if let (Some(median), Some(largest)) = (parts.get(parts.len() / 2), parts.last()) {
            terminal.note(&format!(
                "{}: swap-outs are estimates; half of the 95 % interval is {:.1} % of them at the median, {:.1} % at most",
                facts.name,
                100.0 * median,
                100.0 * largest
            ));
        }
    }
}

fn mean(counts: &[u64]) -> u64 {
    counts.iter().sum::<u64>() / counts.len().max(1) as u64
}
