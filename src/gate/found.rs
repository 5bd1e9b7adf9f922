//! What there is to compare with a baseline: for each of its runs the row that was replayed or read, or why there is none.

use std::collections::HashMap;

use super::baseline::{Baseline, TraceRecord, key};
use crate::report::counted;
use crate::results::{Results, Row, TraceFacts};

/// What was found of the runs of a baseline.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// For each run of the baseline, in its order, the row found or why there is none.
    pub rows: Vec<Result<Row, String>>,
    /// For each trace of the baseline, in its order, what was found of it.
    pub traces: Vec<Option<TraceFacts>>,
    /// Why whole traces, or all, can't be compared.
    pub obstacles: Vec<String>,
    /// What else a user should know.
    pub notes: Vec<String>,
}

impl Found {
    /// What these traces are to the baseline, before any run is there; `accept` takes other traces for the baseline's. A
    /// trace that is not there is none.
    pub fn of_traces(baseline: &Baseline, traces: Vec<Option<TraceFacts>>, accept: bool) -> Self {
        let mut found = Self::default();
        for (record, facts) in baseline.traces.iter().zip(&traces) {
            let Some(facts) = facts else { continue };
            match record.difference(facts) {
                Some(difference) if accept => found.notes.push(format!("accepted: {difference}")),
                Some(difference) => found.obstacles.push(difference),
                None if record.sha256 != facts.sha256 => {
                    found.notes.push(format!("{} is in another file than it was, with the same content", record.name));
                }
                None => {}
            }
        }
        found.rows = baseline
            .rows
            .iter()
            .map(|row| {
                let place = baseline.traces.iter().position(|record| record.name == row.trace);
                let facts = place.and_then(|place| Some((&baseline.traces[place], traces[place].as_ref()?)));
                match facts {
                    Some((record, facts)) if !accept && record.difference(facts).is_some() => {
                        Err(format!("{} is another trace", row.trace))
                    }
                    _ => Err("it was not replayed".to_owned()),
                }
            })
            .collect();
        found.traces = traces;
        found
    }

    /// The baseline with what was found in place of what it had; runs of which nothing was found stay as they are.
    ///
    /// # Errors
    /// When a trace is another one now and not all its runs were found: a baseline can't have both.
    pub fn update(&self, baseline: &Baseline) -> Result<Baseline, String> {
        let mut traces = baseline.traces.clone();
        for (record, facts) in traces.iter_mut().zip(&self.traces) {
            let Some(facts) = facts else { continue };
            let mut runs = baseline.rows.iter().zip(&self.rows).filter(|(row, _)| row.trace == record.name);
            if record.difference(facts).is_some() && runs.any(|(_, found)| found.is_err()) {
                let trace = &record.name;
                return Err(format!(
                    "{trace} is another trace now and not all its runs are there; make the baseline anew"
                ));
            }
            *record = TraceRecord::new(facts, record.paths.clone());
        }
        let rows = baseline.rows.iter().zip(&self.rows).map(|(row, found)| found.as_ref().unwrap_or(row).clone());
        Baseline::new(baseline.options.clone(), traces, rows.collect())
    }

    /// Whether the run of the baseline at this place is of a trace that can be compared.
    pub fn comparable(&self, baseline: &Baseline, place: usize, accept: bool) -> bool {
        let trace = &baseline.rows[place].trace;
        let of = baseline.traces.iter().zip(&self.traces).find(|(record, _)| record.name == *trace);
        of.is_some_and(|(record, facts)| {
            facts.as_ref().is_some_and(|facts| accept || record.difference(facts).is_none())
        })
    }

    /// What is in results, each with the options it was made with.
    pub fn in_results(baseline: &Baseline, all: &[(Results, Vec<String>)], accept: bool) -> Self {
        let facts_of = |name: &str| {
            let mut facts = all.iter().flat_map(|(results, _)| &results.traces);
            facts.find(|facts| facts.name == name).cloned()
        };
        let traces = baseline.traces.iter().map(|record| facts_of(&record.name)).collect();
        let mut found = Self::of_traces(baseline, traces, accept);
        for (_, options) in all.iter().filter(|(_, options)| *options != baseline.options) {
            found.obstacles.push(format!(
                "other options: the results were made with `{}`, the baseline with `{}`",
                options.join(" "),
                baseline.options.join(" ")
            ));
        }
        let missing =
            if found.obstacles.is_empty() { "it is not in the results" } else { "the results are of another matrix" };
        let same_options = all.iter().filter(|(_, options)| *options == baseline.options);
        let mut rows: HashMap<_, &Row> = HashMap::new();
        let mut doubled = HashMap::new();
        for row in same_options.flat_map(|(results, _)| &results.runs).map(|run| &run.row) {
            if rows.insert(key(row), row).is_some_and(|other| other != row) {
                doubled.insert(key(row), "it is in the results twice, with different counts");
            }
        }
        for (place, row) in baseline.rows.iter().enumerate() {
            let row_found = rows.remove(&key(row));
            if !found.comparable(baseline, place, accept) && found.traces.iter().flatten().any(|f| f.name == row.trace)
            {
                continue;
            }
            found.rows[place] = match (doubled.get(&key(row)), row_found) {
                (Some(&reason), _) => Err(reason.to_owned()),
                (None, Some(row)) => Ok(row.clone()),
                (None, None) => Err(missing.to_owned()),
            };
        }
        if !rows.is_empty() {
            let more = counted(rows.len() as u64, "run of the results is", "runs of the results are");
            found.notes.push(format!("{more} not in the baseline; `clockhand baseline save --from` makes one of all"));
        }
        found
    }
}
