//! The binary traces of libCacheSim: told from other data, read in full, refused where they are cut.

mod trace_support;

use clockhand::trace::{At, Fidelity, Operation, ReadOptions, Record, TraceError};
use proptest::prelude::*;
use trace_support::{Kept, lenient, read_bytes, read_with};

/// A request: time, object, size.
type Request = (u32, u64, u32);

/// The file of these requests; `base` is the number of the first, 0 or 1, and `never` stands where no other follows.
fn file(requests: &[Request], base: usize, never: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, &(time, object, size)) in requests.iter().enumerate() {
        let next = requests[index + 1..].iter().position(|&(_, other, _)| other == object);
        let next = next.map_or(never, |distance| i64::try_from(index + 1 + distance + base).unwrap());
        bytes.extend(time.to_le_bytes());
        bytes.extend(object.to_le_bytes());
        bytes.extend(size.to_le_bytes());
        bytes.extend(next.to_le_bytes());
    }
    bytes
}

/// The references of a trace of one process and one segment.
fn references(kept: &Kept) -> Vec<(u64, u64)> {
    assert_eq!(kept.records[0].operation, Operation::Create);
    assert_eq!(kept.records[1].operation, Operation::Attach);
    let reference = |record: &Record| {
        assert_eq!((record.operation, record.process, record.segment), (Operation::Read, 1, 0));
        (record.time, record.page)
    };
    kept.records[2..].iter().map(reference).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn every_request_is_read(
        steps in prop::collection::vec((0..1000_u32, 0..50_u64, 1..u32::MAX, 0..58_u32), 1..200),
        base in 0..2_usize, never in prop_oneof![Just(-1), Just(i64::MAX)], start in 0..u32::MAX / 2
    ) {
        let mut time = start;
        let requests: Vec<Request> = steps.iter().map(|&(step, object, size, shift)| {
            time += step;
            (time, object << shift, size)
        }).collect();
        let bytes = file(&requests, base, never);
        let (kept, summary) = read_bytes(&bytes).unwrap();
        prop_assert_eq!(summary.format, "oracle-general");
        let expected: Vec<_> =
            requests.iter().map(|&(time, object, _)| (u64::from(time) * 1_000_000_000, object)).collect();
        prop_assert_eq!(references(&kept), expected);
        let settings = kept.settings.unwrap();
        prop_assert!(settings.has_time);
        prop_assert_eq!(settings.fidelity, [Fidelity::NoWrites, Fidelity::NoAttachRecords]);
    }

    #[test]
    fn other_data_is_not_taken_for_it(bytes in prop::collection::vec(any::<u8>(), 24..600)) {
        let whole = bytes.len() / 24 * 24;
        for bytes in [&bytes[..], &bytes[..whole]] {
            let format = read_with(bytes, &lenient()).map(|(_, summary)| summary.format);
            prop_assert!(!matches!(format, Ok("oracle-general")));
        }
    }
}

#[test]
fn what_is_not_plausible_is_not_taken_for_it() {
    let requests: Vec<Request> = (0..100).map(|number| (number, u64::from(number % 7) << 40, 1)).collect();
    let whole = file(&requests, 0, -1);
    assert_eq!(read_bytes(&whole).unwrap().1.format, "oracle-general");
    // Times that descend, a next request before this one, a next request that is beyond all traces.
    for (place, bytes) in [(24 * 50, [0; 4]), (24 * 50 + 16, [3, 0, 0, 0]), (24 * 50 + 20, [0, 2, 0, 0])] {
        let mut damaged = whole.clone();
        damaged[place..place + 4].copy_from_slice(&bytes);
        assert!(matches!(read_bytes(&damaged), Err(TraceError::Unrecognised(_))), "{place}");
        let forced = ReadOptions { format: Some("oracle-general".into()), ..ReadOptions::default() };
        assert!(read_with(&damaged, &forced).is_ok(), "told by name, it is read");
    }
    for junk in [&[0; 24 * 20][..], &[0xff; 24 * 20], &[b' '; 24 * 20], &[b'7'; 24 * 20]] {
        assert!(!matches!(read_bytes(junk), Ok((_, summary)) if summary.format == "oracle-general"));
    }
}

#[test]
fn it_is_not_taken_for_the_text_that_its_first_bytes_are() {
    for begins in [*b"0\n\x06O", *b"*\n7\n", *b"\n12\n", *b"# 1\n", *b"r 1\n", *b"1 2\n", *b"1,2\n", *b"1 W\n"] {
        let whole = file(&[(u32::from_le_bytes(begins), 0, 1)], 0, -1);
        let begins = String::from_utf8_lossy(&begins);
        let (_, summary) = read_bytes(&whole).unwrap_or_else(|error| panic!("{begins:?}: {error}"));
        assert_eq!(summary.format, "oracle-general", "{begins:?}");
    }
}

#[test]
fn a_file_cut_inside_a_request_is_refused() {
    let requests: Vec<Request> = (0..5000).map(|number| (number, u64::from(number) * 977 % 501, 1)).collect();
    let whole = file(&requests, 1, i64::MAX);
    for length in [1, 23, 25, 24 * 2048 - 1, 24 * 2048 + 1, 24 * 4999 + 12, whole.len() - 1] {
        for lenient in [false, true] {
            let options = ReadOptions { format: Some("oracle-general".into()), lenient, ..ReadOptions::default() };
            let error = read_with(&whole[..length], &options).map(drop).unwrap_err();
            let place = Some(At::Byte((length / 24 * 24) as u64));
            assert!(matches!(&error, TraceError::Damaged(fault) if fault.at == place), "{length}: {error}");
        }
        assert!(read_bytes(&whole[..length]).is_err());
    }
    assert_eq!(references(&read_bytes(&whole[..24 * 4000]).unwrap().0).len(), 4000);
}

#[test]
fn a_request_of_no_bytes_and_an_object_that_is_no_page() {
    let bytes = file(&[(1, 5, 0), (2, 6, 1), (3, u64::MAX, 1), (4, u64::MAX - 1, 1)], 0, -1);
    let error = read_bytes(&bytes).map(drop).unwrap_err();
    assert!(error.to_string().starts_with("sample, byte 48, event 4: the last page is beyond 2^64 - 2"), "{error}");
    let (kept, summary) = read_with(&bytes, &lenient()).unwrap();
    assert_eq!(references(&kept), [(2_000_000_000, 6), (4_000_000_000, u64::MAX - 1)]);
    assert_eq!(summary.skipped, 1);
}
