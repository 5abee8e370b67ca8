//! Whole runs into a real store: what is in use on which date of service, and what is left beside the store.

use std::sync::Arc;
use std::time::Duration;

use infusion_coder::catalog::store::Library;
use infusion_coder::updater::history::{self, Deed};
use infusion_coder::updater::keeper::Keeper;
use infusion_coder::updater::refresh::{Observer, Order, Outcome, Progress, Report, Step};
use infusion_coder::updater::run::{change_reports, run};
use infusion_coder::updater::settings::Settings;
use infusion_coder::updater::source::{Sought, Source};
use tempfile::TempDir;

use super::fetch::hurried;
use crate::support::anweb::Posting;
use crate::support::shared;
use crate::support::site::{Fault, Site};

pub(super) const PAGE: &str = "/medicare/coding-billing/healthcare-common-procedure-system/quarterly-update";
pub(super) const THIRD: &str = "/files/zip/july-2024-alpha-numeric-hcpcs-file.zip";
const FOURTH: &str = "/files/zip/october-2024-alpha-numeric-hcpcs-file.zip";

pub(super) struct Quiet;

impl Observer for Quiet {
    fn progress(&self, _: Progress) {}
    fn took(&self, _: Step, _: Duration) {}
}

/// A site that lists files, and a store to refresh from it.
pub(super) struct House {
    pub(super) site: Site,
    keeper: Keeper,
    _folder: TempDir,
}

impl House {
    pub(super) async fn new(paths: &[&str]) -> Self {
        let site = Site::start().await;
        list(&site, paths);
        let folder = TempDir::new().expect("a folder");
        let (library, _) = Library::open(folder.path()).expect("a store");
        let keeper = Keeper::new(Arc::new(library), folder.path().to_owned());
        Self { site, keeper, _folder: folder }
    }

    pub(super) async fn refresh(&self) -> Report {
        self.refresh_with(None).await
    }

    async fn refresh_with(&self, accept: Option<&str>) -> Report {
        self.refresh_in("2024Q3", accept, Settings::embedded()).await
    }

    /// Refreshes in a quarter, and takes codes that are not those of the embedded table.
    pub(super) async fn refresh_on(&self, current: &str) -> Report {
        let mut settings = Settings::embedded();
        (settings.gate.vanished_per_thousand, settings.gate.unit_changed_per_thousand) = (1_000, 1_000);
        self.refresh_in(current, None, settings).await
    }

    async fn refresh_in(&self, current: &str, accept: Option<&str>, settings: Settings) -> Report {
        self.run(Sought::From(current.parse().expect("a quarter")), accept, settings).await
    }

    pub(super) async fn refresh_sought(&self, sought: Sought) -> Report {
        self.run(sought, None, Settings::embedded()).await
    }

    async fn run(&self, sought: Sought, accept: Option<&str>, settings: Settings) -> Report {
        let settings = Settings { fetch: hurried(), ..settings };
        let source = Source::Site(self.site.url("/"));
        let order = Order { source, sought, validate_only: false, accept: accept.map(str::to_owned) };
        run(&self.keeper, &settings, &order, &Quiet).await.expect("a client")
    }

    /// The billing unit of a code on a date of service.
    pub(super) fn unit(&self, code: &str, date: &str) -> Option<String> {
        let catalog = self.keeper.library().catalog().expect("a catalog");
        let lookup = catalog.lookup(code.parse().expect("a code"), date.parse().expect("a date"));
        Some(lookup.billable()?.billing_unit()?.quantity.to_string())
    }

    pub(super) fn in_use(&self) -> Vec<String> {
        let entries = self.keeper.library().entries().expect("entries");
        entries.iter().filter(|it| it.active).skip(1).map(|it| it.header.quarter.to_string()).collect()
    }
}

pub(super) fn list(site: &Site, paths: &[&str]) {
    let links: String = paths.iter().map(|path| format!("<li><a href=\"{path}\">x</a></li>")).collect();
    site.put(PAGE, format!("<ul>{links}</ul>"));
}

#[tokio::test]
async fn the_date_of_service_decides_between_two_quarters() {
    let house = House::new(&[FOURTH, THIRD]).await;
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB_v3.txt"));
    let fourth = Posting::plausible()
        .reworded("J0007", "Injection, testdrug7, 1 mg", "20241001")
        .ended("J0008", "20240930")
        .with("J9901", "Injection, testnew, 5 mg", "20241001");
    house.site.put(FOURTH, fourth.zip("HCPC2024_OCT_ANWEB.txt"));
    assert_eq!(house.refresh().await.outcome, Outcome::Updated);
    assert_eq!(house.in_use(), ["2024Q3", "2024Q4"]);
    let both = |code| [house.unit(code, "2024-09-30"), house.unit(code, "2024-10-01")];
    let unit = |text: &str| Some(text.to_owned());
    assert_eq!(both("J0007"), [unit("10 mg"), unit("1 mg")]);
    assert_eq!(both("J0008"), [unit("10 mg"), None]);
    assert_eq!(both("J9901"), [None, unit("5 mg")]);
}

#[tokio::test]
async fn a_quarter_posted_again_speaks_alone_and_can_be_taken_back() {
    let house = House::new(&[THIRD]).await;
    let first = Posting::plausible().with("J9901", "Injection, testwrong, 5 mg", "20240701");
    house.site.put(THIRD, first.zip("HCPC2024_JUL_ANWEB.txt"));
    house.refresh().await;
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB_v2.txt"));
    let report = house.refresh().await;
    assert_eq!((report.outcome, house.in_use()), (Outcome::Updated, vec!["2024Q3".to_owned(); 2]));
    assert_eq!(report.changes[0].vanished.len(), 1);
    assert_eq!(house.unit("J9901", "2024-08-01"), None, "the first posting of the quarter is silent");
    let (out, _) = house.keeper.roll_back(None).expect("a roll-back");
    assert_eq!(house.unit("J9901", "2024-08-01").as_deref(), Some("5 mg"));
    assert_eq!(house.refresh().await.outcome, Outcome::AlreadyCurrent, "what was taken back stays out");
    assert_eq!(house.unit("J9901", "2024-08-01").as_deref(), Some("5 mg"));
    house.keeper.activate(&out.header.id).expect("it is held");
    assert_eq!(house.unit("J9901", "2024-08-01"), None);
}

/// CMS corrects a posting and withdraws the correction: what it publishes is what answers come from.
#[tokio::test]
async fn a_correction_that_is_withdrawn_is_undone() {
    let house = House::new(&[THIRD]).await;
    let first = Posting::plausible().with("J9901", "Injection, testdrug, 44 mg", "20240701");
    let second = Posting::plausible().with("J9901", "Injection, testdrug, 4 mg", "20240701");
    let mut units = Vec::new();
    for posting in [&first, &second, &first, &second] {
        house.site.put(THIRD, posting.zip("HCPC2024_JUL_ANWEB.txt"));
        assert_eq!(house.refresh().await.outcome, Outcome::Updated);
        assert_eq!(house.refresh().await.outcome, Outcome::AlreadyCurrent);
        units.push(house.unit("J9901", "2024-08-01").unwrap_or_default());
    }
    assert_eq!(units, ["44 mg", "4 mg", "44 mg", "4 mg"]);
    assert_eq!(house.in_use().len(), 2, "nothing is stored twice");
}

/// A list of the quarter before is no word on the one in effect.
#[tokio::test]
async fn a_quarter_in_effect_that_is_not_found_is_told() {
    let house = House::new(&[THIRD]).await;
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB.txt"));
    for stored in [1, 0] {
        let report = house.refresh_on("2024Q4").await;
        assert_eq!(report.outcome, Outcome::SourceUnreachable);
        assert_eq!(report.releases.len(), stored, "an old list is better than none");
        let is_told = |note: &String| note.contains("2024Q4 is in effect") && note.contains("2024Q3");
        assert!(report.notes.iter().any(is_told), "{:?}", report.notes);
    }
    let report = house.refresh_on("2024Q3").await;
    assert!(report.notes.iter().all(|note| !note.contains("in effect")), "{:?}", report.notes);
}

/// What replicas read is what is in use, also where the run brought nothing new.
#[tokio::test]
async fn a_run_without_news_publishes_what_a_roll_back_changed() {
    let mut house = House::new(&[THIRD]).await;
    let place = TempDir::new().expect("a folder");
    let shown = || {
        let text = std::fs::read_to_string(place.path().join("current.json")).unwrap_or_default();
        text.contains("2024Q3")
    };
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB.txt"));
    assert_eq!(house.refresh().await.outcome, Outcome::Updated);
    let parsed = infusion_coder::updater::replica::Place::parse(place.path().to_str().expect("a path"));
    house.keeper = house.keeper.clone().publishing(Some(parsed.expect("a place")));
    assert_eq!(house.refresh().await.outcome, Outcome::AlreadyCurrent);
    assert!(shown(), "an empty place is filled");
    house.keeper.roll_back(None).expect("it is in use");
    assert!(shown(), "nobody has published since");
    assert_eq!(house.refresh().await.outcome, Outcome::AlreadyCurrent);
    assert!(!shown());
}

/// What was rolled back stays out, and takes no place of a release in use.
#[tokio::test]
async fn releases_out_of_use_push_none_out() {
    let quarters = [
        ("april-2024", "HCPC2024_APR_ANWEB.txt", "2024Q2"),
        ("july-2024", "HCPC2024_JUL_ANWEB.txt", "2024Q3"),
        ("october-2024", "HCPC2024_OCT_ANWEB.txt", "2024Q4"),
        ("january-2025", "HCPC2025_JAN_ANWEB.txt", "2025Q1"),
        ("april-2025", "HCPC2025_APR_ANWEB.txt", "2025Q2"),
    ];
    let paths = quarters.map(|(month, ..)| format!("/files/zip/{month}-alpha-numeric-hcpcs-file.zip"));
    let house = House::new(&[]).await;
    let mut report = None;
    for at in [4, 3, 0, 1, 2] {
        list(&house.site, &[&paths[at]]);
        let own =
            Posting::plausible().with("J9901", &format!("Injection, testdrug, {} mg", at + 2), "20240101");
        house.site.put(&paths[at], own.zip(quarters[at].1));
        report = Some(house.refresh_on(quarters[at].2).await);
        if at > 2 {
            house.keeper.roll_back(None).expect("it is in use");
        }
    }
    assert_eq!(house.in_use(), ["2024Q2", "2024Q3", "2024Q4"]);
    assert!(report.is_some_and(|report| report.notes.iter().all(|note| !note.contains("dropped"))));
}

#[tokio::test]
async fn a_change_posted_early_does_not_reach_back() {
    let house = House::new(&[FOURTH, THIRD]).await;
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB_v3.txt"));
    // The text of a unit changes and CMS leaves the effective date as it was.
    let fourth = Posting::plausible().reworded("J0007", "Injection, testdrug7, 1 mg", "20100101");
    house.site.put(FOURTH, fourth.zip("HCPC2024_OCT_ANWEB.txt"));
    house.refresh().await;
    assert_eq!(house.unit("J0007", "2024-09-30").as_deref(), Some("10 mg"));
    assert_eq!(house.unit("J0007", "2024-10-01").as_deref(), Some("1 mg"));
}

#[tokio::test]
async fn a_run_leaves_a_record_and_a_report() {
    let house = House::new(&[THIRD]).await;
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB.txt"));
    house.refresh().await;
    let again = Posting::plausible().ended("J0008", "20240731").cut(5_000).reworded(
        "J0007",
        "Injection, testdrug7, 1 mg",
        "20240701",
    );
    house.site.put(THIRD, again.zip("HCPC2024_JUL_ANWEB_v2.txt"));
    let refused = house.refresh().await;
    assert_eq!(refused.outcome, Outcome::Refused, "{refused:?}");
    assert_eq!(house.unit("J0007", "2024-08-01").as_deref(), Some("10 mg"), "the old release stays in use");
    let report = house.refresh_with(Some("CMS announced the shorter list")).await;
    assert_eq!(report.outcome, Outcome::Updated, "{report:?}");
    let events = history::events(house.keeper.folder());
    let deeds: Vec<_> = events.iter().map(|event| event.deed).collect();
    assert_eq!(deeds, [Deed::Refreshed, Deed::Refused, Deed::Refreshed]);
    assert_eq!(events[2].reason, "CMS announced the shorter list");
    assert!(!events[2].objections.is_empty(), "what was accepted is on record");
    let [page, data] = change_reports(&house.keeper, &report.changes[0].after.release).map(|path| {
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    });
    assert!(page.contains("J0008") && page.contains("J0007"), "the report lists what changed");
    let data: serde_json::Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(
        (&data["unitChanged"][0]["before"], &data["ended"][0]["last"]),
        (&"10 mg".into(), &"2024-07-31".into())
    );
}

/// The tables beside the codes are each on their own.
#[tokio::test]
async fn tables_beside_the_codes_are_kept_when_they_are_there_and_never_in_the_way() {
    let house = House::new(&[THIRD]).await;
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB.txt"));
    let limits: String = (1..=600).map(|n| format!("J{n:04},x,10 MG,{n}.25,20,\r\n")).collect();
    let header =
        "HCPCS Code,Short Description,HCPCS Code Dosage,Payment Limit,Co-insurance Percentage,Notes\r\n";
    let asp =
        zip_of("section 508 version of Jul 2024 ASP Pricing File 061024.csv", format!("{header}{limits}"));
    house.site.put("/files/zip/july-2024-asp-pricing-file.zip", asp);
    house.site.put("/files/zip/july-2024-ndc-hcpcs-crosswalk.zip", b"<html>".to_vec());
    house.site.fail_always(
        "/files/zip/medicare-ncci-2024-q3-practitioner-services-mue-table.zip",
        Fault::Status(403),
    );
    let report = house.refresh().await;
    assert_eq!(report.outcome, Outcome::Updated, "{report:?}");
    let kinds: Vec<_> = report.releases.iter().map(|header| header.kind.name()).collect();
    assert_eq!(kinds, ["hcpcs", "asp"]);
    assert!(report.notes.iter().any(|note| note.contains("crosswalk")), "{:?}", report.notes);
    let catalog = house.keeper.library().catalog().expect("a catalog");
    let limit = catalog.asp_limit("J0007".parse().expect("a code"), "2024-08-01".parse().expect("a date"));
    assert_eq!(limit.map(|limit| limit.value.dollars.to_string()).as_deref(), Some("7.25"));
    assert_eq!(house.refresh().await.outcome, Outcome::AlreadyCurrent);
}

/// The limits of January under the name of July are no limits of July.
#[tokio::test]
async fn a_table_that_states_another_quarter_is_not_kept() {
    let house = House::new(&[THIRD]).await;
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB.txt"));
    let rows: String = (1..=600).map(|n| format!("J{n:04},10 MG,{n}.25\n")).collect();
    let limits = |period: &str| {
        let text = format!("\"Effective {period}\",,\nHCPCS Code,HCPCS Code Dosage,Payment Limit\n{rows}");
        zip_of("ASP Pricing File.csv", text)
    };
    let path = "/files/zip/july-2024-asp-pricing-file.zip";
    house.site.put(path, limits("January 1, 2024 through March 31, 2024"));
    let report = house.refresh().await;
    let kinds = |report: &Report| report.releases.iter().map(|it| it.kind.name()).collect::<Vec<_>>();
    assert_eq!(kinds(&report), ["hcpcs"]);
    let checks: Vec<&str> = report.objections.iter().map(|objection| objection.check.as_str()).collect();
    assert_eq!(checks, ["stated-quarter"], "{:?}", report.objections);
    house.site.put(path, limits("July 1, 2024 through September 30, 2024"));
    assert_eq!(kinds(&house.refresh().await), ["asp"]);
}

/// A mirror of the codes alone is not asked for one thing twice, nor for the next quarter of what it has not.
#[tokio::test]
async fn a_site_without_the_other_tables_is_asked_for_each_thing_once() {
    let house = House::new(&[THIRD]).await;
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB.txt"));
    assert_eq!(house.refresh().await.outcome, Outcome::Updated);
    house.site.requests();
    let report = house.refresh().await;
    assert_eq!(report.outcome, Outcome::AlreadyCurrent, "{report:?}");
    let asked: Vec<String> = house.site.requests().into_iter().map(|it| it.path).collect();
    let mut once = asked.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), asked.len(), "nothing is asked for twice: {asked:?}");
    let of_next: Vec<&String> =
        asked.iter().filter(|path| path.contains("october-2024") || path.contains("2024-q4")).collect();
    assert!(of_next.iter().all(|path| path.contains("alpha-numeric")), "{of_next:?}");
    let mue: Vec<&String> = asked.iter().filter(|path| path.contains("medically-unlikely")).collect();
    assert_eq!(mue.len(), 2, "two names of one page: {mue:?}");
}

/// A page beside the codes that lists the file of the quarter in effect is the word on the next one too.
#[tokio::test]
async fn what_a_page_beside_the_codes_does_not_list_is_not_guessed() {
    let house = House::new(&[THIRD]).await;
    house.site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB.txt"));
    let asp = "/files/zip/july-2024-asp-pricing-file.zip";
    let crosswalk = "/files/zip/july-2024-asp-ndc-hcpcs-crosswalk.zip";
    let link = |path: &str| format!("<li><a href=\"{path}\">x</a></li>");
    house.site.put("/medicare/payment/part-b-drugs/asp-pricing-files", [asp, crosswalk].map(link).concat());
    house.refresh().await;
    let asked: Vec<String> = house.site.requests().into_iter().map(|it| it.path).collect();
    let count = |part: &str| asked.iter().filter(|path| path.contains(part)).count();
    assert_eq!([count("part-b-drugs"), count(asp), count(crosswalk)], [1, 1, 1], "{asked:?}");
    assert_eq!([count("october-2024-asp"), count("october-2024-ndc")], [0, 0], "{asked:?}");
}

/// The first refresh of a new installation is compared with the embedded table, which is a history.
#[tokio::test]
async fn the_first_refresh_of_a_new_installation_needs_no_person() {
    let Some(file) = shared("data/hcpcs/HCPC2025_OCT_ANWEB.xlsx") else { return };
    let posting = "/files/zip/october-2025-alpha-numeric-hcpcs-file.zip";
    let house = House::new(&[posting]).await;
    let bytes = std::fs::read(file).expect("the posting");
    house.site.put(posting, zip_of("HCPC2025_OCT_ANWEB.xlsx", &bytes));
    let report = house.refresh_in("2025Q4", None, Settings::embedded()).await;
    assert_eq!(report.outcome, Outcome::Updated, "{:?} {:?}", report.objections, report.notes);
    let vanished = &report.changes[0].vanished;
    assert!(vanished.len() < 20, "{vanished:?}");
}

pub(super) fn zip_of(member: &str, content: impl AsRef<[u8]>) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file(member, zip::write::SimpleFileOptions::default()).expect("a member");
    writer.write_all(content.as_ref()).expect("a content");
    writer.finish().expect("an archive").into_inner()
}
