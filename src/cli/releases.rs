//! `releases`: what the store holds, or the store of a running service.

use clap::Args;
use serde_json::json;

use super::print;
use super::remote::ServerFlag;
use super::shelf::{Format, StoreFlag, table};
use crate::catalog::release::ReleaseKind;

/// How to print the releases.
#[derive(Debug, Args)]
pub struct Flags {
    #[command(flatten)]
    server: ServerFlag,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    store: StoreFlag,
}

/// A line of the table.
struct Row {
    release: String,
    quarter: String,
    codes: String,
    active: bool,
    source: String,
}

impl Row {
    /// What the release is of: its name without the digest, which is its kind and its quarter.
    fn subject(&self) -> &str {
        self.release.rsplit_once('-').map_or("", |(subject, _)| subject)
    }

    /// Whether a later posting speaks in its place, as it does where one file is posted for a quarter.
    fn is_superseded(&self, later: &[Self]) -> bool {
        let has_parts = self.release.starts_with(ReleaseKind::Ncci.name());
        self.active && !has_parts && later.iter().any(|it| it.active && it.subject() == self.subject())
    }
}

/// Prints the releases in order of arrival.
///
/// # Errors
/// A store that cannot be opened, or a service that does not answer.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let (mut value, rows) = match flags.server.connect()? {
        Some(remote) => {
            let mut releases = remote.releases()?;
            // The service tells the newest first.
            releases.reverse();
            let row = |release: &crate::server::pb::Release| Row {
                release: release.release.clone(),
                quarter: release.quarter.clone(),
                codes: release.code_count.to_string(),
                active: release.active,
                source: release.source.clone(),
            };
            (json!({ "releases": releases }), releases.iter().map(row).collect::<Vec<_>>())
        }
        None => {
            let entries = flags.store.open_existing()?.store.entries()?;
            let row = |entry: &crate::catalog::store::Entry| Row {
                release: entry.header.id.to_string(),
                quarter: entry.header.quarter.to_string(),
                codes: entry.codes.to_string(),
                active: entry.active,
                source: entry.header.source.to_string(),
            };
            (json!({ "releases": entries }), entries.iter().map(row).collect::<Vec<_>>())
        }
    };
    let superseded: Vec<bool> =
        rows.iter().enumerate().map(|(at, row)| row.is_superseded(&rows[at + 1..])).collect();
    if flags.format == Format::Json {
        for (at, superseded) in superseded.into_iter().enumerate() {
            value["releases"][at]["superseded"] = json!(superseded);
        }
        return print(&format!("{value:#}\n"));
    }
    let mut table = table(&["release", "quarter", "codes", "in use", "source"]);
    for (row, superseded) in rows.into_iter().zip(superseded) {
        let in_use = match (row.active, superseded) {
            (false, _) => "no",
            (true, true) => "superseded",
            (true, false) => "yes",
        };
        let in_use = in_use.to_owned();
        table.add_row([row.release, row.quarter, row.codes, in_use, row.source]);
    }
    print(&format!("{table}\n"))
}
