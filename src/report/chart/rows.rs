//! Charts with a row for each policy: which policies, in what order, and their names at the left.

use super::axis::{Frame, SMALL, TO_BASELINE};
use super::font;
use super::scene::{Colour, Scene, Text};
use super::sheet::MARGIN;
use crate::policy::Sight;
use crate::report::block::{Block, Series};

/// From row to row.
pub(super) const PITCH: f64 = 20.0;
/// The heading of a group of rows, with the room above it.
pub(super) const GROUP: f64 = 30.0;
/// The longest name of a policy.
const LONGEST_NAME: f64 = 190.0;
/// More rows than this are nothing for a picture.
pub(super) const MOST: usize = 120;

/// Rows under the heading of what their policies may know.
pub(super) struct Group<'a> {
    pub(super) sight: Sight,
    /// The places of its policies in the block, with their series, from top to bottom.
    pub(super) rows: Vec<(usize, &'a Series<'a>)>,
}

/// The policies of a block that have an `order`, in groups by what they may know, and in each by that order, the smallest
/// first. The second value is how many rows were left out because there are too many.
pub(super) fn groups<'a>(block: &'a Block<'a>, order: impl Fn(&Series) -> Option<f64>) -> (Vec<Group<'a>>, usize) {
    let mut room = MOST;
    let mut left_out = 0;
    let mut groups = Vec::new();
    for sight in block.sights() {
        let of_sight = block.series.iter().enumerate().filter(|(_, series)| series.sight == sight);
        let mut rows: Vec<(f64, (usize, &Series))> =
            of_sight.filter_map(|(place, series)| Some((order(series)?, (place, series)))).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.0.cmp(&b.1.0)));
        left_out += rows.len().saturating_sub(room);
        rows.truncate(room);
        room -= rows.len();
        if !rows.is_empty() {
            groups.push(Group { sight, rows: rows.into_iter().map(|(_, row)| row).collect() });
        }
    }
    (groups, left_out)
}

/// The height of all groups.
pub(super) fn height(groups: &[Group]) -> f64 {
    groups.iter().map(|group| GROUP + PITCH * group.rows.len() as f64).sum()
}

/// The room of the names.
pub(super) fn name_room(block: &Block) -> f64 {
    let widest = block.series.iter().map(|series| font::width(&series.label, true) * SMALL).fold(0.0, f64::max);
    widest.min(LONGEST_NAME)
}

/// Draws headings and names from `top` down, the reference's name bold. Returns for each row the place of its policy in the
/// block and its middle from top to bottom.
pub(super) fn draw_names(scene: &mut Scene, block: &Block, groups: &[Group], top: f64) -> Vec<(usize, f64)> {
    let room = name_room(block);
    let mut middles = Vec::new();
    let mut place = top;
    for group in groups {
        let heading = Text::new(MARGIN, place + GROUP - 8.0, 13.0, group.sight.meaning());
        scene.text(heading.coloured(Colour::GREY));
        place += GROUP;
        for &(index, series) in &group.rows {
            let middle = place + PITCH / 2.0;
            let reference = block.reference() == Some(index);
            let name = font::fitted(&series.label, SMALL, reference, room);
            scene.text(Text::new(MARGIN, middle + TO_BASELINE * SMALL, SMALL, name).bold(reference));
            middles.push((index, middle));
            place += PITCH;
        }
    }
    middles
}

/// Draws the grid of a panel: a line across each row, and, behind the rows but not behind the headings of groups, a line at
/// each of `places`.
pub(super) fn draw_grid(scene: &mut Scene, groups: &[Group], frame: Frame, places: &[f64]) {
    for (top, rows) in bands(groups, frame.top) {
        let bottom = top + PITCH * rows as f64;
        for row in 0..rows {
            let middle = top + PITCH * (row as f64 + 0.5);
            scene.line(vec![(frame.left, middle), (frame.right, middle)], 0.5, Colour::GRID, None);
        }
        for &place in places {
            scene.line(vec![(place, top), (place, bottom)], 1.0, Colour::GRID, None);
        }
    }
}

/// Draws a dotted line at `place` behind the rows.
pub(super) fn draw_mark_line(scene: &mut Scene, groups: &[Group], frame: Frame, place: f64) {
    for (top, rows) in bands(groups, frame.top) {
        let line = vec![(place, top), (place, top + PITCH * rows as f64)];
        scene.line(line, 1.25, Colour::AXIS, Some((1.5, 3.0)));
    }
}

/// Where the rows of each group begin, and how many they are.
fn bands(groups: &[Group], top: f64) -> Vec<(f64, usize)> {
    let mut place = top;
    let mut bands = Vec::with_capacity(groups.len());
    for group in groups {
        bands.push((place + GROUP, group.rows.len()));
        place += GROUP + PITCH * group.rows.len() as f64;
    }
    bands
}

/// What to say of rows that were left out.
pub(super) fn left_out_note(left_out: usize) -> Option<String> {
    (left_out > 0).then(|| format!("{left_out} more policies are in results.csv."))
}
