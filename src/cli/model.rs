//! From the options of the command line, and what the trace says, to how a program is replayed.

use anyhow::Error;

use super::arguments::{ModelArguments, Oom};
use super::{Usage, samples};
use crate::frames::FramesSpec;
use crate::kernel::MOST_SWAP_SLOTS;
use crate::kernel::kswapd::Jiffy;
use crate::load::Loaded;
use crate::policy::registry::PolicySpec;
use crate::replay::Options;
use crate::trace::{MAX_SWAP_AREAS, OutOfMemory, SwapArea};

/// The memory sizes for one trace, in frames.
pub fn sizes(spec: &FramesSpec, loaded: &Loaded) -> Result<Vec<u64>, Error> {
    let sizes = spec.resolve(loaded.facts.footprint, loaded.facts.page_size);
    let sizes = sizes.map_err(|error| Usage(error.to_string()))?;
    loaded.samples.as_ref().map_or(Ok(sizes.clone()), |samples| samples::sizes(spec, sizes, samples, loaded))
}

/// The options for one trace; the memory size is what the trace says, or 1.
pub fn options(arguments: &ModelArguments, loaded: &Loaded) -> Result<Options, Error> {
    let mut options = Options::of_trace(&loaded.program.settings);
    if let Some(text) = &arguments.swap {
        options.swap = parse_swap(text).map_err(Usage)?;
    }
    let slots = options.swap.iter().flatten().map(|area| u64::from(area.slots)).sum::<u64>();
    if slots > MOST_SWAP_SLOTS {
        return Err(Usage(format!("{slots} slots of swap are more than the {MOST_SWAP_SLOTS} there can be")).into());
    }
    if let Some(oom) = arguments.oom {
        options.out_of_memory = match oom {
            Oom::Stop => OutOfMemory::Stop,
            Oom::Continue => OutOfMemory::Continue,
        };
    }
    options.kswapd = arguments.kswapd;
    let by_time = arguments.kswapd.is_some_and(|kswapd| matches!(kswapd.jiffy, Some(Jiffy::Nanoseconds(_))));
    if by_time && !loaded.program.settings.has_time {
        let name = &loaded.facts.name;
        let text =
            format!("{name} has no time column to drive kswapd by; give the jiffy in references, as in 8,16,100refs");
        return Err(Usage(text).into());
    }
    Ok(options)
}

/// The policies that the user names, with arguments that are checked.
pub fn policies(text: &str) -> Result<Vec<PolicySpec>, Error> {
    let specs = PolicySpec::parse_list(text).map_err(Usage)?;
    specs.iter().try_for_each(|spec| spec.check().map_err(Usage))?;
    Ok(specs)
}

/// `SLOTS[@PRIORITY],...`, or `unlimited`.
fn parse_swap(text: &str) -> Result<Option<Vec<SwapArea>>, String> {
    if text.trim() == "unlimited" {
        return Ok(None);
    }
    let wrong = |area: &str| {
        format!("`{area}` is no swap area; write SLOTS or SLOTS@PRIORITY, several separated by commas, or `unlimited`")
    };
    let areas: Vec<SwapArea> = text
        .split(',')
        .map(|area| {
            let (slots, priority) =
                area.split_once('@').map_or((area, None), |(slots, priority)| (slots, Some(priority)));
            let slots = slots.trim().replace('_', "").parse().map_err(|_| wrong(area))?;
            let priority = priority.map(|priority| priority.trim().parse()).transpose().map_err(|_| wrong(area))?;
            Ok(SwapArea { slots, priority })
        })
        .collect::<Result<_, String>>()?;
    if areas.len() > MAX_SWAP_AREAS {
        return Err(format!("{} swap areas are more than the {MAX_SWAP_AREAS} there can be", areas.len()));
    }
    Ok(Some(areas))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swap_areas_are_read_and_nonsense_is_refused() {
        assert_eq!(parse_swap("unlimited"), Ok(None));
        let area = |slots, priority| SwapArea { slots, priority };
        assert_eq!(parse_swap("32_687"), Ok(Some(vec![area(32_687, None)])));
        assert_eq!(parse_swap("4@1, 4@-2,8"), Ok(Some(vec![area(4, Some(1)), area(4, Some(-2)), area(8, None)])));
        for wrong in ["", "a", "4@", "4@x", "-1", "4,,4", "99999999999"] {
            assert!(parse_swap(wrong).is_err(), "{wrong}");
        }
    }
}
