//! Refreshes that a running service is asked for: one works at a time, each is known by its id, and any
//! number of watchers follow it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::aside::{aside, blocking};
use super::history::{self, Deed, Event};
use super::keeper::{Keeper, KeeperError};
use super::refresh::{Observer, Order, Outcome, Progress, Report, Step};
use super::run::run;
use super::settings::{FeedId, Settings};
use super::source::{Sought, Source};
use crate::catalog::store::Entry;
use crate::domain::quarter::Quarter;

/// Refreshes that are remembered; the oldest that has ended is forgotten first.
const JOBS_KEPT_MAX: usize = 100;

/// What a caller asks for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// A unique text of the caller; the same text never starts a second refresh.
    pub request_id: String,
    pub validate_only: bool,
    /// In place of the configured source.
    pub source: Option<Source>,
    pub accept: Option<String>,
}

/// How a refresh stands.
#[derive(Debug, Clone)]
pub struct Standing {
    pub id: String,
    pub request_id: String,
    pub validate_only: bool,
    pub progress: Option<Progress>,
    pub started: Timestamp,
    /// When it ended and with what; a text is why it could not even begin.
    pub ended: Option<(Timestamp, Result<Report, String>)>,
}

impl Standing {
    /// How it ended; nothing while it runs.
    pub fn outcome(&self) -> Option<Outcome> {
        let (_, result) = self.ended.as_ref()?;
        Some(result.as_ref().map_or(Outcome::Failed, |report| report.outcome))
    }
}

/// Told of every step and every end, for the figures of the service.
pub trait Tally: Send + Sync {
    /// A step ended after so long.
    fn step(&self, step: Step, elapsed: Duration);

    /// A refresh ended.
    fn ended(&self, outcome: Outcome);

    /// A refresh could not bring a table beside the codes to what is published.
    fn missed(&self, feed: FeedId);
}

/// The refreshes of one running service.
pub struct Desk {
    keeper: Keeper,
    settings: Settings,
    source: Source,
    tally: Arc<dyn Tally>,
    jobs: Mutex<VecDeque<watch::Receiver<Standing>>>,
    turn: tokio::sync::Mutex<()>,
}

impl Desk {
    /// A desk without a job.
    pub fn new(keeper: Keeper, settings: Settings, source: Source, tally: Arc<dyn Tally>) -> Arc<Self> {
        let (jobs, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        Arc::new(Self { keeper, settings, source, tally, jobs, turn })
    }

    /// Where the releases are kept.
    pub const fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// Starts a refresh, or answers the one that has the same request id. One that is asked for while
    /// another works waits for its turn.
    pub fn start(self: &Arc<Self>, asked: Asked) -> watch::Receiver<Standing> {
        let mut jobs = self.jobs();
        let same = |job: &&watch::Receiver<Standing>| {
            !asked.request_id.is_empty() && job.borrow().request_id == asked.request_id
        };
        if let Some(known) = jobs.iter().find(same) {
            return known.clone();
        }
        let started = Timestamp::now();
        let standing = Standing {
            id: format!("refresh-{}-{}", started.as_millisecond(), jobs.len()),
            request_id: asked.request_id.clone(),
            validate_only: asked.validate_only,
            progress: None,
            started,
            ended: None,
        };
        let (sender, receiver) = watch::channel(standing);
        jobs.push_back(receiver.clone());
        while jobs.len() > JOBS_KEPT_MAX {
            let ended = jobs.iter().position(|job| job.borrow().ended.is_some());
            jobs.remove(ended.unwrap_or(0));
        }
        let desk = Arc::clone(self);
        tokio::spawn(async move { desk.work(asked, sender).await });
        receiver
    }

    /// The refresh with an id.
    pub fn find(&self, id: &str) -> Option<watch::Receiver<Standing>> {
        self.jobs().iter().find(|job| job.borrow().id == id).cloned()
    }

    /// Puts a release into use, and records why.
    ///
    /// # Errors
    /// As for [`Keeper::activate`].
    pub async fn activate(&self, id: String, reason: String) -> Result<Entry, KeeperError> {
        let _turn = self.turn.lock().await;
        let keeper = self.keeper.clone();
        let activated = blocking(move || {
            let entry = keeper.activate(&id)?;
            record(&keeper, Deed::Activated, &entry, reason);
            Ok(entry)
        })
        .await;
        self.publish_if(activated).await
    }

    /// Takes a release out of use, and records why.
    ///
    /// # Errors
    /// As for [`Keeper::roll_back`].
    pub async fn roll_back(&self, id: Option<String>, reason: String) -> Result<(Entry, Entry), KeeperError> {
        let _turn = self.turn.lock().await;
        let keeper = self.keeper.clone();
        let rolled_back = blocking(move || {
            let (out, now) = keeper.roll_back(id.as_deref())?;
            record(&keeper, Deed::RolledBack, &out, reason);
            Ok((out, now))
        })
        .await;
        self.publish_if(rolled_back).await
    }

    async fn publish_if<T>(&self, changed: Result<T, KeeperError>) -> Result<T, KeeperError> {
        if changed.is_ok() {
            // A failure is in the log, and the store is right all the same.
            let _ = self.keeper.publish().await;
        }
        changed
    }

    /// Publishes what is in use, where there is a place for it, so that a replica need not wait for a change.
    pub async fn publish(&self) {
        let _turn = self.turn.lock().await;
        // The keeper logs what went wrong, and the next change publishes again.
        let _ = self.keeper.publish().await;
    }

    async fn work(self: Arc<Self>, asked: Asked, sender: watch::Sender<Standing>) {
        let _turn = self.turn.lock().await;
        let desk = Arc::clone(&self);
        let watched = Arc::new(Watched { sender, tally: Arc::clone(&self.tally) });
        let observer = Arc::clone(&watched);
        let result = aside(move || async move {
            let order = desk.order(asked);
            run(&desk.keeper, &desk.settings, &order, &*observer).await
        });
        let result = result.await.map_err(|error| error.to_string());
        let result =
            result.and_then(|run| run.map_err(|error| error.to_string())).map(Report::without_changes);
        let summary = result.as_ref().map_or_else(Clone::clone, Report::summary);
        let missed = result.as_ref().map_or_else(|_| Vec::new(), |report| report.not_refreshed.clone());
        tracing::info!(%summary, "refresh ended");
        watched.sender.send_modify(|standing| standing.ended = Some((Timestamp::now(), result)));
        let outcome = watched.sender.borrow().outcome();
        outcome.into_iter().for_each(|outcome| self.tally.ended(outcome));
        missed.into_iter().for_each(|feed| self.tally.missed(feed));
    }

    fn order(&self, asked: Asked) -> Order {
        Order {
            source: asked.source.unwrap_or_else(|| self.source.clone()),
            sought: Sought::From(Quarter::of(jiff::Zoned::now().date())),
            validate_only: asked.validate_only,
            accept: asked.accept,
        }
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<watch::Receiver<Standing>>> {
        // A push or a removal is whole or not there, so a panic elsewhere leaves the list good.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records what a person did; without a record it is done all the same.
pub fn record(keeper: &Keeper, deed: Deed, entry: &Entry, reason: String) {
    let releases = vec![entry.header.id.to_string()];
    let event = Event { time: Timestamp::now(), deed, releases, reason, objections: Vec::new() };
    if let Err(error) = history::record(keeper.folder(), &event) {
        tracing::warn!(%error, "the record cannot be written");
    }
}

/// Passes what a refresh does on to those who watch it.
struct Watched {
    sender: watch::Sender<Standing>,
    tally: Arc<dyn Tally>,
}

impl Observer for Watched {
    fn progress(&self, progress: Progress) {
        tracing::debug!(step = progress.step.name(), feed = progress.feed.name(), "refresh");
        self.sender.send_modify(|standing| standing.progress = Some(progress));
    }

    fn took(&self, step: Step, elapsed: Duration) {
        self.tally.step(step, elapsed);
    }
}
