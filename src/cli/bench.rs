//! `clockhand bench`: how fast replays are, now and in comparison with what was measured before.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error};
use clap::Parser;

use super::arguments::{Arguments, BenchArguments, Command};
use super::terminal::{self, Terminal};
use super::{NotComparable, Regression, Usage, model, provenance, replay, traces};
use crate::load::BUILT_IN;
use crate::policy::registry::PolicySpec;
use crate::replay::Options;
use crate::report::{Style, grouped};
use crate::speed::{self, Comparison, Counter, Limits, Machine, Plan, PolicySpeed, Ratio, Speeds, Verdict};
use crate::trace::Source;

/// Runs the command.
pub fn run(arguments: &BenchArguments, terminal: &Terminal) -> Result<(), Error> {
    let policies = model::policies(&arguments.policies)?;
    let before = arguments.compare.as_deref().map(|path| read(path, arguments)).transpose()?;
    let source = traces::one_source(&arguments.traces, &arguments.reading.file, "bench")?;
    if arguments.count_instructions && source == Source::Stdin {
        let text =
            "the program is run anew to count instructions, and standard input can be read only once: name a file";
        return Err(Usage(text.to_owned()).into());
    }
    let loaded = traces::load_one(&source, &arguments.reading, arguments.model.kswapd.is_some(), terminal)?;
    let options = Options {
        frames: replay::frames(arguments.frames.as_ref(), &loaded, terminal)?,
        seed: arguments.reading.file.seed,
        ..model::options(&arguments.model, &loaded)?
    };
    let (warm_ups, samples) = (arguments.warm_up, arguments.repeats);
    let plan = Plan { program: &loaded.program, policies: &policies, options: &options, warm_ups, samples };
    if let Some((number, run)) = arguments.bare {
        return bare(&plan, number, run);
    }
    let bar = terminal.progress(policies.len() as u64 * u64::from(samples));
    let measured = speed::measure(&plan, || bar.inc(1));
    bar.finish_and_clear();
    let mut speeds = Speeds {
        schema: Speeds::SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: Machine::this(),
        trace: loaded.facts,
        frames: options.frames,
        options: provenance::bench(arguments),
        counter: None,
        policies: measured.map_err(Error::msg)?,
        comparison: None,
    };
    if arguments.count_instructions {
        count_instructions(&mut speeds, terminal)?;
    }
    if let Some((path, before)) = &before {
        let comparison = speed::compare(before, &speeds).map_err(|differences| {
            NotComparable(format!("{}: not the same replays: {}", path.display(), differences.join("; ")))
        })?;
        tell(&comparison, terminal);
        speeds.comparison = Some(comparison);
    }
    print(arguments, &speeds, terminal)?;
    speeds.comparison.as_ref().map_or(Ok(()), |comparison| judge(arguments, comparison))
}

/// Measures once more what was measured into a file, in the same way, and compares: what `check --speed` does.
pub fn again(path: &Path, fail_above: Option<f64>, terminal: &Terminal) -> Result<(), Error> {
    let before = Speeds::read(path)?;
    let labels: Vec<String> = before.policies.iter().map(PolicySpeed::label).collect();
    let samples = before.policies.first().map_or(1, |policy| policy.samples.len());
    let mut words: Vec<OsString> = ["clockhand", "bench"].map(OsString::from).to_vec();
    words.extend((before.trace.path != BUILT_IN).then(|| before.trace.path.clone().into()));
    words.extend(before.options.iter().map(OsString::from));
    words.push(format!("--policies={}", labels.join(",")).into());
    words.push(format!("--frames={}", before.frames).into());
    words.push(format!("--repeats={samples}").into());
    words.extend(fail_above.map(|percent| format!("--fail-above={percent}").into()));
    words.extend(["--compare".into(), path.into()]);
    let not_so = || NotComparable(format!("{}: it was not measured by this version", path.display()));
    match Arguments::try_parse_from(words).map_err(|_| not_so())?.command {
        Command::Bench(arguments) => run(&arguments, terminal),
        _ => Err(not_so().into()),
    }
}

/// What was measured before; with enough samples where the exit code depends on them.
fn read<'p>(path: &'p Path, arguments: &BenchArguments) -> Result<(&'p Path, Speeds), Error> {
    let before = Speeds::read(path)?;
    if arguments.fail_above.is_some() {
        let fewest = Ratio::FEWEST_SAMPLES;
        if (arguments.repeats as usize) < fewest {
            return Err(Usage(format!("--fail-above needs at least {fewest} samples; give --repeats {fewest}")).into());
        }
        if let Some(policy) = before.policies.iter().find(|policy| policy.samples.len() < fewest) {
            let count = policy.samples.len();
            let text =
                format!("{}: {count} samples of {}, --fail-above needs {fewest}", path.display(), policy.label());
            return Err(NotComparable(text).into());
        }
    }
    Ok((path, before))
}

/// What is run anew under the tool that counts instructions: all but the replay, or all.
fn bare(plan: &Plan, number: usize, run: bool) -> Result<(), Error> {
    let policy: &PolicySpec = plan.policies.get(number).ok_or_else(|| Usage(format!("there is no policy {number}")))?;
    let mut replay = policy.start(plan.program, plan.options).map_err(Error::msg)?;
    if run {
        replay.run(&|| true);
    }
    Ok(())
}

/// Counts the instructions of a replay of each policy. Where nothing counts here it is said, and no more.
fn count_instructions(speeds: &mut Speeds, terminal: &Terminal) -> Result<(), Error> {
    let counter = match Counter::find() {
        Ok(counter) => counter,
        Err(reason) => {
            terminal.note(&format!("instructions can't be counted here: {reason}"));
            return Ok(());
        }
    };
    let program: PathBuf = env::current_exe().context("the program does not find itself")?;
    let given: Vec<OsString> = env::args_os().skip(1).collect();
    let bar = terminal.progress(speeds.policies.len() as u64);
    for (number, policy) in speeds.policies.iter_mut().enumerate() {
        let count = |run: bool| {
            let more = ["--bare".to_owned(), format!("{number},{run}")].map(OsString::from);
            counter.count(program.as_os_str(), &[&given[..], &more].concat()).map_err(Error::msg)
        };
        policy.instructions = Some(count(true)?.saturating_sub(count(false)?));
        bar.inc(1);
    }
    bar.finish_and_clear();
    speeds.counter = Some(counter);
    Ok(())
}

/// What a reader of the ratios should know.
fn tell(comparison: &Comparison, terminal: &Terminal) {
    if !comparison.same_machine {
        terminal.note("warning: measured on another machine before; the ratios of speed are those of the machines too");
    }
    for (policies, when) in [(&comparison.only_before, "now"), (&comparison.only_now, "before")] {
        if !policies.is_empty() {
            terminal.note(&format!("not measured {when}: {}", policies.join(", ")));
        }
    }
    if let Some(other) = comparison.other_results() {
        terminal.note(&format!("warning: other results than before: {other}"));
    }
}

/// Whether the comparison is one to fail at.
fn judge(arguments: &BenchArguments, comparison: &Comparison) -> Result<(), Error> {
    let limits = Limits { slower: arguments.fail_above, more_instructions: arguments.fail_above_instructions };
    match comparison.verdict(limits) {
        Verdict::Fine => Ok(()),
        Verdict::Worse(text) => Err(Regression(text).into()),
        Verdict::NotComparable(text) => Err(NotComparable(text).into()),
    }
}

fn print(arguments: &BenchArguments, speeds: &Speeds, terminal: &Terminal) -> Result<(), Error> {
    if arguments.json {
        let text = serde_json::to_string_pretty(speeds)? + "\n";
        terminal::print(|out| out.write_all(text.as_bytes()))?;
    } else {
        terminal::print(|out| table(speeds, terminal.style(), out))?;
    }
    Ok(())
}

/// Rates in millions a second, the quartiles, and either the hash of the results or how they compare.
fn table(speeds: &Speeds, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let number = |number: u64| if style.thousands { grouped(number) } else { number.to_string() };
    let samples = speeds.policies.first().map_or(0, |policy| policy.samples.len());
    writeln!(
        out,
        "{}: {} references in {} frames, {samples} samples, millions of references a second\n",
        speeds.trace.name,
        number(speeds.trace.references),
        number(speeds.frames)
    )?;
    let width = speeds.policies.iter().map(|policy| policy.label().chars().count()).max().unwrap_or(0).max(6);
    let counted = speeds.counter.map_or(String::new(), |_| format!(" {:>15}", "instructions"));
    let compared = match (&speeds.comparison, speeds.counter) {
        (None, _) => "",
        (Some(_), None) => "   before   ratio      95 % of it",
        (Some(_), Some(_)) => "   before   ratio      95 % of it  instr.",
    };
    writeln!(out, "  {:<width$} {:>8} {:>17}{counted}{compared}  results", "policy", "median", "quartiles")?;
    for policy in &speeds.policies {
        let label = policy.label();
        let quartiles = format!("{}..{}", millions(policy.lower_quartile), millions(policy.upper_quartile));
        let count = policy.instructions.map_or(String::new(), |count| format!(" {:>15}", number(count)));
        let ratio = speeds.comparison.as_ref().map(|all| all.ratios.iter().find(|ratio| ratio.policy == label));
        writeln!(
            out,
            "  {label:<width$} {:>8} {quartiles:>17}{count}{}  {}",
            millions(policy.median),
            ratio.map_or(String::new(), |ratio| compared_text(ratio, speeds.counter.is_some())),
            results_text(policy, ratio.flatten())
        )?;
    }
    Ok(())
}

/// The columns of the comparison; blank for a policy that was not measured before.
fn compared_text(ratio: Option<&Ratio>, counted: bool) -> String {
    let [before, by, interval] = ratio.map_or_else(Default::default, |ratio| {
        [millions(ratio.before), format!("{:.3}", ratio.ratio), format!("{:.3}..{:.3}", ratio.low, ratio.high)]
    });
    let instructions = ratio.and_then(|ratio| ratio.instructions).map_or(String::new(), |ratio| format!("{ratio:.3}"));
    let instructions = if counted { format!(" {instructions:>7}") } else { String::new() };
    format!(" {before:>8} {by:>7} {interval:>15}{instructions}")
}

fn results_text(policy: &PolicySpeed, ratio: Option<&Ratio>) -> String {
    let mark = ratio.map_or("", |ratio| if ratio.same_results { " same" } else { " DIFFERENT" });
    format!("{}{mark}", policy.results)
}

fn millions(rate: u64) -> String {
    format!("{:.1}", rate as f64 / 1e6)
}
