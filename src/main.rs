//! The command `clockhand`. What it does is in [`clockhand::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    clockhand::cli::main()
}
