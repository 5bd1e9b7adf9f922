//! `clockhand formats`: what the registry of trace formats holds.

use anyhow::Error;

use super::terminal;
use crate::trace::FORMATS;

/// Runs the command.
pub fn run() -> Result<(), Error> {
    terminal::print(|out| {
        for (place, format) in FORMATS.iter().enumerate() {
            let gap = if place == 0 { "" } else { "\n" };
            let written = if format.write.is_some() { "read and written" } else { "read" };
            writeln!(out, "{gap}{}\n    {}", format.name, format.description)?;
            writeln!(out, "    endings  {} ({written})\n    example  {}", format.endings.join(" "), format.example)?;
        }
        Ok(())
    })?;
    Ok(())
}
