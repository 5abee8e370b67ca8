//! The releases held, and the catalog that they make together: the snapshot that requests read.

use std::path::Path;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};

use super::{Entry, Recovery, Store, StoreError};
use crate::catalog::release::{Overlay, Release, ReleaseKind};
use crate::catalog::snapshot::Catalog;
use crate::domain::quarter::Quarter;

/// The snapshot in use. Readers take it once a request; a refresh puts another one in its place.
pub type Snapshot = Arc<ArcSwapOption<Catalog>>;

/// The store, where there is one, and the snapshot built from its active releases.
#[derive(Debug)]
pub struct Library {
    store: Option<Store>,
    snapshot: Snapshot,
    /// What a replica took over from an updater, where there is no store.
    received: ArcSwap<Vec<Release>>,
}

impl Library {
    /// Opens the store below a folder, storing the embedded release on first start, and builds the snapshot.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn open(folder: &Path) -> Result<(Self, Recovery), StoreError> {
        let opened = Store::open(folder)?;
        let snapshot = Arc::new(ArcSwapOption::new(Some(Arc::new(opened.catalog))));
        Ok((Self::new(Some(opened.store), snapshot), opened.recovery))
    }

    /// The embedded release alone, without a store: nothing can be added to it.
    pub fn embedded() -> Self {
        Self::new(None, Arc::new(ArcSwapOption::new(Some(Catalog::embedded()))))
    }

    /// Nothing at all, where the store cannot be used: there is no snapshot to answer from.
    pub fn unavailable() -> Self {
        Self::new(None, Snapshot::default())
    }

    fn new(store: Option<Store>, snapshot: Snapshot) -> Self {
        Self { store, snapshot, received: ArcSwap::default() }
    }

    /// Answers from releases that another process keeps, in the order in which they are merged.
    pub fn receive(&self, releases: Vec<Release>) {
        let catalog = Catalog::merge(&releases, Overlay::embedded());
        self.received.store(Arc::new(releases));
        self.snapshot.store(Some(Arc::new(catalog)));
    }

    /// The store; nothing where only the embedded release is served.
    pub const fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    /// The handle through which requests read, and through which they see a swap.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.clone()
    }

    /// The catalog in use.
    pub fn catalog(&self) -> Option<Arc<Catalog>> {
        self.snapshot.load_full()
    }

    /// Builds a snapshot from the releases that are active now and puts it in use, so that what was
    /// stored, activated or rolled back before answers the next request.
    ///
    /// # Errors
    /// Damage in any of them; the snapshot before stays in use.
    pub fn reload(&self) -> Result<Arc<Catalog>, StoreError> {
        let catalog = match &self.store {
            Some(store) => Arc::new(store.catalog()?),
            None => Catalog::embedded(),
        };
        self.snapshot.store(Some(catalog.clone()));
        Ok(catalog)
    }

    /// What is held, in order of arrival.
    ///
    /// # Errors
    /// A manifest that cannot be read.
    pub fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        match &self.store {
            Some(store) => store.entries(),
            None => {
                let received = self.received.load();
                let received = received.iter().zip(1..).map(|(release, place)| Entry::of(release, place));
                let entries: Vec<Entry> = received.collect();
                Ok(if entries.is_empty() { vec![Entry::of(&Release::read_embedded(), 1)] } else { entries })
            }
        }
    }

    /// The catalog that releases made together, by the name it had in an answer: their ids with `+` between.
    ///
    /// # Errors
    /// A release that is not held any more, or damage.
    pub fn catalog_of(&self, name: &str) -> Result<Catalog, StoreError> {
        let releases: Vec<Release> = name.split('+').map(|id| self.release(id)).collect::<Result<_, _>>()?;
        let catalog = Catalog::merge(&releases, Overlay::embedded());
        if *catalog.release == *name { Ok(catalog) } else { Err(StoreError::UnknownRelease(name.to_owned())) }
    }

    /// The release of an id, or the newest posting of codes of a quarter such as `2018Q1`.
    ///
    /// # Errors
    /// A name that nothing held has, or damage.
    pub fn release(&self, name: &str) -> Result<Release, StoreError> {
        let entries = self.entries()?;
        let unknown = || StoreError::UnknownRelease(name.to_owned());
        let entry = find(&entries, name).ok_or_else(unknown)?;
        match &self.store {
            Some(store) => store.read(entry),
            None => {
                let received = self.received.load();
                let found = received.iter().find(|release| release.header == entry.header);
                Ok(found.cloned().unwrap_or_else(Release::read_embedded))
            }
        }
    }
}

/// An entry by its id, or the newest posting of codes of a quarter.
fn find<'a>(entries: &'a [Entry], name: &str) -> Option<&'a Entry> {
    let by_id = entries.iter().find(|entry| &*entry.header.id == name);
    by_id.or_else(|| {
        let quarter: Quarter = name.to_uppercase().parse().ok()?;
        let of_quarter = entries.iter().filter(|entry| entry.header.quarter == quarter);
        // A posting of codes says more of a quarter than the embedded table does.
        of_quarter
            .filter(|entry| entry.has_codes())
            .max_by_key(|entry| (entry.header.kind == ReleaseKind::Hcpcs, entry.active, entry.sequence))
    })
}

impl Entry {
    /// The entry of a release where there is no store.
    fn of(release: &Release, sequence: u64) -> Self {
        Self {
            header: release.header.clone(),
            sequence,
            pages: 0,
            compressed: false,
            page_bytes: 0,
            bytes: 0,
            crc32: 0,
            sha256: release.header.source_sha256.clone(),
            codes: release.codes.len(),
            active: true,
            stored: None,
        }
    }

    /// Whether it is the program's own, which has no export and no line in the ledger.
    pub(super) fn is_embedded(&self) -> bool {
        self.header.kind == ReleaseKind::Embedded
    }

    const fn has_codes(&self) -> bool {
        matches!(self.header.kind, ReleaseKind::Hcpcs | ReleaseKind::Embedded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::release::ReleaseHeader;

    #[test]
    fn a_reload_shows_what_was_stored_since() {
        let folder = tempfile::tempdir().expect("a folder");
        let (library, recovery) = Library::open(folder.path()).expect("a library");
        assert_eq!(recovery, Recovery::FirstStart);
        let (reader, before) = (library.snapshot(), library.catalog().expect("a catalog"));
        let quarter = "2026Q1".parse().expect("a quarter");
        let header = ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, "posting.txt", "aaaaaaaaaaaa");
        let release = Release { header, ..Release::embedded().clone() };
        let entry = library.store().expect("a store").put(&release).expect("stored");
        library.reload().expect("reloaded");
        let after = reader.load_full().expect("a catalog");
        assert!(after.release.ends_with(&*entry.header.id) && after.release != before.release);
        assert_eq!(library.release("2026q1").map(|found| found.header.id), Ok(entry.header.id));
        assert!(matches!(library.release("2011Q1"), Err(StoreError::UnknownRelease(_))));
    }

    #[test]
    fn without_a_store_the_embedded_release_is_held() {
        let library = Library::embedded();
        let entries = library.entries().expect("entries");
        assert_eq!(entries.len(), 1);
        assert!(library.release(&entries[0].header.id).is_ok() && library.reload().is_ok());
    }
}
