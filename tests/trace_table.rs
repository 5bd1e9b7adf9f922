//! Tables: columns told by name, by number and by shape; rows read in full and refused where they are bad.

mod trace_support;

use clockhand::trace::{AddressOptions, Fidelity, Label, Operation, ReadOptions, Record, TraceError};
use proptest::prelude::*;
use trace_support::{Kept, read_bytes, read_with};

fn columns(columns: &str) -> ReadOptions {
    let addresses = AddressOptions { columns: Some(columns.to_owned()), ..AddressOptions::default() };
    ReadOptions { addresses, ..ReadOptions::default() }
}

/// Time, process, label, page and whether it writes of each reference, after checking that each process attaches each segment
/// when it first refers to it.
fn references(kept: &Kept) -> Vec<(u64, u64, String, u64, bool)> {
    let (mut created, mut attached, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for record in &kept.records {
        let place = (record.process, record.segment);
        match record.operation {
            Operation::Create => {
                assert!(record.page == Record::UNKNOWN_SIZE && !created.contains(&record.segment));
                created.push(record.segment);
            }
            Operation::Attach => {
                assert!(created.contains(&record.segment) && !attached.contains(&place));
                attached.push(place);
            }
            operation => {
                assert!(attached.contains(&place), "{record:?}");
                let label = kept.label_of(record).unwrap().to_string();
                found.push((record.time, record.process, label, record.page, operation == Operation::Write));
            }
        }
    }
    found
}

fn read(text: &str, options: &ReadOptions) -> Vec<(u64, u64, String, u64, bool)> {
    let (kept, summary) = read_with(text.as_bytes(), options).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!((summary.format, summary.skipped), ("table", 0), "{text}");
    references(&kept)
}

fn expected<const N: usize>(rows: [(u64, u64, &str, u64, bool); N]) -> Vec<(u64, u64, String, u64, bool)> {
    rows.into_iter().map(|(time, pid, label, page, write)| (time, pid, label.to_owned(), page, write)).collect()
}

#[test]
fn columns_are_told_by_the_names_in_the_header() {
    let rows = expected([(10, 7, "s3", 5, false), (20, 9, "s3", 6, true), (30, 7, "s4", 5, true)]);
    for text in [
        "time;pid;seg;page;rw\n10;7;3;5;R\n20;9;3;6;W\n30;7;4;5;W\n",
        "TimeStamp\tProcess ID\tSegment\tBlock_Number\tOperation\n10\t7\t3\t5\tread\n20\t9\t3\t6\tWRITE\n30\t7\t4\t5\tstore",
        "page,other,op,shmid,\"pid\",time\r\n5,x,0,3,7,10\r\n6,,1,3,9,20\r\n\r\n0x5,\"a,b\",1,4,\"7\",30",
        "# time pid segment block access\n 10  7 3\t5 load\n# a remark\n20 9 3 6 st\n30 7 4 5 w  \n",
        "\u{feff}time,pid,segment,addr,type\n10,7,3,0x5fff,L\n20,9,3,24576,S\n30,7,4,20480,M\n",
        "time,pid,segment,sector,size,op\n10,7,3,40,512,r\n20,9,3,48,4096,w\n30,7,4,47,512,w\n",
    ] {
        assert_eq!(read(text, &ReadOptions::default()), rows);
    }
}

#[test]
fn columns_are_told_by_the_user() {
    let rows = expected([(1, 7, "s3", 5, false), (2, 9, "s3", 6, true)]);
    for (list, text) in [
        ("time=1,pid=2,page=5,op=3,segment=4", "1,7,R,3,5\n2,9,W,3,6\n"),
        ("time=1,pid=2,page=5,op=3,segment=4", "when,who,what,where,which\n1,7,R,3,5,rest\n2,9,W,3,6\n"),
        ("time=when,pid=who,block=which,op=what,segment=where", "when,who,what,where,which\n1,7,R,3,5\n2,9,W,3,6\n"),
        ("time=1, pid=2, offset=5, op=3, shmid=4, length=6", "1 7 R 3 0x5000 1\n2 9 W 3 28671 1"),
        ("time=2,pid=3,page=1,op=5,segment=4", "5|1|7|3|R\n6|2|9|3|W\n"),
    ] {
        assert_eq!(read(text, &columns(list)), rows, "{list}");
    }
    // What the header calls a page is not one, and the user says so.
    assert_eq!(read("page,addr\n1,8192\n", &columns("page=addr")), expected([(0, 1, "s0", 8192, false)]));
    assert_eq!(read("4096,9\n8192,9\n", &columns("address=1")).len(), 2);
}

#[test]
fn what_the_user_says_of_columns_may_be_wrong() {
    for (list, text, expected) in [
        ("page", "1,2\n", "`page` is not NAME=COLUMN"),
        ("page=", "1,2\n", "is not NAME=COLUMN"),
        ("page=0", "1,2\n", "counted from 1"),
        ("page=3", "1,2\n", "there is no column 3, there are 2"),
        ("page=1,block=2", "1,2\n", "said twice"),
        ("page=1,op=1", "1,2\n", "two things"),
        ("colour=1", "1,2\n", "there is no `colour`; there are time, pid, op, segment"),
        ("page=which", "1,2\n", "has no column which"),
        ("time=1,pid=2", "1,2\n", "no column is named page"),
    ] {
        let error = read_with(text.as_bytes(), &columns(list)).map(drop).unwrap_err();
        assert!(matches!(error, TraceError::Unrecognised(_)) && error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_dump_of_the_buffers_of_postgresql() {
    let csv = "bufferid,relfilenode,reltablespace,reldatabase,relforknumber,relblocknumber,isdirty,usagecount,pinning_backends\n\
               1,1262,1664,0,0,0,f,5,0\n2,16384,1663,5,0,77,t,1,0\n3,16384,1663,5,1,2,f,1,0\n4,,,,,,,,0\n5,16384,1663,5,2,0,f,2,0\n";
    let aligned = " bufferid | relfilenode | relforknumber | relblocknumber | isdirty \n\
                   ----------+-------------+---------------+----------------+---------\n \
                   1 |        1262 |             0 |              0 | f\n \
                   2 |       16384 |             0 |             77 | t\n \
                   3 |       16384 |             1 |              2 | f\n \
                   4 |             |               |                | \n \
                   5 |       16384 |             2 |              0 | f\n(5 rows)\n\n";
    let rows = expected([
        (0, 1, "s1262", 0, false),
        (0, 1, "s16384", 77, true),
        (0, 1, "16384_fsm", 2, false),
        (0, 1, "16384_vm", 0, false),
    ]);
    for text in [csv, aligned, &csv.replace(",,,,,,,", ",\\N,\\N,\\N,\\N,\\N,\\N,\\N,")] {
        assert_eq!(read(text, &ReadOptions::default()), rows, "{text}");
        let settings = read_bytes(text.as_bytes()).unwrap().0.settings.unwrap();
        assert_eq!((settings.fidelity, settings.has_time), (vec![Fidelity::Sampled], false));
    }
}

#[test]
fn block_traces_without_a_header_are_told_by_their_shape() {
    let text = "128166372003061629,hm,1,Read,383496192,32768,413\n128166372016382155,hm,1,Write,2822144,4097,28\n\
                128166372026382245,hm,0,Write,0,512,2\n";
    let found = read(text, &ReadOptions::default());
    assert_eq!(found.len(), 8 + 2 + 1);
    assert_eq!(found[7], (128_166_372_003_061_629, 1, "s1".to_owned(), 383_496_192 / 4096 + 7, false));
    assert_eq!(found[8..10].iter().map(|row| (row.3, row.4)).collect::<Vec<_>>(), [(689, true), (690, true)]);
    assert_eq!(found[10], (128_166_372_026_382_245, 1, "s0".to_owned(), 0, true));
}

#[test]
fn a_size_splits_a_request_into_pages() {
    let text = "page,size\n3,0\n4,1\n5,8192\n8,8193\n";
    let pages = |page_size| {
        let addresses = AddressOptions { page_size, ..AddressOptions::default() };
        let found = read(text, &ReadOptions { addresses, ..ReadOptions::default() });
        found.into_iter().map(|row| row.3).collect::<Vec<_>>()
    };
    assert_eq!(pages(4096), [3, 4, 5, 6, 8, 9, 10]);
    assert_eq!(pages(16384), [3, 4, 5, 8]);
}

#[test]
fn times_with_a_point_are_seconds() {
    let times = |text: &str| read(text, &ReadOptions::default()).into_iter().map(|row| row.0).collect::<Vec<_>>();
    assert_eq!(
        times("time,page\n1.5,1\n2,1\n3.,1\n4.000000001,1\n5.1234567899,1\n"),
        [1_500_000_000, 2_000_000_000, 3_000_000_000, 4_000_000_001, 5_123_456_789]
    );
    assert_eq!(times("time,page\n1,1\n18446744073709551615,1\n"), [1, u64::MAX]);
    for text in ["time,page\n1,1\n1.5,1\n", "time,page\n1.5,1\n99999999999.0,1\n", "time,page\n1.5,1\n1.-5,1\n"] {
        let message = read_bytes(text.as_bytes()).map(drop).unwrap_err().to_string();
        assert!(message.starts_with("sample, line 3, ") && message.contains("time"), "{message}");
    }
}

#[test]
fn processes_may_be_dealt_where_segments_are_named() {
    let rows: String = (0..600).map(|row| format!("{},{}\n", row % 3, row)).collect();
    let addresses = AddressOptions { sharers: 3, seed: 5, ..AddressOptions::default() };
    let options = ReadOptions { addresses, ..ReadOptions::default() };
    let found = read(&format!("segment,page\n{rows}"), &options);
    assert_eq!(found.iter().map(|row| row.3).collect::<Vec<_>>(), (0..600).collect::<Vec<u64>>());
    for process in 1..=3 {
        assert!((150..250).contains(&found.iter().filter(|row| row.1 == process).count()));
    }
}

#[test]
fn segments_may_have_names() {
    let kept = read_bytes(b"file,page\n/a b,1\n007,2\n7,3\n/a b,4\n").unwrap().0;
    assert_eq!(kept.labels, [Label::Name("/a b".into()), Label::Name("007".into()), Label::Number(7)]);
}

#[test]
fn other_formats_are_not_taken_for_tables() {
    for (text, format) in [
        ("time,pid,op,segment,page\n1,2,R,3,4\n", "csv"),
        ("PID,op,segment,page,size\n1,R,3,4,5\n", "csv"),
        ("5 1 0 1\n", "arc"),
        ("5\n", "lirs"),
        ("5 R\n", "hex-rw"),
    ] {
        assert_eq!(read_bytes(text.as_bytes()).unwrap().1.format, format);
    }
    for text in [
        "page\n",
        "page,time\n",
        "page,time\nfive,1\n",
        "the page is\nnot a number\n",
        "page,page\n1,2\n",
        "a,b,c\n1,2,3\n",
        "1,2,3\n",
        "1,hm,1,Trim,1,1,1\n",
        "1,2,1,Read,1,1,1\n",
        "<html><head><title>page 5</title></head>\n<body>\n",
    ] {
        let error = read_bytes(text.as_bytes()).map(drop).unwrap_err();
        assert!(matches!(error, TraceError::Unrecognised(_)), "{text}: {error}");
    }
}

#[test]
fn a_bad_row_is_told_with_line_event_and_text() {
    for (row, expected) in [
        ("x,2,R,3,4", "the time `x` is not a whole number"),
        ("1,-2,R,3,4", "the process `-2` is not a whole number"),
        ("1,2,X,3,4", "`X` is neither reading nor writing"),
        ("1,2,,3,4", "neither reading nor writing"),
        ("1,2,R,,4", "the segment is missing"),
        ("1,2,R,3,", "the page is missing"),
        ("1,2,R,3", "the page is missing"),
        ("1,2,R,3,4.5", "the page `4.5` is not a whole number"),
        ("1,2,R,3,0xg", "the page `0xg` is not a whole number"),
        ("1,2,R,3,18446744073709551615", "beyond 2^64 - 2"),
        ("1,2,R,3,99999999999999999999", "the page is more than 18446744073709551615"),
        ("1,2,R,3,\"4", "a quote is not closed"),
        ("\u{1}\u{7f}", "the segment is missing"),
    ] {
        let text = format!("time;pid;op;segment;page\n1;2;R;3;4\n\n{}\n5;2;W;3;4\n", row.replace(',', ";"));
        let error = read_bytes(text.as_bytes()).map(drop).unwrap_err();
        let message = error.to_string();
        assert!(error.is_skippable() && message.starts_with("sample, line 4, event 4: "), "{message}");
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("--lenient") && !message.contains(|c: char| c.is_control()), "{message}");
        let (kept, summary) = read_with(text.as_bytes(), &trace_support::lenient()).unwrap();
        assert_eq!((references(&kept).len(), summary.skipped), (2, 1));
        assert_eq!(summary.first_skipped[0].to_string(), message);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn every_row_is_read(
        rows in prop::collection::vec((any::<u64>(), 0..5_u64, 0..9_u64, 0..u64::MAX, 0..64_u32, any::<bool>()), 1..60),
        delimiter in prop_oneof![Just(","), Just(";"), Just("\t"), Just(" | "), Just("  ")], quoted: bool, hex: bool
    ) {
        let rows: Vec<_> = rows.into_iter().map(|(time, pid, label, page, shift, write)| {
            (time, pid, format!("s{label}"), page >> shift, write)
        }).collect();
        let quote = if quoted && delimiter.trim().len() == 1 && !delimiter.contains('|') { "\"" } else { "" };
        let line = |(time, pid, label, page, write): &(u64, u64, String, u64, bool)| {
            let page = if hex { format!("0x{page:X}") } else { page.to_string() };
            let letter = if *write { "W" } else { "R" };
            [time.to_string(), pid.to_string(), label[1..].to_owned(), page, letter.to_owned()]
                .map(|field| format!("{quote}{field}{quote}")).join(delimiter)
        };
        let header = ["time", "pid", "segment", "page", "rw"].join(delimiter);
        let text = format!("{header}\n{}", rows.iter().map(|row| line(row) + "\n").collect::<String>());
        prop_assert_eq!(read(&text, &ReadOptions::default()), rows);
    }

    #[test]
    fn no_list_of_columns_makes_it_panic(list in "\\PC{0,20}|([a-z]{2,7}=[0-9a-z]{0,3},?){1,4}", text in "\\PC{0,30}") {
        let _ = read_with(text.as_bytes(), &columns(&list));
        let _ = read_with(b"page,time\n1,2\n", &columns(&list));
    }
}
