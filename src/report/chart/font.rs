//! The font of the charts, compiled in, and the widths of texts set in it. Nothing of the system's fonts is used.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef};
use plotters::style::{FontStyle, register_font};

/// The family asked for in SVG, where the viewer's fonts are used: Inter is among the wider ones, so a text set in any of
/// the others takes no more room than was measured. PNG finds the embedded font under the same name.
pub(super) const FAMILY: &str = "Inter, Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif";

static REGULAR: &[u8] = include_bytes!("../font/Inter-Regular-subset.otf");
static BOLD: &[u8] = include_bytes!("../font/Inter-Bold-subset.otf");

static FONTS: LazyLock<Option<[FontRef<'static>; 2]>> = LazyLock::new(|| {
    register_font(FAMILY, FontStyle::Normal, REGULAR).ok()?;
    register_font(FAMILY, FontStyle::Bold, BOLD).ok()?;
    Some([FontRef::try_from_slice(REGULAR).ok()?, FontRef::try_from_slice(BOLD).ok()?])
});

/// How much of an em a glyph reaches above and below the baseline, accents included.
pub(super) const ABOVE: f64 = 0.97;
pub(super) const BELOW: f64 = 0.25;

/// The advance assumed for what the font doesn't have: as wide as the signs of East Asian scripts.
const UNKNOWN_ADVANCE: f64 = 1.0;

/// Makes the font known to plotters. False if it can't be read, which a test rules out.
pub(super) fn ready() -> bool {
    FONTS.is_some()
}

/// The width of `text` for an em of 1.
pub(super) fn width(text: &str, bold: bool) -> f64 {
    let font = FONTS.as_ref().map(|fonts| &fonts[usize::from(bold)]);
    text.chars().map(|character| font.and_then(|font| advance(font, character)).unwrap_or(UNKNOWN_ADVANCE)).sum()
}

fn advance(font: &FontRef, character: char) -> Option<f64> {
    let glyph = font.glyph_id(character);
    let em = font.units_per_em()?;
    (glyph.0 != 0).then(|| f64::from(font.h_advance_unscaled(glyph) / em))
}

/// The size that makes the bitmap backend set text with an em of 1: it takes the height of a line for the size.
pub(super) fn line_height() -> f64 {
    let font = FONTS.as_ref().map(|fonts| &fonts[0]);
    font.and_then(|font| Some(f64::from(font.height_unscaled() / font.units_per_em()?))).unwrap_or(1.0)
}

/// `text` cut in its middle, an ellipsis there, so that it is at most `room` wide at an em of `size`.
pub(super) fn fitted(text: &str, size: f64, bold: bool, room: f64) -> String {
    let mut most = text.chars().count();
    let mut cut = text.to_owned();
    while most > 1 && width(&cut, bold) * size > room {
        most -= 1;
        cut = crate::report::table::shortened(text, most);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_every_sign_the_charts_use() {
        assert!(ready());
        for character in " ~£é×–—…→≥≤\u{2009}".chars() {
            for font in FONTS.as_ref().expect("the font is readable") {
                assert!(advance(font, character).is_some(), "{character:?}");
            }
        }
    }

    #[test]
    fn widths_add_up_and_bold_is_wider() {
        assert!((width("ab", false) - width("a", false) - width("b", false)).abs() < 1e-9);
        assert!(width("linux-2.0", true) > width("linux-2.0", false));
        assert!((width("漢", false) - UNKNOWN_ADVANCE).abs() < f64::EPSILON);
    }

    #[test]
    fn long_texts_are_cut_to_their_room() {
        let cut = fitted(&"long-".repeat(40), 14.0, false, 100.0);
        assert!(cut.contains('…') && width(&cut, false) * 14.0 <= 100.0, "{cut}");
        assert_eq!(fitted("short", 14.0, false, 100.0), "short");
    }
}
