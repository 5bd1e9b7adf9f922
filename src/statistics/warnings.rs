//! Warnings on fidelity: those of the reader, and those that the content gives away.
//!
//! Only what is sure is said. That references or records of another kind may be missing, which no evidence shows, is not.

use serde::Serialize;

use super::census::ChangeCounts;
use crate::program::Program;
use crate::trace::Fidelity;

/// Who found a warning out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FoundBy {
    /// The reader: the format tells it, or the file.
    Reader,
    /// The statistics: the records show it.
    Content,
}

/// One way in which a trace differs from the references of the program, or says nothing of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The mark, in the words of [`Fidelity`].
    pub mark: String,
    /// Who found it out.
    pub found_by: FoundBy,
    /// What it means, in a sentence.
    pub explanation: String,
}

/// The window of a filter that the reader knows of.
pub(super) fn told_window(program: &Program) -> Option<u64> {
    program.settings.fidelity.iter().find_map(|mark| match mark {
        Fidelity::Filtered { window } => Some(*window),
        _ => None,
    })
}

/// All warnings, those of the reader first.
pub(super) fn warnings(
    program: &Program,
    active_processes: u64,
    changes: &ChangeCounts,
    filter_window: Option<u64>,
) -> Vec<Warning> {
    let told = &program.settings.fidelity;
    // A collapse of repeats is no reason to warn.
    let harmless = Fidelity::Filtered { window: 1 };
    let mut warnings: Vec<Warning> =
        told.iter().filter(|&mark| *mark != harmless).map(|mark| warning(mark, FoundBy::Reader, None)).collect();
    let mut found = |mark: Fidelity, explanation: Option<String>| {
        if !told.contains(&mark) {
            warnings.push(warning(&mark, FoundBy::Content, explanation));
        }
    };
    if !program.references.is_empty() && program.counts.writes == 0 {
        let what =
            "no reference writes: the program only read, or writes are not recorded and dirty swap-outs say nothing";
        found(Fidelity::NoWrites, Some(what.to_owned()));
    }
    if active_processes == 1 {
        found(Fidelity::OneProcess, None);
    }
    if changes.implicit_attaches > 0 {
        let (missing, all) = (changes.implicit_attaches, changes.attaches);
        let what = format!("the records of {missing} of {all} attachments are missing: they are made on first use");
        found(Fidelity::NoAttachRecords, Some(what));
    }
    // A trace that records how segments are created but not how this one was began later than the segment.
    if changes.implicit_creates > 0 && changes.implicit_creates < changes.creates {
        let what = format!(
            "{} of {} segments existed before the trace began: what was done to them before is missing",
            changes.implicit_creates, changes.creates
        );
        found(Fidelity::Clipped, Some(what));
    }
    if let Some(window) = filter_window.filter(|&window| window > 1) {
        found(Fidelity::Filtered { window }, None);
    }
    warnings
}

fn warning(mark: &Fidelity, found_by: FoundBy, explanation: Option<String>) -> Warning {
    Warning { mark: mark.to_string(), found_by, explanation: explanation.unwrap_or_else(|| mark.explanation()) }
}
