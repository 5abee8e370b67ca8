//! One refresh: discover, fetch, verify, unpack, parse, gate, diff, store, activate.
//!
//! Whatever goes wrong at a step, nothing after it happens: what was held stays held and in use. The
//! codes come first; the tables beside them are each on their own, and none can hold the codes up.

mod report;

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tracing::Instrument;
use url::Url;

use super::aside::blocking;
use super::fetch::{Answer, Download, Expect, Fetcher, Validators, hex};
use super::gate::{Candidate, Objection, objections};
use super::memory::{FileMemory, Memory};
use super::pages::Pages;
use super::quarter::read_quarter;
use super::settings::{Feed, FeedId, Settings};
use super::source::{Located, Sought, Source, Survey, survey};
use super::unpack::{Member, UnpackError, unpack};
use crate::catalog::release::{Comparison, Release, ReleaseHeader, ReleaseKind};
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
    pub problems: usize,
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

/// A file on its way to a release.
struct Parcel<'a> {
    feed: &'a Feed,
    quarter: Quarter,
    /// Whether the quarter is only the one expected, and the member's name may correct it.
    is_guess: bool,
}

/// A release that may be stored, and what the gate says of it.
struct Judged {
    release: Release,
    objections: Vec<Objection>,
    changes: Option<Comparison>,
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
            if own.outcome == Outcome::Updated {
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
        for located in &found.located {
            match self.file(feed, located, &found, order, memory, report).await {
                Ok(outcome) => report.outcome = report.outcome.max(outcome),
                Err(error) => {
                    tracing::warn!(feed = feed.id.name(), quarter = %located.quarter, %error,
                        "the old release stays in use");
                    report.outcome = report.outcome.max(error.outcome());
                    report.notes.push(error.to_string());
                    // A site that has none of the names for the quarter in effect has none for the next either.
                    // Of the codes the next is asked for all the same, since they are what it is all for.
                    if matches!(error, RefreshError::CannotDiscover { .. }) && feed.id != FeedId::Hcpcs {
                        break;
                    }
                }
            }
        }
        self.miss_current(feed, order, report);
        true
    }

    /// Says where nothing of the quarter in effect was found though a page lists files: an older list is no word on it.
    fn miss_current(&self, feed: &Feed, order: &Order, report: &mut Report) {
        let Sought::From(current) = order.sought else { return };
        if feed.id != FeedId::Hcpcs || !order.source.has_pages() || report.outcome > Outcome::Updated {
            return;
        }
        let held = self.shelf.held();
        let holds_codes = |kind| matches!(kind, ReleaseKind::Hcpcs | ReleaseKind::Embedded);
        let mut quarters: Vec<Quarter> = held
            .iter()
            .chain(&report.releases)
            .filter(|header| holds_codes(header.kind) && header.quarter <= current)
            .map(|header| header.quarter)
            .collect();
        quarters.sort();
        let newest = quarters.last().map_or_else(|| "none".to_owned(), ToString::to_string);
        if quarters.last() != Some(&current) {
            report.notes.push(format!(
                "{current} is in effect, and its file is neither listed nor under any of its names; the newest held is {newest}"
            ));
        }
    }

    /// Takes one file through all steps.
    async fn file(
        &self,
        feed: &Feed,
        located: &Located,
        found: &Survey,
        order: &Order,
        memory: &mut Memory,
        report: &mut Report,
    ) -> Result<Outcome, RefreshError> {
        let parcel = Parcel { feed, quarter: located.quarter, is_guess: located.is_guess };
        let fetching = self.fetch_any(&parcel, located, found, order, memory);
        let fetched = self.step(Step::Fetch, feed.id, Some(parcel.quarter), fetching).await?;
        let Some((asked, download)) = fetched else { return Ok(Outcome::AlreadyCurrent) };
        let file = FileMemory {
            url: asked.to_string(),
            validators: download.validators.clone(),
            sha256: download.sha256.clone(),
        };
        let known = async { self.holds(feed, &download.sha256) };
        if let Some(quarter) = self.step(Step::Verify, feed.id, Some(parcel.quarter), known).await {
            memory.remember(feed.id, quarter, file);
            return Ok(Outcome::AlreadyCurrent);
        }
        let judged = self.judge(&parcel, &download, order).await?;
        let quarter = judged.release.header.quarter;
        report.objections.extend(judged.objections.iter().cloned());
        if !judged.objections.is_empty() {
            if order.accept.is_none() {
                return Err(RefreshError::Refused { quarter, objections: judged.objections });
            }
            report.accepted.clone_from(&order.accept);
        }
        let header = judged.release.header.clone();
        if !order.validate_only {
            let before = self.shelf.held();
            self.keep(feed, judged.release).await?;
            memory.remember(feed.id, quarter, file);
            let held = self.shelf.held();
            let gone = before.iter().filter(|was| !held.contains(was) && was.kind == header.kind);
            report
                .notes
                .extend(gone.map(|was| format!("dropped {}: the store keeps the newest of a kind", was.id)));
        }
        report.changes.extend(judged.changes);
        report.releases.push(header);
        Ok(Outcome::Updated)
    }

    /// Stores a release and answers from it. The release goes before the catalog is built, whose parts would else lie
    /// scattered among it in memory.
    async fn keep(&self, feed: &Feed, release: Release) -> Result<(), RefreshError> {
        let quarter = release.header.quarter;
        let failed = |reason| RefreshError::Store { quarter, reason };
        let shelf = Arc::clone(&self.shelf);
        let keeping = blocking(move || shelf.keep(&release));
        self.step(Step::Store, feed.id, Some(quarter), keeping).await.map_err(failed)?;
        let shelf = Arc::clone(&self.shelf);
        let activating = blocking(move || shelf.activate());
        self.step(Step::Activate, feed.id, Some(quarter), activating).await.map_err(failed)
    }

    /// The quarter of the release that was read from a file with this digest, where nothing is to be done with it.
    fn holds(&self, feed: &Feed, sha256: &str) -> Option<Quarter> {
        let kind = feed.id.release_kind();
        let held = self.shelf.settled();
        held.iter().find(|held| held.kind == kind && *held.source_sha256 == *sha256).map(|held| held.quarter)
    }

    /// The first address that answers with a file; none when nothing new is there.
    async fn fetch_any(
        &self,
        parcel: &Parcel<'_>,
        located: &Located,
        found: &Survey,
        order: &Order,
        memory: &Memory,
    ) -> Result<Option<(Url, Download)>, RefreshError> {
        let (feed, quarter) = (parcel.feed.id, parcel.quarter);
        if let Source::File(path) = &order.source {
            return read_file(path).await.map(Some);
        }
        let is_current = match &order.sought {
            Sought::From(current) => quarter <= *current,
            Sought::Only(_) => true,
        };
        let mut failure = None;
        for (rung, url) in &located.addresses {
            let seen = memory.file_at(feed, url.as_str());
            let seen = seen.filter(|file| self.holds(parcel.feed, &file.sha256).is_some());
            let seen = seen.map_or_else(Validators::default, |file| file.validators.clone());
            let progress = |received, total| self.show_fetch(feed, quarter, received, total);
            match self.fetcher.fetch(url, Expect::Archive, &seen, &progress).await {
                Ok(Answer::NotModified) => return Ok(None),
                Ok(Answer::New(download)) => return Ok(Some((url.clone(), download))),
                // A name that was only tried may lead nowhere, and a link to a coming quarter may be early.
                Err(error) if error.is_absent() && (rung.is_tried() || !is_current) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if let Some(error) = failure {
            return Err(error.into());
        }
        // A file of a coming quarter may not be posted yet, and a page that was read may not list one
        // yet; anything else that is absent means that the names have changed.
        if is_current && !found.page_read {
            return Err(RefreshError::CannotDiscover { quarter, notes: found.notes.clone() });
        }
        Ok(None)
    }

    /// Unpacks, parses and judges a download away from the threads that serve requests.
    async fn judge(
        &self,
        parcel: &Parcel<'_>,
        download: &Download,
        order: &Order,
    ) -> Result<Judged, RefreshError> {
        let Parcel { feed, mut quarter, is_guess } = *parcel;
        let expected = (!is_guess).then_some(quarter);
        let (limits, owned, bytes) = (self.settings.unpack, feed.clone(), download.bytes.clone());
        let unpacking = blocking(move || unpack(&bytes, &owned, expected, limits));
        let members = self.step(Step::Unpack, feed.id, Some(quarter), unpacking).await?;
        let first = members.first().ok_or(UnpackError::NoMember { names: Vec::new() })?;
        let named = first.name.clone();
        if let Some(found) = read_quarter(&named).filter(|_| is_guess) {
            quarter = found;
        }
        let header =
            ReleaseHeader::new(feed.id.release_kind(), quarter, download.url.path(), &download.sha256);
        let (reader, id) = (self.reader, feed.id);
        let reading = blocking(move || reader(id, &members, header));
        let read = self.step(Step::Parse, feed.id, Some(quarter), reading).await;
        let Read { release, member, problems, stated } =
            read.map_err(|reason| RefreshError::Parse { member: named, reason })?;
        // Whoever asks for a quarter by its name knows when it is.
        let current = match order.sought {
            Sought::From(current) => Some(current),
            Sought::Only(_) => None,
        };
        let held = self.shelf.newest_until(feed.id.release_kind(), quarter);
        let candidate = Candidate {
            feed,
            release: &release,
            member: &member,
            problems,
            held: held.as_deref(),
            stated,
            current,
        };
        let judging = async { objections(candidate, &self.settings.gate) };
        let objections = self.step(Step::Gate, feed.id, Some(quarter), judging).await;
        let comparing =
            async { (feed.id == FeedId::Hcpcs).then(|| Comparison::between(held.as_deref(), &release)) };
        let changes = self.step(Step::Diff, feed.id, Some(quarter), comparing).await;
        Ok(Judged { objections, changes, release })
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

    fn show_fetch(&self, feed: FeedId, quarter: Quarter, received: u64, total: Option<u64>) {
        let percent = total.filter(|total| *total > 0).map(|total| received.saturating_mul(100) / total);
        let percent = percent.and_then(|percent| u8::try_from(percent.min(100)).ok());
        self.observer.progress(Progress { step: Step::Fetch, feed, quarter: Some(quarter), percent });
    }
}

/// A file of this machine in place of a download.
async fn read_file(path: &Path) -> Result<(Url, Download), RefreshError> {
    let failed = |reason: String| RefreshError::File { path: path.display().to_string(), reason };
    let bytes = tokio::fs::read(path).await.map_err(|error| failed(error.to_string()))?;
    let absolute = std::path::absolute(path).map_err(|error| failed(error.to_string()))?;
    let url = Url::from_file_path(absolute).map_err(|()| failed("it has no address".to_owned()))?;
    let sha256 = hex(&Sha256::digest(&bytes));
    Ok((url.clone(), Download { bytes, sha256, validators: Validators::default(), url }))
}
