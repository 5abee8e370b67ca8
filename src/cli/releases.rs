//! `releases`: what the store holds.

use clap::Args;
use serde_json::json;

use super::print;
use super::shelf::{Format, StoreFlag, table};

/// How to print the releases.
#[derive(Debug, Args)]
pub struct Flags {
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    store: StoreFlag,
}

/// Prints the releases in order of arrival.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let entries = flags.store.open()?.store.entries()?;
    if flags.format == Format::Json {
        print(&format!("{:#}\n", json!({ "releases": entries })))?;
        return Ok(());
    }
    let mut table = table(&["release", "quarter", "codes", "in use", "source"]);
    for entry in entries {
        table.add_row([
            entry.header.id.to_string(),
            entry.header.quarter.to_string(),
            entry.codes.to_string(),
            if entry.active { "yes" } else { "no" }.to_owned(),
            entry.header.source.to_string(),
        ]);
    }
    print(&format!("{table}\n"))?;
    Ok(())
}
