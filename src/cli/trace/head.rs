//! `clockhand trace head`: the first records of a trace, in columns for people or as csv.

use std::io::{self, BufWriter, Write};

use anyhow::Error;

use super::arguments::HeadArguments;
use super::target;
use crate::cli::terminal::Terminal;
use crate::cli::traces;
use crate::trace::{
    self, Impossible, Label, Operation, OutOfMemory, ReadOptions, Record, RecordSink, RecordWriter, Settings,
};

/// Records whose columns are made equally wide before they are put out.
const BLOCK: usize = 1000;

/// The columns.
const HEADS: [&str; 5] = ["time", "process", "what", "segment", "page"];

/// The place of the column that is left out where a trace has no times.
const TIME: usize = 0;

/// Runs the command.
pub fn run(arguments: &HeadArguments, terminal: &Terminal) -> Result<(), Error> {
    let source = traces::one_source(&arguments.traces, &arguments.reading, "head")?;
    let options = ReadOptions::from(&arguments.reading);
    let summary = if arguments.csv {
        let rows: Box<dyn RecordWriter> = trace::writer("csv", Box::new(io::stdout().lock()))?;
        let read = |sink: &mut dyn RecordSink| {
            trace::read(&source, &options, &mut First { sink, left: arguments.records, full: false })
        };
        let (summary, written) = trace::fill(rows, read)?;
        for note in &written.notes {
            terminal.note(&format!("note: {note}"));
        }
        summary
    } else {
        let mut table = Table::new(BufWriter::new(io::stdout().lock()));
        let mut first = First { sink: &mut table, left: arguments.records, full: false };
        let read = trace::read(&source, &options, &mut first);
        table.finish()?;
        read?
    };
    terminal.note(&target::read(&source, &summary));
    traces::tell_skipped(&summary, terminal);
    Ok(())
}

/// Hands on the first records, and then has enough.
struct First<'a> {
    sink: &'a mut dyn RecordSink,
    left: u64,
    full: bool,
}

impl RecordSink for First<'_> {
    fn settings(&mut self, settings: &Settings) {
        self.sink.settings(settings);
    }

    fn label(&mut self, label: &Label) {
        self.sink.label(label);
    }

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        if self.left == 0 {
            self.full = true;
            return Err(Impossible::enough());
        }
        self.left -= 1;
        self.sink.record(record)
    }

    fn has_enough(&self) -> bool {
        self.full || self.sink.has_enough()
    }
}

/// Settings, then records in columns.
struct Table<W> {
    out: W,
    has_time: bool,
    labels: Vec<Label>,
    rows: Vec<[String; 5]>,
    widths: [usize; 5],
    /// Whether the heads of the columns stand there.
    headed: bool,
    failed: Option<io::Error>,
}

impl<W: Write> Table<W> {
    fn new(out: W) -> Self {
        let widths = HEADS.map(str::len);
        Self { out, has_time: false, labels: Vec::new(), rows: Vec::new(), widths, headed: false, failed: None }
    }

    /// Puts out what is gathered.
    fn flush(&mut self) {
        for row in &self.rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut rows = std::mem::take(&mut self.rows);
        if !self.headed && !rows.is_empty() {
            self.headed = true;
            self.line(&HEADS.map(str::to_owned));
        }
        for row in rows.drain(..) {
            self.line(&row);
        }
    }

    fn line(&mut self, row: &[String; 5]) {
        let mut text = String::new();
        for (column, (cell, &width)) in row.iter().zip(&self.widths).enumerate() {
            if column == TIME && !self.has_time {
                continue;
            }
            // Words to the left, numbers to the right.
            match HEADS[column] {
                "what" | "segment" => text.push_str(&format!("  {cell:<width$}")),
                _ => text.push_str(&format!("  {cell:>width$}")),
            }
        }
        let text = text.trim_end();
        self.write(text.strip_prefix("  ").unwrap_or(text));
    }

    fn write(&mut self, line: &str) {
        if self.failed.is_none() {
            self.failed = writeln!(self.out, "{line}").err();
        }
    }

    /// Puts out the rest.
    fn finish(mut self) -> io::Result<()> {
        self.flush();
        match self.failed {
            Some(error) => Err(error),
            None => self.out.flush(),
        }
    }
}

impl<W: Write> RecordSink for Table<W> {
    fn settings(&mut self, settings: &Settings) {
        self.has_time = settings.has_time;
        for (name, value) in described(settings) {
            self.write(&format!("{name:<9}  {value}"));
        }
        self.write("");
    }

    fn label(&mut self, label: &Label) {
        self.labels.push(label.clone());
    }

    fn record(&mut self, record: &Record) -> Result<(), Impossible> {
        let segment = self.labels.get(record.segment as usize).map_or_else(String::new, Label::to_string);
        let what = record.operation.name().to_owned();
        self.rows.push([record.time.to_string(), record.process.to_string(), what, segment, last_cell(record)]);
        if self.rows.len() == BLOCK {
            self.flush();
        }
        if self.failed.is_some() { Err(Impossible::enough()) } else { Ok(()) }
    }

    fn has_enough(&self) -> bool {
        self.failed.is_some()
    }
}

/// What the last column says: a page, a size, a child.
fn last_cell(record: &Record) -> String {
    let pages = |locked: &str| match record.page {
        0 => String::new(),
        Record::UNKNOWN_SIZE => format!("size unknown{locked}"),
        1 => format!("1 page{locked}"),
        pages => format!("{pages} pages{locked}"),
    };
    match record.operation {
        Operation::Read | Operation::Write => record.page.to_string(),
        Operation::Fork => format!("child {}", record.page),
        Operation::Exit => String::new(),
        Operation::CreateLocked => pages(", locked"),
        _ => pages(""),
    }
}

/// The settings in words.
fn described(settings: &Settings) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("page size", format!("{} bytes", settings.page_size)),
        ("times", if settings.has_time { "yes" } else { "none" }.to_owned()),
    ];
    lines.extend(settings.frames.map(|frames| ("frames", frames.to_string())));
    if let Some(areas) = &settings.swap {
        let area = |area: &trace::SwapArea| match area.priority {
            Some(priority) => format!("{} slots at priority {priority}", area.slots),
            None => format!("{} slots", area.slots),
        };
        let areas: Vec<String> = areas.iter().map(area).collect();
        lines.push(("swap", if areas.is_empty() { "none".to_owned() } else { areas.join(", ") }));
    }
    lines.extend(settings.out_of_memory.map(|oom| match oom {
        OutOfMemory::Stop => ("no frame", "the run ends".to_owned()),
        OutOfMemory::Continue => ("no frame", "the run goes on".to_owned()),
    }));
    if settings.kernel_defaults {
        lines.push(("limits", "those of the kernel, and one swap area, unless said otherwise".to_owned()));
    }
    lines.extend(settings.fidelity.iter().map(|mark| ("warning", mark.explanation())));
    lines
}
