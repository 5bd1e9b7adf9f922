//! Where text goes: stdout for data, stderr for the rest; colours, quiet, width. What the text says is not decided here.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::{ColorChoice, OutputArguments};
use crate::report::Style;

/// The two streams and how to write to them.
#[derive(Clone, Debug)]
pub struct Terminal {
    quiet: bool,
    color: ColorChoice,
}

impl Terminal {
    /// As the user asked for it.
    pub fn new(arguments: &OutputArguments) -> Self {
        Self { quiet: arguments.quiet, color: arguments.color }
    }

    /// Tells the user something that is not data.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            // Nobody to tell is no reason to stop.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// Tells the user what went wrong.
    pub fn error(&self, text: &str) {
        let (on, off) = if self.colours(&io::stderr()) { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
        let _ = writeln!(io::stderr(), "{on}error:{off} {text}");
    }

    /// How text for people is set on stdout.
    pub fn style(&self) -> Style {
        let is_terminal = io::stdout().is_terminal();
        let width = if is_terminal { terminal_width() } else { Style::PLAIN.width };
        Style {
            thousands: is_terminal,
            colour: self.colours(&io::stdout()),
            width,
            sparklines: is_terminal && draws_blocks(),
        }
    }

    /// A progress bar over so many runs, on a terminal.
    pub fn progress(&self, runs: u64) -> ProgressBar {
        if self.quiet || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(Some(runs), ProgressDrawTarget::stderr_with_hz(10));
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} runs, {elapsed}, {eta} to go");
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }

    fn colours(&self, stream: &dyn IsATerminal) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && stream.is(),
        }
    }
}

/// Writes data to stdout.
///
/// # Errors
/// When it can't be written; a closed pipe too.
pub fn print(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    fill(&mut out)
        .and_then(|()| out.flush())
        .map_err(|error| io::Error::new(error.kind(), format!("stdout can't be written to: {error}")))
}

/// [`IsTerminal`] for a stream of either kind.
trait IsATerminal {
    fn is(&self) -> bool;
}

impl<T: IsTerminal> IsATerminal for T {
    fn is(&self) -> bool {
        self.is_terminal()
    }
}

/// Whether the terminal can be taken to show block characters: it is no dumb one, and its text is UTF-8.
fn draws_blocks() -> bool {
    let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(value).unwrap_or_default().to_lowercase();
    value("TERM").is_some_and(|term| term != "dumb") && (locale.contains("utf-8") || locale.contains("utf8"))
}

/// Columns of the terminal.
fn terminal_width() -> usize {
    usize::from(console::Term::stdout().size().1).max(40)
}
