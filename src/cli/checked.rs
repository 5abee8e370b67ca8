//! Values that are judged as the command line is read: a slip ends with exit code 2 before anything is done.

use std::path::Path;
use std::time::Duration;

use crate::domain::time::parse_date;
use crate::updater::schedule::Schedule;
use crate::updater::source::{Source, SourceError};

/// A date, YYYY-MM-DD.
pub fn date(text: &str) -> Result<String, String> {
    parse_date(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Where refreshes read from.
pub fn source(text: &str) -> Result<String, String> {
    if !text.contains("://") && Path::new(text).is_dir() {
        return Err("this is a folder: give a zip file of it, or serve it over HTTP".to_owned());
    }
    // The text stands in the message already.
    let reason = |error: SourceError| error.to_string().replacen(&format!("{text}: "), "", 1);
    Source::parse(text).map(|_| text.to_owned()).map_err(reason)
}

/// Where releases are published. An empty one would be the working folder, as of a variable that is not set.
pub fn place(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("it is empty: give a folder, an http or https address, or s3://BUCKET/PREFIX".to_owned());
    }
    Ok(text.to_owned())
}

/// The address of a running service.
pub fn server(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        Err("it is empty: give http://HOST:PORT".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// A plan of five cron fields.
pub fn plan(text: &str) -> Result<String, String> {
    Schedule::parse(text, "UTC", Duration::ZERO).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// A time zone.
pub fn time_zone(text: &str) -> Result<String, String> {
    let plan = Schedule::parse("0 6 * * *", text, Duration::ZERO);
    plan.map(|_| text.to_owned())
        .map_err(|_| "no zone of the IANA table: give one such as America/New_York".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_none_is_refused() {
        assert!(date("2026-02-30").is_err() && date("2026-02-28").is_ok());
        assert!(source("ftp://x/y").is_err() && source("nonsense").is_err() && source("/").is_err());
        assert!(source("https://www.cms.gov").is_ok());
        assert!(place("").is_err() && place(" ").is_err() && place("./published").is_ok());
        assert!(plan("61 6 * * *").is_err() && plan("0 6 * * MON-FRI").is_ok());
        assert!(time_zone("Mars/X").is_err() && time_zone("America/New_York").is_ok());
    }
}
