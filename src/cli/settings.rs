//! One setting, three places: a flag, an environment variable, a key of the configuration file.
//!
//! The flag is the only definition. `--limit-streams N` is also `INFUSION_CODER_LIMIT_STREAMS=N`, and in the file
//! given with `--config` it is `limit-streams = N`, or `streams = N` below `[limit]`. A flag wins over the
//! environment, the environment over the file, and the file over the default.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::builder::{BoolishValueParser, Resettable};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::remote::WITH_A_SERVER;
use super::serve::IDENTITY_LINES;
use super::settings_file::SettingsFile;

/// What every environment variable begins with.
const PREFIX: &str = "INFUSION_CODER_";

/// The flag that names the file; it cannot stand in the file itself.
pub const CONFIG_FLAG: &str = "config";

/// The flag that names a running service.
const SERVER: &str = "server";

/// Variables that are no flags: secrets, which no command line should show.
const BESIDE_FLAGS: &[&str] = &[IDENTITY_LINES];

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

/// Whether a file may be named, or a variable set that is idle without a service to ask or beside a store.
fn needs_a_first_look(arguments: &[OsString]) -> bool {
    let named = |flag: &str| std::env::var_os(variable(flag)).is_some();
    let names_a_file = |argument: &OsString| argument.to_string_lossy().starts_with("--config");
    [CONFIG_FLAG, SERVER].iter().chain(WITH_A_SERVER).any(|flag| named(flag))
        || arguments.iter().any(names_a_file)
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
    let Some(file) = given.try_get_one::<PathBuf>(CONFIG_FLAG).ok().flatten() else {
        return Ok((None, command.try_get_matches_from(arguments)));
    };
    let text = read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let shown = || file.display().to_string();
    let known = command.find_subcommand(name).context("the subcommand exists")?;
    let mut said = SettingsFile::read(known, &text).with_context(shown)?;
    let behind = arguments.iter().position(|argument| argument == name).map_or(1, |at| at + 1);
    arguments.splice(behind..behind, said.arguments(|flag| is_given(known, given, flag)));
    let read = command.clone().try_get_matches_from(arguments);
    let is_refused =
        |error: &clap::Error| matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation);
    if said.is_at_fault() || read.as_ref().err().is_some_and(is_refused) {
        said.try_values(&command, name);
    }
    said.judged(name).with_context(shown)?;
    Ok((Some(file.clone()), read))
}

/// Whether the command line or the environment gives a flag.
fn is_given(command: &Command, given: &ArgMatches, flag: &str) -> bool {
    let flag = command.get_arguments().find(|known| known.get_long() == Some(flag));
    let source = flag.and_then(|flag| given.value_source(flag.get_id().as_str()));
    matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

/// A token or a certificate in the environment is for the calls to a service; without one it is not used. The service
/// itself is not asked either where the environment names it and the command line names a store: the flag wins.
fn without_idle_variables(command: Command, subcommand: &str, given: &ArgMatches) -> Command {
    let source = |flag: &str| given.try_contains_id(flag).ok().and_then(|_| given.value_source(flag));
    let is_overruled =
        source(SERVER) == Some(ValueSource::EnvVariable) && source("store") == Some(ValueSource::CommandLine);
    match given.try_contains_id(SERVER) {
        Ok(asks) if !asks || is_overruled => {}
        _ => return command,
    }
    command.mut_subcommand(subcommand, |subcommand| {
        subcommand.mut_args(|flag| match flag.get_long() {
            Some(name) if name == SERVER || WITH_A_SERVER.contains(&name) => flag.env(Resettable::Reset),
            _ => flag,
        })
    })
}

/// The variables of the environment that are named as settings are, and that no flag has: slips of the pen, which
/// would be passed over in silence.
pub fn unknown_variables(command: &Command) -> Vec<String> {
    let flags = command.get_subcommands().flat_map(Command::get_arguments).filter_map(Arg::get_env);
    let known: Vec<&OsStr> = flags.chain(BESIDE_FLAGS.iter().map(OsStr::new)).collect();
    let set = std::env::vars_os().map(|(name, _)| name).filter(|name| !known.contains(&name.as_os_str()));
    let set = set.map(|name| name.to_string_lossy().into_owned());
    set.filter(|name| name.strip_prefix(PREFIX).is_some_and(|rest| !is_of_a_cluster(rest))).collect()
}

/// Whether a cluster sets the variable in every container, for a service that is called as this program is:
/// `INFUSION_CODER_SERVICE_HOST`, `INFUSION_CODER_PORT_50051_TCP_ADDR` and their like.
fn is_of_a_cluster(rest: &str) -> bool {
    let is_port = |(_, port): (&str, &str)| port.is_empty() || port.starts_with(|c: char| c.is_ascii_digit());
    rest.contains("SERVICE_HOST")
        || rest.contains("SERVICE_PORT")
        || rest.ends_with("PORT")
        || rest.split_once("PORT_").is_some_and(is_port)
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
            ("lisen = 'x'", "`lisen` is no setting; `listen` is one"),
            ("\n[limit]\nsteams = 7", "line 3: `limit.steams` is no setting; `limit-streams` is one"),
            ("limit = 7", "`limit` is a section: its keys stand below [limit]"),
            ("config = 'x'", "`config` is no setting"),
            ("listen = 1.5", "file.toml: cannot be used"),
            ("listen = 5", "`listen` must be a text in quotes"),
            ("listen = ['a', 'b']", "`listen` must be one value"),
            ("limit-streams = '7'", "`limit-streams` must be a whole number"),
            ("insecure = 'true'", "`insecure` must be true or false"),
            ("listen = ", "is not TOML: line 1: "),
            ("listen = 'a'\nlisten = 'b'", "is not TOML: line 2: duplicate key"),
        ] {
            let error = format!("{:#}", read(text, &[]).expect_err(text));
            assert!(error.contains(expected), "{text}: {error}");
        }
        let text = "foo_x = 1\ninsecure = 'yes'\n[limit]\nstreams = 99999999999\nmany = 2\n[tls.x]\ny = 1";
        let shown = format!("{:#}", read(text, &[]).expect_err("five faults"));
        for expected in [
            "line 1: `foo_x` is no setting",
            "line 2: `insecure` must be true or false",
            "line 4: `limit.streams`: 99999999999 is not in 0..=4294967295",
            "line 5: `limit.many` is no setting",
            "line 7: `tls.x.y` is no setting",
        ] {
            assert!(shown.contains(expected), "{expected} is not in {shown}");
        }
    }

    #[test]
    fn a_variable_of_a_cluster_is_no_slip() {
        for rest in
            ["SERVICE_HOST", "SERVICE_PORT_GRPC", "PORT", "PORT_50051_TCP_ADDR", "ADMIN_PORT_50052_TCP"]
        {
            assert!(is_of_a_cluster(rest), "{rest}");
        }
        assert!(!is_of_a_cluster("LIMIT_DRUG") && !is_of_a_cluster("STROE"));
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
