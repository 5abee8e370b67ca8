//! Codes that no table has: misspelt ones, and ones that were never there.

use super::Case;
use super::nature::Nature;
use crate::catalog::{EditKind, Lookup};
use crate::domain::code::HcpcsCode;
use crate::domain::time::Date;
use crate::rules::Rule;
use crate::rules::drug_line::life_cycle::L_01;

/// The rule by which a code is one of a table on its date.
pub(super) static RULE: &Rule = &L_01;

/// Whether nobody knows a code: its letter is none of a code set, or it belongs to a family that the catalog holds whole
/// and is not in it.
pub(super) fn is_unknown(case: &Case<'_>, code: HcpcsCode, date: Date) -> bool {
    let audit = &case.policy.audit;
    let is_of_code_set = if code.is_cpt() {
        let last = code.as_str().get(4..).unwrap_or_default();
        last.starts_with(|c: char| c.is_ascii_digit()) || audit.cpt_last_letters.iter().any(|own| own == last)
    } else {
        audit.hcpcs_first_letters.iter().any(|letter| code.as_str().starts_with(letter.as_str()))
    };
    !is_of_code_set || is_held_whole(case, code) && !is_held(case, code, date)
}

/// Whether a code belongs to a family whose codes are all held: those of drugs, and those of drug administration.
fn is_held_whole(case: &Case<'_>, code: HcpcsCode) -> bool {
    case.policy.audit.is_drug(code) || case.policy.audit.is_administration(code)
}

/// Whether some table has the code, of whatever quarter.
fn is_held(case: &Case<'_>, code: HcpcsCode, date: Date) -> bool {
    let catalog = case.catalog;
    let has_limit = |kind| catalog.mue(code, kind, date).is_some();
    !matches!(catalog.lookup(code, date), Lookup::Unknown)
        || Nature::of(code, &case.policy.administration).is_some()
        || case.result.lines.iter().any(|line| line.code == code)
        || catalog.status_indicator(code, date).is_some()
        || [EditKind::Practitioner, EditKind::OutpatientHospital, EditKind::DmeSupplier]
            .into_iter()
            .any(has_limit)
}
