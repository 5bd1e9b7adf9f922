//! `clockhand replay`: one policy at one memory size, with the log and the timeline if wanted.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Error};

use super::arguments::{Form, ReplayArguments};
use super::terminal::{self, Terminal};
use super::{Usage, model, provenance, traces};
use crate::frames::FramesSpec;
use crate::load::Loaded;
use crate::observers::event_log::EventLog;
use crate::outcome::outcome;
use crate::policy::registry::PolicySpec;
use crate::replay::Options;
use crate::report::{self, counted};
use crate::results::{Results, Run};
use crate::timeline::csv::Csv;
use crate::timeline::replay_in_windows;
use crate::whole_file::WholeFile;

/// Runs the command.
pub fn run(arguments: &ReplayArguments, terminal: &Terminal) -> Result<(), Error> {
    let paths = [arguments.log.as_deref(), arguments.timeline.as_deref()];
    let to_stdout = paths.into_iter().flatten().filter(|path| is_stdout(path)).count();
    if to_stdout > 1 {
        return Err(Usage("log and timeline can't both go to stdout".to_owned()).into());
    }
    let policy = one_policy(&arguments.policy)?;
    let source = traces::one_source(&arguments.traces, &arguments.reading.file, "replay")?;
    let loaded = traces::load_one(&source, &arguments.reading, arguments.model.kswapd.is_some(), terminal)?;
    let options = Options {
        frames: frames(arguments.frames.as_ref(), &loaded, terminal)?,
        seed: arguments.reading.file.seed,
        ..model::options(&arguments.model, &loaded)?
    };
    let mut replay = policy.start(&loaded.program, &options).map_err(Usage)?;
    let log = Target::open(arguments.log.as_deref())?;
    let timeline = Target::open(arguments.timeline.as_deref())?;
    if let Some(log) = &log {
        let make = if arguments.log_scans { EventLog::with_scans } else { EventLog::new };
        replay.observe(Box::new(make(&loaded.program, log.writer()?)));
    }
    if let Some(target) = &timeline {
        let mut csv = Csv::new(&*replay, arguments.window, target.writer()?).with_context(|| target.failure())?;
        replay_in_windows(&mut *replay, &mut [&mut csv], &|| true).with_context(|| target.failure())?;
        csv.finish().with_context(|| target.failure())?;
    } else {
        replay.run(&|| true);
    }
    let finished = replay.finish();
    if let Some(log) = log {
        finished.with_context(|| log.failure())?;
        log.keep()?;
    }
    timeline.map_or(Ok(()), Target::keep)?;
    if to_stdout == 0 {
        let run = outcome(&*replay, &loaded.facts.name, &policy, &options);
        print(arguments, &loaded, run, terminal)?;
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

fn print(arguments: &ReplayArguments, loaded: &Loaded, run: Run, terminal: &Terminal) -> Result<(), Error> {
    let style = terminal.style();
    if arguments.form.form == Form::Plain {
        terminal::print(|out| report::summary::write(&run, Some(&loaded.facts), style, out))?;
        return Ok(());
    }
    let results = Results {
        schema: Results::SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        arguments: provenance::replay(arguments, run.row.frames),
        seed: arguments.reading.file.seed,
        shard: None,
        sources: Vec::new(),
        traces: vec![loaded.facts.clone()],
        runs: vec![run],
    };
    terminal::print(|out| report::print(&results, arguments.form.form.into(), style, out))?;
    Ok(())
}
