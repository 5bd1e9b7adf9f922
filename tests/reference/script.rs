//! Event scripts: the text that the recorded kernel runs were driven with.

use std::fmt;
use std::str::FromStr;

/// One line of an event script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `seg <name> <npages> [locked]`: a segment is created by a process that never attaches it (A9).
    Seg {
        /// Its name; no living segment has it.
        name: String,
        /// Its pages.
        pages: usize,
        /// Whether it is locked from the start.
        locked: bool,
    },
    /// `attach <pid> <name>`; a process comes into being with its first one.
    Attach {
        /// Who attaches.
        pid: u64,
        /// What is attached.
        name: String,
    },
    /// `detach <pid> <name>`: the youngest attachment of the segment in that process ends.
    Detach {
        /// Who detaches.
        pid: u64,
        /// What is detached.
        name: String,
    },
    /// `rm <name>`.
    Rm {
        /// What is to go when nobody is attached any more.
        name: String,
    },
    /// `lock <name>`.
    Lock {
        /// What is locked.
        name: String,
    },
    /// `unlock <name>`.
    Unlock {
        /// What is unlocked.
        name: String,
    },
    /// `r <pid> <name> <page>`: through the oldest attachment of the segment in that process.
    Read {
        /// Who reads.
        pid: u64,
        /// The segment.
        name: String,
        /// The page of it.
        page: usize,
    },
    /// `w <pid> <name> <page>`: through the oldest attachment of the segment in that process.
    Write {
        /// Who writes.
        pid: u64,
        /// The segment.
        name: String,
        /// The page of it.
        page: usize,
    },
    /// `fork <parent> <child>`.
    Fork {
        /// Who forks.
        parent: u64,
        /// The process id of the child; no living process has it.
        child: u64,
    },
    /// `exit <pid>`.
    Exit {
        /// Who ends.
        pid: u64,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seg { name, pages, locked: false } => write!(f, "seg {name} {pages}"),
            Self::Seg { name, pages, locked: true } => write!(f, "seg {name} {pages} locked"),
            Self::Attach { pid, name } => write!(f, "attach {pid} {name}"),
            Self::Detach { pid, name } => write!(f, "detach {pid} {name}"),
            Self::Rm { name } => write!(f, "rm {name}"),
            Self::Lock { name } => write!(f, "lock {name}"),
            Self::Unlock { name } => write!(f, "unlock {name}"),
            Self::Read { pid, name, page } => write!(f, "r {pid} {name} {page}"),
            Self::Write { pid, name, page } => write!(f, "w {pid} {name} {page}"),
            Self::Fork { parent, child } => write!(f, "fork {parent} {child}"),
            Self::Exit { pid } => write!(f, "exit {pid}"),
        }
    }
}

impl FromStr for Event {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let name = |word: &str| word.to_string();
        Ok(match words[..] {
            ["seg", a, pages] => Self::Seg { name: name(a), pages: number(pages)?, locked: false },
            ["seg", a, pages, "locked"] => Self::Seg { name: name(a), pages: number(pages)?, locked: true },
            ["attach", pid, a] => Self::Attach { pid: number(pid)?, name: name(a) },
            ["detach", pid, a] => Self::Detach { pid: number(pid)?, name: name(a) },
            ["rm", a] => Self::Rm { name: name(a) },
            ["lock", a] => Self::Lock { name: name(a) },
            ["unlock", a] => Self::Unlock { name: name(a) },
            ["r", pid, a, page] => Self::Read { pid: number(pid)?, name: name(a), page: number(page)? },
            ["w", pid, a, page] => Self::Write { pid: number(pid)?, name: name(a), page: number(page)? },
            ["fork", parent, child] => Self::Fork { parent: number(parent)?, child: number(child)? },
            ["exit", pid] => Self::Exit { pid: number(pid)? },
            _ => return Err(format!("not an event: {line:?}")),
        })
    }
}

/// A number of any kind out of a word of a script.
fn number<T: FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("not a number: {word:?}"))
}

/// The swap areas in order of swapon: usable slots, and the priority if one is given (R47).
pub type SwapAreas = Vec<(usize, Option<i32>)>;

/// A whole event script: what its first line says, and the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// `F=`: frames of memory.
    pub frames: usize,
    /// `swap=`; `None` where the script does not say (A4).
    pub swap: Option<SwapAreas>,
    /// `oom=continue` (A8).
    pub oom_continue: bool,
    /// The events in order.
    pub events: Vec<Event>,
}

impl Script {
    /// Reads a script; lines that start with `#`, other than the first, are comments.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let mut script = Self::parse_header(lines.next().unwrap_or(""))?;
        for line in lines.filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            script.events.push(line.parse()?);
        }
        Ok(script)
    }

    /// Reads the first line; the script has no events yet.
    fn parse_header(line: &str) -> Result<Self, String> {
        let mut frames = None;
        let mut swap = None;
        let mut oom_continue = false;
        let settings = line.strip_prefix('#').ok_or_else(|| format!("the first line is not a header: {line:?}"))?;
        for setting in settings.split_whitespace() {
            match setting.split_once('=') {
                Some(("F", value)) => frames = Some(number(value)?),
                Some(("swap", value)) => swap = Some(value.split(',').map(parse_area).collect::<Result<_, _>>()?),
                Some(("oom", "continue")) => oom_continue = true,
                _ => return Err(format!("not a setting: {setting:?}")),
            }
        }
        let frames = frames.ok_or_else(|| format!("no F= in {line:?}"))?;
        Ok(Self { frames, swap, oom_continue, events: Vec::new() })
    }

    /// The text that [`Script::parse`] turns into this script.
    ///
    /// An empty list of areas is written `swap=0`, which comes back as one area without slots: a run prints the same, a
    /// dump shows the area.
    pub fn to_text(&self) -> String {
        let mut header = format!("# F={}", self.frames);
        if let Some(areas) = &self.swap {
            let areas: Vec<String> = areas.iter().map(area_text).collect();
            header += " swap=";
            header += &if areas.is_empty() { "0".to_string() } else { areas.join(",") };
        }
        if self.oom_continue {
            header += " oom=continue";
        }
        let lines = std::iter::once(header).chain(self.events.iter().map(Event::to_string));
        lines.map(|line| line + "\n").collect()
    }
}

/// `<slots>[@prio]`.
fn parse_area(word: &str) -> Result<(usize, Option<i32>), String> {
    match word.split_once('@') {
        Some((slots, priority)) => Ok((number(slots)?, Some(number(priority)?))),
        None => Ok((number(word)?, None)),
    }
}

/// `<slots>[@prio]`.
fn area_text(area: &(usize, Option<i32>)) -> String {
    match area {
        (slots, Some(priority)) => format!("{slots}@{priority}"),
        (slots, None) => slots.to_string(),
    }
}
