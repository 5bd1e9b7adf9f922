//! How a trace is to be read: what the user may say about it beside its content.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Bytes of a page where nobody says otherwise.
pub const PAGE_SIZE: u64 = 4096;

/// How a trace is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The name of its format; `None` tells it by the content.
    pub format: Option<String>,
    /// Whether bad and impossible records are counted and skipped. Damage of a container is an error even so.
    pub lenient: bool,
    /// What its addresses mean, in formats that have addresses instead of segments and pages.
    pub addresses: AddressOptions,
}

/// What raw addresses, or the numbers of a trace without processes and segments, mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressOptions {
    /// Bytes of a page; a power of two.
    pub page_size: u64,
    /// Whether references outside shared mappings are kept, as segments of one sharer.
    pub private: bool,
    /// Whether the fetching of instructions counts as reading.
    pub instructions: bool,
    /// Files that say which addresses are shared: logs of strace, copies of `/proc/PID/maps`.
    pub maps: Vec<PathBuf>,
    /// How a trace without segments is cut into some.
    pub cut: Cut,
    /// To how many processes the references of a trace without processes are dealt; at least 1.
    pub sharers: u32,
    /// References in a turn of a process, where several files are one trace and no time orders them; at least 1.
    pub quantum: u64,
    /// What turns and dealing are drawn with.
    pub seed: u64,
    /// Which column is which, in a table without a header.
    pub columns: Option<String>,
}

impl Default for AddressOptions {
    fn default() -> Self {
        Self {
            page_size: PAGE_SIZE,
            private: false,
            instructions: false,
            maps: Vec::new(),
            cut: Cut::Whole,
            sharers: 1,
            quantum: 1000,
            seed: 0,
            columns: None,
        }
    }
}

/// How a trace without segments is cut into some; as typed: `range:64MiB`, `bits:20..31`, `count:8`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// One segment.
    #[default]
    Whole,
    /// Each range of so many bytes is a segment.
    Range(u64),
    /// The segment is the number in these bits of the address, both included, counted from 0 at the low end.
    Bits {
        /// The lowest.
        low: u32,
        /// The highest.
        high: u32,
    },
    /// The distinct pages in the order of their addresses, cut into so many parts of equal size.
    Count(u32),
}

impl fmt::Display for Cut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => out.write_str("count:1"),
            Self::Range(bytes) => write!(out, "range:{bytes}"),
            Self::Bits { low, high } => write!(out, "bits:{low}..{high}"),
            Self::Count(count) => write!(out, "count:{count}"),
        }
    }
}

impl FromStr for Cut {
    type Err = String;

    /// Reads it as typed.
    ///
    /// # Errors
    /// When it is not one of the three, or a number is out of range.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is no cut: use range:SIZE as in range:64MiB, bits:LO..HI, or count:N");
        let (kind, value) = text.split_once(':').ok_or_else(expected)?;
        match kind {
            "range" => Ok(Self::Range(bytes(value).filter(|&bytes| bytes > 0).ok_or_else(expected)?)),
            "bits" => {
                let (low, high) = value.split_once("..").ok_or_else(expected)?;
                let number = |text: &str| text.parse().ok().filter(|&bit: &u32| bit < 64);
                let (low, high) = number(low).zip(number(high)).ok_or_else(expected)?;
                if low > high || high - low >= 32 {
                    return Err(format!(
                        "bits:{low}..{high}: the first bit is the lower one, and 32 bits are the most"
                    ));
                }
                Ok(Self::Bits { low, high })
            }
            "count" => Ok(Self::Count(value.parse().ok().filter(|&count| count > 0).ok_or_else(expected)?)),
            _ => Err(expected()),
        }
    }
}

/// A number of bytes as typed: `4096`, `64KiB`, `2MiB`, `1GiB`.
pub fn bytes(text: &str) -> Option<u64> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];
    let (number, shift) =
        units.iter().find_map(|&(unit, shift)| Some((text.strip_suffix(unit)?, shift))).unwrap_or((text, 0));
    number.trim_end().parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// Whether pages can have so many bytes: a power of two from 256 bytes to 1 GiB.
pub fn is_page_size(bytes: u64) -> bool {
    bytes.is_power_of_two() && (256..=1 << 30).contains(&bytes)
}

/// The size of a page as typed: a power of two from 256 bytes to 1 GiB.
///
/// # Errors
/// When it is not one.
pub fn page_size(text: &str) -> Result<u64, String> {
    let size = bytes(text).filter(|&size| is_page_size(size));
    size.ok_or_else(|| format!("`{text}` is no page size: use a power of two from 256 to 1GiB, as in 4096 or 2MiB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_read_as_typed() {
        assert_eq!("range:64MiB".parse(), Ok(Cut::Range(64 << 20)));
        assert_eq!("bits:20..31".parse(), Ok(Cut::Bits { low: 20, high: 31 }));
        assert_eq!("count:8".parse(), Ok(Cut::Count(8)));
        for text in
            ["", "range", "range:0", "range:x", "bits:3", "bits:9..3", "bits:0..64", "bits:0..40", "count:0", "by:3"]
        {
            assert!(text.parse::<Cut>().is_err(), "{text}");
        }
    }

    #[test]
    fn page_sizes_are_powers_of_two() {
        assert_eq!(page_size("4096"), Ok(4096));
        assert_eq!(page_size("2MiB"), Ok(2 << 20));
        for text in ["", "0", "4095", "128", "2GiB", "-4096", "99999999999999999999", "18446744073709551615KiB"] {
            assert!(page_size(text).is_err(), "{text}");
        }
    }
}
