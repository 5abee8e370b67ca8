//! A request that the rules of the API refuse: every violation on a line of its own, and an exit code of its own.

use std::fmt;

use serde::Serialize;

use crate::server::pb;
use crate::server::refusal::Refusal;

/// Exit code where the request was refused and nothing failed.
pub const EXIT_REFUSED: u8 = 3;

/// Every violation of a request; as JSON what a file of visits has in the place of an answer.
#[derive(Debug, Serialize)]
pub struct Refused {
    error: pb::ItemError,
}

impl Refused {
    /// A refused request, by its violations.
    pub fn new(violations: Vec<pb::FieldViolation>) -> Self {
        let reason = pb::ErrorReason::InvalidRequest as i32;
        let message = "the request is not valid".to_owned();
        Self { error: pb::ItemError { reason, message, violations } }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { error: refusal.into_item_error() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.error.violations.is_empty() {
            return f.write_str(&self.error.message);
        }
        f.write_str("the request is not valid")?;
        for violation in &self.error.violations {
            let at = if violation.field.is_empty() { "the request" } else { &violation.field };
            write!(f, "\n  {at}: {}", violation.description)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}
