//! One setting, three places: a flag, an environment variable, a key of the configuration file.
//!
//! The flag is the only definition. `--limit-streams N` is also `INFUSION_CODER_LIMIT_STREAMS=N`, and in the file
//! given with `--config` it is `limit-streams = N`, or `streams = N` below `[limit]`. A flag wins over the
//! environment, the environment over the file, and the file over the default.

use std::path::Path;

use anyhow::{Context, bail};
use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use toml::Value;

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

/// Reads the command line; where it names a configuration file, what the file says are the defaults.
///
/// # Errors
/// A file that cannot be read, or a key that no flag has. A command line that clap refuses ends the process with
/// clap's message.
pub fn matches(command: Command, arguments: Vec<std::ffi::OsString>) -> anyhow::Result<ArgMatches> {
    let given = command.clone().get_matches_from(&arguments);
    let Some((name, flags)) = given.subcommand() else { return Ok(given) };
    let takes_a_file = command
        .find_subcommand(name)
        .is_some_and(|subcommand| subcommand.get_arguments().any(|flag| flag.get_id() == CONFIG_FLAG));
    let file = takes_a_file.then(|| flags.get_one::<std::path::PathBuf>(CONFIG_FLAG)).flatten();
    let Some(file) = file else { return Ok(given) };
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let command = with_file(command, name, &text, file)?;
    Ok(command.get_matches_from(arguments))
}

/// The command with the keys of a file as the defaults of a subcommand's flags.
fn with_file(command: Command, subcommand: &str, text: &str, file: &Path) -> anyhow::Result<Command> {
    let shown = file.display();
    let table: toml::Table = text.parse().with_context(|| format!("{shown} is not TOML"))?;
    let mut keys = Vec::new();
    flatten("", &table, &mut keys).with_context(|| shown.to_string())?;
    let known = command.find_subcommand(subcommand).context("the subcommand exists")?.clone();
    for (key, _) in &keys {
        let is_flag = known.get_arguments().any(|flag| flag.get_long() == Some(key.as_str()));
        if !is_flag || key == CONFIG_FLAG {
            bail!("{shown}: `{key}` is no setting: see `infusion-coder {subcommand} --help`");
        }
    }
    Ok(command.mut_subcommand(subcommand, |subcommand| {
        subcommand.mut_args(|flag| {
            let values = keys.iter().find(|(key, _)| flag.get_long() == Some(key.as_str()));
            match values {
                Some((_, values)) => flag.default_values(values.clone()),
                None => flag,
            }
        })
    }))
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
            Arg::new("config").long("config").value_parser(clap::value_parser!(std::path::PathBuf)),
        ];
        with_environment(Command::new("program").subcommand(Command::new("serve").args(flags)))
    }

    fn read(text: &str, arguments: &[&str]) -> anyhow::Result<ArgMatches> {
        let command = with_file(command(), "serve", text, Path::new("file.toml"))?;
        let matches = command.try_get_matches_from(["program", "serve"].iter().chain(arguments))?;
        Ok(matches.subcommand_matches("serve").expect("serve").clone())
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
    fn every_flag_has_its_variable() {
        let command = command();
        let serve = command.find_subcommand("serve").expect("serve");
        let variables: Vec<_> = serve.get_arguments().filter_map(Arg::get_env).collect();
        assert!(variables.iter().any(|name| *name == "INFUSION_CODER_LIMIT_STREAMS"), "{variables:?}");
    }
}
