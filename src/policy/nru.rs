//! Not recently used: four classes of pages by accessed and dirty bit, and a page of the lowest class goes.
//!
//! The accessed bits are cleared every `period` references, so an accessed page is one used since then. From the lowest:
//! neither accessed nor dirty; dirty; accessed; both. Within a class the hand decides: it goes over the frames, stays
//! behind the last victim, and takes the first page of the class that it meets. A new page takes the frame that was freed
//! last, so a victim's.
//!
//! The bits of a page are those of all its sharers together; dirty is written since it came in. As a search for a class
//! has to look at every page, the pages are sorted when the bits are cleared, and a page is sorted anew when the hand meets
//! it with other bits. Between two clearings pages can only rise, so that finds the same victim; but a page that was met
//! accessed stays so though the sharer may have detached since. Clearing is no attempt. A locked page is passed over.
//!
//! Source: Tanenbaum, Modern Operating Systems, section 3.4.2. The book clears the bits at the clock interrupt; here time
//! is references, and the default of 16 times the frames is what came out best over several traces and memory sizes
//! (tried: 1 to 64 times).

use super::ordered_set::OrderedSet;
use super::parameters::{Arguments, Parameter};
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// Classes of pages.
const CLASSES: usize = 4;

/// The frames and what is in them.
#[derive(Debug)]
pub struct Nru {
    /// The page in each frame; what is in a free one means nothing.
    page_in: Vec<PageId>,
    /// The frame of each page in memory.
    frame_of: Vec<u32>,
    /// Frames in use, by the class that their page was last seen in.
    classes: [OrderedSet; CLASSES],
    class_of: Vec<u8>,
    /// Free frames, the one freed last at the end.
    free: Vec<u32>,
    /// The frame that is looked at next.
    hand: usize,
    period: u64,
}

impl Nru {
    /// The first page of a class from the hand on that is not locked, among those that are still of the class.
    fn search(&mut self, class: usize, memory: &Memory<'_>) -> Option<PageId> {
        for (from, end) in [(self.hand, self.page_in.len()), (0, self.hand)] {
            let mut next = self.classes[class].first_from(from);
            while let Some(frame) = next.filter(|&frame| frame < end) {
                let page = self.page_in[frame];
                let now = class_of(page, memory);
                if now > class {
                    self.classify(frame, now);
                } else if !memory.is_locked(page) {
                    return Some(page);
                }
                next = self.classes[class].first_from(frame + 1);
            }
        }
        None
    }

    /// The page of a frame in use is seen to be of a class.
    fn classify(&mut self, frame: usize, class: usize) {
        let known = usize::from(std::mem::replace(&mut self.class_of[frame], class as u8));
        if known != class {
            self.classes[known].remove(frame);
            self.classes[class].insert(frame);
        }
    }

    fn remove(&mut self, page: PageId) -> usize {
        let frame = self.frame_of[page.index()] as usize;
        self.classes[usize::from(self.class_of[frame])].remove(frame);
        self.free.push(frame as u32);
        frame
    }
}

/// The class of a page by its bits.
fn class_of(page: PageId, memory: &Memory<'_>) -> usize {
    2 * usize::from(memory.is_accessed(page)) + usize::from(memory.is_dirty(page))
}

impl Policy for Nru {
    const NAME: &'static str = "nru";
    const SUMMARY: &'static str = "not recently used: classes by accessed and dirty bit, the lowest goes";
    const SOURCE: &'static str = "Tanenbaum, Modern Operating Systems";
    const FILE: &'static str = file!();
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        key: "period",
        default: "16x",
        help: "references between two clearings of the accessed bits, a number or a multiple of the frames",
    }];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let period = arguments.references(setup.frames, "period")?;
        let frames = setup.pages.min(usize::try_from(setup.frames).unwrap_or(usize::MAX));
        Ok(Self {
            page_in: vec![PageId::new(0); frames],
            frame_of: vec![0; setup.pages],
            classes: std::array::from_fn(|_| OrderedSet::new(frames)),
            class_of: vec![0; frames],
            free: (0..frames as u32).rev().collect(),
            hand: 0,
            period,
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        (0..CLASSES).find_map(|class| self.search(class, memory)).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, memory: &mut Memory<'_>) {
        let frame = self.free.pop().expect("a page that comes in has a frame") as usize;
        self.page_in[frame] = page;
        self.frame_of[page.index()] = frame as u32;
        let class = class_of(page, memory);
        self.class_of[frame] = class as u8;
        self.classes[class].insert(frame);
    }

    fn evicted(&mut self, page: PageId) {
        let frame = self.remove(page);
        self.hand = if frame + 1 == self.page_in.len() { 0 } else { frame + 1 };
    }

    fn freed(&mut self, page: PageId) {
        self.remove(page);
    }

    fn sampling_period(&self) -> Option<u64> {
        Some(self.period)
    }

    fn sample(&mut self, memory: &mut Memory<'_>) {
        for frame in 0..self.page_in.len() {
            let page = self.page_in[frame];
            // A frame is in use when the page in it says so.
            if memory.is_resident(page) && self.frame_of[page.index()] as usize == frame {
                memory.sample_accessed(page);
                self.classify(frame, class_of(page, memory));
            }
        }
    }
}
