//! Times in text: seconds with a fraction, to nanoseconds.

/// Nanoseconds in a second.
pub(crate) const SECOND: u64 = 1_000_000_000;

/// The nanoseconds of a number with or without a fraction, whose whole part counts units of so many nanoseconds: of
/// `2146.556794` with [`SECOND`], 2,146,556,794,000. `None` when it is none, or too large.
pub(crate) fn nanoseconds(text: &[u8], unit: u64) -> Option<u64> {
    let dot = memchr::memchr(b'.', text).unwrap_or(text.len());
    let whole = super::number::parse(&text[..dot]).ok()?.checked_mul(unit)?;
    let digits = text.get(dot + 1..).unwrap_or_default();
    if dot + 1 == text.len() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut place = unit;
    let mut fraction = 0;
    for digit in digits {
        place /= 10;
        fraction += u64::from(digit - b'0') * place;
    }
    whole.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_nanoseconds() {
        assert_eq!(nanoseconds(b"2146.556794", SECOND), Some(2_146_556_794_000));
        assert_eq!(nanoseconds(b"0.123456789999", SECOND), Some(123_456_789));
        assert_eq!(nanoseconds(b"7", SECOND), Some(7 * SECOND));
        assert_eq!(nanoseconds(b"10.187", 1_000_000), Some(10_187_000));
        for text in ["", ".", "1.", ".5", "1.x", "-1.0", "1e9", "1.5.5", "18446744074.0", "99999999999999999999"] {
            assert_eq!(nanoseconds(text.as_bytes(), SECOND), None, "{text}");
        }
    }
}
