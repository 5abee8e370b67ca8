//! Opening the store, and the ladder of recovery from a damaged one.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{CACHE_BYTES, MANIFEST, Opened, Store, StoreError};
use crate::catalog::release::{Bundle, Release};

/// sled releases its lock a moment after the last handle is gone, so a reopening waits this long.
const LOCK_WAIT: Duration = Duration::from_secs(5);
const LOCK_RETRY: Duration = Duration::from_millis(25);

/// How the store came to be open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovery {
    /// It opened as it was.
    None,
    /// There was none yet; the embedded release was stored.
    FirstStart,
    /// It opened after its snapshot files were removed; no release was lost.
    WithoutSnapshot,
    /// It opened without releases that damage had made it forget; they were read back from their exports.
    Restored { imported: Vec<String> },
    /// It was damaged and set aside; these releases were read back from their exports.
    StartedOver { set_aside: PathBuf, imported: Vec<String> },
}

impl Recovery {
    /// What an operator must know of the opening; empty where it opened as it was.
    pub fn remark(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::FirstStart => ", made on this first start with the embedded release".to_owned(),
            Self::WithoutSnapshot => {
                ", opened after its damaged snapshot was removed; nothing was lost".to_owned()
            }
            Self::Restored { imported } => {
                format!(", in which damage had lost {}; read back from the exports", imported.join(", "))
            }
            Self::StartedOver { set_aside, imported } => format!(
                ", started over with the embedded release and {} exported ones; the damaged one is kept as {}",
                imported.len(),
                set_aside.display()
            ),
        }
    }
}

pub(super) fn open(folder: &Path) -> Result<Opened, StoreError> {
    fs::create_dir_all(folder).map_err(|error| io(folder, &error))?;
    let is_first = !database(folder).exists();
    let damage = match attempt(folder) {
        Ok((store, releases)) => {
            let recovery = if is_first { Recovery::FirstStart } else { Recovery::None };
            return with_embedded(store, releases, recovery);
        }
        Err(error @ (StoreError::Locked { .. } | StoreError::Io { .. })) => return Err(error),
        Err(damage) => damage,
    };
    tracing::warn!(%damage, "the store is damaged; trying it without its snapshot");
    if remove_snapshots(folder)
        && let Ok((store, releases)) = attempt(folder)
    {
        return with_embedded(store, releases, Recovery::WithoutSnapshot);
    }
    start_over(folder)
}

/// Opens, drops what a killed process left, and reads everything; a panic inside sled is damage.
fn attempt(folder: &Path) -> Result<(Store, Vec<Release>), StoreError> {
    catch_unwind(AssertUnwindSafe(|| {
        let store = open_waiting(folder)?;
        let read = store.check().and_then(|releases| store.drop_orphans().map(|()| releases));
        if let Err(error @ StoreError::Io { .. }) = read {
            // sled would try to write for ever as it closes, as on a full disk; the process ends instead.
            std::mem::forget(store);
            return Err(error);
        }
        Ok((store, read?))
    }))
    .unwrap_or_else(|_| Err(StoreError::Damaged("reading it failed inside the database".to_owned())))
}

/// Stores the program's own release where it is missing or another program's.
fn with_embedded(store: Store, mut releases: Vec<Release>, recovery: Recovery) -> Result<Opened, StoreError> {
    let embedded = Release::embedded();
    if !releases.iter().any(|release| release.header == embedded.header) {
        store.put(embedded)?;
        releases.retain(|release| release.header.kind != embedded.header.kind);
        releases.insert(0, embedded.clone());
    }
    let imported = restore_forgotten(&store)?;
    let recovery = match recovery {
        Recovery::None | Recovery::FirstStart | Recovery::WithoutSnapshot if !imported.is_empty() => {
            tracing::warn!(?imported, "releases that the store had lost were read back from their exports");
            releases = store.active_releases()?;
            Recovery::Restored { imported }
        }
        other => other,
    };
    // Only a hint for the message that another process prints, so a failure to write it is no failure.
    let _ = fs::write(holder_file(&store.folder), std::process::id().to_string());
    Ok(Opened { store, releases, recovery })
}

/// A damaged end of its log makes sled forget the last writes without an error. Every release held has
/// an export, so an export that the manifest does not name was lost.
fn restore_forgotten(store: &Store) -> Result<Vec<String>, StoreError> {
    let entries = store.entries()?;
    let is_held = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        entries.iter().any(|entry| name.starts_with(&format!("{}.", entry.header.id)))
    };
    let mut imported = Vec::new();
    for path in exported(&store.folder).into_iter().filter(|path| !is_held(path)) {
        let bundle = fs::read(&path).ok().and_then(|bytes| Bundle::verify(bytes).ok());
        if let Some(entry) = bundle.and_then(|bundle| store.import(&bundle).ok()) {
            imported.push(entry.header.id.to_string());
        }
    }
    Ok(imported)
}

/// Removes the exports of a release that is no longer retained.
pub(super) fn remove_exports(folder: &Path, id: &str) {
    let of_release = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("{id}.")))
    };
    for path in exported(folder).iter().filter(|path| of_release(path)) {
        // A file that stays is imported again and dropped again, so nothing is lost by it.
        let _ = fs::remove_file(path);
    }
}

fn start_over(folder: &Path) -> Result<Opened, StoreError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let set_aside = (0..)
        .map(|number| folder.join(format!("db.corrupt-{now}-{number}")))
        .find(|path| !path.exists())
        .unwrap_or_else(|| folder.join("db.corrupt"));
    fs::rename(database(folder), &set_aside).map_err(|error| io(folder, &error))?;
    tracing::error!(set_aside = %set_aside.display(), "the damaged store was set aside; starting over");
    let (store, _) = attempt(folder)?;
    let imported = restore_forgotten(&store)?;
    let releases = store.active_releases()?;
    with_embedded(store, releases, Recovery::StartedOver { set_aside, imported })
}

fn open_waiting(folder: &Path) -> Result<Store, StoreError> {
    let waiting_since = Instant::now();
    loop {
        let config = sled::Config::new()
            .path(database(folder))
            .cache_capacity(CACHE_BYTES)
            .mode(sled::Mode::HighThroughput)
            .flush_every_ms(None);
        match config.open() {
            Ok(db) => {
                let manifest = db.open_tree(MANIFEST).map_err(|error| explain(folder, &error))?;
                return Ok(Store { db, manifest, folder: folder.to_owned(), writer: Mutex::new(()) });
            }
            Err(error) if is_locked(&error) => {
                if waiting_since.elapsed() >= LOCK_WAIT {
                    return Err(StoreError::Locked { path: folder.to_owned(), holder: holder(folder) });
                }
                std::thread::sleep(LOCK_RETRY);
            }
            Err(error) => return Err(explain(folder, &error)),
        }
    }
}

/// sled wraps the refusal of the lock in a text, so the text is what tells it apart.
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error)
        if error.kind() == std::io::ErrorKind::WouldBlock || error.to_string().contains("WouldBlock"))
}

pub(super) fn explain(folder: &Path, error: &sled::Error) -> StoreError {
    match error {
        // A cut file shows as an unexpected end, which is damage and no trouble of the disk.
        sled::Error::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => io(folder, error),
        other => StoreError::Damaged(other.to_string()),
    }
}

fn io(folder: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Io { path: folder.to_owned(), message: error.to_string() }
}

fn holder(folder: &Path) -> String {
    match fs::read_to_string(holder_file(folder)) {
        Ok(process) if process.trim().bytes().all(|b| b.is_ascii_digit()) && !process.trim().is_empty() => {
            format!("process {}", process.trim())
        }
        _ => "another process".to_owned(),
    }
}

fn remove_snapshots(folder: &Path) -> bool {
    let Ok(files) = fs::read_dir(database(folder)) else { return false };
    let snapshots =
        files.filter_map(Result::ok).filter(|file| file.file_name().to_string_lossy().starts_with("snap."));
    snapshots.map(|file| fs::remove_file(file.path()).is_ok()).fold(false, |any, removed| any | removed)
}

/// Writes a bundle under a name that holds its digest; a file of that name is already it.
pub(super) fn write_export(folder: &Path, id: &str, bundle: &Bundle) -> Result<PathBuf, StoreError> {
    fs::create_dir_all(folder).map_err(|error| io(folder, &error))?;
    let path = folder.join(format!("{id}.{}.jsonl", &bundle.sha256()[..12]));
    if !path.exists() {
        let unfinished = path.with_extension("part");
        fs::write(&unfinished, bundle.bytes()).map_err(|error| io(folder, &error))?;
        fs::rename(&unfinished, &path).map_err(|error| io(folder, &error))?;
    }
    Ok(path)
}

/// Exported bundles, the oldest first.
fn exported(folder: &Path) -> Vec<PathBuf> {
    let Ok(files) = fs::read_dir(exports(folder)) else { return Vec::new() };
    let mut paths: Vec<(Option<SystemTime>, PathBuf)> = files
        .filter_map(Result::ok)
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "jsonl"))
        .map(|file| (file.metadata().and_then(|data| data.modified()).ok(), file.path()))
        .collect();
    paths.sort();
    paths.into_iter().map(|(_, path)| path).collect()
}

fn database(folder: &Path) -> PathBuf {
    folder.join("db")
}

/// Where every stored release is also kept as a bundle.
pub(super) fn exports(folder: &Path) -> PathBuf {
    folder.join("exports")
}

fn holder_file(folder: &Path) -> PathBuf {
    folder.join("holder")
}
