//! Swap-outs of each policy at each memory size against the reference's: a heat table with the numbers in its cells.

use super::axis::{SMALL, TO_BASELINE};
use super::rows::{self, Group, PITCH};
use super::scene::{Anchor, Colour, Scene, Text};
use super::sheet::{self, Key, MARGIN, TOP, WIDTH};
use super::{Chart, Drawn, curve, font, heat};
use crate::policy::Sight;
use crate::report::block::{Block, REFERENCE, Series};
use crate::report::numbers;
use crate::results::{Results, Row};

/// The em of numbers in cells.
const NUMBER: f64 = 12.5;
/// Cells are at least as wide; more memory sizes go into a second table below.
const NARROWEST: f64 = 44.0;
/// Cells are at most as wide.
const WIDEST: f64 = 84.0;
/// Of more memory sizes than this only as many are shown, evenly spread.
const MOST_SIZES: usize = 48;
/// More cells than this are nothing for a picture: fewer memory sizes are shown.
const MOST_CELLS: usize = 3000;
/// The lines above a table: frames, percentages, the reference's counts.
const HEAD: f64 = 66.0;
/// What stands before those lines.
const HEADS: [&str; 3] = ["frames", "% of the footprint", REFERENCE];
/// Between two tables.
const BETWEEN: f64 = 34.0;

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cell {
    /// No run at this size.
    Nothing,
    /// The reference has too few swap-outs here.
    TooFew,
    /// The run gave up references.
    OutOfMemory,
    /// Swap-outs in parts of the reference's.
    Ratio(f64),
}

/// The heat table of a trace. None without the reference, or with nothing beside it that it could be set against.
pub(super) fn relative(_: &Results, block: &Block) -> Option<Chart> {
    let reference = &block.series[block.reference()?];
    let enough = curve::enough(reference.runs.values().map(|run| run.row.swap_outs));
    let ratios = |series: &Series| -> Vec<f64> {
        let cells = block.sizes.iter().map(|&frames| cell(series, reference, frames, enough));
        cells.filter_map(|cell| if let Cell::Ratio(ratio) = cell { Some(ratio) } else { None }).collect()
    };
    let order = |series: &Series| (!std::ptr::eq(series, reference)).then(|| mean(&ratios(series)));
    let (groups, left_out) = rows::groups(block, order);
    if !groups.iter().flat_map(|group| &group.rows).any(|(_, series)| !ratios(series).is_empty()) {
        return None;
    }
    let title = format!("Swap-outs against {REFERENCE}, in % fewer (−) or more (+): {}", block.name);
    let mut scene = sheet::begin(&title, block);
    let policies = groups.iter().map(|group| group.rows.len()).sum::<usize>().max(1);
    let sizes = shown(&block.sizes, MOST_SIZES.min(MOST_CELLS / policies));
    let heads = HEADS.map(|head| font::width(head, true) * SMALL).into_iter().fold(0.0, f64::max);
    let left = MARGIN + rows::name_room(block).max(heads) + 14.0;
    let room = WIDTH - MARGIN - left;
    let tables = sizes.len().div_ceil((room / NARROWEST) as usize);
    let columns = sizes.len().div_ceil(tables);
    let table = Table { block, reference, enough, groups: &groups, left, width: (room / columns as f64).min(WIDEST) };
    let mut drawn = Vec::new();
    let mut top = TOP;
    for sizes in sizes.chunks(columns) {
        drawn.extend(table.draw(&mut scene, sizes, top));
        top += HEAD + rows::height(&groups) + BETWEEN;
    }
    let mut notes: Vec<String> = rows::left_out_note(left_out).into_iter().collect();
    if sizes.len() < block.sizes.len() {
        notes.push(format!("{} of {} memory sizes are shown.", sizes.len(), block.sizes.len()));
    }
    if block.ran_out_of_memory() {
        notes.push("!  out of memory: not comparable".to_owned());
    }
    draw_key(&mut scene, top, enough, &notes);
    Some(Chart::new(title, description(block, reference, enough), scene, drawn))
}

fn cell(series: &Series, reference: &Series, frames: u64, enough: u64) -> Cell {
    let (Some(run), Some(base)) = (series.runs.get(&frames), reference.runs.get(&frames)) else { return Cell::Nothing };
    match (&run.row, &base.row) {
        (Row { out_of_memory: 1.., .. }, _) | (_, Row { out_of_memory: 1.., .. }) => Cell::OutOfMemory,
        (_, base) if base.swap_outs < enough => Cell::TooFew,
        (row, base) => Cell::Ratio(row.swap_outs as f64 / base.swap_outs as f64),
    }
}

/// The geometric mean, a ratio below a thousandth counting as that. Without ratios it is the greatest of all.
fn mean(ratios: &[f64]) -> f64 {
    if ratios.is_empty() {
        return f64::INFINITY;
    }
    ratios.iter().map(|ratio| ratio.max(1e-3).ln()).sum::<f64>() / ratios.len() as f64
}

/// At most so many of the sizes, evenly spread, the first and the last among them.
fn shown(sizes: &[u64], most: usize) -> Vec<u64> {
    let most = most.max(2);
    if sizes.len() <= most {
        return sizes.to_vec();
    }
    (0..most).map(|index| sizes[index * (sizes.len() - 1) / (most - 1)]).collect()
}

struct Table<'a> {
    block: &'a Block<'a>,
    reference: &'a Series<'a>,
    enough: u64,
    groups: &'a [Group<'a>],
    /// Where the first column begins.
    left: f64,
    /// The width of a column.
    width: f64,
}

impl Table<'_> {
    fn draw(&self, scene: &mut Scene, sizes: &[u64], top: f64) -> Vec<Drawn> {
        self.draw_head(scene, sizes, top);
        let rows = rows::draw_names(scene, self.block, self.groups, top + HEAD);
        let mut drawn = Vec::new();
        for (column, &frames) in sizes.iter().enumerate() {
            let best = self.block.best_realisable(frames);
            let left = self.left + self.width * column as f64;
            for &(index, middle) in &rows {
                let sides = [left, middle - PITCH / 2.0, left + self.width - 1.0, middle + PITCH / 2.0 - 1.0];
                let series = &self.block.series[index];
                let cell = cell(series, self.reference, frames, self.enough);
                let count = series.runs.get(&frames).map(|run| run.row.swap_outs);
                let marked = series.sight == Sight::AccessedBits && count == best;
                draw_cell(scene, sides, cell, marked);
                if let Cell::Ratio(ratio) = cell {
                    let (policy, quantity) = (series.label.clone(), "change".to_owned());
                    let place = (f64::midpoint(sides[0], sides[2]), middle);
                    drawn.push(Drawn { policy, quantity, at: frames as f64, value: 100.0 * (ratio - 1.0), place });
                }
            }
        }
        drawn
    }

    /// Memory sizes, what they are of the footprint, and the counts that all is set against.
    fn draw_head(&self, scene: &mut Scene, sizes: &[u64], top: f64) {
        let colours = [Colour::INK, Colour::GREY, Colour::INK];
        let baseline = |line: usize| top + 16.0 + 22.0 * line as f64;
        for (line, (text, colour)) in HEADS.into_iter().zip(colours).enumerate() {
            if line != 1 || self.block.footprint().is_some() {
                let text = Text::new(MARGIN, baseline(line), SMALL, text).coloured(colour);
                scene.text(text.bold(line == 2));
            }
        }
        for (column, &frames) in sizes.iter().enumerate() {
            let middle = self.left + self.width * (column as f64 + 0.5);
            let mut write = |line: usize, text: &str, colour: Colour, bold: bool| {
                let size = 13.5_f64.min((self.width - 5.0) / font::width(text, bold).max(0.1));
                let text = Text::new(middle, baseline(line), size, text).anchored(Anchor::Middle);
                scene.text(text.coloured(colour).bold(bold));
            };
            write(0, &narrow(frames, self.width), Colour::INK, false);
            if let Some(footprint) = self.block.footprint() {
                let text = numbers::percent(frames as f64, footprint as f64);
                write(1, &text, Colour::GREY, frames == footprint);
            }
            if let Some(run) = self.reference.runs.get(&frames) {
                write(2, &narrow(run.row.swap_outs, self.width), Colour::INK, true);
                if run.row.swap_outs >= self.enough && self.block.best_realisable(frames) == Some(run.row.swap_outs) {
                    let (left, top) = (self.left + self.width * column as f64, baseline(2) - 15.0);
                    heat::draw_frame(scene, [left, top, left + self.width - 1.0, top + PITCH - 1.0]);
                }
            }
        }
    }
}

/// A count, rounded where it would not fit.
fn narrow(count: u64, width: f64) -> String {
    let exact = numbers::grouped(count);
    if font::width(&exact, true) * 13.5 <= width - 5.0 { exact } else { numbers::short(count as f64) }
}

fn draw_cell(scene: &mut Scene, sides: [f64; 4], cell: Cell, marked: bool) {
    let middle = (f64::midpoint(sides[0], sides[2]), f64::midpoint(sides[1], sides[3]));
    let mut sign = |text: &str| {
        let text = Text::new(middle.0, middle.1 + TO_BASELINE * NUMBER, NUMBER, text).anchored(Anchor::Middle);
        scene.text(text.coloured(Colour::GREY));
    };
    match cell {
        Cell::Nothing => {}
        Cell::TooFew => sign("·"),
        Cell::OutOfMemory => sign("!"),
        Cell::Ratio(ratio) => heat::draw_cell(scene, sides, colour(ratio), &change(ratio), NUMBER, marked),
    }
}

/// Half and double, and whatever is beyond, have the colours of the ends.
fn colour(ratio: f64) -> Colour {
    heat::diverging(ratio.max(0.1).log2())
}

/// A ratio as percent fewer or more; tenfold and more as what it is.
fn change(ratio: f64) -> String {
    let percent = 100.0 * (ratio - 1.0);
    if ratio >= 10.0 {
        return format!("×{}", numbers::short(ratio.round()));
    }
    match percent.round() {
        rounded if rounded > 0.0 => format!("+{rounded}"),
        rounded if rounded < 0.0 => format!("−{}", -rounded),
        _ => "0".to_owned(),
    }
}

/// What colours and signs mean.
fn draw_key(scene: &mut Scene, top: f64, enough: u64, notes: &[String]) {
    let mut key = Key::new(top + 4.0);
    let steps = [0.5, 0.75, 1.0, 1.5, 2.0];
    let width = 40.0;
    let text = "% of its swap-outs; beyond −50 and +100 the colour stays";
    key.drawn_entry(scene, width * steps.len() as f64, text, |scene, left, middle| {
        for (index, ratio) in steps.into_iter().enumerate() {
            let left = left + width * index as f64;
            let sides = [left, middle - 9.0, left + width - 1.0, middle + 9.0];
            heat::draw_cell(scene, sides, colour(ratio), &change(ratio), NUMBER, false);
        }
    });
    key.drawn_entry(scene, 26.0, "the fewest a kernel could have", |scene, left, middle| {
        heat::draw_frame(scene, [left, middle - 9.0, left + 26.0, middle + 9.0]);
    });
    if enough > 1 {
        key.entry(scene, None, &format!("·  {REFERENCE} has fewer than {enough}"));
    }
    for note in notes {
        key.entry(scene, None, note);
    }
    key.finish(scene);
}

/// The table in words, at the size that says most.
fn description(block: &Block, reference: &Series, enough: u64) -> String {
    let Some(frames) = block.telling_size() else { return String::new() };
    let said = block.series.iter().filter(|series| !std::ptr::eq(*series, reference)).filter_map(|series| {
        let Cell::Ratio(ratio) = cell(series, reference, frames, enough) else { return None };
        let change = if ratio >= 10.0 { format!("{ratio:.0} times as many") } else { format!("{} %", change(ratio)) };
        Some(format!("{} {change}", series.label))
    });
    let said: Vec<String> = said.collect();
    let base = reference.runs.get(&frames).map_or(0, |run| run.row.swap_outs);
    format!(
        "A table of policies by memory sizes. At {} frames {REFERENCE} has {} swap-outs; against it, in % fewer (−) or more \
         (+): {}.",
        numbers::grouped(frames),
        numbers::grouped(base),
        said.join(", "),
    )
}
