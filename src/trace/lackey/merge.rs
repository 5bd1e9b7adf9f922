//! Several logs of lackey as one trace: nothing puts their lines in an order, so their processes take turns.
//!
//! - A turn is `quantum` data references. Who is next is drawn among the processes that can go on.
//! - A child begins after its parent's fork. A parent whose wait gave it a child goes on after that child's last line. A
//!   process that attaches a segment whose size another log is still to tell waits for that. Where the other's log is not
//!   there, nobody waits for it; where all wait for one another, the first goes on.
//! - A process that ran several programs may have several logs; they follow one another.
//! - Logs are sorted by process, so the order in which they are named makes no difference.
//! - A log is open from its process's first turn to its last.

use std::collections::VecDeque;
use std::path::Path;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Header;
use super::line::Kind;
use super::log::{Call, Files, Log, Said, place};
use crate::trace::addresses::AddressSpaces;
use crate::trace::error::TraceError;
use crate::trace::input::{Input, for_some_lines};
use crate::trace::reading::Reading;
use crate::trace::{Fidelity, Impossible, Label, ReadOptions, Record, RecordSink, Settings, several, source};

/// What a merge found out about its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::trace) struct Merged {
    /// The hash of each file, in hexadecimal, in the order of their processes.
    pub hashes: Vec<String>,
    /// The compression of all files, where they have the same.
    pub compression: Option<&'static str>,
}

/// Where a log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// The process has not begun.
    Unborn,
    /// It can go on.
    Ready,
    /// It waits for the end of a process.
    ForExit(u64),
    /// It waits for the size of a segment.
    ForSize(u64),
    /// The log is at its end.
    Over,
}

/// One log.
struct Part<'f> {
    path: &'f Path,
    file: &'f str,
    process: u64,
    parent: Option<u64>,
    state: State,
    log: Log,
    input: Option<Input<'f>>,
    /// Lines so far.
    lines: u64,
    /// What was said last and waits to be done, with its line.
    held: Option<(Said, Vec<u8>)>,
    compression: Option<&'static str>,
    hash: String,
}

/// Reads several logs as one trace.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub(in crate::trace) fn read<'f>(files: &'f [several::Part], reading: &mut Reading<'f>) -> Result<Merged, TraceError> {
    let options = reading.addresses();
    let parts = parts(files)?;
    let mut fidelity = Vec::new();
    if parts.iter().any(|part| part.process != parts[0].process) {
        fidelity.push(Fidelity::Interleaved { quantum: options.quantum, seed: options.seed });
    }
    let spaces = AddressSpaces::new(reading, &Settings { fidelity, ..Settings::default() });
    let mut merge = Merge::new(parts, spaces, options.quantum, options.seed);
    merge.run(reading)?;
    merge.spaces.finish(reading)?;
    let compression = merge.parts[0].compression;
    let is_same = merge.parts.iter().all(|part| part.compression == compression);
    let hashes = merge.parts.into_iter().map(|part| part.hash).collect();
    Ok(Merged { hashes, compression: compression.filter(|_| is_same) })
}

/// Looks at the beginning of each file; sorted by process, and what one process ran by order.
fn parts(files: &[several::Part]) -> Result<Vec<Part<'_>>, TraceError> {
    let mut parts = Vec::with_capacity(files.len());
    for (index, several::Part { path, name: file }) in files.iter().enumerate() {
        let header = Header::of(open(path, file)?.head()?);
        let named = header.process.or_else(|| process_of_name(path));
        // A log that names no process gets a number that no process has.
        let process = named.unwrap_or((1 << 32) + index as u64);
        let part = Part {
            path,
            file,
            process,
            parent: header.parent.filter(|&parent| parent != process),
            state: State::Unborn,
            log: Log::new(named, process),
            input: None,
            lines: 0,
            held: None,
            compression: None,
            hash: String::new(),
        };
        parts.push((process, !header.is_fork, part));
    }
    parts.sort_by(|a, b| (a.0, a.1, a.2.file).cmp(&(b.0, b.1, b.2.file)));
    Ok(parts.into_iter().map(|(.., part)| part).collect())
}

fn open<'f>(path: &Path, file: &'f str) -> Result<Input<'f>, TraceError> {
    Input::new(file, source::open(path)?)
}

/// The last part of a file's name that is a number: `lk.14909.zst`.
fn process_of_name(path: &Path) -> Option<u64> {
    path.file_name()?.to_string_lossy().rsplit('.').find_map(|word| word.parse().ok())
}

/// A merge under way.
struct Merge<'f> {
    parts: Vec<Part<'f>>,
    spaces: AddressSpaces,
    quantum: u64,
    generator: Xoshiro256PlusPlus,
    /// The logs of each process, in order.
    of_process: FxHashMap<u64, VecDeque<usize>>,
    /// Those that can go on.
    ready: Vec<usize>,
    /// Those that wait for the end of a process, or for the size of a segment.
    for_exit: FxHashMap<u64, Vec<usize>>,
    for_size: FxHashMap<u64, Vec<usize>>,
    /// Processes whose parent's log has not named them yet, by parent.
    unborn: FxHashMap<u64, Vec<u64>>,
    /// Which processes' logs tell the size of a segment; looked up when it is first asked for.
    tellers: Option<FxHashMap<u64, FxHashSet<u64>>>,
    /// All logs before this one are over.
    first: usize,
}

/// Why a turn ended.
enum Stop {
    Quantum,
    End,
    Wait(State),
}

impl<'f> Merge<'f> {
    fn new(parts: Vec<Part<'f>>, spaces: AddressSpaces, quantum: u64, seed: u64) -> Self {
        let mut of_process: FxHashMap<u64, VecDeque<usize>> = FxHashMap::default();
        for (index, part) in parts.iter().enumerate() {
            of_process.entry(part.process).or_default().push_back(index);
        }
        let mut merge = Self {
            parts,
            spaces,
            quantum: quantum.max(1),
            generator: Xoshiro256PlusPlus::seed_from_u64(seed),
            of_process,
            ready: Vec::new(),
            for_exit: FxHashMap::default(),
            for_size: FxHashMap::default(),
            unborn: FxHashMap::default(),
            tellers: None,
            first: 0,
        };
        for index in 0..merge.parts.len() {
            let Part { process, parent, .. } = merge.parts[index];
            if merge.of_process[&process][0] != index {
                continue;
            }
            match parent.filter(|parent| merge.of_process.contains_key(parent)) {
                Some(parent) => merge.unborn.entry(parent).or_default().push(process),
                None => merge.make_ready(index),
            }
        }
        merge
    }

    fn run(&mut self, reading: &mut Reading<'f>) -> Result<(), TraceError> {
        loop {
            if self.ready.is_empty() {
                while self.parts.get(self.first).is_some_and(|part| part.state == State::Over) {
                    self.first += 1;
                }
                if self.first == self.parts.len() {
                    return Ok(());
                }
                self.make_ready(self.first);
            }
            let lot = (u128::from(self.generator.next_u64()) * self.ready.len() as u128) >> 64;
            let index = self.ready[lot as usize];
            reading.set_file(self.parts[index].file);
            match self.turn(reading, index)? {
                Stop::Quantum => {}
                Stop::End => {
                    self.ready.swap_remove(lot as usize);
                    self.end(reading, index)?;
                }
                Stop::Wait(state) => {
                    self.ready.swap_remove(lot as usize);
                    match state {
                        State::ForExit(process) => self.for_exit.entry(process).or_default().push(index),
                        State::ForSize(segment) => self.for_size.entry(segment).or_default().push(index),
                        _ => {}
                    }
                    self.parts[index].state = state;
                }
            }
        }
    }

    fn make_ready(&mut self, index: usize) {
        self.parts[index].state = State::Ready;
        self.ready.push(index);
    }

    /// Those of a list that wait for this go on.
    fn wake(&mut self, waiting: Option<Vec<usize>>, state: &State) {
        for index in waiting.unwrap_or_default() {
            if self.parts[index].state == *state {
                self.make_ready(index);
            }
        }
    }

    /// A process goes on to the end of its turn.
    fn turn(&mut self, reading: &mut Reading<'f>, index: usize) -> Result<Stop, TraceError> {
        let Part { path, file, .. } = self.parts[index];
        let mut input = match self.parts[index].input.take() {
            Some(input) => input,
            None => open(path, file)?,
        };
        if let Some((said, text)) = self.parts[index].held.take() {
            self.act(reading, index, &text, said)?;
        }
        let mut references = 0;
        let mut stop = Stop::End;
        let mut number = self.parts[index].lines;
        for_some_lines(&mut input, reading, &mut number, |reading, number, line| {
            self.parts[index].lines = number;
            let said = self.parts[index].log.hear(line);
            if let Said::Reference(reference) = said {
                let part = &mut self.parts[index];
                part.log.apply(&mut self.spaces, reading, place(number, line), said)?;
                references += u64::from(reference.kind != Kind::Fetch);
                if references == self.quantum {
                    stop = Stop::Quantum;
                }
                return Ok(references < self.quantum);
            }
            if let Some(state) = self.must_wait(index, &said)? {
                // A child that ended is waited for behind this line; a segment before it.
                if matches!(state, State::ForSize(_)) {
                    self.parts[index].held = Some((said, line.to_vec()));
                }
                stop = Stop::Wait(state);
                return Ok(false);
            }
            self.act(reading, index, line, said)?;
            Ok(true)
        })?;
        self.parts[index].compression = input.compression();
        if matches!(stop, Stop::End) {
            self.parts[index].hash = input.finish()?;
        } else {
            self.parts[index].input = Some(input);
        }
        Ok(stop)
    }

    /// Does what the last line said.
    fn act(&mut self, reading: &mut Reading<'_>, index: usize, line: &[u8], said: Said) -> Result<(), TraceError> {
        let part = &mut self.parts[index];
        let place = place(part.lines, line);
        let tells = match said {
            Said::Done(Call::Shmget { .. }, segment) => Some(segment),
            // The child's log is not there, or over.
            Said::Done(Call::Wait, child) => {
                return if self.of_process.contains_key(&child) {
                    Ok(())
                } else {
                    self.spaces.exit(reading, place, child)
                };
            }
            Said::Forked(child) => {
                let files = part.log.files.clone();
                part.log.apply(&mut self.spaces, reading, place, said)?;
                self.born(child, files);
                return Ok(());
            }
            _ => None,
        };
        part.log.apply(&mut self.spaces, reading, place, said)?;
        if let Some(segment) = tells.filter(|&segment| self.spaces.knows_size(&Label::Number(segment))) {
            let waiting = self.for_size.remove(&segment);
            self.wake(waiting, &State::ForSize(segment));
        }
        Ok(())
    }

    /// What a process must wait for before, or behind, what its log says now.
    fn must_wait(&mut self, index: usize, said: &Said) -> Result<Option<State>, TraceError> {
        match *said {
            Said::Done(Call::Wait, child) => {
                let last = self.of_process.get(&child).and_then(|logs| logs.back());
                let is_alive = last.is_some_and(|&last| last != index && self.parts[last].state != State::Over);
                Ok(is_alive.then_some(State::ForExit(child)))
            }
            Said::Done(Call::Shmat { id }, _) if !self.spaces.knows_size(&Label::Number(id)) => {
                let own = self.parts[index].process;
                let tellers = match self.tellers.take() {
                    Some(tellers) => tellers,
                    None => self.look_for_tellers()?,
                };
                let waits = tellers.get(&id).is_some_and(|processes| {
                    processes.iter().any(|process| *process != own && self.is_alive(*process))
                });
                self.tellers = Some(tellers);
                Ok(waits.then_some(State::ForSize(id)))
            }
            _ => Ok(None),
        }
    }

    fn is_alive(&self, process: u64) -> bool {
        self.of_process[&process].iter().any(|&index| self.parts[index].state != State::Over)
    }

    /// A child was made. Its log begins to be read, unless another process of that number runs.
    fn born(&mut self, child: u64, files: Files) {
        let Some(&first) = self.of_process.get(&child).and_then(|logs| logs.front()) else { return };
        if self.parts[first].state == State::Unborn {
            self.parts[first].log.files = files;
            self.make_ready(first);
        }
    }

    /// A log is at its end.
    fn end(&mut self, reading: &mut Reading<'_>, index: usize) -> Result<(), TraceError> {
        self.parts[index].state = State::Over;
        let process = self.parts[index].process;
        let place = place(self.parts[index].lines, b"");
        let logs = &self.of_process[&process];
        let next = logs.iter().copied().find(|&other| self.parts[other].state == State::Unborn);
        if let Some(next) = next {
            self.make_ready(next);
            return if self.parts[index].log.ends_in_exec() {
                self.spaces.exec(reading, place, process)
            } else {
                self.spaces.exit(reading, place, process)
            };
        }
        self.spaces.exit(reading, place, process)?;
        let waiting = self.for_exit.remove(&process);
        self.wake(waiting, &State::ForExit(process));
        // Children that it never named have nobody else to wait for.
        for child in self.unborn.remove(&process).unwrap_or_default() {
            self.born(child, Files::default());
        }
        Ok(())
    }

    /// Reads all logs for the calls that tell sizes of segments.
    fn look_for_tellers(&self) -> Result<FxHashMap<u64, FxHashSet<u64>>, TraceError> {
        let mut tellers: FxHashMap<u64, FxHashSet<u64>> = FxHashMap::default();
        for part in self.parts.iter().filter(|part| part.state != State::Over) {
            let mut input = open(part.path, part.file)?;
            let (options, mut nobody) = (ReadOptions { lenient: true, ..ReadOptions::default() }, Nobody);
            let mut log = Log::new(Some(part.process), part.process);
            let mut reading = Reading::new(part.file, &mut nobody, &options);
            for_some_lines(&mut input, &mut reading, &mut 0, |_, _, line| {
                if line.starts_with(b"SYSCALL[")
                    && let Said::Done(call @ Call::Shmget { .. }, segment) = log.hear(line)
                    && call.told_size().is_some()
                {
                    tellers.entry(segment).or_default().insert(part.process);
                }
                Ok(true)
            })?;
        }
        Ok(tellers)
    }
}

/// Takes no records.
struct Nobody;

impl RecordSink for Nobody {
    fn settings(&mut self, _: &Settings) {}

    fn label(&mut self, _: &Label) {}

    fn record(&mut self, _: &Record) -> Result<(), Impossible> {
        Ok(())
    }
}
