//! The segments that the trace names: their label numbers, what is known of their sizes, and whether they exist.
//!
//! Which addresses they are mapped at is not known here.

use rustc_hash::FxHashMap;

use crate::trace::reading::Reading;
use crate::trace::{Label, Record};

/// Bytes that the kernel maps at least: mappings end at a multiple of it.
const KERNEL_PAGE: u64 = 4096;

/// Whether a segment exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Life {
    #[default]
    Absent,
    Alive,
    /// It is marked for destruction: gone with its last attachment.
    Removed,
}

/// What is known of a segment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Segment {
    pub life: Life,
    /// Mappings of it, over all processes.
    pub attachments: u64,
    /// Its bytes; none where nobody has told them. Known beyond its end, for the next of its name.
    pub bytes: Option<u64>,
    /// Whether the sink knows its size for good; else the sink is told with each attachment.
    pub is_sized: bool,
    /// Whether it was ever mapped without knowing how far; its size can't be told then.
    pub is_unbounded: bool,
}

impl Segment {
    /// It comes into being. `page` is what the record of that says.
    pub fn create(&mut self, is_sized: bool, page_size: u64) -> u64 {
        let is_sized = is_sized && self.bytes.is_some();
        *self = Self { life: Life::Alive, is_sized, bytes: self.bytes, ..Self::default() };
        if self.is_sized { self.pages(page_size).unwrap_or(Record::UNKNOWN_SIZE) } else { Record::UNKNOWN_SIZE }
    }

    /// Somebody says how large it is. What was told to the sink for good stays.
    pub fn tell(&mut self, bytes: u64) {
        if !(self.exists() && self.is_sized) {
            self.bytes = Some(self.bytes.map_or(bytes, |known| known.max(bytes)));
        }
    }

    /// What the record of an attachment says of the size: 0 where it is not known.
    pub fn told_pages(&self, page_size: u64) -> u64 {
        if self.is_unbounded { 0 } else { self.pages(page_size).unwrap_or(0) }
    }

    /// How many bytes a mapping from `offset` on has; none where that is not known.
    pub fn mapped(&self, offset: u64, asked: Option<u64>) -> Option<u64> {
        let left = self.bytes.map(|bytes| rounded(bytes).saturating_sub(offset));
        match (asked, left) {
            (Some(asked), Some(left)) if self.is_sized => Some(asked.min(left)),
            (asked, left) => asked.or(left),
        }
    }

    /// A mapping of it ended.
    pub fn detach(&mut self) {
        self.attachments = self.attachments.saturating_sub(1);
        if self.life == Life::Removed && self.attachments == 0 {
            self.life = Life::Absent;
        }
    }

    /// It is to be destroyed.
    pub fn remove(&mut self) {
        self.life = if self.attachments > 0 { Life::Removed } else { Life::Absent };
    }

    /// Whether it exists, marked or not.
    pub fn exists(&self) -> bool {
        self.life != Life::Absent
    }

    fn pages(&self, page_size: u64) -> Option<u64> {
        // Rounded up to whole pages of the kernel first: references to the rest of such a page are legal.
        self.bytes.map(|bytes| rounded(bytes).div_ceil(page_size).max(1))
    }
}

/// Up to a whole page of the kernel, as far as the numbers go.
fn rounded(bytes: u64) -> u64 {
    bytes.checked_next_multiple_of(KERNEL_PAGE).unwrap_or(bytes)
}

/// All segments that the trace names.
#[derive(Debug, Default)]
pub(super) struct Segments {
    numbers: FxHashMap<Label, u32>,
    labels: Vec<Label>,
    all: Vec<Segment>,
    /// Whether the sink takes labels by now.
    is_announced: bool,
}

impl Segments {
    /// The sink has the settings and takes labels from now on.
    pub fn announce(&mut self, reading: &mut Reading<'_>) {
        self.is_announced = true;
        self.labels.iter().for_each(|label| reading.label(label));
    }

    /// The number of a label that is known.
    pub fn find(&self, label: &Label) -> Option<u32> {
        self.numbers.get(label).copied()
    }

    /// The number of a label, which is a new one if it was not known.
    pub fn number(&mut self, reading: &mut Reading<'_>, label: &Label) -> u32 {
        if let Some(&known) = self.numbers.get(label) {
            return known;
        }
        let next = self.labels.len() as u32;
        self.numbers.insert(label.clone(), next);
        self.labels.push(label.clone());
        self.all.push(Segment::default());
        if self.is_announced {
            reading.label(label);
        }
        next
    }

    /// The label of a number.
    pub fn label(&self, number: u32) -> &Label {
        &self.labels[number as usize]
    }

    /// What is known of a segment.
    pub fn get(&mut self, number: u32) -> &mut Segment {
        &mut self.all[number as usize]
    }
}
