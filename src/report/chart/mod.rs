//! The chart of a trace: swap-outs of each policy against memory, and beside it the same in % of the reference's, where
//! differences show that a logarithmic axis hides. It is laid out once as a list of shapes ([`scene`]) and painted by
//! plotters as SVG and as PNG. Nothing is counted here.

mod curve;
mod font;
mod labels;
mod paint;
mod panel;
mod scale;
pub mod scene;

use std::io;

pub use curve::{Curve, Value};

use self::curve::{DASHED, FAR, Look, Relative};
use self::panel::{Frame, LEADER, Panel, SAMPLE, SMALL};
use self::scene::{Anchor, Colour, Scene, Shape, Text};
use super::block::{Block, REFERENCE};
use super::numbers;
use crate::policy::Sight;

const WIDTH: f64 = 1280.0;
const HEIGHT: f64 = 800.0;
/// Around the picture.
const MARGIN: f64 = 28.0;
/// Left of a panel: the labels of its values.
const AXIS: f64 = 66.0;
/// The longest name of a policy.
const LONGEST_NAME: f64 = 190.0;
/// The first panel's share of the width of both.
const FIRST: f64 = 0.42;
const TOP: f64 = 172.0;
const BOTTOM: f64 = 646.0;
/// From the panels down to the first line of the key, and from line to line.
const KEY: f64 = 86.0;
const KEY_LINE: f64 = 24.0;

/// The chart of one trace, laid out.
#[derive(Clone, Debug)]
pub struct Chart {
    scene: Scene,
    title: String,
    description: String,
    swap_outs: Vec<Curve>,
    relative: Vec<Curve>,
}

impl Chart {
    /// Lays out the chart of a trace.
    pub fn of(block: &Block) -> Self {
        let swap_outs = curve::swap_outs(block);
        let relative = curve::relative(block);
        let title = format!("Swap-outs by memory size and policy: {}", block.name);
        let mut scene = Scene { width: WIDTH, height: HEIGHT, items: Vec::new() };
        draw_title(&mut scene, &title, block);
        let nothing = swap_outs.iter().all(|curve| curve.values.iter().all(|value| value.value <= 0.0));
        if nothing {
            draw_sentence(&mut scene, block);
        } else {
            draw_panels(&mut scene, block, &swap_outs, relative.as_ref().map(|relative| relative.curves.as_slice()));
            draw_key(&mut scene, block, relative.as_ref());
        }
        let relative = relative.map(|relative| relative.curves).unwrap_or_default();
        Self { scene, title, description: description(block), swap_outs, relative }
    }

    /// The chart as SVG, a whole file. The same runs give the same bytes.
    ///
    /// # Errors
    /// When the drawing backend fails.
    pub fn svg(&self) -> io::Result<String> {
        paint::svg(&self.scene, &self.title, &self.description).map_err(paint::as_io)
    }

    /// The chart as PNG, a whole file, two pixels for one of the layout.
    ///
    /// # Errors
    /// When the drawing backend or the encoder fails.
    pub fn png(&self) -> io::Result<Vec<u8>> {
        paint::png(&self.scene).map_err(paint::as_io)
    }

    /// What is drawn.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// What the first panel shows: swap-outs.
    pub fn swap_outs(&self) -> &[Curve] {
        &self.swap_outs
    }

    /// What the second panel shows: swap-outs in % of the reference's; empty where there is no second panel.
    pub fn relative(&self) -> &[Curve] {
        &self.relative
    }
}

fn draw_title(scene: &mut Scene, title: &str, block: &Block) {
    let room = WIDTH - 2.0 * MARGIN;
    scene.text(Text::new(MARGIN, 52.0, 26.0, font::fitted(title, 26.0, true, room)).bold(true));
    let Some(facts) = block.facts else { return };
    let subtitle = format!(
        "{} to {} ({}) in {} of {}",
        numbers::counted(facts.references, "reference", "references"),
        numbers::counted(facts.footprint, "page", "pages"),
        numbers::memory(facts.footprint, facts.page_size),
        numbers::counted(facts.segments, "segment", "segments"),
        numbers::counted(facts.processes, "process", "processes"),
    );
    scene.text(Text::new(MARGIN, 82.0, 16.0, font::fitted(&subtitle, 16.0, false, room)).coloured(Colour::GREY));
}

/// In place of an empty chart.
fn draw_sentence(scene: &mut Scene, block: &Block) {
    let smallest = numbers::counted(block.sizes.first().copied().unwrap_or(0), "frame", "frames");
    let why = if block.ran_out_of_memory() {
        format!("Runs were {OUT_OF_MEMORY}.")
    } else {
        format!("Everything fitted at each memory size replayed; the smallest was {smallest}.")
    };
    let middle = f64::midpoint(TOP, BOTTOM);
    let lines = ["No policy swapped anything out.".to_owned(), why];
    for (line, text) in lines.into_iter().enumerate() {
        let text = Text::new(WIDTH / 2.0, middle + 30.0 * line as f64, 20.0, text);
        scene.text(text.anchored(Anchor::Middle).coloured(if line == 0 { Colour::INK } else { Colour::GREY }));
    }
}

const OUT_OF_MEMORY: &str = "out of memory: references were given up, not comparable";

fn draw_panels(scene: &mut Scene, block: &Block, swap_outs: &[Curve], relative: Option<&[Curve]>) {
    let room = panel::widest(swap_outs).min(LONGEST_NAME);
    let names = LEADER + SAMPLE + 7.0 + room;
    let sizes = &block.sizes;
    let footprint = block.footprint();
    let left = MARGIN + AXIS;
    let right = WIDTH - MARGIN - names;
    let frame = |left, right| Frame { left, right, top: TOP, bottom: bottom(block) };
    let counts = |names| Panel {
        heading: "Swap-outs: pages written to swap".to_owned(),
        curves: swap_outs,
        sizes,
        footprint,
        relative: false,
        names,
    };
    let Some(relative) = relative else {
        return counts(Some(room)).draw(scene, frame(left, right));
    };
    // The second panel gets more room: there the lines are apart.
    let width = right - left - AXIS - 16.0;
    counts(None).draw(scene, frame(left, left + FIRST * width));
    let heading = format!("Swap-outs in % of those of {REFERENCE}");
    let panel = Panel { heading, curves: relative, sizes, footprint, relative: true, names: Some(room) };
    panel.draw(scene, frame(right - (1.0 - FIRST) * width, right));
}

/// The lower end of the panels: lower than usual where many policies are to be named.
fn bottom(block: &Block) -> f64 {
    BOTTOM.max(TOP + panel::height_for(block.series.len()))
}

/// The lines under the panels that say what the kinds of lines mean.
fn draw_key(scene: &mut Scene, block: &Block, relative: Option<&Relative>) {
    let mut pen = (MARGIN, bottom(block) + KEY);
    if block.reference().is_some() {
        key_entry(scene, &mut pen, Some(&Look::REFERENCE), &format!("{REFERENCE}, the reference"));
    }
    let plain = Look { colour: Colour::GREY, shape: None, width: 2.25, dash: None, reference: false, bound: false };
    for sight in block.sights() {
        let look = match sight {
            Sight::AccessedBits => plain,
            Sight::EveryReference => Look { dash: DASHED, ..plain },
            Sight::Future => Look::BOUND,
        };
        key_entry(scene, &mut pen, Some(&look), sight.meaning());
    }
    if block.ran_out_of_memory() {
        let cross = Look { shape: Some(Shape::Cross), colour: Colour::BLACK, width: 0.0, ..plain };
        key_entry(scene, &mut pen, Some(&cross), OUT_OF_MEMORY);
    }
    for far in relative.iter().flat_map(|relative| relative.far.iter().map(|&place| &relative.curves[place])) {
        let name = font::fitted(&far.label, SMALL, false, LONGEST_NAME);
        let note = format!("{name}: above {FAR} % of {REFERENCE} at most sizes; shown at left only");
        key_entry(scene, &mut pen, Some(&far.look), &note);
    }
    if let Some(enough) = relative.map(|relative| relative.enough).filter(|&enough| enough > 1) {
        let note = format!("Right: only sizes at which {REFERENCE} has at least {enough} swap-outs.");
        key_entry(scene, &mut pen, None, &note);
    }
    scene.height = HEIGHT.max(pen.1 + MARGIN).ceil();
}

/// Writes one entry at the pen and moves it behind, into the next line where it doesn't fit.
fn key_entry(scene: &mut Scene, pen: &mut (f64, f64), look: Option<&Look>, text: &str) {
    let sample = if look.is_some() { SAMPLE + 7.0 } else { 0.0 };
    let width = sample + font::width(text, false) * SMALL;
    if pen.0 > MARGIN && pen.0 + width > WIDTH - MARGIN {
        *pen = (MARGIN, pen.1 + KEY_LINE);
    }
    if let Some(look) = look {
        panel::draw_sample(scene, look, (pen.0, pen.1 - 0.36 * SMALL));
    }
    scene.text(Text::new(pen.0 + sample, pen.1, SMALL, text).coloured(Colour::GREY));
    pen.0 += width + 28.0;
}

/// The chart in words, at the memory size in the middle.
fn description(block: &Block) -> String {
    let Some(&frames) = block.sizes.get(block.sizes.len() / 2) else { return "No runs.".to_owned() };
    let counts: Vec<String> = block
        .series
        .iter()
        .filter_map(|series| {
            let count = numbers::grouped(series.runs.get(&frames)?.row.swap_outs);
            Some(format!("{} {count} ({})", series.label, series.sight.who()))
        })
        .collect();
    format!(
        "Swap-outs of {} at {} from {} to {} frames. At {} frames: {}.",
        numbers::counted(block.series.len() as u64, "policy", "policies"),
        numbers::counted(block.sizes.len() as u64, "memory size", "memory sizes"),
        numbers::grouped(block.sizes.first().copied().unwrap_or(0)),
        numbers::grouped(block.sizes.last().copied().unwrap_or(0)),
        numbers::grouped(frames),
        counts.join(", "),
    )
}
