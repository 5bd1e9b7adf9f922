//! Side files of `--maps`: which addresses of the processes of a trace are shared, from logs of strace and copies of
//! `/proc/PID/maps`.
//!
//! - Of a copy of `/proc/PID/maps` (or `smaps`) the process is that of its path or name (`/proc/123/maps`, `maps.123`,
//!   `123.maps`); else its mappings are those of every process.
//! - A log has times of another clock than the trace: all mappings of a process hold from the beginning. Where two of them
//!   overlap, the first one is used and a note says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::addresses::SideMapping;
use super::error::{At, TraceError};
use super::input::{Input, for_each_line};
use super::number;
use super::reading::Reading;
use super::shared_memory::{Backing, Names};
use super::strace;
use super::strace::log::{Log, What};
use super::{Impossible, Label, ReadOptions, Record, RecordSink, Settings, Source};

const EXPECTED: &str = "a line is as in `7fa4f955c000-7fa4f959c000 rw-s 00000000 00:01 32790 /SYSV00000000 (deleted)`";

/// What the side files say.
#[derive(Debug, Default)]
pub(crate) struct Side {
    /// The mappings.
    pub mappings: Vec<SideMapping>,
    /// What the user has to know.
    pub notes: Vec<String>,
}

/// Reads the side files, if there are any.
///
/// # Errors
/// When one can't be read, is of neither kind, or has a bad line, unless the options are lenient.
pub(crate) fn read(options: &ReadOptions) -> Result<Option<Side>, TraceError> {
    if options.addresses.maps.is_empty() {
        return Ok(None);
    }
    let mut side = Side::default();
    let mut names = Names::default();
    for path in &options.addresses.maps {
        let mappings = read_one(path, options, &mut names)?;
        if mappings.is_empty() {
            side.notes.push(format!("{}: no shared memory is mapped in it", path.display()));
        }
        let (mappings, left_out) = without_overlaps(mappings);
        if left_out > 0 {
            side.notes.push(format!(
                "{}: {left_out} mappings overlap earlier ones of their process and are left out: the log's times are not \
                 those of the trace",
                path.display(),
            ));
        }
        side.mappings.extend(mappings);
    }
    Ok(Some(side))
}

fn read_one(path: &Path, options: &ReadOptions, names: &mut Names) -> Result<Vec<SideMapping>, TraceError> {
    let source = Source::Path(PathBuf::from(path));
    let file = source.file();
    let mut input = Input::new(&file, source.open()?)?;
    let mut nothing = Nothing;
    let mut reading = Reading::new(&file, &mut nothing, options);
    let head = input.head()?;
    let mappings = if strace::detect(head) {
        of_log(&Log::read(&mut input, &mut reading)?)
    } else if detect(head) {
        of_process(&mut input, &mut reading, process_of(path), names)?
    } else {
        let first = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let what = "this is neither a log of strace nor a copy of /proc/PID/maps".to_owned();
        return Err(reading.unrecognised(At::Line(1), first, what, EXPECTED));
    };
    input.finish()?;
    Ok(mappings)
}

/// Takes no records: side files have none.
struct Nothing;

impl RecordSink for Nothing {
    fn settings(&mut self, _: &Settings) {}

    fn label(&mut self, _: &Label) {}

    fn record(&mut self, _: &Record) -> Result<(), Impossible> {
        Ok(())
    }
}

/// The process that the path of a copy of `/proc/PID/maps` names.
fn process_of(path: &Path) -> Option<u64> {
    let number = |text: &str| number::parse(text.as_bytes()).ok();
    let name = path.file_name()?.to_str()?;
    let folder = || path.parent()?.file_name()?.to_str().and_then(number);
    if name == "maps" || name == "smaps" {
        return folder();
    }
    name.split(['.', '-', '_']).find_map(number)
}

fn detect(head: &[u8]) -> bool {
    let first = head.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    first.is_some_and(|line| Area::parse(line.trim_ascii()).is_some())
}

/// A line of `/proc/PID/maps`.
struct Area<'l> {
    first: u64,
    end: u64,
    offset: u64,
    backing: Backing<'l>,
}

impl<'l> Area<'l> {
    fn parse(line: &'l [u8]) -> Option<Self> {
        let mut rest = line;
        let mut word = || {
            let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
            let word = &rest[..end];
            rest = rest[end..].trim_ascii_start();
            word
        };
        let (range, protection, offset, device, inode) = (word(), word(), word(), word(), word());
        let dash = memchr::memchr(b'-', range)?;
        let (first, end) =
            (number::parse_hexadecimal(&range[..dash]).ok()?, number::parse_hexadecimal(&range[dash + 1..]).ok()?);
        let offset = number::parse_hexadecimal(offset).ok()?;
        let inode = number::parse(inode).ok()?;
        let is_shared = Some(*protection.get(3)? == b's');
        let backing = Backing { inode: Some((device, inode)), is_shared, path: rest };
        (first < end && offset.checked_add(end - first).is_some()).then_some(Self { first, end, offset, backing })
    }
}

/// The shared mappings of a process.
fn of_process(
    input: &mut Input<'_>,
    reading: &mut Reading<'_>,
    process: Option<u64>,
    names: &mut Names,
) -> Result<Vec<SideMapping>, TraceError> {
    let mut mappings: Vec<SideMapping> = Vec::new();
    for_each_line(input, reading, |reading, number, line| {
        let line = line.trim_ascii();
        // What smaps says of the area before it: `Rss: 4 kB`.
        if line.is_empty() || line.first().is_some_and(u8::is_ascii_uppercase) {
            return Ok(());
        }
        let Some(area) = Area::parse(line) else {
            return reading.bad(At::Line(number), line, "this is no mapping".to_owned(), EXPECTED);
        };
        let bytes = area.end - area.first;
        let Some(label) = names.label(&area.backing, bytes) else { return Ok(()) };
        // Parts with different protections are areas of their own.
        if let Some(last) = mappings.last_mut()
            && let Some(before) = last.bytes
            && (last.address.checked_add(before), last.offset.checked_add(before), &last.label)
                == (Some(area.first), Some(area.offset), &label)
        {
            last.bytes = Some(before + bytes);
            return Ok(());
        }
        let (address, offset) = (area.first, area.offset);
        mappings.push(SideMapping { process, address, bytes: Some(bytes), offset, label, segment_bytes: None });
        Ok(())
    })?;
    tell_sizes(&mut mappings, &FxHashMap::default());
    Ok(mappings)
}

/// Gives all mappings of a System V segment its size: as it was created, or as far as it is mapped.
fn tell_sizes(mappings: &mut [SideMapping], created: &FxHashMap<Label, u64>) {
    let mut sizes = created.clone();
    for mapping in mappings.iter().filter(|mapping| matches!(mapping.label, Label::Number(_))) {
        if let Some(bytes) = mapping.bytes
            && !created.contains_key(&mapping.label)
        {
            let size = sizes.entry(mapping.label.clone()).or_default();
            *size = (*size).max(mapping.offset.saturating_add(bytes));
        }
    }
    for mapping in mappings {
        mapping.segment_bytes = sizes.get(&mapping.label).copied();
    }
}

/// All mappings that the processes of a log ever have, in order.
fn of_log(log: &Log) -> Vec<SideMapping> {
    let mut sizes = FxHashMap::default();
    let mut all = Vec::new();
    // Those that a process has at this point of the log: its children inherit them.
    let mut present: FxHashMap<u64, Vec<SideMapping>> = FxHashMap::default();
    for event in &log.events {
        let process = event.process;
        let mut map = |address, bytes, offset, label| {
            let mapping = SideMapping { process: Some(process), address, bytes, offset, label, segment_bytes: None };
            all.push(mapping.clone());
            present.entry(process).or_default().push(mapping);
        };
        match &event.what {
            What::Get { id, bytes } => drop(sizes.insert(Label::Number(*id), *bytes)),
            What::Attach { id, address } => map(*address, None, 0, Label::Number(*id)),
            What::MapAnonymous { address, bytes } => {
                map(*address, Some(*bytes), 0, Label::Name(format!("anonymous:{process}@{address:x}#{}", event.line)));
            }
            What::MapFile { address, bytes, offset, path } => {
                map(*address, Some(*bytes), *offset, Label::Name(path.clone()));
            }
            What::Detach { address } => {
                if let Some(mappings) = present.get_mut(&process) {
                    mappings.retain(|mapping| mapping.address != *address);
                }
            }
            What::Unmap { address, bytes } => {
                if let Some(mappings) = present.get_mut(&process) {
                    let gone = *address..address.saturating_add(*bytes);
                    mappings.retain(|mapping| !gone.contains(&mapping.address));
                }
            }
            What::Fork { child } => {
                let mut inherited = present.get(&process).cloned().unwrap_or_default();
                for mapping in &mut inherited {
                    mapping.process = Some(*child);
                }
                all.extend(inherited.iter().cloned());
                present.insert(*child, inherited);
            }
            What::Exec | What::Exit => drop(present.remove(&process)),
            What::Control { .. } => {}
        }
    }
    tell_sizes(&mut all, &sizes);
    all
}

/// Without those that overlap an earlier one of their process, and how many were left out; of equal ones the first stays,
/// which is no loss.
fn without_overlaps(mappings: Vec<SideMapping>) -> (Vec<SideMapping>, usize) {
    let mut spaces: FxHashMap<Option<u64>, BTreeMap<u64, (u64, Label)>> = FxHashMap::default();
    let (mut kept, mut left_out) = (Vec::new(), 0);
    for mapping in mappings {
        let space = spaces.entry(mapping.process).or_default();
        let bytes = mapping.bytes.or(mapping.segment_bytes).unwrap_or(1);
        let last = mapping.address.saturating_add(bytes.max(1) - 1);
        match space.range(..=last).next_back().filter(|(_, (end, _))| *end >= mapping.address) {
            None => {
                space.insert(mapping.address, (last, mapping.label.clone()));
                kept.push(mapping);
            }
            Some((&first, (_, label))) => {
                left_out += usize::from(first != mapping.address || *label != mapping.label);
            }
        }
    }
    (kept, left_out)
}
