//! `results.csv`: one line a run. The columns are the fields of [`Row`], in its order; no column is named here but the
//! one whose decimals are cut, and the one that is not of a row.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::ReportError;
use crate::results::{Row, Run};

/// The column written with four decimals.
const FAIRNESS: &str = "fairness";

/// The column of the results that a run is from.
const SOURCE: &str = "source";

/// Writes the header and a line for each row.
///
/// # Errors
/// When `out` can't be written to.
pub fn write<'a>(rows: impl IntoIterator<Item = &'a Row>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&line(&header()?)?)?;
    for row in rows {
        out.write_all(&line(&fields(row)?)?)?;
    }
    out.flush()
}

/// Writes the header and a line for each run: its row and, where any of the runs is told apart by the results it is from,
/// these in a last column.
///
/// # Errors
/// When `out` can't be written to.
pub fn write_runs(runs: &[Run], out: &mut dyn Write) -> io::Result<()> {
    if runs.iter().all(|run| run.source.is_none()) {
        return write(runs.iter().map(|run| &run.row), out);
    }
    let with = |mut record: ::csv::StringRecord, last: &str| {
        record.push_field(last);
        line(&record)
    };
    out.write_all(&with(header()?, SOURCE)?)?;
    for run in runs {
        out.write_all(&with(fields(&run.row)?, run.source.as_deref().unwrap_or_default())?)?;
    }
    out.flush()
}

/// The rows of the file `path`. Columns may stand in any order; those that are not [`Row`]'s are passed over.
///
/// # Errors
/// When the file can't be read, or a line is not a row; the message names file, line and column.
pub fn read(path: &Path) -> Result<Vec<Row>, ReportError> {
    let file = File::open(path).map_err(|source| ReportError::Read { path: path.to_owned(), source })?;
    let rows = ::csv::Reader::from_reader(file).into_deserialize().collect::<Result<_, _>>();
    rows.map_err(|error| ReportError::Content { path: path.to_owned(), what: "results.csv", reason: error.to_string() })
}

/// The rows of a text in this form.
///
/// # Errors
/// When a line is not a row: its number, from 1, and what is wrong.
pub(crate) fn read_rows(text: impl io::Read) -> Result<Vec<Row>, (u64, String)> {
    let mut reader = ::csv::Reader::from_reader(text);
    let rows = reader.deserialize().collect::<Result<_, _>>();
    rows.map_err(|error: ::csv::Error| {
        let what = match error.kind() {
            ::csv::ErrorKind::Deserialize { err, .. } => {
                let names = reader.headers().cloned().unwrap_or_default();
                let column = err.field().and_then(|field| names.get(field as usize).map(str::to_owned));
                column.map_or(err.kind().to_string(), |column| format!("{column}: {}", err.kind()))
            }
            ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("{len} fields, and {expected_len} columns")
            }
            _ => error.to_string(),
        };
        (error.position().map_or(1, ::csv::Position::line), what)
    })
}

/// The fields of one line.
///
/// # Errors
/// When they are no text.
pub(crate) fn fields_of(line: &str) -> Result<Vec<String>, String> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    let mut record = ::csv::StringRecord::new();
    reader.read_record(&mut record).map_err(|error| error.to_string())?;
    Ok(record.iter().map(str::to_owned).collect())
}

/// One line of these fields.
///
/// # Errors
/// Never for what is written to memory.
pub(crate) fn line_of(fields: &[String]) -> io::Result<Vec<u8>> {
    line(&::csv::StringRecord::from(fields.to_vec()))
}

/// The names of the columns.
fn header() -> io::Result<::csv::StringRecord> {
    Ok(::csv::Reader::from_reader(serialised(&Row::default())?.as_slice()).headers()?.clone())
}

/// The fields of a row as text.
fn fields(row: &Row) -> io::Result<::csv::StringRecord> {
    let text = serialised(row)?;
    let mut reader = ::csv::Reader::from_reader(text.as_slice());
    let names = reader.headers()?.clone();
    let mut raw = ::csv::StringRecord::new();
    reader.read_record(&mut raw)?;
    let four_decimals = row.fairness.map(|fairness| format!("{fairness:.4}")).unwrap_or_default();
    Ok(names.iter().zip(&raw).map(|(name, field)| if name == FAIRNESS { &four_decimals } else { field }).collect())
}

/// A header and one line, as serde and the csv crate have them.
fn serialised(row: &Row) -> io::Result<Vec<u8>> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.serialize(row)?;
    writer.into_inner().map_err(::csv::IntoInnerError::into_error)
}

fn line(record: &::csv::StringRecord) -> io::Result<Vec<u8>> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(record)?;
    writer.into_inner().map_err(::csv::IntoInnerError::into_error)
}
