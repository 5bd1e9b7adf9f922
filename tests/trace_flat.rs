//! The formats that know no processes and no segments: told by their content, read in full, refused where they are bad.

mod common;
mod trace_support;

use std::io::Cursor;
use std::sync::Arc;

use clockhand::replay::Options;
use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::trace::{Fidelity, Impossible, Label, Operation, ReadOptions, Record, Settings, TraceError, read_from};
use common::run;
use proptest::prelude::*;
use trace_support::{Kept, lenient, read_bytes, read_with, written};

/// Pages of a space of 64-bit addresses.
const SPACE: u64 = 1 << 52;

/// The references of a trace of one process and one segment, which does not tell these things of its program.
fn references(kept: &Kept, untold: &[Fidelity]) -> Vec<(u64, bool)> {
    assert_eq!(kept.settings, Some(Settings { fidelity: untold.to_vec(), ..Settings::default() }));
    assert_eq!(kept.labels, [Label::Number(0)]);
    let record = |operation, page| Record { time: 0, process: 1, operation, segment: 0, page };
    assert_eq!(kept.records[..2], [record(Operation::Create, Record::UNKNOWN_SIZE), record(Operation::Attach, 0)]);
    let reference = |found: &Record| {
        let write = found.operation == Operation::Write;
        assert_eq!(*found, record(if write { Operation::Write } else { Operation::Read }, found.page));
        (found.page, write)
    };
    kept.records[2..].iter().map(reference).collect()
}

/// The references in a text that is told to be of this format.
fn read_as(format: &str, text: &str) -> Vec<(u64, bool)> {
    let (kept, summary) = read_bytes(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    assert_eq!((summary.format, summary.skipped), (format, 0), "{text:?}");
    assert_eq!(summary.records, kept.records.len() as u64);
    let untold = if format == "hex-rw" {
        vec![Fidelity::NoMappings]
    } else {
        vec![Fidelity::NoWrites, Fidelity::NoAttachRecords]
    };
    references(&kept, &untold)
}

#[test]
fn addresses_are_cut_into_pages_of_four_kilobytes() {
    let text = "190a7c20 R\n190a7fff W\n190a8000 R\n00000000 W\n00000fff R\nffffffff W\n";
    let expected = [(0x190a7, false), (0x190a7, true), (0x190a8, false), (0, true), (0, false), (0xf_ffff, true)];
    assert_eq!(read_as("hex-rw", text), expected);
}

#[test]
fn what_is_legal_in_an_address_trace_is_taken() {
    for (text, expected) in [
        ("\r\n  \n1000 R\r\n\n2ABc\t W  ", vec![(1, false), (2, true)]),
        ("ffffffffffffffff R\n0000000000000000000001000 W", vec![(SPACE - 1, false), (1, true)]),
    ] {
        assert_eq!(read_as("hex-rw", text), expected);
    }
}

#[test]
fn marks_and_blank_lines_among_blocks_are_passed_over() {
    for text in [
        "2819\n85\n0\n85\n",
        "*\n\n * begin\r\n2819\r\n*\n85\n \n 0\t\n**\n85",
        "2819\n85\n00000000000000000000\n85\n*",
    ] {
        assert_eq!(read_as("lirs", text), [(2819, false), (85, false), (0, false), (85, false)]);
    }
    let largest = format!("{}\n0\n", u64::MAX - 1);
    assert_eq!(read_as("lirs", &largest), [(u64::MAX - 1, false), (0, false)]);
}

#[test]
fn other_formats_are_not_taken_for_these() {
    let format = |bytes: &[u8]| read_bytes(bytes).unwrap().1.format;
    assert_eq!(format(b"time,pid,op,segment,page\n1,2,R,3,4\n"), "csv");
    assert_eq!(format(b"pid,op,segment,page\n1,R,3,4\n"), "csv");
    assert_eq!(format(b"# F=3\nseg a 1\n"), "events");
    assert_eq!(format(b"w 1 a 0\n"), "events");
    let native = written(&trace_support::sample(), "native").0;
    assert_eq!(format(&native), "native");
    let strangers = [
        "1,2,R,0,0",
        "1 2",
        "-1",
        "1.5",
        "0x",
        "0x1000 X",
        "12 X",
        "12 r",
        "12 R 4",
        "R 12",
        "R",
        "l 0x10 four",
        "0x40: X 0x80",
        "I 04000,3",
        " X 04000,8",
        "*\n",
        "* R",
    ];
    for text in strangers {
        let error = read_bytes(text.as_bytes()).unwrap_err();
        assert!(matches!(error, TraceError::Unrecognised(_)), "{text:?}: {error}");
        let message = error.to_string();
        assert!(message.contains("hex-rw (`190a7c20 R`)") && message.contains("lirs (`2819`)"), "{message}");
    }
}

/// Reads a text whose third line is bad, and returns the message.
fn complaint(format: &str, good: &str, bad: &str) -> String {
    let text = format!("{good}\n\n{bad}\n{good}");
    let error = read_bytes(text.as_bytes()).unwrap_err();
    assert!(error.is_skippable(), "{error}");
    let (kept, summary) = read_with(text.as_bytes(), &lenient()).unwrap();
    assert_eq!((summary.format, summary.records, summary.skipped), (format, 4, 1));
    assert_eq!(kept.records[2], kept.records[3]);
    assert_eq!(summary.first_skipped[0].to_string(), error.to_string());
    error.to_string()
}

#[test]
fn a_bad_line_is_told_with_line_event_and_text() {
    let cases = [
        ("hex-rw", "1000", "R or W is missing"),
        ("hex-rw", "R", "R or W is missing"),
        ("hex-rw", "1000 r", "`r` is neither R nor W"),
        ("hex-rw", "1000 R 4", "`R 4` is neither R nor W"),
        ("hex-rw", "0x1000 R", "not a hexadecimal number"),
        ("hex-rw", "-1000 R", "not a hexadecimal number"),
        ("hex-rw", "10000000000000000 R", "more than ffffffffffffffff"),
        ("hex-rw", "\0\u{1}\u{7f} W", "not a hexadecimal number"),
        ("hex-rw", "1000,R", "R or W is missing"),
        ("lirs", "x", "not a whole number"),
        ("lirs", "-1", "not a whole number from 0 to 18446744073709551614"),
        ("lirs", "1 2", "not a whole number"),
        ("lirs", "18446744073709551615", "more than 18446744073709551614"),
        ("lirs", "18446744073709551616", "more than 18446744073709551614"),
        ("lirs", "12\u{0}", "not a whole number"),
        ("arc", "7 1 0", "the number of the request is missing"),
        ("arc", "7 1 0 1 1", "a fifth field"),
        ("arc", "7 x 0 1", "not a whole number"),
        ("arc", "7 65537 0 1", "more than 65536"),
        ("arc", "18446744073709551614 1 0 1", "beyond 2^64 - 2"),
        ("arc", "18446744073709551616 1 0 1", "more than 18446744073709551614"),
        ("text", "1000 X", "`X` is neither R nor W"),
        ("text", "0x", "not a number"),
        ("text", "x", "not a number"),
        ("text", "-5 R", "not a number"),
        ("text", "0x10000000000000000 W", "more than 64 bits hold"),
        ("text", "18446744073709551615", "beyond 2^64 - 2"),
    ];
    for (format, line, expected) in cases {
        let good = match format {
            "lirs" => "7",
            "arc" => "7 1 0 1",
            "text" => "0x7000 W",
            _ => "00007000 W",
        };
        let message = complaint(format, good, line);
        // The creation of the segment, its attachment and the first line come before it.
        assert!(message.starts_with("sample, line 3, event 4: "), "{message}");
        let is_told = message.contains("a line is") || message.contains("is this trace of this format");
        assert!(message.contains(expected) && is_told, "{message}");
        assert!(message.contains("--lenient"), "{message}");
        assert!(!message.contains(|c: char| c.is_control()), "{message:?}");
    }
}

#[test]
fn numbers_in_a_text_are_pages_or_addresses_by_the_way_they_are_written() {
    for (text, untold) in [
        ("# begin\n0x7fff R\n\n8\tw\r\n*\n0XFFFFFFFFFFFFFFFF  W\n3", &[Fidelity::NoAttachRecords][..]),
        ("0x7fff\n8 W\n0xffffffffffffffff W\n3 r", &[Fidelity::NoWrites, Fidelity::NoAttachRecords]),
    ] {
        let (kept, summary) = read_bytes(text.as_bytes()).unwrap();
        assert_eq!((summary.format, summary.skipped), ("text", 0));
        assert_eq!(references(&kept, untold), [(7, false), (8, true), (SPACE - 1, true), (3, false)]);
    }
    let options = ReadOptions { format: Some("text".into()), ..ReadOptions::default() };
    let kept = read_with(b"12 R\n12 W\n", &options).unwrap().0;
    assert_eq!(references(&kept, &[Fidelity::NoAttachRecords]), [(12, false), (12, true)]);
}

#[test]
fn a_request_of_several_blocks_is_a_reference_to_each() {
    let text = "4168 1 0 0\r\n 7 3 0 1\n\n9 0 0 2\n18446744073709551613 1 9 3";
    let expected = [4168, 7, 8, 9, u64::MAX - 2].map(|block| (block, false));
    assert_eq!(read_as("arc", text), expected);
    let kept = read_bytes(text.as_bytes()).unwrap().0;
    let mut resolver = Resolver::new(ResolveOptions::default());
    read_from("sample", Box::new(Cursor::new(text.to_owned())), &ReadOptions::default(), &mut resolver).unwrap();
    let program = resolver.finish();
    assert_eq!((program.footprint(), program.segments[0].size), (5, u64::MAX - 1));
    assert_eq!(kept.records.len(), 7);
}

#[test]
fn a_trace_without_a_good_line_is_empty() {
    for (format, text) in [("lirs", "*\n"), ("lirs", "x\n"), ("hex-rw", "x\n"), ("hex-rw", "\n\n"), ("lirs", "")] {
        let options = ReadOptions { format: Some(format.into()), lenient: true, ..ReadOptions::default() };
        let error = read_with(text.as_bytes(), &options).unwrap_err();
        assert!(matches!(error, TraceError::Empty { .. }), "{format} {text:?}: {error}");
    }
}

#[test]
fn what_the_sink_refuses_is_told_with_its_place() {
    struct Small;
    impl clockhand::trace::RecordSink for Small {
        fn settings(&mut self, _: &Settings) {}
        fn label(&mut self, _: &Label) {}
        fn record(&mut self, record: &Record) -> Result<(), Impossible> {
            let refused = record.operation == Operation::Read && record.page == 9;
            if refused { Err(Impossible { what: "nine".into(), remedy: "count again".into() }) } else { Ok(()) }
        }
    }
    let error = read_from("x", Box::new(&b"1\n9\n"[..]), &ReadOptions::default(), &mut Small).unwrap_err();
    assert_eq!(error.to_string(), "x, line 2, event 4: nine in `9`; count again");
}

#[test]
fn only_pages_that_are_referenced_take_room() {
    let largest = (u64::MAX - 1).to_string();
    for (text, pages) in [(format!("{largest}\n0\n7\n{largest}\n0\n"), 3), ("ffffffffffffffff W\n0 R\n".to_owned(), 2)]
    {
        let mut resolver = Resolver::new(ResolveOptions::default());
        read_from("x", Box::new(Cursor::new(text.clone())), &ReadOptions::default(), &mut resolver).unwrap();
        let program = Arc::new(resolver.finish());
        assert_eq!(program.footprint(), pages);
        for policy in ["linux-2.0", "sweep", "lru"] {
            let row = run(&program, policy, &Options::new(2)).row;
            assert_eq!((row.references, row.out_of_memory), (program.references.len(), 0), "{policy}");
            assert!(row.zero_faults == u64::from(pages), "{policy}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn every_address_is_read(addresses in prop::collection::vec((any::<u64>(), 0..64_u32, any::<bool>()), 1..40)) {
        let addresses: Vec<(u64, bool)> = addresses.into_iter().map(|(a, shift, write)| (a >> shift, write)).collect();
        let line = |&(address, write): &(u64, bool)| format!("{address:08x} {}\n", if write { 'W' } else { 'R' });
        let text: String = addresses.iter().map(line).collect();
        let expected: Vec<_> = addresses.iter().map(|&(address, write)| (address / 4096, write)).collect();
        prop_assert_eq!(read_as("hex-rw", &text), expected);
    }

    #[test]
    fn every_block_is_read(blocks in prop::collection::vec((0..u64::MAX, 0..64_u32), 1..40)) {
        let blocks: Vec<u64> = blocks.into_iter().map(|(block, shift)| block >> shift).collect();
        let text = blocks.iter().map(u64::to_string).collect::<Vec<_>>().join("\n");
        let expected: Vec<_> = blocks.iter().map(|&block| (block, false)).collect();
        prop_assert_eq!(read_as("lirs", &text), expected);
    }
}
