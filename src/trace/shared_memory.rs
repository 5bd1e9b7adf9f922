//! What the kernel calls shared memory in lists of mappings (`/proc/PID/maps`, perf): which mappings are of segments, and
//! how those are called.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Label;
use super::error::printable;

/// The key of a System V segment, from `/SYSV0000002a (deleted)`; `None` where it is something else.
pub(crate) fn system_v_key(path: &[u8]) -> Option<u64> {
    let key = path.strip_prefix(b"/SYSV")?;
    let key = key.strip_suffix(b" (deleted)").unwrap_or(key);
    super::number::parse_hexadecimal(key).ok()
}

/// Whether it is memory with a name: POSIX, memfd.
pub(crate) fn is_named_memory(path: &[u8]) -> bool {
    path.starts_with(b"/dev/shm/") || path.starts_with(b"/run/shm/") || path.starts_with(b"/memfd:")
}

/// Whether it is shared memory without a name, which only forks share.
pub(crate) fn is_anonymous(path: &[u8]) -> bool {
    path == b"/dev/zero (deleted)" || path == b"/dev/zero"
}

/// What is mapped, as the kernel says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backing<'l> {
    /// Device and inode; `None` where they are not told.
    pub inode: Option<(&'l [u8], u64)>,
    /// Whether changes are seen by others; `None` where that is not told.
    pub is_shared: Option<bool>,
    /// What is in the place of a path.
    pub path: &'l [u8],
}

/// The labels of the segments of a trace.
#[derive(Default)]
pub(crate) struct Names {
    by_inode: FxHashMap<(Vec<u8>, u64), Label>,
    used: FxHashSet<Label>,
}

impl Names {
    /// The label of the segment of which so many bytes are mapped; `None` where it is no shared memory. A segment of
    /// System V is called by its shmid, which is its inode; others are told apart by device and inode, and called by
    /// their paths.
    pub fn label(&mut self, backing: &Backing<'_>, bytes: u64) -> Option<Label> {
        let &Backing { inode, is_shared, path } = backing;
        let key = system_v_key(path);
        let is_memory = key.is_some() || is_named_memory(path) || is_anonymous(path);
        // Where it is not told, only System V is shared for sure.
        if !is_memory || !is_shared.unwrap_or(key.is_some()) {
            return None;
        }
        let name = printable(path);
        let Some((device, inode)) = inode else {
            // Segments without a key are told apart by their size alone then.
            return Some(Label::Name(if key == Some(0) { format!("{name} of {bytes} bytes") } else { name }));
        };
        if let Some(known) = self.by_inode.get(&(device.to_vec(), inode)) {
            return Some(known.clone());
        }
        let first = if key.is_some() { Label::Number(inode) } else { Label::Name(name.clone()) };
        let others = [format!("{name} {inode}"), format!("{name} {} {inode}", printable(device))].map(Label::Name);
        let label = [first].into_iter().chain(others).find(|label| !self.used.contains(label))?;
        self.used.insert(label.clone());
        self.by_inode.insert((device.to_vec(), inode), label.clone());
        Some(label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(names: &mut Names, path: &str, inode: u64) -> Option<Label> {
        let backing = Backing { inode: Some((b"00:01", inode)), is_shared: Some(true), path: path.as_bytes() };
        names.label(&backing, 4096)
    }

    #[test]
    fn segments_are_called_by_shmid_or_path() {
        let mut names = Names::default();
        assert_eq!(label(&mut names, "/SYSV0052e2c1 (deleted)", 7), Some(Label::Number(7)));
        assert_eq!(label(&mut names, "/dev/shm/a", 8), Some(Label::Name("/dev/shm/a".into())));
        assert_eq!(label(&mut names, "/dev/shm/a", 9), Some(Label::Name("/dev/shm/a 9".into())));
        assert_eq!(label(&mut names, "/dev/shm/a", 8), Some(Label::Name("/dev/shm/a".into())));
        for path in ["", "/home/x", "//anon", "[heap]", "/dev/zeroes", "/SYSV (deleted)"] {
            assert_eq!(label(&mut names, path, 10), None, "{path}");
        }
        let private = Backing { inode: Some((b"00:01", 8)), is_shared: Some(false), path: b"/dev/shm/a" };
        assert_eq!(names.label(&private, 4096), None);
    }
}
