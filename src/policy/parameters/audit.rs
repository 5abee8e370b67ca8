//! Parameters of the audit of billed claims.

use super::{List, parameters};
use crate::domain::code::{HcpcsCode, Modifier};

parameters! {
    /// What an audit judges, and what accuracy is expected.
    pub struct AuditParameters in "audit" {
        /// Accuracy that audits expect, in percent of the lines (row G-36).
        pub accuracy_percent_expected: u32,
        /// Accuracy that the best reach, in percent of the lines (row G-36).
        pub accuracy_percent_best: u32,
        /// Share of the visits that a quality sample draws, in percent (row G-36).
        pub sample_percent: u32,
        /// First and last code of each range of administration codes.
        pub administration_code_ranges: List<(HcpcsCode, HcpcsCode)>,
        /// What the codes of drugs and their products begin with.
        pub drug_code_prefixes: List<String>,
        /// What the codes of HCPCS and of the dental code set begin with.
        pub hcpcs_first_letters: List<String>,
        /// What a CPT code of four digits ends with.
        pub cpt_last_letters: List<String>,
        /// Modifiers that the rules decide; others on a claim are not judged.
        pub judged_modifiers: List<Modifier>,
        /// Modifiers for the side of the body (rule M-12).
        pub side_modifiers: List<Modifier>,
        /// Modifiers that say the same of a line, so that an audit takes one for another (RAC topic 71).
        pub interchangeable_modifiers: List<Modifier>,
    }
}

impl AuditParameters {
    /// Whether a code is one of a drug administration.
    pub fn is_administration(&self, code: HcpcsCode) -> bool {
        self.administration_code_ranges.iter().any(|(first, last)| *first <= code && code <= *last)
    }

    /// Whether a code is one of a drug or a biologic.
    pub fn is_drug(&self, code: HcpcsCode) -> bool {
        self.drug_code_prefixes.iter().any(|prefix| code.as_str().starts_with(prefix.as_str()))
    }
}
