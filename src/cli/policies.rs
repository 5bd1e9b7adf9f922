//! `clockhand policies`: what the registry holds.

use std::fmt::Write as _;

use anyhow::Error;
use serde::Serialize;

use super::arguments::PoliciesArguments;
use super::terminal;
use crate::policy::POLICIES;
use crate::policy::registry::Entry;

/// A row of the registry as JSON.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    sight: &'static str,
    parameters: Vec<ListedParameter>,
    summary: &'static str,
    source: &'static str,
    file: &'static str,
}

#[derive(Serialize)]
struct ListedParameter {
    key: &'static str,
    default: &'static str,
    help: &'static str,
}

impl From<&Entry> for Listed {
    fn from(entry: &Entry) -> Self {
        let parameters = entry.parameters.iter();
        Self {
            name: entry.name,
            sight: entry.sight.word(),
            parameters: parameters.map(|p| ListedParameter { key: p.key, default: p.default, help: p.help }).collect(),
            summary: entry.summary,
            source: entry.source,
            file: entry.file,
        }
    }
}

/// Runs the command.
pub fn run(arguments: &PoliciesArguments) -> Result<(), Error> {
    let text = if arguments.json {
        let listed: Vec<Listed> = POLICIES.iter().map(Listed::from).collect();
        serde_json::to_string_pretty(&listed)? + "\n"
    } else {
        list()
    };
    terminal::print(|out| out.write_all(text.as_bytes()))?;
    Ok(())
}

fn list() -> String {
    let mut text = String::new();
    for (place, entry) in POLICIES.iter().enumerate() {
        let gap = if place == 0 { "" } else { "\n" };
        // Writing to a string can't fail.
        let _ = writeln!(text, "{gap}{}\n    {}", entry.name, entry.summary);
        let _ = writeln!(text, "    sight   {}: {}", entry.sight.word(), entry.sight.meaning());
        for parameter in entry.parameters {
            let _ = writeln!(text, "    option  {}={}  {}", parameter.key, parameter.default, parameter.help);
        }
        let _ = writeln!(text, "    source  {}\n    code    {}", entry.source, entry.file);
    }
    text
}
