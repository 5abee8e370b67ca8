//! Parameters of the documentation rules.

use serde::Deserialize;

use super::parameters;
use crate::domain::finding::Severity;

parameters! {
    /// Severities and switches of the documentation rules.
    pub struct DocumentationParameters in "documentation" {
        /// How grave each gap of the record is (rows G-30 to G-34, rules DOC-2, DOC-4).
        pub gap_severity: GapSeverities,
        /// How grave it is that the request does not say what the record holds.
        pub unstated_severity: GapSeverity,
    }
}

/// How grave a gap is, or that the payer does not mind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapSeverity {
    Ignore,
    Info,
    Warn,
    /// The lines that rest on the missing part are withheld.
    Block,
}

impl GapSeverity {
    /// The severity of the finding; nothing for a gap that is ignored.
    pub const fn finding(self) -> Option<Severity> {
        match self {
            Self::Ignore => None,
            Self::Info => Some(Severity::Info),
            Self::Warn => Some(Severity::Warn),
            Self::Block => Some(Severity::Block),
        }
    }
}

/// The severity of each gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GapSeverities {
    pub order: GapSeverity,
    pub administered_by: GapSeverity,
    pub nursing_assessment: GapSeverity,
    pub adverse_reactions: GapSeverity,
    pub patient_response: GapSeverity,
    pub lot_number: GapSeverity,
    pub plan_of_care: GapSeverity,
    pub hydration_necessity: GapSeverity,
    pub rounded_times: GapSeverity,
}
