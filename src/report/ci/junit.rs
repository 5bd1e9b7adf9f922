//! `JUnit` XML, as Jenkins, GitLab and most others read it: a suite for each trace, a case for each run. A run that is worse
//! fails, with its numbers in the text; one that can't be compared is an error.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::gate::{ComparedRun, Comparison, Standing};
use crate::report::check::change_line;

/// Writes the comparison.
pub(super) fn of_comparison(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites: Vec<&[ComparedRun]> = comparison.runs.chunk_by(|a, b| a.trace == b.trace).collect();
    let all = counts(&comparison.runs);
    let element = writer.create_element("testsuites").with_attribute(("name", "clockhand check"));
    element
        .with_attributes(pairs(&all))
        .write_inner_content(|writer| suites.iter().try_for_each(|runs| suite(runs, comparison, writer)))?;
    out.write_all(&writer.into_inner())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// How many cases there are, fail, and are errors.
fn counts(runs: &[ComparedRun]) -> [(&'static str, String); 3] {
    let count = |standing| runs.iter().filter(|run| run.standing == standing).count().to_string();
    [
        ("tests", runs.len().to_string()),
        ("failures", count(Standing::Worse)),
        ("errors", count(Standing::NotComparable)),
    ]
}

fn pairs<'a>(counts: &'a [(&'static str, String)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    counts.iter().map(|(name, count)| (*name, count.as_str()))
}

fn suite(runs: &[ComparedRun], comparison: &Comparison, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    let name = legal(&runs[0].trace);
    let counts = counts(runs);
    let element = writer.create_element("testsuite").with_attribute(("name", name.as_str()));
    element
        .with_attributes(pairs(&counts))
        .write_inner_content(|writer| runs.iter().try_for_each(|run| case(run, comparison, writer)))?;
    Ok(())
}

fn case(run: &ComparedRun, comparison: &Comparison, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    let name = legal(&format!("{} in {} frames", run.label, run.frames));
    let class = legal(&run.trace);
    let line = run.line.to_string();
    let element = writer.create_element("testcase").with_attributes([
        ("name", name.as_str()),
        ("classname", class.as_str()),
        ("file", comparison.baseline.as_str()),
        ("line", line.as_str()),
        // Schemas want a time; that of a count is none.
        ("time", "0"),
    ]);
    match run.standing {
        Standing::Worse => element.write_inner_content(|writer| {
            let worse: Vec<String> = lines(run, Some(Standing::Worse));
            let message = legal(&worse.join("; "));
            let failure =
                writer.create_element("failure").with_attributes([("message", message.as_str()), ("type", "worse")]);
            failure.write_text_content(BytesText::new(&legal(&lines(run, None).join("\n"))))?;
            Ok(())
        })?,
        Standing::NotComparable => element.write_inner_content(|writer| {
            let reason = legal(run.reason.as_deref().unwrap_or_default());
            let error = writer
                .create_element("error")
                .with_attributes([("message", reason.as_str()), ("type", "not-comparable")]);
            error.write_text_content(BytesText::new(&legal(&comparison.obstacles.join("\n"))))?;
            Ok(())
        })?,
        Standing::Better | Standing::WithinLimits => element.write_inner_content(|writer| {
            let text = legal(&lines(run, None).join("\n"));
            writer.create_element("system-out").write_text_content(BytesText::new(&text))?;
            Ok(())
        })?,
        Standing::Equal => element.write_empty()?,
    };
    Ok(())
}

/// What changed in a run, a line a metric: of one standing, or all.
fn lines(run: &ComparedRun, standing: Option<Standing>) -> Vec<String> {
    let changes = run.changes.iter().filter(|change| standing.is_none_or(|standing| change.standing == standing));
    changes.map(change_line).collect()
}

/// The text without the characters that no XML can hold.
fn legal(text: &str) -> String {
    let legal = |character: char| {
        matches!(character, '\t' | '\n' | '\r') || (character >= ' ' && !matches!(character, '\u{fffe}' | '\u{ffff}'))
    };
    text.chars().map(|character| if legal(character) { character } else { '\u{fffd}' }).collect()
}
