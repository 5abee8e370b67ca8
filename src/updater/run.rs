//! A whole run over a store: the refresh itself, what is remembered of it, and what is written about it.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tracing::Instrument;
use url::Url;

use super::aside::blocking;
use super::fetch::{FetchError, Fetcher};
use super::history::{self, Deed, Event};
use super::keeper::Keeper;
use super::memory::{Memory, write_whole};
use super::reader;
use super::refresh::{Observer, Order, Outcome, Report, Shelf, Updater};
use super::settings::Settings;
use crate::report::changes;

/// Refreshes a store, and leaves beside its store the updater's memory, the record and a change
/// report for each new release of codes.
///
/// # Errors
/// A client that cannot be made, as without system certificates.
pub async fn run(
    keeper: &Keeper,
    settings: &Settings,
    order: &Order,
    observer: &dyn Observer,
) -> Result<Report, FetchError> {
    let configured = Url::parse(&settings.origin).map_err(|error| FetchError::Client(error.to_string()))?;
    let origin = order.source.origin().unwrap_or(&configured);
    let fetcher = Fetcher::new(settings.fetch.clone(), origin)?;
    let shelf = Arc::new(keeper.clone()) as Arc<dyn Shelf>;
    let updater = Updater { settings, fetcher: &fetcher, shelf, reader: reader::read, observer };
    let mut memory = Memory::load(keeper.folder());
    let mut report =
        updater.refresh(order, &mut memory).instrument(tracing::debug_span!("refresh run")).await;
    // A place that shows what was in use before a roll-back, or nothing yet, is brought up to date as well.
    if !order.validate_only && (!report.releases.is_empty() || keeper.is_unpublished().await) {
        report.notes.extend(keeper.publish().await);
    }
    if !order.validate_only {
        let (keeper, written) = (keeper.clone(), report.clone());
        blocking(move || write_down(&keeper, &memory, &written)).await;
    }
    Ok(report)
}

/// What is written about a run is a help to people and to the next run. A failure to write it is said
/// and undoes nothing.
fn write_down(keeper: &Keeper, memory: &Memory, report: &Report) {
    let said = |what: &str, result: std::io::Result<()>| {
        if let Err(error) = result {
            tracing::warn!(%error, "{what} cannot be written");
        }
    };
    said("the updater's memory", memory.save(keeper.folder()));
    let deed = match report.outcome {
        Outcome::Refused => Some(Deed::Refused),
        _ if !report.releases.is_empty() => Some(Deed::Refreshed),
        _ => None,
    };
    if let Some(deed) = deed {
        let event = Event {
            time: Timestamp::now(),
            deed,
            releases: report.releases.iter().map(|header| header.id.to_string()).collect(),
            reason: report.accepted.clone().unwrap_or_default(),
            objections: report.objections.iter().map(ToString::to_string).collect(),
        };
        said("the record", history::record(keeper.folder(), &event));
    }
    for comparison in &report.changes {
        let [page, data] = change_reports(keeper, &comparison.after.release);
        let html = changes::html(comparison).map_err(std::io::Error::other);
        said("the change report", html.and_then(|html| write_whole(&page, html.as_bytes())));
        said("the change report", write_whole(&data, changes::json(comparison).as_bytes()));
    }
}

/// Where the change report of a release lies, as a page and as data.
pub fn change_reports(keeper: &Keeper, id: &str) -> [PathBuf; 2] {
    ["html", "json"].map(|kind| keeper.folder().join("reports").join(format!("changes-{id}.{kind}")))
}
