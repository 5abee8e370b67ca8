//! Answers in JSON, and the HTTP status of every refusal, wherever in the service it was made.

use axum::body::Bytes;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use prost::Message;
use serde::Serialize;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::server::lent::Wire;
use crate::server::pb;

/// When a caller that found no place may try again, in seconds: calls last milliseconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

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

/// The items of the answer to a batch; nothing where it has none, or where anything else stands there.
pub(super) fn items(answer: &[u8]) -> Option<Vec<&[u8]>> {
    /// Field 1, with a length.
    const ITEM_KEY: u32 = 1 << 3 | 2;
    let (mut wire, mut items) = (Wire::of(answer), Vec::new());
    while !wire.is_empty() {
        if wire.varint()? != ITEM_KEY {
            return None;
        }
        items.push(wire.bytes()?);
    }
    Some(items).filter(|items| !items.is_empty())
}

/// The answer to a batch in JSON, one item at a time.
pub(super) fn items_as_json(items: &[&[u8]]) -> Option<Vec<u8>> {
    let mut text = b"{\"items\":".to_vec();
    for (index, item) in items.iter().enumerate() {
        text.push(if index == 0 { b'[' } else { b',' });
        serde_json::to_writer(&mut text, &pb::CodingItem::decode(*item).ok()?).ok()?;
    }
    text.extend(b"]}");
    Some(text)
}

/// A response that holds JSON.
pub(super) fn json_response(status: StatusCode, text: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::new(Full::new(Bytes::from(text))));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// A refusal with the HTTP status of its code.
pub(super) fn error_response(status: &Status) -> Response<Body> {
    refused(named(status.code()).1, status)
}

/// A refusal of what is no call at all: another method of HTTP, or a body that is not JSON.
pub(super) fn no_call(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = refused(status, &Status::invalid_argument(message));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

fn refused(http: StatusCode, status: &Status) -> Response<Body> {
    let details = status.get_error_details();
    let reason = details.error_info().map_or("", |info| info.reason.as_str());
    let violations = details.bad_request().map(|request| request.field_violations.as_slice());
    let violations = violations.unwrap_or_default().iter().map(|violation| pb::FieldViolation {
        field: violation.field.clone(),
        description: violation.description.clone(),
    });
    let body = ErrorBody {
        code: named(status.code()).0,
        reason: reason.strip_prefix("ERROR_REASON_").unwrap_or(reason),
        message: status.message(),
        violations: violations.collect(),
    };
    // An error has nothing that JSON could not hold.
    let mut response = json_response(http, serde_json::to_vec(&body).unwrap_or_default());
    match http {
        StatusCode::UNAUTHORIZED => {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::TOO_MANY_REQUESTS => {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        _ => {}
    }
    response
}

/// The name of a code, and the HTTP status that browsers and proxies act on.
const fn named(code: Code) -> (&'static str, StatusCode) {
    match code {
        Code::Ok => ("ok", StatusCode::OK),
        Code::InvalidArgument => ("invalid_argument", StatusCode::BAD_REQUEST),
        Code::FailedPrecondition => ("failed_precondition", StatusCode::BAD_REQUEST),
        // Nothing but a message above the limit is out of range here.
        Code::OutOfRange => ("out_of_range", StatusCode::PAYLOAD_TOO_LARGE),
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
    use super::*;

    #[test]
    fn a_batch_item_by_item_is_the_json_of_its_message() {
        let answered = pb::CodeEncounterResponse { encounter_id: "v-\"1\"".to_owned(), ..Default::default() };
        let error = pb::ItemError { message: "no".to_owned(), ..Default::default() };
        let items = vec![
            pb::CodingItem { item_number: 0, response: Some(answered), error: None },
            pb::CodingItem { item_number: 1, response: None, error: Some(error) },
        ];
        let message = pb::BatchCodeEncountersResponse { items };
        let whole = serde_json::to_string(&message).expect("JSON");
        let bytes = message.encode_to_vec();
        let written = items_as_json(&super::items(&bytes).expect("items")).expect("JSON");
        assert_eq!(String::from_utf8_lossy(&written), whole);
        assert_eq!(super::items(&[]), None);
        assert_eq!(super::items(&bytes[..bytes.len() - 1]), None);
    }
}
