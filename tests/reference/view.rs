//! What can be asked of the machine: accessors, the whole state as one text, and a recount of everything.

use std::fmt::Write as _;

use super::model::{Counters, Entry, Reference, Segment, Word};
use super::swap::SwapEntry;

/// The state of a page, as the word of the segment's list says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageState {
    /// Never touched.
    Zero,
    /// In memory.
    Resident {
        /// Use count of its frame (R5): 1 and the present entries.
        count: usize,
    },
    /// In swap.
    Swapped(SwapEntry),
}

/// A page and the entries of all attachments for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageView {
    /// Where it is.
    pub state: PageState,
    /// The page table entries, one an attachment, in the order of the segment's list.
    pub entries: Vec<Entry>,
}

/// A living segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentView {
    /// Its name.
    pub name: String,
    /// Its slot in the table.
    pub id: usize,
    /// Whether it is locked.
    pub locked: bool,
    /// Whether it goes with its last attachment.
    pub dest: bool,
    /// The process of each attachment, in the order of the segment's list.
    pub attaches: Vec<u64>,
    /// Its pages.
    pub pages: Vec<PageView>,
}

/// Accessors.
impl Reference {
    /// The living segment of this name.
    pub fn segment_named(&self, name: &str) -> Option<SegmentView> {
        self.find(name).map(|id| self.view(id))
    }

    /// All living segments by slot, the lowest first.
    pub fn segments(&self) -> Vec<SegmentView> {
        (0..self.shm_segs.len()).filter(|&id| self.shm_segs[id].is_some()).map(|id| self.view(id)).collect()
    }

    /// The segment in a slot in use.
    fn view(&self, id: usize) -> SegmentView {
        let shp = self.shm_segs[id].as_ref().expect("the slot is in use");
        SegmentView {
            name: shp.name.clone(),
            id,
            locked: shp.locked,
            dest: shp.dest,
            attaches: shp.attaches.iter().map(|number| self.vmas[number].vm_mm).collect(),
            pages: (0..shp.shm_pages.len()).map(|idx| self.page_view(shp, idx)).collect(),
        }
    }

    /// One page of it.
    fn page_view(&self, shp: &Segment, idx: usize) -> PageView {
        let state = match shp.shm_pages[idx] {
            Word::Zero => PageState::Zero,
            Word::Present(frame) => PageState::Resident { count: self.mem_map[frame] },
            Word::Swapped(slot) => PageState::Swapped(slot),
        };
        PageView { state, entries: shp.attaches.iter().map(|number| self.vmas[number].entries[idx]).collect() }
    }

    /// Pages in memory, of all segments.
    pub fn shm_rss(&self) -> usize {
        self.shm_rss
    }

    /// Pages in swap, of all segments.
    pub fn shm_swp(&self) -> usize {
        self.shm_swp
    }

    /// Pages of all segments.
    pub fn shm_tot(&self) -> usize {
        self.shm_tot
    }

    /// The highest slot in use, 0 when none are.
    pub fn max_shmid(&self) -> usize {
        self.max_shmid
    }

    /// The hand: segment slot and next page index.
    pub fn hand(&self) -> (usize, usize) {
        (self.swap_id, self.swap_idx)
    }

    /// Pages that scans met.
    pub fn swap_attempts(&self) -> usize {
        self.swap_attempts
    }

    /// Pages that scans evicted.
    pub fn swap_successes(&self) -> usize {
        self.swap_successes
    }

    /// What has been counted.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Frames of memory.
    pub fn frames(&self) -> usize {
        self.mem_map.len()
    }

    /// How many swap areas there are.
    pub fn swap_areas(&self) -> usize {
        self.swap.areas()
    }

    /// The used slots of a swap area, ascending.
    pub fn slots_used(&self, area: usize) -> Vec<usize> {
        self.swap.used(area)
    }

    /// The processes with an attachment, ascending, each with its present entries.
    pub fn processes(&self) -> Vec<(u64, usize)> {
        self.mms.iter().filter(|(_, mm)| !mm.mmap.is_empty()).map(|(&pid, mm)| (pid, mm.rss)).collect()
    }
}

/// The whole state as one text.
impl Reference {
    /// The state of the machine as a canonical text, for comparison with another implementation.
    ///
    /// Lines end with `\n`, words are separated by one space, numbers are decimal, flags are 0 or 1. An empty list is
    /// `-`. There is nothing else in it. In this order:
    ///
    /// ```text
    /// frames <F> free=<frames without a user>
    /// shm rss=<shm_rss> swp=<shm_swp> tot=<shm_tot> max=<max_shmid> attempts=<swap_attempts> successes=<swap_successes>
    /// hand <swap_id>:<swap_idx>
    /// counts zero=<> minor=<> swapin=<> out=<> ptes=<> cleared=<> wasted=<> failed=<> dirty=<>
    /// ```
    ///
    /// then for each living segment, by slot, the lowest first (DEST segments that are still attached live):
    ///
    /// ```text
    /// segment <slot> <name> pages=<n> locked=<0|1> dest=<0|1> attaches=<pid>,<pid>,...
    /// ```
    ///
    /// with one process id an attachment, in the order of the segment's list (the oldest first), and under it one line
    /// for each of its pages, the lowest first, with two leading spaces:
    ///
    /// ```text
    ///   <index> zero <entries>
    ///   <index> resident:<use count> <entries>
    ///   <index> swapped:<area>:<slot> <entries>
    /// ```
    ///
    /// where `<entries>` is one letter an attachment in the order of the list: `.` not present (signature), `o` present
    /// and old, `y` present and young; `-` for a segment without attachments. Then for each process that has an
    /// attachment, by process id, the lowest first, its present entries:
    ///
    /// ```text
    /// process <pid> rss=<n>
    /// ```
    ///
    /// and for each swap area in order of swapon, from 0, its usable slots, its priority and the used slots ascending:
    ///
    /// ```text
    /// area <number> slots=<n> prio=<p> used=<slot>,<slot>,...
    /// ```
    pub fn dump(&self) -> String {
        let mut text = String::new();
        self.dump_globals(&mut text).expect("a string takes any text");
        for segment in self.segments() {
            dump_segment(&mut text, &segment).expect("a string takes any text");
        }
        self.dump_rest(&mut text).expect("a string takes any text");
        text
    }

    /// The lines before the segments.
    fn dump_globals(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "frames {} free={}", self.frames(), self.frames_free())?;
        writeln!(
            text,
            "shm rss={} swp={} tot={} max={} attempts={} successes={}",
            self.shm_rss, self.shm_swp, self.shm_tot, self.max_shmid, self.swap_attempts, self.swap_successes
        )?;
        writeln!(text, "hand {}:{}", self.swap_id, self.swap_idx)?;
        let Counters { zero, minor, swapin, oom: _, out, ptes, cleared, wasted, failed, dirty } = self.counters;
        writeln!(
            text,
            "counts zero={zero} minor={minor} swapin={swapin} out={out} ptes={ptes} cleared={cleared} wasted={wasted} \
             failed={failed} dirty={dirty}"
        )
    }

    /// The lines after the segments.
    fn dump_rest(&self, text: &mut String) -> std::fmt::Result {
        for (pid, rss) in self.processes() {
            writeln!(text, "process {pid} rss={rss}")?;
        }
        for area in 0..self.swap.areas() {
            let used = list(&self.swap.used(area));
            writeln!(
                text,
                "area {area} slots={} prio={} used={used}",
                self.swap.slots(area),
                self.swap.priority(area)
            )?;
        }
        Ok(())
    }
}

/// A segment and its pages.
fn dump_segment(text: &mut String, segment: &SegmentView) -> std::fmt::Result {
    writeln!(
        text,
        "segment {} {} pages={} locked={} dest={} attaches={}",
        segment.id,
        segment.name,
        segment.pages.len(),
        u8::from(segment.locked),
        u8::from(segment.dest),
        list(&segment.attaches)
    )?;
    for (idx, page) in segment.pages.iter().enumerate() {
        match page.state {
            PageState::Zero => write!(text, "  {idx} zero ")?,
            PageState::Resident { count } => write!(text, "  {idx} resident:{count} ")?,
            PageState::Swapped(slot) => write!(text, "  {idx} swapped:{}:{} ", slot.area, slot.slot)?,
        }
        let letters: String = page.entries.iter().map(|entry| letter(*entry)).collect();
        writeln!(text, "{}", if letters.is_empty() { "-" } else { &letters })?;
    }
    Ok(())
}

/// The letter of an entry.
fn letter(entry: Entry) -> char {
    match entry {
        Entry::Signature(..) => '.',
        Entry::Old => 'o',
        Entry::Young => 'y',
    }
}

/// Numbers with commas between them, `-` for none.
fn list<T: ToString>(numbers: &[T]) -> String {
    if numbers.is_empty() {
        return "-".to_string();
    }
    numbers.iter().map(T::to_string).collect::<Vec<_>>().join(",")
}

/// A recount of everything.
impl Reference {
    /// Recounts from the tables all that is kept in counts.
    ///
    /// # Panics
    /// When a count is not what the tables say.
    pub fn check(&self) {
        self.check_pages();
        self.check_segments();
        self.check_processes();
        self.check_counters();
        self.swap.check();
    }

    /// Frames and slots: each has the users that the tables say, and no page has both.
    fn check_pages(&self) {
        let mut counts = vec![0; self.mem_map.len()];
        let mut slots = Vec::new();
        for (id, shp) in self.living() {
            for (idx, word) in shp.shm_pages.iter().enumerate() {
                let present = shp.attaches.iter().filter(|number| self.vmas[number].entries[idx].present()).count();
                match *word {
                    Word::Present(frame) => {
                        assert_eq!(counts[frame], 0, "frame {frame} of page {id}:{idx} belongs to another page too");
                        counts[frame] = 1 + present;
                    }
                    Word::Swapped(slot) => slots.push(slot),
                    Word::Zero => {}
                }
                if !matches!(word, Word::Present(_)) {
                    assert_eq!(present, 0, "page {id}:{idx} is {word:?} and mapped");
                }
            }
        }
        assert_eq!(counts, self.mem_map, "use counts of the frames: recounted (1 + present entries, R5), and as kept");
        let resident = counts.iter().filter(|&&count| count > 0).count();
        assert_eq!(resident, self.shm_rss, "resident pages: recounted, and shm_rss");
        assert_eq!(slots.len(), self.shm_swp, "swapped pages: recounted, and shm_swp");
        slots.sort_unstable();
        let used: Vec<SwapEntry> = (0..self.swap.areas())
            .flat_map(|area| self.swap.used(area).into_iter().map(move |slot| SwapEntry { area, slot }))
            .collect();
        assert_eq!(slots, used, "slots of the swapped pages, and slots in use");
    }

    /// The table and the lists of attachments.
    fn check_segments(&self) {
        let mut attached = Vec::new();
        for (id, shp) in self.living() {
            assert_eq!(shp.shm_nattch, shp.attaches.len(), "attachments of segment {id}: as counted, and in its list");
            assert!(!shp.dest || shp.shm_nattch > 0, "segment {id} is DEST without an attachment, and lives");
            for number in &shp.attaches {
                let attachment = &self.vmas[number];
                assert_eq!(attachment.id, id, "attachment {number} is in the list of segment {id}");
                assert_eq!(
                    attachment.entries.len(),
                    shp.shm_pages.len(),
                    "pages of attachment {number} and its segment"
                );
                for (idx, entry) in attachment.entries.iter().enumerate() {
                    if let Entry::Signature(of, page) = *entry {
                        assert_eq!((of, page), (id, idx), "signature in attachment {number} (R7)");
                    }
                }
                attached.push(*number);
            }
        }
        attached.sort_unstable();
        assert!(attached.iter().eq(self.vmas.keys()), "attachments in lists {attached:?} and in all {:?}", self.vmas);
        let highest = self.living().map(|(id, _)| id).max().unwrap_or(0);
        assert_eq!(highest, self.max_shmid, "highest slot in use: recounted, and max_shmid (R1)");
        let total: usize = self.living().map(|(_, shp)| shp.shm_pages.len()).sum();
        assert_eq!(total, self.shm_tot, "pages: recounted, and shm_tot");
    }

    /// The address spaces.
    fn check_processes(&self) {
        let mut attached = 0;
        for (pid, mm) in &self.mms {
            let present = |number| {
                let attachment = &self.vmas[number];
                assert_eq!(attachment.vm_mm, *pid, "process of attachment {number}");
                attachment.entries.iter().filter(|entry| entry.present()).count()
            };
            let rss: usize = mm.mmap.iter().map(present).sum();
            assert_eq!(rss, mm.rss, "present entries of process {pid}: recounted, and rss");
            attached += mm.mmap.len();
        }
        assert_eq!(attached, self.vmas.len(), "attachments of all processes, and in all");
    }

    /// What the counters owe each other.
    fn check_counters(&self) {
        let Counters { out, ptes, wasted, dirty, zero, swapin, .. } = self.counters;
        assert_eq!(out, self.swap_successes, "pages evicted, and swap_successes");
        assert!(self.swap_attempts >= out, "more pages evicted than met");
        assert!(ptes >= wasted, "more entries wasted than taken");
        assert!(dirty <= out, "more dirty pages evicted than pages");
        assert!(out >= swapin + self.shm_swp, "every page read from swap or in it was written to it once");
        assert!(zero + swapin >= out + self.shm_rss, "every page that went or is there came once");
        // R14: a page in memory has no slot, so frames and slots never hold more than the pages there are.
        assert!(self.shm_rss + self.shm_swp <= self.shm_tot, "a page is in memory and in swap");
    }

    /// The living segments by slot.
    fn living(&self) -> impl Iterator<Item = (usize, &Segment)> {
        self.shm_segs.iter().enumerate().filter_map(|(id, shp)| shp.as_ref().map(|shp| (id, shp)))
    }
}
