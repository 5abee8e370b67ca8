//! What a slip of the pen on the command line does, and a reader that goes away.

use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::program::program;
use crate::support::anweb::Posting;

fn run(command: &mut Command) -> (i32, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program");
    let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (status.code().unwrap_or(-1), text)
}

#[test]
fn a_store_that_is_not_there_is_told_and_not_made() {
    let folder = TempDir::new().expect("a folder");
    let typo = folder.path().join("sotre");
    let reading = [&["lookup", "J9271"][..], &["releases"]];
    for arguments in reading.into_iter().chain([&["rollback"][..], &["activate", "hcpcs-2026Q1-aa"]]) {
        let (code, said) = run(program().args(arguments).arg("--store").arg(&typo));
        assert!(code == 1 && said.contains("no store"), "{arguments:?}: {said}");
    }
    assert!(!typo.exists());
}

#[test]
fn a_service_and_a_store_are_not_named_together() {
    let folder = TempDir::new().expect("a folder");
    for arguments in [&["rollback"][..], &["update"], &["releases"]] {
        let mut both = program();
        both.args(arguments).args(["--server", "http://127.0.0.1:1", "--store"]).arg(folder.path());
        let (code, said) = run(&mut both);
        assert!(code == 2 && said.contains("give one of them"), "{arguments:?}: {said}");
    }
    let mut by_environment = program();
    by_environment
        .args(["rollback", "--server", "http://127.0.0.1:1"])
        .env("INFUSION_CODER_STORE", folder.path());
    let (code, said) = run(&mut by_environment);
    assert!(code == 1 && said.contains("127.0.0.1"), "a store of the environment stands aside: {said}");
}

#[test]
fn a_standard_error_that_nobody_reads_ends_nothing() {
    let folder = TempDir::new().expect("a folder");
    let archive = folder.path().join("july-2024-alpha-numeric-hcpcs-file.zip");
    std::fs::write(&archive, Posting::plausible().zip("HCPC2024_JUL_ANWEB.txt")).expect("written");
    let mut update = program();
    update.args(["update", "--as-of", "2024-08-01", "--accept", "a trial", "--source"]).arg(&archive);
    update.arg("--store").arg(folder.path().join("store"));
    let mut running = update.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program");
    drop(running.stderr.take());
    drop(running.stdout.take());
    assert_eq!(running.wait().expect("it ended").code(), Some(0));
}

#[test]
fn what_is_no_archive_is_sent_to_import() {
    let folder = TempDir::new().expect("a folder");
    let text = folder.path().join("HCPC2024_JUL_ANWEB.txt");
    std::fs::write(&text, Posting::plausible().text()).expect("written");
    let mut update = program();
    update.args(["update", "--source"]).arg(&text).arg("--store").arg(folder.path().join("store"));
    let (code, said) = run(&mut update);
    assert!(code == 1 && said.contains("`import`"), "{said}");
}
