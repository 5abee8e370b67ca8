//! One refresh of the codes: discover, fetch, verify, unpack, parse, gate, diff, store.
//!
//! Whatever goes wrong at a step, nothing after it happens: what was held stays held and in use.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::Instrument;
use url::Url;

use super::fetch::{Answer, Download, Expect, FetchError, Fetcher, Validators};
use super::gate::{Candidate, Objection, objections};
use super::memory::{FileMemory, Memory};
use super::settings::{Feed, FeedId, Settings};
use super::source::{Located, Sought, Source, Survey, survey};
use super::unpack::{Member, UnpackError, unpack};
use crate::catalog::release::{Comparison, Release, ReleaseHeader, ReleaseKind};
use crate::domain::quarter::Quarter;

/// A step of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    Discover,
    Fetch,
    Verify,
    Unpack,
    Parse,
    Gate,
    Diff,
    Store,
}

/// What a refresh is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    pub step: Step,
    /// The quarter whose file it works on, once that is known.
    pub quarter: Option<Quarter>,
    /// Progress of the step, 0 to 100, rounded down, where it is known.
    pub percent: Option<u8>,
}

/// How a refresh ended. The order is that of severity: the worst of several files counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything that is published was held already.
    AlreadyCurrent,
    /// A new release is stored.
    Updated,
    /// The site could not be reached or understood.
    SourceUnreachable,
    /// The gate refused a release; the old one stays.
    Refused,
    /// A file was damaged, or could not be stored; the old release stays.
    Failed,
}

/// Why a file did not become a release.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error("cannot discover the files of {quarter}: {}", .notes.join("; "))]
    CannotDiscover { quarter: Quarter, notes: Vec<String> },
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    #[error("{member}: cannot be read: {reason}")]
    Parse { member: String, reason: String },
    #[error("the release of {quarter} is refused; use --accept with a reason to take it all the same: {}",
        .objections.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused { quarter: Quarter, objections: Vec<Objection> },
    #[error("the release of {quarter} cannot be stored, and the old one stays in use: {reason}")]
    Store { quarter: Quarter, reason: String },
}

impl RefreshError {
    const fn outcome(&self) -> Outcome {
        match self {
            Self::CannotDiscover { .. } | Self::Fetch(_) => Outcome::SourceUnreachable,
            Self::Refused { .. } => Outcome::Refused,
            Self::Unpack(_) | Self::Parse { .. } | Self::Store { .. } => Outcome::Failed,
        }
    }
}

/// Where releases are kept.
pub trait Shelf: Send + Sync {
    /// The headers of the releases held.
    fn held(&self) -> Vec<ReleaseHeader>;

    /// The newest release held of a quarter or an earlier one, to compare with.
    fn newest_until(&self, quarter: Quarter) -> Option<Arc<Release>>;

    /// Keeps a release durably, or leaves everything as it was.
    ///
    /// # Errors
    /// What went wrong, for the operator.
    fn keep(&self, release: Release) -> Result<(), String>;
}

/// Reads a member into a release, and counts the rows it could not read whole.
pub type Reader = fn(&Member, ReleaseHeader) -> Result<(Release, usize), String>;

/// What one refresh is asked to do.
#[derive(Debug, Clone)]
pub struct Order {
    pub source: Source,
    pub sought: Sought,
    /// Fetch, read and judge, and store nothing.
    pub validate_only: bool,
    /// Why a release that the gate refuses is taken all the same.
    pub accept: Option<String>,
}

/// What a refresh did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub outcome: Outcome,
    /// The releases stored, or that would have been.
    pub releases: Vec<ReleaseHeader>,
    pub changes: Vec<Comparison>,
    /// What the gate objected to, accepted or not.
    pub objections: Vec<Objection>,
    /// The reason given for accepting them.
    pub accepted: Option<String>,
    /// What went wrong, and what was missing on the way.
    pub notes: Vec<String>,
}

/// The means of a refresh.
pub struct Updater {
    pub settings: Settings,
    pub fetcher: Fetcher,
    pub shelf: Arc<dyn Shelf>,
    pub reader: Reader,
    pub progress: watch::Sender<Option<Progress>>,
    /// Told how long each step took.
    pub observe: Box<dyn Fn(Step, Duration) + Send + Sync>,
}

/// A release that may be stored, and what the gate says of it.
struct Judged {
    release: Release,
    objections: Vec<Objection>,
    changes: Comparison,
}

impl Updater {
    /// Brings the codes to what is published, remembering how the site answered.
    pub async fn refresh(&self, order: &Order, memory: &mut Memory) -> Report {
        let mut report = Report {
            outcome: Outcome::AlreadyCurrent,
            releases: Vec::new(),
            changes: Vec::new(),
            objections: Vec::new(),
            accepted: order.accept.clone(),
            notes: Vec::new(),
        };
        let Some(feed) = self.settings.feed(FeedId::Hcpcs) else { return report };
        let found = survey(&self.fetcher, &order.source, feed, &order.sought, memory);
        let found = self.step(Step::Discover, None, found).await;
        report.notes.extend(found.notes.iter().cloned());
        for located in &found.located {
            match self.file(feed, located, &found, order, memory, &mut report).await {
                Ok(outcome) => report.outcome = report.outcome.max(outcome),
                Err(error) => {
                    tracing::warn!(quarter = %located.quarter, %error, "the old release stays in use");
                    report.outcome = report.outcome.max(error.outcome());
                    report.notes.push(error.to_string());
                }
            }
        }
        report
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
        let quarter = located.quarter;
        let fetching = self.fetch_any(feed, located, found, order, memory);
        let Some((asked, download)) = self.step(Step::Fetch, Some(quarter), fetching).await? else {
            return Ok(Outcome::AlreadyCurrent);
        };
        let header = ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, download.url.path(), &download.sha256);
        let held = self.shelf.held();
        let known = async { held.iter().any(|held| held.source_sha256 == header.source_sha256) };
        let known = self.step(Step::Verify, Some(quarter), known).await;
        let file = FileMemory {
            url: asked.to_string(),
            validators: download.validators.clone(),
            sha256: download.sha256.clone(),
        };
        if known {
            memory.remember(feed.id, quarter, file);
            return Ok(Outcome::AlreadyCurrent);
        }
        let judged = self.judge(feed, &download, header).await?;
        report.objections.extend(judged.objections.iter().cloned());
        if !judged.objections.is_empty() && order.accept.is_none() {
            return Err(RefreshError::Refused { quarter, objections: judged.objections });
        }
        report.changes.push(judged.changes);
        report.releases.push(judged.release.header.clone());
        if order.validate_only {
            return Ok(Outcome::Updated);
        }
        let shelf = Arc::clone(&self.shelf);
        let keeping = blocking(move || shelf.keep(judged.release));
        let kept = self.step(Step::Store, Some(quarter), keeping).await;
        if let Err(reason) = kept {
            report.releases.pop();
            report.changes.pop();
            return Err(RefreshError::Store { quarter, reason });
        }
        memory.remember(feed.id, quarter, file);
        Ok(Outcome::Updated)
    }

    /// The first address that answers with a file; none when nothing new is there.
    async fn fetch_any(
        &self,
        feed: &Feed,
        located: &Located,
        found: &Survey,
        order: &Order,
        memory: &Memory,
    ) -> Result<Option<(Url, Download)>, RefreshError> {
        let quarter = located.quarter;
        let held = self.shelf.held();
        let remembered = memory.file(feed.id, quarter).filter(|file| {
            held.iter().any(|header| header.quarter == quarter && *header.source_sha256 == file.sha256)
        });
        let mut failure = None;
        for (_, url) in &located.addresses {
            let seen = remembered.filter(|file| file.url == url.as_str());
            let seen = seen.map_or_else(Validators::default, |file| file.validators.clone());
            let progress = |received, total| self.show_fetch(quarter, received, total);
            match self.fetcher.fetch(url, Expect::Archive, &seen, &progress).await {
                Ok(Answer::NotModified) => return Ok(None),
                Ok(Answer::New(download)) => return Ok(Some((url.clone(), download))),
                Err(error) if error.is_absent() => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if let Some(error) = failure {
            return Err(error.into());
        }
        let current = match &order.sought {
            Sought::From(current) => quarter <= *current,
            Sought::Only(_) => true,
        };
        // A file of a coming quarter may not be posted yet, and a page that was read may not list one
        // yet; anything else that is absent means that the names have changed.
        if current && !found.page_read {
            return Err(RefreshError::CannotDiscover { quarter, notes: found.notes.clone() });
        }
        Ok(None)
    }

    /// Unpacks, parses and judges a download away from the threads that serve requests.
    async fn judge(
        &self,
        feed: &Feed,
        download: &Download,
        header: ReleaseHeader,
    ) -> Result<Judged, RefreshError> {
        let quarter = header.quarter;
        let (limits, owned, bytes) = (self.settings.unpack, feed.clone(), download.bytes.clone());
        let unpacking = blocking(move || unpack(&bytes, &owned, Some(quarter), limits));
        let members = self.step(Step::Unpack, Some(quarter), unpacking).await?;
        let member = members.into_iter().next().ok_or(UnpackError::NoMember { names: Vec::new() })?;
        let name = member.name.clone();
        let reader = self.reader;
        let reading = blocking(move || reader(&member, header));
        let read = self.step(Step::Parse, Some(quarter), reading).await;
        let (release, problems) =
            read.map_err(|reason| RefreshError::Parse { member: name.clone(), reason })?;
        let held = self.shelf.newest_until(quarter);
        let candidate = Candidate { release: &release, member: &name, problems, held: held.as_deref() };
        let judging = async { objections(candidate, &self.settings.gate) };
        let objections = self.step(Step::Gate, Some(quarter), judging).await;
        let comparing = async { Comparison::between(held.as_deref(), &release) };
        let changes = self.step(Step::Diff, Some(quarter), comparing).await;
        Ok(Judged { objections, changes, release })
    }

    /// Runs a step under its span, tells that it began, and how long it took.
    async fn step<T>(&self, step: Step, quarter: Option<Quarter>, work: impl Future<Output = T>) -> T {
        self.progress.send_replace(Some(Progress { step, quarter, percent: None }));
        let started = Instant::now();
        let result = work.instrument(tracing::info_span!("refresh", ?step)).await;
        (self.observe)(step, started.elapsed());
        result
    }

    fn show_fetch(&self, quarter: Quarter, received: u64, total: Option<u64>) {
        let percent = total.filter(|total| *total > 0).map(|total| received.saturating_mul(100) / total);
        let percent = percent.and_then(|percent| u8::try_from(percent.min(100)).ok());
        self.progress.send_replace(Some(Progress { step: Step::Fetch, quarter: Some(quarter), percent }));
    }
}

/// Runs work that computes or writes on a thread of its own.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // The work is never cancelled, so the only failure is its panic, which goes on here.
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}
