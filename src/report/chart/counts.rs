//! Swap-outs and faults of each policy against memory, and beside them the same in % of the reference's, where differences
//! show that a logarithmic axis hides.

use super::along::Along;
use super::axis::{Frame, SMALL};
use super::curve::{self, Curve, DASHED, FAR, Look, Relative};
use super::panel::{self, LEADER, Panel, SAMPLE};
use super::scene::{Colour, Scene, Shape};
use super::sheet::{self, Key, MARGIN, TOP, WIDTH};
use super::{Chart, Drawn, font};
use crate::policy::Sight;
use crate::report::block::{Block, REFERENCE};
use crate::report::numbers;
use crate::results::{Results, Row};

/// Left of a panel: the labels of its values.
const AXIS: f64 = 66.0;
/// The longest name of a policy.
const LONGEST_NAME: f64 = 190.0;
/// The first panel's share of the width of both.
const FIRST: f64 = 0.42;
/// From the top of the sheet's room to the panels: headings and percentages.
const HEADINGS: f64 = 66.0;
/// The least height of a panel.
const PANEL: f64 = 474.0;
/// From the panels down to the first line of the key.
const KEY: f64 = 86.0;

pub(super) const OUT_OF_MEMORY: &str = "out of memory: references were given up, not comparable";

/// What is counted.
struct Counted {
    /// As the subject of a sentence.
    name: &'static str,
    /// As one word of several.
    plural: &'static str,
    meaning: &'static str,
    of: fn(&Row) -> u64,
    /// What to say where no policy has any.
    none: &'static str,
}

/// Swap-outs against memory.
pub(super) fn swap_outs(_: &Results, block: &Block) -> Option<Chart> {
    chart(
        block,
        &Counted {
            name: "Swap-outs",
            plural: "swap-outs",
            meaning: "pages written to swap",
            of: |row| row.swap_outs,
            none: "No policy swapped anything out.",
        },
    )
}

/// Faults that need a frame against memory.
pub(super) fn faults(_: &Results, block: &Block) -> Option<Chart> {
    chart(
        block,
        &Counted {
            name: "Faults",
            plural: "faults",
            meaning: "first touches and swap-ins",
            of: |row| row.zero_faults.saturating_add(row.swap_ins),
            none: "No policy had a fault that needs a frame.",
        },
    )
}

fn chart(block: &Block, counted: &Counted) -> Option<Chart> {
    let curves = curve::counts(block, counted.of);
    if curves.is_empty() {
        return None;
    }
    let relative = curve::relative(block, counted.of);
    let title = format!("{} by memory size and policy: {}", counted.name, block.name);
    let mut scene = sheet::begin(&title, block);
    let mut drawn = Vec::new();
    if curves.iter().all(|curve| curve.points.iter().all(|point| point.value <= 0.0)) {
        draw_sentence(&mut scene, block, counted);
    } else {
        drawn = draw_panels(&mut scene, block, counted, &curves, relative.as_ref());
        draw_key(&mut scene, block, counted, relative.as_ref());
    }
    Some(Chart::new(title, description(block, counted), scene, drawn).with_looks(&curves))
}

/// In place of an empty chart.
fn draw_sentence(scene: &mut Scene, block: &Block, counted: &Counted) {
    let smallest = numbers::counted(block.sizes.first().copied().unwrap_or(0), "frame", "frames");
    let why = if block.ran_out_of_memory() {
        format!("Runs were {OUT_OF_MEMORY}.")
    } else {
        format!("Everything fitted at each memory size replayed; the smallest was {smallest}.")
    };
    sheet::sentences(scene, &[counted.none, &why]);
}

fn draw_panels(
    scene: &mut Scene,
    block: &Block,
    counted: &Counted,
    curves: &[Curve],
    relative: Option<&Relative>,
) -> Vec<Drawn> {
    let room = panel::widest(curves).min(LONGEST_NAME);
    let names = LEADER + SAMPLE + 7.0 + room;
    let left = MARGIN + AXIS;
    let right = WIDTH - MARGIN - names;
    let frame = |left, right| Frame { left, right, top: TOP + HEADINGS, bottom: bottom(block) };
    let heading = format!("{}: {}", counted.name, counted.meaning);
    let counts = |names| Panel { heading: &heading, curves, along: Along::Frames(block), relative: false, names };
    let Some(Relative { curves: relative, .. }) = relative else {
        return counts(Some(room)).draw(scene, frame(left, right));
    };
    // The second panel gets more room: there the lines are apart.
    let width = right - left - AXIS - 16.0;
    let mut drawn = counts(None).draw(scene, frame(left, left + FIRST * width));
    let heading = format!("{} in % of those of {REFERENCE}", counted.name);
    let panel =
        Panel { heading: &heading, curves: relative, along: Along::Frames(block), relative: true, names: Some(room) };
    drawn.extend(panel.draw(scene, frame(right - (1.0 - FIRST) * width, right)));
    drawn
}

/// The lower end of the panels: lower than usual where many policies are to be named.
fn bottom(block: &Block) -> f64 {
    TOP + HEADINGS + PANEL.max(panel::height_for(block.series.len()))
}

/// The lines under the panels that say what the kinds of lines mean.
fn draw_key(scene: &mut Scene, block: &Block, counted: &Counted, relative: Option<&Relative>) {
    let mut key = Key::new(bottom(block) + KEY);
    line_entries(scene, &mut key, block);
    for far in relative.iter().flat_map(|relative| relative.far.iter().map(|&place| &relative.curves[place])) {
        let name = font::fitted(&far.label, SMALL, false, LONGEST_NAME);
        let note = format!("{name}: above {FAR} % of {REFERENCE} at most sizes; shown at left only");
        key.entry(scene, Some(&far.look), &note);
    }
    if let Some(enough) = relative.map(|relative| relative.enough).filter(|&enough| enough > 1) {
        let note = format!("Right: only sizes at which {REFERENCE} has at least {enough} {}.", counted.plural);
        key.entry(scene, None, &note);
    }
    key.finish(scene);
}

/// What kinds of lines there are.
pub(super) fn line_entries(scene: &mut Scene, key: &mut Key, block: &Block) {
    if block.reference().is_some() {
        key.entry(scene, Some(&Look::REFERENCE), &format!("{REFERENCE}, the reference"));
    }
    let plain = Look { colour: Colour::GREY, dash: None, bound: false, ..Look::BOUND };
    for sight in block.sights() {
        let look = match sight {
            Sight::AccessedBits => plain,
            Sight::EveryReference => Look { dash: DASHED, ..plain },
            Sight::Future => Look::BOUND,
        };
        key.entry(scene, Some(&look), sight.meaning());
    }
    if block.ran_out_of_memory() {
        let cross = Look { shape: Some(Shape::Cross), colour: Colour::BLACK, width: 0.0, ..plain };
        key.entry(scene, Some(&cross), OUT_OF_MEMORY);
    }
}

/// The chart in words, at the memory size in the middle.
fn description(block: &Block, counted: &Counted) -> String {
    let Some(&frames) = block.sizes.get(block.sizes.len() / 2) else { return "No runs.".to_owned() };
    let counts: Vec<String> = block
        .series
        .iter()
        .filter_map(|series| {
            let count = numbers::grouped((counted.of)(&series.runs.get(&frames)?.row));
            Some(format!("{} {count} ({})", series.label, series.sight.who()))
        })
        .collect();
    format!(
        "{} of {} at {} from {} to {} frames. At {} frames: {}.",
        counted.name,
        numbers::counted(block.series.len() as u64, "policy", "policies"),
        numbers::counted(block.sizes.len() as u64, "memory size", "memory sizes"),
        numbers::grouped(block.sizes.first().copied().unwrap_or(0)),
        numbers::grouped(block.sizes.last().copied().unwrap_or(0)),
        numbers::grouped(frames),
        counts.join(", "),
    )
}
