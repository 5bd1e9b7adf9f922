//! The text of `perf script --show-mmap-events --show-task-events`: mappings, forks and exits, and the addresses of page
//! faults or of sampled loads and stores.
//!
//! - A line is as [`line`] says. Callchains, which begin with a tab, and lines with `#` are passed over.
//! - `PERF_RECORD_MMAP2 ... rw-s /SYSV0000002a (deleted)` maps a System V segment, whose inode is its shmid and its label.
//!   Other shared memory (`/dev/shm/...`, `/memfd:...`, `/dev/zero`, where shared) is told apart by device and inode and
//!   named by its path. Any other mapping ends what was mapped at its addresses; perf has no event for the end of a mapping.
//! - References are `page-faults:` and its like with the address in the first column behind it (`perf record -d`),
//!   `exceptions:page_fault_user: address=...`, and the samples of `perf mem`. Samples of other events are passed over.
//!   Bit 1 of `error_code`, and `store` in the name of an event, make it a write.

mod line;
mod mapping;

use super::addresses::{AddressReference, AddressSpaces, Place};
use super::error::{At, TraceError, printable};
use super::input::{Input, for_each_line};
use super::number;
use super::reading::Reading;
use super::shared_memory::Names;
use super::{Fidelity, Settings};
use line::{Kind, Line};
use mapping::Mapping;

const EXPECTED: &str = "a line is command, pid/tid, time and event, as `perf script --show-mmap-events --show-task-events` \
                        prints them";

/// The bit of a page fault's error code that says that it was a write.
const WRITE: u64 = 1 << 1;

/// Addresses from here on are the kernel's.
const KERNEL: u64 = 1 << 63;

/// What is wrong with a line.
type Complaint = String;

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    let mut parsed = lines(head).map(Line::parse);
    let is_ours = |line: &Option<Line<'_>>| line.as_ref().is_some_and(|line| line.kind() != Kind::Other);
    let first = parsed.next().flatten();
    is_ours(&first) || first.is_some() && parsed.any(|line| is_ours(&line))
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let mut held = Held::default();
    let mut script: Option<Script> = None;
    for_each_line(input, reading, |reading, number, line| {
        if is_passed_over(line) {
            return Ok(());
        }
        match &mut script {
            Some(script) => script.line(reading, number, line),
            None => {
                held.add(number, line);
                if held.is_enough() {
                    script = Some(std::mem::take(&mut held).begin(reading)?);
                }
                Ok(())
            }
        }
    })?;
    let script = script.map_or_else(|| held.begin(reading), Ok)?;
    script.spaces.finish(reading)
}

/// Most bytes of lines that are held.
const MOST_HELD: usize = 64 << 20;

/// The lines up to the first sample, which tells what the trace has; many mappings may come before it.
#[derive(Default)]
struct Held {
    lines: Vec<(u64, Box<[u8]>)>,
    bytes: usize,
    settings: Option<Settings>,
}

impl Held {
    fn add(&mut self, number: u64, line: &[u8]) {
        self.lines.push((number, line.into()));
        self.bytes += line.len();
        let Some(line) = Line::parse(line) else { return };
        let fidelity = match line.kind() {
            Kind::Fault => vec![Fidelity::FaultsOnly, Fidelity::NoWrites],
            Kind::Exception => vec![Fidelity::FaultsOnly],
            Kind::Sample => vec![Fidelity::Sampled],
            _ => return,
        };
        self.settings = Some(Settings { has_time: line.time.is_some(), fidelity, ..Settings::default() });
    }

    fn is_enough(&self) -> bool {
        self.settings.is_some() || self.bytes > MOST_HELD
    }

    fn begin(self, reading: &mut Reading<'_>) -> Result<Script, TraceError> {
        let settings = self.settings.unwrap_or_else(|| Settings { has_time: true, ..Settings::default() });
        let mut script = Script { spaces: AddressSpaces::new(reading, &settings), names: Names::default() };
        self.lines.iter().try_for_each(|(number, line)| script.line(reading, *number, line))?;
        Ok(script)
    }
}

/// The lines that say something.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !is_passed_over(line))
}

fn is_passed_over(line: &[u8]) -> bool {
    matches!(line.first(), None | Some(b'#' | b'\t')) || line.trim_ascii().is_empty()
}

/// The trace as far as it was read.
struct Script {
    spaces: AddressSpaces,
    names: Names,
}

impl Script {
    /// A line that says something.
    fn line(&mut self, reading: &mut Reading<'_>, number: u64, text: &[u8]) -> Result<(), TraceError> {
        let place = Place { at: At::Line(number), text };
        match self.tell(reading, place)? {
            Ok(()) => Ok(()),
            Err(what) => reading.bad(place.at, text.trim_ascii(), what, EXPECTED),
        }
    }

    /// What a line says is told; or what is wrong with it.
    fn tell(&mut self, reading: &mut Reading<'_>, place: Place<'_>) -> Result<Result<(), Complaint>, TraceError> {
        let Some(line) = Line::parse(place.text) else { return Ok(Err("there is no event".to_owned())) };
        if let Some(time) = line.time {
            self.spaces.set_time(time);
        }
        let told = match line.kind() {
            Kind::Map => self.map(reading, place, &line)?,
            Kind::Fork => self.fork(reading, place, &line)?,
            Kind::Exit => match two_processes(line.rest) {
                Some((ended, _)) if ended.is_main => self.spaces.exit(reading, place, ended.process).map(Ok)?,
                Some(_) => Ok(()),
                None => Err(TASKS.to_owned()),
            },
            Kind::Exec => self.spaces.exec(reading, place, line.task.process).map(Ok)?,
            Kind::Fault | Kind::Sample | Kind::Exception => match reference(&line) {
                Ok(Some(reference)) => self.spaces.reference(reading, place, reference).map(Ok)?,
                Ok(None) => Ok(()),
                Err(what) => Err(what),
            },
            Kind::Other => Ok(()),
        };
        Ok(told)
    }

    fn map(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        line: &Line<'_>,
    ) -> Result<Result<(), Complaint>, TraceError> {
        let mapping = match Mapping::parse(line.rest) {
            Ok(Some(mapping)) => mapping,
            Ok(None) => return Ok(Ok(())),
            Err(what) => return Ok(Err(what)),
        };
        let Mapping { process, address, bytes, offset, backing } = mapping;
        match self.names.label(&backing, bytes) {
            Some(label) => self.spaces.attach(reading, place, process, &label, address, Some(bytes), offset)?,
            None => self.spaces.unmap(reading, place, process, address, bytes)?,
        }
        Ok(Ok(()))
    }

    fn fork(
        &mut self,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        line: &Line<'_>,
    ) -> Result<Result<(), Complaint>, TraceError> {
        let Some((child, parent)) = two_processes(line.rest) else { return Ok(Err(TASKS.to_owned())) };
        // A thread is no new process.
        if child.process != parent.process {
            self.spaces.fork(reading, place, parent.process, child.process)?;
        }
        Ok(Ok(()))
    }
}

const TASKS: &str = "there are not two tasks, as in `(14969:14969):(14965:14965)`";

/// A task of a record.
struct Task {
    process: u64,
    /// Whether it is the first thread of its process.
    is_main: bool,
}

/// `(child:tid):(parent:tid)`.
fn two_processes(rest: &[u8]) -> Option<(Task, Task)> {
    let (child, parent) = rest.trim_ascii().split_at(memchr::memmem::find(rest, b"):(")?);
    let task = |text: &[u8]| {
        let colon = memchr::memchr(b':', text)?;
        let (process, thread) = (number::parse(&text[..colon]).ok()?, number::parse(&text[colon + 1..]).ok()?);
        Some(Task { process, is_main: process == thread })
    };
    Some((task(child.strip_prefix(b"(")?)?, task(parent.strip_prefix(b"):(")?.strip_suffix(b")")?)?))
}

/// What a sample refers to; nothing where the address is of the kernel, or not known.
fn reference(line: &Line<'_>) -> Result<Option<AddressReference>, Complaint> {
    let mut words = line.rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (address, write) = if line.kind() == Kind::Exception {
        let value = |name: &[u8]| {
            let word = line.rest.split(u8::is_ascii_whitespace).find_map(|word| word.strip_prefix(name));
            word.map(|digits| number::parse_hexadecimal(digits.strip_prefix(b"0x").unwrap_or(digits)))
        };
        let address = value(b"address=").ok_or("`address=` is missing")?.map_err(number::bad_address)?;
        let code = value(b"error_code=").ok_or("`error_code=` is missing")?;
        (address, code.map_err(|_| "the error code is not a hexadecimal number")? & WRITE != 0)
    } else {
        let word = words.next().ok_or(NO_ADDRESS)?;
        let address = number::parse_hexadecimal(word.strip_prefix(b"0x").unwrap_or(word));
        let address = address.map_err(|reason| match reason {
            number::NotANumber::TooLarge => number::bad_address(reason),
            _ => format!("`{}` is no address; {NO_ADDRESS}", printable(word)),
        })?;
        // With symbols it is `ADDRESS symbol (file) INSTRUCTION symbol (file)`; without addresses, only the second half.
        if words.clone().next().is_some_and(|next| number::parse_hexadecimal(next).is_err())
            && !words.any(is_instruction)
        {
            return Err(NO_ADDRESS.to_owned());
        }
        (address, line.is_store())
    };
    let is_user = (1..KERNEL).contains(&address);
    Ok(is_user.then_some(AddressReference { process: line.task.process, address, bytes: 1, write }))
}

/// Whether a word behind a symbol may be the address of the instruction, and not a part of the symbol.
fn is_instruction(word: &[u8]) -> bool {
    word.len() >= 4 && number::parse_hexadecimal(word).is_ok()
}

const NO_ADDRESS: &str = "the address of the data is missing: record with `perf record -d`, print with `-F +addr`";
