//! How runs go over time, one panel above the other on one axis of references: swap-outs and faults in each window, the
//! resident pages of each segment, and the hands of the clock.

use super::axis::{self, Frame};
use super::course::{self, Course, LEFT, Name, RIGHT, Sample, Time};
use super::curve::{COLOURS, DOTTED, Look};
use super::page_rows::{self, PageRows};
use super::scale::Scale;
use super::scene::{Colour, Point, Scene, Shape};
use super::sheet::{self, Key};
use super::{Chart, Drawn, hands};
use crate::report::block::Block;
use crate::report::numbers;
use crate::results::{AccessMap, Results};

/// Heights of panels.
const COUNTS: f64 = 132.0;
const STRIP: f64 = 48.0;
const HANDS: f64 = 300.0;
/// Between panels: the heading of the lower one.
const BETWEEN: f64 = 46.0;
/// From a panel up to its heading.
const HEADING: f64 = 13.0;
/// From the last panel down to the key.
const KEY: f64 = 86.0;
/// Segments with a colour of their own; all others are one area.
const COLOURED: usize = COLOURS.len();
/// Segments without a colour of their own.
const OTHERS: Colour = Colour(0xb0, 0xb0, 0xb0);
/// First touches, the same whatever the policy.
const FIRST_TOUCHES: Look = Look {
    colour: Colour(0x6b, 0x6b, 0x6b),
    shape: None,
    width: 1.5,
    dash: DOTTED,
    reference: false,
    bound: false,
    context: false,
};

/// The chart of the reference and the policy set against it.
pub(super) fn chart(_: &Results, block: &Block) -> Option<Chart> {
    let (map, courses) = course::courses(block)?;
    let time = Time::new(map.window, block.facts?.references);
    let labels: Vec<&str> = courses.iter().map(|course| course.label).collect();
    let frames = numbers::counted(courses[0].run.row.frames, "frame", "frames");
    let title = format!("{} over time in {frames}: {}", labels.join(" and "), block.name);
    let mut sheet = Sheet { scene: sheet::begin(&title, block), bottom: sheet::TOP - 14.0, time, drawn: Vec::new() };
    let each = format!("in each window of {}", numbers::counted(map.window, "reference", "references"));
    sheet.counts(&format!("Swap-outs {each}"), &swap_outs(&courses));
    sheet.counts(&format!("Faults that need a frame {each}: first touches and swap-ins"), &faults(&courses));
    for course in &courses {
        sheet.resident(map, course);
    }
    for course in &courses {
        sheet.hands(map, course);
    }
    let Sheet { mut scene, bottom, drawn, .. } = sheet;
    let ticks = axis::across(&time.scale, 1.0, false, numbers::short);
    axis::draw_bottom(
        &mut scene,
        Frame { left: LEFT, right: RIGHT, top: bottom, bottom },
        &ticks,
        "references replayed",
    );
    let mut key = Key::new(bottom + KEY);
    for course in &courses {
        let text = format!("{}: {}", course.label, course.series.sight.meaning());
        key.entry(&mut scene, Some(&Look { shape: None, ..course.look }), &text);
    }
    if let Some(course) = courses.iter().find(|course| course.timeline.hands.is_some()) {
        hands::draw_key(&mut scene, &mut key, course);
    }
    key.finish(&mut scene);
    Some(Chart::new(title, description(&courses), scene, drawn))
}

/// A line of a panel: its name, its look, its numbers.
type Line = (String, Look, Vec<u64>);

fn swap_outs(courses: &[Course]) -> Vec<Line> {
    courses.iter().map(|course| (course.label.to_owned(), course.look, course.timeline.swap_outs.clone())).collect()
}

fn faults(courses: &[Course]) -> Vec<Line> {
    let sum = |a: &[u64], b: &[u64]| a.iter().zip(b).map(|(a, b)| a.saturating_add(*b)).collect();
    let of = |course: &Course| sum(&course.timeline.zero_faults, &course.timeline.swap_ins);
    let mut lines: Vec<Line> =
        courses.iter().map(|course| (course.label.to_owned(), course.look, of(course))).collect();
    lines.push(("first touches".to_owned(), FIRST_TOUCHES, courses[0].timeline.zero_faults.clone()));
    lines
}

/// The sheet while it is being filled, from top to bottom.
struct Sheet {
    scene: Scene,
    /// The lower end of the last panel.
    bottom: f64,
    time: Time,
    drawn: Vec<Drawn>,
}

impl Sheet {
    /// The room of the next panel.
    fn frame(&mut self, between: f64, height: f64) -> Frame {
        let top = self.bottom + between;
        self.bottom = top + height;
        Frame { left: LEFT, right: RIGHT, top, bottom: self.bottom }
    }

    /// A panel with lines of counts.
    fn counts(&mut self, heading: &str, lines: &[Line]) {
        let frame = self.frame(BETWEEN, COUNTS);
        let values: Vec<f64> =
            lines.iter().flat_map(|(_, _, counts)| counts.iter().map(|&count| count as f64)).collect();
        let scale = Scale::round(&values, f64::INFINITY, false, frame.bottom, frame.top);
        self.draw_grid(frame, &scale);
        course::draw_heading(&mut self.scene, frame, HEADING, heading, "");
        let mut names = Vec::new();
        // The first is the reference and stands in front.
        for (label, look, counts) in lines.iter().rev() {
            let place = |(window, &count): (usize, &u64)| {
                (self.time.middle(window), scale.place(count as f64).unwrap_or(frame.bottom))
            };
            let points: Vec<Point> = counts.iter().enumerate().map(place).collect();
            let drawn = |(window, (&count, &place)): (usize, (&u64, &Point))| Drawn {
                policy: label.clone(),
                quantity: heading.to_owned(),
                at: self.time.end(window) as f64,
                value: count as f64,
                place,
            };
            self.drawn.extend(counts.iter().zip(&points).enumerate().map(drawn));
            let wanted = points.last().map_or(frame.bottom, |&(_, y)| y);
            let sample = Sample::Line(Look { shape: None, ..*look });
            names.push(Name { wanted, text: label.clone(), bold: look.reference, sample });
            match points[..] {
                [point] => self.scene.mark(point, Shape::Disc, 3.0, look.colour),
                _ => self.scene.line(points, look.width, look.colour, look.dash),
            }
        }
        course::draw_names(&mut self.scene, frame, &names);
    }

    /// A low panel with a bar for each window.
    fn bars(&mut self, heading: &str, note: &str, counts: &[u64], colour: Colour) {
        let frame = self.frame(BETWEEN - 8.0, STRIP);
        let values: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
        let scale = Scale::round(&values, f64::INFINITY, false, frame.bottom, frame.top);
        self.draw_grid(frame, &scale);
        course::draw_heading(&mut self.scene, frame, HEADING, heading, note);
        for (window, value) in values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
            let (left, right) = self.time.sides(window);
            let top = scale.place(*value).unwrap_or(frame.bottom).min(frame.bottom - 1.0);
            self.scene.rect([left, top, right, frame.bottom], colour);
        }
    }

    /// The resident pages of a run, the segments' one above the other.
    fn resident(&mut self, map: &AccessMap, course: &Course) {
        let frame = self.frame(BETWEEN, COUNTS);
        let frames = course.run.row.frames as f64;
        let areas = areas(map, course);
        let windows = course.timeline.swap_outs.len();
        let total = |window: usize| areas.iter().map(|area| area.pages[window]).fold(0.0, |sum, pages| sum + pages);
        let most = (0..windows).map(total).fold(frames, f64::max);
        let scale = Scale::round(&[most], f64::INFINITY, false, frame.bottom, frame.top);
        let place = |value: f64| scale.place(value).unwrap_or(frame.bottom);
        let mut below = vec![0.0; windows];
        let (mut names, mut edges) = (Vec::new(), Vec::new());
        for area in &areas {
            let edge = |heights: &[f64]| -> Vec<Point> {
                let ends = heights.iter().enumerate();
                let ends = ends.map(|(window, &height)| (self.time.sides(window).1, place(height)));
                std::iter::once((LEFT, frame.bottom)).chain(ends).collect()
            };
            let lower = edge(&below);
            for (below, pages) in below.iter_mut().zip(&area.pages) {
                *below += pages;
            }
            let upper = edge(&below);
            let ends = lower.last().zip(upper.last()).map(|(lower, upper)| f64::midpoint(lower.1, upper.1));
            self.scene.area(upper.iter().chain(lower.iter().rev()).copied().collect(), area.colour);
            edges.push(upper);
            names.push(Name {
                wanted: ends.unwrap_or(frame.bottom),
                text: area.name.clone(),
                bold: false,
                sample: Sample::Area(area.colour),
            });
        }
        for edge in edges {
            self.scene.line(edge, 0.75, Colour::WHITE, None);
        }
        self.draw_grid(frame, &scale);
        let memory = place(frames);
        self.scene.line(vec![(LEFT, memory), (RIGHT, memory)], 1.25, Colour::BLACK, Some((1.5, 3.0)));
        let heading = format!("Resident pages of each segment under {}", course.label);
        course::draw_heading(&mut self.scene, frame, HEADING, &heading, "dotted: the memory");
        names.reverse();
        course::draw_names(&mut self.scene, frame, &names);
    }

    /// The hands of a run, if it has them, and under them what they don't show well.
    fn hands(&mut self, map: &AccessMap, course: &Course) {
        if let Some(of_run) = &course.timeline.hands {
            let between = BETWEEN - HEADING + hands::HEADING;
            let frame = self.frame(between, PageRows::height(map, HANDS));
            self.draw_time(frame);
            self.drawn.extend(hands::draw(&mut self.scene, frame, self.time, map, course));
            if hands::are_fast(of_run) {
                let laps: Vec<u64> = hands::laps_in_windows(of_run).collect();
                let heading = format!("Laps of the hands of {} in each window", course.label);
                self.bars(&heading, "", &laps, Colour::AXIS);
            }
        }
        let failed = &course.timeline.failed_scans;
        let all: u64 = failed.iter().fold(0, |sum, &count| sum.saturating_add(count));
        if all > 0 {
            let heading = format!("Scans of {} that found no victim, in each window", course.label);
            self.bars(&heading, &format!("{} in all", numbers::grouped(all)), failed, hands::FAILED);
        }
    }

    /// The axis of values at the left and the grid of a panel.
    fn draw_grid(&mut self, frame: Frame, scale: &Scale) {
        self.draw_time(frame);
        axis::draw_left(&mut self.scene, frame, scale, &axis::upward(scale, false, numbers::short));
        self.scene.line(vec![(LEFT, frame.bottom), (RIGHT, frame.bottom)], 1.0, Colour::AXIS, None);
    }

    /// The grid of time in a panel.
    fn draw_time(&mut self, frame: Frame) {
        for tick in axis::across(&self.time.scale, 1.0, false, numbers::short) {
            self.scene.line(vec![(tick.place, frame.top), (tick.place, frame.bottom)], 1.0, Colour::GRID, None);
        }
    }
}

/// What one segment, or all without a colour of their own, add to the resident pages.
struct Area {
    name: String,
    colour: Colour,
    /// At the end of each window.
    pages: Vec<f64>,
}

/// The areas from the bottom up: in the order of the slots, the small ones together on top.
fn areas(map: &AccessMap, course: &Course) -> Vec<Area> {
    let resident = &course.timeline.resident;
    let most = |band: usize| resident[band].iter().copied().max().unwrap_or(0);
    let mut order: Vec<usize> = (0..resident.len()).filter(|&band| most(band) > 0).collect();
    order.sort_by_key(|&band| (std::cmp::Reverse(most(band)), band));
    let (coloured, others) = order.split_at(order.len().min(COLOURED));
    let mut coloured = coloured.to_vec();
    coloured.sort_unstable();
    let pages = |band: usize| resident[band].iter().map(|&pages| pages as f64).collect::<Vec<_>>();
    let mut areas: Vec<Area> = coloured
        .iter()
        .zip(COLOURS)
        .map(|(&band, colour)| Area { name: page_rows::name(&map.bands[band]), colour, pages: pages(band) })
        .collect();
    if !others.is_empty() {
        let mut sum = vec![0.0; course.timeline.swap_outs.len()];
        for &band in others {
            for (sum, pages) in sum.iter_mut().zip(pages(band)) {
                *sum += pages;
            }
        }
        areas.push(Area { name: "all other segments".to_owned(), colour: OTHERS, pages: sum });
    }
    areas
}

/// The chart in words.
fn description(courses: &[Course]) -> String {
    let sentence = |course: &Course| {
        let row = &course.run.row;
        let busiest = course.timeline.swap_outs.iter().enumerate().max_by_key(|(_, count)| **count);
        let (window, most) = busiest.map_or((0, 0), |(window, &count)| (window, count));
        let laps = course.timeline.hands.as_ref().and_then(|hands| hands.laps.last());
        let laps = laps.map(|&laps| format!(" Its hands go round {}.", numbers::counted(laps, "time", "times")));
        format!(
            "{}: {} and {} in {} windows, most swap-outs in window {} ({}).{}",
            course.label,
            numbers::counted(row.swap_outs, "swap-out", "swap-outs"),
            numbers::counted(row.failed_scans, "failed scan", "failed scans"),
            course.timeline.swap_outs.len(),
            window + 1,
            numbers::grouped(most),
            laps.unwrap_or_default(),
        )
    };
    courses.iter().map(sentence).collect::<Vec<_>>().join(" ")
}
