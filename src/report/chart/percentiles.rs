//! Percentile curves at one memory size: pages examined for a swap-out, and references until a page that went is back.

use super::along::{Along, along_quantile};
use super::axis::Frame;
use super::counts::line_entries;
use super::curve::{self, Curve, Look, Point};
use super::panel::{self, LEADER, Panel, SAMPLE};
use super::sheet::{self, Key, MARGIN, TOP, WIDTH};
use super::victim_cost::size_note;
use super::{Chart, Drawn};
use crate::policy::Sight;
use crate::report::block::{Block, Series};
use crate::report::numbers;
use crate::results::{Percentiles, Results, Run};

/// Up to as many policies are all drawn in their own looks.
const FEW: usize = 9;
/// Of more policies so many that a kernel could run are, those with the fewest swap-outs; so many that only a simulator can
/// run; and the reference and the first bound.
const REALISABLE: usize = 5;
const SIMULATED: usize = 2;

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
const HEADINGS: f64 = 44.0;
/// The height of a panel.
const PANEL: f64 = 440.0;
/// From the panels down to the first line of the key.
const KEY: f64 = 86.0;

/// The curves of a trace. None where no run has any.
pub(super) fn percentiles(_: &Results, block: &Block) -> Option<Chart> {
    let frames = block.telling_size()?;
    let looks = looks(block, frames);
    let attempts = curves(block, frames, &looks, ATTEMPTS.1, along_quantile);
    let next_use = curves(block, frames, &looks, NEXT_USE.1, |quantile| quantile);
    if attempts.iter().chain(&next_use).all(|curve| curve.points.is_empty()) {
        return None;
    }
    let size = numbers::counted(frames, "frame", "frames");
    let title = format!("Work for a swap-out, and how long the page stays away, at {size}: {}", block.name);
    let mut scene = sheet::begin(&title, block);
    let room = panel::widest(&attempts).min(LONGEST_NAME);
    let names = LEADER + SAMPLE + 7.0 + room;
    let (left, right) = (MARGIN + AXIS, WIDTH - MARGIN - names);
    let bottom = TOP + HEADINGS + PANEL;
    let frame = |left, right| Frame { left, right, top: TOP + HEADINGS, bottom };
    let width = (right - left - AXIS - 16.0) / 2.0;
    let panel = |heading, curves, along, names| Panel { heading, curves, along, relative: false, names };
    let along = Along::Quantiles("swap-outs that took at most so many");
    let mut drawn = panel(ATTEMPTS.0, &attempts, along, None).draw(&mut scene, frame(left, left + width));
    tell_quantiles(&mut drawn);
    let along = Along::Shares("pages that came back after at most so many");
    drawn.extend(panel(NEXT_USE.0, &next_use, along, Some(room)).draw(&mut scene, frame(right - width, right)));
    let mut key = Key::new(bottom + KEY);
    line_entries(&mut scene, &mut key, block);
    if looks.iter().any(|look| look.context) {
        key.entry(&mut scene, Some(&Look::CONTEXT), "other policies");
    }
    key.line();
    key.entry(&mut scene, None, &size_note(block, frames));
    key.finish(&mut scene);
    Some(Chart::new(title, description(block, frames), scene, drawn))
}

/// The look of each policy: where there are many, those that say little are pale.
fn looks(block: &Block, frames: u64) -> Vec<Look> {
    let mut looks = curve::looks(block);
    if block.series.len() <= FEW {
        return looks;
    }
    let row = |place: usize| block.series[place].runs.get(&frames).map(|run| &run.row);
    let mut order: Vec<usize> = (0..looks.len()).filter(|&place| row(place).is_some()).collect();
    order.sort_by_key(|&place| row(place).map(|row| (row.out_of_memory > 0, row.swap_outs)));
    let best = |sight: Sight, most: usize| {
        let of_sight = order.iter().filter(move |&&place| block.series[place].sight == sight);
        of_sight.take(most).copied().collect::<Vec<_>>()
    };
    let mut own: Vec<usize> = block.reference().into_iter().collect();
    own.extend(best(Sight::Future, 1));
    own.extend(best(Sight::AccessedBits, REALISABLE));
    own.extend(best(Sight::EveryReference, SIMULATED));
    for (place, look) in looks.iter_mut().enumerate() {
        if !own.contains(&place) {
            *look = Look::CONTEXT;
        }
    }
    looks
}

/// The curve of each policy; one that has none at this size has no points. `along` says where a quantile stands.
fn curves(
    block: &Block,
    frames: u64,
    looks: &[Look],
    distribution: Distribution,
    along: impl Fn(f64) -> f64,
) -> Vec<Curve> {
    let points = |series: &Series| -> Vec<Point> {
        let Some(run) = series.runs.get(&frames) else { return Vec::new() };
        let values = Percentiles::QUANTILES.into_iter().zip(&distribution(run).curve);
        let point =
            |(quantile, &value): (f64, &u64)| Point { at: along(quantile), value: value as f64, out_of_memory: false };
        values.map(point).collect()
    };
    let curve = |(series, &look): (&Series, _)| Curve { label: series.label.clone(), points: points(series), look };
    block.series.iter().zip(looks).map(curve).collect()
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
