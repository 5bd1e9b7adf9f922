//! What reports make of results: files, tables and charts.

mod report_trial;

use std::path::Path;

use clockhand::report::chart::Chart;
use clockhand::report::{block, summary};
use report_trial::Trial;

/// Writes sample pictures and tables for the eye: `cargo test --test report -- --ignored samples`.
#[test]
#[ignore = "for the eye"]
fn samples() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("samples");
    let auto = |footprint| clockhand::frames::FramesSpec::auto().resolve(footprint);
    let trials = [
        ("a-seven", Trial::default()),
        ("b-all", Trial { policies: 24, ..Trial::default() }),
        ("c-one", Trial { policies: 1, ..Trial::default() }),
        (
            "d-decades",
            Trial {
                policies: 12,
                steepness: 3.0,
                references: 2_000_000_000,
                footprint: 4_000_000,
                sizes: auto(4_000_000),
                ..Trial::default()
            },
        ),
        ("e-equal", Trial { policies: 12, difference: 0.0, ..Trial::default() }),
        ("f-size", Trial { policies: 12, sizes: vec![4096], ..Trial::default() }),
        ("g-zero", Trial { sizes: vec![30_000, 40_000], ..Trial::default() }),
        ("h-tiny", Trial { footprint: 6, references: 20, sizes: vec![2, 3, 4, 5, 6], ..Trial::default() }),
        (
            "i-memory",
            Trial { policies: 9, out_of_memory: 7, sizes: (1..=64).map(|i| i * 384).collect(), ..Trial::default() },
        ),
    ];
    for (name, trial) in trials {
        let results = Trial { trace: name.to_owned(), ..trial }.results();
        let blocks = block::blocks(&results);
        let chart = Chart::of(&blocks[0]);
        clockhand::report::write_whole(&folder.join(format!("{name}.png")), |out| out.write_all(&chart.png()?))
            .unwrap();
        clockhand::report::write_whole(&folder.join(format!("{name}.svg")), |out| {
            out.write_all(chart.svg()?.as_bytes())
        })
        .unwrap();
    }
    let style = clockhand::report::Style { thousands: true, colour: true, width: 80 };
    let results = Trial { out_of_memory: 9, ..Trial::default() }.results();
    clockhand::report::table::write(&results, style, &mut std::io::stdout()).unwrap();
    summary::write(&results.runs[3], results.traces.first(), style, &mut std::io::stdout()).unwrap();
}
