//! `export`: a release as a bundle that carries its own digest.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use super::checked::place;
use super::print;
use super::shelf::StoreFlag;
use crate::catalog::store::Library;
use crate::updater::keeper::Keeper;
use crate::updater::replica::{Place, publish};

/// What to export.
#[derive(Debug, Args)]
pub struct Flags {
    /// Name of the release; all of them when it is not given.
    release: Option<String>,
    /// Folder to write into; with --bundle a bucket too, as s3://BUCKET/PREFIX.
    #[arg(long, value_name = "PLACE", default_value = ".", value_parser = place)]
    out: String,
    /// Write all releases in use as one file that is named by its content, and the pointer to it that
    /// `serve --follow` reads.
    #[arg(long, conflicts_with = "release")]
    bundle: bool,
    #[command(flatten)]
    store: StoreFlag,
}

/// Writes the bundles and prints where.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    if flags.bundle {
        return bundle(flags);
    }
    if flags.out.contains("://") {
        bail!("--out {}: single releases go into a folder; --bundle goes into a bucket too", flags.out);
    }
    let (store, out) = (flags.store.open_existing()?.store, PathBuf::from(&flags.out));
    let ids: Vec<String> = match &flags.release {
        Some(id) => vec![id.clone()],
        None => store.entries()?.iter().map(|entry| entry.header.id.to_string()).collect(),
    };
    for id in ids {
        print(&format!("{}\n", store.export(&id, Some(&out))?.display()))?;
    }
    Ok(())
}

fn bundle(flags: &Flags) -> anyhow::Result<()> {
    let place = Place::parse(&flags.out)?;
    let folder = flags.store.existing_folder()?;
    let keeper = Keeper::new(Arc::new(Library::open(&folder)?.0), folder);
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    let pointer = runtime.block_on(publish(&keeper, &place))?;
    print(&format!("{}/{}\n", flags.out.trim_end_matches('/'), pointer.bundle))
}
