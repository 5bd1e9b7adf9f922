//! Options that are not on the command line: from the environment, then from the matrix file, then the default.
//!
//! clap is the one place where options are defined. Every option of the commands in [`COMMANDS`] is a key of the file under
//! its long name, in a table named as the heading of its help, and `CLOCKHAND_` with its name in capitals in the
//! environment. What is found there is put in place of clap's default, and clap reads the command line once more: the same
//! words mean the same wherever they stand.

mod keys;
mod matrix_file;
mod print;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Error;
use clap::error::ErrorKind;
use clap::{ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};

use super::Usage;
use super::arguments::{Arguments, with_former_names};
use super::terminal::{self, Terminal};
use keys::{Form, Key};

/// The commands that have a matrix file.
const COMMANDS: [&[&str]; 4] = [&["compare"], &["check"], &["baseline", "save"], &["baseline", "show"]];

/// The name of the matrix file that is looked for in the current folder.
const FILE: &str = "clockhand.toml";

/// What the value of a flag is called.
const OF_FLAGS: &str = "BOOL";

/// What every name in the environment begins with.
const PREFIX: &str = "CLOCKHAND_";

/// Values from a place other than the command line.
#[derive(Clone, Debug)]
struct Setting {
    key: Key,
    values: Vec<Value>,
    /// The place: `clockhand.toml, line 3`, `CLOCKHAND_FRAMES`.
    place: String,
}

/// One of them, as on the command line, and its own place.
#[derive(Clone, Debug)]
struct Value {
    text: OsString,
    place: String,
}

/// The command line, as clap is to read it: flags of commands with a matrix file can be switched off too.
pub fn command() -> Command {
    COMMANDS
        .into_iter()
        .fold(with_former_names(Arguments::command()), |command, path| at(command, path, &with_flags_off))
}

fn with_flags_off(command: Command) -> Command {
    let keys = keys::of_command(&command);
    keys.into_iter().filter(|key| key.form == Form::Flag).fold(command, |command, key| {
        command.mut_arg(key.id, |arg| {
            let arg = arg.action(ArgAction::Set).num_args(0..=1).require_equals(true).value_name(OF_FLAGS);
            let arg = arg.default_missing_value("true").default_value("false");
            arg.hide_default_value(true).hide_possible_values(true)
        })
    })
}

/// The arguments, with what the environment and the matrix file say where the command line says nothing. None when the
/// settings were to be printed and were.
///
/// # Errors
/// When the file can't be read or is wrong, or a value is.
pub fn complete(command: &Command, matches: &ArgMatches, terminal: &Terminal) -> Result<Option<Arguments>, Error> {
    let Some((path, own)) = chosen(matches) else { return Ok(Some(Arguments::from_arg_matches(matches)?)) };
    let keys = keys::of_command(
        path.iter()
            .fold(command, |command, name| command.find_subcommand(name).expect("the names are those of commands")),
    );
    let mut settings = from_file(command, own, terminal)?;
    settings.retain(|setting| keys.contains(&setting.key));
    for setting in from_environment(command, terminal) {
        if keys.contains(&setting.key) {
            settings.retain(|other| other.key != setting.key);
            settings.push(setting);
        }
    }
    for setting in &mut settings {
        // Both commands may share a file, and not all kinds of reports can be made without a comparison.
        if path == ["compare"] && setting.key.name == "report" {
            setting.values.retain(|value| super::reports::of_results(&value.text.to_string_lossy()));
        }
        check(command, path, setting)?;
    }
    let with_defaults = at(command.clone(), path, &|command| {
        settings.iter().fold(command, |command, Setting { key, values, .. }| {
            command.mut_arg(key.id.clone(), |arg| arg.default_values(values.iter().map(|value| value.text.clone())))
        })
    });
    let matches = with_defaults.try_get_matches().map_err(|error| Usage(in_a_line(&error)))?;
    if let Some((_, own)) = chosen(&matches)
        && own.get_flag("print_config")
    {
        let text = print::settings(path, &keys, own, &settings);
        terminal::print(|out| out.write_all(text.as_bytes()))?;
        return Ok(None);
    }
    Ok(Some(Arguments::from_arg_matches(&matches)?))
}

/// The chosen command, if it has a matrix file, with what was given for it.
fn chosen(matches: &ArgMatches) -> Option<(&'static [&'static str], &ArgMatches)> {
    COMMANDS.into_iter().find_map(|path| {
        let mut own = matches;
        for name in path {
            own = own.subcommand_matches(name)?;
        }
        Some((path, own))
    })
}

/// Changes the subcommand at a path.
fn at(command: Command, path: &[&str], change: &dyn Fn(Command) -> Command) -> Command {
    match path {
        [] => change(command),
        [first, rest @ ..] => command.mut_subcommand(first, |command| at(command, rest, change)),
    }
}

/// What the matrix file says, that of the command line or else the one in the current folder.
fn from_file(command: &Command, own: &ArgMatches, terminal: &Terminal) -> Result<Vec<Setting>, Error> {
    let named = own.get_one::<PathBuf>("config").map(PathBuf::as_path);
    let path = match named {
        Some(path) => path,
        None if own.get_flag("no_config") || !Path::new(FILE).is_file() => return Ok(Vec::new()),
        None => Path::new(FILE),
    };
    let settings = matrix_file::read(path, &all_keys(command))?;
    terminal.note(&format!("settings from {}", path.display()));
    Ok(settings)
}

/// What the environment says. Names that mean nothing are told: a slip of the pen would change the results unnoticed.
fn from_environment(command: &Command, terminal: &Terminal) -> Vec<Setting> {
    let keys = all_keys(command);
    let mut settings = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        if value.is_empty() {
            continue;
        }
        let Some(key) = keys.iter().find(|key| key.variable() == name) else {
            let nearest = keys::nearest(name, keys.iter().map(Key::variable));
            terminal.note(&format!("warning: {name} is no setting; is {nearest} meant?"));
            continue;
        };
        let values = if key.form.many() {
            std::env::split_paths(&value).map(OsString::from).collect::<Vec<_>>()
        } else {
            vec![value]
        };
        let values = values.into_iter().map(|text| Value { text, place: name.to_owned() }).collect();
        settings.push(Setting { key: key.clone(), values, place: name.to_owned() });
    }
    settings
}

/// The keys of all commands, each once.
fn all_keys(command: &Command) -> Vec<Key> {
    let mut all: Vec<Key> = Vec::new();
    for path in COMMANDS {
        let own = path.iter().try_fold(command, |command, name| command.find_subcommand(name));
        for key in own.map(keys::of_command).unwrap_or_default() {
            if !all.contains(&key) {
                all.push(key);
            }
        }
    }
    all
}

/// Whether clap takes the values of a setting, each as it would on the command line.
fn check(command: &Command, path: &[&str], setting: &Setting) -> Result<(), Usage> {
    for Value { text, place } in setting.values.iter().filter(|_| setting.key.form != Form::Positional) {
        let mut option = OsString::from(format!("--{}=", setting.key.name));
        option.push(text);
        let words = std::iter::once("clockhand").chain(path.iter().copied()).map(OsString::from).chain([option]);
        if let Err(error) = command.clone().try_get_matches_from(words) {
            return Err(Usage(format!("{place}: {}", in_a_line(&error))));
        }
    }
    Ok(())
}

/// What clap says of a mistake, without the hint at the help.
fn in_a_line(error: &clap::Error) -> String {
    debug_assert!(!matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion));
    let text = error.to_string();
    let lines =
        text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
    let lines: Vec<&str> = lines.map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}
