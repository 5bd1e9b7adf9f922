//! Gathers the samples of a trace while it is resolved: which pages are in which, and their references.

use super::{SAMPLES, SampleOptions};
use crate::available_memory::{Room, Shortage};
use crate::ids::{PageId, SegmentNumber};
use crate::packing::ReferenceBuilder;
use crate::program::{Change, Control, Counts, Reference};

/// One sample as it grows.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Its references, to pages numbered in order of their appearance in the trace.
    pub references: ReferenceBuilder,
    /// All changes of the trace, each at its place among the sample's references.
    pub changes: Vec<Change>,
    /// How many of the references read and write.
    pub counts: Counts,
}

/// All samples as they grow.
#[derive(Debug)]
pub(crate) struct Sampler {
    options: SampleOptions,
    /// For each page by its number in order of appearance: bit n is whether it is in sample n.
    members: Vec<u8>,
    pub drafts: Vec<Draft>,
}

impl Sampler {
    /// Samples with nothing in them.
    pub fn new(options: SampleOptions, room: Room) -> Self {
        let draft =
            || Draft { references: ReferenceBuilder::new(room), changes: Vec::new(), counts: Counts::default() };
        Self { options, members: Vec::new(), drafts: (0..SAMPLES).map(|_| draft()).collect() }
    }

    /// How the samples are taken.
    pub fn options(&self) -> SampleOptions {
        self.options
    }

    /// Whether a page, by its number in order of appearance, is in a sample.
    pub fn has(&self, sample: usize, page: u32) -> bool {
        self.members[page as usize] >> sample & 1 != 0
    }

    /// Decides about a page that is referenced, unless that was done before. Pages come in order of appearance.
    #[inline]
    pub fn meet(&mut self, page: PageId, segment: SegmentNumber, index: u64) {
        if page.index() == self.members.len() {
            let SampleOptions { rate, seed } = self.options;
            let bits = (0..SAMPLES).map(|sample| u8::from(rate.takes(seed, sample as u64, segment, index)) << sample);
            self.members.push(bits.fold(0, |all, bit| all | bit));
        }
    }

    /// Adds a reference to the samples that have its page.
    ///
    /// # Errors
    /// When there is no room for it.
    #[inline]
    pub fn push(&mut self, reference: Reference) -> Result<(), Shortage> {
        let mut members = self.members[reference.page.index()];
        while members != 0 {
            let draft = &mut self.drafts[members.trailing_zeros() as usize];
            draft.references.push(reference)?;
            draft.counts.writes += u64::from(reference.write);
            draft.counts.reads += u64::from(!reference.write);
            members &= members - 1;
        }
        Ok(())
    }

    /// Adds a change to every sample.
    pub fn change(&mut self, control: Control) {
        for draft in &mut self.drafts {
            draft.changes.push(Change { before: draft.references.len(), control });
        }
    }
}
