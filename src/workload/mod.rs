//! Traces that are made, not taken: patterns of references with a model behind each, for experiments that no recorded
//! trace allows. One row a pattern in [`PATTERNS`]; help and documentation come from the rows.
//!
//! - To make one: [`Workload::new`], then [`Workload::generate`] into any sink of records.
//! - To add one: a file here with a `Walk` and its row's start, and the row.
//!
//! A workload is made as a stream; only Zipf's law needs a table. The same options and seed give the same records on every
//! machine: nothing is computed with more than integers and the four operations of arithmetic. No file is touched here, and
//! nothing is known of replay.

mod alias;
mod draw;
mod generate;
mod independent;
mod index;
mod join;
mod layout;
mod permutation;
mod power;
mod ring;
mod sequential;
mod tuning;

use draw::Draw;
use layout::Layout;

pub use generate::Workload;
pub use layout::{Sharing, Size};
pub use tuning::{Placement, Tuning};

/// A pattern of references.
pub struct Pattern {
    /// Its name, as it is typed.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// The model that it stands for.
    pub model: &'static str,
    /// Its own parameters with their defaults.
    pub defaults: Tuning,
    /// Lays out the segments and makes what walks over them.
    start: fn(&Size, &Tuning, &mut Draw) -> Result<Start, String>,
}

/// A pattern ready to go.
struct Start {
    layout: Layout,
    walk: Box<dyn Walk>,
}

/// One reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    segment: u32,
    page: u64,
    write: bool,
}

/// What decides where references go.
trait Walk {
    /// The next reference of a process; none when it can do nothing at present, and another one's turn begins. There is
    /// always a process that can do something.
    fn step(&mut self, process: usize, draw: &mut Draw) -> Option<Step>;
}

/// The patterns, from the simplest on.
pub static PATTERNS: &[&Pattern] = &[
    &sequential::LOOP,
    &sequential::SCAN,
    &independent::UNIFORM,
    &independent::ZIPF,
    &independent::HOTSPOT,
    &independent::PHASES,
    &ring::RING,
    &join::JOIN,
    &index::INDEX,
];

/// The pattern of a name.
pub fn pattern(name: &str) -> Option<&'static Pattern> {
    PATTERNS.iter().copied().find(|pattern| pattern.name == name)
}

/// What the patterns are and which parameters each has, for the help.
pub fn help() -> String {
    let mut text = "Patterns:\n".to_owned();
    for pattern in PATTERNS {
        text += &format!("\n  {}: {}\n", pattern.name, pattern.summary);
        for line in wrapped(pattern.model, 92) {
            text += &format!("      {line}\n");
        }
        let options = pattern.defaults.options();
        let listed: Vec<String> =
            options.iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?))).collect();
        for line in wrapped(&listed.join(", "), 92) {
            text += &format!("      {line}\n");
        }
    }
    text
}

/// The words of a text in lines of so many characters at most.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].len() + 1 + word.len() > width {
            lines.push(word.to_owned());
        } else {
            let line = &mut lines[last];
            *line += if line.is_empty() { "" } else { " " };
            *line += word;
        }
    }
    lines
}
