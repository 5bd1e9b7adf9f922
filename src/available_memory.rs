//! The memory that this process can still get, and asking before it is taken.
//!
//! The machine, the control groups that the process is in, the limit of its address space and the user each say how much; the
//! least of these holds. Where the system tells nothing (it has no `/proc`) nothing is refused here but what the allocator
//! refuses. What memory is for is not known here: [`crate::memory_need`] knows what replays take.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::report::bytes;

/// Below so much nothing is asked: looking costs more than it could save.
const SMALL: u64 = 64 << 20;
/// A vector of up to so much doubles when it grows, a larger one gets a quarter more.
const DOUBLES: usize = 256 << 20;
/// Where the control groups are, in both versions.
const GROUPS: &str = "sys/fs/cgroup";

/// Memory that can still be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Available {
    /// Bytes.
    pub bytes: u64,
    /// What sets the limit.
    pub limit: Limit,
}

/// What sets a limit to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// What the machine has.
    Machine,
    /// A control group that the process is in, as those of containers and batch systems.
    ControlGroup,
    /// The limit of the address space (`ulimit -v`).
    AddressSpace,
    /// The option `--memory-limit`.
    Option,
}

impl fmt::Display for Available {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.limit {
            Limit::Machine => "by the machine",
            Limit::ControlGroup => "by the limit of its control group",
            Limit::AddressSpace => "by the limit of its address space, `ulimit -v`",
            Limit::Option => "by --memory-limit",
        };
        write!(out, "{} can be had {whose}", bytes(self.bytes as f64))
    }
}

/// There is no room for something. The message says for what, what it needs, what there is, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct Shortage {
    /// What there is no room for.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// The room that there is for a trace and its replays: what the system gives, and no more than the user allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// The most bytes that the process may take, all in all (`--memory-limit`).
    pub limit: Option<u64>,
}

impl Room {
    /// What can be had now; none where the system does not tell.
    pub fn available(self) -> Option<Available> {
        available_in(Path::new("/"), self.limit)
    }

    /// Whether so many bytes can be had.
    pub fn has(self, bytes: u64) -> bool {
        bytes < SMALL && self.limit.is_none() || self.available().is_none_or(|available| bytes <= available.bytes)
    }

    /// What is said where so many bytes more for something can't be had.
    #[cold]
    pub fn shortage(self, what: &str, more: u64) -> Shortage {
        let there =
            self.available().map_or_else(|| "the system does not give them".to_owned(), |there| there.to_string());
        Shortage {
            what: format!("{what} need {} of memory more, and {there}", bytes(more as f64)),
            remedy:
                "take a sample of the pages (compare --sample 1%) or a slice of the trace (`clockhand trace slice`), \
                     or give more memory"
                    .to_owned(),
        }
    }
}

/// Makes room for `more` items in a vector. `what` is what they are called where there is none.
///
/// # Errors
/// When the room can't be had. The vector is as it was.
#[inline]
pub fn reserve<T>(items: &mut Vec<T>, more: usize, what: &str, room: Room) -> Result<(), Shortage> {
    if more <= items.capacity() - items.len() { Ok(()) } else { grow(items, more, what, room) }
}

#[cold]
fn grow<T>(items: &mut Vec<T>, more: usize, what: &str, room: Room) -> Result<(), Shortage> {
    let (length, capacity) = (items.len(), items.capacity());
    let least = length.saturating_add(more);
    let step = if capacity * size_of::<T>() <= DOUBLES { capacity } else { capacity / 4 };
    let usual = least.max(capacity + step);
    let bytes_more = |count: usize| ((count - capacity) as u64).saturating_mul(size_of::<T>() as u64);
    // A little more is better than nothing.
    for count in [usual, least.saturating_add(step / 16)] {
        if room.has(bytes_more(count)) && items.try_reserve_exact(count - length).is_ok() {
            return Ok(());
        }
    }
    Err(room.shortage(what, bytes_more(least.saturating_add(step / 16))))
}

/// What can be had in the system whose files are below `root`.
fn available_in(root: &Path, limit: Option<u64>) -> Option<Available> {
    let status = read(&root.join("proc/self/status"));
    let of_status = |key| kibibytes(status.as_deref()?, key);
    let space = read(&root.join("proc/self/limits")).and_then(|limits| {
        let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    });
    let limits = [
        (Limit::Machine, read(&root.join("proc/meminfo")).and_then(|text| kibibytes(&text, "MemAvailable:"))),
        (Limit::ControlGroup, of_control_groups(root)),
        (Limit::AddressSpace, space.map(|space| space.saturating_sub(of_status("VmSize:").unwrap_or(0)))),
        (Limit::Option, limit.map(|limit| limit.saturating_sub(of_status("VmRSS:").unwrap_or(0)))),
    ];
    let known = limits.into_iter().filter_map(|(limit, bytes)| Some(Available { bytes: bytes?, limit }));
    known.min_by_key(|available| available.bytes)
}

/// What the control groups leave, those of version 2 and of version 1; none where they set no limit.
fn of_control_groups(root: &Path) -> Option<u64> {
    let own = read(&root.join("proc/self/cgroup"))?;
    let groups = own.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
    let left = groups.filter_map(|(controllers, path)| match controllers {
        "" => of_hierarchy(&root.join(GROUPS), path, ["memory.max", "memory.current", "inactive_file"]),
        _ if controllers.split(',').any(|controller| controller == "memory") => {
            let names = ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"];
            of_hierarchy(&root.join(GROUPS).join("memory"), path, names)
        }
        _ => None,
    });
    left.min()
}

/// What a control group and those above it leave. `names` are the files of the limit and the usage, and what part of
/// the usage is given back when memory is wanted. In a container the group itself may stand at the top.
fn of_hierarchy(folder: &Path, path: &str, [limit, usage, cache]: [&str; 3]) -> Option<u64> {
    let left = Path::new(path.trim_start_matches('/')).ancestors().filter_map(|group| {
        let file = |name: &str| read(&folder.join(group).join(name));
        // Where there is no limit it is `max`, which is no number.
        let limit: u64 = file(limit)?.trim().parse().ok()?;
        let usage: u64 = file(usage)?.trim().parse().ok()?;
        let cache = file("memory.stat").and_then(|text| number_after(&text, cache)).unwrap_or(0);
        Some(limit.saturating_sub(usage.saturating_sub(cache)))
    });
    left.min()
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// The value of a line that begins with a key.
fn number_after(text: &str, key: &str) -> Option<u64> {
    let mut words =
        text.lines().map(str::split_whitespace).find_map(|mut words| (words.next()? == key).then_some(words))?;
    words.next()?.parse().ok()
}

fn kibibytes(text: &str, key: &str) -> Option<u64> {
    number_after(text, key)?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system with these files.
    fn system(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    const MACHINE: (&str, &str) = ("proc/meminfo", "MemTotal: 900 kB\nMemAvailable:    800 kB\nSwapFree: 5 kB\n");
    const STATUS: (&str, &str) = ("proc/self/status", "Name:\tclockhand\nVmSize:\t  200 kB\nVmRSS:\t  100 kB\n");

    fn of(files: &[(&str, &str)], limit: Option<u64>) -> Option<(u64, Limit)> {
        available_in(system(files).path(), limit).map(|available| (available.bytes, available.limit))
    }

    #[test]
    fn the_least_limit_holds() {
        const KIB: u64 = 1024;
        assert_eq!(of(&[], None), None);
        assert_eq!(of(&[MACHINE, STATUS], None), Some((800 * KIB, Limit::Machine)));
        assert_eq!(of(&[MACHINE, STATUS], Some(500 * KIB)), Some((400 * KIB, Limit::Option)));
        assert_eq!(of(&[MACHINE, STATUS], Some(50 * KIB)), Some((0, Limit::Option)));
        let limits =
            ("proc/self/limits", "Limit  Soft Limit  Hard Limit\nMax address space   409600   unlimited   bytes\n");
        assert_eq!(of(&[MACHINE, STATUS, limits], None), Some((200 * KIB, Limit::AddressSpace)));
        let unlimited = ("proc/self/limits", "Max address space   unlimited   unlimited   bytes\n");
        assert_eq!(of(&[MACHINE, STATUS, unlimited], None), Some((800 * KIB, Limit::Machine)));
    }

    #[test]
    fn control_groups_hold_up_to_the_top() {
        let own = ("proc/self/cgroup", "0::/batch/job 7\n");
        let outer = [
            ("sys/fs/cgroup/batch/memory.max", "100000\n"),
            ("sys/fs/cgroup/batch/memory.current", "90000\n"),
            ("sys/fs/cgroup/batch/memory.stat", "anon 1\ninactive_file 40000\n"),
        ];
        let inner =
            [("sys/fs/cgroup/batch/job 7/memory.max", "max\n"), ("sys/fs/cgroup/batch/job 7/memory.current", "5\n")];
        let all = [&[MACHINE, own][..], &outer, &inner].concat();
        assert_eq!(of(&all, None), Some((50_000, Limit::ControlGroup)));
        let first = ("proc/self/cgroup", "5:cpu:/x\n4:memory:/docker/8f\n");
        let files = [
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "70000"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "80000"),
        ];
        assert_eq!(of(&[&[MACHINE, first][..], &files].concat(), None), Some((0, Limit::ControlGroup)));
    }

    #[test]
    fn a_vector_grows_while_there_is_room() {
        let mut items: Vec<u64> = Vec::new();
        for number in 0..10_000 {
            reserve(&mut items, 1, "the numbers", Room::default()).unwrap();
            let capacity = items.capacity();
            items.push(number);
            assert_eq!(items.capacity(), capacity, "room was made");
        }
        let error = reserve(&mut items, 1 << 20, "the numbers", Room { limit: Some(1) }).unwrap_err().to_string();
        assert!(error.starts_with("the numbers need 8") && error.contains("--memory-limit"), "{error}");
        let error = reserve(&mut items, usize::MAX / 2, "the numbers", Room::default()).unwrap_err().to_string();
        assert!(error.contains("the numbers need ") && error.contains("--sample"), "{error}");
        assert_eq!(items.len(), 10_000);
    }
}
