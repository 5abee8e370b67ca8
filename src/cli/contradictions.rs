//! What the command line says twice, and differently: it is refused, or the caller is told which of the two counts.

use clap::ArgMatches;
use clap::error::ErrorKind;
use clap::parser::ValueSource;

/// Commands that change what they are pointed to.
const CHANGING: &[&str] = &["update", "rollback", "activate"];

/// What is given of one subcommand.
struct Given<'m>(&'m ArgMatches);

impl Given<'_> {
    /// Where a flag comes from; nothing where there is no such flag or its value is the default.
    fn source(&self, flag: &str) -> Option<ValueSource> {
        let is_there = matches!(self.0.try_contains_id(flag), Ok(true));
        let source = is_there.then(|| self.0.value_source(flag)).flatten();
        source.filter(|source| *source != ValueSource::DefaultValue)
    }

    fn limit(&self, flag: &str) -> Option<usize> {
        self.0.try_get_one(flag).ok().flatten().copied()
    }
}

/// Ends the process where two flags contradict each other, and says which service is asked where nobody named it on
/// the command line.
pub fn settle(matches: &ArgMatches) {
    let Some((name, given)) = matches.subcommand() else { return };
    let given = Given(given);
    if let Some(message) = two_places(&given).or_else(|| limits(&given)) {
        super::command().error(ErrorKind::ArgumentConflict, message).exit();
    }
    if given.source("server") == Some(ValueSource::EnvVariable) {
        let is_silent = given.source("store").is_none() && !CHANGING.contains(&name);
        if let Some(url) = given.0.get_one::<String>("server").filter(|_| !is_silent) {
            tell!("note: asking the service {url}, which INFUSION_CODER_SERVER names");
        }
    }
}

/// A running service and a store here: one of them would be passed over. A store that the environment names is that of
/// every command, and stands aside.
fn two_places(given: &Given<'_>) -> Option<String> {
    let is_flag = |flag| given.source(flag) == Some(ValueSource::CommandLine);
    let message = "--server asks a running service, and --store names a store here: give one of them";
    (is_flag("server") && is_flag("store")).then(|| message.to_owned())
}

/// Limits of which one makes the other meaningless. A default yields where it can.
fn limits(given: &Given<'_>) -> Option<String> {
    let (calls, streams) = (given.limit("in_flight")?, given.limit("open_streams")?);
    if given.source("open_streams").is_some() && calls > 1 && streams >= calls {
        return Some(format!(
            "limit-open-streams ({streams}) must be below limit-in-flight ({calls}), or streams would keep all other calls out"
        ));
    }
    let (one, all) = (given.limit("answer_bytes")?, given.limit("answers_bytes")?);
    (all < one).then(|| {
        format!(
            "limit-answers-bytes ({all}) is the room of all answers and must not be below limit-answer-bytes ({one}), that of one"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(arguments: &[&str]) -> Option<String> {
        let arguments = ["infusion-coder", "serve"].iter().chain(arguments);
        let matches = super::super::command().try_get_matches_from(arguments).expect("flags");
        limits(&Given(matches.subcommand_matches("serve").expect("serve")))
    }

    #[test]
    fn limits_that_contradict_each_other_name_both() {
        for (arguments, both) in [
            (["--limit-open-streams", "256"], ["limit-open-streams (256)", "limit-in-flight (256)"]),
            (["--limit-answers-bytes", "5"], ["limit-answers-bytes (5)", "limit-answer-bytes (67108864)"]),
            (
                ["--limit-answer-bytes", "134217729"],
                ["limit-answers-bytes", "limit-answer-bytes (134217729)"],
            ),
        ] {
            let told = told(&arguments).expect("a contradiction");
            assert!(both.iter().all(|key| told.contains(key)), "{told}");
        }
        assert_eq!(told(&[]), None);
        assert_eq!(told(&["--limit-in-flight", "2"]), None, "the default of the streams yields");
        assert_eq!(told(&["--limit-in-flight", "2", "--limit-open-streams", "1"]), None);
    }
}
