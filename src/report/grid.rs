//! Columns of text on a terminal: aligned, tinted where asked for. What stands in them is not known here.

use std::io::{self, Write};

/// How text for a person is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Thousands are separated by commas: for terminals, never for what another program reads.
    pub thousands: bool,
    /// Colours by ANSI escapes.
    pub colour: bool,
    /// Characters in a line, at which a table is broken into blocks; 0 breaks it as often as possible.
    pub width: usize,
    /// Small charts of block characters: for terminals that have them.
    pub sparklines: bool,
}

impl Style {
    /// For files and pipes: no separators, no colours, 80 characters.
    pub const PLAIN: Self = Self { thousands: false, colour: false, width: 80, sparklines: false };

    /// A number in this style.
    pub(crate) fn number(self, number: u64) -> String {
        if self.thousands { super::numbers::grouped(number) } else { number.to_string() }
    }

    /// The text as it goes out: escapes around it where colours are on and it has a tint.
    pub(crate) fn paint(self, text: &str, tint: Tint) -> String {
        match tint.escape() {
            Some(escape) if self.colour && !text.is_empty() => format!("\x1b[{escape}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

/// Why a cell stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tint {
    #[default]
    Plain,
    Strong,
    Faint,
    Best,
    Warning,
}

impl Tint {
    fn escape(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Faint => Some("2"),
            Self::Best => Some("32"),
            Self::Warning => Some("31"),
        }
    }
}

/// One column: cells from top to bottom, heads included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    pub(crate) cells: Vec<(String, Tint)>,
    /// Text is set to the left, numbers to the right.
    pub(crate) left: bool,
    /// It stands one blank behind the column before it, to which it belongs.
    pub(crate) tight: bool,
}

impl Column {
    pub(crate) fn left() -> Self {
        Self { left: true, ..Self::default() }
    }

    pub(crate) fn tight() -> Self {
        Self { tight: true, ..Self::default() }
    }

    /// Blanks before it.
    pub(crate) fn gap(&self) -> usize {
        if self.tight { 1 } else { GAP }
    }

    pub(crate) fn push(&mut self, text: impl Into<String>, tint: Tint) {
        self.cells.push((text.into(), tint));
    }

    /// Characters across.
    pub(crate) fn width(&self) -> usize {
        self.cells.iter().map(|(text, _)| text.chars().count()).max().unwrap_or(0)
    }
}

/// Blanks between two columns.
pub(crate) const GAP: usize = 2;

/// Writes a text in lines that fit the width, each indented by so many blanks. A word that is longer stands alone.
pub(crate) fn wrap(text: &str, indent: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (blanks, mut line) = (" ".repeat(indent), String::new());
    for word in text.split(' ') {
        if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > style.width {
            writeln!(out, "{blanks}{line}")?;
            line.clear();
        }
        line = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
    }
    writeln!(out, "{blanks}{line}")
}

/// Writes the columns side by side, each line indented by [`GAP`] and without blanks at its end.
pub(crate) fn write(columns: &[&Column], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let lines = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    for line in 0..lines {
        let mut blanks = 0;
        for column in columns {
            let (text, tint) = column.cells.get(line).map_or(("", Tint::Plain), |(text, tint)| (text.as_str(), *tint));
            // Blanks at the end of a cell are room like any other: none is written at the end of a line.
            let (text, room) = (text.trim_end(), text.chars().count());
            let free = column.width() - room;
            let (before, after) = if column.left { (0, free) } else { (free, 0) };
            blanks += column.gap() + before;
            if !text.is_empty() {
                write!(out, "{:blanks$}{}", "", style.paint(text, tint))?;
                blanks = 0;
            }
            blanks += after + room - text.chars().count();
        }
        writeln!(out)?;
    }
    Ok(())
}
