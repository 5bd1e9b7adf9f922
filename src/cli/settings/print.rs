//! `--print-config`: the settings as a matrix file, each with where it is from.

use std::collections::BTreeMap;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::Setting;
use super::keys::{Form, Key};

/// The settings of a command as a matrix file that sets the same again.
pub(super) fn settings(path: &[&str], keys: &[Key], matches: &ArgMatches, settings: &[Setting]) -> String {
    let mut text = format!("# settings of `clockhand {}`, and where each is from\n", path.join(" "));
    let (tables, top): (Vec<&Key>, Vec<&Key>) =
        keys.iter().partition(|key| key.table.is_some() || key.form == Form::Pairs);
    let lines = |keys: &[&Key]| keys.iter().map(|key| line(key, matches, settings)).collect::<String>();
    text += &lines(&top);
    let mut sections: Vec<Option<&str>> = Vec::new();
    for key in tables.iter().filter(|key| key.form != Form::Pairs) {
        if !sections.contains(&key.table.as_deref()) {
            sections.push(key.table.as_deref());
        }
    }
    for section in sections.into_iter().flatten() {
        let own: Vec<&Key> = tables.iter().copied().filter(|key| key.table.as_deref() == Some(section)).collect();
        text += &format!("\n[{section}]\n{}", lines(&own));
    }
    for key in tables.iter().filter(|key| key.form == Form::Pairs) {
        text += &pairs(key, matches, settings);
    }
    text
}

/// The values as typed, and where they are from; none where there are none.
fn values(key: &Key, matches: &ArgMatches, settings: &[Setting]) -> Option<(Vec<String>, String)> {
    let values: Vec<String> = matches.get_raw(&key.id)?.map(|value| value.to_string_lossy().into_owned()).collect();
    let place = match matches.value_source(&key.id)? {
        ValueSource::CommandLine => "command line".to_owned(),
        _ => settings.iter().find(|setting| setting.key == *key).map_or("default".to_owned(), |s| s.place.clone()),
    };
    Some((values, place))
}

fn line(key: &Key, matches: &ArgMatches, settings: &[Setting]) -> String {
    let name = &key.name;
    let Some((values, place)) = values(key, matches, settings) else { return format!("# {name} is not set\n") };
    let value = if key.form.many() { list(&values) } else { scalar(key, &values.concat()) };
    format!("{name} = {value}  # {place}\n")
}

fn pairs(key: &Key, matches: &ArgMatches, settings: &[Setting]) -> String {
    let name = &key.name;
    let Some((values, place)) = values(key, matches, settings) else { return format!("\n# [{name}] is not set\n") };
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for value in &values {
        let (name, value) = value.split_once('=').unwrap_or((value, "-"));
        groups.entry(name).or_default().push(value.to_owned());
    }
    let lines = groups.into_iter().map(|(name, values)| match &values[..] {
        [value] => format!("{name} = {}\n", quoted(value)),
        _ => format!("{name} = {}\n", list(&values)),
    });
    format!("\n[{name}]  # {place}\n{}", lines.collect::<String>())
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "))
}

/// Numbers and flags stand bare.
fn scalar(key: &Key, value: &str) -> String {
    let number = value.parse::<i64>().is_ok_and(|number| number.to_string() == value);
    if key.form == Form::Flag || number { value.to_owned() } else { quoted(value) }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
