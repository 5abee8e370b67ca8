//! Every unary method as plain HTTP and JSON, for browsers and curl; off unless it is asked for.
//!
//! `POST /infusion.coding.v1.CodingService/CodeEncounter` with a JSON body becomes the gRPC call of the same
//! path, and its answer becomes JSON again. So the caller's role, the limits and the figures are those of
//! gRPC, and a new method is served without a line here: the build lists them. The body is read where gRPC
//! reads its own, behind the layers, so that a caller without a role or a place sends it to nobody.

mod answer;
mod body;

use std::any::TypeId;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Limited};
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tonic::body::Body;
use tonic::{Code, Status};

use self::answer::{error_response, json_response, no_call};
use self::body::{Transcoded, Unread, drop_rest, drop_unread};
use super::json::{self, JsonError};
use super::layers::admission::{Kept, ReadAhead};
use super::pb;

/// Bytes of JSON for one byte of protobuf, at most: names of fields and values are written out.
const JSON_BYTES_PER_BYTE: usize = 4;
/// Largest answer that is turned into JSON, in bytes of protobuf: a batch of full explanations.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A gRPC message begins with a flag and its length.
const FRAME_HEAD_BYTES: usize = 5;
/// How much sooner a call in JSON ends than the server would end it, whose own refusal is not JSON.
const DEADLINE_LEAD: Duration = Duration::from_millis(200);

/// Turns the JSON of one method into protobuf, and its answer back.
pub struct Transcoder {
    request: fn(&str) -> Result<Vec<u8>, JsonError>,
    answer: fn(&[u8]) -> Option<Vec<u8>>,
}

impl Transcoder {
    /// The transcoder of a method by its request and its answer.
    pub const fn of<Q, A>() -> Self
    where
        Q: Message + DeserializeOwned + 'static,
        A: Message + Default + Serialize + 'static,
    {
        Self {
            request: |text| json::read::<Q>(text).map(|message| message.encode_to_vec()),
            answer: |bytes| match items::<A>(bytes) {
                Some(items) => answer::items_as_json(&items),
                None => serde_json::to_vec(&A::decode(bytes).ok()?).ok(),
            },
        }
    }
}

/// The items of the answer to a batch of visits, which is by far the largest: as messages it would take ten times its
/// bytes at once.
fn items<A: 'static>(answer: &[u8]) -> Option<Vec<&[u8]>> {
    let is_batch = TypeId::of::<A>() == TypeId::of::<pb::BatchCodeEncountersResponse>();
    if is_batch { answer::items(answer) } else { None }
}

/// A layer that answers JSON, and passes on gRPC as it is.
#[derive(Debug, Clone, Copy)]
pub struct HttpJsonLayer {
    body_bytes_max: usize,
    deadline: Duration,
}

impl HttpJsonLayer {
    /// A layer before methods that read messages of at most so many bytes and answer within `call`.
    pub const fn new(message_bytes_max: usize, call: Duration) -> Self {
        let body_bytes_max = message_bytes_max.saturating_mul(JSON_BYTES_PER_BYTE);
        Self { body_bytes_max, deadline: call.saturating_sub(DEADLINE_LEAD) }
    }
}

impl<S> tower::Layer<S> for HttpJsonLayer {
    type Service = HttpJson<S>;

    fn layer(&self, inner: S) -> HttpJson<S> {
        HttpJson { inner, limits: *self }
    }
}

/// The service of [`HttpJsonLayer`].
#[derive(Clone)]
pub struct HttpJson<S> {
    inner: S,
    limits: HttpJsonLayer,
}

impl<S> tower::Service<Request<Body>> for HttpJson<S>
where
    S: tower::Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let refused = match Form::of(&request) {
            Form::Grpc => return Box::pin(self.inner.call(request)),
            Form::Json => match transcoder(request.uri().path()) {
                Some(transcoder) => {
                    // The instance that was polled ready makes the call; its clone takes its place.
                    let next = self.inner.clone();
                    let inner = std::mem::replace(&mut self.inner, next);
                    return Box::pin(answer(inner, request, transcoder, self.limits));
                }
                None => error_response(&Status::unimplemented(
                    "no method of this path takes JSON: see the services in proto/",
                )),
            },
            Form::NotPosted => no_call(StatusCode::METHOD_NOT_ALLOWED, "a call is a POST with a JSON body"),
            Form::Foreign => {
                no_call(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send `content-type: application/json`")
            }
        };
        Box::pin(async move {
            drop_rest(request.into_body()).await;
            Ok(refused)
        })
    }
}

/// What a request is by its head.
enum Form {
    /// gRPC or gRPC-Web, which the layers and services within answer.
    Grpc,
    Json,
    NotPosted,
    Foreign,
}

impl Form {
    fn of(request: &Request<Body>) -> Self {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if kind.to_ascii_lowercase().starts_with("application/grpc") {
            Self::Grpc
        } else if request.method() != Method::POST {
            Self::NotPosted
        } else if kind.eq_ignore_ascii_case("application/json") {
            Self::Json
        } else {
            Self::Foreign
        }
    }
}

fn transcoder(path: &str) -> Option<&'static Transcoder> {
    pb::JSON_METHODS.iter().find(|(known, _)| *known == path).map(|(_, transcoder)| transcoder)
}

async fn answer<S>(
    mut inner: S,
    request: Request<Body>,
    transcoder: &'static Transcoder,
    limits: HttpJsonLayer,
) -> Result<Response<Body>, S::Error>
where
    S: tower::Service<Request<Body>, Response = Response<Body>>,
{
    let (request, unread) = as_grpc(request, transcoder, limits.body_bytes_max);
    let called = async {
        let response = inner.call(request).await?;
        Ok(message_of(response).await)
    };
    let late = |_| Ok(Err(Status::deadline_exceeded("the call took longer than the service allows")));
    Ok(match tokio::time::timeout(limits.deadline, called).await.unwrap_or_else(late)? {
        Ok((message, kept)) => match (transcoder.answer)(&message) {
            Some(text) => {
                let response = json_response(StatusCode::OK, text);
                // A caller that reads slowly keeps its place until it has the whole answer.
                response.map(|body| match kept {
                    Some(kept) => kept.until_taken(body),
                    None => body,
                })
            }
            None => error_response(&Status::internal("the answer cannot be written as JSON")),
        },
        Err(refusal) => {
            drop_unread(&unread).await;
            error_response(&refusal)
        }
    })
}

/// The gRPC call of the same method, and its body while nobody reads it; its caller and its peer stay known to the
/// layers within.
fn as_grpc(
    request: Request<Body>,
    transcoder: &'static Transcoder,
    body_bytes_max: usize,
) -> (Request<Body>, Unread) {
    let (mut head, body) = request.into_parts();
    head.version = Version::HTTP_2;
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.remove(header::ACCEPT_ENCODING);
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    head.headers.insert(header::TE, HeaderValue::from_static("trailers"));
    head.extensions.insert(ReadAhead);
    let unread = Unread::new(Some(body).into());
    let body = Transcoded::new(unread.clone(), transcoder, body_bytes_max);
    (Request::from_parts(head, Body::new(body)), unread)
}

/// The message of an answer with its place, or the status in its head or its trailers.
async fn message_of(response: Response<Body>) -> Result<(Bytes, Option<Kept>), Status> {
    let broken = || Status::internal("the answer broke off");
    let (mut head, body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&head.headers).filter(|status| status.code() != Code::Ok) {
        return Err(status);
    }
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|_| broken())?;
    let status = body.trailers().and_then(Status::from_header_map);
    if let Some(status) = status.filter(|status| status.code() != Code::Ok) {
        return Err(status);
    }
    let frame = body.to_bytes();
    if frame.len() < FRAME_HEAD_BYTES {
        return Err(broken());
    }
    Ok((frame.slice(FRAME_HEAD_BYTES..), head.extensions.remove::<Kept>()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::Full;
    use tower::{Layer, ServiceExt};

    use super::*;
    use crate::catalog::Catalog;
    use crate::server::coder::Coder;
    use crate::server::coding_service::CodingService;
    use crate::server::layers::metrics::Metrics;
    use crate::server::pb::coding_service_server::CodingServiceServer;

    const PATH: &str = "/infusion.coding.v1.CodingService/CodeEncounter";

    const LIMIT: Duration = Duration::from_secs(30);

    async fn post(path: &str, body: impl Into<Bytes>) -> (StatusCode, String) {
        let policies = crate::config::policy_book(None).expect("the embedded policies");
        let coder = Coder::on(Arc::new(Catalog::default()), Arc::new(policies));
        let service = HttpJsonLayer::new(1024, LIMIT)
            .layer(CodingServiceServer::new(CodingService::new(coder, Metrics::new())));
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json; charset=utf-8");
        let request = request.body(Body::new(Full::new(body.into()))).expect("a request");
        let response = service.oneshot(request).await.expect("an answer");
        let status = response.status();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn a_visit_is_posted_and_answered() {
        let (status, body) = post(
            PATH,
            r#"{"encounter": {"encounterId": "v-1", "setting": "PHYSICIAN_OFFICE", "serviceDate": "2025-11-03",
            "administrations": [{"administrationId": "a1", "route": "IV_PUSH", "drugs": [{"name": "x"}]}]}}"#,
        )
        .await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert!(body.contains(r#""encounterId":"v-1""#), "{body}");
    }

    #[tokio::test]
    async fn an_error_holds_every_violation() {
        let (status, body) = post(PATH, r#"{"encounter": {"serviceDate": "2025-13-01"}}"#).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body.starts_with(r#"{"code":"invalid_argument","reason":"INVALID_REQUEST","#), "{body}");
        for field in ["encounter.setting", "encounter.serviceDate", "encounter.administrations"] {
            assert!(body.contains(&format!(r#""field":"{field}""#)), "{field}: {body}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_no_message_is_refused_with_its_field() {
        let (status, body) = post(PATH, r#"{"encounter": {"patientName": "x"}}"#).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body.contains(r#""field":"encounter.patientName""#), "{body}");
        assert_eq!(post(PATH, vec![0xff]).await.0, StatusCode::BAD_REQUEST);
        assert_eq!(post(PATH, vec![b' '; 4 * 1024 + 1]).await.0, StatusCode::PAYLOAD_TOO_LARGE);
        let (status, body) =
            post("/infusion.coding.v1.CodingService/GetRule", r#"{"ruleId": "X-999"}"#).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body.contains(r#""reason":"RULE_NOT_FOUND""#), "{body}");
        assert_eq!(post("/infusion.coding.v1.CodingService/None", "{}").await.0, StatusCode::NOT_IMPLEMENTED);
    }

    /// A reset in place of the rest of the body makes callers over HTTP/2 lose the answer.
    #[tokio::test]
    async fn a_refused_body_is_taken_to_its_end() {
        let refusing = |request: Request<Body>| async move {
            drop(request);
            Ok::<_, std::convert::Infallible>(Status::unauthenticated("who are you?").into_http())
        };
        for (kind, expected) in [
            ("application/json", StatusCode::UNAUTHORIZED),
            ("text/plain", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ] {
            let (sender, frames) = tokio::sync::mpsc::channel(1);
            let body = tokio_stream::wrappers::ReceiverStream::new(frames);
            let body = Body::new(http_body_util::StreamBody::new(body));
            let request = Request::post(PATH).header(header::CONTENT_TYPE, kind).body(body);
            let service = HttpJsonLayer::new(1024, LIMIT).layer(tower::service_fn(refusing));
            let answered = tokio::spawn(service.oneshot(request.expect("a request")));
            for _ in 0..20 {
                let piece: Result<_, Status> = Ok(http_body::Frame::data(Bytes::from_static(b"piece")));
                sender.send(piece).await.expect("somebody reads");
            }
            drop(sender);
            let answer = answered.await.expect("no panic").expect("an answer");
            assert_eq!(answer.status(), expected);
        }
    }

    #[test]
    fn every_unary_method_is_listed() {
        let listed = |name: &str| pb::JSON_METHODS.iter().any(|(path, _)| path.ends_with(name));
        assert!(listed("/BatchCodeEncounters") && listed("/LookupNdc") && !listed("/StreamCodeEncounters"));
    }
}
