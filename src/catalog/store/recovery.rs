//! Opening the store, and the ladder of recovery from a damaged one.

use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::ledger::Ledger;
use super::{CACHE_BYTES, Entry, MANIFEST, Opened, Store, StoreError};
use crate::catalog::release::{Bundle, Release, ReleaseHeader};
use crate::catalog::snapshot::Catalog;

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
    /// There was none yet, and it was made from the exports beside its place, as of a back-up.
    Rebuilt { imported: Vec<String>, lost: Vec<String> },
    /// It opened without releases that damage had made it forget; they were read back from their exports, and
    /// those whose exports are damaged too are lost.
    Restored { imported: Vec<String>, lost: Vec<String> },
    /// It was damaged and set aside; the releases are as above.
    StartedOver { set_aside: PathBuf, imported: Vec<String>, lost: Vec<String> },
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
            Self::Rebuilt { imported, lost } => format!(", made anew; {}", told(imported, lost)),
            Self::Restored { imported, lost } => {
                format!(", in which damage had lost releases; {}", told(imported, lost))
            }
            Self::StartedOver { set_aside, imported, lost } => format!(
                ", started over with the embedded release; {}; the damaged one is kept as {}",
                told(imported, lost),
                set_aside.display()
            ),
        }
    }
}

/// What came back and what did not.
fn told(imported: &[String], lost: &[String]) -> String {
    let list = |ids: &[String]| if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
    let back = format!("read back from the exports: {}", list(imported));
    if lost.is_empty() { back } else { format!("{back}; lost, so refresh or import again: {}", list(lost)) }
}

pub(super) fn is_in(folder: &Path) -> bool {
    database(folder).exists() || !exported(folder).is_empty()
}

pub(super) fn open(folder: &Path) -> Result<Opened, StoreError> {
    fs::create_dir_all(folder).map_err(|error| io(folder, &error))?;
    // It is read before anything is written, since what is restored is written into it again.
    let ledger = Ledger::read(&exports(folder));
    let is_first = !database(folder).exists();
    let damage = match attempt(folder) {
        Ok((store, catalog)) => {
            let recovery = if is_first { Recovery::FirstStart } else { Recovery::None };
            return with_embedded(store, catalog, recovery, ledger);
        }
        Err(error @ (StoreError::Locked { .. } | StoreError::Io { .. })) => return Err(error),
        Err(damage) => damage,
    };
    tracing::warn!(%damage, "the store is damaged; trying it without its snapshot");
    if remove_snapshots(folder)
        && let Ok((store, catalog)) = attempt(folder)
    {
        return with_embedded(store, catalog, Recovery::WithoutSnapshot, ledger);
    }
    start_over(folder, ledger)
}

/// Opens, drops what a killed process left, and reads everything; a panic inside sled is damage.
fn attempt(folder: &Path) -> Result<(Store, Catalog), StoreError> {
    catch_unwind(AssertUnwindSafe(|| {
        let store = open_waiting(folder)?;
        let read = store.check().and_then(|catalog| store.drop_orphans().map(|()| catalog));
        if let Err(error @ StoreError::Io { .. }) = read {
            // sled would try to write for ever as it closes, as on a full disk; the process ends instead.
            std::mem::forget(store);
            return Err(error);
        }
        Ok((store, read?))
    }))
    .unwrap_or_else(|_| Err(StoreError::Damaged("reading it failed inside the database".to_owned())))
}

/// Stores the program's own release where it is missing or another program's, and puts right what the
/// database has forgotten.
fn with_embedded(
    store: Store,
    mut catalog: Catalog,
    mut recovery: Recovery,
    ledger: Option<Ledger>,
) -> Result<Opened, StoreError> {
    let embedded = ReleaseHeader::embedded();
    let is_held = store.entries()?.iter().any(|entry| entry.active && entry.header == *embedded);
    if !is_held {
        store.put(&Release::read_embedded())?;
    }
    let Settled { restored, lost, corrected } = settle(&store, ledger)?;
    if !is_held || corrected || !restored.is_empty() {
        catalog = store.catalog()?;
    }
    match &mut recovery {
        Recovery::StartedOver { imported, lost: gone, .. } => (*imported, *gone) = (restored, lost),
        _ if restored.is_empty() && lost.is_empty() => {}
        Recovery::FirstStart => recovery = Recovery::Rebuilt { imported: restored, lost },
        other => {
            tracing::warn!(?restored, ?lost, "the store had lost releases");
            *other = Recovery::Restored { imported: restored, lost };
        }
    }
    // Only a hint for the message that another process prints, so a failure to write it is no failure.
    let _ = fs::write(holder_file(&store.folder), std::process::id().to_string());
    Ok(Opened { store, catalog, recovery })
}

/// What was put right.
#[derive(Default)]
struct Settled {
    restored: Vec<String>,
    lost: Vec<String>,
    /// Whether a release is in use or out of it by the ledger alone.
    corrected: bool,
}

/// Holds the store against its ledger and its exports.
///
/// A damaged end of its log makes sled forget the last writes without an error, and a new database knows
/// nothing. Every release held has an export, so one that the manifest does not name was lost; the ledger
/// tells its place and whether it is in use. Without a ledger the exports are taken in order of their writing.
fn settle(store: &Store, ledger: Option<Ledger>) -> Result<Settled, StoreError> {
    let mut settled = Settled::default();
    let is_held = |entries: &[Entry], path: &Path| entries.iter().any(|it| is_of(path, &it.header.id));
    let entries = store.entries()?;
    for path in exported(&store.folder).into_iter().filter(|path| !is_held(&entries, path)) {
        let named =
            |ledger: &Ledger| ledger.lines.iter().find(|(id, _)| is_of(&path, id)).map(|(_, line)| *line);
        let line = ledger.as_ref().map(named);
        if line == Some(None) {
            // Left by a process that was killed before it could name the release, or while it let it go.
            let _ = fs::remove_file(&path);
            continue;
        }
        let Some(bundle) = fs::read(&path).ok().and_then(|bytes| Bundle::verify(bytes).ok()) else {
            continue;
        };
        let entry = match line.flatten() {
            Some(line) => store.restore(&bundle, line)?,
            None => store.import(&bundle)?,
        };
        settled.restored.push(entry.header.id.to_string());
    }
    for (id, line) in ledger.iter().flat_map(|ledger| &ledger.lines) {
        match store.entry(id) {
            Ok(entry)
                if entry.sequence <= line.sequence
                    && (entry.sequence, entry.active) != (line.sequence, line.active) =>
            {
                store.point_to(&Entry { sequence: line.sequence, active: line.active, ..entry })?;
                settled.corrected = true;
            }
            Ok(_) => {}
            Err(StoreError::UnknownRelease(id)) => settled.lost.push(id),
            Err(error) => return Err(error),
        }
    }
    let entries = store.entries()?;
    complete_exports(store, &entries);
    if ledger.as_ref() != Some(&Ledger::of(&entries)) {
        store.write_ledger(&entries);
    }
    Ok(settled)
}

/// Writes the exports that are missing or cut short. A failure costs nothing but the next rung of the ladder.
fn complete_exports(store: &Store, entries: &[Entry]) {
    let present = exported(&store.folder);
    let is_whole = |entry: &Entry, path: &PathBuf| {
        is_of(path, &entry.header.id) && fs::metadata(path).is_ok_and(|data| data.len() == entry.bytes as u64)
    };
    for entry in entries.iter().filter(|entry| !entry.is_embedded()) {
        if present.iter().any(|path| is_whole(entry, path)) {
            continue;
        }
        if let Err(error) = store.export(&entry.header.id, None) {
            tracing::warn!(release = %entry.header.id, %error, "the export of a release cannot be written");
        }
    }
}

/// Whether a file is the export of a release.
fn is_of(path: &Path, id: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_prefix(id).is_some_and(|rest| rest.starts_with('.'))
}

/// Removes the exports of a release that is no longer retained.
pub(super) fn remove_exports(folder: &Path, id: &str) {
    for path in exported(folder).iter().filter(|path| is_of(path, id)) {
        // The ledger does not name it any more, so one that stays goes on the next start.
        let _ = fs::remove_file(path);
    }
}

fn start_over(folder: &Path, ledger: Option<Ledger>) -> Result<Opened, StoreError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let set_aside = (0..)
        .map(|number| folder.join(format!("db.corrupt-{now}-{number}")))
        .find(|path| !path.exists())
        .unwrap_or_else(|| folder.join("db.corrupt"));
    fs::rename(database(folder), &set_aside).map_err(|error| io(folder, &error))?;
    tracing::error!(set_aside = %set_aside.display(), "the damaged store was set aside; starting over");
    let (store, catalog) = attempt(folder)?;
    let recovery = Recovery::StartedOver { set_aside, imported: Vec::new(), lost: Vec::new() };
    with_embedded(store, catalog, recovery, ledger)
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

/// Where a bundle is exported to.
pub(super) fn export_path(folder: &Path, id: &str, bundle: &Bundle) -> PathBuf {
    folder.join(format!("{id}.{}.jsonl", &bundle.sha256()[..12]))
}

/// Writes a bundle under a name that holds its digest; a file of that name and length is already it.
pub(super) fn write_export(folder: &Path, id: &str, bundle: &Bundle) -> Result<PathBuf, StoreError> {
    let path = export_path(folder, id, bundle);
    if fs::metadata(&path).is_ok_and(|data| data.len() == bundle.bytes().len() as u64) {
        return Ok(path);
    }
    write_whole(&path, bundle.bytes())?;
    Ok(path)
}

/// Writes a file beside its place, flushes it and moves it there, so that a crash leaves the old or the new one.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(path);
    let unfinished = path.with_extension("part");
    let write = || {
        fs::create_dir_all(folder)?;
        let mut file = fs::File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    write().map_err(|error| {
        // Half a file must not fill the disk that is full already.
        let _ = fs::remove_file(&unfinished);
        io(folder, &error)
    })
}

/// Writes so many bytes beside the database and takes them away again.
pub(super) fn probe(folder: &Path, bytes: usize) -> Result<(), StoreError> {
    static BLOCK: [u8; 64 * 1024] = [0; 64 * 1024];
    let path = folder.join("room.part");
    let fill = || {
        let mut file = fs::File::create(&path)?;
        (0..bytes.div_ceil(BLOCK.len())).try_for_each(|_| file.write_all(&BLOCK))
    };
    let filled = fill();
    let _ = fs::remove_file(&path);
    filled.map_err(|error| io(folder, &error))
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
