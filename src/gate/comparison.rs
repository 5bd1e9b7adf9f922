//! The verdict: run for run and metric for metric, what is equal, better, worse, or can't be compared.

use std::cmp::Ordering;

use serde::Serialize;

use super::baseline::Baseline;
use super::found::Found;
use super::limits::Limits;
use crate::metrics::{METRICS, Metric, Value, Worse};
use crate::policy::registry;
use crate::results::Row;

/// How a metric, a run or all of them stand to the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// To the last digit.
    Equal,
    /// Nothing is worse and something is better.
    Better,
    /// Something is worse, and within its limits.
    WithinLimits,
    /// Something is worse than its limits allow.
    Worse,
    /// There is nothing to compare, or it is of something else.
    NotComparable,
}

impl Standing {
    /// In a word or two.
    pub fn words(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Better => "better",
            Self::WithinLimits => "worse within limits",
            Self::Worse => "worse",
            Self::NotComparable => "not comparable",
        }
    }
}

/// A metric that is not what it was.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Which one.
    #[serde(rename = "metric", serialize_with = "name")]
    pub metric: &'static Metric,
    /// What it was.
    pub before: Value,
    /// What it is.
    pub after: Value,
    /// How it stands: better, worse within limits, or worse.
    pub standing: Standing,
    /// The change as a share of what it was and a thousandth of the references, so that a small count that doubles does not
    /// come before a large one that grows. What the order of changes goes by.
    #[serde(skip)]
    pub weight: f64,
}

fn name<S: serde::Serializer>(metric: &Metric, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(metric.name)
}

impl Change {
    /// The change in percent of what it was; none where it was 0.
    pub fn percent(&self) -> Option<f64> {
        let (before, after) = (self.before.number(), self.after.number());
        (before != 0.0).then(|| 100.0 * (after - before) / before)
    }
}

/// A run of the baseline and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedRun {
    /// The name of the trace.
    pub trace: String,
    /// The policy with those of its parameters that do not have their default.
    #[serde(skip)]
    pub label: String,
    /// The name of the policy.
    pub policy: String,
    /// Its parameters, as in the rows.
    pub params: String,
    /// Frames of memory.
    pub frames: u64,
    /// The line of the baseline's file.
    pub line: usize,
    /// How it stands.
    pub standing: Standing,
    /// Why it can't be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The metrics that are not what they were, in the order of the columns.
    pub changes: Vec<Change>,
    /// The row that was found.
    #[serde(skip)]
    pub found: Option<Row>,
}

/// How many runs stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Equal.
    pub equal: u64,
    /// Better.
    pub better: u64,
    /// Worse within their limits.
    pub within_limits: u64,
    /// Worse.
    pub worse: u64,
    /// Not comparable.
    pub not_comparable: u64,
}

/// The whole comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The version of this schema, [`Comparison::SCHEMA`].
    pub schema: u32,
    /// The version of clockhand.
    pub version: String,
    /// The file of the baseline.
    pub baseline: String,
    /// How all stand together: worse if any run is, else not comparable if any is not, and so on.
    pub standing: Standing,
    /// How many runs stand how.
    pub tally: Tally,
    /// Why whole traces, or all, can't be compared.
    pub obstacles: Vec<String>,
    /// What else there is to know.
    pub notes: Vec<String>,
    /// The runs of the baseline, in its order.
    pub runs: Vec<ComparedRun>,
}

impl Comparison {
    /// The version of the schema of the JSON; raised whenever a field changes its meaning or goes away.
    pub const SCHEMA: u32 = 1;

    /// Compares what was found with the baseline in the file of this name.
    pub fn new(file: &str, baseline: &Baseline, found: &Found, limits: &Limits) -> Self {
        let pairs = baseline.rows.iter().zip(&found.rows).enumerate();
        let runs: Vec<ComparedRun> =
            pairs.map(|(place, (row, found))| run(baseline.line(place), row, found, limits)).collect();
        let count = |standing| runs.iter().filter(|run| run.standing == standing).count() as u64;
        let tally = Tally {
            equal: count(Standing::Equal),
            better: count(Standing::Better),
            within_limits: count(Standing::WithinLimits),
            worse: count(Standing::Worse),
            not_comparable: count(Standing::NotComparable),
        };
        let standing = match tally {
            Tally { worse: 1.., .. } => Standing::Worse,
            Tally { not_comparable: 1.., .. } => Standing::NotComparable,
            _ if !found.obstacles.is_empty() => Standing::NotComparable,
            Tally { within_limits: 1.., .. } => Standing::WithinLimits,
            Tally { better: 1.., .. } => Standing::Better,
            Tally { .. } => Standing::Equal,
        };
        Self {
            schema: Self::SCHEMA,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            baseline: file.to_owned(),
            standing,
            tally,
            obstacles: found.obstacles.clone(),
            notes: found.notes.clone(),
            runs,
        }
    }

    /// All changes of this standing with their runs, the greatest first.
    pub fn ranked(&self, standing: Standing) -> Vec<(&ComparedRun, &Change)> {
        let runs = self.runs.iter().filter(|run| run.standing != Standing::NotComparable);
        let changes = runs.flat_map(|run| run.changes.iter().map(move |change| (run, change)));
        let mut ranked: Vec<_> = changes.filter(|(_, change)| change.standing == standing).collect();
        ranked.sort_by(|(_, a), (_, b)| b.weight.partial_cmp(&a.weight).unwrap_or(Ordering::Equal));
        ranked
    }

    /// The reasons why runs can't be compared, in the order of the runs, each with its runs.
    pub fn reasons(&self) -> Vec<(&str, Vec<&ComparedRun>)> {
        let mut reasons: Vec<(&str, Vec<&ComparedRun>)> = Vec::new();
        for run in &self.runs {
            let Some(reason) = &run.reason else { continue };
            match reasons.iter_mut().find(|(other, _)| other == reason) {
                Some((_, runs)) => runs.push(run),
                None => reasons.push((reason, vec![run])),
            }
        }
        reasons
    }
}

fn run(line: usize, row: &Row, found: &Result<Row, String>, limits: &Limits) -> ComparedRun {
    let mut run = ComparedRun {
        trace: row.trace.clone(),
        label: registry::label(&row.policy, &row.params),
        policy: row.policy.clone(),
        params: row.params.clone(),
        frames: row.frames,
        line,
        standing: Standing::Equal,
        reason: None,
        changes: Vec::new(),
        found: found.as_ref().ok().cloned(),
    };
    let reason = match found {
        Ok(found) => not_comparable(row, found),
        Err(reason) => Some(reason.clone()),
    };
    if reason.is_some() {
        return ComparedRun { standing: Standing::NotComparable, reason, ..run };
    }
    if let Ok(found) = found {
        run.changes = METRICS.iter().filter_map(|metric| change(metric, row, found, limits)).collect();
    }
    let any = |standing| run.changes.iter().any(|change| change.standing == standing);
    let order = [Standing::Worse, Standing::WithinLimits, Standing::Better];
    run.standing = order.into_iter().find(|&standing| any(standing)).unwrap_or(Standing::Equal);
    run
}

/// In what two rows are of different runs.
fn not_comparable(before: &Row, after: &Row) -> Option<String> {
    if before.params != after.params {
        return Some(format!("its parameters are `{}`, they were `{}`", after.params, before.params));
    }
    if before.sight != after.sight {
        return Some(format!("its sight is `{}`, it was `{}`", after.sight, before.sight));
    }
    let neither = METRICS.iter().filter(|metric| metric.worse == Worse::Neither);
    let mut values = neither.map(|metric| (metric.name, (metric.value)(before), (metric.value)(after)));
    let (name, before, after) = values.find(|(_, before, after)| before != after)?;
    Some(format!("it has {} {name}, it had {}", after.number(), before.number()))
}

fn change(metric: &'static Metric, row: &Row, found: &Row, limits: &Limits) -> Option<Change> {
    let (before, after) = ((metric.value)(row), (metric.value)(found));
    let more = after.number() - before.number();
    if more == 0.0 {
        return None;
    }
    let worse_by = if metric.worse == Worse::Less { -more } else { more };
    let standing = if worse_by < 0.0 {
        Standing::Better
    } else if limits.tolerate(metric, before.number(), worse_by) {
        Standing::WithinLimits
    } else {
        Standing::Worse
    };
    let floor = if matches!(before, Value::Count(_)) { row.references as f64 / 1000.0 } else { 0.0 };
    let weight = more.abs() / (before.number() + floor).max(f64::MIN_POSITIVE);
    Some(Change { metric, before, after, standing, weight })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::TraceRecord;
    use proptest::prelude::*;
    use serde_json::json;

    /// The columns that are worse when there is more of them; `hits` and `fairness` are worse when there is less.
    const MORE_IS_WORSE: [&str; 10] = [
        "minor_faults",
        "zero_faults",
        "swap_ins",
        "swap_outs",
        "dirty_swap_outs",
        "ptes_invalidated",
        "wasted_invalidations",
        "swap_attempts",
        "failed_scans",
        "out_of_memory",
    ];

    /// A row in which every count is this, but for some columns.
    fn row(count: u64, columns: &[(&str, serde_json::Value)]) -> Row {
        let mut row = json!({"trace": "a", "policy": "lru", "params": "", "sight": "refs", "frames": 8, "references": 1000,
            "hits": count, "fairness": 0.5});
        for name in MORE_IS_WORSE {
            row[name] = count.into();
        }
        for (name, value) in columns {
            row[*name] = value.clone();
        }
        serde_json::from_value(row).unwrap()
    }

    fn compared(before: Row, after: Row, limits: &[&str]) -> Comparison {
        let trace = TraceRecord { name: "a".into(), sha256: "1".into(), ..TraceRecord::default() };
        let baseline = Baseline::new(Vec::new(), vec![trace], vec![before]).unwrap();
        let found = Found { rows: vec![Ok(after)], traces: vec![None], ..Found::default() };
        let limits = Limits::new(limits.iter().map(|text| text.parse().unwrap()).collect());
        Comparison::new("b.csv", &baseline, &found, &limits)
    }

    #[test]
    fn each_metric_is_worse_on_its_own_side() {
        for (name, worse, better) in MORE_IS_WORSE
            .map(|name| (name, json!(101), json!(99)))
            .into_iter()
            .chain([("hits", json!(99), json!(101)), ("fairness", json!(0.4999), json!(0.5001))])
        {
            for (value, standing) in [(worse, Standing::Worse), (better, Standing::Better)] {
                let comparison = compared(row(100, &[]), row(100, &[(name, value.clone())]), &[]);
                assert_eq!(comparison.standing, standing, "{name} {value}");
                let [change] = &comparison.runs[0].changes[..] else { panic!("{name} alone has changed") };
                assert_eq!((change.metric.name, change.standing), (name, standing));
            }
        }
        let other = compared(row(100, &[]), row(100, &[("references", json!(1001))]), &[]);
        assert_eq!(other.standing, Standing::NotComparable);
    }

    #[test]
    fn fairness_is_compared_as_it_is_written_and_without_it_all_is_even() {
        let standing =
            |before, after| compared(row(0, &[("fairness", before)]), row(0, &[("fairness", after)]), &[]).standing;
        assert_eq!(standing(json!(0.12341), json!(0.12343)), Standing::Equal);
        for millionths in (0..1_000_000).step_by(50) {
            let exact = row(1, &[("fairness", json!(f64::from(millionths) / 1e6))]);
            let mut text = Vec::new();
            crate::report::csv::write([&exact], &mut text).unwrap();
            let kept = crate::report::csv::read_rows(&text[..]).unwrap().remove(0);
            let comparison = compared(kept, exact, &[]);
            assert_eq!(comparison.standing, Standing::Equal, "{millionths}");
        }
        assert_eq!(standing(json!(null), json!(1.0)), Standing::Equal);
        assert_eq!(standing(json!(null), json!(0.9)), Standing::Worse);
        assert_eq!(standing(json!(0.9), json!(null)), Standing::Better);
    }

    #[test]
    fn the_greatest_changes_come_first_and_small_counts_do_not_shout() {
        let after = row(100, &[("failed_scans", json!(102)), ("swap_outs", json!(150)), ("hits", json!(99))]);
        let before = row(100, &[("failed_scans", json!(0))]);
        let comparison = compared(Row { failed_scans: 100, ..before }, after, &[]);
        let ranked: Vec<&str> =
            comparison.ranked(Standing::Worse).iter().map(|(_, change)| change.metric.name).collect();
        assert_eq!(ranked, ["swap_outs", "failed_scans", "hits"]);
        let comparison = compared(
            row(0, &[("swap_outs", json!(1000))]),
            row(0, &[("swap_outs", json!(9000)), ("failed_scans", json!(2))]),
            &[],
        );
        let ranked: Vec<&str> =
            comparison.ranked(Standing::Worse).iter().map(|(_, change)| change.metric.name).collect();
        assert_eq!(ranked, ["swap_outs", "failed_scans"]);
    }

    proptest! {
        #[test]
        fn a_second_way_to_compare_gives_the_same(
            before in prop::array::uniform12(0u64..40), after in prop::array::uniform12(0u64..40),
            limit in prop::option::of(0u64..30), percent in prop::option::of(0u32..80),
        ) {
            let all = |values: [u64; 12]| {
                let names = MORE_IS_WORSE.into_iter().chain(["hits"]);
                let mut columns: Vec<_> = names.zip(values).map(|(name, value)| (name, json!(value))).collect();
                columns.push(("fairness", json!(values[11] as f64 / 40.0)));
                row(0, &columns)
            };
            let texts: Vec<String> = limit.map(|limit| format!("all={limit}")).into_iter()
                .chain(percent.map(|percent| format!("all={percent}%"))).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let run = &compared(all(before), all(after), &texts).runs[0];
            let (mut worst, mut changed) = (0, 0);
            for place in 0..12 {
                let (old, new) = (before[place], after[place]);
                let (good, bad) = if place < 10 { (new < old, new > old) } else { (new > old, new < old) };
                changed += usize::from(good || bad);
                // A share of 40 is a fortieth of the one unit that an absolute limit counts in.
                let unit = if place < 11 { 1.0 } else { 40.0 };
                let by = old.abs_diff(new) as f64 / unit;
                let within = limit.is_some_and(|limit| by <= limit as f64)
                    || percent.is_some_and(|percent| by * 100.0 <= f64::from(percent) * (old as f64 / unit) + 1e-9);
                worst = worst.max(match (good, bad, within) { (true, ..) => 1, (_, true, true) => 2, (_, true, false) => 3, _ => 0 });
            }
            let expected = [Standing::Equal, Standing::Better, Standing::WithinLimits, Standing::Worse][worst];
            prop_assert_eq!(run.standing, expected);
            prop_assert_eq!(run.changes.len(), changed);
        }
    }
}
