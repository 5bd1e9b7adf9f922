//! What charts show: each number is that of the rows, at its place on the axis; nothing is clipped and no text covers another.

use std::collections::HashSet;

use clockhand::frames::FramesSpec;
use clockhand::report::REFERENCE;
use clockhand::report::block::{self, Block};
use clockhand::report::chart::scene::{Anchor, Text};
use clockhand::report::chart::{self, CHARTS, Chart, Drawn, Kind};
use clockhand::results::{Percentiles, Results, Run, SegmentFigures};
use proptest::prelude::*;

use crate::report_trial::{POLICIES, Trial};

/// The chart with this ending of the first trace; none where the results hold nothing for it.
fn chart_of(results: &Results, ending: &str) -> Option<Chart> {
    let kind = CHARTS.iter().find(|kind| kind.ending == ending).expect("it is in the registry");
    (kind.make)(results, &block::blocks(results)[0])
}

fn overlap(a: [f64; 4], b: [f64; 4]) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// The room the letters of a text take: from line to line accents may touch, words may not.
fn words(text: &Text) -> [f64; 4] {
    let [left, top, right, bottom] = text.extent();
    [left, top + 0.2 * text.size, right, bottom]
}

/// Nothing is clipped, and no text covers another.
pub fn laid_out(kind: &Kind, chart: &Chart) -> Result<(), TestCaseError> {
    let (scene, of) = (chart.scene(), kind.ending);
    let inside = |[left, top, right, bottom]: [f64; 4]| {
        left >= 0.0 && top >= 0.0 && right <= scene.width && bottom <= scene.height
    };
    let mut texts: Vec<&Text> = scene.texts().collect();
    texts.sort_by(|a, b| words(a)[1].total_cmp(&words(b)[1]));
    for (index, text) in texts.iter().enumerate() {
        prop_assert!(inside(text.extent()), "clipped in {of}: {text:?}");
        prop_assert!(text.size >= 4.0, "too small to be read in {of}: {text:?}");
        let below = texts[index + 1..].iter().take_while(|other| words(other)[1] < words(text)[3]);
        for other in below {
            prop_assert!(!overlap(words(text), words(other)), "in {of} {text:?} covers {other:?}");
        }
    }
    for sides in scene.shapes() {
        prop_assert!(inside(sides), "clipped in {of}: {sides:?} of {} x {}", scene.width, scene.height);
    }
    Ok(())
}

fn trials() -> impl Strategy<Value = Trial> {
    let sizes = prop_oneof![
        Just(FramesSpec::auto().resolve(24_576, 4096).unwrap()),
        prop::collection::btree_set(1..60_000_u64, 1..=64).prop_map(|sizes| sizes.into_iter().collect()),
        prop::collection::btree_set(1..40_u64, 1..=12).prop_map(|sizes| sizes.into_iter().collect()),
    ];
    let difference = prop_oneof![Just(0.0), 0.0..0.99];
    let footprint = prop_oneof![Just(24_576_u64), 1..10_000_000_u64];
    let name = prop_oneof![Just("pg".to_owned()), "\\PC{0,200}"];
    let length = (0.0..4.0, 1..10_000_000_000_u64);
    (any::<u64>(), 1..=26_usize, sizes, difference, (footprint, name), length, 0..20_u64, 1..12_u64).prop_map(
        |(seed, policies, sizes, difference, (footprint, trace), length, out_of_memory, segments)| {
            let (steepness, references) = length;
            Trial {
                seed,
                trace,
                policies,
                sizes,
                footprint,
                references,
                difference,
                steepness,
                out_of_memory,
                segments,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn charts_are_laid_out_well_and_show_the_rows(trial in trials()) {
        let results = trial.results();
        for block in &block::blocks(&results) {
            for (kind, chart) in chart::charts(&results, block) {
                laid_out(kind, &chart)?;
                shows_the_rows(kind, &chart, block)?;
            }
        }
    }
}

/// Results that are hard to draw.
fn hard() -> Vec<(&'static str, Results)> {
    let geometric = |count: i32| (0..count).map(|step| (47.0 * 1.16_f64.powi(step)) as u64).collect::<Vec<_>>();
    let all = Trial { policies: POLICIES.len(), ..Trial::default() };
    let mut named = Trial { segments: 9, ..all.clone() }.results();
    for run in &mut named.runs {
        run.row.params = format!("größe=大きい;{}", "w".repeat(90));
        for segment in &mut run.segments {
            segment.segment = format!("{}-共有メモリ-{}", segment.segment, "é".repeat(200));
        }
    }
    let mut nothing = all.results();
    for run in &mut nothing.runs {
        run.row.swap_outs = 0;
        run.row.fairness = None;
        run.segments.iter_mut().for_each(|segment| segment.swap_outs = 0);
        run.distributions = clockhand::results::Distributions::default();
    }
    vec![
        ("every policy", all.results()),
        ("many sizes", Trial { sizes: geometric(32), ..all.clone() }.results()),
        // Written out, these are wider than the room between two panels.
        ("sizes with many digits", Trial { sizes: vec![2_398_731, 595_191_733_068_888_704], ..all.clone() }.results()),
        ("one run", Trial { policies: 1, sizes: vec![4096], ..Trial::default() }.results()),
        ("many segments", Trial { segments: 200, ..all.clone() }.results()),
        ("long names", named),
        ("nothing swapped out", nothing),
        ("out of memory", Trial { out_of_memory: 1, ..all.clone() }.results()),
        ("no reference", {
            let mut results = all.results();
            results.runs.retain(|run| run.row.policy != REFERENCE);
            results
        }),
    ]
}

#[test]
fn what_is_hard_to_draw_is_laid_out_well_too() {
    for (name, results) in hard() {
        for block in &block::blocks(&results) {
            for (kind, chart) in chart::charts(&results, block) {
                let found = laid_out(kind, &chart).and_then(|()| shows_the_rows(kind, &chart, block));
                assert!(found.is_ok(), "{name}: {found:?}");
                well_formed(&chart).unwrap_or_else(|reason| panic!("{} of {name}: {reason}", kind.ending));
            }
        }
    }
}

/// Whether the SVG is XML that holds every text of the chart inside its picture, and says what it is.
fn well_formed(chart: &Chart) -> Result<(), String> {
    let svg = chart.svg().map_err(|error| error.to_string())?;
    let document = roxmltree::Document::parse(&svg).map_err(|error| error.to_string())?;
    let root = document.root_element();
    let text_of = |name: &str| root.children().find(|node| node.has_tag_name(name)).and_then(|node| node.text());
    if text_of("title") != Some(chart.title()) || text_of("desc") != Some(chart.description()) {
        return Err("title or description are missing".to_owned());
    }
    let view: Vec<f64> =
        root.attribute("viewBox").unwrap_or("").split(' ').filter_map(|number| number.parse().ok()).collect();
    let number = |node: roxmltree::Node, name: &str| node.attribute(name).and_then(|number| number.parse::<f64>().ok());
    let mut shown = Vec::new();
    let mut held = Vec::new();
    for node in root.descendants().filter(|node| node.has_tag_name("text")) {
        let inside = |name: &str, size: f64| number(node, name).is_some_and(|at| (0.0..=size).contains(&at));
        if !inside("x", view[2]) || !inside("y", view[3]) {
            return Err(format!("{:?} is outside", node.text()));
        }
        shown.push(node.text().unwrap_or(""));
        held.push(number(node, "textLength").map(|width| width / (view[2] / chart.scene().width)));
    }
    let texts: Vec<&Text> = chart.scene().texts().collect();
    if !shown.iter().eq(texts.iter().map(|text| &text.text)) {
        return Err("texts differ".to_owned());
    }
    runs_into_none(&texts, &held, chart.scene().width)
}

/// Whether each text that another begins close behind, or the edge of the picture is near, is held to the width it was measured
/// with: the viewer's font may be wider than the built-in one.
fn runs_into_none(texts: &[&Text], held: &[Option<f64>], picture: f64) -> Result<(), String> {
    for (text, held) in texts.iter().zip(held) {
        let end = text.extent()[2];
        let goes_on = |other: &&Text| {
            let on_its_line =
                other.baseline.total_cmp(&text.baseline).is_eq() && [other.anchor, text.anchor] == [Anchor::Start; 2];
            on_its_line && (end..end + 28.5).contains(&other.x)
        };
        match held {
            None if text.anchor == Anchor::Start && text.x + 1.2 * text.width() > picture => {
                return Err(format!("{:?} may be cut off", text.text));
            }
            None if texts.iter().any(goes_on) => return Err(format!("{:?} may run into the next text", text.text)),
            Some(held) if (held - text.width()).abs() > 0.5 => return Err(format!("{:?} is {held} wide", text.text)),
            _ => {}
        }
    }
    Ok(())
}

/// The run that a number is of.
fn run_of<'a>(block: &Block<'a>, drawn: &Drawn, frames: u64) -> Result<&'a Run, TestCaseError> {
    let series = block.series.iter().find(|series| series.label == drawn.policy);
    let run = series.and_then(|series| series.runs.get(&frames).copied());
    run.ok_or_else(|| TestCaseError::fail(format!("no such run: {drawn:?}")))
}

/// Every number of a chart is what the rows say, all that the rows have is drawn, and its place grows with it.
fn shows_the_rows(kind: &Kind, chart: &Chart, block: &Block) -> Result<(), TestCaseError> {
    let telling = block.telling_size().unwrap_or(0);
    for drawn in chart.drawn() {
        let frames = if kind.ending == "percentiles" { telling } else { drawn.at as u64 };
        let wanted = value_of(kind.ending, drawn, block, frames)?;
        let close = (drawn.value - wanted).abs() <= 1e-9 * wanted.abs().max(1.0);
        prop_assert!(close, "{}: {drawn:?} should be {wanted}", kind.ending);
    }
    let runs = block.series.iter().map(|series| series.runs.len()).sum::<usize>();
    let swapped =
        block.series.iter().filter_map(|series| series.runs.get(&telling)).filter(|run| run.row.swap_outs > 0);
    let swapped = swapped.count();
    let of = |quantity: &str| chart.drawn().iter().filter(|drawn| drawn.quantity.starts_with(quantity)).count();
    match kind.ending {
        "swap-outs" => prop_assert!([0, runs].contains(&of("Swap-outs: "))),
        "faults" => prop_assert_eq!(of("Faults: "), runs),
        "victim-cost" => prop_assert_eq!(chart.drawn().len(), 3 * swapped),
        "percentiles" => prop_assert_eq!(chart.drawn().len() % Percentiles::QUANTILES.len(), 0),
        _ => {}
    }
    if kind.ending != "relative" && kind.ending != "fairness" {
        places_follow_values(kind, chart)?;
    }
    Ok(())
}

fn value_of(ending: &str, drawn: &Drawn, block: &Block, frames: u64) -> Result<f64, TestCaseError> {
    let run = run_of(block, drawn, frames)?;
    let row = &run.row;
    let reference = || {
        let series = block.reference().map(|place| &block.series[place]);
        let run = series.and_then(|series| series.runs.get(&frames));
        run.map(|run| &run.row).ok_or_else(|| TestCaseError::fail("a ratio to no reference"))
    };
    let each = |count: u64| count as f64 / row.swap_outs as f64;
    let faults = |row: &clockhand::results::Row| (row.zero_faults + row.swap_ins) as f64;
    Ok(match (ending, drawn.quantity.as_str()) {
        ("swap-outs", quantity) if quantity.starts_with("Swap-outs: ") => row.swap_outs as f64,
        ("swap-outs", _) => 100.0 * row.swap_outs as f64 / reference()?.swap_outs as f64,
        ("faults", quantity) if quantity.starts_with("Faults: ") => faults(row),
        ("faults", _) => 100.0 * faults(row) / faults(reference()?),
        ("relative", _) => 100.0 * row.swap_outs as f64 / reference()?.swap_outs as f64 - 100.0,
        ("victim-cost", "Entries invalidated") => each(row.ptes_invalidated),
        ("victim-cost", "Pages examined") => each(row.swap_attempts),
        ("victim-cost", _) => each(row.wasted_invalidations),
        ("fairness", quantity) => share_of(run, quantity),
        ("percentiles", quantity) => {
            let place = Percentiles::QUANTILES.iter().position(|&quantile| quantile.to_bits() == drawn.at.to_bits());
            let back = quantity.starts_with("References");
            let distributions = &run.distributions;
            let of = if back { &distributions.references_to_next_use } else { &distributions.attempts_per_swap_out };
            of.curve[place.expect("a quantile")] as f64
        }
        _ => return Err(TestCaseError::fail(format!("unknown: {drawn:?}"))),
    })
}

/// The percentage of a segment, or of those that are no larger than the four largest.
fn share_of(run: &Run, quantity: &str) -> f64 {
    let (what, name) = quantity.split_once(" of ").expect("a share of a segment");
    let figure = |segment: &SegmentFigures| {
        if what == "resident" { segment.mean_resident } else { segment.swap_outs as f64 }
    };
    let all: f64 = run.segments.iter().map(figure).sum();
    let mut ordered: Vec<&SegmentFigures> = run.segments.iter().collect();
    ordered.sort_by_key(|segment| std::cmp::Reverse(segment.touched));
    let own = ordered.iter().find(|segment| segment.segment == name).map(|segment| figure(segment));
    let rest = || ordered[4..].iter().map(|segment| figure(segment)).sum();
    100.0 * own.unwrap_or_else(rest) / all
}

/// In one panel a larger value is never at a lower place, and equal values are at the same.
fn places_follow_values(kind: &Kind, chart: &Chart) -> Result<(), TestCaseError> {
    let quantities: HashSet<&str> = chart.drawn().iter().map(|drawn| drawn.quantity.as_str()).collect();
    for quantity in quantities {
        let mut panel: Vec<&Drawn> = chart.drawn().iter().filter(|drawn| drawn.quantity == quantity).collect();
        panel.sort_by(|a, b| a.value.total_cmp(&b.value));
        let along = |drawn: &Drawn| if kind.ending == "victim-cost" { drawn.place.0 } else { -drawn.place.1 };
        let grows = |pair: &[&Drawn]| along(pair[1]) - along(pair[0]) > -1e-6;
        prop_assert!(panel.windows(2).all(grows), "{quantity} of {}", kind.ending);
        let (first, last) = (panel[0], panel[panel.len() - 1]);
        let apart = last.value > 1.01 * first.value;
        prop_assert!(!apart || along(last) - along(first) > 0.01, "{quantity}: {first:?} and {last:?}");
    }
    Ok(())
}

#[test]
fn cells_say_the_change() {
    let results = Trial { policies: 8, ..Trial::default() }.results();
    let chart = chart_of(&results, "relative").expect("there is a reference");
    assert!(chart.drawn().len() > 50);
    for drawn in chart.drawn() {
        let at = |text: &&Text| (text.x - drawn.place.0).abs() < 0.1 && (text.baseline - drawn.place.1).abs() < 8.0;
        let text = chart.scene().texts().find(at).expect("a number in the cell");
        let number: f64 = text.text.replace('−', "-").parse().expect("a whole percentage");
        assert!((number - drawn.value).abs() <= 0.5, "{} for {}", text.text, drawn.value);
        let signed = text.text.starts_with(['+', '−']) || number == 0.0;
        assert!(signed && (number == 0.0 || (number > 0.0) == (drawn.value > 0.0)), "{}", text.text);
    }
}

#[test]
fn what_a_chart_has_nothing_for_it_is_not_made_for() {
    let one = |trial: Trial| -> Vec<&str> {
        let results = trial.results();
        chart::charts(&results, &block::blocks(&results)[0]).into_iter().map(|(kind, _)| kind.ending).collect()
    };
    let trial = Trial::default();
    assert!(!one(Trial { policies: 1, ..trial.clone() }).contains(&"relative"), "nothing beside the reference");
    assert!(!one(Trial { segments: 1, ..trial.clone() }).contains(&"fairness"), "one segment");
    assert_eq!(one(Trial { sizes: vec![30_000], ..trial }), ["swap-outs", "faults"], "nothing was swapped out");
}

#[test]
fn the_rest_of_many_segments_is_one_column() {
    let results = Trial { segments: 200, policies: 3, ..Trial::default() }.results();
    let chart = chart_of(&results, "fairness").expect("there are segments");
    let columns: HashSet<&str> =
        chart.drawn().iter().filter_map(|drawn| drawn.quantity.strip_prefix("swap-outs of ")).collect();
    assert_eq!(columns, HashSet::from(["s0", "s1", "s2", "s3", "196 others"]));
    for policy in ["linux-2.0", "sweep", "clock"] {
        for quantity in ["resident", "swap-outs"] {
            let shares =
                chart.drawn().iter().filter(|drawn| drawn.policy == policy && drawn.quantity.starts_with(quantity));
            let sum: f64 = shares.map(|drawn| drawn.value).sum();
            assert!((sum - 100.0).abs() < 1e-6, "{policy}: {sum} % {quantity}");
        }
    }
}

#[test]
fn an_svg_is_small_and_always_the_same() {
    let sizes = (1..=32).map(|step| step * 700).collect();
    let results = Trial { policies: 24, sizes, segments: 40, ..Trial::default() }.results();
    for (kind, chart) in chart::charts(&results, &block::blocks(&results)[0]) {
        let svg = chart.svg().expect("it is drawn");
        assert!(svg.len() < 150_000, "{}: {} bytes", kind.ending, svg.len());
        assert_eq!(svg, chart.svg().expect("it is drawn again"));
        assert!(chart.title().ends_with("pg-tpcb-exact"), "{}", chart.title());
        assert!(chart.description().contains("linux-2.0"), "{}", chart.description());
    }
}

#[test]
fn png_is_a_picture_of_twice_the_size() {
    let chart = chart_of(&Trial::default().results(), "swap-outs").expect("there is one");
    let bytes = chart.png().expect("it is drawn");
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("it is a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("it has a size")];
    let info = reader.next_frame(&mut pixels).expect("it is whole");
    assert_eq!(
        (f64::from(info.width), f64::from(info.height)),
        (2.0 * chart.scene().width, 2.0 * chart.scene().height)
    );
    let white = pixels.chunks(3).filter(|pixel| pixel.iter().all(|&channel| channel == 255)).count();
    assert!(2 * white > pixels.len() / 3, "paper");
    let title = pixels.chunks(3).skip(2560 * 60).take(2560 * 50).filter(|pixel| pixel[0] < 64).count();
    assert!(title > 1000, "the title is in ink: {title}");
}

#[test]
fn where_nothing_was_swapped_out_there_is_a_sentence() {
    let results = Trial { sizes: vec![30_000, 40_000], ..Trial::default() }.results();
    let chart = chart_of(&results, "swap-outs").expect("it says so");
    assert!(chart.scene().texts().any(|text| text.text == "No policy swapped anything out."));
    assert_eq!(chart.scene().shapes().count(), 0);
}

#[test]
fn no_two_policies_look_alike() {
    let results = Trial { policies: POLICIES.len(), ..Trial::default() }.results();
    let chart = chart_of(&results, "swap-outs").expect("there is one");
    assert_eq!(chart.looks().iter().collect::<HashSet<_>>().len(), POLICIES.len());
}

#[test]
fn every_policy_is_named() {
    let results = Trial { policies: POLICIES.len(), ..Trial::default() }.results();
    for ending in ["swap-outs", "faults", "relative", "victim-cost", "fairness"] {
        let chart = chart_of(&results, ending).expect("there is one");
        let texts: HashSet<&str> = chart.scene().texts().map(|text| text.text.as_str()).collect();
        for series in &block::blocks(&results)[0].series {
            assert!(texts.contains(series.label.as_str()), "{} in {ending}", series.label);
        }
    }
}

#[test]
fn the_size_that_says_most() {
    let size = |swap_outs: &[(u64, u64, u64)]| {
        let sizes = swap_outs.iter().map(|&(frames, ..)| frames).collect();
        let mut results = Trial { policies: 1, sizes, references: 1_000_000, ..Trial::default() }.results();
        for (run, &(_, count, out_of_memory)) in results.runs.iter_mut().zip(swap_outs) {
            run.row.swap_outs = count;
            run.row.out_of_memory = out_of_memory;
        }
        block::blocks(&results)[0].telling_size()
    };
    assert_eq!(size(&[(10, 5000, 0), (20, 1001, 0), (30, 1000, 0), (40, 999, 0)]), Some(30), "1 in 1000");
    assert_eq!(size(&[(10, 5000, 0), (20, 2000, 0), (30, 99, 0)]), Some(20), "99 are too few");
    assert_eq!(size(&[(10, 900, 0), (20, 800, 0)]), Some(10), "all are few");
    assert_eq!(size(&[(10, 900, 3), (20, 800, 0)]), Some(20), "out of memory");
    assert_eq!(size(&[(10, 9, 0), (20, 90, 0), (30, 0, 0)]), Some(20), "the most there are");
    assert_eq!(size(&[(10, 0, 0), (20, 0, 0)]), None);
}
