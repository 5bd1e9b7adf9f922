//! What charts over time have in common: the runs they show, checked, the axis of time, and names at the right end of panels.

use super::axis::{self, Frame, SMALL, TO_BASELINE};
use super::curve::{self, Look};
use super::font;
use super::labels;
use super::panel::SAMPLE;
use super::scale::Scale;
use super::scene::{Colour, Scene, Text};
use super::sheet::{MARGIN, WIDTH};
use crate::report::block::{Block, Series};
use crate::report::numbers;
use crate::results::{AccessMap, Hands, Run, Timeline};

/// Left and right end of every panel over time: with 240 windows each is four pixels wide.
pub(super) const LEFT: f64 = 94.0;
pub(super) const RIGHT: f64 = LEFT + 960.0;
/// From a panel to the names beside it.
const LEADER: f64 = 16.0;
/// From a sample to its name.
const GAP: f64 = 7.0;
/// The reference is a broad line and the other a thin one on it, so that both are seen where they are the same.
const BROAD: f64 = 2.75;
const THIN: f64 = 1.25;
/// The most windows that are drawn; more are not of this program's making.
const MOST_WINDOWS: usize = 1000;

/// A run that is shown over time.
pub(super) struct Course<'a> {
    /// The policy with its parameters.
    pub(super) label: &'a str,
    pub(super) look: Look,
    pub(super) series: &'a Series<'a>,
    pub(super) run: &'a Run,
    pub(super) timeline: &'a Timeline,
}

/// The trace's map and the runs to show over it; none where there is nothing, or lists are not as long as they should be, as
/// in a file that was edited.
pub(super) fn courses<'a>(block: &'a Block<'a>) -> Option<(&'a AccessMap, Vec<Course<'a>>)> {
    let facts = block.facts?;
    let map = facts.access_map.as_ref().filter(|map| map.window > 0 && is_sound(map))?;
    let columns = facts.references.div_ceil(map.window);
    let full = |lists: &[Vec<u64>], length: usize| lists.iter().all(|list| list.len() == length);
    if !full(&map.references, usize::try_from(columns).ok().filter(|&columns| columns > 0)?) {
        return None;
    }
    let looks = curve::looks(block);
    let courses = block.timelines().into_iter().filter_map(|(place, run)| {
        let series = &block.series[place];
        let width = if looks[place].reference { BROAD } else { THIN };
        let look = Look { width, shape: None, ..looks[place] };
        let timeline = run.timeline.as_ref().filter(|timeline| fits(timeline, map))?;
        Some(Course { label: &series.label, look, series, run, timeline })
    });
    let courses: Vec<Course> = courses.collect();
    (!courses.is_empty()).then_some((map, courses))
}

/// Whether the bands and bins of a map belong together.
fn is_sound(map: &AccessMap) -> bool {
    let sum = |of: fn(&crate::results::PageBand) -> u64| {
        map.bands.iter().map(of).try_fold(0_u64, u64::checked_add).filter(|&sum| sum < u64::MAX / 2)
    };
    let whole = map.bands.iter().all(|band| (1..=band.pages).contains(&band.bins));
    whole && sum(|band| band.pages).is_some() && sum(|band| band.bins) == Some(map.references.len() as u64)
}

/// Whether all lists of a timeline are as long as they should be.
fn fits(timeline: &Timeline, map: &AccessMap) -> bool {
    let windows = timeline.swap_outs.len();
    let columns = map.references.first().map_or(0, Vec::len);
    let counts =
        [&timeline.minor_faults, &timeline.zero_faults, &timeline.swap_ins, &timeline.failed_scans].map(Vec::len);
    let periods = (timeline.period > 0).then(|| (windows as u64).div_ceil(timeline.period));
    timeline.window == map.window
        && (1..=columns.min(MOST_WINDOWS)).contains(&windows)
        && counts == [windows; 4]
        && timeline.resident.len() == map.bands.len()
        && timeline.resident.iter().all(|list| list.len() == windows)
        && timeline.swap_outs_by_page.len() == map.references.len()
        && timeline.swap_outs_by_page.iter().all(|list| Some(list.len() as u64) == periods)
        && timeline.hands.as_ref().is_none_or(|hands| hands_fit(hands, windows))
}

fn hands_fit(hands: &Hands, windows: usize) -> bool {
    let lengths = [hands.swap_id.len(), hands.swap_idx.len(), hands.laps.len(), hands.page.len()];
    lengths == [windows; 4] && hands.laps.is_sorted()
}

/// Windows of references on the axis of time.
#[derive(Clone, Copy)]
pub(super) struct Time {
    pub(super) window: u64,
    pub(super) references: u64,
    pub(super) scale: Scale,
}

impl Time {
    pub(super) fn new(window: u64, references: u64) -> Self {
        Self { window, references, scale: Scale::linear(0.0, references.max(1) as f64, LEFT, RIGHT) }
    }

    /// The references done at the end of a window, counted from 0.
    pub(super) fn end(&self, window: usize) -> u64 {
        (window as u64 + 1).saturating_mul(self.window).min(self.references)
    }

    /// Where so many references stand.
    pub(super) fn x(&self, references: u64) -> f64 {
        LEFT + (RIGHT - LEFT) * references as f64 / self.references.max(1) as f64
    }

    /// The left and right end of a window.
    pub(super) fn sides(&self, window: usize) -> (f64, f64) {
        let start = window.checked_sub(1).map_or(0, |before| self.end(before));
        (self.x(start), self.x(self.end(window)))
    }

    /// The middle of a window.
    pub(super) fn middle(&self, window: usize) -> f64 {
        let (left, right) = self.sides(window);
        f64::midpoint(left, right)
    }
}

/// The heading of a panel, close above it, with a note behind it.
pub(super) fn draw_heading(scene: &mut Scene, frame: Frame, up: f64, heading: &str, note: &str) {
    let room = WIDTH - MARGIN - frame.left;
    let heading = font::fitted(heading, 16.0, true, room);
    let behind = font::width(&heading, true) * 16.0 + 10.0;
    let followed = behind < room - 60.0 && !note.is_empty();
    scene.text(Text::new(frame.left, frame.top - up, 16.0, heading).bold(true).followed(followed));
    if followed {
        let note = font::fitted(note, SMALL, false, room - behind);
        scene.text(Text::new(frame.left + behind, frame.top - up, SMALL, note).coloured(Colour::GREY));
    }
}

/// A name at the right of a panel.
pub(super) struct Name {
    /// The height it belongs to.
    pub(super) wanted: f64,
    pub(super) text: String,
    pub(super) bold: bool,
    /// What it looks like in the panel.
    pub(super) sample: Sample,
}

/// What stands before a name.
#[derive(Clone, Copy)]
pub(super) enum Sample {
    /// A line.
    Line(Look),
    /// A filled square.
    Area(Colour),
    /// Nothing: the name stands beside what it names.
    Nothing,
}

/// Draws names beside a panel, each as near to its height as the others allow.
pub(super) fn draw_names(scene: &mut Scene, frame: Frame, names: &[Name]) {
    let wanted: Vec<f64> = names.iter().map(|name| name.wanted).collect();
    let share = (frame.bottom - frame.top) / wanted.len().max(1) as f64;
    let size = (share / 1.28).clamp(6.0, SMALL);
    let places = labels::spread(&wanted, size * 1.28, frame.top + size / 2.0, frame.bottom - size / 2.0);
    for (name, place) in names.iter().zip(places) {
        let start = frame.right + LEADER;
        let leader = vec![(frame.right + 2.0, name.wanted), (start - 4.0, place)];
        scene.line(leader, 0.75, Colour::AXIS, None);
        let sample = match name.sample {
            Sample::Nothing => 0.0,
            Sample::Line(look) => {
                scene.line(vec![(start, place), (start + SAMPLE, place)], look.width, look.colour, look.dash);
                SAMPLE + GAP
            }
            Sample::Area(colour) => {
                let half = 0.38 * size;
                scene.rect([start, place - half, start + 2.0 * half, place + half], colour);
                2.0 * half + GAP
            }
        };
        let room = WIDTH - MARGIN - start - sample;
        let text = font::fitted(&name.text, size, name.bold, room);
        scene.text(Text::new(start + sample, place + TO_BASELINE * size, size, text).bold(name.bold));
    }
}

/// The axis of time under the last panel.
pub(super) fn draw_axis(scene: &mut Scene, time: &Time, bottom: f64) {
    let ticks = axis::across(&time.scale, 1.0, false, numbers::short);
    let frame = Frame { left: LEFT, right: RIGHT, top: bottom, bottom };
    axis::draw_bottom(scene, frame, &ticks, "references replayed");
}
