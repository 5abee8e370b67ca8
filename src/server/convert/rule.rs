//! The record of a rule, from domain to message.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::answer::citation;
use super::enums::Counterpart;
use crate::policy::Citations;
use crate::report::explanation::cited;
use crate::rules::{self, Rule, Status};
use crate::server::pb;

/// Puts a rule into a message.
pub fn rule(rule: &Rule, family: &str, citations: &Citations) -> pb::Rule {
    let (status, withdrawn_because) = match rule.status {
        Status::Active => (pb::RuleStatus::Active, ""),
        Status::Informational => (pb::RuleStatus::Informational, ""),
        Status::Withdrawn(reason) => (pb::RuleStatus::Withdrawn, reason),
    };
    pb::Rule {
        rule_id: rule.id.to_owned(),
        title: rule.title.to_owned(),
        family: family.to_owned(),
        status: status.into(),
        withdrawn_because: withdrawn_because.to_owned(),
        basis: rule.basis.to_wire(),
        in_force_from: rule.in_force_from.to_owned(),
        in_force_until: rule.in_force_until.to_owned(),
        what_it_says: rule.documentation.what_it_says.to_owned(),
        why: rule.documentation.why.to_owned(),
        example: rule.documentation.example.to_owned(),
        exceptions: rule.documentation.exceptions.to_owned(),
        citations: rule.citations.iter().filter_map(|key| cited(key, citations)).map(citation).collect(),
    }
}

/// Digest of every rule record, so that an answer names the rules it was made by.
pub fn rules_version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let mut hash = Sha256::new();
        for rule in rules::all() {
            hash.update(format!("{rule:?}\0"));
        }
        short_hex(&hash.finalize())
    });
    &VERSION
}

/// The first eight bytes of a digest in hexadecimal.
fn short_hex(digest: &[u8]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
