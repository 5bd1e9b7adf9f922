//! A hash join in parallel over a table that all processes share.

use super::draw::{Chance, Draw};
use super::layout::{Layout, View};
use super::tuning::{Tuning, share_of};
use super::{Pattern, Start, Step, Walk};

/// Partitions that each process builds, one after another.
const PARTITIONS: u64 = 4;

pub(super) static JOIN: Pattern = Pattern {
    name: "join",
    summary: "a parallel hash join: a shared table is built by partitions, then probed at random",
    model: "Every process reads rows from a segment of its own, in order, --touches to a page, and for each goes to the \
            table in the shared segments. Of the --phase references of a join the first --write-fraction build: a process \
            writes pages of one of its four partitions after the other. The rest probes: any page of the table is read. \
            Then the next join begins. --hot-pages is the table's share of the pages, --hot-references the share of \
            references that go to it; --segments are those of the table. The scans should not push out the table.",
    defaults: Tuning {
        write_fraction: Some(0.25),
        hot_pages: Some(0.2),
        hot_references: Some(0.5),
        phase: Some(250_000),
        touches: Some(8),
        ..Tuning::NONE
    },
    start: |size, tuning, _| {
        let segments = u64::from(size.segments_or(1));
        let (processes, wanted) = (u64::from(size.processes), share_of(size.pages, tuning.hot_pages.unwrap_or(1.0)));
        let each = wanted.div_ceil(segments);
        let own = size.pages.saturating_sub(wanted).div_ceil(processes).max(1);
        let mut layout = Layout { processes: size.processes, segments: Vec::new() };
        for _ in 0..segments {
            let sharers = layout.everybody();
            layout.push(each, sharers)?;
        }
        for process in layout.everybody() {
            layout.push(own, vec![process])?;
        }
        let phase = tuning.phase.unwrap_or(u64::MAX);
        let walk = Join {
            table: View::new((0..segments as u32).collect(), each),
            own,
            scans: vec![0; size.processes as usize],
            touches: tuning.touches.unwrap_or(1),
            phase,
            build: (phase as f64 * tuning.write_fraction.unwrap_or(0.0)) as u64,
            position: 0,
            to_table: Chance::of(tuning.hot_references.unwrap_or(1.0)),
        };
        Ok(Start { layout, walk: Box::new(walk) })
    },
};

struct Join {
    table: View,
    /// Pages of the segment that each process has for itself.
    own: u64,
    /// Rows that each process has read.
    scans: Vec<u64>,
    touches: u64,
    /// References of a join, and of its first part.
    phase: u64,
    build: u64,
    /// References of this join so far.
    position: u64,
    to_table: Chance,
}

impl Join {
    /// The pages of the table that a process writes at this point of building it.
    fn partition(&self, process: usize) -> (u64, u64) {
        let (processes, pages) = (self.scans.len() as u128, u128::from(self.table.pages()));
        let turn = u128::from(self.position) * u128::from(PARTITIONS) / u128::from(self.build);
        let number = turn * processes + process as u128;
        let border = |number: u128| (number * pages / (processes * u128::from(PARTITIONS))) as u64;
        (border(number), border(number + 1).max(border(number) + 1))
    }
}

impl Walk for Join {
    fn step(&mut self, process: usize, draw: &mut Draw) -> Option<Step> {
        if self.position == self.phase {
            self.position = 0;
        }
        let step = if !draw.happens(self.to_table) {
            let row = &mut self.scans[process];
            let page = *row / self.touches % self.own;
            *row += 1;
            Step { segment: self.table.count() + process as u32, page, write: false }
        } else if self.position < self.build {
            let (from, to) = self.partition(process);
            let (segment, page) = self.table.place(from + draw.below(to - from));
            Step { segment, page, write: true }
        } else {
            let (segment, page) = self.table.place(draw.below(self.table.pages()));
            Step { segment, page, write: false }
        };
        self.position += 1;
        Some(step)
    }
}
