//! What a trace does not tell of the program it was taken from, and what that means for its replay.
//!
//! A reader says what it knows in [`Settings::fidelity`](super::Settings::fidelity); nothing is found out here.

use std::fmt;
use std::str::FromStr;

/// One way in which a trace differs from the references of the program.
///
/// The text form ([`fmt::Display`], [`FromStr`]) is a word, for some with numbers behind it: `interleaved 1000 7`. It is
/// what results and native traces hold; [`Fidelity::explanation`] is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// Only page faults were recorded: references that real memory served are missing.
    FaultsOnly,
    /// Only some references were recorded.
    Sampled,
    /// It is not recorded which addresses are shared.
    NoMappings,
    /// Segments and their sizes are not recorded; they were told by the addresses.
    InferredSegments,
    /// Whether a reference writes is not recorded.
    NoWrites,
    /// The order over processes is not recorded; it was chosen: turns of `quantum` references, drawn with `seed`.
    Interleaved {
        /// References in a turn.
        quantum: u64,
        /// The seed.
        seed: u64,
    },
    /// References were dealt to this many processes by lot.
    Dealt {
        /// How many.
        sharers: u32,
        /// The seed.
        seed: u64,
    },
    /// References to the pages that a process touched last are left out, through a window of so many pages; 1 is without
    /// any loss for replay.
    Filtered {
        /// Pages of the window.
        window: u64,
    },
    /// It is a part of a trace: there were references before it or there are references after it.
    Clipped,
    /// One process makes all references.
    OneProcess,
    /// It is not recorded which process attaches which segment.
    NoAttachRecords,
}

impl Fidelity {
    /// The warning in a sentence.
    pub fn explanation(&self) -> String {
        match self {
            Self::FaultsOnly => {
                "only page faults are recorded, so references that real memory served are missing: counts of \
                                 swap-outs are those of a machine with less locality"
                    .into()
            }
            Self::Sampled => "only some of the references are recorded: counts and footprint are too small".into(),
            Self::NoMappings => {
                "it is not recorded which addresses are shared: each process has its own segment".into()
            }
            Self::InferredSegments => {
                "segments are not recorded: which references share one, and its size, was told by the addresses".into()
            }
            Self::NoWrites => "writes are not recorded: dirty swap-outs say nothing".into(),
            Self::Interleaved { quantum, seed } => format!(
                "the order over processes is not recorded: they take turns of {quantum} references, drawn with seed {seed}"
            ),
            Self::Dealt { sharers, seed } => {
                format!("the references are dealt to {sharers} processes by lot, with seed {seed}")
            }
            Self::Filtered { window } => format!(
                "references to the last {window} pages of each process are left out: use it with frames well above {window} \
                 for each active process"
            ),
            Self::Clipped => "this is a part of a trace: what came before or after is missing".into(),
            Self::OneProcess => "one process makes all references: nothing is said of sharing".into(),
            Self::NoAttachRecords => {
                "attachments are not recorded: a process has a segment attached from its first use to the end".into()
            }
        }
    }
}

impl fmt::Display for Fidelity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FaultsOnly => out.write_str("faults-only"),
            Self::Sampled => out.write_str("sampled"),
            Self::NoMappings => out.write_str("no-mappings"),
            Self::InferredSegments => out.write_str("inferred-segments"),
            Self::NoWrites => out.write_str("no-writes"),
            Self::Interleaved { quantum, seed } => write!(out, "interleaved {quantum} {seed}"),
            Self::Dealt { sharers, seed } => write!(out, "dealt {sharers} {seed}"),
            Self::Filtered { window } => write!(out, "filtered {window}"),
            Self::Clipped => out.write_str("clipped"),
            Self::OneProcess => out.write_str("one-process"),
            Self::NoAttachRecords => out.write_str("no-attach-records"),
        }
    }
}

impl FromStr for Fidelity {
    type Err = String;

    /// Reads the text form.
    ///
    /// # Errors
    /// When it is none.
    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("there is no mark of fidelity `{text}`");
        let words: Vec<&str> = text.split(' ').collect();
        let number = |word: &str| word.parse().map_err(|_| unknown());
        Ok(match words[..] {
            ["faults-only"] => Self::FaultsOnly,
            ["sampled"] => Self::Sampled,
            ["no-mappings"] => Self::NoMappings,
            ["inferred-segments"] => Self::InferredSegments,
            ["no-writes"] => Self::NoWrites,
            ["interleaved", quantum, seed] => Self::Interleaved { quantum: number(quantum)?, seed: number(seed)? },
            ["dealt", sharers, seed] => {
                Self::Dealt { sharers: sharers.parse().map_err(|_| unknown())?, seed: number(seed)? }
            }
            ["filtered", window] => Self::Filtered { window: number(window)? },
            ["clipped"] => Self::Clipped,
            ["one-process"] => Self::OneProcess,
            ["no-attach-records"] => Self::NoAttachRecords,
            _ => return Err(unknown()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_is_read_back() {
        let all = [
            Fidelity::FaultsOnly,
            Fidelity::Sampled,
            Fidelity::NoMappings,
            Fidelity::InferredSegments,
            Fidelity::NoWrites,
            Fidelity::Interleaved { quantum: 1000, seed: u64::MAX },
            Fidelity::Dealt { sharers: 3, seed: 0 },
            Fidelity::Filtered { window: 8 },
            Fidelity::Clipped,
            Fidelity::OneProcess,
            Fidelity::NoAttachRecords,
        ];
        for mark in all {
            assert_eq!(mark.to_string().parse(), Ok(mark));
        }
        for text in ["", "sampled ", "dealt", "dealt x 0", "interleaved 1", "clipped 1"] {
            assert!(text.parse::<Fidelity>().is_err(), "{text}");
        }
    }
}
