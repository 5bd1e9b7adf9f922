//! Patterns that go through pages in order: loops and scans.

use super::draw::{Chance, Draw};
use super::layout::{Layout, Sharing, Size, View};
use super::tuning::Tuning;
use super::{Pattern, Start, Step, Walk};

pub(super) static LOOP: Pattern = Pattern {
    name: "loop",
    summary: "each process goes through its pages in order, again and again",
    model: "The loop of a numerical program over an array. Between two references of a process to a page there are all its \
            other pages, so a process alone, with fewer frames than pages, misses every time under lru and fifo, while most \
            recently used would be right. Several processes begin at even distances.",
    defaults: Tuning { sharing: Some(Sharing::All), write_fraction: Some(0.25), ..Tuning::NONE },
    start: |size, tuning, _| start(size, tuning, false),
};

pub(super) static SCAN: Pattern = Pattern {
    name: "scan",
    summary: "each process reads stretches of pages in order, from places drawn by lot",
    model: "Range scans of a table: a scan begins at a page drawn evenly, goes through --run pages in order, and looks at \
            each --touches times in a row, as at the rows on it; then the next scan begins. What was read is of no use for \
            long: a policy should not let a scan push out what is used again.",
    defaults: Tuning {
        sharing: Some(Sharing::All),
        write_fraction: Some(0.0),
        run: Some(1000),
        touches: Some(4),
        ..Tuning::NONE
    },
    start: |size, tuning, _| start(size, tuning, true),
};

/// Loops, or scans.
fn start(size: &Size, tuning: &Tuning, scans: bool) -> Result<Start, String> {
    let layout = Layout::shared(size, tuning.sharing.unwrap_or(Sharing::All))?;
    let views = layout.views();
    let count = views.len() as u64;
    let run = scans.then(|| tuning.run.unwrap_or(u64::MAX));
    let places = views.iter().zip(0..).map(|(view, number)| Place {
        // Scans draw their first place when the first page is asked for.
        position: (u128::from(view.pages()) * number / u128::from(count)) as u64,
        pages_left: run.map_or(u64::MAX, |_| 0),
        touches_left: 0,
    });
    let places = places.collect();
    let write = Chance::of(tuning.write_fraction.unwrap_or(0.0));
    let walk = Sequential { views, places, run, touches: tuning.touches.unwrap_or(1), write };
    Ok(Start { layout, walk: Box::new(walk) })
}

/// Where a process is.
struct Place {
    position: u64,
    /// Pages of the scan behind this one.
    pages_left: u64,
    /// References to this page that are left.
    touches_left: u64,
}

struct Sequential {
    views: Vec<View>,
    places: Vec<Place>,
    /// Pages of a scan; none where there is no end.
    run: Option<u64>,
    touches: u64,
    write: Chance,
}

impl Walk for Sequential {
    fn step(&mut self, process: usize, draw: &mut Draw) -> Option<Step> {
        let (view, place) = (&self.views[process], &mut self.places[process]);
        if place.touches_left == 0 {
            place.touches_left = self.touches;
            if let Some(run) = self.run {
                if place.pages_left == 0 {
                    place.position = draw.below(view.pages());
                    place.pages_left = run;
                }
                place.pages_left -= 1;
            }
        }
        let (segment, page) = view.place(place.position);
        place.touches_left -= 1;
        if place.touches_left == 0 {
            place.position = if place.position + 1 == view.pages() { 0 } else { place.position + 1 };
        }
        Some(Step { segment, page, write: draw.happens(self.write) })
    }
}
