//! The keys of the matrix file, told by the options of the commands.

use clap::{Arg, ArgAction, Command, ValueHint};

/// Options that say what to do this once, and not what the matrix is.
const ONCE: [&str; 11] = [
    "config",
    "no_config",
    "print_config",
    "results",
    "from",
    "update",
    "accept_traces",
    "all",
    "resume",
    "shard",
    "help",
];

/// Options, by their names to clap, that had another long name once.
const FORMERLY: [(&str, &str); 2] = [("form", "print"), ("trace_format", "format")];

/// An option that the matrix file and the environment can set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Its name to clap.
    pub id: String,
    /// The key: its long name.
    pub name: String,
    /// The table it is in; none at the top.
    pub table: Option<String>,
    /// What values it has.
    pub form: Form,
    /// Whether its values, or those of its pairs, are paths.
    pub path: bool,
}

/// What values an option has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// None on the command line; true or false elsewhere.
    Flag,
    /// One; a list of values is joined with commas.
    One,
    /// Several, each with the option's name before it.
    Many,
    /// Several that are told by their place on the command line.
    Positional,
    /// Several KEY=VALUE, which the file has as a table.
    Pairs,
}

impl Form {
    fn of(arg: &Arg) -> Self {
        let name = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default();
        let flag = matches!(arg.get_action(), ArgAction::SetTrue) || name == super::OF_FLAGS;
        match (flag, arg.is_positional(), matches!(arg.get_action(), ArgAction::Append)) {
            (true, ..) => Self::Flag,
            (_, true, _) => Self::Positional,
            (_, _, true) if name.contains('=') => Self::Pairs,
            (_, _, true) => Self::Many,
            _ => Self::One,
        }
    }

    /// Whether there can be several values.
    pub(super) fn many(self) -> bool {
        matches!(self, Self::Many | Self::Positional | Self::Pairs)
    }
}

impl Key {
    fn new(arg: &Arg) -> Self {
        let id = arg.get_id().to_string();
        Self {
            name: arg.get_long().map_or_else(|| id.clone(), str::to_owned),
            table: arg.get_help_heading().map(str::to_lowercase),
            form: Form::of(arg),
            path: arg.get_value_hint() == ValueHint::AnyPath,
            id,
        }
    }

    /// Whether a name in the matrix file is this key's, or what it was called before.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name || FORMERLY.contains(&(self.id.as_str(), name))
    }

    /// Its name in the environment.
    pub(super) fn variable(&self) -> String {
        format!("{}{}", super::PREFIX, self.name.to_uppercase().replace('-', "_"))
    }
}

/// The keys of one command, in the order of its help.
pub(super) fn of_command(command: &Command) -> Vec<Key> {
    let settable = command.get_arguments().filter(|arg| !ONCE.contains(&arg.get_id().as_str()));
    settable.filter(|arg| !arg.is_global_set()).map(Key::new).collect()
}

/// The name that is most like a text.
pub(super) fn nearest(text: &str, names: impl Iterator<Item = String>) -> String {
    names.min_by_key(|name| strsim::damerau_levenshtein(text, name)).unwrap_or_default()
}
