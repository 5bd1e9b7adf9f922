//! The charts of a trace: one row a kind in [`CHARTS`], one file a subject. A chart is laid out once as a list of shapes
//! ([`scene`]) and painted by plotters as SVG and as PNG. Nothing is counted here.

mod access_map;
mod along;
mod axis;
mod counts;
mod course;
mod curve;
mod fairness;
mod font;
mod hands;
mod heat;
mod labels;
mod page_rows;
mod paint;
mod panel;
mod percentiles;
mod relative;
mod rows;
mod scale;
pub mod scene;
mod segment_shares;
mod sheet;
mod timeline;
mod victim_cost;

use std::io;

use self::curve::Curve;
use self::scene::{Point, Scene};
use super::block::Block;
use crate::results::Results;

/// A kind of chart.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What follows the trace's name in the names of its files.
    pub ending: &'static str,
    /// What it shows, as a heading of a page.
    pub heading: &'static str,
    /// Lays out the chart of a trace; none where the results hold nothing for it.
    pub make: fn(&Results, &Block) -> Option<Chart>,
}

/// The kinds of charts, in the order in which they are shown.
pub static CHARTS: &[Kind] = &[
    Kind { ending: "swap-outs", heading: "Swap-outs by memory size", make: counts::swap_outs },
    Kind { ending: "faults", heading: "Faults by memory size", make: counts::faults },
    Kind { ending: "relative", heading: "Swap-outs against the reference", make: relative::relative },
    Kind { ending: "victim-cost", heading: "What a victim costs", make: victim_cost::victim_cost },
    Kind { ending: "fairness", heading: "Which segments are swapped out", make: fairness::fairness },
    Kind { ending: "percentiles", heading: "Percentiles of work and of time away", make: percentiles::percentiles },
    Kind { ending: OVER_TIME, heading: "Over time", make: timeline::chart },
    Kind { ending: ACCESS_MAP, heading: "Accesses over time", make: access_map::chart },
];

/// The ending of the chart of how runs go over time.
pub const OVER_TIME: &str = "over-time";
/// The ending of the chart of when which pages are referenced and swapped out.
pub const ACCESS_MAP: &str = "access-map";

/// The charts of a trace with their kinds: those for which the results hold something.
pub fn charts(results: &Results, block: &Block) -> Vec<(&'static Kind, Chart)> {
    CHARTS.iter().filter_map(|kind| Some((kind, (kind.make)(results, block)?))).collect()
}

/// A number that a chart shows, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The policy with its parameters.
    pub policy: String,
    /// What it is a number of.
    pub quantity: String,
    /// What it belongs to: the memory size in frames, or the quantile.
    pub at: f64,
    /// The number.
    pub value: f64,
    /// Its place: from the left, from the top.
    pub place: Point,
}

/// A chart of one trace, laid out.
#[derive(Clone, Debug)]
pub struct Chart {
    title: String,
    description: String,
    scene: Scene,
    drawn: Vec<Drawn>,
    looks: Vec<String>,
}

impl Chart {
    /// A chart out of what was drawn. `description` is a text for those who can't see it, made from the numbers.
    fn new(title: String, description: String, scene: Scene, drawn: Vec<Drawn>) -> Self {
        Self { title, description, scene, drawn, looks: Vec::new() }
    }

    /// Tells the looks of the lines it has.
    fn with_looks(self, curves: &[Curve]) -> Self {
        Self { looks: curves.iter().map(|curve| curve.look.in_words()).collect(), ..self }
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

    /// Its title: what it shows, and of which trace.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The chart in words.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The numbers that it shows.
    pub fn drawn(&self) -> &[Drawn] {
        &self.drawn
    }

    /// How the lines of its policies look, in words; empty where they have none.
    pub fn looks(&self) -> &[String] {
        &self.looks
    }
}
