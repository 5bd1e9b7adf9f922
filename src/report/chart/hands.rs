//! The two hands of the clock as they go round: up over the pages of slot after slot, then again from slot 0.
//!
//! Where they were is known at the end of each window, and how often they had gone round; between, they go straight. Where
//! they go round too often for that to be seen, the window is filled.

use super::axis::{self, Frame, SMALL, Tick};
use super::course::{self, Course, Time};
use super::font;
use super::page_rows::PageRows;
use super::scene::{Colour, Point, Scene, Shape};
use super::{Drawn, sheet};
use crate::report::numbers;
use crate::results::{AccessMap, Hands};

/// More laps in a window than this can't be told apart.
const SEEN: u64 = 2;
/// The colour of what failed, and of its cross.
pub(super) const FAILED: Colour = Colour(0xaa, 0x33, 0x77);
/// Where the hands pass so much of the panel in one window, they sweep over it: the line is thin.
const SWEEP: f64 = 0.1;
/// Where the hands go round too often to be drawn.
const FILL: Colour = Colour(0xd0, 0xd0, 0xd0);
/// Crosses are at least this far apart; those of the windows with most failures come first.
const APART: f64 = 16.0;
/// More laps are not asked whether there is room for their numbers.
const MOST_LAPS: usize = 1000;
/// From the panel up to its heading: the laps stand between.
pub(super) const HEADING: f64 = 38.0;

/// The way of the hands, laid out.
#[derive(Debug, Default)]
struct Way {
    /// From slot 0, or where the last piece could not be seen, to the end of the table.
    pieces: Vec<Vec<Point>>,
    /// Windows in which they go round too often.
    filled: Vec<(f64, f64)>,
    /// When each lap ends.
    laps: Vec<(u64, f64)>,
}

/// Draws the hands of a run into a panel, with laps above it and crosses where scans failed. Returns the numbers shown.
pub(super) fn draw(scene: &mut Scene, frame: Frame, time: Time, map: &AccessMap, course: &Course) -> Vec<Drawn> {
    let Some(hands) = &course.timeline.hands else { return Vec::new() };
    let rows = PageRows::new(map, frame);
    let way = way(hands, &rows, time);
    let colour = course.look.colour;
    for &(left, right) in &way.filled {
        scene.rect([left, frame.top, right, frame.bottom], FILL);
    }
    rows.draw_lines(scene);
    for pair in way.pieces.windows(2) {
        let (Some(&end), Some(&start)) = (pair[0].last(), pair[1].first()) else { continue };
        if (end.0 - start.0).abs() < 0.1 {
            scene.line(vec![end, start], 0.75, colour.paler(0.5), Some((1.5, 2.5)));
        }
    }
    let sweeps = |a: &Point, b: &Point| (a.1 - b.1).abs() > SWEEP * (frame.bottom - frame.top);
    for piece in &way.pieces {
        let steps: Vec<(&[Point], bool)> = piece.windows(2).map(|pair| (pair, sweeps(&pair[0], &pair[1]))).collect();
        for run in steps.chunk_by(|a, b| a.1 == b.1) {
            let points = std::iter::once(run[0].0[0]).chain(run.iter().map(|(pair, _)| pair[1])).collect();
            scene.line(points, if run[0].1 { 0.75 } else { 2.5 }, colour, None);
        }
    }
    let failed = &course.timeline.failed_scans;
    let at = |window: usize| (time.sides(window).1, rows.page(hands.page[window]));
    let seen: Vec<u64> =
        failed.iter().zip(laps_in_windows(hands)).map(|(&f, laps)| if laps > SEEN { 0 } else { f }).collect();
    for window in crosses(&seen, time) {
        scene.mark(at(window), Shape::Cross, 4.5, FAILED);
    }
    rows.draw_labels(scene);
    axis::draw_top(scene, frame, &lap_ticks(&way.laps));
    let laps = hands.laps.last().copied().unwrap_or(0);
    let heading = format!("The two hands of {}: (segment, page) they point at", course.label);
    let laps = format!("above: laps, {} in all", numbers::grouped(laps));
    course::draw_heading(scene, frame, HEADING, &heading, &laps);
    let drawn = |(window, &page): (usize, &u64)| Drawn {
        policy: course.label.to_owned(),
        quantity: "pages below the hands".to_owned(),
        at: time.end(window) as f64,
        value: page as f64,
        place: at(window),
    };
    hands.page.iter().enumerate().map(drawn).collect()
}

/// What the signs of the panel mean.
pub(super) fn draw_key(scene: &mut Scene, key: &mut sheet::Key, course: &Course) {
    let Some(hands) = &course.timeline.hands else { return };
    let (fast, most) = are_fast(hands);
    if most {
        return;
    }
    if course.timeline.failed_scans.iter().any(|&failed| failed > 0) {
        key.drawn_entry(scene, 12.0, "scans that found no victim", |scene, x, middle| {
            scene.mark((x + 6.0, middle), Shape::Cross, 4.5, FAILED);
        });
    }
    if fast {
        let text = format!("the hands go round more than {SEEN} times in a window");
        key.drawn_entry(scene, 16.0, &text, |scene, x, middle| {
            scene.rect([x, middle - 6.0, x + 16.0, middle + 6.0], FILL);
        });
    }
}

/// How often the hands went round in each window.
pub(super) fn laps_in_windows(hands: &Hands) -> impl Iterator<Item = u64> + '_ {
    let before = std::iter::once(0).chain(hands.laps.iter().copied());
    hands.laps.iter().zip(before).map(|(&after, before)| after.saturating_sub(before))
}

/// Whether they go round so often, in some window and in most, that it can't be drawn.
pub(super) fn are_fast(hands: &Hands) -> (bool, bool) {
    let fast = laps_in_windows(hands).filter(|&laps| laps > SEEN).count();
    (fast > 0, 2 * fast > hands.laps.len())
}

fn way(hands: &Hands, rows: &PageRows, time: Time) -> Way {
    let all = rows.pages() as f64;
    let (bottom, top) = (rows.page(0), rows.page(u64::MAX));
    let mut way = Way::default();
    let mut piece = vec![(time.x(0), bottom)];
    let (mut from, mut done) = (0, 0);
    for (window, (&page, &laps)) in hands.page.iter().zip(&hands.laps).enumerate() {
        let (left, right) = time.sides(window);
        let rounds = laps - done;
        let distance = rounds as f64 * all + page as f64 - from as f64;
        let ends = (1..=rounds.min(1000)).map(|round| {
            let part = if distance > 0.0 { (round as f64 * all - from as f64) / distance } else { 1.0 };
            (done + round, left + (right - left) * part.clamp(0.0, 1.0))
        });
        let ends: Vec<(u64, f64)> = ends.collect();
        if rounds > SEEN {
            way.filled.push((left, right));
            way.pieces.push(std::mem::take(&mut piece));
        } else {
            for &(_, x) in &ends {
                piece.push((x, top));
                way.pieces.push(std::mem::replace(&mut piece, vec![(x, bottom)]));
            }
        }
        piece.push((right, rows.page(page)));
        way.laps.extend(ends);
        (from, done) = (page, laps);
    }
    way.pieces.push(piece);
    way.pieces.retain(|piece| piece.len() > 1);
    way
}

/// The windows that get a cross: those with most failures first, each so far from the others that crosses can be told apart.
fn crosses(failed: &[u64], time: Time) -> Vec<usize> {
    let mut windows: Vec<usize> = (0..failed.len()).filter(|&window| failed[window] > 0).collect();
    windows.sort_by_key(|&window| (std::cmp::Reverse(failed[window]), window));
    let mut chosen: Vec<usize> = Vec::new();
    for window in windows {
        if chosen.iter().all(|&other| (time.middle(other) - time.middle(window)).abs() >= APART) {
            chosen.push(window);
        }
    }
    chosen
}

/// Marks at the ends of laps, as many as have room: the roundest numbers first.
fn lap_ticks(laps: &[(u64, f64)]) -> Vec<Tick> {
    let round = |lap: u64| {
        let steps = (0..18).flat_map(|power| [1, 2, 5].map(|step| step * 10_u64.pow(power)));
        steps.take_while(|&step| step <= lap).filter(|&step| lap.is_multiple_of(step)).last().unwrap_or(1)
    };
    let mut order: Vec<&(u64, f64)> = laps.iter().collect();
    order.sort_by_key(|(lap, _)| (std::cmp::Reverse(round(*lap)), *lap));
    let half = |tick: &Tick| font::width(&tick.text, false) * SMALL / 2.0;
    let mut ticks: Vec<Tick> = Vec::new();
    for &&(lap, place) in order.iter().take(MOST_LAPS) {
        let tick = Tick { place, text: numbers::grouped(lap), strong: false };
        if ticks.iter().all(|other| (other.place - place).abs() >= half(other) + half(&tick) + 8.0) {
            ticks.push(tick);
        }
    }
    ticks
}
