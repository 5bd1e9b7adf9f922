//! The arguments that make a difference to results, as one could type them: what results say of how they were made.
//!
//! Where results go and how many replays run at a time is not among them, so the same results are the same bytes.

use super::arguments::{CompareArguments, ModelArguments, ReadArguments, ReplayArguments};

/// Those of `compare`.
pub fn compare(arguments: &CompareArguments) -> Vec<String> {
    let mut words = vec!["compare".to_owned()];
    words.extend(arguments.traces.iter().map(|path| path.display().to_string()));
    words.extend(["--policies".to_owned(), arguments.policies.clone()]);
    words.extend(["--frames".to_owned(), arguments.frames.to_string()]);
    words.extend(model(&arguments.model));
    words.extend(reading(&arguments.reading));
    words
}

/// Those of `replay`, at this memory size.
pub fn replay(arguments: &ReplayArguments, frames: u64) -> Vec<String> {
    let mut words = vec!["replay".to_owned()];
    words.extend(arguments.trace.iter().map(|path| path.display().to_string()));
    words.extend(["--policy".to_owned(), arguments.policy.clone()]);
    words.extend(["--frames".to_owned(), frames.to_string()]);
    words.extend(model(&arguments.model));
    words.extend(reading(&arguments.reading));
    words
}

fn model(arguments: &ModelArguments) -> Vec<String> {
    let options = [
        ("--seed", Some(arguments.seed.to_string())),
        ("--swap", arguments.swap.clone()),
        ("--oom", arguments.oom.map(|oom| format!("{oom:?}").to_lowercase())),
        ("--kswapd", arguments.kswapd.map(|kswapd| kswapd.to_string())),
    ];
    given(options)
}

fn reading(arguments: &ReadArguments) -> Vec<String> {
    let limits = arguments.limits.map(|limits| format!("{limits:?}").to_lowercase());
    let mut words = given([("--format", arguments.format.clone()), ("--limits", limits)]);
    words.extend(arguments.lenient.then(|| "--lenient".to_owned()));
    words.extend(arguments.implicit_attach.then(|| "--implicit-attach".to_owned()));
    words
}

/// Names and values of the options that have one.
fn given<const N: usize>(options: [(&str, Option<String>); N]) -> Vec<String> {
    let given = options.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?]));
    given.flatten().collect()
}
