//! One panel: axes, grid, lines with their marks, and the names of the policies beside the ends of their lines.

use super::curve::{Curve, Look};
use super::font;
use super::labels;
use super::scale::Scale;
use super::scene::{Anchor, Colour, Point, Scene, Shape, Text};
use crate::report::numbers;

/// The em of tick labels and of the names of policies.
pub(super) const SMALL: f64 = 14.5;
/// Between the axis and the first and last memory size.
const INSET: f64 = 14.0;
/// From the panel to the names: room for leaders.
pub(super) const LEADER: f64 = 30.0;
/// The sample of the line before a name.
pub(super) const SAMPLE: f64 = 26.0;
/// From the middle of a line of text up or down to its baseline.
const TO_BASELINE: f64 = 0.36;
/// The least room between two names, baseline to baseline, in their em.
const LINE: f64 = 1.28;
/// The least em of a name, for which a panel of [`height_for`] has room.
const LEAST: f64 = 11.5;
/// The tallest panel: beyond some 100 policies names shrink further.
const TALLEST: f64 = 1600.0;
/// The radius of a mark.
const MARK: f64 = 4.4;
/// Marks on one line are at least this far apart, so that those of other lines have room between them.
const MARK_ROOM: f64 = 44.0;
/// Memory sizes further apart than this many times need a logarithmic axis.
const LOG_SIZES: f64 = 4.0;

/// Up to as many memory sizes are ticks themselves.
const MOST_SIZE_TICKS: usize = 8;

/// The room of a panel, axis labels outside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

/// What a panel shows.
pub(super) struct Panel<'a> {
    pub(super) heading: String,
    pub(super) curves: &'a [Curve],
    /// All memory sizes of the trace, so that panels side by side have the same axis.
    pub(super) sizes: &'a [u64],
    pub(super) footprint: Option<u64>,
    /// Values are percentages of the reference, not counts.
    pub(super) relative: bool,
    /// The room for names right of the leaders; none leaves them out.
    pub(super) names: Option<f64>,
}

impl Panel<'_> {
    /// Draws the panel into `frame`.
    pub(super) fn draw(&self, scene: &mut Scene, frame: Frame) {
        let sizes: Vec<f64> = self.sizes.iter().map(|&size| size as f64).collect();
        let x = Scale::tight(&sizes, LOG_SIZES, frame.left + INSET, frame.right - INSET);
        let y = self.value_scale(frame);
        self.draw_floor(scene, &x, &y, frame);
        scene.text(Text::new(frame.left, frame.top - 40.0, 16.0, self.heading.as_str()).bold(true));
        if y.logarithmic() {
            let behind = frame.left + font::width(&self.heading, true) * 16.0 + 8.0;
            scene.text(Text::new(behind, frame.top - 40.0, SMALL, "(log scale)").coloured(Colour::GREY));
        }
        self.draw_value_axis(scene, &y, frame);
        self.draw_sizes(scene, &x, frame);
        self.draw_shares(scene, &x, frame);
        if let Some(room) = self.names {
            self.draw_names(scene, &x, &y, frame, room);
        }
        for index in self.back_to_front() {
            draw_curve(scene, &self.curves[index], index, &x, &y);
        }
    }

    fn value_scale(&self, frame: Frame) -> Scale {
        let values: Vec<f64> =
            self.curves.iter().flat_map(|curve| curve.values.iter().map(|value| value.value)).collect();
        let log_above = if self.relative { 8.0 } else { 30.0 };
        Scale::round(&values, log_above, self.relative, frame.bottom, frame.top)
    }

    /// The reference in front of all others, bounds behind them, the first policy in front of the last.
    fn back_to_front(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.curves.len()).rev().collect();
        order.sort_by_key(|&index| (self.curves[index].look.reference, !self.curves[index].look.bound));
        order
    }

    /// The area under the first bound, which no policy gets into.
    fn draw_floor(&self, scene: &mut Scene, x: &Scale, y: &Scale, frame: Frame) {
        let Some(bound) = self.curves.iter().find(|curve| curve.look.bound) else { return };
        let mut points = places(bound, x, y);
        let (Some(first), Some(last)) = (points.first().copied(), points.last().copied()) else { return };
        if points.len() > 1 {
            points.extend([(last.0, frame.bottom), (first.0, frame.bottom)]);
            scene.items.push(super::scene::Item::Area { points, colour: Colour::AREA });
        }
    }

    fn draw_value_axis(&self, scene: &mut Scene, y: &Scale, frame: Frame) {
        let apart = |ticks: &[(f64, f64)]| ticks.windows(2).all(|pair| (pair[0].1 - pair[1].1).abs() >= 34.0);
        let mut ticks = y.ticks(1.0, self.relative, apart);
        let start = y.broken().map(|(zero, start)| {
            ticks.push((0.0, zero));
            start
        });
        for (value, place) in ticks {
            let even = self.relative && (value - 100.0).abs() < 1e-9;
            let colour = if even { Colour::AXIS } else { Colour::GRID };
            scene.line(vec![(frame.left, place), (frame.right, place)], 1.0, colour, None);
            let text = match (self.relative, value < 1e4) {
                (false, _) => numbers::short(value),
                (true, true) => format!("{} %", numbers::percent(value, 100.0)),
                (true, false) => format!("{} %", numbers::short(value)),
            };
            scene.text(Text::new(frame.left - 8.0, place + TO_BASELINE * SMALL, SMALL, text).anchored(Anchor::End));
        }
        let Some(start) = start else {
            return scene.line(vec![(frame.left, frame.top), (frame.left, frame.bottom)], 1.0, Colour::AXIS, None);
        };
        let middle = f64::midpoint(start, frame.bottom);
        scene.line(vec![(frame.left, frame.top), (frame.left, middle - 3.0)], 1.0, Colour::AXIS, None);
        scene.line(vec![(frame.left, middle + 3.0), (frame.left, frame.bottom)], 1.0, Colour::AXIS, None);
        for side in [-3.0, 3.0] {
            let ends = vec![(frame.left - 6.0, middle + side + 3.0), (frame.left + 6.0, middle + side - 3.0)];
            scene.line(ends, 1.25, Colour::AXIS, None);
        }
    }

    /// The percentages of the footprint above the panel.
    fn draw_shares(&self, scene: &mut Scene, x: &Scale, frame: Frame) {
        let Some(footprint) = self.footprint else { return };
        let text = |percent: f64| format!("{} %", numbers::percent(percent, 100.0));
        let unit = footprint as f64 / 100.0;
        let fits = |ticks: &[(f64, f64)]| roomy(ticks, text);
        let ticks = self.size_ticks(x, unit, fits).unwrap_or_else(|| x.ticks(unit, true, fits));
        for (percent, place) in ticks {
            let whole = (percent - 100.0).abs() < 1e-9;
            let colour = if whole { Colour::INK } else { Colour::GREY };
            scene.line(vec![(place, frame.top - 5.0), (place, frame.top)], 1.0, Colour::AXIS, None);
            if whole {
                scene.line(vec![(place, frame.top), (place, frame.bottom)], 1.25, Colour::AXIS, Some((1.5, 3.0)));
            }
            let text = Text::new(place, frame.top - 11.0, SMALL, text(percent)).anchored(Anchor::Middle);
            scene.text(text.coloured(colour).bold(whole));
        }
        scene.line(vec![(frame.left, frame.top), (frame.right, frame.top)], 1.0, Colour::GRID, None);
    }

    /// Ticks at the memory sizes themselves, where they are few enough to fit.
    fn size_ticks(&self, x: &Scale, unit: f64, fits: impl Fn(&[(f64, f64)]) -> bool) -> Option<Vec<(f64, f64)>> {
        let ticks = self.sizes.iter().filter_map(|&size| Some((size as f64 / unit, x.place(size as f64)?)));
        let ticks: Vec<_> = ticks.take(MOST_SIZE_TICKS + 1).collect();
        (ticks.len() <= MOST_SIZE_TICKS && fits(&ticks)).then_some(ticks)
    }

    /// Ticks of the memory sizes under the panel.
    fn draw_sizes(&self, scene: &mut Scene, x: &Scale, frame: Frame) {
        let exact = |size: f64| numbers::grouped(size as u64);
        let own = self.size_ticks(x, 1.0, |ticks| roomy(ticks, exact));
        let text = if own.is_some() { exact } else { numbers::short };
        let ticks = own.unwrap_or_else(|| x.ticks(1.0, false, |ticks| roomy(ticks, numbers::short)));
        for (size, place) in ticks {
            scene.line(vec![(place, frame.top), (place, frame.bottom)], 1.0, Colour::GRID, None);
            scene.line(vec![(place, frame.bottom), (place, frame.bottom + 5.0)], 1.0, Colour::AXIS, None);
            let label = Text::new(place, frame.bottom + 8.0 + SMALL, SMALL, text(size));
            scene.text(label.anchored(Anchor::Middle));
        }
        scene.line(vec![(frame.left, frame.bottom), (frame.right, frame.bottom)], 1.0, Colour::AXIS, None);
        let above = if self.footprint.is_some() { "; above: in % of the footprint" } else { "" };
        let title = format!("memory in frames of 4 KiB{above}");
        let title = Text::new(f64::midpoint(frame.left, frame.right), frame.bottom + 50.0, SMALL, title);
        scene.text(title.anchored(Anchor::Middle).coloured(Colour::GREY));
    }

    fn draw_names(&self, scene: &mut Scene, x: &Scale, y: &Scale, frame: Frame, room: f64) {
        // A policy without a value in this panel has its line in another and is named all the same.
        let ends: Vec<Option<Point>> = self.curves.iter().map(|curve| end(curve, x, y)).collect();
        let wanted: Vec<f64> = ends.iter().map(|end| end.map_or(frame.bottom, |(_, place)| place)).collect();
        let (top, bottom) = (frame.top + SMALL / 2.0, frame.bottom - SMALL / 2.0);
        // Many names make do with smaller letters, as long as they can be read.
        let share = (bottom - top) / (ends.len().max(2) - 1) as f64;
        let size = (share / LINE).min(SMALL);
        let places = labels::spread(&wanted, size * LINE, top, bottom);
        for ((curve, end), place) in self.curves.iter().zip(ends).zip(places) {
            let Curve { label, look, .. } = curve;
            let sample = frame.right + LEADER;
            if let Some((end_x, end_y)) = end {
                let leader = vec![(end_x, end_y), (frame.right.max(end_x), end_y), (sample - 4.0, place)];
                scene.line(leader, 1.0, look.colour.paler(0.55), None);
            }
            draw_sample(scene, look, (sample, place));
            let text = font::fitted(label, size, look.reference, room);
            let name = Text::new(sample + SAMPLE + 7.0, place + TO_BASELINE * size, size, text);
            scene.text(name.bold(look.reference));
        }
    }
}

/// A short piece of a line, from `at` to the right, with its mark.
pub(super) fn draw_sample(scene: &mut Scene, look: &Look, at: Point) {
    scene.line(vec![at, (at.0 + SAMPLE, at.1)], look.width, look.colour, look.dash);
    if let Some(shape) = look.shape {
        scene.mark((at.0 + SAMPLE / 2.0, at.1), shape, MARK, look.colour);
    }
}

/// The height a panel needs to name so many policies.
pub(super) fn height_for(policies: usize) -> f64 {
    (policies as f64 * LEAST * LINE + SMALL).min(TALLEST)
}

/// The widest name as it would be set.
pub(super) fn widest(curves: &[Curve]) -> f64 {
    curves.iter().map(|curve| font::width(&curve.label, curve.look.reference) * SMALL).fold(0.0, f64::max)
}

/// Where the values of a curve stand.
fn places(curve: &Curve, x: &Scale, y: &Scale) -> Vec<Point> {
    curve.values.iter().filter_map(|value| Some((x.place(value.frames as f64)?, y.place(value.value)?))).collect()
}

/// Where a curve's name belongs: its last value before a break, else its last.
fn end(curve: &Curve, x: &Scale, y: &Scale) -> Option<Point> {
    let places = places(curve, x, y);
    let zero = y.broken().map(|(zero, _)| zero);
    places.iter().rev().find(|place| Some(place.1) != zero).or(places.last()).copied()
}

/// Whether the labels of these ticks leave room between them.
fn roomy(ticks: &[(f64, f64)], text: impl Fn(f64) -> String) -> bool {
    // Bold, as one of them may be.
    let half = |value: f64| font::width(&text(value), true) * SMALL / 2.0;
    ticks.windows(2).all(|pair| (pair[1].1 - pair[0].1).abs() > half(pair[0].0) + half(pair[1].0) + 12.0)
}

fn draw_curve(scene: &mut Scene, curve: &Curve, index: usize, x: &Scale, y: &Scale) {
    let look = &curve.look;
    let points = places(curve, x, y);
    let zero = y.broken().map(|(zero, _)| zero);
    // Across a break there is no slope to be read: a line into it is thin and pale.
    for pair in points.windows(2) {
        if (Some(pair[0].1) == zero) != (Some(pair[1].1) == zero) {
            scene.line(pair.to_vec(), 1.0, look.colour.paler(0.5), Some((1.5, 3.0)));
        }
    }
    for run in points.chunk_by(|a, b| (Some(a.1) == zero) == (Some(b.1) == zero)) {
        if run.len() > 1 {
            scene.line(run.to_vec(), look.width, look.colour, look.dash);
        }
    }
    let (nothing, something): (Vec<Point>, Vec<Point>) = points.iter().partition(|place| Some(place.1) == zero);
    for place in nothing {
        scene.mark(place, Shape::Disc, 3.0, Colour::GREY);
    }
    draw_marks(scene, curve, index, &something);
    for (value, place) in curve.values.iter().zip(&points) {
        if value.out_of_memory {
            scene.mark(*place, Shape::Cross, 5.5, Colour::BLACK);
        }
    }
}

/// Marks at some of the points, so far apart and so staggered between policies that equal lines show each other's.
fn draw_marks(scene: &mut Scene, curve: &Curve, index: usize, points: &[Point]) {
    let alone = points.len() == 1;
    let Some(shape) = curve.look.shape.or(alone.then_some(Shape::Disc)) else { return };
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    let spacing = (last.0 - first.0) / (points.len().max(2) - 1) as f64;
    let every = if spacing > 0.0 { (MARK_ROOM / spacing).ceil().max(1.0) as usize } else { 1 };
    for point in points.iter().skip(index % every).step_by(every) {
        scene.mark(*point, shape, MARK, curve.look.colour);
    }
}
