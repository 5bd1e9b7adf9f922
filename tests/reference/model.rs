//! The machine: segments, attachments, address spaces and frames (R1 to R6), faults (R11 to R15), the life of a segment
//! (R38 to R45) and what a run prints (section 12 of the specification).

use std::collections::BTreeMap;

use super::scan::{Call, Source};
use super::script::{Event, Script};
use super::swap::{Swap, SwapEntry};

/// Slots of the swap area that a run has unless it says otherwise (A4).
const DEFAULT_SWAP: usize = 32_687;

/// A word of a segment's list (R2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Never touched.
    Zero,
    /// In memory, in this frame.
    Present(usize),
    /// In swap.
    Swapped(SwapEntry),
}

/// A word of a process's page table, for one attachment and one page (R4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Not present: the shm signature of (id, index) (R7).
    Signature(usize, usize),
    /// Present, accessed bit set.
    Young,
    /// Present, accessed bit clear.
    Old,
}

impl Entry {
    /// Whether the entry holds a reference to the page's frame.
    pub fn present(self) -> bool {
        !matches!(self, Self::Signature(..))
    }
}

/// A segment (`shmid_ds`, R2).
#[derive(Clone, Debug)]
pub struct Segment {
    /// The name that the script calls it by.
    pub name: String,
    /// The list of page table entries, one a page.
    pub shm_pages: Vec<Word>,
    /// Whether the page was written since it last came into memory. The kernel has nothing like it (R17); it counts how
    /// many of the writes to swap were needed.
    pub written: Vec<bool>,
    /// `SHM_LOCKED`.
    pub locked: bool,
    /// `SHM_DEST`.
    pub dest: bool,
    /// The attach count.
    pub shm_nattch: usize,
    /// The numbers of the attachments in the order of the circular list, from its head: the oldest comes first, a new
    /// one goes in before the head and so is last (R3).
    pub attaches: Vec<usize>,
}

/// An attachment (`vm_area_struct`, R3).
#[derive(Clone, Debug)]
pub struct Attachment {
    /// The process that it belongs to.
    pub vm_mm: u64,
    /// The slot of the segment.
    pub id: usize,
    /// The page table entries of its range (R4).
    pub entries: Vec<Entry>,
}

/// An address space (`mm_struct`).
#[derive(Clone, Debug, Default)]
pub struct AddressSpace {
    /// Present entries.
    pub rss: usize,
    /// The numbers of its attachments, the oldest first.
    pub mmap: Vec<usize>,
}

/// What has been counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// First touches (R13).
    pub zero: usize,
    /// Faults on a page in memory (R12).
    pub minor: usize,
    /// Faults on a page in swap (R14).
    pub swapin: usize,
    /// Faults that no frame could be had for (R37).
    pub oom: usize,
    /// Pages written to swap (R26).
    pub out: usize,
    /// Entries invalidated by any scan.
    pub ptes: usize,
    /// Accessed bits cleared by any scan.
    pub cleared: usize,
    /// Entries that a scan took from pages other than its victim; all that it took, where it failed. So `ptes` is this
    /// and the sum of `sharers=`.
    pub wasted: usize,
    /// Scans that had a budget and a slot and evicted nothing (R27).
    pub failed: usize,
    /// Evicted pages that had been written since they last came in.
    pub dirty: usize,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The segment table (R1). It grows at need: 128 is not a limit here, and a slot past its end is unused (R30).
    pub(super) shm_segs: Vec<Option<Segment>>,
    /// The highest slot in use, 0 when none are.
    pub(super) max_shmid: usize,
    /// Pages of all segments in memory.
    pub(super) shm_rss: usize,
    /// Pages of all segments in swap.
    pub(super) shm_swp: usize,
    /// Pages of all segments.
    pub(super) shm_tot: usize,
    /// The hand: the segment.
    pub(super) swap_id: usize,
    /// The hand: the page to look at next.
    pub(super) swap_idx: usize,
    /// Pages that scans met (R24).
    pub(super) swap_attempts: usize,
    /// Pages that scans evicted (R26).
    pub(super) swap_successes: usize,
    /// All attachments by number.
    pub(super) vmas: BTreeMap<usize, Attachment>,
    /// The number of the next attachment.
    next_vma: usize,
    /// The living processes.
    pub(super) mms: BTreeMap<u64, AddressSpace>,
    /// The use count of each frame, 0 for a free one (R5).
    pub(super) mem_map: Vec<usize>,
    /// The swap areas.
    pub(super) swap: Swap,
    /// The source that the next reclaim tries first (R34).
    pub(super) state: Source,
    /// Whether a call for memory goes on after its first page, as in Linux 2.2.
    pub linux_2_2: bool,
    /// Whether the run goes on after it ran out of memory (A8).
    oom_continue: bool,
    /// Whether it ran out of memory and ended.
    stopped: bool,
    /// What has been counted.
    pub(super) counters: Counters,
    /// Events so far.
    pub(super) event: usize,
    /// The lines of the last event, as an `.expected` file has them.
    lines: Vec<String>,
    /// The lines of the last event, as a `.trace` file has them.
    log: Vec<String>,
    /// The scans of the last event.
    pub(super) calls: Vec<Call>,
}

impl Reference {
    /// A machine of so many frames with these swap areas, each with its usable slots and its priority.
    ///
    /// `swap` of `None` is the area that a run has unless it says otherwise (A4).
    pub fn new(frames: usize, swap: Option<&[(usize, Option<i32>)]>, oom_continue: bool) -> Self {
        let mut areas = Swap::default();
        for &(slots, priority) in swap.unwrap_or(&[(DEFAULT_SWAP, None)]) {
            areas.swapon(slots, priority);
        }
        Self {
            shm_segs: Vec::new(),
            max_shmid: 0,
            shm_rss: 0,
            shm_swp: 0,
            shm_tot: 0,
            swap_id: 0,
            swap_idx: 0,
            swap_attempts: 0,
            swap_successes: 0,
            vmas: BTreeMap::new(),
            next_vma: 0,
            mms: BTreeMap::new(),
            mem_map: vec![0; frames],
            swap: areas,
            state: Source::PageCache,
            linux_2_2: false,
            oom_continue,
            stopped: false,
            counters: Counters::default(),
            event: 0,
            lines: Vec::new(),
            log: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// The machine that a script asks for.
    pub fn for_script(script: &Script) -> Self {
        Self::new(script.frames, script.swap.as_deref(), script.oom_continue)
    }

    /// Lets one event happen and returns its lines of the `.expected` kind. A run that has stopped does nothing.
    ///
    /// # Panics
    /// When the event is impossible.
    pub fn step(&mut self, event: &Event) -> Vec<String> {
        self.lines.clear();
        self.log.clear();
        self.calls.clear();
        if self.stopped {
            return Vec::new();
        }
        self.event += 1;
        self.note(format!("# {} {event}", self.event));
        match event {
            Event::Seg { name, pages, locked } => self.newseg(name, *pages, *locked),
            Event::Attach { pid, name } => self.shmat(*pid, name),
            Event::Detach { pid, name } => self.shmdt(*pid, name),
            Event::Rm { name } => self.rmid(name),
            Event::Lock { name } => self.named(name).locked = true,
            Event::Unlock { name } => self.named(name).locked = false,
            Event::Read { pid, name, page } => self.touch(*pid, name, *page, false),
            Event::Write { pid, name, page } => self.touch(*pid, name, *page, true),
            Event::Fork { parent, child } => self.fork(*parent, *child),
            Event::Exit { pid } => self.exit(*pid),
        }
        self.lines.clone()
    }

    /// The lines of the last event as a `.trace` file has them, the event itself first.
    pub fn log(&self) -> &[String] {
        &self.log
    }

    /// The scans of the last event.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Whether the run has ended out of memory.
    pub fn stopped(&self) -> bool {
        self.stopped
    }

    /// The last line of an `.expected` file, the last but one of a `.trace` file.
    pub fn summary(&self) -> String {
        let Counters { zero, minor, swapin, out, ptes, .. } = self.counters;
        format!("summary zero={zero} minor={minor} swapin={swapin} out={out} ptes={ptes}")
    }

    /// The last line of a `.trace` file.
    pub fn final_line(&self) -> String {
        format!(
            "# final rss={} swp={} attempts={} successes={} young_cleared={} hand={}:{} max_id={} free={}",
            self.shm_rss,
            self.shm_swp,
            self.swap_attempts,
            self.swap_successes,
            self.counters.cleared,
            self.swap_id,
            self.swap_idx,
            self.max_shmid,
            self.frames_free()
        )
    }

    /// A line that both kinds of output have.
    pub(super) fn print(&mut self, line: String) {
        self.lines.push(line.clone());
        self.log.push(line);
    }

    /// A line that only a `.trace` file has.
    pub(super) fn note(&mut self, line: String) {
        self.log.push(line);
    }
}

/// Memory accesses and faults (R11 to R15).
impl Reference {
    /// A process reads or writes a page, through its oldest attachment of the segment.
    fn touch(&mut self, pid: u64, name: &str, idx: usize, write: bool) {
        let id = self.id_of(name);
        let attached = self.attachments_of(pid, id);
        let vma =
            *attached.first().unwrap_or_else(|| panic!("process {pid} refers to {name}, which it has not attached"));
        let entries = &self.vmas[&vma].entries;
        assert!(idx < entries.len(), "page {idx} is past the end of {name}, which has {} pages", entries.len());
        if !entries[idx].present() && !self.fault(vma, id, idx) {
            // A8: the event is abandoned and the entry stays as it was.
            self.counters.oom += 1;
            self.stopped = !self.oom_continue;
            self.print("oom".to_string());
            return;
        }
        // R11: the processor sets the accessed bit, and the dirty bit on a write.
        self.vma(vma).entries[idx] = Entry::Young;
        if write {
            self.segment(id).written[idx] = true;
        }
    }

    /// Makes an entry present (`shm_swap_in`), or returns false when no frame can be had.
    fn fault(&mut self, vma: usize, id: usize, idx: usize) -> bool {
        let frame = match self.segment(id).shm_pages[idx] {
            // R12: in memory already, no frame is needed.
            Word::Present(frame) => {
                self.counters.minor += 1;
                self.print("minor".to_string());
                frame
            }
            // R13.
            Word::Zero => {
                let Some(frame) = self.get_free_page() else { return false };
                self.counters.zero += 1;
                self.print("zero".to_string());
                self.page_came_in(id, idx, frame);
                frame
            }
            // R14: the frame first, perhaps with an eviction that takes another slot; only then the slot is read and freed.
            Word::Swapped(slot) => {
                let Some(frame) = self.get_free_page() else { return false };
                self.note(format!("  # {} read slot={}:{}", self.event, slot.area, slot.slot));
                self.swap.swap_free(slot);
                self.shm_swp -= 1;
                self.counters.swapin += 1;
                self.print("swapin".to_string());
                self.page_came_in(id, idx, frame);
                frame
            }
        };
        // R12, R15: one more user of the frame, in the faulting process only.
        self.mem_map[frame] += 1;
        let mm = self.vmas[&vma].vm_mm;
        self.mm(mm).rss += 1;
        self.vma(vma).entries[idx] = Entry::Young;
        true
    }

    /// The segment's own word becomes present (R13). The frame has the one use that its allocation gave it.
    fn page_came_in(&mut self, id: usize, idx: usize, frame: usize) {
        self.shm_rss += 1;
        let shp = self.segment(id);
        shp.shm_pages[idx] = Word::Present(frame);
        shp.written[idx] = false;
    }
}

/// The life of a segment (R38 to R45).
impl Reference {
    /// R38: the lowest unused slot.
    fn newseg(&mut self, name: &str, pages: usize, locked: bool) {
        assert!(self.find(name).is_none(), "segment {name} exists");
        assert!(pages > 0, "segment {name} has no page");
        let id = self.shm_segs.iter().position(Option::is_none).unwrap_or(self.shm_segs.len());
        if id == self.shm_segs.len() {
            self.shm_segs.push(None);
        }
        self.shm_segs[id] = Some(Segment {
            name: name.to_string(),
            shm_pages: vec![Word::Zero; pages],
            written: vec![false; pages],
            locked,
            dest: false,
            shm_nattch: 0,
            attaches: Vec::new(),
        });
        self.shm_tot += pages;
        if id > self.max_shmid {
            self.max_shmid = id;
        }
    }

    /// R39: every entry is a signature, and no frame has a user more.
    fn shmat(&mut self, pid: u64, name: &str) {
        let id = self.id_of(name);
        let pages = self.segment(id).shm_pages.len();
        self.mms.entry(pid).or_default();
        let entries = (0..pages).map(|idx| Entry::Signature(id, idx)).collect();
        self.insert_attach(Attachment { vm_mm: pid, id, entries });
    }

    /// R3: last in the segment's list, last in the process, attach count + 1.
    fn insert_attach(&mut self, attachment: Attachment) {
        let number = self.next_vma;
        self.next_vma += 1;
        let shp = self.segment(attachment.id);
        shp.attaches.push(number);
        shp.shm_nattch += 1;
        self.mm(attachment.vm_mm).mmap.push(number);
        self.vmas.insert(number, attachment);
    }

    /// R40, for the youngest attachment of the segment in this process.
    fn shmdt(&mut self, pid: u64, name: &str) {
        let id = self.id_of(name);
        let attached = self.attachments_of(pid, id);
        let vma =
            *attached.last().unwrap_or_else(|| panic!("process {pid} detaches {name}, which it has not attached"));
        self.shm_close(vma);
    }

    /// R40: an attachment ends.
    fn shm_close(&mut self, number: usize) {
        let attachment = self.vmas.remove(&number).expect("it is attached");
        for (idx, entry) in attachment.entries.iter().enumerate() {
            if entry.present() {
                let frame = self.frame_of(attachment.id, idx);
                self.mem_map[frame] -= 1;
                self.mm(attachment.vm_mm).rss -= 1;
            }
        }
        self.mm(attachment.vm_mm).mmap.retain(|&other| other != number);
        // R3: where it was the head, its successor is the head now.
        let shp = self.segment(attachment.id);
        shp.attaches.retain(|&other| other != number);
        shp.shm_nattch -= 1;
        if shp.shm_nattch == 0 && shp.dest {
            self.killseg(attachment.id);
        }
    }

    /// R41.
    fn rmid(&mut self, name: &str) {
        let id = self.id_of(name);
        let shp = self.segment(id);
        shp.dest = true;
        if shp.shm_nattch == 0 {
            self.killseg(id);
        }
    }

    /// R42: the segment is destroyed.
    fn killseg(&mut self, id: usize) {
        let shp = self.shm_segs[id].take().expect("it exists");
        if id == self.max_shmid {
            while self.max_shmid > 0 && self.shm_segs[self.max_shmid].is_none() {
                self.max_shmid -= 1;
            }
        }
        for word in &shp.shm_pages {
            match *word {
                Word::Zero => {}
                Word::Present(frame) => {
                    self.mem_map[frame] -= 1;
                    self.shm_rss -= 1;
                }
                Word::Swapped(slot) => {
                    self.swap.swap_free(slot);
                    self.shm_swp -= 1;
                }
            }
        }
        self.shm_tot -= shp.shm_pages.len();
    }

    /// R44: the child gets every attachment, in the parent's order; its present entries are old.
    fn fork(&mut self, parent: u64, child: u64) {
        assert!(!self.mms.contains_key(&child), "process {child} exists");
        let mmap = self.mms.get(&parent).unwrap_or_else(|| panic!("process {parent} does not exist")).mmap.clone();
        self.mms.insert(child, AddressSpace::default());
        for number in mmap {
            let Attachment { id, mut entries, .. } = self.vmas[&number].clone();
            for (idx, entry) in entries.iter_mut().enumerate() {
                if entry.present() {
                    *entry = Entry::Old;
                    let frame = self.frame_of(id, idx);
                    self.mem_map[frame] += 1;
                    self.mm(child).rss += 1;
                }
            }
            self.insert_attach(Attachment { vm_mm: child, id, entries });
        }
    }

    /// R43: like a detach of all.
    fn exit(&mut self, pid: u64) {
        let mmap = self.mms.get(&pid).unwrap_or_else(|| panic!("process {pid} does not exist")).mmap.clone();
        for number in mmap {
            self.shm_close(number);
        }
        self.mms.remove(&pid);
    }
}

/// Looking things up.
impl Reference {
    /// The slot of the living segment of this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.shm_segs.iter().position(|shp| shp.as_ref().is_some_and(|shp| shp.name == name))
    }

    /// The slot of a segment that must exist.
    fn id_of(&self, name: &str) -> usize {
        self.find(name).unwrap_or_else(|| panic!("no segment {name}"))
    }

    /// A segment that must exist, by name.
    fn named(&mut self, name: &str) -> &mut Segment {
        let id = self.id_of(name);
        self.segment(id)
    }

    /// The segment in a slot in use.
    pub(super) fn segment(&mut self, id: usize) -> &mut Segment {
        self.shm_segs[id].as_mut().expect("the slot is in use")
    }

    /// An attachment by number.
    pub(super) fn vma(&mut self, number: usize) -> &mut Attachment {
        self.vmas.get_mut(&number).expect("it is attached")
    }

    /// The address space of a living process.
    pub(super) fn mm(&mut self, pid: u64) -> &mut AddressSpace {
        self.mms.get_mut(&pid).expect("the process lives")
    }

    /// The attachments of a segment in a process, the oldest first.
    fn attachments_of(&self, pid: u64, id: usize) -> Vec<usize> {
        let Some(mm) = self.mms.get(&pid) else { return Vec::new() };
        mm.mmap.iter().copied().filter(|number| self.vmas[number].id == id).collect()
    }

    /// The frame of a page that an entry maps.
    fn frame_of(&mut self, id: usize, idx: usize) -> usize {
        match self.segment(id).shm_pages[idx] {
            Word::Present(frame) => frame,
            word => panic!("page {id}:{idx} is mapped, but its word is {word:?}"),
        }
    }

    /// Frames without a user.
    pub fn frames_free(&self) -> usize {
        self.mem_map.iter().filter(|&&count| count == 0).count()
    }
}
