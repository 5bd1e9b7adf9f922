//! What a line of valgrind's lackey says.
//!
//! What follows from it for the process is that of [`super::log`].

use memchr::memmem;

use crate::trace::number::DIGITS;

/// A line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'l> {
    /// Valgrind says something; `begins` is said by a program that begins to run.
    Comment { process: Option<u64>, begins: bool },
    /// A system call, or its second part.
    Call { process: u64, thread: u64, text: &'l [u8] },
    /// What became of the call before.
    Outcome(&'l [u8]),
    /// Nothing that is known.
    Unknown,
}

/// What a reference does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `I`: an instruction is fetched.
    Fetch,
    /// `L`.
    Load,
    /// `S`, and `M`, which loads and stores.
    Store,
}

/// A reference to some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub kind: Kind,
    pub address: u64,
    pub bytes: u64,
}

/// The most bytes of a reference: more is taken for damage.
const LARGEST: u64 = 1 << 16;

/// Reads a line as a reference: `I  04000ab0,3`, ` L 1ffeffe4,8`; none where it is no such line.
#[inline]
pub(super) fn reference(line: &[u8]) -> Option<Reference> {
    let kind = match line {
        [b'I', b' ', b' ', ..] => Kind::Fetch,
        [b' ', b'L', b' ', ..] => Kind::Load,
        [b' ', b'S' | b'M', b' ', ..] => Kind::Store,
        _ => return None,
    };
    let (mut address, mut at) = (0_u64, 3);
    let end = loop {
        let byte = *line.get(at)?;
        let value = DIGITS[byte as usize];
        if value > 15 {
            break byte;
        }
        address = address << 4 | u64::from(value);
        at += 1;
    };
    if end != b',' || !(4..=19).contains(&at) {
        return None;
    }
    let digits = &line[at + 1..];
    let mut bytes = 0;
    for &digit in digits {
        bytes = bytes * 10 + u64::from(digit.wrapping_sub(b'0'));
        if !digit.is_ascii_digit() || bytes > LARGEST {
            return None;
        }
    }
    (bytes > 0).then_some(Reference { kind, address, bytes })
}

impl<'l> Line<'l> {
    /// Reads a line that is no reference and not empty.
    pub fn read(line: &'l [u8]) -> Self {
        if let Some(rest) = line.strip_prefix(b"SYSCALL[") {
            return call(rest).unwrap_or(Self::Unknown);
        }
        if let Some(rest) = line.trim_ascii_start().strip_prefix(b"--> ") {
            return Self::Outcome(rest);
        }
        // `==PID== `; with -v also `--PID-- `, and `**PID** ` from the program.
        for mark in [b"==", b"--", b"**"] {
            if let Some(rest) = line.strip_prefix(mark)
                && let (Some(process), rest) = number(rest)
                && let Some(text) = rest.strip_prefix(mark)
            {
                return Self::Comment { process: Some(process), begins: text.starts_with(b" Lackey, ") };
            }
        }
        Self::Unknown
    }
}

/// `PID,TID](NUMBER) TEXT`.
fn call(rest: &[u8]) -> Option<Line<'_>> {
    let (process, rest) = number(rest);
    let (thread, rest) = number(rest.strip_prefix(b",")?);
    let (_, rest) = number(rest.strip_prefix(b"](")?);
    let text = rest.strip_prefix(b")")?.trim_ascii_start();
    Some(Line::Call { process: process?, thread: thread?, text })
}

/// The decimal number at the beginning, and what is behind it.
pub(super) fn number(text: &[u8]) -> (Option<u64>, &[u8]) {
    let digits = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let value = std::str::from_utf8(&text[..digits]).ok().and_then(|digits| digits.parse().ok());
    (value, &text[digits..])
}

/// A number as lackey writes arguments and results, decimal or hexadecimal with `0x`.
fn argument(text: &[u8]) -> Option<u64> {
    match text.strip_prefix(b"0x") {
        Some(digits) => {
            let end = digits.iter().position(|&byte| DIGITS[byte as usize] > 15).unwrap_or(digits.len());
            u64::from_str_radix(std::str::from_utf8(&digits[..end]).ok()?, 16).ok()
        }
        None => number(text).0,
    }
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success(u64),
    Failure,
    /// It is said later.
    Open,
}

/// Reads what is behind `--> `.
pub(super) fn outcome(text: &[u8]) -> Outcome {
    let text =
        [&b"[pre-success] "[..], b"[pre-fail] "].iter().find_map(|mark| text.strip_prefix(*mark)).unwrap_or(text);
    if let Some(value) = text.strip_prefix(b"Success(").and_then(argument) {
        return Outcome::Success(value);
    }
    if text.starts_with(b"Failure(") { Outcome::Failure } else { Outcome::Open }
}

/// The text of a call, taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallText<'l> {
    /// Its name; none in the second part of a call.
    pub name: Option<&'l [u8]>,
    arguments: &'l [u8],
    pub outcome: Outcome,
}

impl<'l> CallText<'l> {
    /// Reads `sys_shmget ( 0, 4096, 896 )[sync] --> Success(0x5) `, or a part of it.
    pub fn read(text: &'l [u8]) -> Self {
        // Behind the last arrow: a file's name may have one in it.
        let arrow = memmem::rfind(text, b" --> ");
        let outcome = arrow.map_or(Outcome::Open, |at| outcome(&text[at + 5..]));
        if text.starts_with(b"... ") {
            return Self { name: None, arguments: b"", outcome };
        }
        let before = &text[..arrow.unwrap_or(text.len())];
        let open = memchr::memchr(b'(', before).unwrap_or(before.len());
        let name = before[..open].trim_ascii_end();
        Self { name: Some(name), arguments: before.get(open + 1..).unwrap_or_default(), outcome }
    }

    /// The arguments that are numbers, as far as there are so many.
    pub fn numbers<const N: usize>(&self) -> Option<[u64; N]> {
        let mut values = [0; N];
        let mut words = self.arguments.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        for value in &mut values {
            *value = argument(words.next()?)?;
        }
        Some(values)
    }

    /// The first name of a file among the arguments: `0x4034bb0(/dev/shm/a)`.
    pub fn path(&self) -> Option<&'l [u8]> {
        let open = memchr::memchr(b'(', self.arguments)?;
        let text = &self.arguments[open + 1..];
        Some(&text[..memchr::memchr(b')', text)?])
    }

    /// The child that a fork made: `... process 7 created child 8`.
    pub fn child(&self) -> Option<u64> {
        const WORDS: &[u8] = b" created child ";
        let at = memmem::find(self.arguments, WORDS)?;
        number(&self.arguments[at + WORDS.len()..]).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_nothing_else_is() {
        let read = |kind, address, bytes| Some(Reference { kind, address, bytes });
        assert_eq!(reference(b"I  04001100,3"), read(Kind::Fetch, 0x0400_1100, 3));
        assert_eq!(reference(b" L 1ffeffe7a0,8"), read(Kind::Load, 0x1f_feff_e7a0, 8));
        assert_eq!(reference(b" S ffffffffffffffff,32"), read(Kind::Store, u64::MAX, 32));
        assert_eq!(reference(b" M 0421cd50,4"), read(Kind::Store, 0x0421_cd50, 4));
        for line in [
            "",
            "I",
            "I  ",
            "I  04001100",
            "I  04001100,",
            "I  04001100,0",
            "I  04001100,x",
            "I  04001100,3 ",
            "I  ,3",
            "I 04001100,3",
            " X 04001100,3",
            "L 04001100,3",
            " L 0x4001100,3",
            " L 04001100 3",
            " L 04001100,65537",
            " L 04001100,99999999999999999999999",
            " L 00000000000000001,3",
        ] {
            assert_eq!(reference(line.as_bytes()), None, "{line:?}");
        }
    }

    #[test]
    fn calls_are_taken_apart() {
        let text = |line: &'static str| match Line::read(line.as_bytes()) {
            Line::Call { process: 7, thread: 2, text } => CallText::read(text),
            other => panic!("{other:?}"),
        };
        let call = text("SYSCALL[7,2](29) sys_shmget ( 0, 262144, 896 )[sync] --> Success(0x8012) ");
        assert_eq!((call.name, call.outcome), (Some(&b"sys_shmget"[..]), Outcome::Success(0x8012)));
        assert_eq!(call.numbers(), Some([0, 262_144, 896]));
        assert_eq!(call.numbers::<4>(), None);
        let call =
            text("SYSCALL[7,2](9) sys_mmap ( 0x1000, 8, 3, 34, 4294967295, 0 ) --> [pre-success] Success(0x4835000) ");
        assert_eq!((call.numbers(), call.outcome), (Some([0x1000, 8, 3, 34]), Outcome::Success(0x483_5000)));
        let call = text("SYSCALL[7,2](61) sys_wait4 ( 4294967295, 0x0, 0, 0x0 ) --> [async] ... ");
        assert_eq!((call.name, call.outcome), (Some(&b"sys_wait4"[..]), Outcome::Open));
        let call = text("SYSCALL[7,2](61) ... [async] --> Success(0x3a42) ");
        assert_eq!((call.name, call.outcome), (None, Outcome::Success(0x3a42)));
        let call = text("SYSCALL[7,2](56) sys_clone ( 1200011, 0x0 )   clone(fork): process 7 created child 8");
        assert_eq!((call.child(), call.outcome), (Some(8), Outcome::Open));
        let call = text("SYSCALL[7,2](257) sys_openat ( 42, 0x1f(/dev/shm/a --> Success(0x1)), 5 ) --> [async] ... ");
        assert_eq!((call.path(), call.outcome), (Some(&b"/dev/shm/a --> Success(0x1"[..]), Outcome::Open));
        let call = text("SYSCALL[7,2](231) exit_group( 0 ) --> [pre-success] Success(0x0) ");
        assert_eq!((call.name, call.outcome), (Some(&b"exit_group"[..]), Outcome::Success(0)));
        let call = text("SYSCALL[7,2](21) sys_access ( 0x402a2a0(/etc/x), 4 )[sync] --> Failure(0x2) ");
        assert_eq!(call.outcome, Outcome::Failure);
    }

    #[test]
    fn other_lines_are_told_apart() {
        let comment = |process, begins| Line::Comment { process: Some(process), begins };
        assert_eq!(Line::read(b"==14909== Lackey, an example Valgrind tool"), comment(14909, true));
        assert_eq!(Line::read(b"==14909== "), comment(14909, false));
        assert_eq!(Line::read(b"--5-- Reading syms"), comment(5, false));
        assert_eq!(Line::read(b"**5** hello"), comment(5, false));
        assert_eq!(Line::read(b" --> [pre-success] Success(0x0) "), Line::Outcome(b"[pre-success] Success(0x0) "));
        for line in ["==x== Lackey", "== 5 ==", "SYSCALL[5](3) sys_close ( 4 )", "SYSCALL[", "hello", "-5-", "==5"] {
            assert_eq!(Line::read(line.as_bytes()), Line::Unknown, "{line}");
        }
    }
}
