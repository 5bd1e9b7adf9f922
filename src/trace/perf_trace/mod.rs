//! The text of `perf trace -F all --no-syscalls`: page faults with the mapping that they fall into.
//!
//! `10.187 ( 0.000 ms): shm3/15067 minfault [main+0xb8] => /SYSV00000000 (deleted)@0x7f3bf6d96000 (d.)`
//!
//! - The time is in milliseconds since the start. The number behind the command is of a thread, which counts as a process;
//!   where there is none (perf traced a single one), it is 1. `minfault` and `majfault` are the same; other lines of perf
//!   trace, system calls, are passed over.
//! - The address is a process's own in anonymous memory and in System V segments; in files it is the byte of the file. So
//!   pages of `/dev/shm/...` and `/memfd:...` are known as they are, each file a segment named by its path.
//! - Where a System V segment begins is not told. With a key other than 0 the key names the segment, and its lowest address
//!   in related processes is its first byte; see `infer` for those without a key, which are not told apart by name.
//!   All of this needs the whole trace, so references are kept, in 32 bytes each.
//! - With `--maps` nothing is inferred: the side files say what is shared.

mod infer;
mod line;

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::addresses::{AddressReference, AddressSpaces, Place};
use super::error::{At, TraceError, printable};
use super::input::{Input, for_each_line};
use super::reading::Reading;
use super::shared_memory::{is_anonymous, is_named_memory, system_v_key};
use super::{Fidelity, Label, Settings};
use infer::{Mapping, Touched};
use line::Fault;

const EXPECTED: &str =
    "a line is as in `10.187 ( 0.000 ms): shm3/15067 minfault [main+0xb8] => /SYSV00000000 (deleted)@0x7f3b (d.)`";

/// Where the files of shared memory are put in the address spaces, out of the way of everything real: from here on.
const FILES: u64 = 1 << 63;
/// As a shift, the room of each.
const FILE_SHIFT: u32 = 44;
/// So many files have room.
const MOST_FILES: usize = 1 << (63 - FILE_SHIFT);

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    let lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty() && line.first() != Some(&b'#'));
    let is_fault = |line: &[u8]| matches!(Fault::parse(line), Ok(Some(_)));
    lines.next().is_some_and(|first| line::has_time(first) && (is_fault(first) || lines.any(is_fault)))
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let mut faults = Faults::default();
    for_each_line(input, reading, |reading, number, line| {
        let line = line.trim_ascii();
        if line.is_empty() || line.first() == Some(&b'#') {
            return Ok(());
        }
        match Fault::parse(line).and_then(|fault| fault.map_or(Ok(()), |fault| faults.add(number, &fault))) {
            Ok(()) => Ok(()),
            Err(what) => reading.bad(At::Line(number), line, what, EXPECTED),
        }
    })?;
    faults.hand_on(reading)
}

/// What a fault is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Target {
    /// A System V segment with a key, or all shared memory without a name (key 0).
    Shared(u64),
    /// A file of shared memory.
    File(String),
    /// Another file.
    Other(String),
    /// Memory that is not shared.
    Private,
    /// Not known.
    Unknown,
}

/// A fault as it is kept.
struct Kept {
    time: u64,
    address: u64,
    line: u64,
    /// By number in order of appearance.
    process: u32,
    target: u32,
}

/// All faults of a trace.
#[derive(Default)]
struct Faults {
    kept: Vec<Kept>,
    processes: Vec<u64>,
    process_numbers: FxHashMap<u64, u32>,
    targets: Vec<Target>,
    /// By target, of files: one past the highest byte.
    extents: Vec<u64>,
    target_numbers: FxHashMap<Target, u32>,
    /// By target as it is written, so that it is looked at once.
    known: FxHashMap<Vec<u8>, u32>,
}

impl Faults {
    fn add(&mut self, line: u64, fault: &Fault<'_>) -> Result<(), String> {
        let process = match self.process_numbers.get(&fault.process) {
            Some(&known) => known,
            None => {
                let number = self.processes.len() as u32;
                self.processes.push(fault.process);
                self.process_numbers.insert(fault.process, number);
                number
            }
        };
        let target = match self.known.get(fault.target) {
            Some(&known) => known,
            None => self.target(fault.target),
        };
        if matches!(self.targets[target as usize], Target::File(_) | Target::Other(_)) {
            if fault.address >> FILE_SHIFT != 0 {
                return Err("the byte of the file is too large".to_owned());
            }
            let extent = &mut self.extents[target as usize];
            *extent = (*extent).max(fault.address + 1);
        }
        self.kept.push(Kept { time: fault.time, address: fault.address, line, process, target });
        Ok(())
    }

    fn target(&mut self, text: &[u8]) -> u32 {
        let target = if let Some(key) = system_v_key(text) {
            Target::Shared(key)
        } else if is_anonymous(text) {
            Target::Shared(0)
        } else if text.starts_with(b"//anon") || text.first() == Some(&b'[') {
            Target::Private
        } else if text.is_empty() || self.targets.len() >= MOST_FILES {
            Target::Unknown
        } else if is_named_memory(text) {
            Target::File(printable(text))
        } else {
            Target::Other(printable(text))
        };
        let next = self.targets.len() as u32;
        let number = *self.target_numbers.entry(target.clone()).or_insert(next);
        if number == next {
            self.targets.push(target);
            self.extents.push(0);
        }
        self.known.insert(text.to_vec(), number);
        number
    }

    /// Hands everything on, with the mappings before the first reference to each.
    fn hand_on(self, reading: &mut Reading<'_>) -> Result<(), TraceError> {
        let infers = reading.addresses().maps.is_empty();
        let mappings = if infers { self.mappings() } else { BTreeMap::new() };
        let mut fidelity = vec![Fidelity::FaultsOnly, Fidelity::NoWrites];
        if !mappings.is_empty() {
            fidelity.push(Fidelity::InferredSegments);
        }
        let settings = Settings { has_time: true, fidelity, ..Settings::default() };
        let mut spaces = AddressSpaces::new(reading, &settings);
        let mut present: FxHashSet<(u32, u64)> = FxHashSet::default();
        for kept in &self.kept {
            let place = Place { at: At::Line(kept.line), text: b"" };
            let process = self.processes[kept.process as usize];
            spaces.set_time(kept.time);
            let mut address = kept.address;
            match &self.targets[kept.target as usize] {
                Target::File(path) => {
                    let base = FILES | u64::from(kept.target) << FILE_SHIFT;
                    address |= base;
                    if present.insert((kept.process, base)) {
                        let (label, bytes) = (Label::Name(path.clone()), self.extents[kept.target as usize]);
                        spaces.attach(reading, place, process, &label, base, Some(bytes), 0)?;
                    }
                }
                Target::Other(_) => address |= FILES | u64::from(kept.target) << FILE_SHIFT,
                Target::Shared(_) | Target::Unknown => {
                    if let Some(mapping) = find(&mappings, kept.process, address)
                        && present.insert((kept.process, mapping.address))
                    {
                        let Mapping { address, bytes, .. } = *mapping;
                        spaces.create(reading, place, process, &mapping.label, Some(mapping.segment_bytes))?;
                        spaces.attach(reading, place, process, &mapping.label, address, Some(bytes), 0)?;
                    }
                }
                Target::Private => {}
            }
            let reference = AddressReference { process, address, bytes: 1, write: false };
            spaces.reference(reading, place, reference)?;
        }
        spaces.finish(reading)
    }

    /// The mappings of System V segments of all processes, by process and first address.
    fn mappings(&self) -> BTreeMap<(u32, u64), Mapping> {
        let mut touched: BTreeMap<u64, Touched> = BTreeMap::new();
        let mut private = Vec::new();
        for kept in &self.kept {
            match &self.targets[kept.target as usize] {
                Target::Shared(key) => touched.entry(*key).or_default().add(kept.process, kept.address),
                Target::Private => private.push(kept.address),
                _ => {}
            }
        }
        let mut all = BTreeMap::new();
        for (key, touched) in touched {
            for mapping in infer::mappings(key, touched, &private) {
                all.insert((mapping.process, mapping.address), mapping);
            }
        }
        all
    }
}

/// The mapping of a process that an address is in.
fn find(mappings: &BTreeMap<(u32, u64), Mapping>, process: u32, address: u64) -> Option<&Mapping> {
    let (&(owner, start), mapping) = mappings.range(..=(process, address)).next_back()?;
    (owner == process && address - start < mapping.bytes).then_some(mapping)
}
