//! One refresh: discover, fetch, verify, unpack, parse, gate, diff, store, activate.
//!
//! Whatever goes wrong at a step, nothing after it happens: what was held stays held and in use. The
//! codes come first; the tables beside them are each on their own, and none can hold the codes up.

mod file;
mod report;

use std::future::Future;
use std::sync::Arc;

use tokio::time::Instant;
use tracing::Instrument;

use super::fetch::Fetcher;
use super::memory::Memory;
use super::pages::Pages;
use super::settings::{Feed, FeedId, Settings};
use super::source::{Sought, Survey, survey};
use super::unpack::Member;
use crate::catalog::release::{Release, ReleaseHeader, ReleaseKind};
use crate::cms::problem::Problems;
use crate::domain::quarter::Quarter;

pub use report::{Observer, Order, Outcome, Progress, RefreshError, Report, Step};

/// Where releases are kept.
pub trait Shelf: Send + Sync {
    /// The headers of the releases held, in use or not.
    fn held(&self) -> Vec<ReleaseHeader>;

    /// Those of them that need not be stored again: each that speaks for its quarter, and each that somebody took out of
    /// use. One whose place another posting has taken is published anew where CMS withdraws the other.
    fn settled(&self) -> Vec<ReleaseHeader>;

    /// The newest release in use of a kind, of a quarter or an earlier one, to compare with.
    fn newest_until(&self, kind: ReleaseKind, quarter: Quarter) -> Option<Arc<Release>>;

    /// Keeps a release durably, or leaves everything as it was.
    ///
    /// # Errors
    /// What went wrong, for the operator.
    fn keep(&self, release: &Release) -> Result<(), String>;

    /// Answers from what is kept now.
    ///
    /// # Errors
    /// What went wrong, for the operator; answers come from what they came from before.
    fn activate(&self) -> Result<(), String>;
}

/// A release as it was read from an archive.
pub struct Read {
    pub release: Release,
    /// Name of the member it was read from.
    pub member: String,
    /// Rows that could not be read whole.
    pub problems: Problems,
    /// The quarter that the member states of itself.
    pub stated: Option<Quarter>,
}

/// Reads the members of an archive, the preferred format first, into a release.
pub type Reader = fn(FeedId, &[Member], ReleaseHeader) -> Result<Read, String>;

/// The means of a refresh.
pub struct Updater<'a> {
    pub settings: &'a Settings,
    pub fetcher: &'a Fetcher,
    pub shelf: Arc<dyn Shelf>,
    pub reader: Reader,
    pub observer: &'a dyn Observer,
}

impl Updater<'_> {
    /// Brings the store to what is published, remembering how the site answered.
    pub async fn refresh(&self, order: &Order, memory: &mut Memory) -> Report {
        let mut report = Report::new(order.validate_only);
        let (codes, beside): (Vec<&Feed>, Vec<&Feed>) =
            self.settings.feeds.iter().partition(|feed| feed.id == FeedId::Hcpcs);
        let (mut answers, mut pages) = (true, Pages::new(self.fetcher));
        for feed in codes {
            answers &= self.feed(feed, order, &mut pages, memory, &mut report).await;
        }
        // A host that did not answer once is not kept waiting for five times more.
        for feed in beside.into_iter().filter(|_| answers && order.source.has_pages()) {
            let mut own = Report::new(order.validate_only);
            self.feed(feed, order, &mut pages, memory, &mut own).await;
            // One quarter may be stored where another could not be.
            if !own.releases.is_empty() {
                report.outcome = report.outcome.max(Outcome::Updated);
            }
            report.releases.append(&mut own.releases);
            report.objections.append(&mut own.objections);
            report.accepted = report.accepted.or(own.accepted);
            if own.outcome > Outcome::Updated {
                report.not_refreshed.push(feed.id);
            }
            // The first reason is enough: these tables wait for the next run.
            let reason = own.notes.into_iter().next().filter(|_| own.outcome > Outcome::Updated);
            report.notes.extend(reason.map(|note| format!("{} not refreshed: {note}", feed.title)));
        }
        report
    }

    /// Brings one feed to what is published; false where the host did not answer at all.
    async fn feed(
        &self,
        feed: &Feed,
        order: &Order,
        pages: &mut Pages<'_>,
        memory: &mut Memory,
        report: &mut Report,
    ) -> bool {
        let found = survey(pages, &order.source, feed, &order.sought, memory);
        let found = self.step(Step::Discover, feed.id, None, found).await;
        report.notes.extend(found.notes.iter().cloned());
        if found.unreachable {
            report.outcome = Outcome::SourceUnreachable;
            return false;
        }
        let mut failed = Vec::new();
        for located in &found.located {
            let errors = self.file(feed, located, &found, order, memory, report).await;
            for error in &errors {
                tracing::warn!(feed = feed.id.name(), quarter = %located.quarter, %error,
                    "the old release stays in use");
                report.outcome = report.outcome.max(error.outcome());
                report.notes.push(error.to_string());
                failed.push(located.quarter);
            }
            // A site that has none of the names for the quarter in effect has none for the next either.
            // Of the codes the next is asked for all the same, since they are what it is all for.
            let is_unknown = |error: &RefreshError| matches!(error, RefreshError::CannotDiscover { .. });
            if errors.iter().any(is_unknown) && feed.id != FeedId::Hcpcs {
                break;
            }
        }
        if order.source.has_pages() {
            self.miss(feed, &found, &failed, order, report);
        }
        true
    }

    /// Says which of the wanted quarters is not held in the end, or is listed where no link leads to it: neither a list
    /// of an earlier quarter nor what is held of this one is a word on that file.
    fn miss(&self, feed: &Feed, found: &Survey, failed: &[Quarter], order: &Order, report: &mut Report) {
        let (quarters, why) = match &order.sought {
            Sought::From(current) => (std::slice::from_ref(current), "is in effect"),
            Sought::Only(quarters) => (quarters.as_slice(), "is asked for"),
        };
        for quarter in quarters {
            let lost = found.located.iter().find(|located| located.quarter == *quarter);
            let note = match lost.and_then(|located| located.lost.clone()) {
                Some(lost) => lost,
                None if failed.contains(quarter) || self.is_held(feed, *quarter, order, report) => continue,
                None => {
                    let held = self.shelf.held();
                    let is_older = |it: &&ReleaseHeader| holds(feed, it.kind) && it.quarter <= *quarter;
                    let newest =
                        held.iter().chain(&report.releases).filter(is_older).map(|it| it.quarter).max();
                    let newest = newest.map_or_else(|| "none".to_owned(), |newest| newest.to_string());
                    format!(
                        "{quarter} {why}, and its file is neither listed nor under any of its names; the newest held is {newest}"
                    )
                }
            };
            report.outcome = report.outcome.max(Outcome::SourceUnreachable);
            // It is the reason that is told where there is room for one.
            report.notes.insert(0, note);
        }
    }

    /// Whether a quarter is held, in use or out of it, or would be after a trial. A table that CMS posts only where
    /// something has changed is that of its last posting.
    fn is_held(&self, feed: &Feed, quarter: Quarter, order: &Order, report: &Report) -> bool {
        let is_asked = matches!(order.sought, Sought::Only(_));
        let held = self.shelf.held();
        held.iter().chain(&report.releases).any(|it| {
            let is_kind = it.kind == feed.id.release_kind() || (!is_asked && holds(feed, it.kind));
            is_kind && (it.quarter == quarter || (!feed.every_quarter && it.quarter < quarter))
        })
    }

    /// Runs a step under its span, tells that it began, and how long it took.
    async fn step<T>(
        &self,
        step: Step,
        feed: FeedId,
        quarter: Option<Quarter>,
        work: impl Future<Output = T>,
    ) -> T {
        self.observer.progress(Progress { step, feed, quarter, percent: None });
        let started = Instant::now();
        let span = tracing::info_span!("refresh", step = step.name(), feed = feed.name());
        let result = work.instrument(span).await;
        self.observer.took(step, started.elapsed());
        result
    }
}

/// Whether a release of a kind answers for a feed; the embedded table does for the codes.
fn holds(feed: &Feed, kind: ReleaseKind) -> bool {
    kind == feed.id.release_kind() || (feed.id == FeedId::Hcpcs && kind == ReleaseKind::Embedded)
}
