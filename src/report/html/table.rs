//! A table on its way to the page: texts in rows and columns, all of them filled in by one piece of the template.

/// A column.
pub(super) struct Column {
    /// Its head.
    pub(super) head: String,
    /// What it means, where the head does not say it.
    pub(super) hint: &'static str,
    /// Whether it holds text, which stands to the left.
    pub(super) text: bool,
}

/// A row.
pub(super) struct Row {
    /// Its cells, from left to right.
    pub(super) cells: Vec<String>,
    /// Why it stands out, as a class of the style sheet; empty where it doesn't.
    pub(super) class: &'static str,
}

/// A table.
pub(super) struct Table {
    /// For links within the page; no two are the same.
    pub(super) id: String,
    /// What it shows.
    pub(super) caption: String,
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// Which of them names the row.
    pub(super) head: usize,
    /// Its rows.
    pub(super) rows: Vec<Row>,
}

/// A column of numbers.
pub(super) fn number(head: impl Into<String>, hint: &'static str) -> Column {
    Column { head: head.into(), hint, text: false }
}

/// A column of texts.
pub(super) fn text(head: impl Into<String>, hint: &'static str) -> Column {
    Column { head: head.into(), hint, text: true }
}

/// What stands where there is nothing to say.
pub(super) const NOTHING: &str = "–";

/// A number with a sign, its minus as it is printed.
pub(super) fn signed(text: &str) -> String {
    text.replace('-', "\u{2212}")
}
