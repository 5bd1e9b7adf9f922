//! How fast replays are: measured, written down, and compared with what was written down before. Beside each rate stands a
//! hash of the results, so that speed is never bought with other results.
//!
//! Nothing of what is measured goes into results, and nothing here decides how a replay goes.

mod compare;
pub mod instructions;
mod measure;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use compare::{Comparison, Limits, Ratio, Verdict, compare};
pub use instructions::Counter;
pub use measure::{Plan, fingerprint, measure, replay};

use crate::policy::registry;
use crate::results::TraceFacts;

/// What was measured, and of what; the file that `clockhand bench --json` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speeds {
    /// The version of this schema, [`Speeds::SCHEMA`].
    pub schema: u32,
    /// The version of clockhand.
    pub version: String,
    /// Where it was measured.
    pub machine: Machine,
    /// The trace.
    pub trace: TraceFacts,
    /// Frames of memory.
    pub frames: u64,
    /// The options that change what is replayed, as one could type them.
    pub options: Vec<String>,
    /// What counted instructions; none where they were not counted.
    pub counter: Option<Counter>,
    /// The policies, in the order given.
    pub policies: Vec<PolicySpeed>,
    /// How it compares with an earlier measurement, where asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

/// A machine, as far as it matters to speed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name, or `unknown`.
    pub processor: String,
    /// Processors there are; a measurement uses one.
    pub processors: u64,
    /// The operating system.
    pub system: String,
    /// The instruction set.
    pub architecture: String,
}

/// How fast one policy is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicySpeed {
    /// The name of the policy.
    pub policy: String,
    /// Its parameters, as in the rows of results.
    pub params: String,
    /// References a second, at the median of the samples.
    pub median: u64,
    /// At the lower quartile.
    pub lower_quartile: u64,
    /// At the upper quartile.
    pub upper_quartile: u64,
    /// Replays in each sample.
    pub replays: u64,
    /// References a second of each sample, in the order taken.
    pub samples: Vec<u64>,
    /// Instructions of one replay; none where they were not counted.
    pub instructions: Option<u64>,
    /// A hash of all that the replay puts out, in hexadecimal.
    pub results: String,
}

/// Why an earlier measurement can't be used. Each message names the file.
#[derive(Debug, Error)]
pub enum SpeedError {
    /// It could not be read.
    #[error("{}: can't be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It is no measurement.
    #[error("{}: this was not written by `clockhand bench --json`: {source}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Where and why not.
        source: serde_json::Error,
    },
    /// It was written in another schema.
    #[error(
        "{}: these measurements have schema version {found}, this clockhand reads version {}; measure anew",
        path.display(),
        Speeds::SCHEMA
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
}

impl Speeds {
    /// The version of the schema; raised whenever a field changes its meaning or goes away.
    pub const SCHEMA: u32 = 1;

    /// Reads what was measured before.
    ///
    /// # Errors
    /// When the file can't be read, or is of another schema or of another kind.
    pub fn read(path: &Path) -> Result<Self, SpeedError> {
        let text = fs::read(path).map_err(|source| SpeedError::Read { path: path.to_owned(), source })?;
        let refuse = |source| SpeedError::Content { path: path.to_owned(), source };
        let value: serde_json::Value = serde_json::from_slice(&text).map_err(refuse)?;
        match value.get("schema").and_then(serde_json::Value::as_u64) {
            Some(found) if found != u64::from(Self::SCHEMA) => Err(SpeedError::Schema { path: path.to_owned(), found }),
            _ => serde_json::from_value(value).map_err(refuse),
        }
    }
}

impl PolicySpeed {
    /// The policy for people: with those of its parameters that do not have their default.
    pub fn label(&self) -> String {
        registry::label(&self.policy, &self.params)
    }
}

impl Machine {
    /// The one this runs on.
    pub fn this() -> Self {
        // Linux tells it here; elsewhere a name would need the system's own calls.
        let facts = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = facts.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Self {
            processor: name.map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned()),
            processors: std::thread::available_parallelism().map_or(1, |number| number.get() as u64),
            system: std::env::consts::OS.to_owned(),
            architecture: std::env::consts::ARCH.to_owned(),
        }
    }
}

/// The value that so large a share of sorted values is below, between two of them where it falls there; 0 of none.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
    let (below, part) = (place.floor() as usize, place.fract());
    if part == 0.0 { at(below) } else { at(below) + part * (at(below + 1) - at(below)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_the_values() {
        let values = [1.0, 2.0, 4.0, 8.0];
        let quarters = |values: &[f64]| [0.0, 0.25, 0.5, 1.0].map(|share| (4.0 * quantile(values, share)) as u64);
        assert_eq!(quarters(&values), [4, 7, 12, 32]);
        assert_eq!((quarters(&[7.0]), quarters(&[])), ([28; 4], [0; 4]));
    }
}
