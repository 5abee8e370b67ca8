//! Whole refreshes against a site: what is installed, what is refused, and what stays in use.

use std::io::{Cursor, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use infusion_coder::catalog::release::{Release, ReleaseHeader, ReleaseKind};
use infusion_coder::cms::problem::Problems;
use infusion_coder::domain::quarter::Quarter;
use infusion_coder::updater::fetch::Fetcher;
use infusion_coder::updater::memory::Memory;
use infusion_coder::updater::refresh::{
    Observer, Order, Outcome, Progress, Read, Report, Shelf, Step, Updater,
};
use infusion_coder::updater::settings::{FeedId, Settings};
use infusion_coder::updater::source::{Sought, Source};
use infusion_coder::updater::unpack::Member;
use zip::write::SimpleFileOptions;

use super::fetch::hurried;
use crate::support::site::{Fault, Site};

const PAGE: &str = "/medicare/coding-billing/healthcare-common-procedure-system/quarterly-update";
const CURRENT: &str = "/files/zip/january-2026-alpha-numeric-hcpcs-file.zip";
const NEXT: &str = "/files/zip/april-2026-alpha-numeric-hcpcs-file.zip";

/// Releases in memory; a full disk on demand.
#[derive(Default)]
struct Held {
    releases: Mutex<Vec<Arc<Release>>>,
    full: Mutex<bool>,
}

impl Held {
    fn list(&self) -> Vec<Arc<Release>> {
        self.releases.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shelf for Held {
    fn held(&self) -> Vec<ReleaseHeader> {
        self.list().iter().map(|release| release.header.clone()).collect()
    }

    fn settled(&self) -> Vec<ReleaseHeader> {
        self.held()
    }

    fn newest_until(&self, _: ReleaseKind, quarter: Quarter) -> Option<Arc<Release>> {
        self.list().into_iter().rfind(|release| release.header.quarter <= quarter)
    }

    fn activate(&self) -> Result<(), String> {
        Ok(())
    }

    fn keep(&self, release: &Release) -> Result<(), String> {
        if *self.full.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err("no space left on device".to_owned());
        }
        self.releases.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(release.clone()));
        Ok(())
    }
}

/// Reads a text that says how many codes of the embedded release the posting holds.
fn read(_: FeedId, members: &[Member], header: ReleaseHeader) -> Result<Read, String> {
    let member = &members[0];
    let text = String::from_utf8_lossy(&member.bytes);
    let count = text.trim().parse().map_err(|_| "this is no count".to_owned())?;
    let mut release = Release { header, ..Release::embedded().clone() };
    release.codes.truncate(count);
    Ok(Read { release, member: member.name.clone(), problems: Problems::default(), stated: None })
}

/// Notes the steps.
#[derive(Default)]
struct Steps(Mutex<Vec<Step>>);

impl Observer for Steps {
    fn progress(&self, progress: Progress) {
        let mut steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if steps.last() != Some(&progress.step) {
            steps.push(progress.step);
        }
    }

    fn took(&self, _: Step, _: std::time::Duration) {}
}

fn archive(member: &str, text: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(member, SimpleFileOptions::default()).expect("a member");
    writer.write_all(text.as_bytes()).expect("a text");
    writer.finish().expect("an archive").into_inner()
}

struct Bench {
    site: Site,
    held: Arc<Held>,
    memory: Memory,
    steps: Steps,
}

impl Bench {
    /// A site with a page and the current quarter's file.
    async fn new() -> Self {
        let site = Site::start().await;
        let link = |path: &str| format!("<li><a href=\"{path}\">file</a></li>");
        site.put(PAGE, format!("<ul>{}{}</ul>", link(NEXT), link(CURRENT)));
        site.put(CURRENT, archive("f/HCPC2026_JAN_ANWEB.txt", "2000"));
        Self { site, held: Arc::default(), memory: Memory::default(), steps: Steps::default() }
    }

    async fn run(&mut self) -> Report {
        self.run_with(|_| ()).await
    }

    async fn run_with(&mut self, change: impl FnOnce(&mut Order)) -> Report {
        let mut settings = Settings::embedded();
        settings.fetch = hurried();
        settings.gate.codes_min = 100;
        settings.gate.drug_codes_min = 100;
        settings.gate.families = vec!['J'];
        let source = Source::Site(self.site.url("/"));
        settings.feeds.retain(|feed| feed.id == FeedId::Hcpcs);
        let fetcher = Fetcher::new(settings.fetch.clone(), &self.site.url("/")).expect("a client");
        let shelf = Arc::clone(&self.held) as Arc<dyn Shelf>;
        let (settings, fetcher) = (&settings, &fetcher);
        let updater = Updater { settings, fetcher, shelf, reader: read, observer: &self.steps };
        let sought = Sought::From("2026Q1".parse().expect("a quarter"));
        let mut order = Order { source, sought, validate_only: false, accept: None };
        change(&mut order);
        updater.refresh(&order, &mut self.memory).await
    }

    fn quarters(&self) -> Vec<String> {
        self.held.held().iter().map(|header| header.quarter.to_string()).collect()
    }
}

#[tokio::test]
async fn the_first_run_installs_and_the_second_asks_only() {
    let mut bench = Bench::new().await;
    let report = bench.run().await;
    assert_eq!(
        (report.outcome, bench.quarters()),
        (Outcome::Updated, vec!["2026Q1".to_owned()]),
        "{report:?}"
    );
    let steps = std::mem::take(&mut *bench.steps.0.lock().expect("the steps"));
    let names: Vec<&str> = steps.iter().map(|step| step.name()).collect();
    let expected =
        ["discover", "fetch", "verify", "unpack", "parse", "gate", "diff", "store", "activate", "fetch"];
    assert_eq!(names, expected, "the last fetch asks for the next quarter's file");
    bench.site.requests();
    assert_eq!(bench.run().await.outcome, Outcome::AlreadyCurrent);
    let requests = bench.site.requests();
    let of_file: Vec<_> = requests.iter().filter(|request| request.path == CURRENT).collect();
    assert_eq!(of_file.len(), 1);
    assert!(of_file[0].is_conditional() && of_file[0].status == 304);
    assert!(requests.iter().all(|request| request.status != 200), "no body is sent twice");
}

#[tokio::test]
async fn a_new_posting_and_the_next_quarter_are_installed() {
    let mut bench = Bench::new().await;
    bench.run().await;
    bench.site.put(CURRENT, archive("HCPC2026_JAN_ANWEB_v2.txt", "2001"));
    let report = bench.run().await;
    assert_eq!(report.outcome, Outcome::Updated, "{report:?}");
    bench.site.put(NEXT, archive("HCPC2026_APR_ANWEB.txt", "2002"));
    assert_eq!(bench.run().await.outcome, Outcome::Updated);
    assert_eq!(bench.quarters(), ["2026Q1", "2026Q1", "2026Q2"]);
}

#[tokio::test]
async fn names_are_tried_when_the_page_refuses_and_silence_is_no_answer() {
    let mut bench = Bench::new().await;
    bench.site.fail_always(PAGE, Fault::Status(403));
    let report = bench.run().await;
    assert_eq!((report.outcome, report.notes[0].contains("403")), (Outcome::Updated, true), "{report:?}");
    bench.site.remove(CURRENT);
    let report = bench.run().await;
    assert_eq!(report.outcome, Outcome::SourceUnreachable, "{report:?}");
    assert!(report.notes.iter().any(|note| note.contains("cannot discover")), "{report:?}");
    bench.site.put(PAGE, "<html>another shape</html>");
    bench.site.heal();
    assert_eq!(bench.run().await.outcome, Outcome::SourceUnreachable);
}

#[tokio::test]
async fn each_fault_leaves_the_old_release_in_use() {
    let whole = archive("HCPC2026_JAN_ANWEB_v2.txt", "2001");
    let bomb = archive("HCPC2026_JAN_ANWEB.txt", &" ".repeat(900_000));
    for (fault, outcome, said) in [
        (Fault::Status(403), Outcome::SourceUnreachable, "403"),
        (Fault::Html, Outcome::SourceUnreachable, "not a zip archive"),
        (Fault::Cut(3), Outcome::SourceUnreachable, "cut after"),
        (Fault::Redirect("http://127.0.0.2:9/x.zip".to_owned()), Outcome::SourceUnreachable, "another host"),
        (Fault::Body("application/zip", whole[..whole.len() / 2].to_vec()), Outcome::Failed, "cut short"),
        (Fault::Body("application/zip", b"<html>".to_vec()), Outcome::Failed, "not a zip"),
        (
            Fault::Body("application/zip", archive("NOC codes_JAN2026.xlsx", "1")),
            Outcome::Failed,
            "NOC codes",
        ),
        (Fault::Body("application/zip", bomb), Outcome::Failed, "bomb"),
        (Fault::Body("application/zip", archive("HCPC2026_JAN_ANWEB.txt", "x")), Outcome::Failed, "no count"),
        (
            Fault::Body("application/zip", archive("HCPC2026_JAN_ANWEB.txt", "9")),
            Outcome::Refused,
            "code-count",
        ),
        (Fault::Body("application/zip", archive("HCPC2013_A-N.txt", "2000")), Outcome::Refused, "2013Q1"),
    ] {
        let mut bench = Bench::new().await;
        bench.run().await;
        let before = bench.held.held();
        bench.site.put(CURRENT, whole.clone());
        bench.site.fail_always(CURRENT, fault);
        let report = bench.run().await;
        assert_eq!(report.outcome, outcome, "{said}: {report:?}");
        assert!(report.notes.iter().any(|note| note.contains(said)), "{said}: {report:?}");
        assert_eq!(bench.held.held(), before, "{said}");
        bench.site.heal();
        assert_eq!(bench.run().await.outcome, Outcome::Updated, "{said}: the next run is well again");
    }
}

#[tokio::test]
async fn a_server_error_passes_and_a_full_disk_changes_nothing() {
    let mut bench = Bench::new().await;
    bench.site.fail(CURRENT, [Fault::Status(500)]);
    assert_eq!(bench.run().await.outcome, Outcome::Updated);
    bench.site.put(CURRENT, archive("HCPC2026_JAN_ANWEB_v2.txt", "2001"));
    *bench.held.full.lock().expect("a lock") = true;
    let report = bench.run().await;
    assert_eq!((report.outcome, report.releases.len()), (Outcome::Failed, 0), "{report:?}");
    *bench.held.full.lock().expect("a lock") = false;
    assert_eq!(bench.run().await.outcome, Outcome::Updated, "the file is fetched again");
}

#[tokio::test]
async fn a_reason_overrides_the_gate_and_a_trial_stores_nothing() {
    let mut bench = Bench::new().await;
    let report = bench.run_with(|order| order.validate_only = true).await;
    assert_eq!((report.outcome, bench.quarters().len()), (Outcome::Updated, 0));
    bench.site.put(CURRENT, archive("HCPC2026_JAN_ANWEB.txt", "9"));
    assert_eq!(bench.run().await.outcome, Outcome::Refused);
    let report = bench.run_with(|order| order.accept = Some("a short list was announced".to_owned())).await;
    assert_eq!((report.outcome, bench.quarters().len()), (Outcome::Updated, 1));
    assert_eq!(report.accepted.as_deref(), Some("a short list was announced"));
    assert!(!report.objections.is_empty(), "what was accepted is on record");
}
