//! gRPC-Web and plain JSON on the port of the service, each only where it was switched on.

use std::io::{Read, Write};
use std::time::Duration;

use infusion_coder::server::pb;
use prost::Message;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;

use super::Served;

const METHOD: &str = "/infusion.coding.v1.CodingService/CodeEncounter";
const VISIT: &str = r#"{"detail": "LINES", "encounter": {"encounterId": "v-1", "setting": "PHYSICIAN_OFFICE",
    "serviceDate": "2025-11-03", "indication": "ONCOLOGY", "administrations": [{"administrationId": "a1", "route": "IV_INFUSION",
    "accessSite": "port", "startTime": "2025-11-03T09:40", "stopTime": "2025-11-03T12:15",
    "drugs": [{"hcpcsCode": "J9312", "doseAdministered": {"value": "700", "unit": "mg"}}]}]}}"#;

/// A client; the provider of its TLS is installed once for the whole test binary.
fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

async fn post_json(served: &Served, path: &str, body: &'static str) -> Result<Response, reqwest::Error> {
    client().post(served.url(path)).header("content-type", "application/json").body(body).send().await
}

#[tokio::test]
async fn json_is_coded_and_refused_with_every_violation() {
    let served = Served::with(&["--http-json"]);
    let answer = post_json(&served, METHOD, VISIT).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    assert_eq!(answer["lines"][0]["code"], "96413", "{answer}");
    let answer =
        post_json(&served, METHOD, r#"{"encounter": {"serviceDate": "x"}}"#).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let error: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    assert_eq!((&error["code"], &error["reason"]), (&"invalid_argument".into(), &"INVALID_REQUEST".into()));
    assert_eq!(error["violations"].as_array().map(Vec::len), Some(3), "{error}");
}

/// A refusal: its HTTP status, and its JSON with the gRPC code.
async fn refusal(answer: Response) -> (StatusCode, String) {
    let status = answer.status();
    assert_eq!(answer.headers()["content-type"], "application/json");
    let body: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    (status, body["code"].as_str().expect("a code").to_owned())
}

#[tokio::test]
async fn a_caller_without_a_role_is_told_so_by_http_and_its_body_is_not_read() {
    let identities = tempfile::NamedTempFile::new().expect("a file");
    let token = "a-token-for-look-ups-and-no-more";
    std::fs::write(identities.path(), format!("token read {token}\n")).expect("identities");
    let served = Served::with(&["--http-json", "--identities", identities.path().to_str().expect("a path")]);
    let answer = post_json(&served, METHOD, "{").await.expect("an answer");
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    assert_eq!(refusal(answer).await, (StatusCode::UNAUTHORIZED, "unauthenticated".to_owned()));
    let call = |token: &str| {
        let request = client().post(served.url(METHOD)).header("content-type", "application/json");
        request.header("authorization", format!("Bearer {token}")).body(VISIT).send()
    };
    let answer = call("another-token-that-nobody-knows").await.expect("an answer");
    assert_eq!(refusal(answer).await.0, StatusCode::UNAUTHORIZED);
    let answer = call(token).await.expect("an answer");
    assert_eq!(refusal(answer).await, (StatusCode::FORBIDDEN, "permission_denied".to_owned()));
}

#[tokio::test]
async fn what_is_too_large_or_no_call_has_the_status_of_http() {
    let served = Served::with(&["--http-json", "--limit-message-bytes", "1024"]);
    // Four bytes of JSON are read for one of the message, and the message itself is measured as well.
    for spaces in [5 * 1024, 0] {
        let id = "v".repeat(2 * 1024);
        let body = format!(r#"{{"encounter": {{"encounterId": "{id}"}}}}{}"#, " ".repeat(spaces));
        let request = client().post(served.url(METHOD)).header("content-type", "application/json");
        let answer = request.body(body).send().await.expect("an answer");
        assert_eq!(refusal(answer).await, (StatusCode::PAYLOAD_TOO_LARGE, "out_of_range".to_owned()));
    }
    let answer = client().get(served.url(METHOD)).send().await.expect("an answer");
    assert_eq!(answer.headers()["allow"], "POST");
    assert_eq!(refusal(answer).await.0, StatusCode::METHOD_NOT_ALLOWED);
    let answer = client().post(served.url(METHOD)).body("encounter=1").send().await.expect("an answer");
    assert_eq!(refusal(answer).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_slow_caller_holds_one_place_and_ends_at_the_deadline() {
    let flags = ["--http-json", "--limit-in-flight", "1", "--limit-call-seconds", "2"];
    let served = Served::with(&flags);
    let mut slow = std::net::TcpStream::connect(&served.address).expect("a connection");
    let head = format!("POST {METHOD} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n");
    write!(slow, "{head}content-length: 100\r\n\r\n{{").expect("sent");
    let mut shed = None;
    while shed.is_none() {
        let answer = post_json(&served, METHOD, VISIT).await.expect("an answer");
        match answer.status() {
            StatusCode::OK => tokio::time::sleep(Duration::from_millis(20)).await,
            _ => shed = Some(answer),
        }
    }
    let shed = shed.expect("a refusal");
    assert_eq!(shed.headers()["retry-after"], "1");
    assert_eq!(refusal(shed).await, (StatusCode::TOO_MANY_REQUESTS, "resource_exhausted".to_owned()));
    let mut answer = [0; 256];
    let length = slow.read(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    let answer = post_json(&served, METHOD, VISIT).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn without_a_catalog_http_says_unavailable() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let served = Served::with(&["--http-json", "--store", file.path().to_str().expect("a path")]);
    let answer = post_json(&served, METHOD, VISIT).await.expect("an answer");
    assert_eq!(refusal(answer).await, (StatusCode::SERVICE_UNAVAILABLE, "unavailable".to_owned()));
}

#[tokio::test]
async fn a_browser_codes_over_grpc_web_from_an_allowed_origin_only() {
    let served = Served::with(&["--grpc-web", "--allow-origin", "https://billing.example.org"]);
    let request: pb::CodeEncounterRequest = infusion_coder::server::json::read(VISIT).expect("a request");
    let message = request.encode_to_vec();
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len()).expect("a short message").to_be_bytes());
    frame.extend(message);
    let call = |origin| {
        let request = client().post(served.url(METHOD)).header("content-type", "application/grpc-web+proto");
        request.header("x-grpc-web", "1").header("origin", origin).body(frame.clone()).send()
    };
    let answer = call("https://billing.example.org").await.expect("an answer");
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://billing.example.org");
    let body = answer.bytes().await.expect("a body");
    let length = u32::from_be_bytes(body[1..5].try_into().expect("four bytes")) as usize;
    let answer = pb::CodeEncounterResponse::decode(&body[5..5 + length]).expect("an answer");
    assert_eq!(answer.lines[0].code, "96413");
    assert!(String::from_utf8_lossy(&body[5 + length..]).contains("grpc-status:0"));
    let answer = call("https://elsewhere.example.org").await.expect("an answer");
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    let preflight = client().request(reqwest::Method::OPTIONS, served.url(METHOD));
    let preflight = preflight.header("origin", "https://billing.example.org");
    let preflight = preflight.header("access-control-request-method", "POST");
    let preflight = preflight.header("access-control-request-headers", "content-type,x-grpc-web");
    let answer = preflight.send().await.expect("an answer");
    assert_eq!(answer.headers()["access-control-allow-headers"], "content-type,x-grpc-web");
}

#[tokio::test]
async fn neither_is_answered_unless_it_was_switched_on() {
    let served = Served::with(&[]);
    assert!(post_json(&served, METHOD, VISIT).await.is_err(), "HTTP/1.1 was answered");
}
