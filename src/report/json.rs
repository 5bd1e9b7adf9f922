//! `results.json`: everything in [`Results`], pretty-printed in the order of its fields, read back only in the schema
//! version this program knows.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::Deserialize;

use super::ReportError;
use crate::results::Results;

/// Writes the results and a newline.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, results)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The results in the file `path`.
///
/// # Errors
/// When the file can't be read, is of another schema version, or is no `results.json` at all.
pub fn read(path: &Path) -> Result<Results, ReportError> {
    let text = fs::read(path).map_err(|source| ReportError::Read { path: path.to_owned(), source })?;
    let refuse = |error: serde_json::Error| ReportError::Content {
        path: path.to_owned(),
        what: "results.json",
        reason: error.to_string(),
    };
    // The version first: in another version any field may be missing, and that would be the lesser half of the truth.
    let Schema { schema } = serde_json::from_slice(&text).map_err(refuse)?;
    if schema != Results::SCHEMA {
        return Err(ReportError::Schema { path: path.to_owned(), found: schema });
    }
    serde_json::from_slice(&text).map_err(refuse)
}

#[derive(Deserialize)]
struct Schema {
    schema: u32,
}
