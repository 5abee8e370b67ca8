//! The library as the updater uses it: releases are kept, put into use and taken out of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::refresh::Shelf;
use super::replica::{Place, publish, published};
use crate::catalog::release::{Release, ReleaseHeader, ReleaseKind};
use crate::catalog::store::{Entry, Library, Store, StoreError, is_superseded};
use crate::domain::quarter::Quarter;

/// Why the library cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is nothing to roll back: only the embedded release is in use")]
    NothingToRollBack,
    #[error("there is no store, so nothing can be kept: start the service with --store")]
    NoStore,
}

/// A library with its store, and the folder where the updater keeps its memory and reports too.
#[derive(Clone)]
pub struct Keeper {
    library: Arc<Library>,
    folder: PathBuf,
    place: Option<Arc<Place>>,
}

impl Keeper {
    /// A keeper of a library whose store lies in a folder.
    pub const fn new(library: Arc<Library>, folder: PathBuf) -> Self {
        Self { library, folder, place: None }
    }

    /// The same, and every change is published for the replicas.
    #[must_use]
    pub fn publishing(self, place: Option<Place>) -> Self {
        Self { place: place.map(Arc::new), ..self }
    }

    /// Publishes what is in use, where there is a place for it. Answers why it could not; the store is
    /// right all the same, and the next change or `export --bundle` publishes again.
    pub async fn publish(&self) -> Option<String> {
        let place = self.place.as_ref()?;
        match publish(self, place).await {
            Ok(pointer) => {
                tracing::info!(bundle = pointer.bundle, "published for the replicas");
                None
            }
            Err(error) => {
                tracing::error!(%error, "the change cannot be published, and the replicas stay as they were");
                Some(format!("not published for the replicas: {error}"))
            }
        }
    }

    /// Whether there is a place for replicas, and it does not show what is in use.
    pub async fn is_unpublished(&self) -> bool {
        let Some(place) = self.place.as_ref() else { return false };
        let in_use = self.entries().into_iter().filter(|entry| entry.active);
        let in_use: Vec<String> = in_use.map(|entry| entry.header.id.to_string()).collect();
        published(place).await.is_none_or(|shown| shown != in_use)
    }

    /// The folder of the store.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The library.
    pub const fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// Answers from a release that is held. Later postings of its quarter go out of use, since only the
    /// last posting of a quarter speaks.
    ///
    /// # Errors
    /// A release that is not held, or a write that fails.
    pub fn activate(&self, id: &str) -> Result<Entry, KeeperError> {
        let store = self.store()?;
        let activated = store.set_active(id, true)?;
        for entry in store.entries()? {
            let same = (entry.header.kind, entry.header.quarter)
                == (activated.header.kind, activated.header.quarter);
            if same && entry.active && entry.sequence > activated.sequence {
                store.set_active(&entry.header.id, false)?;
            }
        }
        self.library.reload()?;
        Ok(activated)
    }

    /// Takes a release out of use, by default the release of codes that came last. Answers that one,
    /// and the newest release of codes in use now.
    ///
    /// # Errors
    /// Nothing but the embedded release in use, a release that is not held, or a write that fails.
    pub fn roll_back(&self, id: Option<&str>) -> Result<(Entry, Entry), KeeperError> {
        let store = self.store()?;
        let id = match id {
            Some(id) => id.to_owned(),
            None => {
                let entries = store.entries()?;
                let codes = entries.iter().filter(|it| it.active && it.header.kind == ReleaseKind::Hcpcs);
                let last = codes.max_by_key(|entry| entry.sequence);
                last.ok_or(KeeperError::NothingToRollBack)?.header.id.to_string()
            }
        };
        let out = store.set_active(&id, false)?;
        self.library.reload()?;
        let holds_codes = |kind| matches!(kind, ReleaseKind::Hcpcs | ReleaseKind::Embedded);
        let newest = store
            .entries()?
            .into_iter()
            .filter(|entry| entry.active && holds_codes(entry.header.kind))
            .max_by_key(|entry| (entry.header.kind, entry.header.quarter, entry.sequence));
        Ok((out, newest.ok_or(KeeperError::NothingToRollBack)?))
    }

    /// The store.
    ///
    /// # Errors
    /// There is none.
    pub fn store(&self) -> Result<&Store, KeeperError> {
        self.library.store().ok_or(KeeperError::NoStore)
    }

    fn entries(&self) -> Vec<Entry> {
        self.library.entries().unwrap_or_else(|error| {
            tracing::error!(%error, "the store cannot be read");
            Vec::new()
        })
    }
}

impl Shelf for Keeper {
    fn held(&self) -> Vec<ReleaseHeader> {
        self.entries().into_iter().map(|entry| entry.header).collect()
    }

    fn settled(&self) -> Vec<ReleaseHeader> {
        let entries = self.entries();
        let is_settled = |entry: &&Entry| !entry.active || !is_superseded(entry, &entries);
        entries.iter().filter(is_settled).map(|entry| entry.header.clone()).collect()
    }

    fn newest_until(&self, kind: ReleaseKind, quarter: Quarter) -> Option<Arc<Release>> {
        let entries = self.entries();
        let newest = entries
            .iter()
            .filter(|entry| entry.active && entry.header.kind == kind && entry.header.quarter <= quarter)
            .max_by_key(|entry| (entry.header.quarter, entry.sequence));
        if let Some(newest) = newest {
            return self.library.release(&newest.header.id).ok().map(Arc::new);
        }
        let serves = kind == ReleaseKind::Hcpcs && ReleaseHeader::embedded().quarter <= quarter;
        serves.then(|| Arc::new(Release::read_embedded()))
    }

    fn keep(&self, release: &Release) -> Result<(), String> {
        let store = self.store().map_err(|error| error.to_string())?;
        store.put(release).map(drop).map_err(|error| error.to_string())
    }

    fn activate(&self) -> Result<(), String> {
        self.library.reload().map(drop).map_err(|error| error.to_string())
    }
}
