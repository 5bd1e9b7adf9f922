//! Damaged traces of tools: what is wrong is told, and nothing makes a reader panic.

mod trace_support;

use clockhand::trace::{ReadOptions, TraceError};
use trace_support::{read_bytes, read_with, sample_file};

/// A format, a whole trace of it, a line that is wrong in the place of its last but one, and what is said of that.
type Damaged = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const DAMAGED: [Damaged; 7] = [
    (
        "perf-script",
        "c 5 1.0: PERF_RECORD_MMAP2 5/5: [0x1000(0x2000) @ 0 00:01 7 0]: rw-s /SYSV00000000 (deleted)\n\
         c 5 1.1: page-faults: 1000 55\nc 5 1.2: page-faults: 2000 55\nc 5 1.3: page-faults: 2fff 55\n",
        &[
            ("\0\u{1}\u{7f}", "there is no event"),
            ("c 5 1.2: page-faults: 10000000000000000 55", "the address is more than"),
            ("c 5 1.2: page-faults: 2000 main+0x5 (/a)", "-F +addr"),
            ("c 5 1.2: page-faults:", "-F +addr"),
            ("c 5 1.2: exceptions:page_fault_user: address=0x2000 ip=0x1", "`error_code=` is missing"),
            ("c 5 1.2: exceptions:page_fault_user: address=0xg ip=0x1 error_code=0x4", "not a hexadecimal"),
            (
                "c 5 1.2: PERF_RECORD_MMAP2 5/5: [0x1000(0x2000 @ 0 00:01 7 0]: rw-s /SYSV00000000",
                "the mapping is not as",
            ),
            (
                "c 5 1.2: PERF_RECORD_MMAP2 5/5: [0xffffffffffffffff(0x2000) @ 0 00:01 7 0]: rw-s /x",
                "the mapping is not as",
            ),
            ("c 5 1.2: PERF_RECORD_FORK(6:6):(5", "not two tasks"),
            ("c 5 99999999999.2: page-faults: 2000 55", "there is no event"),
        ],
    ),
    (
        "perf-trace",
        "0.1 ( 0.000 ms): a/5 minfault [x+0x1] => /dev/shm/x@0x0 (d.)\n0.2 ( 0.000 ms): a/5 minfault [x+0x1] => /dev/shm/x@0x1000 (d.)\n\
         0.3 ( 0.000 ms): a/5 majfault [x+0x1] => /dev/shm/x@0x2000 (d.)\n",
        &[
            ("junk", "there is no time"),
            ("0.2 ( 0.000 ms): a/5 minfault [x+0x1] => /dev/shm/x@0x10", "the kind of the mapping is missing"),
            ("0.2 ( 0.000 ms): a/5 minfault [x+0x1] => /dev/shm/x@0x10 (", "no kind of mapping"),
            ("0.2 ( 0.000 ms): a/5 minfault [x+0x1", "the address is missing"),
            ("0.2 ( 0.000 ms): a/5 minfault [x+0x1] => /dev/shm/x@0x (d.)", "the address is missing"),
            (
                "0.2 ( 0.000 ms): a/5 minfault [x+0x1] => /dev/shm/x@0x11112222333344445 (d.)",
                "the address is more than",
            ),
            (
                "0.2 ( 0.000 ms): a/5 minfault [x+0x1] => /dev/shm/x@0x7ff000000000 (d.)",
                "byte of the file is too large",
            ),
            ("0.2 ( 0.000 ms): a minfault [x+0x1] => /dev/shm/x@0x10 (d.)", "the thread is missing"),
            ("0.2 ( 0.000 ms): a/x minfault [x+0x1] => /dev/shm/x@0x10 (d.)", "the thread is not a whole number"),
        ],
    ),
    (
        "strace",
        "5 shmget(IPC_PRIVATE, 8192, IPC_CREAT|0600) = 3\n5 shmctl(3, SHM_LOCK, NULL) = 0\n5 shmat(3, NULL, 0) = 0x7000\n",
        &[
            ("5", "there is no system call"),
            ("5 \0\u{1}", "there is no system call"),
            ("5 shmctl(3, SHM_LO", "the call has no result"),
            ("5 shmat(3, NULL, 0) = 0x", "no result of a call"),
            ("5 shmat(99999999999999999999, NULL, 0) = 0x8000", "is no number"),
            ("5 shmat(x, NULL, 0) = 0x8000", "the id `x` of the call is no number"),
            ("5 mmap(NULL, 4096) = 0x8000", "mmap has six arguments"),
        ],
    ),
    (
        "drmemtrace-view",
        "1 1: W0.T5 read 4 byte(s) @ 0x1000 by PC 0x1\n2 1: W0.T5 write 4 byte(s) @ 0x2000 by PC 0x1\n\
         3 1: W0.T5 read 4 byte(s) @ 0x3000 by PC 0x1\n",
        &[
            ("junk", "is no record"),
            ("2 1 W0.T5 write 4", "the colon"),
            ("2: W0.T5 write 4 byte(s) @ 0x2000", "two numbers"),
            ("2 1: write 4 byte(s) @ 0x2000", "the thread is missing"),
            ("2 1: W0 write 4 byte(s) @ 0x2000", "the thread is missing"),
            ("2 1: Wx.T5 write 4 byte(s) @ 0x2000", "the workload is not a whole number"),
            ("2 1: W0.T5 change 4 byte(s) @ 0x2000", "no read, write or ifetch"),
            ("2 1: W0.T5 write x byte(s) @ 0x2000", "number of bytes is not"),
            ("2 1: W0.T5 write 4 byte(s)", "`byte(s) @` is missing"),
            ("2 1: W0.T5 write 4 byte(s) @ 0x11112222333344445 by", "the address is more than"),
            ("2 1: W0.T5 write 99999999999999 byte(s) @ 0x2000 by", "more than 1048576 pages"),
        ],
    ),
    (
        "pin",
        "0x1: R 0x1000\n0x1: W 0x2000\n0x1: R 0x3000\n#eof\n",
        &[
            ("junk", "the colon is missing"),
            ("x: R 0x2000", "before the colon the address is not"),
            ("0x1: 0x2000", "R or W is missing"),
            ("0x1: R", "the address is missing"),
            ("0x1: R 0x11112222333344445", "the address is more than"),
            ("0x1: R 0x2000 x", "`x` is no number of bytes"),
        ],
    ),
    (
        "hex-rw",
        "00001000 R\n00002000 W\n00003000 R\n",
        &[
            ("junk", "R or W is missing"),
            ("00002000 X", "`X` is neither R nor W"),
            ("0x2000 R", "not a hexadecimal number"),
            ("11112222333344445 R", "the address is more than"),
        ],
    ),
    (
        "ucsd",
        "l 0x1000 1\ns 0x2000 1\nl 0x3000 1\n",
        &[
            ("junk", "neither l nor s"),
            ("s", "the address is missing"),
            ("s 2000 1", "not a hexadecimal number"),
            ("s 0x11112222333344445 1", "the address is more than"),
            ("s 0x2000 x", "`x` is no number of instructions"),
        ],
    ),
];

#[test]
fn damaged_lines_are_told_and_can_be_skipped() {
    for (format, whole, damages) in DAMAGED {
        let expected = read_bytes(whole.as_bytes()).unwrap();
        assert_eq!(expected.1.format, format);
        for &(bad, complaint) in damages {
            let lines: Vec<&str> = whole.lines().collect();
            let mut damaged = lines.clone();
            let place = lines.iter().rposition(|line| !line.starts_with('#')).unwrap();
            damaged.insert(place, bad);
            let text = damaged.join("\n") + "\n";
            let options = ReadOptions { format: Some(format.to_owned()), ..ReadOptions::default() };
            let error = read_with(text.as_bytes(), &options).expect_err(bad);
            let message = error.to_string();
            assert!(error.is_skippable() && message.starts_with(&format!("sample, line {}", place + 1)), "{message}");
            assert!(message.contains(complaint) && message.contains("--lenient"), "{bad}: {message}");
            assert!(!message.contains(|c: char| c.is_control()), "{message:?}");
            let (kept, summary) = read_with(text.as_bytes(), &ReadOptions { lenient: true, ..options }).unwrap();
            assert_eq!((&kept, summary.skipped), (&expected.0, 1), "{bad}");
        }
    }
}

#[test]
fn line_ends_do_not_matter_and_nothing_is_an_error() {
    for (format, whole, _) in DAMAGED {
        let expected = read_bytes(whole.as_bytes()).unwrap().0;
        let (first, rest) = whole.split_once('\n').unwrap();
        for text in [whole.replace('\n', "\r\n"), format!("{first}\r\n{rest}"), whole.trim_end().to_owned()] {
            assert_eq!(read_bytes(text.as_bytes()).unwrap().0, expected, "{format}");
        }
        let options = ReadOptions { format: Some(format.to_owned()), ..ReadOptions::default() };
        for nothing in ["", "\n\n", " \r\n"] {
            let error = read_with(nothing.as_bytes(), &options).unwrap_err();
            assert!(matches!(error, TraceError::Empty { .. }), "{format}: {error}");
        }
        let junk: Vec<u8> = (0..4000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        assert!(read_with(&junk, &options).is_err(), "{format}");
        assert!(read_with(&junk, &ReadOptions { lenient: true, ..options }).is_err(), "{format}");
    }
}

#[test]
fn samples_cut_anywhere_make_no_reader_panic() {
    let samples = ["perf_faults_with_mmap.txt", "perf_trace_F.txt", "strace_shm.txt", "strace_world.txt", "maps.20578"];
    for name in samples {
        let whole = std::fs::read(sample_file(name)).unwrap();
        // Every cut within the last lines that say something, and some before.
        let dense = whole.len().saturating_sub(600)..whole.len();
        for length in (0..whole.len()).step_by(97).chain(dense) {
            for lenient in [false, true] {
                match read_with(&whole[..length], &ReadOptions { lenient, ..ReadOptions::default() }) {
                    Ok((kept, summary)) => assert_eq!(kept.records.len() as u64, summary.records),
                    Err(error) => assert!(!(lenient && error.is_skippable()), "{error}"),
                }
            }
        }
    }
}
