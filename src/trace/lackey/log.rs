//! The log of one process: what its lines mean for its address space.
//!
//! Calls may print in two parts, so the first is remembered by its thread. Which log's turn it is, and what a process waits
//! for, is not known here.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::line::{self, CallText, Kind, Line, Outcome};
use crate::trace::addresses::{AddressReference, AddressSpaces, Place};
use crate::trace::error::{At, TraceError};
use crate::trace::reading::Reading;
use crate::trace::{Label, Operation};

/// `IPC_CREAT`.
const CREATE: u64 = 0o1000;
/// `MAP_TYPE`, and in it `MAP_SHARED` and `MAP_SHARED_VALIDATE`.
const MAP_TYPE: u64 = 0xf;
const MAP_SHARED: [u64; 2] = [1, 3];
/// `MAP_ANONYMOUS`.
const MAP_ANONYMOUS: u64 = 0x20;
/// `IPC_64`, which some machines add to commands of shmctl.
const IPC_64: u64 = 0x100;

/// A system call that may change what is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Shmget {
        key: u64,
        bytes: u64,
        flags: u64,
    },
    Shmat {
        id: u64,
    },
    Shmdt {
        address: u64,
    },
    Shmctl {
        id: u64,
        command: u64,
    },
    Mmap {
        bytes: u64,
        flags: u64,
        file: u64,
        offset: u64,
    },
    Munmap {
        address: u64,
        bytes: u64,
    },
    Mremap {
        /// Address and bytes before.
        from: [u64; 2],
        bytes: u64,
    },
    Open {
        path: Arc<str>,
    },
    Unlink {
        path: Arc<str>,
    },
    Dup {
        file: u64,
    },
    Close {
        file: u64,
    },
    Wait,
    Execve,
    /// One that changes nothing.
    Other,
}

impl Call {
    /// The size of a segment in bytes that it tells. Without `IPC_CREAT` it is no more than what is asked for of a segment
    /// that exists, and often 0.
    pub fn told_size(&self) -> Option<u64> {
        match *self {
            Self::Shmget { key, bytes, flags } if key == 0 || flags & CREATE != 0 => {
                Some(bytes).filter(|&bytes| bytes > 0)
            }
            _ => None,
        }
    }
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Reference(line::Reference),
    /// A call came back with this value.
    Done(Call, u64),
    /// A child was made.
    Forked(u64),
    /// The process is over.
    Exited,
    /// It is no line of lackey.
    Unknown,
}

/// Files of shared memory that a process has open.
pub(super) type Files = FxHashMap<u64, Arc<str>>;

/// The log of one process.
#[derive(Debug)]
pub(super) struct Log {
    /// The process in the records.
    pub process: u64,
    /// As the log calls it, once it has.
    named: Option<u64>,
    /// A program began to run; whether it has inherited mappings is told by the next line.
    begins: bool,
    /// It has not.
    is_new: bool,
    /// Calls that have not come back, by thread.
    open: Vec<(u64, Call)>,
    /// The thread whose call was printed last.
    thread: u64,
    /// Files of shared memory that it has open.
    pub files: Files,
}

/// What lines there are, for those that are none of them.
const EXPECTED: &str =
    "a line is `I  ADDRESS,SIZE`, ` L ADDRESS,SIZE`, with S or M for L, `SYSCALL[...`, or begins with ==";

impl Log {
    /// At the beginning. Where the log does not name its process, it is called this.
    pub fn new(named: Option<u64>, otherwise: u64) -> Self {
        let process = named.unwrap_or(otherwise);
        Self { process, named, begins: false, is_new: false, open: Vec::new(), thread: 0, files: Files::default() }
    }

    /// Takes in the next line.
    #[inline]
    pub fn hear(&mut self, line: &[u8]) -> Said {
        match line::reference(line) {
            Some(reference) => Said::Reference(reference),
            None => self.hear_other(line),
        }
    }

    fn hear_other(&mut self, line: &[u8]) -> Said {
        if line.trim_ascii().is_empty() {
            return Said::Nothing;
        }
        match Line::read(line) {
            Line::Comment { process, begins } => {
                self.is_named(process);
                self.begins |= begins;
                Said::Nothing
            }
            Line::Outcome(text) => {
                // A child's log begins with what fork gave it.
                self.begins = false;
                self.came_back(self.thread, line::outcome(text))
            }
            Line::Call { process, thread, text } => {
                self.is_named(Some(process));
                self.is_new |= std::mem::take(&mut self.begins);
                self.thread = thread;
                self.hear_call(thread, text)
            }
            Line::Unknown => Said::Unknown,
        }
    }

    /// What a log says last of its process is of whom the next lines are: several processes may write to one file.
    fn is_named(&mut self, process: Option<u64>) {
        if process.is_some() && self.named != process {
            if self.named.is_some() {
                self.process = process.unwrap_or(self.process);
            }
            self.named = process;
        }
    }

    fn hear_call(&mut self, thread: u64, text: &[u8]) -> Said {
        let text = CallText::read(text);
        let Some(name) = text.name else { return self.came_back(thread, text.outcome) };
        if let Some(child) = text.child() {
            self.remember(thread, Call::Other);
            return Said::Forked(child);
        }
        if name == b"exit_group" {
            return Said::Exited;
        }
        let call = call(name, &text).unwrap_or(Call::Other);
        match text.outcome {
            Outcome::Success(value) => done(call, value),
            Outcome::Failure => Said::Nothing,
            Outcome::Open => {
                self.remember(thread, call);
                Said::Nothing
            }
        }
    }

    fn remember(&mut self, thread: u64, call: Call) {
        self.open.retain(|&(other, _)| other != thread);
        self.open.push((thread, call));
    }

    /// The call of a thread is over.
    fn came_back(&mut self, thread: u64, outcome: Outcome) -> Said {
        let Some(at) = self.open.iter().position(|&(other, _)| other == thread) else { return Said::Nothing };
        match outcome {
            Outcome::Open => Said::Nothing,
            Outcome::Failure => {
                self.open.swap_remove(at);
                Said::Nothing
            }
            Outcome::Success(value) => done(self.open.swap_remove(at).1, value),
        }
    }

    /// Whether the last thing that the process did was to run another program, and that program logs elsewhere.
    pub fn ends_in_exec(&self) -> bool {
        self.open.iter().any(|(_, call)| *call == Call::Execve)
    }

    /// Does what was said.
    ///
    /// # Errors
    /// When it is no line of lackey, or the sink refuses a record, unless the reading is lenient.
    #[inline]
    pub fn apply(
        &mut self,
        spaces: &mut AddressSpaces,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        said: Said,
    ) -> Result<(), TraceError> {
        if (self.begins || self.is_new) && said != Said::Nothing {
            (self.begins, self.is_new) = (false, false);
            self.files.clear();
            spaces.exec(reading, place, self.process)?;
        }
        let process = self.process;
        match said {
            Said::Nothing => Ok(()),
            Said::Reference(line::Reference { kind, address, bytes }) => {
                if kind == Kind::Fetch && !reading.addresses().instructions {
                    return Ok(());
                }
                let reference = AddressReference { process, address, bytes, write: kind == Kind::Store };
                spaces.reference(reading, place, reference)
            }
            Said::Done(call, value) => self.apply_call(spaces, reading, place, &call, value),
            Said::Forked(child) => spaces.fork(reading, place, process, child),
            Said::Exited => spaces.exit(reading, place, process),
            Said::Unknown => reading.bad(place.at, place.text, "this is no line of lackey".into(), EXPECTED),
        }
    }

    fn apply_call(
        &mut self,
        spaces: &mut AddressSpaces,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        call: &Call,
        value: u64,
    ) -> Result<(), TraceError> {
        let process = self.process;
        match *call {
            // What is asked for without a size exists, and is known at the latest when it is attached.
            Call::Shmget { .. } => match call.told_size() {
                Some(bytes) => spaces.create(reading, place, process, &Label::Number(value), Some(bytes)),
                None => Ok(()),
            },
            Call::Shmat { id } => spaces.attach(reading, place, process, &Label::Number(id), value, None, 0),
            Call::Shmdt { address } => spaces.detach(reading, place, process, address),
            Call::Shmctl { id, command } => match command & !IPC_64 {
                0 => spaces.control(reading, place, process, &Label::Number(id), Operation::Remove),
                11 => spaces.control(reading, place, process, &Label::Number(id), Operation::Lock),
                12 => spaces.control(reading, place, process, &Label::Number(id), Operation::Unlock),
                _ => Ok(()),
            },
            Call::Mmap { bytes, flags, file, offset } => {
                self.map(spaces, reading, place, value, (bytes, flags, file, offset))
            }
            Call::Munmap { address, bytes } => spaces.unmap(reading, place, process, address, bytes),
            Call::Mremap { from, bytes } => spaces.remap(reading, place, process, from, [value, bytes]),
            Call::Open { ref path } => {
                if is_shared_memory(path) {
                    self.files.insert(value, Arc::clone(path));
                } else {
                    self.files.remove(&value);
                }
                Ok(())
            }
            Call::Unlink { ref path } if is_shared_memory(path) => {
                spaces.control(reading, place, process, &Label::Name(path.to_string()), Operation::Remove)
            }
            Call::Dup { file } => {
                if let Some(path) = self.files.get(&file).cloned() {
                    self.files.insert(value, path);
                }
                Ok(())
            }
            Call::Close { file } => {
                self.files.remove(&file);
                Ok(())
            }
            Call::Wait | Call::Unlink { .. } | Call::Execve | Call::Other => Ok(()),
        }
    }

    /// A mapping came into being. Shared are anonymous memory and files of shared memory; what else is mapped takes the
    /// place of what was there.
    fn map(
        &mut self,
        spaces: &mut AddressSpaces,
        reading: &mut Reading<'_>,
        place: Place<'_>,
        address: u64,
        (bytes, flags, file, offset): (u64, u64, u64, u64),
    ) -> Result<(), TraceError> {
        let process = self.process;
        let is_shared = MAP_SHARED.contains(&(flags & MAP_TYPE));
        let path = self.files.get(&file).filter(|_| is_shared && flags & MAP_ANONYMOUS == 0);
        match path {
            Some(path) if **path == *ZERO => spaces.attach_anonymous(reading, place, process, address, bytes),
            Some(path) => {
                let label = Label::Name(path.to_string());
                spaces.attach(reading, place, process, &label, address, Some(bytes), offset)
            }
            None if is_shared && flags & MAP_ANONYMOUS != 0 => {
                spaces.attach_anonymous(reading, place, process, address, bytes)
            }
            None => spaces.unmap(reading, place, process, address, bytes),
        }
    }
}

/// The file whose shared mappings are anonymous memory.
const ZERO: &str = "/dev/zero";

/// Whether mappings of a file are shared memory and not the page cache of a disk.
fn is_shared_memory(path: &str) -> bool {
    path.starts_with("/dev/shm/") || path == ZERO
}

fn done(call: Call, value: u64) -> Said {
    if call == Call::Other { Said::Nothing } else { Said::Done(call, value) }
}

/// A call by its name; none where it changes nothing.
fn call(name: &[u8], text: &CallText<'_>) -> Option<Call> {
    let path = || Some(Arc::from(String::from_utf8_lossy(text.path()?)));
    Some(match name {
        b"sys_shmget" => text.numbers().map(|[key, bytes, flags]| Call::Shmget { key, bytes, flags })?,
        b"sys_shmat" => text.numbers().map(|[id]| Call::Shmat { id })?,
        b"sys_shmdt" => text.numbers().map(|[address]| Call::Shmdt { address })?,
        b"sys_shmctl" => text.numbers().map(|[id, command]| Call::Shmctl { id, command })?,
        b"sys_mmap" => {
            text.numbers().map(|[_, bytes, _, flags, file, offset]| Call::Mmap { bytes, flags, file, offset })?
        }
        b"sys_munmap" => text.numbers().map(|[address, bytes]| Call::Munmap { address, bytes })?,
        b"sys_mremap" => text.numbers().map(|[address, old, bytes]| Call::Mremap { from: [address, old], bytes })?,
        b"sys_open" | b"sys_openat" | b"sys_creat" => Call::Open { path: path()? },
        b"sys_unlink" | b"sys_unlinkat" => Call::Unlink { path: path()? },
        b"sys_dup" | b"sys_dup2" | b"sys_dup3" => text.numbers().map(|[file]| Call::Dup { file })?,
        b"sys_close" => text.numbers().map(|[file]| Call::Close { file })?,
        b"sys_wait4" | b"sys_waitpid" => Call::Wait,
        b"sys_execve" | b"sys_execveat" => Call::Execve,
        _ => return None,
    })
}

/// A line as the sink's refusals show it.
pub(super) fn place(number: u64, text: &[u8]) -> Place<'_> {
    Place { at: At::Line(number), text }
}
