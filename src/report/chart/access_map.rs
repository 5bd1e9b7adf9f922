//! When each part of the pages was referenced, as a heat map of time and page with the segments one above the other, and on
//! it where a policy swapped out. One panel for each run that is shown over time.

use super::axis::{self, Frame};
use super::course::{self, Course, LEFT, RIGHT, Time};
use super::heat;
use super::page_rows::PageRows;
use super::scene::{Anchor, Colour, Scene, Shape, Text};
use super::sheet::{self, Key, MARGIN};
use super::{Chart, Drawn};
use crate::report::block::Block;
use crate::report::numbers;
use crate::results::{AccessMap, Results};

/// The least height of a panel.
const HEIGHT: f64 = 380.0;
/// Above the first panel, and between two.
const ABOVE: f64 = 40.0;
const BETWEEN: f64 = 52.0;
/// From a panel up to its heading.
const HEADING: f64 = 13.0;
/// From the last panel down to the key.
const KEY: f64 = 86.0;
/// Steps of the colours; the key shows each.
const STEPS: usize = 7;
/// The palest step is still told from the paper, which is where nothing was referenced.
const PALEST: f64 = 0.16;
/// Swap-outs: on blue and on white it is seen at once, whatever the colour vision.
const MARK: Colour = Colour(0xd5, 0x5e, 0x00);
/// Rows whose swap-outs are one mark, and its largest and smallest radius.
const ROWS_OF_MARK: usize = 4;
const LARGEST: f64 = 7.0;
const SMALLEST: f64 = 1.4;

/// The chart of the reference and the policy set against it.
pub(super) fn chart(_: &Results, block: &Block) -> Option<Chart> {
    let (map, courses) = course::courses(block)?;
    let time = Time::new(map.window, block.facts?.references);
    let frames = numbers::counted(courses[0].run.row.frames, "frame", "frames");
    let title = format!("Accesses over time, and swap-outs in {frames}: {}", block.name);
    let mut scene = sheet::begin(&title, block);
    let heat = Heat::of(map)?;
    let most = courses.iter().flat_map(|course| marks(map, course)).map(|mark| mark.count).max().unwrap_or(0);
    let mut drawn = Vec::new();
    let mut bottom = sheet::TOP + ABOVE - BETWEEN;
    for course in &courses {
        let top = bottom + BETWEEN;
        bottom = top + PageRows::height(map, HEIGHT);
        let frame = Frame { left: LEFT, right: RIGHT, top, bottom };
        let rows = PageRows::new(map, frame);
        heat.draw(&mut scene, map, &rows, time);
        rows.draw_lines(&mut scene);
        drawn.extend(draw_marks(&mut scene, map, course, &rows, time, most));
        rows.draw_labels(&mut scene);
        let counted = numbers::counted(course.run.row.swap_outs, "swap-out", "swap-outs");
        let heading = format!("References, and the swap-outs of {}", course.label);
        course::draw_heading(&mut scene, frame, HEADING, &heading, &format!("{counted} in all"));
    }
    course::draw_axis(&mut scene, &time, bottom);
    draw_key(&mut scene, bottom + KEY, map, &heat, most);
    Some(Chart::new(title, description(map, &courses), scene, drawn))
}

/// The colours of a map: how often a page of a bin is referenced in a window, on a logarithmic scale.
struct Heat {
    /// From the least above 0 to the most.
    least: f64,
    most: f64,
    /// Pages of a bin, by bin.
    pages: Vec<f64>,
}

impl Heat {
    /// None where nothing was referenced.
    fn of(map: &AccessMap) -> Option<Self> {
        let bins = |band: &crate::results::PageBand| {
            std::iter::repeat_n(band.pages as f64 / band.bins as f64, band.bins as usize)
        };
        let pages: Vec<f64> = map.bands.iter().flat_map(bins).collect();
        let rows = map.references.iter().zip(&pages);
        let rates = rows.flat_map(|(row, pages)| row.iter().map(move |&count| count as f64 / pages));
        let (least, most) = rates
            .filter(|&rate| rate > 0.0)
            .fold((f64::INFINITY, 0.0), |(least, most), rate| (rate.min(least), rate.max(most)));
        (most > 0.0).then_some(Self { least, most: most.max(least * 1.001), pages })
    }

    /// The step of a count of a bin, from 0; none for no references.
    fn step(&self, bin: usize, count: u64) -> Option<usize> {
        let rate = count as f64 / self.pages[bin];
        let part = (rate / self.least).ln() / (self.most / self.least).ln();
        (count > 0).then(|| ((part * STEPS as f64) as usize).min(STEPS - 1))
    }

    /// Where a step begins.
    fn start(&self, step: usize) -> f64 {
        self.least * (self.most / self.least).powf(step as f64 / STEPS as f64)
    }

    fn colour(step: usize) -> Colour {
        heat::sequential(PALEST + (1.0 - PALEST) * step as f64 / (STEPS - 1) as f64)
    }

    /// Draws the cells, step after step: each over all that are at least so dark, so that no seams are left between them.
    fn draw(&self, scene: &mut Scene, map: &AccessMap, rows: &PageRows, time: Time) {
        for step in 0..STEPS {
            for (bin, counts) in map.references.iter().enumerate() {
                let (lower, upper) = (rows.row(bin as f64), rows.row(bin as f64 + 1.0));
                let reaches: Vec<bool> = counts.iter().map(|&count| self.step(bin, count) >= Some(step)).collect();
                let mut window = 0;
                for run in reaches.chunk_by(|a, b| a == b) {
                    if run[0] {
                        let (left, right) = (time.sides(window).0, time.sides(window + run.len() - 1).1);
                        scene.rect([left, upper, right, lower], Self::colour(step));
                    }
                    window += run.len();
                }
            }
        }
    }
}

/// Swap-outs that one mark stands for.
struct Mark {
    /// The lowest of its rows and the row above the highest.
    rows: (usize, usize),
    period: usize,
    count: u64,
}

/// The marks of a run: in each period one for a few rows of one band.
fn marks(map: &AccessMap, course: &Course) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut below = 0;
    for band in &map.bands {
        let end = below + band.bins as usize;
        while below < end {
            let rows = (below, (below + ROWS_OF_MARK).min(end));
            let counts = &course.timeline.swap_outs_by_page[rows.0..rows.1];
            for period in 0..counts[0].len() {
                let count = counts.iter().fold(0_u64, |sum, row| sum.saturating_add(row[period]));
                if count > 0 {
                    marks.push(Mark { rows, period, count });
                }
            }
            below = rows.1;
        }
    }
    marks
}

/// How large a mark is: its area goes with the count.
fn radius(count: u64, most: u64) -> f64 {
    (LARGEST * (count as f64 / most.max(1) as f64).sqrt()).max(SMALLEST)
}

/// Draws the marks of a run. Returns the numbers they show.
fn draw_marks(
    scene: &mut Scene,
    map: &AccessMap,
    course: &Course,
    rows: &PageRows,
    time: Time,
    most: u64,
) -> Vec<Drawn> {
    let windows = course.timeline.swap_outs.len();
    let period = usize::try_from(course.timeline.period).unwrap_or(usize::MAX);
    let marks = marks(map, course);
    let place = |mark: &Mark| {
        let first = mark.period.saturating_mul(period);
        let last = first.saturating_add(period - 1).min(windows - 1);
        let middle = f64::midpoint(rows.row(mark.rows.0 as f64), rows.row(mark.rows.1 as f64));
        (last, (f64::midpoint(time.sides(first).0, time.sides(last).1), middle))
    };
    for mark in &marks {
        scene.mark(place(mark).1, Shape::Disc, radius(mark.count, most), MARK);
    }
    let drawn = |mark: &Mark| Drawn {
        policy: course.label.to_owned(),
        quantity: "swap-outs".to_owned(),
        at: time.end(place(mark).0) as f64,
        value: mark.count as f64,
        place: place(mark).1,
    };
    marks.iter().map(drawn).collect()
}

/// The steps of the colours with their numbers, and the sizes of the marks.
fn draw_key(scene: &mut Scene, baseline: f64, map: &AccessMap, heat: &Heat, most: u64) {
    let text = format!(
        "References to a page in a window of {} (mean of the pages of a cell, log scale):",
        numbers::grouped(map.window)
    );
    let text = Text::new(MARGIN, baseline, axis::SMALL, text).coloured(Colour::GREY);
    let start = MARGIN + text.width() + 40.0;
    scene.text(text);
    let width = 56.0;
    for step in 0..STEPS {
        let left = start + width * step as f64;
        scene.rect([left, baseline - 14.0, left + width, baseline], Heat::colour(step));
    }
    for step in 0..=STEPS {
        let x = start + width * step as f64;
        scene.line(vec![(x, baseline), (x, baseline + 4.0)], 1.0, Colour::AXIS, None);
        let label = numbers::short(heat.start(step));
        let label = Text::new(x, baseline + 18.0, 13.0, label).anchored(Anchor::Middle).coloured(Colour::GREY);
        scene.text(label);
    }
    let mut key = Key::new(baseline + 46.0);
    if most > 0 {
        let sizes: Vec<u64> = [1, most / 10, most].into_iter().filter(|&count| count > 0).collect();
        for count in sizes.into_iter().collect::<std::collections::BTreeSet<u64>>() {
            let text = numbers::counted(count, "swap-out", "swap-outs");
            key.drawn_entry(scene, 2.0 * LARGEST, &text, |scene, x, middle| {
                scene.mark((x + LARGEST, middle), Shape::Disc, radius(count, most), MARK);
            });
        }
    }
    key.entry(
        scene,
        None,
        "Empty: not referenced. Slots of the segment table are one above the other, 0 at the bottom.",
    );
    key.finish(scene);
}

/// The chart in words.
fn description(map: &AccessMap, courses: &[Course]) -> String {
    let sum = |rows: &[Vec<u64>]| rows.iter().flatten().fold(0_u64, |sum, &count| sum.saturating_add(count));
    let all = sum(&map.references).max(1) as f64;
    let mut below = 0;
    let mut shares = Vec::new();
    for band in &map.bands {
        let end = below + band.bins as usize;
        let share = numbers::percent(sum(&map.references[below..end]) as f64, all);
        shares.push(format!("{} {share} %", super::page_rows::name(band)));
        below = end;
    }
    let counted = |course: &Course| {
        format!("{} {}", course.label, numbers::counted(course.run.row.swap_outs, "swap-out", "swap-outs"))
    };
    let counted: Vec<String> = courses.iter().map(counted).collect();
    format!("References by segment: {}. {}.", shares.join(", "), counted.join(", "))
}
