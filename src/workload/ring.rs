//! Ring buffers between producers and consumers.

use super::draw::Draw;
use super::layout::{Layout, Sharing};
use super::tuning::Tuning;
use super::{Pattern, Start, Step, Walk};

pub(super) static RING: Pattern = Pattern {
    name: "ring",
    summary: "ring buffers between producers, who write pages in order, and consumers, who read them",
    model: "Queues between processes. Of the sharers of a segment the first half produces and the others consume; a sharer \
            that is alone does both. A page is one message, taken by one consumer. A producer waits when the ring is full, a \
            consumer when it is empty; with several rings a process goes from one to the next. A page is needed again \
            when the ring has gone round, unless the consumers are close behind.",
    defaults: Tuning { sharing: Some(Sharing::All), ..Tuning::NONE },
    start: |size, tuning, _| {
        let layout = Layout::shared(size, tuning.sharing.unwrap_or(Sharing::All))?;
        let rings = layout.segments.iter().map(|segment| Ring { pages: segment.pages, written: 0, read: 0 });
        let mut members: Vec<Member> = (0..layout.processes).map(|_| Member::default()).collect();
        for (number, segment) in layout.segments.iter().enumerate() {
            let producers = segment.sharers.len() / 2;
            for (place, &process) in segment.sharers.iter().enumerate() {
                let role = match place {
                    _ if producers == 0 => Role::Both,
                    place if place < producers => Role::Producer,
                    _ => Role::Consumer,
                };
                members[process as usize].rings.push((number as u32, role));
            }
        }
        let walk = Rings { rings: rings.collect(), members };
        Ok(Start { layout, walk: Box::new(walk) })
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Producer,
    Consumer,
    Both,
}

/// A ring buffer: messages written and read since the beginning.
struct Ring {
    pages: u64,
    written: u64,
    read: u64,
}

/// A process: its rings, and which is next.
#[derive(Default)]
struct Member {
    rings: Vec<(u32, Role)>,
    next: usize,
}

struct Rings {
    rings: Vec<Ring>,
    members: Vec<Member>,
}

impl Ring {
    /// The page that a sharer refers to now, and whether it writes; none when it has to wait.
    fn step(&mut self, role: Role, draw: &mut Draw) -> Option<(u64, bool)> {
        let (full, empty) = (self.written - self.read == self.pages, self.written == self.read);
        let writes = match role {
            Role::Producer => true,
            Role::Consumer => false,
            Role::Both => empty || !full && draw.bits() & 1 == 0,
        };
        let counter = match writes {
            true if !full => &mut self.written,
            false if !empty => &mut self.read,
            _ => return None,
        };
        let page = *counter % self.pages;
        *counter += 1;
        Some((page, writes))
    }
}

impl Walk for Rings {
    fn step(&mut self, process: usize, draw: &mut Draw) -> Option<Step> {
        let member = &mut self.members[process];
        for _ in 0..member.rings.len() {
            let (segment, role) = member.rings[member.next];
            member.next = (member.next + 1) % member.rings.len();
            if let Some((page, write)) = self.rings[segment as usize].step(role, draw) {
                return Some(Step { segment, page, write });
            }
        }
        None
    }
}
