//! The reference model against the recorded kernel runs, and the worlds against what they are for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

mod reference;

use reference::model::Reference;
use reference::scan::{Call, Outcome};
use reference::script::{Event, Script};
use reference::swap::{Swap, SwapEntry};
use reference::worlds::{Flavour, world, world_of};

/// Where the recorded runs are.
fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The names of the recorded runs that start so, ascending.
fn cases(start: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(golden())
        .expect("the recorded runs are there")
        .map(|file| file.expect("a directory can be read").file_name().into_string().expect("names are plain"))
        .filter_map(|name| name.strip_suffix(".events").map(str::to_string))
        .filter(|name| name.starts_with(start))
        .collect();
    names.sort();
    names
}

/// A file of a recorded run, if there is one.
fn recorded(case: &str, kind: &str) -> Option<String> {
    fs::read_to_string(golden().join(format!("{case}.{kind}"))).ok()
}

/// What a run prints: the `.expected` text and the `.trace` text.
fn run(script: &Script) -> (String, String) {
    let mut model = Reference::for_script(script);
    let mut expected = Vec::new();
    let mut trace = Vec::new();
    for event in &script.events {
        if model.stopped() {
            break;
        }
        expected.extend(model.step(event));
        trace.extend_from_slice(model.log());
        model.check();
    }
    expected.push(model.summary());
    trace.push(model.summary());
    trace.push(model.final_line());
    (expected.join("\n") + "\n", trace.join("\n") + "\n")
}

/// Fails with the first line that differs.
fn same_text(case: &str, ours: &str, theirs: &str) {
    for (number, (our, their)) in ours.lines().zip(theirs.lines()).enumerate() {
        assert_eq!(our, their, "{case}, line {}: the model, and the record", number + 1);
    }
    assert!(ours == theirs, "{case}: {} lines, recorded {}", ours.lines().count(), theirs.lines().count());
}

/// Compares all runs that start so with their records; returns how many there were, and how many had a trace.
fn compare(start: &str) -> (usize, usize) {
    let mut traces = 0;
    let cases = cases(start);
    for case in &cases {
        let script =
            Script::parse(&recorded(case, "events").expect("it was listed")).expect("the script is well formed");
        let (expected, trace) = run(&script);
        same_text(case, &expected, &recorded(case, "expected").expect("each run has its output"));
        if let Some(recorded) = recorded(case, "trace") {
            same_text(&format!("{case}.trace"), &trace, &recorded);
            traces += 1;
        }
    }
    (cases.len(), traces)
}

#[test]
fn the_recorded_runs_come_out_line_by_line() {
    assert_eq!(compare("case_"), (36, 28));
}

#[test]
fn the_recorded_runs_with_forks_swap_and_oom_come_out_line_by_line() {
    assert_eq!(compare("ext_case_"), (11, 8));
}

/// What the allocator prints for a script of `swapon`, `alloc` and `free`.
fn run_swap(script: &str) -> String {
    let mut swap = Swap::default();
    let mut text = String::new();
    for line in script.lines().filter(|line| !line.starts_with('#')) {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["swapon", slots, priority] => {
                let priority = (priority != "-").then(|| priority.parse().expect("a priority"));
                let area = swap.swapon(slots.parse().expect("slots"), priority);
                writeln!(text, "type {area}").expect("a string takes any text");
            }
            ["alloc"] => text += &alloc_line(&mut swap),
            ["alloc", times] => {
                for _ in 0..times.parse().expect("a count") {
                    text += &alloc_line(&mut swap);
                }
            }
            ["free", slot] => {
                let (area, slot) = slot.split_once(':').expect("area:slot");
                swap.swap_free(SwapEntry { area: area.parse().expect("area"), slot: slot.parse().expect("slot") });
            }
            _ => panic!("not a line of a swap case: {line:?}"),
        }
        swap.check();
    }
    text
}

/// Takes a slot and says which.
fn alloc_line(swap: &mut Swap) -> String {
    match swap.get_swap_page() {
        Some(slot) => format!("slot {}:{} entry {:08x}\n", slot.area, slot.slot, slot.word()),
        None => "none\n".to_string(),
    }
}

#[test]
fn the_recorded_runs_of_the_slot_allocator_come_out_line_by_line() {
    let cases = cases("swap_case_");
    assert_eq!(cases.len(), 6);
    for case in &cases {
        let ours = run_swap(&recorded(case, "events").expect("it was listed"));
        same_text(case, &ours, &recorded(case, "expected").expect("each run has its output"));
    }
}

#[test]
fn a_freed_slot_of_higher_priority_calls_the_pointer_back() {
    // R50, where it shows: the pointer stands on the second of two equal areas, so it would not go to the head by itself.
    let script = "swapon 2 7\nswapon 4 1\nswapon 4 1\nalloc 3\nfree 0:2\nalloc 3";
    let lines = run_swap(script);
    let slots: Vec<&str> = lines.lines().filter_map(|line| line.strip_prefix("slot ")?.split(' ').next()).collect();
    assert_eq!(slots, ["0:1", "0:2", "2:1", "0:2", "2:2", "1:1"]);
}

#[test]
fn a_walk_without_a_free_slot_moves_the_cluster_on() {
    // R49. No recorded run shows it: only an area that is full while another has room is walked to its end in vain. The
    // position is then past `highest_bit`, so of two slots freed later the lower one is taken.
    let script = "swapon 6 5\nswapon 40 1\nalloc 6\nfree 0:3\nalloc 2\nfree 0:2\nfree 0:5\nalloc";
    let lines = run_swap(script);
    assert_eq!(lines.lines().last(), Some("slot 0:2 entry 00000200"));
}

#[test]
fn a_script_survives_its_text() {
    for case in cases("case_").iter().chain(&cases("ext_case_")) {
        let script =
            Script::parse(&recorded(case, "events").expect("it was listed")).expect("the script is well formed");
        assert_eq!(Script::parse(&script.to_text()).as_ref(), Ok(&script), "{case}");
    }
    for seed in 0..200 {
        let script = world(seed);
        assert_eq!(Script::parse(&script.to_text()).as_ref(), Ok(&script), "seed {seed}");
    }
    assert!(Script::parse("seg a 1\n").is_err(), "no header");
    assert!(Script::parse("# F=1\nseg a\n").is_err(), "no size");
    assert!(Script::parse("# swap=1\n").is_err(), "no frames");
}

#[test]
fn a_seed_is_a_world() {
    assert_eq!(world(7), world(7));
    assert_ne!(world(7), world(8));
}

#[test]
fn every_count_is_right_after_every_event() {
    for seed in 0..2_000 {
        let script = world(seed);
        assert!((20..=400).contains(&script.events.len()), "seed {seed}: {} events", script.events.len());
        let mut model = Reference::for_script(&script);
        for event in &script.events {
            let _ = model.step(event);
            model.check();
        }
    }
}

#[test]
fn a_flavour_is_what_it_says() {
    for seed in 0..100 {
        assert_eq!(world_of(&Flavour::single_frame(), seed).frames, 1);
        for event in world_of(&Flavour::locked_only(), seed).events {
            assert!(!matches!(event, Event::Seg { locked: false, .. } | Event::Unlock { .. }), "seed {seed}: {event}");
        }
        let events = world_of(&Flavour::no_control(), seed).events;
        let reference = |event: &Event| matches!(event, Event::Read { .. } | Event::Write { .. });
        let first = events.iter().position(reference).unwrap_or(events.len());
        assert!(events[first..].iter().all(reference), "seed {seed}");
        let flavour = Flavour { forks: false, double_attach: false, ..Flavour::restless() };
        let mut census = Census::default();
        census.run(&world_of(&flavour, seed));
        for kind in ["fork", "exit", "attached twice"] {
            assert_eq!(census.count(kind), 0, "seed {seed}: {kind}");
        }
    }
}

/// Runs events, one a line, on a machine of so many frames that goes on when out of memory.
fn machine(frames: usize, events: &str) -> Reference {
    let mut model = Reference::new(frames, None, true);
    for event in events.lines() {
        let _ = model.step(&event.trim().parse().expect("an event"));
        model.check();
    }
    model
}

/// The lines of a dump that start so, without their ends.
fn dumped(model: &Reference, start: &str) -> Vec<String> {
    model.dump().lines().filter(|line| line.starts_with(start)).map(str::to_string).collect()
}

#[test]
fn references_go_to_the_oldest_of_several_attachments_and_detach_ends_the_youngest() {
    let script = "seg a 2\nattach 1 a\nattach 2 a\nattach 1 a\nw 1 a 0\nr 2 a 0";
    let model = machine(3, script);
    assert_eq!(dumped(&model, "segment"), ["segment 0 a pages=2 locked=0 dest=0 attaches=1,2,1"]);
    assert_eq!(dumped(&model, "  "), ["  0 resident:3 yy.", "  1 zero ..."]);
    let model = machine(3, &format!("{script}\ndetach 1 a"));
    assert_eq!(dumped(&model, "  "), ["  0 resident:3 yy", "  1 zero .."]);
    // R44: the child's come last, in the parent's order, and what is present of them is old.
    let model = machine(3, &format!("{script}\nfork 1 3\nfork 3 4"));
    assert_eq!(dumped(&model, "segment"), ["segment 0 a pages=2 locked=0 dest=0 attaches=1,2,1,3,3,4,4"]);
    assert_eq!(dumped(&model, "  ")[0], "  0 resident:5 yy.o.o.");
    // R43: all of one process end at once, and the rest stay in their order.
    let model = machine(3, &format!("{script}\nfork 1 3\nrm a\nexit 1\nexit 2"));
    assert_eq!(dumped(&model, "segment"), ["segment 0 a pages=2 locked=0 dest=1 attaches=3,3"]);
    assert_eq!(dumped(&model, "process"), ["process 3 rss=1"]);
    let model = machine(3, &format!("{script}\nrm a\nexit 1\nexit 2"));
    assert_eq!(dumped(&model, "shm"), ["shm rss=0 swp=0 tot=0 max=0 attempts=0 successes=0"]);
}

#[test]
fn an_untouched_younger_attachment_does_not_hinder_the_scan() {
    // R39, and as references go to the oldest, a younger one never has a present entry.
    let model = machine(2, "seg a 3\nattach 1 a\nattach 1 a\nw 1 a 0\nw 1 a 1\nw 1 a 2");
    // prio 1 (budget 1) clears page 0 and trips on page 1, prio 0 wraps and takes page 0.
    assert_eq!(dumped(&model, "  "), ["  0 swapped:0:1 ..", "  1 resident:2 y.", "  2 resident:2 y."]);
    assert_eq!(dumped(&model, "hand"), ["hand 0:1"]);
    let counts = "counts zero=3 minor=0 swapin=0 out=1 ptes=1 cleared=1 wasted=0 failed=1 dirty=1";
    assert_eq!(dumped(&model, "counts"), [counts]);
}

#[test]
fn entries_taken_in_two_visits_of_one_call_are_all_sharers_of_the_victim() {
    let mut script = "seg l 128 locked\nseg a 2\nattach 1 l\nattach 1 a\n".to_string();
    for page in 0..128 {
        writeln!(script, "w 1 l {page}").expect("a string takes any text");
    }
    // R28: 129 resident pages give prio 6 a budget of 2, and one page may be scanned. It is met twice: the child's entry,
    // old from the fork, goes at once, the parent's the second time.
    script += "w 1 a 0\nfork 1 2\nw 1 a 1";
    let model = machine(129, &script);
    let [call] = model.calls() else { panic!("one call, not {:?}", model.calls()) };
    assert_eq!(call.examined, [(1, 0), (1, 0)]);
    assert_eq!(model.log()[2], "out a 0 sharers=2 scanned=2");
    let counts = "counts zero=130 minor=0 swapin=0 out=1 ptes=2 cleared=1 wasted=0 failed=0 dirty=1";
    assert_eq!(dumped(&model, "counts"), [counts]);
}

#[test]
fn locking_twice_has_no_effect() {
    let once = machine(2, "seg a 3\nattach 1 a\nw 1 a 0\nlock a");
    let twice = machine(2, "seg a 3\nattach 1 a\nw 1 a 0\nlock a\nlock a");
    assert_eq!(once.dump(), twice.dump());
    let unlocked = machine(2, "seg a 3\nattach 1 a\nw 1 a 0\nlock a\nlock a\nunlock a\nunlock a");
    let never = machine(2, "seg a 3\nattach 1 a\nw 1 a 0");
    assert_eq!(unlocked.dump(), never.dump());
}

#[test]
fn the_table_has_no_end() {
    let mut script = String::new();
    for id in 0..128 {
        writeln!(script, "seg s{id} 1 locked\nattach 1 s{id}").expect("a string takes any text");
    }
    script += "w 1 s0 0\nw 1 s127 0\nw 1 s1 0";
    // R30: with 128 slots in use and all locked, the hand stands on slot 128, which is unused.
    let model = machine(2, &script);
    assert_eq!(model.hand(), (128, 0));
    assert_eq!(model.counters().oom, 1);
    // The next calls wrap at once, so each has one pass: at prio 1 the page is aged, at prio 0 it goes.
    let model = machine(2, &format!("{script}\nunlock s127\nw 1 s1 0"));
    let hands: Vec<_> = model.calls()[5..].iter().map(|call| (call.outcome, call.hand_after)).collect();
    assert_eq!(hands, [(Outcome::Wrapped, (128, 0)), (Outcome::Evicted, (127, 1))]);
    // A segment more gets that slot, and the table falls back when it goes.
    let model = machine(2, &format!("{script}\nseg more 3\nseg and_more 1\nrm more"));
    assert_eq!(model.max_shmid(), 129);
    assert_eq!(model.segment_named("and_more").map(|segment| segment.id), Some(129));
    let model = machine(2, &format!("{script}\nseg more 3\nseg and_more 1\nrm more\nrm and_more"));
    assert_eq!(model.max_shmid(), 127);
}

#[test]
fn a_dump_is_what_its_format_says() {
    let mut model = Reference::new(2, Some(&[(2, Some(1)), (3, None)]), false);
    for event in "seg a 2\nseg l 1 locked\nseg b 2\nattach 2 a\nattach 7 b\nw 2 a 0\nr 2 a 1\nw 7 b 1\nrm b".lines() {
        let _ = model.step(&event.parse().expect("an event"));
    }
    let expected = "\
frames 2 free=0
shm rss=2 swp=1 tot=5 max=2 attempts=3 successes=1
hand 0:1
counts zero=3 minor=0 swapin=0 out=1 ptes=1 cleared=1 wasted=0 failed=1 dirty=1
segment 0 a pages=2 locked=0 dest=0 attaches=2
  0 swapped:0:1 .
  1 resident:2 y
segment 1 l pages=1 locked=1 dest=0 attaches=-
  0 zero -
segment 2 b pages=2 locked=0 dest=1 attaches=7
  0 zero .
  1 resident:2 y
process 2 rss=1
process 7 rss=1
area 0 slots=2 prio=1 used=1
area 1 slots=3 prio=-1 used=-
";
    assert_eq!(model.dump(), expected);
}

/// How often what happens in worlds.
#[derive(Default)]
struct Census {
    /// By name.
    counts: BTreeMap<&'static str, usize>,
}

impl Census {
    /// Counts one more if `happened`.
    fn note(&mut self, what: &'static str, happened: bool) {
        *self.counts.entry(what).or_default() += usize::from(happened);
    }

    /// How often it happened.
    fn count(&self, what: &str) -> usize {
        self.counts.get(what).copied().unwrap_or(0)
    }

    /// Runs a world and counts.
    fn run(&mut self, script: &Script) {
        let mut model = Reference::for_script(script);
        let mut past = Past::default();
        self.note("several areas", model.swap_areas() > 1);
        for event in &script.events {
            let before = model.clone();
            let lines = model.step(event);
            if before.stopped() {
                self.note("stopped early", true);
                break;
            }
            self.note(kind(event), true);
            self.note_event(event, &before, &model, &mut past);
            let oom = lines.iter().any(|line| line == "oom");
            self.note("oom", oom);
            self.note("oom, and the run goes on", oom && !model.stopped());
            for call in model.calls() {
                self.note_call(call, &before);
            }
            let swapped = before.shm_swp() > 0 && model.calls().iter().all(|call| call.outcome != Outcome::Evicted);
            self.note("a swap-in finds no slot for the eviction", oom && swapped && out_of_swap(model.calls()));
            let everything = !model.segments().is_empty() && model.segments().iter().all(|segment| segment.locked);
            self.note("everything is locked", everything);
        }
    }

    /// Counts what is seen of an event in the states before and after it.
    fn note_event(&mut self, event: &Event, before: &Reference, after: &Reference, past: &mut Past) {
        let segment = |name: &String| before.segment_named(name).expect("only legal events are made");
        match event {
            Event::Seg { name, .. } => {
                let id = after.segment_named(name).expect("it was just created").id;
                self.note("id used again", !past.ids.insert(id));
                self.note("name used again", !past.names.insert(name.clone()));
                self.note(
                    "created under the hand",
                    before.hand().0 == id && before.hand().1 > 0 && before.shm_tot() > 0,
                );
            }
            Event::Attach { pid, name } => {
                self.note("attached twice", segment(name).attaches.contains(pid));
                self.note("attached after rm", segment(name).dest);
                self.note("process id used again", past.ended.remove(pid));
            }
            Event::Detach { pid, name } => {
                let others = segment(name).attaches.iter().filter(|of| *of == pid).count() > 1;
                self.note("one of two attachments detached", others);
                self.note(
                    "the last of a removed segment detached",
                    segment(name).dest && segment(name).attaches.len() == 1,
                );
            }
            Event::Rm { name } => {
                self.note("rm while attached", !segment(name).attaches.is_empty());
                self.note("rm of an unattached segment", segment(name).attaches.is_empty());
                self.note("rm twice", segment(name).dest);
            }
            Event::Lock { name } => self.note("locked twice", segment(name).locked),
            Event::Unlock { name } => self.note("unlocked twice", !segment(name).locked),
            Event::Fork { parent, child } => {
                self.note("a child forks", past.children.contains(parent));
                past.children.insert(*child);
                past.ended.remove(child);
            }
            Event::Exit { pid } => {
                past.children.remove(pid);
                past.ended.insert(*pid);
            }
            Event::Read { .. } | Event::Write { .. } => {}
        }
    }

    /// Counts what a call of `shm_swap` shows.
    fn note_call(&mut self, call: &Call, before: &Reference) {
        self.note("no budget", call.outcome == Outcome::NoBudget);
        self.note("out of swap", call.outcome == Outcome::NoSlot);
        self.note("wrap failure", call.outcome == Outcome::Wrapped);
        self.note("budget failure", call.outcome == Outcome::BudgetSpent);
        self.note("budget at prio 6", call.prio == 6 && call.budget > 0);
        self.note("evicted at prio 3 or above", call.prio >= 3 && call.outcome == Outcome::Evicted);
        self.note("partial invalidation", call.wasted() > 0);
        self.note("victim without sharers", call.outcome == Outcome::Evicted && call.sharers() == 0);
        self.note("victim with several sharers", call.sharers() > 1);
        self.note("hand outside the table", call.budget > 0 && call.hand_before.0 > before.max_shmid());
        let pages: BTreeSet<_> = call.examined.iter().collect();
        self.note("a page met twice in one call", pages.len() < call.examined.len());
    }
}

/// What a census remembers of a run.
#[derive(Default)]
struct Past {
    /// Slots of the table that were used.
    ids: BTreeSet<usize>,
    /// Names that were used.
    names: BTreeSet<String>,
    /// Processes that were forked and live.
    children: BTreeSet<u64>,
    /// Processes that ended and have not come back.
    ended: BTreeSet<u64>,
}

/// Whether the calls had no slot to begin with.
fn out_of_swap(calls: &[Call]) -> bool {
    calls.iter().any(|call| call.outcome == Outcome::NoSlot)
}

/// The word that an event starts with.
fn kind(event: &Event) -> &'static str {
    match event {
        Event::Seg { .. } => "seg",
        Event::Attach { .. } => "attach",
        Event::Detach { .. } => "detach",
        Event::Rm { .. } => "rm",
        Event::Lock { .. } => "lock",
        Event::Unlock { .. } => "unlock",
        Event::Read { .. } => "r",
        Event::Write { .. } => "w",
        Event::Fork { .. } => "fork",
        Event::Exit { .. } => "exit",
    }
}

/// All that must happen somewhere in a few hundred worlds, or they prove little.
const MUST_HAPPEN: &[&str] = &[
    "seg",
    "attach",
    "detach",
    "rm",
    "lock",
    "unlock",
    "r",
    "w",
    "fork",
    "exit",
    "several areas",
    "stopped early",
    "oom",
    "oom, and the run goes on",
    "a swap-in finds no slot for the eviction",
    "everything is locked",
    "id used again",
    "name used again",
    "created under the hand",
    "attached twice",
    "attached after rm",
    "process id used again",
    "one of two attachments detached",
    "the last of a removed segment detached",
    "rm while attached",
    "rm of an unattached segment",
    "rm twice",
    "locked twice",
    "unlocked twice",
    "a child forks",
    "no budget",
    "out of swap",
    "wrap failure",
    "budget failure",
    "budget at prio 6",
    "evicted at prio 3 or above",
    "partial invalidation",
    "victim without sharers",
    "victim with several sharers",
    "hand outside the table",
    "a page met twice in one call",
];

#[test]
fn the_worlds_show_all_that_can_happen() {
    let mut census = Census::default();
    for seed in 0..600 {
        census.run(&world(seed));
    }
    for what in MUST_HAPPEN {
        assert!(census.count(what) > 0, "in 600 worlds there was no: {what}\n{:#?}", census.counts);
    }
}
