//! Spans of calls, as a collector receives them.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use http_body::Frame;
use infusion_coder::server::pb::coding_service_client::CodingServiceClient;
use tonic::Request;
use tonic::body::Body;
use tonic::service::Routes;

use super::serving::{Serving, connect, visit};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const TRACE: [u8; 16] =
    [0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36];
const PARENT: [u8; 8] = [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7];

/// What was sent, message by message.
type Received = Arc<Mutex<Vec<u8>>>;

async fn export(State(received): State<Received>, message: Bytes) -> http::Response<Body> {
    received.lock().expect("nobody panicked").extend_from_slice(&message);
    let status = http::HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        http::HeaderValue::from_static("0"),
    )]);
    // An empty message, then the status.
    let frames = [Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[0; 5]))), Ok(Frame::trailers(status))];
    let body = http_body_util::StreamBody::new(tokio_stream::iter(frames));
    let answer = http::Response::builder().header("content-type", "application/grpc").body(Body::new(body));
    answer.expect("an answer")
}

/// A collector, and its address.
async fn collector() -> (Received, String) {
    let received = Received::default();
    let router = axum::Router::new().route(EXPORT, axum::routing::post(export)).with_state(received.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let server = tonic::transport::Server::builder().add_routes(Routes::from(router));
    tokio::spawn(server.serve_with_incoming(incoming));
    (received, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_a_span_in_the_trace_of_its_caller_and_tells_nothing_of_the_visit() {
    let (received, address) = collector().await;
    let mut serving = Serving::start(&["--otlp-endpoint", &address], &[]);
    let mut coding = CodingServiceClient::new(connect(&serving.address()).await);
    let mut request = Request::new(visit());
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    request.metadata_mut().insert("traceparent", parent.parse().expect("a header"));
    coding.code_encounter(request).await.expect("an answer");
    drop(coding);
    // What waits to be sent leaves before the process ends.
    assert!(serving.stop());
    let received = received.lock().expect("nobody panicked");
    let has = |part: &[u8]| received.windows(part.len()).any(|window| window == part);
    assert!(has(b"infusion.coding.v1.CodingService/CodeEncounter") && has(b"rpc.grpc.status_code"));
    assert!(has(&TRACE) && has(&PARENT), "the span is not in the trace of its caller");
    assert!(has(b"infusion-coder"), "the service does not name itself");
    for secret in ["iron sucrose", "J1756", "2025-11-03"] {
        assert!(!has(secret.as_bytes()), "a span tells {secret} of the visit");
    }
}
