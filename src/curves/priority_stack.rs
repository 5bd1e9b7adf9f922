//! Stack distances of OPT as Mattson, Gecsei, Slutz and Traiger have them (1970): all pages in one list, of which a memory of
//! any size holds the front. A reference takes its page to the front; the page that was there goes down, and of it and each
//! one it meets the one that is wanted later goes on. It walks as far as the page was down: quick with strong locality,
//! hopeless without, so whoever uses it looks at [`PriorityStack::walked`].

/// When a page is wanted next; the least is wanted first.
pub(super) type Priority = u32;

/// Later than any: the page has left its frame, which whoever comes first takes.
pub(super) const GONE: Priority = Priority::MAX;

/// The list of pages, each by its priority, which no other page has.
#[derive(Clone, Debug, Default)]
pub(super) struct PriorityStack {
    stack: Vec<Priority>,
    walked: u64,
}

impl PriorityStack {
    /// References the page that is wanted now: its priority until then, and from now on. Its depth, or none where no page has
    /// the priority.
    #[inline(always)]
    pub(super) fn reference(&mut self, now: Priority, next: Priority) -> Option<u32> {
        let Some((top, below)) = self.stack.split_first_mut() else {
            self.stack.push(next);
            return None;
        };
        let mut going = std::mem::replace(top, next);
        if going == now {
            return Some(0);
        }
        for (place, depth) in below.iter_mut().zip(1..) {
            if *place == now {
                *place = going;
                self.walked += u64::from(depth);
                return Some(depth);
            }
            (*place, going) = (going.min(*place), going.max(*place));
        }
        self.walked += self.stack.len() as u64;
        self.stack.push(going);
        None
    }

    /// Takes the page of a priority away; its place is anybody's. Its depth, or none where no page has the priority.
    pub(super) fn remove(&mut self, priority: Priority) -> Option<u32> {
        self.walked += self.stack.len() as u64;
        let depth = self.stack.iter().position(|&place| place == priority)?;
        self.stack[depth] = GONE;
        Some(depth as u32)
    }

    /// Places looked at so far.
    pub(super) fn walked(&self) -> u64 {
        self.walked
    }

    /// The priorities from the front on, [`GONE`] among them.
    pub(super) fn into_priorities(self) -> Vec<Priority> {
        self.stack
    }
}
