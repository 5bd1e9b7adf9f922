//! The segment table: which slot a segment has, who has it attached, whether it is locked or about to go (R1 to R3, R38
//! to R46).
//!
//! Only the life of segments is kept here. Pages, entries and frames are not: the same table serves the resolver, which
//! needs to know what is possible, and the kernel, which does it. What happens to pages follows from what the methods
//! return. Nothing here depends on the policy or on the memory size.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use crate::ids::{Column, ProcessNumber, SegmentNumber};

/// One process's mapping of a segment (`vm_area_struct`, R3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The process.
    pub process: ProcessNumber,
    /// The bit that stands for it in the masks of the segment's pages.
    pub column: Column,
}

/// A segment descriptor (`shmid_ds`, R2) without its pages.
#[derive(Clone, Debug, Default)]
pub struct Descriptor {
    /// Its place in the table (the kernel's shm id without the sequence number); none before it is created and after it
    /// is destroyed.
    pub slot: Option<u32>,
    /// `SHM_LOCKED`: the scan passes it over.
    pub locked: bool,
    /// `SHM_DEST`: destroyed when the last attachment ends.
    pub destroy: bool,
    /// The attachments in attach order, the oldest first (R3).
    pub attachments: Vec<Attachment>,
    /// Columns that are in use, as a bitmap.
    columns: Vec<u64>,
}

impl Descriptor {
    /// Takes the lowest free column.
    fn take_column(&mut self) -> Column {
        let word = self.columns.iter().position(|&used| used != u64::MAX).unwrap_or_else(|| {
            self.columns.push(0);
            self.columns.len() - 1
        });
        let bit = self.columns[word].trailing_ones();
        self.columns[word] |= 1 << bit;
        Column::from_index(word * 64 + bit as usize)
    }

    fn free_column(&mut self, column: Column) {
        self.columns[column.index() / 64] &= !(1 << (column.index() % 64));
    }

    /// The attachment through which a process refers to the segment: its oldest one.
    pub fn oldest_of(&self, process: ProcessNumber) -> Option<Attachment> {
        self.attachments.iter().copied().find(|attachment| attachment.process == process)
    }
}

/// An attachment that ended, and whether its segment went with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detached {
    /// The segment.
    pub segment: SegmentNumber,
    /// The column that it had; free from now on.
    pub column: Column,
    /// Whether that was the last attachment of a segment marked for destruction (R40).
    pub destroyed: bool,
}

/// An attachment that a fork copied (R44).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inherited {
    /// The segment.
    pub segment: SegmentNumber,
    /// The column of the parent's attachment.
    pub parent: Column,
    /// The column of the child's.
    pub child: Column,
}

/// The table of segments (`shm_segs`).
#[derive(Clone, Debug, Default)]
pub struct SegmentTable {
    slots: Vec<Option<SegmentNumber>>,
    unused: BinaryHeap<Reverse<u32>>,
    max_shmid: u32,
    in_use: u32,
    /// Living segments that are locked.
    locked: u32,
    /// Changes of which segment is where, or locked.
    version: u64,
    descriptors: Vec<Descriptor>,
    /// The segments that each process has attached, in attach order, once for each attachment.
    attached: Vec<Vec<SegmentNumber>>,
}

impl SegmentTable {
    /// The segment in a slot of the table, or none where the slot is unused or past the end (R30).
    #[inline]
    pub fn at(&self, slot: u32) -> Option<SegmentNumber> {
        self.slots.get(slot as usize).copied().flatten()
    }

    /// The highest slot in use, 0 when none are (R1).
    #[inline]
    pub fn max_shmid(&self) -> u32 {
        self.max_shmid
    }

    /// Slots in use.
    pub fn in_use(&self) -> u32 {
        self.in_use
    }

    /// Another number whenever a segment is created, destroyed, locked or unlocked.
    #[inline(always)]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Living segments that are locked.
    #[inline]
    pub fn locked(&self) -> u32 {
        self.locked
    }

    /// The descriptor of a segment that was created, whether it still exists or not.
    ///
    /// # Panics
    /// When the segment was not created yet.
    #[inline]
    pub fn descriptor(&self, segment: SegmentNumber) -> &Descriptor {
        &self.descriptors[segment.index()]
    }

    /// The descriptor of a segment; none where it was not created yet.
    pub fn descriptor_if_known(&self, segment: SegmentNumber) -> Option<&Descriptor> {
        self.descriptors.get(segment.index())
    }

    /// Whether the segment exists at present.
    pub fn alive(&self, segment: SegmentNumber) -> bool {
        self.descriptors.get(segment.index()).is_some_and(|descriptor| descriptor.slot.is_some())
    }

    /// The segments that a process has attached, in attach order, once for each attachment.
    pub fn attached_by(&self, process: ProcessNumber) -> &[SegmentNumber] {
        self.attached.get(process.index()).map_or(&[], Vec::as_slice)
    }

    /// Creates a segment in the lowest unused slot (R38) and returns the slot.
    pub fn create(&mut self, segment: SegmentNumber, locked: bool) -> u32 {
        self.version += 1;
        let slot = self.unused.pop().map_or(self.slots.len() as u32, |Reverse(slot)| slot);
        if slot as usize == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[slot as usize] = Some(segment);
        self.max_shmid = self.max_shmid.max(slot);
        self.in_use += 1;
        self.locked += u32::from(locked);
        if self.descriptors.len() <= segment.index() {
            self.descriptors.resize_with(segment.index() + 1, Descriptor::default);
        }
        self.descriptors[segment.index()] = Descriptor { slot: Some(slot), locked, ..Descriptor::default() };
        slot
    }

    /// Attaches a segment to a process, behind all other attachments of it (R3, R39). A segment marked for destruction
    /// but still alive can be attached.
    ///
    /// # Panics
    /// When the segment is not alive.
    pub fn attach(&mut self, process: ProcessNumber, segment: SegmentNumber) -> Column {
        let descriptor = &mut self.descriptors[segment.index()];
        assert!(descriptor.slot.is_some(), "attach of a segment that does not exist");
        let column = descriptor.take_column();
        descriptor.attachments.push(Attachment { process, column });
        self.attached_mut(process).push(segment);
        column
    }

    /// Ends the youngest attachment of a segment by a process (R40); none where it has none.
    pub fn detach(&mut self, process: ProcessNumber, segment: SegmentNumber) -> Option<Detached> {
        let attached = self.attached.get_mut(process.index())?;
        let place = attached.iter().rposition(|&other| other == segment)?;
        attached.remove(place);
        Some(self.end_attachment(process, segment))
    }

    /// Ends all attachments of a process (R43), the oldest first.
    pub fn exit(&mut self, process: ProcessNumber) -> Vec<Detached> {
        let segments = self.attached.get_mut(process.index()).map(std::mem::take).unwrap_or_default();
        segments.into_iter().map(|segment| self.end_attachment(process, segment)).collect()
    }

    /// Gives a child a copy of each of its parent's attachments (R44).
    ///
    /// # Panics
    /// Never: each attachment stands in the lists of its process and of its segment.
    pub fn fork(&mut self, parent: ProcessNumber, child: ProcessNumber) -> Vec<Inherited> {
        let segments = self.attached_by(parent).to_vec();
        // A segment that the parent has attached several times comes several times: each time its next attachment.
        let mut columns: FxHashMap<SegmentNumber, std::vec::IntoIter<Column>> = FxHashMap::default();
        let mut copied: Vec<Inherited> = Vec::with_capacity(segments.len());
        for segment in segments {
            let of_parent = columns.entry(segment).or_insert_with(|| {
                let attachments = self.descriptors[segment.index()].attachments.iter();
                let of_parent = attachments.filter(|attachment| attachment.process == parent);
                of_parent.map(|attachment| attachment.column).collect::<Vec<_>>().into_iter()
            });
            let parent = of_parent.next().expect("one attachment for each entry of the process's list");
            copied.push(Inherited { segment, parent, child: self.attach(child, segment) });
        }
        copied
    }

    /// Marks a segment for destruction (R41); true when it is destroyed at once because nobody has it attached.
    pub fn remove(&mut self, segment: SegmentNumber) -> bool {
        let descriptor = &mut self.descriptors[segment.index()];
        descriptor.destroy = true;
        let destroyed = descriptor.attachments.is_empty();
        if destroyed {
            self.destroy(segment);
        }
        destroyed
    }

    /// Sets or clears the lock of a segment (R45); false, and nothing done, where it was so already.
    pub fn set_locked(&mut self, segment: SegmentNumber, locked: bool) -> bool {
        self.version += 1;
        let descriptor = &mut self.descriptors[segment.index()];
        let changed = std::mem::replace(&mut descriptor.locked, locked) != locked;
        match (changed && descriptor.slot.is_some(), locked) {
            (true, true) => self.locked += 1,
            (true, false) => self.locked -= 1,
            (false, _) => {}
        }
        changed
    }

    fn attached_mut(&mut self, process: ProcessNumber) -> &mut Vec<SegmentNumber> {
        if self.attached.len() <= process.index() {
            self.attached.resize_with(process.index() + 1, Vec::new);
        }
        &mut self.attached[process.index()]
    }

    fn end_attachment(&mut self, process: ProcessNumber, segment: SegmentNumber) -> Detached {
        let descriptor = &mut self.descriptors[segment.index()];
        let place = descriptor.attachments.iter().rposition(|attachment| attachment.process == process);
        let ended = descriptor.attachments.remove(place.expect("an attachment for each entry of the process's list"));
        descriptor.free_column(ended.column);
        let destroyed = descriptor.destroy && descriptor.attachments.is_empty();
        if destroyed {
            self.destroy(segment);
        }
        Detached { segment, column: ended.column, destroyed }
    }

    /// Frees the slot of a segment (R42).
    fn destroy(&mut self, segment: SegmentNumber) {
        self.version += 1;
        let descriptor = &mut self.descriptors[segment.index()];
        let slot = descriptor.slot.take().expect("a segment is destroyed once");
        self.locked -= u32::from(descriptor.locked);
        self.slots[slot as usize] = None;
        self.unused.push(Reverse(slot));
        self.in_use -= 1;
        while self.max_shmid > 0 && self.slots[self.max_shmid as usize].is_none() {
            self.max_shmid -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(number: u32) -> SegmentNumber {
        SegmentNumber::new(number)
    }

    fn process(number: u32) -> ProcessNumber {
        ProcessNumber::new(number)
    }

    #[test]
    fn the_lowest_unused_slot_is_used_again_and_max_shmid_falls_to_the_next_used_one() {
        let mut table = SegmentTable::default();
        assert_eq!((0..4).map(|number| table.create(segment(number), false)).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert!(table.remove(segment(2)));
        assert!(table.remove(segment(3)));
        assert_eq!(table.max_shmid(), 1);
        assert!(table.remove(segment(0)));
        assert_eq!(table.max_shmid(), 1);
        assert_eq!(table.create(segment(4), false), 0);
        assert_eq!(table.create(segment(5), false), 2);
        assert_eq!(table.max_shmid(), 2);
        assert_eq!(table.in_use(), 3);
    }

    #[test]
    fn a_segment_marked_for_destruction_goes_with_its_last_attachment() {
        let mut table = SegmentTable::default();
        table.create(segment(0), false);
        table.attach(process(1), segment(0));
        assert!(!table.remove(segment(0)));
        assert_eq!(table.attach(process(2), segment(0)).get(), 1);
        assert!(!table.detach(process(1), segment(0)).unwrap().destroyed);
        assert!(table.alive(segment(0)));
        assert!(table.exit(process(2))[0].destroyed);
        assert!(!table.alive(segment(0)));
    }

    #[test]
    fn detach_ends_the_youngest_of_several_attachments_and_references_go_to_the_oldest() {
        let mut table = SegmentTable::default();
        table.create(segment(0), false);
        let oldest = table.attach(process(1), segment(0));
        let youngest = table.attach(process(1), segment(0));
        assert_eq!(table.descriptor(segment(0)).oldest_of(process(1)).unwrap().column, oldest);
        assert_eq!(table.detach(process(1), segment(0)).unwrap().column, youngest);
        assert_eq!(table.detach(process(1), segment(0)).unwrap().column, oldest);
        assert_eq!(table.detach(process(1), segment(0)), None);
    }

    #[test]
    fn a_child_gets_one_attachment_for_each_of_its_parents_at_the_tail() {
        let mut table = SegmentTable::default();
        table.create(segment(0), false);
        let first = table.attach(process(1), segment(0));
        table.attach(process(2), segment(0));
        let second = table.attach(process(1), segment(0));
        let inherited = table.fork(process(1), process(3));
        assert_eq!(inherited.iter().map(|copy| copy.parent).collect::<Vec<_>>(), [first, second]);
        let order: Vec<u32> = table.descriptor(segment(0)).attachments.iter().map(|a| a.process.get()).collect();
        assert_eq!(order, [1, 2, 1, 3, 3]);
    }
}
