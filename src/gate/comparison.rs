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
    let texts = [("parameters", &before.params, &after.params), ("sight", &before.sight, &after.sight)];
    let text = texts.into_iter().find(|(_, before, after)| before != after);
    if let Some((what, before, after)) = text {
        return Some(format!("its {what} are `{after}`, they were `{before}`"));
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
