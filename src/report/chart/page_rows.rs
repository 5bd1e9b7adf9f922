//! The pages of a trace from the bottom to the top of a panel: the segment table from slot 0 up, in each slot the pages of
//! its segment. Slots are parted by lines and named at the right; at the left, pages are counted in each.

use super::axis::{self, Frame, SMALL, TO_BASELINE};
use super::course::{self, Name, Sample};
use super::scale::Scale;
use super::scene::{Anchor, Colour, Scene, Text};
use crate::report::numbers;
use crate::results::{AccessMap, PageBand};

/// A band must be as high as this for its pages to be counted at the left.
const COUNTED: f64 = 62.0;

/// The bands of a map, each as many rows high as it has bins.
pub(super) struct PageRows<'a> {
    bands: &'a [PageBand],
    rows: f64,
    frame: Frame,
}

impl<'a> PageRows<'a> {
    pub(super) fn new(map: &'a AccessMap, frame: Frame) -> Self {
        Self { bands: &map.bands, rows: map.references.len().max(1) as f64, frame }
    }

    /// The height of a panel in which every row is a whole number of pixels, at least `least` if it can be.
    pub(super) fn height(map: &AccessMap, least: f64) -> f64 {
        let rows = map.references.len().max(1) as f64;
        rows * (least / rows).ceil().max(1.0)
    }

    /// The lower end of a row.
    pub(super) fn row(&self, row: f64) -> f64 {
        self.frame.bottom - (self.frame.bottom - self.frame.top) * row / self.rows
    }

    /// Where so many pages of the axis are below.
    pub(super) fn page(&self, page: u64) -> f64 {
        let (mut pages, mut rows) = (0, 0.0);
        for band in self.bands {
            if page < pages + band.pages {
                return self.row(rows + band.bins as f64 * (page - pages) as f64 / band.pages as f64);
            }
            pages += band.pages;
            rows += band.bins as f64;
        }
        self.row(self.rows)
    }

    /// All pages of the axis.
    pub(super) fn pages(&self) -> u64 {
        self.bands.iter().map(|band| band.pages).sum()
    }

    /// For each band: it, the rows below it, and its lower and upper end.
    pub(super) fn bands(&self) -> Vec<(&'a PageBand, usize, f64, f64)> {
        let mut below = 0;
        let mut all = Vec::with_capacity(self.bands.len());
        for band in self.bands {
            let rows = band.bins as usize;
            all.push((band, below, self.row(below as f64), self.row((below + rows) as f64)));
            below += rows;
        }
        all
    }

    /// Lines between the slots, over what is drawn in the panel, and its sides.
    pub(super) fn draw_lines(&self, scene: &mut Scene) {
        let Frame { left, right, top, bottom } = self.frame;
        for (_, below, lower, _) in self.bands() {
            if below > 0 {
                scene.line(vec![(left, lower), (right, lower)], 1.0, Colour::AXIS, None);
            }
        }
        scene.line(vec![(left, bottom), (left, top), (right, top), (right, bottom)], 1.0, Colour::AXIS, None);
    }

    /// The names of the slots at the right, and the pages of those that have the room at the left.
    pub(super) fn draw_labels(&self, scene: &mut Scene) {
        for (band, _, lower, upper) in self.bands().into_iter().filter(|(_, _, lower, upper)| lower - upper >= COUNTED)
        {
            let scale = Scale::linear(0.0, band.pages as f64, lower, upper);
            let mut ticks = axis::upward(&scale, false, numbers::short);
            // A label at its very end would stand on that of the next slot.
            ticks.retain(|tick| tick.place > upper + 20.0);
            for tick in ticks {
                let left = self.frame.left;
                scene.line(vec![(left - 5.0, tick.place), (left, tick.place)], 1.0, Colour::AXIS, None);
                let label = Text::new(left - 8.0, tick.place + TO_BASELINE * SMALL, SMALL, tick.text);
                scene.text(label.anchored(Anchor::End));
            }
        }
        let names = self.bands().into_iter().map(|(band, _, lower, upper)| Name {
            wanted: f64::midpoint(lower, upper),
            text: name(band),
            bold: false,
            sample: Sample::Nothing,
        });
        let names: Vec<Name> = names.rev().collect();
        course::draw_names(scene, self.frame, &names);
    }
}

/// What a band is called: by its segment where there is but one.
pub(super) fn name(band: &PageBand) -> String {
    match &band.segment {
        Some(segment) => segment.clone(),
        None if band.slots == 1 => {
            format!("slot {}: {}", band.slot, numbers::counted(band.segments, "segment", "segments"))
        }
        None => format!("slots {}+: {}", band.slot, numbers::counted(band.segments, "segment", "segments")),
    }
}
