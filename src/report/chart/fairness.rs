//! Whom a policy hurts, at one memory size: each segment's share of the swap-outs against its share of the resident pages.

use super::axis::{self, Frame, SMALL, TO_BASELINE};
use super::rows::{self, Group};
use super::scale::Scale;
use super::scene::{Anchor, Colour, Scene, Shape, Text};
use super::segment_shares::{Column, Columns, Shares};
use super::sheet::{self, Key, MARGIN, TOP, WIDTH};
use super::victim_cost::size_note;
use super::{Chart, Drawn, font};
use crate::report::block::{Block, Series};
use crate::report::numbers;
use crate::results::Results;

/// The width of the column of indices.
const INDEX: f64 = 62.0;
/// The width of a column of shares.
const SHARES: f64 = 106.0;
/// Between a column of shares and the next panel.
const BETWEEN: f64 = 20.0;
/// Between the frame and the smallest and largest ratio.
const INSET: f64 = 9.0;
/// Ratios beyond this, and below its inverse, stand at the edge.
const EDGE: f64 = 8.0;
/// The em of numbers.
const NUMBER: f64 = 13.0;
/// From the top of the sheet's room to the rows.
const HEADINGS: f64 = 50.0;
/// More swap-outs than its part.
const HURT: Colour = Colour(0xb3, 0x58, 0x06);
/// Fewer.
const SPARED: Colour = Colour(0x21, 0x66, 0xac);

/// The shares of a trace's segments. None where it has one segment, or nothing was swapped out.
pub(super) fn fairness(_: &Results, block: &Block) -> Option<Chart> {
    let frames = block.telling_size()?;
    let columns = Columns::new(block.series.get(block.reference().unwrap_or(0))?.runs.get(&frames)?);
    // Of each policy, in the order of the block.
    let run = |series: &Series| series.runs.get(&frames).map(|run| columns.shares(run)).unwrap_or_default();
    let shares: Vec<Vec<Option<Shares>>> = block.series.iter().map(run).collect();
    let order = |series: &Series| {
        let run = series.runs.get(&frames).filter(|run| run.row.swap_outs > 0)?;
        // The fairest first.
        Some(-run.row.fairness?)
    };
    let (groups, left_out) = rows::groups(block, order);
    if columns.columns.len() < 2 || groups.is_empty() {
        return None;
    }
    let size = numbers::counted(frames, "frame", "frames");
    let title = format!("Which segments are swapped out, at {size}: {}", block.name);
    let mut scene = sheet::begin(&title, block);
    let top = TOP + HEADINGS;
    let bottom = top + rows::height(&groups) + 8.0;
    let names = rows::draw_names(&mut scene, block, &groups, top);
    let left = MARGIN + rows::name_room(block) + 12.0;
    draw_index(&mut scene, block, frames, &names, (left + INDEX, top));
    let first = left + INDEX + 24.0;
    let each = (WIDTH - MARGIN - first + BETWEEN) / columns.columns.len() as f64;
    let mut drawn = Vec::new();
    let reach = reach(&shares);
    for (index, column) in columns.columns.iter().enumerate() {
        let shares: Vec<Option<Shares>> = shares.iter().map(|shares| shares.get(index).copied().flatten()).collect();
        let left = first + each * index as f64;
        let frame = Frame { left, right: left + each - BETWEEN - SHARES, top, bottom };
        let panel = Panel { block, frames, column, shares, reach, groups: &groups, names: &names };
        drawn.extend(panel.draw(&mut scene, frame));
    }
    draw_key(&mut scene, block, bottom + 82.0, frames, left_out);
    Some(Chart::new(title, description(block, frames, &columns.columns, &shares), scene, drawn))
}

/// How far the axis goes above and below even: twofold, fourfold or to the edge, so that the largest ratio has a place.
fn reach(shares: &[Vec<Option<Shares>>]) -> f64 {
    let ratios = shares.iter().flatten().flatten().map(|shares| shares.ratio());
    let away = ratios.filter(|ratio| ratio.is_finite()).map(|ratio| ratio.max(1.0 / ratio)).fold(1.0, f64::max);
    [2.0, 4.0].into_iter().find(|&reach| away <= reach).unwrap_or(EDGE)
}

/// Jain's index of each policy.
fn draw_index(scene: &mut Scene, block: &Block, frames: u64, names: &[(usize, f64)], (right, top): (f64, f64)) {
    for (line, text) in ["fairness", "(1 is even)"].into_iter().enumerate() {
        let text = Text::new(right, top - 24.0 + 18.0 * line as f64, if line == 0 { SMALL } else { 13.0 }, text);
        let colour = if line == 0 { Colour::INK } else { Colour::GREY };
        scene.text(text.anchored(Anchor::End).bold(line == 0).coloured(colour));
    }
    for &(index, middle) in names {
        let fairness = block.series[index].runs.get(&frames).and_then(|run| run.row.fairness);
        let Some(fairness) = fairness else { continue };
        draw_number(scene, right, middle, &format!("{fairness:.2}"), block.reference() == Some(index), Colour::INK);
    }
}

fn draw_number(scene: &mut Scene, right: f64, middle: f64, text: &str, bold: bool, colour: Colour) {
    let text = Text::new(right, middle + TO_BASELINE * NUMBER, NUMBER, text).anchored(Anchor::End);
    scene.text(text.bold(bold).coloured(colour));
}

/// One segment, or the rest: a row for each policy.
struct Panel<'a> {
    block: &'a Block<'a>,
    frames: u64,
    column: &'a Column,
    /// Of each policy of the block.
    shares: Vec<Option<Shares>>,
    reach: f64,
    groups: &'a [Group<'a>],
    names: &'a [(usize, f64)],
}

impl Panel<'_> {
    fn draw(&self, scene: &mut Scene, frame: Frame) -> Vec<Drawn> {
        let x = Scale::log(1.0 / self.reach, self.reach, frame.left + INSET, frame.right - INSET);
        let room = frame.right - frame.left + SHARES;
        let pages = numbers::counted(self.column.pages, "page", "pages");
        let pages = font::fitted(&pages, 13.0, false, room - 58.0);
        let heading = font::fitted(&self.column.heading, SMALL, true, room);
        scene.text(Text::new(frame.left, frame.top - 24.0, SMALL, heading).bold(true).followed(true));
        scene.text(Text::new(frame.left, frame.top - 6.0, 13.0, pages).coloured(Colour::GREY));
        let column = Text::new(frame.right + SHARES, frame.top - 6.0, 13.0, "% of all").anchored(Anchor::End);
        scene.text(column.coloured(Colour::GREY));
        let ticks = self.ticks(&x);
        let places: Vec<f64> = ticks.iter().map(|tick| tick.place).collect();
        rows::draw_grid(scene, self.groups, frame, &places);
        x.place(1.0).into_iter().for_each(|even| rows::draw_mark_line(scene, self.groups, frame, even));
        axis::draw_bottom(scene, Frame { top: frame.bottom, ..frame }, &ticks, "× its part");
        self.names.iter().flat_map(|&(index, middle)| self.draw_row(scene, frame, &x, index, middle)).collect()
    }

    /// As many of the powers of two as have room.
    fn ticks(&self, x: &Scale) -> Vec<axis::Tick> {
        let all: Vec<f64> =
            [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0].into_iter().filter(|&tick| x.place(tick).is_some()).collect();
        let sets = [all, vec![1.0 / self.reach, 1.0, self.reach], vec![1.0]];
        sets.iter().find_map(|values| axis::at_values(values, x, 1.0, power)).unwrap_or_default()
    }

    fn draw_row(&self, scene: &mut Scene, frame: Frame, x: &Scale, index: usize, middle: f64) -> Vec<Drawn> {
        let Some(shares) = self.shares[index] else { return Vec::new() };
        let reference = self.block.reference() == Some(index);
        let text = format!("{} → {}", share(shares.resident), share(shares.swap_outs));
        draw_number(scene, frame.right + SHARES, middle, &text, reference, Colour::INK);
        let ratio = shares.ratio();
        let shown = ratio.clamp(1.0 / self.reach, self.reach);
        let (Some(even), Some(place)) = (x.place(1.0), x.place(shown)) else { return Vec::new() };
        let colour = if ratio > 1.0 { HURT } else { SPARED };
        draw_bar(scene, (even, place), middle, colour, !(1.0 / self.reach..=self.reach).contains(&ratio));
        let drawn = |quantity: &str, share: f64| Drawn {
            policy: self.block.series[index].label.clone(),
            quantity: format!("{quantity} of {}", self.column.heading),
            at: self.frames as f64,
            value: 100.0 * share,
            place: (place, middle),
        };
        vec![drawn("resident", shares.resident), drawn("swap-outs", shares.swap_outs)]
    }
}

/// A line from even to a ratio, with a mark there: a diamond, or an arrow if the ratio is further away.
fn draw_bar(scene: &mut Scene, (even, place): (f64, f64), middle: f64, colour: Colour, further: bool) {
    scene.line(vec![(even, middle), (place, middle)], 2.5, colour, None);
    if further {
        let out = if place > even { 7.0 } else { -7.0 };
        scene.area(vec![(place, middle - 5.5), (place + out, middle), (place, middle + 5.5)], colour);
    } else {
        scene.mark((place, middle), Shape::Diamond, 4.25, colour);
    }
}

/// A part of all in %, with two or three significant digits.
fn share(part: f64) -> String {
    let percent = 100.0 * part;
    match percent {
        percent if percent >= 99.95 => "100".to_owned(),
        percent if percent >= 9.95 => format!("{percent:.1}"),
        percent if percent >= 0.0995 => format!("{percent:.2}"),
        percent if percent > 0.0 => format!("{percent:.3}"),
        _ => "0".to_owned(),
    }
}

/// A power of two as a label.
fn power(value: f64) -> String {
    match value {
        0.125 => "1/8".to_owned(),
        0.25 => "1/4".to_owned(),
        0.5 => "1/2".to_owned(),
        1.0 => "1".to_owned(),
        _ => format!("{value}×"),
    }
}

/// How many times.
fn times(ratio: f64) -> String {
    match ratio {
        ratio if ratio >= 1e3 => format!("{}×", numbers::short(ratio)),
        ratio if ratio >= 10.0 => format!("{ratio:.0}×"),
        _ => format!("{ratio:.2}×"),
    }
}

fn draw_key(scene: &mut Scene, block: &Block, baseline: f64, frames: u64, left_out: usize) {
    let mut key = Key::new(baseline);
    let sides = [
        ("its share of the swap-outs is larger than its share of the resident pages: hurt", HURT, 5.0, 31.0),
        ("smaller: spared", SPARED, 31.0, 5.0),
    ];
    for (text, colour, even, end) in sides {
        key.drawn_entry(scene, 36.0, text, |scene, left, middle| {
            draw_bar(scene, (left + even, left + end), middle, colour, false);
        });
    }
    key.entry(scene, None, "2.0 → 5.0: 2 % of the resident pages, 5 % of the swap-outs");
    key.line();
    key.entry(scene, None, &size_note(block, frames));
    if let Some(note) = rows::left_out_note(left_out) {
        key.entry(scene, None, &note);
    }
    key.finish(scene);
}

/// The shares in words: for each policy the segment that bears most and the one that bears least.
fn description(block: &Block, frames: u64, columns: &[Column], shares: &[Vec<Option<Shares>>]) -> String {
    let said = block.series.iter().zip(shares).filter_map(|(series, shares)| {
        let ratios =
            columns.iter().zip(shares).filter_map(|(column, shares)| Some(((*shares)?.ratio(), &column.heading)));
        let ratios: Vec<_> = ratios.filter(|(ratio, _)| ratio.is_finite()).collect();
        let most = ratios.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        let least = ratios.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(format!("{}: {} {}, {} {}", series.label, most.1, times(most.0), least.1, times(least.0)))
    });
    let said: Vec<String> = said.collect();
    format!(
        "Each segment's share of swap-outs against its share of resident pages at {} frames. The segment that bears most of \
         its part, and the one that bears least: {}.",
        numbers::grouped(frames),
        said.join("; "),
    )
}
