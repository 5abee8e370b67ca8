//! gRPC-Web and plain JSON on the port of the service, each only where it was switched on.

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
