//! Patterns whose references do not depend on the one before: uniform, Zipf's law, hot spots, and hot spots that move.

use super::alias::Alias;
use super::draw::{Chance, Draw};
use super::layout::{Layout, Sharing, Size, View};
use super::permutation::Permutation;
use super::tuning::{Placement, Tuning, share_of};
use super::{Pattern, Start, Step, Walk};

pub(super) static UNIFORM: Pattern = Pattern {
    name: "uniform",
    summary: "every page of a process is as likely as the others",
    model: "Hashing. There is nothing to learn from the past: all policies without foresight miss alike, in proportion to \
            the pages that are not in memory.",
    defaults: Tuning { sharing: Some(Sharing::All), write_fraction: Some(0.25), ..Tuning::NONE },
    start: |size, tuning, _| start(size, tuning, |_, _| Ok(Law::Uniform)),
};

pub(super) static ZIPF: Pattern = Pattern {
    name: "zipf",
    summary: "the page of rank r is referenced in proportion to 1 / r^skew",
    model: "The independent reference model with Zipf's law, as caches of databases and of the web see it; skew 0 is \
            uniform, 1 is Zipf's own law. Frequency is all there is to know, so lfu is near the best. It takes 8 bytes a \
            page while the trace is made.",
    defaults: Tuning {
        sharing: Some(Sharing::All),
        write_fraction: Some(0.25),
        skew: Some(1.0),
        placement: Some(Placement::Scattered),
        ..Tuning::NONE
    },
    start: |size, tuning, draw| {
        start(size, tuning, |pages, tuning| {
            let order = scattered(tuning).then(|| Permutation::new(pages, draw));
            Ok(Law::Zipf(Drawn::of(Alias::zipf(pages, tuning.skew.unwrap_or(1.0), order.as_ref())?)))
        })
    },
};

pub(super) static HOTSPOT: Pattern = Pattern {
    name: "hotspot",
    summary: "a share of the references goes to a share of the pages",
    model: "The rule of 80 to 20: --hot-references of the references go to --hot-pages of the pages, the others to the \
            others, evenly in both. The hot pages stay the same.",
    defaults: Tuning {
        sharing: Some(Sharing::All),
        write_fraction: Some(0.25),
        hot_pages: Some(0.2),
        hot_references: Some(0.8),
        placement: Some(Placement::Scattered),
        ..Tuning::NONE
    },
    start: |size, tuning, draw| start(size, tuning, |pages, tuning| Ok(Law::Hot(Hot::new(pages, tuning, draw)))),
};

pub(super) static PHASES: Pattern = Pattern {
    name: "phases",
    summary: "as hotspot, and every --phase references other pages are hot",
    model: "Phases and transitions (Denning): for --phase references of all processes together, --hot-references of them go \
            to a working set of --hot-pages of the pages; then the working set moves to pages drawn anew. The other \
            references go anywhere. Counts of the past are worth nothing after a transition: lru adapts at once, lfu does not.",
    defaults: Tuning {
        sharing: Some(Sharing::All),
        write_fraction: Some(0.25),
        hot_pages: Some(0.1),
        hot_references: Some(0.95),
        phase: Some(100_000),
        placement: Some(Placement::Scattered),
        ..Tuning::NONE
    },
    start: |size, tuning, draw| start(size, tuning, |pages, tuning| Ok(Law::Hot(Hot::new(pages, tuning, draw)))),
};

/// One law for each size of what a process sees, made by `law`.
fn start(
    size: &Size,
    tuning: &Tuning,
    mut law: impl FnMut(u64, &Tuning) -> Result<Law, String>,
) -> Result<Start, String> {
    let layout = Layout::shared(size, tuning.sharing.unwrap_or(Sharing::All))?;
    let views = layout.views();
    let mut laws: Vec<(u64, Law)> = Vec::new();
    let mut law_of = Vec::with_capacity(views.len());
    for view in &views {
        let pages = view.pages();
        let known = laws.iter().position(|(of, _)| *of == pages);
        if known.is_none() {
            laws.push((pages, law(pages, tuning)?));
        }
        law_of.push(known.unwrap_or(laws.len() - 1));
    }
    let walk = Independent {
        views,
        laws: laws.into_iter().map(|(_, law)| law).collect(),
        law_of,
        phase: tuning.phase.unwrap_or(u64::MAX),
        left: tuning.phase.unwrap_or(u64::MAX),
        write: Chance::of(tuning.write_fraction.unwrap_or(0.0)),
    };
    Ok(Start { layout, walk: Box::new(walk) })
}

fn scattered(tuning: &Tuning) -> bool {
    tuning.placement != Some(Placement::InOrder)
}

/// How likely each page is.
enum Law {
    Uniform,
    Zipf(Drawn),
    Hot(Hot),
}

/// How many pages are drawn ahead.
const AHEAD: usize = 256;

/// A table, and pages drawn from it ahead: one draw after another lets the processor wait for many places of a large table at
/// once.
struct Drawn {
    table: Alias,
    pages: Vec<u64>,
}

impl Drawn {
    fn of(table: Alias) -> Self {
        Self { table, pages: Vec::with_capacity(AHEAD) }
    }

    #[inline]
    fn page(&mut self, draw: &mut Draw) -> u64 {
        if let Some(page) = self.pages.pop() {
            return page;
        }
        self.pages.extend((1..AHEAD).map(|_| self.table.draw(draw)));
        self.table.draw(draw)
    }
}

/// Some pages are hot.
struct Hot {
    pages: u64,
    /// How many of them are hot.
    count: u64,
    chance: Chance,
    /// Where the hot pages begin, in the order that `order` gives.
    start: u64,
    order: Option<Permutation>,
    /// Whether what is not hot goes anywhere, and not to the other pages only.
    moves: bool,
}

impl Hot {
    fn new(pages: u64, tuning: &Tuning, draw: &mut Draw) -> Self {
        Self {
            pages,
            count: share_of(pages, tuning.hot_pages.unwrap_or(1.0)),
            chance: Chance::of(tuning.hot_references.unwrap_or(1.0)),
            start: 0,
            order: scattered(tuning).then(|| Permutation::new(pages, draw)),
            moves: tuning.phase.is_some(),
        }
    }

    #[inline]
    fn page(&self, draw: &mut Draw) -> u64 {
        let rank = if draw.happens(self.chance) {
            let rank = self.start + draw.below(self.count);
            if rank >= self.pages { rank - self.pages } else { rank }
        } else if self.moves || self.count == self.pages {
            draw.below(self.pages)
        } else {
            self.count + draw.below(self.pages - self.count)
        };
        self.order.as_ref().map_or(rank, |order| order.of(rank))
    }
}

struct Independent {
    views: Vec<View>,
    laws: Vec<Law>,
    /// The law of each process.
    law_of: Vec<usize>,
    /// References of a phase.
    phase: u64,
    left: u64,
    write: Chance,
}

impl Independent {
    /// Draws where the hot pages are from now on: at the same place for all processes that see as much.
    #[cold]
    fn move_on(&mut self, draw: &mut Draw) {
        self.left = self.phase;
        for law in &mut self.laws {
            if let Law::Hot(hot) = law {
                hot.start = draw.below(hot.pages);
            }
        }
    }
}

impl Walk for Independent {
    #[inline]
    fn step(&mut self, process: usize, draw: &mut Draw) -> Option<Step> {
        if self.left == 0 {
            self.move_on(draw);
        }
        self.left -= 1;
        let view = &self.views[process];
        let position = match &mut self.laws[self.law_of[process]] {
            Law::Uniform => draw.below(view.pages()),
            Law::Zipf(drawn) => drawn.page(draw),
            Law::Hot(hot) => hot.page(draw),
        };
        let (segment, page) = view.place(position);
        Some(Step { segment, page, write: draw.happens(self.write) })
    }
}
