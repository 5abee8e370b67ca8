//! Drugs by mouth whose name alone leads to the code of an antiemetic (rule M-02).

use super::*;
use crate::domain::finding::Severity;

/// Whether such a drug was no antiemetic: it went with other treatment than chemotherapy, as Benadryl before infliximab,
/// or an antiemetic went into the vein as well, so that it took the place of none. What is more often given against
/// reactions to an infusion is asked about.
pub(super) fn is_none(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let is_antiemetic = coding.policy.marked_codes.of(version.code).has(CodeMark::OralAntiemetic);
    let is_by_name = asked.drug.name.is_some() && asked.drug.ndcs().next().is_none();
    if !is_antiemetic || !is_by_name {
        return false;
    }
    let may_be_premedication = coding.policy.drug_line.oral_premedication_codes.contains(&version.code);
    let (severity, text) = if modifiers::is_beside_other_treatment(coding) {
        (
            Severity::Info,
            "{code} is {drug} by mouth as full replacement of an intravenous antiemetic at chemotherapy, and this visit shows none, so no line is billed; state the code where it was one",
        )
    } else if modifiers::has_intravenous_antiemetic(coding) {
        (
            Severity::Info,
            "{code} is {drug} by mouth as full replacement of an intravenous antiemetic, and this visit has one of those as well, so no line is billed; state the code where it was one",
        )
    } else if may_be_premedication && modifiers::is_beside_chemotherapy(coding) {
        (
            Severity::Warn,
            "{code} is {drug} by mouth as full replacement of an intravenous antiemetic; against reactions to the infusion it is no benefit, and the record does not tell which it was, so no line is billed",
        )
    } else {
        return false;
    };
    let facts =
        [fact::given("drug", Value::Of(asked.field(""))), fact::catalog("code", Value::Code(version.code))];
    coding.not_billed(asked.field(""), &M_02, text, &facts);
    coding.find(severity, Reason::SelfAdministered, asked.field("name"), &M_02, text, &facts);
    if severity == Severity::Warn {
        ask_use(coding, asked, version.code);
    }
    true
}

/// Asks what the drug was given for.
fn ask_use(coding: &mut Coding<'_>, asked: &Asked<'_>, code: HcpcsCode) {
    let at = asked.at;
    let facts = [fact::given("drug", Value::Of(asked.field("")))];
    let possibilities: Vec<Possibility<'_>> = vec![
        (
            "An antiemetic, in full place of an intravenous one".to_owned(),
            Box::new(move |encounter| state_code(encounter, at, code)),
        ),
        ("Against reactions, or for something else".to_owned(), Box::new(|_| ())),
    ];
    let text = "What was {drug} given by mouth for?";
    ask(coding, asked.field("hcpcs_code"), &M_02, text, &facts, possibilities);
}
