//! Segments, who has them attached, and what a process sees of them.
//!
//! Where references go is not decided here.

use std::fmt;
use std::str::FromStr;

/// The most pages over all segments: as many as a replay can number.
const MOST_PAGES: u64 = u32::MAX as u64 - 1;
/// The most processes: as many as can have one segment attached in a replay.
const MOST_PROCESSES: u32 = 1 << 16;
/// The most attachments over all segments.
const MOST_ATTACHMENTS: u64 = 1 << 22;

/// How many processes share a segment; as typed: `all`, `private`, `3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// All of them.
    All,
    /// So many; 1 is private.
    Each(u32),
}

impl fmt::Display for Sharing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => out.write_str("all"),
            Self::Each(1) => out.write_str("private"),
            Self::Each(count) => write!(out, "{count}"),
        }
    }
}

impl FromStr for Sharing {
    type Err = String;

    /// Reads it as typed.
    ///
    /// # Errors
    /// When it is neither of the words nor a number above 0.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            "private" => Ok(Self::Each(1)),
            _ => text.parse().ok().filter(|&count| count > 0).map(Self::Each).ok_or_else(|| {
                format!("`{text}` is no sharing: use all, private, or how many processes share each segment")
            }),
        }
    }
}

/// How large it is to be: the options that every pattern has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pages over all segments.
    pub pages: u64,
    /// Processes.
    pub processes: u32,
    /// Segments; as many as are needed where none are given.
    pub segments: Option<u32>,
}

impl Size {
    /// The segments there are to be, or else so many.
    pub fn segments_or(&self, usual: u32) -> u32 {
        self.segments.unwrap_or(usual)
    }

    /// Refuses what can't be laid out.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(1..=MOST_PAGES).contains(&self.pages) {
            return Err(format!("--pages {}: from 1 to {MOST_PAGES} pages can be replayed", self.pages));
        }
        if !(1..=MOST_PROCESSES).contains(&self.processes) {
            return Err(format!("--processes {}: from 1 to {MOST_PROCESSES} can share a segment", self.processes));
        }
        if self.segments.is_some_and(|segments| segments == 0 || u64::from(segments) > self.pages) {
            let segments = self.segments.unwrap_or_default();
            return Err(format!("--segments {segments}: from 1 to {}, a page each", self.pages));
        }
        Ok(())
    }
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub pages: u64,
    /// Who attaches it, counted from 0; the first one creates it.
    pub sharers: Vec<u32>,
}

/// All segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub processes: u32,
    pub segments: Vec<Segment>,
}

/// What a process has attached, as one range of pages: segments of equal size one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    segments: Vec<u32>,
    each: u64,
}

impl Layout {
    /// Segments of equal size, shared as is said. With fewer sharers than processes, the sharers of a segment are
    /// neighbours, and the segments go round the processes evenly.
    pub fn shared(size: &Size, sharing: Sharing) -> Result<Self, String> {
        size.check()?;
        let processes = u64::from(size.processes);
        let (sharers, usual) = match sharing {
            Sharing::All => (processes, 1),
            Sharing::Each(count) => (u64::from(count), size.processes),
        };
        if sharers > processes {
            return Err(format!("--sharing {sharers}: there are {processes} processes"));
        }
        let segments = size.segments_or(usual);
        let count = u64::from(segments);
        if count * sharers < processes {
            let least = processes.div_ceil(sharers);
            return Err(format!(
                "--sharing {sharing} leaves processes without a segment: give --segments {least} or more"
            ));
        }
        let mut layout = Self { processes: size.processes, segments: Vec::new() };
        for number in 0..count {
            let first = number * processes / count;
            let sharers = (0..sharers).map(|next| ((first + next) % processes) as u32).collect();
            layout.push(size.pages.div_ceil(count), sharers)?;
        }
        Ok(layout)
    }

    /// Adds a segment.
    pub fn push(&mut self, pages: u64, sharers: Vec<u32>) -> Result<(), String> {
        self.segments.push(Segment { pages, sharers });
        let last = self.segments.last().map_or(0, |segment| segment.sharers.len() as u64);
        // Equal for nearly all, so the product is the sum.
        if last * self.segments.len() as u64 > MOST_ATTACHMENTS {
            return Err(format!("these segments have more than {MOST_ATTACHMENTS} attachments"));
        }
        Ok(())
    }

    /// All processes.
    pub fn everybody(&self) -> Vec<u32> {
        (0..self.processes).collect()
    }

    /// Pages over all segments.
    pub fn pages(&self) -> u64 {
        self.segments.iter().map(|segment| segment.pages).sum()
    }

    /// The segments of each process.
    pub fn attached(&self) -> Vec<Vec<u32>> {
        let mut attached = vec![Vec::new(); self.processes as usize];
        for (number, segment) in self.segments.iter().enumerate() {
            for &process in &segment.sharers {
                attached[process as usize].push(number as u32);
            }
        }
        attached
    }

    /// What each process sees, where all segments are of equal size.
    pub fn views(&self) -> Vec<View> {
        let each = self.segments.first().map_or(1, |segment| segment.pages);
        self.attached().into_iter().map(|segments| View { segments, each }).collect()
    }
}

impl View {
    /// These segments of equal size.
    pub fn new(segments: Vec<u32>, each: u64) -> Self {
        Self { segments, each }
    }

    /// How many segments it has.
    pub fn count(&self) -> u32 {
        self.segments.len() as u32
    }

    /// How many pages it has.
    pub fn pages(&self) -> u64 {
        self.each * self.segments.len() as u64
    }

    /// The segment and page at a position below [`View::pages`].
    #[inline]
    pub fn place(&self, position: u64) -> (u32, u64) {
        if let [only] = self.segments[..] {
            return (only, position);
        }
        (self.segments[(position / self.each) as usize], position % self.each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(pages: u64, processes: u32, segments: Option<u32>, sharing: Sharing) -> Result<Layout, String> {
        Layout::shared(&Size { pages, processes, segments }, sharing)
    }

    #[test]
    fn segments_go_round_the_processes_evenly() {
        let layout = shared(100, 4, Some(8), Sharing::Each(2)).unwrap();
        assert!(layout.segments.iter().all(|segment| segment.pages == 13 && segment.sharers.len() == 2));
        assert!(layout.attached().iter().all(|segments| segments.len() == 4));
        let layout = shared(10, 6, Some(2), Sharing::Each(3)).unwrap();
        assert_eq!(layout.segments[1].sharers, [3, 4, 5]);
        assert_eq!(shared(10, 3, None, Sharing::Each(1)).unwrap().segments.len(), 3);
        assert_eq!(shared(10, 3, None, Sharing::All).unwrap().segments[0].sharers, [0, 1, 2]);
    }

    #[test]
    fn what_can_not_be_laid_out_is_refused() {
        let refused = [
            (shared(0, 1, None, Sharing::All), "--pages 0"),
            (shared(1 << 32, 1, None, Sharing::All), "--pages"),
            (shared(9, 0, None, Sharing::All), "--processes 0"),
            (shared(9, 70_000, None, Sharing::All), "--processes"),
            (shared(9, 2, Some(10), Sharing::All), "--segments 10"),
            (shared(9, 2, None, Sharing::Each(3)), "--sharing 3"),
            (shared(90, 9, Some(2), Sharing::Each(3)), "--segments 3"),
            (shared(1 << 20, 60_000, Some(1 << 20), Sharing::All), "attachments"),
        ];
        for (layout, word) in refused {
            assert!(layout.as_ref().is_err_and(|error| error.contains(word)), "{word}: {layout:?}");
        }
    }

    #[test]
    fn a_view_puts_segments_one_after_another() {
        let view = View::new(vec![4, 2], 10);
        assert_eq!((view.pages(), view.place(9), view.place(10), view.place(19)), (20, (4, 9), (2, 0), (2, 9)));
    }
}
