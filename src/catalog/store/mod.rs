//! The durable home of the releases. All of sled is in this folder, and requests never wait for it.
//!
//! A release is written page by page into a tree of its own, flushed, read back and compared; only
//! then does the manifest name it, and is flushed in turn. A process killed in between leaves a tree
//! that the manifest does not know, and the next start drops it. Beside the database lie every release as
//! a bundle, written before the manifest names it, and the ledger: what a damaged database is made anew from.

mod ledger;
mod library;
mod reading;
mod recovery;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::release::{Bundle, BundleError, Place, ReleaseHeader};
use super::snapshot::Catalog;
use ledger::{Ledger, Line};

pub use library::{Library, Snapshot};
pub use recovery::Recovery;

/// Releases of one kind that are kept beside the embedded one; of kinds in several files so many times more.
pub const RELEASES_RETAINED: usize = 4;

/// Bytes of a bundle in one value. sled keeps in memory what it has read, so each page is stored compressed, to about a
/// third. It also holds up to seventeen values together, and whatever is then larger than 128 KiB it puts into a file of
/// its own, which it never removes: so a value must stay well below a seventeenth of that.
const PAGE_BYTES: usize = 16 * 1024;

/// Bytes of a bundle in one value that an earlier program stored.
const EARLIER_PAGE_BYTES: usize = 64 * 1024;

/// sled's own cache; reads come from the snapshot in memory, so it stays small.
const CACHE_BYTES: u64 = 1024 * 1024;

/// Room on the disk that any write is begun with, in bytes: some segments of sled's log. A write to the
/// database that fails stops it until the process ends, so a full disk must show before.
const ROOM_BYTES: usize = 4 * 1024 * 1024;

const MANIFEST: &str = "manifest";
const TREE_PREFIX: &str = "release@";

/// Why the store cannot do what was asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the store {path} is held by {holder}, for five seconds at least: stop that process, ask it with --server, or give another --store"
    )]
    Locked { path: PathBuf, holder: String },
    #[error("the store {path} cannot be read or written: {message}")]
    Io { path: PathBuf, message: String },
    #[error("the store is damaged: {0}")]
    Damaged(String),
    #[error(
        "release {0} was read back from the disk with other content than was written; nothing was changed"
    )]
    ReadBack(String),
    #[error("the store holds no release `{0}`: see `infusion-coder releases`")]
    UnknownRelease(String),
    #[error("release {0} is the embedded one, which always stays")]
    Embedded(String),
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

/// What the manifest says of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    #[serde(flatten)]
    pub header: ReleaseHeader,
    /// Order of arrival; a later posting of a quarter goes before an earlier one.
    pub sequence: u64,
    pub pages: u32,
    /// Whether each page is compressed; an earlier program stored them as they are.
    #[serde(default)]
    pub compressed: bool,
    /// Bytes of the bundle in each page but the last.
    #[serde(default = "earlier_page_bytes")]
    pub page_bytes: usize,
    /// Bytes of the bundle.
    pub bytes: usize,
    /// CRC-32 of the bundle, compared on every read.
    pub crc32: u32,
    /// SHA-256 of the bundle.
    pub sha256: Box<str>,
    pub codes: usize,
    /// Whether answers are read from it.
    pub active: bool,
    /// When it was stored.
    #[serde(default)]
    pub stored: Option<jiff::Timestamp>,
}

const fn earlier_page_bytes() -> usize {
    EARLIER_PAGE_BYTES
}

/// Whether a later posting in use speaks for the quarter of a release; where CMS posts one file a quarter.
pub fn is_superseded(release: &Entry, entries: &[Entry]) -> bool {
    let (kind, quarter) = (release.header.kind, release.header.quarter);
    let speaks_later =
        |other: &Entry| other.active && other.sequence > release.sequence && other.header.kind == kind;
    kind.files_per_quarter() == 1
        && entries.iter().any(|other| speaks_later(other) && other.header.quarter == quarter)
}

/// An open store. One process holds it at a time.
#[derive(Debug)]
pub struct Store {
    db: sled::Db,
    manifest: sled::Tree,
    folder: PathBuf,
    writer: Mutex<()>,
}

/// A store as it was opened, with everything read and checked.
#[derive(Debug)]
pub struct Opened {
    pub store: Store,
    /// What the active releases say together.
    pub catalog: Catalog,
    pub recovery: Recovery,
}

impl Store {
    /// Whether there is a store below a folder, or the exports that one is made from.
    pub fn is_in(folder: &Path) -> bool {
        recovery::is_in(folder)
    }

    /// Opens the store below a folder, making it on first start, and reads every active release.
    ///
    /// Climbs the recovery ladder where the store is damaged: without sled's snapshot, then anew from
    /// the exported releases whose digests verify, with the damaged folder kept aside.
    ///
    /// # Errors
    /// A store that another process holds, or a folder that cannot be written.
    pub fn open(folder: &Path) -> Result<Opened, StoreError> {
        recovery::open(folder)
    }

    /// What the manifest holds, in order of arrival.
    ///
    /// # Errors
    /// A manifest that cannot be read.
    pub fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        let mut entries = self
            .manifest
            .iter()
            .map(|row| {
                let (_, value) = row.map_err(|error| self.error(&error))?;
                serde_json::from_slice(&value).map_err(|error| StoreError::Damaged(error.to_string()))
            })
            .collect::<Result<Vec<Entry>, StoreError>>()?;
        entries.sort_by_key(|entry| entry.sequence);
        Ok(entries)
    }

    /// A release as a bundle, checked against its digest.
    ///
    /// # Errors
    /// A release that is not held, or damage.
    pub fn bundle(&self, id: &str) -> Result<Bundle, StoreError> {
        let entry = self.entry(id)?;
        let bundle = Bundle::verify(self.read_pages(&entry)?)?;
        if bundle.sha256() != &*entry.sha256 {
            return Err(StoreError::Damaged(format!("release {id} has another digest than its manifest")));
        }
        Ok(bundle)
    }

    /// Says whether answers are read from a release.
    ///
    /// # Errors
    /// A release that is not held, or the embedded one.
    pub fn set_active(&self, id: &str, active: bool) -> Result<Entry, StoreError> {
        let _writing = self.writing();
        let mut entry = self.entry(id)?;
        if entry.is_embedded() && !active {
            return Err(StoreError::Embedded(id.to_owned()));
        }
        self.room(0)?;
        let before = Ledger::of(&self.entries()?);
        let mut after = before.clone();
        if !entry.is_embedded() {
            let Entry { sequence, stored, .. } = entry;
            after.lines.insert(id.to_owned(), Line { sequence, active, stored });
        }
        // The ledger goes first: killed in between, the next start does what was asked for.
        let exports = recovery::exports(&self.folder);
        after.write(&exports)?;
        entry.active = active;
        if let Err(error) = self.point_to(&entry) {
            // What failed is what is told; a ledger that stays is obeyed by the next start.
            let _ = before.write(&exports);
            return Err(error);
        }
        Ok(entry)
    }

    /// Writes a release beside the store, where recovery finds it, or into another folder, with the place that it has
    /// here. The name holds the digest of the content.
    ///
    /// # Errors
    /// A release that is not held, or a file that cannot be written.
    pub fn export(&self, id: &str, folder: Option<&Path>) -> Result<PathBuf, StoreError> {
        let bundle = self.bundle(id)?;
        let Some(folder) = folder else {
            return recovery::write_export(&recovery::exports(&self.folder), id, &bundle);
        };
        let entry = self.entry(id)?;
        let path = recovery::export_path(folder, id, &bundle);
        let place = entry.stored.map(|stored| Place { stored, active: entry.active });
        let placed = place.map(|place| bundle.placed(place));
        recovery::write_whole(&path, placed.as_deref().map_or(bundle.bytes(), str::as_bytes))?;
        Ok(path)
    }

    /// Writes what entries say into the ledger. The manifest is right without it, so a failure is only told.
    fn write_ledger(&self, entries: &[Entry]) {
        if let Err(error) = Ledger::of(entries).write(&recovery::exports(&self.folder)) {
            tracing::warn!(%error, "the ledger of the releases cannot be written; it waits for the next change");
        }
    }

    /// Makes sure that so many bytes and some more can be written.
    fn room(&self, bytes: usize) -> Result<(), StoreError> {
        recovery::probe(&self.folder, bytes + ROOM_BYTES)
    }

    fn point_to(&self, entry: &Entry) -> Result<(), StoreError> {
        let value = serde_json::to_vec(entry).map_err(|error| StoreError::Damaged(error.to_string()))?;
        self.manifest.insert(entry.header.id.as_bytes(), value).map_err(|error| self.error(&error))?;
        self.manifest.flush().map(drop).map_err(|error| self.error(&error))
    }

    /// Trees that a killed process left without a place in the manifest.
    fn drop_orphans(&self) -> Result<(), StoreError> {
        let named: Vec<String> =
            self.entries()?.iter().map(|entry| format!("{TREE_PREFIX}{}", entry.header.id)).collect();
        for name in self.db.tree_names() {
            let text = String::from_utf8_lossy(&name);
            if text.starts_with(TREE_PREFIX) && !named.iter().any(|named| *named == text) {
                self.db.drop_tree(&name).map_err(|error| self.error(&error))?;
            }
        }
        Ok(())
    }

    fn entry(&self, id: &str) -> Result<Entry, StoreError> {
        let found = self.entries()?.into_iter().find(|entry| &*entry.header.id == id);
        found.ok_or_else(|| StoreError::UnknownRelease(id.to_owned()))
    }

    fn writing(&self) -> std::sync::MutexGuard<'_, ()> {
        // The lock guards no data of its own, so a panic of another writer leaves nothing half done in it.
        self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn error(&self, error: &sled::Error) -> StoreError {
        recovery::explain(&self.folder, error)
    }
}
