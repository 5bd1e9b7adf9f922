//! What a victim costs, for each policy at one memory size: entries invalidated, entries invalidated in vain, and pages
//! examined for each swap-out; and how far each goes over the other sizes.

use super::axis::{self, Frame, SMALL, TO_BASELINE};
use super::rows::{self, Group};
use super::scale::Scale;
use super::scene::{Anchor, Colour, Scene, Shape, Text};
use super::sheet::{self, Key, MARGIN, TOP, WIDTH};
use super::{Chart, Drawn};
use crate::policy::Sight;
use crate::report::block::{Block, ENOUGH, REFERENCE, Series};
use crate::report::numbers;
use crate::results::{Results, Row};

/// What is counted for each swap-out.
struct Cost {
    heading: &'static str,
    unit: &'static str,
    /// In a sentence.
    words: &'static str,
    of: fn(&Row) -> u64,
}

const COSTS: [Cost; 3] = [
    Cost {
        heading: "Entries invalidated",
        unit: "entries for each swap-out",
        words: "entries",
        of: |row| row.ptes_invalidated,
    },
    Cost {
        heading: "Wasted: of pages that stayed",
        unit: "entries for each swap-out",
        words: "wasted",
        of: |row| row.wasted_invalidations,
    },
    Cost { heading: "Pages examined", unit: "pages for each swap-out", words: "attempts", of: |row| row.swap_attempts },
];

/// The width of a column of numbers.
const NUMBERS: f64 = 78.0;
/// The width of a column of costs.
const COST: f64 = 52.0;
/// Between a column of numbers and the next panel.
const BETWEEN: f64 = 30.0;
/// Between the frame and the smallest and largest value.
const INSET: f64 = 9.0;
/// The em of numbers.
const NUMBER: f64 = 13.0;
/// From the top of the sheet's room to the rows.
const HEADINGS: f64 = 36.0;
/// A scale is logarithmic if the largest value is so many times the smallest.
const LOG_ABOVE: f64 = 40.0;

/// The costs of a trace. None where nothing was swapped out.
pub(super) fn victim_cost(_: &Results, block: &Block) -> Option<Chart> {
    let frames = block.telling_size()?;
    let row = |series: &Series| series.runs.get(&frames).map(|run| run.row.clone()).filter(|row| row.swap_outs > 0);
    let (groups, left_out) = rows::groups(block, |series| row(series).map(|row| row.swap_outs as f64));
    if groups.is_empty() {
        return None;
    }
    let size = numbers::counted(frames, "frame", "frames");
    let title = format!("What a victim costs, at {size}: {}", block.name);
    let mut scene = sheet::begin(&title, block);
    let top = TOP + HEADINGS;
    let bottom = top + rows::height(&groups) + 8.0;
    let names = rows::draw_names(&mut scene, block, &groups, top);
    let left = MARGIN + rows::name_room(block) + 12.0;
    draw_swap_outs(&mut scene, block, frames, &names, (left + NUMBERS, top));
    let first = left + NUMBERS + BETWEEN;
    let each = (WIDTH - MARGIN - first + BETWEEN) / COSTS.len() as f64;
    let mut drawn = Vec::new();
    for (index, cost) in COSTS.iter().enumerate() {
        let left = first + each * index as f64;
        let frame = Frame { left, right: left + each - BETWEEN - COST, top, bottom };
        drawn.extend(Panel { block, frames, cost, groups: &groups, names: &names }.draw(&mut scene, frame));
    }
    draw_key(&mut scene, block, bottom + 82.0, frames, left_out);
    Some(Chart::new(title, description(block, frames), scene, drawn))
}

/// The number of swap-outs that all is divided by.
fn draw_swap_outs(scene: &mut Scene, block: &Block, frames: u64, names: &[(usize, f64)], (right, top): (f64, f64)) {
    scene.text(Text::new(right, top - 12.0, SMALL, "swap-outs").anchored(Anchor::End).bold(true));
    for &(index, middle) in names {
        let Some(run) = block.series[index].runs.get(&frames) else { continue };
        let count = number_fitting(numbers::grouped(run.row.swap_outs), run.row.swap_outs as f64);
        draw_number(scene, right, middle, &count, block.reference() == Some(index));
    }
}

/// The exact number, or, where that is too wide, a rounded one.
fn number_fitting(exact: String, value: f64) -> String {
    if super::font::width(&exact, true) * NUMBER <= NUMBERS { exact } else { numbers::short(value) }
}

fn draw_number(scene: &mut Scene, right: f64, middle: f64, text: &str, bold: bool) {
    let text = Text::new(right, middle + TO_BASELINE * NUMBER, NUMBER, text).anchored(Anchor::End);
    scene.text(text.bold(bold));
}

/// One cost: a row for each policy.
struct Panel<'a> {
    block: &'a Block<'a>,
    frames: u64,
    cost: &'a Cost,
    groups: &'a [Group<'a>],
    names: &'a [(usize, f64)],
}

impl Panel<'_> {
    /// The cost of a swap-out in a run.
    fn each(&self, row: &Row) -> f64 {
        (self.cost.of)(row) as f64 / row.swap_outs as f64
    }

    /// The cost at the size shown.
    fn here(&self, index: usize) -> Option<f64> {
        let row = &self.block.series[index].runs.get(&self.frames)?.row;
        (row.swap_outs > 0).then(|| self.each(row))
    }

    /// The least and the most at the sizes with enough swap-outs, and here.
    fn range(&self, index: usize) -> Option<(f64, f64)> {
        let here = self.here(index)?;
        let rows = self.block.series[index].runs.values().map(|run| &run.row);
        let costs = rows.filter(|row| row.swap_outs >= ENOUGH && row.out_of_memory == 0).map(|row| self.each(row));
        Some(costs.fold((here, here), |(low, high), cost| (low.min(cost), high.max(cost))))
    }

    fn draw(&self, scene: &mut Scene, frame: Frame) -> Vec<Drawn> {
        let ranges = self.names.iter().filter_map(|&(index, _)| self.range(index));
        let ends: Vec<f64> = ranges.flat_map(|(low, high)| [low, high]).collect();
        let x = Scale::round(&ends, LOG_ABOVE, false, frame.left + INSET, frame.right - INSET);
        axis::draw_heading(
            scene,
            (frame.left, frame.top - 12.0),
            frame.right - frame.left + COST,
            self.cost.heading,
            &x,
        );
        let mut ticks = axis::across(&x, 1.0, true, numbers::short);
        ticks.extend(x.broken().map(|(zero, _)| axis::Tick { place: zero, text: "0".to_owned(), strong: false }));
        let places: Vec<f64> = ticks.iter().map(|tick| tick.place).collect();
        rows::draw_grid(scene, self.groups, frame, &places);
        axis::draw_bottom(scene, Frame { top: frame.bottom, ..frame }, &ticks, self.cost.unit);
        let reference = self.block.reference().and_then(|index| x.place(self.here(index)?));
        if let Some(place) = reference {
            rows::draw_mark_line(scene, self.groups, frame, place);
        }
        self.names.iter().filter_map(|&(index, middle)| self.draw_row(scene, frame, &x, index, middle)).collect()
    }

    fn draw_row(&self, scene: &mut Scene, frame: Frame, x: &Scale, index: usize, middle: f64) -> Option<Drawn> {
        let series = &self.block.series[index];
        let (here, (low, high)) = (self.here(index)?, self.range(index)?);
        let place = x.place(here)?;
        let bold = self.block.reference() == Some(index);
        if let (Some(low), Some(high)) = (x.place(low), x.place(high)) {
            scene.line(vec![(low, middle), (high, middle)], 3.0, RANGE, None);
        }
        draw_mark(scene, series.sight, bold, (place, middle));
        draw_number(scene, frame.right + COST, middle, &amount(here), bold);
        let (policy, quantity) = (series.label.clone(), self.cost.heading.to_owned());
        Some(Drawn { policy, quantity, at: self.frames as f64, value: here, place: (place, middle) })
    }
}

const RANGE: Colour = Colour(0xb9, 0xd3, 0xe6);
const DOT: Colour = Colour(0x00, 0x72, 0xb2);

/// The mark of a policy: a disc if a kernel could run it, a ring if only a simulator can, a diamond for a bound; the
/// reference's is black.
pub(super) fn draw_mark(scene: &mut Scene, sight: Sight, reference: bool, at: (f64, f64)) {
    let colour = if reference { Colour::BLACK } else { DOT };
    match sight {
        Sight::AccessedBits => scene.mark(at, Shape::Disc, 5.0, colour),
        Sight::EveryReference => {
            scene.mark(at, Shape::Disc, 5.0, colour);
            scene.mark(at, Shape::Disc, 2.75, Colour::WHITE);
        }
        Sight::Future => scene.mark(at, Shape::Diamond, 4.5, Colour::GREY),
    }
}

/// A cost in at most two decimals.
fn amount(cost: f64) -> String {
    match cost {
        cost if cost >= 1e4 => numbers::short(cost),
        cost if cost >= 100.0 => format!("{cost:.0}"),
        cost if cost >= 10.0 => format!("{cost:.1}"),
        _ => format!("{cost:.2}"),
    }
}

fn draw_key(scene: &mut Scene, block: &Block, baseline: f64, frames: u64, left_out: usize) {
    let mut key = Key::new(baseline);
    if block.reference().is_some() {
        let text = format!("{REFERENCE}, the reference; dotted: its cost");
        key.drawn_entry(scene, 10.0, &text, |scene, left, middle| {
            draw_mark(scene, Sight::AccessedBits, true, (left + 5.0, middle));
        });
    }
    for sight in block.sights() {
        key.drawn_entry(scene, 10.0, sight.meaning(), |scene, left, middle| {
            draw_mark(scene, sight, false, (left + 5.0, middle));
        });
    }
    let text = format!("from the least to the most at any memory size with {ENOUGH} swap-outs or more");
    key.drawn_entry(scene, 26.0, &text, |scene, left, middle| {
        scene.line(vec![(left, middle), (left + 26.0, middle)], 3.0, RANGE, None);
    });
    key.entry(scene, None, &size_note(block, frames));
    if let Some(note) = rows::left_out_note(left_out) {
        key.entry(scene, None, &note);
    }
    key.finish(scene);
}

/// Why this memory size is shown.
pub(super) fn size_note(block: &Block, frames: u64) -> String {
    let place = block.reference().unwrap_or(0);
    let run = block.series.get(place).and_then(|series| series.runs.get(&frames).map(|run| (series, &run.row)));
    let Some((series, row)) = run.filter(|(_, row)| row.references > 0) else { return String::new() };
    let each = 1000.0 * row.swap_outs as f64 / row.references as f64;
    let share =
        block.footprint().map(|all| format!(" ({} % of the footprint)", numbers::percent(frames as f64, all as f64)));
    format!(
        "At {} frames{} {} has {} swap-outs per 1000 references.",
        numbers::grouped(frames),
        share.unwrap_or_default(),
        super::font::fitted(&series.label, SMALL, false, 190.0),
        amount(each),
    )
}

/// The costs in words.
fn description(block: &Block, frames: u64) -> String {
    let said = block.series.iter().filter_map(|series| {
        let row = &series.runs.get(&frames)?.row;
        let cost = |cost: &Cost| format!("{} {}", amount((cost.of)(row) as f64 / row.swap_outs as f64), cost.words);
        (row.swap_outs > 0).then(|| format!("{} {}", series.label, COSTS.each_ref().map(cost).join(", ")))
    });
    let said: Vec<String> = said.collect();
    format!(
        "Page-table entries invalidated, those wasted, and attempts for each swap-out at {} frames: {}.",
        numbers::grouped(frames),
        said.join("; "),
    )
}
