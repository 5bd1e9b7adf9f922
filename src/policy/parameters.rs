//! Parameters of policies: what there is, and what the user gave. The text form is `name:key=value,key=value`.
//!
//! Values are text here; what they mean, and which are allowed, each policy says where it is made.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A parameter of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its key.
    pub key: &'static str,
    /// The value when none is given.
    pub default: &'static str,
    /// What it does and what is allowed, in a few words.
    pub help: &'static str,
}

/// The values given to a policy's parameters; those not given have their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    values: Vec<(&'static str, String)>,
}

impl Arguments {
    /// The arguments in text form, `key=value` separated by commas or semicolons, for a policy with these parameters.
    ///
    /// # Errors
    /// When a key is not one of the parameters, is given twice, or has no value; the text lists the right keys.
    pub fn parse(text: &str, parameters: &[Parameter]) -> Result<Self, String> {
        let mut given: Vec<(&'static str, String)> = Vec::new();
        for item in text.split([',', ';']).map(str::trim).filter(|item| !item.is_empty()) {
            let (key, value) = item.split_once('=').unwrap_or((item, ""));
            let (key, value) = (key.trim(), value.trim());
            let Some(parameter) = parameters.iter().find(|parameter| parameter.key == key) else {
                return Err(no_such_key(key, parameters));
            };
            if value.is_empty() {
                return Err(format!("`{key}` needs a value, for example {key}={}", parameter.default));
            }
            if given.iter().any(|(other, _)| *other == key) {
                return Err(format!("`{key}` is given twice"));
            }
            given.push((parameter.key, value.to_owned()));
        }
        let value_of = |parameter: &Parameter| {
            let given = given.iter().find(|(key, _)| *key == parameter.key);
            given.map_or_else(|| parameter.default.to_owned(), |(_, value)| value.clone())
        };
        Ok(Self { values: parameters.iter().map(|parameter| (parameter.key, value_of(parameter))).collect() })
    }

    /// The value of a parameter.
    ///
    /// # Errors
    /// When the text is not a value of that type; `allowed` says what is.
    ///
    /// # Panics
    /// When the policy has no such parameter.
    pub fn get<T: FromStr>(&self, key: &str, allowed: &str) -> Result<T, String> {
        let (_, value) = self.values.iter().find(|(known, _)| *known == key).expect("a parameter of the policy");
        value.parse().map_err(|_| format!("`{key}={value}` is not allowed: {allowed}"))
    }

    /// The value of a parameter that is a whole number in a range.
    ///
    /// # Errors
    /// When it is not; the text says what is allowed.
    pub fn whole(&self, key: &str, range: RangeInclusive<u64>) -> Result<u64, String> {
        let allowed = format!("a whole number from {} to {}", range.start(), range.end());
        let value = self.get(key, &allowed)?;
        if range.contains(&value) { Ok(value) } else { Err(format!("`{key}={value}` is not allowed: {allowed}")) }
    }

    /// So many frames as a parameter says that is a share of all of them, rounded down.
    ///
    /// # Errors
    /// When the value is not a number from 0 to 1.
    pub fn share_of(&self, frames: u64, key: &str) -> Result<u64, String> {
        let allowed = "a share of the frames, from 0 to 1";
        let share: f64 = self.get(key, allowed)?;
        if !(0.0..=1.0).contains(&share) {
            return Err(format!("`{key}={share}` is not allowed: {allowed}"));
        }
        // 0.29 of 100 is 29, though the nearest binary fraction to 0.29 is a little less.
        Ok((share * frames as f64 + 1e-6) as u64)
    }

    /// What a parameter says that is a number (`500`), or a multiple of the frames (`4x`).
    ///
    /// # Errors
    /// When the value is neither.
    pub fn multiple_of(&self, frames: u64, key: &str) -> Result<u64, String> {
        let allowed = "a whole number, or a multiple of the frames as in 4x";
        let text: String = self.get(key, allowed)?;
        let Some(times) = text.strip_suffix('x') else {
            return self.get(key, allowed);
        };
        match times.parse::<f64>() {
            Ok(times) if (0.0..=1e6).contains(&times) => Ok((times * frames as f64 + 1e-6) as u64),
            _ => Err(format!("`{key}={text}` is not allowed: {allowed}")),
        }
    }

    /// As [`Arguments::multiple_of`], for a number of references: at least 1, and 1 where a small multiple is less.
    ///
    /// # Errors
    /// When the value is neither a number nor a multiple of the frames, or is 0.
    pub fn references(&self, frames: u64, key: &str) -> Result<u64, String> {
        let references = self.multiple_of(frames, key)?;
        // What is nothing of so many frames is nothing of any.
        if references == 0 && self.multiple_of(1 << 40, key)? == 0 {
            return Err(format!("`{key}={}` is not allowed: at least 1", self.get::<String>(key, "")?));
        }
        Ok(references.max(1))
    }

    /// Gives a parameter another value, where the policy has it and its value is `old`.
    pub fn replace(&mut self, key: &str, old: &str, new: &str) {
        if let Some((_, value)) = self.values.iter_mut().find(|(known, value)| *known == key && value == old) {
            new.clone_into(value);
        }
    }
}

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (key, value)) in self.values.iter().enumerate() {
            let separator = if place == 0 { "" } else { ";" };
            write!(f, "{separator}{key}={value}")?;
        }
        Ok(())
    }
}

fn no_such_key(key: &str, parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return format!("`{key}` is not a parameter: the policy has none");
    }
    let keys: Vec<&str> = parameters.iter().map(|parameter| parameter.key).collect();
    format!("`{key}` is not a parameter; there {} {}", if keys.len() == 1 { "is" } else { "are" }, keys.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: [Parameter; 1] = [Parameter { key: "value", default: "0", help: "" }];

    fn given(value: &str) -> Arguments {
        Arguments::parse(&format!("value={value}"), &VALUE).unwrap()
    }

    #[test]
    fn a_whole_number_is_in_its_range() {
        assert_eq!(given("3").whole("value", 3..=5), Ok(3));
        for wrong in ["2", "6", "x", "-1", "3.5"] {
            assert!(given(wrong).whole("value", 3..=5).unwrap_err().contains("from 3 to 5"), "{wrong}");
        }
    }

    #[test]
    fn a_share_is_rounded_down() {
        assert_eq!(given("0.25").share_of(7, "value"), Ok(1));
        assert_eq!(given("0.29").share_of(100, "value"), Ok(29));
        assert_eq!(given("0.8").share_of(1, "value"), Ok(0));
        assert_eq!(given("1").share_of(7, "value"), Ok(7));
        for wrong in ["1.01", "-0.1", "nan", "inf", "half"] {
            assert!(given(wrong).share_of(7, "value").unwrap_err().contains("from 0 to 1"), "{wrong}");
        }
    }

    #[test]
    fn a_multiple_is_of_the_frames() {
        assert_eq!(given("4x").multiple_of(7, "value"), Ok(28));
        assert_eq!(given("0.5x").multiple_of(7, "value"), Ok(3));
        assert_eq!(given("0x").multiple_of(7, "value"), Ok(0));
        assert_eq!(given("500").multiple_of(7, "value"), Ok(500));
        for wrong in ["x", "-1x", "-1", "1.5", "nanx", "infx", "1e9x"] {
            assert!(given(wrong).multiple_of(7, "value").unwrap_err().contains("4x"), "{wrong}");
        }
    }
}
