//! What was done to the store and why, a line each: refreshes, activations, and steps back.
//!
//! The record lies beside the store and only grows. It is written before the answer is given, so a
//! reason that a person gave for overriding the gate is never lost.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const FILE: &str = "history.jsonl";

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// New releases were stored.
    Refreshed,
    /// The gate refused a release.
    Refused,
    /// A file or an exported release was stored by hand.
    Imported,
    /// A release was put into use.
    Activated,
    /// A release was taken out of use.
    RolledBack,
}

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub time: Timestamp,
    pub deed: Deed,
    pub releases: Vec<String>,
    /// The reason a person gave; empty where none was needed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What the gate objected to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objections: Vec<String>,
}

/// Adds an event.
///
/// # Errors
/// What the file system answers.
pub fn record(folder: &Path, event: &Event) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    let mut file = OpenOptions::new().create(true).append(true).open(folder.join(FILE))?;
    file.write_all(&line)?;
    file.sync_all()
}

/// Every event, the oldest first; a line that cannot be read is passed over.
pub fn events(folder: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(folder.join(FILE)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_in_the_order_of_their_writing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(events(folder.path()).is_empty());
        let event = |deed, reason: &str| Event {
            time: Timestamp::UNIX_EPOCH,
            deed,
            releases: vec!["a".to_owned()],
            reason: reason.to_owned(),
            objections: Vec::new(),
        };
        record(folder.path(), &event(Deed::Refreshed, "")).unwrap();
        std::fs::OpenOptions::new()
            .append(true)
            .open(folder.path().join(FILE))
            .unwrap()
            .write_all(b"{half a li\n")
            .unwrap();
        record(folder.path(), &event(Deed::RolledBack, "wrong units")).unwrap();
        let deeds: Vec<_> = events(folder.path()).into_iter().map(|it| (it.deed, it.reason)).collect();
        assert_eq!(deeds, [(Deed::Refreshed, String::new()), (Deed::RolledBack, "wrong units".to_owned())]);
    }
}
