//! The arguments that make a difference to results, as one could type them: what results say of how they were made.
//!
//! Where results go and how many replays run at a time is not among them, so the same results are the same bytes.

use super::arguments::{
    BenchArguments, CompareArguments, FileArguments, ModelArguments, ReadArguments, ReplayArguments,
};
use crate::trace::{AddressOptions, ReadOptions};

/// Those of `compare`.
pub fn compare(arguments: &CompareArguments) -> Vec<String> {
    let mut words = vec!["compare".to_owned()];
    words.extend(arguments.traces.iter().map(|path| path.display().to_string()));
    words.extend(["--policies".to_owned(), arguments.policies.clone()]);
    words.extend(["--frames".to_owned(), arguments.frames.to_string()]);
    words.extend(given([("--sample", arguments.sample.map(|rate| rate.to_string()))]));
    words.extend(options(&arguments.reading, &arguments.model));
    words
}

/// Those of reading and of the model, for every command that replays.
pub fn options(reading_arguments: &ReadArguments, model_arguments: &ModelArguments) -> Vec<String> {
    let mut words = reading(reading_arguments);
    words.extend(model(model_arguments));
    words
}

/// Those of `replay`, at this memory size.
pub fn replay(arguments: &ReplayArguments, frames: u64) -> Vec<String> {
    let mut words = vec!["replay".to_owned()];
    words.extend(arguments.traces.iter().map(|path| path.display().to_string()));
    words.extend(["--policy".to_owned(), arguments.policy.clone()]);
    words.extend(["--frames".to_owned(), frames.to_string()]);
    words.extend(options(&arguments.reading, &arguments.model));
    words
}

/// Those of `bench` but the trace, the policies and the memory size.
pub fn bench(arguments: &BenchArguments) -> Vec<String> {
    [reading(&arguments.reading), model(&arguments.model)].concat()
}

fn model(arguments: &ModelArguments) -> Vec<String> {
    let options = [
        ("--swap", arguments.swap.clone()),
        ("--oom", arguments.oom.map(|oom| format!("{oom:?}").to_lowercase())),
        ("--kswapd", arguments.kswapd.map(|kswapd| kswapd.to_string())),
    ];
    given(options)
}

fn reading(arguments: &ReadArguments) -> Vec<String> {
    let limits = arguments.limits.map(|limits| format!("{limits:?}").to_lowercase());
    let mut words = file(&arguments.file);
    words.extend(given([("--limits", limits)]));
    words.extend(arguments.implicit_attach.then(|| "--implicit-attach".to_owned()));
    words
}

fn file(arguments: &FileArguments) -> Vec<String> {
    let options = ReadOptions::from(arguments);
    let (addresses, usual) = (options.addresses, AddressOptions::default());
    let unusual = |value: u64, usual: u64| (value != usual).then(|| value.to_string());
    let mut words = given([
        ("--seed", Some(addresses.seed.to_string())),
        ("--trace-format", options.format),
        ("--page-size", unusual(addresses.page_size, usual.page_size)),
        ("--segments", (addresses.cut != usual.cut).then(|| addresses.cut.to_string())),
        ("--sharers", unusual(addresses.sharers.into(), usual.sharers.into())),
        ("--quantum", unusual(addresses.quantum, usual.quantum)),
        ("--columns", addresses.columns),
    ]);
    for path in addresses.maps {
        words.extend(["--maps".to_owned(), path.display().to_string()]);
    }
    let flags =
        [("--lenient", options.lenient), ("--private", addresses.private), ("--instructions", addresses.instructions)];
    words.extend(flags.into_iter().filter(|&(_, given)| given).map(|(name, _)| name.to_owned()));
    words
}

/// Names and values of the options that have one.
fn given<const N: usize>(options: [(&str, Option<String>); N]) -> Vec<String> {
    let given = options.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?]));
    given.flatten().collect()
}
