//! From addresses to segments and pages: random worlds of processes, mappings and references, written as logs of lackey and
//! read back, against a slow and obvious account of which page is mapped where.

mod trace_support;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::trace::{AddressOptions, Cut, Fidelity, Operation, ReadOptions, Record, TraceError, read_from};
use proptest::prelude::*;
use trace_support::{Kept, read_with};

const PAGE: u64 = 4096;
/// The pages that mappings are in.
const FIRST: u64 = 0x400;
const PAGES: u64 = 24;

/// Something that happens in a process.
#[derive(Clone, Debug)]
enum Event {
    Attach { segment: u64, page: u64 },
    Detach { page: u64 },
    Anonymous { page: u64, pages: u64 },
    Private { page: u64, pages: u64 },
    Unmap { page: u64, pages: u64 },
    Remove { segment: u64 },
    Fork { child: u64 },
    Exec,
    Exit,
    Reference { byte: u64, bytes: u64, write: bool },
}

/// Segments 0 to 3 have 1 to 4 pages.
fn pages_of(segment: u64) -> u64 {
    segment + 1
}

fn events() -> impl Strategy<Value = Vec<(u64, Event)>> {
    let page = 0..PAGES;
    let event = prop_oneof![
        4 => (0..4_u64, page.clone()).prop_map(|(segment, page)| Event::Attach { segment, page }),
        2 => page.clone().prop_map(|page| Event::Detach { page }),
        1 => (page.clone(), 1..5_u64).prop_map(|(page, pages)| Event::Anonymous { page, pages }),
        1 => (page.clone(), 1..5_u64).prop_map(|(page, pages)| Event::Private { page, pages }),
        1 => (page, 1..5_u64).prop_map(|(page, pages)| Event::Unmap { page, pages }),
        1 => (0..4_u64).prop_map(|segment| Event::Remove { segment }),
        1 => (1..5_u64).prop_map(|child| Event::Fork { child }),
        1 => Just(Event::Exec),
        1 => Just(Event::Exit),
        20 => (0..(PAGES + 8) * PAGE, prop_oneof![Just(8_u64), 1..40_u64, Just(9000)], any::<bool>())
            .prop_map(|(byte, bytes, write)| Event::Reference { byte, bytes, write }),
    ];
    prop::collection::vec((1..5_u64, event), 1..120)
}

/// The log of a world: one file, in which lines of comment say whose turn it is.
fn log(events: &[(u64, Event)]) -> String {
    let mut log = String::from("==1== Lackey, an example Valgrind tool\n==1== \n --> [pre-success] Success(0x0) \n");
    for segment in 0..4 {
        let bytes = pages_of(segment) * PAGE;
        log += &format!("SYSCALL[1,1](29) sys_shmget ( 0, {bytes}, 896 )[sync] --> Success(0x{segment:x}) \n");
    }
    for (process, event) in events {
        let address = |page: &u64| (FIRST + page) * PAGE;
        let call = |text: String| format!("SYSCALL[{process},1](0) {text} \n");
        log += &format!("=={process}== \n");
        log += &match event {
            Event::Attach { segment, page } => {
                call(format!("sys_shmat ( {segment}, 0x0, 0 )[sync] --> Success(0x{:x})", address(page)))
            }
            Event::Detach { page } => call(format!("sys_shmdt ( 0x{:x} )[sync] --> Success(0x0)", address(page))),
            Event::Anonymous { page, pages } => call(format!(
                "sys_mmap ( 0x0, {}, 3, 33, 4294967295, 0 ) --> [pre-success] Success(0x{:x})",
                pages * PAGE,
                address(page)
            )),
            Event::Private { page, pages } => call(format!(
                "sys_mmap ( 0x0, {}, 3, 34, 4294967295, 0 ) --> [pre-success] Success(0x{:x})",
                pages * PAGE,
                address(page)
            )),
            Event::Unmap { page, pages } => {
                call(format!("sys_munmap ( 0x{:x}, {} )[sync] --> Success(0x0)", address(page), pages * PAGE))
            }
            Event::Remove { segment } => call(format!("sys_shmctl ( {segment}, 0, 0x0 )[sync] --> Success(0x0)")),
            Event::Fork { child } => {
                call(format!("sys_clone ( 1, 0x0 )   clone(fork): process {process} created child {child}"))
            }
            // A program that begins, and something it does.
            Event::Exec => {
                format!("=={process}== Lackey, an example Valgrind tool\n")
                    + &call("sys_getpid ( )[sync] --> Success(0x1)".into())
                    + " L 00000008,1\n"
            }
            Event::Exit => call("exit_group( 0 ) --> [pre-success] Success(0x0)".into()),
            Event::Reference { byte, bytes, write } => {
                format!(" {} {:08x},{bytes}\n", if *write { 'S' } else { 'L' }, FIRST * PAGE + byte)
            }
        };
    }
    log
}

/// A page that is mapped: label, page of the segment, number of the mapping.
type Mapped = (String, u64, u64);

/// What the log means, page by page.
#[derive(Default)]
struct World {
    spaces: HashMap<u64, BTreeMap<u64, Mapped>>,
    /// The mapping that was made last at an address.
    bases: HashMap<(u64, u64), u64>,
    mappings: u64,
    anonymous: HashMap<(u64, u64), u64>,
    /// Process, segment and page, or page of private memory; whether it is written.
    shared: Vec<(u64, String, u64, bool)>,
    private: Vec<(u64, u64, bool)>,
    /// Those and the others in order: true is shared.
    order: Vec<bool>,
}

impl World {
    fn map(&mut self, process: u64, label: &str, first: u64, pages: u64) {
        self.mappings += 1;
        let space = self.spaces.entry(process).or_default();
        for page in 0..pages {
            space.insert(first + page, (label.to_owned(), page, self.mappings));
        }
        self.bases.insert((process, first), self.mappings);
    }

    fn happens(&mut self, process: u64, event: &Event) {
        match *event {
            Event::Attach { segment, page } => {
                self.map(process, &format!("s{segment}"), FIRST + page, pages_of(segment));
            }
            Event::Detach { page } => {
                if let Some(mapping) = self.bases.remove(&(process, FIRST + page)) {
                    self.spaces.entry(process).or_default().retain(|_, mapped| mapped.2 != mapping);
                }
            }
            Event::Anonymous { page, pages } => {
                let times = self.anonymous.entry((process, page)).or_default();
                *times += 1;
                let again = if *times > 1 { format!("#{times}") } else { String::new() };
                let label = format!("anonymous:{process}@{:x}{again}", (FIRST + page) * PAGE);
                self.map(process, &label, FIRST + page, pages);
            }
            Event::Private { page, pages } | Event::Unmap { page, pages } => {
                let gone = FIRST + page..FIRST + page + pages;
                self.spaces.entry(process).or_default().retain(|at, _| !gone.contains(at));
            }
            Event::Fork { child } if child != process => {
                let copy = self.spaces.entry(process).or_default().clone();
                self.forget(child);
                self.spaces.insert(child, copy);
                let bases: Vec<_> =
                    self.bases.iter().filter(|((of, _), _)| *of == process).map(|(k, v)| (k.1, *v)).collect();
                self.bases.extend(bases.into_iter().map(|(base, mapping)| ((child, base), mapping)));
            }
            // A segment that is removed and attached again is another of the same name.
            Event::Remove { .. } | Event::Fork { .. } => {}
            Event::Exec => {
                self.forget(process);
                self.happens(
                    process,
                    &Event::Reference { byte: 8_u64.wrapping_sub(FIRST * PAGE), bytes: 1, write: false },
                );
            }
            Event::Exit => self.forget(process),
            Event::Reference { byte, bytes, write } => {
                let first = (FIRST * PAGE).wrapping_add(byte);
                for page in first / PAGE..=(first + bytes - 1) / PAGE {
                    let mapped = self.spaces.entry(process).or_default().get(&page);
                    match mapped {
                        Some((label, page, _)) => self.shared.push((process, label.clone(), *page, write)),
                        None => self.private.push((process, page, write)),
                    }
                    self.order.push(mapped.is_some());
                }
            }
        }
    }

    fn forget(&mut self, process: u64) {
        self.spaces.remove(&process);
        self.bases.retain(|(of, _), _| *of != process);
    }

    /// Mappings of each process and segment of which something is left.
    fn attached(&self) -> BTreeMap<(u64, String), usize> {
        let mut all: BTreeMap<(u64, String), BTreeSet<u64>> = BTreeMap::new();
        for (process, space) in &self.spaces {
            for (label, _, mapping) in space.values() {
                all.entry((*process, label.clone())).or_default().insert(*mapping);
            }
        }
        all.into_iter().map(|(key, mappings)| (key, mappings.len())).collect()
    }
}

fn world(events: &[(u64, Event)]) -> World {
    let mut world = World::default();
    for (process, event) in events {
        world.happens(*process, event);
    }
    world
}

fn options(addresses: AddressOptions) -> ReadOptions {
    ReadOptions { addresses, ..ReadOptions::default() }
}

/// Reads a log; whatever is in it, the resolver takes it.
fn read_log(text: &str, options: &ReadOptions) -> Result<Kept, TraceError> {
    let bytes: &'static [u8] = text.as_bytes().to_vec().leak();
    read_from("log", Box::new(bytes), options, &mut Resolver::new(ResolveOptions::default()))?;
    Ok(read_with(bytes, options)?.0)
}

fn references(kept: &Kept) -> Vec<(u64, String, u64, bool)> {
    let references = kept.records.iter().filter(|r| matches!(r.operation, Operation::Read | Operation::Write));
    references.map(|r| (r.process, label(kept, r), r.page, r.operation == Operation::Write)).collect()
}

fn label(kept: &Kept, record: &Record) -> String {
    kept.label_of(record).unwrap().to_string()
}

/// What the records leave attached.
fn attached(kept: &Kept) -> BTreeMap<(u64, String), usize> {
    let mut all: BTreeMap<(u64, String), usize> = BTreeMap::new();
    for record in &kept.records {
        match record.operation {
            Operation::Attach => *all.entry((record.process, label(kept, record))).or_default() += 1,
            Operation::Detach => *all.get_mut(&(record.process, label(kept, record))).expect("attached") -= 1,
            Operation::Fork => {
                let of_parent = all.iter().filter(|((process, _), _)| *process == record.process);
                let copies: Vec<_> = of_parent.map(|((_, label), n)| ((record.page, label.clone()), *n)).collect();
                all.extend(copies);
            }
            Operation::Exit => all.retain(|(process, _), _| *process != record.process),
            _ => {}
        }
    }
    all.retain(|_, count| *count > 0);
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn references_go_where_the_pages_are_mapped(events in events()) {
        let world = world(&events);
        let maps = events.iter().any(|(_, event)| matches!(event, Event::Attach { .. } | Event::Anonymous { .. }));
        if maps {
            let kept = read_log(&log(&events), &ReadOptions::default()).unwrap();
            prop_assert_eq!(references(&kept), &world.shared[..]);
            prop_assert_eq!(&kept.settings.as_ref().unwrap().fidelity, &[]);
            // The log's process ends with the log; the last line names it.
            let last = events.last().map_or(1, |(process, _)| *process);
            let mut left = world.attached();
            left.retain(|(process, _), _| *process != last);
            prop_assert_eq!(attached(&kept), left);
        } else if !world.private.is_empty() {
            let kept = read_log(&log(&events), &ReadOptions::default()).unwrap();
            let found: Vec<_> = references(&kept).into_iter().map(|(process, _, page, write)| (process, page, write)).collect();
            prop_assert_eq!(found, &world.private[..]);
            prop_assert_eq!(&kept.settings.as_ref().unwrap().fidelity, &[Fidelity::NoMappings]);
            let segments: BTreeSet<_> = references(&kept).into_iter().map(|(process, label, ..)| (process, label)).collect();
            let processes: BTreeSet<_> = world.private.iter().map(|(process, ..)| process).collect();
            prop_assert_eq!(segments.len(), processes.len(), "each process has its own segment");
        }
    }

    #[test]
    fn private_memory_is_kept_when_asked_for(events in events()) {
        let world = world(&events);
        prop_assume!(!world.order.is_empty());
        let kept = read_log(&log(&events), &options(AddressOptions { private: true, ..AddressOptions::default() })).unwrap();
        let (mut shared, mut private) = (world.shared.iter(), world.private.iter());
        let found = references(&kept);
        prop_assert_eq!(found.len(), world.order.len());
        for ((process, label, page, write), is_shared) in found.into_iter().zip(&world.order) {
            if *is_shared {
                let (of, name, at, writes) = shared.next().unwrap();
                prop_assert_eq!((process, &label, page, write), (*of, name, *at, *writes));
                continue;
            }
            let &(of, at, writes) = private.next().unwrap();
            let address = label.strip_prefix(&format!("private:{of}@")).map(|hex| u64::from_str_radix(hex, 16).unwrap());
            prop_assert_eq!((process, address.map(|address| address / PAGE + page), write), (of, Some(at), writes));
        }
    }
}

/// Loads of one process from these pages.
fn loads(pages: &[u64]) -> String {
    pages.iter().map(|page| format!(" L {:08x},8\n", page * PAGE)).collect()
}

#[test]
fn regions_of_private_memory_are_apart_by_a_megabyte() {
    let private = options(AddressOptions { private: true, ..AddressOptions::default() });
    let kept = read_log(&loads(&[900, 1000, 1255, 1256, 2000, 100, 1000, 355, 611]), &private).unwrap();
    let found: Vec<(String, u64)> = references(&kept).into_iter().map(|(_, label, page, _)| (label, page)).collect();
    let at = |page: u64| format!("private:1@{:x}", page * PAGE);
    let low = |page: u64| (at(100), page - 100);
    let expected = [low(900), low(1000), low(1255), low(1256), (at(2000), 0), low(100), low(1000), low(355), low(611)];
    // Between 355 and 611 lies a page less than a megabyte, between 611 and 900 more than that.
    let apart = |(label, page): (String, u64)| {
        if label == at(100) && page >= 800 { (at(900), page - 800) } else { (label, page) }
    };
    assert_eq!(found, expected.map(apart));
    let sizes: Vec<u64> = kept.records.iter().filter(|r| r.operation == Operation::Create).map(|r| r.page).collect();
    assert_eq!(sizes, [357, 1, 512]);
}

#[test]
fn a_trace_without_mappings_can_be_cut_and_dealt() {
    let pages: Vec<u64> = (0..400).map(|index| index * 7919 % 997).collect();
    let text = loads(&pages);
    let cut = |cut, sharers| {
        let kept = read_log(&text, &options(AddressOptions { cut, sharers, ..AddressOptions::default() })).unwrap();
        references(&kept)
    };
    let distinct: BTreeSet<u64> = pages.iter().copied().collect();
    let rank = |page: &u64| distinct.range(..page).count() as u64;
    let part = distinct.len() as u64 / 4;
    assert_eq!(distinct.len() % 4, 0);
    let mut labels = HashMap::new();
    for (page, (process, label, found, _)) in pages.iter().zip(cut(Cut::Count(4), 1)) {
        assert_eq!((process, found), (1, rank(page) % part));
        assert_eq!(*labels.entry(rank(page) / part).or_insert(label.clone()), label);
    }
    assert_eq!(labels.len(), 4);
    // The bits may lie below those of a page.
    let text: String = (0..64).map(|index| format!(" L {:08x},1\n", 0x10000 + index * 64)).collect();
    let bits = options(AddressOptions { cut: Cut::Bits { low: 6, high: 7 }, ..AddressOptions::default() });
    let labels: Vec<String> = references(&read_log(&text, &bits).unwrap()).into_iter().map(|found| found.1).collect();
    assert!(labels.iter().enumerate().all(|(index, label)| *label == format!("s{}", index % 4)), "{labels:?}");
    let dealt = cut(Cut::Whole, 3);
    assert!(dealt.iter().map(|found| found.2).eq(pages.iter().copied()));
    assert_eq!(dealt.iter().map(|found| found.0).collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn a_mapping_of_unknown_size_ends_where_another_begins() {
    let attach = |id: u64, page: u64| {
        format!("SYSCALL[1,1](30) sys_shmat ( {id}, 0x0, 0 )[sync] --> Success(0x{:x}) \n", page * PAGE)
    };
    let map = |page: u64| {
        format!(
            "SYSCALL[1,1](9) sys_mmap ( 0x0, 4096, 3, 34, 4294967295, 0 ) --> [pre-success] Success(0x{:x}) \n",
            page * PAGE
        )
    };
    let far = 100 + (1 << 24);
    let text = attach(1, 100) + &loads(&[100, 500]) + &attach(2, 300) + &loads(&[299, 300, 500, 99]) + &map(200);
    let text = text + &loads(&[199, 200, 201, 300, far]);
    let found: Vec<(String, u64)> =
        references(&read_log(&text, &ReadOptions::default()).unwrap()).into_iter().map(|r| (r.1, r.2)).collect();
    let (one, two) = (|page: u64| ("s1".to_owned(), page - 100), |page: u64| ("s2".to_owned(), page - 300));
    assert_eq!(found, [one(100), one(500), one(299), two(300), two(500), one(199), two(300), two(far)]);
    let beyond = attach(1, 100) + &loads(&[100, far - 1, far, far + 1]);
    assert_eq!(references(&read_log(&beyond, &ReadOptions::default()).unwrap()).len(), 2);
}

#[test]
fn a_number_used_again_is_a_new_segment() {
    let create = |bytes: u64| format!("SYSCALL[1,1](29) sys_shmget ( 0, {bytes}, 896 )[sync] --> Success(0x7) \n");
    let rest = "SYSCALL[1,1](30) sys_shmat ( 7, 0x0, 0 )[sync] --> Success(0x100000) \n S 00100008,4\n\
                SYSCALL[1,1](67) sys_shmdt ( 0x100000 )[sync] --> Success(0x0) \n S 00100008,4\n\
                SYSCALL[1,1](31) sys_shmctl ( 7, 0, 0x0 )[sync] --> Success(0x0) \n";
    let text = create(8192) + rest + &create(8192) + rest;
    let mut resolver = Resolver::new(ResolveOptions::default());
    let bytes: &'static [u8] = text.clone().leak().as_bytes();
    read_from("log", Box::new(bytes), &ReadOptions::default(), &mut resolver).unwrap();
    let program = resolver.finish();
    assert_eq!(program.segments.len(), 2);
    assert!(program.segments.iter().all(|segment| segment.size == 2 && segment.touched == 1));
}

#[test]
fn the_largest_addresses_are_legal() {
    let text = "SYSCALL[1,1](30) sys_shmat ( 7, 0x0, 0 )[sync] --> Success(0xfffffffffffff000) \n\
                \x20L ffffffffffffffff,8\n S fffffffffffff000,8\n L ffffffffffffeffc,8\n L 0000000000000000,8\n";
    let found = references(&read_log(text, &ReadOptions::default()).unwrap());
    assert_eq!(found.iter().map(|found| (found.2, found.3)).collect::<Vec<_>>(), [(0, false), (0, true), (0, false)]);
    let text = " L ffffffffffffffff,8\n L fffffffffffffff8,8\n S 0000000000000000,65536\n";
    for private in [false, true] {
        let options = options(AddressOptions { private, ..AddressOptions::default() });
        assert_eq!(references(&read_log(text, &options).unwrap()).len(), 18);
    }
}
