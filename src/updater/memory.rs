//! What the updater remembers between runs: how each page and each file answered last.
//!
//! A convenience only. It lies beside the store, is written whole after each run, and a lost or damaged
//! memory costs a download, never a release: what is held is decided by the store.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::discover::Link;
use super::fetch::Validators;
use super::settings::FeedId;
use crate::domain::quarter::Quarter;

const FILE: &str = "updater.json";

/// How this program reads and orders the links of a page: the links that an earlier one remembers are read anew.
const READING: u32 = 2;

/// The mode of a file before the mask is taken off.
#[cfg(unix)]
const READABLE: u32 = 0o666;

/// A page as it was read last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageMemory {
    pub validators: Validators,
    pub links: Vec<Link>,
}

/// A file as it was fetched last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMemory {
    /// The address it was asked for under.
    pub url: String,
    pub validators: Validators,
    pub sha256: String,
}

/// Everything remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// By which reading the links of the pages are remembered.
    #[serde(default)]
    reading: u32,
    /// Pages by feed and address.
    pub pages: BTreeMap<FeedId, BTreeMap<String, PageMemory>>,
    /// Files by feed and quarter.
    pub files: BTreeMap<FeedId, BTreeMap<Quarter, FileMemory>>,
    /// When a scheduled refresh last ran to its end, in seconds since 1970.
    pub last_scheduled: Option<i64>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { reading: READING, pages: BTreeMap::new(), files: BTreeMap::new(), last_scheduled: None }
    }
}

impl Memory {
    /// What was remembered in a folder; nothing when there is no memory or it cannot be read.
    pub fn load(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join(FILE)).unwrap_or_default();
        if text.is_empty() {
            return Self::default();
        }
        let memory: Self = serde_json::from_str(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, "the updater's memory is damaged; it starts anew");
            Self::default()
        });
        if memory.reading == READING {
            memory
        } else {
            Self { pages: BTreeMap::new(), reading: READING, ..memory }
        }
    }

    /// Writes the memory so that a crash leaves the old or the new one, never half of one.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn save(&self, folder: &Path) -> std::io::Result<()> {
        write_whole(&folder.join(FILE), &serde_json::to_vec_pretty(self)?)
    }

    /// The file of a feed and quarter as it was fetched last.
    pub fn file(&self, feed: FeedId, quarter: Quarter) -> Option<&FileMemory> {
        self.files.get(&feed)?.get(&quarter)
    }

    /// The file that was fetched last from an address.
    pub fn file_at(&self, feed: FeedId, url: &str) -> Option<&FileMemory> {
        self.files.get(&feed)?.values().find(|file| file.url == url)
    }

    /// Remembers a file.
    pub fn remember(&mut self, feed: FeedId, quarter: Quarter, file: FileMemory) {
        self.files.entry(feed).or_default().insert(quarter, file);
    }
}

/// Writes a file beside its place, flushes it and moves it there.
///
/// # Errors
/// What the file system answers, as on a full disk; the old file then stays.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    std::fs::create_dir_all(&folder)?;
    let mut builder = tempfile::Builder::new();
    // A temporary file is its maker's alone; a report or a published catalog is for others too, as far as
    // the process's mask lets them.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(READABLE));
    let mut file = builder.tempfile_in(&folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_survives_and_a_damaged_one_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Memory::load(folder.path()), Memory::default());
        let mut memory = Memory::default();
        let quarter = "2026Q1".parse().unwrap();
        let validators = Validators { etag: Some("\"1\"".to_owned()), last_modified: None };
        let file = FileMemory { url: "http://a/b.zip".to_owned(), validators, sha256: "00".to_owned() };
        memory.remember(FeedId::Hcpcs, quarter, file.clone());
        memory.save(folder.path()).unwrap();
        assert_eq!(Memory::load(folder.path()).file(FeedId::Hcpcs, quarter), Some(&file));
        memory.pages.entry(FeedId::Hcpcs).or_default();
        memory.save(folder.path()).unwrap();
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        std::fs::write(folder.path().join(FILE), text.replace("\"reading\": 2,", "")).unwrap();
        let earlier = Memory::load(folder.path());
        assert!(earlier.pages.is_empty(), "an earlier program put the links in another order");
        assert_eq!(earlier.file(FeedId::Hcpcs, quarter), Some(&file));
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(Memory::load(folder.path()), Memory::default());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_written_is_as_open_as_any_other_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let [ours, plain] = ["ours", "plain"].map(|name| folder.path().join(name));
        write_whole(&ours, b"x").unwrap();
        std::fs::write(&plain, b"x").unwrap();
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }
}
