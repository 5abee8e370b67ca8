//! The department of a hospital that stands off its campus (rule M-08).

use super::{M_08, Modifier};
use crate::domain::encounter::{OffCampus, Setting};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::policy::parameters::LocationModifier;
use crate::rules::drug_line::treatment::{Possibility, ask};

/// PO or PN on every line of an off-campus department.
pub(super) fn modifier(coding: &Coding<'_>) -> Option<Modifier> {
    match status(coding)? {
        OffCampus::StatusUnknown => one_for_all(coding),
        known => rows(coding).iter().find(|row| row.location == known).map(|row| row.modifier),
    }
}

/// Asks whether the department is excepted, where only its place is known: a place of service says no more.
pub(in crate::rules::drug_line) fn ask_status(coding: &mut Coding<'_>) {
    let is_unknown = coding.asking && status(coding) == Some(OffCampus::StatusUnknown);
    if !is_unknown || rows(coding).is_empty() || one_for_all(coding).is_some() {
        return;
    }
    let field = Field::Encounter("offCampus");
    let text = "The department stands off the campus of the hospital and its status is not stated, so the lines go without PO or PN";
    coding.find(Severity::Warn, Reason::MissingModifierFact, field, &M_08, text, &[]);
    let possibility = |location: OffCampus, label: &str| -> Possibility<'_> {
        (label.to_owned(), Box::new(move |encounter| encounter.off_campus = Some(location)))
    };
    let possibilities = vec![
        possibility(OffCampus::Excepted, "excepted from the site-neutral payment"),
        possibility(OffCampus::NonExcepted, "not excepted"),
    ];
    let text = "Is the off-campus department excepted from the site-neutral payment?";
    ask(coding, field, &M_08, text, &[], possibilities);
}

fn status(coding: &Coding<'_>) -> Option<OffCampus> {
    coding.encounter.off_campus.filter(|_| coding.encounter.setting == Setting::HospitalOutpatient)
}

fn rows<'a>(coding: &Coding<'a>) -> &'a [LocationModifier] {
    &coding.policy.drug_line.off_campus_modifiers
}

/// The modifier of a time that knew one alone, for departments of every status.
fn one_for_all(coding: &Coding<'_>) -> Option<Modifier> {
    match rows(coding) {
        [row] => Some(row.modifier),
        _ => None,
    }
}
