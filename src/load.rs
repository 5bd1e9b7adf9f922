//! From what the user names to a program ready for replay, and the facts about the trace that go into the results.
//!
//! Here `trace` and `resolve` meet. Nothing is replayed.

use std::sync::Arc;

use crate::available_memory::Shortage;
use crate::program::Program;
use crate::resolve::{ResolveOptions, Resolver};
use crate::results::TraceFacts;
use crate::sampling::Samples;
use crate::trace::{self, ReadOptions, Source, Summary, TraceError};

/// What the facts of the trace that is built in have for a path.
pub const BUILT_IN: &str = "built in";

/// A trace that was read.
#[derive(Debug)]
pub struct Loaded {
    /// Ready for replay, by any number of replays at the same time.
    /// Of a trace of which only samples were wanted it is the first of them.
    pub program: Arc<Program>,
    /// The samples, where such were wanted.
    pub samples: Option<Arc<Samples>>,
    /// What the results say of it.
    pub facts: TraceFacts,
    /// What the reader said of it.
    pub summary: Summary,
    /// Whether it was read from several files.
    pub is_of_several_files: bool,
}

/// Reads and resolves a trace.
///
/// # Errors
/// When it can't be read, a record of it is bad or impossible, or there is no room for it.
pub fn load(source: &Source, read: &ReadOptions, resolve: ResolveOptions) -> Result<Loaded, TraceError> {
    let mut resolver = Resolver::new(resolve);
    let summary = trace::read(source, read, &mut resolver)?;
    if let Some(Shortage { what, remedy }) = resolver.take_shortage() {
        return Err(TraceError::Unfit { file: source.file(), what, remedy });
    }
    let (program, samples) = match resolver.finish_samples() {
        Ok(samples) => (Arc::clone(&samples.programs[0]), Some(Arc::new(samples))),
        Err(resolver) => (Arc::new(resolver.finish()), None),
    };
    let mut facts = facts(source, &summary, &program);
    if let Some(samples) = &samples {
        facts = of_samples(facts, samples);
    }
    Ok(Loaded { program, samples, facts, summary, is_of_several_files: matches!(source, Source::Files(_)) })
}

fn facts(source: &Source, summary: &Summary, program: &Program) -> TraceFacts {
    TraceFacts {
        name: source.name(),
        path: if *source == Source::BuiltIn { BUILT_IN.to_owned() } else { source.file() },
        format: summary.format.to_owned(),
        compression: summary.compression.map(str::to_owned),
        sha256: summary.sha256.clone(),
        content: None,
        references: program.references.len(),
        writes: program.counts.writes,
        footprint: u64::from(program.footprint()),
        segments: program.segments.len() as u64,
        processes: program.processes.len() as u64,
        skipped: summary.skipped,
        page_size: program.settings.page_size,
        fidelity: program.settings.fidelity.iter().map(ToString::to_string).collect(),
        sample: None,
        access_map: None,
    }
}

/// The facts of a trace of which there are samples: those of the whole, under a name that no whole trace has.
fn of_samples(facts: TraceFacts, samples: &Samples) -> TraceFacts {
    TraceFacts {
        name: format!("{}@sample={}", facts.name, samples.options.rate),
        references: samples.whole.references,
        writes: samples.whole.writes,
        footprint: samples.whole.footprint,
        sample: Some(samples.facts()),
        ..facts
    }
}
