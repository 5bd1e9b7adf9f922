//! The matrix file, `clockhand.toml`: what is in it and where. What a value means is not known here.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Error};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{Form, Key, nearest};
use super::{Setting, Value};
use crate::cli::Usage;

/// No matrix file is larger than this.
const MOST_BYTES: u64 = 1 << 20;

/// Reads a matrix file. Paths in it are taken from its folder.
pub(super) fn read(path: &Path, keys: &[Key]) -> Result<Vec<Setting>, Error> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text));
    read.with_context(|| format!("{}: the matrix file can't be read", path.display()))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(Usage(format!("{}: no matrix file is larger than 1 MiB", path.display())).into());
    }
    Ok(Reading { path, text: &text, keys }.settings()?)
}

struct Reading<'a> {
    path: &'a Path,
    text: &'a str,
    keys: &'a [Key],
}

impl Reading<'_> {
    fn settings(&self) -> Result<Vec<Setting>, Usage> {
        let document = DeTable::parse(self.text)
            .map_err(|error| self.wrong(&error.span().unwrap_or_default(), error.message()))?;
        let mut settings = Vec::new();
        for (name, value) in document.get_ref() {
            let text = name.get_ref().as_ref();
            let section = self.keys.iter().any(|key| key.table.as_deref() == Some(text));
            match value.get_ref() {
                DeValue::Table(table) if section => {
                    for (name, value) in table {
                        settings.push(self.setting(name, value, Some(text))?);
                    }
                }
                _ => settings.push(self.setting(name, value, None)?),
            }
        }
        Ok(settings)
    }

    fn setting(
        &self,
        name: &Spanned<impl AsRef<str>>,
        value: &Spanned<DeValue>,
        table: Option<&str>,
    ) -> Result<Setting, Usage> {
        let text = name.get_ref().as_ref();
        let key = self.keys.iter().find(|key| key.is_called(text) && key.table.as_deref() == table);
        let Some(key) = key else { return Err(self.unknown(text, &name.span(), table)) };
        let values = match value.get_ref() {
            DeValue::Table(pairs) if key.form == Form::Pairs => {
                let pairs =
                    pairs.iter().map(|(name, value)| self.values(key, name, value, &format!("{}=", name.get_ref())));
                pairs.collect::<Result<Vec<_>, _>>()?.concat()
            }
            _ if key.form == Form::Pairs => {
                let wanted = format!("`{text}` is a table: write [{text}] and a line for each below it");
                return Err(self.wrong(&value.span(), &wanted));
            }
            _ => self.values(key, name, value, "")?,
        };
        Ok(Setting { key: key.clone(), values, place: self.place(&name.span()) })
    }

    /// What stands at a name, each value with `start` before it.
    fn values<T>(
        &self,
        key: &Key,
        name: &Spanned<T>,
        value: &Spanned<DeValue>,
        start: &str,
    ) -> Result<Vec<Value>, Usage> {
        let mut values = self.list(value)?;
        if !key.form.many() {
            values = vec![values.join(",")];
        }
        let place = self.place(&name.span());
        let value = |text| {
            let mut whole = OsString::from(start);
            whole.push(self.located(key, text));
            Value { text: whole, place: place.clone() }
        };
        Ok(values.into_iter().map(value).collect())
    }

    /// A value as typed on the command line, or several.
    fn list(&self, value: &Spanned<DeValue>) -> Result<Vec<String>, Usage> {
        Ok(match value.get_ref() {
            DeValue::String(text) => vec![text.to_string()],
            DeValue::Integer(number) => vec![number.to_string()],
            DeValue::Float(number) => vec![number.to_string()],
            DeValue::Boolean(flag) => vec![flag.to_string()],
            DeValue::Array(values) => {
                let all: Result<Vec<_>, _> = values.iter().map(|value| self.list(value)).collect();
                all?.concat()
            }
            DeValue::Datetime(_) | DeValue::Table(_) => {
                return Err(self.wrong(&value.span(), "a text, a number, true, false, or a list of these belongs here"));
            }
        })
    }

    /// A path of the file, from the current folder.
    fn located(&self, key: &Key, value: String) -> OsString {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        if key.path && value != "-" { folder.join(value).into_os_string() } else { value.into() }
    }

    fn unknown(&self, name: &str, span: &Range<usize>, table: Option<&str>) -> Usage {
        let full = |table: Option<&str>, name: &str| table.map_or(name.to_owned(), |table| format!("{table}.{name}"));
        let names = self.keys.iter().map(|key| full(key.table.as_deref(), &key.name));
        let tables = self.keys.iter().filter_map(|key| key.table.clone());
        let written = full(table, name);
        // The right name in the wrong table comes before any that only looks like it.
        let elsewhere = self.keys.iter().find(|key| key.name == name);
        let nearest = elsewhere
            .map_or_else(|| nearest(&written, names.chain(tables)), |key| full(key.table.as_deref(), &key.name));
        self.wrong(span, &format!("there is no key `{written}`; is `{nearest}` meant?"))
    }

    fn wrong(&self, span: &Range<usize>, what: &str) -> Usage {
        Usage(format!("{}: {what}", self.place(span)))
    }

    /// `clockhand.toml, line 3`.
    fn place(&self, span: &Range<usize>) -> String {
        let before = self.text.get(..span.start).unwrap_or_default();
        format!("{}, line {}", self.path.display(), 1 + before.matches('\n').count())
    }
}
