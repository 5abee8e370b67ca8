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

fn posting(quarter: &str, sha256: &str) -> Release {
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

fn ids(releases: &[Release]) -> Vec<String> {
    releases.iter().map(|release| release.header.id.to_string()).collect()
}

#[test]
fn first_start_stores_the_embedded_release_and_the_next_reads_it() {
    let folder = TempDir::new().expect("a folder");
    let opened = Store::open(folder.path()).expect("a new store");
    assert_eq!(opened.recovery, Recovery::FirstStart);
    drop(opened);
    let opened = Store::open(folder.path()).expect("the store again");
    assert_eq!(opened.recovery, Recovery::None);
    assert_eq!(ids(&opened.releases), [Release::embedded().header.id.to_string()]);
    let catalog = Catalog::merge(&opened.releases, Overlay::embedded());
    assert_eq!(catalog.codes.len(), Catalog::embedded().codes.len());
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
    assert_eq!(opened.store.active_releases().map(|releases| releases.len()).ok(), Some(4));
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
    let mut started_over = 0;
    for seed in 0..copies {
        let copy = TempDir::new().expect("a folder");
        copy_tree(original.path(), copy.path());
        damage(&copy.path().join("db"), seed);
        let opened = Store::open(copy.path()).unwrap_or_else(|error| panic!("copy {seed}: {error}"));
        let found = ids(&opened.releases);
        assert!(found.contains(&Release::embedded().header.id.to_string()), "copy {seed}: {found:?}");
        // Every posting was exported as it was stored, so even starting over loses none.
        assert!(found.contains(&"hcpcs-2025Q4-aaaaaaaa".to_owned()), "copy {seed}: {found:?}");
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
