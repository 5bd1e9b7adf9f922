//! How much worse a metric may be without failing. If nothing is said: not at all.

use std::fmt;
use std::str::FromStr;

use crate::metrics::{METRICS, Metric, Worse};

/// How much worse one metric may be, as typed: `swap_outs=100`, `swap_outs=1%`, `all=0.5%`.
#[derive(Clone, Debug)]
pub struct Limit {
    /// The metric; none is all that have no limit of their own.
    metric: Option<&'static Metric>,
    amount: Amount,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Amount {
    /// So much, in the metric's own unit.
    Absolute(f64),
    /// A share of what it was, in percent.
    Percent(f64),
}

impl Amount {
    /// Whether this much worse than `before` is within it.
    fn allows(self, before: f64, worse_by: f64) -> bool {
        // Decimals have no exact binary form: 0.97 is 0.01 and a little more from 0.96.
        let at_most = |value: f64, most: f64| value <= most * (1.0 + 1e-9);
        match self {
            Self::Absolute(most) => at_most(worse_by, most),
            Self::Percent(most) => at_most(100.0 * worse_by, most * before),
        }
    }
}

impl FromStr for Limit {
    type Err = String;

    /// Reads it as typed.
    ///
    /// # Errors
    /// When there is no such metric, it has no worse side, or the amount is no number from 0 on.
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("`{text}` is no limit; write METRIC=COUNT or METRIC=PERCENT%, as in swap_outs=1%");
        let (name, amount) = text.split_once('=').ok_or_else(wanted)?;
        let amount = amount.trim();
        let (number, percent) = amount.strip_suffix('%').map_or((amount, false), |number| (number.trim_end(), true));
        let digits = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: f64 = number.parse().ok().filter(|_| digits).ok_or_else(wanted)?;
        let amount = if percent { Amount::Percent(number) } else { Amount::Absolute(number) };
        let metric = match name.trim() {
            "all" => None,
            name => Some(limited().find(|metric| metric.name == name).ok_or_else(|| unknown(name))?),
        };
        Ok(Self { metric, amount })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.metric.map_or("all", |metric| metric.name);
        match self.amount {
            Amount::Absolute(most) => write!(f, "{name}={most}"),
            Amount::Percent(most) => write!(f, "{name}={most}%"),
        }
    }
}

/// The metrics that can have a limit.
fn limited() -> impl Iterator<Item = &'static Metric> {
    METRICS.iter().filter(|metric| metric.worse != Worse::Neither)
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = limited().map(|metric| metric.name).collect();
    format!("there is no limit for `{name}`; there are {}, and all", names.join(", "))
}

/// All limits of a check.
#[derive(Clone, Debug, Default)]
pub struct Limits(Vec<Limit>);

impl Limits {
    /// These limits. Where a metric has several, it is enough to be within one of them; where it has any, those of `all` are
    /// not for it.
    pub fn new(limits: Vec<Limit>) -> Self {
        Self(limits)
    }

    /// Whether a metric that is worse by so much than `before` is within its limits.
    pub fn tolerate(&self, metric: &Metric, before: f64, worse_by: f64) -> bool {
        let own = |limit: &&Limit| limit.metric.is_some_and(|other| other.name == metric.name);
        let any = self.0.iter().any(|limit| own(&limit));
        let mut limits = self.0.iter().filter(|limit| if any { own(limit) } else { limit.metric.is_none() });
        limits.any(|limit| limit.amount.allows(before, worse_by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str) -> &'static Metric {
        METRICS.iter().find(|metric| metric.name == name).unwrap()
    }

    fn limits(texts: &[&str]) -> Limits {
        Limits::new(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn limits_are_read_as_typed_and_nonsense_is_refused() {
        for text in ["swap_outs=100", "fairness=0.01", "all=1.5%"] {
            assert_eq!(text.parse::<Limit>().unwrap().to_string(), text);
        }
        for text in ["", "swap_outs", "swap_outs=", "swap_outs=-1", "swap_outs=x%", "all=nan", "all=1e3", "all=inf"] {
            assert!(text.parse::<Limit>().unwrap_err().contains("METRIC=COUNT"), "{text}");
        }
        for text in ["swaps=1", "references=1", "frames=1", "=1"] {
            assert!(text.parse::<Limit>().unwrap_err().contains("swap_outs, dirty_swap_outs"), "{text}");
        }
    }

    #[test]
    fn it_is_enough_to_be_within_one_limit_and_own_limits_come_before_those_of_all() {
        let swap_outs = metric("swap_outs");
        assert!(!limits(&[]).tolerate(swap_outs, 1000.0, 1.0));
        assert!(limits(&["swap_outs=1%"]).tolerate(swap_outs, 1000.0, 10.0));
        assert!(!limits(&["swap_outs=1%"]).tolerate(swap_outs, 1000.0, 11.0));
        assert!(limits(&["swap_outs=1%", "swap_outs=11"]).tolerate(swap_outs, 1000.0, 11.0));
        assert!(!limits(&["swap_outs=99%"]).tolerate(swap_outs, 0.0, 1.0), "nothing is a share of nothing");
        assert!(limits(&["all=5"]).tolerate(swap_outs, 1000.0, 5.0));
        assert!(!limits(&["all=5", "swap_outs=4"]).tolerate(swap_outs, 1000.0, 5.0));
        assert!(!limits(&["hits=5"]).tolerate(swap_outs, 1000.0, 1.0));
        assert!(limits(&["fairness=0.01"]).tolerate(metric("fairness"), 0.97, 0.97 - 0.96));
    }
}
