//! Seeded random scripts: tiny worlds that an implementation is compared on. Every event of them is legal.

use std::ops::RangeInclusive;

use super::script::{Event, Script, SwapAreas};

/// The generator splitmix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// A number of a range that is not empty.
    pub fn of(&mut self, range: &RangeInclusive<usize>) -> usize {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of a list that is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// A number below `end` where small ones are likelier: a coin says how often the range is halved.
    fn skewed(&mut self, end: usize) -> usize {
        let mut range = end;
        while range > 2 && self.percent(50) {
            range = range.div_ceil(2);
        }
        self.below(range)
    }
}

/// In what order a world refers to its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locality {
    /// Each reference anywhere.
    Uniform,
    /// Few pages get most references.
    Zipf,
    /// One attachment after the other is read from page to page, round and round.
    Loops,
    /// A handful of pages for a while, then another handful.
    Phases,
}

/// Which swap areas a world has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwapKind {
    /// The script does not say (A4).
    Unsaid,
    /// One area that has room for every page.
    Ample,
    /// One to three small areas, with equal and different priorities; some have no slot at all.
    Small,
}

/// What kind of world is wanted.
#[derive(Clone, Debug)]
pub struct Flavour {
    /// Frames of memory.
    pub frames: RangeInclusive<usize>,
    /// Most segments alive at a time, at most 1,000.
    pub segments: RangeInclusive<usize>,
    /// Pages of a segment; some have one page in spite of it.
    pub pages: RangeInclusive<usize>,
    /// Most processes alive at a time.
    pub processes: RangeInclusive<usize>,
    /// Events, the first segments and attachments included.
    pub events: RangeInclusive<usize>,
    /// How many of a hundred events are no references, once the first segments are attached.
    pub control: RangeInclusive<usize>,
    /// How many of a hundred segments are locked from the start.
    pub locked: usize,
    /// Whether a locked segment comes first that is touched from end to end and leaves one or two frames to the others.
    pub filled: bool,
    /// Whether there are `fork` and `exit`.
    pub forks: bool,
    /// Whether a process attaches a segment more than once.
    pub double_attach: bool,
    /// Which kinds of swap to choose from.
    pub swap: Vec<SwapKind>,
    /// How many of a hundred worlds go on when out of memory.
    pub oom_continue: usize,
    /// Which localities to choose from.
    pub localities: Vec<Locality>,
}

impl Default for Flavour {
    /// A bit of everything, in at most twelve frames.
    fn default() -> Self {
        Self {
            frames: 1..=12,
            segments: 1..=6,
            pages: 1..=12,
            processes: 1..=8,
            events: 20..=400,
            control: 0..=30,
            locked: 15,
            filled: false,
            forks: true,
            double_attach: true,
            swap: vec![
                SwapKind::Unsaid,
                SwapKind::Ample,
                SwapKind::Ample,
                SwapKind::Small,
                SwapKind::Small,
                SwapKind::Small,
            ],
            oom_continue: 80,
            localities: vec![Locality::Uniform, Locality::Zipf, Locality::Loops, Locality::Phases],
        }
    }
}

impl Flavour {
    /// One frame: the scan fails at nearly every priority.
    pub fn single_frame() -> Self {
        Self { frames: 1..=1, oom_continue: 95, ..Self::default() }
    }

    /// Every segment is locked from the start and stays so.
    pub fn locked_only() -> Self {
        Self { locked: 100, control: 0..=0, oom_continue: 95, ..Self::default() }
    }

    /// After the first segments and attachments there are only references.
    pub fn no_control() -> Self {
        Self { control: 0..=0, ..Self::default() }
    }

    /// So much memory that several priorities have a budget, and more pages than fit into it.
    pub fn deep() -> Self {
        Self { frames: 16..=80, segments: 2..=6, pages: 12..=60, events: 200..=400, ..Self::default() }
    }

    /// Much memory, most of it locked, so that one call meets a page twice (R28): that takes 128 resident pages.
    pub fn crowded() -> Self {
        Self { frames: 128..=200, pages: 1..=4, events: 300..=400, control: 0..=10, filled: true, ..Self::default() }
    }

    /// Little but changes: the table, the ids and the lists of attachments are what moves.
    pub fn restless() -> Self {
        Self { control: 40..=80, pages: 1..=4, ..Self::default() }
    }
}

/// The world of a seed, of a flavour that the seed chooses: a bit of everything most often.
pub fn world(seed: u64) -> Script {
    let flavour = match Random::new(seed ^ 0x00f1_a70e).below(32) {
        0 | 1 => Flavour::single_frame(),
        2 => Flavour::locked_only(),
        3 | 4 => Flavour::no_control(),
        5..=8 => Flavour::deep(),
        9 => Flavour::crowded(),
        10..=14 => Flavour::restless(),
        _ => Flavour::default(),
    };
    world_of(&flavour, seed)
}

/// The world of a seed and a flavour.
pub fn world_of(flavour: &Flavour, seed: u64) -> Script {
    let mut random = Random::new(seed);
    let frames = random.of(&flavour.frames);
    let kind = *random.pick(&flavour.swap);
    let swap = swap_areas(kind, frames, &mut random);
    let oom_continue = random.percent(flavour.oom_continue);
    let wanted = random.of(&flavour.events);
    let mut builder = Builder::new(flavour, random);
    if flavour.filled {
        builder.fill(frames);
    }
    builder.begin();
    while builder.events.len() < wanted {
        builder.go_on();
    }
    builder.events.truncate(wanted);
    Script { frames, swap, oom_continue, events: builder.events }
}

/// The swap areas of a world.
fn swap_areas(kind: SwapKind, frames: usize, random: &mut Random) -> Option<SwapAreas> {
    match kind {
        SwapKind::Unsaid => None,
        SwapKind::Ample => Some(vec![(1_000, None)]),
        SwapKind::Small => {
            let areas = 1 + random.below(3);
            let mut list = Vec::new();
            for _ in 0..areas {
                let slots = if random.percent(10) { 0 } else { random.below(2 * frames + 8) };
                let priority = random.percent(70).then(|| i32::try_from(random.below(3)).expect("below 3") - 1);
                list.push((slots, priority));
            }
            Some(list)
        }
    }
}

/// A living segment, as far as legality needs it.
#[derive(Clone, Debug)]
struct Living {
    /// Its name.
    name: String,
    /// Its pages.
    pages: usize,
    /// Whether it is locked.
    locked: bool,
    /// Whether it goes with its last attachment.
    dest: bool,
}

/// A script in the making, and what is legal next.
struct Builder<'a> {
    /// What is wanted.
    flavour: &'a Flavour,
    /// Chance.
    random: Random,
    /// The events so far.
    events: Vec<Event>,
    /// The living segments.
    segments: Vec<Living>,
    /// The living processes; each has an attachment, or had one and has not ended.
    processes: Vec<u64>,
    /// All attachments as process and segment name, the oldest first.
    attached: Vec<(u64, String)>,
    /// Most segments at a time.
    most_segments: usize,
    /// Most processes at a time.
    most_processes: usize,
    /// How many of a hundred events are no references.
    control: usize,
    /// The order of references.
    locality: Locality,
    /// What [`Locality::Phases`] refers to now.
    phase: Vec<(u64, String, usize)>,
    /// References left in this phase.
    phase_left: usize,
    /// Where [`Locality::Loops`] is: process, segment, and the next page.
    at: Option<(u64, String, usize)>,
}

impl<'a> Builder<'a> {
    /// An empty script.
    fn new(flavour: &'a Flavour, mut random: Random) -> Self {
        Self {
            flavour,
            most_segments: random.of(&flavour.segments),
            most_processes: random.of(&flavour.processes),
            control: random.of(&flavour.control),
            locality: *random.pick(&flavour.localities),
            events: Vec::new(),
            segments: Vec::new(),
            processes: Vec::new(),
            attached: Vec::new(),
            phase: Vec::new(),
            phase_left: 0,
            at: None,
            random,
        }
    }

    /// A locked segment that takes all frames but one or two, and references to all of its pages.
    fn fill(&mut self, frames: usize) {
        let pages = frames - 1 - self.random.below(2);
        let (pid, name) = (1, "s0".to_string());
        self.events.push(Event::Seg { name: name.clone(), pages, locked: true });
        self.segments.push(Living { name: name.clone(), pages, locked: true, dest: false });
        self.events.push(Event::Attach { pid, name: name.clone() });
        self.processes.push(pid);
        self.attached.push((pid, name.clone()));
        for page in 0..pages {
            self.events.push(Event::Write { pid, name: name.clone(), page });
        }
    }

    /// The first segments and attachments.
    fn begin(&mut self) {
        for _ in 0..self.most_segments {
            self.create();
        }
        let attachments = 1 + self.random.below(2 * self.most_processes + self.most_segments);
        for _ in 0..attachments {
            self.attach();
        }
    }

    /// One event more, or a few.
    fn go_on(&mut self) {
        if self.attached.is_empty() {
            if self.segments.is_empty() {
                self.create();
            }
            self.attach();
        } else if self.random.percent(self.control) {
            self.change();
        } else {
            self.refer();
        }
    }

    /// An event that is no reference, if the one that chance chose is legal.
    fn change(&mut self) {
        match self.random.below(32) {
            0..=5 => self.create(),
            6..=11 => self.attach(),
            12..=16 => self.detach(),
            17..=19 => self.remove(),
            20 => self.lock(true),
            21..=24 => self.lock(false),
            25 => self.lock_all(),
            26..=28 => self.fork(),
            _ => self.exit(),
        }
    }

    /// A segment; a name is free again once the segment that had it is destroyed.
    fn create(&mut self) {
        if self.segments.len() >= self.most_segments {
            return;
        }
        let living = |name: &String| self.segments.iter().any(|segment| segment.name == *name);
        let free: Vec<String> = (0..self.most_segments).map(|n| format!("s{n}")).filter(|name| !living(name)).collect();
        let name = self.random.pick(&free).clone();
        let pages = if self.random.percent(15) { 1 } else { self.random.of(&self.flavour.pages) };
        let locked = self.random.percent(self.flavour.locked);
        self.events.push(Event::Seg { name: name.clone(), pages, locked });
        self.segments.push(Living { name, pages, locked, dest: false });
    }

    /// An attachment, by a living process or one that comes into being (or comes back).
    fn attach(&mut self) {
        if self.segments.is_empty() {
            return;
        }
        let name = self.random.pick(&self.segments).name.clone();
        let new = self.processes.is_empty() || self.random.percent(40);
        let pid = if new { self.free_pid() } else { Some(*self.random.pick(&self.processes)) };
        let Some(pid) = pid else { return };
        let again = self.attached.iter().any(|(of, to)| *of == pid && *to == name);
        if again && !self.flavour.double_attach {
            return;
        }
        if !self.processes.contains(&pid) {
            self.processes.push(pid);
        }
        self.attached.push((pid, name.clone()));
        self.events.push(Event::Attach { pid, name });
    }

    /// A process id that no living process has.
    fn free_pid(&mut self) -> Option<u64> {
        let free: Vec<u64> = (1..=self.most_processes as u64).filter(|pid| !self.processes.contains(pid)).collect();
        (!free.is_empty()).then(|| *self.random.pick(&free))
    }

    /// An attachment ends, the youngest of that segment in that process.
    fn detach(&mut self) {
        if self.attached.is_empty() {
            return;
        }
        let (pid, name) = self.random.pick(&self.attached).clone();
        let youngest = self.attached.iter().rposition(|(of, to)| *of == pid && *to == name).expect("it was picked");
        self.attached.remove(youngest);
        self.destroy_unattached();
        self.events.push(Event::Detach { pid, name });
    }

    /// A segment is removed, perhaps for the second time.
    fn remove(&mut self) {
        if self.segments.is_empty() {
            return;
        }
        let index = self.random.below(self.segments.len());
        self.segments[index].dest = true;
        let name = self.segments[index].name.clone();
        self.destroy_unattached();
        self.events.push(Event::Rm { name });
    }

    /// Removed segments without an attachment are no more (R41, R40).
    fn destroy_unattached(&mut self) {
        let attached = &self.attached;
        self.segments.retain(|segment| !segment.dest || attached.iter().any(|(_, name)| *name == segment.name));
    }

    /// A segment is locked or unlocked, perhaps for the second time (R45).
    fn lock(&mut self, locked: bool) {
        if self.segments.is_empty() {
            return;
        }
        let index = self.random.below(self.segments.len());
        self.lock_one(index, locked);
    }

    /// The segment at `index` of the list is locked or unlocked.
    fn lock_one(&mut self, index: usize, locked: bool) {
        self.segments[index].locked = locked;
        let name = self.segments[index].name.clone();
        self.events.push(if locked { Event::Lock { name } } else { Event::Unlock { name } });
    }

    /// Every segment is locked; where all are, all are unlocked.
    fn lock_all(&mut self) {
        let locked = self.segments.iter().any(|segment| !segment.locked);
        for index in 0..self.segments.len() {
            if self.segments[index].locked != locked {
                self.lock_one(index, locked);
            }
        }
    }

    /// A process forks. It has an attachment, so that nobody can say that it does not exist.
    fn fork(&mut self) {
        if !self.flavour.forks || self.attached.is_empty() {
            return;
        }
        let parent = self.random.pick(&self.attached).0;
        let Some(child) = self.free_pid() else { return };
        let copied: Vec<_> = self.attached.iter().filter(|(pid, _)| *pid == parent).cloned().collect();
        self.attached.extend(copied.into_iter().map(|(_, name)| (child, name)));
        self.processes.push(child);
        self.events.push(Event::Fork { parent, child });
    }

    /// A process ends. It has an attachment, for the same reason.
    fn exit(&mut self) {
        if !self.flavour.forks || self.attached.is_empty() {
            return;
        }
        let pid = self.random.pick(&self.attached).0;
        self.attached.retain(|(of, _)| *of != pid);
        self.processes.retain(|of| *of != pid);
        self.destroy_unattached();
        self.events.push(Event::Exit { pid });
    }

    /// A reference, in the order of the locality.
    fn refer(&mut self) {
        let (pid, name, page) = match self.locality {
            Locality::Uniform => self.anywhere(),
            Locality::Zipf => self.skewed(),
            Locality::Loops => self.next_of_loop(),
            Locality::Phases => self.of_phase(),
        };
        let event =
            if self.random.percent(40) { Event::Write { pid, name, page } } else { Event::Read { pid, name, page } };
        self.events.push(event);
    }

    /// Pages of a living segment.
    fn pages(&self, name: &str) -> usize {
        self.segments.iter().find(|segment| segment.name == name).expect("it lives").pages
    }

    /// Any page of any attachment.
    fn anywhere(&mut self) -> (u64, String, usize) {
        let (pid, name) = self.random.pick(&self.attached).clone();
        let page = self.random.below(self.pages(&name));
        (pid, name, page)
    }

    /// Most often a low page of an old attachment.
    fn skewed(&mut self) -> (u64, String, usize) {
        let index = self.random.skewed(self.attached.len());
        let (pid, name) = self.attached[index].clone();
        let page = self.random.skewed(self.pages(&name));
        (pid, name, page)
    }

    /// The next page of the loop, which goes over to another attachment now and then.
    fn next_of_loop(&mut self) -> (u64, String, usize) {
        let stay = self.at.take().filter(|(pid, name, _)| self.is_attached(*pid, name));
        let (pid, name, page) = match stay {
            Some(at) if !self.random.percent(4) => at,
            _ => self.anywhere(),
        };
        let page = page % self.pages(&name);
        self.at = Some((pid, name.clone(), page + 1));
        (pid, name, page)
    }

    /// One of the phase's pages; a phase ends after a while, or when one of its attachments does.
    fn of_phase(&mut self) -> (u64, String, usize) {
        let phase = std::mem::take(&mut self.phase);
        let legal = phase.iter().all(|(pid, name, page)| self.is_attached(*pid, name) && *page < self.pages(name));
        if legal && self.phase_left > 0 {
            self.phase = phase;
            self.phase_left -= 1;
        } else {
            self.phase_left = 10 + self.random.below(50);
            let size = 2 + self.random.below(10);
            self.phase = (0..size).map(|_| self.anywhere()).collect();
        }
        self.random.pick(&self.phase).clone()
    }

    /// Whether the process has an attachment of the living segment.
    fn is_attached(&self, pid: u64, name: &str) -> bool {
        self.attached.iter().any(|(of, to)| *of == pid && to == name)
    }
}
