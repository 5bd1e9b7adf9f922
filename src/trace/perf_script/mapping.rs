//! The mappings of `perf script`: where, of what, and whether it is shared memory.

use super::Complaint;
use crate::trace::number;
use crate::trace::shared_memory::Backing;

/// `pid/tid: [0xSTART(0xLENGTH) @ OFFSET MAJOR:MINOR INODE GENERATION]: rw-s PATH`.
pub(super) struct Mapping<'l> {
    pub process: u64,
    pub address: u64,
    pub bytes: u64,
    /// Bytes of what is mapped before its first one.
    pub offset: u64,
    /// What is mapped.
    pub backing: Backing<'l>,
}

impl<'l> Mapping<'l> {
    /// `None` where it is of the kernel.
    pub fn parse(text: &'l [u8]) -> Result<Option<Self>, Complaint> {
        if text.starts_with(b"-1/") {
            return Ok(None);
        }
        Self::parts(text).map(Some).ok_or_else(|| {
            "the mapping is not as in `14969/14969: [0x7fa4f955c000(0x40000) @ 0 00:01 32790 0]: rw-s /SYSV00000000`"
                .to_owned()
        })
    }

    fn parts(text: &'l [u8]) -> Option<Self> {
        let open = memchr::memmem::find(text, b": [")?;
        let task = &text[..open];
        let process = number::parse(&task[..memchr::memchr(b'/', task)?]).ok()?;
        let close = memchr::memmem::find(text, b"]: ")?;
        let (place, behind) = (text.get(open + 3..close)?, &text[close + 3..]);
        let bracket = memchr::memchr(b'(', place)?;
        let address = number::parse_0x(&place[..bracket]).ok()?;
        let length = place.get(bracket + 1..)?;
        let end = memchr::memmem::find(length, b") @ ")?;
        let bytes = number::parse_0x(&length[..end]).ok()?;
        let mut words = length[end + 4..].split(|&byte| byte == b' ');
        let offset = words.next()?;
        let offset = if offset == b"0" { 0 } else { number::parse_0x(offset).ok()? };
        let inode = match (words.next(), words.next()) {
            (Some(device), Some(inode)) => Some((device, number::parse(inode).ok()?)),
            _ => None,
        };
        let space = memchr::memchr(b' ', behind)?;
        let (protection, path) = (&behind[..space], behind[space + 1..].trim_ascii());
        let is_shared = (protection.len() == 4).then(|| protection[3] == b's');
        address.checked_add(bytes)?;
        Some(Self { process, address, bytes, offset, backing: Backing { inode, is_shared, path } })
    }
}
