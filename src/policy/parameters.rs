//! Parameters of policies: what there is, and what the user gave. The text form is `name:key=value,key=value`.
//!
//! Values are text here; what they mean, and which are allowed, each policy says where it is made.

use std::fmt;
use std::str::FromStr;

use super::Setup;

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

    /// The value of a parameter that is a number of references, at least 1; with an `f` behind it, that many times the
    /// number of frames.
    ///
    /// # Errors
    /// When it is neither.
    ///
    /// # Panics
    /// When the policy has no such parameter.
    pub fn span(&self, key: &str, setup: &Setup) -> Result<u64, String> {
        let allowed = "a number of references, at least 1, or times the frames with an f, as in 16f";
        let value: String = self.get(key, allowed)?;
        let (number, unit) = value.strip_suffix('f').map_or((&*value, 1), |number| (number, setup.frames.max(1)));
        match number.parse::<u64>() {
            Ok(number) if number > 0 => Ok(number.saturating_mul(unit)),
            _ => Err(format!("`{key}={value}` is not allowed: {allowed}")),
        }
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
