//! What a chart shows: for each policy its values by memory size, and how its line looks. Nothing is placed here.

use super::scene::{Colour, Dash, Shape};
use crate::policy::Sight;
use crate::report::block::{Block, Series};

/// Okabe and Ito's colours, told apart with any colour vision; without black, which is the reference's, and yellow, which
/// is too pale on white.
const COLOURS: [Colour; 6] = [
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
}

impl Look {
    pub(super) const REFERENCE: Self =
        Self { colour: Colour::BLACK, shape: Some(Shape::Disc), width: 3.5, dash: None, reference: true, bound: false };
    pub(super) const BOUND: Self = Self {
        colour: Colour(0x6b, 0x6b, 0x6b),
        shape: None,
        width: 2.25,
        dash: DOTTED,
        reference: false,
        bound: true,
    };
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
            Look { colour, shape, width, dash, reference: false, bound: false }
        }
    };
    block.series.iter().enumerate().map(&mut look).collect()
}

/// One value of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// The memory size.
    pub frames: u64,
    /// What is shown.
    pub value: f64,
    /// Whether the run gave up references.
    pub out_of_memory: bool,
}

/// The values of one policy, by memory size.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The policy with its parameters.
    pub label: String,
    /// Its values, memory sizes ascending.
    pub values: Vec<Value>,
    pub(super) look: Look,
}

impl Curve {
    /// How its line looks: colour, mark and dashes. No two policies of a chart have the same.
    pub fn look_in_words(&self) -> String {
        let Look { colour: Colour(red, green, blue), shape, dash, .. } = self.look;
        let mark = shape.map_or_else(|| "none".to_owned(), |shape| format!("{shape:?}").to_lowercase());
        format!("#{red:02x}{green:02x}{blue:02x}, mark {mark}, {}", if dash.is_some() { "broken" } else { "solid" })
    }
}

/// Swap-outs of each policy.
pub(super) fn swap_outs(block: &Block) -> Vec<Curve> {
    let curve = |(series, look): (&Series, Look)| Curve {
        label: series.label.clone(),
        values: series
            .runs
            .iter()
            .map(|(&frames, run)| Value {
                frames,
                value: run.row.swap_outs as f64,
                out_of_memory: run.row.out_of_memory > 0,
            })
            .collect(),
        look,
    };
    block.series.iter().zip(looks(block)).map(curve).collect()
}

/// A ratio to fewer swap-outs than this says little.
const ENOUGH: u64 = 30;

/// A policy that is above this many percent at most sizes would press all others together.
pub(super) const FAR: f64 = 400.0;

/// Swap-outs in % of the reference's.
#[derive(Clone, Debug, Default)]
pub(super) struct Relative {
    /// The curves; one without values is not shown.
    pub(super) curves: Vec<Curve>,
    /// The fewest swap-outs of the reference that a ratio was taken to.
    pub(super) enough: u64,
    /// The places of the policies that are above [`FAR`] at more than half of the sizes, and have no values for that.
    pub(super) far: Vec<usize>,
}

/// Swap-outs in % of the reference's. At sizes where the reference has few there is no value. None if there is no
/// reference, or nothing to set against it, or nothing is left.
pub(super) fn relative(block: &Block) -> Option<Relative> {
    let reference = &block.series[block.reference()?];
    let most = reference.runs.values().map(|run| run.row.swap_outs).max().unwrap_or(0);
    // A short trace has few swap-outs throughout: then a hundredth of its most will do.
    let enough = ENOUGH.min(most / 100).max(1);
    let base = |frames| reference.runs.get(&frames).map(|run| run.row.swap_outs).filter(|&count| count >= enough);
    let mut curves = swap_outs(block);
    for curve in &mut curves {
        curve.values = curve
            .values
            .iter()
            .filter_map(|value| Some(Value { value: 100.0 * value.value / base(value.frames)? as f64, ..*value }))
            .collect();
    }
    let shown = |curves: &[Curve]| curves.iter().filter(|curve| !curve.values.is_empty()).count();
    let is_far = |curve: &Curve| 2 * curve.values.iter().filter(|value| value.value > FAR).count() > curve.values.len();
    let mut far: Vec<usize> = (0..curves.len()).filter(|&place| is_far(&curves[place])).collect();
    if shown(&curves) < far.len() + 2 {
        far.clear();
    }
    for &place in &far {
        curves[place].values.clear();
    }
    (shown(&curves) > 1).then_some(Relative { curves, enough, far })
}
