//! Instructions of a replay, counted by a tool that is there: `perf stat` where the processor's counters may be read, else
//! valgrind, which is slow and works everywhere it is installed. Unlike time the counts hardly differ from run to run.
//!
//! The program is run anew under the tool, once with a replay and once without: the difference is the replay.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

/// The event of perf: instructions of the program, not of the system.
const EVENT: &str = "instructions:u";

/// What counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counter {
    /// `perf stat`.
    Perf,
    /// `valgrind --tool=cachegrind`, without its model of caches.
    Valgrind,
}

impl Counter {
    /// The better of those that work here.
    ///
    /// # Errors
    /// When none does; the text says why, of each.
    pub fn find() -> Result<Self, String> {
        let reasons = [Self::Perf, Self::Valgrind].map(|counter| match counter.count(OsStr::new("true"), &[]) {
            Ok(_) => Ok(counter),
            Err(reason) => Err(reason),
        });
        match reasons {
            [Ok(counter), _] | [_, Ok(counter)] => Ok(counter),
            [Err(perf), Err(valgrind)] => Err(format!("{perf}; {valgrind}")),
        }
    }

    /// The name of the tool.
    pub fn name(self) -> &'static str {
        match self {
            Self::Perf => "perf",
            Self::Valgrind => "valgrind",
        }
    }

    /// Runs a program with these arguments, and counts its instructions. What it writes is thrown away.
    ///
    /// # Errors
    /// When the tool is not there or may not count here, or the program fails.
    pub fn count(self, program: &OsStr, arguments: &[OsString]) -> Result<u64, String> {
        let name = self.name();
        let file = tempfile::NamedTempFile::new().map_err(|error| format!("no temporary file for {name}: {error}"))?;
        let mut command = self.command(file.path());
        command.arg(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.status().map_err(|error| format!("{name} can't be run: {error}"))?;
        if !status.success() {
            return Err(format!("{name} ended with {status}"));
        }
        let text =
            fs::read_to_string(file.path()).map_err(|error| format!("what {name} wrote can't be read: {error}"))?;
        self.parse(&text).ok_or_else(|| format!("{name} may not count instructions here"))
    }

    fn command(self, output: &Path) -> Command {
        let mut command = Command::new(self.name());
        match self {
            Self::Perf => command.args(["stat", "-x,", "-e", EVENT, "-o"]).arg(output).arg("--"),
            Self::Valgrind => {
                let log = [OsStr::new("--log-file="), output.as_os_str()].join(OsStr::new(""));
                let tool = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"];
                command.args(tool).arg(log).arg("--")
            }
        };
        command
    }

    /// The count in what the tool wrote: `1234,,instructions:u,...`, or `==1== I   refs:      1,234`.
    fn parse(self, text: &str) -> Option<u64> {
        match self {
            Self::Perf => {
                let line = text.lines().find(|line| line.contains(EVENT))?;
                line.split(',').next()?.parse().ok()
            }
            Self::Valgrind => {
                let line = text.lines().find(|line| line.contains("refs:"))?;
                let (before, count) = line.split_once("refs:")?;
                before.trim_end().ends_with('I').then(|| count.trim().replace(',', "").parse().ok())?
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counter;

    #[test]
    fn the_count_is_found_in_what_the_tools_write() {
        let perf = "# started on Tue\n\n103456,,instructions:u,804600,100.00,,\n";
        assert_eq!(Counter::Perf.parse(perf), Some(103_456));
        for refused in ["<not supported>,,instructions:u,0,100.00,,\n", "<not counted>,,instructions:u,0,,\n", ""] {
            assert_eq!(Counter::Perf.parse(refused), None);
        }
        let valgrind = "==7== Cachegrind\n==7== \n==7== I   refs:      12,345,678\n";
        assert_eq!(Counter::Valgrind.parse(valgrind), Some(12_345_678));
        assert_eq!(Counter::Valgrind.parse("==7== D refs: 5\n"), None);
        assert_eq!(Counter::Valgrind.parse(""), None);
    }
}
