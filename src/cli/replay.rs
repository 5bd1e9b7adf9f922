//! `clockhand replay`: one policy at one memory size, with the log, the timeline and charts if wanted.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Error, anyhow};

use super::arguments::{Form, ReplayArguments};
use super::terminal::{self, Terminal};
use super::{Usage, matrix, memory, model, provenance, traces};
use crate::frames::FramesSpec;
use crate::load::Loaded;
use crate::observers::event_log::EventLog;
use crate::outcome::outcome;
use crate::policy::registry::PolicySpec;
use crate::replay::{Options, Replay};
use crate::report::chart::{ACCESS_MAP, CHARTS, Chart, OVER_TIME};
use crate::report::{self, block, counted};
use crate::results::{Results, Run, TraceFacts};
use crate::timeline::access_map::access_map;
use crate::timeline::csv::Csv;
use crate::timeline::page_axis::PageAxis;
use crate::timeline::{Recorder, Windowed, replay_in_windows};
use crate::whole_file::WholeFile;

/// Runs the command.
pub fn run(arguments: &ReplayArguments, terminal: &Terminal) -> Result<(), Error> {
    let paths = [arguments.log.as_deref(), arguments.timeline.as_deref()];
    let to_stdout = paths.into_iter().flatten().filter(|path| is_stdout(path)).count();
    if to_stdout > 1 {
        return Err(Usage("log and timeline can't both go to stdout".to_owned()).into());
    }
    pictures(arguments).try_for_each(|(path, _)| picture_form(path).map(drop))?;
    let policy = one_policy(&arguments.policy)?;
    let source = traces::one_source(&arguments.traces, &arguments.reading.file, "replay")?;
    let loaded = traces::load_one(&source, &arguments.reading, arguments.model.kswapd.is_some(), terminal)?;
    let options = Options {
        frames: frames(arguments.frames.as_ref(), &loaded, terminal)?,
        seed: arguments.reading.file.seed,
        ..model::options(&arguments.model, &loaded)?
    };
    memory::one(&matrix::job(&loaded, &policy, &options, options.frames), arguments.reading.memory_limit)?;
    let mut replay = policy.start(&loaded.program, &options).map_err(Usage)?;
    let log = Target::open(arguments.log.as_deref())?;
    let timeline = Target::open(arguments.timeline.as_deref())?;
    if let Some(log) = &log {
        let make = if arguments.log_scans { EventLog::with_scans } else { EventLog::new };
        replay.observe(Box::new(make(&loaded.program, log.writer()?)));
    }
    let axis = pictures(arguments).next().map(|_| Arc::new(PageAxis::new(&loaded.program)));
    let mut recorder = axis.as_ref().map(|axis| Recorder::new(&mut *replay, axis));
    match &timeline {
        None => in_windows(&mut *replay, None, recorder.as_mut())?,
        Some(target) => {
            let failure = || target.failure();
            let mut csv = Csv::new(&*replay, arguments.window, target.writer()?).with_context(failure)?;
            in_windows(&mut *replay, Some(&mut csv), recorder.as_mut()).with_context(failure)?;
            csv.finish().with_context(failure)?;
        }
    }
    let finished = replay.finish();
    if let Some(log) = log {
        finished.with_context(|| log.failure())?;
        log.keep()?;
    }
    timeline.map_or(Ok(()), Target::keep)?;
    let run = outcome(&*replay, &loaded.facts.name, &policy, &options);
    if let Some((axis, recorder)) = axis.zip(recorder) {
        let facts = TraceFacts { access_map: Some(access_map(&loaded.program, &axis)), ..loaded.facts.clone() };
        let run = Run { timeline: Some(recorder.finish()), ..run.clone() };
        draw(arguments, &results(arguments, facts, run), terminal)?;
    }
    if to_stdout == 0 {
        print(arguments, &loaded, run, terminal)?;
    }
    Ok(())
}

/// Replays to the end, with stops for those who want them.
fn in_windows(
    replay: &mut dyn Replay,
    csv: Option<&mut dyn Windowed>,
    recorder: Option<&mut Recorder>,
) -> io::Result<()> {
    let mut watching: Vec<&mut dyn Windowed> = Vec::new();
    if let Some(csv) = csv {
        watching.push(csv);
    }
    if let Some(recorder) = recorder {
        watching.push(recorder);
    }
    if watching.is_empty() {
        replay.run(&|| true);
        return Ok(());
    }
    replay_in_windows(replay, &mut watching, &|| true).map(drop)
}

/// The charts that are asked for: the file of each and the ending of its kind.
fn pictures(arguments: &ReplayArguments) -> impl Iterator<Item = (&Path, &'static str)> {
    let files = [(&arguments.chart, OVER_TIME), (&arguments.access_map, ACCESS_MAP)];
    files.into_iter().filter_map(|(path, ending)| Some((path.as_deref()?, ending)))
}

/// The bytes of a chart in one form.
type PictureForm = fn(&Chart) -> io::Result<Vec<u8>>;

/// The form that the ending of a file asks for.
fn picture_form(path: &Path) -> Result<PictureForm, Error> {
    match path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase).as_deref() {
        Some("svg") => Ok(|chart| chart.svg().map(String::into_bytes)),
        Some("png") => Ok(Chart::png),
        _ => Err(Usage(format!("{}: a chart is a .svg or a .png; give the file one of these endings", path.display()))
            .into()),
    }
}

/// Writes the charts that are asked for.
fn draw(arguments: &ReplayArguments, results: &Results, terminal: &Terminal) -> Result<(), Error> {
    for (path, ending) in pictures(arguments) {
        let form = picture_form(path)?;
        let blocks = block::blocks(results);
        let kind = CHARTS.iter().find(|kind| kind.ending == ending);
        let chart = kind.zip(blocks.first()).and_then(|(kind, block)| (kind.make)(results, block));
        let chart =
            chart.ok_or_else(|| anyhow!("{}: nothing is referenced, so there is nothing to draw", path.display()))?;
        report::write_whole(path, |file| file.write_all(&form(&chart)?))?;
        terminal.note(&format!("written: {}", path.display()));
    }
    Ok(())
}

/// Where a log or a timeline goes.
enum Target<'p> {
    Stdout,
    File(&'p Path, WholeFile),
}

impl<'p> Target<'p> {
    fn open(path: Option<&'p Path>) -> Result<Option<Self>, Error> {
        let Some(path) = path else { return Ok(None) };
        if is_stdout(path) {
            return Ok(Some(Self::Stdout));
        }
        let file = WholeFile::create(path).with_context(|| format!("{}: can't be written", path.display()))?;
        Ok(Some(Self::File(path, file)))
    }

    fn writer(&self) -> Result<Box<dyn Write + Send>, Error> {
        Ok(match self {
            Self::Stdout => Box::new(BufWriter::new(io::stdout())),
            Self::File(_, file) => Box::new(BufWriter::with_capacity(1 << 16, file.writer()?)),
        })
    }

    fn failure(&self) -> String {
        match self {
            Self::Stdout => "stdout can't be written to".to_owned(),
            Self::File(path, _) => format!("{}: can't be written", path.display()),
        }
    }

    fn keep(self) -> Result<(), Error> {
        let failure = self.failure();
        match self {
            Self::Stdout => Ok(()),
            Self::File(_, file) => file.keep().context(failure),
        }
    }
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn one_policy(text: &str) -> Result<PolicySpec, Error> {
    let mut policies = model::policies(text)?;
    match policies.pop() {
        Some(policy) if policies.is_empty() => Ok(policy),
        _ => {
            Err(Usage(format!("replay takes one policy, and `{text}` are several; `clockhand compare` takes them"))
                .into())
        }
    }
}

/// The memory size: as asked for, as the trace says, or half the footprint.
pub fn frames(spec: Option<&FramesSpec>, loaded: &Loaded, terminal: &Terminal) -> Result<u64, Error> {
    let footprint = loaded.facts.footprint;
    if let Some(spec) = spec {
        return match model::sizes(spec, loaded)?[..] {
            [frames] => Ok(frames),
            _ => Err(Usage(format!("one memory size is wanted, and `{spec}` are several")).into()),
        };
    }
    if let Some(frames) = loaded.program.settings.frames {
        return Ok(frames);
    }
    let half = (footprint / 2).max(1);
    terminal.note(&format!(
        "memory: {}, half of the footprint; --frames sets another size",
        counted(half, "frame", "frames")
    ));
    Ok(half)
}

fn results(arguments: &ReplayArguments, facts: TraceFacts, run: Run) -> Results {
    Results {
        schema: Results::SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        arguments: provenance::replay(arguments, run.row.frames),
        seed: arguments.reading.file.seed,
        shard: None,
        sources: Vec::new(),
        traces: vec![facts],
        runs: vec![run],
    }
}

fn print(arguments: &ReplayArguments, loaded: &Loaded, run: Run, terminal: &Terminal) -> Result<(), Error> {
    let style = terminal.style();
    if arguments.form.form == Form::Plain {
        terminal::print(|out| report::summary::write(&run, Some(&loaded.facts), style, out))?;
        return Ok(());
    }
    let results = results(arguments, loaded.facts.clone(), run);
    terminal::print(|out| report::print(&results, arguments.form.form.into(), style, out))?;
    Ok(())
}
