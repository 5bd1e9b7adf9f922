//! Colours for amounts, and cells with numbers on them. The colours differ in lightness too, so that they are told apart with
//! any colour vision and in grey.

use super::font;
use super::scene::{Anchor, Colour, Scene, Text};

/// From least to most: nothing but lightness and saturation changes.
const SEQUENTIAL: [Colour; 4] =
    [Colour(0xf7, 0xf7, 0xf7), Colour(0xc6, 0xdb, 0xef), Colour(0x42, 0x92, 0xc6), Colour(0x08, 0x30, 0x6b)];
/// From far below over even to far above: blue and orange, the pair that every kind of colour vision tells apart.
const DIVERGING: [Colour; 7] = [
    Colour(0x21, 0x66, 0xac),
    Colour(0x67, 0xa9, 0xcf),
    Colour(0xd1, 0xe5, 0xf0),
    Colour(0xf7, 0xf7, 0xf7),
    Colour(0xfd, 0xdb, 0xb0),
    Colour(0xf1, 0xa3, 0x40),
    Colour(0xb3, 0x58, 0x06),
];
/// Texts on cells. They are no other colour of a chart, so that a page that turns colours for the dark can leave them as
/// they are.
const DARK: Colour = Colour(0x00, 0x00, 0x01);
const PALE: Colour = Colour(0xfe, 0xfe, 0xfe);

/// The colour of an amount, 0 to 1.
pub(super) fn sequential(amount: f64) -> Colour {
    along(&SEQUENTIAL, amount)
}

/// The colour of a difference, -1 to 1; 0 is even.
pub(super) fn diverging(difference: f64) -> Colour {
    along(&DIVERGING, f64::midpoint(difference, 1.0))
}

/// The colour so far along `colours`, 0 to 1.
fn along(colours: &[Colour], part: f64) -> Colour {
    let steps = colours.len() - 1;
    let place = part.clamp(0.0, 1.0) * steps as f64;
    let step = (place.floor() as usize).min(steps - 1);
    let rest = place - step as f64;
    let (Colour(red, green, blue), next) = (colours[step], colours[step + 1]);
    let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * rest).round() as u8;
    Colour(mix(red, next.0), mix(green, next.1), mix(blue, next.2))
}

/// The colour, dark or pale, that a text on `ground` is read best in.
pub(super) fn ink_on(ground: Colour) -> Colour {
    if contrast(DARK, ground) >= contrast(PALE, ground) { DARK } else { PALE }
}

/// The ratio of two colours' luminances, 1 to 21, as the accessibility guidelines of the W3C define it.
fn contrast(a: Colour, b: Colour) -> f64 {
    let linear = |channel: u8| {
        let part = f64::from(channel) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = |colour: Colour| 0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2);
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    a.max(b) / a.min(b)
}

/// A cell: a filled rectangle with a number in its middle, in smaller letters where it would not fit. The most telling are
/// `marked`: bold and in a frame.
pub(super) fn draw_cell(scene: &mut Scene, sides: [f64; 4], ground: Colour, text: &str, size: f64, marked: bool) {
    let [left, top, right, bottom] = sides;
    scene.rect(sides, ground);
    let size = size.min((right - left - 4.0) / font::width(text, marked).max(0.1));
    let middle = f64::midpoint(top, bottom) + super::axis::TO_BASELINE * size;
    let text = Text::new(f64::midpoint(left, right), middle, size, text).anchored(Anchor::Middle);
    scene.text(text.coloured(ink_on(ground)).bold(marked));
    if marked {
        draw_frame(scene, sides);
    }
}

/// The frame of a marked cell.
pub(super) fn draw_frame(scene: &mut Scene, [left, top, right, bottom]: [f64; 4]) {
    let [left, top, right, bottom] = [left + 0.75, top + 0.75, right - 0.75, bottom - 0.75];
    let corners = vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top), (right, top)];
    scene.line(corners, 1.5, DARK, None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable_on_every_colour() {
        for step in 0..=100 {
            let part = f64::from(step) / 100.0;
            for ground in [sequential(part), diverging(2.0 * part - 1.0)] {
                let found = contrast(ink_on(ground), ground);
                assert!(found >= 4.5, "{found} on {ground:?}");
            }
        }
        assert!((contrast(Colour::BLACK, Colour::WHITE) - 21.0).abs() < 1e-9, "the guidelines' own example");
    }

    #[test]
    fn even_is_nearly_white_and_the_ends_are_apart() {
        assert_eq!(diverging(0.0), Colour(0xf7, 0xf7, 0xf7));
        assert_eq!((diverging(-9.0), diverging(1.0)), (DIVERGING[0], DIVERGING[6]));
        assert_eq!((sequential(0.0), sequential(1.0)), (SEQUENTIAL[0], SEQUENTIAL[3]));
    }
}
