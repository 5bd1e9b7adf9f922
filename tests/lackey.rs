//! Logs of valgrind's lackey: real ones of several processes, made-up ones, and what the program says of them.
//!
//! `lk.*` was recorded from a program whose process A writes 4 bytes to each of the 64 pages of one segment, B writes 400
//! times to each of two, and C reads the 32 pages of the other 300 times. `many.*` was recorded from a program that shares
//! anonymous memory, a file in /dev/shm and a segment with a child, which runs another program that attaches the segment
//! twice; the segment is removed while it is attached. Of `many.*` the references to other memory are left out.

mod trace_support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::trace::{
    AddressOptions, Fidelity, Label, Operation, ReadOptions, Record, Source, Summary, TraceError, read, sources,
};
use trace_support::{Kept, lenient, read_bytes, read_with};

fn samples(stem: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with(stem));
    paths.sort();
    paths
}

fn turns(quantum: u64, seed: u64) -> ReadOptions {
    ReadOptions { addresses: AddressOptions { quantum, seed, ..AddressOptions::default() }, ..ReadOptions::default() }
}

fn read_all(paths: &[PathBuf], options: &ReadOptions) -> Result<(Kept, Summary), TraceError> {
    let source = Source::Files(paths.to_vec());
    // Whatever is kept must be possible too.
    read(&source, options, &mut Resolver::new(ResolveOptions::default()))?;
    let mut kept = Kept::default();
    let summary = read(&source, options, &mut kept)?;
    Ok((kept, summary))
}

/// References of each process to each segment: how many write, and to how many pages.
fn counts(kept: &Kept) -> BTreeMap<(u64, String), (usize, usize, usize)> {
    let mut found: BTreeMap<(u64, String), Vec<&Record>> = BTreeMap::new();
    for record in kept.records.iter().filter(|record| is_reference(record)) {
        found.entry((record.process, kept.label_of(record).unwrap().to_string())).or_default().push(record);
    }
    let count = |records: Vec<&Record>| {
        let pages: BTreeSet<u64> = records.iter().map(|record| record.page).collect();
        let writes = records.iter().filter(|record| record.operation == Operation::Write).count();
        (records.len(), writes, pages.len())
    };
    found.into_iter().map(|(key, records)| (key, count(records))).collect()
}

fn is_reference(record: &Record) -> bool {
    matches!(record.operation, Operation::Read | Operation::Write)
}

fn expected(rows: &[(u64, &str, (usize, usize, usize))]) -> BTreeMap<(u64, String), (usize, usize, usize)> {
    rows.iter().map(|&(process, segment, counts)| ((process, segment.to_owned()), counts)).collect()
}

/// What `shm3.c` does.
fn shm3() -> BTreeMap<(u64, String), (usize, usize, usize)> {
    expected(&[
        (14914, "s32786", (256, 256, 64)),
        (14915, "s32786", (400, 400, 8)),
        (14915, "s32787", (400, 400, 4)),
        (14916, "s32787", (300, 0, 32)),
    ])
}

#[test]
fn the_logs_of_four_processes_are_two_segments() {
    let (kept, summary) = read_all(&samples("lk."), &ReadOptions::default()).unwrap();
    assert_eq!(counts(&kept), shm3());
    assert_eq!((summary.format, summary.compression, summary.skipped), ("lackey", Some("zst"), 0));
    let creates = kept.records.iter().filter(|record| record.operation == Operation::Create);
    let sizes: Vec<(String, u64)> =
        creates.map(|record| (kept.label_of(record).unwrap().to_string(), record.page)).collect();
    assert_eq!(sizes, [("s32786".to_owned(), 64), ("s32787".to_owned(), 32)]);
    assert_eq!(kept.settings.unwrap().fidelity, [Fidelity::Interleaved { quantum: 1000, seed: 0 }]);
    // A walks through the pages four times; C reads what its generator says, whatever the turns.
    let pages = |process| kept.records.iter().filter(move |r| is_reference(r) && r.process == process).map(|r| r.page);
    assert!(pages(14914).eq((0..4).flat_map(|_| 0..64)));
    let mut random = 12347_u32;
    let mut draws = (0..300).map(|_| {
        random = random.wrapping_mul(1_103_515_245).wrapping_add(12345);
        u64::from(random >> 16) % 32
    });
    assert!(pages(14916).eq(&mut draws));
}

#[test]
fn any_order_of_files_is_the_same_trace_and_any_turns_have_the_same_references() {
    let paths = samples("lk.");
    let options = turns(50, 3);
    let whole = read_all(&paths, &options).unwrap();
    let mut orders = BTreeSet::new();
    for first in 0..4 {
        for second in 0..4 {
            let mut order = paths.clone();
            order.swap(0, first);
            order.swap(1, second);
            order.rotate_left(first ^ second);
            let other = read_all(&order, &options).unwrap();
            assert_eq!((&other.0, &other.1.sha256), (&whole.0, &whole.1.sha256));
            orders.insert(order);
        }
    }
    assert!(orders.len() > 8);
    let mut different = BTreeSet::new();
    for (quantum, seed) in [(1, 0), (1, 1), (7, 0), (50, 3), (50, 4), (1_000_000, 0)] {
        let (kept, _) = read_all(&paths, &turns(quantum, seed)).unwrap();
        assert_eq!(counts(&kept), shm3(), "{quantum} {seed}");
        let order = |operation, process: u64| {
            let matches = |r: &Record| r.operation == operation && (r.process == process || r.page == process);
            kept.records.iter().position(matches).unwrap_or_else(|| panic!("{operation:?} {process}"))
        };
        for child in [14914, 14915, 14916] {
            assert!(order(Operation::Fork, child) < order(Operation::Exit, child));
            assert!(order(Operation::Exit, child) < order(Operation::Remove, 14909), "the parent waited");
        }
        different.insert(kept.records.iter().map(|record| record.process).collect::<Vec<_>>());
    }
    assert!(different.len() > 3, "turns make a difference");
}

#[test]
fn a_file_alone_or_one_missing_is_read_too() {
    let paths = samples("lk.");
    for missing in 0..4 {
        let mut rest = paths.clone();
        let gone: u64 = rest.remove(missing).to_string_lossy().rsplit('.').nth(1).unwrap().parse().unwrap();
        let found = counts(&read_all(&rest, &ReadOptions::default()).unwrap().0);
        // Without the parent's log sizes are not known: what lies behind a segment may be taken for a part of it.
        if missing == 0 {
            assert!(found.values().map(|counts| counts.0).sum::<usize>() >= 1356);
            continue;
        }
        let rest: BTreeMap<_, _> = shm3().into_iter().filter(|((process, _), _)| *process != gone).collect();
        assert_eq!(found, rest);
    }
    let (kept, _) = read_all(&paths[2..3], &ReadOptions::default()).unwrap();
    assert!(kept.settings.unwrap().fidelity.is_empty(), "one process takes no turns");
    let (kept, _) = read_with(&zstd::decode_all(fs::File::open(&paths[0]).unwrap()).unwrap(), &lenient()).unwrap();
    assert_eq!(kept.settings.unwrap().fidelity, [Fidelity::NoMappings], "the parent attaches nothing");
}

#[test]
fn every_kind_of_shared_memory_is_followed_through_fork_and_exec() {
    let paths = samples("many.");
    assert_eq!(paths.len(), 5);
    for (quantum, seed) in [(1, 0), (3, 9), (1000, 0)] {
        let (kept, _) = read_all(&paths, &turns(quantum, seed)).unwrap();
        let file = "/dev/shm/clockhand-sample";
        let rows = [
            (20660, "anonymous:20660@483c000", (8, 8, 8)),
            (20660, file, (6, 6, 6)),
            (20660, "s11", (16, 16, 16)),
            (20680, "anonymous:20660@483c000", (9, 9, 8)),
            (20680, file, (6, 6, 6)),
            (20680, "s11", (16 + 16 + 16 + 8, 16 + 16 + 8, 16)),
            (20720, "s11", (2, 2, 2)),
        ];
        assert_eq!(counts(&kept), expected(&rows), "{quantum} {seed}");
    }
}

/// Writes logs and reads them as one trace.
struct Logs {
    folder: tempfile::TempDir,
    paths: Vec<PathBuf>,
}

impl Logs {
    fn new(logs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = logs.iter().map(|(name, text)| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        });
        let paths = paths.collect();
        Self { folder, paths }
    }

    fn read(&self, options: &ReadOptions) -> Result<(Kept, Summary), TraceError> {
        read_all(&self.paths, options)
    }
}

fn header(process: u64, parent: u64) -> String {
    let lines = ["Lackey, an example Valgrind tool", "Command: x", &format!("Parent PID: {parent}"), ""];
    lines.map(|line| format!("=={process}== {line}\n")).concat()
}

fn loads(address: u64, count: u64) -> String {
    (0..count).map(|index| format!(" L {:08x},8\n", address + index % 4 * 4096)).collect()
}

#[test]
fn who_attaches_a_segment_of_another_waits_for_its_size() {
    // The client is the first by its number, and knows no size.
    let client = header(5, 1)
        + &loads(0x1000, 5)
        + "SYSCALL[5,1](29) sys_shmget ( 77, 0, 0 )[sync] --> Success(0x9) \n\
           SYSCALL[5,1](30) sys_shmat ( 9, 0x0, 0 )[sync] --> Success(0x400000) \n"
        + &loads(0x40_0000, 20)
        + &loads(0x50_0000, 20);
    let server = header(6, 1)
        + &loads(0x1000, 30)
        + "SYSCALL[6,1](29) sys_shmget ( 77, 16384, 950 )[sync] --> Success(0x9) \n\
           SYSCALL[6,1](30) sys_shmat ( 9, 0x0, 0 )[sync] --> Success(0x700000) \n"
        + &loads(0x70_0000, 30);
    let logs = Logs::new(&[("a.5", &client), ("a.6", &server)]);
    for (quantum, seed) in [(1, 0), (1, 1), (2, 5), (1000, 1), (1000, 2)] {
        let (kept, _) = logs.read(&turns(quantum, seed)).unwrap();
        assert_eq!(counts(&kept), expected(&[(5, "s9", (20, 0, 4)), (6, "s9", (30, 0, 4))]), "{quantum} {seed}");
        let first = &kept.records[0];
        assert_eq!((first.process, first.operation, first.page), (6, Operation::Create, 4));
    }
    // With the server's log missing nobody waits, and the size is not known.
    let (kept, _) = read_all(&logs.paths[..1], &ReadOptions::default()).unwrap();
    assert_eq!(counts(&kept), expected(&[(5, "s9", (40, 0, 8))]));
}

#[test]
fn those_who_wait_for_one_another_go_on() {
    let log = |own: u64, other: u64, next: u64| {
        header(own, other)
            + &format!(
                "SYSCALL[{own},1](30) sys_shmat ( {other}, 0x0, 0 )[sync] --> Success(0x400000) \n\
                 SYSCALL[{own},1](61) sys_wait4 ( {next}, 0x0, 0, 0x0 ) --> [async] ... \n\
                 SYSCALL[{own},1](61) ... [async] --> Success(0x{next:x}) \n\
                 SYSCALL[{own},1](29) sys_shmget ( 0, 4096, 896 )[sync] --> Success(0x{own:x}) \n"
            )
            + &" L 00400000,8\n".repeat(3)
    };
    let logs = Logs::new(&[("x.7", &log(7, 8, 9)), ("x.8", &log(8, 9, 7)), ("x.9", &log(9, 7, 8))]);
    for seed in 0..4 {
        let (kept, _) = logs.read(&turns(1, seed)).unwrap();
        let found = counts(&kept);
        assert_eq!(found.values().map(|counts| counts.0).sum::<usize>(), 9, "{found:?}");
    }
}

#[test]
fn logs_without_a_header_are_named_by_their_file() {
    let text = |process: u64| {
        format!(
            "I  04001100,3\nSYSCALL[{process},1](29) sys_shmget ( 0, 8192, 896 )[sync] --> Success(0x{process:x}) \n\
             SYSCALL[{process},1](30) sys_shmat ( {process}, 0x0, 0 )[sync] --> Success(0x400000) \n M 00400ffc,8\n"
        )
    };
    let logs = Logs::new(&[("q.31.txt", "I  04001100,3\n S 00001000,4\n"), ("q.32.txt", &text(32))]);
    let (kept, summary) = logs.read(&ReadOptions::default()).unwrap();
    // The reference crosses into the second page.
    assert_eq!(counts(&kept), expected(&[(32, "s32", (2, 2, 2))]));
    let mut both =
        [&logs.paths[0], &logs.paths[1]].map(|path| trace_support::sha256(&fs::read(path).unwrap())).concat();
    both = trace_support::sha256(both.as_bytes());
    assert_eq!(summary.sha256, both);
}

#[test]
fn damage_is_told_with_the_right_file_and_line() {
    let good = header(41, 1) + &loads(0x1000, 10);
    let bad = header(42, 1) + &loads(0x1000, 3) + " L 0x1000,8\n" + &loads(0x1000, 3);
    let logs = Logs::new(&[("d.41", &good), ("d.42", &bad)]);
    let error = logs.read(&ReadOptions::default()).unwrap_err();
    let start = format!("{}, line 8, event", logs.paths[1].display());
    assert!(error.to_string().starts_with(&start), "{error}");
    assert!(error.to_string().contains("no line of lackey in ` L 0x1000,8`"), "{error}");
    let (kept, summary) = logs.read(&lenient()).unwrap();
    assert_eq!((summary.skipped, counts(&kept).values().map(|counts| counts.0).sum::<usize>()), (1, 16));
    assert_eq!(kept.settings.unwrap().fidelity.last(), Some(&Fidelity::NoMappings));

    let name = |logs: &Logs, error: &TraceError, which: usize| {
        assert!(error.to_string().contains(&*logs.paths[which].to_string_lossy()), "{error}");
    };
    let logs = Logs::new(&[("d.41", &good), ("d.42", "")]);
    let error = logs.read(&lenient()).unwrap_err();
    assert!(matches!(error, TraceError::Empty { .. }), "{error}");
    name(&logs, &error, 1);
    let logs = Logs::new(&[("d.41", &good), ("d.csv", "time,pid,op,segment,page\n1,2,create,0,3\n")]);
    let error = logs.read(&lenient()).unwrap_err();
    assert!(matches!(error, TraceError::Unfit { .. }) && error.to_string().contains("s0 has 3 pages here"), "{error}");
    name(&logs, &error, 1);
    fs::remove_file(&logs.paths[1]).unwrap();
    let error = logs.read(&lenient()).unwrap_err();
    assert!(matches!(error, TraceError::Io { .. }), "{error}");
    name(&logs, &error, 1);
    // A compressed file that is cut short.
    let whole = fs::read(&samples("lk.")[1]).unwrap();
    fs::write(&logs.paths[1], &whole[..whole.len() - 9]).unwrap();
    let error = logs.read(&lenient()).unwrap_err();
    assert!(matches!(error, TraceError::Damaged(_)), "{error}");
    name(&logs, &error, 1);
    drop(logs.folder);
}

#[test]
fn a_bad_line_is_told_and_a_legal_one_taken() {
    let good = " L 00001000,8\n";
    for bad in [
        " L 00001000",
        " L 00001000,0",
        " L 00001000,99999999999999999999",
        " L 11111111111111111,8",
        " L 1000 8",
        "I  0400110g,3",
        " L 000010",
        "\0\u{1}\u{7f}",
        "hello from the program",
        "SYSCALL[7,1]",
        "==x== hello",
    ] {
        let text = format!("{good}{good}{bad}\r\n{good}");
        let message = read_bytes(text.as_bytes()).unwrap_err().to_string();
        assert!(message.starts_with("sample, line 3, event"), "{message}");
        assert!(message.contains("no line of lackey") && message.contains("--lenient"), "{message}");
        let (kept, summary) = read_with(text.as_bytes(), &lenient()).unwrap();
        assert_eq!((kept.records.len(), summary.skipped), (5, 1), "{bad:?}");
    }
    let expected = read_bytes(good.repeat(3).as_bytes()).unwrap().0;
    for text in
        [" L 00001000,8\r\n L 00001000,8\n\n L 1000,8", "==1== \n L 1000,8\n**1** x\n L 1000,8\n--1-- y\n L 1000,8\r"]
    {
        assert_eq!(read_bytes(text.as_bytes()).unwrap().0, expected, "{text:?}");
    }
    for text in ["==7== Lackey, an example Valgrind tool\n==7== \n", "I  04001100,3\n"] {
        let error = read_bytes(text.as_bytes()).unwrap_err();
        assert!(matches!(error, TraceError::Empty { .. }), "{error}");
    }
}

#[test]
fn what_lackey_writes_is_known_by_its_content() {
    let format = |text: &str| read_bytes(text.as_bytes()).map(|(_, summary)| summary.format);
    for text in [
        "I  04001100,3\n L 1ffeffe7a0,8\n",
        " S 1ffeffe7a0,8\n",
        "\n M 0421cd50,4",
        "==5== Lackey, an example Valgrind tool\r\n==5== \r\n L 00001000,4\r\n",
        " --> [pre-success] Success(0x0) \n S 00001000,4\n",
        "SYSCALL[5,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x4035000) \n L 00001000,4\n",
    ] {
        assert_eq!(format(text).unwrap(), "lackey", "{text:?}");
    }
    for text in
        ["==5== Memcheck, a memory error detector\n==5== \n==5== HEAP SUMMARY:\n", "I 04001100,3\n", "L 1000,8\n"]
    {
        assert!(matches!(format(text), Err(TraceError::Unrecognised(_))), "{text:?}");
    }
}

#[test]
fn instructions_count_only_when_asked_for_and_a_modification_is_one_write() {
    let text = "I  00001000,3\n L 00001ffc,8\n M 00001000,4\n S 00003000,32\n";
    let pages = |options: &ReadOptions| {
        let (kept, _) = read_with(text.as_bytes(), options).unwrap();
        assert_eq!(kept.labels, [Label::Number(0)]);
        let references = kept.records.iter().filter(|record| is_reference(record));
        references.map(|record| (record.page, record.operation == Operation::Write)).collect::<Vec<_>>()
    };
    let data = [(1, false), (2, false), (1, true), (3, true)];
    assert_eq!(pages(&ReadOptions::default()), data);
    let addresses = AddressOptions { instructions: true, ..AddressOptions::default() };
    let all = pages(&ReadOptions { addresses: addresses.clone(), ..ReadOptions::default() });
    assert_eq!((all[0], &all[1..]), ((1, false), &data[..]));
    let addresses = AddressOptions { page_size: 8192, ..addresses };
    let large = pages(&ReadOptions { addresses, ..ReadOptions::default() });
    assert_eq!(large, [(0, false), (0, false), (1, false), (0, true), (1, true)]);
}

fn clockhand(arguments: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    Command::new(env!("CARGO_BIN_EXE_clockhand")).args(arguments).current_dir(folder).output().unwrap()
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_program_takes_several_files_or_a_pattern_as_one_trace() {
    let names = ["lk.14916.zst", "lk.14909.zst", "lk.14915.zst", "lk.14914.zst"];
    let told = "lk (4 files): lackey (zst), 1,356 references to 96 pages in 2 segments, as one trace of 4 processes\n";
    let by_pattern = clockhand(&["trace", "stat", "lk.*"]);
    let (stdout, stderr) = texts(&by_pattern);
    assert!(stderr.starts_with(told), "{stderr}");
    let words: Vec<&str> = stdout.split_whitespace().collect();
    assert!(words.windows(3).any(|words| words == ["pages", "created", "96"]), "{stdout}");
    assert!(stdout.starts_with("lk (lackey, zst)\n"), "{stdout}");
    assert_eq!(texts(&clockhand(&[&["trace", "stat"], &names[..]].concat())), (stdout, stderr));

    let out = tempfile::tempdir().unwrap();
    let csv = out.path().join("lk.csv");
    let csv = csv.to_str().unwrap();
    let convert = clockhand(&[&["trace", "convert"], &names[..], &[csv]].concat());
    assert!(convert.status.success(), "{convert:?}");
    let same = |trace: &[&str]| {
        let output = clockhand(&[&["replay", "--frames", "20", "--log", "-"], trace].concat());
        assert!(output.status.success(), "{output:?}");
        texts(&output).0
    };
    assert_eq!(same(&[csv]), same(&names));
    assert_eq!(same(&["lk.1491*", "lk.14909.zst"]), same(&names));

    for (arguments, code, words) in [
        (&["replay", "lk.14909.zst", csv][..], 2, "replay takes one trace, and these files are 2"),
        (&["trace", "stat", "none.*"], 1, "none.*: cannot open: no file has a name like this"),
        (&["trace", "stat", "lk.[", "lk.14909.zst"], 1, "lk.[: cannot open"),
        (&["trace", "stat", "*"], 0, "as one trace"),
    ] {
        let output = clockhand(arguments);
        let (_, stderr) = texts(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(words), "{arguments:?}: {stderr}");
    }
    assert_eq!(names_of(&["lk.*", csv]), ["lk", "lk"]);
    assert_eq!(names_of(&[csv, "lk.14914.zst", csv, "lk.14915.zst"]), ["lk", "lk", "lk"]);
    assert_eq!(names_of(&[csv, "lk.14914.zst"]), ["lk", "lk.14914"]);
    assert_eq!(names_of(&["-", "lk.14914.zst", "lk.14915.zst"]), ["stdin", "lk"]);
}

fn names_of(arguments: &[&str]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let whole = |name: &&str| if name.len() == 1 { PathBuf::from(name) } else { folder.join(name) };
    let arguments: Vec<PathBuf> = arguments.iter().map(whole).collect();
    sources(&arguments, &ReadOptions::default()).unwrap().iter().map(Source::name).collect()
}

#[test]
fn several_files_are_called_by_what_their_names_have_in_common() {
    let name = |paths: &[&str]| Source::Files(paths.iter().map(PathBuf::from).collect()).name();
    assert_eq!(name(&["lk.14909.zst", "lk.14914.zst"]), "lk");
    assert_eq!(name(&["a/trace-1.log", "b/trace-27.log"]), "trace");
    assert_eq!(name(&["x.8", "x.8.gz"]), "x");
    assert_eq!(name(&["17", "18"]), "17");
    assert_eq!(name(&["one", "two"]), "one");
    assert_eq!(Source::Files(vec!["lk.1".into(), "lk.2".into()]).file(), "lk (2 files)");
}
