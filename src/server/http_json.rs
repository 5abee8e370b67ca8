//! Every unary method as plain HTTP and JSON, for browsers and curl; off unless it is asked for.
//!
//! `POST /infusion.coding.v1.CodingService/CodeEncounter` with a JSON body becomes the gRPC call of the same
//! path, and its answer becomes JSON again. So the caller's role, the limits and the figures are those of
//! gRPC, and a new method is served without a line here: the build lists them.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full, Limited};
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::json::{self, JsonError};
use super::pb;
use super::refusal::Refusal;

/// Bytes of JSON for one byte of protobuf, at most: names of fields and values are written out.
const JSON_BYTES_PER_BYTE: usize = 4;
/// Largest answer that is turned into JSON, in bytes of protobuf: a batch of full explanations.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A gRPC message begins with a flag and its length.
const FRAME_HEAD_BYTES: usize = 5;

/// Turns the JSON of one method into protobuf, and its answer back.
pub struct Transcoder {
    request: fn(&str) -> Result<Vec<u8>, JsonError>,
    answer: fn(&[u8]) -> Option<Vec<u8>>,
}

impl Transcoder {
    /// The transcoder of a method by its request and its answer.
    pub const fn of<Q, A>() -> Self
    where
        Q: Message + DeserializeOwned,
        A: Message + Default + Serialize,
    {
        Self {
            request: |text| json::read::<Q>(text).map(|message| message.encode_to_vec()),
            answer: |bytes| serde_json::to_vec(&A::decode(bytes).ok()?).ok(),
        }
    }
}

/// An error in JSON: the form of an item's error, with the code of the status.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody<'a> {
    /// The name of the gRPC code, such as `invalid_argument`.
    code: &'static str,
    /// A value of `ErrorReason` without its prefix; empty where the transport refused the call.
    reason: &'a str,
    message: &'a str,
    violations: Vec<pb::FieldViolation>,
}

/// A layer that answers JSON, and passes on everything else as it is.
#[derive(Debug, Clone, Copy)]
pub struct HttpJsonLayer {
    body_bytes_max: usize,
}

impl HttpJsonLayer {
    /// A layer before methods that read messages of at most so many bytes.
    pub const fn new(message_bytes_max: usize) -> Self {
        Self { body_bytes_max: message_bytes_max.saturating_mul(JSON_BYTES_PER_BYTE) }
    }
}

impl<S> tower::Layer<S> for HttpJsonLayer {
    type Service = HttpJson<S>;

    fn layer(&self, inner: S) -> HttpJson<S> {
        HttpJson { inner, body_bytes_max: self.body_bytes_max }
    }
}

/// The service of [`HttpJsonLayer`].
#[derive(Clone)]
pub struct HttpJson<S> {
    inner: S,
    body_bytes_max: usize,
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
        if !is_json(&request) {
            return Box::pin(self.inner.call(request));
        }
        // The instance that was polled ready makes the call; its clone takes its place.
        let next = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, next);
        Box::pin(answer(inner, request, self.body_bytes_max))
    }
}

async fn answer<S>(
    mut inner: S,
    request: Request<Body>,
    body_bytes_max: usize,
) -> Result<Response<Body>, S::Error>
where
    S: tower::Service<Request<Body>, Response = Response<Body>>,
{
    let Some(transcoder) = transcoder(request.uri().path()) else {
        let refusal = Status::unimplemented("no method of this path takes JSON: see the services in proto/");
        return Ok(error_response(&refusal));
    };
    let request = match transcoded(request, transcoder, body_bytes_max).await {
        Ok(request) => request,
        Err(refusal) => return Ok(error_response(&refusal)),
    };
    let response = inner.call(request).await?;
    Ok(match message_of(response).await {
        Ok(message) => match (transcoder.answer)(&message) {
            Some(text) => json_response(StatusCode::OK, text),
            None => error_response(&Status::internal("the answer cannot be written as JSON")),
        },
        Err(refusal) => error_response(&refusal),
    })
}

fn is_json(request: &Request<Body>) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    request.method() == Method::POST && kind.eq_ignore_ascii_case("application/json")
}

fn transcoder(path: &str) -> Option<&'static Transcoder> {
    pb::JSON_METHODS.iter().find(|(known, _)| *known == path).map(|(_, transcoder)| transcoder)
}

/// The gRPC call of the same method; its caller and its peer stay known to the layers within.
async fn transcoded(
    request: Request<Body>,
    transcoder: &Transcoder,
    body_bytes_max: usize,
) -> Result<Request<Body>, Status> {
    let (mut head, body) = request.into_parts();
    let too_large = || Status::resource_exhausted(format!("the body has more than {body_bytes_max} bytes"));
    let body = Limited::new(body, body_bytes_max).collect().await.map_err(|_| too_large())?.to_bytes();
    let text = std::str::from_utf8(&body).map_err(|_| Status::invalid_argument("the body is not UTF-8"))?;
    let message = (transcoder.request)(text).map_err(Refusal::from)?;
    let length = u32::try_from(message.len()).map_err(|_| too_large())?;
    let mut frame = Vec::with_capacity(FRAME_HEAD_BYTES + message.len());
    frame.push(0);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&message);
    head.version = Version::HTTP_2;
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.remove(header::ACCEPT_ENCODING);
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    head.headers.insert(header::TE, HeaderValue::from_static("trailers"));
    Ok(Request::from_parts(head, Body::new(Full::new(Bytes::from(frame)))))
}

/// The message of an answer, or the status in its head or its trailers.
async fn message_of(response: Response<Body>) -> Result<Bytes, Status> {
    let broken = || Status::internal("the answer broke off");
    let (head, body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&head.headers).filter(|status| status.code() != Code::Ok) {
        return Err(status);
    }
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|_| broken())?;
    let status = body.trailers().and_then(Status::from_header_map);
    if let Some(status) = status.filter(|status| status.code() != Code::Ok) {
        return Err(status);
    }
    let frame = body.to_bytes();
    if frame.len() < FRAME_HEAD_BYTES { Err(broken()) } else { Ok(frame.slice(FRAME_HEAD_BYTES..)) }
}

fn json_response(status: StatusCode, text: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::new(Full::new(Bytes::from(text))));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn error_response(status: &Status) -> Response<Body> {
    let details = status.get_error_details();
    let reason = details.error_info().map_or("", |info| info.reason.as_str());
    let violations = details.bad_request().map(|request| request.field_violations.as_slice());
    let violations = violations.unwrap_or_default().iter().map(|violation| pb::FieldViolation {
        field: violation.field.clone(),
        description: violation.description.clone(),
    });
    let (code, http) = named(status.code());
    let body = ErrorBody {
        code,
        reason: reason.strip_prefix("ERROR_REASON_").unwrap_or(reason),
        message: status.message(),
        violations: violations.collect(),
    };
    // An error has nothing that JSON could not hold.
    json_response(http, serde_json::to_vec(&body).unwrap_or_default())
}

/// The name of a code, and the HTTP status that the Connect protocol gives it.
const fn named(code: Code) -> (&'static str, StatusCode) {
    match code {
        Code::Ok => ("ok", StatusCode::OK),
        Code::InvalidArgument => ("invalid_argument", StatusCode::BAD_REQUEST),
        Code::FailedPrecondition => ("failed_precondition", StatusCode::BAD_REQUEST),
        Code::OutOfRange => ("out_of_range", StatusCode::BAD_REQUEST),
        Code::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED),
        Code::PermissionDenied => ("permission_denied", StatusCode::FORBIDDEN),
        Code::NotFound => ("not_found", StatusCode::NOT_FOUND),
        Code::AlreadyExists => ("already_exists", StatusCode::CONFLICT),
        Code::Aborted => ("aborted", StatusCode::CONFLICT),
        Code::ResourceExhausted => ("resource_exhausted", StatusCode::TOO_MANY_REQUESTS),
        Code::Unimplemented => ("unimplemented", StatusCode::NOT_IMPLEMENTED),
        Code::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE),
        Code::DeadlineExceeded => ("deadline_exceeded", StatusCode::GATEWAY_TIMEOUT),
        Code::Cancelled => ("canceled", StatusCode::INTERNAL_SERVER_ERROR),
        Code::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
        Code::DataLoss => ("data_loss", StatusCode::INTERNAL_SERVER_ERROR),
        Code::Unknown => ("unknown", StatusCode::INTERNAL_SERVER_ERROR),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tower::{Layer, ServiceExt};

    use super::*;
    use crate::catalog::Catalog;
    use crate::server::coder::Coder;
    use crate::server::coding_service::CodingService;
    use crate::server::layers::metrics::Metrics;
    use crate::server::pb::coding_service_server::CodingServiceServer;

    const PATH: &str = "/infusion.coding.v1.CodingService/CodeEncounter";

    async fn post(path: &str, body: impl Into<Bytes>) -> (StatusCode, String) {
        let policies = crate::config::policy_book(None).expect("the embedded policies");
        let coder = Coder::on(Arc::new(Catalog::default()), Arc::new(policies));
        let service = HttpJsonLayer::new(1024)
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
        assert_eq!(post(PATH, vec![b' '; 4 * 1024 + 1]).await.0, StatusCode::TOO_MANY_REQUESTS);
        let (status, body) =
            post("/infusion.coding.v1.CodingService/GetRule", r#"{"ruleId": "X-999"}"#).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body.contains(r#""reason":"RULE_NOT_FOUND""#), "{body}");
        assert_eq!(post("/infusion.coding.v1.CodingService/None", "{}").await.0, StatusCode::NOT_IMPLEMENTED);
    }

    #[test]
    fn every_unary_method_is_listed() {
        let listed = |name: &str| pb::JSON_METHODS.iter().any(|(path, _)| path.ends_with(name));
        assert!(listed("/BatchCodeEncounters") && listed("/LookupNdc") && !listed("/StreamCodeEncounters"));
    }
}
