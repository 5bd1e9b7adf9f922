//! Names of segments and processes of several traces: which are one, and what those that are not are called.
//!
//! Nothing is known of what the named do.

use rustc_hash::FxHashMap;

use crate::trace::{Label, RecordSink};

/// The most notes that are made; beyond them it is only counted.
const NOTES: usize = 20;

/// The names of the merged trace.
pub(super) struct Names {
    files: Vec<String>,
    distinct: bool,
    /// The label of each segment of the merged trace.
    labels: Vec<Label>,
    /// The numbers of labels of the merged trace, and which trace each came from first.
    numbers: FxHashMap<Label, (u32, usize)>,
    /// For each trace, the numbers that its labels have in the merged one.
    segments: Vec<Vec<Option<u32>>>,
    /// Numbers below this are labels, or were passed over.
    free_label: u64,
    processes: Vec<Processes>,
    /// Process ids of the merged trace, and which trace each came from first.
    owners: FxHashMap<u64, usize>,
    free_process: u64,
    notes: Vec<String>,
    unsaid: u64,
}

/// What the process ids of one trace are in the merged one.
#[derive(Default)]
struct Processes {
    /// The one asked for last: it rarely changes.
    last: Option<(u64, u64)>,
    known: FxHashMap<u64, u64>,
}

impl Names {
    /// For these files; `distinct` keeps equal names of two files apart.
    pub fn new(files: Vec<String>, distinct: bool) -> Self {
        let count = files.len();
        Self {
            files,
            distinct,
            labels: Vec::new(),
            numbers: FxHashMap::default(),
            segments: vec![Vec::new(); count],
            free_label: 0,
            processes: (0..count).map(|_| Processes::default()).collect(),
            owners: FxHashMap::default(),
            free_process: 1,
            notes: Vec::new(),
            unsaid: 0,
        }
    }

    /// The file of a trace.
    pub fn file(&self, index: usize) -> &str {
        &self.files[index]
    }

    /// A label of the merged trace.
    pub fn label(&self, number: u32) -> Option<&Label> {
        self.labels.get(number as usize)
    }

    /// What was put together or renamed, for the user to know.
    pub fn into_notes(mut self) -> Vec<String> {
        if self.unsaid > 0 {
            self.notes.push(format!("and {} more", self.unsaid));
        }
        self.notes
    }

    /// The number in the merged trace of a label of one trace; announced to the sink when it is new.
    #[inline]
    pub fn segment(&mut self, index: usize, local: u32, label: &Label, sink: &mut dyn RecordSink) -> u32 {
        match self.segments[index].get(local as usize) {
            Some(&Some(number)) => number,
            _ => self.new_segment(index, local, label, sink),
        }
    }

    #[cold]
    fn new_segment(&mut self, index: usize, local: u32, label: &Label, sink: &mut dyn RecordSink) -> u32 {
        let known = self.numbers.get(label).copied();
        let number = match known {
            Some((number, owner)) if !self.distinct || owner == index => number,
            Some((_, owner)) => {
                let renamed = self.free(label);
                self.note(format!(
                    "segment {label} of {} is not that of {} and is called {renamed}",
                    self.files[index], self.files[owner]
                ));
                self.announce(index, renamed, sink)
            }
            None => self.announce(index, label.clone(), sink),
        };
        let segments = &mut self.segments[index];
        if segments.len() <= local as usize {
            segments.resize(local as usize + 1, None);
        }
        segments[local as usize] = Some(number);
        number
    }

    fn announce(&mut self, index: usize, label: Label, sink: &mut dyn RecordSink) -> u32 {
        let number = self.labels.len() as u32;
        sink.label(&label);
        self.numbers.insert(label.clone(), (number, index));
        self.labels.push(label);
        number
    }

    /// A label like this one that no segment has.
    fn free(&mut self, label: &Label) -> Label {
        match label {
            Label::Number(_) => {
                while self.numbers.contains_key(&Label::Number(self.free_label)) {
                    self.free_label += 1;
                }
                Label::Number(self.free_label)
            }
            Label::Name(name) => {
                let names = (2_u64..).map(|count| Label::Name(format!("{name}-{count}")));
                names.into_iter().find(|name| !self.numbers.contains_key(name)).unwrap_or_else(|| label.clone())
            }
        }
    }

    /// The id in the merged trace of a process of one trace.
    #[inline]
    pub fn process(&mut self, index: usize, process: u64) -> u64 {
        let processes = &mut self.processes[index];
        if let Some((last, merged)) = processes.last
            && last == process
        {
            return merged;
        }
        let known = processes.known.get(&process).copied();
        let merged = known.unwrap_or_else(|| self.new_process(index, process));
        self.processes[index].last = Some((process, merged));
        merged
    }

    fn new_process(&mut self, index: usize, process: u64) -> u64 {
        let mut merged = process;
        match self.owners.get(&process).copied() {
            None => {}
            Some(owner) if self.distinct => {
                merged = self.free_process();
                self.note(format!(
                    "process {process} of {} is not that of {} and is called {merged}",
                    self.files[index], self.files[owner]
                ));
            }
            // Event scripts have no process where segments are created: it is read as 0.
            Some(_) if process == 0 => {}
            Some(owner) => self.note(format!(
                "process {process} of {} is taken to be that of {}; --distinct keeps them apart",
                self.files[index], self.files[owner]
            )),
        }
        self.owners.entry(merged).or_insert(index);
        self.processes[index].known.insert(process, merged);
        merged
    }

    fn free_process(&mut self) -> u64 {
        while self.owners.contains_key(&self.free_process) {
            self.free_process += 1;
        }
        self.free_process
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < NOTES { self.notes.push(note) } else { self.unsaid += 1 }
    }
}
