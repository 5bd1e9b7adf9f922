//! The model against the slow reference model: the whole state after every event, and every line that both log, on random
//! tiny worlds with all events.

mod common;
mod reference;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use clockhand::ids::{PageId, SegmentNumber};
use clockhand::kernel::{Kernel, PageState};
use clockhand::observers::event_log::EventLog;
use clockhand::policy::registry::PolicySpec;
use clockhand::program::Program;
use clockhand::replay::{Options, Replay};
use common::{Shared, program_of_script};
use reference::model::Reference;
use reference::script::Script;
use reference::worlds::{Flavour, world, world_of};

fn start(program: &Arc<Program>) -> Box<dyn Replay> {
    let policy: PolicySpec = "linux-2.0".parse().unwrap();
    policy.start(program, &Options::of_trace(&program.settings)).unwrap()
}

/// The model's state in the words of [`Reference::dump`]. Pages that the script never touches have no number in the model:
/// they are what pages are that were never touched.
fn dump(replay: &dyn Replay, areas: &str) -> String {
    let (kernel, counters) = (replay.kernel(), *replay.kernel().counters());
    let hand = replay.hand().unwrap();
    let mut text = format!(
        "frames {} free={}\nshm rss={} swp={} tot={} max={} attempts={} successes={}\nhand {}:{}\n",
        kernel.frames(),
        kernel.free_frames(),
        kernel.shm_rss(),
        kernel.shm_swp(),
        kernel.shm_tot(),
        kernel.table().max_shmid(),
        counters.swap_attempts,
        counters.swap_outs,
        hand.swap_id,
        hand.swap_idx
    );
    writeln!(
        text,
        "counts zero={} minor={} swapin={} out={} ptes={} cleared={} wasted={} failed={} dirty={}",
        counters.zero_faults,
        counters.minor_faults,
        counters.swap_ins,
        counters.swap_outs,
        counters.ptes_invalidated,
        counters.young_cleared,
        counters.wasted_invalidations,
        counters.failed_scans,
        counters.dirty_swap_outs
    )
    .unwrap();
    let mut rss: BTreeMap<u64, u64> = BTreeMap::new();
    let living = (0..kernel.program().segments.len()).map(SegmentNumber::from_index);
    let mut living: Vec<SegmentNumber> = living.filter(|&segment| kernel.table().alive(segment)).collect();
    living.sort_by_key(|&segment| kernel.table().descriptor(segment).slot);
    for segment in living {
        text += &dump_segment(kernel, segment, &mut rss);
    }
    for (process, rss) in rss {
        writeln!(text, "process {process} rss={rss}").unwrap();
    }
    text + &dump_areas(kernel, areas)
}

fn dump_segment(kernel: &Kernel, number: SegmentNumber, rss: &mut BTreeMap<u64, u64>) -> String {
    let (program, descriptor) = (kernel.program(), kernel.table().descriptor(number));
    let segment = &program.segments[number.index()];
    let attachments: Vec<_> =
        descriptor.attachments.iter().map(|a| (program.processes[a.process.index()], a.column)).collect();
    let mut text = format!(
        "segment {} {} pages={} locked={} dest={} attaches={}\n",
        descriptor.slot.unwrap(),
        segment.label,
        segment.size,
        u8::from(descriptor.locked),
        u8::from(descriptor.destroy),
        listed(attachments.iter().map(|(process, _)| process.to_string()))
    );
    for index in 0..segment.size {
        let page = segment.first_at(index);
        let known = page < segment.end() && segment.index_of(page) == index;
        let (state, entries) = if known {
            page_words(kernel, page, &attachments, rss)
        } else {
            ("zero".to_owned(), ".".repeat(attachments.len()))
        };
        writeln!(text, "  {index} {state} {}", if entries.is_empty() { "-" } else { &entries }).unwrap();
    }
    for (process, _) in attachments {
        rss.entry(process).or_default();
    }
    text
}

fn page_words(
    kernel: &Kernel,
    page: PageId,
    attachments: &[(u64, clockhand::ids::Column)],
    rss: &mut BTreeMap<u64, u64>,
) -> (String, String) {
    let state = match kernel.page_state(page) {
        PageState::Zero => "zero".to_owned(),
        PageState::Resident { count } => format!("resident:{count}"),
        PageState::Swapped(slot) => format!("swapped:{}:{}", slot.area, slot.slot),
    };
    let mut entries = String::new();
    for &(process, column) in attachments {
        let entry = kernel.entry(page, column);
        *rss.entry(process).or_default() += u64::from(entry.is_some());
        entries.push(match entry {
            None => '.',
            Some(true) => 'y',
            Some(false) => 'o',
        });
    }
    (state, entries)
}

/// The areas' lines: their sizes and priorities are those of the script and stand in the reference's dump; what is used is
/// the model's.
fn dump_areas(kernel: &Kernel, expected: &str) -> String {
    let mut text = String::new();
    for (area, line) in expected.lines().filter(|line| line.starts_with("area ")).enumerate() {
        let used = kernel.swap().used().filter(|slot| slot.area as usize == area).map(|slot| slot.slot.to_string());
        let (before, _) = line.split_once(" used=").unwrap();
        writeln!(text, "{before} used={}", listed(used)).unwrap();
    }
    text
}

fn listed(items: impl Iterator<Item = String>) -> String {
    let text = items.collect::<Vec<_>>().join(",");
    if text.is_empty() { "-".to_owned() } else { text }
}

/// Runs both models side by side and compares everything after every event, then the logs.
fn compare(name: &str, script: &Script) {
    let program = program_of_script(&script.to_text());
    let (mut replay, mut logged, mut reference) = (start(&program), start(&program), Reference::for_script(script));
    let mut expected_log = String::new();
    for (number, event) in script.events.iter().enumerate() {
        if reference.stopped() {
            break;
        }
        reference.step(event);
        reference.log().iter().for_each(|line| expected_log += &format!("{line}\n"));
        replay.step();
        replay.kernel().verify();
        let expected = reference.dump();
        let same = dump(&*replay, &expected);
        assert_eq!(same, expected, "{name}, after event {}: {event}\n{}", number + 1, script.to_text());
    }
    expected_log += &format!("{}\n{}\n", reference.summary(), reference.final_line());
    let log = Shared::default();
    logged.observe(Box::new(EventLog::with_scans(&program, Box::new(log.clone()))));
    logged.run(&|| true);
    logged.finish().unwrap();
    let log = log.text();
    assert_eq!(log, expected_log, "{name}\n{}", script.to_text());
}

#[test]
fn both_models_agree_after_every_event_of_thousands_of_worlds() {
    for seed in 0..4000 {
        compare(&format!("seed {seed}"), &world(seed));
    }
}

#[test]
fn both_models_agree_where_it_is_tightest() {
    let flavours = [
        ("single frame", Flavour::single_frame()),
        ("locked only", Flavour::locked_only()),
        ("no control events", Flavour::no_control()),
        ("deep", Flavour::deep()),
        ("crowded", Flavour::crowded()),
        ("restless", Flavour::restless()),
    ];
    for (name, flavour) in flavours {
        for seed in 0..300 {
            compare(&format!("{name}, seed {seed}"), &world_of(&flavour, seed));
        }
    }
}

#[test]
fn both_models_agree_where_a_segment_has_more_sharers_than_a_word_has_bits() {
    let flavour = Flavour { segments: 1..=2, processes: 90..=160, events: 500..=900, ..Flavour::default() };
    let mut most = 0;
    for seed in 0..40 {
        let script = world_of(&flavour, seed);
        most = most.max(program_of_script(&script.to_text()).counts.most_attachments);
        compare(&format!("many sharers, seed {seed}"), &script);
    }
    assert!(most > 128, "at most {most} attachments at a time");
}

#[test]
fn the_swap_areas_give_the_slots_that_the_kernel_gave() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for number in 1..=6 {
        let read =
            |ending: &str| std::fs::read_to_string(folder.join(format!("swap_case_0{number}.{ending}"))).unwrap();
        assert_eq!(swap_script(&read("events")), read("expected"), "swap_case_0{number}");
    }
}

/// Runs a script of swapon, alloc and free on the model's swap areas.
fn swap_script(script: &str) -> String {
    use clockhand::kernel::{
        encoding,
        swap::{Swap, SwapSlot},
    };
    use clockhand::trace::SwapArea;
    let (mut swap, mut areas, mut text) = (Swap::default(), 0, String::new());
    for line in script.lines().filter(|line| !line.starts_with('#')) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["swapon", slots, priority] => {
                swap.swapon(SwapArea { slots: slots.parse().unwrap(), priority: priority.parse().ok() });
                writeln!(text, "type {areas}").unwrap();
                areas += 1;
            }
            ["alloc"] => text += &taken(&mut swap, encoding::swap_word),
            ["alloc", times] => {
                for _ in 0..times.parse().unwrap() {
                    text += &taken(&mut swap, encoding::swap_word);
                }
            }
            ["free", slot] => {
                let (area, slot) = slot.split_once(':').unwrap();
                swap.release(SwapSlot { area: area.parse().unwrap(), slot: slot.parse().unwrap() });
            }
            _ => panic!("{line}"),
        }
    }
    text
}

fn taken(swap: &mut clockhand::kernel::swap::Swap, word: fn(u32, u32) -> Option<u32>) -> String {
    match swap.take() {
        None => "none\n".to_owned(),
        Some(slot) => format!("slot {}:{} entry {:08x}\n", slot.area, slot.slot, word(slot.area, slot.slot).unwrap()),
    }
}
