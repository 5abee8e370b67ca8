//! `CatalogService` called over real gRPC.

use std::sync::Arc;

use infusion_coder::catalog::CodeVersion;
use infusion_coder::catalog::release::{Descriptors, Release, ReleaseHeader, ReleaseKind};
use infusion_coder::catalog::store::Library;
use infusion_coder::server::pb::catalog_service_client::CatalogServiceClient;
use infusion_coder::server::pb::{self, CodeChangeKind, CodeFlag, CodeStanding, MatchKind};
use tempfile::TempDir;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::server::Server;

struct Running {
    client: CatalogServiceClient<Channel>,
    _server: Server,
    _folder: TempDir,
}

/// A server whose store holds two small postings: rituximab before and after its new code.
async fn running() -> Running {
    let folder = TempDir::new().expect("a folder");
    let (library, _) = Library::open(folder.path()).expect("a library");
    for release in [posting("2018Q1"), posting("2019Q1")] {
        library.store().expect("a store").put(&release).expect("stored");
    }
    library.reload().expect("a catalog");
    let server = Server::start(Arc::new(library)).await;
    let client = CatalogServiceClient::new(server.channel().await);
    Running { client, _server: server, _folder: folder }
}

fn posting(quarter: &str) -> Release {
    let quarter: infusion_coder::domain::quarter::Quarter = quarter.parse().expect("a quarter");
    let header = ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, "posting.txt", &format!("{quarter}aaaa"));
    let day = quarter.first_day();
    let embedded = Release::embedded().codes.iter();
    let mut codes: Vec<CodeVersion> = embedded
        .filter(|version| ["J9310", "J9312", "J9355", "J1745"].contains(&version.code.as_str()))
        .filter(|version| version.added <= day)
        .cloned()
        .collect();
    codes.dedup_by_key(|version| version.code);
    let text = |version: &CodeVersion| Descriptors {
        code: version.code,
        long: match version.code.as_str() {
            "J9355" => format!("our wording of {day}").into(),
            _ => "our wording".into(),
        },
        short: "short".into(),
    };
    let descriptors = codes.iter().map(text).collect();
    Release { codes, descriptors, ..Release::empty(header) }
}

fn get(code: &str, date: &str) -> pb::GetCodeRequest {
    pb::GetCodeRequest { code: code.into(), date_of_service: date.into() }
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().expect("an ErrorInfo").reason.clone()
}

fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}

#[tokio::test]
async fn the_date_of_service_picks_the_version() {
    let mut running = running().await;
    for (code, date, standing, unit) in [
        ("J9310", "2018-12-31", CodeStanding::InForce, "100 mg"),
        ("j9312", "2018-12-31", CodeStanding::NotYet, "10 mg"),
        ("J9312", "2019-01-01", CodeStanding::InForce, "10 mg"),
        ("J9310", "2019-01-01", CodeStanding::Terminated, "100 mg"),
        ("J9312", "", CodeStanding::InForce, "10 mg"),
    ] {
        let version = running.client.get_code(get(code, date)).await.expect(code).into_inner();
        assert_eq!(version.standing(), standing, "{code} {date}");
        let billed = version.billing_unit.expect("a unit");
        assert_eq!(format!("{} {}", billed.value, billed.unit), unit, "{code} {date}");
        assert!(version.catalog_release.contains("hcpcs-2019Q1"));
        if standing == CodeStanding::Terminated {
            assert_eq!(version.successor_codes, ["J9312"]);
        }
    }
    let codes = ["J9312", "A0000", "96413"].map(str::to_owned).to_vec();
    let batch = pb::BatchGetCodesRequest { codes, date_of_service: "2025-11-03".into() };
    let batch = running.client.batch_get_codes(batch).await.expect("a batch").into_inner();
    assert_eq!(batch.code_versions.len(), 1);
    assert_eq!(batch.unknown_codes, ["A0000", "96413"]);
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_with_a_published_reason() {
    let mut running = running().await;
    let refusal = running.client.get_code(get("A0000", "")).await.expect_err("unknown");
    assert_eq!((refusal.code(), reason(&refusal)), (Code::NotFound, "ERROR_REASON_CODE_NOT_FOUND".into()));
    let refusal = running.client.get_code(get("J93", "2025-13-01")).await.expect_err("two faults");
    assert_eq!(refusal.code(), Code::InvalidArgument);
    assert_eq!(fields(&refusal), ["code", "dateOfService"]);
    let ndc = |ndc: &str| pb::LookupNdcRequest { ndc: ndc.into(), ..Default::default() };
    let refusal = running.client.lookup_ndc(ndc("5024205306")).await.expect_err("ambiguous");
    assert_eq!(reason(&refusal), "ERROR_REASON_NDC_AMBIGUOUS");
    assert_eq!(fields(&refusal), ["ndc"]);
    let details = refusal.get_error_details();
    let candidates = &details.error_info().expect("an ErrorInfo").metadata["candidates"];
    assert_eq!(candidates, "05024205306,50242005306,50242053006");
    let refusal = running.client.lookup_ndc(ndc("00000-0000-00")).await.expect_err("unknown");
    assert_eq!(reason(&refusal), "ERROR_REASON_NDC_NOT_FOUND");
    let refusal = running.client.lookup_ndc(ndc("50242")).await.expect_err("no NDC");
    assert_eq!(fields(&refusal), ["ndc"]);
    let compare = pb::CompareReleasesRequest { from_release: "2018Q1".into(), ..Default::default() };
    let refusal = running.client.compare_releases(compare.clone()).await.expect_err("half a request");
    assert_eq!(fields(&refusal), ["toRelease"]);
    let compare = pb::CompareReleasesRequest { to_release: "2011Q1".into(), ..compare };
    let refusal = running.client.compare_releases(compare).await.expect_err("unknown");
    assert_eq!(reason(&refusal), "ERROR_REASON_RELEASE_NOT_FOUND");
}

#[tokio::test]
async fn lists_come_in_pages_that_cover_them_once() {
    let mut running = running().await;
    let filter = pb::CodeFilter {
        code_prefix: "q".into(),
        in_force_on: "2025-11-03".into(),
        flags: vec![CodeFlag::Biosimilar.into()],
        has_billing_unit: Some(true),
        ..Default::default()
    };
    let mut request = pb::ListCodesRequest { page_size: 20, filter: Some(filter), ..Default::default() };
    let mut seen = Vec::new();
    let total = loop {
        let page = running.client.list_codes(request.clone()).await.expect("a page").into_inner();
        assert!(page.code_versions.len() <= 20);
        seen.extend(page.code_versions.into_iter().map(|version| version.code));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break page.total_size;
        }
    };
    assert!(seen.is_sorted() && seen.len() > 40 && seen.len() == total as usize, "{} of {total}", seen.len());
    assert!(seen.contains(&"Q5115".to_owned()) && seen.contains(&"Q9998".to_owned()));
    request.page_token = "Q5115-00000000".into();
    let refusal = running.client.list_codes(request).await.expect_err("another list's token");
    assert_eq!(fields(&refusal), ["pageToken"]);
    let refusal = running
        .client
        .list_codes(pb::ListCodesRequest {
            filter: Some(pb::CodeFilter {
                flags: vec![99],
                in_force_on: "soon".into(),
                ..Default::default()
            }),
            ..Default::default()
        })
        .await
        .expect_err("no filter");
    assert_eq!(fields(&refusal), ["filter.flags[0]", "filter.inForceOn"]);
}

#[tokio::test]
async fn drugs_are_found_by_any_name() {
    let mut running = running().await;
    for (query, code, kind, text) in [
        ("J9312", "J9312", MatchKind::Code, "J9312"),
        ("Truxima", "Q5115", MatchKind::Brand, "Truxima"),
        ("rituximab-pvvr", "Q5119", MatchKind::Name, "rituximab-pvvr"),
        ("trastuzumb", "J9355", MatchKind::Name, "trastuzumab"),
    ] {
        let date_of_service = "2025-11-03".into();
        let request = pb::SearchDrugsRequest { query: query.into(), date_of_service, page_size: 5 };
        let matches = running.client.search_drugs(request).await.expect(query).into_inner().matches;
        let best = matches.first().expect(query);
        let found = best.code_version.as_ref().expect("a version").code.clone();
        assert_eq!((found.as_str(), best.match_kind(), best.matched_text.as_str()), (code, kind, text));
        assert!(matches.len() <= 5 && matches.is_sorted_by(|a, b| a.score >= b.score), "{query}");
        assert!((1..=100).contains(&best.score));
    }
    let by_reference = pb::SearchDrugsRequest { query: "Rituxan".into(), ..Default::default() };
    let matches = running.client.search_drugs(by_reference).await.expect("matches").into_inner().matches;
    let kinds: Vec<MatchKind> = matches.iter().map(|found| found.match_kind()).collect();
    assert!(kinds.contains(&MatchKind::Brand) && kinds.contains(&MatchKind::ReferenceProduct), "{kinds:?}");
}

#[tokio::test]
async fn packages_and_biosimilars_are_answered_with_their_codes() {
    let mut running = running().await;
    let request = pb::LookupNdcRequest { ndc: "50242-053-06".into(), date_of_service: "2025-11-03".into() };
    let products = running.client.lookup_ndc(request).await.expect("products").into_inner().products;
    let product = products.first().expect("a product");
    assert_eq!((product.ndc.as_str(), product.code.as_str()), ("50242005306", "J9312"));
    assert_eq!(product.billing_units_per_container, "50");
    assert_eq!(product.code_version.as_ref().map(|version| version.name.as_str()), Some("rituximab"));
    let request = pb::ListBiosimilarsRequest { reference: "J9312".into(), ..Default::default() };
    let families = running.client.list_biosimilars(request).await.expect("families").into_inner().families;
    assert_eq!(families.len(), 1);
    assert_eq!(families[0].reference_product, "rituximab");
    assert!(families[0].reference_codes.iter().any(|version| version.code == "J9312"));
    let codes: Vec<&str> = families[0].biosimilars.iter().map(|version| version.code.as_str()).collect();
    assert_eq!(codes, ["Q5115", "Q5119", "Q5123"]);
    let all = running.client.list_biosimilars(pb::ListBiosimilarsRequest::default()).await.expect("families");
    assert!(all.into_inner().families.len() > 10);
}

#[tokio::test]
async fn releases_are_listed_and_compared() {
    let mut running = running().await;
    let request = pb::ListReleasesRequest { page_size: 2, ..Default::default() };
    let page = running.client.list_releases(request.clone()).await.expect("releases").into_inner();
    let quarters: Vec<&str> = page.releases.iter().map(|release| release.quarter.as_str()).collect();
    assert_eq!(quarters.len(), 2);
    assert!(quarters.is_sorted_by(|a, b| a >= b) && page.releases.iter().all(|release| release.active));
    let request = pb::ListReleasesRequest { page_token: page.next_page_token, ..request };
    let last = running.client.list_releases(request).await.expect("releases").into_inner();
    assert_eq!((last.releases.len(), last.next_page_token.as_str()), (1, ""));
    assert!(!last.releases[0].stored_time.is_empty());
    let request = pb::CompareReleasesRequest {
        from_release: "2018Q1".into(),
        to_release: "2019Q1".into(),
        page_size: 1,
        ..Default::default()
    };
    let page = running.client.compare_releases(request.clone()).await.expect("changes").into_inner();
    let replaced = &page.changes[0];
    assert_eq!((replaced.kind(), replaced.code.as_str()), (CodeChangeKind::Replaced, "J9310"));
    assert_eq!(replaced.related_codes, ["J9312"]);
    assert!(replaced.text.contains("100 mg") && replaced.text.contains("10 mg"), "{}", replaced.text);
    let counts: Vec<_> = page.counts.iter().map(|counted| (counted.kind(), counted.count)).collect();
    let expected = [CodeChangeKind::Replaced, CodeChangeKind::Added, CodeChangeKind::TextChanged];
    assert_eq!(counts, expected.map(|kind| (kind, 1)));
    let request = pb::CompareReleasesRequest { page_token: page.next_page_token, ..request };
    let page = running.client.compare_releases(request).await.expect("changes").into_inner();
    assert_eq!(page.changes[0].code, "J9312");
}
