//! The traces that reading is measured with are traces of their formats.

#[path = "../benches/samples/mod.rs"]
mod samples;
mod trace_support;

use clockhand::trace::FORMATS;
use trace_support::read_bytes;

#[test]
fn every_format_has_a_trace_to_measure_its_reader_with() {
    // Those that are written need none.
    for format in FORMATS.iter().filter(|format| format.write.is_none()) {
        let bytes = samples::sample(format);
        let (kept, summary) = read_bytes(&bytes).unwrap_or_else(|error| panic!("{}: {error}", format.name));
        assert_eq!((summary.format, summary.skipped), (format.name, 0));
        assert!(kept.records.len() > 40_000, "{} has {} records", format.name, kept.records.len());
    }
}
