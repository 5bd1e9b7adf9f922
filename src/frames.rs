//! Memory sizes as a user types them (`512`, `1_000`, `64MiB`, `5%`, `auto`, `all`, and lists of these), and the frames they
//! mean for a trace, by its footprint and the size of its pages. No size is changed silently here: what can't be meant is
//! refused with a sentence that says what can.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How many sizes [`FramesSpec::auto`] asks for; small footprints give fewer.
const LADDER_SIZES: u32 = 16;
/// Where that ladder begins, as a share of the footprint.
const LADDER_START: f64 = 0.01;
/// The largest percentage accepted: beyond it a typing error is likelier than a wish.
const MOST_PERCENT: f64 = 10_000.0;

/// Why a text is no memory size. The message quotes the text and says what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("'{text}' is no memory size: {reason}")]
pub struct FramesError {
    text: String,
    reason: Cow<'static, str>,
}

/// One or more memory sizes, not yet tied to a trace.
///
/// Parsed from text ([`FromStr`]) and written back in the same form ([`fmt::Display`]).
///
/// ```
/// use clockhand::frames::FramesSpec;
/// let spec: FramesSpec = "512, 4MiB, 50%".parse().unwrap();
/// assert_eq!(spec.resolve(10_000, 4096).unwrap(), [512, 1024, 5000]);
/// assert_eq!(spec.to_string(), "512,4MiB,50%");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FramesSpec {
    sizes: Vec<Size>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Size {
    /// So many frames, at least 1.
    Frames(u64),
    /// So many of a unit of memory, more than 0; a part of a page is left out.
    Memory(u64, Unit),
    /// A share of the footprint, above 0 and at most [`MOST_PERCENT`].
    Percent(f64),
    /// The ladder.
    Auto,
    /// Every size, where that takes no longer than a few; else the ladder.
    All,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    KiB,
    MiB,
    GiB,
}

impl Unit {
    const ALL: [(Unit, &str, u64); 3] =
        [(Unit::KiB, "KiB", 1 << 10), (Unit::MiB, "MiB", 1 << 20), (Unit::GiB, "GiB", 1 << 30)];

    fn row(self) -> (Unit, &'static str, u64) {
        Self::ALL[self as usize]
    }
}

impl FramesSpec {
    /// The default of `compare`: a geometric ladder of 16 sizes from 1 % of the footprint (at least 2 frames) up to the
    /// whole of it.
    pub fn auto() -> Self {
        Self { sizes: vec![Size::Auto] }
    }

    /// The default of `replay`: half the footprint.
    pub fn half() -> Self {
        Self { sizes: vec![Size::Percent(50.0)] }
    }

    /// Whether curves are wanted: every size from one frame to the footprint, for the policies that give them all at once.
    pub fn wants_curves(&self) -> bool {
        self.sizes.contains(&Size::All)
    }

    /// Whether no size was named, so that one may be left out.
    pub fn is_auto(&self) -> bool {
        self.sizes == [Size::Auto]
    }

    /// The memory sizes for a trace that references `footprint` distinct pages of `page_size` bytes: frames, ascending, each
    /// once, each at least 1. Percentages are rounded to the nearest frame. `all` is the ladder here: every size is for
    /// those who ask [`FramesSpec::wants_curves`].
    ///
    /// # Errors
    /// When a size is less than a page.
    pub fn resolve(&self, footprint: u64, page_size: u64) -> Result<Vec<u64>, FramesError> {
        let sizes: Result<Vec<Vec<u64>>, _> = self.sizes.iter().map(|size| size.frames(footprint, page_size)).collect();
        let mut frames = sizes?.concat();
        frames.sort_unstable();
        frames.dedup();
        Ok(frames)
    }
}

impl Size {
    fn frames(self, footprint: u64, page_size: u64) -> Result<Vec<u64>, FramesError> {
        Ok(match self {
            Size::Frames(frames) => vec![frames],
            // Parsing has refused a product beyond 64 bits; saturating keeps this total all the same.
            Size::Memory(number, unit) => match number.saturating_mul(unit.row().2) / page_size.max(1) {
                0 => {
                    let text = format!("{number}{}", unit.row().1);
                    let reason = format!("it is less than one page of {page_size} bytes").into();
                    return Err(FramesError { text, reason });
                }
                frames => vec![frames],
            },
            Size::Percent(percent) => vec![share(footprint, percent / 100.0)],
            Size::Auto | Size::All => ladder(footprint),
        })
    }
}

/// `fraction` of the footprint in frames, rounded to nearest, at least 1.
fn share(footprint: u64, fraction: f64) -> u64 {
    ((footprint as f64 * fraction).round() as u64).max(1)
}

fn ladder(footprint: u64) -> Vec<u64> {
    let top = footprint.max(1);
    let bottom = share(footprint, LADDER_START).max(2).min(top);
    let step = (top as f64 / bottom as f64).powf(1.0 / f64::from(LADDER_SIZES - 1));
    let mut sizes: Vec<u64> =
        (0..LADDER_SIZES).map(|rung| ((bottom as f64 * step.powf(f64::from(rung))).round() as u64).min(top)).collect();
    // Rounding must not make the last size miss the footprint: it is the one at which everything fits.
    if let Some(last) = sizes.last_mut() {
        *last = top;
    }
    sizes.dedup();
    sizes
}

impl FromStr for FramesSpec {
    type Err = FramesError;

    /// Reads one size or several separated by commas, with blanks allowed around each.
    ///
    /// # Errors
    /// On a size that is empty, zero, negative, above 64 bits, or nothing of the kind.
    fn from_str(text: &str) -> Result<Self, FramesError> {
        let sizes = text.split(',').map(|part| parse_size(part.trim())).collect::<Result<_, _>>()?;
        Ok(Self { sizes })
    }
}

impl fmt::Display for FramesSpec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, size) in self.sizes.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match size {
                Size::Frames(frames) => write!(out, "{comma}{frames}")?,
                Size::Memory(number, unit) => write!(out, "{comma}{number}{}", unit.row().1)?,
                Size::Percent(percent) => write!(out, "{comma}{percent}%")?,
                Size::Auto => write!(out, "{comma}auto")?,
                Size::All => write!(out, "{comma}all")?,
            }
        }
        Ok(())
    }
}

const WANTED: &str = "write frames (512 or 1_000), memory in KiB, MiB or GiB (64MiB), a share of the trace's footprint \
                      (5%), several of these separated by commas, auto, or all";

fn parse_size(text: &str) -> Result<Size, FramesError> {
    let refuse = |reason: &'static str| FramesError { text: text.to_owned(), reason: reason.into() };
    if text.eq_ignore_ascii_case("auto") {
        return Ok(Size::Auto);
    }
    if text.eq_ignore_ascii_case("all") {
        return Ok(Size::All);
    }
    if let Some(number) = text.strip_suffix('%') {
        return parse_percent(number.trim_end()).map_err(refuse);
    }
    for (unit, name, bytes) in Unit::ALL {
        let Some(split) = text.len().checked_sub(name.len()).filter(|&at| text.is_char_boundary(at)) else { continue };
        if text[split..].eq_ignore_ascii_case(name) {
            let number = parse_whole(text[..split].trim_end()).map_err(refuse)?;
            let total = number.checked_mul(bytes).ok_or_else(|| refuse(TOO_LARGE))?;
            return if total == 0 { Err(refuse(NOTHING)) } else { Ok(Size::Memory(number, unit)) };
        }
    }
    match parse_whole(text).map_err(refuse)? {
        0 => Err(refuse(NOTHING)),
        frames => Ok(Size::Frames(frames)),
    }
}

const NOTHING: &str = "at least 1 frame is needed";
const TOO_LARGE: &str = "it is beyond 64 bits";

fn parse_whole(text: &str) -> Result<u64, &'static str> {
    let digits: String = text.split('_').collect();
    let grouped = !text.starts_with('_') && !text.ends_with('_');
    if digits.is_empty() || !grouped || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(WANTED);
    }
    digits.parse().map_err(|_| TOO_LARGE)
}

fn parse_percent(text: &str) -> Result<Size, &'static str> {
    // `f64` would also read `nan`, `inf` and `1e3`; none of them is how a percentage is written.
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(WANTED);
    }
    let percent: f64 = text.parse().map_err(|_| WANTED)?;
    if percent > 0.0 && percent <= MOST_PERCENT {
        Ok(Size::Percent(percent))
    } else {
        Err("a percentage of the footprint must be above 0 and at most 10000")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spec(text: &str) -> FramesSpec {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn frames(text: &str, footprint: u64) -> Vec<u64> {
        spec(text).resolve(footprint, 4096).unwrap()
    }

    #[test]
    fn each_form_gives_its_frames() {
        assert_eq!(frames("512", 9), [512]);
        assert_eq!(frames("1_000", 9), [1000]);
        assert_eq!(frames("64MiB", 9), [16384]);
        assert_eq!(frames("8kib", 9), [2]);
        assert_eq!(frames("1 GiB", 9), [262_144]);
        assert_eq!(frames("5%", 1000), [50]);
        assert_eq!(frames("0.1%", 10), [1], "at least one frame");
        assert_eq!(frames("2.5%", 100), [3], "rounded to nearest");
        assert_eq!(frames("9KiB", 9), [2], "a part of a page is left out");
    }

    #[test]
    fn memory_is_counted_in_pages_of_the_trace() {
        let frames = |text: &str, page_size| spec(text).resolve(9, page_size).map_err(|error| error.to_string());
        assert_eq!(frames("64MiB", 2 << 20), Ok(vec![32]));
        assert_eq!(frames("3KiB,7", 1024), Ok(vec![3, 7]));
        let message = frames("7,3KiB", 4096).unwrap_err();
        assert_eq!(message, "'3KiB' is no memory size: it is less than one page of 4096 bytes");
    }

    #[test]
    fn lists_are_sorted_and_each_size_comes_once() {
        assert_eq!(frames("50%,10, 2,10 ,8KiB", 20), [2, 10]);
    }

    #[test]
    fn the_ladder_ends_at_the_footprint() {
        let sizes = frames("auto", 10_000);
        assert_eq!(sizes.len(), 16);
        assert_eq!((sizes[0], sizes[15]), (100, 10_000));
        assert_eq!(frames("auto", 4), [2, 3, 4]);
        assert_eq!(frames("auto", 1), [1]);
        assert_eq!(frames("auto", 0), [1]);
    }

    #[test]
    fn all_is_the_ladder_and_curves() {
        assert_eq!(frames("all", 10_000), frames("auto", 10_000));
        assert_eq!(frames("all,7", 4), [2, 3, 4, 7]);
        assert!(spec("7, ALL").wants_curves() && !spec("auto").wants_curves());
    }

    #[test]
    fn nonsense_is_refused_with_what_is_allowed() {
        let message = |text: &str| text.parse::<FramesSpec>().expect_err(text).to_string();
        for text in
            ["", " ", "x", "-1", "1.5", "5,,6", "12MB", "MiB", "%", "nan%", "inf%", "-5%", "1e3%", "_", "1_", "٣", "é"]
        {
            assert!(message(text).contains("write frames"), "{text}: {}", message(text));
        }
        assert!(message("0").contains("at least 1 frame"));
        assert!(message("0MiB").contains("at least 1 frame"));
        assert!(message("0%").contains("above 0"));
        assert!(message("10001%").contains("at most 10000"));
        assert!(message("99999999999999999999").contains("64 bits"));
        assert!(message("99999999999999999GiB").contains("64 bits"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            if let Ok(spec) = text.parse::<FramesSpec>() {
                prop_assert!(spec.resolve(1000, 256).unwrap().iter().all(|&frames| frames > 0));
            }
        }

        #[test]
        fn text_and_back(frames in 1..u64::MAX, mib in 1..1_000_000_u64, percent in 0.01..10_000.0_f64) {
            let text = format!("{frames},{mib}MiB,{percent}%,auto,all");
            prop_assert_eq!(spec(&text).to_string(), text);
        }

        #[test]
        fn the_ladder_rises_from_a_hundredth_to_the_footprint(footprint in prop_oneof![2..1_000_000_u64, 1..1_u64 << 53]) {
            let sizes = frames("auto", footprint);
            prop_assert!(sizes.len() <= 16);
            prop_assert!(sizes.is_sorted_by(|a, b| a < b));
            prop_assert_eq!(sizes[0], share(footprint, 0.01).max(2).min(footprint));
            prop_assert_eq!(sizes.last().copied(), Some(footprint));
        }
    }
}
