//! What a chart shows: for each policy its values by memory size, and how its line looks. Nothing is placed here.

use super::scene::{Colour, Dash, Shape};
use crate::policy::Sight;
use crate::report::block::{Block, Series};
use crate::results::Row;

/// Okabe and Ito's colours, told apart with any colour vision; without black, which is the reference's, and yellow, which
/// is too pale on white.
pub(super) const COLOURS: [Colour; 6] = [
    Colour(0x00, 0x72, 0xb2),
    Colour(0xd5, 0x5e, 0x00),
    Colour(0x00, 0x9e, 0x73),
    Colour(0xcc, 0x79, 0xa7),
    Colour(0xe6, 0x9f, 0x00),
    Colour(0x56, 0xb4, 0xe9),
];
/// As many as have no divisor in common with the colours: no two of 30 policies look alike, even without colour.
const SHAPES: [Shape; 5] = [Shape::Disc, Shape::Square, Shape::Up, Shape::Diamond, Shape::Down];

/// Policies only a simulator can run.
pub(super) const DASHED: Dash = Some((8.0, 4.5));
/// Bounds.
pub(super) const DOTTED: Dash = Some((2.5, 3.5));

/// How a policy's line looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    pub(super) colour: Colour,
    pub(super) shape: Option<Shape>,
    pub(super) width: f64,
    pub(super) dash: Dash,
    /// Whether this is the reference.
    pub(super) reference: bool,
    /// Whether this is a bound.
    pub(super) bound: bool,
    /// Whether this is there for comparison only, and not named.
    pub(super) context: bool,
}

impl Look {
    pub(super) const REFERENCE: Self = Self {
        colour: Colour::BLACK,
        shape: Some(Shape::Disc),
        width: 3.5,
        dash: None,
        reference: true,
        bound: false,
        context: false,
    };
    pub(super) const BOUND: Self = Self {
        colour: Colour(0x6b, 0x6b, 0x6b),
        shape: None,
        width: 2.25,
        dash: DOTTED,
        reference: false,
        bound: true,
        context: false,
    };
    /// Of policies that are not named.
    pub(super) const CONTEXT: Self =
        Self { colour: Colour(0xc4, 0xc4, 0xc4), width: 1.25, dash: None, bound: false, context: true, ..Self::BOUND };
}

impl Look {
    /// Colour, mark and dashes.
    pub(super) fn in_words(&self) -> String {
        let Self { colour: Colour(red, green, blue), shape, dash, .. } = self;
        let mark = shape.map_or_else(|| "none".to_owned(), |shape| format!("{shape:?}").to_lowercase());
        format!("#{red:02x}{green:02x}{blue:02x}, mark {mark}, {}", if dash.is_some() { "broken" } else { "solid" })
    }
}

/// The look of each series: the reference black and thick, bounds grey and dotted, of the others each its own.
pub(super) fn looks(block: &Block) -> Vec<Look> {
    let reference = block.reference();
    let width = if block.series.len() > 10 { 1.75 } else { 2.25 };
    let mut others = 0;
    let mut look = |(place, series): (usize, &Series)| match series.sight {
        _ if Some(place) == reference => Look::REFERENCE,
        Sight::Future => Look::BOUND,
        sight => {
            let number = others;
            others += 1;
            let colour = COLOURS[number % COLOURS.len()];
            let shape = Some(SHAPES[number % SHAPES.len()]);
            let dash = if sight == Sight::AccessedBits { None } else { DASHED };
            Look { colour, shape, width, dash, reference: false, bound: false, context: false }
        }
    };
    block.series.iter().enumerate().map(&mut look).collect()
}

/// One point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// What it belongs to on the axis that goes across: the memory size in frames, or how far along the percentiles.
    pub(super) at: f64,
    /// What is shown.
    pub(super) value: f64,
    /// Whether the run gave up references.
    pub(super) out_of_memory: bool,
}

/// The points of one policy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve {
    /// The policy with its parameters.
    pub(super) label: String,
    /// Its points, from left to right.
    pub(super) points: Vec<Point>,
    pub(super) look: Look,
}

/// A count of each policy by memory size.
pub(super) fn counts(block: &Block, count: fn(&Row) -> u64) -> Vec<Curve> {
    let curve = |(series, look): (&Series, Look)| Curve {
        label: series.label.clone(),
        points: series
            .runs
            .iter()
            .map(|(&frames, run)| Point {
                at: frames as f64,
                value: count(&run.row) as f64,
                out_of_memory: run.row.out_of_memory > 0,
            })
            .collect(),
        look,
    };
    block.series.iter().zip(looks(block)).map(curve).collect()
}

/// A ratio to a smaller count than this says little.
const ENOUGH: u64 = 30;

/// The smallest count of the reference that a ratio may be taken to, out of the counts it has.
pub(super) fn enough(counts: impl Iterator<Item = u64>) -> u64 {
    // A short trace has few swap-outs throughout: then a hundredth of its most will do.
    ENOUGH.min(counts.max().unwrap_or(0) / 100).max(1)
}

/// A policy that is above this many percent at most sizes would press all others together.
pub(super) const FAR: f64 = 400.0;

/// A count in % of the reference's.
#[derive(Clone, Debug, Default)]
pub(super) struct Relative {
    /// The curves; one without points is not shown.
    pub(super) curves: Vec<Curve>,
    /// The smallest count of the reference that a ratio was taken to.
    pub(super) enough: u64,
    /// The places of the policies that are above [`FAR`] at more than half of the sizes, and have no points for that.
    pub(super) far: Vec<usize>,
}

/// A count in % of the reference's. At sizes where the reference has few there is no point. None if there is no
/// reference, or nothing to set against it, or nothing is left.
pub(super) fn relative(block: &Block, count: fn(&Row) -> u64) -> Option<Relative> {
    let reference = &block.series[block.reference()?];
    let enough = enough(reference.runs.values().map(|run| count(&run.row)));
    let base = |frames| reference.runs.get(&frames).map(|run| count(&run.row)).filter(|&count| count >= enough);
    let mut curves = counts(block, count);
    for curve in &mut curves {
        curve.points = curve
            .points
            .iter()
            .filter_map(|point| Some(Point { value: 100.0 * point.value / base(point.at as u64)? as f64, ..*point }))
            .collect();
    }
    let shown = |curves: &[Curve]| curves.iter().filter(|curve| !curve.points.is_empty()).count();
    let is_far = |curve: &Curve| 2 * curve.points.iter().filter(|point| point.value > FAR).count() > curve.points.len();
    let mut far: Vec<usize> = (0..curves.len()).filter(|&place| is_far(&curves[place])).collect();
    if shown(&curves) < far.len() + 2 {
        far.clear();
    }
    for &place in &far {
        curves[place].points.clear();
    }
    (shown(&curves) > 1).then_some(Relative { curves, enough, far })
}
