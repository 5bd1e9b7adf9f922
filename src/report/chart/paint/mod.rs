//! A scene on a plotters backend: one function for SVG and PNG. What the two backends do differently (line ends, dashes,
//! where a text's baseline is) is evened out here and nowhere else.

mod png;
mod svg;

use std::io;

use plotters::prelude::{Color, DrawingBackend, IntoFont, RGBColor, TextStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, ShapeStyle};

pub(super) use self::png::png;
pub(super) use self::svg::svg;
use super::font;
use super::scene::{Anchor, Colour, Dash, Item, Point, Scene, Shape, Text};

/// Backends take whole numbers only, so everything is drawn this many times larger: SVG keeps it as its inner
/// coordinates, PNG is drawn large and made smaller, which smooths its edges.
const FINENESS: u32 = 4;

/// How much wider than the built-in font that of a viewer may be.
const WIDER: f64 = 1.2;

/// A plotters backend and what this module must know of its ways.
trait Surface: DrawingBackend {
    /// The size to ask for to get an em of 1.
    fn em() -> f64;
    /// From the top a text is placed at down to its baseline, for an em of 1.
    fn ascent() -> f64;
    /// Fills a rectangle from its left and top up to, but not with, its right and bottom.
    fn fill(&mut self, corners: [(i32, i32); 2], style: &ShapeStyle) -> Result<(), String>;
    /// Makes the text that is drawn next as wide as this, whatever font it is set in.
    fn hold(&mut self, _width: i32) {}
    /// Draws a line through `points` that is broken as `dash` says. All lengths are those of the surface.
    fn stroke(&mut self, points: &[Point], width: u32, dash: Dash, style: &ShapeStyle) -> Result<(), String>;
}

/// For callers that write files.
pub(super) fn as_io(reason: String) -> io::Error {
    io::Error::other(reason)
}

fn size(scene: &Scene) -> (u32, u32) {
    (scene.width as u32, scene.height as u32)
}

fn paint<S: Surface>(scene: &Scene, surface: &mut S) -> Result<(), String> {
    if !font::ready() {
        return Err("the built-in font can't be read".to_owned());
    }
    let all = (scene.width, scene.height);
    surface.fill([(0, 0), (fine(all.0), fine(all.1))], &filled(Colour::WHITE))?;
    for item in &scene.items {
        match item {
            Item::Text(text) => write(surface, text, scene.width)?,
            Item::Area { points, colour } => polygon(surface, points, *colour)?,
            Item::Rect { sides: [left, top, right, bottom], colour } => {
                let corners = [(fine(*left), fine(*top)), (fine(*right), fine(*bottom))];
                surface.fill(corners, &filled(*colour))?;
            }
            Item::Line { points, width, colour, dash } => line(surface, points, *width, *colour, *dash)?,
            Item::Mark { at, shape, radius, colour } => mark(surface, *at, *shape, *radius, *colour)?,
        }
    }
    Ok(())
}

fn fine(value: f64) -> i32 {
    (value * f64::from(FINENESS)).round() as i32
}

fn write<S: Surface>(surface: &mut S, text: &Text, picture: f64) -> Result<(), String> {
    let em = text.size * f64::from(FINENESS);
    let style = if text.bold { FontStyle::Bold } else { FontStyle::Normal };
    let position = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let font = (font::FAMILY, em * S::em(), style).into_font();
    let colour = rgb(text.colour);
    let style = TextStyle::from(font).color(&colour).pos(Pos::new(position, VPos::Top));
    let top = (text.baseline * f64::from(FINENESS) - S::ascent() * em).round() as i32;
    let near_the_edge = text.anchor == Anchor::Start && text.x + WIDER * text.width() > picture;
    if text.followed || near_the_edge {
        surface.hold(fine(text.width()));
    }
    surface.draw_text(&text.text, &style, (fine(text.x), top)).map_err(|error| error.to_string())
}

fn line<S: Surface>(surface: &mut S, points: &[Point], width: f64, colour: Colour, dash: Dash) -> Result<(), String> {
    if width <= 0.0 {
        return Ok(());
    }
    let thickness = fine(width).max(1) as u32;
    let style = ShapeStyle { color: rgb(colour).to_rgba(), filled: true, stroke_width: thickness };
    let larger = f64::from(FINENESS);
    let points: Vec<Point> = points.iter().map(|&(x, y)| (x * larger, y * larger)).collect();
    surface.stroke(&points, thickness, dash.map(|(on, off)| (on * larger, off * larger)), &style)
}

fn polygon<S: Surface>(surface: &mut S, points: &[Point], colour: Colour) -> Result<(), String> {
    let points: Vec<_> = points.iter().map(|&(x, y)| (fine(x), fine(y))).collect();
    surface.fill_polygon(points, &rgb(colour)).map_err(|error| error.to_string())
}

fn mark<S: Surface>(surface: &mut S, at: Point, shape: Shape, radius: f64, colour: Colour) -> Result<(), String> {
    let (x, y) = at;
    let corners = |corners: &[(f64, f64)]| -> Vec<Point> {
        corners.iter().map(|&(across, down)| (x + across * radius, y + down * radius)).collect()
    };
    match shape {
        Shape::Disc => {
            let place = (fine(x), fine(y));
            surface.draw_circle(place, fine(radius) as u32, &filled(colour), true).map_err(|error| error.to_string())
        }
        // Factors that make the areas of the shapes look alike.
        Shape::Square => {
            polygon(surface, &corners(&[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)]), colour)
        }
        Shape::Up => polygon(surface, &corners(&[(0.0, -1.2), (1.12, 0.8), (-1.12, 0.8)]), colour),
        Shape::Down => polygon(surface, &corners(&[(0.0, 1.2), (1.12, -0.8), (-1.12, -0.8)]), colour),
        Shape::Diamond => polygon(surface, &corners(&[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)]), colour),
        Shape::Cross => {
            line(surface, &corners(&[(-1.0, -1.0), (1.0, 1.0)]), 2.0, colour, None)?;
            line(surface, &corners(&[(-1.0, 1.0), (1.0, -1.0)]), 2.0, colour, None)
        }
    }
}

fn filled(colour: Colour) -> ShapeStyle {
    rgb(colour).filled()
}

fn rgb(colour: Colour) -> RGBColor {
    RGBColor(colour.0, colour.1, colour.2)
}
