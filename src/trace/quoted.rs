//! Lines with quoted fields, which are rare enough to be left to a csv parser. What a field means is not known here.

use std::io::Read;

/// The fields of a line with quotes in it; none when a quote is not closed on its line.
#[cold]
pub(crate) fn fields(line: &[u8], delimiter: u8) -> Option<csv::ByteRecord> {
    // A field whose quote is never closed swallows the line that is put behind it.
    let mut parser = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(line.chain(&b"\n.\n"[..]));
    let (mut row, mut behind) = (csv::ByteRecord::new(), csv::ByteRecord::new());
    let mut parse = |row| parser.read_byte_record(row).unwrap_or(false);
    (parse(&mut row) && parse(&mut behind)).then_some(row)
}
