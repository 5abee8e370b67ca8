//! One setting, three places: a flag, an environment variable, a key of the configuration file.
//!
//! The flag is the only definition. `--limit-streams N` is also `INFUSION_CODER_LIMIT_STREAMS=N`, and in the file
//! given with `--config` it is `limit-streams = N`, or `streams = N` below `[limit]`. A flag wins over the
//! environment, the environment over the file, and the file over the default.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::builder::{BoolishValueParser, Resettable};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use toml::Value;

use super::remote::WITH_A_SERVER;

/// What every environment variable begins with.
const PREFIX: &str = "INFUSION_CODER_";

/// The flag that names the file; it cannot stand in the file itself.
pub const CONFIG_FLAG: &str = "config";

/// Gives every flag of every subcommand its environment variable.
pub fn with_environment(command: Command) -> Command {
    command.mut_subcommands(|subcommand| subcommand.mut_args(with_variable))
}

fn with_variable(flag: Arg) -> Arg {
    let Some(name) = flag.get_long().map(variable) else { return flag };
    if flag.get_env().is_some() {
        return flag;
    }
    match flag.get_action() {
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version => flag,
        // A variable is often set to 1 or yes.
        ArgAction::SetTrue => flag.env(name).value_parser(BoolishValueParser::new()),
        _ => flag.env(name),
    }
}

/// The environment variable of a flag.
pub fn variable(flag: &str) -> String {
    format!("{PREFIX}{}", flag.to_uppercase().replace('-', "_"))
}

/// Reads the command line; what a configuration file says counts as flags that were not given otherwise, so that
/// flags which need or exclude each other do so wherever they stand.
///
/// # Errors
/// A file that cannot be read, or a key that no flag has. A command line that clap refuses ends the process with
/// clap's message.
pub fn matches(command: Command, arguments: Vec<OsString>) -> anyhow::Result<ArgMatches> {
    if !needs_a_first_look(&arguments) {
        return Ok(command.get_matches_from(arguments));
    }
    let (file, read) = joined(command, arguments, |file| std::fs::read_to_string(file))?;
    Ok(read.unwrap_or_else(|error| {
        if let Some(file) = file.filter(|_| error.use_stderr()) {
            // Nothing is left to say where standard error is closed.
            let _ = error.print();
            tell!("note: a key of {} counts as the flag of its name", file.display());
            std::process::exit(error.exit_code());
        }
        error.exit()
    }))
}

/// Whether a file may be named, or a variable set that is idle without a service to ask.
fn needs_a_first_look(arguments: &[OsString]) -> bool {
    let named = |flag: &str| std::env::var_os(variable(flag)).is_some();
    let names_a_file = |argument: &OsString| argument.to_string_lossy().starts_with("--config");
    named(CONFIG_FLAG) || WITH_A_SERVER.iter().any(|flag| named(flag)) || arguments.iter().any(names_a_file)
}

/// The file that is named, and the command line read with it.
type Joined = (Option<PathBuf>, Result<ArgMatches, clap::Error>);

fn joined(
    command: Command,
    mut arguments: Vec<OsString>,
    read: impl FnOnce(&Path) -> std::io::Result<String>,
) -> anyhow::Result<Joined> {
    // The file may hold what a flag needs, so only the last reading judges the whole.
    let first = command.clone().ignore_errors(true).try_get_matches_from(&arguments);
    let first = first.as_ref().ok().and_then(ArgMatches::subcommand);
    // Help, a version, or no subcommand: clap says the rest.
    let Some((name, given)) = first else { return Ok((None, command.try_get_matches_from(arguments))) };
    let command = without_idle_variables(command, name, given);
    let file = given.try_get_one::<PathBuf>(CONFIG_FLAG).ok().flatten().cloned();
    if let Some(file) = &file {
        let text = read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let added = flags_of(&command, name, given, &text).with_context(|| file.display().to_string())?;
        let behind = arguments.iter().position(|argument| argument == name).map_or(1, |at| at + 1);
        arguments.splice(behind..behind, added);
    }
    Ok((file, command.try_get_matches_from(arguments)))
}

/// A token or a certificate in the environment is for the calls to a service; without one it is not used.
fn without_idle_variables(command: Command, subcommand: &str, given: &ArgMatches) -> Command {
    if !matches!(given.try_contains_id("server"), Ok(false)) {
        return command;
    }
    command.mut_subcommand(subcommand, |subcommand| {
        subcommand.mut_args(|flag| match flag.get_long() {
            Some(name) if WITH_A_SERVER.contains(&name) => flag.env(Resettable::Reset),
            _ => flag,
        })
    })
}

/// The keys of a file as flags, but for those that the command line or the environment gives.
fn flags_of(
    command: &Command,
    subcommand: &str,
    given: &ArgMatches,
    text: &str,
) -> anyhow::Result<Vec<OsString>> {
    let table = text.parse::<toml::Table>().map_err(|error| not_toml(text, &error))?;
    let mut keys = Vec::new();
    flatten("", &table, &mut keys)?;
    let known = command.find_subcommand(subcommand).context("the subcommand exists")?;
    let mut flags = Vec::new();
    for (key, values) in keys {
        let flag = known.get_arguments().find(|flag| flag.get_long() == Some(key.as_str()));
        let Some(flag) = flag.filter(|_| key != CONFIG_FLAG) else {
            bail!("`{key}` is no setting: see `infusion-coder {subcommand} --help`");
        };
        let source = given.value_source(flag.get_id().as_str());
        if matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable)) {
            continue;
        }
        let is_switch = matches!(flag.get_action(), ArgAction::SetTrue);
        for value in values {
            match value.as_str() {
                "true" if is_switch => flags.push(format!("--{key}").into()),
                "false" if is_switch => {}
                _ if is_switch => bail!("`{key}` must be true or false"),
                value => flags.push(format!("--{key}={value}").into()),
            }
        }
    }
    Ok(flags)
}

/// Says where a text is not TOML, and nothing of the text: it may be a file of secrets that was named by mistake.
fn not_toml(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    anyhow::anyhow!("is not TOML: line {}", before.matches('\n').count() + 1)
}

/// The keys of a table and the tables in it, joined with hyphens, each with its values.
fn flatten(above: &str, table: &toml::Table, keys: &mut Vec<(String, Vec<String>)>) -> anyhow::Result<()> {
    for (key, value) in table {
        let name = key.replace('_', "-");
        let name = if above.is_empty() { name } else { format!("{above}-{name}") };
        match value {
            Value::Table(inner) => flatten(&name, inner, keys)?,
            Value::Array(items) => {
                let items: anyhow::Result<_> = items.iter().map(|item| scalar(&name, item)).collect();
                keys.push((name, items?));
            }
            value => {
                let value = scalar(&name, value)?;
                keys.push((name, vec![value]));
            }
        }
    }
    Ok(())
}

fn scalar(name: &str, value: &Value) -> anyhow::Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Boolean(flag) => Ok(flag.to_string()),
        _ => bail!("`{name}` must be a text, a whole number, true or false"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        let flags = [
            Arg::new("listen").long("listen").default_value("default"),
            Arg::new("limit_streams").long("limit-streams").value_parser(clap::value_parser!(u32)),
            Arg::new("insecure").long("insecure").action(ArgAction::SetTrue),
            Arg::new("origin").long("origin").action(ArgAction::Append),
            Arg::new("certificate").long("certificate").requires("key"),
            Arg::new("key").long("key").requires("certificate"),
            Arg::new("follow").long("follow").conflicts_with("certificate"),
            Arg::new("config").long("config").value_parser(clap::value_parser!(std::path::PathBuf)),
        ];
        with_environment(Command::new("program").subcommand(Command::new("serve").args(flags)))
    }

    fn read(text: &str, arguments: &[&str]) -> anyhow::Result<ArgMatches> {
        let arguments = ["program", "serve", "--config", "file.toml"].iter().chain(arguments);
        let arguments = arguments.map(OsString::from).collect();
        let (_, matches) = joined(command(), arguments, |_| Ok(text.to_owned()))?;
        Ok(matches?.subcommand_matches("serve").expect("serve").clone())
    }

    #[test]
    fn the_file_sets_defaults_and_a_flag_wins() {
        let text = "listen = 'file'\ninsecure = true\norigin = ['a', 'b']\n[limit]\nstreams = 7\n";
        let matches = read(text, &[]).expect("settings");
        assert_eq!(matches.get_one::<String>("listen").map(String::as_str), Some("file"));
        assert_eq!(matches.get_one::<u32>("limit_streams"), Some(&7));
        assert!(matches.get_flag("insecure"));
        assert_eq!(matches.get_many::<String>("origin").map(Iterator::count), Some(2));
        let matches = read(text, &["--listen", "flag"]).expect("settings");
        assert_eq!(matches.get_one::<String>("listen").map(String::as_str), Some("flag"));
    }

    #[test]
    fn what_is_no_setting_is_refused_by_its_name() {
        for (text, expected) in [
            ("lisen = 'x'", "`lisen` is no setting"),
            ("[limit]\nsteams = 7", "`limit-steams` is no setting"),
            ("config = 'x'", "`config` is no setting"),
            ("listen = 1.5", "file.toml"),
            ("listen = ", "is not TOML"),
        ] {
            let error = format!("{:#}", read(text, &[]).expect_err(text));
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(read("limit-streams = 'many'", &[]).is_err());
    }

    #[test]
    fn keys_need_and_exclude_each_other_as_flags_do() {
        for text in ["certificate = 'a'", "key = 'a'", "certificate = 'a'\nkey = 'b'\nfollow = 'c'"] {
            assert!(read(text, &[]).is_err(), "{text}");
        }
        assert!(read("certificate = 'a'\nkey = 'b'", &[]).is_ok());
        let matches = read("key = 'b'", &["--certificate", "a"]).expect("one of each");
        assert_eq!(matches.get_one::<String>("key").map(String::as_str), Some("b"));
        assert!(read("insecure = false", &[]).is_ok_and(|matches| !matches.get_flag("insecure")));
        assert!(read("insecure = 'perhaps'", &[]).is_err());
    }

    #[test]
    fn a_file_of_secrets_named_by_mistake_is_not_shown() {
        let error = read("# callers\ntoken code a-secret-of-many-letters\n", &[]).expect_err("no settings");
        let shown = format!("{error:#}");
        assert!(shown.contains("line 2") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn every_flag_has_its_variable() {
        let command = command();
        let serve = command.find_subcommand("serve").expect("serve");
        let variables: Vec<_> = serve.get_arguments().filter_map(Arg::get_env).collect();
        assert!(variables.iter().any(|name| *name == "INFUSION_CODER_LIMIT_STREAMS"), "{variables:?}");
    }
}
