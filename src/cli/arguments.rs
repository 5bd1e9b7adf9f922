//! What users type, as clap reads it, and nothing else: no default is computed and no file touched here.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Args, Parser, Subcommand, ValueEnum, ValueHint};

use super::gate::arguments::{BaselineCommand, CheckArguments};
use super::reports::Target;
use super::trace::arguments::{GenArguments, HeadArguments, MergeTracesArguments, SliceArguments, TargetArguments};
use crate::frames::FramesSpec;
use crate::kernel::kswapd::KswapdOptions;
use crate::report;
use crate::sampling::SampleRate;
use crate::shard::Shard;
use crate::trace::{self, AddressOptions, Cut, ReadOptions};

/// Replays memory-access traces of processes that share memory, and shows what each page-replacement policy costs.
///
/// Without a trace, `clockhand compare` runs on a PostgreSQL trace that is built in.
#[derive(Debug, Parser)]
#[command(name = "clockhand", version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to put it out.
    #[command(flatten)]
    pub output: OutputArguments,
}

const AFTER_HELP: &str = "Options of compare, check and baseline can stand in clockhand.toml, under their long names, and \
    in the environment as CLOCKHAND_ and the name in capitals; the command line comes first, then the environment. \
    --print-config shows them all.\n\n\
    Exit codes: 0 fine, 1 input, output or a bad trace, 2 usage, 3 a regression, 4 not comparable with what was \
    measured before, 5 a published figure is not met, 130 interrupted.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Replay every policy at every memory size, in parallel: the main job.
    Compare(CompareArguments),
    /// Join the parts of a comparison that were made with `compare --shard`.
    Merge(MergeArguments),
    /// Make report.html, charts and tables of results that are there, without replaying.
    ///
    /// Several results are put together: other traces, another version of a policy or of clockhand on the same trace. What is
    /// the same in them is shown once; where they differ in the runs of a policy, each is shown with where it is from.
    Report(ReportCommandArguments),
    /// Replay one policy at one memory size, and look closely.
    Replay(ReplayArguments),
    /// Compare with a baseline, and end with 3 where something is worse: the gate.
    Check(CheckArguments),
    /// Keep results in a file that later ones are compared with.
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Look at traces, convert, cut, join and make them.
    #[command(subcommand)]
    Trace(TraceCommand),
    /// Compare with published figures, for traces of other people.
    Verify(VerifyArguments),
    /// Measure how fast replays are, and compare with what was measured before.
    Bench(BenchArguments),
    /// List the policies: names, what they may know, parameters, sources.
    Policies(PoliciesArguments),
    /// List the trace formats.
    Formats,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// How to put things out; for every command.
#[derive(Clone, Debug, Args)]
pub struct OutputArguments {
    /// Say nothing on stderr but errors.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Colours on stdout and stderr; `auto` is on a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// `compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// Trace files; `-` is standard input. Without one, the PostgreSQL trace that is built in. A quoted pattern, as in
    /// `'lk.*'`, is one trace of several files; so are all logs of lackey together.
    #[arg(value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// Policies, separated by commas: `clock:ref-on-load=0,lru`, or `all`. `clockhand policies` lists them.
    #[arg(short, long, value_name = "LIST", default_value = "all")]
    pub policies: String,
    /// Memory sizes, separated by commas: `512`, `1_000`, `64MiB`, `5%` of the trace's footprint, or `auto`, a ladder of 16
    /// sizes up to the footprint. `all` is `auto`, and curves.csv beside it: lru and opt at every size from 1 frame to the
    /// footprint, for little more than one replay each; by a replay at every size where, say, a segment is locked.
    #[arg(short, long, value_name = "LIST", default_value = "auto")]
    pub frames: FramesSpec,
    /// Estimate from samples of this part of the pages, `0.01` or `1%`, in so much less memory and time: five samples, and
    /// how far they agree. For traces of a million pages and more; of few pages a sample tells nothing, and where a size is
    /// just enough for a loop it smears the edge. An estimate is no result: its trace is named so, and baselines refuse it.
    #[arg(long, value_name = "RATE")]
    pub sample: Option<SampleRate>,
    /// The folder for report.html, the charts, results.csv and results.json.
    #[arg(short, long, value_name = "DIR", default_value = "reports")]
    pub out: PathBuf,
    /// Threads, each with a replay or a chart at a time; as many as there are processors if not given.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Go on from the runs that an interrupted comparison with the same arguments has left in the folder; begin where there
    /// are none.
    #[arg(long)]
    pub resume: bool,
    /// Make the part K of N of the comparison only, K from 1 to N; `clockhand merge` joins the parts.
    #[arg(long, value_name = "K/N")]
    pub shard: Option<Shard>,
    /// What goes to stdout.
    #[command(flatten)]
    pub form: FormArguments,
    /// Reports for other programs.
    #[command(flatten)]
    pub reports: ReportArguments,
    /// Where options are from.
    #[command(flatten)]
    pub settings: SettingsArguments,
    /// How the model is set up.
    #[command(flatten)]
    pub model: ModelArguments,
    /// How traces are read.
    #[command(flatten)]
    pub reading: ReadArguments,
}

/// Reports for other programs.
#[derive(Clone, Debug, Args)]
pub struct ReportArguments {
    /// Write a report; may be repeated. Kinds: json, markdown, junit, github, bencher, benchmark-action; `-` is stdout, also if
    /// no path is given. Markdown is added to `$GITHUB_STEP_SUMMARY` too where that is set.
    #[arg(long = "report", value_name = "KIND=PATH", value_hint = ValueHint::AnyPath)]
    pub report: Vec<Target>,
}

/// Where the options that are not on the command line are from.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Settings")]
pub struct SettingsArguments {
    /// The file with settings; `clockhand.toml` in the current folder if not given.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Read no file with settings.
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,
    /// Print the settings as such a file, with where each is from, and do nothing else.
    #[arg(long)]
    pub print_config: bool,
}

/// What goes to stdout, for the commands that print results.
#[derive(Clone, Copy, Debug, Args)]
pub struct FormArguments {
    /// What goes to stdout: a table for people, a table in Markdown, or what results.csv or results.json hold. The format of
    /// the trace is --trace-format.
    #[arg(long = "format", alias = "print", value_name = "FORM", default_value = "plain", value_parser = FormParser)]
    pub form: Form,
}

/// The forms of results on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people.
    #[value(alias = "table")]
    Plain,
    /// A table in Markdown.
    Markdown,
    /// As results.csv.
    Csv,
    /// As results.json.
    Json,
}

impl From<Form> for report::Format {
    fn from(form: Form) -> Self {
        match form {
            Form::Plain => Self::Table,
            Form::Csv => Self::Csv,
            Form::Json => Self::Json,
            Form::Markdown => Self::Markdown,
        }
    }
}

/// Reads a [`Form`], and says what to write where a format of traces is named instead.
#[derive(Clone, Copy, Debug)]
struct FormParser;

impl TypedValueParser for FormParser {
    type Value = Form;

    fn parse_ref(&self, command: &clap::Command, arg: Option<&Arg>, value: &OsStr) -> Result<Form, clap::Error> {
        EnumValueParser::<Form>::new().parse_ref(command, arg, value).map_err(|error| {
            let Some(format) = trace::FORMATS.iter().find(|format| value == format.name) else { return error };
            let text = format!("`{0}` is a format of traces; write --trace-format {0}\n", format.name);
            clap::Error::raw(ErrorKind::InvalidValue, text).with_cmd(command)
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Form::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}

/// `merge`.
#[derive(Debug, Args)]
pub struct MergeArguments {
    /// All the parts of one comparison: the folders that `compare --shard` wrote to, or the results.json in them.
    #[arg(value_name = "SHARD", required = true)]
    pub shards: Vec<PathBuf>,
    /// The folder for report.html, the charts, results.csv and results.json of the whole.
    #[arg(short, long, value_name = "DIR", default_value = "reports")]
    pub out: PathBuf,
    /// What goes to stdout.
    #[command(flatten)]
    pub form: FormArguments,
    /// Reports for other programs.
    #[command(flatten)]
    pub reports: ReportArguments,
}

/// `report`.
#[derive(Debug, Args)]
pub struct ReportCommandArguments {
    /// Files results.json, or the folders that hold them: of one comparison, or of several that are to be seen together.
    #[arg(value_name = "RESULTS", required = true)]
    pub results: Vec<PathBuf>,
    /// The folder for report.html, the charts, results.csv and results.json.
    #[arg(short, long, value_name = "DIR", default_value = "reports")]
    pub out: PathBuf,
    /// What goes to stdout.
    #[command(flatten)]
    pub form: FormArguments,
    /// Reports for other programs.
    #[command(flatten)]
    pub reports: ReportArguments,
}

/// `replay`.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// The trace file; `-` is standard input. Without one, the PostgreSQL trace that is built in. Several files, or a quoted
    /// pattern as in `'lk.*'`, where they are one trace.
    #[arg(value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// The policy, with its parameters if wanted: `clock:ref-on-load=0`.
    #[arg(short, long, value_name = "POLICY", default_value = "linux-2.0")]
    pub policy: String,
    /// The memory size: `512`, `64MiB`, `5%` of the footprint. If not given, what the trace says (`F=` of an event script),
    /// or else half the footprint.
    #[arg(short, long, value_name = "N")]
    pub frames: Option<FramesSpec>,
    /// Write every fault and swap-out to a file, in the format of the recorded kernel runs; with `-` to stdout, and nothing
    /// else.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// In the log, every event and every call of `shm_swap` too: its budget, its hands, its slots.
    #[arg(long, requires = "log")]
    pub log_scans: bool,
    /// Write what happened in each window of references to a csv file; `-` is stdout.
    #[arg(long, value_name = "FILE")]
    pub timeline: Option<PathBuf>,
    /// References in a window of the timeline; a thousandth of the trace if not given.
    #[arg(long, value_name = "N", requires = "timeline", value_parser = clap::value_parser!(u64).range(1..))]
    pub window: Option<u64>,
    /// Draw how the run goes over time: swap-outs, faults, resident pages, and the hands of the clock. The file's ending says
    /// how: `.svg` or `.png`.
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
    /// Draw when which pages are referenced, and swapped out, to a file that ends in `.svg` or `.png`.
    #[arg(long, value_name = "FILE")]
    pub access_map: Option<PathBuf>,
    /// What goes to stdout.
    #[command(flatten)]
    pub form: FormArguments,
    /// How the model is set up.
    #[command(flatten)]
    pub model: ModelArguments,
    /// How the trace is read.
    #[command(flatten)]
    pub reading: ReadArguments,
}

/// How the model is set up.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Model")]
pub struct ModelArguments {
    /// Swap areas in order of swapon: `SLOTS[@PRIORITY],...`, or `unlimited`. If not given, what the trace says; an event
    /// script that says nothing has one area of 32687 slots, other traces have unlimited swap.
    #[arg(long, value_name = "AREAS")]
    pub swap: Option<String>,
    /// What to do at a reference for which no frame can be had. If not given, what the trace says; an event script that says
    /// nothing stops, other traces go on.
    #[arg(long, value_name = "WHAT")]
    pub oom: Option<Oom>,
    /// Run the swap daemon with these marks, in free frames; time is the trace's time column, a jiffy 10 ms, or a jiffy is
    /// 100 references where the trace has none; or as said: `8,16,100refs`, `8,16,1ms`.
    #[arg(long, value_name = "LOW,HIGH[,JIFFY]")]
    pub kswapd: Option<KswapdOptions>,
}

/// What to do when no frame can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Oom {
    /// The run ends there.
    Stop,
    /// The reference is counted and left out.
    Continue,
}

/// How traces are read and resolved.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reading")]
pub struct ReadArguments {
    /// How the file is read.
    #[command(flatten)]
    pub file: FileArguments,
    /// Create and attach segments on first use, for traces that began late.
    #[arg(long)]
    pub implicit_attach: bool,
    /// Limits on segments: `kernel` is 128 at a time with 8192 pages each, the default for event scripts.
    #[arg(long, value_name = "WHICH")]
    pub limits: Option<LimitsChoice>,
    /// The most memory of this machine to take, as in `4GiB`: fewer replays run at the same time, or an error says what does not
    /// fit. If not given, what the system has, and what control groups and `ulimit -v` allow.
    #[arg(long, value_name = "SIZE", value_parser = memory_size)]
    pub memory_limit: Option<u64>,
}

/// `--format` is the trace's format too, as it is typed by habit, where a command puts out no results.
pub fn with_former_names(command: clap::Command) -> clap::Command {
    let has = |id: &str, long: &str| {
        command.get_arguments().any(|arg| arg.get_id() == id)
            && command.get_arguments().all(|arg| arg.get_long() != Some(long))
    };
    let command = if has("trace_format", "format") {
        command.mut_arg("trace_format", |arg| arg.alias("format"))
    } else {
        command
    };
    command.mut_subcommands(with_former_names)
}

/// How the files of traces are read.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reading")]
pub struct FileArguments {
    /// The format of the traces; told from their content if not given. `clockhand formats` lists them.
    #[arg(long, value_name = "FORMAT")]
    pub trace_format: Option<String>,
    /// Skip bad and impossible records, and say how many.
    #[arg(long)]
    pub lenient: bool,
    /// Bytes of a page, for traces of addresses: `4096`, `16KiB`, `2MiB`.
    #[arg(long, value_name = "SIZE", value_parser = trace::page_size, default_value = "4096")]
    pub page_size: u64,
    /// Cut a trace that knows no segments into some: `range:64MiB` of addresses each, `bits:20..31` of the address, or
    /// `count:8` parts of equal size.
    #[arg(long, value_name = "CUT", value_parser = |text: &str| text.parse::<Cut>())]
    pub segments: Option<Cut>,
    /// Deal the references of a trace that knows no processes to so many, by lot.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub sharers: Option<u32>,
    /// Keep references outside shared mappings, as segments of one sharer.
    #[arg(long)]
    pub private: bool,
    /// Count the fetching of instructions as reading.
    #[arg(long)]
    pub instructions: bool,
    /// A file that says which addresses are shared: a log of strace, or a copy of /proc/PID/maps; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub maps: Vec<PathBuf>,
    /// References in a turn of a process, where several files are one trace and no time orders them.
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u64).range(1..))]
    pub quantum: u64,
    /// The columns of a table that has no header, counted from 1: `time=1,pid=2,page=5,op=3`.
    #[arg(long, value_name = "LIST")]
    pub columns: Option<String>,
    /// The seed of everything that is drawn: turns of processes, sharers, policies that draw lots.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

impl From<&FileArguments> for ReadOptions {
    fn from(arguments: &FileArguments) -> Self {
        let addresses = AddressOptions {
            page_size: arguments.page_size,
            private: arguments.private,
            instructions: arguments.instructions,
            maps: arguments.maps.clone(),
            cut: arguments.segments.unwrap_or_default(),
            sharers: arguments.sharers.unwrap_or(1),
            quantum: arguments.quantum,
            seed: arguments.seed,
            columns: arguments.columns.clone(),
        };
        Self { format: arguments.trace_format.clone(), lenient: arguments.lenient, addresses }
    }
}

/// Which limits apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LimitsChoice {
    /// Those of Linux 2.0.
    Kernel,
    /// None.
    None,
}

/// `trace`.
#[derive(Debug, Subcommand)]
pub enum TraceCommand {
    /// What is in traces: references, processes, segments, sharing, working sets.
    Stat(StatArguments),
    /// Write a trace in another format.
    Convert(ConvertArguments),
    /// Show the first records of a trace.
    Head(HeadArguments),
    /// Write a part of a trace: some time, some references, some processes, some segments.
    ///
    /// The slice replays by itself: what happened before it stands at its front in short, so that every segment that is
    /// there then is created and attached.
    Slice(SliceArguments),
    /// Write several traces as one.
    ///
    /// Traces with times are put in the order of these; others take turns of --quantum references, drawn with --seed.
    /// Segments of the same name and processes of the same id are taken to be the same ones.
    Merge(MergeTracesArguments),
    /// Make a trace by a pattern: a loop, scans, Zipf's law, phases, a ring buffer, a hash join and others.
    ///
    /// The same options and seed give the same trace on every machine. Numbers may end in k, M or G, for thousands, millions
    /// and billions.
    Gen(GenArguments),
}

/// `trace stat`.
#[derive(Debug, Args)]
pub struct StatArguments {
    /// Trace files; `-` is standard input. Without one, the PostgreSQL trace that is built in.
    #[arg(value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// How traces are read.
    #[command(flatten)]
    pub reading: ReadArguments,
}

/// `trace convert`.
#[derive(Debug, Args)]
pub struct ConvertArguments {
    /// The trace to read; `-` is standard input. Several files, or a quoted pattern as in `'lk.*'`, where they are one trace.
    #[arg(value_name = "IN", required = true)]
    pub inputs: Vec<PathBuf>,
    /// Where to write it.
    #[command(flatten)]
    pub target: TargetArguments,
    /// How the trace is read.
    #[command(flatten)]
    pub reading: FileArguments,
}

/// `verify`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// The folder with the traces: swim, bzip, gli, cs, multi1, multi2, sprite, `2_pools`, each with any endings.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Threads, each with a replay at a time; as many as there are processors if not given.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

/// `bench`.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// The trace file, or several where they are one trace. Without one, the PostgreSQL trace that is built in.
    #[arg(value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// Policies, separated by commas, or `all`.
    #[arg(short, long, value_name = "LIST", default_value = "all")]
    pub policies: String,
    /// The memory size. If not given, what the trace says, or else half the footprint.
    #[arg(short, long, value_name = "N")]
    pub frames: Option<FramesSpec>,
    /// Samples of each policy.
    #[arg(long, value_name = "N", default_value = "7", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeats: u32,
    /// Replays of each policy before the clock counts.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub warm_up: u32,
    /// Count the instructions of a replay too, with `perf stat`, or else with valgrind, which takes a minute.
    #[arg(long)]
    pub count_instructions: bool,
    /// Print JSON, to be compared with later.
    #[arg(long)]
    pub json: bool,
    /// Compare with what `bench --json` wrote earlier.
    #[arg(long, value_name = "OLD.json")]
    pub compare: Option<PathBuf>,
    /// End with 3 when a policy is slower by more than so many percent, over the whole of its interval; with 4 when a policy has
    /// other results.
    #[arg(long, value_name = "PERCENT", requires = "compare", value_parser = percent)]
    pub fail_above: Option<f64>,
    /// The same for instructions, where both have them.
    #[arg(long, value_name = "PERCENT", requires = "compare", requires = "count_instructions", value_parser = percent)]
    pub fail_above_instructions: Option<f64>,
    /// For counting instructions: start the policy of this number, replay if asked to, and say nothing.
    #[arg(long, hide = true, value_name = "NUMBER,BOOL", value_parser = bare)]
    pub bare: Option<(usize, bool)>,
    /// How the model is set up.
    #[command(flatten)]
    pub model: ModelArguments,
    /// How the trace is read.
    #[command(flatten)]
    pub reading: ReadArguments,
}

/// A percentage of 0 or more.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>().ok();
    number
        .filter(|number| (0.0..=1000.0).contains(number))
        .ok_or_else(|| "write a percentage from 0 to 1000".to_owned())
}

fn memory_size(text: &str) -> Result<u64, String> {
    let size = trace::bytes(text).filter(|&size| size > 0);
    size.ok_or_else(|| format!("`{text}` is no size of memory: write bytes, or a number of KiB, MiB or GiB as in 4GiB"))
}

fn bare(text: &str) -> Result<(usize, bool), String> {
    let parts = text.split_once(',').and_then(|(number, run)| Some((number.parse().ok()?, run.parse().ok()?)));
    parts.ok_or_else(|| "write NUMBER,true or NUMBER,false".to_owned())
}

/// `policies`.
#[derive(Debug, Args)]
pub struct PoliciesArguments {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
