//! Two measurements side by side: by how much each policy became faster or slower, and how sure that is.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use super::{PolicySpeed, Speeds, quantile};

/// Draws for each interval.
const RESAMPLES: usize = 2000;
/// The share of the draws that lies outside of the interval, at each end.
const TAIL: f64 = 0.025;

/// A measurement compared with an earlier one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The policies that both have.
    pub ratios: Vec<Ratio>,
    /// Policies that the earlier one alone has.
    pub only_before: Vec<String>,
    /// Policies that the later one alone has.
    pub only_now: Vec<String>,
    /// Whether both were taken on machines of one kind.
    pub same_machine: bool,
}

/// One policy, earlier and now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The policy, with those of its parameters that do not have their default.
    pub policy: String,
    /// References a second earlier, median.
    pub before: u64,
    /// And now.
    pub now: u64,
    /// The rate now as a multiple of the earlier one: below 1 is slower.
    pub ratio: f64,
    /// The lower end of its interval, 95 % by bootstrap.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Instructions of a replay now as a multiple of the earlier ones: above 1 is more. None where the same tool did not count
    /// both.
    pub instructions: Option<f64>,
    /// Whether the results are the same.
    pub same_results: bool,
}

impl Ratio {
    /// The samples that each side needs for an interval that means something.
    pub const FEWEST_SAMPLES: usize = 5;

    /// Whether it is slower by more than so many percent of the earlier rate, wherever in its interval it is.
    pub fn is_slower_by_more_than(&self, percent: f64) -> bool {
        self.high < 1.0 - percent / 100.0
    }

    /// Whether more instructions are needed, by more than so many percent.
    pub fn has_more_instructions_by(&self, percent: f64) -> bool {
        self.instructions.is_some_and(|ratio| ratio > 1.0 + percent / 100.0)
    }
}

/// What a comparison may show before it is one to fail at, in percent; none is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Slower by more than this, over the whole interval.
    pub slower: Option<f64>,
    /// More instructions by more than this.
    pub more_instructions: Option<f64>,
}

/// What limits make of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is beyond its limit, or there is none.
    Fine,
    /// Policies are beyond a limit; the text says which.
    Worse(String),
    /// Speed says nothing, because the results are others or something was not measured; the text says of what.
    NotComparable(String),
}

impl Comparison {
    /// Judges by these limits. Where there is one, results must be the same.
    pub fn verdict(&self, limits: Limits) -> Verdict {
        if limits == Limits::default() {
            return Verdict::Fine;
        }
        if let Some(other) = self.other_results() {
            return Verdict::NotComparable(format!("results are not what they were, so speed says nothing: {other}"));
        }
        if limits.more_instructions.is_some()
            && let Some(missing) = self.named(|ratio| ratio.instructions.is_none())
        {
            let text = format!("instructions were not counted by the same tool, now and before: {missing}");
            return Verdict::NotComparable(text);
        }
        let slower = limits.slower.and_then(|percent| {
            let policies = self.named(|ratio| ratio.is_slower_by_more_than(percent))?;
            Some(format!("slower by more than {percent} %: {policies}"))
        });
        let more = limits.more_instructions.and_then(|percent| {
            let policies = self.named(|ratio| ratio.has_more_instructions_by(percent))?;
            Some(format!("more instructions by more than {percent} %: {policies}"))
        });
        let worse: Vec<String> = slower.into_iter().chain(more).collect();
        if worse.is_empty() { Verdict::Fine } else { Verdict::Worse(worse.join("; ")) }
    }

    /// The policies whose results are not what they were; none when all are.
    pub fn other_results(&self) -> Option<String> {
        self.named(|ratio| !ratio.same_results)
    }

    /// The names of the policies of which something is true; none when it is of none.
    fn named(&self, which: impl Fn(&Ratio) -> bool) -> Option<String> {
        let names: Vec<&str> =
            self.ratios.iter().filter(|ratio| which(ratio)).map(|ratio| ratio.policy.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}

/// Compares a measurement with an earlier one.
///
/// # Errors
/// When they are not of the same replays; each text says what differs.
pub fn compare(before: &Speeds, now: &Speeds) -> Result<Comparison, Vec<String>> {
    let texts = [
        ("the trace (SHA-256)", before.trace.sha256.clone(), now.trace.sha256.clone()),
        ("frames", before.frames.to_string(), now.frames.to_string()),
        ("options", format!("`{}`", before.options.join(" ")), format!("`{}`", now.options.join(" "))),
    ];
    let other = texts.into_iter().filter(|(_, before, now)| before != now);
    let mut differences: Vec<String> =
        other.map(|(what, before, now)| format!("{what}: {before} earlier, {now} now")).collect();
    let same_counter = before.counter == now.counter;
    let mut ratios = Vec::new();
    let (mut only_before, mut only_now) = (Vec::new(), Vec::new());
    for now in &now.policies {
        match before.policies.iter().find(|before| same(before, now)) {
            Some(before) => ratios.push(ratio(before, now, same_counter)),
            None => only_now.push(now.label()),
        }
    }
    for before in &before.policies {
        if !now.policies.iter().any(|now| same(before, now)) {
            only_before.push(before.label());
        }
    }
    if ratios.is_empty() {
        differences.push("no policy is in both".to_owned());
    }
    let same_machine = before.machine == now.machine;
    if differences.is_empty() {
        Ok(Comparison { ratios, only_before, only_now, same_machine })
    } else {
        Err(differences)
    }
}

fn same(one: &PolicySpeed, other: &PolicySpeed) -> bool {
    (&one.policy, &one.params) == (&other.policy, &other.params)
}

fn ratio(before: &PolicySpeed, now: &PolicySpeed, same_counter: bool) -> Ratio {
    let (low, high) = interval(&before.samples, &now.samples);
    let instructions = before.instructions.filter(|&count| count > 0).zip(now.instructions);
    Ratio {
        policy: now.label(),
        before: before.median,
        now: now.median,
        ratio: rounded(now.median as f64 / before.median.max(1) as f64),
        low,
        high,
        instructions: instructions.filter(|_| same_counter).map(|(before, now)| rounded(now as f64 / before as f64)),
        same_results: before.results == now.results,
    }
}

/// Where the ratio of the medians lies: both sides drawn anew from their own samples, many times. The draws are the same at
/// each call.
fn interval(before: &[u64], now: &[u64]) -> (f64, f64) {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(0);
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .map(|_| drawn_median(now, &mut generator) / drawn_median(before, &mut generator).max(1.0))
        .collect();
    ratios.sort_by(f64::total_cmp);
    (rounded(quantile(&ratios, TAIL)), rounded(quantile(&ratios, 1.0 - TAIL)))
}

fn drawn_median(samples: &[u64], generator: &mut impl Rng) -> f64 {
    let count = samples.len() as u64;
    let mut drawn: Vec<f64> = samples.iter().map(|_| samples[(generator.next_u64() % count) as usize] as f64).collect();
    drawn.sort_by(f64::total_cmp);
    quantile(&drawn, 0.5)
}

/// Six figures are more than are known.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_interval_is_narrow_where_samples_agree_and_wide_where_not() {
        let percent = |(low, high): (f64, f64)| ((100.0 * low) as u64, (100.0 * high) as u64);
        assert_eq!(percent(interval(&[200; 7], &[100; 7])), (50, 50));
        let (low, high) = interval(&[95, 100, 100, 101, 103, 104, 110], &[96, 99, 100, 100, 103, 105, 109]);
        assert!(low < 0.97 && low > 0.9 && high > 1.03 && high < 1.1, "{low} {high}");
        assert_eq!(percent(interval(&[100], &[])), (0, 0));
    }

    #[test]
    fn slower_is_said_only_where_the_whole_interval_is() {
        let ratio = |high, instructions| Ratio {
            policy: String::new(),
            before: 100,
            now: 90,
            ratio: 0.9,
            low: 0.88,
            high,
            instructions,
            same_results: true,
        };
        assert!(ratio(0.94, None).is_slower_by_more_than(5.0));
        assert!(!ratio(0.96, None).is_slower_by_more_than(5.0));
        assert!(ratio(1.0, Some(1.02)).has_more_instructions_by(1.0));
        assert!(!ratio(1.0, Some(1.02)).has_more_instructions_by(2.5));
        assert!(!ratio(1.0, None).has_more_instructions_by(0.0));
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_ratio_of_the_medians(
            before in prop::collection::vec(1_u64..1_000_000, 5..12),
            now in prop::collection::vec(1_u64..1_000_000, 5..12),
        ) {
            let median = |samples: &[u64]| {
                let mut sorted: Vec<f64> = samples.iter().map(|&sample| sample as f64).collect();
                sorted.sort_by(f64::total_cmp);
                quantile(&sorted, 0.5)
            };
            let (low, high) = interval(&before, &now);
            let ratio = median(&now) / median(&before);
            prop_assert!(low <= ratio * 1.000_01 && ratio * 0.999_99 <= high, "{low} {ratio} {high}");
        }
    }
}
