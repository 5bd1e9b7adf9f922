//! A trace of each format to measure its reader with, some megabytes long. To add one: a row in [`SAMPLES`].

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use clockhand::trace::{Format, ReadOptions, Source, copy, writer};

/// Bytes of a trace that is made here, at least.
const LENGTH: usize = 4 << 20;

/// Makes a record: of a number that ascends, and a page.
type Record = fn(u64, u64) -> Vec<u8>;

/// The formats that are not written, each with its records.
const SAMPLES: &[(&str, Record)] = &[
    ("lackey", |n, page| match n {
        0 => b"SYSCALL[7,1](30) sys_shmat ( 5, 0x0, 0 )[sync] --> Success(0x10000000) \n".into(),
        _ if n % 2 > 0 => format!("I  {:08x},{}\n", 0x0400_0000 + n % 5000, 1 + n % 7).into(),
        _ => {
            format!(" {} {:08x},8\n", if n % 6 > 0 { 'L' } else { 'S' }, 0x1000_0000 + (page << 12 | n & 0xff8)).into()
        }
    }),
    ("perf-script", |n, page| match n {
        0..7 => {
            let mapped = "[0x10000000(0x4000000) @ 0 00:01 5 0]: rw-s /SYSV00000000 (deleted)";
            format!("app {n}/{n} 1.000001: PERF_RECORD_MMAP2 {n}/{n}: {mapped}\n").into()
        }
        _ => {
            let (process, address) = (n % 7, 0x1000_0000 + (page << 12));
            format!("app {process}/{process} 2.{n:06}: page-faults: {address:x} 5512\n").into()
        }
    }),
    ("perf-trace", |n, page| {
        let (process, address) = (n % 7, 0x1000_0000 + (page << 12));
        format!(
            "{n}.125 ( 0.000 ms): app/{process} minfault [main+0xb8] => /SYSV00000005 (deleted)@{address:#x} (d.)\n"
        )
        .into()
    }),
    ("strace", |n, _| match n {
        0 => b"5 shmget(IPC_PRIVATE, 65536, IPC_CREAT|0600) = 7\n".into(),
        _ if n % 2 > 0 => b"5 shmat(7, NULL, 0) = 0x10000000\n".into(),
        _ => b"5 shmdt(0x10000000) = 0\n".into(),
    }),
    ("drmemtrace-view", |n, page| {
        let (who, what) = (n % 7, if n.is_multiple_of(3) { "write" } else { "read " });
        format!("{n:12} {n:11}: W0.T{who} {what}  8 byte(s) @ 0x{:016x} by PC 0x0000000000005512\n", page << 12).into()
    }),
    ("pin", |n, page| format!("0x7f51a8a3a0a0: {} {:#x}\n", letter(n), page << 12 | n & 0xfff).into()),
    ("ucsd", |n, page| format!("{} {:#x} {}\n", ['l', 's'][n as usize % 2], page << 12 | n & 0xfff, n % 9).into()),
    ("hex-rw", |n, page| format!("{:08x} {}\n", page << 12 | n & 0xfff, letter(n)).into()),
    ("arc", |n, page| format!("{page} 1 0 {n}\n").into()),
    ("lirs", |_, page| format!("{page}\n").into()),
    ("oracle-general", |n, page| {
        [&(n as u32 / 100).to_le_bytes()[..], &page.to_le_bytes(), &[0, 16, 0, 0], &(n + 9).to_le_bytes()].concat()
    }),
    ("text", |n, page| format!("{:#x} {}\n", page << 12 | n & 0xfff, letter(n)).into()),
    ("table", |n, page| match n {
        0 => b"time;pid;segment;page;op\n".into(),
        _ => format!("{n};{};{};{page};{}\n", 1000 + n % 7, page % 11, letter(n)).into(),
    }),
];

/// A trace of this format.
///
/// # Panics
/// When it is neither written nor in [`SAMPLES`].
pub fn sample(format: &Format) -> Vec<u8> {
    if format.write.is_some() {
        return written(format.name);
    }
    let row = SAMPLES.iter().find(|(name, _)| *name == format.name);
    let (_, record) = row.unwrap_or_else(|| panic!("{} has no row in SAMPLES", format.name));
    let (mut bytes, mut state) = (Vec::with_capacity(LENGTH + 100), 1_u64);
    for number in 0.. {
        if bytes.len() >= LENGTH {
            break;
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Some pages are referenced more than others.
        let page = (state >> 33) % (1 + (state >> 50));
        bytes.extend(record(number, page));
    }
    if format.name == "pin" {
        bytes.extend(b"#eof\n");
    }
    bytes
}

fn letter(number: u64) -> char {
    if number.is_multiple_of(3) { 'W' } else { 'R' }
}

/// The built-in trace in this format.
fn written(format: &str) -> Vec<u8> {
    let memory = Memory::default();
    let writer = writer(format, Box::new(memory.clone())).expect("a format that is written");
    copy(&Source::BuiltIn, &ReadOptions::default(), writer).expect("memory is not full");
    memory.0.take()
}

#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
