//! The store under damage: every copy opens again, with the releases it had or the embedded one.

use std::fs;
use std::path::{Path, PathBuf};

use infusion_coder::catalog::Catalog;
use infusion_coder::catalog::release::{Overlay, Release, ReleaseHeader, ReleaseKind};
use infusion_coder::catalog::store::{Recovery, Store, StoreError};
use tempfile::TempDir;

/// Damaged copies that the default run opens.
const COPIES: u64 = 24;
/// Damaged copies that the run on demand opens.
const COPIES_ON_DEMAND: u64 = 500;

pub fn posting(quarter: &str, sha256: &str) -> Release {
    let quarter = quarter.parse().expect("a quarter");
    let mut release = Release::empty(ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, "posting.txt", sha256));
    release.codes = Release::embedded().codes.iter().take(300).cloned().collect();
    release
}

fn store_with_a_posting() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let opened = Store::open(folder.path()).expect("a new store");
    opened.store.put(&posting("2025Q4", "aaaaaaaaaaaa")).expect("a release");
    folder
}

fn ids(catalog: &Catalog) -> Vec<String> {
    catalog.release.split('+').map(str::to_owned).collect()
}

#[test]
fn first_start_stores_the_embedded_release_and_the_next_reads_it() {
    let folder = TempDir::new().expect("a folder");
    let opened = Store::open(folder.path()).expect("a new store");
    assert_eq!(opened.recovery, Recovery::FirstStart);
    drop(opened);
    let opened = Store::open(folder.path()).expect("the store again");
    assert_eq!(opened.recovery, Recovery::None);
    assert_eq!(ids(&opened.catalog), [Release::embedded().header.id.to_string()]);
    assert_eq!(opened.catalog.codes.len(), Catalog::embedded().codes.len());
}

#[test]
fn a_held_store_is_refused_by_the_name_of_its_holder() {
    let folder = TempDir::new().expect("a folder");
    let _held = Store::open(folder.path()).expect("a new store");
    let Err(StoreError::Locked { holder, .. }) = Store::open(folder.path()) else {
        panic!("a store that is held must be refused")
    };
    assert_eq!(holder, format!("process {}", std::process::id()));
}

#[test]
fn only_the_newest_postings_are_retained_and_a_quarter_posted_again_is_another_release() {
    let folder = TempDir::new().expect("a folder");
    let opened = Store::open(folder.path()).expect("a new store");
    for (quarter, sha) in
        [("2025Q1", "01"), ("2025Q2", "02"), ("2025Q3", "03"), ("2025Q4", "04"), ("2025Q4", "05")]
    {
        opened.store.put(&posting(quarter, sha)).expect("a release");
    }
    opened.store.put(&posting("2025Q4", "05")).expect("the same release again");
    let entries = opened.store.entries().expect("entries");
    let held: Vec<&str> = entries.iter().map(|entry| &*entry.header.id).collect();
    assert_eq!(held[1..], ["hcpcs-2025Q2-02", "hcpcs-2025Q3-03", "hcpcs-2025Q4-04", "hcpcs-2025Q4-05"]);
    opened.store.set_active("hcpcs-2025Q4-05", false).expect("a rollback");
    assert_eq!(opened.store.catalog().map(|catalog| ids(&catalog).len()).ok(), Some(4));
    let embedded = &Release::embedded().header.id;
    assert!(matches!(opened.store.set_active(embedded, false), Err(StoreError::Embedded(_))));
    assert!(matches!(opened.store.set_active("nothing", true), Err(StoreError::UnknownRelease(_))));
}

#[test]
fn an_export_is_imported_elsewhere_with_the_same_digest() {
    let folder = store_with_a_posting();
    let opened = Store::open(folder.path()).expect("the store");
    let id = "hcpcs-2025Q4-aaaaaaaa";
    let path = opened.store.export(id, Some(&folder.path().join("out"))).expect("an export");
    let bytes = fs::read(&path).expect("the file");
    let bundle = infusion_coder::catalog::release::Bundle::verify(bytes).expect("a bundle");
    let other = TempDir::new().expect("a folder");
    let other = Store::open(other.path()).expect("another store");
    let entry = other.store.import(&bundle).expect("an import");
    assert_eq!((&*entry.header.id, &*entry.sha256), (id, bundle.sha256()));
}

/// Whatever the order in which exports are read back, the posting that spoke speaks and what was out of use stays out.
#[test]
fn exports_are_imported_into_the_places_they_came_from() {
    let folder = TempDir::new().expect("a folder");
    let store = Store::open(folder.path()).expect("a new store").store;
    for sha in ["cc", "bb", "aa"] {
        store.put(&posting("2025Q4", sha)).expect("a release");
    }
    store.put(&posting("2025Q4", "bb")).expect("the second one again, which speaks then");
    store.put(&posting("2026Q1", "dd")).expect("a release");
    store.set_active("hcpcs-2026Q1-dd", false).expect("out of use");
    let ids = ["cc", "aa", "bb"].map(|sha| format!("hcpcs-2025Q4-{sha}"));
    assert_eq!(in_use(&store), ids);
    let exported: Vec<PathBuf> = ids
        .iter()
        .map(String::as_str)
        .chain(["hcpcs-2026Q1-dd"])
        .map(|id| store.export(id, Some(&folder.path().join("out"))).expect("an export"))
        .collect();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let elsewhere = TempDir::new().expect("a folder");
        let other = Store::open(elsewhere.path()).expect("another store").store;
        for at in order {
            let bundle = fs::read(&exported[at]).map(infusion_coder::catalog::release::Bundle::verify);
            other.import(&bundle.expect("a file").expect("a bundle")).expect("an import");
        }
        assert_eq!(in_use(&other), ids, "{order:?}");
        assert_eq!(other.entries().expect("a manifest").len(), 5, "what was out of use is held: {order:?}");
        drop(other);
        destroy(elsewhere.path());
        let again = Store::open(elsewhere.path()).expect("made anew");
        assert_eq!(in_use(&again.store), ids, "the ledger has the same order: {order:?}");
        again.store.put(&posting("2025Q4", "ee")).expect("a new posting");
        assert!(in_use(&again.store).last().is_some_and(|id| id.ends_with("ee")), "it is the last");
    }
}

/// Writes over the whole log, so that nothing of the database can be read.
fn destroy(folder: &Path) {
    for entry in fs::read_dir(folder.join("db")).expect("a database") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::write(&path, vec![0x5A; 64 * 1024]).expect("damage");
        }
    }
}

/// The names of the releases in use but the embedded one, in the order in which they speak.
fn in_use(store: &Store) -> Vec<String> {
    let entries = store.entries().expect("a manifest").into_iter().filter(|entry| entry.active);
    entries.map(|entry| entry.header.id.to_string()).filter(|id| id.starts_with("hcpcs")).collect()
}

#[test]
fn a_destroyed_database_is_made_anew_with_every_release_in_its_place() {
    let folder = TempDir::new().expect("a folder");
    let opened = Store::open(folder.path()).expect("a new store");
    for sha in ["01", "02", "03"] {
        opened.store.put(&posting("2025Q4", sha)).expect("a release");
    }
    opened.store.set_active("hcpcs-2025Q4-02", false).expect("out of use");
    drop(opened);
    // A restored back-up has other times than the writing had; the ledger has the order.
    let first = export_of(folder.path(), "hcpcs-2025Q4-01");
    let bytes = fs::read(&first).expect("the export");
    fs::write(&first, bytes).expect("written last");
    destroy(folder.path());
    let opened = Store::open(folder.path()).expect("the store again");
    let Recovery::StartedOver { set_aside, imported, lost } = &opened.recovery else {
        panic!("{:?}", opened.recovery)
    };
    assert!(set_aside.exists() && imported.len() == 3 && lost.is_empty(), "{:?}", opened.recovery);
    let expected = ["hcpcs-2025Q4-01", "hcpcs-2025Q4-03"];
    assert_eq!(in_use(&opened.store), expected, "what was taken out of use stays out of it");
    drop(opened);
    let opened = Store::open(folder.path()).expect("the store once more");
    assert_eq!(
        (opened.recovery, in_use(&opened.store)),
        (Recovery::None, expected.map(str::to_owned).into())
    );
}

#[test]
fn a_release_whose_export_is_damaged_too_is_told_to_be_lost() {
    let folder = store_with_a_posting();
    let export = export_of(folder.path(), "hcpcs-2025Q4-aaaaaaaa");
    let mut bytes = fs::read(&export).expect("the export");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&export, bytes).expect("damaged");
    destroy(folder.path());
    let opened = Store::open(folder.path()).expect("the store again");
    let remark = opened.recovery.remark();
    assert!(remark.contains("lost, so refresh or import again: hcpcs-2025Q4-aaaaaaaa"), "{remark}");
    assert_eq!(ids(&opened.catalog), [Release::embedded().header.id.to_string()]);
    drop(opened);
    assert_eq!(Store::open(folder.path()).map(|opened| opened.recovery), Ok(Recovery::None), "told once");
}

#[test]
fn without_a_ledger_the_exports_are_read_back_as_they_were_written() {
    let folder = store_with_a_posting();
    fs::remove_file(folder.path().join("exports/ledger.json")).expect("a ledger");
    destroy(folder.path());
    let opened = Store::open(folder.path()).expect("the store again");
    assert_eq!(in_use(&opened.store), ["hcpcs-2025Q4-aaaaaaaa"]);
    assert!(folder.path().join("exports/ledger.json").exists(), "the next damage finds one");
}

#[test]
fn what_a_killed_process_left_beside_the_database_is_put_right() {
    let folder = TempDir::new().expect("a folder");
    let opened = Store::open(folder.path()).expect("a new store");
    for sha in ["01", "02", "03", "04"] {
        opened.store.put(&posting("2025Q4", sha)).expect("a release");
    }
    let first = fs::read(export_of(folder.path(), "hcpcs-2025Q4-01")).expect("the export");
    opened.store.put(&posting("2025Q4", "05")).expect("a release that takes the place of the first");
    drop(opened);
    // Let go, and killed before its export went; exported, and killed before the manifest named it; and half written.
    fs::write(folder.path().join("exports/hcpcs-2025Q4-01.0123456789ab.jsonl"), first).expect("left");
    let second = export_of(folder.path(), "hcpcs-2025Q4-02");
    let whole = fs::read(&second).expect("the export");
    fs::write(&second, &whole[..whole.len() / 2]).expect("cut short");
    let opened = Store::open(folder.path()).expect("the store again");
    assert_eq!(opened.recovery, Recovery::None);
    let expected = ["02", "03", "04", "05"].map(|sha| format!("hcpcs-2025Q4-{sha}"));
    assert_eq!(in_use(&opened.store), expected, "what was let go does not come back as the last posting");
    assert_eq!(fs::read(&second).expect("the export"), whole);
}

#[test]
fn a_roll_back_that_was_killed_after_the_ledger_is_done_on_the_next_start() {
    let folder = store_with_a_posting();
    let ledger = folder.path().join("exports/ledger.json");
    let before = fs::read(&ledger).expect("the ledger");
    let opened = Store::open(folder.path()).expect("the store");
    opened.store.set_active("hcpcs-2025Q4-aaaaaaaa", false).expect("out of use");
    let after = fs::read(&ledger).expect("the ledger");
    assert_ne!(before, after);
    opened.store.set_active("hcpcs-2025Q4-aaaaaaaa", true).expect("in use");
    drop(opened);
    fs::write(&ledger, after).expect("the ledger as it was written first");
    let opened = Store::open(folder.path()).expect("the store again");
    assert_eq!(in_use(&opened.store), [""; 0]);
    assert!(!opened.store.entries().expect("entries")[1].active);
}

fn export_of(folder: &Path, id: &str) -> PathBuf {
    let exports = fs::read_dir(folder.join("exports")).expect("exports");
    let mut paths = exports.map(|entry| entry.expect("an entry").path());
    let is_it = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(id));
    paths.find(is_it).unwrap_or_else(|| panic!("no export of {id}"))
}

#[test]
fn damaged_copies_open_again() {
    damage_copies(COPIES);
}

/// Run with `cargo test --release -- --ignored five_hundred_damaged_copies`.
#[test]
#[ignore = "takes minutes; run on demand"]
fn five_hundred_damaged_copies_open_again() {
    damage_copies(COPIES_ON_DEMAND);
}

fn damage_copies(copies: u64) {
    let original = store_with_a_posting();
    let bare = Catalog::embedded();
    let whole =
        Catalog::merge([Release::embedded(), &posting("2025Q4", "aaaaaaaaaaaa")], Overlay::embedded());
    let mut started_over = 0;
    for seed in 0..copies {
        let copy = TempDir::new().expect("a folder");
        copy_tree(original.path(), copy.path());
        damage(&copy.path().join("db"), seed);
        // Of every fourth copy the exports are damaged too: with three kinds of damage, each kind has its turn.
        let both = seed % 4 == 3;
        if both {
            damage(&copy.path().join("exports"), seed);
        }
        let opened = Store::open(copy.path()).unwrap_or_else(|error| panic!("copy {seed}: {error}"));
        let found = ids(&opened.catalog);
        assert!(found.contains(&Release::embedded().header.id.to_string()), "copy {seed}: {found:?}");
        // Every posting was exported as it was stored, so even starting over loses none.
        let lost = opened.recovery.remark().contains("lost, so refresh or import again");
        assert!(
            (both && lost) || found.contains(&"hcpcs-2025Q4-aaaaaaaa".to_owned()),
            "copy {seed}: {found:?}"
        );
        let expected = if found.len() > 1 { &whole } else { &*bare };
        assert_eq!(opened.catalog.release, expected.release, "copy {seed}");
        assert!(opened.catalog.codes.values().eq(expected.codes.values()), "copy {seed} answers otherwise");
        started_over += u64::from(matches!(opened.recovery, Recovery::StartedOver { .. }));
    }
    assert!(started_over > 0, "no damage of {copies} was grave enough to test the ladder");
}

/// Cuts, zeroes or flips a part of one of the database's files.
fn damage(database: &Path, seed: u64) {
    let mut files: Vec<PathBuf> = fs::read_dir(database)
        .expect("a database")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file() && fs::metadata(path).is_ok_and(|data| data.len() > 0))
        .collect();
    files.sort();
    // A small generator of its own keeps each copy reproducible by its number.
    let random = |salt: u64| (seed * 31 + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    let path = &files[random(1) as usize % files.len()];
    let mut bytes = fs::read(path).expect("a file");
    let at = random(2) as usize % bytes.len();
    match seed % 3 {
        0 => bytes.truncate(at),
        1 => {
            let end = bytes.len().min(at + 4096);
            bytes[at..end].fill(0);
        }
        _ => bytes[at] ^= 1 << (random(3) % 8),
    }
    fs::write(path, bytes).expect("the damaged file");
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
