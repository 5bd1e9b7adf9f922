//! Logs of `strace -f -ttt -e trace=shmget,shmat,shmdt,shmctl,clone,clone3,fork,vfork,execve,exit_group,mmap,munmap`: which
//! process has which shared memory mapped, without any reference.
//!
//! - A line is as `line` says; what becomes of unfinished calls, threads and forks is said in `log`.
//! - A segment of System V has its id as its label. A shared mapping of memory without a file is a segment too, and so are
//!   those of files of shared memory where the log has paths (`strace -y`).
//! - As a trace of its own it has the changes alone. With `--maps` it tells which addresses of another trace are shared.

mod line;
pub(super) mod log;

use super::addresses::{AddressSpaces, Place};
use super::error::{At, TraceError};
use super::input::Input;
use super::reading::Reading;
use super::{Label, Settings};
use log::{Event, Log, What};

/// Whether a file that begins like this is of this format.
pub fn detect(head: &[u8]) -> bool {
    line::detect(head)
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; a line that is not as it should be, or is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let log = Log::read(input, reading)?;
    let mut spaces = AddressSpaces::new(reading, &Settings { has_time: log.has_time, ..Settings::default() });
    for event in &log.events {
        spaces.set_time(event.time);
        tell(&mut spaces, reading, event)?;
    }
    spaces.finish(reading)
}

fn tell(spaces: &mut AddressSpaces, reading: &mut Reading<'_>, event: &Event) -> Result<(), TraceError> {
    let process = event.process;
    let place = Place { at: At::Line(event.line), text: &event.text };
    match &event.what {
        What::Get { id, bytes } => spaces.create(reading, place, process, &Label::Number(*id), Some(*bytes)),
        What::Attach { id, address } => spaces.attach(reading, place, process, &Label::Number(*id), *address, None, 0),
        What::Detach { address } => spaces.detach(reading, place, process, *address),
        What::Control { id, operation } => spaces.control(reading, place, process, &Label::Number(*id), *operation),
        What::MapAnonymous { address, bytes } => spaces.attach_anonymous(reading, place, process, *address, *bytes),
        What::MapFile { address, bytes, offset, path } => {
            let label = Label::Name(path.clone());
            spaces.attach(reading, place, process, &label, *address, Some(*bytes), *offset)
        }
        What::Unmap { address, bytes } => spaces.unmap(reading, place, process, *address, *bytes),
        What::Fork { child } => spaces.fork(reading, place, process, *child),
        What::Exec => spaces.exec(reading, place, process),
        What::Exit => spaces.exit(reading, place, process),
    }
}
