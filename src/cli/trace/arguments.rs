//! What users type behind `clockhand trace head`, `slice`, `merge` and `gen`, as clap reads it.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::arguments::FileArguments;
use crate::trace::slice::Window;
use crate::workload::{self, PATTERNS, Placement, Sharing};

/// Where a trace is written to.
#[derive(Clone, Debug, Args)]
pub struct TargetArguments {
    /// The file to write; `-` is standard output, which needs --to. The ending tells format and compression: `.cht`, `.csv`,
    /// `.csv.zst`, `.events.gz`.
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// The format to write.
    #[arg(long, value_name = "FORMAT")]
    pub to: Option<String>,
}

/// `trace head`.
#[derive(Debug, Args)]
pub struct HeadArguments {
    /// The trace file, or several where they are one trace; `-` is standard input. Without one, the PostgreSQL trace that is
    /// built in.
    #[arg(value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// How many records: `20`, `10k`, `1M`.
    #[arg(short = 'n', long, value_name = "N", default_value = "20", value_parser = amount)]
    pub records: u64,
    /// Print the rows of a csv trace.
    #[arg(long)]
    pub csv: bool,
    /// How the trace is read.
    #[command(flatten)]
    pub reading: FileArguments,
}

/// `trace slice`.
#[derive(Debug, Args)]
pub struct SliceArguments {
    /// The trace to read; `-` is standard input. Several files, or a quoted pattern as in `'lk.*'`, where they are one trace.
    #[arg(value_name = "IN", required = true)]
    pub inputs: Vec<PathBuf>,
    /// Where to write the slice.
    #[command(flatten)]
    pub target: TargetArguments,
    /// From the first record at or after the one time to the first at or after the other: `FROM..TO`, `FROM..`, `..TO`, in the
    /// units of the trace.
    #[arg(long, value_name = "WINDOW", help_heading = "Which part")]
    pub time: Option<Window>,
    /// So many references, counted from 0, without the last number: `FROM..TO`, `FROM..`, `..TO`.
    #[arg(long, value_name = "WINDOW", help_heading = "Which part")]
    pub references: Option<Window>,
    /// Only these processes, separated by commas.
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Which part")]
    pub process: Vec<u64>,
    /// Only these segments, separated by commas: `s3`, `3`, or a name.
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Which part")]
    pub segment: Vec<String>,
    /// How the trace is read.
    #[command(flatten)]
    pub reading: FileArguments,
}

/// `trace merge`.
#[derive(Debug, Args)]
pub struct MergeTracesArguments {
    /// The traces to read; one of them may be `-`, standard input.
    #[arg(value_name = "IN", required = true)]
    pub inputs: Vec<PathBuf>,
    /// Where to write them.
    #[command(flatten)]
    pub target: TargetArguments,
    /// Keep apart what has the same name in two traces: segments and processes get free numbers.
    #[arg(long)]
    pub distinct: bool,
    /// How the traces are read.
    #[command(flatten)]
    pub reading: FileArguments,
}

/// `trace gen`.
#[derive(Debug, Args)]
#[command(after_long_help = workload::help())]
pub struct GenArguments {
    /// The pattern; --help explains them all.
    #[arg(value_name = "PATTERN", value_parser = PossibleValuesParser::new(PATTERNS.iter().map(|pattern| pattern.name)))]
    pub pattern: String,
    /// Where to write the trace.
    #[command(flatten)]
    pub target: TargetArguments,
    /// References to make.
    #[arg(short, long, value_name = "N", default_value = "1M", value_parser = amount)]
    pub references: u64,
    /// Pages over all segments; rounded up so that segments are of equal size.
    #[arg(long, value_name = "N", default_value = "10k", value_parser = amount)]
    pub pages: u64,
    /// Processes.
    #[arg(long, value_name = "N", default_value = "4")]
    pub processes: u32,
    /// Segments; if not given one, or one for each process where --sharing is not `all`.
    #[arg(long, value_name = "N")]
    pub segments: Option<u32>,
    /// References of a process before another one has its turn: the mean of a geometric distribution.
    #[arg(long, value_name = "N", default_value = "100", value_parser = positive)]
    pub burst: u64,
    /// Nanoseconds from one record to the next; 0 makes a trace without times.
    #[arg(long, value_name = "NS", default_value = "100", value_parser = amount)]
    pub time_step: u64,
    /// The seed of everything that is drawn.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// How many processes share each segment: `all`, `private`, or a number.
    #[arg(long, value_name = "WHO", help_heading = PATTERN_HEADING)]
    pub sharing: Option<Sharing>,
    /// The share of references that write: `0.25`, `25%`.
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = PATTERN_HEADING)]
    pub write_fraction: Option<f64>,
    /// The exponent of Zipf's law, from 0, which is uniform, to 10.
    #[arg(long, value_name = "S", help_heading = PATTERN_HEADING)]
    pub skew: Option<f64>,
    /// The share of pages that are hot: `0.2`, `20%`.
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = PATTERN_HEADING)]
    pub hot_pages: Option<f64>,
    /// The share of references that go to hot pages: `0.8`, `80%`.
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = PATTERN_HEADING)]
    pub hot_references: Option<f64>,
    /// References of a phase, or of a join.
    #[arg(long, value_name = "N", value_parser = positive, help_heading = PATTERN_HEADING)]
    pub phase: Option<u64>,
    /// Pages of a scan.
    #[arg(long, value_name = "N", value_parser = positive, help_heading = PATTERN_HEADING)]
    pub run: Option<u64>,
    /// References in a row to a page that is scanned.
    #[arg(long, value_name = "N", value_parser = positive, help_heading = PATTERN_HEADING)]
    pub touches: Option<u64>,
    /// Where the pages lie that are hot or rank high: `scattered`, or `in-order` at the front.
    #[arg(long, value_name = "WHERE", help_heading = PATTERN_HEADING)]
    pub placement: Option<Placement>,
}

/// The heading of the options that only some patterns have.
const PATTERN_HEADING: &str = "Options of some patterns (--help says which)";

/// A number as typed: `20`, `1_000`, `10k`, `200M`, `1G`.
fn amount(text: &str) -> Result<u64, String> {
    let units = [("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)];
    let unit = units.iter().find_map(|&(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    let (number, factor) = unit.unwrap_or((text, 1));
    let number =
        number.replace('_', "").parse::<u64>().ok().filter(|_| number.starts_with(|c: char| c.is_ascii_digit()));
    number.and_then(|number| number.checked_mul(factor)).ok_or_else(|| {
        format!("`{text}` is no number below 2^64: use digits, with k, M or G for thousands, millions and billions")
    })
}

/// A number above 0, as typed.
fn positive(text: &str) -> Result<u64, String> {
    amount(text).and_then(|number| if number == 0 { Err("at least 1".to_owned()) } else { Ok(number) })
}

/// A share as typed: `0.25`, `25%`.
fn share(text: &str) -> Result<f64, String> {
    let (number, whole) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    let share = number.parse::<f64>().ok().map(|number| number / whole);
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| format!("`{text}` is no share: use 0 to 1, or 0% to 100%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_typed() {
        let read = [("0", 0), ("1_000", 1000), ("10k", 10_000), ("200M", 200_000_000), ("3G", 3_000_000_000)];
        for (text, number) in read {
            assert_eq!(amount(text), Ok(number));
        }
        for text in ["", "k", "-1", "+1", "1.5M", "1K", "1 k", "_1", "99999999999G", "18446744073709551616"] {
            assert!(amount(text).is_err(), "{text}");
        }
        assert!(positive("0").is_err() && positive("0k").is_err() && positive("1") == Ok(1));
        assert_eq!((share("0.25"), share("25%"), share("0"), share("100%")), (Ok(0.25), Ok(0.25), Ok(0.0), Ok(1.0)));
        for text in ["", "%", "1.1", "-0.1", "101%", "NaN", "inf"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
