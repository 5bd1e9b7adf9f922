//! No input makes a reader panic, and none is read wrongly without a word.

mod trace_support;

use std::io::{Cursor, Read, Write as _};
use std::time::{Duration, Instant};

use clockhand::trace::input::MAX_LINE;
use clockhand::trace::{AddressOptions, At, FORMATS, Fault, ReadOptions, Source, TraceError, read, read_from};
use trace_support::{Kept, lenient, read_bytes, read_with, sample, written};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

const HEADER: &str = "time,pid,op,segment,page\n";

fn native() -> Vec<u8> {
    written(&sample(), "native").0
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Compress = fn(&[u8]) -> Vec<u8>;

/// The compressions there are.
const COMPRESSIONS: [(&str, Compress); 3] = [("gz", gz), ("zst", zst), ("xz", xz)];

/// A csv text long enough that its compression has something to do.
fn long_csv() -> Vec<u8> {
    let rows = (0..400).map(|i| format!("{},{},R,{},{}\n", i * 977, i % 7, i % 3, i * i % 101));
    (HEADER.to_owned() + &rows.collect::<String>()).into_bytes()
}

#[test]
fn a_native_file_cut_anywhere_is_refused() {
    let whole = native();
    assert!(read_bytes(&whole).is_ok());
    for length in 0..whole.len() {
        for options in [ReadOptions::default(), lenient()] {
            assert!(read_with(&whole[..length], &options).is_err(), "cut to {length} of {} bytes", whole.len());
        }
    }
    let longer = [&whole[..], b"x"].concat();
    assert!(matches!(read_bytes(&longer), Err(TraceError::Damaged(_))));
    assert!(read_bytes(&whole.repeat(2)).is_err());
}

#[test]
fn a_flipped_bit_in_a_native_file_is_refused_or_does_no_harm() {
    let whole = native();
    let mut refused = 0;
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        match read_with(&damaged, &lenient()) {
            Err(_) => refused += 1,
            Ok((kept, _)) => assert_eq!(kept, sample(), "bit {bit}"),
        }
    }
    assert_eq!(refused, whole.len() * 8);
}

#[test]
fn damage_is_found_where_it_is_and_not_only_at_the_end() {
    let (head, body) = block_of(&native());
    for (place, expected) in
        [(10, "version"), (17, "head"), (head + 6, "block's head"), (body, "of the block is wrong")]
    {
        let mut damaged = native();
        damaged[place] ^= 1;
        let message = read_bytes(&damaged).unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains("byte"), "{message}");
    }
}

#[test]
fn compressed_files_cut_anywhere_are_refused() {
    for whole in [gz(&long_csv()), zst(&long_csv()), xz(&long_csv()), zst(&native())] {
        assert!(read_bytes(&whole).is_ok());
        for length in 0..whole.len() {
            let error = read_with(&whole[..length], &lenient()).unwrap_err();
            assert!(!error.is_skippable(), "{error}");
        }
    }
    for (name, compress) in COMPRESSIONS {
        let error = read_bytes(&compress(&long_csv())[..300]).unwrap_err();
        let told = |fault: &Fault| fault.what.contains(name) && fault.at == Some(At::Byte(300));
        assert!(matches!(&error, TraceError::Damaged(fault) if told(fault)), "{error}");
    }
}

#[test]
fn a_compressed_file_of_several_members_is_read_to_its_end() {
    let text = long_csv();
    let expected = read_bytes(&text).unwrap().0;
    for (name, compress) in COMPRESSIONS {
        for cuts in [&[300][..], &[1, 2, 700], &[text.len()], &[0, 0, 5000]] {
            let mut members = Vec::new();
            let mut rest = &text[..];
            let mut start = 0;
            for &cut in cuts {
                let (member, behind) = rest.split_at(cut - start);
                members.extend(compress(member));
                (rest, start) = (behind, cut);
            }
            members.extend(compress(rest));
            let (kept, summary) = read_bytes(&members).unwrap_or_else(|error| panic!("{name} {cuts:?}: {error}"));
            assert_eq!((kept == expected, summary.compression), (true, Some(name)), "{cuts:?}");
            assert_eq!(summary.sha256, trace_support::sha256(&members));
        }
    }
}

#[test]
fn what_is_behind_a_compressed_file_is_refused() {
    for (name, compress) in COMPRESSIONS {
        for behind in [&b"junk behind"[..], b"j", b"1,2,R,0,0\n", &long_csv()] {
            let bytes = [&compress(&long_csv())[..], behind].concat();
            let error = read_bytes(&bytes).unwrap_err();
            assert!(matches!(error, TraceError::Damaged(_)), "{name} {behind:?}: {error}");
        }
    }
}

#[test]
fn a_file_that_takes_too_much_memory_to_undo_is_refused_with_a_way_out() {
    let mut options = liblzma::stream::LzmaOptions::new_preset(0).unwrap();
    options.dict_size(1 << 30);
    let mut filters = liblzma::stream::Filters::new();
    filters.lzma2(&options);
    let stream = liblzma::stream::Stream::new_stream_encoder(&filters, liblzma::stream::Check::Crc32).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(&long_csv()).unwrap();
    let greedy_xz = encoder.finish().unwrap();
    // The head of a frame with a window of 2 GiB.
    let greedy_zst = [&[0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3][..], &[0; 100]].concat();
    for (bytes, program) in [(greedy_xz, "xz -dc"), (greedy_zst, "zstd -dc")] {
        let error = read_bytes(&bytes).unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, TraceError::Unrecognised(_)), "{message}");
        assert!(message.contains("memory") && message.contains(program), "{message}");
    }
}

/// Gives bytes, and then does something else.
struct Then<F>(Cursor<Vec<u8>>, F);

impl<F: FnMut() -> std::io::Result<usize>> Read for Then<F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => (self.1)(),
            count => Ok(count),
        }
    }
}

/// Reads a trace that does something else behind so many good bytes.
fn read_then(good: usize, then: impl FnMut() -> std::io::Result<usize> + Send + 'static) -> (Kept, Option<TraceError>) {
    let rows = "1,2,R,0,0\n".repeat(good / 10);
    let bytes = Then(Cursor::new((HEADER.to_owned() + &rows).into_bytes()), then);
    let mut kept = Kept::default();
    let result = read_from("sample", Box::new(bytes), &ReadOptions::default(), &mut kept);
    (kept, result.err())
}

#[test]
fn a_medium_that_fails_is_told_after_what_came_before() {
    for good in [100, 60_000, 70_000, 2_000_000] {
        let (kept, error) = read_then(good, || Err(std::io::Error::other("the disk is on fire")));
        let message = error.unwrap().to_string();
        assert_eq!(message, "sample: cannot read: the disk is on fire");
        assert!(good < 1 << 16 || kept.records.len() > good / 10 - 10, "{}", kept.records.len());
    }
    let mut interruptions = 0;
    let (kept, error) = read_then(300_000, move || {
        interruptions += 1;
        if interruptions < 5 { Err(std::io::ErrorKind::Interrupted.into()) } else { Ok(0) }
    });
    assert!(error.is_none(), "{error:?}");
    assert_eq!(kept.records.len(), 30_000);
}

#[test]
fn a_reader_that_panics_makes_an_error() {
    let (_, error) = read_then(500_000, || panic!("an expected panic of a test"));
    assert!(matches!(error, Some(TraceError::Io { .. })), "{error:?}");
}

#[test]
fn reading_that_ends_early_waits_for_nobody() {
    // Behind the bad line comes nothing, for ever.
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let rows = "1,2,R,0,0\n".repeat(100_000).replacen("1,2", "x,2", 1);
    let bytes = Then(Cursor::new((HEADER.to_owned() + &rows).into_bytes()), move || {
        let _ = stopped.recv();
        Ok(0)
    });
    let error = read_from("sample", Box::new(bytes), &ReadOptions::default(), &mut Kept::default()).unwrap_err();
    assert!(error.to_string().starts_with("sample, line 2, event 1: "), "{error}");
    drop(stop);
}

#[test]
fn lines_across_the_pieces_that_are_handed_over_are_whole() {
    let longest = 300_000;
    let mut text = HEADER.to_owned();
    for row in 0..4000_usize {
        let blanks = if row % 500 == 0 { longest } else { row * 7 % 97 };
        text += &format!("{row},2,R,0,{}{}\n", row * row, " ".repeat(blanks));
    }
    for bytes in [text.clone().into_bytes(), gz(text.as_bytes()), zst(text.as_bytes()), xz(text.as_bytes())] {
        let (kept, summary) = read_bytes(&bytes).unwrap();
        let pages: Vec<u64> = kept.records.iter().map(|record| record.page).collect();
        assert_eq!(pages, (0..4000).map(|row| row * row).collect::<Vec<u64>>());
        assert_eq!(summary.sha256, trace_support::sha256(&bytes));
    }
}

#[test]
fn a_flipped_bit_in_a_compressed_file_is_refused_or_does_no_harm() {
    let text = long_csv();
    let expected = read_bytes(&text).unwrap().0;
    for whole in [gz(&text), zst(&text), xz(&text)] {
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            if let Ok((kept, _)) = read_bytes(&damaged) {
                assert_eq!(kept, expected, "bit {bit}");
            }
        }
    }
}

/// Where the parts of a native file of one block are.
fn block_of(bytes: &[u8]) -> (usize, usize) {
    let start = memchr::memmem::find(bytes, b"BLOK").expect("a block");
    (start, start + 96)
}

/// Makes all checksums of a native file of one block right again.
fn repair(bytes: &mut [u8]) {
    let (head, body) = block_of(bytes);
    let end = bytes.len() - 60;
    let put = |bytes: &mut [u8], at: usize, hash: u64| bytes[at..at + 8].copy_from_slice(&hash.to_le_bytes());
    let hash = xxh3_64(&bytes[body..end]);
    put(bytes, body - 16, hash);
    let hash = xxh3_64_with_seed(&bytes[head..body - 8], 0);
    put(bytes, body - 8, hash);
    let hash = xxh3_64(&bytes[..head - 8]);
    put(bytes, head - 8, hash);
    let last = bytes.len() - 8;
    let hash = xxh3_64(&[&bytes[..body], &bytes[end..last]].concat());
    put(bytes, last, hash);
}

/// A native file of one block with one column, unpacked, changed, and everything else made to fit.
fn with_column(bytes: &[u8], index: usize, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let (head, body) = block_of(bytes);
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let mut result = bytes[..body].to_vec();
    let mut at = body;
    let mut change = Some(change);
    for column in 0..6 {
        let place = head + 32 + 8 * column;
        let (length, packed) = (number(place), number(place + 4));
        let frame = &bytes[at..at + packed];
        at += packed;
        let mut plain = if packed == length { frame.to_vec() } else { zstd::bulk::decompress(frame, length).unwrap() };
        if column == index {
            change.take().unwrap()(&mut plain);
        }
        result[place..place + 4].copy_from_slice(&(plain.len() as u32).to_le_bytes());
        result[place + 4..place + 8].copy_from_slice(&(plain.len() as u32).to_le_bytes());
        result.extend_from_slice(&plain);
    }
    result.extend_from_slice(&bytes[at..]);
    repair(&mut result);
    result
}

/// Something done to a column.
type Change = fn(&mut Vec<u8>);

#[test]
fn a_native_file_with_right_checksums_and_wrong_numbers_is_refused() {
    let whole = native();
    assert_eq!(read_bytes(&with_column(&whole, 0, |_| {})).unwrap().0, sample());
    // Pages, processes and labels that are in no table, columns too short or too long, a change of no kind.
    let cases: [(usize, Change); 19] = [
        (0, |column| column.truncate(column.len() - 1)),
        (0, |column| column[0] = 9),
        (0, |column| column.push(0)),
        (1, |column| column[0] = 99),
        (1, |column| column.truncate(column.len() - 1)),
        (1, |column| column.push(0)),
        (2, |column| column[0] = 99),
        (2, |column| column.truncate(column.len() - 1)),
        (2, |column| *column.last_mut().unwrap() = 0),
        (2, |column| *column.last_mut().unwrap() += 1),
        (3, |column| column[0] = 0xff),
        (3, |column| column.truncate(4)),
        (3, |column| column.extend([0; 4])),
        (4, |column| column.push(0)),
        (4, |column| column.truncate(column.len() - 1)),
        (4, |column| column[1] = 77),
        (4, |column| column[0] = 120),
        (5, |column| column.truncate(column.len() - 1)),
        (5, |column| column.push(0)),
    ];
    for (index, (column, change)) in cases.into_iter().enumerate() {
        let error = read_with(&with_column(&whole, column, change), &lenient()).err();
        assert!(matches!(error, Some(TraceError::Damaged(_))), "case {index}: {error:?}");
    }
    // Every number of the block's head, made huge: no room is made for what is not there.
    let (head, body) = block_of(&whole);
    for place in (head + 4..body - 16).step_by(4) {
        for number in [u32::MAX, 1 << 20, 40 << 20] {
            let mut damaged = whole.clone();
            damaged[place..place + 4].copy_from_slice(&number.to_le_bytes());
            repair(&mut damaged);
            let error = read_with(&damaged, &lenient()).err();
            assert!(matches!(error, Some(TraceError::Damaged(_))), "byte {}: {error:?}", place - head);
        }
    }
    for (place, word) in [(8, "version 9"), (12, "settings")] {
        let mut damaged = whole.clone();
        damaged[place..place + 4].copy_from_slice(&if place == 12 { u32::MAX } else { 9 }.to_le_bytes());
        repair(&mut damaged);
        let error = read_bytes(&damaged).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    // A page of no size.
    let mut damaged = whole.clone();
    damaged[18] = 0x21;
    repair(&mut damaged);
    let error = read_bytes(&damaged).unwrap_err().to_string();
    assert!(error.contains("the settings are wrong"), "{error}");
}

/// Reads a csv row and returns the message.
fn complaint(row: &str) -> String {
    let text = format!("{HEADER}1,2,create,0,8\n{row}\n3,2,R,0,0\n");
    let error = read_bytes(text.as_bytes()).unwrap_err();
    assert!(error.is_skippable());
    let (kept, summary) = read_with(text.as_bytes(), &lenient()).unwrap();
    assert_eq!((kept.records.len(), summary.records, summary.skipped), (2, 2, 1));
    assert_eq!(summary.first_skipped[0].to_string(), error.to_string());
    error.to_string()
}

#[test]
fn a_bad_row_is_told_with_line_event_and_text() {
    let cases = [
        ("x,2,R,0,0", "the time is not a whole number"),
        ("1,-2,R,0,0", "the pid is not a whole number"),
        ("1,2,R,0,99999999999999999999", "the page is more than 18446744073709551615"),
        ("1,2,R,18446744073709551616,0", "the segment is more than"),
        ("1,2,R,0,", "the page is missing"),
        ("1,2,R,0", "the page is missing"),
        ("1,2", "there is no op ``"),
        ("1,2,read,0,0", "there is no op `read`"),
        (",2,R,0,0", "the time is missing"),
        ("1,2,fork,,", "the page is missing"),
        ("1,2,R,0,1.5", "the page is not a whole number"),
        ("1,2,R,0,\"1", "a quote is not closed"),
        ("\0\u{1}\u{7f}", "there is no op"),
    ];
    for (row, expected) in cases {
        let message = complaint(row);
        assert!(message.starts_with("sample, line 3, event 2: "), "{message}");
        assert!(message.contains(expected) && message.contains("--lenient"), "{message}");
        assert!(!message.contains(|c: char| c.is_control()), "{message:?}");
    }
}

#[test]
fn a_bad_event_is_told_with_line_event_and_text() {
    let cases = [
        ("r 1 a", "the page is missing"),
        ("r 1 a 2 3", "`3` is too much"),
        ("r x a 2", "the process id is not a whole number"),
        ("w 1 a 99999999999999999999", "the page is more than"),
        ("seg", "the name of the segment is missing"),
        ("seg a 3 lock", "`lock` is too much"),
        ("seg a 3 locked now", "more than"),
        ("fork 1", "the child's process id is missing"),
        ("shmget 1", "there is no event `shmget`"),
    ];
    for (line, expected) in cases {
        let text = format!("# F=3\n# two\nseg a 3\n{line}\nr 1 a 0");
        let error = read_bytes(text.as_bytes()).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with("sample, line 4, event 2: "), "{message}");
        assert!(message.contains(expected) && message.contains("the events are"), "{message}");
        let (_, summary) = read_with(text.as_bytes(), &lenient()).unwrap();
        assert_eq!((summary.records, summary.skipped), (2, 1));
    }
}

#[test]
fn lenient_counts_all_and_keeps_five() {
    let text = HEADER.to_owned() + &"1,2,R,0,0\nbad\r\n".repeat(100);
    let (kept, summary) = read_with(text.as_bytes(), &lenient()).unwrap();
    assert_eq!((kept.records.len(), summary.skipped, summary.first_skipped.len()), (100, 100, 5));
    assert!(
        matches!(&summary.first_skipped[4], TraceError::Record(fault) if fault.at == Some(At::Line(11)) && fault.text == "bad")
    );
    let nothing_left = read_with(format!("{HEADER}bad\nbad\n").as_bytes(), &lenient()).unwrap_err();
    assert!(nothing_left.to_string().contains("after 2 bad ones"), "{nothing_left}");
}

#[test]
fn what_the_sink_refuses_is_told_with_its_place() {
    let events = b"# F=3\nseg a 3\nr 1 a 2\nr 1 a 9\nr 1 a 1\n".to_vec();
    let csv = format!("{HEADER}1,1,create,0,3\n2,1,R,0,2\n3,1,R,0,9\n4,1,R,0,1\n").into_bytes();
    let whole = |bytes: &[u8]| read_bytes(bytes).unwrap().0;
    let native = written(&whole(&csv), "native").0;
    for (bytes, place) in [(events, "line 4, event 3"), (csv, "line 4, event 3"), (native, "event 3")] {
        let mut kept = Kept { end: Some(5), ..Kept::default() };
        let error =
            read_from("x", Box::new(Cursor::new(bytes.clone())), &ReadOptions::default(), &mut kept).unwrap_err();
        assert!(matches!(error, TraceError::Impossible(_)));
        let message = error.to_string();
        assert!(message.contains(place) && message.contains("past the end") && message.contains("longer"), "{message}");
        let mut kept = Kept { end: Some(5), ..Kept::default() };
        let summary = read_from("x", Box::new(Cursor::new(bytes.clone())), &lenient(), &mut kept).unwrap();
        assert_eq!((summary.records, summary.skipped, kept.records.len()), (3, 1, 3));
    }
}

#[test]
fn line_ends_may_be_mixed_and_the_last_may_be_missing() {
    let expected = read_bytes(format!("{HEADER}1,2,R,0,0\n2,2,W,0,1\n3,2,exit,,\n").as_bytes()).unwrap().0;
    for text in [
        "time,pid,op,segment,page\r\n1,2,R,0,0\n2,2,W,0,1\r\n3,2,exit,,\r\n",
        "time,pid,op,segment,page\n1,2,R,0,0\r\n2,2,W,0,1\n3,2,exit,,",
        "time,pid,op,segment,page\n\r\n1,2,R,0,0\n   \n2,2,W,0,1\n3,2,exit\r",
    ] {
        assert_eq!(read_bytes(text.as_bytes()).unwrap().0, expected, "{text:?}");
    }
}

#[test]
fn a_trace_of_nothing_is_an_error() {
    for text in ["", "\n\n", " \r\n", HEADER, "time,pid,op,segment,page", "# F=3\n", "# F=3\n# nothing\n"] {
        for options in [ReadOptions::default(), lenient()] {
            let error = read_with(text.as_bytes(), &options).unwrap_err();
            assert!(matches!(error, TraceError::Empty { .. }), "{text:?}: {error}");
        }
    }
    for empty in [gz(b""), zst(b""), xz(b"")] {
        assert!(matches!(read_bytes(&empty), Err(TraceError::Empty { .. })));
    }
}

#[test]
fn wrong_columns_are_told() {
    let csv = ReadOptions { format: Some("csv".into()), lenient: true, ..ReadOptions::default() };
    for (header, expected) in [
        ("time,pid,op,segment", "no column page"),
        ("1,2,R,0,0", "no column pid"),
        ("pid,op,segment,page,pid", "column pid twice"),
        ("pid;op;segment;page", "no column pid"),
    ] {
        let text = format!("{header}\n1,2,R,0,0\n");
        let error = read_with(text.as_bytes(), &csv).unwrap_err();
        assert!(matches!(&error, TraceError::Unrecognised(_)), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(matches!(read_bytes(text.as_bytes()), Err(TraceError::Unrecognised(_))));
    }
}

#[test]
fn a_line_too_long_is_refused_and_can_be_skipped() {
    for length in [MAX_LINE - 1, MAX_LINE, MAX_LINE + 1, 5 * MAX_LINE] {
        let text = format!("{HEADER}1,2,R,0,0,{}\n2,2,R,0,1\n", "x".repeat(length - 10));
        let strict = read_bytes(text.as_bytes());
        let (kept, summary) = read_with(text.as_bytes(), &lenient()).unwrap();
        if length < MAX_LINE {
            assert_eq!(strict.unwrap().0.records.len(), 2);
        } else {
            let message = strict.unwrap_err().to_string();
            assert!(message.starts_with("sample, line 2, event 1: the line is longer"), "{message}");
            assert!(message.len() < 400, "{message}");
            assert_eq!((kept.records.len(), summary.skipped), (1, 1));
        }
    }
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let folder = tempfile::tempdir().unwrap();
    for (path, expected) in [(folder.path().to_owned(), "name a file"), (folder.path().join("none"), "check the path")]
    {
        let error = read(&Source::Path(path.clone()), &ReadOptions::default(), &mut Kept::default()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(&*path.to_string_lossy()) && message.contains(expected), "{message}");
    }
    for junk in
        [&b"PK\x03\x04junk"[..], b"BZh9junk", &b"\x04\x22\x4d\x18junk"[..], b"\x7fELF\x02\x01\x01\0\0\0", &[0; 5000]]
    {
        let error = read_bytes(junk).unwrap_err();
        assert!(matches!(error, TraceError::Unrecognised(_)), "{error}");
    }
}

/// A small generator, so that every run tries the same.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end.max(1)
    }

    /// Changes some bytes: flips, writes something telling, cuts, doubles, moves.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        const TELLING: [&[u8]; 16] = [
            b",",
            b"\n",
            b"\r\n",
            b"\"",
            b"#",
            b"-1",
            b"18446744073709551616",
            b"\0",
            b"\xff\xff\xff\xff",
            b"locked",
            b"F=",
            b"swap=1,",
            b"@",
            b" ",
            b"fork",
            b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f",
        ];
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + self.below(20)).min(bytes.len());
            match self.below(6) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[at] = self.below(256) as u8,
                2 => bytes.truncate(at),
                3 => drop(bytes.drain(at.min(end)..end)),
                4 => {
                    let piece = bytes[at.min(end)..end].to_vec();
                    let place = self.below(bytes.len());
                    bytes.splice(place..place, piece);
                }
                _ => {
                    let telling = TELLING[self.below(TELLING.len())];
                    let at = at.min(bytes.len());
                    bytes.splice(at..at, telling.iter().copied());
                }
            }
        }
    }
}

/// A binary trace without marks or checksums.
fn oracle() -> Vec<u8> {
    let request = |number: u64| {
        let (time, next) = ((number as u32).to_le_bytes(), (number + 4).to_le_bytes());
        [&time[..], &(number % 4).to_le_bytes(), &[0, 16, 0, 0], &next].concat()
    };
    (0..12).flat_map(request).collect()
}

/// A log of lackey with the calls that matter.
fn lackey() -> Vec<u8> {
    let calls = [
        "(29) sys_shmget ( 0, 8192, 896 )[sync] --> Success(0x5) ",
        "(30) sys_shmat ( 5, 0x0, 0 )[sync] --> Success(0x400000) ",
        "(9) sys_mmap ( 0x0, 8192, 3, 33, 4294967295, 0 ) --> [pre-success] Success(0x500000) ",
        "(257) sys_openat ( 42, 0x1f(/dev/shm/a), 2 ) --> [async] ... ",
        "(257) ... [async] --> Success(0x3) ",
        "(9) sys_mmap ( 0x0, 4096, 3, 1, 3, 4096 ) --> [pre-success] Success(0x600000) ",
        "(56) sys_clone ( 1, 0x0 )   clone(fork): process 7 created child 8\n --> [pre-success] Success(0x8) ",
        "(25) sys_mremap ( 0x500000, 8192, 4096, 1 )[sync] --> Success(0x700000) ",
        "(67) sys_shmdt ( 0x400000 )[sync] --> Success(0x0) ",
        "(31) sys_shmctl ( 5, 0, 0x0 )[sync] --> Success(0x0) ",
        "(231) exit_group( 0 ) --> [pre-success] Success(0x0) ",
    ];
    let references = "I  04001100,3\n L 00400ffc,8\n S 00500008,4\n M 00600000,1\n L 00700010,2\n";
    let lines: String = calls.map(|call| format!("SYSCALL[7,1]{call}\n{references}")).concat();
    format!("==7== Lackey, an example Valgrind tool\n==7== Parent PID: 6\n==7== \n{lines}==7== \n").into_bytes()
}

/// Reads in every way; all that matters is that it returns, and that what it returns makes sense.
fn survive(bytes: &[u8]) {
    for format in FORMATS.iter().map(|format| Some(format.name)).chain([None]) {
        for lenient in [false, true] {
            let addresses = AddressOptions { private: bytes.len().is_multiple_of(2), ..AddressOptions::default() };
            let options = ReadOptions { format: format.map(str::to_owned), lenient, addresses };
            match read_with(bytes, &options) {
                Ok((kept, summary)) => {
                    assert_eq!(kept.records.len() as u64, summary.records);
                    assert!(lenient || summary.skipped == 0);
                }
                Err(error) => {
                    let message = error.to_string();
                    assert!(message.len() < 2000 && !message.contains('\n'), "{message:?}");
                    assert!(!(lenient && error.is_skippable()), "{message}");
                }
            }
        }
    }
}

#[test]
fn nothing_makes_a_reader_panic() {
    let csv = written(&sample(), "csv").0;
    let events = written(&sample(), "events").0;
    let (hex, blocks) = (b"190a7c20 R\n00228d40 W\n\nffffffff W\n".to_vec(), b"*\n2819\n85\n\n85\n*".to_vec());
    let (text, table) =
        (b"0x1000 R\n0x2000 W\n7\n".to_vec(), b"time;pid;file;addr;size;op\n1.5;2;a;0x10;5000;R\n".to_vec());
    let samples = [
        csv.clone(),
        events.clone(),
        native(),
        gz(&csv),
        zst(&events),
        zst(&native()),
        xz(&csv),
        hex,
        blocks,
        oracle(),
        text,
        table,
        lackey(),
    ];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let begin = Instant::now();
    for round in 0..30_000 {
        let mut bytes = samples[round % samples.len()].clone();
        random.mutate(&mut bytes);
        survive(&bytes);
        if begin.elapsed() > Duration::from_secs(20) {
            break;
        }
    }
}

#[test]
fn nothing_behind_right_checksums_makes_the_native_reader_panic() {
    let whole = native();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let begin = Instant::now();
    for round in 0..10_000 {
        let mut changed = with_column(&whole, round % 6, |column| random.mutate(column));
        if round % 3 == 0 {
            // A number of the head or of the end as well.
            let head = block_of(&changed).0;
            let at = head + 4 + random.below(76);
            changed[at] = random.below(256) as u8;
            repair(&mut changed);
        }
        let _ = read_with(&changed, &lenient());
        if begin.elapsed() > Duration::from_secs(20) {
            break;
        }
    }
}
