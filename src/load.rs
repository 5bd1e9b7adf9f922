//! From what the user names to a program ready for replay, and the facts about the trace that go into the results.
//!
//! Here `trace` and `resolve` meet. Nothing is replayed.

use std::sync::Arc;

use crate::program::Program;
use crate::resolve::{ResolveOptions, Resolver};
use crate::results::TraceFacts;
use crate::trace::{self, ReadOptions, Source, Summary, TraceError};

/// What the facts of the trace that is built in have for a path.
pub const BUILT_IN: &str = "built in";

/// A trace that was read.
#[derive(Debug)]
pub struct Loaded {
    /// Ready for replay, by any number of replays at the same time.
    pub program: Arc<Program>,
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
/// When it can't be read, or a record of it is bad or impossible.
pub fn load(source: &Source, read: &ReadOptions, resolve: ResolveOptions) -> Result<Loaded, TraceError> {
    let mut resolver = Resolver::new(resolve);
    let summary = trace::read(source, read, &mut resolver)?;
    let program = Arc::new(resolver.finish());
    let facts = facts(source, &summary, &program);
    Ok(Loaded { program, facts, summary, is_of_several_files: matches!(source, Source::Files(_)) })
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
        access_map: None,
    }
}
