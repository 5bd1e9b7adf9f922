//! Where everything on the page is from.

use crate::combine::options;
use crate::report::numbers::{bytes, counted, grouped};
use crate::results::{Results, SourceFacts, TraceFacts};
use crate::trace::Fidelity;

/// Where results and traces are from.
pub(super) struct Provenance {
    pub(super) sources: Vec<Source>,
    pub(super) traces: Vec<TraceSource>,
}

/// How results were made.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) command: String,
    pub(super) seed: String,
}

/// What is known of a trace: names and values.
pub(super) struct TraceSource {
    pub(super) name: String,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) warnings: Vec<String>,
}

impl Provenance {
    pub(super) fn of(results: &Results) -> Self {
        let mut sources: Vec<Source> = results.sources.iter().map(Source::of).collect();
        if sources.is_empty() {
            sources.push(Source {
                name: String::new(),
                version: results.version.clone(),
                command: command(&results.arguments),
                seed: results.seed.to_string(),
            });
        }
        Self { sources, traces: results.traces.iter().map(trace).collect() }
    }
}

impl Source {
    fn of(facts: &SourceFacts) -> Self {
        Self {
            name: if facts.path == facts.name { facts.name.clone() } else { format!("{}: {}", facts.name, facts.path) },
            version: facts.version.clone(),
            command: command(&facts.arguments),
            seed: facts.seed.to_string(),
        }
    }
}

fn trace(facts: &TraceFacts) -> TraceSource {
    let format =
        facts.compression.as_ref().map_or(facts.format.clone(), |packed| format!("{}, {packed}", facts.format));
    let mut all = vec![
        ("File", facts.path.clone()),
        ("Format", format),
        ("SHA-256 of the file", facts.sha256.clone()),
        ("References", format!("{}, of them {} that write", grouped(facts.references), grouped(facts.writes))),
        ("Footprint", format!("{} of {}", counted(facts.footprint, "page", "pages"), bytes(facts.page_size as f64))),
        ("Segments", grouped(facts.segments)),
        ("Processes", grouped(facts.processes)),
    ];
    if let Some(content) = &facts.content {
        all.insert(3, ("Hash of its content", content.clone()));
    }
    if facts.skipped > 0 {
        all.push(("Records left out", grouped(facts.skipped)));
    }
    TraceSource { name: facts.name.clone(), facts: all, warnings: warnings(facts) }
}

/// What a trace does not tell of the program it was taken from, a sentence each.
pub(super) fn warnings(facts: &TraceFacts) -> Vec<String> {
    let mut all: Vec<String> = facts
        .fidelity
        .iter()
        .map(|mark| mark.parse::<Fidelity>().map_or_else(|_| mark.clone(), |mark| mark.explanation()))
        .map(|text| sentence(&text))
        .collect();
    if facts.skipped > 0 {
        let records = counted(facts.skipped, "record of the trace was", "records of the trace were");
        all.push(format!("{records} left out because they could not be read."));
    }
    all
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(characters).chain(['.']).collect()
}

/// What a reader of several results must know before comparing them.
pub(super) fn notes(results: &Results) -> Vec<String> {
    let Some((first, others)) = results.sources.split_first() else { return Vec::new() };
    let names: Vec<&str> = results.sources.iter().map(|source| source.name.as_str()).collect();
    let mut notes = vec![format!("Put together from {} results: {}.", names.len(), names.join(", "))];
    if results.runs.iter().any(|run| run.source.is_some()) {
        notes.push(
            "Where they differ in the runs of a policy, each is shown with the name of its results in brackets."
                .to_owned(),
        );
    }
    let differ = |of: fn(&SourceFacts) -> String| others.iter().any(|other| of(other) != of(first));
    if differ(|source| source.version.clone()) {
        notes.push("They were made by different versions of clockhand.".to_owned());
    }
    if differ(|source| options(&source.arguments).join(" ")) {
        let all = results
            .sources
            .iter()
            .map(|source| format!("{} with `{}`", source.name, options(&source.arguments).join(" ")));
        let all: Vec<String> = all.collect();
        notes.push(format!(
            "They were replayed with different options, so their counts may differ for that reason: {}.",
            all.join("; ")
        ));
    }
    notes
}

/// The command line, quoted where a shell needs it.
fn command(arguments: &[String]) -> String {
    let plain = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_./,:=%@+".contains(c));
    let words = arguments
        .iter()
        .map(|word| if plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', r"'\''")) });
    std::iter::once("clockhand".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}
