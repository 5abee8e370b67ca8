//! From what is stored to the catalog in memory.

use std::collections::VecDeque;
use std::thread::{self, ScopedJoinHandle};

use super::{Entry, Store, StoreError, TREE_PREFIX};
use crate::catalog::release::{Bundle, Merging, Overlay, Release, ReleaseHeader, merge_order};
use crate::catalog::snapshot::Catalog;

/// Releases that are read at the same time. Reading takes most of the time of a start, and all of them at once
/// in memory would be several times the catalog.
const READERS: usize = 2;

impl Store {
    /// The catalog that the active releases make together.
    ///
    /// # Errors
    /// Damage in any of them.
    pub fn catalog(&self) -> Result<Catalog, StoreError> {
        self.merged(&speaking(&self.entries()?))
    }

    /// Every release held, whether it speaks or not, must read back whole; the catalog of those that do.
    pub(super) fn check(&self) -> Result<Catalog, StoreError> {
        let entries = self.entries()?;
        let speaking = speaking(&entries);
        for entry in entries.iter().filter(|entry| !speaking.iter().any(|it| it.header.id == entry.header.id))
        {
            self.read_pages(entry)?;
        }
        self.merged(&speaking)
    }

    fn merged<'a>(&'a self, entries: &'a [&'a Entry]) -> Result<Catalog, StoreError> {
        let mut merging = Merging::new(Overlay::embedded());
        thread::scope(|scope| {
            let mut unread = entries.iter();
            let read = |entry: &'a &'a Entry| scope.spawn(|| self.read(entry));
            let mut readers: VecDeque<_> = unread.by_ref().take(READERS).map(read).collect();
            // While a release is merged the next ones are read; the one after them is begun when this one is gone.
            while let Some(reader) = readers.pop_front() {
                merging.add(joined(reader)?);
                readers.extend(unread.next().map(read));
            }
            Ok::<_, StoreError>(())
        })?;
        Ok(merging.finish())
    }

    pub(super) fn read(&self, entry: &Entry) -> Result<Release, StoreError> {
        let pages = self.read_pages(entry)?;
        // The pages are whole, and the id holds the digest of the very tables that are compiled in.
        if entry.header == *ReleaseHeader::embedded() {
            return Ok(Release::read_embedded());
        }
        Ok(Bundle::verify(pages)?.read()?)
    }

    pub(super) fn read_pages(&self, entry: &Entry) -> Result<Vec<u8>, StoreError> {
        let tree = format!("{TREE_PREFIX}{}", entry.header.id);
        let tree = self.db.open_tree(tree).map_err(|error| self.error(&error))?;
        let mut bytes = vec![0; entry.bytes];
        let mut room = bytes.chunks_mut(entry.page_bytes.max(1));
        let mut read = 0;
        for page in tree.iter().values() {
            let page = page.map_err(|error| self.error(&error))?;
            // A page too many, or one that does not fit its place, counts for nothing, and the length shows it.
            read += room.next().and_then(|room| unfold(&page, room, entry.compressed)).unwrap_or_default();
        }
        if read != entry.bytes || crc32fast::hash(&bytes) != entry.crc32 {
            let id = &entry.header.id;
            return Err(StoreError::Damaged(format!("release {id} does not match its checksum")));
        }
        Ok(bytes)
    }
}

/// Writes a stored page into its place of the bundle; gives its length there, or nothing where it does not fit.
fn unfold(page: &[u8], room: &mut [u8], is_compressed: bool) -> Option<usize> {
    if is_compressed {
        return lz4_flex::block::decompress_into(page, room).ok();
    }
    room.get_mut(..page.len())?.copy_from_slice(page);
    Some(page.len())
}

/// The active entries that a catalog is made of, in the order in which they are merged.
fn speaking(entries: &[Entry]) -> Vec<&Entry> {
    let active: Vec<&Entry> = entries.iter().filter(|entry| entry.active).collect();
    let headers: Vec<&ReleaseHeader> = active.iter().map(|entry| &entry.header).collect();
    merge_order(&headers).into_iter().map(|at| active[at]).collect()
}

/// What a reader read. A panic inside the database goes on here, where the recovery takes it for damage.
fn joined<T>(reader: ScopedJoinHandle<'_, T>) -> T {
    reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::release::ReleaseKind;
    use crate::catalog::store::{EARLIER_PAGE_BYTES, RELEASES_RETAINED};

    #[test]
    fn pages_of_an_earlier_program_are_read_as_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store").store;
        let compressed = store.entries().expect("entries").remove(0);
        let bytes = store.read_pages(&compressed).expect("the embedded release");
        let tree = store.db.open_tree(format!("{TREE_PREFIX}{}", compressed.header.id)).expect("its tree");
        let stored: usize = tree.iter().values().map(|page| page.expect("a page").len()).sum();
        assert!(compressed.compressed && stored * 2 < bytes.len(), "{stored} of {}", bytes.len());

        tree.clear().expect("emptied");
        for (number, page) in bytes.chunks(EARLIER_PAGE_BYTES).enumerate() {
            tree.insert((number as u32).to_be_bytes(), page).expect("written");
        }
        let mut earlier = serde_json::to_value(&compressed).expect("an entry");
        earlier
            .as_object_mut()
            .expect("fields")
            .retain(|field, _| !["compressed", "page_bytes"].contains(&&**field));
        let as_they_are: Entry = serde_json::from_value(earlier).expect("an entry of an earlier program");
        assert_eq!(store.read_pages(&as_they_are), Ok(bytes));
        assert!(matches!(store.read_pages(&compressed), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn releases_that_come_and_go_leave_no_files_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store").store;
        let quarter = "2026Q1".parse().expect("a quarter");
        for posting in 0..RELEASES_RETAINED * 2 {
            let digest = format!("{posting:08x}cccc");
            let header = ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, "posting.txt", &digest);
            store.put(&Release { header, ..Release::embedded().clone() }).expect("stored");
        }
        // What sled puts into a file of its own, because it is too large for its log, it never removes.
        let files = std::fs::read_dir(folder.path().join("db/blobs")).expect("the folder of large values");
        assert_eq!(files.count(), 0);
        assert_eq!(store.entries().expect("entries").len(), RELEASES_RETAINED + 1);
    }
}
