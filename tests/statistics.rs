//! What `trace stat` says, against counting by hand and by brute force.

mod common;

use std::collections::HashSet;

use clockhand::load::load;
use clockhand::resolve::ResolveOptions;
use clockhand::results::TraceFacts;
use clockhand::statistics::Statistics;
use clockhand::trace::{ReadOptions, Source};
use common::{Draw, program_of, program_of_script};

fn no_facts() -> TraceFacts {
    let text = || String::new();
    TraceFacts {
        name: text(),
        path: text(),
        format: text(),
        compression: None,
        sha256: text(),
        content: None,
        references: 0,
        writes: 0,
        footprint: 0,
        segments: 0,
        processes: 0,
        skipped: 0,
        page_size: 4096,
        fidelity: Vec::new(),
    }
}

#[test]
fn a_small_script_counted_by_hand() {
    let script = "seg a 4\nseg b 2\nseg c 9\nattach 1 a\nattach 1 b\nr 1 a 0\nw 1 a 3\nfork 1 2\nr 2 a 0\nw 2 b 1\ndetach 1 a\n\
                  attach 3 a\nr 3 a 0\nexit 2\nattach 4 a\nw 4 a 1\n";
    let statistics = Statistics::of(&program_of_script(script), &no_facts());
    assert_eq!((statistics.reads, statistics.pages_created, statistics.duration), (3, 15, None));
    let sharing: Vec<(u64, u64)> = statistics.sharing.iter().map(|degree| (degree.processes, degree.pages)).collect();
    // a 3, a 1 and b 1 have one process each, a 0 has 1, 2 and 3.
    assert_eq!(sharing, [(1, 3), (3, 1)]);
    let segment = |place: usize| {
        let found = &statistics.segment_list[place];
        (
            found.segment.as_str(),
            found.pages,
            found.touched,
            found.attachments,
            found.sharers,
            found.references,
            found.writes,
        )
    };
    assert_eq!(segment(0), ("a", 4, 3, 4, 4, 5, 2));
    assert_eq!(segment(1), ("b", 2, 1, 2, 1, 1, 1));
    assert_eq!(segment(2), ("c", 9, 0, 0, 0, 0, 0));
    let processes: Vec<(u64, u64, u64)> =
        statistics.process_list.iter().map(|found| (found.process, found.references, found.writes)).collect();
    assert_eq!(processes, [(1, 2, 1), (2, 2, 1), (3, 1, 0), (4, 1, 1)]);
}

#[test]
fn the_working_set_is_the_mean_over_all_windows() {
    for (seed, length) in [(1, 1000), (2, 1001), (3, 2500)] {
        let references = Draw(seed).references(length, 60);
        let statistics = Statistics::of(&program_of(&references), &no_facts());
        let distinct = |window: &[(u64, bool)]| window.iter().map(|(page, _)| page).collect::<HashSet<_>>().len();
        let windows: Vec<usize> = references.windows(1000).map(distinct).collect();
        let mean = windows.iter().sum::<usize>() as f64 / windows.len() as f64;
        assert_eq!(statistics.working_set.len(), 1, "the other windows are longer than the trace");
        assert_eq!(statistics.working_set[0].window, 1000);
        assert!(
            (statistics.working_set[0].mean_pages - mean).abs() < 0.001,
            "{:?}, not {mean}",
            statistics.working_set
        );
    }
}

/// The figures are those that the trace was published with.
#[test]
fn the_built_in_trace_is_what_it_is_said_to_be() {
    let options = ResolveOptions { keep_times: true, ..ResolveOptions::default() };
    let loaded = load(&Source::BuiltIn, &ReadOptions::default(), options).unwrap();
    let statistics = Statistics::of(&loaded.program, &loaded.facts);
    let facts = &statistics.facts;
    assert_eq!((facts.references, facts.writes, facts.footprint), (2_868_989, 607_781, 4673));
    assert_eq!((facts.segments, facts.processes, statistics.pages_created), (3, 15, 5279));
    let pages: Vec<u64> = statistics.sharing.iter().map(|degree| degree.pages).collect();
    assert_eq!(pages, [1008, 1841, 1109, 185, 172, 153, 60, 81, 25, 13, 10, 2, 2, 12]);
    let most = statistics.process_list.iter().map(|process| process.references).max();
    assert_eq!(most, Some(642_421));
    assert_eq!(statistics.working_set.iter().map(|set| set.mean_pages.round() as u64).next(), Some(55));
}
