//! Replicas follow a folder, an HTTP address and a bucket.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use infusion_coder::catalog::release::{Release, ReleaseHeader, ReleaseKind};
use infusion_coder::catalog::store::Library;
use infusion_coder::updater::keeper::Keeper;
use infusion_coder::updater::replica::{Follower, Place, publish};
use tempfile::TempDir;

use crate::program::program;
use crate::support::site::Site;

fn keeper(folder: &Path) -> Keeper {
    Keeper::new(Arc::new(Library::open(folder).expect("a store").0), folder.to_owned())
}

fn store(keeper: &Keeper, sha256: &str) -> String {
    let quarter = "2025Q4".parse().expect("a quarter");
    let header = ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, "posting.txt", sha256);
    let release = Release { header, ..Release::embedded().clone() };
    keeper.store().expect("a store").put(&release).expect("stored").header.id.to_string()
}

fn replica(place: &str) -> (Arc<Library>, Follower) {
    let library = Arc::new(Library::unavailable());
    let place = Place::parse(place).expect("a place");
    (library.clone(), Follower::new(place, library, Duration::from_secs(1)))
}

#[tokio::test]
async fn a_replica_follows_a_folder_and_keeps_what_it_has() {
    let (folder, out) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let keeper = keeper(folder.path());
    let place = Place::parse(&out.path().display().to_string()).expect("a place");
    let (library, mut follower) = replica(&out.path().display().to_string());
    assert!(follower.look().await.is_err() && library.catalog().is_none(), "nothing is published yet");
    let first = store(&keeper, "aaaaaaaaaaaa");
    let pointer = publish(&keeper, &place).await.expect("published");
    assert_eq!(follower.look().await.expect("a look"), Some(pointer.releases.clone()));
    assert!(pointer.releases.contains(&first));
    assert_eq!(follower.look().await.expect("a look"), None, "the same pointer is not taken twice");
    assert_eq!(library.entries().expect("entries").len(), pointer.releases.len());
    let named = library.catalog().expect("a catalog").release.clone();
    let (updated, _) = Library::open(&folder.path().join("nowhere")).expect("another store");
    assert_ne!(updated.catalog().map(|catalog| catalog.release.clone()), Some(named.clone()));
    store(&keeper, "bbbbbbbbbbbb");
    let second = publish(&keeper, &place).await.expect("published");
    assert_ne!(second.bundle, pointer.bundle, "the name is the content");
    let bundle = out.path().join(&second.bundle);
    let whole = std::fs::read(&bundle).expect("the file");
    std::fs::write(&bundle, &whole[..whole.len() / 2]).expect("half copied");
    let error = follower.look().await.expect_err("half a file");
    assert!(error.to_string().contains("cut short"), "{error}");
    assert_eq!(library.catalog().expect("a catalog").release, named, "what is in use stays in use");
    std::fs::write(&bundle, whole).expect("the rest");
    assert_eq!(follower.look().await.expect("a look"), Some(second.releases));
}

#[tokio::test]
async fn a_replica_follows_an_http_address_by_conditional_requests() {
    let (folder, out) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let keeper = keeper(folder.path());
    store(&keeper, "aaaaaaaaaaaa");
    let place = Place::parse(&out.path().display().to_string()).expect("a place");
    let pointer = publish(&keeper, &place).await.expect("published");
    let site = Site::start().await;
    for name in ["current.json", pointer.bundle.as_str()] {
        site.put(&format!("/catalog/{name}"), std::fs::read(out.path().join(name)).expect("a file"));
    }
    let (library, mut follower) = replica(site.url("/catalog").as_str());
    assert!(follower.look().await.expect("a look").is_some() && library.catalog().is_some());
    site.requests();
    assert_eq!(follower.look().await.expect("a look"), None);
    let asked: Vec<_> = site.requests().into_iter().map(|it| (it.path, it.status)).collect();
    assert_eq!(asked, [("/catalog/current.json".to_owned(), 304)]);
}

/// The program's own environment names the bucket, so the test runs the program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_goes_into_a_bucket_and_comes_out_of_it() {
    let folder = TempDir::new().expect("a folder");
    let id = store(&keeper(folder.path()), "aaaaaaaaaaaa");
    let bucket = Site::start().await;
    bucket.accept_writes();
    let mut export = program();
    export.args(["export", "--bundle", "--out", "s3://codes/live", "--store"]).arg(folder.path());
    with_bucket(&mut export, &bucket);
    let output = tokio::task::spawn_blocking(move || export.output()).await.expect("it ran").expect("output");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let signed = bucket.requests();
    assert!(signed.iter().all(|it| it.headers.contains_key("authorization")), "every request is signed");
    let mut serve = program();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--follow", "s3://codes/live", "--follow-every", "1"]);
    with_bucket(&mut serve, &bucket);
    let mut serve = serve.stderr(std::process::Stdio::piped()).spawn().expect("the program");
    let stderr = serve.stderr.take().expect("its log");
    let address = tokio::task::spawn_blocking(move || {
        use std::io::BufRead as _;
        let lines = std::io::BufReader::new(stderr).lines().map_while(Result::ok);
        lines.map(|line| line.strip_prefix("serving on ").map(str::to_owned)).find_map(|it| it)
    });
    let address = address.await.expect("it ran").expect("an address");
    let held = releases(&address).await;
    serve.kill().expect("a signal");
    serve.wait().expect("an end");
    assert!(held.contains(&id), "{held:?}");
}

fn with_bucket(program: &mut std::process::Command, bucket: &Site) {
    program
        .env("AWS_ENDPOINT_URL", bucket.url("").to_string().trim_end_matches('/'))
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "us-east-1");
}

/// The releases that a service holds, once it has taken them over.
async fn releases(address: &str) -> Vec<String> {
    use infusion_coder::server::pb::{self, catalog_service_client::CatalogServiceClient};
    let mut client = CatalogServiceClient::connect(format!("http://{address}")).await.expect("a connection");
    loop {
        let answer = client.list_releases(pb::ListReleasesRequest::default()).await.expect("an answer");
        let releases = answer.into_inner().releases;
        if releases.iter().any(|release| !release.embedded) {
            return releases.into_iter().map(|release| release.release).collect();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
