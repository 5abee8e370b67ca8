//! Downloads against a site with faults.

use infusion_coder::updater::fetch::{Answer, Download, Expect, FetchError, Fetcher, Validators};
use infusion_coder::updater::settings::{FetchSettings, Settings};

use crate::support::site::{Fault, Site};

const FILE: &str = "/files/zip/january-2026-alpha-numeric-hcpcs-file.zip";

pub(super) fn hurried() -> FetchSettings {
    FetchSettings {
        answer_seconds: 1,
        read_seconds: 1,
        total_seconds: 20,
        slow_window_seconds: 1,
        first_wait_milliseconds: 1,
        longest_wait_seconds: 0,
        ..Settings::embedded().fetch
    }
}

async fn fetch_with(site: &Site, settings: FetchSettings, seen: &Validators) -> Result<Answer, FetchError> {
    let url = site.url(FILE);
    Fetcher::new(settings, &url)?.fetch(&url, Expect::Archive, seen, &|_, _| ()).await
}

async fn fetch(site: &Site) -> Result<Download, FetchError> {
    match fetch_with(site, hurried(), &Validators::default()).await? {
        Answer::New(download) => Ok(download),
        Answer::NotModified => panic!("an unconditional request is not answered with 304"),
    }
}

fn content() -> Vec<u8> {
    (0..50_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

#[tokio::test]
async fn a_file_is_fetched_once_and_then_only_asked_about() {
    let site = Site::start().await;
    site.put(FILE, content());
    let download = fetch(&site).await.unwrap();
    assert_eq!(download.bytes, content());
    assert_eq!(download.sha256.len(), 64);
    assert!(matches!(fetch_with(&site, hurried(), &download.validators).await, Ok(Answer::NotModified)));
    site.put(FILE, b"another posting".to_vec());
    let again = fetch_with(&site, hurried(), &download.validators).await.unwrap();
    assert!(matches!(again, Answer::New(new) if new.bytes == b"another posting"));
    let statuses: Vec<u16> = site.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [200, 304, 200]);
}

/// Cuts the connection after `cuts` bytes of one answer each and checks that the whole file arrives.
async fn survives_cut(site: &Site, after: usize) {
    site.fail(FILE, [Fault::Cut(after)]);
    let download = fetch(site).await.unwrap_or_else(|error| panic!("cut after {after}: {error}"));
    assert_eq!(download.bytes, content(), "cut after {after}");
    let requests = site.requests();
    assert_eq!(requests.len(), 2, "cut after {after}");
    if after > 0 {
        assert_eq!(requests[1].status, 206, "cut after {after}: the download goes on where it stopped");
    }
}

#[tokio::test]
async fn a_cut_download_goes_on_where_it_stopped() {
    let site = Site::start().await;
    site.put(FILE, content());
    for after in [0, 1, 1024, 64 * 1024, content().len() - 1] {
        survives_cut(&site, after).await;
    }
}

/// On demand: `cargo test --test all every_kilobyte -- --ignored`
#[tokio::test]
#[ignore = "two hundred downloads"]
async fn a_cut_at_every_kilobyte_is_survived() {
    let site = Site::start().await;
    site.put(FILE, content());
    for after in (0..content().len()).step_by(1024) {
        survives_cut(&site, after).await;
    }
}

#[tokio::test]
async fn a_file_that_changes_during_the_download_is_fetched_anew() {
    let site = Site::start().await;
    site.put(FILE, content());
    site.fail(FILE, [Fault::Cut(4096), Fault::Status(500)]);
    let changed: Vec<u8> = content().into_iter().rev().collect();
    let (download, ()) = tokio::join!(fetch(&site), async {
        while site.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        site.put(FILE, changed.clone());
    });
    let bytes = download.unwrap().bytes;
    assert!(bytes == changed || bytes == content(), "never a mixture of the two");
}

#[tokio::test]
async fn a_connection_that_is_always_cut_is_given_up() {
    let site = Site::start().await;
    site.put(FILE, content());
    site.fail_always(FILE, Fault::Cut(0));
    let error = fetch(&site).await.unwrap_err();
    assert!(matches!(error, FetchError::Cut { .. }), "{error}");
    assert_eq!(site.requests().len(), hurried().attempts);
}

#[tokio::test]
async fn a_server_error_is_tried_again_and_a_refusal_is_not() {
    let site = Site::start().await;
    site.put(FILE, content());
    site.fail(FILE, [Fault::Status(500), Fault::Status(503)]);
    assert_eq!(fetch(&site).await.unwrap().bytes, content());
    assert_eq!(site.requests().len(), 3);
    for status in [403, 404] {
        site.fail(FILE, [Fault::Status(status)]);
        let error = fetch(&site).await.unwrap_err();
        assert!(matches!(error, FetchError::Status { status: found, .. } if found == status), "{error}");
        assert_eq!(error.is_absent(), status == 404);
        assert_eq!(site.requests().len(), 1, "{status} is not tried again");
    }
}

#[tokio::test]
async fn a_slow_drip_is_given_up() {
    let site = Site::start().await;
    site.put(FILE, content());
    site.fail_always(FILE, Fault::Drip);
    let settings = FetchSettings { attempts: 1, ..hurried() };
    let error = fetch_with(&site, settings, &Validators::default()).await.unwrap_err();
    assert!(matches!(error, FetchError::TooSlow { .. }), "{error}");
    let settings = FetchSettings { total_seconds: 1, slow_window_seconds: 9, ..hurried() };
    let error = fetch_with(&site, settings, &Validators::default()).await.unwrap_err();
    assert!(matches!(error, FetchError::OutOfTime { seconds: 1, .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_unreachable() {
    let site = Site::start().await;
    site.put(FILE, content());
    site.fail(FILE, [Fault::Silence]);
    assert_eq!(fetch(&site).await.unwrap().bytes, content(), "the second attempt is answered");
    site.fail_always(FILE, Fault::Silence);
    let settings = FetchSettings { attempts: 2, ..hurried() };
    let error = fetch_with(&site, settings, &Validators::default()).await.unwrap_err();
    assert!(error.to_string().contains("no answer within 1 s"), "{error}");
}

#[tokio::test]
async fn redirects_stay_on_the_host() {
    let site = Site::start().await;
    site.put("/files/zip/moved.zip", content());
    site.fail_always(FILE, Fault::Redirect("/files/zip/moved.zip".to_owned()));
    assert_eq!(fetch(&site).await.unwrap().url, site.url("/files/zip/moved.zip"));
    let other = Site::start().await;
    other.put("/moved.zip", content());
    site.fail_always(FILE, Fault::Redirect(other.url("/moved.zip").to_string()));
    let error = fetch(&site).await.unwrap_err();
    assert!(matches!(error, FetchError::Redirect { .. }), "{error}");
    assert!(error.to_string().contains("another host"), "{error}");
    assert!(other.requests().is_empty(), "the other host is not even asked");
    site.fail_always(FILE, Fault::Redirect(FILE.to_owned()));
    let error = fetch(&site).await.unwrap_err();
    assert!(error.to_string().contains("more than 5 redirects"), "{error}");
}

#[tokio::test]
async fn what_is_not_a_zip_or_too_large_is_refused() {
    let site = Site::start().await;
    site.put(FILE, content());
    site.fail(FILE, [Fault::Html]);
    let error = fetch(&site).await.unwrap_err();
    assert!(error.to_string().contains("is text/html, not a zip archive"), "{error}");
    let settings = FetchSettings { archive_bytes: 1000, ..hurried() };
    let error = fetch_with(&site, settings, &Validators::default()).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { limit: 1000, .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let url = {
        let site = Site::start().await;
        site.url(FILE)
    };
    let fetcher = Fetcher::new(FetchSettings { attempts: 2, ..hurried() }, &url).unwrap();
    tokio::task::yield_now().await;
    let error = fetcher.fetch(&url, Expect::Archive, &Validators::default(), &|_, _| ()).await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. } | FetchError::Cut { .. }), "{error}");
}
