//! A request that the rules of the API refuse: every violation on a line of its own, and an exit code of its own.

use std::fmt;

use serde::Serialize;

use crate::domain::claim::Line;
use crate::domain::code::HcpcsCode;
use crate::domain::encounter::Encounter;
use crate::domain::field::Field;
use crate::interop::fhir::FhirError;
use crate::report::note;
use crate::server::pb;
use crate::server::refusal::Refusal;

/// Exit code where the command line, or what counts as a part of it, is wrong; clap ends with the same.
pub const EXIT_MISUSED: u8 = 2;

/// Exit code where the request was refused and nothing failed.
pub const EXIT_REFUSED: u8 = 3;

/// Exit code where another process holds the store.
pub const EXIT_HELD: u8 = 6;

/// A command line that is wrong in a way that clap does not see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misused(pub String);

/// Every violation of a request; as JSON what a file of visits has in the place of an answer.
#[derive(Debug, Serialize)]
pub struct Refused {
    /// What the violations stand under in print.
    #[serde(skip)]
    headline: &'static str,
    error: pb::ItemError,
}

const INVALID: &str = "the request is not valid";

impl Refused {
    /// A refused request, by its violations.
    pub fn new(violations: Vec<pb::FieldViolation>) -> Self {
        Self::under(INVALID, INVALID.to_owned(), violations)
    }

    /// A refused line of a file, for a reason that no field of it has.
    pub fn line(reason: &str) -> Self {
        Self::under(INVALID, reason.to_owned(), Vec::new())
    }

    /// Refuses to write a claim of lines that have no code, such as those of a drug counted in a stated unit.
    ///
    /// # Errors
    /// A line without a code; each is named.
    pub fn uncoded(visit: &Encounter, lines: &[Line]) -> Result<(), Self> {
        let uncoded = lines.iter().zip(1..).filter(|(line, _)| line.code == HcpcsCode::NONE);
        let violation = |(line, number): (&Line, usize)| {
            let administration = line.administrations.first().copied().unwrap_or_default();
            let field = |name| Field::Drug(administration, line.drug.unwrap_or_default(), name);
            let drug = note::named(field(""), visit);
            let description = format!("line {number} of the answer ({drug}) has no code: state the code");
            pb::FieldViolation { field: field("hcpcs_code").to_string(), description }
        };
        let violations: Vec<pb::FieldViolation> = uncoded.map(violation).collect();
        if violations.is_empty() {
            return Ok(());
        }
        let headline = "the claim cannot be written";
        Err(Self::under(headline, headline.to_owned(), violations))
    }

    /// Refuses to write a claim from which something is withheld, or that an open question may change: a claim format
    /// has no place that would say so.
    ///
    /// # Errors
    /// A finding that withholds a line, or a question; each is named.
    pub fn incomplete(answer: &pb::CodeEncounterResponse) -> Result<(), Self> {
        let withheld = withheld(answer);
        if withheld.is_empty() {
            return Ok(());
        }
        let headline = "the claim is not complete and is not written; --partial writes it all the same";
        Err(Self::under(headline, headline.to_owned(), withheld))
    }

    /// What a line of a file has in the place of its answer.
    pub fn message(&self) -> &str {
        &self.error.message
    }

    const fn under(headline: &'static str, message: String, violations: Vec<pb::FieldViolation>) -> Self {
        let reason = pb::ErrorReason::InvalidRequest as i32;
        Self { headline, error: pb::ItemError { reason, message, violations } }
    }
}

/// What an answer withholds, and what it asks.
pub fn withheld(answer: &pb::CodeEncounterResponse) -> Vec<pb::FieldViolation> {
    let blocks = answer.findings.iter().filter(|finding| finding.severity() == pb::Severity::Block);
    let blocks = blocks.map(|finding| (&finding.field, &finding.text));
    let questions = answer.questions.iter().map(|question| (&question.field, &question.text));
    let named = blocks.chain(questions);
    named
        .map(|(field, text)| pb::FieldViolation { field: field.clone(), description: text.clone() })
        .collect()
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { headline: INVALID, error: refusal.into_item_error() }
    }
}

impl From<FhirError> for Refused {
    fn from(error: FhirError) -> Self {
        let headline = "the FHIR visit cannot be read";
        let message = format!("{headline}: {error}");
        let violation =
            |error: FhirError| pb::FieldViolation { field: error.path, description: error.reason };
        Self::under(headline, message, error.parted().into_iter().map(violation).collect())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.error.violations.is_empty() {
            return f.write_str(&self.error.message);
        }
        f.write_str(self.headline)?;
        for violation in &self.error.violations {
            let at = if violation.field.is_empty() { "the request" } else { &violation.field };
            write!(f, "\n  {at}: {}", violation.description)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}
