//! The program killed in the midst of an import: the store opens again, with what was whole before.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use infusion_coder::catalog::release::Release;
use infusion_coder::catalog::store::Store;
use tempfile::TempDir;

use super::program;
use crate::store_crash;

/// Kills of the default run, and of the run on demand.
const KILLS: u32 = 50;
const KILLS_ON_DEMAND: u32 = 1_000;

/// The quarters that are imported in turn; the store retains fewer.
const QUARTERS: &[&str] = &["2024Q4", "2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1"];

#[test]
fn a_killed_import_leaves_the_store_whole() {
    kill_imports(KILLS);
}

/// Run with `cargo test --release --test all -- --ignored a_thousand_killed_imports`.
#[test]
#[ignore = "takes many minutes; run on demand"]
fn a_thousand_killed_imports_leave_the_store_whole() {
    kill_imports(KILLS_ON_DEMAND);
}

#[test]
fn an_import_names_the_release_that_goes() {
    let folder = TempDir::new().expect("a folder");
    let store = folder.path().join("store");
    let told: Vec<String> = QUARTERS[..5]
        .iter()
        .map(|quarter| {
            let mut import = program();
            import.arg("import").arg(bundle(folder.path(), quarter)).arg("--store").arg(&store);
            String::from_utf8(import.output().expect("an import").stdout).expect("a text")
        })
        .collect();
    assert!(told[..4].iter().all(|text| !text.contains("dropped")), "{told:?}");
    assert!(told[4].contains("dropped hcpcs-2024Q4-"), "{told:?}");
}

fn kill_imports(kills: u32) {
    let folder = TempDir::new().expect("a folder");
    let bundles: Vec<_> = QUARTERS.iter().map(|quarter| bundle(folder.path(), quarter)).collect();
    let store = folder.path().join("store");
    let began = Instant::now();
    assert!(import(&store, &bundles[0]).wait().is_ok_and(|status| status.success()), "an import in peace");
    let mut whole = began.elapsed();
    let (mut cut_short, mut held) = (0, held_in(&store));
    for number in 0..kills {
        let mut child = import(&store, &bundles[number as usize % bundles.len()]);
        // Multiples of the golden section fall everywhere between the start and the end of an import.
        let share = (u64::from(number) * 618) % 1_000;
        std::thread::sleep(Duration::from_micros(whole.as_micros() as u64 * share / 1_000));
        let ended = child.try_wait().expect("a child");
        // It may have ended in this very moment.
        let _ = child.kill();
        let _ = child.wait();
        cut_short += u32::from(ended.is_none());
        // The first import made the store too, and a busy machine was slower or faster then, so the measure is corrected.
        whole = if ended.is_some() { whole * 9 / 10 } else { whole * 51 / 50 };
        let now = held_in(&store);
        let lost: Vec<_> = held.difference(&now).collect();
        let added = now.difference(&held).count();
        // An import lets two go where one of an old quarter came before it, or was killed before it let one go.
        assert!(lost.len() <= 2 && added <= 1, "kill {number}: lost {lost:?} of {held:?}, now {now:?}");
        // A release goes only when the newer one that takes its place is there.
        assert!(lost.is_empty() || now.len() > RETAINED, "kill {number}: lost {lost:?}, now {now:?}");
        held = now;
    }
    assert!(cut_short > kills / 2, "only {cut_short} of {kills} imports were cut short");
}

/// The embedded release and the newest four.
const RETAINED: usize = 4;

fn import(store: &Path, bundle: &Path) -> std::process::Child {
    let mut child = program();
    child.arg("import").arg(bundle).arg("--store").arg(store);
    child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program")
}

/// What the store holds; every release was read back and compared with its digest on opening.
fn held_in(store: &Path) -> BTreeSet<String> {
    let opened = Store::open(store).expect("the store opens after a kill");
    let embedded = &Release::embedded().header.id;
    let held: BTreeSet<String> = opened.catalog.release.split('+').map(str::to_owned).collect();
    assert!(held.contains(&**embedded), "{held:?}");
    for id in held.iter().filter(|id| **id != **embedded) {
        let release = opened.store.bundle(id).expect("held whole").read().expect("a release");
        let expected = posting(&release.header.quarter.to_string());
        assert!(release == expected, "{id} holds something else than was imported");
    }
    held
}

fn posting(quarter: &str) -> Release {
    store_crash::posting(quarter, &format!("{quarter}aaaaaaaa").to_lowercase())
}

fn bundle(folder: &Path, quarter: &str) -> std::path::PathBuf {
    let bundle = infusion_coder::catalog::release::Bundle::write(&posting(quarter));
    let path = folder.join(format!("{quarter}.jsonl"));
    std::fs::write(&path, bundle.bytes()).expect("a bundle");
    path
}
