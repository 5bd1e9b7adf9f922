//! A plotters backend that writes SVG in few bytes, and a scene as SVG by it: what has the same look and follows one
//! another is one path or one group of texts, and steps are relative. A report holds many charts; the backend that comes
//! with plotters takes some five times as much, and can't break a line.

use std::fmt::Write as _;
use std::io;

use plotters::style::ShapeStyle;
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
};

use super::{FINENESS, Surface, paint, size};
use crate::report::chart::font;
use crate::report::chart::scene::{self, Dash, Point, Scene};

type Drawn = Result<(), DrawingErrorKind<io::Error>>;

/// What was begun and can go on with the next shape of the same attributes.
enum Open {
    Nothing,
    /// A path: its attributes and where its pen is.
    Path(String, BackendCoord),
    /// A group of texts: its attributes.
    Texts(String),
}

struct SvgBackend {
    size: (u32, u32),
    body: String,
    open: Open,
    /// How wide the next text is to be.
    held: Option<i32>,
}

/// The scene as SVG with a title and a description for those who can't see it. The same scene gives the same bytes.
pub(in crate::report::chart) fn svg(scene: &Scene, title: &str, description: &str) -> Result<String, String> {
    let (width, height) = size(scene);
    let inner = (width * FINENESS, height * FINENESS);
    let mut backend = SvgBackend { size: inner, body: String::new(), open: Open::Nothing, held: None };
    paint(scene, &mut backend)?;
    backend.close();
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         role=\"img\" stroke-linejoin=\"round\" font-family=\"{}\">\n<title>{}</title>\n<desc>{}</desc>\n{}</svg>\n",
        inner.0,
        inner.1,
        font::FAMILY,
        escaped(title),
        escaped(description),
        backend.body,
    ))
}

fn escaped(text: &str) -> String {
    scene::shown(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl SvgBackend {
    fn close(&mut self) {
        self.body.push_str(match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => "",
            Open::Path(..) => "\"/>\n",
            Open::Texts(_) => "</g>\n",
        });
    }

    /// Puts the pen of a path with these attributes to `at`.
    fn move_to(&mut self, attributes: String, at: BackendCoord) {
        if let Open::Path(open, pen) = &mut self.open
            && *open == attributes
        {
            step(&mut self.body, 'm', (at.0 - pen.0, at.1 - pen.1));
            *pen = at;
            return;
        }
        self.close();
        let _ = write!(self.body, "<path {attributes} d=\"");
        step(&mut self.body, 'M', at);
        self.open = Open::Path(attributes, at);
    }

    /// Adds lines through `points` to the path with these attributes.
    fn lines(&mut self, attributes: String, points: &[BackendCoord], closed: bool) {
        let [first, rest @ ..] = points else { return };
        self.move_to(attributes, *first);
        let mut pen = *first;
        for &at in rest {
            match (at.0 - pen.0, at.1 - pen.1) {
                (across, 0) => number(&mut self.body, Some('h'), across),
                (0, down) => number(&mut self.body, Some('v'), down),
                by => step(&mut self.body, 'l', by),
            }
            pen = at;
        }
        if closed {
            self.body.push('z');
            pen = *first;
        }
        if let Open::Path(_, open) = &mut self.open {
            *open = pen;
        }
    }
}

/// Writes a letter and two numbers.
fn step(path: &mut String, letter: char, by: (i32, i32)) {
    number(path, Some(letter), by.0);
    number(path, None, by.1);
}

/// Writes a number, after a letter or, where the last number would run into it, a blank.
fn number(path: &mut String, letter: Option<char>, value: i32) {
    match letter {
        Some(letter) => path.push(letter),
        None if value >= 0 => path.push(' '),
        None => {}
    }
    let _ = write!(path, "{value}");
}

fn hex(colour: BackendColor) -> String {
    let (red, green, blue) = colour.rgb;
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn filled(style: &impl BackendStyle) -> String {
    format!("fill=\"{}\"", hex(style.color()))
}

/// Whether the corners go round as the hands of a clock: areas of one path that overlap must all go the same way round.
fn clockwise(corners: &[BackendCoord]) -> bool {
    let next = corners.iter().cycle().skip(1);
    let wide = |at: i32| i64::from(at);
    corners.iter().zip(next).map(|(a, b)| wide(a.0) * wide(b.1) - wide(b.0) * wide(a.1)).sum::<i64>() >= 0
}

impl DrawingBackend for SvgBackend {
    type ErrorType = io::Error;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        self.close();
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.lines(format!("fill=\"{}\"", hex(color)), &[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)], true);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        let mut corners: Vec<BackendCoord> = corners.into_iter().collect();
        if !clockwise(&corners) {
            corners.reverse();
        }
        self.lines(filled(style), &corners, true);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, _fill: bool) -> Drawn {
        let radius = radius.cast_signed();
        self.move_to(filled(style), (at.0 - radius, at.1));
        for across in [2 * radius, -2 * radius] {
            let _ = write!(self.body, "a{radius} {radius} 0 0 1 {across} 0");
        }
        self.body.push('z');
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn {
        let size = (style.size() * 100.0).round() / 100.0;
        let mut attributes = format!("fill=\"{}\" font-size=\"{size}\"", hex(style.color()));
        attributes.push_str(match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Right => " text-anchor=\"end\"",
            HPos::Center => " text-anchor=\"middle\"",
        });
        if matches!(style.style(), FontStyle::Bold) {
            attributes.push_str(" font-weight=\"bold\"");
        }
        if !matches!(&self.open, Open::Texts(open) if *open == attributes) {
            self.close();
            let _ = writeln!(self.body, "<g {attributes}>");
            self.open = Open::Texts(attributes);
        }
        let _ = write!(self.body, "<text x=\"{x}\" y=\"{y}\"");
        if let Some(width) = self.held.take() {
            let _ = write!(self.body, " textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\"");
        }
        let _ = writeln!(self.body, ">{}</text>", escaped(text));
        Ok(())
    }
}

impl Surface for SvgBackend {
    fn em() -> f64 {
        1.0
    }

    fn ascent() -> f64 {
        0.0
    }

    fn hold(&mut self, width: i32) {
        self.held = Some(width);
    }

    fn fill(&mut self, [from, to]: [BackendCoord; 2], style: &ShapeStyle) -> Result<(), String> {
        self.lines(filled(style), &[from, (to.0, from.1), to, (from.0, to.1)], true);
        Ok(())
    }

    fn stroke(&mut self, points: &[Point], width: u32, dash: Dash, style: &ShapeStyle) -> Result<(), String> {
        let mut attributes = format!("fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"", hex(style.color()));
        if let Some((on, off)) = dash {
            let _ = write!(attributes, " stroke-dasharray=\"{on:.0} {off:.0}\"");
        }
        let mut points: Vec<_> = points.iter().map(|&(x, y)| (x.round() as i32, y.round() as i32)).collect();
        points.dedup();
        if points.len() > 1 {
            self.lines(attributes, &points, false);
        }
        Ok(())
    }
}
