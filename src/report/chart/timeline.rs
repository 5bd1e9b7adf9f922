//! How runs go over time, one panel above the other on one axis of references: swap-outs and faults in each window, the
//! resident pages of each segment, and the hands of the clock.

use super::axis::{self, Frame, Tick};
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
/// A largest count this many times the median of those above 0 needs a logarithmic scale.
const PEAK: f64 = 20.0;
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
    let coloured = coloured(map, &courses);
    for course in &courses {
        sheet.resident(map, &coloured, course);
    }
    for course in &courses {
        sheet.hands(map, course);
    }
    let Sheet { mut scene, bottom, drawn, .. } = sheet;
    course::draw_axis(&mut scene, &time, bottom);
    let mut key = Key::new(bottom + KEY);
    for course in &courses {
        let text = format!("{}: {}", course.label, course.series.sight.meaning());
        key.entry(&mut scene, Some(&course.look), &text);
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
        let scale = Scale::round(&values, log_above(&values), false, frame.bottom, frame.top);
        self.draw_grid(frame, &scale, &axis::upward(&scale, false, numbers::short));
        let note = if scale.logarithmic() { "(log scale)" } else { "" };
        course::draw_heading(&mut self.scene, frame, HEADING, heading, note);
        let mut names = Vec::new();
        for (label, look, counts) in lines {
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
            names.push(Name { wanted, text: label.clone(), bold: look.reference, sample: Sample::Line(*look) });
            match points[..] {
                [point] => self.scene.mark(point, Shape::Disc, 3.0, look.colour),
                _ => self.scene.line(points, look.width, look.colour, look.dash),
            }
        }
        course::draw_names(&mut self.scene, frame, &names);
    }

    /// A low panel with a bar for each window.
    fn bars(&mut self, heading: &str, note: &str, height: f64, counts: &[u64], colour: Colour) {
        let frame = self.frame(BETWEEN, height);
        let values: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        let scale = Scale::linear(0.0, most as f64, frame.bottom, frame.top);
        let tick = |count: u64, place| Tick { place, text: numbers::short(count as f64), strong: false };
        self.draw_grid(frame, &scale, &[tick(0, frame.bottom), tick(most, frame.top)]);
        course::draw_heading(&mut self.scene, frame, HEADING, heading, note);
        for (window, value) in values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
            let (left, right) = self.time.sides(window);
            let top = scale.place(*value).unwrap_or(frame.bottom).min(frame.bottom - 1.0);
            self.scene.rect([left, top, right, frame.bottom], colour);
        }
    }

    /// The resident pages of a run, the segments' one above the other.
    fn resident(&mut self, map: &AccessMap, coloured: &[usize], course: &Course) {
        let frame = self.frame(BETWEEN, COUNTS);
        let frames = course.run.row.frames as f64;
        let areas = areas(map, coloured, course);
        let windows = course.timeline.swap_outs.len();
        let total = |window: usize| areas.iter().map(|area| area.pages[window]).fold(0.0, |sum, pages| sum + pages);
        let most = (0..windows).map(total).fold(frames, f64::max);
        let scale = Scale::round(&[most], f64::INFINITY, false, frame.bottom, frame.top);
        let place = |value: f64| scale.place(value).unwrap_or(frame.bottom);
        // Names stand where the areas were last seen: programs that end well leave none behind.
        let last = (0..windows).rev().find(|&window| total(window) > 0.0).unwrap_or(0);
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
            let wanted = f64::midpoint(lower[last + 1].1, upper[last + 1].1);
            self.scene.area(upper.iter().chain(lower.iter().rev()).copied().collect(), area.colour);
            edges.push(upper);
            names.push(Name { wanted, text: area.name.clone(), bold: false, sample: Sample::Area(area.colour) });
        }
        for edge in edges {
            self.scene.line(edge, 0.75, Colour::WHITE, None);
        }
        self.draw_grid(frame, &scale, &axis::upward(&scale, false, numbers::short));
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
            let (fast, most) = hands::are_fast(of_run);
            let laps: Vec<u64> = hands::laps_in_windows(of_run).collect();
            let all = of_run.laps.last().copied().unwrap_or(0);
            if most {
                let heading = format!("The two hands of {}: laps in each window", course.label);
                let note = format!("{} in all, too many for where they point to be drawn", numbers::grouped(all));
                self.bars(&heading, &note, COUNTS, &laps, Colour::AXIS);
            } else {
                let between = BETWEEN - HEADING + hands::HEADING;
                let frame = self.frame(between, PageRows::height(map, HANDS));
                self.draw_time(frame);
                self.drawn.extend(hands::draw(&mut self.scene, frame, self.time, map, course));
            }
            if fast && !most {
                let heading = format!("Laps of the hands of {} in each window", course.label);
                self.bars(&heading, "", STRIP, &laps, Colour::AXIS);
            }
        }
        let failed = &course.timeline.failed_scans;
        let all: u64 = failed.iter().fold(0, |sum, &count| sum.saturating_add(count));
        if all > 0 {
            let heading = format!("Scans of {} that found no victim, in each window", course.label);
            self.bars(&heading, &format!("{} in all", numbers::grouped(all)), STRIP, failed, hands::FAILED);
        }
    }

    /// The axis of values at the left and the grid of a panel.
    fn draw_grid(&mut self, frame: Frame, scale: &Scale, ticks: &[Tick]) {
        self.draw_time(frame);
        axis::draw_left(&mut self.scene, frame, scale, ticks);
        self.scene.line(vec![(LEFT, frame.bottom), (RIGHT, frame.bottom)], 1.0, Colour::AXIS, None);
    }

    /// The grid of time in a panel.
    fn draw_time(&mut self, frame: Frame) {
        for tick in axis::across(&self.time.scale, 1.0, false, numbers::short) {
            self.scene.line(vec![(tick.place, frame.top), (tick.place, frame.bottom)], 1.0, Colour::GRID, None);
        }
    }
}

/// Above which ratio of the largest to the smallest count a logarithmic scale is needed: where the largest is that much above
/// what is usual, all else would be pressed to the ground.
fn log_above(counts: &[f64]) -> f64 {
    let mut counts: Vec<f64> = counts.iter().copied().filter(|&count| count > 0.0).collect();
    counts.sort_by(f64::total_cmp);
    let (Some(&largest), Some(&usual)) = (counts.last(), counts.get(counts.len() / 2)) else { return f64::INFINITY };
    if largest > PEAK * usual { 1.0 } else { f64::INFINITY }
}

/// What one segment, or all without a colour of their own, add to the resident pages.
struct Area {
    name: String,
    colour: Colour,
    /// At the end of each window.
    pages: Vec<f64>,
}

/// The bands with a colour of their own, ascending: those that ever have most pages in memory, under any of the policies, so
/// that a colour means the same in each panel.
fn coloured(map: &AccessMap, courses: &[Course]) -> Vec<usize> {
    let most =
        |band: usize| courses.iter().flat_map(|course| &course.timeline.resident[band]).copied().max().unwrap_or(0);
    let mut order: Vec<usize> = (0..map.bands.len()).filter(|&band| most(band) > 0).collect();
    order.sort_by_key(|&band| (std::cmp::Reverse(most(band)), band));
    order.truncate(COLOURED);
    order.sort_unstable();
    order
}

/// The areas from the bottom up: in the order of the slots, the small ones together on top.
fn areas(map: &AccessMap, coloured: &[usize], course: &Course) -> Vec<Area> {
    let resident = &course.timeline.resident;
    let others = (0..resident.len()).filter(|band| !coloured.contains(band));
    let others: Vec<usize> = others.filter(|&band| resident[band].iter().any(|&pages| pages > 0)).collect();
    let pages = |band: usize| resident[band].iter().map(|&pages| pages as f64).collect::<Vec<_>>();
    let mut areas: Vec<Area> = coloured
        .iter()
        .zip(COLOURS)
        .map(|(&band, colour)| Area { name: page_rows::name(&map.bands[band]), colour, pages: pages(band) })
        .collect();
    if !others.is_empty() {
        let mut sum = vec![0.0; course.timeline.swap_outs.len()];
        for band in others {
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
