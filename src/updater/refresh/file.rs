//! One file of a feed on its way to a release: from its addresses through all steps.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use url::Url;

use super::super::aside::blocking;
use super::super::fetch::{Answer, Download, Expect, Validators, hex};
use super::super::gate::{Candidate, Objection, objections};
use super::super::memory::{FileMemory, Memory};
use super::super::quarter::read_quarter;
use super::super::settings::{Feed, FeedId};
use super::super::source::{Located, Rung, Sought, Source, Survey};
use super::super::unpack::{UnpackError, unpack};
use super::{Order, Outcome, Progress, Read, RefreshError, Report, Step, Updater};
use crate::catalog::release::{Comparison, Release, ReleaseHeader};
use crate::domain::quarter::Quarter;

/// A file on its way to a release.
struct Parcel<'a> {
    feed: &'a Feed,
    quarter: Quarter,
    /// Whether the quarter is only the one expected, and the member's name may correct it.
    is_guess: bool,
    /// Whether the file must be there by now.
    is_current: bool,
}

/// What an address answers with.
enum Fetched {
    New(Download),
    /// What is held already.
    Same,
    /// Nothing, where nothing was promised.
    Absent,
}

/// A release that may be stored, and what the gate says of it.
struct Judged {
    release: Release,
    objections: Vec<Objection>,
    changes: Option<Comparison>,
}

impl Updater<'_> {
    /// Takes a file through all steps, from the first of its addresses that gives one. Where that fails the next one is
    /// tried as long as nothing of the quarter is held: an older posting never takes the place of what serves.
    pub(super) async fn file(
        &self,
        feed: &Feed,
        located: &Located,
        found: &Survey,
        order: &Order,
        memory: &mut Memory,
        report: &mut Report,
    ) -> Vec<RefreshError> {
        let (quarter, is_guess) = (located.quarter, located.is_guess);
        let is_current = !matches!(order.sought, Sought::From(current) if quarter > current);
        let parcel = Parcel { feed, quarter, is_guess, is_current };
        if let Source::File(path) = &order.source {
            let read = self.step(Step::Fetch, feed.id, Some(quarter), read_file(path)).await;
            let taken = match read {
                Ok((url, download)) => self.take(&parcel, &url, &download, order, memory, report).await,
                Err(error) => Err(error),
            };
            return taken.err().into_iter().collect();
        }
        let mut errors = Vec::new();
        for (rung, url) in &located.addresses {
            let fetching = self.fetch(&parcel, *rung, url, memory);
            let taken = match self.step(Step::Fetch, feed.id, Some(quarter), fetching).await {
                Ok(Fetched::Absent) => continue,
                Ok(Fetched::Same) => Ok(()),
                Ok(Fetched::New(download)) => self.take(&parcel, url, &download, order, memory, report).await,
                Err(error) => Err(error),
            };
            let Err(error) = taken else { return errors };
            errors.push(error);
            let kind = feed.id.release_kind();
            if self.shelf.held().iter().any(|held| held.kind == kind && held.quarter == quarter) {
                break;
            }
        }
        // A file of a coming quarter may not be posted yet, and a page that was read may not list one
        // yet; anything else that is absent means that the names have changed.
        if errors.is_empty() && is_current && !found.page_read {
            errors.push(RefreshError::CannotDiscover { quarter, notes: found.notes.clone() });
        }
        errors
    }

    /// Takes a download through the steps behind the fetch, and says in the report what was stored.
    async fn take(
        &self,
        parcel: &Parcel<'_>,
        asked: &Url,
        download: &Download,
        order: &Order,
        memory: &mut Memory,
        report: &mut Report,
    ) -> Result<(), RefreshError> {
        let feed = parcel.feed;
        let file = FileMemory {
            url: asked.to_string(),
            validators: download.validators.clone(),
            sha256: download.sha256.clone(),
        };
        let known = async { self.holds(feed, &download.sha256) };
        if let Some(quarter) = self.step(Step::Verify, feed.id, Some(parcel.quarter), known).await {
            memory.remember(feed.id, quarter, file);
            return Ok(());
        }
        let judged = self.judge(parcel, download, order).await?;
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
        report.outcome = report.outcome.max(Outcome::Updated);
        Ok(())
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

    async fn fetch(
        &self,
        parcel: &Parcel<'_>,
        rung: Rung,
        url: &Url,
        memory: &Memory,
    ) -> Result<Fetched, RefreshError> {
        let (feed, quarter) = (parcel.feed.id, parcel.quarter);
        let seen = memory.file_at(feed, url.as_str());
        let seen = seen.filter(|file| self.holds(parcel.feed, &file.sha256).is_some());
        let seen = seen.map_or_else(Validators::default, |file| file.validators.clone());
        let progress = |received, total| self.show_fetch(feed, quarter, received, total);
        match self.fetcher.fetch(url, Expect::Archive, &seen, &progress).await {
            Ok(Answer::NotModified) => Ok(Fetched::Same),
            Ok(Answer::New(download)) => Ok(Fetched::New(download)),
            // A name that was only tried may lead nowhere, and a link to a coming quarter may be early.
            Err(error) if error.is_absent() && (rung.is_tried() || !parcel.is_current) => Ok(Fetched::Absent),
            Err(error) => Err(error.into()),
        }
    }

    /// Unpacks, parses and judges a download away from the threads that serve requests.
    async fn judge(
        &self,
        parcel: &Parcel<'_>,
        download: &Download,
        order: &Order,
    ) -> Result<Judged, RefreshError> {
        let Parcel { feed, mut quarter, is_guess, .. } = *parcel;
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
            problems: &problems,
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
