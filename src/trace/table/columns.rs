//! Which column of a table is what: by the names in its header, by `--columns`, or by the shape of its first row.
//!
//! What a row does is not known here.

use super::super::quoted;
use crate::trace::error::printable;

/// What a column can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// When.
    Time,
    /// Which process.
    Pid,
    /// Whether it reads or writes.
    Op,
    /// Which segment.
    Segment,
    /// Which fork of a relation of PostgreSQL; with the segment, it makes the segment.
    Fork,
    /// Which page.
    Page,
    /// Which byte.
    Address,
    /// Which 512 bytes.
    Sector,
    /// How many bytes.
    Size,
    /// A column of a dump of PostgreSQL's buffers: not every reference is there.
    Buffer,
    /// Anything else.
    Other,
}

/// The roles that columns are looked for, each with the names that it goes by, the best first. Case, blanks, `_` and `-` in
/// names say nothing.
const NAMES: [(Role, &[&str]); 10] = [
    (Role::Time, &["time", "timestamp", "ts", "clocktime", "realtime", "clock"]),
    (Role::Pid, &["pid", "process", "processid", "proc", "tgid", "backend", "tid", "thread", "threadid"]),
    (
        Role::Op,
        &[
            "op",
            "operation",
            "rw",
            "r/w",
            "readwrite",
            "access",
            "accesstype",
            "type",
            "iotype",
            "mode",
            "write",
            "isdirty",
        ],
    ),
    (
        Role::Segment,
        &[
            "segment",
            "segmentid",
            "seg",
            "shmid",
            "relfilenode",
            "relation",
            "inode",
            "file",
            "fileid",
            "filename",
            "device",
            "disk",
            "disknumber",
            "volume",
            "lun",
            "asu",
            "region",
        ],
    ),
    (Role::Fork, &["relforknumber", "forknumber", "forknum", "fork"]),
    (
        Role::Page,
        &[
            "page",
            "pagenumber",
            "pageno",
            "pagenum",
            "vpn",
            "pfn",
            "block",
            "blocknumber",
            "blockno",
            "blocknum",
            "relblocknumber",
            "blk",
        ],
    ),
    (Role::Address, &["address", "addr", "vaddr", "virtualaddress", "byteaddress", "offset", "byteoffset"]),
    (Role::Sector, &["sector", "lba"]),
    (Role::Size, &["size", "length", "len", "bytes", "nbytes", "sizebytes", "requestsize", "iosize"]),
    (Role::Buffer, &["bufferid"]),
];

/// How many roles there are.
pub(super) const ROLES: usize = NAMES.len() + 1;

/// The fields of a line by role.
pub(super) type Fields<'l> = [&'l [u8]; ROLES];

/// What separates the fields of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delimiter {
    Byte(u8),
    /// Any number of blanks and tabs.
    Blanks,
}

const DELIMITERS: [Delimiter; 5] =
    [Delimiter::Byte(b'\t'), Delimiter::Byte(b','), Delimiter::Byte(b';'), Delimiter::Byte(b'|'), Delimiter::Blanks];

/// What is said when no column says where a reference goes.
const NO_PLACE: &str = "no column is named page, block, address, offset, sector or the like";

/// Which field of a line is what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    delimiter: Delimiter,
    /// The role of each field, up to the last that has one.
    roles: Vec<Role>,
}

impl Layout {
    /// The layout of a table that begins with this line, and whether the line is a header. `wanted` is what the user says.
    ///
    /// # Errors
    /// When it can't be told, with the reason.
    pub fn of(line: &[u8], wanted: Option<&str>) -> Result<(Self, bool), String> {
        let Some(wanted) = wanted else {
            return match Self::of_header(line) {
                Ok(layout) => Ok((layout, true)),
                Err(reason) => Self::of_block_trace(line).map(|layout| (layout, false)).ok_or(reason),
            };
        };
        // What cuts a line into the most fields is what was meant to.
        let fields = |&delimiter: &Delimiter| names(header(line), delimiter).len();
        let delimiter = DELIMITERS.iter().rev().copied().max_by_key(fields).unwrap_or(Delimiter::Blanks);
        Self::of_wanted(line, delimiter, &Wanted::parse(wanted)?)
    }

    /// By the names in a header.
    fn of_header(line: &[u8]) -> Result<Self, String> {
        let line = header(line);
        let layouts = DELIMITERS.iter().map(|&delimiter| {
            let names = names(line, delimiter);
            let mut roles = vec![Role::Other; names.len()];
            for (role, known) in NAMES {
                let rank = |name: &String| known.iter().position(|&known| known == name);
                let Some(best) = names.iter().filter_map(rank).min() else { continue };
                let mut fields = (0..names.len()).filter(|&field| rank(&names[field]) == Some(best));
                if let Some(field) = fields.next() {
                    roles[field] = role;
                }
                if fields.next().is_some() {
                    return Err(format!("two columns are named {}", known[best]));
                }
            }
            Self::new(delimiter, roles)
        });
        // The first that does; else what is wrong with the one that has most names.
        let mut reason = NO_PLACE.to_owned();
        for layout in layouts {
            match layout {
                Ok(layout) => return Ok(layout),
                Err(other) if other != NO_PLACE => reason = other,
                Err(_) => {}
            }
        }
        Err(reason)
    }

    /// By what the user says of the columns of a line with this delimiter.
    fn of_wanted(line: &[u8], delimiter: Delimiter, wanted: &Wanted) -> Result<(Self, bool), String> {
        let names = names(header(line), delimiter);
        let mut roles = Vec::new();
        let mut has_names = false;
        for (role, column) in &wanted.0 {
            let field = match column {
                Column::Number(number) => number - 1,
                Column::Name(name) => {
                    has_names = true;
                    let found = names.iter().position(|known| known == name);
                    found.ok_or_else(|| format!("--columns: the header has no column {name}"))?
                }
            };
            if field >= names.len() {
                return Err(format!("--columns: there is no column {}, there are {}", field + 1, names.len()));
            }
            roles.resize(roles.len().max(field + 1), Role::Other);
            if roles[field] != Role::Other {
                return Err(format!("--columns: column {} is to be two things", field + 1));
            }
            roles[field] = *role;
        }
        let layout = Self::new(delimiter, roles)?;
        // A name where a number should be makes it a header.
        let is_name = |fields: &Fields<'_>| {
            let place = layout.place().map_or(&b""[..], |role| fields[role as usize].trim_ascii());
            place.first().is_some_and(u8::is_ascii_alphabetic)
        };
        let is_header = has_names || layout.with_fields(line, is_name).unwrap_or(false);
        Ok((layout, is_header))
    }

    /// The block traces of MSR Cambridge, which have no header: timestamp, host, disk, Read or Write, offset, size, time of
    /// response.
    fn of_block_trace(line: &[u8]) -> Option<Self> {
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b',').collect();
        let [time, host, disk, kind, offset, size, response] = fields[..] else { return None };
        let numbers = [time, disk, offset, size, response.trim_ascii_end()];
        let is_number = |field: &&[u8]| !field.is_empty() && field.iter().all(u8::is_ascii_digit);
        let is_such = numbers.iter().all(is_number)
            && host.first().is_some_and(u8::is_ascii_alphabetic)
            && matches!(kind, b"Read" | b"Write");
        let roles = vec![Role::Time, Role::Other, Role::Segment, Role::Op, Role::Address, Role::Size];
        is_such.then_some(Self { delimiter: Delimiter::Byte(b','), roles })
    }

    /// # Errors
    /// When no column says where a reference goes.
    fn new(delimiter: Delimiter, mut roles: Vec<Role>) -> Result<Self, String> {
        while roles.last() == Some(&Role::Other) {
            roles.pop();
        }
        let layout = Self { delimiter, roles };
        if layout.place().is_some() { Ok(layout) } else { Err(NO_PLACE.to_owned()) }
    }

    /// Whether a column has this role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Which roles columns have.
    pub fn present(&self) -> [bool; ROLES] {
        let mut present = [false; ROLES];
        self.roles.iter().for_each(|&role| present[role as usize] = true);
        present
    }

    /// What says where a reference goes.
    pub fn place(&self) -> Option<Role> {
        [Role::Page, Role::Address, Role::Sector].into_iter().find(|&role| self.has(role))
    }

    /// Finds the fields of a line and hands them to `use_them`; those that are not there are empty. None when a quote is
    /// not closed.
    #[inline]
    pub fn with_fields<T>(&self, line: &[u8], use_them: impl FnOnce(&Fields<'_>) -> T) -> Option<T> {
        let mut fields: Fields<'_> = [b""; ROLES];
        if memchr::memchr(b'"', line).is_none() {
            self.split(line, &mut fields);
            return Some(use_them(&fields));
        }
        let delimiter = match self.delimiter {
            Delimiter::Byte(byte) => byte,
            Delimiter::Blanks => b' ',
        };
        let row = quoted::fields(line, delimiter)?;
        for (&role, field) in self.roles.iter().zip(&row) {
            fields[role as usize] = field;
        }
        Some(use_them(&fields))
    }

    #[inline]
    fn split<'l>(&self, line: &'l [u8], fields: &mut Fields<'l>) {
        let mut rest = line;
        for &role in &self.roles {
            let end = match self.delimiter {
                Delimiter::Byte(delimiter) => memchr::memchr(delimiter, rest),
                Delimiter::Blanks => {
                    rest = rest.trim_ascii_start();
                    rest.iter().position(u8::is_ascii_whitespace)
                }
            };
            let Some(end) = end else {
                fields[role as usize] = rest;
                return;
            };
            fields[role as usize] = &rest[..end];
            rest = &rest[end + 1..];
        }
    }
}

/// A column as the user names it.
enum Column {
    /// Counted from 1.
    Number(usize),
    Name(String),
}

/// What the user says of the columns.
struct Wanted(Vec<(Role, Column)>);

impl Wanted {
    /// Reads `time=1,pid=2,page=block`.
    fn parse(text: &str) -> Result<Self, String> {
        let mut wanted: Vec<(Role, Column)> = Vec::new();
        for part in text.split(',') {
            let expected = || format!("--columns: `{}` is not NAME=COLUMN, as in page=5", printable(part.as_bytes()));
            let (name, column) = part.split_once('=').ok_or_else(expected)?;
            let name = plain(name.as_bytes());
            let role = NAMES.iter().find(|(_, names)| names.contains(&&*name)).map(|&(role, _)| role);
            let role = role.ok_or_else(|| {
                let known: Vec<&str> = NAMES.iter().map(|(_, names)| names[0]).collect();
                format!("--columns: there is no `{}`; there are {}", printable(name.as_bytes()), known.join(", "))
            })?;
            if wanted.iter().any(|&(known, _)| known == role) {
                return Err(format!("--columns: `{name}` is said twice"));
            }
            let column = column.trim();
            let column = match column.parse() {
                Ok(0) => return Err("--columns: columns are counted from 1".to_owned()),
                Ok(number) => Column::Number(number),
                Err(_) if column.is_empty() => return Err(expected()),
                Err(_) => Column::Name(plain(column.as_bytes())),
            };
            wanted.push((role, column));
        }
        Ok(Self(wanted))
    }
}

/// A header without what may stand before its first name.
fn header(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    line.strip_prefix(b"#").map_or(line, <[u8]>::trim_ascii_start)
}

/// The names in a header, in the form in which they are compared.
fn names(line: &[u8], delimiter: Delimiter) -> Vec<String> {
    match delimiter {
        Delimiter::Byte(byte) if memchr::memchr(b'"', line).is_some() => {
            quoted::fields(line, byte).map(|row| row.iter().map(plain).collect()).unwrap_or_default()
        }
        Delimiter::Byte(byte) => line.split(|&other| other == byte).map(plain).collect(),
        Delimiter::Blanks => line.split(u8::is_ascii_whitespace).filter(|name| !name.is_empty()).map(plain).collect(),
    }
}

/// A name without case, blanks and the signs between its words.
fn plain(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name).to_lowercase();
    name.chars().filter(|letter| !letter.is_whitespace() && !matches!(letter, '_' | '-' | '"')).collect()
}
