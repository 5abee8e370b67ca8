//! How a running service refreshes its catalog.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use super::checked;
use super::shelf::StoreFlag;
use super::update::settings;
use crate::catalog::store::Library;
use crate::server::layers::metrics::Metrics;
use crate::updater::desk::Desk;
use crate::updater::keeper::Keeper;
use crate::updater::replica::{Follower, Place};
use crate::updater::schedule::Schedule;
use crate::updater::settings::Settings;
use crate::updater::source::Source;

/// Where the service refreshes from, and when by itself.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Refresh")]
pub struct RefreshFlags {
    /// Where refreshes read from: the site, its page that lists the files, or one zip file.
    #[arg(long, value_name = "URL", value_parser = checked::source)]
    source: Option<String>,
    /// A file of addresses, names and limits in place of the embedded one (catalog/updater.toml).
    #[arg(long, value_name = "FILE")]
    updater_settings: Option<PathBuf>,
    /// Refresh by this plan of five cron fields, such as `0 6 * * MON-FRI`; without it only when asked.
    #[arg(long, value_name = "CRON", value_parser = checked::plan)]
    refresh: Option<String>,
    /// The time zone of the plan.
    #[arg(long, value_name = "ZONE", default_value = "America/New_York", value_parser = checked::time_zone)]
    refresh_time_zone: String,
    /// Publish what is in use, and every change, for replicas: a folder, or s3://BUCKET/PREFIX.
    #[arg(long, value_name = "PLACE", value_parser = checked::place)]
    publish: Option<String>,
    /// Be a replica: keep no store, and answer from what is published in a folder, at an http address or
    /// in s3://BUCKET/PREFIX.
    #[arg(
        long,
        value_name = "PLACE",
        value_parser = checked::place,
        conflicts_with_all = ["refresh", "publish", "source", "store"]
    )]
    follow: Option<String>,
    /// Pause between two looks at what is published, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    follow_every: u64,
    /// The longest random delay of a planned refresh, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    refresh_jitter: u64,
}

impl RefreshFlags {
    /// The settings of refreshes.
    pub fn settings(&self) -> anyhow::Result<Settings> {
        settings(self.updater_settings.as_deref())
    }

    /// The desk of refreshes; none where the service has no store.
    pub fn desk(
        &self,
        settings: Settings,
        store: &StoreFlag,
        library: &Arc<Library>,
        metrics: Arc<Metrics>,
    ) -> anyhow::Result<Option<Arc<Desk>>> {
        let source = Source::parse(self.source.as_deref().unwrap_or(&settings.origin))?;
        if library.store().is_none() {
            if self.refresh.is_some() {
                bail!("--refresh keeps what it finds in a store, and this service has none: give --store");
            }
            if self.publish.is_some() {
                bail!("--publish publishes what a store has in use, and this service has none: give --store");
            }
            return Ok(None);
        }
        let place = self.publish.as_deref().map(Place::parse).transpose()?;
        let keeper = Keeper::new(library.clone(), store.folder()?).publishing(place);
        Ok(Some(Desk::new(keeper, settings, source, metrics)))
    }

    /// Whether the service is a replica.
    pub const fn is_replica(&self) -> bool {
        self.follow.is_some()
    }

    /// The follower of what is published, for a replica.
    pub fn follower(&self, library: &Arc<Library>) -> anyhow::Result<Option<Follower>> {
        let Some(place) = &self.follow else { return Ok(None) };
        let every = Duration::from_secs(self.follow_every);
        Ok(Some(Follower::new(Place::parse(place)?, library.clone(), every)))
    }

    /// The plan, where there is one.
    pub fn schedule(&self) -> anyhow::Result<Option<Schedule>> {
        let Some(cron) = &self.refresh else { return Ok(None) };
        let jitter = Duration::from_secs(self.refresh_jitter);
        Ok(Some(Schedule::parse(cron, &self.refresh_time_zone, jitter)?))
    }
}
