//! Several traces as one, joined at the level of records.
//!
//! Where every trace has times, records go by time, and those of one time in the order of the traces; the order inside a
//! trace is never changed. Otherwise the traces take turns: first, in their order, whatever each does before its first
//! reference, then turns of so many references each, drawn by lot among those that have any left.
//!
//! Labels and process ids that are the same in several traces are the same segment and the same process, unless they are
//! to be kept apart; then the later one gets the lowest number that is free when it appears. Segments that several traces
//! create are created once.
//!
//! Each trace is read by a thread of its own, which waits when it is two batches ahead, so memory does not grow with the
//! traces. No format is known here.

mod feed;
mod names;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::error::Fault;
use super::reading::KEPT;
use super::world::World;
use super::{Fidelity, Label, Operation, ReadOptions, Record, RecordSink, Settings, Source, Summary, TraceError};
use feed::Feed;
use names::Names;

/// The most traces that are merged at once: each takes a thread and an open file.
pub const MOST: usize = 512;

/// What was merged.
#[derive(Debug)]
pub struct Merged {
    /// What was read of each trace, in their order; none where the sink had enough before its end.
    pub summaries: Vec<Option<Summary>>,
    /// Whether the records are in the order of their times, and not in turns.
    pub by_time: bool,
    /// Records that the sink took.
    pub records: u64,
    /// Records that the sink refused, where reading is lenient.
    pub skipped: u64,
    /// Why the first of them were, five at most.
    pub first_skipped: Vec<TraceError>,
    /// What was put together or renamed.
    pub notes: Vec<String>,
}

/// Reads several traces and hands them to a sink as one. Turns are `quantum` references long and drawn with `seed`, both
/// of the options' addresses. With `distinct`, the same label or process id in two traces is two segments or processes.
///
/// # Errors
/// Those of [`super::read`], for each trace; when there are none, or more than [`MOST`]; when their pages differ in size,
/// or a segment that is one in both differs; and at the first record that the sink refuses, unless reading is lenient.
pub fn merge(
    sources: &[Source],
    options: &ReadOptions,
    distinct: bool,
    sink: &mut dyn RecordSink,
) -> Result<Merged, TraceError> {
    let files: Vec<String> = sources.iter().map(Source::file).collect();
    if sources.is_empty() || sources.len() > MOST {
        let what = format!("{} traces are to be merged", sources.len());
        let remedy = format!("name 1 to {MOST}; more can be merged in several steps");
        return Err(TraceError::Unfit { file: files.first().cloned().unwrap_or_default(), what, remedy });
    }
    let mut feeds = sources.iter().map(|source| Feed::start(source, options)).collect::<Result<Vec<_>, _>>()?;
    let settings = feeds.iter_mut().map(Feed::settings).collect::<Result<Vec<_>, _>>()?;
    let by_time = settings.iter().all(|settings| settings.has_time);
    let (quantum, seed) = (options.addresses.quantum.max(1), options.addresses.seed);
    let mut joined = join_settings(&settings, &files)?;
    if !by_time && sources.len() > 1 {
        joined.fidelity.push(Fidelity::Interleaved { quantum, seed });
    }
    sink.settings(&joined);
    let mut merger = Merger {
        names: Names::new(files, distinct),
        feeds,
        sink,
        lenient: options.lenient,
        world: World::default(),
        creators: Vec::new(),
        records: 0,
        skipped: 0,
        first_skipped: Vec::new(),
    };
    let done = if by_time { merger.by_time() } else { merger.in_turns(quantum, seed) };
    match done {
        Ok(()) | Err(TraceError::Enough) => {}
        Err(error) => return Err(error),
    }
    let Merger { feeds, names, records, skipped, first_skipped, .. } = merger;
    let summaries = feeds.into_iter().map(Feed::into_summary).collect();
    Ok(Merged { summaries, by_time, records, skipped, first_skipped, notes: names.into_notes() })
}

/// What holds for all: what one says and no other contradicts.
fn join_settings(all: &[Settings], files: &[String]) -> Result<Settings, TraceError> {
    let mut joined = all[0].clone();
    for (settings, file) in all.iter().zip(files).skip(1) {
        let differs =
            |what: String, remedy: &str| Err(TraceError::Unfit { file: file.clone(), what, remedy: remedy.to_owned() });
        if settings.page_size != joined.page_size {
            let what =
                format!("its pages have {} bytes, those of {} {}", settings.page_size, files[0], joined.page_size);
            return differs(what, "traces of different pages can't be merged");
        }
        let contradicts = conflict(joined.frames.as_ref(), settings.frames.as_ref())
            || conflict(joined.swap.as_ref(), settings.swap.as_ref())
            || conflict(joined.out_of_memory.as_ref(), settings.out_of_memory.as_ref());
        if contradicts {
            let what = format!("its settings (F=, swap=, oom=) are not those of {}", files[0]);
            return differs(what, "make them the same, or take them out");
        }
        joined.frames = joined.frames.or(settings.frames);
        joined.swap = joined.swap.or_else(|| settings.swap.clone());
        joined.out_of_memory = joined.out_of_memory.or(settings.out_of_memory);
        joined.kernel_defaults &= settings.kernel_defaults;
        joined.has_time &= settings.has_time;
        for mark in &settings.fidelity {
            if !joined.fidelity.contains(mark) {
                joined.fidelity.push(mark.clone());
            }
        }
    }
    Ok(joined)
}

fn conflict<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

struct Merger<'a> {
    feeds: Vec<Feed>,
    names: Names,
    sink: &'a mut dyn RecordSink,
    lenient: bool,
    /// What was handed on so far has led to this.
    world: World,
    /// By label of the merged trace: which trace created its segment last.
    creators: Vec<usize>,
    records: u64,
    skipped: u64,
    first_skipped: Vec<TraceError>,
}

impl Merger<'_> {
    fn by_time(&mut self) -> Result<(), TraceError> {
        let mut waiting: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::with_capacity(self.feeds.len());
        for (index, feed) in self.feeds.iter_mut().enumerate() {
            waiting.extend(feed.peek()?.map(|record| Reverse((record.time, index))));
        }
        while let Some(Reverse((_, index))) = waiting.pop() {
            let next = waiting.peek().map(|&Reverse(other)| other);
            // The trace keeps its turn until another one comes first.
            while let Some(&record) = self.feeds[index].peek()? {
                if next.is_some_and(|other| other < (record.time, index)) {
                    waiting.push(Reverse((record.time, index)));
                    break;
                }
                self.take(index, record)?;
            }
        }
        Ok(())
    }

    fn in_turns(&mut self, quantum: u64, seed: u64) -> Result<(), TraceError> {
        let mut draw = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut left = Vec::with_capacity(self.feeds.len());
        for index in 0..self.feeds.len() {
            if self.changes(index)? {
                left.push(index);
            }
        }
        while !left.is_empty() {
            let place = ((u128::from(draw.next_u64()) * left.len() as u128) >> 64) as usize;
            let index = left[place];
            for _ in 0..quantum {
                let Some(&record) = self.feeds[index].peek()? else { break };
                self.take(index, record)?;
                if !self.changes(index)? {
                    break;
                }
            }
            if self.feeds[index].peek()?.is_none() {
                left.remove(place);
            }
        }
        Ok(())
    }

    /// Hands on what a trace does before its next reference; false where there is none.
    fn changes(&mut self, index: usize) -> Result<bool, TraceError> {
        while let Some(&record) = self.feeds[index].peek()? {
            if record.operation.is_reference() {
                return Ok(true);
            }
            self.take(index, record)?;
        }
        Ok(false)
    }

    /// Hands on the record that a trace is at, and moves it on.
    fn take(&mut self, index: usize, original: Record) -> Result<(), TraceError> {
        self.feeds[index].advance();
        let mut record = original;
        record.process = self.names.process(index, original.process);
        if original.operation == Operation::Fork {
            record.page = self.names.process(index, original.page);
        }
        if original.segment != Record::NO_SEGMENT {
            let Some(label) = self.feeds[index].label(original.segment) else { return Ok(()) };
            record.segment = self.names.segment(index, original.segment, label, self.sink);
        }
        if !original.operation.is_reference() && self.is_created_already(index, &record)? {
            return Ok(());
        }
        match self.sink.record(&record) {
            Ok(()) => self.records += 1,
            Err(_) if self.sink.has_enough() => return Err(TraceError::Enough),
            Err(refusal) => {
                let file = self.names.file(index).to_owned();
                let event = Some(self.feeds[index].taken());
                let fault =
                    Fault { file, at: None, event, what: String::new(), text: String::new(), remedy: String::new() };
                return self.skip(TraceError::impossible(fault, refusal));
            }
        }
        if !original.operation.is_reference() {
            self.world.apply(&record);
        }
        Ok(())
    }

    /// Whether the record creates a segment that another trace created and that still lives; if not, and it creates one,
    /// remembers whose it is.
    fn is_created_already(&mut self, index: usize, record: &Record) -> Result<bool, TraceError> {
        if !matches!(record.operation, Operation::Create | Operation::CreateLocked) {
            return Ok(false);
        }
        let place = record.segment as usize;
        if self.creators.len() <= place {
            self.creators.resize(place + 1, index);
        }
        let before = self.creators[place];
        match self.world.segment(record.segment).filter(|segment| segment.created && before != index) {
            None => {
                self.creators[place] = index;
                Ok(false)
            }
            Some(segment) if segment.pages == record.page => Ok(true),
            Some(segment) => Err(self.differs(index, record, segment.pages, before)),
        }
    }

    #[cold]
    fn differs(&self, index: usize, record: &Record, pages: u64, before: usize) -> TraceError {
        let label = self.names.label(record.segment).map_or_else(String::new, Label::to_string);
        let size = |pages: u64| match pages {
            Record::UNKNOWN_SIZE => "no size".to_owned(),
            1 => "1 page".to_owned(),
            _ => format!("{pages} pages"),
        };
        TraceError::Unfit {
            file: self.names.file(index).to_owned(),
            what: format!(
                "segment {label} has {} here and {} in {}",
                size(record.page),
                size(pages),
                self.names.file(before)
            ),
            remedy: "if they are two segments, --distinct keeps them apart".into(),
        }
    }

    #[cold]
    fn skip(&mut self, error: TraceError) -> Result<(), TraceError> {
        if !self.lenient {
            return Err(error);
        }
        self.skipped += 1;
        if self.first_skipped.len() < KEPT {
            self.first_skipped.push(error);
        }
        Ok(())
    }
}
