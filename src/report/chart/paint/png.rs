//! A scene as PNG, by plotters' own bitmap backend.

use plotters::prelude::{BitMapBackend, DrawingBackend};
use plotters::style::ShapeStyle;

use super::{FINENESS, Surface, paint, size};
use crate::report::chart::font;
use crate::report::chart::scene::{Dash, Point, Scene};

/// Pixels of the PNG for a pixel of the scene, so that it is crisp in print and on dense screens.
const PNG_PIXELS: u32 = 2;
/// Pixels of a side of what a pixel of the PNG is the mean of.
const FACTOR: usize = (FINENESS / PNG_PIXELS) as usize;
/// Colours of a pixel.
const CHANNELS: usize = 3;
/// Pixels a metre written into the PNG: 96 to the inch of the scene.
const PNG_DENSITY: u32 = 3780 * PNG_PIXELS;

impl Surface for BitMapBackend<'_> {
    fn em() -> f64 {
        font::line_height()
    }

    fn ascent() -> f64 {
        font::line_height() / 2.0
    }

    fn fill(&mut self, [from, to]: [(i32, i32); 2], style: &ShapeStyle) -> Result<(), String> {
        self.draw_rect(from, to, style, true).map_err(|error| error.to_string())
    }

    fn stroke(&mut self, points: &[Point], width: u32, dash: Dash, style: &ShapeStyle) -> Result<(), String> {
        for piece in pieces(points, dash) {
            let mut piece: Vec<_> = piece.into_iter().map(|(x, y)| (x.round() as i32, y.round() as i32)).collect();
            piece.dedup();
            // The backend would make one polygon of the whole line and leave holes where it crosses itself.
            for pair in piece.windows(2) {
                self.fill_polygon(thick(pair[0], pair[1], width), style).map_err(|error| error.to_string())?;
            }
            for &joint in piece.iter().skip(1).take(piece.len().saturating_sub(2)) {
                self.draw_circle(joint, width / 2, style, true).map_err(|error| error.to_string())?;
            }
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

/// The scene as PNG.
pub(in crate::report::chart) fn png(scene: &Scene) -> Result<Vec<u8>, String> {
    let (width, height) = size(scene);
    let mut large = vec![255; (width * FINENESS * height * FINENESS) as usize * CHANNELS];
    let mut backend = BitMapBackend::with_buffer(&mut large, (width * FINENESS, height * FINENESS));
    paint(scene, &mut backend)?;
    backend.present().map_err(|error| error.to_string())?;
    drop(backend);
    let (width, height) = (width * PNG_PIXELS, height * PNG_PIXELS);
    encoded(&reduced(&large, width as usize), width, height).map_err(|error| error.to_string())
}

/// A picture, of which a line is to have so many pixels, `FACTOR` times smaller: each pixel is the mean of those it stands for.
/// Lines are added up as wholes: pixel by pixel, this took half of all drawing.
fn reduced(large: &[u8], width: usize) -> Vec<u8> {
    let line = width * FACTOR * CHANNELS;
    let mut small = Vec::with_capacity(large.len() / (FACTOR * FACTOR));
    let mut sums = vec![0_u16; line];
    for lines in large.chunks_exact(line * FACTOR) {
        sums.fill(0);
        for colours in lines.chunks_exact(line) {
            sums.iter_mut().zip(colours).for_each(|(sum, &colour)| *sum += u16::from(colour));
        }
        for pixels in sums.as_chunks::<{ FACTOR * CHANNELS }>().0 {
            for channel in 0..CHANNELS {
                let sum: u16 = (0..FACTOR).map(|pixel| pixels[pixel * CHANNELS + channel]).sum();
                small.push((sum / (FACTOR * FACTOR) as u16) as u8);
            }
        }
    }
    small
}

fn encoded(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, ::png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_depth(::png::BitDepth::Eight);
    // Charts are areas of one colour, which repeat as they are: differences of neighbours make files a tenth larger.
    encoder.set_filter(::png::Filter::NoFilter);
    encoder.set_pixel_dims(Some(::png::PixelDimensions {
        xppu: PNG_DENSITY,
        yppu: PNG_DENSITY,
        unit: ::png::Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_pixel_is_the_mean_of_those_it_stands_for(
            (width, height, large) in (1_usize..6, 1_usize..4).prop_flat_map(|(width, height)| {
                let colour = prop_oneof![Just(255), any::<u8>()];
                let bytes = width * height * FACTOR * FACTOR * CHANNELS;
                (Just(width), Just(height), prop::collection::vec(colour, bytes))
            }),
        ) {
            let small = reduced(&large, width);
            prop_assert_eq!(small.len(), width * height * CHANNELS);
            for (place, &mean) in small.iter().enumerate() {
                let (x, y, channel) = (place / CHANNELS % width, place / CHANNELS / width, place % CHANNELS);
                let mut sum = 0;
                for (down, across) in (0..FACTOR).flat_map(|down| (0..FACTOR).map(move |across| (down, across))) {
                    let pixel = (y * FACTOR + down) * width * FACTOR + x * FACTOR + across;
                    sum += u32::from(large[pixel * CHANNELS + channel]);
                }
                prop_assert_eq!(u32::from(mean), sum / (FACTOR * FACTOR) as u32);
            }
        }
    }
}
