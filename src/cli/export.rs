//! `export`: a release as a bundle that carries its own digest.

use std::path::PathBuf;

use clap::Args;

use super::print;
use super::shelf::StoreFlag;

/// What to export.
#[derive(Debug, Args)]
pub struct Flags {
    /// Name of the release; all of them when it is not given.
    release: Option<String>,
    /// Folder to write into.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    #[command(flatten)]
    store: StoreFlag,
}

/// Writes the bundles and prints where.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let store = flags.store.open()?.store;
    let ids: Vec<String> = match &flags.release {
        Some(id) => vec![id.clone()],
        None => store.entries()?.iter().map(|entry| entry.header.id.to_string()).collect(),
    };
    for id in ids {
        print(&format!("{}\n", store.export(&id, Some(&flags.out))?.display()))?;
    }
    Ok(())
}
