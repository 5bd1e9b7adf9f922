//! What the curves of a panel go along: memory sizes, or quantiles.

use super::axis::{self, Frame, Tick};
use super::scale::Scale;
use super::scene::Scene;
use crate::report::block::Block;
use crate::report::numbers;

/// Between the axis and the first and last value.
const INSET: f64 = 14.0;
/// Memory sizes further apart than this many times need a logarithmic axis.
const LOG_SIZES: f64 = 4.0;
/// Up to as many memory sizes are ticks themselves.
const MOST_SIZE_TICKS: usize = 8;

/// What a panel's curves go along.
#[derive(Clone, Copy)]
pub(super) enum Along<'a> {
    /// The memory sizes of all runs of the trace, so that panels side by side have the same axis.
    Frames(&'a Block<'a>),
    /// Quantiles, as [`along_quantile`] spaces them, of what the text says.
    Quantiles(&'a str),
    /// Quantiles in equal steps.
    Shares(&'a str),
}

impl Along<'_> {
    /// The scale of a panel.
    pub(super) fn scale(self, frame: Frame) -> Scale {
        let (from, to) = (frame.left + INSET, frame.right - INSET);
        match self {
            Self::Frames(block) => {
                let sizes: Vec<f64> = block.sizes.iter().map(|&size| size as f64).collect();
                Scale::tight(&sizes, LOG_SIZES, from, to)
            }
            Self::Quantiles(_) => Scale::linear(0.0, along_quantile(1.0), from, to),
            Self::Shares(_) => Scale::linear(0.0, 1.0, from, to),
        }
    }

    /// Half of all quantiles.
    pub(super) fn middle(self) -> f64 {
        if matches!(self, Self::Shares(_)) { 0.5 } else { along_quantile(0.5) }
    }

    /// Draws the axis under a panel, and what belongs above it.
    pub(super) fn draw(self, scene: &mut Scene, frame: Frame, x: &Scale) {
        match self {
            Self::Frames(block) => draw_frames(scene, frame, x, block),
            Self::Quantiles(title) => draw_quantiles(scene, frame, x, title),
            Self::Shares(title) => {
                axis::draw_bottom(scene, frame, &axis::across(x, 0.01, true, axis::percent), title);
            }
        }
    }
}

/// The memory sizes under a panel, and above it what they are of the footprint.
fn draw_frames(scene: &mut Scene, frame: Frame, x: &Scale, block: &Block) {
    let sizes: Vec<f64> = block.sizes.iter().map(|&size| size as f64).collect();
    let few = |unit, text: &dyn Fn(f64) -> String| {
        if sizes.len() <= MOST_SIZE_TICKS { axis::at_values(&sizes, x, unit, text) } else { None }
    };
    let exact = |size: f64| numbers::grouped(size as u64);
    let ticks = few(1.0, &exact).unwrap_or_else(|| axis::across(x, 1.0, false, numbers::short));
    let above = if block.footprint().is_some() { "; above: in % of the footprint" } else { "" };
    let page = block.page_size().map(|size| format!(" of {}", numbers::memory(1, size))).unwrap_or_default();
    axis::draw_bottom(scene, frame, &ticks, &format!("memory in frames{page}{above}"));
    let Some(footprint) = block.footprint() else { return };
    let unit = footprint as f64 / 100.0;
    let mut ticks = few(unit, &axis::percent).unwrap_or_else(|| axis::across(x, unit, true, axis::percent));
    let whole = x.place(footprint as f64);
    for tick in &mut ticks {
        tick.strong = whole.is_some_and(|whole| (tick.place - whole).abs() < 1e-6);
    }
    axis::draw_top(scene, frame, &ticks);
}

/// Where a quantile stands on its axis: each step leaves a tenth of what the one before left above it. The largest value,
/// quantile 1, stands most of a step behind the last before it.
pub(super) fn along_quantile(quantile: f64) -> f64 {
    const LAST: f64 = 4.75;
    if quantile < 1.0 { -(1.0 - quantile).log10() } else { LAST }
}

/// Percentiles under a panel: those that most ask for, and of the others those that have room beside them.
fn draw_quantiles(scene: &mut Scene, frame: Frame, x: &Scale, title: &str) {
    let labels = [
        (1.0, "max"),
        (0.5, "50 %"),
        (0.99, "99 %"),
        (0.9, "90 %"),
        (0.999, "99.9 %"),
        (0.9999, "99.99 %"),
        (0.0, "min"),
    ];
    let mut ticks: Vec<Tick> = Vec::new();
    for (quantile, text) in labels {
        let Some(place) = x.place(along_quantile(quantile)) else { continue };
        let tick = Tick { place, text: text.to_owned(), strong: false };
        if ticks.iter().all(|other| axis::apart(other, &tick)) {
            ticks.push(tick);
        }
    }
    axis::draw_bottom(scene, frame, &ticks, title);
}
