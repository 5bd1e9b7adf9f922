//! What users type behind `clockhand check` and `clockhand baseline`, as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::arguments::{ModelArguments, ReadArguments, ReportArguments, SettingsArguments, percent};
use crate::frames::FramesSpec;
use crate::gate::Limit;
use crate::report;

/// The file of a baseline.
#[derive(Clone, Debug, Args)]
pub struct BaselineArguments {
    /// The file of the baseline.
    #[arg(short, long, value_name = "FILE", default_value = "baseline.csv")]
    pub baseline: PathBuf,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Files results.json to compare; if none is given, what the baseline names is replayed.
    #[arg(value_name = "RESULTS")]
    pub results: Vec<PathBuf>,
    /// The baseline.
    #[command(flatten)]
    pub baseline: BaselineArguments,
    /// The folder with the traces; if not given, they are where the baseline says, from its own folder.
    #[arg(long, value_name = "DIR")]
    pub trace_dir: Option<PathBuf>,
    /// How much worse a metric may be: `swap_outs=1%`, `fairness=0.01`, `all=0.5%`; may be repeated, and it is enough to be
    /// within one limit of a metric. Not at all if none is given.
    #[arg(long, value_name = "METRIC=LIMIT", value_delimiter = ',')]
    pub threshold: Vec<Limit>,
    /// Write what was found to the baseline, and end with 0 though it is worse.
    #[arg(long)]
    pub update: bool,
    /// With --update, take traces that are others now in place of the baseline's.
    #[arg(long, requires = "update")]
    pub accept_traces: bool,
    /// Measure speed too, as it was measured into this file by `clockhand bench --json`, and tell how it compares.
    #[arg(long, value_name = "OLD.json")]
    pub speed: Option<PathBuf>,
    /// With --speed, end with 3 when a policy is slower by more than so many percent, over the whole of its interval.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub fail_above: Option<f64>,
    /// Show all changes; the greatest of them if not given.
    #[arg(long)]
    pub all: bool,
    /// Threads, each with a replay at a time; as many as there are processors if not given.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Reports for other programs.
    #[command(flatten)]
    pub reports: ReportArguments,
    /// Where options are from.
    #[command(flatten)]
    pub settings: SettingsArguments,
}

/// `baseline`.
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Replay every policy at every memory size, and keep the counts.
    Save(Box<SaveArguments>),
    /// What is in a baseline.
    Show(ShowArguments),
}

/// `baseline save`.
#[derive(Debug, Args)]
pub struct SaveArguments {
    /// Trace files. Without one, the PostgreSQL trace that is built in.
    #[arg(value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// The baseline.
    #[command(flatten)]
    pub baseline: BaselineArguments,
    /// Take the counts from files results.json, and replay nothing; may be repeated.
    #[arg(long, value_name = "RESULTS", conflicts_with_all = ["traces", "policies", "frames"])]
    pub from: Vec<PathBuf>,
    /// Policies, separated by commas: `clock:ref-on-load=0,lru`, or `all`. `clockhand policies` lists them.
    #[arg(short, long, value_name = "LIST", default_value = "all")]
    pub policies: String,
    /// Memory sizes, separated by commas: `512`, `1_000`, `64MiB`, `5%` of the trace's footprint, or `auto`, a ladder of 16
    /// sizes up to the footprint.
    #[arg(short, long, value_name = "LIST", default_value = "auto")]
    pub frames: FramesSpec,
    /// Threads, each with a replay at a time; as many as there are processors if not given.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
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

/// `baseline show`.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The baseline.
    #[command(flatten)]
    pub baseline: BaselineArguments,
    /// What goes to stdout.
    #[arg(long = "format", alias = "print", value_name = "FORM", default_value = "plain")]
    pub form: ShowForm,
    /// Where options are from.
    #[command(flatten)]
    pub settings: SettingsArguments,
}

/// The forms of a baseline on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShowForm {
    /// For people.
    #[value(alias = "table")]
    Plain,
    /// The runs, as in results.csv.
    Csv,
    /// A table in Markdown.
    Markdown,
}

impl From<ShowForm> for report::Format {
    fn from(form: ShowForm) -> Self {
        match form {
            ShowForm::Plain => Self::Table,
            ShowForm::Csv => Self::Csv,
            ShowForm::Markdown => Self::Markdown,
        }
    }
}

/// The options that make a difference to results, as a baseline keeps them.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
pub struct MatrixOptions {
    /// How the model is set up.
    #[command(flatten)]
    pub model: ModelArguments,
    /// How traces are read.
    #[command(flatten)]
    pub reading: ReadArguments,
}
