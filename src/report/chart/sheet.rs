//! What every chart has: its sheet with title and subtitle, a key under it, and a sentence in place of an empty picture.

use super::axis::SMALL;
use super::curve::Look;
use super::font;
use super::panel::{SAMPLE, draw_sample};
use super::scene::{Anchor, Colour, Scene, Text};
use crate::report::block::Block;
use crate::report::numbers;

/// The width of every chart.
pub(super) const WIDTH: f64 = 1280.0;
/// Around the picture.
pub(super) const MARGIN: f64 = 28.0;
/// Where what is under title and subtitle may begin.
pub(super) const TOP: f64 = 106.0;
/// From line to line of the key.
const KEY_LINE: f64 = 24.0;
/// From a sample to its text.
const GAP: f64 = 7.0;

/// A sheet with a title and, where the trace is known, what is in it. Its height is set when the key is done.
pub(super) fn begin(title: &str, block: &Block) -> Scene {
    let mut scene = Scene { width: WIDTH, height: 0.0, items: Vec::new() };
    let room = WIDTH - 2.0 * MARGIN;
    scene.text(Text::new(MARGIN, 52.0, 26.0, font::fitted(title, 26.0, true, room)).bold(true));
    let Some(facts) = block.facts else { return scene };
    let subtitle = format!(
        "{} to {} ({}) in {} of {}",
        numbers::counted(facts.references, "reference", "references"),
        numbers::counted(facts.footprint, "page", "pages"),
        numbers::memory(facts.footprint, facts.page_size),
        numbers::counted(facts.segments, "segment", "segments"),
        numbers::counted(facts.processes, "process", "processes"),
    );
    scene.text(Text::new(MARGIN, 82.0, 16.0, font::fitted(&subtitle, 16.0, false, room)).coloured(Colour::GREY));
    scene
}

/// Sentences in the middle of a sheet that has nothing else to show, the first in ink.
pub(super) fn sentences(scene: &mut Scene, lines: &[&str]) {
    scene.height = 420.0;
    for (line, text) in lines.iter().enumerate() {
        let text = font::fitted(text, 20.0, false, WIDTH - 2.0 * MARGIN);
        let text = Text::new(WIDTH / 2.0, 240.0 + 30.0 * line as f64, 20.0, text);
        scene.text(text.anchored(Anchor::Middle).coloured(if line == 0 { Colour::INK } else { Colour::GREY }));
    }
}

/// The lines under a picture that say what its signs mean. Entries follow one another and wrap.
pub(super) struct Key {
    x: f64,
    baseline: f64,
}

impl Key {
    /// A key whose first line stands on `baseline`.
    pub(super) fn new(baseline: f64) -> Self {
        Self { x: MARGIN, baseline }
    }

    /// Adds a text, behind the sample of a line if it has a look.
    pub(super) fn entry(&mut self, scene: &mut Scene, look: Option<&Look>, text: &str) {
        let sample = if look.is_some() { SAMPLE } else { 0.0 };
        self.drawn_entry(scene, sample, text, |scene, x, middle| {
            if let Some(look) = look {
                draw_sample(scene, look, (x, middle));
            }
        });
    }

    /// Adds a text behind a sample that is `sample` wide and that `draw` draws: it is told its left end and its middle from
    /// top to bottom.
    pub(super) fn drawn_entry(
        &mut self,
        scene: &mut Scene,
        sample: f64,
        text: &str,
        draw: impl FnOnce(&mut Scene, f64, f64),
    ) {
        let sample = if sample > 0.0 { sample + GAP } else { 0.0 };
        let text = font::fitted(text, SMALL, false, WIDTH - 2.0 * MARGIN - sample);
        let width = sample + font::width(&text, false) * SMALL;
        if self.x > MARGIN && self.x + width > WIDTH - MARGIN {
            self.line();
        }
        draw(scene, self.x, self.baseline - 0.36 * SMALL);
        let text = Text::new(self.x + sample, self.baseline, SMALL, text).coloured(Colour::GREY);
        scene.text(text.followed(true));
        self.x += width + 28.0;
    }

    /// Goes on in a new line, unless this one is empty.
    pub(super) fn line(&mut self) {
        if self.x > MARGIN {
            *self = Self::new(self.baseline + KEY_LINE);
        }
    }

    /// Ends the sheet under the key.
    pub(super) fn finish(self, scene: &mut Scene) {
        let last = if self.x > MARGIN { self.baseline } else { self.baseline - KEY_LINE };
        scene.height = (last + MARGIN).ceil();
    }
}
