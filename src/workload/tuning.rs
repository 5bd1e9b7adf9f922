//! The parameters that only some patterns have.

use std::fmt;
use std::str::FromStr;

use super::layout::Sharing;

/// Where the pages that are special (the hot ones, the high ranks) lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Anywhere: a seeded permutation of the pages.
    Scattered,
    /// At the front, in the order of their rank.
    InOrder,
}

impl fmt::Display for Placement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Scattered => "scattered",
            Self::InOrder => "in-order",
        })
    }
}

impl FromStr for Placement {
    type Err = String;

    /// Reads it as typed.
    ///
    /// # Errors
    /// When it is neither of the two words.
    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Scattered, Self::InOrder];
        let found = all.into_iter().find(|placement| placement.to_string() == text);
        found.ok_or_else(|| format!("`{text}` is no placement: use scattered or in-order"))
    }
}

/// The parameters that only some patterns have: as given, or as a pattern's defaults, which are there for exactly those it
/// has.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tuning {
    /// How many processes share a segment.
    pub sharing: Option<Sharing>,
    /// The share of references that write, from 0 to 1.
    pub write_fraction: Option<f64>,
    /// The exponent of Zipf's law, from 0 to 10.
    pub skew: Option<f64>,
    /// The share of pages that are hot, from 0 to 1.
    pub hot_pages: Option<f64>,
    /// The share of references that go to these, from 0 to 1.
    pub hot_references: Option<f64>,
    /// References of a phase; at least 1.
    pub phase: Option<u64>,
    /// Pages of one scan; at least 1.
    pub run: Option<u64>,
    /// References in a row to each page of a scan; at least 1.
    pub touches: Option<u64>,
    /// Where hot pages lie.
    pub placement: Option<Placement>,
}

impl Tuning {
    /// No parameter at all.
    pub const NONE: Self = Self {
        sharing: None,
        write_fraction: None,
        skew: None,
        hot_pages: None,
        hot_references: None,
        phase: None,
        run: None,
        touches: None,
        placement: None,
    };

    /// The option of each parameter, and its value if it has one.
    pub fn options(&self) -> [(&'static str, Option<String>); 9] {
        fn text<T: ToString>(value: Option<T>) -> Option<String> {
            value.map(|value| value.to_string())
        }
        [
            ("--sharing", text(self.sharing)),
            ("--write-fraction", text(self.write_fraction)),
            ("--skew", text(self.skew)),
            ("--hot-pages", text(self.hot_pages)),
            ("--hot-references", text(self.hot_references)),
            ("--phase", text(self.phase)),
            ("--run", text(self.run)),
            ("--touches", text(self.touches)),
            ("--placement", text(self.placement)),
        ]
    }

    /// What is given, or else the pattern's default.
    ///
    /// # Errors
    /// When something is given that the pattern does not have, or is out of range.
    pub(super) fn over(&self, pattern: &str, defaults: &Self) -> Result<Self, String> {
        let known = defaults.options();
        for (given, known_one) in self.options().iter().zip(&known) {
            if given.1.is_some() && known_one.1.is_none() {
                let names: Vec<&str> =
                    known.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
                return Err(format!("{pattern} has no {}; it has {}", given.0, names.join(", ")));
            }
        }
        let tuning = Self {
            sharing: self.sharing.or(defaults.sharing),
            write_fraction: self.write_fraction.or(defaults.write_fraction),
            skew: self.skew.or(defaults.skew),
            hot_pages: self.hot_pages.or(defaults.hot_pages),
            hot_references: self.hot_references.or(defaults.hot_references),
            phase: self.phase.or(defaults.phase),
            run: self.run.or(defaults.run),
            touches: self.touches.or(defaults.touches),
            placement: self.placement.or(defaults.placement),
        };
        tuning.check()?;
        Ok(tuning)
    }

    fn check(&self) -> Result<(), String> {
        let fractions = [
            ("--write-fraction", self.write_fraction, 1.0),
            ("--hot-pages", self.hot_pages, 1.0),
            ("--hot-references", self.hot_references, 1.0),
            ("--skew", self.skew, 10.0),
        ];
        for (name, value, most) in fractions {
            if let Some(value) = value.filter(|value| !(0.0..=most).contains(value)) {
                return Err(format!("{name} {value}: from 0 to {most}"));
            }
        }
        let numbers = [("--phase", self.phase), ("--run", self.run), ("--touches", self.touches)];
        match numbers.iter().find(|(_, value)| *value == Some(0)) {
            Some((name, _)) => Err(format!("{name} 0: at least 1")),
            None => Ok(()),
        }
    }
}

/// A share of so many pages: at least one page, and at most all.
pub(super) fn share_of(pages: u64, fraction: f64) -> u64 {
    ((pages as f64 * fraction).round() as u64).clamp(1, pages.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_does_not_have_or_is_out_of_range_is_refused() {
        let defaults = Tuning { skew: Some(1.0), phase: Some(10), ..Tuning::NONE };
        let over = |given: Tuning| given.over("zipf", &defaults);
        assert_eq!(over(Tuning { skew: Some(0.5), ..Tuning::NONE }).unwrap().skew, Some(0.5));
        assert_eq!(over(Tuning::NONE).unwrap(), defaults);
        let refused = [
            (Tuning { run: Some(3), ..Tuning::NONE }, "zipf has no --run; it has --skew, --phase"),
            (Tuning { skew: Some(10.5), ..Tuning::NONE }, "--skew 10.5: from 0 to 10"),
            (Tuning { skew: Some(f64::NAN), ..Tuning::NONE }, "--skew NaN"),
            (Tuning { phase: Some(0), ..Tuning::NONE }, "--phase 0"),
        ];
        for (given, words) in refused {
            assert!(over(given).is_err_and(|error| error.contains(words)), "{words}");
        }
        for placement in [Placement::Scattered, Placement::InOrder] {
            assert_eq!(placement.to_string().parse(), Ok(placement));
        }
    }
}
