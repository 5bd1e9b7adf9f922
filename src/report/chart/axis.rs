//! Axes: ticks in the closest spacing whose labels leave room, and lines, labels and titles around a panel's frame.

use super::font;
use super::scale::Scale;
use super::scene::{Anchor, Colour, Point, Scene, Text};
use crate::report::numbers;

/// The em of tick labels, names and keys.
pub(super) const SMALL: f64 = 14.5;
/// From the middle of a line of text down to its baseline, in its em.
pub(super) const TO_BASELINE: f64 = 0.36;
/// The least room between two ticks on an axis that goes up.
const PITCH: f64 = 34.0;
/// How far the label of a tick may reach beyond an end of an axis that goes across: of two panels side by side each has
/// half of the room between them.
const OVERHANG: f64 = 48.0;

/// The room of a panel, axis labels outside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

/// A tick: where it is, on the axis it belongs to, and its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) place: f64,
    pub(super) text: String,
    /// Whether it is a mark that readers look for: its line is darker and its label bold.
    pub(super) strong: bool,
}

/// Round ticks on a scale that goes from left to right. `unit` is what a tick of 1 is worth there; no tick is closer to
/// another than 1 unless `fine`.
pub(super) fn across(scale: &Scale, unit: f64, fine: bool, text: impl Fn(f64) -> String) -> Vec<Tick> {
    let fit = |ticks: &[Tick]| roomy(ticks, scale) && told_apart(ticks);
    labelled(&scale.ticks(unit, fine, |ticks| fit(&labelled(ticks, &text))), &text)
}

/// Round ticks on a scale that goes up, 0 beyond a break included.
pub(super) fn upward(scale: &Scale, fine: bool, text: impl Fn(f64) -> String) -> Vec<Tick> {
    let apart = |ticks: &[Tick]| ticks.windows(2).all(|pair| (pair[0].place - pair[1].place).abs() >= PITCH);
    let fit = |ticks: &[Tick]| apart(ticks) && told_apart(ticks);
    let mut ticks = scale.ticks(1.0, fine, |ticks| fit(&labelled(ticks, &text)));
    ticks.extend(scale.broken().map(|(zero, _)| (0.0, zero)));
    labelled(&ticks, text)
}

/// Ticks at these values themselves, if they are few enough for their labels to leave room.
pub(super) fn at_values(values: &[f64], scale: &Scale, unit: f64, text: impl Fn(f64) -> String) -> Option<Vec<Tick>> {
    let ticks = values.iter().filter_map(|&value| Some((value / unit, scale.place(value)?)));
    let ticks = labelled(&ticks.collect::<Vec<_>>(), text);
    roomy(&ticks, scale).then_some(ticks)
}

fn labelled(ticks: &[(f64, f64)], text: impl Fn(f64) -> String) -> Vec<Tick> {
    ticks.iter().map(|&(value, place)| Tick { place, text: text(value), strong: false }).collect()
}

/// How far the label of a tick on an axis that goes across reaches to either side.
fn half(tick: &Tick) -> f64 {
    // Bold, as it may be.
    font::width(&tick.text, true) * SMALL / 2.0
}

/// Whether the labels of two ticks under a panel leave room between them.
pub(super) fn apart(a: &Tick, b: &Tick) -> bool {
    (a.place - b.place).abs() > half(a) + half(b) + 12.0
}

/// Whether the labels of these ticks, from left to right, leave room between them and beside the axis.
fn roomy(ticks: &[Tick], scale: &Scale) -> bool {
    let (left, right) = scale.ends();
    let beside =
        |tick: &Tick| tick.place - half(tick) >= left - OVERHANG && tick.place + half(tick) <= right + OVERHANG;
    ticks.iter().all(beside) && ticks.windows(2).all(|pair| apart(&pair[0], &pair[1]))
}

/// Whether no two ticks beside each other have the same label: they are rounded.
fn told_apart(ticks: &[Tick]) -> bool {
    ticks.windows(2).all(|pair| pair[0].text != pair[1].text)
}

/// A percentage as a label.
pub(super) fn percent(value: f64) -> String {
    if value.abs() < 1e4 {
        format!("{} %", numbers::percent(value, 100.0))
    } else {
        format!("{} %", numbers::short(value))
    }
}

/// The heading of a panel at (left, baseline) in the width `room`. Behind it, in grey, `(log scale)` if `scale` is one.
pub(super) fn draw_heading(scene: &mut Scene, (left, baseline): Point, room: f64, heading: &str, scale: &Scale) {
    let behind = if scale.logarithmic() { "(log scale)" } else { "" };
    let heading = font::fitted(heading, 16.0, true, room - font::width(behind, false) * SMALL - 8.0);
    let next = left + font::width(&heading, true) * 16.0 + 8.0;
    scene.text(Text::new(left, baseline, 16.0, heading).bold(true).followed(!behind.is_empty()));
    scene.text(Text::new(next, baseline, SMALL, behind).coloured(Colour::GREY));
}

/// The axis at the left with its grid. On a broken scale the axis is, too.
pub(super) fn draw_left(scene: &mut Scene, frame: Frame, scale: &Scale, ticks: &[Tick]) {
    for tick in ticks {
        let colour = if tick.strong { Colour::AXIS } else { Colour::GRID };
        scene.line(vec![(frame.left, tick.place), (frame.right, tick.place)], 1.0, colour, None);
    }
    for tick in ticks {
        let label = Text::new(frame.left - 8.0, tick.place + TO_BASELINE * SMALL, SMALL, tick.text.as_str());
        scene.text(label.anchored(Anchor::End));
    }
    let Some((_, start)) = scale.broken() else {
        return scene.line(vec![(frame.left, frame.top), (frame.left, frame.bottom)], 1.0, Colour::AXIS, None);
    };
    let middle = f64::midpoint(start, frame.bottom);
    scene.line(vec![(frame.left, frame.top), (frame.left, middle - 3.0)], 1.0, Colour::AXIS, None);
    scene.line(vec![(frame.left, middle + 3.0), (frame.left, frame.bottom)], 1.0, Colour::AXIS, None);
    for side in [-3.0, 3.0] {
        let ends = vec![(frame.left - 6.0, middle + side + 3.0), (frame.left + 6.0, middle + side - 3.0)];
        scene.line(ends, 1.25, Colour::AXIS, None);
    }
}

/// The axis at the bottom with its grid and, under its labels, its title.
pub(super) fn draw_bottom(scene: &mut Scene, frame: Frame, ticks: &[Tick], title: &str) {
    for tick in ticks {
        scene.line(vec![(tick.place, frame.top), (tick.place, frame.bottom)], 1.0, Colour::GRID, None);
    }
    for tick in ticks {
        scene.line(vec![(tick.place, frame.bottom), (tick.place, frame.bottom + 5.0)], 1.0, Colour::AXIS, None);
    }
    for tick in ticks {
        let label = Text::new(tick.place, frame.bottom + 8.0 + SMALL, SMALL, tick.text.as_str());
        scene.text(label.anchored(Anchor::Middle).bold(tick.strong));
    }
    scene.line(vec![(frame.left, frame.bottom), (frame.right, frame.bottom)], 1.0, Colour::AXIS, None);
    let title = font::fitted(title, SMALL, false, frame.right - frame.left);
    let title = Text::new(f64::midpoint(frame.left, frame.right), frame.bottom + 50.0, SMALL, title);
    scene.text(title.anchored(Anchor::Middle).coloured(Colour::GREY));
}

/// An axis at the top, in grey but for strong ticks, which have a line through the panel.
pub(super) fn draw_top(scene: &mut Scene, frame: Frame, ticks: &[Tick]) {
    for tick in ticks {
        let colour = if tick.strong { Colour::INK } else { Colour::GREY };
        scene.line(vec![(tick.place, frame.top - 5.0), (tick.place, frame.top)], 1.0, Colour::AXIS, None);
        if tick.strong {
            let line = vec![(tick.place, frame.top), (tick.place, frame.bottom)];
            scene.line(line, 1.25, Colour::AXIS, Some((1.5, 3.0)));
        }
        let label = Text::new(tick.place, frame.top - 11.0, SMALL, tick.text.as_str()).anchored(Anchor::Middle);
        scene.text(label.coloured(colour).bold(tick.strong));
    }
    scene.line(vec![(frame.left, frame.top), (frame.right, frame.top)], 1.0, Colour::GRID, None);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_that_are_equal_stand_in_the_middle_between_labels_that_differ() {
        let scale = Scale::round(&[100.0; 3], 8.0, true, 500.0, 0.0);
        let texts: Vec<String> = upward(&scale, true, percent).into_iter().map(|tick| tick.text).collect();
        assert_eq!(texts, ["99 %", "100 %", "101 %"]);
        assert!(scale.place(100.0).is_some_and(|place| (200.0..300.0).contains(&place)), "{scale:?}");
    }

    proptest! {
        #[test]
        fn no_two_labels_are_the_same(
            least in prop_oneof![Just(100.0), 1.0..1e6_f64],
            more in prop_oneof![Just(0.0), 0.0..1e-3, 0.0..1.0],
            near: bool,
        ) {
            let scale = Scale::round(&[least, least * (1.0 + more)], 8.0, near, 500.0, 0.0);
            for text in [percent, numbers::short] {
                for ticks in [upward(&scale, true, text), across(&scale, 1.0, true, text)] {
                    prop_assert!(!ticks.is_empty());
                    let texts: std::collections::HashSet<&str> = ticks.iter().map(|tick| tick.text.as_str()).collect();
                    prop_assert_eq!(texts.len(), ticks.len(), "{:?}", ticks);
                }
            }
        }
    }
}
