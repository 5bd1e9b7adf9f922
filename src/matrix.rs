//! What a comparison is to be: which runs, of what, by which version. Two matrices that are equal give the same bytes; where
//! they are not, it is told what differs.
//!
//! A partial file and a shard carry their matrix, so that runs of one are never put into the results of another.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use crate::compare::Job;
use crate::fingerprint::fingerprint;
use crate::program::Program;
use crate::results::{Results, Run, TraceFacts};

/// A comparison before it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    /// The version of clockhand.
    pub version: String,
    /// The command's arguments, as in [`Results::arguments`].
    pub arguments: Vec<String>,
    /// The traces.
    pub traces: Vec<TraceFacts>,
    /// How many runs there are.
    pub runs: u64,
    /// A hash of all of these, of each run (trace, policy, parameters, memory size and how the model is set up, in their
    /// order) and of the references replayed, in hexadecimal.
    pub hash: String,
}

impl Matrix {
    /// The matrix of these jobs.
    pub fn new(arguments: Vec<String>, traces: Vec<TraceFacts>, jobs: &[Job]) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let mut hash = Xxh3Default::new();
        let mut add = |text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        add(&version);
        for word in &arguments {
            add(word);
        }
        for facts in &traces {
            add(&format!("{facts:?}"));
        }
        let mut program: Option<&Arc<Program>> = None;
        for job in jobs {
            // The text of debugging has every field of the options, those that are yet to be thought of too.
            add(&format!("{} {} {:?}", job.trace, job.policy, job.options));
            if !program.is_some_and(|known| Arc::ptr_eq(known, &job.program)) {
                add(&fingerprint(&job.program));
                program = Some(&job.program);
            }
        }
        let hash = format!("{:032x}", hash.digest128());
        Self { version, arguments, traces, runs: jobs.len() as u64, hash }
    }

    /// What is other in `other`, each as `WHAT: mine, there OTHER`; empty when they are the same.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut all = Vec::new();
        if self.version != other.version {
            all.push(format!("version: {}, there {}", self.version, other.version));
        }
        if self.arguments != other.arguments {
            all.push(format!("arguments: `{}`, there `{}`", self.arguments.join(" "), other.arguments.join(" ")));
        }
        all.extend(trace_differences(&self.traces, &other.traces));
        if self.runs != other.runs {
            all.push(format!("runs: {}, there {}", self.runs, other.runs));
        }
        if all.is_empty() && self.hash != other.hash {
            all.push(format!(
                "the runs, or what is in the files that options name (hash of all: {}, there {})",
                self.hash, other.hash
            ));
        }
        all
    }

    /// The results of the whole matrix, or of a part of it.
    pub fn results(self, seed: u64, runs: Vec<Run>) -> Results {
        Results {
            schema: Results::SCHEMA,
            version: self.version,
            arguments: self.arguments,
            seed,
            shard: None,
            sources: Vec::new(),
            traces: self.traces,
            runs,
        }
    }
}

/// What is other in the facts of traces.
pub(crate) fn trace_differences(mine: &[TraceFacts], theirs: &[TraceFacts]) -> Vec<String> {
    if mine.len() != theirs.len() {
        return vec![format!("traces: {}, there {}", mine.len(), theirs.len())];
    }
    let mut all = Vec::new();
    for (mine, theirs) in mine.iter().zip(theirs).filter(|(mine, theirs)| mine != theirs) {
        let text = if mine.name != theirs.name {
            format!("trace: {}, there {}", mine.name, theirs.name)
        } else if mine.sha256 != theirs.sha256 {
            format!("the file of trace {} (SHA-256): {}, there {}", mine.name, mine.sha256, theirs.sha256)
        } else if mine.path != theirs.path {
            format!("the path of trace {}: {}, there {}", mine.name, mine.path, theirs.path)
        } else {
            format!("what was read from trace {}", mine.name)
        };
        all.push(text);
    }
    all
}
