//! Traces that know only numbers: cut into segments and dealt to processes as a slow and obvious second implementation does.

mod trace_support;

use std::collections::{BTreeMap, BTreeSet};

use clockhand::trace::{
    AddressOptions, Cut, Fidelity, Impossible, Label, Operation, ReadOptions, Record, RecordSink, Settings, Summary,
    TraceError, read_from,
};
use proptest::prelude::*;
use trace_support::{Kept, read_with};

fn options(format: &str, addresses: AddressOptions) -> ReadOptions {
    ReadOptions { format: Some(format.to_owned()), addresses, ..ReadOptions::default() }
}

fn cut(cut: Cut, page_size: u64) -> AddressOptions {
    AddressOptions { cut, page_size, ..AddressOptions::default() }
}

fn read(text: &str, options: &ReadOptions) -> (Kept, Summary) {
    read_with(text.as_bytes(), options).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// The references, each with what it goes to, after checking that all are attached by then and all segments made once.
fn references(kept: &Kept) -> Vec<Record> {
    let (mut created, mut attached, mut found) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    for record in &kept.records {
        let place = (record.process, record.segment);
        match record.operation {
            Operation::Create => assert!(created.insert(record.segment, record.page).is_none(), "{record:?}"),
            Operation::Attach => {
                assert!(created.contains_key(&record.segment) && attached.insert(place), "{record:?}");
            }
            Operation::Read | Operation::Write => {
                assert!(attached.contains(&place), "{record:?}");
                assert!(record.page < created[&record.segment], "{record:?}");
                found.push(*record);
            }
            _ => panic!("{record:?}"),
        }
    }
    assert_eq!(created.len(), kept.labels.len());
    let labels: Vec<Label> = (0..created.len() as u64).map(Label::Number).collect();
    assert_eq!(kept.labels, labels);
    found
}

/// Segment, by any number, and page of each address.
fn obviously(addresses: &[u64], cut: Cut, page_size: u64) -> Vec<(u128, u64)> {
    let pages: BTreeSet<u64> = addresses.iter().map(|address| address / page_size).collect();
    let pages: Vec<u64> = pages.into_iter().collect();
    let place = |&address: &u64| match cut {
        Cut::Whole => (0, address / page_size),
        Cut::Range(bytes) if bytes % page_size == 0 => ((address / bytes).into(), address % bytes / page_size),
        Cut::Range(bytes) => {
            // The segment that the page begins in, and the pages that began in it before.
            let start = address / page_size * page_size;
            let segment = start / bytes;
            (segment.into(), (segment * bytes..start).filter(|byte| byte % page_size == 0).count() as u64)
        }
        Cut::Bits { low, high } => (u128::from(address) >> low & ((1 << (high - low + 1)) - 1), address / page_size),
        Cut::Count(count) => {
            let rank = pages.iter().position(|&page| page == address / page_size).unwrap();
            let (size, larger) = (pages.len() / count as usize, pages.len() % count as usize);
            let mut first = 0;
            for part in 0.. {
                let size = size + usize::from(part < larger);
                if rank < first + size {
                    return (part as u128, if count == 1 { address / page_size } else { (rank - first) as u64 });
                }
                first += size;
            }
            unreachable!()
        }
    };
    addresses.iter().map(place).collect()
}

/// Numbers in order of appearance.
fn dense(numbers: impl Iterator<Item = u128>) -> Vec<u32> {
    let mut known = BTreeMap::new();
    numbers
        .map(|number| {
            let next = known.len() as u32;
            *known.entry(number).or_insert(next)
        })
        .collect()
}

fn cuts() -> impl Strategy<Value = Cut> {
    prop_oneof![
        Just(Cut::Whole),
        (0..20_u32).prop_map(|shift| Cut::Range(4096 << shift)),
        (1..40_u64).prop_map(|pages| Cut::Range(pages * 4096)),
        (1..30_000_u64).prop_map(Cut::Range),
        (0..63_u32, 0..32_u32).prop_map(|(low, width)| Cut::Bits { low, high: (low + width).min(63) }),
        (1..20_u32).prop_map(Cut::Count),
    ]
}

/// Addresses near one another and far apart.
fn addresses() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec((any::<u64>(), 30..64_u32).prop_map(|(address, shift)| address >> shift), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn each_address_goes_where_it_obviously_does(
        addresses in addresses(), cut_as in cuts(), page_shift in prop_oneof![Just(12_u32), 8..22_u32], writes: u64
    ) {
        let page_size = 1 << page_shift;
        let writes: Vec<bool> = (0..addresses.len()).map(|index| writes >> (index % 64) & 1 == 1).collect();
        let line = |(&address, &write): (&u64, &bool)| format!("{address:x} {}\n", if write { "W" } else { "R" });
        let text: String = addresses.iter().zip(&writes).map(line).collect();
        let (kept, summary) = read(&text, &options("hex-rw", cut(cut_as, page_size)));
        prop_assert_eq!(summary.records, kept.records.len() as u64);
        let expected = obviously(&addresses, cut_as, page_size);
        let found = references(&kept);
        prop_assert_eq!(found.len(), expected.len());
        // Parts are numbered by address, everything else in order of appearance.
        let segments = match cut_as {
            Cut::Count(2..) => expected.iter().map(|&(segment, _)| segment as u32).collect(),
            _ => dense(expected.iter().map(|&(segment, _)| segment)),
        };
        for (index, record) in found.iter().enumerate() {
            let write = record.operation == Operation::Write;
            let place = (record.segment, record.page, write, record.process);
            prop_assert_eq!(place, (segments[index], expected[index].1, writes[index], 1), "reference {}", index);
        }
        let settings = kept.settings.unwrap();
        prop_assert_eq!(settings.page_size, page_size);
        let is_cut = !matches!(cut_as, Cut::Whole | Cut::Count(1));
        prop_assert_eq!(settings.fidelity.contains(&Fidelity::InferredSegments), is_cut);
    }

    #[test]
    fn parts_are_of_equal_size(addresses in addresses(), parts in 2..20_u32) {
        let text: String = addresses.iter().map(|address| format!("{address}\n")).collect();
        let (kept, _) = read(&text, &options("lirs", cut(Cut::Count(parts), 4096)));
        let sizes = kept.records.iter().filter(|record| record.operation == Operation::Create).map(|record| record.page);
        let sizes: Vec<u64> = sizes.collect();
        let distinct: BTreeSet<u64> = addresses.iter().copied().collect();
        prop_assert_eq!(sizes.iter().sum::<u64>(), distinct.len() as u64);
        prop_assert_eq!(sizes.len(), distinct.len().min(parts as usize));
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
    }

    #[test]
    fn a_page_number_is_the_address_where_its_page_begins(
        pages in prop::collection::vec(0..1_u64 << 40, 1..40), cut_as in cuts(), page_shift in 8..22_u32
    ) {
        let page_size = 1 << page_shift;
        let as_pages: String = pages.iter().map(|page| format!("{page}\n")).collect();
        let as_addresses: String = pages.iter().map(|page| format!("{:x} R\n", page << page_shift)).collect();
        let addresses = cut(cut_as, page_size);
        let (pages, _) = read(&as_pages, &options("lirs", addresses.clone()));
        let (addresses, _) = read(&as_addresses, &options("hex-rw", addresses));
        prop_assert_eq!(pages.records, addresses.records);
    }

    #[test]
    fn dealing_keeps_every_reference_and_the_order(
        addresses in addresses(), cut_as in cuts(), sharers in 2..9_u32, seed: u64
    ) {
        let text: String = addresses.iter().map(|address| format!("{address:x} R\n")).collect();
        let alone = cut(cut_as, 4096);
        let dealt = AddressOptions { sharers, seed, ..alone.clone() };
        let (alone, _) = read(&text, &options("hex-rw", alone));
        let (kept, _) = read(&text, &options("hex-rw", dealt.clone()));
        let (alone, shared) = (references(&alone), references(&kept));
        prop_assert!(shared.iter().all(|record| (1..=sharers.into()).contains(&record.process)));
        let anyone = |record: &Record| Record { process: 1, ..*record };
        prop_assert_eq!(shared.iter().map(anyone).collect::<Vec<_>>(), alone);
        let attached = kept.records.iter().filter(|record| record.operation == Operation::Attach).count();
        prop_assert_eq!(attached, sharers as usize * kept.labels.len());
        let mark = Fidelity::Dealt { sharers, seed };
        prop_assert!(kept.settings.as_ref().unwrap().fidelity.contains(&mark));
        prop_assert_eq!(&read(&text, &options("hex-rw", dealt)).0, &kept);
    }
}

#[test]
fn lots_are_fair_and_follow_the_seed() {
    let text: String = (0..8000).map(|block| format!("{}\n", block % 7)).collect();
    let dealt = |seed, cut| {
        let addresses = AddressOptions { sharers: 4, seed, cut, ..AddressOptions::default() };
        let found = references(&read(&text, &options("lirs", addresses)).0);
        found.iter().map(|record| record.process).collect::<Vec<u64>>()
    };
    let first = dealt(1, Cut::Whole);
    for process in 1..=4 {
        let share = first.iter().filter(|&&found| found == process).count();
        assert!((1850..2150).contains(&share), "{share}");
    }
    assert_ne!(first, dealt(2, Cut::Whole));
    assert_eq!(first, dealt(1, Cut::Count(3)), "what is dealt does not depend on the cut");
}

#[test]
fn the_pages_of_one_reference_go_to_one_process() {
    let text: String = (0..400).map(|request| format!("{} 5 0 {request}\n", request * 10)).collect();
    for cut in [Cut::Whole, Cut::Count(3), Cut::Range(8192)] {
        let addresses = AddressOptions { sharers: 3, cut, ..AddressOptions::default() };
        let found = references(&read(&text, &options("arc", addresses)).0);
        assert_eq!(found.len(), 2000);
        for request in found.chunks(5) {
            assert!(request.iter().all(|record| record.process == request[0].process), "{request:?}");
        }
    }
}

#[test]
fn each_process_has_an_address_space_of_its_own() {
    let text = "pid,address,op\n7,0x1000,R\n9,0x1000,W\n7,0x2000,R\n9,0x9000,R\n";
    let place = |record: &Record| (record.process, record.segment, record.page);
    let found = |addresses: AddressOptions| -> Vec<(u64, u32, u64)> {
        references(&read(text, &options("table", addresses)).0).iter().map(place).collect()
    };
    assert_eq!(found(AddressOptions::default()), [(7, 0, 1), (9, 1, 1), (7, 0, 2), (9, 1, 9)]);
    assert_eq!(found(cut(Cut::Range(8192), 4096)), [(7, 0, 1), (9, 1, 1), (7, 2, 0), (9, 3, 1)]);
    // Page 1 of process 7 is its first part, page 2 the second; likewise for process 9.
    assert_eq!(found(cut(Cut::Count(2), 4096)), [(7, 0, 0), (9, 2, 0), (7, 1, 0), (9, 3, 0)]);
    let dealt = found(AddressOptions { sharers: 2, ..AddressOptions::default() });
    let group = |&(process, segment, _): &(u64, u32, u64)| (process - 1) / 2 == u64::from(segment);
    assert!(dealt.iter().all(group), "the references of each are dealt to two of its own: {dealt:?}");
}

#[test]
fn a_reference_that_spans_pages_is_a_record_for_each() {
    let text = "address,size\n4095,1\n4095,2\n4096,4096\n0,12289\n8191,0\n";
    let found = references(&read(text, &options("table", AddressOptions::default())).0);
    let pages: Vec<u64> = found.iter().map(|record| record.page).collect();
    assert_eq!(pages, [0, 0, 1, 1, 0, 1, 2, 3, 1]);
    for (row, expected) in [
        ("0,4294967297", "more than 1048576 pages"),
        ("18446744073709551615,2", "beyond 2^64 - 1"),
        ("18446744073709551615,18446744073709551615", "beyond 2^64 - 1"),
    ] {
        for parts in [1, 2] {
            let strict = options("table", cut(Cut::Count(parts), 4096));
            let text = format!("address,size\n0,1\n{row}\n4096,1\n");
            let message = read_with(text.as_bytes(), &strict).map(drop).unwrap_err().to_string();
            assert!(message.starts_with("sample, line 3, ") && message.contains(expected), "{message}");
            let (kept, summary) = read(&text, &ReadOptions { lenient: true, ..strict });
            assert_eq!((references(&kept).len(), summary.skipped), (2, 1));
        }
    }
    let largest = "address,size\n18446744073709551615,1\n0,4294967296\n";
    assert_eq!(references(&read(largest, &options("table", AddressOptions::default())).0).len(), 1 + (1 << 20));
}

/// Looks at references only.
struct Fussy(Kept);
impl RecordSink for Fussy {
    fn settings(&mut self, settings: &Settings) {
        self.0.settings(settings);
    }
    fn label(&mut self, label: &Label) {
        self.0.label(label);
    }
    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        if record.operation == Operation::Read { self.0.record(record) } else { Ok(()) }
    }
}

#[test]
fn what_is_refused_at_the_end_is_told_with_its_line() {
    let text = "5\n\n*\n7\n6\n\n\n9\n";
    let mut kept = Kept { end: Some(3), ..Kept::default() };
    let options = options("lirs", cut(Cut::Count(2), 4096));
    // Pages 5 and 6 are the first part, 7 and 9 the second: nothing is refused where sizes are below the limit.
    let bytes = || Box::new(std::io::Cursor::new(text));
    assert!(read_from("x", bytes(), &options, &mut kept).is_ok());
    let text = "5\n\n*\n7\n6\n\n\n9\n1\n2\n3\n4\n0\n";
    let bytes = || Box::new(std::io::Cursor::new(text));
    let mut kept = Fussy(Kept { end: Some(3), ..Kept::default() });
    let error = read_from("x", bytes(), &options, &mut kept).unwrap_err();
    assert!(matches!(error, TraceError::Impossible(_)));
    // Page 9 is the last of nine, number 3 of the second part: the eighth line.
    assert!(error.to_string().starts_with("x, line 8, event 8: past the end"), "{error}");
}

#[test]
fn times_are_kept_until_the_footprint_is_known() {
    let rows = |row: u64| format!("{},{}\n", row * row, row * 37 % 100);
    let text = format!("time,page\n{}", (0..3000).map(rows).collect::<String>());
    let (kept, _) = read(&text, &options("table", cut(Cut::Count(3), 4096)));
    let times: Vec<u64> = references(&kept).iter().map(|record| record.time).collect();
    assert_eq!(times, (0..3000).map(|row| row * row).collect::<Vec<u64>>());
}
