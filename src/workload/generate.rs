//! The stream of records of a workload: who has the turn, what programs do before and after, and the times.
//!
//! Where references go is decided by the pattern's walk.

use super::draw::{Chance, Draw};
use super::layout::{Layout, Size};
use super::tuning::Tuning;
use super::{Pattern, Start, Step, Walk};
use crate::trace::{Impossible, Label, Operation, Record, RecordSink, Settings, TraceError};

/// A workload that can be made: a pattern with all its numbers.
pub struct Workload {
    pattern: &'static Pattern,
    /// References to be made.
    pub references: u64,
    /// References that a process makes on average before another one has its turn; at least 1.
    pub burst: u64,
    /// Nanoseconds from one record to the next; with 0 the trace has no times.
    pub time_step: u64,
    layout: Layout,
    walk: Box<dyn Walk>,
    draw: Draw,
}

impl Workload {
    /// A workload of a pattern. Bursts have 100 references, records are 100 ns apart; both can be changed.
    ///
    /// # Errors
    /// When a number is out of range, the pattern has no such parameter, or the segments can't be laid out: a sentence
    /// that names the option.
    pub fn new(
        pattern: &'static Pattern,
        references: u64,
        size: &Size,
        tuning: &Tuning,
        seed: u64,
    ) -> Result<Self, String> {
        if references == 0 {
            return Err("--references 0: at least 1".into());
        }
        size.check()?;
        let tuning = tuning.over(pattern.name, &pattern.defaults)?;
        let mut draw = Draw::new(seed);
        let Start { layout, walk } = (pattern.start)(size, &tuning, &mut draw)?;
        Ok(Self { pattern, references, burst: 100, time_step: 100, layout, walk, draw })
    }

    /// Pages over all segments: those asked for, rounded up so that segments are of equal size.
    pub fn pages(&self) -> u64 {
        self.layout.pages()
    }

    /// How many segments there are.
    pub fn segments(&self) -> u64 {
        self.layout.segments.len() as u64
    }

    /// Makes the records. Processes have the ids 1, 2, ...; the first sharer of a segment creates it, and each process
    /// attaches its segments before the first reference. In the end each detaches them, the creators remove theirs, and
    /// all exit.
    ///
    /// # Errors
    /// When the sink refuses a record.
    pub fn generate(self, sink: &mut dyn RecordSink) -> Result<(), TraceError> {
        let name = self.pattern.name;
        let mut stream = Stream { sink, time: 0, step: self.time_step };
        stream.sink.settings(&Settings { has_time: self.time_step > 0, ..Settings::default() });
        let mut made = stream.begin(&self.layout);
        if made.is_ok() {
            made = references(self.walk, self.draw, self.layout.processes, self.references, self.burst, &mut stream);
        }
        match made.and_then(|()| stream.end(&self.layout)) {
            Ok(()) => Ok(()),
            Err(_) if stream.sink.has_enough() => Ok(()),
            Err(refusal) => {
                Err(TraceError::Unfit { file: name.to_owned(), what: refusal.what, remedy: refusal.remedy })
            }
        }
    }
}

/// Makes the references: the process that has the turn goes on with a chance that makes turns of geometric length.
fn references(
    mut walk: Box<dyn Walk>,
    mut draw: Draw,
    processes: u32,
    count: u64,
    burst: u64,
    stream: &mut Stream<'_>,
) -> Result<(), Impossible> {
    let ends = Chance::of(1.0 / burst.max(1) as f64);
    let processes = u64::from(processes);
    let mut process = 0;
    let mut left = count;
    while left > 0 {
        let Some(step) = walk.step(process as usize, &mut draw) else {
            process = (process + 1) % processes;
            continue;
        };
        stream.reference(process, step)?;
        left -= 1;
        if processes > 1 && draw.happens(ends) {
            let other = draw.below(processes - 1);
            process = other + u64::from(other >= process);
        }
    }
    Ok(())
}

/// The records on their way to the sink.
struct Stream<'a> {
    sink: &'a mut dyn RecordSink,
    time: u64,
    step: u64,
}

impl Stream<'_> {
    #[inline]
    fn reference(&mut self, process: u64, step: Step) -> Result<(), Impossible> {
        let operation = if step.write { Operation::Write } else { Operation::Read };
        self.record(process + 1, operation, step.segment, step.page)
    }

    #[inline]
    fn record(&mut self, process: u64, operation: Operation, segment: u32, page: u64) -> Result<(), Impossible> {
        let time = self.time;
        self.time = time.saturating_add(self.step);
        self.sink.record(&Record { time, process, operation, segment, page })
    }

    /// For each segment: an operation by its creator. `page` of the record is its size.
    fn by_creator(&mut self, layout: &Layout, operation: Operation) -> Result<(), Impossible> {
        for (number, segment) in layout.segments.iter().enumerate() {
            self.record(u64::from(segment.sharers[0]) + 1, operation, number as u32, segment.pages)?;
        }
        Ok(())
    }

    /// For each process, for each of its segments: an operation.
    fn by_sharers(&mut self, layout: &Layout, operation: Operation) -> Result<(), Impossible> {
        for (process, segments) in layout.attached().into_iter().enumerate() {
            for segment in segments {
                let pages = layout.segments[segment as usize].pages;
                self.record(process as u64 + 1, operation, segment, pages)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, layout: &Layout) -> Result<(), Impossible> {
        for number in 0..layout.segments.len() as u64 {
            self.sink.label(&Label::Number(number));
        }
        self.by_creator(layout, Operation::Create)?;
        self.by_sharers(layout, Operation::Attach)
    }

    fn end(&mut self, layout: &Layout) -> Result<(), Impossible> {
        self.by_sharers(layout, Operation::Detach)?;
        self.by_creator(layout, Operation::Remove)?;
        for process in 1..=u64::from(layout.processes) {
            self.record(process, Operation::Exit, Record::NO_SEGMENT, 0)?;
        }
        Ok(())
    }
}
