//! A whole log of strace: the changes that its calls make, in the order in which they were over, by process.
//!
//! - A call that is told in two parts counts where it is resumed. One that failed, or was never resumed, changes nothing.
//! - A thread is its process. A child acts for its process from its first line on, which may be before the line on which
//!   the parent's clone returns: the log is read to its end before anything is said.
//! - Lines without a process are those of the process that nobody forked; in a log of one process it is 1.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::line::{Call, Line, Said, Time, constant};
use crate::trace::Operation;
use crate::trace::addresses::PROCESS;
use crate::trace::error::{At, TraceError, printable};
use crate::trace::input::{Input, MAX_LINE, for_each_line};
use crate::trace::reading::Reading;
use crate::trace::shared_memory;
use crate::trace::time::SECOND;

const EXPECTED: &str =
    "a line is a process, a time and a call with its result, as in `15062 1795402131.269813 shmdt(0x7ff6) = 0`";

/// Bytes of a line that are kept to be shown.
const SHOWN: usize = 400;

/// A day, in nanoseconds.
const DAY: u64 = 24 * 3600 * SECOND;

/// What a call did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::trace) enum What {
    /// shmget with a size.
    Get { id: u64, bytes: u64 },
    /// shmat.
    Attach { id: u64, address: u64 },
    /// shmdt.
    Detach { address: u64 },
    /// shmctl.
    Control { id: u64, operation: Operation },
    /// A shared mapping of memory without a file.
    MapAnonymous { address: u64, bytes: u64 },
    /// A shared mapping of a file of shared memory.
    MapFile { address: u64, bytes: u64, offset: u64, path: String },
    /// munmap, or a mapping that is not shared.
    Unmap { address: u64, bytes: u64 },
    /// A new process. While the log is read, also a new thread.
    Fork { child: u64 },
    /// Another program.
    Exec,
    /// The end of a process.
    Exit,
}

/// Something that a process did.
#[derive(Clone, Debug)]
pub(in crate::trace) struct Event {
    /// The line that says so.
    pub line: u64,
    /// Its beginning.
    pub text: Box<[u8]>,
    /// In nanoseconds; 0 in logs without times.
    pub time: u64,
    /// The process.
    pub process: u64,
    /// What it did.
    pub what: What,
}

/// A log.
pub(in crate::trace) struct Log {
    /// In the order of the log.
    pub events: Vec<Event>,
    /// Whether its lines have times.
    pub has_time: bool,
}

impl Log {
    /// Reads it to its end.
    ///
    /// # Errors
    /// Those of reading; a line that is not as it should be, unless the reading is lenient.
    pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<Self, TraceError> {
        let mut lines = Lines::default();
        for_each_line(input, reading, |reading, number, line| {
            let line = line.trim_ascii();
            match lines.line(number, line) {
                Ok(()) => Ok(()),
                Err(what) => reading.bad(At::Line(number), line, what, EXPECTED),
            }
        })?;
        let has_time = lines.clock.is_some();
        Ok(Self { events: by_process(&lines.events), has_time })
    }
}

/// An event of a thread, and whether what it forks is a thread.
struct Raw {
    event: Event,
    makes_thread: bool,
    /// Whether the whole process ends, and not only the thread.
    is_group: bool,
}

/// The lines so far.
#[derive(Default)]
struct Lines {
    events: Vec<Raw>,
    /// The beginning of a line into which strace has put a remark of its own.
    broken: Vec<u8>,
    /// The first parts of calls, by thread.
    unfinished: FxHashMap<Option<u64>, Vec<u8>>,
    /// The time of the last line as it says it, and as it is told.
    clock: Option<(u64, u64)>,
}

impl Lines {
    fn line(&mut self, number: u64, text: &[u8]) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        // Without -o, `strace: Process 20573 attached` comes in the middle of the line of the clone.
        if let Some(remark) = memchr::memmem::find(text, b"strace: Process ")
            && text.ends_with(b"tached")
        {
            self.broken.extend_from_slice(&text[..remark.min(MAX_LINE.saturating_sub(self.broken.len()))]);
            return Ok(());
        }
        if self.broken.is_empty() {
            return self.whole_line(number, text);
        }
        let mut whole = std::mem::take(&mut self.broken);
        whole.extend_from_slice(text);
        self.whole_line(number, &whole)
    }

    fn whole_line(&mut self, number: u64, text: &[u8]) -> Result<(), String> {
        let line = Line::parse(text).ok_or("there is no system call")?;
        let time = self.tell_time(line.time);
        let event = |what| Event {
            line: number,
            // Nothing can be wrong with the end of a mapping, and there may be many.
            text: if matches!(what, What::Unmap { .. }) { [].into() } else { text[..text.len().min(SHOWN)].into() },
            time,
            // 0 for now where the log names none.
            process: line.thread.unwrap_or(NAMELESS),
            what,
        };
        let joined;
        let call = match line.said {
            Said::Nothing => return Ok(()),
            Said::Gone => {
                self.unfinished.remove(&line.thread);
                self.events.push(Raw { event: event(What::Exit), makes_thread: false, is_group: false });
                return Ok(());
            }
            Said::Unfinished(part) => {
                self.unfinished.insert(line.thread, part.to_vec());
                return Ok(());
            }
            Said::Resumed(part) => {
                // The log may begin in the middle of a call.
                let Some(first) = self.unfinished.remove(&line.thread) else { return Ok(()) };
                joined = [first.trim_ascii_end(), part].concat();
                &joined
            }
            Said::Call(call) => call,
        };
        let call = Call::parse(call).ok_or("the call has no result")?;
        if !call.has_result() {
            return Err(format!("`{}` is no result of a call", printable(call.result)));
        }
        let makes_thread = memchr::memmem::find(call.arguments, b"CLONE_THREAD").is_some();
        let is_group = call.name == b"exit_group";
        for what in meaning(&call)? {
            self.events.push(Raw { event: event(what), makes_thread, is_group });
        }
        Ok(())
    }

    /// The time of a line, which never goes back.
    fn tell_time(&mut self, told: Option<Time>) -> u64 {
        let (said, time) = self.clock.unwrap_or((0, 0));
        let (said, now) = match told {
            None => return time,
            Some(Time::Absolute(now)) => (now, now),
            Some(Time::Relative(step)) => (step, time.saturating_add(step)),
            // Past midnight it begins again.
            Some(Time::OfDay(now)) => {
                let days = time - time % DAY;
                let days = if now + DAY / 2 < said { days.saturating_add(DAY) } else { days };
                (now, days.saturating_add(now))
            }
        };
        self.clock = Some((said, now.max(time)));
        now.max(time)
    }
}

/// In place of the process that the log does not name.
const NAMELESS: u64 = u64::MAX;

/// What a call did, in order.
fn meaning(call: &Call<'_>) -> Result<Vec<What>, String> {
    let mut words = call.words();
    let mut next = || words.next().unwrap_or_default();
    if call.name == b"exit_group" {
        return Ok(vec![What::Exit]);
    }
    let Some(value) = call.value() else { return Ok(Vec::new()) };
    let number = |text: &[u8], name: &str| {
        constant(text).ok_or_else(|| format!("the {name} `{}` of the call is no number", printable(text)))
    };
    Ok(match call.name {
        b"shmget" => {
            next();
            let bytes = number(next(), "size")?;
            if bytes == 0 { Vec::new() } else { vec![What::Get { id: value, bytes }] }
        }
        b"shmat" => vec![What::Attach { id: number(next(), "id")?, address: value }],
        b"shmdt" => vec![What::Detach { address: number(next(), "address")? }],
        b"shmctl" => {
            let id = number(next(), "id")?;
            control(next()).map(|operation| What::Control { id, operation }).into_iter().collect()
        }
        b"clone" | b"clone2" | b"clone3" | b"fork" | b"vfork" if value > 0 => vec![What::Fork { child: value }],
        b"execve" | b"execveat" => vec![What::Exec],
        b"munmap" => {
            let address = number(next(), "address")?;
            vec![What::Unmap { address, bytes: number(next(), "length")? }]
        }
        b"mmap" | b"mmap2" => mapping(call, value)?,
        _ => Vec::new(),
    })
}

/// What shmctl does; `None` where it only looks.
fn control(command: &[u8]) -> Option<Operation> {
    let command = command.strip_prefix(b"IPC_64|").unwrap_or(command);
    let command = command.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    Some(match command {
        b"IPC_RMID" | b"0" | b"0x0" => Operation::Remove,
        b"SHM_LOCK" | b"11" | b"0xb" => Operation::Lock,
        b"SHM_UNLOCK" | b"12" | b"0xc" => Operation::Unlock,
        _ => return None,
    })
}

/// `mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)`; with `strace -y` the descriptor is
/// `3</dev/shm/x>`.
fn mapping(call: &Call<'_>, address: u64) -> Result<Vec<What>, String> {
    const SHARED: u64 = 1;
    const ANONYMOUS: u64 = 0x20;
    let words: Vec<&[u8]> = call.words().collect();
    let [_, length, _, flags, descriptor, .., offset] = words[..] else {
        return Err("mmap has six arguments".to_owned());
    };
    let bytes = constant(length).ok_or("the length is no number")?;
    // What was there is gone.
    let mut done = vec![What::Unmap { address, bytes }];
    let bits = constant(flags.split(u8::is_ascii_whitespace).next().unwrap_or_default());
    let has = |name: &[u8], bit: u64| {
        bits.map_or_else(
            || flags.split(|&byte| byte == b'|').any(|flag| flag.starts_with(name)),
            |bits| bits & bit != 0,
        )
    };
    if !has(b"MAP_SHARED", SHARED) {
        return Ok(done);
    }
    if has(b"MAP_ANON", ANONYMOUS) {
        done.push(What::MapAnonymous { address, bytes });
        return Ok(done);
    }
    let path = memchr::memchr(b'<', descriptor).map(|open| &descriptor[open + 1..]);
    let path = path.map(|path| &path[..memchr::memchr(b'>', path).unwrap_or(path.len())]);
    if let Some(path) = path.filter(|path| shared_memory::is_named_memory(path)) {
        let offset = constant(offset).ok_or("the offset is no number")?;
        done.push(What::MapFile { address, bytes, offset, path: printable(path) });
    }
    Ok(done)
}

/// The events with threads counted as their processes, and each fork where its child first acts.
fn by_process(raw: &[Raw]) -> Vec<Event> {
    let nameless = nameless(raw);
    let mut forks: FxHashMap<u64, VecDeque<usize>> = FxHashMap::default();
    for (index, Raw { event, .. }) in raw.iter().enumerate() {
        if let What::Fork { child } = event.what {
            forks.entry(child).or_default().push_back(index);
        }
    }
    let mut world = World {
        raw,
        nameless,
        forks,
        process_of: FxHashMap::default(),
        done: FxHashSet::default(),
        ended: FxHashSet::default(),
    };
    let mut events = Vec::with_capacity(raw.len());
    for index in 0..raw.len() {
        world.event(index, &mut events);
    }
    events
}

/// The process that lines without one are of.
fn nameless(raw: &[Raw]) -> u64 {
    let forked: FxHashSet<u64> = raw
        .iter()
        .filter_map(|raw| match raw.event.what {
            What::Fork { child } => Some(child),
            _ => None,
        })
        .collect();
    let named = raw.iter().map(|raw| raw.event.process).find(|&id| id != NAMELESS && !forked.contains(&id));
    named.unwrap_or(PROCESS)
}

/// The threads that there are at a point of the log.
struct World<'r> {
    raw: &'r [Raw],
    nameless: u64,
    /// By child: the forks that have not happened yet.
    forks: FxHashMap<u64, VecDeque<usize>>,
    /// By living thread.
    process_of: FxHashMap<u64, u64>,
    /// The forks that happened before their line.
    done: FxHashSet<usize>,
    /// Threads that ended with `exit_group`, of which the log will say so once more.
    ended: FxHashSet<u64>,
}

impl World<'_> {
    fn event(&mut self, index: usize, events: &mut Vec<Event>) {
        let Raw { event, is_group, .. } = &self.raw[index];
        let thread = if event.process == NAMELESS { self.nameless } else { event.process };
        if event.what == What::Exit && self.ended.remove(&thread) {
            // Its exit_group said so.
            return;
        }
        let process = self.process(thread, index, events);
        match event.what {
            What::Fork { child } => {
                if !self.done.remove(&index) {
                    self.forks.entry(child).or_default().retain(|&fork| fork != index);
                    self.fork(index, process, child, events);
                }
            }
            What::Exit if thread != process && !is_group => {
                self.process_of.remove(&thread);
            }
            What::Exit => {
                let ended = &mut self.ended;
                self.process_of.retain(|&thread, &mut of| {
                    if of == process && *is_group {
                        ended.insert(thread);
                    }
                    of != process
                });
                events.push(Event { process, ..event.clone() });
            }
            _ => events.push(Event { process, ..event.clone() }),
        }
    }

    /// The process of a thread. One that was not seen before is forked now, if it is ever forked.
    fn process(&mut self, thread: u64, index: usize, events: &mut Vec<Event>) -> u64 {
        if let Some(&known) = self.process_of.get(&thread) {
            return known;
        }
        let fork = self.forks.get_mut(&thread).and_then(VecDeque::pop_front).filter(|&fork| fork > index);
        if let Some(fork) = fork {
            let parent = self.raw[fork].event.process;
            let parent = if parent == NAMELESS { self.nameless } else { parent };
            let parent = self.process_of.get(&parent).copied().unwrap_or(parent);
            self.done.insert(fork);
            self.fork(fork, parent, thread, events);
        }
        *self.process_of.entry(thread).or_insert(thread)
    }

    fn fork(&mut self, index: usize, parent: u64, child: u64, events: &mut Vec<Event>) {
        let Raw { event, makes_thread, .. } = &self.raw[index];
        if *makes_thread {
            self.process_of.insert(child, parent);
            return;
        }
        self.process_of.insert(child, child);
        events.push(Event { process: parent, ..event.clone() });
    }
}
