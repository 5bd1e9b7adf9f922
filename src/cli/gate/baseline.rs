//! `clockhand baseline`: results kept in a file, to compare later ones with.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Error};
use clap::Parser;

use super::arguments::{BaselineCommand, MatrixOptions, SaveArguments, ShowArguments};
use crate::cli::arguments::{Arguments, Command};
use crate::cli::terminal::{self, Terminal};
use crate::cli::{NotComparable, Usage, compare, matrix, model, provenance, traces};
use crate::gate::{Baseline, BaselineError, TraceRecord};
use crate::load::BUILT_IN;
use crate::report::{self, counted, write_whole};
use crate::results::{Distributions, Results, Row, Run, TraceFacts};
use crate::trace::{ReadOptions, Source};
use crate::whole_file::folder_of;

/// No baseline is larger than this.
const MOST_BYTES: u64 = 256 << 20;

/// Runs the command.
pub fn run(command: &BaselineCommand, terminal: &Terminal) -> Result<(), Error> {
    match command {
        BaselineCommand::Save(arguments) => save(arguments, terminal),
        BaselineCommand::Show(arguments) => show(arguments, terminal),
    }
}

/// Reads the file of a baseline.
pub fn read(path: &Path) -> Result<Baseline, Error> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text));
    let remedy = "; `clockhand baseline save` makes one";
    read.with_context(|| format!("{}: the baseline can't be read{remedy}", path.display()))?;
    Baseline::parse(&text).map_err(|error| {
        let text = format!("{}, {error}", path.display());
        if matches!(error, BaselineError::Version(_)) { NotComparable(text).into() } else { Error::msg(text) }
    })
}

/// Writes the file of a baseline.
pub fn write(path: &Path, baseline: &Baseline) -> Result<(), Error> {
    Ok(write_whole(path, |out| baseline.write(out))?)
}

/// The options that a baseline keeps, as clap reads them.
pub fn options(words: &[String]) -> Result<MatrixOptions, Error> {
    MatrixOptions::try_parse_from(renamed(words)).map_err(|error| not_of_this_version(words, &error))
}

/// The options that results were made with, as a baseline keeps them.
pub fn options_of(results: &Results) -> Result<Vec<String>, Error> {
    let words = std::iter::once("clockhand").chain(renamed(&results.arguments));
    if results.traces.iter().any(|facts| facts.sample.is_some()) {
        return Err(estimates());
    }
    let parsed = Arguments::try_parse_from(words).map_err(|error| not_of_this_version(&results.arguments, &error))?;
    match parsed.command {
        Command::Compare(arguments) if arguments.sample.is_some() => Err(estimates()),
        Command::Compare(arguments) => Ok(provenance::options(&arguments.reading, &arguments.model)),
        Command::Replay(arguments) => Ok(provenance::options(&arguments.reading, &arguments.model)),
        _ => Err(NotComparable("results are made by compare and replay, and these are not".to_owned()).into()),
    }
}

/// Refuses what was not counted.
fn estimates() -> Error {
    let what = "these results are estimates from samples (compare --sample), which no counts can be held to";
    NotComparable(format!("{what}; replay the traces whole")).into()
}

/// Options as they were kept once, by the names they have now: `--format` was that of the trace, and no other was kept.
fn renamed(words: &[String]) -> impl Iterator<Item = &str> {
    words.iter().map(|word| if word == "--format" { "--trace-format" } else { word })
}

fn not_of_this_version(words: &[String], error: &clap::Error) -> Error {
    let text = error.to_string();
    let what = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    NotComparable(format!("the options `{}` are not those of this version: {what}", words.join(" "))).into()
}

fn save(arguments: &SaveArguments, terminal: &Terminal) -> Result<(), Error> {
    let path = &arguments.baseline.baseline;
    spare_other_files(path)?;
    let matrix = if arguments.from.is_empty() { replayed(arguments, terminal)? } else { from(arguments)? };
    let records = matrix.facts.iter().zip(&matrix.files).map(|(facts, files)| {
        let paths = files.iter().map(|file| from_folder(file, path)).collect::<Result<_, _>>()?;
        Ok(TraceRecord::new(facts, paths))
    });
    let records: Vec<TraceRecord> = records.collect::<Result<_, Usage>>()?;
    let options = relocated(matrix.options, |maps| from_folder(maps, path))?;
    let baseline = Baseline::new(options, records, matrix.rows).map_err(Error::msg)?;
    write(path, &baseline)?;
    let runs = counted(baseline.rows.len() as u64, "run", "runs");
    terminal.note(&format!("written: {}, {runs}; `clockhand check` compares with it", path.display()));
    Ok(())
}

/// What a baseline is made of.
struct Matrix {
    options: Vec<String>,
    facts: Vec<TraceFacts>,
    /// The files of each trace; none of the one that is built in.
    files: Vec<Vec<PathBuf>>,
    rows: Vec<Row>,
}

/// The matrix that the arguments name, replayed.
fn replayed(arguments: &SaveArguments, terminal: &Terminal) -> Result<Matrix, Error> {
    compare::limit_threads(arguments.jobs);
    let policies = model::policies(&arguments.policies)?;
    let keep_times = arguments.model.kswapd.is_some();
    if arguments.traces.iter().any(|path| path.as_os_str() == "-") {
        return Err(Usage("a check could not read standard input again; keep the trace in a file".to_owned()).into());
    }
    let sources = traces::sources(&arguments.traces, &ReadOptions::from(&arguments.reading.file))?;
    let loaded = traces::load_all(&arguments.traces, &arguments.reading, keep_times, terminal)?;
    let seed = arguments.reading.file.seed;
    let jobs = matrix::plan(&policies, &arguments.frames, &arguments.model, seed, &loaded)?;
    let runs = matrix::replay(&jobs, arguments.jobs, terminal)?;
    let options = provenance::options(&arguments.reading, &arguments.model);
    let facts = loaded.into_iter().map(|trace| trace.facts).collect();
    let files = sources.into_iter().map(|source| match source {
        Source::Path(path) => vec![path],
        Source::Files(paths) => paths,
        Source::Stdin | Source::BuiltIn => Vec::new(),
    });
    Ok(Matrix { options, facts, files: files.collect(), rows: runs.into_iter().map(|run| run.row).collect() })
}

/// The matrix of results.
fn from(arguments: &SaveArguments) -> Result<Matrix, Error> {
    let mut all = arguments.from.iter().map(|path| Ok::<_, Error>((path, report::json::read(path)?)));
    let (first, mut results) = all.next().expect("there is one")?;
    let options = options_of(&results)?;
    for other in all {
        let (path, other) = other?;
        let (mine, theirs) = (first.display(), path.display());
        if options_of(&other)? != options {
            let text = format!("{mine} and {theirs} were made with different options; a baseline has one matrix");
            return Err(Usage(text).into());
        }
        for facts in other.traces {
            match results.traces.iter().find(|known| known.name == facts.name) {
                None => results.traces.push(facts),
                Some(known) if known.sha256 == facts.sha256 => {}
                Some(_) => {
                    let name = facts.name;
                    return Err(Usage(format!("{mine} and {theirs} have different traces of the name {name}")).into());
                }
            }
        }
        results.runs.extend(other.runs);
    }
    let files = results.traces.iter().map(|facts| match facts.path.as_str() {
        BUILT_IN => Ok(Vec::new()),
        path if path.ends_with(" files)") => {
            let text =
                format!("{path}: results don't name several files one by one; name the files and leave --from out");
            Err(Usage(text))
        }
        path => Ok(vec![PathBuf::from(path)]),
    });
    let files = files.collect::<Result<_, _>>()?;
    let rows = results.runs.into_iter().map(|run| run.row).collect();
    Ok(Matrix { options, facts: results.traces, files, rows })
}

/// Refuses to write over a file that is no baseline.
fn spare_other_files(path: &Path) -> Result<(), Error> {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    if read.is_err() || start.is_empty() || Baseline::claims(&start) {
        return Ok(());
    }
    Err(Usage(format!("{}: this file is no baseline and is left alone; choose another name", path.display())).into())
}

/// A path from the folder of the baseline; an absolute one stays as it is.
fn from_folder(path: &Path, baseline: &Path) -> Result<String, Usage> {
    let refuse = || Usage(format!("{}: no path leads there from the baseline's folder", path.display()));
    let text = |path: &Path| path.to_str().map(|text| text.replace('\\', "/")).ok_or_else(refuse);
    if path.is_absolute() {
        return path.to_str().map(str::to_owned).ok_or_else(refuse);
    }
    let real = |path: &Path| fs::canonicalize(path).map_err(|_| refuse());
    let (folder, holder) = (folder_of(baseline), folder_of(path));
    let (folder, mut target) = (real_or_to_be(folder).ok_or_else(refuse)?, real(holder)?);
    target.push(path.file_name().ok_or_else(refuse)?);
    let common = folder.components().zip(target.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    text(&up.chain(target.components().skip(common)).collect::<PathBuf>())
}

/// The real path of a folder that may not be there yet.
fn real_or_to_be(folder: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(folder).ok()?;
    let known = absolute.ancestors().find_map(|known| Some((known, fs::canonicalize(known).ok()?)));
    let (known, real) = known?;
    Some(real.join(absolute.strip_prefix(known).ok()?))
}

/// The options with the paths in them changed.
pub fn relocated(words: Vec<String>, change: impl Fn(&Path) -> Result<String, Usage>) -> Result<Vec<String>, Error> {
    let mut options = options(&words)?;
    if options.reading.file.maps.is_empty() {
        return Ok(words);
    }
    for maps in &mut options.reading.file.maps {
        *maps = change(maps)?.into();
    }
    Ok(provenance::options(&options.reading, &options.model))
}

fn show(arguments: &ShowArguments, terminal: &Terminal) -> Result<(), Error> {
    let path = &arguments.baseline.baseline;
    let baseline = read(path)?;
    let runs = counted(baseline.rows.len() as u64, "run", "runs");
    let options = baseline.options.join(" ");
    terminal.note(&format!("{}: {runs} by {}, {options}", path.display(), baseline.made_by));
    let results = Results {
        schema: Results::SCHEMA,
        version: baseline.made_by.trim_start_matches("clockhand ").to_owned(),
        arguments: [vec!["baseline".to_owned()], baseline.options.clone()].concat(),
        seed: options_seed(&baseline)?,
        shard: None,
        sources: Vec::new(),
        traces: baseline.traces.iter().map(facts).collect(),
        runs: baseline.rows.into_iter().map(bare).collect(),
    };
    terminal::print(|out| report::print(&results, arguments.form.into(), terminal.style(), out))?;
    Ok(())
}

fn options_seed(baseline: &Baseline) -> Result<u64, Error> {
    Ok(options(&baseline.options)?.reading.file.seed)
}

/// A run of which only the counts are known.
fn bare(row: Row) -> Run {
    Run {
        row,
        segments: Vec::new(),
        distributions: Distributions::default(),
        estimate: None,
        source: None,
        timeline: None,
    }
}

/// What a baseline knows of a trace.
fn facts(record: &TraceRecord) -> TraceFacts {
    TraceFacts {
        name: record.name.clone(),
        path: record.paths.first().cloned().unwrap_or_else(|| BUILT_IN.to_owned()),
        format: String::new(),
        compression: None,
        sha256: record.sha256.clone(),
        content: record.content.clone(),
        references: record.references,
        writes: 0,
        footprint: record.footprint,
        segments: record.segments,
        processes: record.processes,
        skipped: 0,
        page_size: record.page_size,
        fidelity: Vec::new(),
        sample: None,
        access_map: None,
    }
}
