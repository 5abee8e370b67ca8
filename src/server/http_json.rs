//! The coding of a visit as plain HTTP and JSON, for browsers and curl; off unless it is asked for.
//!
//! The same message, the same conversion and the same answer as the gRPC method, in the JSON mapping.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Serialize;
use tonic::{Code, Status};

use super::{json, pb};

/// Where a visit is posted.
pub const CODE_PATH: &str = "/v1/encounters/code";

/// Codes one visit, as the gRPC method does.
pub type CodeVisit =
    Arc<dyn Fn(pb::CodeEncounterRequest) -> Result<pb::CodeEncounterResponse, Status> + Send + Sync>;

/// The routes, to be merged beside the gRPC services; a body of more than `body_bytes_max` is refused.
pub fn routes(code: CodeVisit, body_bytes_max: usize) -> Router {
    let routes = Router::new().route(CODE_PATH, post(code_visit));
    routes.layer(DefaultBodyLimit::max(body_bytes_max)).with_state(code)
}

/// An error in the form of google.rpc.Status.
#[derive(Serialize)]
struct ErrorBody<'a> {
    code: i32,
    message: &'a str,
}

async fn code_visit(State(code): State<CodeVisit>, body: Bytes) -> Response {
    let read = std::str::from_utf8(&body).map_err(|_| Status::invalid_argument("the body is not UTF-8"));
    let request =
        read.and_then(|text| json::read(text).map_err(|error| Status::invalid_argument(error.to_string())));
    match request.and_then(|request| code(request)) {
        Ok(response) => answer(StatusCode::OK, &response),
        Err(status) => {
            let body = ErrorBody { code: status.code() as i32, message: status.message() };
            answer(http_status(status.code()), &body)
        }
    }
}

fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(text) => (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text)
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The HTTP status that google.rpc.Code documents for each code.
const fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Cancelled | Code::Unknown | Code::Internal | Code::DataLoss => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn post_body(body: &'static str) -> (StatusCode, String) {
        let code: CodeVisit = Arc::new(|request: pb::CodeEncounterRequest| {
            let encounter =
                request.encounter.ok_or_else(|| Status::invalid_argument("encounter: is missing"))?;
            Ok(pb::CodeEncounterResponse { encounter_id: encounter.encounter_id, ..Default::default() })
        });
        let request = Request::post(CODE_PATH).body(Body::from(body)).expect("a request");
        let response = routes(code, 100).oneshot(request).await.expect("an answer");
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn a_visit_is_posted_and_answered() {
        let (status, body) = post_body(r#"{"encounter": {"encounterId": "v-1"}}"#).await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains(r#""encounterId":"v-1""#), "{body}");
    }

    #[tokio::test]
    async fn faults_have_a_status_and_a_sentence() {
        let (status, body) = post_body("{}").await;
        assert_eq!(
            (status, body.as_str()),
            (StatusCode::BAD_REQUEST, r#"{"code":3,"message":"encounter: is missing"}"#)
        );
        assert_eq!(post_body(r#"{"encounter": {"patientName": "x"}}"#).await.0, StatusCode::BAD_REQUEST);
        let long = "                                                                                                     {}";
        assert_eq!(post_body(long).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
