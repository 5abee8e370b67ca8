//! Writing releases into the store: where each comes to stand among those that are held, and which ones go.

use super::ledger::{Ledger, Line};
use super::recovery;
use super::{Entry, PAGE_BYTES, RELEASES_RETAINED, Store, StoreError, TREE_PREFIX, is_superseded};
use crate::catalog::release::{Bundle, Place, Release};

/// How a release arrives.
#[derive(Clone, Copy)]
enum Arrival {
    /// As the last one, in use.
    Last,
    /// As it stood in the store that it was exported from.
    Placed(Place),
    /// As the ledger says.
    Known(Line),
}

impl Store {
    /// Stores a release and makes it active. Storing the same content again changes nothing, unless another posting of
    /// its quarter has come since: the one that is stored last speaks for the quarter.
    ///
    /// # Errors
    /// A write that fails, or that reads back differently; the releases held before stay in force.
    pub fn put(&self, release: &Release) -> Result<Entry, StoreError> {
        let bundle = Bundle::write(release);
        self.put_bundle(&bundle, release, Arrival::Last)
    }

    /// Stores an exported release: before those held that came after it, and out of use where it was so. One that tells
    /// no place is the last to arrive.
    ///
    /// # Errors
    /// A bundle that cannot be read, or a failed write as for [`Store::put`].
    pub fn import(&self, bundle: &Bundle) -> Result<Entry, StoreError> {
        let arrival = bundle.place().map_or(Arrival::Last, Arrival::Placed);
        self.put_bundle(bundle, &bundle.read()?, arrival)
    }

    /// Stores an exported release again as the ledger knows it.
    pub(super) fn restore(&self, bundle: &Bundle, line: Line) -> Result<Entry, StoreError> {
        self.put_bundle(bundle, &bundle.read()?, Arrival::Known(line))
    }

    fn put_bundle(&self, bundle: &Bundle, release: &Release, arrival: Arrival) -> Result<Entry, StoreError> {
        let _writing = self.writing();
        let entries = self.entries()?;
        let id = release.header.id.clone();
        let held = entries.iter().find(|entry| entry.header.id == id);
        // An export says nothing new of what is held; any other posting that is stored again is to speak.
        let is_settled = |held: &&Entry| {
            matches!(arrival, Arrival::Placed(_)) || (held.active && !is_superseded(held, &entries))
        };
        if let Some(held) = held.filter(|held| *held.sha256 == *bundle.sha256()).filter(is_settled) {
            return Ok(held.clone());
        }
        // The export and twice its pages: sled writes them to its log, and may move them once.
        self.room(bundle.bytes().len() * 3)?;
        let tree = format!("{TREE_PREFIX}{id}");
        self.db.drop_tree(&tree).map_err(|error| self.error(&error))?;
        self.write_pages(&tree, bundle.bytes())?;
        let Line { sequence, active, stored } = line(arrival, &entries);
        let entry = Entry {
            header: release.header.clone(),
            sequence,
            pages: bundle.bytes().chunks(PAGE_BYTES).len() as u32,
            compressed: true,
            page_bytes: PAGE_BYTES,
            bytes: bundle.bytes().len(),
            crc32: crc32fast::hash(bundle.bytes()),
            sha256: bundle.sha256().into(),
            codes: release.codes.len(),
            active,
            stored: stored.or_else(|| Some(jiff::Timestamp::now())),
        };
        if !self.read_pages(&entry).is_ok_and(|bytes| bytes == bundle.bytes()) {
            return Err(StoreError::ReadBack(id.to_string()));
        }
        let behind = match arrival {
            Arrival::Placed(_) => behind(&entry, &entries),
            Arrival::Last | Arrival::Known(_) => Vec::new(),
        };
        self.name(&entry, &entries, &behind, bundle)?;
        if !matches!(arrival, Arrival::Known(_)) {
            self.drop_beyond_retained(&entry)?;
        }
        Ok(entry)
    }

    /// Exports a release and names it in the manifest: whatever is held has an export. Those before which it comes to
    /// stand move on.
    fn name(
        &self,
        entry: &Entry,
        held: &[Entry],
        behind: &[Entry],
        bundle: &Bundle,
    ) -> Result<(), StoreError> {
        let exports = recovery::exports(&self.folder);
        if !entry.is_embedded() {
            recovery::write_export(&exports, &entry.header.id, bundle)?;
        }
        if !behind.is_empty() {
            let is_other = |held: &&Entry| {
                held.header.id != entry.header.id && !behind.iter().any(|it| it.header.id == held.header.id)
            };
            let others = held.iter().filter(is_other).chain(behind).cloned();
            let after: Vec<Entry> = others.chain(std::iter::once(entry.clone())).collect();
            // The ledger goes first: killed in between, the next start does the rest.
            Ledger::of(&after).write(&exports)?;
            behind.iter().try_for_each(|moved| self.point_to(moved))?;
        }
        self.point_to(entry)
    }

    fn write_pages(&self, tree: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let tree = self.db.open_tree(tree).map_err(|error| self.error(&error))?;
        let mut batch = sled::Batch::default();
        for (page, number) in bytes.chunks(PAGE_BYTES).zip(0_u32..) {
            batch.insert(&number.to_be_bytes(), lz4_flex::block::compress(page));
        }
        tree.apply_batch(batch).map_err(|error| self.error(&error))?;
        tree.flush().map(drop).map_err(|error| self.error(&error))
    }

    /// The embedded release of an older program goes; of the others the newest of each kind stay, and the ledger
    /// is written with those before any goes.
    fn drop_beyond_retained(&self, added: &Entry) -> Result<(), StoreError> {
        let embedded = added.is_embedded();
        let kept = if embedded { 1 } else { RELEASES_RETAINED * added.header.kind.files_per_quarter() };
        let mut entries = self.entries()?;
        // Those out of use are remembered so that no refresh brings them back, and take no place of one in use.
        let is_like = |entry: &&Entry| entry.header.kind == added.header.kind && entry.active == added.active;
        let mut same_kind: Vec<Entry> = entries.iter().filter(is_like).cloned().collect();
        same_kind.sort_by_key(|entry| {
            if embedded { (None, entry.sequence) } else { (Some(entry.header.quarter), entry.sequence) }
        });
        same_kind.truncate(same_kind.len().saturating_sub(kept));
        same_kind.retain(|entry| entry.header.id != added.header.id);
        entries.retain(|entry| !same_kind.contains(entry));
        if !embedded {
            self.write_ledger(&entries);
        }
        for entry in same_kind {
            // The export goes first: one without a release would be read back as the last posting of its quarter.
            recovery::remove_exports(&self.folder, &entry.header.id);
            self.manifest.remove(entry.header.id.as_bytes()).map_err(|error| self.error(&error))?;
            self.manifest.flush().map_err(|error| self.error(&error))?;
            let tree = format!("{TREE_PREFIX}{}", entry.header.id);
            self.db.drop_tree(tree).map_err(|error| self.error(&error))?;
        }
        Ok(())
    }
}

/// Those behind a release that comes to stand among them, each moved on by one.
fn behind(entry: &Entry, held: &[Entry]) -> Vec<Entry> {
    let is_behind = |held: &&Entry| {
        held.sequence >= entry.sequence && held.header.id != entry.header.id && !held.is_embedded()
    };
    let moved = |held: &Entry| Entry { sequence: held.sequence + 1, ..held.clone() };
    held.iter().filter(is_behind).map(moved).collect()
}

/// Where a release comes to stand. Times are those of one store and never fall, so that they tell the order.
fn line(arrival: Arrival, held: &[Entry]) -> Line {
    let sequence = held.last().map_or(1, |last| last.sequence + 1);
    match arrival {
        Arrival::Known(line) => line,
        Arrival::Last => {
            let latest = held.iter().filter_map(|held| held.stored).max();
            let after = latest.and_then(|latest| latest.checked_add(jiff::Span::new().nanoseconds(1)).ok());
            let now = jiff::Timestamp::now();
            Line { sequence, active: true, stored: Some(after.map_or(now, |after| after.max(now))) }
        }
        Arrival::Placed(Place { stored, active }) => {
            let came_later = |held: &&Entry| !held.is_embedded() && held.stored.is_some_and(|it| it > stored);
            let sequence = held.iter().find(came_later).map_or(sequence, |later| later.sequence);
            Line { sequence, active, stored: Some(stored) }
        }
    }
}
