//! Every seed of the fuzz targets is a trace of its format, told without a word, and replays.

use std::fs;
use std::path::{Path, PathBuf};

use clockhand::resolve::{ResolveOptions, Resolver};
use clockhand::trace::{self, FORMATS, ReadOptions, Source};

/// The formats whose files can't be told from those of another, which comes before.
const NAMED: [&str; 1] = ["text"];

fn seeds(format: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(format.replace('-', "_"));
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_seed_is_a_trace_of_its_format() {
    for format in FORMATS {
        let seeds = seeds(format.name);
        assert!(!seeds.is_empty(), "{} has no seeds", format.name);
        for path in seeds {
            let named = NAMED.contains(&format.name).then(|| format.name.to_owned());
            let options = ReadOptions { format: named, ..ReadOptions::default() };
            let mut resolver = Resolver::new(ResolveOptions::default());
            let summary = trace::read(&Source::Path(path.clone()), &options, &mut resolver)
                .unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(summary.format, format.name, "{}", path.display());
            assert!(!resolver.finish().segments.is_empty(), "{}", path.display());
        }
    }
}
