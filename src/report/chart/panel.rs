//! One panel: axes, grid, lines with their marks, and the names of the policies beside the ends of their lines.

use super::Drawn;
use super::along::Along;
use super::axis::{self, Frame, SMALL, TO_BASELINE, Tick};
use super::curve::{self, Curve, Look};
use super::font;
use super::labels;
use super::scale::Scale;
use super::scene::{Colour, Point, Scene, Shape, Text};
use crate::report::numbers;

/// From the panel to the names: room for leaders.
pub(super) const LEADER: f64 = 30.0;
/// The sample of the line before a name.
pub(super) const SAMPLE: f64 = 26.0;
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
/// Curves at least so far apart, from the highest to the lowest, can be told from one another.
const APART: f64 = 12.0;

/// What a panel shows.
pub(super) struct Panel<'a> {
    pub(super) heading: &'a str,
    pub(super) curves: &'a [Curve],
    pub(super) along: Along<'a>,
    /// Values are percentages of the reference, not counts.
    pub(super) relative: bool,
    /// The room for names right of the leaders; none leaves them out.
    pub(super) names: Option<f64>,
}

impl Panel<'_> {
    /// Draws the panel into `frame`. Returns the numbers it shows.
    pub(super) fn draw(&self, scene: &mut Scene, frame: Frame) -> Vec<Drawn> {
        let x = self.along.scale(frame);
        let y = self.value_scale(frame);
        self.draw_floor(scene, &x, &y, frame);
        let above = if matches!(self.along, Along::Frames(_)) { 40.0 } else { 16.0 };
        axis::draw_heading(scene, (frame.left, frame.top - above), frame.right - frame.left, self.heading, &y);
        axis::draw_left(scene, frame, &y, &self.value_ticks(&y));
        self.along.draw(scene, frame, &x);
        if let Some(room) = self.names {
            self.draw_names(scene, &x, &y, frame, room);
        }
        for index in self.back_to_front() {
            draw_curve(scene, &self.curves[index], index, &x, &y);
        }
        let drawn = |curve: &Curve, point: &curve::Point| Drawn {
            policy: curve.label.clone(),
            quantity: self.heading.to_owned(),
            at: point.at,
            value: point.value,
            place: (x.place(point.at).unwrap_or(f64::NAN), y.place(point.value).unwrap_or(f64::NAN)),
        };
        let points = self.curves.iter().flat_map(|curve| curve.points.iter().map(move |point| (curve, point)));
        points.map(|(curve, point)| drawn(curve, point)).collect()
    }

    fn value_scale(&self, frame: Frame) -> Scale {
        let values: Vec<f64> =
            self.curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.value)).collect();
        let log_above = if self.relative { 8.0 } else { 30.0 };
        Scale::round(&values, log_above, self.relative, frame.bottom, frame.top)
    }

    /// The reference in front of all others, bounds behind them, the first policy in front of the last.
    fn back_to_front(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.curves.len()).rev().collect();
        let look = |index: usize| &self.curves[index].look;
        order.sort_by_key(|&index| (!look(index).context, look(index).reference, !look(index).bound));
        order
    }

    /// The area under the first bound, which no policy gets into.
    fn draw_floor(&self, scene: &mut Scene, x: &Scale, y: &Scale, frame: Frame) {
        if !matches!(self.along, Along::Frames(_)) {
            return;
        }
        let Some(bound) = self.curves.iter().find(|curve| curve.look.bound) else { return };
        let mut points = places(bound, x, y);
        let (Some(first), Some(last)) = (points.first().copied(), points.last().copied()) else { return };
        if points.len() > 1 {
            points.extend([(last.0, frame.bottom), (first.0, frame.bottom)]);
            scene.area(points, Colour::AREA);
        }
    }

    fn value_ticks(&self, y: &Scale) -> Vec<Tick> {
        let mut ticks = axis::upward(y, self.relative, if self.relative { axis::percent } else { numbers::short });
        for tick in &mut ticks {
            let even = y.place(100.0).filter(|_| self.relative);
            tick.strong = even.is_some_and(|even| (tick.place - even).abs() < 1e-6);
        }
        ticks
    }

    /// The last place across at which the curves are apart: where they all meet, no name could be told to belong to one.
    fn last_apart(&self, x: &Scale, y: &Scale) -> f64 {
        let mut places: Vec<Point> = self.curves.iter().flat_map(|curve| places(curve, x, y)).collect();
        places.sort_by(|a, b| b.0.total_cmp(&a.0));
        let heights = |column: &[Point]| {
            let places = column.iter().map(|place| place.1);
            places.clone().fold(f64::MIN, f64::max) - places.fold(f64::MAX, f64::min)
        };
        let mut columns = places.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq());
        columns.find(|column| heights(column) > APART).map_or(f64::INFINITY, |column| column[0].0)
    }

    fn draw_names(&self, scene: &mut Scene, x: &Scale, y: &Scale, frame: Frame, room: f64) {
        if matches!(self.along, Along::Quantiles(_) | Along::Shares(_)) {
            return self.draw_list(scene, x, y, frame, room);
        }
        // A policy without a value in this panel has its line in another and is named all the same.
        let apart = self.last_apart(x, y);
        let ends: Vec<Option<Point>> = self.curves.iter().map(|curve| end(curve, x, y, apart)).collect();
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
            draw_name(scene, (sample, place), size, label, look, room);
        }
    }

    /// The names from the highest curve to the lowest, by their places half way across.
    fn draw_list(&self, scene: &mut Scene, x: &Scale, y: &Scale, frame: Frame, room: f64) {
        let half = |curve: &Curve| {
            let middle = curve.points.iter().find(|point| x.place(point.at) >= x.place(self.along.middle()));
            middle.and_then(|point| y.place(point.value)).unwrap_or(f64::INFINITY)
        };
        let mut curves: Vec<&Curve> = self.curves.iter().filter(|curve| !curve.look.context).collect();
        curves.sort_by(|a, b| half(a).total_cmp(&half(b)));
        for (row, curve) in curves.into_iter().enumerate() {
            let at = (frame.right + LEADER, frame.top + SMALL + 1.5 * SMALL * row as f64);
            draw_name(scene, at, SMALL, &curve.label, &curve.look, room);
        }
    }
}

/// The sample of a line and the name beside it.
fn draw_name(scene: &mut Scene, at: Point, size: f64, label: &str, look: &Look, room: f64) {
    draw_sample(scene, look, at);
    let text = font::fitted(label, size, look.reference, room);
    let name = Text::new(at.0 + SAMPLE + 7.0, at.1 + TO_BASELINE * size, size, text);
    scene.text(name.bold(look.reference));
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
    curve.points.iter().filter_map(|point| Some((x.place(point.at)?, y.place(point.value)?))).collect()
}

/// Where a curve's name belongs: its last value up to `apart` and before a break, else its last.
fn end(curve: &Curve, x: &Scale, y: &Scale, apart: f64) -> Option<Point> {
    let places = places(curve, x, y);
    let zero = y.broken().map(|(zero, _)| zero);
    let mut backwards = places.iter().rev();
    backwards.find(|place| place.0 <= apart && Some(place.1) != zero).or(places.last()).copied()
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
    for (point, place) in curve.points.iter().zip(&points) {
        if point.out_of_memory {
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
    let mut next = first.0 + spacing * (index % every) as f64;
    for &point in points {
        if point.0 >= next - 1e-6 {
            scene.mark(point, shape, MARK, curve.look.colour);
            next = point.0 + MARK_ROOM;
        }
    }
}
