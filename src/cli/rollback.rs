//! `rollback` and `activate`: which of the releases held answers come from.

use std::sync::Arc;

use anyhow::Context;
use clap::Args;

use super::checked::place;
use super::remote::ServerFlag;
use super::shelf::StoreFlag;
use crate::catalog::store::Library;
use crate::server::pb;
use crate::updater;
use crate::updater::desk::record;
use crate::updater::history::Deed;
use crate::updater::keeper::Keeper;

/// Where the releases are, and why they change.
#[derive(Debug, Args)]
struct Place {
    #[command(flatten)]
    server: ServerFlag,
    /// Publish what is then in use for replicas: a folder, or s3://BUCKET/PREFIX.
    #[arg(long, value_name = "PLACE", conflicts_with = "server", value_parser = place)]
    publish: Option<String>,
    /// Why, for the record.
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    store: StoreFlag,
}

/// What to take out of use.
#[derive(Debug, Args)]
pub struct Flags {
    /// The release to take out of use; without it the release of codes that came last.
    #[arg(default_value = "", hide_default_value = true)]
    release: String,
    #[command(flatten)]
    place: Place,
}

/// What to put into use.
#[derive(Debug, Args)]
pub struct ActivateFlags {
    /// The release to put into use.
    release: String,
    #[command(flatten)]
    place: Place,
}

/// Takes a release out of use.
///
/// # Errors
/// Nothing to roll back, a store that is held, or a service that refuses.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let Flags { release, place } = flags;
    let (out, now) = if let Some(remote) = place.server.connect_administration()? {
        let request = pb::RollBackRequest { reason: place.reason.clone(), release: release.clone() };
        let answer =
            remote.administer(request, async |mut admin, it| admin.roll_back(it).await)?.into_inner();
        let id = |release: Option<pb::Release>| release.unwrap_or_default().release;
        (id(answer.rolled_back), id(answer.release))
    } else {
        let keeper = place.keeper()?;
        let (out, now) = keeper.roll_back(Some(release.as_str()).filter(|release| !release.is_empty()))?;
        record(&keeper, Deed::RolledBack, &out, place.reason.clone());
        publish(&keeper)?;
        (out.header.id.to_string(), now.header.id.to_string())
    };
    say!("rolled back: {out} is out of use; the newest release of codes in use is {now}");
    Ok(())
}

/// Puts a release into use.
///
/// # Errors
/// A release that is not held, a store that is held, or a service that refuses.
pub fn activate(flags: &ActivateFlags) -> anyhow::Result<()> {
    let ActivateFlags { release, place } = flags;
    if let Some(remote) = place.server.connect_administration()? {
        let request = pb::ActivateReleaseRequest { release: release.clone(), reason: place.reason.clone() };
        remote.administer(request, async |mut admin, it| admin.activate_release(it).await)?;
    } else {
        let keeper = place.keeper()?;
        let entry = keeper.activate(release)?;
        record(&keeper, Deed::Activated, &entry, place.reason.clone());
        publish(&keeper)?;
    }
    say!("activated: {release}");
    Ok(())
}

/// Publishes the change, where there is a place for it.
fn publish(keeper: &Keeper) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    match runtime.block_on(keeper.publish()) {
        Some(failure) => anyhow::bail!("the change is made; {failure}"),
        None => Ok(()),
    }
}

impl Place {
    fn keeper(&self) -> anyhow::Result<Keeper> {
        let folder = self.store.existing_folder()?;
        let (library, _) = Library::open(&folder).context("the store cannot be opened")?;
        let place = self.publish.as_deref().map(updater::replica::Place::parse).transpose()?;
        Ok(Keeper::new(Arc::new(library), folder).publishing(place))
    }
}
