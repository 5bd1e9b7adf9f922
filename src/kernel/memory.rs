//! What a policy may see of the model, and the one thing that it may do to it: clear accessed bits.
//!
//! Everything a kernel of that time could know is here; what a process refers to and when is not.

use super::Kernel;
use super::known::{Known, Model};
use super::page_tables::{Entries, with_entries};
use crate::ids::{PageId, SegmentNumber};
use crate::program::Segment;

/// The model as a policy sees it.
#[derive(Debug)]
pub struct Memory<'k> {
    kernel: &'k mut Kernel,
    wanted: Option<PageId>,
    /// Pages that the scan may still try.
    budget: u64,
    /// What is known of the kernel; compiled in, where a scan is.
    model: Model,
}

impl<'k> Memory<'k> {
    /// A view for a reclaim on behalf of a page that is to come in, or of nobody (a background reclaim).
    #[inline(always)]
    pub fn new(kernel: &'k mut Kernel, wanted: Option<PageId>) -> Self {
        Self { kernel, wanted, budget: 0, model: Model::Any }
    }

    /// A view for a scan that may try so many pages (R24).
    #[inline(always)]
    pub(crate) fn of_scan<K: Known>(kernel: &'k mut Kernel, wanted: Option<PageId>, budget: u64) -> Self {
        Self { kernel, wanted, budget, model: K::MODEL }
    }

    /// Pages that the scan may still try.
    #[inline(always)]
    pub(crate) fn budget_left(&self) -> u64 {
        self.budget
    }

    /// The page for which a frame is needed; none when the reclaim is not on behalf of a fault.
    pub fn wanted(&self) -> Option<PageId> {
        self.wanted
    }

    /// Frames of memory.
    #[inline]
    pub fn frames(&self) -> u64 {
        self.kernel.frames()
    }

    /// Resident pages of all segments, locked or not (`shm_rss`).
    #[inline]
    pub fn shm_rss(&self) -> u64 {
        self.kernel.shm_rss()
    }

    /// The references replayed so far: the virtual time of policies that sample.
    #[inline]
    pub fn now(&self) -> u64 {
        self.kernel.now()
    }

    /// Whether a page is in a frame.
    #[inline(always)]
    pub fn is_resident(&self, page: PageId) -> bool {
        self.kernel.is_resident(page)
    }

    /// A page will be asked for soon: what is known of it is called from memory meanwhile.
    #[inline(always)]
    pub fn prefetch(&self, page: PageId) {
        with_entries!(&self.kernel.tables, entries => entries.prefetch(page));
    }

    /// Whether a page belongs to a locked segment; it is no candidate then.
    #[inline(always)]
    pub fn is_locked(&self, page: PageId) -> bool {
        self.model == Model::Any && self.kernel.is_locked(page)
    }

    /// Whether any segment is locked.
    #[inline(always)]
    pub fn is_any_locked(&self) -> bool {
        self.model == Model::Any && self.kernel.table.locked() > 0
    }

    /// Whether a page was written since it last came in (the dirty bit).
    #[inline]
    pub fn is_dirty(&self, page: PageId) -> bool {
        self.kernel.written(page)
    }

    /// Whether a page is young in any sharer's page table.
    #[inline]
    pub fn is_accessed(&self, page: PageId) -> bool {
        with_entries!(&self.kernel.tables, entries => entries.is_accessed(page))
    }

    /// Examines a page: whether it is young in any sharer's page table; it is old in all of them afterwards. Counted as an
    /// attempt, as the kernel's own look at a page is (R24).
    #[inline]
    pub fn test_and_clear_accessed(&mut self, page: PageId) -> bool {
        self.kernel.counters.swap_attempts += 1;
        self.clear_accessed(page)
    }

    /// As [`Memory::test_and_clear_accessed`] for every page in memory, which `resident` are, in any order; tells of those that were
    /// young. No segment is locked.
    pub fn test_and_clear_all(&mut self, resident: impl Iterator<Item = PageId>, young: impl FnMut(PageId)) {
        debug_assert!(!self.is_any_locked(), "pages of locked segments are no candidates");
        self.kernel.counters.swap_attempts += self.kernel.shm_rss;
        self.sample_all(resident, young);
    }

    /// Examines a page in search of a victim: true where it is young in some sharer's page table; that is counted as an
    /// attempt, and it is old in all of them afterwards. What is old already may be named as the victim, which counts it.
    #[inline(always)]
    pub fn passed_over(&mut self, page: PageId) -> bool {
        let accessed = self.clear_accessed(page);
        self.kernel.counters.swap_attempts += u64::from(accessed);
        accessed
    }

    /// As [`Memory::passed_over`] for pages in their order, up to one that is old; how many were passed over.
    #[inline(always)]
    pub fn pass_over(&mut self, pages: &[PageId]) -> usize {
        self.kernel.pass_over(pages, self.model)
    }

    /// Gives the resident pages from one on their second chance, up to the first that is old: those are tried and stay, each
    /// on the scan's budget (R24, R25). The old one, and it again as what is to be tried next by
    /// [`Pick::IfOld`](super::Pick::IfOld). Without one, the page behind the last of them: those from there and before `end` are
    /// still to be tried. It may stop anywhere, and only speed depends on where.
    #[inline(always)]
    pub fn pass_young(&mut self, from: PageId, end: PageId) -> (PageId, Option<PageId>) {
        let chances = self.kernel.pass_young(from, end, self.budget);
        self.budget -= chances.passed;
        (chances.next, chances.is_old.then_some(chances.next))
    }

    /// Counts a page that a policy examines by a counter of its own and not by its accessed bits, as an attempt.
    #[inline]
    pub fn count_examined(&mut self) {
        self.kernel.counters.swap_attempts += 1;
    }

    /// As [`Memory::test_and_clear_accessed`], for a policy that samples the bits at fixed times and not in search of a
    /// victim: not counted as an attempt.
    #[inline]
    pub fn sample_accessed(&mut self, page: PageId) -> bool {
        self.clear_accessed(page)
    }

    /// As [`Memory::sample_accessed`] for every page in memory, which `resident` are, in any order; tells of those that were young.
    pub fn sample_all(&mut self, resident: impl Iterator<Item = PageId>, young: impl FnMut(PageId)) {
        self.kernel.clear_all_accessed(resident, young);
    }

    /// The segment in a slot of the segment table, none where the slot is unused or past the end.
    #[inline]
    pub fn segment_at(&self, slot: u32) -> Option<SegmentNumber> {
        self.kernel.table.at(slot)
    }

    /// The highest slot in use, 0 when none are.
    #[inline]
    pub fn max_shmid(&self) -> u32 {
        self.kernel.table.max_shmid()
    }

    /// Another number whenever a segment is created, destroyed, locked or unlocked.
    #[inline(always)]
    pub fn segments_version(&self) -> u64 {
        self.kernel.table.version()
    }

    /// Whether a segment is locked.
    #[inline]
    pub fn is_segment_locked(&self, segment: SegmentNumber) -> bool {
        self.kernel.table.descriptor(segment).locked
    }

    /// A segment: its size and the numbers of its pages.
    #[inline]
    pub fn segment(&self, segment: SegmentNumber) -> &Segment {
        &self.kernel.program.segments[segment.index()]
    }

    /// The segment of a page.
    #[inline]
    pub fn segment_of(&self, page: PageId) -> SegmentNumber {
        self.kernel.segment_of(page)
    }

    /// The first resident page at or after `from` and before `end`.
    #[inline(always)]
    pub fn next_resident(&mut self, from: PageId, end: PageId) -> Option<PageId> {
        self.kernel.next_resident(from, end)
    }

    #[inline(always)]
    fn clear_accessed(&mut self, page: PageId) -> bool {
        let cleared = with_entries!(&mut self.kernel.tables, entries => entries.clear_accessed(page));
        self.kernel.counters.young_cleared += u64::from(cleared);
        if cleared > 0 {
            self.kernel.made_old(page);
        }
        cleared > 0
    }
}
