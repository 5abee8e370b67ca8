//! Refreshes asked of a running service, while it answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use infusion_coder::catalog::store::Library;
use infusion_coder::server::pb::catalog_admin_service_client::CatalogAdminServiceClient;
use infusion_coder::server::pb::coding_service_client::CodingServiceClient;
use infusion_coder::server::pb::{self, RefreshState, RefreshStep};
use infusion_coder::updater::desk::{Desk, Tally};
use infusion_coder::updater::keeper::Keeper;
use infusion_coder::updater::refresh::{Outcome, Step};
use infusion_coder::updater::settings::{FeedId, Settings};
use infusion_coder::updater::source::Source;
use tempfile::TempDir;
use tonic::transport::Channel;

use super::fetch::hurried;
use super::stores::{THIRD, list};
use crate::support::anweb::Posting;
use crate::support::server::Server;
use crate::support::site::{Fault, Site};

/// Refreshes of the run under load.
const REFRESHES: usize = 4;
/// The same on demand.
const REFRESHES_ON_DEMAND: usize = 100;

struct NoTally;

impl Tally for NoTally {
    fn step(&self, _: Step, _: Duration) {}
    fn ended(&self, _: Outcome) {}
    fn missed(&self, _: FeedId) {}
}

struct House {
    site: Site,
    server: Server,
    _folder: TempDir,
}

impl House {
    async fn new() -> Self {
        let site = Site::start().await;
        list(&site, &[THIRD]);
        site.put(THIRD, Posting::plausible().zip("HCPC2024_JUL_ANWEB.txt"));
        let folder = TempDir::new().expect("a folder");
        let library = Arc::new(Library::open(folder.path()).expect("a store").0);
        let keeper = Keeper::new(library.clone(), folder.path().to_owned());
        let mut settings = Settings { fetch: hurried(), ..Settings::embedded() };
        settings.feeds.retain(|feed| feed.id == FeedId::Hcpcs);
        let desk = Desk::new(keeper, settings, Source::Archive(site.url(THIRD)), Arc::new(NoTally));
        let server = Server::start_with(library, Some(desk)).await;
        Self { site, server, _folder: folder }
    }

    async fn admin(&self) -> CatalogAdminServiceClient<Channel> {
        let address = self.server.administration.expect("administration listens");
        CatalogAdminServiceClient::connect(format!("http://{address}")).await.expect("a connection")
    }

    /// Asks for a refresh, follows it, and answers every report.
    async fn refresh(&self, request: pb::StartRefreshRequest) -> Vec<pb::Refresh> {
        let mut admin = self.admin().await;
        let started = admin.start_refresh(request).await.expect("it starts").into_inner();
        let refresh_id = started.refresh.expect("a refresh").refresh_id;
        let request = pb::WatchRefreshRequest { refresh_id };
        let mut watch = admin.watch_refresh(request).await.expect("it is known").into_inner();
        let mut reports = Vec::new();
        while let Some(report) = watch.message().await.expect("a report") {
            reports.push(report.refresh.expect("a refresh"));
        }
        reports
    }
}

fn named(request_id: &str) -> pb::StartRefreshRequest {
    pb::StartRefreshRequest { request_id: request_id.to_owned(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_is_started_followed_and_undone_over_the_api() {
    let house = House::new().await;
    let trial = pb::StartRefreshRequest { validate_only: true, ..named("trial") };
    let last = house.refresh(trial).await.pop().expect("a report");
    assert_eq!(last.state(), RefreshState::Updated, "{last:?}");
    let tried: Vec<_> = last.releases.iter().map(|it| (it.quarter.as_str(), it.active)).collect();
    assert!(tried == [("2024Q3", false)] && last.releases[0].stored_time.is_empty(), "{last:?}");
    let nothing = house.admin().await.roll_back(pb::RollBackRequest::default()).await;
    assert_eq!(nothing.expect_err("only tried").code(), tonic::Code::FailedPrecondition);
    let reports = house.refresh(named("first")).await;
    let last = reports.last().expect("a report");
    assert_eq!((last.state(), last.releases.len()), (RefreshState::Updated, 1), "{last:?}");
    assert!(reports.iter().any(|report| report.step() > RefreshStep::Fetch), "{reports:?}");
    let again = house.refresh(named("first")).await;
    assert_eq!(again.last(), Some(last), "the same request is not started twice");
    assert_eq!(
        house.refresh(named("second")).await.last().map(|it| it.state()),
        Some(RefreshState::AlreadyCurrent)
    );
    let mut admin = house.admin().await;
    let request = pb::GetRefreshRequest { refresh_id: last.refresh_id.clone() };
    assert_eq!(admin.get_refresh(request).await.expect("it is known").into_inner(), *last);
    let back = admin.roll_back(pb::RollBackRequest::default()).await.expect("a roll-back").into_inner();
    let release = back.rolled_back.expect("a release");
    assert!(!release.active && back.release.is_some_and(|release| release.embedded));
    let none = admin.roll_back(pb::RollBackRequest::default()).await.expect_err("nothing is left");
    assert_eq!(none.code(), tonic::Code::FailedPrecondition);
    let request = pb::ActivateReleaseRequest { release: release.release, reason: "it was right".to_owned() };
    let active = admin.activate_release(request).await.expect("it is held").into_inner();
    assert!(active.release.is_some_and(|release| release.active));
    let request = pb::ActivateReleaseRequest { release: "none".to_owned(), ..Default::default() };
    assert_eq!(
        admin.activate_release(request).await.map_err(|it| it.code()).err(),
        Some(tonic::Code::NotFound)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_source_is_told() {
    let house = House::new().await;
    let wrong = pb::StartRefreshRequest { source: "ftp://x".to_owned(), ..named("") };
    let refused = house.admin().await.start_refresh(wrong).await.expect_err("no source");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    house.site.fail_always(THIRD, Fault::Status(403));
    let last = house.refresh(named("")).await.pop().expect("a report");
    assert_eq!(last.state(), RefreshState::SourceUnreachable, "{last:?}");
    assert!(last.message.contains("403"), "{}", last.message);
    house.site.heal();
    house.site.put(THIRD, Posting::plausible().cut(100).zip("HCPC2024_JUL_ANWEB.txt"));
    let last = house.refresh(named("")).await.pop().expect("a report");
    assert_eq!(last.state(), RefreshState::Refused, "{last:?}");
    assert!(last.objections.iter().any(|text| text.contains("code-count")), "{last:?}");
    let accept = pb::StartRefreshRequest { accept_reason: "a trial".to_owned(), ..named("") };
    assert_eq!(house.refresh(accept).await.last().map(|it| it.state()), Some(RefreshState::Updated));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_the_catalog_is_swapped() {
    refreshes_under_load(REFRESHES).await;
}

/// On demand: `cargo test --release --test all -- --ignored hundred_refreshes`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes without optimisation; run on demand"]
async fn a_hundred_refreshes_under_load_fail_no_call() {
    refreshes_under_load(REFRESHES_ON_DEMAND).await;
}

/// Asks for the units of 10 mg of J0007 until it is told to stop; answers what each release said.
fn ask(
    house: &House,
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
) -> impl Future<Output = Vec<(String, String)>> + Send + 'static {
    let address = format!("http://{}", house.server.address);
    async move {
        let mut client = CodingServiceClient::connect(address).await.expect("a connection");
        let mut answers = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let request = pb::CalculateDrugLinesRequest {
                drug: Some(pb::Drug {
                    hcpcs_code: "J0007".to_owned(),
                    dose_administered: Some(pb::Quantity { value: "10".to_owned(), unit: "mg".to_owned() }),
                    ..Default::default()
                }),
                setting: pb::Setting::PhysicianOffice.into(),
                service_date: "2024-08-01".to_owned(),
                ..Default::default()
            };
            let answer = client.calculate_drug_lines(request).await.expect("an answer").into_inner();
            calls.fetch_add(1, Ordering::Relaxed);
            let release = answer.provenance.expect("a provenance").catalog_release;
            let units: Vec<String> = answer.lines.iter().map(|line| line.units.to_string()).collect();
            answers.push((release, units.join(",")));
        }
        answers
    }
}

/// Each refresh changes the unit of J0007; every answer must be that of the release it names.
async fn refreshes_under_load(count: usize) {
    let house = House::new().await;
    house.refresh(named("first")).await;
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> =
        (0..2).map(|_| tokio::spawn(ask(&house, Arc::clone(&stop), Arc::clone(&calls)))).collect();
    for number in 0..count {
        let text = format!("Injection, testdrug7, {} mg", if number % 2 == 0 { 1 } else { 10 });
        let posting = Posting::plausible().reworded("J0007", &text, "20240701");
        house.site.put(THIRD, posting.zip(&format!("HCPC2024_JUL_ANWEB_v{}.txt", number + 2)));
        let last = house.refresh(named("")).await.pop().expect("a report");
        assert_eq!(last.state(), RefreshState::Updated, "refresh {number}: {last:?}");
    }
    stop.store(true, Ordering::Relaxed);
    let mut seen = std::collections::BTreeMap::new();
    for task in load {
        for (release, units) in task.await.expect("no call fails") {
            assert_eq!(
                *seen.entry(release.clone()).or_insert_with(|| units.clone()),
                units,
                "one answer of {release}"
            );
        }
    }
    assert!(seen.len() > 1 && calls.load(Ordering::Relaxed) > count, "{seen:?}");
    assert!(seen.keys().all(|release| !release.is_empty()));
}
