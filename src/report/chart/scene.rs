//! A picture as a list of shapes in pixels, from back to front. It is made once and painted on any backend; tests look
//! at it instead of at pixels.

use super::font;

/// A colour, opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    pub(super) const BLACK: Self = Self(0, 0, 0);
    pub(super) const WHITE: Self = Self(255, 255, 255);
    /// Texts.
    pub(super) const INK: Self = Self(0x22, 0x22, 0x22);
    /// Texts of the second rank; still readable on white.
    pub(super) const GREY: Self = Self(0x5f, 0x5f, 0x5f);
    /// Axes.
    pub(super) const AXIS: Self = Self(0x8a, 0x8a, 0x8a);
    /// Lines of the grid.
    pub(super) const GRID: Self = Self(0xe4, 0xe4, 0xe4);
    /// The area under the bound.
    pub(super) const AREA: Self = Self(0xf1, 0xf1, 0xf1);

    /// This colour with as much white as `part`, 0 to 1.
    pub(super) fn paler(self, part: f64) -> Self {
        let mix = |channel: u8| (f64::from(channel) + (255.0 - f64::from(channel)) * part).round() as u8;
        Self(mix(self.0), mix(self.1), mix(self.2))
    }
}

/// Which end of a text its place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The left end.
    Start,
    /// The middle.
    Middle,
    /// The right end.
    End,
}

/// How a line is broken: lengths drawn and left out, in pixels. None is drawn through.
pub(super) type Dash = Option<(f64, f64)>;

/// The shape of a point's mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    Disc,
    /// A square.
    Square,
    /// A triangle, its point up.
    Up,
    /// A square on its point.
    Diamond,
    /// A triangle, its point down.
    Down,
    /// A diagonal cross.
    Cross,
}

/// `text` without what XML can't hold and no picture can show: control characters and non-characters.
pub(super) fn shown(text: &str) -> String {
    let hidden = |character: char| character.is_control() || (character as u32) & 0xfffe == 0xfffe;
    text.chars().map(|character| if hidden(character) { '\u{fffd}' } else { character }).collect()
}

/// A text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Its place from left to right.
    pub x: f64,
    /// Its baseline, from the top.
    pub baseline: f64,
    /// Which end of it is at `x`.
    pub anchor: Anchor,
    /// Its em in pixels.
    pub size: f64,
    /// Whether it is bold.
    pub bold: bool,
    /// Its colour.
    pub colour: Colour,
    /// Whether another text follows it on its line, so that it may end no further right than was measured, whatever font
    /// it is shown in.
    pub followed: bool,
    /// What it says.
    pub text: String,
}

impl Text {
    /// A text at the left end of which is (`x`, `baseline`), in ink, regular.
    pub(super) fn new(x: f64, baseline: f64, size: f64, text: impl Into<String>) -> Self {
        let text = shown(&text.into());
        Self { x, baseline, anchor: Anchor::Start, size, bold: false, colour: Colour::INK, followed: false, text }
    }

    pub(super) fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(super) fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    pub(super) fn bold(self, bold: bool) -> Self {
        Self { bold, ..self }
    }

    pub(super) fn followed(self, followed: bool) -> Self {
        Self { followed, ..self }
    }

    /// Its width in pixels.
    pub fn width(&self) -> f64 {
        font::width(&self.text, self.bold) * self.size
    }

    /// Left, top, right and bottom of the room it takes.
    pub fn extent(&self) -> [f64; 4] {
        let width = self.width();
        let left = match self.anchor {
            Anchor::Start => self.x,
            Anchor::Middle => self.x - width / 2.0,
            Anchor::End => self.x - width,
        };
        [left, self.baseline - font::ABOVE * self.size, left + width, self.baseline + font::BELOW * self.size]
    }
}

/// A place: from the left, from the top.
pub type Point = (f64, f64);

/// One shape.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Text(Text),
    Line {
        points: Vec<Point>,
        width: f64,
        colour: Colour,
        dash: Dash,
    },
    Area {
        points: Vec<Point>,
        colour: Colour,
    },
    /// Left, top, right and bottom of a filled rectangle.
    Rect {
        sides: [f64; 4],
        colour: Colour,
    },
    Mark {
        at: Point,
        shape: Shape,
        radius: f64,
        colour: Colour,
    },
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// Pixels across.
    pub width: f64,
    /// Pixels from top to bottom.
    pub height: f64,
    pub(super) items: Vec<Item>,
}

impl Scene {
    /// All texts.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.items.iter().filter_map(|item| if let Item::Text(text) = item { Some(text) } else { None })
    }

    /// Left, top, right and bottom of every line, area, rectangle and mark.
    pub fn shapes(&self) -> impl Iterator<Item = [f64; 4]> {
        self.items.iter().filter_map(|item| match item {
            Item::Text(_) => None,
            Item::Line { points, width, .. } => Some(around(points, width / 2.0)),
            Item::Area { points, .. } => Some(around(points, 0.0)),
            Item::Rect { sides, .. } => Some(*sides),
            Item::Mark { at, radius, .. } => Some(around(&[*at], *radius)),
        })
    }

    pub(super) fn text(&mut self, text: Text) {
        if !text.text.is_empty() {
            self.items.push(Item::Text(text));
        }
    }

    pub(super) fn line(&mut self, points: Vec<Point>, width: f64, colour: Colour, dash: Dash) {
        self.items.push(Item::Line { points, width, colour, dash });
    }

    pub(super) fn area(&mut self, points: Vec<Point>, colour: Colour) {
        self.items.push(Item::Area { points, colour });
    }

    /// A filled rectangle: left, top, right, bottom.
    pub(super) fn rect(&mut self, sides: [f64; 4], colour: Colour) {
        self.items.push(Item::Rect { sides, colour });
    }

    pub(super) fn mark(&mut self, at: Point, shape: Shape, radius: f64, colour: Colour) {
        self.items.push(Item::Mark { at, shape, radius, colour });
    }
}

fn around(points: &[Point], margin: f64) -> [f64; 4] {
    let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    points.iter().fold(start, |[left, top, right, bottom], &(x, y)| {
        [left.min(x - margin), top.min(y - margin), right.max(x + margin), bottom.max(y + margin)]
    })
}
