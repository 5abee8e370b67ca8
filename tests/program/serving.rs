//! The served program: who may call, what is shed, how it stops, and what it says of itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use infusion_coder::server::pb;
use infusion_coder::server::pb::catalog_service_client::CatalogServiceClient;
use infusion_coder::server::pb::coding_service_client::CodingServiceClient;
use tempfile::TempDir;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};
use tonic::{Code, Request, Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use super::program;

/// How long a test waits for a line or an end before it calls the program stuck.
const PATIENCE: Duration = Duration::from_secs(60);

const CODE_TOKEN: &str = "a-token-for-the-charge-capture-test";
const READ_TOKEN: &str = "a-token-for-the-look-up-test-only";

/// The program as it serves, with what it said on standard error.
pub(super) struct Serving {
    child: Child,
    lines: mpsc::Receiver<String>,
    said: Vec<String>,
}

impl Serving {
    pub(super) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_on("127.0.0.1:0", arguments, variables)
    }

    fn start_on(address: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = program()
            .args(["serve", "--listen", address])
            .args(arguments)
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let (say, lines) = mpsc::channel();
        let error = BufReader::new(child.stderr.take().expect("standard error"));
        std::thread::spawn(move || {
            error.lines().map_while(Result::ok).try_for_each(|line| say.send(line).map_err(drop))
        });
        Self { child, lines, said: Vec::new() }
    }

    /// The rest of the line that begins so.
    pub(super) fn wait_for(&mut self, beginning: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no `{beginning}` in {:#?}", self.said));
            self.said.push(line.clone());
            if let Some((_, rest)) = line.split_once(beginning) {
                return rest.to_owned();
            }
        }
    }

    pub(super) fn address(&mut self) -> String {
        self.wait_for("serving on ")
    }

    fn signal(&self, name: &str) {
        let sent = std::process::Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {name}");
    }

    /// Everything that it has said.
    pub(super) fn all_said(&self) -> String {
        self.said.join("\n") + &self.lines.iter().collect::<String>()
    }

    /// Whether it ended well after the signal to stop.
    pub(super) fn stop(&mut self) -> bool {
        self.signal("-TERM");
        self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended already in most tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) async fn connect(address: &str) -> Channel {
    Channel::from_shared(format!("http://{address}"))
        .expect("an address")
        .connect()
        .await
        .expect("a connection")
}

pub(super) fn visit() -> pb::CodeEncounterRequest {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/iron-with-hydration.json");
    let text = std::fs::read_to_string(path).expect("the example");
    infusion_coder::server::json::read(&text).expect("a request")
}

/// A stream whose first item is answered; it stays open until its sender is dropped.
pub(super) async fn open_stream(
    coding: &mut CodingServiceClient<Channel>,
) -> (tokio::sync::mpsc::Sender<pb::StreamCodeEncountersRequest>, Streaming<pb::StreamCodeEncountersResponse>)
{
    let (item, items) = tokio::sync::mpsc::channel(1);
    item.send(pb::StreamCodeEncountersRequest { item_number: 1, request: Some(visit()) })
        .await
        .expect("sent");
    let inbound = tokio_stream::wrappers::ReceiverStream::new(items);
    let mut answers = coding.stream_code_encounters(inbound).await.expect("a stream").into_inner();
    assert!(answers.message().await.expect("an answer").is_some());
    (item, answers)
}

fn look_up() -> pb::GetCodeRequest {
    pb::GetCodeRequest { code: "J9312".into(), date_of_service: "2025-11-03".into() }
}

fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    let token = format!("Bearer {token}").parse().expect("a token");
    request.metadata_mut().insert("authorization", token);
    request
}

pub(super) fn code_of<T>(answer: Result<T, Status>) -> Code {
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

async fn health(channel: Channel, service: &str) -> Option<ServingStatus> {
    let request = HealthCheckRequest { service: service.to_owned() };
    let answer = HealthClient::new(channel).check(request).await.ok()?;
    Some(answer.into_inner().status())
}

/// A page of the operators' listener: its status and its text.
pub(super) fn page(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("the operators' listener");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("asked");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, text)
}

/// Where the metrics line says that the operators' pages are.
pub(super) fn operators(serving: &mut Serving) -> String {
    let rest = serving.wait_for("metrics on http://");
    rest.trim_end_matches("/metrics").to_owned()
}

#[tokio::test]
async fn tokens_have_roles_and_are_read_again_without_a_restart() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("identities");
    std::fs::write(&file, format!("token read {READ_TOKEN}\n")).expect("identities");
    let lines = format!("token code {CODE_TOKEN}");
    let path = file.to_str().expect("a path");
    let mut serving = Serving::start(&["--identities", path], &[("INFUSION_CODER_IDENTITY_LINES", &lines)]);
    let channel = connect(&serving.address()).await;
    let mut coding = CodingServiceClient::new(channel.clone());
    let mut catalog = CatalogServiceClient::new(channel.clone());
    assert_eq!(code_of(coding.code_encounter(with_token(visit(), CODE_TOKEN)).await), Code::Ok);
    assert_eq!(code_of(coding.code_encounter(with_token(visit(), READ_TOKEN)).await), Code::PermissionDenied);
    assert_eq!(code_of(coding.code_encounter(visit()).await), Code::Unauthenticated);
    assert_eq!(code_of(catalog.get_code(with_token(look_up(), READ_TOKEN)).await), Code::Ok);
    assert_eq!(health(channel, "").await, Some(ServingStatus::Serving));
    std::fs::write(&file, "token read another-token-for-the-look-up-test\n").expect("identities");
    serving.signal("-HUP");
    serving.wait_for("the identities were read again");
    assert_eq!(code_of(catalog.get_code(with_token(look_up(), READ_TOKEN)).await), Code::Unauthenticated);
    assert!(serving.stop());
    let said = serving.said.join("\n") + &serving.lines.try_iter().collect::<String>();
    assert!(!said.contains(CODE_TOKEN) && !said.contains(READ_TOKEN), "a secret is in the log: {said}");
}

#[test]
fn strangers_are_not_served_by_oversight() {
    let mut asked = program();
    asked.args(["serve", "--listen", "0.0.0.0:0"]);
    let output = asked.output().expect("the program");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && message.contains("give --identities FILE"), "{message}");
    let nobody = tempfile::NamedTempFile::new().expect("a file");
    let mut asked = program();
    asked.args(["serve", "--listen", "127.0.0.1:0", "--identities"]).arg(nobody.path());
    let output = asked.output().expect("the program");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && message.contains("names nobody"), "{message}");
    let mut serving = Serving::start_on("0.0.0.0:0", &["--insecure"], &[]);
    serving.wait_for("serving on 0.0.0.0:");
    assert!(serving.stop());
}

/// A CA, and what it signed.
pub(super) struct Issued {
    pub(super) folder: TempDir,
    ca: String,
    client: (String, String),
    /// Signed like the client's, and named nowhere.
    other: (String, String),
}

pub(super) fn issue() -> Issued {
    let ca_key = rcgen::KeyPair::generate().expect("a key");
    let mut ca_params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    ca_params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = ca_params.self_signed(&ca_key).expect("a CA").pem();
    let issuer = rcgen::Issuer::new(ca_params, ca_key);
    let signed = |name: &str| {
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        (params.signed_by(&key, &issuer).expect("a certificate").pem(), key.serialize_pem())
    };
    let (server, client) = (signed("localhost"), signed("charge-capture.example"));
    let other = signed("reception.example");
    let folder = TempDir::new().expect("a folder");
    let files = [
        ("server.pem", &server.0),
        ("server.key", &server.1),
        ("ca.pem", &ca),
        ("client.pem", &client.0),
        ("client.key", &client.1),
        ("identities", &"certificate code charge-capture.example\n".to_owned()),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    Issued { folder, ca, client, other }
}

#[tokio::test]
async fn a_client_certificate_is_an_identity_and_strangers_get_no_connection() {
    let issued = issue();
    let file = |name: &str| issued.folder.path().join(name).to_str().expect("a path").to_owned();
    let (certificate, key, ca, identities) =
        (file("server.pem"), file("server.key"), file("ca.pem"), file("identities"));
    let mut serving = Serving::start(
        &[
            "--tls-certificate",
            &certificate,
            "--tls-key",
            &key,
            "--tls-client-ca",
            &ca,
            "--identities",
            &identities,
        ],
        &[],
    );
    let address = serving.address().replace("127.0.0.1", "localhost");
    let endpoint = |tls: ClientTlsConfig| {
        let tls = tls.ca_certificate(Certificate::from_pem(&issued.ca));
        Channel::from_shared(format!("https://{address}")).expect("an address").tls_config(tls).expect("TLS")
    };
    let known = ClientTlsConfig::new().identity(Identity::from_pem(&issued.client.0, &issued.client.1));
    let channel = endpoint(known).connect().await.expect("a connection");
    assert_eq!(code_of(CodingServiceClient::new(channel).code_encounter(visit()).await), Code::Ok);
    let other = ClientTlsConfig::new().identity(Identity::from_pem(&issued.other.0, &issued.other.1));
    let channel = endpoint(other).connect().await.expect("a connection");
    let refused = CodingServiceClient::new(channel).code_encounter(visit()).await;
    assert_eq!(code_of(refused), Code::Unauthenticated, "a certificate that nobody named was answered");
    // TLS 1.3 tells a caller without a certificate only when it reads.
    let stranger = match endpoint(ClientTlsConfig::new()).connect().await {
        Ok(channel) => CodingServiceClient::new(channel).code_encounter(visit()).await.is_ok(),
        Err(_) => false,
    };
    assert!(!stranger, "a caller without a certificate was answered");
    assert!(serving.stop());
}

#[tokio::test]
async fn limits_come_from_the_file_and_name_themselves() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("settings.toml");
    let settings = "[limit]\nadministrations = 1\nmessage-bytes = 4096\nbatch-items = 2\n";
    std::fs::write(&file, settings).expect("settings");
    let mut serving = Serving::start(&["--config", file.to_str().expect("a path")], &[]);
    let mut coding = CodingServiceClient::new(connect(&serving.address()).await);
    let refused = coding.code_encounter(visit()).await.expect_err("too many administrations");
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("at most 1 are read (limit-administrations)"), "{refused}");
    let batch = pb::BatchCodeEncountersRequest { requests: vec![Default::default(); 3] };
    assert_eq!(code_of(coding.batch_code_encounters(batch).await), Code::InvalidArgument);
    let mut long = visit();
    long.encounter.get_or_insert_default().encounter_id = "v".repeat(5_000);
    assert_eq!(code_of(coding.code_encounter(long).await), Code::OutOfRange);
    std::fs::write(&file, "limit-administrations = 0\n").expect("settings");
    let arguments = ["serve", "--config", file.to_str().expect("a path")];
    let output = program().args(arguments).output().expect("the program");
    assert!(String::from_utf8_lossy(&output.stderr).contains("give 1 or more"), "{output:?}");
}

#[tokio::test]
async fn calls_beyond_the_limit_are_shed_and_health_answers_throughout() {
    let arguments = ["--limit-in-flight", "1", "--metrics-listen", "127.0.0.1:0"];
    let mut serving = Serving::start(&arguments, &[]);
    let address = serving.address();
    let operators = operators(&mut serving);
    let channel = connect(&address).await;
    let mut coding = CodingServiceClient::new(channel.clone());
    // A stream that stays open holds the one place.
    let (item, mut answers) = open_stream(&mut coding).await;
    let shed = coding.code_encounter(visit()).await.expect_err("one call too many");
    assert_eq!(shed.code(), Code::ResourceExhausted);
    assert!(shed.message().contains("answers 1 call at once already (limit-in-flight)"), "{shed}");
    let reason = shed.get_details_error_info().map(|info| info.reason);
    assert_eq!(reason.as_deref(), Some("ERROR_REASON_OVERLOADED"));
    assert_eq!(health(channel, "").await, Some(ServingStatus::Serving));
    drop(item);
    assert!(answers.message().await.expect("the end").is_none());
    drop(answers);
    assert_eq!(code_of(coding.code_encounter(visit()).await), Code::Ok);
    let (_, metrics) = page(&operators, "/metrics");
    for expected in [
        r#"infusion_coder_calls_total{method="CodeEncounter",code="8"} 1"#,
        r#"infusion_coder_calls_total{method="CodeEncounter",code="0"} 1"#,
        r#"infusion_coder_lines_total{track="drug"}"#,
        "infusion_coder_catalog_quarters_behind ",
    ] {
        assert!(metrics.contains(expected), "no {expected} in {metrics}");
    }
    assert_eq!(page(&operators, "/ready").0, 200);
    assert!(serving.stop());
}

#[tokio::test]
async fn a_drain_says_that_it_drains_and_ends_at_its_deadline() {
    let arguments = ["--limit-drain-seconds", "3", "--metrics-listen", "127.0.0.1:0"];
    let mut serving = Serving::start(&arguments, &[]);
    let address = serving.address();
    let operators = operators(&mut serving);
    let channel = connect(&address).await;
    let mut coding = CodingServiceClient::new(channel.clone());
    // A caller that never ends its stream would hold a graceful stop for ever.
    let (item, mut answers) = open_stream(&mut coding).await;
    serving.signal("-TERM");
    serving.wait_for("draining");
    // The call in flight goes on while no new connection is taken.
    item.send(pb::StreamCodeEncountersRequest { item_number: 2, request: Some(visit()) })
        .await
        .expect("sent");
    assert!(answers.message().await.expect("an answer").is_some());
    let ready = (0..100).map(|_| {
        std::thread::sleep(Duration::from_millis(10));
        page(&operators, "/ready").0
    });
    assert!(ready.into_iter().any(|status| status == 503), "readiness never said that the process drains");
    serving.wait_for("they are cut off");
    assert!(serving.child.wait().is_ok_and(|status| status.success()));
}

#[tokio::test]
async fn without_a_catalog_it_says_so_and_why() {
    let folder = TempDir::new().expect("a folder");
    // A file where the store's folder should be: nothing can be opened or made there.
    let store = folder.path().join("store");
    std::fs::write(&store, "no folder").expect("a file");
    let arguments = ["--store", store.to_str().expect("a path"), "--metrics-listen", "127.0.0.1:0"];
    let mut serving = Serving::start(&arguments, &[]);
    let address = serving.address();
    let operators = operators(&mut serving);
    let channel = connect(&address).await;
    assert_eq!(health(channel.clone(), "").await, Some(ServingStatus::NotServing));
    let coding = "infusion.coding.v1.CodingService";
    assert_eq!(health(channel.clone(), coding).await, Some(ServingStatus::NotServing));
    assert_eq!(code_of(CodingServiceClient::new(channel).code_encounter(visit()).await), Code::Unavailable);
    let (status, text) = page(&operators, "/ready");
    assert!(status == 503 && text.contains("cannot be read or written"), "{text}");
    assert!(serving.stop());
}

#[test]
fn the_log_is_json_when_it_is_asked_for() {
    let mut serving = Serving::start(&["--log-format", "json"], &[]);
    serving.wait_for(r#""message":"serving""#);
    assert!(serving.stop());
    let objects = serving.said.iter().filter(|line| line.starts_with('{'));
    assert!(objects.clone().count() > 0);
    for line in objects {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
}
