//! What tools print: perf, strace, DynamoRIO, Pin and the traces of courses come out as what the programs did.

mod trace_support;

use std::collections::{BTreeMap, BTreeSet};

use clockhand::load::load;
use clockhand::resolve::ResolveOptions;
use clockhand::trace::{AddressOptions, FORMATS, Fidelity, Label, Operation, ReadOptions, Record, Source, read};
use proptest::prelude::*;
use trace_support::{Kept, read_bytes, read_with, sample_file};

fn options(maps: &[&str]) -> ReadOptions {
    let maps = maps.iter().map(|name| sample_file(name)).collect();
    ReadOptions { addresses: AddressOptions { maps, ..AddressOptions::default() }, ..ReadOptions::default() }
}

fn kept(name: &str, options: &ReadOptions) -> (Kept, &'static str, Vec<String>) {
    let mut kept = Kept::default();
    let summary = read(&Source::Path(sample_file(name)), options, &mut kept).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(summary.skipped, 0);
    (kept, summary.format, summary.notes)
}

/// Pages that each process reads and writes of each segment, sorted, and how many references these are.
type Pages = BTreeMap<(u64, String), (BTreeSet<u64>, u64)>;

fn pages(kept: &Kept) -> Pages {
    let mut pages = Pages::new();
    for record in &kept.records {
        if matches!(record.operation, Operation::Read | Operation::Write) {
            let entry = pages.entry((record.process, kept.label_of(record).unwrap().to_string())).or_default();
            entry.0.insert(record.page);
            entry.1 += 1;
        }
    }
    pages
}

/// Sizes of the segments in pages, with the attachments ever made, in order; the resolver refuses nothing.
fn segments(name: &str, options: &ReadOptions) -> Vec<(u64, usize)> {
    let loaded = load(&Source::Path(sample_file(name)), options, ResolveOptions::default()).unwrap();
    let (kept, ..) = kept(name, options);
    let count = |label: usize| {
        let is_attach = |record: &&Record| record.operation == Operation::Attach && record.segment as usize == label;
        kept.records.iter().filter(is_attach).count()
    };
    let sizes = loaded.program.segments.iter().map(|segment| segment.size);
    sizes.enumerate().map(|(index, size)| (size, count(index))).collect()
}

fn all(range: std::ops::Range<u64>) -> BTreeSet<u64> {
    range.collect()
}

/// The three processes of shm3.c: the first touches 64 pages of the larger segment, the second 8 of it and 4 of the
/// smaller one, the third all 32 of that.
fn assert_is_shm3(kept: &Kept, processes: [u64; 3], labels: [&str; 2]) {
    let [first, second, third] = processes;
    let [large, small] = labels.map(str::to_owned);
    let expected = [
        ((first, large.clone()), (all(0..64), 64)),
        ((second, large), (all(0..8), 8)),
        ((second, small.clone()), (all(0..4), 4)),
        ((third, small), (all(0..32), 32)),
    ];
    assert_eq!(pages(kept), expected.into());
}

#[test]
fn perf_script_with_mappings_names_the_segments() {
    let (kept, format, _) = kept("perf_faults_with_mmap.txt", &ReadOptions::default());
    assert_eq!(format, "perf-script");
    assert_is_shm3(&kept, [14_969, 14_970, 14_971], ["s32790", "s32791"]);
    assert_eq!(segments("perf_faults_with_mmap.txt", &ReadOptions::default()), [(64, 2), (32, 2)]);
    let settings = kept.settings.as_ref().unwrap();
    assert!(settings.has_time);
    assert_eq!(settings.fidelity, [Fidelity::FaultsOnly, Fidelity::NoWrites]);
    let first = kept.records.iter().find(|record| record.operation == Operation::Read).unwrap();
    assert_eq!(first.time, 2_146_557_828_000);
    let of = |operation| kept.records.iter().filter(|record| record.operation == operation).count();
    assert_eq!((of(Operation::Fork), of(Operation::Exit)), (3, 4));
}

#[test]
fn perf_script_follows_forks_threads_and_exec() {
    let (kept, ..) = kept("perf_world.txt", &ReadOptions::default());
    // world.c: the mappings of the parent are made before the forks; the program that it runs last attaches for itself.
    let labels: Vec<String> = kept.labels.iter().map(Label::to_string).collect();
    assert_eq!(labels, ["s14", "/dev/zero (deleted)", "/memfd:ring (deleted)"]);
    let expected = [
        ((21_554, "s14"), all(0..16)),
        ((21_557, "s14"), all(0..8)),
        ((21_557, "/dev/zero (deleted)"), all(0..8)),
        ((21_557, "/memfd:ring (deleted)"), all(0..1)),
        ((21_558, "s14"), all(0..8)),
        ((21_558, "/dev/zero (deleted)"), all(0..8)),
        ((21_558, "/memfd:ring (deleted)"), all(1..2)),
        ((21_559, "s14"), all(0..16)),
    ];
    let found: BTreeMap<_, _> = pages(&kept).into_iter().map(|(key, (pages, _))| (key, pages)).collect();
    let expected = expected.map(|((process, label), pages)| ((process, label.to_owned()), pages));
    assert_eq!(found, expected.into());
    let sizes: Vec<u64> = segments("perf_world.txt", &ReadOptions::default()).iter().map(|&(size, _)| size).collect();
    assert_eq!(sizes, [16, 8, 4]);
}

#[test]
fn perf_script_without_mappings_gives_each_process_a_segment() {
    let (kept, format, _) = kept("perf_page_fault_user.txt", &ReadOptions::default());
    assert_eq!(format, "perf-script");
    let counts: Vec<(u64, u64)> = pages(&kept).iter().map(|((process, _), (_, count))| (*process, *count)).collect();
    assert_eq!(counts, [(14_948, 58), (14_952, 79), (14_953, 27), (14_954, 47)]);
    let of = |operation| kept.records.iter().filter(|record| record.operation == operation).count();
    assert_eq!((of(Operation::Read), of(Operation::Write)), (89, 122));
    assert_eq!(kept.settings.unwrap().fidelity, [Fidelity::FaultsOnly, Fidelity::NoMappings]);
}

#[test]
fn perf_trace_infers_the_segments() {
    let (kept, format, _) = kept("perf_trace_F.txt", &ReadOptions::default());
    assert_eq!(format, "perf-trace");
    assert_is_shm3(&kept, [15_067, 15_068, 15_069], ["s0", "s1"]);
    assert_eq!(segments("perf_trace_F.txt", &ReadOptions::default()), [(64, 2), (32, 2)]);
    let marks = [Fidelity::FaultsOnly, Fidelity::NoWrites, Fidelity::InferredSegments];
    assert_eq!(kept.settings.unwrap().fidelity, marks);
    assert_eq!(kept.records.iter().find(|record| record.page == 0).unwrap().time, 10_187_000);
}

#[test]
fn perf_trace_names_keys_and_files() {
    let (kept, ..) = kept("perf_trace_world.txt", &ReadOptions::default());
    let mut by_label: BTreeMap<String, (BTreeSet<u64>, u64)> = BTreeMap::new();
    for ((_, label), (pages, count)) in pages(&kept) {
        let entry = by_label.entry(label).or_default();
        entry.0.extend(pages);
        entry.1 += count;
    }
    // The children touch the anonymous memory, and a page of the ring each; the key names the segment that all touch.
    assert_eq!(by_label["s0"], (all(0..8), 16));
    assert_eq!(by_label["/memfd:ring (deleted)"], (all(0..2), 2));
    assert_eq!(by_label["SYSV00005eed"].1, 57);
}

#[test]
fn strace_is_a_trace_without_references() {
    let (kept, format, _) = kept("strace_shm.txt", &ReadOptions::default());
    assert_eq!(format, "strace");
    assert_eq!(segments("strace_shm.txt", &ReadOptions::default()), [(64, 2), (32, 2)]);
    let loaded =
        load(&Source::Path(sample_file("strace_shm.txt")), &ReadOptions::default(), ResolveOptions::default()).unwrap();
    assert_eq!((loaded.facts.processes, loaded.facts.references), (4, 0));
    let told: Vec<(u64, Operation, u64)> = kept
        .records
        .iter()
        .filter(|record| !matches!(record.operation, Operation::Attach | Operation::Detach))
        .map(|record| (record.process, record.operation, record.page))
        .collect();
    let expected = [
        (15_061, Operation::Create, 64),
        (15_061, Operation::Create, 32),
        (15_061, Operation::Fork, 15_062),
        (15_061, Operation::Fork, 15_063),
        (15_061, Operation::Fork, 15_064),
        (15_062, Operation::Exit, 0),
        (15_063, Operation::Exit, 0),
        (15_064, Operation::Exit, 0),
        (15_061, Operation::Remove, 0),
        (15_061, Operation::Remove, 0),
        (15_061, Operation::Exit, 0),
    ];
    assert_eq!(told, expected);
    // An attach counts when it is resumed.
    let attach = kept.records.iter().find(|record| record.operation == Operation::Attach).unwrap();
    assert_eq!((attach.process, attach.time), (15_062, 1_795_402_131_269_813_000));
}

#[test]
fn strace_follows_threads_failures_and_exec() {
    for name in ["strace_world.txt", "strace_world_relative.txt"] {
        let (kept, format, _) = kept(name, &ReadOptions::default());
        assert_eq!(format, "strace");
        assert!(kept.settings.as_ref().unwrap().has_time);
        let of = |operation| kept.records.iter().filter(|record| record.operation == operation).count();
        // Three of shmat in the first process, one after exec, the anonymous memory; with paths the ring too.
        let files = usize::from(name == "strace_world.txt");
        assert_eq!(of(Operation::Attach), 5 + files, "{name}");
        assert_eq!(
            (of(Operation::Fork), of(Operation::Exit), of(Operation::Lock), of(Operation::Unlock)),
            (3, 4, 1, 1)
        );
        let loaded =
            load(&Source::Path(sample_file(name)), &ReadOptions::default(), ResolveOptions::default()).unwrap();
        assert_eq!(loaded.facts.processes, 4, "{name}");
        assert!(loaded.program.segments.iter().any(|segment| segment.size == 16), "{name}");
        let times: Vec<u64> = kept.records.iter().map(|record| record.time).collect();
        assert!(times.is_sorted() && times.last() > times.first());
    }
}

/// What strace says in one way or another, and what becomes of it.
fn changes(log: &str) -> Vec<(u64, Operation, u64)> {
    let (kept, summary) = read_bytes(log.as_bytes()).unwrap_or_else(|error| panic!("{log}: {error}"));
    assert_eq!(summary.format, "strace");
    kept.records.iter().map(|record| (record.process, record.operation, record.page)).collect()
}

#[test]
fn lines_of_strace_are_read_in_all_their_forms() {
    use Operation::{Attach, Create, Detach, Exit, Fork, Remove};
    let plain = [(1, Create, 2), (1, Attach, 2), (1, Detach, 0), (1, Remove, 0), (1, Exit, 0)];
    for before in ["", "12:00:01 ", "23:59:59.123456 ", "1795402131.269413 ", "     0.000123 ", "1795402131 "] {
        let calls = [
            "shmget(IPC_PRIVATE, 8192, IPC_CREAT|0600) = 5",
            "shmat(5, NULL, SHM_RDONLY)      = 0x7ff000000000",
            "shmat(9, NULL, 0) = -1 EINVAL (Invalid argument)",
            "--- SIGALRM {si_signo=SIGALRM} ---",
            "shmctl(5, IPC_STAT, {shm_perm={uid=0, gid=0}, shm_segsz=8192}) = 0",
            "shmdt(0x7ff000000000) = 0 <0.000012>",
            "shmctl(5, IPC_RMID, NULL) = 0",
            "+++ killed by SIGSEGV (core dumped) +++",
        ];
        let log: String = calls.iter().map(|call| format!("{before}{call}\n")).collect();
        assert_eq!(changes(&log), plain, "{before:?}");
        let log: String = calls.iter().map(|call| format!("77 {before}{call}\r\n")).collect();
        assert_eq!(changes(&log), plain.map(|(_, operation, page)| (77, operation, page)), "{before:?}");
    }
    // Raw numbers, a key that exists, and a child that acts before its parent's call returns.
    let log = "shmget(0x1, 4096, 0x3b6) = 5\nclone(child_stack=NULL <unfinished ...>\n[pid 9] shmat(5, 0, 0) = 0x7000\n\
               <... clone resumed>) = 9\n[pid 9] exit_group(0) = ?\n[pid 9] +++ exited with 0 +++\nshmget(0x1, 0, 0) = 5\n\
               shmctl(5, 0, NULL) = 0\n";
    let expected = [(1, Create, 1), (1, Fork, 9), (9, Attach, 1), (9, Exit, 0), (1, Remove, 0)];
    assert_eq!(changes(log), expected);
    // A thread that ends is no end of its process, and its calls are the process's.
    let log = "3 shmget(0x1, 4096, 0) = 5\n3 clone(flags=CLONE_VM|CLONE_THREAD) = 4\n4 shmat(5, 0, 0) = 0x7000\n\
               4 +++ exited with 0 +++\n3 shmdt(0x7000) = 0\n3 exit_group(0) = ?\n3 +++ exited with 0 +++\n";
    assert_eq!(changes(log), [(3, Create, 1), (3, Attach, 1), (3, Detach, 0), (3, Exit, 0)]);
}

#[test]
fn side_files_give_segments_to_raw_addresses() {
    let side = options(&["strace_shm.txt"]);
    // Process 15063 has both segments; the address after the last mapping is in none.
    let text = "w 15063/15063 [000] 1.0: page-faults: 7ff691c08000 55\nw 15063 1.1: page-faults: 7ff691c47fff 55\n\
                w 15063 1.2: page-faults: 7ff691be8000 55\nw 15063 1.3: page-faults: 7ff691c48000 55\n\
                w 15064 1.4: exceptions:page_fault_user: address=0x7ff691c47000 ip=0x0 error_code=0x6\n\
                w 99999 1.5: page-faults: 7ff691c08000 55\n";
    let (kept, summary) = read_with(text.as_bytes(), &side).unwrap();
    assert_eq!(summary.format, "perf-script");
    let expected = [
        ((15_063, "s32792".to_owned()), ([0, 63].into(), 2)),
        ((15_063, "s32793".to_owned()), ([0].into(), 1)),
        ((15_064, "s32793".to_owned()), ([31].into(), 1)),
    ];
    assert_eq!(pages(&kept), expected.into());
    let writes = kept.records.iter().filter(|record| record.operation == Operation::Write).count();
    assert_eq!(writes, 1);
    assert!(!kept.settings.unwrap().fidelity.contains(&Fidelity::NoMappings));
}

#[test]
fn a_copy_of_maps_is_of_the_process_in_its_name() {
    let side = options(&["maps.20578"]);
    for text in [
        "c 20578 1.0: page-faults: 7fc8a1ed4000 1\nc 20578 1.0: page-faults: 7fc8a20c9000 1\n",
        "7fc8a1ed4000 R\n7fc8a20c9000 W\n7fff00000000 R\n",
        "0x1: R 0x7fc8a1ed4000\n0x1: W 0x7fc8a20c9000\n#eof\n",
        "l 0x7fc8a1ed4000 1\ns 0x7fc8a20c9000 0\n",
        "1 1: W0.T3 read 4 byte(s) @ 0x7fc8a1ed4000 by PC 0x1\n2 1: W0.T3 write 4 byte(s) @ 0x7fc8a20c9000 by PC 0x1\n",
    ] {
        let (kept, summary) = read_with(text.as_bytes(), &side).unwrap();
        let found: Vec<(String, u64)> = kept
            .records
            .iter()
            .filter(|record| matches!(record.operation, Operation::Read | Operation::Write))
            .map(|record| (kept.label_of(record).unwrap().to_string(), record.page))
            .collect();
        assert_eq!(found, [("s9".to_owned(), 1), ("/dev/zero (deleted)".to_owned(), 0)], "{}", summary.format);
        assert!(summary.notes.is_empty(), "{:?}", summary.notes);
    }
}

#[test]
fn side_files_that_do_not_fit_are_told() {
    let none = read_with(b"c 5 1.0: page-faults: 7fc8a1ed4000 1\n", &options(&["strace_shm.txt"])).unwrap().1;
    assert!(none.notes[0].contains("no process of the trace"), "{:?}", none.notes);
    let csv = b"time,pid,op,segment,page\n1,1,create,0,1\n";
    let unused = read_with(csv, &options(&["strace_shm.txt"])).unwrap().1;
    assert!(unused.notes[0].contains("--maps has no use"), "{:?}", unused.notes);
    let error = read_with(b"l 0x1000 1\n", &options(&["world.c"])).unwrap_err().to_string();
    assert!(error.contains("world.c") && error.contains("neither a log of strace"), "{error}");
    let error = read_with(b"l 0x1000 1\n", &options(&["no such file"])).unwrap_err().to_string();
    assert!(error.contains("no such file"), "{error}");
    // The thread and the child of exec attach at addresses of their own; nothing overlaps.
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let text = "1 shmget(0x1, 8192, 0) = 5\n1 shmat(5, 0, 0) = 0x7000\n1 shmdt(0x7000) = 0\n\
                1 shmget(0x2, 8192, 0) = 6\n1 shmat(6, 0, 0) = 0x6000\n1 shmat(5, 0, 0) = 0x7000\n";
    std::fs::write(&log, text).unwrap();
    let mut side = options(&[]);
    side.addresses.maps = vec![log];
    let (kept, summary) = read_with(b"l 0x8000 1\nl 0x6000 1\n", &side).unwrap();
    assert_eq!(pages(&kept), [((1, "s5".to_owned()), ([1].into(), 1))].into());
    assert!(summary.notes[0].contains("1 mappings overlap"), "{:?}", summary.notes);
}

#[test]
fn samples_of_perf_mem_are_sampled_references() {
    let text = "a b 7/8 [001] 5.000001: PERF_RECORD_MMAP2 7/8: [0x1000(0x2000) @ 0x3000 00:01 9 0]: rw-s /dev/shm/x\n\
                a b 7/8 [001] 5.000001:     42 cpu/mem-loads,ldlat=30/P:  1008 |OP LOAD|LVL L1 hit| 4005 main+0x5 (/a)\n\
                \t   4005 main+0x5 (/a)\n\
                a b 7/8 [001] 6:  7  cpu/mem-stores/P:  2fff |OP STORE| 4005\n\
                a b 7/8 [001] 7: cycles:P:  4005 main+0x5 (/a)\n";
    let (kept, summary) = read_bytes(text.as_bytes()).unwrap();
    assert_eq!(summary.format, "perf-script");
    assert_eq!(kept.settings.unwrap().fidelity, [Fidelity::Sampled]);
    let told: Vec<_> = kept.records.iter().map(|record| (record.process, record.operation, record.page)).collect();
    assert_eq!(told[2..], [(7, Operation::Read, 3), (7, Operation::Write, 4)]);
    assert_eq!(kept.records[3].time, 6_000_000_000);
}

#[test]
fn drmemtrace_view_is_one_process_a_workload() {
    let text = "Output format:\n<--record#-> <--instr#->: <---tid---> <record details>\n------------\n\
                 1           0: W0.T34 <marker: version 4>\n 1,002  1: W0.T34 ifetch 3 byte(s) @ 0x7000 mov %rsp, %rdi\n\
                 3  1: W0.T35 read         8 byte(s) @ 0x00007ffc by PC 0x7000\n------------\n\
                 4  1: W1.T36 write  4 byte(s) @ 0x9000 by PC 0x7000\n 5 2: W1.T36 prefetch 1 byte(s) @ 0xa000 by PC 0x7\n\
                View tool results:\n              5 : total instructions\n";
    let (kept, summary) = read_bytes(text.as_bytes()).unwrap();
    assert_eq!(summary.format, "drmemtrace-view");
    let told = |kept: &Kept| -> Vec<(u64, Operation, u64)> {
        let is_reference = |record: &&Record| matches!(record.operation, Operation::Read | Operation::Write);
        kept.records.iter().filter(is_reference).map(|record| (record.process, record.operation, record.page)).collect()
    };
    let expected = [(1, Operation::Read, 7), (1, Operation::Read, 8), (2, Operation::Write, 9)];
    assert_eq!(told(&kept), expected);
    let mut options = ReadOptions::default();
    options.addresses.instructions = true;
    let (kept, _) = read_with(text.as_bytes(), &options).unwrap();
    assert_eq!(told(&kept)[0], (1, Operation::Read, 7));
    assert_eq!(told(&kept).len(), 4);
}

#[test]
fn pin_takes_both_layouts_and_wants_the_end() {
    let text = "#\n# Memory Access Trace Generated By Pin\n#\n0x4000: R 0x1ffe 4 0x77\n0x4000: W         0x5000  8 0x1\n\
                0x4000: R 0x9000 0 *prefetch*\n0x4003: R 0x6000\n#eof\n";
    let (kept, summary) = read_bytes(text.as_bytes()).unwrap();
    assert_eq!(summary.format, "pin");
    let told: Vec<_> = kept.records[2..].iter().map(|record| (record.operation, record.page)).collect();
    let expected = [(Operation::Read, 1), (Operation::Read, 2), (Operation::Write, 5), (Operation::Read, 6)];
    assert_eq!(told, expected);
    let cut = text.strip_suffix("#eof\n").unwrap();
    let error = read_bytes(cut.as_bytes()).unwrap_err();
    assert!(error.is_skippable() && error.to_string().contains("cut short"), "{error}");
    assert_eq!(read_with(cut.as_bytes(), &trace_support::lenient()).unwrap().1.skipped, 1);
}

/// Formats that are binary, or that take what no other format takes for its own.
const GENERAL: [&str; 4] = ["native", "oracle-general", "text", "table"];

#[test]
fn no_sample_is_taken_for_another_format() {
    let samples = [
        ("perf-script", "perf_faults_with_mmap.txt"),
        ("perf-script", "perf_page_fault_user.txt"),
        ("perf-script", "perf_world.txt"),
        ("perf-trace", "perf_trace_F.txt"),
        ("perf-trace", "perf_trace_world.txt"),
        ("strace", "strace_shm.txt"),
        ("strace", "strace_world.txt"),
        ("strace", "strace_world_relative.txt"),
    ];
    let mut texts: Vec<(&str, Vec<u8>)> =
        samples.iter().map(|&(format, name)| (format, std::fs::read(sample_file(name)).unwrap())).collect();
    texts.extend(FORMATS.iter().filter(|format| !GENERAL.contains(&format.name)).map(|format| {
        let head = if format.name == "csv" { "time,pid,op,segment,page\n" } else { "" };
        (format.name, format!("{head}{}\n", format.example).into_bytes())
    }));
    for (name, text) in &texts {
        let taken: Vec<&str> =
            FORMATS.iter().filter(|format| (format.detect)(text)).map(|format| format.name).collect();
        assert_eq!(taken.first(), Some(name), "{taken:?}");
        // Those that name themselves are of one format alone; a number a line may be several things.
        if !["lirs", "arc", "hex-rw"].contains(name) {
            assert_eq!(taken.iter().filter(|other| !GENERAL.contains(other)).count(), 1, "{name}: {taken:?}");
        }
    }
}

/// References as the formats without processes tell them.
fn references() -> impl Strategy<Value = Vec<(u64, bool)>> {
    prop::collection::vec((prop_oneof![0..1_u64 << 20, any::<u64>()], any::<bool>()), 1..40)
}

/// Writes a line of a format.
type Line = fn(u64, &str) -> String;

proptest! {
    #[test]
    fn what_is_written_as_lines_is_read_back(references in references()) {
        let letter = |write, read: &'static str, other: &'static str| if write { other } else { read };
        let formats: [(&str, &str, &str, Line, &str); 4] = [
            ("hex-rw", "R", "W", |address, letter| format!("{address:08x} {letter}\n"), ""),
            ("ucsd", "l", "s", |address, letter| format!("{letter} 0x{address:x} 3\n"), ""),
            ("pin", "R", "W", |address, letter| format!("0x5512: {letter} 0x{address:x}\n"), "#eof\n"),
            ("drmemtrace-view", "read ", "write", |address, letter| {
                format!("        17        4: W1.T8 {letter}  1 byte(s) @ 0x{address:016x} by PC 0x0000000000005512\n")
            }, "View tool results:\n"),
        ];
        for (name, load, store, line, end) in formats {
            let text: String = references.iter().map(|&(address, write)| line(address, letter(write, load, store))).collect();
            let (kept, summary) = read_bytes((text + end).as_bytes()).unwrap();
            prop_assert_eq!(summary.format, name);
            let found: Vec<(u64, bool)> = kept.records[2..].iter()
                .map(|record| (record.page, record.operation == Operation::Write)).collect();
            let expected: Vec<(u64, bool)> = references.iter().map(|&(address, write)| (address >> 12, write)).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn perf_script_finds_mapping_and_page_by_address(
        mappings in prop::collection::vec((1..6_u64, 1..9_u64, any::<bool>()), 1..12),
        touches in prop::collection::vec((1..6_u64, 0..0x8_0000_u64, any::<bool>()), 1..60),
    ) {
        // Mappings of a process in order of time, each of so many pages below the one before; a slow search as the model.
        let mut text = String::new();
        let mut mapped: Vec<(u64, u64, u64, u64)> = Vec::new();
        let mut top = BTreeMap::new();
        for (id, &(process, pages, is_shared)) in mappings.iter().enumerate() {
            let top = top.entry(process).or_insert(0x8_0000_u64);
            *top -= pages << 12;
            let (kind, path) = if is_shared { ("rw-s", "/SYSV00000000 (deleted)") } else { ("rw-p", "//anon") };
            text += &format!(
                "my prog {process}/{process} 1.5: PERF_RECORD_MMAP2 {process}/{process}: \
                 [{top:#x}({:#x}) @ 0 00:01 {id} 0]: {kind} {path}\n",
                pages << 12
            );
            if is_shared {
                mapped.push((process, *top, pages << 12, id as u64));
            }
        }
        let mut expected = Vec::new();
        for &(process, address, write) in &touches {
            let code = if write { 6 } else { 4 };
            text += &format!("my prog {process} [000] 1.6: exceptions:page_fault_user: address={address:#x} ip=0x1 error_code={code:#x}\n");
            let found = mapped.iter().find(|&&(of, start, bytes, _)| of == process && (start..start + bytes).contains(&address));
            if let Some(&(_, start, _, id)) = found {
                expected.push((process, Label::Number(id), (address - start) >> 12, write));
            }
        }
        let result = read_bytes(text.as_bytes());
        prop_assume!(!mapped.is_empty());
        let (kept, _) = result.unwrap();
        let found: Vec<_> = kept.records.iter()
            .filter(|record| matches!(record.operation, Operation::Read | Operation::Write))
            .map(|record| (record.process, kept.label_of(record).unwrap().clone(), record.page, record.operation == Operation::Write))
            .collect();
        prop_assert_eq!(found, expected);
    }
}
