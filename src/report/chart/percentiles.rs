//! Percentile curves at one memory size: pages examined for a swap-out, and references until a page that went is back.

use super::axis::Frame;
use super::counts::line_entries;
use super::curve::{self, Curve, Point};
use super::panel::{self, Along, LEADER, Panel, SAMPLE, along_quantile};
use super::sheet::{self, Key, MARGIN, TOP, WIDTH};
use super::{Chart, Drawn};
use crate::report::block::{Block, Series};
use crate::report::numbers;
use crate::results::{Percentiles, Results, Run};

/// A distribution of a run.
type Distribution = fn(&Run) -> &Percentiles;

const ATTEMPTS: (&str, Distribution) =
    ("Pages examined for a swap-out", |run| &run.distributions.attempts_per_swap_out);
const NEXT_USE: (&str, Distribution) =
    ("References until the page is back", |run| &run.distributions.references_to_next_use);

/// Left of a panel: the labels of its values.
const AXIS: f64 = 66.0;
/// The longest name of a policy.
const LONGEST_NAME: f64 = 190.0;
/// From the top of the sheet's room to the panels: headings.
const HEADINGS: f64 = 54.0;
/// The least height of a panel.
const PANEL: f64 = 480.0;
/// From the panels down to the first line of the key.
const KEY: f64 = 86.0;

/// The curves of a trace. None where no run has any.
pub(super) fn percentiles(_: &Results, block: &Block) -> Option<Chart> {
    let frames = block.telling_size()?;
    let [attempts, next_use] = [ATTEMPTS, NEXT_USE].map(|(_, distribution)| curves(block, frames, distribution));
    if attempts.iter().chain(&next_use).all(|curve| curve.points.is_empty()) {
        return None;
    }
    let size = numbers::counted(frames, "frame", "frames");
    let title = format!("Work for a swap-out and time until the page is back, at {size}: {}", block.name);
    let mut scene = sheet::begin(&title, block);
    let room = panel::widest(&attempts).min(LONGEST_NAME);
    let names = LEADER + SAMPLE + 7.0 + room;
    let (left, right) = (MARGIN + AXIS, WIDTH - MARGIN - names);
    let bottom = TOP + HEADINGS + PANEL.max(panel::height_for(block.series.len()));
    let frame = |left, right| Frame { left, right, top: TOP + HEADINGS, bottom };
    let width = (right - left - AXIS - 16.0) / 2.0;
    let panel = |heading, curves, names| Panel { heading, curves, along: Along::Quantiles, relative: false, names };
    let mut drawn = panel(ATTEMPTS.0, &attempts, None).draw(&mut scene, frame(left, left + width));
    drawn.extend(panel(NEXT_USE.0, &next_use, Some(room)).draw(&mut scene, frame(right - width, right)));
    tell_quantiles(&mut drawn);
    let mut key = Key::new(bottom + KEY);
    line_entries(&mut scene, &mut key, block);
    key.entry(&mut scene, None, "Right: only pages that came back.");
    key.finish(&mut scene);
    Some(Chart::new(title, description(block, frames), scene, drawn).with_looks(&attempts))
}

/// The curve of each policy; one that has none at this size has no points.
fn curves(block: &Block, frames: u64, distribution: Distribution) -> Vec<Curve> {
    let points = |series: &Series| -> Vec<Point> {
        let Some(run) = series.runs.get(&frames) else { return Vec::new() };
        let values = Percentiles::QUANTILES.into_iter().zip(&distribution(run).curve);
        let point = |(quantile, &value): (f64, &u64)| Point {
            at: along_quantile(quantile),
            value: value as f64,
            out_of_memory: false,
        };
        values.map(point).collect()
    };
    let curve = |(series, look): (&Series, _)| Curve { label: series.label.clone(), points: points(series), look };
    block.series.iter().zip(curve::looks(block)).map(curve).collect()
}

/// Puts the quantile in place of how far along it is.
fn tell_quantiles(drawn: &mut [Drawn]) {
    for number in drawn {
        let quantile = Percentiles::QUANTILES.into_iter().find(|&quantile| along_quantile(quantile) >= number.at);
        number.at = quantile.unwrap_or(1.0);
    }
}

/// The curves in words.
fn description(block: &Block, frames: u64) -> String {
    let said = block.series.iter().filter_map(|series| {
        let run = series.runs.get(&frames)?;
        let (attempts, next_use) = (ATTEMPTS.1(run), NEXT_USE.1(run));
        Some(format!(
            "{}: {} and {} pages examined, back after {} references",
            series.label,
            numbers::grouped(attempts.p50),
            numbers::grouped(attempts.p99),
            numbers::grouped(next_use.p50),
        ))
    });
    let said: Vec<String> = said.collect();
    format!(
        "Percentile curves of each policy at {} frames. Median and 99th percentile of pages examined for a swap-out, and \
         median of references until a page that came back was back: {}.",
        numbers::grouped(frames),
        said.join("; "),
    )
}
