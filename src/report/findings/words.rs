//! Findings in sentences, for readers who know nothing of this program: the same words on a terminal and on the page.

use super::{Enough, Entry, Favour, Need, Standing, favours, needs, standing, telling_size};
use crate::policy::Sight;
use crate::report::block::{Block, REFERENCE};
use crate::report::numbers::{self, counted, grouped};
use crate::trace::PAGE_SIZE;

/// A question that a reader has, and what the runs say to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question.
    pub question: String,
    /// The answer in a few words.
    pub answer: String,
    /// What stands behind it, a sentence each.
    pub because: Vec<String>,
}

/// The answers that the runs on a trace give: memory, policy, segment, waste. Those are left out that they say nothing to.
pub fn answers(block: &Block) -> Vec<Answer> {
    let Some(frames) = telling_size(block) else { return Vec::new() };
    let standing = standing(block, frames);
    if block.series.iter().flat_map(|series| series.runs.values()).all(|run| run.row.references == 0) {
        return Vec::new();
    }
    let of_policy = [policy(block, &standing), segment(&standing), waste(&standing)];
    [memory(block)].into_iter().chain(of_policy).flatten().collect()
}

/// `1,026 frames (4 MiB, 22 % of the footprint)`.
pub fn size(block: &Block, frames: u64) -> String {
    let page_size = block.facts.map_or(PAGE_SIZE, |facts| facts.page_size);
    let memory = numbers::memory(frames, page_size);
    let share = block
        .footprint()
        .map(|footprint| format!(", {} % of the footprint", numbers::percent(frames as f64, footprint as f64)));
    format!("{} ({memory}{})", counted(frames, "frame", "frames"), share.unwrap_or_default())
}

/// A policy's swap-outs per 1,000 references, in a run.
pub fn per_thousand(entry: &Entry) -> String {
    numbers::rate(entry.row().swap_outs as f64 * 1000.0 / entry.row().references.max(1) as f64)
}

/// Swap-outs against those of the reference: `14 % fewer`, `as many`, `3.1 % more`.
pub fn difference(entry: &Entry, reference: &Entry) -> String {
    let (own, other) = (entry.row().swap_outs, reference.row().swap_outs);
    match (own, other) {
        _ if own == other => "as many".to_owned(),
        (_, 0) => format!("{} more", grouped(own)),
        _ if own < other => format!("{} % fewer", numbers::percent((other - own) as f64, other as f64)),
        _ => format!("{} % more", numbers::percent((own - other) as f64, other as f64)),
    }
}

/// How much memory is enough for the least rate.
fn memory(block: &Block) -> Option<Answer> {
    if block.series.iter().all(|series| series.sight != Sight::AccessedBits) {
        return None;
    }
    let [need, ..] = needs(block);
    let who = block.reference().map_or("a policy that a kernel could run", |_| REFERENCE);
    let rate = need.rate;
    let question =
        format!("How much memory for fewer than {} per 1,000 references?", counted(rate, "swap-out", "swap-outs"));
    let first = need.reference.as_ref().or(need.realisable.as_ref());
    let answer = match first {
        Some(enough) => format!("At most {}", size(block, enough.frames)),
        None => "More than was replayed".to_owned(),
    };
    let because = match (&need.reference, &need.realisable) {
        (None, None) => vec![never(block, who)?],
        (None, Some(best)) if block.reference().is_some() => {
            vec![enough(best), format!("With {REFERENCE}, the reference, no memory size replayed is enough.")]
        }
        (None, Some(best)) => vec![enough(best)],
        (Some(reference), _) => vec![enough(reference), with_the_best(block, &need, reference)],
    };
    Some(Answer { question, answer, because })
}

/// Says that no size replayed is enough, and how far the largest is from it.
fn never(block: &Block, who: &str) -> Option<String> {
    let largest = standing(block, *block.sizes.last()?);
    let entry = if block.reference().is_some() { largest.reference } else { largest.best.first().copied() };
    let frames = counted(largest.frames, "frame", "frames");
    Some(match entry {
        Some(entry) => {
            format!("In {frames}, the largest size replayed, {who} still has {} per 1,000.", per_thousand(&entry))
        }
        None => format!("In {frames}, the largest size replayed, {who} ran out of memory."),
    })
}

/// Whose size it is, and what is known below it.
fn enough(enough: &Enough) -> String {
    let label = &enough.entry.series.label;
    let role = if enough.entry.series.policy == REFERENCE { ", the reference" } else { "" };
    let rate = per_thousand(&enough.entry);
    let Some(less) = enough.not_with else {
        return format!("With {label}{role}: {rate} per 1,000 at the smallest size replayed.");
    };
    let below = enough.entry.series.runs.get(&less).filter(|run| run.row.out_of_memory == 0);
    let below = below.map(|run| Entry { series: enough.entry.series, run });
    let below = below.map_or_else(String::new, |entry| format!(": {} per 1,000", per_thousand(&entry)));
    let less = counted(less, "frame", "frames");
    format!("With {label}{role}: {rate} per 1,000. {less}, the next smaller size replayed, are too few{below}.")
}

/// Whether another policy does with less than the reference.
fn with_the_best(block: &Block, need: &Need, reference: &Enough) -> String {
    match &need.realisable {
        Some(best) if best.frames < reference.frames => format!(
            "{}, which a kernel could run, does with at most {}.",
            best.entry.series.label,
            size(block, best.frames)
        ),
        _ => "No policy that a kernel could run does with a smaller size replayed.".to_owned(),
    }
}

/// Which policy is best at a size, and by how much.
fn policy(block: &Block, standing: &Standing) -> Option<Answer> {
    let best = standing.told()?;
    let frames = counted(standing.frames, "frame", "frames");
    let question = format!("Which policy that a kernel could run is best in {frames}?");
    let label = &best.series.label;
    let candidates = block.series.iter().filter(|series| series.sight == Sight::AccessedBits).count() as u64;
    let of = format!("of {} that a kernel could run", counted(candidates, "policy", "policies"));
    let own = grouped(best.row().swap_outs);
    let (answer, first) = match standing.reference {
        Some(reference) if !standing.reference_is_best() => (
            format!("{label}: {} swap-outs than {REFERENCE}", difference(&best, &reference)),
            format!("{own} swap-outs against {} of {REFERENCE}, the fewest {of}.", grouped(reference.row().swap_outs)),
        ),
        Some(_) => (format!("{label}, the reference itself"), format!("{own} swap-outs; no other has fewer, {of}.")),
        None => {
            (label.clone(), format!("{own} swap-outs, the fewest {of}; there is no comparable run of {REFERENCE}."))
        }
    };
    let mut because = vec![first];
    let others: Vec<&str> =
        standing.best.iter().map(|entry| entry.series.label.as_str()).filter(|other| other != label).collect();
    if !others.is_empty() {
        because.push(format!("As few: {}.", others.join(", ")));
    }
    because.extend(distance(standing));
    Some(Answer { question, answer, because })
}

/// How far it is from the reference to the bound, and how much of it the best closes.
fn distance(standing: &Standing) -> Option<String> {
    let (bound, reference) = (standing.bound?, standing.reference?);
    let name = &bound.series.label;
    let count = grouped(bound.row().swap_outs);
    let Some(closed) = standing.closed() else {
        return Some(format!("{REFERENCE} is as good as {name}, which knows the future: nothing is to be gained."));
    };
    let fewer = difference(&bound, &reference);
    Some(if closed > 0.0 {
        format!(
            "That closes {} % of the distance from {REFERENCE} to {name}, which knows the future and needs {count} ({fewer}).",
            numbers::percent(closed, 100.0)
        )
    } else {
        format!("{name}, which knows the future, needs {count} ({fewer} than {REFERENCE}): nothing of it is gained.")
    })
}

/// Whom the best policy hurts.
fn segment(standing: &Standing) -> Option<Answer> {
    let best = standing.told()?;
    let label = &best.series.label;
    let question = format!("Which segment suffers most under {label}?");
    let all = favours(best.run);
    let [first, .., last] = &all[..] else {
        let segments = best.run.segments.len();
        let (answer, because) = match (segments, best.row().swap_outs) {
            (0, _) => return None,
            (_, 0) => ("None", "Nothing is swapped out."),
            (1, _) => ("There is one segment only", "All swap-outs are of its pages."),
            _ => ("Can't be said", "Fewer than two segments have a page in memory, on average."),
        };
        return Some(Answer { question, answer: answer.to_owned(), because: vec![because.to_owned()] });
    };
    let answer = if is_even(first, last) {
        "None: all bear the same".to_owned()
    } else {
        format!("{}: {} the mean", last.segment.segment, times(last.times))
    };
    let mut because = vec![format!(
        "In swap-outs for each page it has in memory: {} of {} on average.",
        grouped(last.segment.swap_outs),
        counted(last.segment.mean_resident.round() as u64, "page", "pages")
    )];
    if !is_even(first, last) {
        because.push(format!("Most favoured: {}, {}.", first.segment.segment, times(first.times)));
    }
    if let Some(reference) = standing.reference.filter(|_| !standing.reference_is_best())
        && let [least, .., most] = &favours(reference.run)[..]
    {
        because.push(format!(
            "Under {REFERENCE}: {}, {}, to {}, {}.",
            least.segment.segment,
            times(least.times),
            most.segment.segment,
            times(most.times)
        ));
    }
    Some(Answer { question, answer, because })
}

fn is_even(first: &Favour, last: &Favour) -> bool {
    times(first.times) == times(last.times)
}

/// `2.1 times`.
fn times(times: f64) -> String {
    format!("{times:.2} times")
}

/// Work that frees no frame.
fn waste(standing: &Standing) -> Option<Answer> {
    let best = standing.told()?;
    let reference = standing.reference.filter(|_| !standing.reference_is_best());
    let share = |entry: &Entry| {
        let row = entry.row();
        (row.ptes_invalidated > 0)
            .then(|| format!("{} %", numbers::percent(row.wasted_invalidations as f64, row.ptes_invalidated as f64)))
    };
    let question = format!("How much of its work is wasted in {}?", counted(standing.frames, "frame", "frames"));
    let Some(own) = share(&best) else {
        let because = vec!["No page-table entry is taken away.".to_owned()];
        return Some(Answer { question, answer: "None".to_owned(), because });
    };
    let work = |entry: &Entry| {
        let row = entry.row();
        let examined = (row.swap_outs > 0).then(|| {
            format!(
                "; pages examined for a swap-out: {}",
                numbers::rate(row.swap_attempts as f64 / row.swap_outs as f64)
            )
        });
        format!(
            "{}: {} of {} entries taken away{}.",
            entry.series.label,
            grouped(row.wasted_invalidations),
            grouped(row.ptes_invalidated),
            examined.unwrap_or_default()
        )
    };
    let answer = match reference.as_ref().and_then(share) {
        Some(theirs) => format!("{own} of page-table entries taken; {theirs} with {REFERENCE}"),
        None => format!("{own} of the page-table entries taken away"),
    };
    let mut because = vec!["They were taken from pages that stayed in memory all the same.".to_owned()];
    because.push(work(&best));
    because.extend(reference.as_ref().map(work));
    Some(Answer { question, answer, because })
}
