//! Numbers as people read them, the same in tables and charts.

use crate::metrics::Value;

/// A value of a run as it stands in a table: with commas between thousands if wanted, `-` where there is none.
pub fn value(value: Value, thousands: bool) -> String {
    match value {
        Value::Count(count) if thousands => grouped(count),
        Value::Count(count) => count.to_string(),
        Value::Index(index) => index.map_or_else(|| "-".to_owned(), |index| format!("{index:.4}")),
    }
}

/// `12345` as `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1234` as `1.2 k`, `20_000` as `20 k`: at most two significant digits below 10 of a unit. The blank is a thin one.
pub(super) fn short(number: f64) -> String {
    const UNITS: [(f64, &str); 5] =
        [(1e18, "\u{2009}E"), (1e12, "\u{2009}T"), (1e9, "\u{2009}G"), (1e6, "\u{2009}M"), (1e3, "\u{2009}k")];
    let (size, unit) = UNITS.into_iter().find(|&(size, _)| number.abs() >= size).unwrap_or((1.0, ""));
    format!("{}{unit}", plain(number / size))
}

/// `part` of `whole` as a percentage: `50`, `5.2`, `0.13`.
pub(super) fn percent(part: f64, whole: f64) -> String {
    plain(100.0 * part / whole)
}

/// A rate or a ratio: `0.84`, `1.03`, `12.3`, `0.0021`; never `0` unless it is 0.
pub(super) fn rate(number: f64) -> String {
    let decimals = match number.abs() {
        0.0 => 0,
        // Two significant digits, however small.
        size if size < 0.1 => (1.0 - size.log10().floor()) as usize,
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    format!("{number:.decimals$}")
}

/// What a count is more or less than another, in percent with its sign: `-6.5`, `+1874`, `0` where they are equal. None
/// where the other is 0 and this one is not.
pub(super) fn change(count: u64, other: u64) -> Option<String> {
    if count == other {
        return Some("0".to_owned());
    }
    let percent = 100.0 * (count as f64 - other as f64) / other as f64;
    let decimals = match percent.abs() {
        size if size < 0.1 => 2,
        size if size < 99.95 => 1,
        _ => 0,
    };
    (other > 0).then(|| format!("{percent:+.decimals$}"))
}

/// Pages of so many bytes as a size of memory: `96 MiB`.
pub fn memory(pages: u64, page_size: u64) -> String {
    bytes(pages as f64 * page_size as f64)
}

/// A size of memory: `96 MiB`.
pub fn bytes(bytes: f64) -> String {
    const UNITS: [(&str, i32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let sizes = UNITS.map(|(unit, power)| (unit, 2_f64.powi(power)));
    let (unit, size) = sizes.into_iter().find(|&(_, size)| bytes >= size).unwrap_or(("KiB", 1024.0));
    format!("{} {unit}", plain(bytes / size))
}

/// `1 segment`, `12 segments`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// Two significant digits below 10, whole from there on (one decimal below 100 where it isn't 0); no zeros at the end.
fn plain(number: f64) -> String {
    let decimals = match number.abs() {
        size if size < 1.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_true() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 5.0, 999.0, 1200.0, 2e6].map(short), ["0", "5", "999", "1.2\u{2009}k", "2\u{2009}M"]);
        assert_eq!([(1.0, 2.0), (1.0, 77.0), (1.0, 999.0)].map(|(a, b)| percent(a, b)), ["50", "1.3", "0.1"]);
        assert_eq!([1, 16384, 24576].map(|pages| memory(pages, 4096)), ["4 KiB", "64 MiB", "96 MiB"]);
        assert_eq!([(1, 256), (3, 2 << 20)].map(|(pages, size)| memory(pages, size)), ["0.25 KiB", "6 MiB"]);
    }
}
