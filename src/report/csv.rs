//! `results.csv`: one line a run. The columns are the fields of [`Row`], in its order; no column is named here but the
//! one whose decimals are cut.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::ReportError;
use super::output::OutputError;
use crate::results::Row;

/// The column written with four decimals.
const FAIRNESS: &str = "fairness";

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

/// Keeps each result as soon as it is there: a csv file that grows by a line a run and is valid at any moment.
#[derive(Debug)]
pub struct RowAppender {
    path: PathBuf,
    file: File,
}

impl RowAppender {
    /// The file name the command line uses, beside `results.csv`.
    pub const FILE_NAME: &'static str = "results.partial.csv";

    /// Starts the file `path` with the header, in place of any file there; missing folders are created.
    ///
    /// # Errors
    /// When the file can't be created or written.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let start = || {
            fs::create_dir_all(crate::whole_file::folder_of(path))?;
            let mut file = File::create(path)?;
            file.write_all(&line(&header()?)?)?;
            Ok(file)
        };
        let file = start().map_err(OutputError::at(path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Adds a row. It is with the operating system when this returns.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn append(&mut self, row: &Row) -> Result<(), OutputError> {
        // One write of a whole line on an unbuffered file: whoever reads meanwhile finds no half line.
        let bytes = fields(row).and_then(|fields| line(&fields));
        bytes.and_then(|bytes| self.file.write_all(&bytes)).map_err(OutputError::at(&self.path))
    }

    /// Where the rows are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the file: for when `results.csv` is whole.
    ///
    /// # Errors
    /// When the file can't be removed.
    pub fn remove(self) -> Result<(), OutputError> {
        fs::remove_file(&self.path).map_err(OutputError::at(&self.path))
    }
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
