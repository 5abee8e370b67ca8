//! Which store or service a command works on: the one that was named, and never another in silence.

use std::path::Path;
use std::process::Output;

use infusion_coder::catalog::release::{Release, ReleaseHeader, ReleaseKind};
use infusion_coder::catalog::store::Store;
use tempfile::TempDir;

use super::{program, run};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/r-chop.json");

/// A store with the embedded release and a posting of the next quarter; answers the posting's name.
fn store(folder: &Path) -> String {
    let store = Store::open(folder).expect("a store").store;
    let quarter = ReleaseHeader::embedded().quarter.next();
    let header = ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, "posting.txt", "aaaaaaaaaaaa");
    let posting = Release { header, ..Release::embedded().clone() };
    store.put(&posting).expect("stored").header.id.to_string()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned()
}

#[test]
fn a_store_that_is_named_and_not_there_is_an_error_and_stays_away() {
    let folder = TempDir::new().expect("a folder");
    let nowhere = folder.path().join("nowhere");
    for arguments in [
        &["code", EXAMPLE][..],
        &["lookup", "J9312"],
        &["search", "rituximab"],
        &["diff", "2018Q1", "2025Q4"],
        &["units", "J9312", "--dose", "100 mg", "--setting", "physician-office"],
        &["releases"],
        &["export", "--bundle", "--out", "x"],
    ] {
        let output = run(&[arguments, &["--store", text(&nowhere)]].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", told(&output));
        assert!(told(&output).contains("there is no store in"), "{}", told(&output));
    }
    let source = ["--source", "http://127.0.0.1:1", "--store", text(&nowhere)];
    let looked = run(&[&["update", "--validate-only"][..], &source].concat());
    assert_eq!(looked.status.code(), Some(5), "{}", told(&looked));
    assert!(!nowhere.exists(), "what only looks makes nothing");
}

#[test]
fn the_flag_of_a_store_goes_before_the_variable_of_a_service() {
    let folder = TempDir::new().expect("a folder");
    let posting = store(folder.path());
    let asked = |arguments: &[&str]| {
        let mut asked = program();
        asked.args(arguments).env("INFUSION_CODER_SERVER", "http://127.0.0.1:1");
        asked.env("INFUSION_CODER_TOKEN", "a-token-of-many-letters").output().expect("the program")
    };
    let rolled_back = asked(&["rollback", "--store", text(folder.path())]);
    assert!(rolled_back.status.success() && told(&rolled_back).contains(&posting), "{}", told(&rolled_back));
    let there = asked(&["rollback"]);
    assert_eq!(there.status.code(), Some(1));
    assert!(told(&there).contains("which INFUSION_CODER_SERVER names"), "{}", told(&there));
    let both = asked(&["releases", "--server", "http://127.0.0.1:1", "--store", text(folder.path())]);
    assert_eq!(both.status.code(), Some(2), "{}", told(&both));
}

#[test]
fn a_posting_is_compared_with_the_embedded_release_by_name() {
    let folder = TempDir::new().expect("a folder");
    let posting = store(folder.path());
    let embedded = &*ReleaseHeader::embedded().id;
    for sides in [[embedded, posting.as_str()], [posting.as_str(), embedded]] {
        for format in ["text", "json", "html"] {
            let flags = ["--format", format, "--store", text(folder.path())];
            let output = run(&[&["diff"], &sides[..], &flags].concat());
            assert!(output.status.success(), "{sides:?} {format}: {}", told(&output));
        }
    }
}

#[test]
fn a_copy_of_the_exports_is_a_store() {
    let (folder, copy) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let posting = store(folder.path());
    let exports = copy.path().join("exports");
    std::fs::create_dir(&exports).expect("a folder");
    for file in std::fs::read_dir(folder.path().join("exports")).expect("exports") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), exports.join(file.file_name())).expect("a copy");
    }
    let restored = run(&["releases", "--store", text(copy.path())]);
    assert!(restored.status.success(), "{}", told(&restored));
    assert!(
        told(&restored).contains(&format!("made anew; read back from the exports: {posting}")),
        "{}",
        told(&restored)
    );
    assert!(!told(&restored).contains("damage"), "{}", told(&restored));
}

#[test]
fn a_store_that_is_held_has_an_exit_code_of_its_own() {
    let folder = TempDir::new().expect("a folder");
    let held = Store::open(folder.path()).expect("a store");
    let output = run(&["lookup", "J9312", "--store", text(folder.path())]);
    assert_eq!(output.status.code(), Some(6), "{}", told(&output));
    drop(held);
}

#[test]
fn a_variable_that_is_no_setting_is_named() {
    let mut asked = program();
    asked
        .args(["lookup", "J9312"])
        .env("INFUSION_CODER_STROE", "x")
        .env("INFUSION_CODER_SERVICE_HOST", "10.0.0.1");
    let output = asked.output().expect("the program");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && message.contains("INFUSION_CODER_STROE"), "{message}");
    assert!(!message.contains("SERVICE_HOST"), "a cluster sets it: {message}");
}

#[test]
fn slips_of_the_command_line_end_alike() {
    for arguments in [
        &["lookup", "J9312", "--date", "foo"][..],
        &["search", "rituximab", "--date", "2026-13-01"],
        &["update", "--as-of", "foo"],
        &["update", "--source", "ftp://x/y"],
        &["rules", "--family", "no such"],
        &["search", "rituximab", "--limit", "0"],
        &["units", "rituximab", "--setting", "physician-office"],
        &["serve", "--follow", "", "--listen", "127.0.0.1:0"],
        &["serve", "--refresh", "61 6 * * *", "--listen", "127.0.0.1:0"],
        &["serve", "--limit-open-streams", "300", "--listen", "127.0.0.1:0"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", told(&output));
    }
}
