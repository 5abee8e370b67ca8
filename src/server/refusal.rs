//! Why a call has no answer, as a status with google.rpc details or as the error of one item.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use super::convert::{Violation, Violations};
use super::json::JsonError;
use super::nested::Unreadable;
use super::pb::{self, ErrorReason};
use crate::catalog::store::StoreError;
use crate::updater::keeper::KeeperError;

/// The domain of every `google.rpc.ErrorInfo`.
const DOMAIN: &str = "infusion-coder";

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the request is not valid: {0}")]
    Invalid(Violations),
    #[error(transparent)]
    Unreadable(Unreadable),
    #[error("the request cannot be read: {0}")]
    NoRequest(String),
    #[error("no release knows the code `{0}`: search for the drug by name")]
    UnknownCode(String),
    #[error("no crosswalk held knows the NDC {0}: give the HCPCS code")]
    UnknownNdc(String),
    #[error("ten digits can be any of {}: give it in 11 digits, or with its hyphens (rule D-01)", .0.join(", "))]
    AmbiguousNdc([String; 3]),
    #[error("no release is called `{0}`: list the releases")]
    UnknownRelease(String),
    #[error("the store cannot be read: see the server's log")]
    Store,
    #[error("no refresh has the id `{0}`: start one, or see the release list")]
    UnknownRefresh(String),
    #[error("{0}")]
    ReleaseState(String),
    #[error("no rule has the id `{id}`: {hint}")]
    UnknownRule { id: String, hint: String },
    #[error("the catalog is not loaded: see the server's log, or try again in a moment")]
    NoCatalog,
    #[error("the policy files hold no rules of the default payer: see the server's log")]
    NoPolicy,
    #[error("give a known token as `authorization: Bearer …`, or a known client certificate")]
    Unauthenticated,
    #[error("the method asks for the role {required}, and this identity has {role}: call with another one")]
    RoleTooLow { role: &'static str, required: &'static str },
    #[error(
        "the record leaves open more than one answer works out: state what its first questions ask for, or send each day as a visit of its own"
    )]
    AsksTooMuch,
    #[error(
        "the answer has more than {0} bytes (limit-answer-bytes): ask for less detail, or for fewer visits at once"
    )]
    AnswerTooLarge(usize),
}

impl Refusal {
    /// A request with one field at fault.
    pub fn invalid(field: &'static str, description: impl std::fmt::Display) -> Self {
        Self::Invalid(Violations::one(field, description))
    }

    /// The error of one item of a batch or a stream.
    pub fn into_item_error(self) -> pb::ItemError {
        let violations = match &self {
            Self::Invalid(violations) => violations.list(),
            _ => &[],
        };
        let violation = |violation: &Violation| pb::FieldViolation {
            field: violation.field.clone(),
            description: violation.description.clone(),
        };
        pb::ItemError {
            reason: self.reason().into(),
            message: self.to_string(),
            violations: violations.iter().map(violation).collect(),
        }
    }

    const fn reason(&self) -> ErrorReason {
        match self {
            Self::Invalid(_) | Self::Unreadable(_) | Self::NoRequest(_) => ErrorReason::InvalidRequest,
            Self::UnknownCode(_) => ErrorReason::CodeNotFound,
            Self::UnknownNdc(_) => ErrorReason::NdcNotFound,
            Self::AmbiguousNdc(_) => ErrorReason::NdcAmbiguous,
            Self::UnknownRelease(_) => ErrorReason::ReleaseNotFound,
            Self::UnknownRule { .. } => ErrorReason::RuleNotFound,
            Self::NoCatalog => ErrorReason::CatalogUnavailable,
            Self::UnknownRefresh(_) => ErrorReason::RefreshNotFound,
            Self::ReleaseState(_) => ErrorReason::ReleaseState,
            Self::NoPolicy | Self::Store => ErrorReason::Internal,
            Self::Unauthenticated => ErrorReason::Unauthenticated,
            Self::RoleTooLow { .. } => ErrorReason::PermissionDenied,
            Self::AsksTooMuch => ErrorReason::AsksTooMuch,
            Self::AnswerTooLarge(_) => ErrorReason::AnswerTooLarge,
        }
    }

    /// What a program needs to go on, in `ErrorInfo.metadata`.
    fn metadata(&self) -> HashMap<String, String> {
        match self {
            Self::AmbiguousNdc(candidates) => [("candidates".to_owned(), candidates.join(","))].into(),
            _ => HashMap::new(),
        }
    }

    const fn code(&self) -> Code {
        match self {
            Self::Invalid(_) | Self::Unreadable(_) | Self::NoRequest(_) | Self::AmbiguousNdc(_) => {
                Code::InvalidArgument
            }
            Self::UnknownCode(_)
            | Self::UnknownNdc(_)
            | Self::UnknownRelease(_)
            | Self::UnknownRefresh(_)
            | Self::UnknownRule { .. } => Code::NotFound,
            Self::NoCatalog => Code::Unavailable,
            Self::ReleaseState(_) => Code::FailedPrecondition,
            Self::NoPolicy | Self::Store => Code::Internal,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::RoleTooLow { .. } => Code::PermissionDenied,
            Self::AsksTooMuch => Code::InvalidArgument,
            Self::AnswerTooLarge(_) => Code::ResourceExhausted,
        }
    }
}

/// What a call gets that is one more than the service takes at once: it may be sent again after a pause.
pub fn overloaded(message: impl Into<String>) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(ErrorReason::Overloaded.as_str_name(), DOMAIN, HashMap::new());
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

impl From<Violations> for Refusal {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl From<JsonError> for Refusal {
    fn from(error: JsonError) -> Self {
        Self::Invalid(Violations::of(error.faults))
    }
}

impl From<KeeperError> for Refusal {
    fn from(error: KeeperError) -> Self {
        match error {
            KeeperError::Store(StoreError::UnknownRelease(id)) => Self::UnknownRelease(id),
            KeeperError::NoStore
            | KeeperError::NothingToRollBack
            | KeeperError::Store(StoreError::Embedded(_)) => Self::ReleaseState(error.to_string()),
            KeeperError::Store(error) => {
                tracing::error!(%error, "the store cannot be changed");
                Self::Store
            }
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let mut details = ErrorDetails::new();
        details.set_error_info(refusal.reason().as_str_name(), DOMAIN, refusal.metadata());
        let fields: Vec<FieldViolation> = match &refusal {
            Refusal::Invalid(violations) => {
                let fields = violations.list().iter();
                fields.map(|at| FieldViolation::new(&at.field, &at.description)).collect()
            }
            Refusal::AmbiguousNdc(_) => vec![FieldViolation::new("ndc", refusal.to_string())],
            _ => Vec::new(),
        };
        if !fields.is_empty() {
            details.set_bad_request(fields);
        }
        Status::with_error_details(refusal.code(), message(&refusal), details)
    }
}

/// The message travels in a header, so it is kept short; the details hold every violation.
fn message(refusal: &Refusal) -> String {
    const CHARACTERS_MAX: usize = 1_000;
    let text = refusal.to_string();
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}
