//! What is in a trace: counts, segments, sharing, working sets. Made from a resolved program; nothing is replayed.

use std::io::{self, Write};

use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::ids::{PageId, ProcessNumber};
use crate::kernel::segments::SegmentTable;
use crate::program::{Control, Program, Reference};
use crate::report::{grouped, memory};
use crate::results::TraceFacts;

/// The windows of the working set, in references.
const WINDOWS: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// The statistics of a trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// Name, format, hash, and the counts that results carry too.
    #[serde(flatten)]
    pub facts: TraceFacts,
    /// References that read.
    pub reads: u64,
    /// Time from the first reference to the last, as the trace counts it (nanoseconds or a sequence number); none where
    /// it has no time.
    pub duration: Option<u64>,
    /// Pages of all segments, touched or not; 2^64 - 1 where there are more.
    pub pages_created: u64,
    /// The segments in order of creation.
    pub segment_list: Vec<SegmentStatistics>,
    /// The processes in order of appearance.
    pub process_list: Vec<ProcessStatistics>,
    /// How many pages are touched by one process, by two, and so on; degrees without a page are left out.
    pub sharing: Vec<SharingDegree>,
    /// Distinct pages in a window of references, averaged over all windows that fit the trace.
    pub working_set: Vec<WorkingSet>,
}

/// The statistics of a segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SegmentStatistics {
    /// Its name.
    pub segment: String,
    /// Its size in pages.
    pub pages: u64,
    /// Pages that are referenced.
    pub touched: u64,
    /// Attachments over its life, those inherited by fork included.
    pub attachments: u64,
    /// Processes that refer to it.
    pub sharers: u64,
    /// References to it.
    pub references: u64,
    /// Those that write.
    pub writes: u64,
}

/// The statistics of a process.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProcessStatistics {
    /// Its process id.
    pub process: u64,
    /// Its references.
    pub references: u64,
    /// Those that write.
    pub writes: u64,
}

/// Pages touched by so many processes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SharingDegree {
    /// Processes.
    pub processes: u64,
    /// Pages that so many touch.
    pub pages: u64,
}

/// The working set for one window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkingSet {
    /// The window in references.
    pub window: u64,
    /// Distinct pages in it on average.
    pub mean_pages: f64,
}

impl Statistics {
    /// Those of a program, which is that of these facts.
    pub fn of(program: &Program, facts: &TraceFacts) -> Self {
        let mut census = Census::new(program);
        census.take(program);
        let times = program.times.as_deref().filter(|_| program.settings.has_time);
        Self {
            facts: facts.clone(),
            reads: program.counts.reads,
            duration: times.and_then(|times| Some(times.last()?.saturating_sub(*times.first()?))),
            pages_created: program.segments.iter().fold(0, |pages, segment| segment.size.saturating_add(pages)),
            sharing: census.sharing(),
            working_set: WINDOWS.iter().filter_map(|&window| working_set(program, window)).collect(),
            segment_list: census.segments,
            process_list: census.processes,
        }
    }
}

/// Who refers to what, counted in one pass.
struct Census {
    segments: Vec<SegmentStatistics>,
    processes: Vec<ProcessStatistics>,
    table: SegmentTable,
    /// The process behind each column of each segment.
    owners: Vec<Vec<ProcessNumber>>,
    /// Who touched a page, and which segments a process touched.
    page_sharers: FxHashSet<(PageId, ProcessNumber)>,
    segment_sharers: FxHashSet<(usize, ProcessNumber)>,
    /// The process that touched each page last: most references need no look into the sets.
    last: Vec<Option<ProcessNumber>>,
    degrees: Vec<u64>,
}

impl Census {
    fn new(program: &Program) -> Self {
        let segments = program.segments.iter().map(|segment| SegmentStatistics {
            segment: segment.label.to_string(),
            pages: segment.size,
            touched: u64::from(segment.touched),
            attachments: 0,
            sharers: 0,
            references: 0,
            writes: 0,
        });
        let processes = program.processes.iter();
        Self {
            segments: segments.collect(),
            processes: processes.map(|&process| ProcessStatistics { process, references: 0, writes: 0 }).collect(),
            table: SegmentTable::default(),
            owners: vec![Vec::new(); program.segments.len()],
            page_sharers: FxHashSet::default(),
            segment_sharers: FxHashSet::default(),
            last: vec![None; program.footprint() as usize],
            degrees: vec![0; program.footprint() as usize],
        }
    }

    fn take(&mut self, program: &Program) {
        let mut changes = program.changes.iter().peekable();
        for position in 0..program.references.len() {
            while let Some(change) = changes.next_if(|change| change.before <= position) {
                self.change(change.control);
            }
            self.reference(program, program.reference(position));
        }
        changes.for_each(|change| self.change(change.control));
    }

    fn reference(&mut self, program: &Program, reference: Reference) {
        let number = program.segment_of[reference.page.index()].index();
        let process = self.owners[number][reference.column.index()];
        let write = u64::from(reference.write);
        let (segment, of_process) = (&mut self.segments[number], &mut self.processes[process.index()]);
        segment.references += 1;
        segment.writes += write;
        of_process.references += 1;
        of_process.writes += write;
        if self.last[reference.page.index()].replace(process) == Some(process) {
            return;
        }
        if self.page_sharers.insert((reference.page, process)) {
            self.degrees[reference.page.index()] += 1;
            if self.segment_sharers.insert((number, process)) {
                segment.sharers += 1;
            }
        }
    }

    fn change(&mut self, control: Control) {
        match control {
            Control::Create { segment, locked } => {
                self.table.create(segment, locked);
            }
            Control::Attach { process, segment } => {
                let column = self.table.attach(process, segment);
                self.attached(segment.index(), column.index(), process);
            }
            Control::Detach { process, segment } => {
                self.table.detach(process, segment);
            }
            Control::Remove(segment) => {
                self.table.remove(segment);
            }
            Control::Fork { parent, child } => {
                for copy in self.table.fork(parent, child) {
                    self.attached(copy.segment.index(), copy.child.index(), child);
                }
            }
            Control::Exit(process) => {
                self.table.exit(process);
            }
            Control::Lock(_) | Control::Unlock(_) => {}
        }
    }

    fn attached(&mut self, segment: usize, column: usize, process: ProcessNumber) {
        self.segments[segment].attachments += 1;
        let owners = &mut self.owners[segment];
        owners.resize(owners.len().max(column + 1), process);
        owners[column] = process;
    }

    fn sharing(&self) -> Vec<SharingDegree> {
        let most = self.degrees.iter().copied().max().unwrap_or(0);
        let mut pages = vec![0; most as usize + 1];
        self.degrees.iter().for_each(|&degree| pages[degree as usize] += 1);
        let degrees = (0..).zip(pages).filter(|&(_, pages)| pages > 0);
        degrees.map(|(processes, pages)| SharingDegree { processes, pages }).collect()
    }
}

/// Distinct pages in a window of references, averaged over all windows that lie in the trace (Denning 1968); none where the
/// trace is shorter than one.
fn working_set(program: &Program, window: u64) -> Option<WorkingSet> {
    let references = program.references.len();
    let windows = references.checked_sub(window)? + 1;
    // A reference adds its page to every window that it is in and in which the page was not referenced before: those that
    // start after the page's last reference.
    let mut last: Vec<Option<u64>> = vec![None; program.footprint() as usize];
    let mut total = 0;
    for position in 0..references {
        let page = program.reference(position).page.index();
        let after_last = last[page].replace(position).map_or(0, |last| last + 1);
        let first_start = after_last.max((position + 1).saturating_sub(window));
        let last_start = position.min(windows - 1);
        total += (last_start + 1).saturating_sub(first_start);
    }
    Some(WorkingSet { window, mean_pages: (total as f64 / windows as f64 * 1e3).round() / 1e3 })
}

/// Writes the statistics for people; thousands are separated if asked for.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(statistics: &Statistics, thousands: bool, out: &mut dyn Write) -> io::Result<()> {
    let number = |number: u64| if thousands { grouped(number) } else { number.to_string() };
    let facts = &statistics.facts;
    let compression = facts.compression.as_deref().map_or(String::new(), |name| format!(", {name}"));
    writeln!(out, "{} ({}{compression})", facts.name, facts.format)?;
    let percent = |part: u64, whole: u64| format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64);
    let lines = [
        ("references", number(facts.references)),
        ("reads", format!("{}  {}", number(statistics.reads), percent(statistics.reads, facts.references))),
        ("writes", format!("{}  {}", number(facts.writes), percent(facts.writes, facts.references))),
        ("processes", number(facts.processes)),
        ("segments", number(facts.segments)),
        ("pages created", number(statistics.pages_created)),
        (
            "footprint",
            format!("{}  pages touched, {}", number(facts.footprint), memory(facts.footprint, facts.page_size)),
        ),
        ("time span", statistics.duration.map_or_else(|| "no time in the trace".to_owned(), number)),
        ("sha256", facts.sha256.clone()),
    ];
    for (name, value) in lines {
        writeln!(out, "  {name:<14} {value}")?;
    }
    write_working_set(statistics, &number, out)?;
    write_sharing(statistics, &number, out)?;
    write_segments(statistics, &number, out)?;
    write_processes(statistics, &number, out)
}

/// Rows shown of segments and processes; JSON has them all.
const SHOWN: usize = 16;

fn write_working_set(statistics: &Statistics, number: &dyn Fn(u64) -> String, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n  working set: distinct pages in a window of references, on average")?;
    for set in &statistics.working_set {
        writeln!(out, "  {:>14} {:>12}", number(set.window), number(set.mean_pages.round() as u64))?;
    }
    Ok(())
}

fn write_sharing(statistics: &Statistics, number: &dyn Fn(u64) -> String, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n  sharing: pages touched by so many processes")?;
    for degree in &statistics.sharing {
        writeln!(out, "  {:>14} {:>12}", number(degree.processes), number(degree.pages))?;
    }
    Ok(())
}

fn write_segments(statistics: &Statistics, number: &dyn Fn(u64) -> String, out: &mut dyn Write) -> io::Result<()> {
    let heads = ["segment", "pages", "touched", "attachments", "sharers", "references", "writes"];
    writeln!(out, "\n  {:<14}{}", heads[0], heads[1..].iter().map(|head| format!(" {head:>12}")).collect::<String>())?;
    let mut segments: Vec<&SegmentStatistics> = statistics.segment_list.iter().collect();
    segments.sort_by_key(|segment| std::cmp::Reverse(segment.references));
    for segment in segments.iter().take(SHOWN) {
        let cells =
            [segment.pages, segment.touched, segment.attachments, segment.sharers, segment.references, segment.writes];
        let cells: String = cells.into_iter().map(|cell| format!(" {:>12}", number(cell))).collect();
        writeln!(out, "  {:<14}{cells}", segment.segment)?;
    }
    write_rest(segments.len(), out)
}

fn write_processes(statistics: &Statistics, number: &dyn Fn(u64) -> String, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n  {:<14} {:>12} {:>12}", "process", "references", "writes")?;
    let mut processes: Vec<&ProcessStatistics> = statistics.process_list.iter().collect();
    processes.sort_by_key(|process| std::cmp::Reverse(process.references));
    for process in processes.iter().take(SHOWN) {
        writeln!(out, "  {:<14} {:>12} {:>12}", process.process, number(process.references), number(process.writes))?;
    }
    write_rest(processes.len(), out)
}

fn write_rest(rows: usize, out: &mut dyn Write) -> io::Result<()> {
    if rows > SHOWN { writeln!(out, "  and {} more; --json shows all", rows - SHOWN) } else { Ok(()) }
}
