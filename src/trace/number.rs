//! Whole numbers in text: decimal ones read and written, hexadecimal ones read. What a number counts is not known here.

/// Why a field is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotANumber {
    /// There is nothing in it.
    Missing,
    /// It has other characters than digits.
    Malformed,
    /// It is more than the type holds.
    TooLarge,
}

impl NotANumber {
    /// What is wrong with the field `name`, and what was expected: a number up to `most`.
    pub fn describe(self, name: &str, most: u64) -> String {
        match self {
            Self::Missing => format!("the {name} is missing; a whole number is expected there"),
            Self::Malformed => format!("the {name} is not a whole number from 0 to {most}"),
            Self::TooLarge => format!("the {name} is more than {most}"),
        }
    }
}

/// Reads a number of digits only; blanks around it are no harm.
///
/// # Errors
/// When it is not one.
#[inline]
pub fn parse(field: &[u8]) -> Result<u64, NotANumber> {
    // Up to 19 digits can't overflow; everything else is rare.
    if field.is_empty() || field.len() > 19 {
        return parse_slowly(field);
    }
    let mut number = 0_u64;
    for &byte in field {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return parse_slowly(field);
        }
        number = number * 10 + u64::from(digit);
    }
    Ok(number)
}

#[cold]
fn parse_slowly(field: &[u8]) -> Result<u64, NotANumber> {
    let field = field.trim_ascii();
    if field.is_empty() {
        return Err(NotANumber::Missing);
    }
    if !field.iter().all(u8::is_ascii_digit) {
        return Err(NotANumber::Malformed);
    }
    let digit = |number: u64, byte: &u8| number.checked_mul(10)?.checked_add(u64::from(byte - b'0'));
    field.iter().try_fold(0, digit).ok_or(NotANumber::TooLarge)
}

/// The value of each hexadecimal digit; [`NO_DIGIT`] for every other byte.
pub static DIGITS: [u8; 256] = digits();
/// In place of the value of a digit: it is none.
pub const NO_DIGIT: u8 = 16;

const fn digits() -> [u8; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < NO_DIGIT {
        values[b"0123456789abcdef"[value as usize] as usize] = value;
        values[b"0123456789ABCDEF"[value as usize] as usize] = value;
        value += 1;
    }
    values
}

/// Reads a number of hexadecimal digits only.
///
/// # Errors
/// When it is not one.
#[inline]
pub fn parse_hexadecimal(field: &[u8]) -> Result<u64, NotANumber> {
    if field.is_empty() {
        return Err(NotANumber::Missing);
    }
    let mut number = 0_u64;
    let mut seen = 0;
    for &byte in field {
        let digit = DIGITS[usize::from(byte)];
        seen |= digit;
        number = number << 4 | u64::from(digit & 15);
    }
    if seen & NO_DIGIT != 0 {
        return Err(NotANumber::Malformed);
    }
    if field.len() > 16 && field[..field.len() - 16].iter().any(|&byte| byte != b'0') {
        return Err(NotANumber::TooLarge);
    }
    Ok(number)
}

/// Reads a hexadecimal number with `0x` before it.
///
/// # Errors
/// When it is not one.
#[inline]
pub fn parse_0x(field: &[u8]) -> Result<u64, NotANumber> {
    match strip_0x(field) {
        Some(digits) => parse_hexadecimal(digits),
        None if field.is_empty() => Err(NotANumber::Missing),
        None => Err(NotANumber::Malformed),
    }
}

/// What is wrong with an address.
#[cold]
pub fn bad_address(reason: NotANumber) -> String {
    match reason {
        NotANumber::Missing => "the address is missing".to_owned(),
        NotANumber::Malformed => "the address is not a hexadecimal number".to_owned(),
        NotANumber::TooLarge => format!("the address is more than {:x}", u64::MAX),
    }
}

/// The digits of a hexadecimal number that begins with `0x`.
#[inline]
pub fn strip_0x(text: &[u8]) -> Option<&[u8]> {
    text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"))
}

/// Reads a number in decimal, or in hexadecimal after `0x`.
///
/// # Errors
/// When it is neither.
#[inline]
pub fn parse_any(text: &[u8]) -> Result<u64, NotANumber> {
    strip_0x(text).map_or_else(|| parse(text), parse_hexadecimal)
}

/// Appends a number in decimal.
#[inline]
pub fn append(bytes: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    bytes.extend_from_slice(&digits[start..]);
}
