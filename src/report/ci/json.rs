//! The comparison as JSON, with the fields of [`Comparison`].

use std::io::{self, Write};

use crate::gate::Comparison;

/// Writes the comparison.
pub(super) fn of_comparison(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    super::write_json(comparison, out)
}
