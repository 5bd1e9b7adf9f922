//! A chart on the page: the same SVG as in its file, told apart from the others by its marks for those who can't see it.

/// A chart that is drawn.
pub struct Drawn {
    /// What it shows, as a heading.
    pub heading: &'static str,
    /// The SVG, as it is in its file.
    pub svg: String,
}

/// A chart as it stands on the page.
pub(super) struct Figure {
    pub(super) id: String,
    pub(super) heading: &'static str,
    pub(super) svg: String,
}

impl Figure {
    /// The chart under this mark. Title and description of an SVG that is part of a page need marks of their own, and its
    /// root names them.
    pub(super) fn of(drawn: &Drawn, id: &str) -> Self {
        let svg = drawn.svg.strip_prefix("<svg ").unwrap_or(&drawn.svg);
        let svg = format!("<svg aria-labelledby=\"{id}-title {id}-desc\" {svg}")
            .replacen("<title>", &format!("<title id=\"{id}-title\">"), 1)
            .replacen("<desc>", &format!("<desc id=\"{id}-desc\">"), 1);
        Self { id: id.to_owned(), heading: drawn.heading, svg }
    }
}
