//! Workflow commands of GitHub Actions: a line an annotation, at the line of the baseline that it is about
//! (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).

use std::io::{self, Write};

use crate::gate::{ComparedRun, Comparison, Standing};
use crate::report::check::{change_line, headline, obstacles};
use crate::report::counted;

/// A step shows so many errors, and drops the others without a word.
const MOST: usize = 10;

/// Writes an error for each run that is worse, the worst first, and for each reason why runs can't be compared; a notice
/// where something is better only.
pub(super) fn of_comparison(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let file = &comparison.baseline;
    let mut errors: Vec<(Option<usize>, String, String)> = Vec::new();
    for text in obstacles(comparison) {
        errors.push((None, "not comparable with the baseline".to_owned(), text));
    }
    for run in worse_runs(comparison) {
        let title = format!("{} is worse on {} in {} frames", run.label, run.trace, run.frames);
        errors.push((Some(run.line), title, changes(run)));
    }
    let room = if errors.len() > MOST { MOST - 1 } else { MOST };
    for (line, title, message) in errors.iter().take(room) {
        annotate("error", file, *line, title, message, out)?;
    }
    if errors.len() > room {
        let more = counted((errors.len() - room) as u64, "more error", "more errors");
        annotate("error", file, None, &more, &headline(comparison), out)?;
    }
    if comparison.standing == Standing::Better {
        annotate("notice", file, None, "better than the baseline", &headline(comparison), out)?;
    }
    out.flush()
}

/// The runs that are worse, in the order of their worst change.
fn worse_runs(comparison: &Comparison) -> Vec<&ComparedRun> {
    let mut runs: Vec<&ComparedRun> = Vec::new();
    for (run, _) in comparison.ranked(Standing::Worse) {
        if !runs.iter().any(|other| other.line == run.line) {
            runs.push(run);
        }
    }
    runs
}

/// What changed in a run, a line a metric.
fn changes(run: &ComparedRun) -> String {
    run.changes.iter().map(change_line).collect::<Vec<_>>().join("\n")
}

fn annotate(
    kind: &str,
    file: &str,
    line: Option<usize>,
    title: &str,
    message: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let line = line.map_or_else(String::new, |line| format!(",line={line}"));
    writeln!(out, "::{kind} file={}{line},title={}::{}", property(file), property(title), data(message))
}

/// The escapes of a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The escapes of a property, which ends at a comma or a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_command_or_a_property_is_escaped() {
        let mut out = Vec::new();
        annotate("error", "a,b.csv", Some(3), "5 % : x, y", "was 5 %\r\nis: 6,7", &mut out).unwrap();
        let expected = "::error file=a%2Cb.csv,line=3,title=5 %25 %3A x%2C y::was 5 %25%0D%0Ais: 6,7\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
