//! The store and the catalog that answers come from, together: what is kept is what is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::refresh::Shelf;
use crate::catalog::Catalog;
use crate::catalog::release::{Overlay, Release, ReleaseHeader, ReleaseKind};
use crate::catalog::store::{Entry, Opened, Store, StoreError};
use crate::domain::quarter::Quarter;

/// The catalog that requests read; a refresh swaps it whole.
pub type InUse = Arc<ArcSwapOption<Catalog>>;

/// Why a release cannot be taken out of use.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is nothing to roll back: only the embedded release is in use")]
    NothingToRollBack,
}

/// An open store, and the catalog merged from its releases in use.
pub struct Library {
    store: Store,
    folder: PathBuf,
    in_use: InUse,
}

impl Library {
    /// Takes an opened store, and publishes its catalog.
    pub fn new(folder: &Path, opened: Opened, in_use: InUse) -> Arc<Self> {
        in_use.store(Some(Arc::new(Catalog::merge(&opened.releases, Overlay::embedded()))));
        Arc::new(Self { store: opened.store, folder: folder.to_owned(), in_use })
    }

    /// The folder of the store, where the updater keeps its memory and reports too.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The store itself.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The catalog in use.
    pub fn catalog(&self) -> Option<Arc<Catalog>> {
        self.in_use.load_full()
    }

    /// Merges the releases in use anew, and swaps the catalog that requests read.
    ///
    /// # Errors
    /// Damage in a release; the catalog stays as it was.
    pub fn reload(&self) -> Result<(), StoreError> {
        let releases = self.store.active_releases()?;
        self.in_use.store(Some(Arc::new(Catalog::merge(&releases, Overlay::embedded()))));
        Ok(())
    }

    /// Answers from a release that is held. Later postings of its quarter go out of use, since only the
    /// last posting of a quarter speaks.
    ///
    /// # Errors
    /// A release that is not held, or a write that fails.
    pub fn activate_release(&self, id: &str) -> Result<Entry, LibraryError> {
        let activated = self.store.set_active(id, true)?;
        for entry in self.store.entries()? {
            let same = (entry.header.kind, entry.header.quarter)
                == (activated.header.kind, activated.header.quarter);
            if same && entry.active && entry.sequence > activated.sequence {
                self.store.set_active(&entry.header.id, false)?;
            }
        }
        self.reload()?;
        Ok(activated)
    }

    /// Takes a release out of use, by default the release of codes that came last, and says which it
    /// was and which release of codes is the newest in use now.
    ///
    /// # Errors
    /// Nothing but the embedded release in use, a release that is not held, or a write that fails.
    pub fn roll_back(&self, id: Option<&str>) -> Result<(Entry, Entry), LibraryError> {
        let id = match id {
            Some(id) => id.to_owned(),
            None => {
                let entries = self.store.entries()?;
                let codes = entries.iter().filter(|it| it.active && it.header.kind == ReleaseKind::Hcpcs);
                let last = codes.max_by_key(|entry| entry.sequence);
                last.ok_or(LibraryError::NothingToRollBack)?.header.id.to_string()
            }
        };
        let out = self.store.set_active(&id, false)?;
        self.reload()?;
        let entries = self.store.entries()?;
        let holds_codes = |kind| matches!(kind, ReleaseKind::Hcpcs | ReleaseKind::Embedded);
        let newest = entries
            .into_iter()
            .filter(|entry| entry.active && holds_codes(entry.header.kind))
            .max_by_key(|entry| (entry.header.kind, entry.header.quarter, entry.sequence));
        Ok((out, newest.ok_or(LibraryError::NothingToRollBack)?))
    }

    fn release(&self, id: &str) -> Result<Release, StoreError> {
        Ok(self.store.bundle(id)?.read()?)
    }
}

impl Shelf for Library {
    fn held(&self) -> Vec<ReleaseHeader> {
        let entries = self.store.entries().unwrap_or_else(|error| {
            tracing::error!(%error, "the store cannot be read");
            Vec::new()
        });
        entries.into_iter().map(|entry| entry.header).collect()
    }

    fn newest_until(&self, kind: ReleaseKind, quarter: Quarter) -> Option<Arc<Release>> {
        let entries = self.store.entries().ok()?;
        let newest = entries
            .iter()
            .filter(|entry| entry.active && entry.header.kind == kind && entry.header.quarter <= quarter)
            .max_by_key(|entry| (entry.header.quarter, entry.sequence));
        if let Some(newest) = newest {
            return self.release(&newest.header.id).ok().map(Arc::new);
        }
        let embedded = Release::embedded();
        let serves = kind == ReleaseKind::Hcpcs && embedded.header.quarter <= quarter;
        serves.then(|| Arc::new(embedded.clone()))
    }

    fn keep(&self, release: &Release) -> Result<(), String> {
        self.store.put(release).map(drop).map_err(|error| error.to_string())
    }

    fn activate(&self) -> Result<(), String> {
        self.reload().map_err(|error| error.to_string())
    }
}
