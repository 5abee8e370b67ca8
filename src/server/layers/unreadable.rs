//! Bytes that are no request of their method are the caller's fault and not the server's.
//!
//! The transport answers them as INTERNAL, which operators are woken for. Here they become INVALID_ARGUMENT, as
//! whatever else is wrong with a request.

use http::Response;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::server::refusal::Refusal;

/// What the transport's message begins with where it could not read a request. A flag of compression that contradicts
/// the head stays INTERNAL, as gRPC demands.
const FAULTS_OF_BYTES: &[&str] =
    &["failed to decode Protobuf message", "Unexpected EOF decoding stream", "Missing request message"];

/// The answer, or the refusal that is right where the transport blamed the server.
pub fn refuse(response: Response<Body>) -> Response<Body> {
    // Only an answer without a body has its status among its headers.
    match Status::from_header_map(response.headers()).filter(|status| status.code() == Code::Internal) {
        Some(status) if FAULTS_OF_BYTES.iter().any(|fault| status.message().starts_with(fault)) => {
            Status::from(Refusal::NoRequest(status.message().to_owned())).into_http()
        }
        _ => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(status: Status) -> Status {
        let response = refuse(status.into_http());
        Status::from_header_map(response.headers()).expect("a status")
    }

    #[test]
    fn what_cannot_be_read_is_the_callers_fault() {
        let bytes = after(Status::internal("failed to decode Protobuf message: GetRuleRequest.rule_id: …"));
        assert_eq!(bytes.code(), Code::InvalidArgument);
        assert!(bytes.message().contains("rule_id") && !bytes.details().is_empty(), "{bytes:?}");
        assert_eq!(after(Status::internal("Missing request message.")).code(), Code::InvalidArgument);
        assert_eq!(after(Status::internal("the answer broke off")).code(), Code::Internal);
        assert_eq!(after(Status::not_found("no rule")).code(), Code::NotFound);
    }

    #[test]
    fn an_answer_passes_as_it_is() {
        assert!(refuse(Response::new(Body::empty())).headers().is_empty());
    }
}
