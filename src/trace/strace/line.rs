//! A line of a log of strace: who, when, and a call, a part of one, a signal or the end of a process.
//!
//! `15061 1795402131.269413 shmget(IPC_PRIVATE, 262144, IPC_CREAT|0600) = 32792`. The process (also as `[pid 15061]`) may be
//! missing; so may the time, which is one of those of `-t`, `-tt`, `-ttt` and `-r`. What the calls do is not known here.

use crate::trace::number;
use crate::trace::time::{SECOND, nanoseconds};

/// Times of less are differences to the line before (`-r`), and not seconds since 1970.
const RELATIVE: u64 = 100_000_000 * SECOND;

/// The most digits of a process id.
const PROCESS_DIGITS: usize = 7;

/// When, as a line says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// Nanoseconds since 1970.
    Absolute(u64),
    /// Nanoseconds since midnight.
    OfDay(u64),
    /// Nanoseconds since the line before.
    Relative(u64),
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said<'l> {
    /// A whole call, or what was told of one that another one interrupts.
    Call(&'l [u8]),
    /// The call up to here, without the mark.
    Unfinished(&'l [u8]),
    /// The rest of a call.
    Resumed(&'l [u8]),
    /// The process or thread is gone.
    Gone,
    /// A signal or a remark.
    Nothing,
}

/// A line taken apart.
pub(super) struct Line<'l> {
    /// The process or thread; none where the log does not name it.
    pub thread: Option<u64>,
    pub time: Option<Time>,
    pub said: Said<'l>,
}

/// A call with its result.
pub(super) struct Call<'l> {
    pub name: &'l [u8],
    /// What is between the brackets.
    pub arguments: &'l [u8],
    /// What is behind the equals sign.
    pub result: &'l [u8],
}

/// Whether a file that begins like this has such lines.
pub(super) fn detect(head: &[u8]) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let said = lines.find_map(|line| match Line::parse(line).map(|line| line.said) {
        Some(Said::Nothing | Said::Gone) => None,
        other => Some(other),
    });
    match said {
        Some(Some(Said::Call(call))) => Call::parse(call).is_some(),
        Some(Some(Said::Unfinished(call))) => name_and_rest(call).is_some(),
        Some(Some(Said::Resumed(_))) => true,
        _ => false,
    }
}

impl<'l> Line<'l> {
    /// `None` when it is none.
    pub fn parse(line: &'l [u8]) -> Option<Self> {
        let mut rest = line.trim_ascii();
        let mut thread = None;
        if let Some(behind) = rest.strip_prefix(b"[pid") {
            let close = memchr::memchr(b']', behind)?;
            thread = Some(number::parse(behind[..close].trim_ascii()).ok()?);
            rest = behind[close + 1..].trim_ascii_start();
        } else {
            let (word, behind) = word(rest);
            if word.len() <= PROCESS_DIGITS
                && let Ok(number) = number::parse(word)
            {
                (thread, rest) = (Some(number), behind);
            }
        }
        let mut time = None;
        loop {
            let (word, behind) = word(rest);
            if word == b"(+" {
                rest = behind.get(memchr::memchr(b')', behind)? + 1..)?.trim_ascii_start();
            } else if let Some(told) = parse_time(word) {
                time = time.or(Some(told));
                rest = behind;
            } else {
                break;
            }
        }
        Some(Self { thread, time, said: Said::parse(rest)? })
    }
}

impl<'l> Said<'l> {
    fn parse(text: &'l [u8]) -> Option<Self> {
        if text.starts_with(b"+++ ") {
            let is_over = text.starts_with(b"+++ exited") || text.starts_with(b"+++ killed");
            return Some(if is_over { Self::Gone } else { Self::Nothing });
        }
        if text.starts_with(b"--- ") || text.starts_with(b"strace: ") {
            return Some(Self::Nothing);
        }
        if let Some(behind) = text.strip_prefix(b"<... ") {
            const MARK: &[u8] = b"resumed>";
            return Some(Self::Resumed(&behind[memchr::memmem::find(behind, MARK)? + MARK.len()..]));
        }
        name_and_rest(text)?;
        Some(match text.strip_suffix(b"<unfinished ...>").or_else(|| text.strip_suffix(b"<detached ...>")) {
            Some(call) => Self::Unfinished(call),
            None => Self::Call(text),
        })
    }
}

impl<'l> Call<'l> {
    /// `None` when it is none, or has no result.
    pub fn parse(text: &'l [u8]) -> Option<Self> {
        let (name, rest) = name_and_rest(text)?;
        let equals = memchr::memmem::rfind(rest, b" = ")?;
        let arguments = rest[..equals].trim_ascii_end().strip_suffix(b")")?;
        Some(Self { name, arguments: arguments.trim_ascii_end(), result: rest[equals + 3..].trim_ascii() })
    }

    /// The arguments; of structures, pieces.
    pub fn words(&self) -> impl Iterator<Item = &'l [u8]> {
        self.arguments.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
    }

    /// The result, if the call did not fail: decimal or hexadecimal, perhaps with a remark behind it.
    pub fn value(&self) -> Option<u64> {
        constant(word(self.result).0)
    }

    /// Whether the result is a number, an error, or not known since the process ended.
    pub fn has_result(&self) -> bool {
        let result = word(self.result).0;
        result == b"?" || constant(result.strip_prefix(b"-").unwrap_or(result)).is_some()
    }
}

/// A number in decimal or with `0x`; `NULL` is 0.
pub(super) fn constant(text: &[u8]) -> Option<u64> {
    if text == b"NULL" {
        return Some(0);
    }
    number::parse_any(text).ok()
}

/// The name of a call, and what is behind the bracket.
fn name_and_rest(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let bracket = memchr::memchr(b'(', text)?;
    let name = &text[..bracket];
    let is_name = name.first().is_some_and(|&byte| byte.is_ascii_alphabetic() || byte == b'_')
        && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| (name, &text[bracket + 1..]))
}

/// `12:34:56.789`, or seconds.
fn parse_time(word: &[u8]) -> Option<Time> {
    if !word.first()?.is_ascii_digit() {
        return None;
    }
    let mut parts = word.split(|&byte| byte == b':');
    let parts = (parts.next()?, parts.next(), parts.next(), parts.next());
    match parts {
        (seconds, None, ..) => {
            let time = nanoseconds(seconds, SECOND)?;
            Some(if time < RELATIVE { Time::Relative(time) } else { Time::Absolute(time) })
        }
        (hours, Some(minutes), Some(seconds), None) => {
            let part = |part, unit: u64| number::parse(part).ok().filter(|&count| count < 60)?.checked_mul(unit);
            let whole = part(hours, 3600 * SECOND)?.checked_add(part(minutes, 60 * SECOND)?)?;
            Some(Time::OfDay(whole.checked_add(nanoseconds(seconds, SECOND)?)?))
        }
        _ => None,
    }
}

/// The next word, and what is behind it without blanks before it.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    (&text[..end], text[end..].trim_ascii_start())
}
