//! A scene on a plotters backend: one function for SVG and PNG. What the two backends do differently (line ends, where a
//! text's baseline is) is evened out here and nowhere else.

use std::io;

use plotters::prelude::{BitMapBackend, Color, DrawingBackend, IntoFont, RGBColor, SVGBackend, TextStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, ShapeStyle};

use super::font;
use super::scene::{self, Anchor, Colour, Dash, Item, Point, Scene, Shape, Text};

/// Backends take whole numbers only, so everything is drawn this many times larger: SVG keeps it as its inner
/// coordinates, PNG is drawn large and made smaller, which smooths its edges.
const FINENESS: u32 = 4;
/// Pixels of the PNG for a pixel of the scene, so that it is crisp in print and on dense screens.
const PNG_PIXELS: u32 = 2;
/// Pixels a metre written into the PNG: 96 to the inch of the scene.
const PNG_DENSITY: u32 = 3780 * PNG_PIXELS;

/// A plotters backend and what this module must know of its ways.
trait Surface: DrawingBackend {
    /// The size to ask for to get an em of 1.
    fn em() -> f64;
    /// From the top a text is placed at down to its baseline, for an em of 1.
    fn ascent() -> f64;
    /// Draws a line of more than one point through, `width` thick.
    fn stroke(&mut self, points: &[(i32, i32)], width: u32, style: &ShapeStyle) -> Result<(), String>;
}

impl Surface for SVGBackend<'_> {
    fn em() -> f64 {
        1.24
    }

    fn ascent() -> f64 {
        0.76
    }

    fn stroke(&mut self, points: &[(i32, i32)], _width: u32, style: &ShapeStyle) -> Result<(), String> {
        self.draw_path(points.iter().copied(), style).map_err(|error| error.to_string())
    }
}

impl Surface for BitMapBackend<'_> {
    fn em() -> f64 {
        font::line_height()
    }

    fn ascent() -> f64 {
        font::line_height() / 2.0
    }

    fn stroke(&mut self, points: &[(i32, i32)], width: u32, style: &ShapeStyle) -> Result<(), String> {
        // The backend would make one polygon of the whole line and leave holes where it crosses itself.
        for pair in points.windows(2) {
            self.fill_polygon(thick(pair[0], pair[1], width), style).map_err(|error| error.to_string())?;
        }
        for &joint in points.iter().skip(1).take(points.len().saturating_sub(2)) {
            self.draw_circle(joint, width / 2, style, true).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// The corners of a line from `a` to `b`.
fn thick(a: (i32, i32), b: (i32, i32), width: u32) -> [(i32, i32); 4] {
    let (x, y) = (f64::from(b.0 - a.0), f64::from(b.1 - a.1));
    let half = f64::from(width) / 2.0 / x.hypot(y).max(1.0);
    let (across, down) = (-y * half, x * half);
    let corner = |at: (i32, i32), side: f64| {
        ((f64::from(at.0) + side * across).round() as i32, (f64::from(at.1) + side * down).round() as i32)
    };
    [corner(a, 1.0), corner(b, 1.0), corner(b, -1.0), corner(a, -1.0)]
}

/// The scene as SVG with a title and a description for those who can't see it. The same scene gives the same bytes.
pub(super) fn svg(scene: &Scene, title: &str, description: &str) -> Result<String, String> {
    let (width, height) = size(scene);
    let mut drawn = String::new();
    let mut backend = SVGBackend::with_string(&mut drawn, (width * FINENESS, height * FINENESS));
    paint(scene, &mut backend)?;
    backend.present().map_err(|error| error.to_string())?;
    drop(backend);
    let body = drawn.split_once('\n').map_or("", |(_, body)| body);
    let (inner_width, inner_height) = (width * FINENESS, height * FINENESS);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {inner_width} {inner_height}\" role=\"img\" \
         stroke-linejoin=\"round\">\n<title>{}</title>\n<desc>{}</desc>\n{body}",
        escaped(title),
        escaped(description),
    ))
}

fn escaped(text: &str) -> String {
    scene::shown(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The scene as PNG.
pub(super) fn png(scene: &Scene) -> Result<Vec<u8>, String> {
    let (width, height) = size(scene);
    let mut large = vec![255; (width * FINENESS * height * FINENESS * 3) as usize];
    let mut backend = BitMapBackend::with_buffer(&mut large, (width * FINENESS, height * FINENESS));
    paint(scene, &mut backend)?;
    backend.present().map_err(|error| error.to_string())?;
    drop(backend);
    let (width, height) = (width * PNG_PIXELS, height * PNG_PIXELS);
    encoded(&reduced(&large, width, height), width, height).map_err(|error| error.to_string())
}

/// The picture `FINENESS / PNG_PIXELS` times smaller, each pixel the mean of those it stands for.
fn reduced(large: &[u8], width: u32, height: u32) -> Vec<u8> {
    let factor = (FINENESS / PNG_PIXELS) as usize;
    let (width, height) = (width as usize, height as usize);
    let line = width * factor * 3;
    let mut small = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let corner = y * factor * line + x * factor * 3 + channel;
                let places = (0..factor * factor).map(|at| corner + at / factor * line + at % factor * 3);
                let sum: usize = places.map(|place| usize::from(large[place])).sum();
                small.push((sum / (factor * factor)) as u8);
            }
        }
    }
    small
}

fn encoded(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: PNG_DENSITY, yppu: PNG_DENSITY, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
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
    polygon(surface, &[(0.0, 0.0), (all.0, 0.0), all, (0.0, all.1)], Colour::WHITE)?;
    for item in &scene.items {
        match item {
            Item::Text(text) => write(surface, text)?,
            Item::Area { points, colour } => polygon(surface, points, *colour)?,
            Item::Line { points, width, colour, dash } => line(surface, points, *width, *colour, *dash)?,
            Item::Mark { at, shape, radius, colour } => mark(surface, *at, *shape, *radius, *colour)?,
        }
    }
    Ok(())
}

fn fine(value: f64) -> i32 {
    (value * f64::from(FINENESS)).round() as i32
}

fn write<S: Surface>(surface: &mut S, text: &Text) -> Result<(), String> {
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
    surface.draw_text(&text.text, &style, (fine(text.x), top)).map_err(|error| error.to_string())
}

fn line<S: Surface>(surface: &mut S, points: &[Point], width: f64, colour: Colour, dash: Dash) -> Result<(), String> {
    if width <= 0.0 {
        return Ok(());
    }
    let thickness = fine(width).max(1) as u32;
    let style = ShapeStyle { color: rgb(colour).to_rgba(), filled: true, stroke_width: thickness };
    for piece in pieces(points, dash) {
        let mut piece: Vec<_> = piece.into_iter().map(|(x, y)| (fine(x), fine(y))).collect();
        piece.dedup();
        if piece.len() > 1 {
            surface.stroke(&piece, thickness, &style)?;
        }
    }
    Ok(())
}

/// The line cut into what is drawn of it.
fn pieces(points: &[Point], dash: Dash) -> Vec<Vec<Point>> {
    let Some((on, off)) = dash else { return vec![points.to_vec()] };
    let mut pieces = Vec::new();
    let mut piece: Vec<Point> = points.first().copied().into_iter().collect();
    let (mut drawing, mut left) = (true, on);
    for pair in points.windows(2) {
        let [(from_x, from_y), (to_x, to_y)] = [pair[0], pair[1]];
        let length = (to_x - from_x).hypot(to_y - from_y);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let at = (from_x + (to_x - from_x) * done / length, from_y + (to_y - from_y) * done / length);
            if drawing {
                piece.push(at);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![at];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= length - done;
        if drawing {
            piece.push((to_x, to_y));
        }
    }
    if drawing {
        pieces.push(piece);
    }
    pieces
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
