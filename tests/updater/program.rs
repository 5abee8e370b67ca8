//! The real program against a site with faults: what a scheduler is told, and what a killed run leaves.

use std::process::{Command, Output, Stdio};

use infusion_coder::catalog::store::Library;
use infusion_coder::updater::history;
use tempfile::TempDir;

use super::stores::{THIRD, list};
use crate::program::program;
use crate::support::anweb::Posting;
use crate::support::site::{Fault, Site};

/// Kills of the run in every build, and of the run on demand.
const KILLS: u32 = 4;
const KILLS_ON_DEMAND: u32 = 200;

/// What a scheduler is told, as `update --help` lists it.
const UPDATED: i32 = 0;
const FAILED: i32 = 1;
const CURRENT: i32 = 3;
const REFUSED: i32 = 4;
const UNREACHABLE: i32 = 5;
const HELD: i32 = 6;
const PARTIAL: i32 = 7;

struct House {
    site: Site,
    folder: TempDir,
}

impl House {
    async fn new() -> Self {
        let site = Site::start().await;
        list(&site, &[THIRD]);
        Self { site, folder: TempDir::new().expect("a folder") }
    }

    fn post(&self, version: u32, posting: &Posting) {
        self.site.put(THIRD, posting.zip(&format!("HCPC2024_JUL_ANWEB_v{version}.txt")));
    }

    fn update(&self) -> Command {
        let mut update = program();
        let (source, store) = (self.site.url("/").to_string(), self.folder.path());
        update.args(["update", "--source", &source, "--as-of", "2024-08-01", "--store"]).arg(store);
        update
    }

    /// Runs the program to its end, and answers its exit code with everything that it printed.
    async fn run(&self, more: &[&str]) -> (i32, String) {
        let mut update = self.update();
        update.args(more);
        let Output { status, stdout, stderr } =
            tokio::task::spawn_blocking(move || update.output()).await.expect("it ran").expect("the program");
        let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        (status.code().unwrap_or(-1), text)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exit_code_tells_how_it_ended() {
    let house = House::new().await;
    house.post(1, &Posting::plausible());
    let (code, text) = house.run(&["--validate-only"]).await;
    assert!(code == UPDATED && text.contains("would be updated"), "{text}");
    let (code, text) = house.run(&[]).await;
    assert!(code == UPDATED && text.contains("updated: hcpcs-2024Q3-"), "{text}");
    assert!(text.contains("parse hcpcs of 2024Q3"), "plain lines where no terminal is: {text}");
    house.site.requests();
    let (code, text) = house.run(&[]).await;
    // The site has the codes alone, so nobody knows of the tables beside them.
    let partial = "already current: the codes; not refreshed: asp-limits, ";
    assert!(code == PARTIAL && text.contains(partial), "{text}");
    let asked: Vec<_> = house.site.requests().into_iter().filter(|it| it.path == THIRD).collect();
    assert!(asked.len() == 1 && asked[0].is_conditional() && asked[0].status == 304, "{asked:?}");
    assert_eq!(house.run(&["--current-is-success"]).await.0, PARTIAL);
    let all = include_str!("../../catalog/updater.toml");
    let (second, _) = all.match_indices("[[feed]]").nth(1).expect("several feeds");
    let codes_alone = house.folder.path().join("codes-alone.toml");
    std::fs::write(&codes_alone, &all[..second]).expect("settings");
    let settings = ["--settings", codes_alone.to_str().expect("a path")];
    let (code, text) = house.run(&settings).await;
    assert!(code == CURRENT && text.contains("already current: everything"), "{text}");
    assert_eq!(house.run(&[settings[0], settings[1], "--current-is-success"]).await.0, UPDATED);
    house.post(2, &Posting::plausible().cut(100));
    let (code, text) = house.run(&[]).await;
    assert!(code == REFUSED && text.contains("code-count"), "{text}");
    assert_eq!(house.run(&["--accept", "announced"]).await.0, UPDATED);
    let events = history::events(house.folder.path());
    assert_eq!(events.last().map(|event| event.reason.as_str()), Some("announced"));
    house.site.fail_always(THIRD, Fault::Body("application/zip", b"PK half a file".to_vec()));
    assert_eq!(house.run(&[]).await.0, FAILED);
    house.site.fail_always(THIRD, Fault::Status(404));
    assert_eq!(house.run(&[]).await.0, UNREACHABLE, "a link that leads nowhere is no `no update`");
    house.site.heal();
    let held = Library::open(house.folder.path()).expect("the store");
    let (code, text) = house.run(&[]).await;
    assert!(code == HELD && text.contains("held by process"), "{text}");
    drop(held);
    let help = program().args(["update", "--help"]).output().expect("the help");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(
        [UPDATED, CURRENT, REFUSED, UNREACHABLE, HELD, PARTIAL]
            .iter()
            .all(|it| help.contains(&format!("  {it}  ")))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_leaves_a_whole_store() {
    kills(KILLS).await;
}

/// On demand: `cargo test --release --test all -- --ignored two_hundred_kills`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; run on demand"]
async fn two_hundred_kills_leave_a_whole_store() {
    kills(KILLS_ON_DEMAND).await;
}

/// Kills runs at moments spread over a whole one, and opens the store after each.
async fn kills(count: u32) {
    let house = House::new().await;
    house.post(0, &Posting::plausible());
    let started = std::time::Instant::now();
    assert_eq!(house.run(&[]).await.0, UPDATED);
    let whole = started.elapsed();
    let mut killed = 0;
    for number in 0..count {
        let text = format!("Injection, testdrug7, {} mg", number + 11);
        house.post(number + 1, &Posting::plausible().reworded("J0007", &text, "20240701"));
        let mut update = house.update();
        let mut run = update.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program");
        // Steps that share no divisor with the count reach every part of a run.
        let moment = whole * (number * 37 % count) / count;
        tokio::time::sleep(moment).await;
        run.kill().expect("a signal");
        let status = run.wait().expect("an end");
        killed += u32::from(!status.success());
        let folder = house.folder.path().to_owned();
        let opened = tokio::task::spawn_blocking(move || whole_store(&folder)).await;
        opened.unwrap_or_else(|_| panic!("kill {number} after {moment:?} left a store that does not open"));
    }
    assert!(killed > 0, "no run was caught alive");
    house.post(count + 1, &Posting::plausible());
    let (code, text) = house.run(&[]).await;
    assert!(code == UPDATED || code == PARTIAL, "the next run is well: {text}");
}

/// Opens the store; every release in use must read back, and a code must have one of its units.
fn whole_store(folder: &std::path::Path) {
    let (library, _) = Library::open(folder).expect("a store");
    for entry in library.entries().expect("entries") {
        library.release(&entry.header.id).expect("a whole release");
    }
    let catalog = library.catalog().expect("a catalog");
    let date = "2024-08-01".parse().expect("a date");
    let unit = catalog.lookup("J0007".parse().expect("a code"), date).billable().expect("a version");
    assert!(unit.billing_unit().is_some());
}
