//! Whether the services can answer: told by gRPC health, by the readiness page and by the metrics.
//!
//! Coding and look-ups serve when a catalog is loaded and the process is not draining. Administration
//! serves without a catalog, because that is where one comes from.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use super::coder::Coder;
use super::layers::metrics::Metrics;
use crate::catalog::Catalog;
use crate::domain::quarter::Quarter;
use crate::domain::time::Date;

/// How often the catalog in use is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Looks without a catalog that are an error: a replica takes its first one over a moment after its start.
const LOOKS_BEFORE_ERROR: u32 = 6;

/// Services that need a catalog; the empty name stands for the server as a whole.
const NEED_A_CATALOG: &[&str] =
    &["", "infusion.coding.v1.CodingService", "infusion.coding.v1.CatalogService"];
const NEED_NONE: &[&str] = &["infusion.coding.v1.CatalogAdminService"];

/// Whether calls are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Serving,
    /// No catalog is loaded, for this reason.
    NoCatalog(Arc<str>),
    /// The process was asked to stop.
    Draining,
}

/// Follows the catalog in use and tells everybody.
pub struct Health {
    coder: Coder,
    pub metrics: Arc<Metrics>,
    reporter: HealthReporter,
    /// Why there may be no catalog, for the operator.
    no_catalog: Arc<str>,
    standing: watch::Sender<Standing>,
    /// What was told last; nothing before the first look.
    told: Option<Option<Seen>>,
    /// Looks one after the other that found no catalog.
    without: u32,
}

/// The catalog that was last told of, and the day it was.
#[derive(PartialEq, Eq)]
struct Seen {
    release: Arc<str>,
    day: Date,
}

impl Health {
    /// Looks at the catalog of a coder for the first time.
    pub async fn new(coder: Coder, metrics: Arc<Metrics>, no_catalog: Arc<str>) -> Self {
        let (standing, _) = watch::channel(Standing::NoCatalog(no_catalog.clone()));
        let reporter = HealthReporter::new();
        for name in NEED_NONE {
            reporter.set_service_status(name, ServingStatus::Serving).await;
        }
        let mut health = Self { coder, metrics, reporter, no_catalog, standing, told: None, without: 0 };
        health.look().await;
        health
    }

    /// The gRPC service that answers.
    pub fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// How the server stands, now and later.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Looks again and again until the process stops.
    pub async fn follow(mut self, stopping: CancellationToken) {
        while stopping.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            self.look().await;
        }
        for name in NEED_A_CATALOG.iter().chain(NEED_NONE) {
            self.reporter.set_service_status(name, ServingStatus::NotServing).await;
        }
        self.tell(Standing::Draining);
    }

    async fn look(&mut self) {
        let today = jiff::Zoned::now().date();
        let catalog = self.coder.catalog().ok();
        let seen = catalog.as_ref().map(|catalog| Seen { release: catalog.release.clone(), day: today });
        let (standing, status) = match &catalog {
            Some(_) => (Standing::Serving, ServingStatus::Serving),
            None => (Standing::NoCatalog(self.no_catalog.clone()), ServingStatus::NotServing),
        };
        self.without = if catalog.is_some() { 0 } else { self.without.saturating_add(1) };
        if self.without == LOOKS_BEFORE_ERROR {
            tracing::error!(reason = %self.no_catalog, "not serving: no catalog is loaded");
        }
        if self.told.as_ref() == Some(&seen) {
            return;
        }
        for name in NEED_A_CATALOG {
            self.reporter.set_service_status(name, status).await;
        }
        match &catalog {
            Some(catalog) => self.show(catalog, today),
            None => tracing::info!(reason = %self.no_catalog, "no catalog is loaded yet"),
        }
        self.tell(standing);
        self.told = Some(seen);
    }

    fn show(&self, catalog: &Catalog, today: Date) {
        let behind = quarters_behind(&catalog.code_quarters, today);
        let before = self.told.iter().flatten().next();
        let new = before.is_none_or(|seen| seen.release != catalog.release);
        let loaded = new.then(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
        self.metrics.show_release(&catalog.release, loaded, behind);
        if new {
            tracing::info!(release = %catalog.release, quarters_behind = behind, "serving from this catalog");
        }
    }

    fn tell(&self, standing: Standing) {
        self.metrics.show_serving(standing == Standing::Serving);
        self.standing.send_replace(standing);
    }
}

/// Quarters that the newest posting of codes in effect lies behind today.
fn quarters_behind(held: &[Quarter], today: Date) -> i64 {
    let now = Quarter::of(today);
    let newest = held.iter().rfind(|quarter| **quarter <= now);
    newest.map_or(i64::MAX, |quarter| i64::from(now.since(*quarter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::date;

    #[test]
    fn a_posting_for_a_later_quarter_does_not_count_before_its_first_day() {
        let held = ["2025Q4", "2026Q2"].map(|quarter| quarter.parse().expect("a quarter"));
        assert_eq!(quarters_behind(&held, date(2025, 12, 31)), 0);
        assert_eq!(quarters_behind(&held, date(2026, 1, 1)), 1);
        assert_eq!(quarters_behind(&held, date(2026, 4, 1)), 0);
        assert_eq!(quarters_behind(&held, date(2027, 4, 1)), 4);
        assert_eq!(quarters_behind(&[], date(2027, 4, 1)), i64::MAX);
    }
}
