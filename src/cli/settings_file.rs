//! The configuration file: its keys as flags, and every fault of it told at once, as it is written and where.

use std::any::TypeId;
use std::ffi::OsString;
use std::num::NonZero;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};
use toml::de::{DeTable, DeValue};

use super::refused::Misused;
use super::settings::CONFIG_FLAG;

/// Letters of a name of which one may be a slip of the pen.
const LETTERS_PER_SLIP: usize = 4;

/// A key that a flag has, with the arguments that it stands for.
pub struct Setting {
    /// As it is written, such as `limit.streams`.
    key: String,
    /// The flag of its name.
    flag: String,
    line: usize,
    arguments: Vec<OsString>,
}

/// Something in the file that cannot be used.
pub struct Fault {
    line: usize,
    what: String,
}

/// What a file says: the settings, and what is no setting.
#[derive(Default)]
pub struct SettingsFile {
    settings: Vec<Setting>,
    faults: Vec<Fault>,
}

/// Where a key is: the flags that may be meant, and what stands above it.
struct Reading<'c> {
    command: &'c Command,
    text: &'c str,
    read: SettingsFile,
}

impl SettingsFile {
    /// Reads the keys as flags of a subcommand.
    ///
    /// # Errors
    /// A text that is not TOML.
    pub fn read(command: &Command, text: &str) -> Result<Self, Misused> {
        let table = DeTable::parse(text).map_err(|error| not_toml(text, &error))?;
        let mut reading = Reading { command, text, read: Self::default() };
        reading.table(&[], table.get_ref());
        Ok(reading.read)
    }

    /// The arguments, but for those of flags that are given otherwise.
    pub fn arguments(&self, is_given: impl Fn(&str) -> bool) -> Vec<OsString> {
        let used = self.settings.iter().filter(|setting| !is_given(&setting.flag));
        used.flat_map(|setting| setting.arguments.clone()).collect()
    }

    /// Adds the values that their flags refuse. Each is tried alone, since clap tells the first one.
    pub fn try_values(&mut self, command: &Command, subcommand: &str) {
        let tried = self.settings.iter().filter_map(|setting| {
            let program = [command.get_name(), subcommand].map(OsString::from);
            let arguments = program.into_iter().chain(setting.arguments.iter().cloned());
            let error = command.clone().try_get_matches_from(arguments).err()?;
            let what = format!("`{}`: {}", setting.key, refused_value(&error, &setting.flag)?);
            Some(Fault { line: setting.line, what })
        });
        let tried: Vec<Fault> = tried.collect();
        self.faults.extend(tried);
    }

    /// Nothing, unless something in the file cannot be used.
    ///
    /// # Errors
    /// Every fault, in the order of the lines.
    pub fn judged(&mut self, subcommand: &str) -> Result<(), Misused> {
        if self.faults.is_empty() {
            return Ok(());
        }
        self.faults.sort_by_key(|fault| fault.line);
        let told: String =
            self.faults.iter().map(|Fault { line, what }| format!("\n  line {line}: {what}")).collect();
        Err(Misused(format!("cannot be used; see `infusion-coder {subcommand} --help`{told}")))
    }

    /// Whether something is known to be at fault.
    pub fn is_at_fault(&self) -> bool {
        !self.faults.is_empty()
    }
}

impl Reading<'_> {
    /// Reads a table; the keys above it name it.
    fn table(&mut self, above: &[&str], table: &DeTable<'_>) {
        for (key, value) in table {
            let path: Vec<&str> = above.iter().copied().chain([key.get_ref().as_ref()]).collect();
            match value.get_ref() {
                DeValue::Table(inner) => self.table(&path, inner),
                value => {
                    let line = line_of(self.text, key.span().start);
                    match self.setting(&path, value) {
                        Ok((flag, arguments)) => {
                            let key = path.join(".");
                            self.read.settings.push(Setting { key, flag, line, arguments });
                        }
                        Err(what) => self.read.faults.push(Fault { line, what }),
                    }
                }
            }
        }
    }

    /// The flag of a key with its arguments, or what is wrong with it.
    fn setting(&self, path: &[&str], value: &DeValue<'_>) -> Result<(String, Vec<OsString>), String> {
        let (key, name) = (path.join("."), path.join("-").replace('_', "-"));
        let named = |flag: &&Arg| flag.get_long() == Some(name.as_str()) && name != CONFIG_FLAG;
        let Some(flag) = self.command.get_arguments().find(named) else {
            return Err(format!("`{key}` {}", self.no_setting(&name)));
        };
        let wrong = |what: &str| format!("`{key}` must be {what}");
        let values: Vec<&DeValue<'_>> = match value {
            DeValue::Array(items) if matches!(flag.get_action(), ArgAction::Append) => {
                items.iter().map(|item| item.get_ref()).collect()
            }
            DeValue::Array(_) => return Err(wrong("one value and no list")),
            value => vec![value],
        };
        let mut arguments = Vec::new();
        for value in values {
            match (Kind::of(flag), value) {
                (Kind::Switch, DeValue::Boolean(true)) => arguments.push(format!("--{name}").into()),
                (Kind::Switch, DeValue::Boolean(false)) => {}
                (Kind::Switch, _) => return Err(wrong("true or false")),
                (Kind::Number, DeValue::Integer(number)) if number.radix() == 10 => {
                    arguments.push(format!("--{name}={}", number.as_str()).into());
                }
                (Kind::Number, _) => return Err(wrong("a whole number, without quotes")),
                (Kind::Text, DeValue::String(text)) => arguments.push(format!("--{name}={text}").into()),
                (Kind::Text, _) => return Err(wrong("a text in quotes")),
            }
        }
        Ok((name, arguments))
    }

    /// Why no flag has a name, with the one that may be meant.
    fn no_setting(&self, name: &str) -> String {
        let names = || self.command.get_arguments().filter_map(Arg::get_long).filter(|it| *it != CONFIG_FLAG);
        if names().any(|it| it.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))) {
            return format!("is a section: its keys stand below [{name}]");
        }
        let near = names().map(|it| (strsim::damerau_levenshtein(it, name), it)).min();
        match near.filter(|(slips, _)| slips * LETTERS_PER_SLIP <= name.len()) {
            Some((_, near)) => format!("is no setting; `{near}` is one"),
            None => "is no setting".to_owned(),
        }
    }
}

/// What a key of the file must be.
enum Kind {
    Switch,
    Number,
    Text,
}

impl Kind {
    fn of(flag: &Arg) -> Self {
        let numbers = [
            TypeId::of::<usize>(),
            TypeId::of::<u32>(),
            TypeId::of::<u64>(),
            TypeId::of::<i32>(),
            TypeId::of::<NonZero<usize>>(),
        ];
        if matches!(flag.get_action(), ArgAction::SetTrue) {
            Self::Switch
        } else if numbers.iter().any(|number| flag.get_value_parser().type_id() == *number) {
            Self::Number
        } else {
            Self::Text
        }
    }
}

/// Why a flag refuses its value; nothing where the error is of something else, such as a flag that is missing.
fn refused_value(error: &clap::Error, flag: &str) -> Option<String> {
    let is_of_flag = |value: &ContextValue| {
        let shown = format!("{value} ");
        shown.split([' ', '=']).next().is_some_and(|name| name.strip_prefix("--") == Some(flag))
    };
    if !error.get(ContextKind::InvalidArg).is_some_and(is_of_flag) {
        return None;
    }
    match error.kind() {
        ErrorKind::ValueValidation => Some(std::error::Error::source(error)?.to_string()),
        ErrorKind::InvalidValue => match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(valid)) if !valid.is_empty() => {
                Some(format!("give one of {}", valid.join(", ")))
            }
            _ => Some("a value is needed".to_owned()),
        },
        _ => None,
    }
}

/// Says where a text is not TOML and why, and nothing of the text: it may be a file of secrets that was named by
/// mistake. The reasons of the parser are words of its own.
fn not_toml(text: &str, error: &toml::de::Error) -> Misused {
    let line = line_of(text, error.span().map_or(0, |span| span.start));
    Misused(format!("is not TOML: line {line}: {}", error.message()))
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}
