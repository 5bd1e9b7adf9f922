//! The statistics as text for a person. Nothing is counted here.

use std::cmp::Reverse;
use std::io::{self, Write};

use super::{FoundBy, Spread, Statistics};
use crate::report::grid::{self, Column, GAP, Tint};
use crate::report::{Style, bytes};

/// Rows shown of a list; JSON has them all.
const SHOWN: usize = 16;
/// Characters shown of a name.
const LONGEST_NAME: usize = 24;
/// The widest that prose is set, in characters.
const WIDEST: usize = 100;

/// Writes the statistics for people.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(statistics: &Statistics, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut text = Text { statistics, style, out };
    text.title()?;
    text.facts()?;
    text.warnings()?;
    text.changes()?;
    text.working_set()?;
    text.reuse()?;
    text.sharing()?;
    text.segments()?;
    text.processes()
}

struct Text<'a> {
    statistics: &'a Statistics,
    style: Style,
    out: &'a mut dyn Write,
}

impl Text<'_> {
    fn title(&mut self) -> io::Result<()> {
        let facts = &self.statistics.facts;
        let compression = facts.compression.as_deref().map_or(String::new(), |name| format!(", {name}"));
        let title = format!("{} ({}{compression})", facts.name, facts.format);
        writeln!(self.out, "{}", self.style.paint(&title, Tint::Strong))
    }

    fn facts(&mut self) -> io::Result<()> {
        let Statistics { facts, changes, .. } = self.statistics;
        let number = |number| self.style.number(number);
        let attachments = changes.attaches + changes.inherited;
        let rows = [
            ("references", number(facts.references), self.pace()),
            ("reads", number(self.statistics.reads), percent(self.statistics.reads, facts.references)),
            ("writes", number(facts.writes), percent(facts.writes, facts.references)),
            ("footprint", number(facts.footprint), self.footprint()),
            ("pages created", number(self.statistics.pages_created), String::new()),
            ("segments", number(facts.segments), format!("at most {} at a time", number(changes.most_segments))),
            (
                "attachments",
                number(attachments),
                format!(
                    "at most {} at a time, {} of one segment",
                    number(changes.most_attachments),
                    number(changes.most_attachments_of_one)
                ),
            ),
            (
                "processes",
                number(facts.processes),
                format!("{} refer to pages", number(self.statistics.active_processes)),
            ),
            ("process switches", number(self.statistics.turns.switches), String::new()),
        ];
        let (mut names, mut values, mut remarks) = (Column::left(), Column::default(), Column::left());
        for (name, value, remark) in rows {
            names.push(name, Tint::Plain);
            values.push(value, Tint::Plain);
            remarks.push(remark, Tint::Plain);
        }
        grid::write(&[&names, &values, &remarks], self.style, self.out)?;
        writeln!(self.out, "{:GAP$}{:<width$}  {}", "", "sha256", facts.sha256, width = names.width())
    }

    /// How long the references took, where the trace tells.
    fn pace(&self) -> String {
        let Some(duration) = self.statistics.duration else {
            return "no time in the trace".to_owned();
        };
        match self.statistics.references_per_second {
            Some(rate) => {
                let seconds = duration as f64 / 1e9;
                format!("in {seconds:.3} s, {} a second, if times are ns", self.style.number(rate.round() as u64))
            }
            None => format!("at times {} apart", self.style.number(duration)),
        }
    }

    fn footprint(&self) -> String {
        let page_size = self.style.number(self.statistics.facts.page_size);
        format!("pages of {page_size} bytes, {}", bytes(self.statistics.footprint_bytes as f64))
    }

    fn warnings(&mut self) -> io::Result<()> {
        if self.statistics.filter_window == Some(1) {
            self.heading("repeats")?;
            self.prose(
                "no process refers to a page twice in a row, but to write what it read: repeats are left out, or there were \
                 none; no replay differs for it",
                Tint::Plain,
            )?;
        }
        if !self.statistics.warnings.is_empty() {
            self.heading("warnings on fidelity")?;
        }
        for warning in &self.statistics.warnings {
            let shows = if warning.found_by == FoundBy::Content { " (told by the references)" } else { "" };
            self.prose(&format!("{}: {}{shows}", warning.mark, warning.explanation), Tint::Warning)?;
        }
        Ok(())
    }

    fn changes(&mut self) -> io::Result<()> {
        let changes = &self.statistics.changes;
        self.heading("changes")?;
        let heads = ["creates", "attaches", "by fork", "detaches", "removes", "locks", "unlocks", "forks", "exits"];
        let counts = [
            changes.creates,
            changes.attaches,
            changes.inherited,
            changes.detaches,
            changes.removes,
            changes.locks,
            changes.unlocks,
            changes.forks,
            changes.exits,
        ];
        self.table(&heads, &[counts.map(|count| self.style.number(count))], None)
    }

    fn working_set(&mut self) -> io::Result<()> {
        if self.statistics.working_set.is_empty() {
            return Ok(());
        }
        self.heading("working set: pages in a window of references; fewest and most in windows one after another")?;
        let number = |number| self.style.number(number);
        let rows = self.statistics.working_set.iter().map(|set| {
            let mean = number(set.mean_pages.round() as u64);
            [number(set.window), mean, number(set.min_pages), number(set.max_pages), number(set.windows)]
        });
        let rows: Vec<_> = rows.collect();
        self.table(&["window", "mean", "fewest", "most", "windows"], &rows, None)
    }

    fn reuse(&mut self) -> io::Result<()> {
        let Statistics { facts, reuse, runs, turns, .. } = self.statistics;
        if facts.references == 0 {
            return Ok(());
        }
        self.heading("reuse, runs and turns: how many, and percentiles")?;
        let rows = [
            ("reuse distance, pages", &reuse.distance),
            ("reuse time, references", &reuse.time),
            ("run of one process", &runs.of_one_process),
            ("run of any process", &runs.of_any_process),
            ("turn of a process", &turns.references),
        ];
        let rows: Vec<_> = rows.map(|(name, spread)| self.spread(name, spread)).into();
        self.table(&["", "count", "mean", "50", "90", "95", "99", "99.9", "max"], &rows, Some(0))?;
        let number = |number| self.style.number(number);
        let first = format!("first touches: {}, which have no reuse", number(reuse.cold));
        let collapsible = percent(runs.collapsible, facts.references);
        let repeats = format!("repeats that a collapse would leave out: {}, {collapsible}", number(runs.collapsible));
        [first, repeats].iter().try_for_each(|line| self.prose(line, Tint::Plain))?;
        self.heading("frames with which LRU has at most so many faults in 1000 references, first touches included")?;
        let rows = reuse.lru_frames.iter().map(|needed| {
            let frames =
                needed.frames.map_or_else(|| "none: first touches are more".to_owned(), |n| self.style.number(n));
            [needed.faults_per_1000.to_string(), frames]
        });
        let rows: Vec<_> = rows.collect();
        self.table(&["faults", "frames"], &rows, Some(1))
    }

    fn spread(&self, name: &str, spread: &Spread) -> [String; 9] {
        let number = |number| self.style.number(number);
        let Spread { count, mean, p50, p90, p95, p99, p999, max, .. } = *spread;
        let mean = format!("{mean:.1}");
        let [count, p50, p90, p95, p99, p999, max] = [count, p50, p90, p95, p99, p999, max].map(number);
        [name.to_owned(), count, mean, p50, p90, p95, p99, p999, max]
    }

    fn sharing(&mut self) -> io::Result<()> {
        let sharing = &self.statistics.sharing;
        if sharing.is_empty() {
            return Ok(());
        }
        self.heading("sharing: pages by the number of processes that touch them")?;
        let Statistics { facts, .. } = self.statistics;
        let rows = sharing.iter().take(SHOWN).map(|degree| {
            let (pages, references) = (self.style.number(degree.pages), self.style.number(degree.references));
            let shares = [percent(degree.pages, facts.footprint), percent(degree.references, facts.references)];
            let [of_pages, of_references] = shares;
            [self.style.number(degree.processes), pages, of_pages, references, of_references]
        });
        let rows: Vec<_> = rows.collect();
        self.table(&["processes", "pages", "", "references", ""], &rows, None)?;
        self.rest(sharing.len())
    }

    fn segments(&mut self) -> io::Result<()> {
        let mut segments: Vec<_> = self.statistics.segment_list.iter().collect();
        if segments.is_empty() {
            return Ok(());
        }
        segments.sort_by_key(|segment| Reverse(segment.references));
        self.heading("segments, those with most references first")?;
        let number = |number| self.style.number(number);
        let rows = segments.iter().take(SHOWN).map(|segment| {
            let share = percent(segment.references, self.statistics.facts.references);
            let references = [number(segment.references), share, number(segment.writes)];
            let [references, share, writes] = references;
            let [pages, touched, attachments, sharers] =
                [segment.pages, segment.touched, segment.attachments, segment.sharers].map(number);
            [shown(&segment.segment), pages, touched, attachments, sharers, references, share, writes]
        });
        let rows: Vec<_> = rows.collect();
        let heads = ["segment", "pages", "touched", "attachments", "sharers", "references", "", "writes"];
        self.table(&heads, &rows, Some(0))?;
        self.rest(segments.len())
    }

    fn processes(&mut self) -> io::Result<()> {
        let mut processes: Vec<_> = self.statistics.process_list.iter().collect();
        if processes.is_empty() {
            return Ok(());
        }
        processes.sort_by_key(|process| Reverse(process.references));
        self.heading("processes, those with most references first")?;
        let number = |number| self.style.number(number);
        let rows = processes.iter().take(SHOWN).map(|process| {
            let share = percent(process.references, self.statistics.facts.references);
            let [references, writes, pages, segments] =
                [process.references, process.writes, process.pages, process.segments].map(number);
            [process.process.to_string(), pages, segments, references, share, writes]
        });
        let rows: Vec<_> = rows.collect();
        self.table(&["process", "pages", "segments", "references", "", "writes"], &rows, Some(0))?;
        self.rest(processes.len())
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{:GAP$}{}", "", self.style.paint(text, Tint::Strong))
    }

    /// Writes rows under their heads, set to the right but for one column.
    fn table<const N: usize>(
        &mut self,
        heads: &[&str; N],
        rows: &[[String; N]],
        left: Option<usize>,
    ) -> io::Result<()> {
        let mut columns: [Column; N] = std::array::from_fn(|_| Column::default());
        for (place, column) in columns.iter_mut().enumerate() {
            column.left = left == Some(place);
            column.push(heads[place], Tint::Faint);
            for row in rows {
                column.push(row[place].as_str(), Tint::Plain);
            }
        }
        grid::write(&columns.each_ref(), self.style, self.out)
    }

    /// Writes a sentence, broken into lines; all but the first are indented further.
    fn prose(&mut self, text: &str, tint: Tint) -> io::Result<()> {
        let width = self.style.width.clamp(40, WIDEST);
        let (mut line, mut indent) = (String::new(), GAP);
        for word in text.split(' ') {
            if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > width {
                writeln!(self.out, "{:indent$}{}", "", self.style.paint(&line, tint))?;
                line.clear();
                indent = 2 * GAP;
            }
            line += if line.is_empty() { "" } else { " " };
            line += word;
        }
        writeln!(self.out, "{:indent$}{}", "", self.style.paint(&line, tint))
    }

    fn rest(&mut self, rows: usize) -> io::Result<()> {
        if rows > SHOWN { writeln!(self.out, "{:GAP$}and {} more; --json shows all", "", rows - SHOWN) } else { Ok(()) }
    }
}

/// A part of a whole: `12.5 %`.
fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

/// A name that can do nothing to a terminal and leaves room for the rest of its row.
fn shown(name: &str) -> String {
    let mut shown: String =
        name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(LONGEST_NAME).collect();
    if name.chars().nth(LONGEST_NAME).is_some() {
        shown.pop();
        shown.push('\u{2026}');
    }
    shown
}
